"""
What a read-only question is answered with, as facts. How it reads is decided in `slack/views/`.

All text that came from a caller, a fax machine or a person is plain: the views escape it.
"""

from dataclasses import dataclass

from faxbot.fax.job import Direction, Job
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.record import Record
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax
from faxbot.services.model.messages import FaxCard


@dataclass(frozen=True, slots=True)
class LineEntry:
    """A line and what it is doing; *usage* is None if the fax server did not say."""

    line: FaxLine
    usage: LineUsage | None


@dataclass(frozen=True, slots=True)
class LinesResult:
    """`/fax lines`."""

    lines: tuple[LineEntry, ...]


@dataclass(frozen=True, slots=True)
class JobEntry:
    """
    One job or record in a list, with what faxbot knows of it. Exactly one of *job* and *record* is set.

    The `can_…` flags say which buttons this asker gets.
    """

    job_id: str
    direction: Direction
    line_name: str
    job: Job | None = None
    record: Record | None = None
    fax: Fax | None = None
    document: KeptDocument | None = None
    can_cancel: bool = False
    can_get: bool = False
    can_delete: bool = False


@dataclass(frozen=True, slots=True)
class StatusResult:
    """`/fax status TX82`."""

    entry: JobEntry


@dataclass(frozen=True, slots=True)
class ActiveResult:
    """`/fax active`: what is going on now; *directions* were asked for."""

    directions: tuple[Direction, ...]
    entries: tuple[JobEntry, ...]
    waiting: tuple[FaxCard, ...] = ()
    """Faxes that the fax server does not have yet."""


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """`/fax history`: one page, newest first. Pages count from 1."""

    direction: Direction
    page: int
    pages: int
    total: int
    entries: tuple[JobEntry, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionEntry:
    """One subscription of a channel: a direction, or one of its lines, or one fax."""

    direction: Direction
    line_name: str = ""
    job_id: str = ""
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class SubscriptionsResult:
    """`/fax subscriptions`. *inbound* says that received faxes come here anyway."""

    channel_id: str
    subscriptions: tuple[SubscriptionEntry, ...]
    inbound: bool = False


Answer = LinesResult | StatusResult | ActiveResult | HistoryResult | SubscriptionsResult
