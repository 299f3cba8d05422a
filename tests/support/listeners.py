"""A Bolt app over fakes that record their calls, and Slack's payloads for it."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from faxbot.fax import number
from faxbot.fax.dialplan import DialPlan
from faxbot.fax.errors import Fault
from faxbot.fax.job import Direction
from faxbot.services.queries.results import ActiveResult, HistoryResult, LinesResult, SubscriptionsResult
from faxbot.slack.bolt_app import build_bolt_app
from faxbot.slack.listeners import ListenerContext
from faxbot.slack.views import BotProfile
from faxbot.slack.web_api.web_api import BotIdentity
from tests.support.fake_slack import FakeSlack

NOW = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)
ME = BotIdentity("UBOT", "BBOT", "faxbot")
TEAM = {"id": "T1", "domain": "acme"}


@dataclass
class FakeRunner:
    """Commits requests in memory; *gate* delays a commit, *failure* is raised by it."""

    requests: list[Any] = field(default_factory=list)
    failure: Exception | None = None
    gate: asyncio.Event | None = None

    async def accept(self, request):
        if self.gate:
            await self.gate.wait()
        if self.failure:
            raise self.failure
        if any(each.key == request.key for each in self.requests):
            return False
        self.requests.append(request)
        return True


@dataclass
class FakeQueries:
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    failure: Fault | Exception | None = None
    gate: asyncio.Event | None = None
    outage: datetime | None = None

    def check_number(self, text):
        return number.parse(text, DialPlan())

    async def _note(self, *asked):
        self.asked.append(asked)
        if self.gate:
            await self.gate.wait()
        if self.failure:
            raise self.failure

    async def lines(self, wanted=""):
        await self._note("lines", wanted)
        return LinesResult(())

    async def status(self, job_id, asker):
        await self._note("status", job_id, asker.user_id, asker.channel_id)
        raise AssertionError("tests let it fail")

    async def active(self, direction, asker):
        await self._note("active", direction, asker.user_id, asker.channel_id)
        return ActiveResult((Direction.TX,), ())

    async def history(self, direction, page, asker):
        await self._note("history", direction, page, asker.user_id, asker.channel_id)
        return HistoryResult(direction, page, 3, 25, ())

    async def subscriptions(self, channel_id):
        await self._note("subscriptions", channel_id)
        return SubscriptionsResult(channel_id, ())


@dataclass
class FakeForms:
    opened: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    async def open(self, trigger_id, **start):
        self.opened.append(("open", trigger_id, start))

    async def open_with_recent(self, trigger_id, **start):
        self.opened.append(("recent", trigger_id, start))

    async def refuse(self, trigger_id, why):
        self.opened.append(("refuse", trigger_id, {"why": why}))


@dataclass
class FakeReplies:
    responses: list[tuple[Any, Any, bool]] = field(default_factory=list)

    async def respond(self, place, shown, *, replace=False):
        self.responses.append((place, shown, replace))

    @property
    def texts(self) -> list[str]:
        return [shown.text for _, shown, _ in self.responses]


class ListenerHarness:
    """The app between Slack's payloads and the fakes."""

    def __init__(self) -> None:
        self.runner, self.queries, self.forms, self.replies = (
            FakeRunner(),
            FakeQueries(),
            FakeForms(),
            FakeReplies(),
        )
        self.client = FakeSlack()
        self.board = ListenerContext(
            self.runner, self.queries, self.forms, self.replies, BotProfile(), ME.user_id, lambda: NOW
        )
        self.app = build_bolt_app(self.client, ME, self.board)

    def restart(self) -> None:
        """Another process, with the same database."""
        self.app = build_bolt_app(self.client, ME, self.board)

    async def send(self, body: dict[str, Any], **headers: str) -> BoltResponse:
        """Dispatch *body* as Socket Mode does."""
        request = AsyncBoltRequest(
            mode="socket_mode",
            body=body,
            headers={name.replace("_", "-"): [v] for name, v in headers.items()},
        )
        return await self.app.async_dispatch(request)

    async def settle(self) -> None:
        """Wait until every listener that Bolt started has ended."""
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait_for(asyncio.gather(*others), 3)

    async def command(self, text: str, **more: Any) -> BoltResponse:
        return await self.send(command(text, **more))


def command(text: str, **more: Any) -> dict[str, Any]:
    return {
        "command": "/fax",
        "text": text,
        "team_id": "T1",
        "user_id": "UDANA",
        "channel_id": "CCLAIMS",
        "response_url": "http://127.0.0.1:1/commands/1",
        "trigger_id": "trigger.1",
    } | more


def press(action_id: str, value: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": TEAM,
        "user": {"id": "UDANA", "team_id": "T1"},
        "channel": {"id": "CCLAIMS"},
        "container": {
            "type": "message",
            "message_ts": "10.1",
            "channel_id": "CCLAIMS",
            "is_ephemeral": False,
        },
        "message": {"ts": "10.1"},
        "response_url": "http://127.0.0.1:1/actions/1",
        "trigger_id": "trigger.2",
        "actions": [
            {"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": "11.1"}
        ],
    } | more


def submission(start: str, number: str | None, files: list[dict[str, str]] | None = None) -> dict[str, Any]:
    values: dict[str, Any] = {"number": {"number": {"type": "plain_text_input", "value": number}}}
    if files is not None:
        values["files"] = {"files": {"type": "file_input", "files": files}}
    return {
        "type": "view_submission",
        "team": TEAM,
        "user": {"id": "UDANA", "team_id": "T1"},
        "trigger_id": "trigger.3",
        "view": {
            "id": "V1",
            "type": "modal",
            "callback_id": "send_form",
            "private_metadata": start,
            "state": {"values": values},
        },
        "response_urls": [],
    }


def shortcut(callback_id: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "message_action" if "message" in more else "shortcut",
        "team": TEAM,
        "user": {"id": "UDANA", "team_id": "T1"},
        "callback_id": callback_id,
        "trigger_id": "trigger.4",
        "action_ts": "12.1",
    } | more


def event(**facts: Any) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": "T1",
        "api_app_id": "A1",
        "event_id": "Ev1",
        "event_time": 1,
        "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True}],
        "event": facts,
    }


def payload_of(response: BoltResponse) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(response.body)
    return answer
