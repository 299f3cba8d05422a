"""A Web API without sockets: it returns the given responses and records the calls."""

import time
from collections.abc import Callable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.rate_limits import SlackRateLimits
from faxbot.slack.web_api.web_api import WebApi

Answer = dict[str, Any] | Exception | Callable[[dict[str, Any]], dict[str, Any]]

AUTH = {"ok": True, "user_id": "UBOT", "bot_id": "BBOT", "user": "faxbot"}


class FakeSlack(AsyncWebClient):
    """
    Answers each method with what is listed for it, one after the other; the last one stays.

    An answer is a body, an exception, or a function of the arguments.
    """

    def __init__(self, **answers: Answer | list[Answer]) -> None:
        super().__init__(token="xoxb-test", base_url="http://127.0.0.1:1/api/", retry_handlers=[])
        self.answers: dict[str, list[Answer]] = {"auth.test": [AUTH]}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        for name, answer in answers.items():
            self.answer_with(name.replace("_", "."), *(answer if isinstance(answer, list) else [answer]))

    def answer_with(self, method: str, *answers: Answer) -> None:
        self.answers[method] = list(answers)

    def calls(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.asked if name == method]

    async def api_call(self, api_method: str, **call: Any) -> AsyncSlackResponse:
        arguments = call.get("json") or call.get("params") or call.get("data") or {}
        self.asked.append((api_method, arguments))
        waiting = self.answers.get(api_method) or [{"ok": False, "error": "unknown_method"}]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        body = answer(arguments) if callable(answer) else answer
        response = AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=api_method,
            req_args={},
            data=body,
            headers={},
            status_code=200,
        )
        return response.validate()


def refusal(error: str, **more: object) -> dict[str, Any]:
    return {"ok": False, "error": error, **more}


def web_api(client: FakeSlack, pauses: list[float] | None = None) -> WebApi:
    """The Web API over *client*; retry pauses take no time and are recorded in *pauses*."""
    noted = pauses if pauses is not None else []

    async def sleep(seconds: float) -> None:
        noted.append(seconds)

    return WebApi(client, Connections(), sleep=sleep, jitter=lambda: 0.0)


def free_pace() -> SlackRateLimits:
    """A pace without rate limits, except those that a server returns."""
    return SlackRateLimits(time.time, strict=False)
