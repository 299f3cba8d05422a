"""
Results of queries, as facts; `slack/views/` renders them.

Text from callers, fax machines and people is not escaped here; the views escape it.
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
    """A line and its usage; None if the fax server did not report it."""

    line: FaxLine
    usage: LineUsage | None


@dataclass(frozen=True, slots=True)
class LinesResult:
    """`/fax lines`."""

    lines: tuple[LineEntry, ...]


@dataclass(frozen=True, slots=True)
class JobEntry:
    """
    One job or record of an answer, with the fax it belongs to. Exactly one of *job* and *record* is set.

    The `can_…` flags say which buttons the viewer gets.
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
    """`/fax active`: jobs under way in *directions*."""

    directions: tuple[Direction, ...]
    entries: tuple[JobEntry, ...]
    waiting: tuple[FaxCard, ...] = ()
    """Faxes that are not submitted yet."""


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
    """`/fax subscriptions`. *inbound*: this is the inbound channel, where received faxes always go."""

    channel_id: str
    subscriptions: tuple[SubscriptionEntry, ...]
    inbound: bool = False


Answer = LinesResult | StatusResult | ActiveResult | HistoryResult | SubscriptionsResult
