"""The facts that the services keep, as Protocols: what can be asked and written inside one transaction."""

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
        """The records of which a message is not posted or outdated, or whose file Slack refused."""
        ...

    def files_to_tell(self) -> Sequence[str]:
        """The paths of requested documents that are not posted yet."""
        ...

    def forget_documents(self, fax_ids: Sequence[int], record_ids: Sequence[int]) -> None:
        """The spool no longer has the documents of these faxes and records."""
        ...

    def expire_requests(self, now: float, most: int) -> int:
        """Delete at most *most* requests that are due; how many. The key of one that became a fax stays."""
        ...

    def expire_announcements(self, before: float, most: int) -> int:
        """Delete at most *most* answers, steps, notices and files posted before that moment; how many."""
        ...

    def expire_subscriptions(self, before: float) -> int:
        """Delete subscriptions to faxes that ended before that moment; how many."""
        ...


class Ledger(RetentionLedger, Protocol):
    """
    The facts, inside one transaction. What it returns may be changed inside the transaction and is saved
    with it; outside it is a snapshot.
    """

    def add_request(self, request: Request) -> Request | None:
        """Remember a wish; None if it is already remembered."""
        ...

    def request(self, request_id: int) -> Request:
        """One request."""
        ...

    def open_requests(self) -> Sequence[Request]:
        """Requests that are not done, oldest first."""
        ...

    def add_fax(self, fax: Fax) -> Fax:
        """Remember an outgoing fax; it gets its id."""
        ...

    def fax(self, fax_id: int) -> Fax:
        """One outgoing fax."""
        ...

    def fax_of_request(self, request_id: int) -> Fax | None:
        """The fax that a request became."""
        ...

    def change_state(self, row: Stateful, to: StrEnum) -> bool:
        """
        Move *row* from the state it was read in to *to*; False if it is in another state by now.

        The only way by which a state changes, as one conditional update. After False *row* has been read
        again, and the caller does nothing.
        """
        ...

    def add_document(self, document: KeptDocument) -> KeptDocument:
        """Keep a document; it gets its id."""
        ...

    def document_of(self, fax: Fax) -> KeptDocument | None:
        """What *fax* sends; None before it is prepared, and for the job of another program."""
        ...

    def add_submission(self, submission: Submission) -> Submission:
        """Keep a submission; it gets its id."""
        ...

    def submission_of(self, fax_id: int) -> Submission | None:
        """The newest submission of a fax."""
        ...

    def job_of(self, fax_id: int) -> Job | None:
        """The job of a fax as last seen."""
        ...

    def see_job(self, fax_id: int, job: Job) -> None:
        """Keep *job* as the job of a fax as last seen."""
        ...

    def faxes_in(self, *states: str) -> Sequence[Fax]:
        """The faxes in these states, oldest first."""
        ...

    def faxes_looked_for(self) -> Sequence[Fax]:
        """The faxes whose job is looked for, oldest first."""
        ...

    def newest_fax(self, job_id: str) -> Fax | None:
        """The fax that the server called *job_id* last."""
        ...

    def add_records(self, records: Sequence[FaxRecord]) -> int:
        """Write records of the fax server; return how many were not known, or known as gone."""
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
        """The number of known records of a direction that are not gone: a counter, not a count."""
        ...

    def recount(self, direction: str) -> int:
        """Count the known records that are not gone, and set the counter."""
        ...

    def present_records(self, direction: str, after: int, most: int) -> Sequence[int]:
        """The first *most* row ids beyond *after* of records that are not gone."""
        ...

    def records_named(self, job_id: str) -> Sequence[FaxRecord]:
        """The records that the server called *job_id*, the one seen last first."""
        ...

    def records_to_fetch(self, most: int) -> Sequence[FaxRecord]:
        """At most *most* SEEN records, oldest first by the server's time."""
        ...

    def records_without_file(self, tries: int, most: int) -> Sequence[FaxRecord]:
        """At most *most* NO_FILE records, not gone, whose file was asked for fewer than *tries* times."""
        ...

    def records_after(self, direction: str, record_id: int) -> Sequence[FaxRecord]:
        """The records of a direction that were seen after *record_id*."""
        ...

    def newest_record(self, direction: str) -> int:
        """The row id of the record seen last, 0 if there is none."""
        ...

    def mark_gone(self, record_ids: Sequence[int]) -> int:
        """The fax server no longer has these records; return how many were not marked yet."""
        ...

    def announce(self, announcement: Announcement) -> Announcement:
        """Write an announcement, unless its key is already there (then that one is returned)."""
        ...

    def announcement(self, announcement_id: int) -> Announcement:
        """One announcement."""
        ...

    def announcements_of(
        self, *, fax_id: int | None = None, record_id: int | None = None
    ) -> Sequence[Announcement]:
        """What was or is to be told of a fax or a record, oldest first."""
        ...

    def pending(self, channels: Collection[str] | None = None) -> Sequence[Pending]:
        """The announcements that are not posted yet, or whose message is out of date, oldest first."""
        ...

    def batch(self, key: str) -> Sequence[Announcement]:
        """The announcements that are going out as one message."""
        ...

    def add_subscription(self, subscription: Subscription) -> bool:
        """Subscribe; False if the channel already is."""
        ...

    def drop_subscription(self, subscription: Subscription) -> bool:
        """Unsubscribe; False if the channel was not subscribed."""
        ...

    def subscriptions(self, channel_id: str | None = None) -> Sequence[Subscription]:
        """All subscriptions, or a channel's."""
        ...

    def recall(self, name: str) -> object:
        """A remembered value (JSON), or None."""
        ...

    def remember(self, name: str, value: object) -> None:
        """Remember a value (JSON) by name."""
        ...

    def was_restored(self) -> bool:
        """Whether the rows were written in another database than this one, as far as the server shows it."""
        ...

    def save_identity(self) -> None:
        """Keep the identity of this database: from here on the rows are those of this one."""
        ...

    def modems(self) -> dict[str, str]:
        """Which line each modem was seen to serve."""
        ...

    def teach_modem(self, modem: str, line_id: str) -> None:
        """Remember which line a modem serves."""
        ...


@dataclass(slots=True)
class Touched:
    """What a commit inserted or changed, for whoever mirrors it."""

    channels: set[str] = field(default_factory=set)
    """The channels of announcements."""
    faxes: dict[int, FaxState] = field(default_factory=dict)
    """Faxes by id, with their state after the commit."""
    subscriptions: bool = False

    def __bool__(self) -> bool:
        return bool(self.channels or self.faxes or self.subscriptions)


class Store(Protocol):
    """
    Transactions over the ledger. *work* runs in another thread, and must not wait for anything.

    It may run more than once (what it did before is rolled back): it changes nothing but rows.
    """

    def on_commit(self, wake: Callable[[Touched], None]) -> None:
        """Call *wake* in the event loop after each commit that touched one of these rows."""
        ...

    async def write(self, work: Callable[[Ledger], T]) -> T:
        """Run *work* and commit; durable when this returns."""
        ...

    async def read(self, work: Callable[[Ledger], T]) -> T:
        """Run *work*, which changes nothing."""
        ...
