"""The time from a change on the fax server to its call to Slack."""

from benchmarks.apps import bot_process, workspace_in
from benchmarks.canned import contents
from benchmarks.findings import Findings, duration, median, percentile
from benchmarks.ledger import until_settled
from benchmarks.row import Row, RowContext
from benchmarks.watched import calls_since, new_channels, subscribe, until_looked
from faxbot.standins.slack import Workspace
from tests.support.waiting import until

AT_MOST = 0.1
JOBS = 1_000
CHANGES = 150
POLL = {"FAXBOT_POLL_ACTIVE_SECONDS": "0.2", "FAXBOT_POLL_IDLE_SECONDS": "0.2"}


async def measure(context: RowContext) -> Findings:
    """
    One change after the other, among many jobs whose cards are spread over ten channels.

    From the first job query that returns the change (so that the
    pause before the query does not count) until Slack has handled the call that announces it.
    """
    found = Findings()
    jobs, changes = (contents.LINES + 2, 2) if context.smoke else (JOBS, CHANGES)
    await context.ucx.reset()
    workspace = workspace_in(context.new_folder("workspace"))
    updates: list[float] = []
    replies: list[float] = []
    async with workspace, bot_process(context.folder / "bot", context.ucx, workspace, POLL):
        channels = await new_channels(workspace, contents.LINES)
        await subscribe(
            workspace,
            [(channel, f"tx line Ward {n}") for n, channel in enumerate(channels, start=1)],
        )
        await context.ucx.have_jobs(jobs, ready=False)
        context.say(f"the bot posts the cards of {jobs:,} jobs")
        await until_looked(context.ucx, 2)
        await until_settled(context.folder / "bot")
        for number in range(changes):
            job = f"TX{contents.LINES + 1 + number % (jobs - contents.LINES)}"
            update, reply = await _change(context, workspace, job)
            await until_settled(context.folder / "bot")
            updates.append(update)
            replies.append(reply)
    for what, taken in (("the card's update", updates), ("the reply", replies)):
        p99 = percentile(taken, 99)
        found.note(f"change to {what}, {jobs:,} jobs active, p50 of {changes}", duration(median(taken)))
        found.limit(
            f"change to {what}, {jobs:,} jobs active, p99 of {changes}",
            duration(p99),
            f"<= {duration(AT_MOST)}",
            met=p99 <= AT_MOST,
        )
    return found


async def _change(context: RowContext, workspace: Workspace, job: str) -> tuple[float, float]:
    """Seconds until the update and until the reply."""
    before = len(workspace.journal.entries)
    await context.ucx.change(job, contents.dialing(2))
    wanted = {"chat.update", "chat.postMessage"}
    await until(
        lambda: {c["method"] for c in calls_since(workspace, before)} >= wanted, 60, what="a change announced"
    )
    at = {str(call["method"]): float(call["at"]) for call in reversed(calls_since(workspace, before))}
    asked_at = (await context.ucx.first_reported())[job]
    return at["chat.update"] - asked_at, at["chat.postMessage"] - asked_at


ROW = Row("latency", "Change on the UCX to the Slack call", measure, counts=False)
