"""The control API: changes that tests, chaos runs and the demo's web page make to the fax server, as JSON."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import cast

from aiohttp import web

from faxbot.standins.ucx import documents, replies
from faxbot.standins.ucx.control_body import ControlBody, read_body, refusal
from faxbot.standins.ucx.credentials import ApiCredentials
from faxbot.standins.ucx.faults import FaultPlan, UnknownFaultError
from faxbot.standins.ucx.hylafax.model import HylaFax
from faxbot.standins.ucx.hylafax.numbers import TEST_NUMBERS
from faxbot.standins.ucx.hylafax.reception import Caller
from faxbot.standins.ucx.hylafax.records import JobType, Order
from faxbot.standins.ucx.listening_socket import ListeningSocket
from faxbot.standins.ucx.replies import JsonObject

PREFIX = "/control"

Read = Callable[[web.Request], JsonObject]
Write = Callable[[web.Request, ControlBody], Awaitable[JsonObject] | JsonObject]
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """The routes under /control of one fax server."""

    def __init__(
        self, system: HylaFax, credentials: ApiCredentials, faults: FaultPlan, api_socket: ListeningSocket
    ) -> None:
        self._system = system
        self._credentials = credentials
        self._faults = faults
        self._api_socket = api_socket
        self._on_change = api_socket.on_change
        self._document_numbers = itertools.count(1)

    def application(self) -> web.Application:
        """The aiohttp application with every route."""
        application = web.Application(client_max_size=1 << 30)
        line = "/lines/{line}"
        reads: dict[str, Read] = {
            "/state": lambda _: self.state(),
            "/log": self._log,
            "/numbers": lambda _: {ending: rule.summary for ending, rule in TEST_NUMBERS.items()},
            "/faults": lambda _: self._pending(),
        }
        writes: dict[tuple[str, str], Write] = {
            ("POST", "/faults"): self._plan_fault,
            ("DELETE", "/faults"): self._clear_faults,
            ("DELETE", "/faults/{id}"): self._remove_fault,
            ("POST", "/receive"): self._receive,
            ("POST", line): self._set_line,
            ("POST", line + "/cut"): self._cut,
            ("POST", "/clock"): self._set_clock,
            ("POST", "/records"): self._set_records,
            ("POST", "/token/revoke"): self._revoke_token,
            ("POST", "/license"): self._set_license,
            ("POST", "/outage"): self._set_outage,
            ("POST", "/restart"): self._restart,
            ("POST", "/wake"): self._wake,
            ("POST", "/reset"): self._reset,
        }
        for path, read in reads.items():
            application.router.add_get(PREFIX + path, self._serve_read(read))
        for (http, path), write in writes.items():
            application.router.add_route(http, PREFIX + path, self._serve_write(write))
        return application

    def state(self) -> JsonObject:
        """Lines, active jobs, records and the clock, for a web page."""
        system = self._system
        clock, records = system.clock, system.resources.records
        return {
            "clock": {
                "speed": clock.speed,
                "paused": clock.paused,
                "skew": clock.skew,
                "simulated": system.resources.timeline.now,
            },
            "reachable": self._api_socket.open,
            "licensed": self._credentials.licensed,
            "paper": system.resources.paper.name.lower(),
            "order": records.order,
            "lines": [
                {
                    **replies.line(modem.line),
                    "modem": modem.line.modem,
                    "in_order": modem.in_service,
                    "state": modem.state,
                    "jobCount": len(system.queue.unfinished(modem)),
                }
                for modem in system.resources.modems.values()
            ],
            "jobs": {kind: replies.active_jobs(system, kind) for kind in JobType},
            "records": {kind: replies.records(records.listing(kind)) for kind in JobType},
            "faults": self._pending()["faults"],
        }

    def _serve_read(self, read: Read) -> Route:
        async def serve(request: web.Request) -> web.StreamResponse:
            self._system.catch_up()
            return web.json_response(read(request))

        return serve

    def _serve_write(self, write: Write) -> Route:
        async def serve(request: web.Request) -> web.StreamResponse:
            body = await read_body(request)
            logged = json.dumps(
                {name: value for name, value in body.fields.items() if not isinstance(value, bytes)}
            )
            self._system.catch_up()
            answer = write(request, body)
            if not isinstance(answer, dict):
                answer = await answer
            self._system.resources.log.add(
                "control", path=request.path, http_method=request.method, asked=logged
            )
            self._on_change()
            return web.json_response(answer)

        return serve

    def _log(self, request: web.Request) -> JsonObject:
        since = request.query.get("since", "0")
        if not since.isdigit():
            raise refusal("since must be the number of an entry")
        entries = self._system.resources.log.entries(request.query.get("kind"), int(since))
        return cast("JsonObject", {"entries": entries})

    def _pending(self) -> JsonObject:
        return cast("JsonObject", {"faults": [asdict(fault) for fault in self._faults.pending()]})

    def _plan_fault(self, _: web.Request, body: ControlBody) -> JsonObject:
        try:
            return cast("JsonObject", asdict(self._faults.plan(**body.fields)))
        except UnknownFaultError as exc:
            raise refusal(str(exc)) from exc

    def _clear_faults(self, _: web.Request, body: ControlBody) -> JsonObject:
        body.refuse_unknown()
        self._faults.clear()
        return {}

    def _remove_fault(self, request: web.Request, body: ControlBody) -> JsonObject:
        body.refuse_unknown()
        number = request.match_info["id"]
        if not number.isdigit() or not self._faults.remove(int(number)):
            raise web.HTTPNotFound
        return {}

    async def _receive(self, _: web.Request, body: ControlBody) -> JsonObject:
        """A fax arrives: `line`, `from`, `cid_name`, `station_id`, `pages` or a `document`, `cut_after`."""
        line = self._line(body.pop("line", "1"))
        number = body.pop("from", "14695550199")
        caller = Caller(number, body.pop("cid_name", number), body.pop("station_id", number))
        pages: int | None = body.pop("pages", None, int, type(None))
        cut: int | None = body.pop("cut_after", None, int, type(None))
        document: bytes | None = body.pop("document", None, bytes, type(None))
        body.refuse_unknown()
        source = self._system.resources.new_file(".pdf")
        if document is None:
            serial, count = next(self._document_numbers), pages or 1
            sheets = [
                [f"Fax {serial} from {number}", f"Page {page} of {count}"] for page in range(1, count + 1)
            ]
            await asyncio.to_thread(documents.compose, sheets, source)
        else:
            await asyncio.to_thread(source.write_bytes, document)
        if documents.count_pdf_pages(source) == 0:
            raise refusal("document is not a PDF")
        self._system.receive(line, caller, source, pages=None if document is None else pages, cut=cut)
        return {"sha256": documents.digest(source)}

    def _line(self, line: str) -> str:
        if line not in self._system.resources.modems:
            raise refusal(f"no line {line!r}")
        return line

    def _set_line(self, request: web.Request, body: ControlBody) -> JsonObject:
        line = self._line(request.match_info["line"])
        in_service = body.pop("in_order", default=True)
        body.refuse_unknown()
        self._system.set_in_service(line, in_service=in_service)
        return {}

    def _cut(self, request: web.Request, body: ControlBody) -> JsonObject:
        body.refuse_unknown()
        return {"calls": self._system.cut_calls(self._line(request.match_info["line"]))}

    def _set_clock(self, _: web.Request, body: ControlBody) -> JsonObject:
        clock = self._system.clock
        speed: float = body.pop("speed", clock.speed, int, float)
        paused = body.pop("paused", clock.paused)
        skew: float = body.pop("skew", clock.skew, int, float)
        body.refuse_unknown()
        try:
            clock.set_speed(speed)
        except ValueError as exc:
            raise refusal(str(exc)) from exc
        if paused != clock.paused:
            (clock.pause if paused else clock.resume)()
        clock.skew = skew
        return {}

    def _set_records(self, _: web.Request, body: ControlBody) -> JsonObject:
        records = self._system.resources.records
        order = body.pop("order", "asc")
        keeps = body.pop("keeps_failed_conversions", default=True)
        body.refuse_unknown()
        try:
            records.order = Order(order)
        except ValueError as exc:
            raise refusal(str(exc)) from exc
        records.keeps_failed_conversions = keeps
        return {}

    def _revoke_token(self, _: web.Request, body: ControlBody) -> JsonObject:
        body.refuse_unknown()
        self._credentials.revoke()
        return {}

    def _set_license(self, _: web.Request, body: ControlBody) -> JsonObject:
        valid = body.pop("valid", default=True)
        body.refuse_unknown()
        self._credentials.set_licensed(licensed=valid)
        return {}

    async def _set_outage(self, _: web.Request, body: ControlBody) -> JsonObject:
        """The Fax API is unreachable: `on`, for `seconds` of wall time (0: until it is set to off)."""
        on = body.pop("on", default=True)
        seconds: float = body.pop("seconds", 0.0, int, float)
        body.refuse_unknown()
        if on:
            await self._api_socket.suspend(seconds)
        else:
            await self._api_socket.resume()
        return {}

    async def _restart(self, _: web.Request, body: ControlBody) -> JsonObject:
        """A power cycle: `keep_jobs`, `keep_records`, `reuse_ids`; unreachable for `seconds`."""
        keep_jobs = body.pop("keep_jobs", default=True)
        keep_records = body.pop("keep_records", default=True)
        reuse_ids = body.pop("reuse_ids", default=False)
        seconds: float = body.pop("seconds", 0.0, int, float)
        body.refuse_unknown()
        self._system.restart(keep_jobs=keep_jobs, keep_records=keep_records, reuse_ids=reuse_ids)
        if seconds:
            await self._api_socket.suspend(seconds)
        return {}

    def _wake(self, _: web.Request, body: ControlBody) -> JsonObject:
        body.refuse_unknown()
        self._system.queue.wake_ignored()
        return {}

    async def _reset(self, _: web.Request, body: ControlBody) -> JsonObject:
        """Restore the initial state: no faults, jobs, records, clock skew or outage; the log is kept."""
        body.refuse_unknown()
        self._faults.clear()
        self._system.reset()
        self._credentials.set_licensed(licensed=True)
        self._system.clock.skew = 0.0
        self._system.clock.resume()
        await self._api_socket.resume()
        return {}
