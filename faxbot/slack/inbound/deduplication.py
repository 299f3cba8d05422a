"""What Slack tells twice is answered twice, and carried out once."""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from slack_bolt.response import BoltResponse

KEPT_SECONDS = 900.0
"""Slack tells of an event for the last time after six minutes."""
MOST = 10_000

Answer = asyncio.Future[BoltResponse | None]


class Deduplication:
    """
    Remembers for a while how each delivery was acknowledged.

    One that comes again, over the other connection or after its acknowledgement was lost, gets the same
    answer. What was not acknowledged is as if it had never come. Over a restart nothing is remembered here:
    what changes something has its key in the database.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._answers: dict[str, tuple[float, Answer]] = {}

    async def earlier(self, key: str) -> BoltResponse | None:
        """How *key* was answered, once it is; None, and it is the caller's to `begin`, if it was not."""
        while key in self._answers:
            answer = await asyncio.shield(self._answers[key][1])
            if answer is not None:
                return answer
        return None

    def begin(self, key: str) -> None:
        """*key* is being answered."""
        self._forget()
        self._answers[key] = self._now(), asyncio.get_running_loop().create_future()

    def end(self, key: str, response: BoltResponse | None) -> None:
        """*key* was answered with *response*, or not at all."""
        acknowledged = response is not None and response.status == HTTPStatus.OK
        _, answer = self._answers[key] if acknowledged else self._answers.pop(key)
        answer.set_result(response if acknowledged else None)

    def _forget(self) -> None:
        """Those that are too old or too many; they are in the order of their coming."""
        before = self._now() - KEPT_SECONDS
        while self._answers:
            key, (began, answer) = next(iter(self._answers.items()))
            if not answer.done() or (began > before and len(self._answers) < MOST):
                return
            del self._answers[key]


def delivery_key(body: Mapping[str, Any]) -> str:
    """
    What makes two deliveries the same: an event's id; of a command, press or form the trigger and more.

    Empty for what Slack gives no name.

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
