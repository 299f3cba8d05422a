"""
Rate limits of Slack's Web API: seconds to wait before a call, and pauses after HTTP 429.

For Slack itself (*strict*) its published limits apply from the start. Another server may have none: there a
method is unlimited until it answers 429; then Slack's limits apply to it for an hour.

Source: "Rate limits"; the tier on each method's page.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from faxbot.services.model.ports import OutboxCall

PER_MINUTE: Mapping[str, int] = {
    "chat.update": 50,
    "chat.postEphemeral": 100,
    "conversations.history": 50,
    "conversations.replies": 50,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
    "files.info": 100,
}
"""Calls per minute and workspace of the outbox's methods, by tier (3: 50, 4: 100)."""
WINDOW_SECONDS = 60.0
POST_SECONDS = 1.0
"""chat.postMessage: seconds per message in one channel."""
POST_BURST = 4
"""chat.postMessage: messages in one channel that may exceed that rate at once."""
PROGRESS_SHARE = 0.8
"""Share of chat.update's limit for progress; the rest is reserved for outcomes (*urgent*)."""
LEARNED_SECONDS = 3600.0
"""How long Slack's limits apply to a method after its 429, where they are not strict."""

_METHODS: Mapping[OutboxCall, tuple[str, ...]] = {
    OutboxCall.POST: ("chat.postMessage",),
    OutboxCall.EDIT: ("chat.update",),
    OutboxCall.EPHEMERAL: ("chat.postEphemeral",),
    OutboxCall.UPLOAD: ("files.getUploadURLExternal", "files.completeUploadExternal"),
    OutboxCall.LOOKUP: ("conversations.history", "conversations.replies"),
    OutboxCall.FILE_LOOKUP: ("files.info",),
}
_BY_CHANNEL = frozenset({"chat.postMessage"})

Now = Callable[[], float]


class SlackRateLimits:
    """
    The RateLimits port (services/model/ports.py), updated by every call of web_api/client.py.

    A call counts from its start until a minute after its end, because the server counts it at some moment in
    between. *now* returns epoch seconds.
    """

    def __init__(self, now: Now, *, strict: bool) -> None:
        self._now, self._strict = now, strict
        self._learned: dict[str, float] = {}
        self._paused_until: dict[tuple[str, str], float] = {}
        self._in_flight: dict[str, int] = defaultdict(int)
        self._ended: dict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}

    def wait(self, call: OutboxCall, channel_id: str, *, urgent: bool) -> float:
        """Seconds until *call* may be made in *channel_id*."""
        return max(self._wait(method, channel_id, urgent=urgent) for method in _METHODS[call])

    def reserve(self, call: OutboxCall) -> Callable[[], None]:
        """Count *call* as under way before it starts; the returned function releases it."""
        for method in _METHODS[call]:
            self._in_flight[method] += 1

        def release() -> None:
            for method in _METHODS[call]:
                self._in_flight[method] -= 1

        return release

    def busy(self, call: OutboxCall, channel_id: str, seconds: float) -> None:
        """Pause *call* for *seconds*, as Retry-After said."""
        for method in _METHODS[call]:
            self._pause(method, channel_id, seconds)

    def busy_in(self, channel_id: str, seconds: float) -> None:
        """Pause all calls in one channel for *seconds*."""
        self._pause("", channel_id, seconds)

    def paused_for(self, method: str, channel_id: str) -> float:
        """Remaining pause of *method* in seconds; in *channel_id* if its limit is per channel."""
        now = self._now()
        keys = ((method, channel_id if method in _BY_CHANNEL else ""), ("", channel_id))
        return max(0.0, *(self._paused_until.get(key, now) - now for key in keys))

    @contextmanager
    def calling(self, method: str, channel_id: str) -> Iterator[None]:
        """Count a call of *method* during the block and for a minute afterwards."""
        self._in_flight[method] += 1
        try:
            yield
        finally:
            self._in_flight[method] -= 1
            now = self._now()
            if method in _BY_CHANNEL:
                self._posts[channel_id] = (self._posts_left(channel_id, now) - 1, now)
            elif method in PER_MINUTE:
                self._ended[method].append(now)

    def on_limited(self, method: str, channel_id: str, seconds: float) -> None:
        """Record a 429 with Retry-After *seconds*: *method* has limits on this server."""
        self._pause(method, channel_id, seconds)
        self._learned[method] = self._now() + LEARNED_SECONDS

    def _pause(self, method: str, channel_id: str, seconds: float) -> None:
        by_channel = not method or method in _BY_CHANNEL
        key = (method, channel_id if by_channel else "")
        self._paused_until[key] = max(self._paused_until.get(key, 0.0), self._now() + seconds)

    def _wait(self, method: str, channel_id: str, *, urgent: bool) -> float:
        paused = self.paused_for(method, channel_id)
        if not self._strict and self._learned.get(method, 0.0) < self._now():
            return paused
        if method in _BY_CHANNEL:
            return max(paused, (1 - self._posts_left(channel_id, self._now())) * POST_SECONDS)
        return max(paused, self._wait_for_room(method, urgent=urgent))

    def _posts_left(self, channel_id: str, now: float) -> float:
        left, since = self._posts.get(channel_id, (float(POST_BURST), now))
        return min(float(POST_BURST), left + max(0.0, now - since) / POST_SECONDS)

    def _wait_for_room(self, method: str, *, urgent: bool) -> float:
        """Seconds until a call of *method* fits into its limit per minute."""
        now, ended = self._now(), self._ended[method]
        while ended and not now - WINDOW_SECONDS < ended[0] <= now:
            ended.popleft()
        share = 1.0 if urgent or method != "chat.update" else PROGRESS_SHARE
        over = len(ended) + self._in_flight[method] - int(PER_MINUTE[method] * share)
        if over < 0:
            return 0.0
        if over >= len(ended):  # calls under way already exceed the limit: check again soon
            return POST_SECONDS
        return ended[over] + WINDOW_SECONDS - now


def is_slack_itself(api_url: str) -> bool:
    """Whether *api_url* is Slack, not another server with its API."""
    host = (urlsplit(api_url).hostname or "").rstrip(".")
    return host == "slack.com" or host.endswith(".slack.com")
