"""What a page of the history asks of the fax server."""

from benchmarks.findings import Findings
from benchmarks.ground import Ground, Row
from benchmarks.house import House, house
from faxbot.fax.job import Direction
from faxbot.services.queries.queries import ROWS as ROWS_A_PAGE
from faxbot.services.queries.queries import Viewer
from tests.support.services import CLAIMS, PRIYA

RECORDS = 100_000
ORDER_LEARNED_FROM = 150
"""So many are there at the first start; then the others, so that not all of them are read."""


async def measure(ground: Ground) -> Findings:
    """The first, second, middle and last page, in both orders that a server may tell records in."""
    found = Findings()
    records = 1_000 if ground.smoke else RECORDS
    asked: list[int] = []
    for newest_first in (False, True):
        await ground.ucx.reset()
        await ground.ucx.have_records("RX", ORDER_LEARNED_FROM, newest_first=newest_first)
        async with house(ground.room(f"house-{newest_first}"), ground.ucx) as here:
            await ground.ucx.have_records("RX", records, newest_first=newest_first)
            pages = records // ROWS_A_PAGE
            asked += [await _requests(ground, here, page) for page in (1, 2, pages // 2, pages)]
    found.count(f"requests of a page, {records:,} records, in either order", asked, exactly=2)
    return found


async def _requests(ground: Ground, here: House, page: int) -> int:
    await ground.ucx.counts(clear=True)
    shown = await here.services.queries.history(Direction.RX, page, Viewer(PRIYA, CLAIMS))
    counts = await ground.ucx.counts()
    assert len(shown.entries) == ROWS_A_PAGE, "a page is full"  # noqa: S101 - or there was nothing to count
    return sum(counts.values())


ROW = Row("history", "UCX requests of a history page", measure)
