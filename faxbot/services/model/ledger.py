"""The persisted rows, as Protocols: the queries and writes of one transaction, and the transactions."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from faxbot.fax.job import Job
from faxbot.services.model.announcements import Announcement, Pending
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax, FaxState, KeptFax
from faxbot.services.model.records import FaxRecord, KeptRecord
from faxbot.services.model.requests import Request
from faxbot.services.model.submissions import Submission
from faxbot.services.model.subscriptions import Subscription

T = TypeVar("T")

Stateful = Fax | Submission | FaxRecord | Announcement
"""Rows whose state changes."""


class RetentionLedger(Protocol):
    """The part of the ledger for retention and expiry."""

    def faxes_to_keep(self) -> Sequence[KeptFax]:
        """The outgoing faxes that have not ended or have a document in the spool."""
        ...

    def records_to_keep(self) -> Sequence[KeptRecord]:
        """The received faxes that have a document in the spool or wait for one."""
        ...

    def unconfirmed_records(self) -> set[int]:
        """Row ids of records with an unposted or outdated announcement, or a file that Slack refused."""
        ...

    def files_to_tell(self) -> Sequence[str]:
        """The paths of requested documents that are not posted yet."""
        ...

    def forget_documents(self, fax_ids: Sequence[int], record_ids: Sequence[int]) -> None:
        """Record that the documents of these faxes and records were deleted from the spool."""
        ...

    def expire_requests(self, now: float, most: int) -> int:
        """
        Delete at most *most* requests that are due; return the number of requests that were due.

        The key of a request that became a fax is kept.
        """
        ...

    def expire_announcements(self, before: float, most: int) -> int:
        """
        Delete at most *most* ephemeral messages, steps, notices and files posted before *before*.

        Returns the number of deleted ones.
        """
        ...

    def expire_subscriptions(self, before: float) -> int:
        """Delete the subscriptions to faxes that ended before *before*; return their number."""
        ...


class Ledger(RetentionLedger, Protocol):
    """
    The rows, inside one transaction. Changes of returned rows are saved at the commit; after it, the rows
    are snapshots. Times are epoch seconds.
    """

    def add_request(self, request: Request) -> Request | None:
        """Store a request, with its id; None if there is one with the same key."""
        ...

    def request(self, request_id: int) -> Request:
        """One request."""
        ...

    def open_requests(self) -> Sequence[Request]:
        """Requests that are not done, oldest first."""
        ...

    def add_fax(self, fax: Fax) -> Fax:
        """Store an outgoing fax; return it with its id."""
        ...

    def fax(self, fax_id: int) -> Fax:
        """One outgoing fax."""
        ...

    def fax_of_request(self, request_id: int) -> Fax | None:
        """The fax that a request became."""
        ...

    def change_state(self, row: Stateful, to: StrEnum) -> bool:
        """
        Move *row* from the state in which it was read to *to*; False if it is in another state by now.

        One conditional UPDATE; states are changed only by this method. After False, *row* has been refreshed
        and the caller must change nothing.
        """
        ...

    def add_document(self, document: KeptDocument) -> KeptDocument:
        """Store a document; return it with its id."""
        ...

    def document_of(self, fax: Fax) -> KeptDocument | None:
        """The document of *fax*; None before it is prepared, and for another program's job."""
        ...

    def add_submission(self, submission: Submission) -> Submission:
        """Store a submission; return it with its id."""
        ...

    def submission_of(self, fax_id: int) -> Submission | None:
        """The newest submission of a fax."""
        ...

    def job_of(self, fax_id: int) -> Job | None:
        """The job of a fax as last seen."""
        ...

    def see_job(self, fax_id: int, job: Job) -> None:
        """Store *job* as the job of a fax as last seen."""
        ...

    def faxes_in(self, *states: str) -> Sequence[Fax]:
        """The faxes in these states, oldest first."""
        ...

    def faxes_looked_for(self) -> Sequence[Fax]:
        """The faxes with a `lookup_at`, due or not, oldest first."""
        ...

    def newest_fax(self, job_id: str) -> Fax | None:
        """The fax that was accepted last with *job_id*; ids are reused after a reset of the server."""
        ...

    def add_records(self, records: Sequence[FaxRecord]) -> int:
        """Store records of the fax server; return how many were not known, or known as gone."""
        ...

    def record(self, record_id: int) -> FaxRecord:
        """One record."""
        ...

    def known_records(
        self, direction: str, keys: Sequence[tuple[str, float]]
    ) -> dict[tuple[str, float], int]:
        """The row ids of those of *keys* (job id, time) that are known and not gone."""
        ...

    def count_known(self, direction: str) -> int:
        """The number of known records of a direction that are not gone, from a stored counter."""
        ...

    def recount(self, direction: str) -> int:
        """Count the known records that are not gone, and set the counter."""
        ...

    def present_records(self, direction: str, after: int, most: int) -> Sequence[int]:
        """The first *most* row ids greater than *after* of records that are not gone, ascending."""
        ...

    def records_named(self, job_id: str) -> Sequence[FaxRecord]:
        """The records with *job_id*, also from before a reset of the server; the one seen last first."""
        ...

    def records_to_fetch(self, most: int) -> Sequence[FaxRecord]:
        """At most *most* SEEN records, oldest first by the server's time."""
        ...

    def records_without_file(self, tries: int, most: int) -> Sequence[FaxRecord]:
        """At most *most* NO_FILE records, not gone, whose file was requested fewer than *tries* times."""
        ...

    def records_after(self, direction: str, record_id: int) -> Sequence[FaxRecord]:
        """The records of a direction with a row id greater than *record_id*, in the order they were seen."""
        ...

    def newest_record(self, direction: str) -> int:
        """The row id of the record of a direction that was seen last; 0 if there is none."""
        ...

    def mark_gone(self, record_ids: Sequence[int]) -> int:
        """Mark records as deleted on the fax server; return how many were not marked yet."""
        ...

    def announce(self, announcement: Announcement) -> Announcement:
        """Store an announcement; if there is one with the same key, return that instead."""
        ...

    def announcement(self, announcement_id: int) -> Announcement:
        """One announcement."""
        ...

    def announcements_of(
        self, *, fax_id: int | None = None, record_id: int | None = None
    ) -> Sequence[Announcement]:
        """The announcements of a fax or a record, posted or not, oldest first."""
        ...

    def pending(self, channels: Collection[str] | None = None) -> Sequence[Pending]:
        """The announcements that are unposted or outdated, oldest first; None: those of all channels."""
        ...

    def batch(self, key: str) -> Sequence[Announcement]:
        """The announcements in state SENDING that are posted as one message (`batch` is *key*)."""
        ...

    def add_subscription(self, subscription: Subscription) -> bool:
        """Store a subscription; False if there is one with the same scope."""
        ...

    def drop_subscription(self, subscription: Subscription) -> bool:
        """Delete the subscription with the same scope; False if there is none."""
        ...

    def subscriptions(self, channel_id: str | None = None) -> Sequence[Subscription]:
        """All subscriptions, or those of one channel."""
        ...

    def recall(self, name: str) -> object:
        """The value (JSON) stored by `remember`; None if there is none."""
        ...

    def remember(self, name: str, value: object) -> None:
        """Store a value (JSON) under *name*."""
        ...

    def was_restored(self) -> bool:
        """Whether the rows were written in another database than this one, as far as its identity shows."""
        ...

    def save_identity(self) -> None:
        """Store the identity of this database as that in which the rows are written."""
        ...

    def modems(self) -> dict[str, str]:
        """The learned line of each modem: modem -> line id."""
        ...

    def teach_modem(self, modem: str, line_id: str) -> None:
        """Store which line a modem serves."""
        ...


@dataclass(slots=True)
class Touched:
    """The rows that a commit inserted or changed, as far as mirrors depend on them."""

    channels: set[str] = field(default_factory=set)
    """The channels of announcements."""
    faxes: dict[int, FaxState] = field(default_factory=dict)
    """Faxes by id, with their state after the commit."""
    subscriptions: bool = False
    """Whether any subscription changed."""

    def __bool__(self) -> bool:
        return bool(self.channels or self.faxes or self.subscriptions)


class Store(Protocol):
    """
    Transactions over the ledger. *work* runs in another thread and must not block.

    It may run more than once, after a rollback: it must have no effects other than changes of rows.
    """

    def on_commit(self, wake: Callable[[Touched], None]) -> None:
        """Call *wake* in the event loop after each commit that touched any of these rows."""
        ...

    async def write(self, work: Callable[[Ledger], T]) -> T:
        """Run *work* and commit; the changes are durable when this returns. Raises what *work* raises."""
        ...

    async def read(self, work: Callable[[Ledger], T]) -> T:
        """Run *work*, which must change nothing. Raises what *work* raises."""
        ...
