"""What an inbox tick asks of the fax server to find new records among many."""

import math
from pathlib import Path

from benchmarks.findings import Findings
from benchmarks.measured_services import MeasuredServices, measured_services
from benchmarks.row import Row, RowContext

RECORDS = 100_000
PAGE = 100
NEW = (1, 99, 100, 101, 250)


async def measure(context: RowContext) -> Findings:
    """In both orders: idle ticks, ticks that find some, and the first find after a restart."""
    found = Findings()
    records, new = (1_000, (1, 101)) if context.smoke else (RECORDS, NEW)
    document = context.folder / "received.pdf"
    document.write_bytes(b"%PDF-1.4\n")
    for newest_first in (False, True):
        order = "newest first" if newest_first else "oldest first"
        context.say(f"{records:,} records, {order}")
        await context.ucx.reset()
        await context.ucx.serve_document(document)
        await context.ucx.have_records("RX", records, newest_first=newest_first)
        some = new[:1] if context.smoke and newest_first else new
        await _one_order(context, found, order, context.new_folder(order), some)
    return found


async def _one_order(
    context: RowContext, found: Findings, order: str, folder: Path, new: tuple[int, ...]
) -> None:
    async with measured_services(folder, context.ucx) as here:
        await _tick(context, here)
        idle = [sum((await _tick(context, here)).values()) for _ in range(3)]
        found.count(f"requests of an idle tick, {order}", idle, exactly=1)
        for count in new:
            await _find(context, here, found, count, order)
    async with measured_services(folder, context.ucx) as here:
        await _find(context, here, found, 1, f"{order}, after a restart")


async def _find(context: RowContext, here: MeasuredServices, found: Findings, count: int, order: str) -> None:
    await context.ucx.arrive("RX", count)
    counts = await _tick(context, here)
    files = counts.pop("filedownload", 0)
    found.expect(f"files fetched of {count} new, {order}", {"files": files}, {"files": count})
    counts.pop("faxlist", 0)  # the lines are asked for once a minute, whatever happens
    found.count_at_most(
        f"requests that find {count} new, {order}",
        [sum(counts.values())],
        at_most=1 + math.ceil(count / PAGE) + 1,
    )


async def _tick(context: RowContext, here: MeasuredServices) -> dict[str, int]:
    await context.ucx.counts(clear=True)
    await here.services.inbox.tick()
    return await context.ucx.counts()


ROW = Row("inbox", "UCX requests of an inbox tick", measure)
