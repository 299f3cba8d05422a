"""What an inbox tick asks of the fax server to find new records among many."""

import math
from pathlib import Path

from benchmarks.findings import Findings
from benchmarks.ground import Ground, Row
from benchmarks.house import House, house

RECORDS = 100_000
PAGE = 100
NEW = (1, 99, 100, 101, 250)


async def measure(ground: Ground) -> Findings:
    """In both orders: idle ticks, ticks that find some, and the first find of the next life of the bot."""
    found = Findings()
    records, new = (1_000, (1, 101)) if ground.smoke else (RECORDS, NEW)
    document = ground.folder / "received.pdf"
    document.write_bytes(b"%PDF-1.4\n")
    for newest_first in (False, True):
        order = "newest first" if newest_first else "oldest first"
        ground.say(f"{records:,} records, {order}")
        await ground.ucx.reset()
        await ground.ucx.serve_document(document)
        await ground.ucx.have_records("RX", records, newest_first=newest_first)
        some = new[:1] if ground.smoke and newest_first else new
        await _one_order(ground, found, order, ground.room(order), some)
    return found


async def _one_order(ground: Ground, found: Findings, order: str, folder: Path, new: tuple[int, ...]) -> None:
    async with house(folder, ground.ucx) as here:
        await _tick(ground, here)
        idle = [sum((await _tick(ground, here)).values()) for _ in range(3)]
        found.count(f"requests of an idle tick, {order}", idle, exactly=1)
        for count in new:
            await _find(ground, here, found, count, order)
    async with house(folder, ground.ucx) as here:
        await _find(ground, here, found, 1, f"{order}, after a restart")


async def _find(ground: Ground, here: House, found: Findings, count: int, order: str) -> None:
    await ground.ucx.arrive("RX", count)
    counts = await _tick(ground, here)
    files = counts.pop("filedownload", 0)
    found.expect(f"files fetched of {count} new, {order}", {"files": files}, {"files": count})
    counts.pop("faxlist", 0)  # the lines are asked for once a minute, whatever happens
    found.count_at_most(
        f"requests that find {count} new, {order}",
        [sum(counts.values())],
        at_most=1 + math.ceil(count / PAGE) + 1,
    )


async def _tick(ground: Ground, here: House) -> dict[str, int]:
    await ground.ucx.counts(clear=True)
    await here.services.inbox.tick()
    return await ground.ucx.counts()


ROW = Row("inbox", "UCX requests of an inbox tick", measure)
