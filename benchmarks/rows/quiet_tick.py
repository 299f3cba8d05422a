"""What a tick costs in which nothing changed, beside fetching and parsing the same reply."""

import json
import time
from collections.abc import Awaitable, Callable

import httpx

from benchmarks.canned.server import TOKEN
from benchmarks.findings import Findings, duration, median
from benchmarks.measured_services import MeasuredServices, measured_services, record_jobs
from benchmarks.row import Row, RowContext
from tests.support.waiting import until

AT_MOST = 3.0
JOBS = 10_000
ROUNDS = 15


async def measure(context: RowContext) -> Findings:
    """
    The tick and the floor in turn: first with replies that are the same to the byte, then with the clocks of
    the jobs under way moving on, which is not a change to announce.
    """
    found = Findings()
    jobs, rounds = (50, 2) if context.smoke else (JOBS, ROUNDS)
    await context.ucx.reset()
    await context.ucx.have_jobs(jobs)
    folder = context.new_folder("services")
    await record_jobs(folder, context.ucx)
    async with measured_services(folder, context.ucx) as here, httpx.AsyncClient(trust_env=False) as http:
        await here.services.watch.tick()
        outbox = here.services.outbox
        await until(lambda: outbox.idle, what="the outbox has read its mirror, and nothing is to be posted")
        before = _traces(here)
        await context.ucx.counts(clear=True)
        for drifting in (False, True):
            await context.ucx.drift(on=drifting)
            ticks, floors = await _in_turn(here, _fetch_and_parse(context, http), rounds)
            reply = "the clocks of ten jobs moved" if drifting else "the reply as before, to the byte"
            found.time(
                f"CPU of a tick, {jobs:,} jobs, {reply}", median(ticks), median(floors), at_most=AT_MOST
            )
            spread = f"{duration(min(ticks))} … {duration(max(ticks))}"
            found.note(
                "… from the least to the most", spread, f"{duration(min(floors))} … {duration(max(floors))}"
            )
        found.count("SQL statements in these ticks", [here.statements.count - before[0]], exactly=0)
        found.count("Slack calls in these ticks", [len(here.slack.calls) - before[1]], exactly=0)
        found.expect("requests of ticks and floor", await context.ucx.counts(), {"activejobs": rounds * 4})
    return found


def _traces(here: MeasuredServices) -> tuple[int, int]:
    return here.statements.count, len(here.slack.calls)


def _fetch_and_parse(context: RowContext, http: httpx.AsyncClient) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        answer = await http.get(
            f"{context.ucx.url}/restv1/efax/activejobs",
            params={"type": "TX"},
            headers={"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"},
        )
        json.loads(answer.content)

    return ask


async def _in_turn(
    here: MeasuredServices, floor: Callable[[], Awaitable[None]], rounds: int
) -> tuple[list[float], list[float]]:
    ticks: list[float] = []
    floors: list[float] = []
    for _ in range(rounds):
        floors.append(await _cpu(floor))
        ticks.append(await _cpu(here.services.watch.tick))
    return ticks, floors


async def _cpu(work: Callable[[], Awaitable[None]]) -> float:
    """Processor seconds of this process, all its threads together."""
    began = time.process_time()
    await work()
    return time.process_time() - began


ROW = Row("quiet-tick", "A tick in which nothing changed", measure)
