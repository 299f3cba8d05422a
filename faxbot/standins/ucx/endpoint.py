"""The Fax API's endpoint: authenticates, parses, runs, logs and answers requests, with injected faults."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from faxbot.standins.ucx.contract import FaxApi, FaxApiReply, PdfBody
from faxbot.standins.ucx.credentials import ApiCredentials
from faxbot.standins.ucx.faults import PAGE, REPLACING, FaultKind, FaultPlan, UcxFault
from faxbot.standins.ucx.hylafax.model import HylaFax
from faxbot.standins.ucx.log import LogValue
from faxbot.standins.ucx.replies import error
from faxbot.standins.ucx.requests import METHODS, FaxApiMethod, RequestRefusedError, read


class ConnectionDroppedError(Exception):
    """The connection is aborted without an answer, as an injected fault demands."""


class DocumentResponse(web.FileResponse):
    """A PDF streamed from disk."""

    def __init__(self, document: Path, disposition: str) -> None:
        headers = {"Content-Disposition": disposition, "Content-Type": "application/pdf"}
        super().__init__(document, headers=headers)
        self.document = document


class FaxApiEndpoint:
    """Serves every path of the Fax API."""

    def __init__(
        self, system: HylaFax, credentials: ApiCredentials, faults: FaultPlan, on_change: Callable[[], None]
    ) -> None:
        self._system = system
        self._credentials = credentials
        self._faults = faults
        self._api = FaxApi(system, credentials, on_change)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; the log entry is written before the answer is sent."""
        facts: dict[str, LogValue] = {"started": self._system.clock.real(self._system.clock.simulated())}
        self._system.catch_up()
        method = METHODS.get(request.path)
        hits: list[UcxFault] = []
        try:
            try:
                response = await self._answer(request, method, facts, hits)
            except RequestRefusedError as exc:
                response = _respond(FaxApiReply(error(exc.message), status=exc.status))
            outcome = "answered"
        except ConnectionDroppedError:
            response, outcome = web.Response(), "dropped"
        cut_short = any(fault.fault is FaultKind.TRUNCATE for fault in hits)
        self._system.resources.log.add(
            "call",
            method=method.name if method else request.path,
            http_method=request.method,
            status=response.status if outcome == "answered" else 0,
            outcome="truncated" if cut_short and outcome == "answered" else outcome,
            faults=[fault.fault for fault in hits],
            **facts,
        )
        if outcome == "dropped":
            if request.transport is not None:
                request.transport.abort()
            return response
        return await _send_half(request, response) if cut_short else response

    async def _answer(
        self,
        request: web.Request,
        method: FaxApiMethod | None,
        facts: dict[str, LogValue],
        hits: list[UcxFault],
    ) -> web.StreamResponse:
        method = self._authenticate(request, method)
        hits += self._faults.consume_unread(method.name)
        if hits:
            raise ConnectionDroppedError
        upload_path = self._system.resources.new_file(".upload")
        try:
            params, attachment = await read(request, method, upload_path)
            facts["params"] = dict(params)
            hits += self._faults.consume(method.name, params)
            replacement = await self._apply_before(hits)
            reply: FaxApiReply | None = None
            if replacement is None or replacement.processed:
                self._system.catch_up()
                reply = await self._api.call(method.name, params, attachment)
                facts["carried_out"] = True
                _add_result(reply, facts)
        finally:
            upload_path.unlink(missing_ok=True)
        await self._apply_after(hits)
        if replacement is not None:
            return _replacement_response(replacement)
        return _respond(reply if reply is not None else FaxApiReply(error("Internal error"), status=500))

    def _authenticate(self, request: web.Request, method: FaxApiMethod | None) -> FaxApiMethod:
        if method is None or request.method != method.http:
            raise RequestRefusedError(404, "Invalid API endpoint or method")
        authorization = request.headers.get("Authorization")
        credentials = self._credentials
        accepts = credentials.accepts_basic if method.name == "token" else credentials.accepts_bearer
        if not accepts(authorization):
            raise RequestRefusedError(401, "Authentication failed")
        return method

    async def _apply_before(self, hits: list[UcxFault]) -> UcxFault | None:
        """Apply the faults that come before the call runs; return the one whose answer replaces the reply."""
        for fault in hits:
            if fault.fault is FaultKind.LATENCY and fault.when == "before":
                await asyncio.sleep(fault.seconds)
            elif fault.fault is FaultKind.DROP_BEFORE:
                raise ConnectionDroppedError
        return next((fault for fault in hits if fault.fault in REPLACING), None)

    async def _apply_after(self, hits: list[UcxFault]) -> None:
        for fault in hits:
            if fault.fault is FaultKind.LATENCY and fault.when == "after":
                await asyncio.sleep(fault.seconds)
            elif fault.fault is FaultKind.DROP_AFTER:
                raise ConnectionDroppedError


def _add_result(reply: FaxApiReply, facts: dict[str, LogValue]) -> None:
    if not isinstance(reply.body, PdfBody):
        facts["result"] = str(reply.body["result"])
        if "job_id" in reply.body:
            facts["job_id"] = str(reply.body["job_id"])


def _respond(reply: FaxApiReply) -> web.StreamResponse:
    if isinstance(reply.body, PdfBody):
        disposition = f'attachment; filename="{reply.body.name}"'
        return DocumentResponse(reply.body.path, disposition)
    return web.json_response(reply.body, status=reply.status)


def _replacement_response(fault: UcxFault) -> web.Response:
    if fault.fault is FaultKind.HTML:
        return web.Response(
            status=fault.status, text=PAGE.format(status=fault.status), content_type="text/html"
        )
    if fault.fault is FaultKind.MALFORMED:
        return web.Response(text='{"result":"Success","sta', content_type="application/json")
    return web.json_response(error(fault.message))


async def _send_half(request: web.Request, whole: web.StreamResponse) -> web.StreamResponse:
    """Send the headers of *whole* and half of its body, then close the connection."""
    if isinstance(whole, DocumentResponse):
        body = await asyncio.to_thread(whole.document.read_bytes)
    elif isinstance(whole, web.Response) and isinstance(whole.body, bytes):
        body = whole.body
    else:
        body = json.dumps(error("Internal error")).encode()
    headers = {name: value for name, value in whole.headers.items() if name != "Content-Length"}
    half = web.StreamResponse(status=whole.status, headers=headers)
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half
