"""What memory, start and ticks cost with a long history: each figure by the number of rows there are."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import filled, memory
from benchmarks.apps import bot_process, workspace_in
from benchmarks.canned.contents import Direction as Name
from benchmarks.findings import Findings, duration, median
from benchmarks.measured_services import MeasuredServices, measured_services
from benchmarks.row import Row, RowContext
from faxbot.fax.job import Direction
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Ledger
from faxbot.services.queries.queries import Viewer
from faxbot.standins.slack import Workspace
from tests.support.services import CLAIMS, DANA, PRIYA
from tests.support.spooled import add_document

SIZES, FEW = (10_000, 100_000, 1_000_000), (500, 2_000)
AT_MOST = 1.5
"""The factor by which a figure may grow from the fewest rows to the most."""
NEW = 5
"""Records that one tick finds."""
ROUNDS = 7

Deed = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Size:
    """The services over a database of so many *rows*."""

    rows: int
    here: MeasuredServices
    rounds: int


@dataclass(slots=True)
class _Costs:
    """Figures by what was measured and the number of rows."""

    seconds: dict[str, dict[int, float]] = field(default_factory=dict)
    resident: dict[int, float] = field(default_factory=dict)
    statements: dict[str, list[int]] = field(default_factory=dict)

    def add(self, what: str, size: int, seconds: float) -> None:
        """Add a figure."""
        self.seconds.setdefault(what, {})[size] = seconds

    async def measure(self, what: str, at: "_Size", deed: Deed, *, prepare: Deed | None = None) -> None:
        """Processor seconds of *deed*, the median of the rounds, and the fewest SQL statements it needed."""
        taken: list[float] = []
        statements: list[int] = []
        for _ in range(at.rounds + 1):
            if prepare is not None:
                await prepare()
            asked, began = at.here.statements.count, time.process_time()
            await deed()
            taken.append(time.process_time() - began)
            statements.append(at.here.statements.count - asked)
        self.add(f"CPU of {what}", at.rows, median(taken[1:]))  # the first one compiles statements
        self.statements.setdefault(what, []).append(min(statements[1:]))

    def found(self) -> Findings:
        """The figures as rows of the table."""
        found = Findings()
        for what, measured in self.seconds.items():
            found.growth(what, measured, duration, at_most=AT_MOST)
        if self.resident:
            found.growth("resident memory", self.resident, _mib, at_most=AT_MOST)
        for what, counted in self.statements.items():
            more = [each - counted[0] for each in counted[1:]]
            found.count(f"SQL statements of {what}, more than with the fewest", more, exactly=0)
        return found


async def received(context: RowContext) -> Findings:
    """So many received faxes are known: start and memory of a process, ticks in this one."""
    costs = _Costs()

    async def arrive() -> None:
        await context.ucx.arrive("RX", NEW)

    async for at in _sizes(context, "RX", costs):
        services = at.here.services
        await costs.measure("a quiet inbox tick", at, services.inbox.tick)
        find = f"a tick that finds {NEW} records"
        await costs.measure(find, at, services.received.catch_up, prepare=arrive)
    return costs.found()


async def sent(context: RowContext) -> Findings:
    """So many faxes were sent and announced."""
    costs = _Costs()
    async for at in _sizes(context, "TX", costs):
        services = at.here.services

        async def history(here: MeasuredServices = at.here) -> None:
            await here.services.queries.history(Direction.TX, 1, Viewer(PRIYA, CLAIMS))

        async def send(here: MeasuredServices = at.here) -> None:
            await _send(here, context.folder)

        deeds: Mapping[str, Deed] = {
            "a quiet outbound tick": services.watch.tick,
            "a tick of the spool's retention": services.retention.tick,
            "a tick of the rows' expiry": services.expiry.tick,
            "an answer to /fax history": history,
            "a submission": send,
        }
        for what, deed in deeds.items():
            await costs.measure(what, at, deed)
    del costs.statements["a submission"]  # the outbox posts its card meanwhile
    return costs.found()


async def _sizes(context: RowContext, name: Name, costs: _Costs) -> AsyncIterator[_Size]:
    """For each size a database of that many rows: with a bot process, then with services in this process."""
    sizes, rounds = (FEW, 3) if context.smoke else (SIZES, ROUNDS)
    async with workspace_in(context.new_folder("workspace")) as workspace:
        for size in sizes:
            context.say(f"{size:,} rows")
            folder = context.new_folder(str(size))
            (folder / "data").mkdir()
            await asyncio.to_thread(_fill, folder / "data", name, size)
            await context.ucx.reset()
            await context.ucx.have_records(name, size, now=filled.moment(size))
            if not context.smoke:
                costs.add("start to ready", size, await _start(context, workspace, folder, rounds))
                costs.resident[size] = await _resident(context, workspace, folder)
            async with measured_services(folder / "data", context.ucx) as here:
                yield _Size(size, here, rounds)


def _fill(folder: Path, name: Name, size: int) -> None:
    engine = filled.database(folder)
    if name == "TX":
        filled.add_faxes(engine, size)
    else:
        filled.add_records(engine, Direction.RX, size)
    filled.complete_baseline(engine)
    engine.dispose()


async def _start(context: RowContext, workspace: Workspace, folder: Path, rounds: int) -> float:
    """Seconds from the start of a process to ready, the median."""
    starts: list[float] = []
    for _ in range(rounds):
        async with bot_process(folder, context.ucx, workspace) as bot:
            starts.append(bot.seconds)
    return median(starts)


async def _resident(context: RowContext, workspace: Workspace, folder: Path) -> int:
    """Bytes that a process has in memory after its first ticks."""
    async with bot_process(folder, context.ucx, workspace) as bot:
        await context.ucx.counts(clear=True)
        await _until_counted(context)
        return memory.resident(bot.pid)


async def _until_counted(context: RowContext) -> None:
    """Whether an inbox tick queried the count since the counts were cleared."""
    async with asyncio.timeout(60):
        while not (await context.ucx.counts()).get("recordcount"):  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.05)


async def _send(here: MeasuredServices, folder: Path) -> None:
    document = folder / "fax.pdf"
    document.write_bytes(b"%PDF-1.4\n")
    fax = Fax(
        state=FaxState.READY,
        user_id=DANA,
        channel_id=CLAIMS,
        number="+1 469 555 0199",
        dial="14695550199",
        line_id="1",
        line_name="Ward 1",
    )

    def add(ledger: Ledger) -> int:
        fax.document_id = add_document(ledger, document)
        return ledger.add_fax(fax).id or 0

    await here.services.preparation.advance(await here.store.write(add))


async def _nothing() -> None:
    """No preparation."""


def _mib(amount: float) -> str:
    return f"{amount / memory.MIB:.0f} MiB"


RECEIVED = Row("growth-received", "Costs by the number of received faxes known", received)
SENT = Row("growth-sent", "Costs by the number of faxes sent and announced", sent)
