"""The control API: what a test, a chaos run or the demo's web page may do to the fax server, as JSON."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TypeVar, cast

from aiohttp import BodyPartReader, web

from faxbot.standins.ucx import documents, replies
from faxbot.standins.ucx.credentials import ApiCredentials
from faxbot.standins.ucx.faults import FaultPlan, UnknownFaultError
from faxbot.standins.ucx.hylafax.model import HylaFax
from faxbot.standins.ucx.hylafax.numbers import TEST_NUMBERS
from faxbot.standins.ucx.hylafax.reception import Caller
from faxbot.standins.ucx.hylafax.records import JobType, Order
from faxbot.standins.ucx.listening_socket import ListeningSocket
from faxbot.standins.ucx.replies import JsonObject

PREFIX = "/control"
T = TypeVar("T")


class ControlBody:
    """The JSON body of a control call: every field is asked for by type, and none may be left over."""

    def __init__(self, fields: dict[str, object]) -> None:
        self.fields = fields

    def take(self, name: str, default: T, *kinds: type) -> T:
        """
        Return the field *name*, or *default*; it is of the default's type, or of one of *kinds*.

        Raises:
            HTTPBadRequest: It is of another type.

        """
        value = self.fields.pop(name, default)
        allowed = kinds or (type(default),)
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise refusal(f"{name} cannot be {value!r}")
        return cast("T", value)

    def done(self) -> None:
        """
        Make sure that everything was understood.

        Raises:
            HTTPBadRequest: A field is left that means nothing here.

        """
        if self.fields:
            raise refusal(f"unknown: {', '.join(sorted(self.fields))}")


def refusal(message: str) -> web.HTTPBadRequest:
    """A 400 in JSON."""
    return web.HTTPBadRequest(text=json.dumps({"error": message}), content_type="application/json")


class Control:
    """The routes under /control, over one fax server."""

    def __init__(
        self, system: HylaFax, access: ApiCredentials, faults: FaultPlan, doorway: ListeningSocket
    ) -> None:
        self._system = system
        self._access = access
        self._faults = faults
        self._doorway = doorway
        self._moved = doorway.moved
        self._drawn = itertools.count(1)

    def application(self) -> web.Application:
        """The aiohttp application with every route."""
        application = web.Application(client_max_size=1 << 30)
        line = "/lines/{line}"
        reads: dict[str, Callable[[web.Request], JsonObject]] = {
            "/state": lambda _: self.state(),
            "/log": self._log,
            "/numbers": lambda _: {ending: rule.summary for ending, rule in TEST_NUMBERS.items()},
            "/faults": lambda _: self._pending(),
        }
        writes: dict[
            tuple[str, str], Callable[[web.Request, ControlBody], Awaitable[JsonObject] | JsonObject]
        ] = {
            ("POST", "/faults"): self._plan_fault,
            ("DELETE", "/faults"): self._clear_faults,
            ("DELETE", "/faults/{id}"): self._remove_fault,
            ("POST", "/receive"): self._receive,
            ("POST", line): self._set_line,
            ("POST", line + "/cut"): self._cut,
            ("POST", "/clock"): self._set_clock,
            ("POST", "/records"): self._set_records,
            ("POST", "/token/revoke"): self._revoke_token,
            ("POST", "/licence"): self._set_licence,
            ("POST", "/outage"): self._set_outage,
            ("POST", "/restart"): self._restart,
            ("POST", "/wake"): self._wake,
            ("POST", "/reset"): self._reset,
        }
        for path, look in reads.items():
            application.router.add_get(PREFIX + path, self._reading(look))
        for (http, path), change in writes.items():
            application.router.add_route(http, PREFIX + path, self._writing(change))
        return application

    def state(self) -> JsonObject:
        """Lines, jobs under way, records and the clock, for a web page."""
        system = self._system
        clock, records = system.clock, system.board.records
        return {
            "clock": {
                "speed": clock.speed,
                "paused": clock.paused,
                "skew": clock.skew,
                "simulated": system.board.timeline.now,
            },
            "reachable": self._doorway.open,
            "licensed": self._access.licensed,
            "order": records.order,
            "lines": [
                {
                    **replies.line(modem.line),
                    "modem": modem.line.modem,
                    "in_order": modem.in_order,
                    "state": modem.state,
                    "jobCount": len(system.queue.unfinished(modem)),
                }
                for modem in system.board.modems.values()
            ],
            "jobs": {kind: replies.active_jobs(system, kind) for kind in JobType},
            "records": {kind: replies.records(records.listing(kind)) for kind in JobType},
            "faults": self._pending()["faults"],
        }

    def _reading(
        self, look: Callable[[web.Request], JsonObject]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            self._system.catch_up()
            return web.json_response(look(request))

        return serve

    def _writing(
        self, change: Callable[[web.Request, ControlBody], Awaitable[JsonObject] | JsonObject]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            wishes = await self._wishes(request)
            asked = json.dumps(
                {name: value for name, value in wishes.fields.items() if not isinstance(value, bytes)}
            )
            self._system.catch_up()
            answer = change(request, wishes)
            if not isinstance(answer, dict):
                answer = await answer
            self._system.board.log.add("control", path=request.path, http_method=request.method, asked=asked)
            self._moved()
            return web.json_response(answer)

        return serve

    async def _wishes(self, request: web.Request) -> ControlBody:
        if request.content_type == "multipart/form-data":
            return ControlBody(await _multipart(request))
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError as exc:
            raise refusal("invalid JSON") from exc
        if not isinstance(body, dict):
            raise refusal("a JSON object is wanted")
        return ControlBody(body)

    def _log(self, request: web.Request) -> JsonObject:
        since = request.query.get("since", "0")
        if not since.isdigit():
            raise refusal("since is the number of an entry")
        entries = self._system.board.log.entries(request.query.get("kind"), int(since))
        return cast("JsonObject", {"entries": entries})

    def _pending(self) -> JsonObject:
        return cast("JsonObject", {"faults": [asdict(fault) for fault in self._faults.pending()]})

    def _plan_fault(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        try:
            return cast("JsonObject", asdict(self._faults.plan(**wishes.fields)))
        except UnknownFaultError as exc:
            raise refusal(str(exc)) from exc

    def _clear_faults(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        wishes.done()
        self._faults.clear()
        return {}

    def _remove_fault(self, request: web.Request, wishes: ControlBody) -> JsonObject:
        wishes.done()
        number = request.match_info["id"]
        if not number.isdigit() or not self._faults.remove(int(number)):
            raise web.HTTPNotFound
        return {}

    async def _receive(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        """A fax arrives: `line`, `from`, `cid_name`, `station_id`, `pages` or a `document`, `cut_after`."""
        line = self._line(wishes.take("line", "1"))
        number = wishes.take("from", "14695550199")
        caller = Caller(number, wishes.take("cid_name", number), wishes.take("station_id", number))
        pages: int | None = wishes.take("pages", None, int, type(None))
        cut: int | None = wishes.take("cut_after", None, int, type(None))
        body: bytes | None = wishes.take("document", None, bytes, type(None))
        wishes.done()
        source = self._system.board.new_file(".pdf")
        if body is None:
            drawn, count = next(self._drawn), pages or 1
            sheets = [
                [f"Fax {drawn} from {number}", f"Page {page} of {count}"] for page in range(1, count + 1)
            ]
            await asyncio.to_thread(documents.compose, sheets, source)
        else:
            await asyncio.to_thread(source.write_bytes, body)
        if documents.count_pdf_pages(source) == 0:
            raise refusal("document is not a PDF")
        self._system.receive(line, caller, source, pages=None if body is None else pages, cut=cut)
        return {"sha256": documents.digest(source)}

    def _line(self, line: str) -> str:
        if line not in self._system.board.modems:
            raise refusal(f"no line {line!r}")
        return line

    def _set_line(self, request: web.Request, wishes: ControlBody) -> JsonObject:
        line = self._line(request.match_info["line"])
        in_order = wishes.take("in_order", default=True)
        wishes.done()
        self._system.set_in_order(line, in_order=in_order)
        return {}

    def _cut(self, request: web.Request, wishes: ControlBody) -> JsonObject:
        wishes.done()
        return {"calls": self._system.cut_calls(self._line(request.match_info["line"]))}

    def _set_clock(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        clock = self._system.clock
        speed: float = wishes.take("speed", clock.speed, int, float)
        paused = wishes.take("paused", clock.paused)
        skew: float = wishes.take("skew", clock.skew, int, float)
        wishes.done()
        try:
            clock.set_speed(speed)
        except ValueError as exc:
            raise refusal(str(exc)) from exc
        if paused != clock.paused:
            (clock.pause if paused else clock.resume)()
        clock.skew = skew
        return {}

    def _set_records(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        order = wishes.take("order", "asc")
        wishes.done()
        try:
            self._system.board.records.order = Order(order)
        except ValueError as exc:
            raise refusal(str(exc)) from exc
        return {}

    def _revoke_token(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        wishes.done()
        self._access.revoke()
        return {}

    def _set_licence(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        valid = wishes.take("valid", default=True)
        wishes.done()
        self._access.set_licensed(licensed=valid)
        return {}

    async def _set_outage(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        """The server cannot be reached: `on`, and for how many `seconds` of wall time (0: until told)."""
        on = wishes.take("on", default=True)
        seconds: float = wishes.take("seconds", 0.0, int, float)
        wishes.done()
        if on:
            await self._doorway.shut(seconds)
        else:
            await self._doorway.unlock()
        return {}

    async def _restart(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        """Off and on again: `keep_jobs`, `keep_records`, `reuse_ids`; unreachable for `seconds`."""
        keep_jobs = wishes.take("keep_jobs", default=True)
        keep_records = wishes.take("keep_records", default=True)
        reuse_ids = wishes.take("reuse_ids", default=False)
        seconds: float = wishes.take("seconds", 0.0, int, float)
        wishes.done()
        self._system.restart(keep_jobs=keep_jobs, keep_records=keep_records, reuse_ids=reuse_ids)
        if seconds:
            await self._doorway.shut(seconds)
        return {}

    def _wake(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        wishes.done()
        self._system.queue.wake_ignored()
        return {}

    async def _reset(self, _: web.Request, wishes: ControlBody) -> JsonObject:
        """Back to a fresh server: no faults, jobs, records, skew or outage; the log stays."""
        wishes.done()
        self._faults.clear()
        self._system.reset()
        self._access.set_licensed(licensed=True)
        self._system.clock.skew = 0.0
        self._system.clock.resume()
        await self._doorway.unlock()
        return {}


async def _multipart(request: web.Request) -> dict[str, object]:
    fields: dict[str, object] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise refusal("form fields and one document are wanted")
        if part.name == "document":
            fields[part.name] = bytes(await part.read())
        else:
            text = await part.text()
            fields[part.name] = int(text) if part.name in ("pages", "cut_after") and text.isdigit() else text
    return fields
