"""
The outbox loop: posts announcements to Slack, each once, within Slack's rate limits.

One call at a time per channel, channels concurrently; when rate limits apply, outcomes go ahead of progress.
`next_call.py` chooses the call, `posting.py` and `file_posting.py` make it. Pending rows are mirrored in
memory: a channel is read again after a commit that touched it and after each of its calls.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from functools import partial

from faxbot.fax.errors import SlackBusy, SlackFault
from faxbot.services.model.announcements import (
    CLOSED_KEY,
    Announcement,
    AnnouncementKind,
    AnnouncementState,
    Pending,
)
from faxbot.services.model.correlation import under
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Outage, Sentence, pack
from faxbot.services.model.ports import Clock, Messenger, RateLimits
from faxbot.services.outbox.file_posting import FilePosting
from faxbot.services.outbox.next_call import Choice, choose
from faxbot.services.outbox.posting import MessagePosting

log = logging.getLogger(__name__)

AT_ONCE = 16
"""Maximum number of concurrent calls, over all channels."""
IDLE_SECONDS = 30.0
"""Maximum pause of the loop without a wake-up."""
MIN_PAUSE = 0.01
"""Minimum pause of the loop; in seconds."""
RETRY_SECONDS = 30.0
"""Seconds until the next try after an unexpected exception."""
CLOSED = frozenset({"channel_not_found", "is_archived", "not_in_channel", "restricted_action"})
"""Error codes that mean the bot cannot post in a channel."""


class Outbox:
    """
    Posts announcements until it is canceled.

    *pace*: the rate limits. *settle*: seconds after which Slack no longer carries out a call that it did not
    answer. *outage* returns the current outage of the fax server, for cards. The first of *admins* is
    notified once per channel that the bot cannot post in. *posted* is called with the seconds from a received
    fax's arrival to its post.
    """

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        clock: Clock,
        *,
        pace: RateLimits,
        settle: float,
        outage: Callable[[], Outage | None],
        admins: Sequence[str] = (),
        posted: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._store, self._clock, self._pace, self._admins = store, clock, pace, tuple(admins)
        self._settle = settle
        self._delivery = MessagePosting(
            store, messenger, clock, settle=settle, outage=outage, closed=self._notify_admin
        )
        self._upload = FilePosting(
            store, messenger, clock, settle=settle, closed=self._notify_admin, posted=posted
        )
        self._wake = asyncio.Event()
        self._stale: set[str] | None = None
        """The channels whose rows have to be read again; None: all of them."""
        self._waiting: dict[str, list[Pending]] = {}
        """The mirror: pending announcements by channel."""
        self._calling: dict[str, asyncio.Task[None]] = {}
        """The call under way in each channel."""
        self.idle = False
        """Whether the mirror is up to date and no call is under way."""

    @property
    def depth(self) -> int:
        """Number of pending announcements."""
        return sum(len(rows) for rows in self._waiting.values())

    @property
    def oldest(self) -> float | None:
        """When the oldest pending announcement was written, in epoch seconds; None without any."""
        return min((row.created_at for rows in self._waiting.values() for row in rows), default=None)

    def wake(self, channels: Collection[str]) -> None:
        """Wake the loop; announcements of *channels* were written."""
        if self._stale is not None:
            self._stale.update(channels)
        self.idle = False
        self._wake.set()

    async def run(self) -> None:
        """Post until canceled. Calls that a stop interrupted are looked up first."""
        recovered = False
        try:
            while True:
                self._wake.clear()
                self.idle = False
                try:
                    if not recovered:
                        await self._store.write(self._delay_interrupted)
                        recovered = True
                    await self._refresh_mirror()
                    pause = self._begin_calls()
                except Exception:  # such as an unavailable database; announcements are stored
                    log.exception("outbox loop failed")
                    self._stale, pause = None, 1.0
                else:
                    self.idle = not self._calling
                with contextlib.suppress(
                    TimeoutError
                ):  # unlike wait_for, asyncio.timeout never swallows a cancellation
                    async with asyncio.timeout(self._clock.on_the_wall(pause)):
                        await self._wake.wait()
        finally:
            tasks = list(self._calling.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _delay_interrupted(self, ledger: Ledger) -> None:
        """Delay the lookup of posts that a stop interrupted: Slack may still carry them out for *settle*."""
        due_at = self._clock.now().timestamp() + self._settle
        for row in ledger.pending():
            if row.state is AnnouncementState.SENDING:
                ledger.announcement(row.id).due_at = due_at

    async def _refresh_mirror(self) -> None:
        """Read the rows of stale channels again. A channel with a call under way waits for its end."""
        if self._stale is None:
            self._stale = set()
            rows = await self._store.read(lambda ledger: ledger.pending())
            self._waiting = {}
        else:
            channels = self._stale - self._calling.keys()
            if not channels:
                return
            self._stale -= channels
            rows = await self._store.read(lambda ledger: ledger.pending(channels))
            for channel_id in channels:
                self._waiting.pop(channel_id, None)
        for row in rows:
            self._waiting.setdefault(row.channel_id, []).append(row)

    def _begin_calls(self) -> float:
        """Start the calls that are possible now; return the seconds until the next may be."""
        now = self._clock.now().timestamp()
        pause = IDLE_SECONDS
        ready: list[tuple[Choice, str]] = []
        for channel_id, rows in self._waiting.items():
            if channel_id in self._calling or channel_id in (self._stale or ()):
                continue
            choice = choose(rows, now, self._wait_in(channel_id))
            if choice.batch:
                ready.append((choice, channel_id))
            elif choice.after is not None:
                pause = min(pause, choice.after)
        for first_choice, channel_id in sorted(ready, key=lambda each: each[0].rank):
            if len(self._calling) >= AT_ONCE:
                break  # the end of a call wakes the loop
            # Calls started before this one may have used up a rate limit: choose again.
            wait = self._wait_in(channel_id)
            choice = first_choice
            if wait(choice.call, choice.urgent) > 0:
                choice = choose(self._waiting[channel_id], now, wait)
            if choice.batch:
                self._begin(channel_id, choice)
            elif choice.after is not None:
                pause = min(pause, choice.after)
        return max(pause, MIN_PAUSE)

    def _wait_in(self, channel_id: str) -> Callable[..., float]:
        return lambda call, urgent: self._pace.wait(call, channel_id, urgent=urgent)

    def _begin(self, channel_id: str, choice: Choice) -> None:
        release = self._pace.reserve(choice.call)
        task = asyncio.create_task(self._make_call(channel_id, choice), name=f"outbox {channel_id}")
        self._calling[channel_id] = task
        task.add_done_callback(partial(self._end, channel_id, release))

    def _end(self, channel_id: str, release: Callable[[], None], task: asyncio.Task[None]) -> None:
        release()
        del self._calling[channel_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("outbox call failed", exc_info=error, extra={"channel": channel_id})
            self._pace.busy_in(channel_id, RETRY_SECONDS)
        self._wake.set()

    async def _make_call(self, channel_id: str, choice: Choice) -> None:
        with under(choice.batch[0].correlation_id):
            await self._call(channel_id, choice, [row.id for row in choice.batch])

    async def _call(self, channel_id: str, choice: Choice, ids: list[int]) -> None:
        try:
            if choice.batch[0].kind is AnnouncementKind.FILE and choice.batch[0].state in _UNPOSTED:
                await self._upload.advance(ids[0])
            else:
                await self._delivery.advance(ids, choice.call)
        except SlackBusy as busy:
            self._pace.busy(choice.call, channel_id, busy.retry_after)
        except SlackFault as fault:
            extra = {"announcement": ids[0], "fault": type(fault).__name__}
            log.warning("message lookup failed; will retry", extra=extra)
            await self._delivery.postpone(ids, self._settle or 1.0)
        except Exception:  # its thread waits; other announcements of the channel continue
            log.exception("announcement failed; will retry", extra={"announcement": ids[0]})
            await self._delivery.postpone(ids, RETRY_SECONDS)

    async def _notify_admin(self, channel_id: str, error: str) -> None:
        """Notify the first admin, once per channel, that the bot cannot post there."""
        if error not in CLOSED or not self._admins or channel_id == self._admins[0]:
            return
        text = (
            f"I can't post in the channel {channel_id} any more (Slack says {error}). "
            "Invite me there, or unsubscribe it."
        )

        def record(ledger: Ledger) -> None:
            ledger.announce(
                Announcement(
                    key=f"{CLOSED_KEY}{channel_id}",
                    kind=AnnouncementKind.NOTICE,
                    channel_id=self._admins[0],
                    body=pack(Sentence(text)),
                    created_at=self._clock.now().timestamp(),
                )
            )

        await self._store.write(record)


_UNPOSTED = (AnnouncementState.WAITING, AnnouncementState.SENDING)
