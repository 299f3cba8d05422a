"""
The Fax API's eleven methods, as requests. No I/O.

`UcxClient` sends them; `wire.py` parses the replies. Source: ucx-fax-api.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from faxbot.fax.job import Direction

ROOT = "/restv1/efax/"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """
    One request. Fields that may contain fax numbers or secrets are not part of its repr.

    *resource*: the last part of the path. *about*: an id for the log. *form*: fields that are sent together
    with a document.
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
        """Whether the request only reads, so that it may be repeated."""
        return self.method == "GET"

    @property
    def dials(self) -> bool:
        """Whether it places a call (FileSend): carried out twice, it faxes the recipient twice."""
        return self.method == "POST"

    def with_token(self, token: str) -> "ApiRequest":
        """The request with the bearer *token*."""
        return replace(self, headers={**self.headers, "Authorization": f"Bearer {token}"})


def token(client_id: str, secret: str) -> ApiRequest:
    """Request the bearer token. Source: Token."""
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode("ascii")
    return ApiRequest("GET", "token", headers={"Authorization": f"Basic {basic}"})


def lines() -> ApiRequest:
    """Request the list of lines. Source: FaxList."""
    return ApiRequest("GET", "faxlist")


def usage(line_id: str | None = None) -> ApiRequest:
    """Request the state of one line or of all lines. Source: FaxUsage."""
    return ApiRequest("GET", "faxusage", about=line_id or "", params={"fax_id": line_id} if line_id else {})


def submit(*, dial: str, line_id: str) -> ApiRequest:
    """Submit a document, which is added as the part `attachment`. Source: FileSend."""
    return ApiRequest("POST", "filesend", about=line_id, form={"fax_id": line_id, "destination": dial})


def status(job: str) -> ApiRequest:
    """Request the state of one job. Source: JobStatus."""
    return ApiRequest("GET", "jobstatus", about=job, params={"job_id": job})


def cancel(job: str) -> ApiRequest:
    """Cancel a sending job. Source: JobCancel."""
    return ApiRequest("PUT", "jobcancel", about=job, json={"job_id": job})


def delete(job: str) -> ApiRequest:
    """Delete a record and its document. Source: RecordDelete."""
    return ApiRequest("PUT", "recorddelete", about=job, json={"job_id": job})


def active(direction: Direction) -> ApiRequest:
    """Request the jobs that have not ended. Source: ActiveJobs."""
    return ApiRequest("GET", "activejobs", about=direction, params={"type": direction})


def count(direction: Direction) -> ApiRequest:
    """Request the number of records. Source: RecordCount."""
    return ApiRequest("GET", "recordcount", about=direction, params={"type": direction})


def records(direction: Direction, limit: int | None = None, offset: int | None = None) -> ApiRequest:
    """
    Request at most *limit* records after the first *offset*. Source: RecordsGet.

    Raises:
        ValueError: *offset* without *limit*, which the contract does not define.
    """
    if offset is not None and limit is None:
        raise ValueError("RecordsGet takes an offset only together with a limit")
    window = {"limit": limit, "offset": offset}
    shown = {name: str(value) for name, value in window.items() if value is not None}
    return ApiRequest("GET", "recordsget", about=direction, params={"type": direction, **shown})


def document(job: str) -> ApiRequest:
    """Request the document of a job. Source: FileDownload."""
    # Not compressed, so that its length can be compared with Content-Length.
    headers = {"Accept": "application/json, */*", "Accept-Encoding": "identity"}
    return ApiRequest("GET", "filedownload", about=job, params={"job_id": job}, headers=headers)
