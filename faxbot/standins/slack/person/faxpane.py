"""The proxy of the page's second pane to the simulated fax server's control API."""

import aiohttp
from aiohttp import web

from faxbot.standins.slack.installation import Installation


async def proxy(request: web.Request, installation: Installation) -> web.StreamResponse:
    """GET or POST /_/fax/<rest>: forward to <fax control address>/control/<rest>."""
    if not installation.fax_control:
        raise web.HTTPNotFound
    address = f"{installation.fax_control.rstrip('/')}/control/{request.match_info['rest']}"
    headers = {"Content-Type": request.headers.get("Content-Type", "application/json")}
    body = await request.read() if request.method == "POST" else None
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session,
            session.request(
                request.method,
                address,
                params=request.query,
                data=body,
                headers=headers if body is not None else {},
                allow_redirects=False,
            ) as answer,
        ):
            return web.Response(
                status=answer.status, body=await answer.read(), content_type=answer.content_type
            )
    except aiohttp.ClientError:
        return web.json_response(
            {"ok": False, "error": "fax_server_unreachable", "message": "The fax server does not answer."},
            status=502,
        )
