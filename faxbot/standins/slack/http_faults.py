"""HTTP-level faults of the addresses outside the Web API: uploads, downloads, response_urls."""

import asyncio

from aiohttp import web

from .faults import WorkspaceFault

SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Sign in to Harbor Clinic | Slack</title></head>"
    "<body><h1>Sign in to your workspace</h1></body></html>"
)


def abort_connection(request: web.Request) -> web.Response:
    """Abort the client's connection; the returned response is not sent."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def fault_response(request: web.Request, fault: WorkspaceFault | None) -> web.StreamResponse | None:
    """
    The response if *fault* replaces the real one, or None to go on with the request.

    Faults are planned by the control API (faults.py). `latency` sleeps here; kinds that are not listed here
    are applied by the caller.
    """
    kind = fault.kind if fault else ""
    if kind == "drop_before":
        return abort_connection(request)
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
