"""
The client of a UCX's Fax API: `services.model.ports.FaxServer` over httpx.

If the server rejects the token, it is renewed once and the request repeated. FileSend is not repeated: the
caller first looks up whether the server accepted the fax. Other retries are in `exchange.py`.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

import httpx

from faxbot.fax.errors import AnswerLost, CredentialsRejected, ServerBusy, ServerFault, ServerUnreachable
from faxbot.fax.job import Direction, Job
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.receipt import DownloadedDocument, SubmissionReceipt
from faxbot.fax.record import Record
from faxbot.ucx import request, wire
from faxbot.ucx.credentials import TokenCache
from faxbot.ucx.download import save_document
from faxbot.ucx.exchange import Exchange
from faxbot.ucx.multipart import DocumentUpload
from faxbot.ucx.reply import ApiReply
from faxbot.ucx.request import ApiRequest
from faxbot.ucx.transport import Timeouts, base_url, open_http_client

T = TypeVar("T")


def connect(
    url: str,
    client_id: str,
    secret: str,
    *,
    token_file: Path,
    ca_file: Path | None = None,
    timeouts: Timeouts | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    called: Callable[[str, str, float], None] = lambda _method, _outcome, _seconds: None,
) -> "UcxClient":
    """
    Create the client of the UCX at *url*; no connection is made yet.

    *called* is called with (method, outcome, seconds) after each try of a request.

    Raises:
        ValueError: *url* is not an http(s) address, or *ca_file* holds no certificates.
    """
    base_url(url)
    return UcxClient(
        open_http_client(ca_file),
        url,
        client_id,
        secret,
        token_file=token_file,
        timeouts=timeouts,
        sleep=sleep,
        now=now,
        called=called,
    )


class UcxClient:
    """
    The eleven methods of the Fax API, over *http*, which is closed with the client.

    All raise `ServerUnreachable` (no connection), `AnswerLost` (no usable reply), `ServerBusy`,
    `CredentialsRejected`, `RequestRefused`, or a plain `ServerFault` if there is no Fax API at the address.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: str,
        client_id: str,
        secret: str,
        *,
        token_file: Path | None,
        timeouts: Timeouts | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        called: Callable[[str, str, float], None] = lambda _method, _outcome, _seconds: None,
    ) -> None:
        self._http = http
        self._url = base_url(url)
        self._token_request = request.token(client_id, secret)
        self._timeouts = timeouts or Timeouts()
        self._exchange = Exchange(http, self._url, self._timeouts, sleep=sleep, jitter=jitter, called=called)
        self._now = now
        self._seen: dict[Direction, wire.ParsedJobs] = {direction: {} for direction in Direction}
        self._keeper = TokenCache(token_file, url=self._url, client_id=client_id, fetch=self._fetch_token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def sign_in(self) -> None:
        """
        Fetch a token unless one is cached.

        Raises:
            CredentialsRejected: The server does not accept the client id and secret, or has no license.

        Source: Token.
        """
        await self._keeper.token()

    async def list_lines(self) -> list[FaxLine]:
        """The virtual faxes. Source: FaxList."""
        return await self._call(request.lines(), wire.lines)

    async def line_usage(self, line_id: str | None = None) -> list[LineUsage]:
        """The current state and job count of each line, or of *line_id* only. Source: FaxUsage."""
        return await self._call(request.usage(line_id), wire.usage)

    async def submit_job(
        self, path: Path, *, name: str, content_type: str, dial: str, line_id: str
    ) -> SubmissionReceipt:
        """
        Submit the document at *path* to be faxed to *dial* from *line_id*.

        Sent once: a repeat could fax the recipient twice.

        Raises:
            RequestRefused: The server replied with an error; nothing will be dialed.
            ServerUnreachable: No connection was made; nothing was dialed.
            AnswerLost: The job may be queued.
            CredentialsRejected, ServerBusy: According to the reply nothing was done. The token is renewed for
                the next submission; before that, look up whether a job appeared.
            BadDocument: There is no file at *path*; nothing was dialed.

        Source: FileSend.
        """
        asked = request.submit(dial=dial, line_id=line_id)
        upload = await asyncio.to_thread(
            DocumentUpload, path, asked.form or {}, name=name, content_type=content_type
        )
        return await self._call(asked, wire.submitted, wait=self._timeouts.submit, upload=upload)

    async def job_status(self, job_id: str) -> Job:
        """
        The state of one job; ended jobs are known for a while.

        Raises:
            JobNotFound: The server has no such job.

        Source: JobStatus.
        """
        job = job_id.strip().upper()
        return await self._call(request.status(job), lambda reply: wire.status(reply, job, self._now()))

    async def cancel_job(self, job_id: str) -> str:
        """
        Cancel a sending job; return the server's text. May take half a minute.

        Raises:
            JobNotFound: There is no such job, or it has ended.
            AnswerLost: It may be canceled; call again or look up its status.

        Source: JobCancel.
        """
        asked = request.cancel(job_id.strip().upper())
        return await self._call(asked, wire.outcome, wait=self._timeouts.cancel)

    async def active_jobs(self, direction: Direction) -> list[Job]:
        """The jobs that have not ended; sending ones only if FileSend made them. Source: ActiveJobs."""
        return await self._call(
            request.active(direction),
            lambda reply: wire.active(reply, direction, self._now(), self._seen[direction]),
        )

    @property
    def server_time(self) -> datetime | None:
        """The server's clock when it sent its last answer (the header Date); None if it did not say."""
        return self._exchange.server_time

    async def count_records(self, direction: Direction) -> int:
        """The number of records. Source: RecordCount."""
        return await self._call(request.count(direction), wire.count)

    async def fetch_records(
        self, direction: Direction, limit: int | None = None, offset: int | None = None
    ) -> list[Record]:
        """
        At most *limit* records after the first *offset*, in the server's order.

        Raises:
            ValueError: *offset* without *limit*.

        Source: RecordsGet.
        """
        asked = request.records(direction, limit, offset)
        return await self._call(asked, lambda reply: wire.records(reply, direction))

    async def delete_record(self, job_id: str) -> str:
        """
        Delete a record and its document; return the server's text.

        Raises:
            JobNotFound: There is no such record; it may be deleted already.

        Source: RecordDelete.
        """
        return await self._call(request.delete(job_id.strip().upper()), wire.outcome)

    async def download_document(self, job_id: str, into: Path) -> DownloadedDocument:
        """
        Download a job's document to *into*: the file is complete and fsynced, or does not exist.

        Raises:
            JobNotFound: There is no such document.
            AnswerLost: The transfer broke off in every try.
            OSError: It could not be written to this machine's disk.

        Source: FileDownload.
        """
        job = job_id.strip().upper()

        async def take(response: httpx.Response) -> DownloadedDocument:
            if response.status_code != httpx.codes.OK:
                raise wire.no_document(await self._exchange.read_reply(response))
            return await save_document(response, into, job, self._timeouts)

        return await self._call_with_token(request.document(job), take, self._timeouts.answer)

    async def _call(
        self,
        asked: ApiRequest,
        read: Callable[[ApiReply], T],
        *,
        wait: float | None = None,
        upload: DocumentUpload | None = None,
    ) -> T:
        """Send *asked* with the token; return what *read* parses from the reply. *wait* is in seconds."""

        async def take(response: httpx.Response) -> T:
            return read(await self._exchange.read_reply(response))

        return await self._call_with_token(asked, take, wait or self._timeouts.answer, upload)

    async def _call_with_token(
        self,
        asked: ApiRequest,
        take: Callable[[httpx.Response], Awaitable[T]],
        wait: float,
        upload: DocumentUpload | None = None,
    ) -> T:
        """Send with the token. If it is rejected, renew it and repeat the request, unless it dials."""
        token = await self._keeper.token()
        try:
            return await self._exchange.send_with_retries(asked.with_token(token.value), take, wait, upload)
        except CredentialsRejected:
            if asked.dials:
                with contextlib.suppress(ServerFault):  # the next request tries again
                    await self._keeper.token(rejected=token)
                raise
            token = await self._keeper.token(rejected=token)
        return await self._exchange.send_with_retries(asked.with_token(token.value), take, wait, upload)

    async def _fetch_token(self) -> str:
        """Request a token; any failure but rejected credentials is raised as ServerUnreachable."""

        async def take(response: httpx.Response) -> str:
            return wire.token(await self._exchange.read_reply(response))

        try:
            return await self._exchange.send_with_retries(self._token_request, take, self._timeouts.answer)
        except (AnswerLost, ServerBusy) as exc:
            # The request that needs the token was not sent, so it must not count as possibly carried out.
            raise ServerUnreachable(str(exc)) from exc
