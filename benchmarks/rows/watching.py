"""What an outbound tick asks of the fax server, however many jobs there are."""

from collections.abc import Awaitable, Callable

from benchmarks.findings import Findings
from benchmarks.ground import Ground, Row
from benchmarks.house import house, remember_jobs

ENDED = 3


async def measure(ground: Ground) -> Findings:
    """Ticks in which nothing changed, then one before which some jobs ended, at several sizes."""
    found = Findings()
    quiet: list[int] = []
    beyond: list[int] = []
    sizes = (1, 20) if ground.smoke else (1, 10, 100, 1_000, 10_000)
    for size in sizes:
        folder = ground.room(str(size))
        await ground.ucx.reset()
        await ground.ucx.have_jobs(size)
        jobs = await remember_jobs(folder, ground.ucx)
        ended = [job.job_id for job in jobs[:ENDED]]
        async with house(folder, ground.ucx) as here:
            await here.services.watch.tick()
            quiet += [sum((await _one_tick(ground, here.services.watch.tick)).values()) for _ in range(3)]
            await ground.ucx.end(ended)
            counts = await _one_tick(ground, here.services.watch.tick)
            expected = {"activejobs": 1, "jobstatus": len(ended)}
            found.expect(f"requests with {size} jobs of which {len(ended)} ended", counts, expected)
            beyond.append(sum(counts.values()) - len(ended))
            quiet.append(sum((await _one_tick(ground, here.services.watch.tick)).values()))
    upto = f"{sizes[0]} … {sizes[-1]:,} jobs"
    found.count(f"requests of a tick, {upto}", quiet, exactly=1)
    found.count(f"requests of a tick beside one for each job that ended, {upto}", beyond, exactly=1)
    return found


async def _one_tick(ground: Ground, tick: Callable[[], Awaitable[None]]) -> dict[str, int]:
    await ground.ucx.counts(clear=True)
    await tick()
    return await ground.ucx.counts()


ROW = Row("watching", "UCX requests of an outbound tick", measure)
