"""The bot and two bare apps side by side, and their acknowledgements held against each other."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from benchmarks.apps import bare_process, bot_process, workspace_in
from benchmarks.envelopes import Deed, Side, until_quiet
from benchmarks.findings import Findings, duration, median, percentile
from benchmarks.row import RowContext

ALONE = "1 at a time"
TOGETHER = "50 at once"


@dataclass(frozen=True, slots=True)
class Sides:
    """The bot, a bare app with as many connections, and one with a single connection."""

    bot: Side
    bare: Side
    lone: Side

    def __iter__(self) -> Iterator[Side]:
        return iter((self.bot, self.bare, self.lone))

    def unanswered(self) -> dict[str, int]:
        """How many envelopes were not acknowledged once and in time, by side."""
        return {"bot": self.bot.unanswered(), "bare": self.bare.unanswered(), "lone": self.lone.unanswered()}


@asynccontextmanager
async def three_sides(context: RowContext) -> AsyncIterator[Sides]:
    """Each a process of its own on a workspace of its own, for the length of the block."""
    async with AsyncExitStack() as stack:
        sides = Sides(
            *(Side(workspace_in(context.new_folder(f"slack-{name}"))) for name in ("bot", "bare", "lone"))
        )
        for side in sides:
            await stack.enter_async_context(side.workspace)
        processes = (
            bot_process(context.folder / "bot", context.ucx, sides.bot.workspace),
            bare_process(context.folder / "bare", sides.bare.workspace),
            bare_process(context.folder / "lone", sides.lone.workspace, connections=1),
        )
        for side, process in zip(sides, processes, strict=True):
            side.pid = (await stack.enter_async_context(process)).pid
        yield sides


async def warm_up(side: Side, deeds: Sequence[Deed]) -> None:
    """What happens once only, such as auth.test, happens now."""
    for deed in deeds:
        await side.do("warm-up", [deed])
    await until_quiet(side.workspace)


def compare(
    found: Findings,
    what: str,
    measured: Sequence[str],
    sides: Sides,
    *,
    at_most: float,
    tail: bool = True,
) -> None:
    """p50 of *measured*, and with *tail* p99; the bare app with one connection is shown for information."""
    ours, floor, single = ([each for name in measured for each in side.seconds[name]] for side in sides)
    found.time(f"{what}, p50", median(ours), median(floor), at_most=at_most)
    if tail:
        found.time(f"{what}, p99", percentile(ours, 99), percentile(floor, 99), at_most=at_most)
        shown = f"{duration(median(single))}, {duration(percentile(single, 99))}"
        found.note(f"… p50 and p99 of the bare app with one connection; {len(ours)} each", "", shown)
