"""The Fax API over canned contents, and the steps by which a benchmark changes them."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from benchmarks.canned import contents
from benchmarks.canned.contents import Entry

ROOT = "/restv1/efax/"
TOKEN = "1f0ef7d3a547ce0dd5ed5f07ad65bd65"  # noqa: S105 - of no real server
_CHUNK = 1 << 16
_LARGEST = 1 << 30


class CannedUcx:
    """The server's state: jobs, records, calls of each method, and when a change was first reported."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing is there, nothing was asked."""
        self._jobs: dict[str, Entry] = {}
        self._ended: dict[str, Entry] = {}
        self._shown: dict[str, str] = {}
        self._body: str | None = None
        self._drifts = False
        self._records = {name: contents.Records(name, 0, 0) for name in contents.DIRECTIONS}
        self._newest_first = False
        self._next = 1
        self._document = Path()
        self._document_bytes = 0
        self._counts: Counter[str] = Counter()
        self._changed: set[str] = set()
        self._announced: dict[str, float] = {}

    # -- the steps of a benchmark

    def have_jobs(self, count: int, *, ready: bool = True) -> None:
        """Have so many active jobs, as contents.py makes them."""
        self._jobs = {str(job["jobid"]): job for job in contents.active(count, ready=ready)}
        self._shown = {name: json.dumps(job) for name, job in self._jobs.items()}
        self._body, self._next = None, count + 1

    def drift(self, *, on: bool) -> None:
        """Before each reply the clocks of the jobs that are under way move on, as those of a real one do."""
        self._drifts = on

    def change(self, job: str, fields: Entry) -> None:
        """Change the fields that are reported for a job."""
        self._jobs[job] |= fields
        self._show(job)
        self._announced.pop(job, None)
        self._changed.add(job)

    def end(self, jobs: list[str]) -> None:
        """These are delivered: they leave the list."""
        for job in jobs:
            self._leave(job, contents.delivered(self._jobs[job]))

    def have_records(
        self, direction: contents.Direction, count: int, *, newest_first: bool = False, now: int | None = None
    ) -> None:
        """Replace the records: their number, their order, and the time of the newest (epoch seconds)."""
        self._newest_first = newest_first
        moment = int(time.time()) // 60 * 60 if now is None else now
        self._records[direction] = contents.Records(direction, count, moment)

    def arrive(self, direction: contents.Direction, count: int) -> None:
        """So many more records are there all at once."""
        self._records[direction].arrive(count)

    def serve_document(self, path: str) -> None:
        """The document that FileDownload returns for every job."""
        self._document = Path(path)

    def counts(self, *, clear: bool = False) -> dict[str, int]:
        """How often each method was called."""
        counted = dict(self._counts)
        if clear:
            self._counts.clear()
        return counted

    def received_bytes(self) -> int:
        """How many bytes of documents FileSend has taken."""
        return self._document_bytes

    def first_reported(self) -> dict[str, float]:
        """When each changed job was first reported after its change: epoch seconds."""
        return dict(self._announced)

    # -- the Fax API

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request below ROOT."""
        asked_at, method = time.time(), request.match_info["method"]
        self._counts[method] += 1
        match method:
            case "activejobs":
                return self._active(request, asked_at)
            case "filesend":
                return await self._take(request)
            case "filedownload":
                return web.FileResponse(self._document, headers={"Content-Type": "application/pdf"})
            case "jobcancel":
                return self._cancel((await request.json())["job_id"])
        return web.json_response({"result": "Success", **self._fields(method, request.query)})

    def _fields(self, method: str, query: Any) -> Entry:  # noqa: ANN401 - a multidict
        direction = query.get("type", "")
        match method:
            case "token":
                return {"token": TOKEN}
            case "faxlist":
                return {"count": contents.LINES, "faxes": contents.lines()}
            case "faxusage":
                return {"count": contents.LINES, "faxes": contents.usage()}
            case "jobstatus":
                return self._status(query["job_id"])
            case "recordcount":
                return {"count": len(self._records[direction])}
            case "recordsget":
                page = self._page(direction, int(query["limit"]), int(query.get("offset", 0)))
                return {"count": len(page), "records": page}
        raise web.HTTPNotFound

    def _active(self, request: web.Request, asked_at: float) -> web.StreamResponse:
        if request.query["type"] == "RX":
            return web.json_response({"result": "Success", "count": 0, "list": []})
        if self._drifts:
            for job in list(self._jobs)[: contents.LINES]:
                self._jobs[job]["time"] = int(str(self._jobs[job]["time"])) + 1
                self._show(job)
        if self._body is None:
            listed = ",".join(self._shown.values())
            self._body = f'{{"result":"Success","count":{len(self._shown)},"list":[{listed}]}}'
        self._announced |= dict.fromkeys(self._changed, asked_at)
        self._changed.clear()
        return web.Response(text=self._body, content_type="application/json")

    def _leave(self, job: str, fields: Entry) -> None:
        self._ended[job] = self._jobs.pop(job) | fields
        del self._shown[job]
        self._body = None

    def _show(self, job: str) -> None:
        self._shown[job] = json.dumps(self._jobs[job])
        self._body = None

    def _status(self, job: str) -> Entry:
        if known := self._jobs.get(job) or self._ended.get(job):
            return {"status": contents.status_of(known)}
        return {"result": "Error", "message": "Job not found"}

    def _page(self, direction: contents.Direction, limit: int, offset: int) -> list[Entry]:
        records = self._records[direction]
        if not self._newest_first:
            return records[offset : offset + limit]
        last = len(records) - offset
        return records[max(0, last - limit) : max(0, last)][::-1]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        fields: dict[str, str] = {}
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "attachment":
                while piece := await part.read_chunk(_CHUNK):
                    self._document_bytes += len(piece)
            else:
                fields[part.name or ""] = await part.text()
        number = max(self._next, len(self._records["TX"]) + 1)
        self._next = number + 1
        job, device = f"TX{number}", f"ttyIAX{fields['fax_id']}"
        submitted = {"jobid": job, "destination": fields["destination"], "modem": device}
        self._jobs[job] = contents.active(1, ready=False)[0] | submitted
        self._show(job)
        named = {"device": device, "destination": fields["destination"], "job_id": job}
        return web.json_response({"result": "Success", **named})

    def _cancel(self, job: str) -> web.StreamResponse:
        if job not in self._jobs:
            return web.json_response({"result": "Error", "message": "Job not found"})
        self._leave(job, contents.CANCELLED)
        return web.json_response({"result": "Success", "status": f"Job {job[2:]} removed."})


async def _step(request: web.Request, ucx: CannedUcx) -> web.StreamResponse:
    """POST /_/<step>: call the method of this name with the JSON body as arguments."""
    step: Callable[..., object] = getattr(ucx, request.match_info["step"])
    return web.json_response({"result": step(**await request.json())})


async def main() -> None:
    """Serve until standard input closes, which it does when the parent process ends."""
    ucx = CannedUcx()
    app = web.Application(client_max_size=_LARGEST)
    app.router.add_route("*", f"{ROOT}{{method}}", ucx.answer)

    async def step(request: web.Request) -> web.StreamResponse:
        return await _step(request, ucx)

    app.router.add_post("/_/{step}", step)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"ready at port {runner.addresses[0][1]}", flush=True)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
