"""The methods of the Fax API, as the contract's sections describe them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from faxbot.standins.ucx import documents, replies
from faxbot.standins.ucx.credentials import ApiCredentials
from faxbot.standins.ucx.hylafax.job import ABORTED
from faxbot.standins.ucx.hylafax.model import HylaFax
from faxbot.standins.ucx.hylafax.numbers import Hold, lookup
from faxbot.standins.ucx.hylafax.records import JobType
from faxbot.standins.ucx.replies import JsonObject, error, success
from faxbot.standins.ucx.requests import ReceivedAttachment, RequestRefusedError

DIALING_STRING = re.compile(r"(?=(?:.*[0-9]){3})[0-9+*#().,\- wW!@]{3,64}")
NOT_FOUND = "Job not found"


@dataclass(frozen=True)
class PdfBody:
    """A PDF sent in place of a JSON body."""

    path: Path
    name: str


@dataclass(frozen=True)
class FaxApiReply:
    """The reply of one method."""

    body: JsonObject | PdfBody
    status: int = 200


Params = dict[str, str]


class FaxApi:
    """
    The eleven methods of one fax system.

    Args:
        system: The fax system; the caller runs its due events before a call.
        credentials: Hold the token that the Token method returns.
        on_change: Called after a method scheduled an event on the timeline.

    """

    def __init__(self, system: HylaFax, credentials: ApiCredentials, on_change: Callable[[], None]) -> None:
        self._system = system
        self._credentials = credentials
        self._on_change = on_change
        self._methods: dict[str, Callable[[Params], Awaitable[FaxApiReply]]] = {
            name.removeprefix("_do_"): getattr(self, name) for name in dir(self) if name.startswith("_do_")
        }

    async def call(self, method: str, params: Params, attachment: ReceivedAttachment | None) -> FaxApiReply:
        """
        Run *method*; an *attachment* is given with FileSend only.

        Raises:
            RequestRefusedError: A parameter's value is invalid: 400.

        """
        if attachment is not None:
            return await self._file_send(params, attachment)
        return await self._methods[method](params)

    async def _do_token(self, _: Params) -> FaxApiReply:
        return FaxApiReply(success(token=self._credentials.token))

    async def _do_faxlist(self, _: Params) -> FaxApiReply:
        faxes = [replies.line(modem.line) for modem in self._system.resources.modems.values()]
        return FaxApiReply(success(count=len(faxes), faxes=faxes))

    async def _do_faxusage(self, params: Params) -> FaxApiReply:
        known = list(self._system.resources.modems)
        requested = [params["fax_id"]] if "fax_id" in params else known
        if not set(requested) <= set(known):
            return FaxApiReply(error("Invalid fax ID"))
        return FaxApiReply(
            success(count=len(known), faxes=[replies.usage(self._system, line) for line in requested])
        )

    async def _do_jobstatus(self, params: Params) -> FaxApiReply:
        job_id, system = params["job_id"], self._system
        if (job := system.job(job_id)) is not None and job.jobid == job_id:
            if job.lost:
                return FaxApiReply(error(NOT_FOUND))
            return FaxApiReply(success(status=replies.job_status(system, job)))
        if (reception := system.reception(job_id)) is not None:
            return FaxApiReply(success(status=replies.reception_status(reception)))
        if (record := system.resources.records.find(job_id)) is not None:
            return FaxApiReply(success(status=replies.record_status(record)))
        return FaxApiReply(error(NOT_FOUND))

    async def _do_jobcancel(self, params: Params) -> FaxApiReply:
        job_id, system = params["job_id"], self._system
        if system.reception(job_id) is not None:
            return FaxApiReply(error("Jobs associated with the reception of faxes cannot be cancelled"))
        job = system.job(job_id)
        if job is None or job.ended:
            return FaxApiReply(error(NOT_FOUND))
        ended = asyncio.Event()
        job.on_end.append(ended.set)
        system.queue.cancel(job)
        self._on_change()
        await ended.wait()
        if job.status_text != ABORTED:
            return FaxApiReply(error(NOT_FOUND))
        return FaxApiReply(success(status=f"Job {job.number} removed."))

    async def _do_activejobs(self, params: Params) -> FaxApiReply:
        jobs = replies.active_jobs(self._system, _kind(params))
        return FaxApiReply(success(count=len(jobs), list=jobs))

    async def _do_recordcount(self, params: Params) -> FaxApiReply:
        return FaxApiReply(success(count=len(self._system.resources.records.listing(_kind(params)))))

    async def _do_recordsget(self, params: Params) -> FaxApiReply:
        found = self._system.resources.records.listing(_kind(params))
        if "offset" in params and "limit" not in params:
            raise RequestRefusedError(400, "offset is valid only with limit")
        if "limit" in params:
            offset = _whole_number(params.get("offset", "0"))
            found = found[offset : offset + _whole_number(params["limit"])]
        return FaxApiReply(success(count=len(found), records=replies.records(found)))

    async def _do_recorddelete(self, params: Params) -> FaxApiReply:
        job_id = params["job_id"]
        if not self._system.delete(job_id):
            return FaxApiReply(error(NOT_FOUND))
        return FaxApiReply(success(status=f"ID {job_id} deleted"))

    async def _do_filedownload(self, params: Params) -> FaxApiReply:
        job_id = params["job_id"]
        record = self._system.resources.records.find(job_id)
        job = self._system.job(job_id) if job_id.startswith(JobType.TX) else None
        file = job.document.file if job is not None else record.file if record is not None else None
        if file is None or not file.exists():
            return FaxApiReply(error(NOT_FOUND), status=404)
        return FaxApiReply(PdfBody(file, f"{job_id}.pdf"))

    async def _file_send(self, params: Params, attachment: ReceivedAttachment) -> FaxApiReply:
        fax_id, destination, system = params["fax_id"], params["destination"], self._system
        if not DIALING_STRING.fullmatch(destination):
            raise RequestRefusedError(400, "Invalid destination")
        if fax_id not in system.resources.modems:
            return FaxApiReply(error("Invalid fax ID"))
        own = system.resources.own_line(destination)
        if own is None and lookup(destination).hold is Hold.REFUSED:
            return FaxApiReply(error(f"Job request rejected\nDestination {destination} is not permitted"))
        kept = system.resources.new_file(".pdf")
        try:
            document = await asyncio.to_thread(
                documents.accept,
                attachment.path,
                attachment.name,
                attachment.sha256,
                kept,
                system.resources.paper,
            )
        except documents.DocumentRefusedError as exc:
            return FaxApiReply(error(str(exc)))
        system.catch_up()
        job = system.submit(fax_id, destination, document)
        system.resources.log.add(
            "submission",
            job_id=job.jobid,
            fax_id=fax_id,
            destination=destination,
            sha256=document.sha256,
            bytes=document.size,
            pages=document.pages,
        )
        self._on_change()
        return FaxApiReply(success(device=job.modem.line.modem, destination=destination, job_id=job.jobid))


def _kind(params: Params) -> JobType:
    try:
        return JobType(params["type"])
    except ValueError as exc:
        raise RequestRefusedError(400, "Invalid parameter: type") from exc


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise RequestRefusedError(400, "Invalid parameter: limit or offset")
    return int(text)
