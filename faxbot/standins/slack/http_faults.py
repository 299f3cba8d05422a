"""Troubles of HTTP itself, for every address that is not the Web API: uploads, downloads, response_urls."""

import asyncio

from aiohttp import web

from .faults import WorkspaceFault

SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Sign in to Harbor Clinic | Slack</title></head>"
    "<body><h1>Sign in to your workspace</h1></body></html>"
)


def cut(request: web.Request) -> web.Response:
    """Close the connection under a client; the response is for nobody."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def trouble(request: web.Request, fault: WorkspaceFault | None) -> web.StreamResponse | None:
    """The answer of a request that is not carried out; None, perhaps late, when it may be."""
    kind = fault.kind if fault else ""
    if kind == "drop_before":
        return cut(request)
    if fault and kind == "http":
        return web.Response(status=int(fault.values.get("status", 500)), text="upstream error")
    if fault and kind == "ratelimited":
        return web.Response(
            status=429, text="ratelimited", headers={"Retry-After": str(int(fault.seconds()))}
        )
    if kind == "html":
        return web.Response(text=SIGN_IN, content_type="text/html")
    if fault and kind == "latency":
        await asyncio.sleep(fault.seconds())
    return None
