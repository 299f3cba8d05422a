"""Rate limits: calls per method and minute by tier, and chat.postMessage per channel."""

import math
from collections import defaultdict, deque
from collections.abc import Callable

from .settings import WorkspaceSettings

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls per minute of each tier; tier 5 is "special" and has no count."""


class WorkspaceRateLimits:
    """
    Counts calls and computes Retry-After when a limit is exceeded.

    Source: Slack's "Rate limits".
    """

    def __init__(self, settings: WorkspaceSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}

    def clear(self) -> None:
        """Reset all counts."""
        self._calls.clear()
        self._posts.clear()

    def wait_for(self, method: str, tier: int, channel: str) -> int:
        """Count this call and return 0, or return its Retry-After in whole seconds."""
        if not self._settings.rate_limits:
            return 0
        if method == "chat.postMessage":
            return self._post(channel)
        allowed = TIERS.get(tier)
        if allowed is None:
            return 0
        now, window = self._clock(), self._settings.rate_limit_window
        calls = self._calls[method]
        while calls and now - calls[0] >= window:
            calls.popleft()
        if len(calls) >= allowed:
            return max(1, math.ceil(window - (now - calls[0])))
        calls.append(now)
        return 0

    def _post(self, channel: str) -> int:
        now, interval, burst = self._clock(), self._settings.post_interval, self._settings.post_burst
        left, since = self._posts.get(channel, (float(burst), now))
        left = min(float(burst), left + (now - since) / interval if interval else burst)
        if left < 1:
            self._posts[channel] = (left, now)
            return max(1, math.ceil((1 - left) * interval))
        self._posts[channel] = (left - 1, now)
        return 0
