"""Deduplication: a redelivered envelope gets the first response again; its listener runs once."""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from slack_bolt.response import BoltResponse

KEPT_SECONDS = 900.0
"""Lifetime of an entry; Slack's last redelivery of an event comes after six minutes."""
MAX_DELIVERIES = 10_000
"""Maximum number of entries; the oldest are dropped first."""

PendingResponse = asyncio.Future[BoltResponse | None]


class Deduplication:
    """
    The responses of recent deliveries, by deduplication key.

    A redelivery (over the other connection, or after a lost acknowledgement) gets the same response. A
    delivery that was not acknowledged with 200 is dropped, so that its redelivery runs. Entries are in
    memory only; requests are also deduplicated by their key in the database.

    *now* returns epoch seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._deliveries: dict[str, tuple[float, PendingResponse]] = {}

    async def previous_response(self, key: str) -> BoltResponse | None:
        """Wait for the response to *key*; None if it is not known, and the caller has to `begin` it."""
        while key in self._deliveries:
            answer = await asyncio.shield(self._deliveries[key][1])
            if answer is not None:
                return answer
        return None

    def begin(self, key: str) -> None:
        """Record that the response to *key* is pending."""
        self._expire()
        self._deliveries[key] = self._now(), asyncio.get_running_loop().create_future()

    def end(self, key: str, response: BoltResponse | None) -> None:
        """Record the *response* to *key*; None if there was none."""
        acknowledged = response is not None and response.status == HTTPStatus.OK
        _, answer = self._deliveries[key] if acknowledged else self._deliveries.pop(key)
        answer.set_result(response if acknowledged else None)

    def _expire(self) -> None:
        """Drop the oldest entries that are expired or too many."""
        before = self._now() - KEPT_SECONDS
        while self._deliveries:
            key, (began, answer) = next(iter(self._deliveries.items()))
            if not answer.done() or (began > before and len(self._deliveries) < MAX_DELIVERIES):
                return
            del self._deliveries[key]


def delivery_key(body: Mapping[str, Any]) -> str:
    """
    The deduplication key: an event's id; for a command, button or form its trigger id and more.

    Empty if the payload has neither.

    Source: `event_id`, "Events API"; `trigger_id` and `action_ts`, "Interaction payloads".
    """
    if event_id := body.get("event_id"):
        return f"event {event_id}"
    if not body.get("trigger_id"):
        return ""
    actions = body.get("actions")
    pressed = (
        [a.get("action_ts") for a in actions if isinstance(a, dict)] if isinstance(actions, list) else []
    )
    view = body.get("view")
    form = (view.get("id"), view.get("hash")) if isinstance(view, dict) else ()
    names = (body.get(name) for name in ("type", "trigger_id", "response_url", "command", "text"))
    return " ".join(map(str, (*names, *pressed, *form)))
