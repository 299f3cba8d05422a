"""What a page of the history asks of the fax server."""

from benchmarks.findings import Findings
from benchmarks.measured_services import MeasuredServices, measured_services
from benchmarks.row import Row, RowContext
from faxbot.fax.job import Direction
from faxbot.services.queries.queries import ROWS as ROWS_A_PAGE
from faxbot.services.queries.queries import Viewer
from tests.support.services import CLAIMS, PRIYA

RECORDS = 100_000
ORDER_LEARNED_FROM = 150
"""So many are there at the first start; then the others, so that not all of them are read."""


async def measure(context: RowContext) -> Findings:
    """The first, second, middle and last page, in both orders that a server may return records in."""
    found = Findings()
    records = 1_000 if context.smoke else RECORDS
    asked: list[int] = []
    for newest_first in (False, True):
        await context.ucx.reset()
        await context.ucx.have_records("RX", ORDER_LEARNED_FROM, newest_first=newest_first)
        async with measured_services(context.new_folder(f"services-{newest_first}"), context.ucx) as here:
            await context.ucx.have_records("RX", records, newest_first=newest_first)
            pages = records // ROWS_A_PAGE
            asked += [await _requests(context, here, page) for page in (1, 2, pages // 2, pages)]
    found.count(f"requests of a page, {records:,} records, in either order", asked, exactly=2)
    return found


async def _requests(context: RowContext, here: MeasuredServices, page: int) -> int:
    await context.ucx.counts(clear=True)
    shown = await here.services.queries.history(Direction.RX, page, Viewer(PRIYA, CLAIMS))
    counts = await context.ucx.counts()
    assert len(shown.entries) == ROWS_A_PAGE, "a page is full"  # noqa: S101 - or there was nothing to count
    return sum(counts.values())


ROW = Row("history", "UCX requests of a history page", measure)
