"""
Files shared with the bot: committed as requests in Bolt middleware.

Slack may announce one share by up to three events (`app_mention`, `file_shared`, `message`), in any order and
repeatedly. Bolt acknowledges an event before its listener runs. Middleware runs before the acknowledgement,
so an event that could not be committed is not acknowledged, and Slack redelivers it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from faxbot.services.model.request_bodies import ShareBody, SharedFileBody
from faxbot.slack.listeners.context import ListenerContext
from faxbot.slack.payloads import Origin, files_in, origin_of

Next = Callable[[], Awaitable[None]]


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Register the middleware and listeners for `app_mention` and `file_shared`."""

    async def commit_shares(body: dict[str, Any], next_: Next) -> None:
        event = body.get("event")
        if isinstance(event, Mapping):
            await _commit(context, body, event)
        await next_()

    async def committed() -> None:
        """Do nothing: the middleware has committed the event, but Bolt requires a listener."""

    app.middleware(commit_shares)
    app.event("app_mention")(committed)
    app.event("file_shared")(committed)


async def _commit(context: ListenerContext, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    """Commit the request for *event*, if it is a share of files by a person."""
    origin = origin_of({"event": event})
    if origin.user_id in ("", context.bot_user_id) or event.get("bot_id"):
        return
    match event.get("type"):
        case "file_shared":
            shared = SharedFileBody(file_id=str(event.get("file_id") or ""))
            await context.accept(origin, f"file:{body.get('event_id')}", shared)
        case "app_mention" if not event.get("edited"):
            await _commit_share(context, origin, event)
        case "message" if shares_directly(event):
            await _commit_share(context, origin, event)


async def _commit_share(context: ListenerContext, origin: Origin, event: Mapping[str, Any]) -> None:
    """Commit one request per message: `app_mention` and `message` have the same deduplication key."""
    ts = str(event.get("ts") or "")
    share = ShareBody(ts=ts, text=str(event.get("text") or ""), files=files_in(event) or None)
    await context.accept(origin, f"share:{origin.channel_id}:{ts}", share)


def shares_directly(event: Mapping[str, Any]) -> bool:
    """Whether *event* is a new direct message with files; edits and deletions have other subtypes."""
    kind, files = event.get("subtype"), event.get("files")
    return event.get("channel_type") == "im" and (kind == "file_share" or (kind is None and bool(files)))
