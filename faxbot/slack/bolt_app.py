"""The Bolt app: identity, deduplication, prompt acknowledgement and error reports."""

import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from http import HTTPStatus
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from faxbot.fax.errors import Fault, Refusal, SlackFault
from faxbot.services.model import correlation
from faxbot.services.model.correlation import under
from faxbot.slack.action_ids import Field
from faxbot.slack.inbound.deduplication import Deduplication, delivery_key
from faxbot.slack.inbound.prompt_ack import PromptAck, Unacknowledged, first_response
from faxbot.slack.listeners import ListenerContext, register
from faxbot.slack.payloads import Origin, origin_of
from faxbot.slack.views import Rendered, render_fault, render_unknown_fault
from faxbot.slack.web_api.web_api import BotIdentity

log = logging.getLogger(__name__)

BOLT_LOG = logging.getLogger("faxbot.slack.bolt.sdk")
"""Bolt's log; at DEBUG it would contain whole payloads."""
BOLT_LOG.setLevel(logging.INFO)

_INPUT_ERROR_CHARS = 300
"""Maximum length of an error beside an input."""
_DELIVERY = "delivery"
"""Key in Bolt's context: the deduplication key of a first delivery."""

Next = Callable[[], Awaitable[None]]
Acknowledged = Callable[[str, float], None]
"""Called with (payload type, seconds) after each acknowledgement."""


class FaxApp(AsyncApp):
    """Bolt's app with deduplication, prompt acknowledgement and a measured acknowledgement time."""

    def __init__(
        self,
        acknowledged: Acknowledged,
        deduplication: Deduplication,
        unacknowledged: Unacknowledged,
        **options: Any,  # noqa: ANN401  (Bolt's own)
    ) -> None:
        super().__init__(**options)
        self._acknowledged, self._deduplication, self._unacknowledged = (
            acknowledged,
            deduplication,
            unacknowledged,
        )

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Run the matching listener under a new correlation id; return when it has acknowledged."""
        began = time.perf_counter()
        self._unacknowledged.add()
        with under(correlation.new()):
            try:
                response = await self._dispatch(req)
            finally:
                self._unacknowledged.remove()
            took = time.perf_counter() - began
            kind = str(req.body.get("type") or ("command" if "command" in req.body else "other"))
            log.info("acknowledged after %.1f ms", took * 1000, extra={"kind": kind})
        self._acknowledged(kind, took)
        return response

    async def _dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Dispatch to Bolt; return its response, or the acknowledgement as soon as it is made."""
        response = None
        try:
            ack = PromptAck(self._unacknowledged)
            req.context["ack"] = ack
            response = await first_response(super().async_dispatch(req), ack.made)
        finally:
            if key := req.context.get(_DELIVERY):
                self._deduplication.end(key, response)
        return response


def build_bolt_app(
    client: AsyncWebClient,
    me: BotIdentity,
    listener_context: ListenerContext,
    *,
    acknowledged: Acknowledged = lambda _kind, _seconds: None,
    unacknowledged: Unacknowledged | None = None,
) -> AsyncApp:
    """
    Build the app that answers Slack as *me* through *client*, with all listeners registered.

    Envelopes must already be authenticated: by Socket Mode, or by their signature (http_mode.py).
    *acknowledged* is called with (payload type, seconds).

    Source: slack_bolt.
    """
    unacknowledged = unacknowledged or Unacknowledged()
    token = client.token
    without_token = copy(client)  # Bolt warns about a token beside `authorize`, which it ignores
    without_token.token = None

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=me.user_id,
            bot_id=me.bot_id,
            bot_token=token,
        )

    BOLT_LOG.setLevel(logging.ERROR)  # it warns about SLACK_BOT_TOKEN in the environment
    deduplication = Deduplication(lambda: listener_context.now().timestamp())
    app = FaxApp(
        acknowledged,
        deduplication,
        unacknowledged,
        name="faxbot",
        logger=BOLT_LOG,
        client=without_token,
        authorize=authorize,
        signing_secret=secrets.token_hex(),  # Bolt requires one; signatures are checked before Bolt
        ignoring_self_events_enabled=True,
    )
    BOLT_LOG.setLevel(logging.INFO)

    async def deduplicate(
        body: dict[str, Any], context: AsyncBoltContext, next_: Next
    ) -> BoltResponse | None:
        """Middleware: return the first response to a redelivered envelope."""
        if key := delivery_key(body):
            if previous := await deduplication.previous_response(key):
                log.info("redelivered envelope gets its first response")
                return previous
            deduplication.begin(key)
            context[_DELIVERY] = key
        await next_()
        return None

    async def report_fault(
        error: Exception, body: dict[str, Any], response: BoltResponse | None
    ) -> BoltResponse | None:
        return await _report_fault(listener_context, error, body, acknowledged=response is None)

    app.middleware(deduplicate)
    register(app, listener_context)
    app.error(report_fault)
    return app


async def _report_fault(
    listener_context: ListenerContext, error: Exception, body: Mapping[str, Any], *, acknowledged: bool
) -> BoltResponse | None:
    """
    Show the person what went wrong: in the acknowledgement if it is pending, else as an ephemeral reply.

    Events get no reply. One that failed before its acknowledgement stays unacknowledged; Slack redelivers it.
    """
    shown, plain = _fault_message(listener_context, error)
    if "event" in body:
        if acknowledged and isinstance(error, Fault):
            log.info("event listener failed: %s", type(error).__name__)
        return None
    origin = origin_of(body)
    if acknowledged:
        await _respond(listener_context, origin, shown)
        return None
    if body.get("type") == "view_submission":
        return _acknowledgement({"response_action": "errors", "errors": {Field.NUMBER.value: plain}})
    if "command" in body:
        return _acknowledgement(
            {"response_type": "ephemeral", "text": shown.text, "blocks": list(shown.blocks)}
        )
    await _respond(listener_context, origin, shown)
    return _acknowledgement(None)


def _fault_message(listener_context: ListenerContext, error: Exception) -> tuple[Rendered, str]:
    """*error* as a message, and as plain text for `response_action: errors`."""
    if isinstance(error, Fault):
        if not isinstance(error, Refusal):
            log.warning("listener failed: %s", type(error).__name__)
        shown = render_fault(
            error,
            listener_context.profile,
            listener_context.now(),
            down_since=listener_context.queries.outage,
        )
        return shown, str(error)[:_INPUT_ERROR_CHARS]
    correlation_id = correlation.current()
    log.error(
        "listener failed with an unexpected error", exc_info=error, extra={"correlation_id": correlation_id}
    )
    plain = (
        f"Something went wrong here. Try again; if it stays, give an admin this reference: {correlation_id}."
    )
    return render_unknown_fault(correlation_id), plain


async def _respond(listener_context: ListenerContext, origin: Origin, shown: Rendered) -> None:
    try:
        await listener_context.replies.respond(origin, shown)
    except SlackFault as fault:
        log.warning("error message was not shown to the user: %s", type(fault).__name__)


def _acknowledgement(payload: dict[str, Any] | None) -> BoltResponse:
    if payload is None:
        return BoltResponse(status=HTTPStatus.OK, body="")
    return BoltResponse(
        status=HTTPStatus.OK, body=json.dumps(payload), headers={"content-type": "application/json"}
    )
