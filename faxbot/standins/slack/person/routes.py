"""The routes of the person API."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from faxbot.standins.slack.installation import Installation

from . import faxpane, interactions, membership, messages, modals, snapshot
from .request import DeniedError, PersonRequest

PersonAction = Callable[[PersonRequest], Awaitable[dict[str, object]]]
PersonRoute = Callable[[web.Request, Installation], Awaitable[web.StreamResponse]]

PERSON_ACTIONS: dict[str, PersonAction] = {
    "say": messages.post_message,
    "edit": messages.edit_message,
    "unsay": messages.delete_message,
    "delete_file": messages.delete_file,
    "command": interactions.command,
    "press": interactions.press,
    "shortcut": interactions.shortcut,
    "suggest": interactions.suggest,
    "submit": modals.submit,
    "close": modals.close,
    "open_home": modals.open_home,
    "invite": membership.invite,
    "kick": membership.remove,
    "archive": membership.archive,
}
PAGES: dict[tuple[str, str], PersonRoute] = {
    ("GET", "/_/snapshot"): snapshot.snapshot,
    ("GET", "/_/events"): snapshot.events,
    ("GET", "/_/wait"): snapshot.wait,
    ("GET", "/_/file/{file}"): snapshot.file_bytes,
    ("POST", "/_/upload"): messages.upload,
    ("GET", "/_/fax/{rest:.*}"): faxpane.proxy,
    ("POST", "/_/fax/{rest:.*}"): faxpane.proxy,
}


def add_routes(app: web.Application, installation: Installation) -> None:
    """Serve the person API of *installation*."""
    for (verb, path), page in PAGES.items():
        app.router.add_route(verb, path, _serve_page(page, installation))
    for name, action in PERSON_ACTIONS.items():
        app.router.add_post(f"/_/{name}", _serve_action(action, installation))


def _serve_page(
    page: PersonRoute, installation: Installation
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await page(request, installation)
        except DeniedError as exc:
            return web.json_response(exc.answer, status=400 if request.method == "GET" else 200)

    return answer


def _serve_action(
    action: PersonAction, installation: Installation
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            result = {"ok": True, **await action(await PersonRequest.read(request, installation))}
        except DeniedError as exc:
            result = exc.answer
        return web.json_response(result)

    return answer
