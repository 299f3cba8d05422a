"""
What the services need of the world, as Protocols. `adapters.py` says who provides it.

The facts that they keep have a file of their own, `ledger.py`.
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
    """Time, injected."""

    def now(self) -> datetime:
        """The present moment, aware and UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def on_the_wall(self, seconds: float) -> float:
        """How many real seconds *seconds* of this clock take: for timers that know no other clock."""
        ...


class FaxServer(Protocol):
    """The Fax API in the trade's verbs. Every method raises the ServerFaults of fax/errors.py."""

    async def list_lines(self) -> list[FaxLine]:
        """The virtual faxes (FaxList)."""
        ...

    async def line_usage(self, line_id: str | None = None) -> list[LineUsage]:
        """What each line, or one, is doing (FaxUsage)."""
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
        """One job, also for a while after its end (JobStatus)."""
        ...

    async def cancel_job(self, job_id: str) -> str:
        """Stop a sending; the server's words. May take half a minute (JobCancel)."""
        ...

    async def active_jobs(self, direction: Direction) -> list[Job]:
        """The jobs that have not ended (ActiveJobs)."""
        ...

    @property
    def server_time(self) -> datetime | None:
        """The server's clock when it sent its last answer, in whole seconds; None if it did not say."""
        ...

    async def count_records(self, direction: Direction) -> int:
        """How many records there are (RecordCount)."""
        ...

    async def fetch_records(
        self, direction: Direction, limit: int | None = None, offset: int | None = None
    ) -> list[Record]:
        """Some records, in the server's own order (RecordsGet)."""
        ...

    async def delete_record(self, job_id: str) -> str:
        """Delete a record and its file; the server's words (RecordDelete)."""
        ...

    async def download_document(self, job_id: str, into: Path) -> DownloadedDocument:
        """Fetch a job's document to *into*, whole or not at all (FileDownload)."""
        ...


class Documents(Protocol):
    """Bytes to a fax-ready document."""

    async def prepare(self, parts: Sequence[Part], into: Path) -> Document:
        """
        Make one document of *parts*, at *into* plus a suffix.

        Raises:
            BadDocument: It cannot be faxed; the message says why and what can be.
        """
        ...

    async def inspect(self, path: Path) -> int | None:
        """
        Count the pages of a document from the fax server; None if its kind has no page count.

        Raises:
            BadDocument: It is not whole.
        """
        ...


class Attachments(Protocol):
    """Files that people gave to Slack."""

    async def recent(
        self, channel_id: str, user_id: str, before: float, seconds: float
    ) -> list[dict[str, str]]:
        """The files of the newest message with files that the person shared there in that time."""
        ...

    async def of_message(self, channel_id: str, ts: str, thread_ts: str | None) -> list[dict[str, str]]:
        """The files of one message, in order."""
        ...

    async def shares_of(self, file_id: str) -> list[tuple[str, str]]:
        """Where a file was shared: (channel, message ts)."""
        ...

    async def message_text(self, channel_id: str, ts: str) -> tuple[str, str, str | None]:
        """One message's (user, text, thread ts)."""
        ...

    async def fetch(self, file_id: str, into: Path) -> Part:
        """
        Fetch a file's bytes to *into*.

        Raises:
            BadDocument: Slack did not hand it over; the message says why.
            SlackFault: Slack did not answer.
        """
        ...


class Directory(Protocol):
    """People and channels."""

    async def is_workspace_admin(self, user_id: str) -> bool:
        """An admin or owner of the Slack workspace."""
        ...

    async def name_of(self, user_id: str) -> str:
        """What a person is called; their id if Slack does not say."""
        ...

    async def ensure_can_post(self, channel_id: str, user_id: str) -> None:
        """Raises CannotPost if the bot could not tell anyone in *channel_id* how a fax went."""
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
        """Open it for the person behind *trigger_id*, which lives 3 seconds. Raises SlackFault."""
        ...


class Messenger(Protocol):
    """
    Slack, as the place where messages are posted. Every method raises the SlackFaults of fax/errors.py and
    sends once: what is unclear is for the caller to clear up.
    """

    async def post(self, channel_id: str, message: Message, *, key: str, thread_ts: str | None) -> str:
        """Post, with *key* in the message's metadata; the message's ts (chat.postMessage)."""
        ...

    async def update(self, channel_id: str, ts: str, message: Message, *, key: str) -> None:
        """Edit in place (chat.update)."""
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
        """Post for one person only (response_url, chat.postEphemeral)."""
        ...

    async def begin_upload(self, path: Path, name: str) -> tuple[str, str]:
        """A new file's (id, upload address) (files.getUploadURLExternal)."""
        ...

    async def put_bytes(self, address: str, path: Path) -> None:
        """The file's bytes, streamed, to the upload address."""
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
        What Slack knows of a file: (is it complete, the ts of the message that shows it in *channel_id*,
        its permalink) (files.info; if that has no answer, or when *thorough*, conversations.history).
        """
        ...


class OutboxCall(StrEnum):
    """What the outbox asks of Slack, one at a time in a channel."""

    POST = "post"
    EDIT = "edit"
    EPHEMERAL = "ephemeral"
    UPLOAD = "upload"
    """A file: its address, its bytes, its share."""
    LOOKUP = "lookup"
    """Whether a message was posted."""
    FILE_LOOKUP = "file lookup"


class RateLimits(Protocol):
    """How fast Slack may be called."""

    def wait(self, call: OutboxCall, channel_id: str, *, urgent: bool) -> float:
        """Seconds until *call* may be made; *urgent* ones may use what is kept back from the others."""
        ...

    def reserve(self, call: OutboxCall) -> Callable[[], None]:
        """Count a call that is about to be made; what is returned ends that."""
        ...

    def busy(self, call: OutboxCall, channel_id: str, seconds: float) -> None:
        """Slack asked for a pause."""
        ...

    def busy_in(self, channel_id: str, seconds: float) -> None:
        """Leave a channel alone for a while."""
        ...


Carry = Callable[[Request], Awaitable[None]]
"""Carries out one kind of request. Safe to repeat after a crash."""
