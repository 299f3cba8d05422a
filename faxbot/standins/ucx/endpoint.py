"""The Fax API's door: a request is admitted, read, carried out, broken if so planned, logged, answered."""

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
    """The client gets no answer."""


class DocumentResponse(web.FileResponse):
    """A document from disk, sent without reading it into memory."""

    def __init__(self, document: Path, disposition: str) -> None:
        headers = {"Content-Disposition": disposition, "Content-Type": "application/pdf"}
        super().__init__(document, headers=headers)
        self.document = document


class FaxApiEndpoint:
    """One aiohttp handler for all of the API."""

    def __init__(
        self, system: HylaFax, access: ApiCredentials, faults: FaultPlan, moved: Callable[[], None]
    ) -> None:
        self._system = system
        self._access = access
        self._faults = faults
        self._contract = FaxApi(system, access, moved)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; what came of it is in the log before the answer is."""
        facts: dict[str, LogValue] = {"started": self._system.clock.real(self._system.clock.simulated())}
        self._system.catch_up()
        method = METHODS.get(request.path)
        befallen: list[UcxFault] = []
        try:
            try:
                response = await self._answer(request, method, facts, befallen)
            except RequestRefusedError as exc:
                response = _respond(FaxApiReply(error(exc.message), status=exc.status))
            outcome = "answered"
        except ConnectionDroppedError:
            response, outcome = web.Response(), "dropped"
        cut_short = any(fault.fault is FaultKind.TRUNCATE for fault in befallen)
        self._system.board.log.add(
            "call",
            method=method.name if method else request.path,
            http_method=request.method,
            status=response.status if outcome == "answered" else 0,
            outcome="truncated" if cut_short and outcome == "answered" else outcome,
            faults=[fault.fault for fault in befallen],
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
        befallen: list[UcxFault],
    ) -> web.StreamResponse:
        method = self._admit(request, method)
        befallen += self._faults.take_unread(method.name)
        if befallen:
            raise ConnectionDroppedError
        place = self._system.board.new_file(".upload")
        try:
            params, upload = await read(request, method, place)
            facts["params"] = dict(params)
            befallen += self._faults.take(method.name, params)
            replacement = await self._before(befallen)
            reply: FaxApiReply | None = None
            if replacement is None or replacement.processed:
                self._system.catch_up()
                reply = await self._contract.carry_out(method.name, params, upload)
                facts["carried_out"] = True
                _note(reply, facts)
        finally:
            place.unlink(missing_ok=True)
        await self._after(befallen)
        if replacement is not None:
            return _replaced(replacement)
        return _respond(reply if reply is not None else FaxApiReply(error("Internal error"), status=500))

    def _admit(self, request: web.Request, method: FaxApiMethod | None) -> FaxApiMethod:
        if method is None or request.method != method.http:
            raise RequestRefusedError(404, "Invalid API endpoint or method")
        authorization = request.headers.get("Authorization")
        admits = self._access.admits_client if method.name == "token" else self._access.admits_bearer
        if not admits(authorization):
            raise RequestRefusedError(401, "Authentication failed")
        return method

    async def _before(self, befallen: list[UcxFault]) -> UcxFault | None:
        """Let happen what comes before a call is carried out; return the fault that answers in its place."""
        for fault in befallen:
            if fault.fault is FaultKind.LATENCY and fault.when == "before":
                await asyncio.sleep(fault.seconds)
            elif fault.fault is FaultKind.DROP_BEFORE:
                raise ConnectionDroppedError
        return next((fault for fault in befallen if fault.fault in REPLACING), None)

    async def _after(self, befallen: list[UcxFault]) -> None:
        for fault in befallen:
            if fault.fault is FaultKind.LATENCY and fault.when == "after":
                await asyncio.sleep(fault.seconds)
            elif fault.fault is FaultKind.DROP_AFTER:
                raise ConnectionDroppedError


def _note(reply: FaxApiReply, facts: dict[str, LogValue]) -> None:
    if not isinstance(reply.body, PdfBody):
        facts["result"] = str(reply.body["result"])
        if "job_id" in reply.body:
            facts["job_id"] = str(reply.body["job_id"])


def _respond(reply: FaxApiReply) -> web.StreamResponse:
    if isinstance(reply.body, PdfBody):
        disposition = f'attachment; filename="{reply.body.name}"'
        return DocumentResponse(reply.body.path, disposition)
    return web.json_response(reply.body, status=reply.status)


def _replaced(fault: UcxFault) -> web.Response:
    if fault.fault is FaultKind.HTML:
        return web.Response(
            status=fault.status, text=PAGE.format(status=fault.status), content_type="text/html"
        )
    if fault.fault is FaultKind.MALFORMED:
        return web.Response(text='{"result":"Success","sta', content_type="application/json")
    return web.json_response(error(fault.message))


async def _send_half(request: web.Request, whole: web.StreamResponse) -> web.StreamResponse:
    """Promise all of *whole*, send half of it and hang up."""
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
