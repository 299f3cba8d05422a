"""
The Fax API's eleven methods, as requests. No I/O.

What `UcxClient` sends; `wire.py` reads what comes back. Source: ucx-fax-api.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from faxbot.fax.job import Direction

ROOT = "/restv1/efax/"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """
    One request. What may carry numbers or secrets stays out of its repr.

    `about` is the id that logs may show. A `repeatable` request changes nothing on the server; one that
    `dials` could fax a recipient twice if it were carried out twice.
    """

    method: str
    resource: str
    about: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        """The path below the server's address."""
        return ROOT + self.resource

    @property
    def repeatable(self) -> bool:
        """Asking again changes nothing on the server."""
        return self.method == "GET"

    @property
    def dials(self) -> bool:
        """Carried out, it places a call: FileSend."""
        return self.method == "POST"

    def bearing(self, token: str) -> "ApiRequest":
        """Ask with the bearer *token*."""
        return replace(self, headers={**self.headers, "Authorization": f"Bearer {token}"})


def token(client_id: str, secret: str) -> ApiRequest:
    """Ask for the bearer token. Source: Token."""
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode("ascii")
    return ApiRequest("GET", "token", headers={"Authorization": f"Basic {basic}"})


def lines() -> ApiRequest:
    """Ask which lines there are. Source: FaxList."""
    return ApiRequest("GET", "faxlist")


def usage(line_id: str | None = None) -> ApiRequest:
    """Ask what one line, or every line, is doing. Source: FaxUsage."""
    return ApiRequest("GET", "faxusage", about=line_id or "", params={"fax_id": line_id} if line_id else {})


def submit(*, dial: str, line_id: str) -> ApiRequest:
    """Hand in a document to be dialed; the document itself is the part `attachment`. Source: FileSend."""
    return ApiRequest("POST", "filesend", about=line_id, form={"fax_id": line_id, "destination": dial})


def status(job: str) -> ApiRequest:
    """Ask how one job stands. Source: JobStatus."""
    return ApiRequest("GET", "jobstatus", about=job, params={"job_id": job})


def cancel(job: str) -> ApiRequest:
    """Ask to stop a sending job. Source: JobCancel."""
    return ApiRequest("PUT", "jobcancel", about=job, json={"job_id": job})


def delete(job: str) -> ApiRequest:
    """Ask to delete a record and its document. Source: RecordDelete."""
    return ApiRequest("PUT", "recorddelete", about=job, json={"job_id": job})


def active(direction: Direction) -> ApiRequest:
    """Ask for the jobs that have not ended. Source: ActiveJobs."""
    return ApiRequest("GET", "activejobs", about=direction, params={"type": direction})


def count(direction: Direction) -> ApiRequest:
    """Ask how many records there are. Source: RecordCount."""
    return ApiRequest("GET", "recordcount", about=direction, params={"type": direction})


def records(direction: Direction, limit: int | None = None, offset: int | None = None) -> ApiRequest:
    """
    Ask for records; *offset* of them are skipped, at most *limit* come. Source: RecordsGet.

    Raises:
        ValueError: *offset* without *limit*, which the contract does not know.
    """
    if offset is not None and limit is None:
        raise ValueError("RecordsGet takes an offset only together with a limit")
    window = {"limit": limit, "offset": offset}
    shown = {name: str(value) for name, value in window.items() if value is not None}
    return ApiRequest("GET", "recordsget", about=direction, params={"type": direction, **shown})


def document(job: str) -> ApiRequest:
    """Ask for the document of a job. Source: FileDownload."""
    # Compressed, its length could not be held against Content-Length.
    headers = {"Accept": "application/json, */*", "Accept-Encoding": "identity"}
    return ApiRequest("GET", "filedownload", about=job, params={"job_id": job}, headers=headers)
