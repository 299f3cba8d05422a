"""
The ports of the services, as Protocols; `adapters.py` creates their implementations.

The port of the database is in `ledger.py`.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from faxbot.fax.document import Document, Part
from faxbot.fax.job import Direction, Job
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.receipt import DownloadedDocument, SubmissionReceipt
from faxbot.fax.record import Record
from faxbot.services.model.messages import Message
from faxbot.services.model.requests import Request


class Clock(Protocol):
    """The clock. Tests replace it by a faster one."""

    def now(self) -> datetime:
        """The current time, aware and in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep for *seconds* of this clock."""
        ...

    def on_the_wall(self, seconds: float) -> float:
        """Convert *seconds* of this clock to real seconds, for timers of asyncio and the scheduler."""
        ...


class FaxServer(Protocol):
    """The Fax API. Every method raises the ServerFaults of fax/errors.py."""

    async def list_lines(self) -> list[FaxLine]:
        """The virtual faxes (FaxList)."""
        ...

    async def line_usage(self, line_id: str | None = None) -> list[LineUsage]:
        """The current state of every line, or of one (FaxUsage)."""
        ...

    async def submit_job(
        self, path: Path, *, name: str, content_type: str, dial: str, line_id: str
    ) -> SubmissionReceipt:
        """
        Submit a document (FileSend). Sent once: a repeat could fax the recipient twice.

        Raises:
            RequestRefused: The server refused; nothing will be dialed.
            ServerUnreachable: No connection was made; nothing will be dialed.
            AnswerLost: The job may be queued.
        """
        ...

    async def job_status(self, job_id: str) -> Job:
        """The state of one job; ended jobs are known for a while. Raises JobNotFound (JobStatus)."""
        ...

    async def cancel_job(self, job_id: str) -> str:
        """Cancel a sending job; return the server's text. May take half a minute (JobCancel)."""
        ...

    async def active_jobs(self, direction: Direction) -> list[Job]:
        """The jobs that have not ended (ActiveJobs)."""
        ...

    @property
    def server_time(self) -> datetime | None:
        """The header Date of the server's last answer, in whole seconds; None if it had none."""
        ...

    async def count_records(self, direction: Direction) -> int:
        """The number of records (RecordCount)."""
        ...

    async def fetch_records(
        self, direction: Direction, limit: int | None = None, offset: int | None = None
    ) -> list[Record]:
        """At most *limit* records after the first *offset*, in the server's order (RecordsGet)."""
        ...

    async def delete_record(self, job_id: str) -> str:
        """Delete a record and its file; return the server's text. Raises JobNotFound (RecordDelete)."""
        ...

    async def download_document(self, job_id: str, into: Path) -> DownloadedDocument:
        """Download a job's document to *into*, completely or not at all (FileDownload)."""
        ...


class Documents(Protocol):
    """Conversion and inspection of documents."""

    async def prepare(self, parts: Sequence[Part], into: Path) -> Document:
        """
        Convert *parts* into one fax-ready document at *into* plus a suffix.

        Raises:
            BadDocument: It cannot be faxed; the message says why, and which documents can be.
        """
        ...

    async def inspect(self, path: Path) -> int | None:
        """
        Count the pages of a document from the fax server; None if its file type has no page count.

        Raises:
            BadDocument: It is truncated or damaged.
        """
        ...


class Attachments(Protocol):
    """Files in Slack that people shared. A file is `{"id", "name"}`."""

    async def recent(
        self, channel_id: str, user_id: str, before: float, seconds: float
    ) -> list[dict[str, str]]:
        """
        The files of the newest message with files by *user_id* in *channel_id*.

        Only messages of the last *seconds* before *before* (epoch seconds) count.
        """
        ...

    async def of_message(self, channel_id: str, ts: str, thread_ts: str | None) -> list[dict[str, str]]:
        """The files of one message, in order."""
        ...

    async def shares_of(self, file_id: str) -> list[tuple[str, str]]:
        """The messages that share a file: (channel, ts) each."""
        ...

    async def message_text(self, channel_id: str, ts: str) -> tuple[str, str, str | None]:
        """One message: (user, text, thread ts)."""
        ...

    async def fetch(self, file_id: str, into: Path) -> Part:
        """
        Download a file to *into*.

        Raises:
            BadDocument: Slack refused the download; the message says why.
            SlackFault: Slack did not answer.
        """
        ...


class Directory(Protocol):
    """People and channels of the workspace."""

    async def is_workspace_admin(self, user_id: str) -> bool:
        """Whether a person is an admin or owner of the workspace. Raises SlackFault."""
        ...

    async def name_of(self, user_id: str) -> str:
        """The display name of a person; the user id if Slack does not answer."""
        ...

    async def ensure_can_post(self, channel_id: str, user_id: str) -> None:
        """Raise CannotPost if the bot cannot post the progress of a fax in *channel_id*."""
        ...


class FormOpener(Protocol):
    """The "Send a fax" form."""

    async def open(
        self,
        trigger_id: str,
        *,
        channel_id: str,
        user_id: str,
        thread_ts: str | None = None,
        number: str = "",
        line_id: str = "",
        files: Sequence[dict[str, str]] = (),
    ) -> None:
        """Open it for *user_id*; *trigger_id* is valid for 3 seconds. Raises SlackFault."""
        ...


class Messenger(Protocol):
    """
    Posting in Slack. Every method raises the SlackFaults of fax/errors.py and makes its call once: after
    SlackUnclear the caller has to look up whether it was carried out.
    """

    async def post(self, channel_id: str, message: Message, *, key: str, thread_ts: str | None) -> str:
        """Post, with *key* in the message's metadata; return the message's ts (chat.postMessage)."""
        ...

    async def update(self, channel_id: str, ts: str, message: Message, *, key: str) -> None:
        """Replace the content of a message (chat.update)."""
        ...

    async def find(self, channel_id: str, *, key: str, since: float, thread_ts: str | None) -> str | None:
        """The ts of the bot's message with *key*, posted after *since* (conversations.history, .replies)."""
        ...

    async def post_ephemeral(
        self,
        channel_id: str,
        user_id: str,
        message: Message,
        *,
        response_url: str | None,
        thread_ts: str | None,
    ) -> None:
        """Post an ephemeral message: by *response_url*, or without one by chat.postEphemeral."""
        ...

    async def begin_upload(self, path: Path, name: str) -> tuple[str, str]:
        """Create a file; return its (id, upload URL) (files.getUploadURLExternal)."""
        ...

    async def put_bytes(self, address: str, path: Path) -> None:
        """Stream the file's bytes to the upload URL *address*."""
        ...

    async def share_file(
        self, channel_id: str, file_id: str, title: str, message: Message, *, thread_ts: str | None
    ) -> None:
        """Share an uploaded file (files.completeUploadExternal)."""
        ...

    async def shared_ts(
        self, channel_id: str, file_id: str, since: float, *, thorough: bool
    ) -> tuple[bool, str | None, str]:
        """
        The share of a file: (whether it is shared in *channel_id*, the ts of the message that shows it, the
        file's permalink).

        Source: files.info; conversations.history from *since* (epoch seconds), if *thorough* or if files.info
        lists no messages.
        """
        ...


class OutboxCall(StrEnum):
    """The kinds of Slack calls of the outbox."""

    POST = "post"
    EDIT = "edit"
    EPHEMERAL = "ephemeral"
    UPLOAD = "upload"
    """Upload and share a file: three calls."""
    LOOKUP = "lookup"
    """Look up whether a message was posted."""
    FILE_LOOKUP = "file lookup"
    """Look up whether a file was shared, and in which message."""


class RateLimits(Protocol):
    """Slack's rate limits."""

    def wait(self, call: OutboxCall, channel_id: str, *, urgent: bool) -> float:
        """Seconds until *call* may be made; a part of each limit is reserved for *urgent* calls."""
        ...

    def reserve(self, call: OutboxCall) -> Callable[[], None]:
        """Count a call that is about to be made; call the returned function when it has ended."""
        ...

    def busy(self, call: OutboxCall, channel_id: str, seconds: float) -> None:
        """Record that Slack answered *call* with a pause of *seconds* (Retry-After)."""
        ...

    def busy_in(self, channel_id: str, seconds: float) -> None:
        """Make no calls in a channel for *seconds*."""
        ...


Carry = Callable[[Request], Awaitable[None]]
"""Runs one kind of request; it may run again after a crash."""
