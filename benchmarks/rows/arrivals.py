"""How fast many received faxes are posted when Slack's rate limits decide."""

from collections import Counter
from dataclasses import dataclass

from benchmarks.apps import bot_task, workspace_in
from benchmarks.findings import Findings
from benchmarks.row import Row, RowContext
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.limits import TIERS
from tests.support.fast_clock import FastClock
from tests.support.services import make_pdf
from tests.support.waiting import until

FAXES = 500
SPEED = 4.0
"""The documents are checked in real time, two at a time: much faster, and that would be the limit."""
SETTINGS = {"FAXBOT_SLACK_LIMITS": "tiers", "FAXBOT_INBOX_SECONDS": "1"}
"""The interval between two inbox ticks is not counted as work."""
AT_LEAST = 0.95
DEADLINE_SECONDS = 400.0
NEEDED = ("files.getUploadURLExternal", "files.completeUploadExternal", "files.info", "chat.postMessage")
"""What each fax needs at least once: its address, its share, a look for the share, its card."""
FILES_TIER = 4


@dataclass(frozen=True, slots=True)
class Bound:
    """The least seconds in which Slack takes so many calls: what a client could reach that knows all."""

    faxes: int
    window: float
    post_interval: float
    post_burst: int

    @property
    def of_files(self) -> float:
        """As many at once as the tier allows a minute, then as many at the end of each minute."""
        return (self.faxes - 1) // TIERS[FILES_TIER] * self.window

    @property
    def of_posts(self) -> float:
        """A burst in the one channel, then one after the other."""
        return max(0, self.faxes - self.post_burst) * self.post_interval

    @property
    def seconds(self) -> float:
        """The slower of both."""
        return max(self.of_files, self.of_posts)


async def measure(context: RowContext) -> Findings:
    """
    All records are there at once, and all go to one channel; the bot, on a clock that runs faster, keeps to
    the tiers, and the stand-in refuses what is too much.
    """
    found = Findings()
    faxes, speed = (9, 1.0) if context.smoke else (FAXES, SPEED)
    await context.ucx.reset()
    await context.ucx.serve_document(make_pdf(context.folder / "received.pdf", 1))
    clock = FastClock(speed)
    workspace = workspace_in(context.new_folder("workspace"), clock)
    workspace.settings.change({"rate_limits": True, "ack_deadline": 3.0 * speed})
    async with (
        workspace,
        bot_task(context.new_folder("bot"), context.ucx, workspace, SETTINGS, clock=clock),
    ):
        before = len(workspace.journal.entries)
        await context.ucx.arrive("RX", faxes)
        began = clock.time()
        await until(lambda: _announced(workspace) >= faxes, DEADLINE_SECONDS, what="all faxes announced")
    calls = [entry for entry in workspace.journal.entries[before:] if entry["kind"] == "api"]
    counts = Counter(str(call["method"]) for call in calls)
    last = max(float(call["at"]) for call in calls if call["method"] == "chat.postMessage")
    dials = workspace.settings
    bound = Bound(faxes, dials.rate_limit_window, dials.post_interval, dials.post_burst)
    took, least = last - began, bound.seconds
    found.limit(
        f"{faxes} faxes in one channel, seconds of the clock",
        f"{took:.0f} s",
        f"<= {least / AT_LEAST:.0f} s",
        met=took <= least / AT_LEAST,
        floor=f"{least:.0f} s",
    )
    found.note("… of what Slack's limits allow", f"{least / took:.1%}")
    for method in NEEDED:
        found.note(f"… calls of {method}", str(counts[method]), str(faxes))
    found.count("answers of 429", [sum("retry_after" in call for call in calls)], exactly=0)
    found.count("files posted", [len(workspace.journal.of("share"))], exactly=faxes)
    found.count("cards posted", [counts["chat.postMessage"]], exactly=faxes)
    return found


def _announced(workspace: Workspace) -> int:
    return len(workspace.journal.of("api", method="chat.postMessage", outcome="ok"))


ROW = Row("arrivals", "Faxes that arrive at once, with Slack's rate limits on", measure)
