"""The fax server calls of one watch tick, for any number of jobs."""

from collections.abc import Awaitable, Callable

from benchmarks.findings import Findings
from benchmarks.measured_services import measured_services, record_jobs
from benchmarks.row import Row, RowContext

ENDED = 3


async def measure(context: RowContext) -> Findings:
    """Ticks in which nothing changed, then one before which some jobs ended, at several sizes."""
    found = Findings()
    quiet: list[int] = []
    beyond: list[int] = []
    sizes = (1, 20) if context.smoke else (1, 10, 100, 1_000, 10_000)
    for size in sizes:
        folder = context.new_folder(str(size))
        await context.ucx.reset()
        await context.ucx.have_jobs(size)
        jobs = await record_jobs(folder, context.ucx)
        ended = [job.job_id for job in jobs[:ENDED]]
        async with measured_services(folder, context.ucx) as here:
            await here.services.watch.tick()
            quiet += [sum((await _one_tick(context, here.services.watch.tick)).values()) for _ in range(3)]
            await context.ucx.end(ended)
            counts = await _one_tick(context, here.services.watch.tick)
            expected = {"activejobs": 1, "jobstatus": len(ended)}
            found.expect(f"requests with {size} jobs of which {len(ended)} ended", counts, expected)
            beyond.append(sum(counts.values()) - len(ended))
            quiet.append(sum((await _one_tick(context, here.services.watch.tick)).values()))
    upto = f"{sizes[0]} … {sizes[-1]:,} jobs"
    found.count(f"requests of a tick, {upto}", quiet, exactly=1)
    found.count(f"requests of a tick beside one for each job that ended, {upto}", beyond, exactly=1)
    return found


async def _one_tick(context: RowContext, tick: Callable[[], Awaitable[None]]) -> dict[str, int]:
    await context.ucx.counts(clear=True)
    await tick()
    return await context.ucx.counts()


ROW = Row("watching", "UCX requests of an outbound tick", measure)
