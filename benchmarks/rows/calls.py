"""What Slack is called for when something visible changes."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.apps import bot_task, workspace_in
from benchmarks.canned import contents
from benchmarks.findings import Findings
from benchmarks.ledger import until_settled
from benchmarks.row import Row, RowContext
from benchmarks.watched import TELLING, calls_since, new_channels, subscribe, until_looked
from faxbot.standins.slack import Workspace

CHANNELS = 3
JOBS = 2
WATCHED = f"TX{JOBS}"
CHANGES = 3
SLOW_SECONDS = 0.4
POLL = {"FAXBOT_POLL_ACTIVE_SECONDS": "0.2", "FAXBOT_POLL_IDLE_SECONDS": "0.2"}


async def measure(context: RowContext) -> Findings:
    """Changes one by one, each announced in several channels; then several while Slack is slow to answer."""
    found = Findings()
    await context.ucx.reset()
    workspace = workspace_in(context.new_folder("workspace"))
    bot = context.new_folder("bot")
    async with workspace, bot_task(bot, context.ucx, workspace, POLL):
        channels = await new_channels(workspace, CHANNELS)
        await subscribe(workspace, [(channel, "tx") for channel in channels])
        await context.ucx.have_jobs(JOBS, ready=False)
        await until_looked(context.ucx, 2)
        await until_settled(bot)
        changes = [await _announced(context, workspace, bot, [dials]) for dials in range(2, 2 + CHANGES)]
        for method, what in (("chat.update", "card updates"), ("chat.postMessage", "replies")):
            found.count(
                f"{what} for a visible change, {CHANNELS} channels subscribed",
                [change.count(method) for change in changes],
                exactly=CHANNELS,
            )
        for method in TELLING:
            slow = {"method": method, "fault": "slow_answer", "seconds": SLOW_SECONDS, "times": None}
            workspace.installation.faults.add(slow)
        calls = await _announced(context, workspace, bot, range(2 + CHANGES, 2 + 2 * CHANGES))
        at_most = 2 * CHANGES * CHANNELS - 1
        found.count_at_most(
            f"both for {CHANGES} changes while Slack takes {SLOW_SECONDS:g} s a call",
            [len(calls)],
            at_most=at_most,
        )
    return found


def _told_as(dials: int) -> contents.Entry:
    """Busy, and dialed again, in turn: each is something else than the one before."""
    return contents.asleep(dials, 0) if dials % 2 == 0 else contents.dialing(dials)


async def _announced(
    context: RowContext, workspace: Workspace, bot: Path, changes: Sequence[int]
) -> list[str]:
    """The methods called until the changes were announced, each of which the bot saw separately."""
    before = len(workspace.journal.entries)
    for dials in changes:
        await context.ucx.change(WATCHED, _told_as(dials))
        await until_looked(context.ucx, 2)
    await until_settled(bot)
    return [str(call["method"]) for call in calls_since(workspace, before)]


ROW = Row("calls", "Slack calls for a visible change", measure)
