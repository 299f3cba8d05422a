"""How long `faxbot serve` takes until it is ready."""

from benchmarks.apps import bare_process, bot_process, workspace_in
from benchmarks.findings import Findings, median
from benchmarks.row import Row, RowContext

AT_MOST = 3.0
ROUNDS = 7


async def measure(context: RowContext) -> Findings:
    """
    In turn, each time until Slack has greeted every socket: a bare app with one connection, the bot's very
    first start, which makes its database, and a start with what was there before.
    """
    rounds = 1 if context.smoke else ROUNDS
    await context.ucx.reset()
    bare: list[float] = []
    first: list[float] = []
    again: list[float] = []
    async with (
        workspace_in(context.new_folder("ws-bare")) as floor,
        workspace_in(context.new_folder("ws-bot")) as ours,
    ):
        for number in range(rounds):
            folder = context.folder / f"bot-{number}"
            async with bare_process(context.folder / "bare", floor, connections=1) as child:
                bare.append(child.seconds)
            for starts in (first, again):
                async with bot_process(folder, context.ucx, ours) as child:
                    starts.append(child.seconds)
    found = Findings()
    found.time(f"a start, median of {rounds}", median(again), median(bare), at_most=AT_MOST)
    found.time("the very first start", median(first), median(bare), at_most=AT_MOST)
    return found


ROW = Row("start", "Start of `faxbot serve` to ready", measure, counts=False)
