"""Envelopes with odd fields, or without some: none gets an exception out of Bolt, none loses a commit."""

import asyncio
import json
import traceback
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import faxbot
from faxbot.slack.action_ids import FormStart
from tests.support.listeners import ListenerHarness, command, event, press, shortcut, submission
from tests.support.odd_json import odd_values, places, replaced, without

FILES = [{"id": "F1", "name": "a.pdf"}]
MENTION = {
    "type": "app_mention",
    "user": "UDANA",
    "channel": "C1",
    "ts": "1.1",
    "thread_ts": "0.1",
    "text": "<@UBOT> 469 555 0101",
    "files": FILES,
}
DIRECT = {**MENTION, "type": "message", "channel_type": "im", "channel": "D1", "subtype": "file_share"}

CHANGES = {
    "send": command("send 469 555 0101 from Sales"),
    "cancel": command("cancel TX82"),
    "subscribe": command("subscribe rx"),
    "press": press("cancel_fax", "fax:12"),
    "download": press("download", "record:7"),
    "decision": press("send_again", "fax:12"),
    "run": press("run_command", "/fax delete RX3"),
    "form": submission(FormStart("C1", files=tuple(FILES)).encode(), "469 555 0101", FILES),
    "mention": event(**MENTION),
    "direct": event(**DIRECT),
    "file": event(type="file_shared", file_id="F1", user_id="UDANA", channel_id="C1"),
}
"""Each of these is committed as one request."""

OTHERS = {
    "question": command("status TX82"),
    "help": command(""),
    "typo": command("stauts TX83"),
    "page": press("history_page:older", "RX:2"),
    "open form": press("open_form", FormStart(files=tuple(FILES)).encode()),
    "link": press("open_link", "x"),
    "fax this": shortcut("fax_this", message={"ts": "5.1", "files": FILES}, channel={"id": "C1"}),
    "send a fax": shortcut("send_a_fax"),
    "words": event(**{**MENTION, "type": "message", "channel_type": "im", "files": []}),
    "unheard of": event(type="reaction_added", user="UDANA"),
    "nothing": {},
}

ESSENTIAL = {
    "command": "command, text, user_id, channel_id, trigger_id",
    "actions": "type, team, user, user.id, channel, channel.id, actions, actions.0, actions.0.action_id, "
    "actions.0.value, actions.0.type",
    "view": "type, team, user, user.id, view, view.callback_id, view.private_metadata, view.type, "
    "view.state, view.state.values, view.state.values.number, view.state.values.number.number, "
    "view.state.values.number.number.value",
    "event": "type, event, event.type, event.user, event.user_id, event.channel_type, event.subtype, "
    "event.bot_id, event.files, event.files.0",
}
"""
What says that something is asked for, by whom; the rest may be odd or missing.

`team` is among it because Bolt reads it while it makes the request, before any code of ours runs.
"""

OURS = str(Path(faxbot.__file__).parent)
ON_THE_WAY = {"async_dispatch", "_dispatch", "first_response"}
"""Through these every envelope reaches Bolt, and what Bolt raises comes back."""

FIELDS = (
    "id",
    "type",
    "user",
    "channel",
    "ts",
    "text",
    "files",
    "value",
    "actions",
    "view",
    "event",
    "state",
)
VALUES = odd_values(FIELDS)
often = settings(suppress_health_check=[HealthCheck.too_slow])


@st.composite
def tampered(draw, bodies: dict[str, dict[str, Any]], *, spared: bool) -> dict[str, Any]:
    """One of *bodies* in which some values are missing or others; *spared*: not those that say what it is."""
    body = draw(st.sampled_from(list(bodies.values())))
    kind = next((name for name in ESSENTIAL if name in body), "")
    essential = ESSENTIAL.get(kind, "").split(", ") if spared else []
    for _ in range(draw(st.integers(1, 3))):
        if here := [path for path in places(body) if path and ".".join(map(str, path)) not in essential]:
            path = draw(st.sampled_from(here))
            body = without(body, path) if draw(st.booleans()) else replaced(body, path, draw(VALUES))
    return body


async def answered(harness: ListenerHarness, body: dict[str, Any]) -> int:
    """
    Dispatch *body*; the HTTP status.

    Bolt itself looks for people, teams and actions in a body; where it finds none it raises, which leaves
    the envelope without an acknowledgement.
    """
    try:
        response = await harness.send(body)
    except (TypeError, LookupError, AttributeError, ValueError) as exc:
        frames = traceback.extract_tb(exc.__traceback__)
        ours = [f.name for f in frames if f.filename.startswith(OURS) and f.name not in ON_THE_WAY]
        assert not ours, body
        return HTTPStatus.INTERNAL_SERVER_ERROR
    if response.status == HTTPStatus.OK and response.body:
        assert "errors" in json.loads(response.body) or json.loads(response.body)["text"], body
    return response.status


def delivered(body: dict[str, Any], failure: Exception | None = None) -> tuple[ListenerHarness, int]:
    """Dispatch *body* to a bot of its own, and wait until all is done; the HTTP status."""
    harness = ListenerHarness()
    harness.runner.failure = failure

    async def deliver() -> int:
        try:
            return await answered(harness, body)
        finally:
            await harness.settle()

    return harness, asyncio.run(deliver())


@often
@given(tampered(CHANGES | OTHERS, spared=False))
def test_no_envelope_gets_out_of_a_listener(body):
    """With any odd or missing field there is an answer, and at most one request is committed."""
    harness, status = delivered(body)
    assert status in (200, 404, 500)
    assert len(harness.runner.requests) <= 1


@often
@given(tampered(CHANGES, spared=True))
def test_no_commit_is_lost_over_an_odd_field(body):
    """User, channel and text suffice: the request is committed, then acknowledged."""
    harness, status = delivered(body)
    assert (len(harness.runner.requests), status) == (1, 200)


@often
@given(tampered(CHANGES, spared=True))
def test_nothing_passes_for_done_that_could_not_be_committed(body):
    """Without the database an event is redelivered, and a command is answered at once."""
    harness, status = delivered(body, RuntimeError("disk full"))
    assert harness.runner.requests == []
    if "event" in body:
        assert status == 500
    else:
        assert status == 200


@pytest.mark.parametrize("body", (CHANGES | OTHERS).values(), ids=CHANGES | OTHERS)
async def test_each_field_in_turn_is_missing_or_another(body):
    """Every single field of every envelope, left out and replaced."""
    for path in filter(None, places(body)):
        odd = [replaced(body, path, value) for value in (None, 7, [], {"id": []})] + [without(body, path)]
        rigs = [ListenerHarness() for _ in odd]
        # At once: Bolt looks every 10 ms whether a listener has acknowledged.
        await asyncio.gather(*(answered(harness, each) for harness, each in zip(rigs, odd, strict=True)))
        await rigs[0].settle()


def test_the_envelopes_are_whole():
    """As they are, those that change something are committed, each as one request; the others are not."""
    for body in CHANGES.values():
        harness, status = delivered(body)
        assert (len(harness.runner.requests), status) == (1, 200)
    for body in OTHERS.values():
        assert delivered(body)[0].runner.requests == []
