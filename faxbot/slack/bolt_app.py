"""The Bolt app: identity, deduplication, acknowledgement of failures and reports of faults."""

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
from faxbot.slack.inbound.prompt_ack import PromptAck, Unacknowledged, first_of
from faxbot.slack.listeners import ListenerContext, register
from faxbot.slack.payloads import Origin, origin_of
from faxbot.slack.views import Rendered, render_fault, render_unknown_fault
from faxbot.slack.web_api.web_api import BotIdentity

log = logging.getLogger(__name__)

BOLT_LOG = logging.getLogger("faxbot.slack.bolt.sdk")
"""What Bolt writes; at DEBUG it would write whole payloads."""
BOLT_LOG.setLevel(logging.INFO)

_INPUT_ERROR_CHARS = 300
_DELIVERY = "delivery"
"""In a request's context: the delivery that is being answered for the first time."""

Next = Callable[[], Awaitable[None]]
Acknowledged = Callable[[str, float], None]


class FaxApp(AsyncApp):
    """Bolt's app with deduplication, prompt acknowledgement and its duration measured."""

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
        """Run the listener that fits, and return once it has acknowledged."""
        began = time.perf_counter()
        self._unacknowledged.add()
        with under(correlation.new()):
            try:
                response = await self._dispatch(req)
            finally:
                self._unacknowledged.remove()
            took = time.perf_counter() - began
            kind = str(req.body.get("type") or ("command" if "command" in req.body else "other"))
            log.info("Acknowledged after %.1f ms.", took * 1000, extra={"kind": kind})
        self._acknowledged(kind, took)
        return response

    async def _dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        response = None
        try:
            ack = PromptAck(self._unacknowledged)
            req.context["ack"] = ack
            response = await first_of(super().async_dispatch(req), ack.made)
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
    The app that answers Slack as *me*, through *client*. *acknowledged* hears (kind of envelope, seconds).

    It takes only what is authenticated before: by the socket, or by its signature (see http_mode.py).

    Source: slack_bolt.
    """
    unacknowledged = unacknowledged or Unacknowledged()
    token = client.token
    without_token = copy(client)  # Bolt warns of a token beside `authorize`, and ignores it
    without_token.token = None

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=me.user_id,
            bot_id=me.bot_id,
            bot_token=token,
        )

    BOLT_LOG.setLevel(logging.ERROR)  # it warns of the token that it finds in the environment
    deduplication = Deduplication(lambda: listener_context.now().timestamp())
    app = FaxApp(
        acknowledged,
        deduplication,
        unacknowledged,
        name="faxbot",
        logger=BOLT_LOG,
        client=without_token,
        authorize=authorize,
        signing_secret=secrets.token_hex(),  # that nobody can have signed with
        ignoring_self_events_enabled=True,
    )
    BOLT_LOG.setLevel(logging.INFO)

    async def deduplicate(
        body: dict[str, Any], context: AsyncBoltContext, next_: Next
    ) -> BoltResponse | None:
        """As middleware, because Bolt has authenticated the envelope by then."""
        if key := delivery_key(body):
            if previous := await deduplication.previous_response(key):
                log.info("A redelivered envelope got its first response again.")
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
    Tell the person what went wrong: in the acknowledgement if there was none yet, else by a reply.

    An event that failed before it was acknowledged stays so: Slack tells of it again.
    """
    shown, plain = _fault_message(listener_context, error)
    if "event" in body:
        if acknowledged and isinstance(error, Fault):
            log.info("An event was not answered: %s.", type(error).__name__)
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
    """What to say, as a message and as the plain text beside an input."""
    if isinstance(error, Fault):
        if not isinstance(error, Refusal):
            log.warning("A listener could not do its work: %s.", type(error).__name__)
        shown = render_fault(
            error,
            listener_context.profile,
            listener_context.now(),
            down_since=listener_context.queries.outage,
        )
        return shown, str(error)[:_INPUT_ERROR_CHARS]
    correlation_id = correlation.current()
    log.error("A listener failed.", exc_info=error, extra={"correlation_id": correlation_id})
    plain = (
        f"Something went wrong here. Try again; if it stays, give an admin this reference: {correlation_id}."
    )
    return render_unknown_fault(correlation_id), plain


async def _respond(listener_context: ListenerContext, origin: Origin, shown: Rendered) -> None:
    try:
        await listener_context.replies.respond(origin, shown)
    except SlackFault as fault:
        log.warning("A fault was not reported to its user: %s.", type(fault).__name__)


def _acknowledgement(payload: dict[str, Any] | None) -> BoltResponse:
    if payload is None:
        return BoltResponse(status=HTTPStatus.OK, body="")
    return BoltResponse(
        status=HTTPStatus.OK, body=json.dumps(payload), headers={"content-type": "application/json"}
    )
