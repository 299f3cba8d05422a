"""Wires the services to each other and to the ports. `adapters.py` implements the ports; tests use others."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from faxbot.fax.dialplan import DialPlan
from faxbot.fax.job import Direction
from faxbot.scheduler import Ticks
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.fax_server.outages import Outages
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.ledger import Store
from faxbot.services.model.ports import (
    Attachments,
    Clock,
    Directory,
    Documents,
    FaxServer,
    FormOpener,
    Messenger,
    RateLimits,
)
from faxbot.services.model.records import RecordState
from faxbot.services.model.requests import RequestKind
from faxbot.services.outbox.outbox import Outbox
from faxbot.services.queries.queries import Queries
from faxbot.services.receiving.inbox import Inbox
from faxbot.services.requests.permissions import Permissions
from faxbot.services.requests.records import RecordRequests
from faxbot.services.requests.runner import RequestRunner
from faxbot.services.requests.subscriptions import SubscriptionRequests
from faxbot.services.sending.decisions import Decisions
from faxbot.services.sending.lost_answers import LostAnswers
from faxbot.services.sending.new_faxes import NewFaxes
from faxbot.services.sending.preparation import Preparation, PreparationSettings
from faxbot.services.tracking.job_matching import JobMatching
from faxbot.services.tracking.job_watch import JobWatch
from faxbot.services.upkeep.row_expiry import RowExpiry
from faxbot.services.upkeep.spool_retention import SpoolRetention

HOUR = 3600.0

F = TypeVar("F", bound=FormOpener)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between two runs of the ticks that call the fax server."""

    active: float
    idle: float
    inbox: float
    sweep: float


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """The operator's settings. *settle*: seconds in which a call without a reply may still be carried out."""

    spool: Path
    spool_days: float
    settle: float
    inbound_channel: str
    admins: tuple[str, ...]
    plan: DialPlan
    modems: Mapping[str, str]
    default_line: str
    paces: Intervals


async def _at_once() -> None:
    """No pending acknowledgement to wait for."""


@dataclass(frozen=True, slots=True)
class Adapters(Generic[F]):
    """The implementations of the ports. *forms* gets the queries, whose results the form shows."""

    server: FaxServer
    store: Store
    messenger: Messenger
    pace: RateLimits
    attachments: Attachments
    directory: Directory
    documents: Documents
    clock: Clock
    forms: Callable[[Queries], F]
    bot_user_id: str
    posted: Callable[[float], None] = lambda _seconds: None
    """Called with the seconds from finding a received fax to its file in a channel."""
    turn: Callable[[], Awaitable[None]] = _at_once
    """Returns when no acknowledgement is pending; requests are carried out after that."""


@dataclass(frozen=True, slots=True)
class Services(Generic[F]):
    """The wired services."""

    runner: RequestRunner
    outbox: Outbox
    ticks: Ticks
    queries: Queries
    forms: F
    lines: LineDirectory
    outages: Outages
    watch: JobWatch
    preparation: Preparation
    search: LostAnswers
    inbox: Inbox
    received: RecordFeed
    sent: RecordFeed
    retention: SpoolRetention
    expiry: RowExpiry


def wire_services(setting: ServiceSettings, adapters: Adapters[F]) -> Services[F]:
    """Create every service with its dependencies."""
    server, store, clock = adapters.server, adapters.store, adapters.clock
    attachments, directory, documents = adapters.attachments, adapters.directory, adapters.documents
    late: _Late[F] = _Late()
    lines = LineDirectory(server, store, clock, settled=setting.modems, preferred=setting.default_line)
    outages = Outages(store, clock, setting.inbound_channel, late.told)
    outbox = Outbox(
        store,
        adapters.messenger,
        clock,
        pace=adapters.pace,
        settle=setting.settle,
        outage=lambda: outages.outage,
        admins=setting.admins,
        posted=adapters.posted,
    )
    access = Permissions(directory, store, setting.admins)
    sent = RecordFeed(Direction.TX, server, store, clock, RecordState.HISTORY)
    received = RecordFeed(Direction.RX, server, store, clock, RecordState.SEEN)
    claims = JobMatching(lines, setting.plan.region)
    watch = JobWatch(
        server=server,
        store=store,
        clock=clock,
        lines=lines,
        sent_records=sent,
        claims=claims,
        region=setting.plan.region,
        told=late.told,
    )
    preparation = Preparation(
        PreparationSettings(setting.spool, setting.settle),
        server=server,
        store=store,
        clock=clock,
        documents=documents,
        attachments=attachments,
        lines=lines,
        sent_records=sent,
        claims=claims,
        watch=watch,
        told=late.told,
    )
    search = LostAnswers(
        server=server,
        store=store,
        clock=clock,
        claims=claims,
        sent_records=sent,
        watch=watch,
        told=late.told,
        settle=setting.settle,
    )
    inbox = Inbox(
        server=server,
        store=store,
        clock=clock,
        documents=documents,
        lines=lines,
        received_records=received,
        spool=setting.spool,
        inbound_channel=setting.inbound_channel,
        told=late.told,
    )
    queries = Queries(
        server=server,
        store=store,
        lines=lines,
        access=access,
        attachments=attachments,
        outages=outages,
        plan=setting.plan,
        inbound_channel=setting.inbound_channel,
        newest_last=lambda direction: (sent if direction is Direction.TX else received).newest_last,
    )
    forms = adapters.forms(queries)
    runner = RequestRunner(store, clock, late.told, turn=adapters.turn)
    asked = NewFaxes(
        store=store,
        clock=clock,
        attachments=attachments,
        directory=directory,
        forms=forms,
        lines=lines,
        preparation=preparation,
        plan=setting.plan,
        bot_user_id=adapters.bot_user_id,
        accept=runner.accept,
        told=late.told,
    )
    changes = RecordRequests(
        server=server,
        store=store,
        clock=clock,
        access=access,
        directory=directory,
        spool=setting.spool,
        told=late.told,
    )
    decisions = Decisions(
        store=store, clock=clock, access=access, preparation=preparation, search=search, told=late.told
    )
    subscribing = SubscriptionRequests(
        store=store,
        clock=clock,
        access=access,
        directory=directory,
        lines=lines,
        watch=watch,
        told=late.told,
    )
    runner.assign(
        {
            RequestKind.SEND: asked.send,
            RequestKind.SHARE: asked.share,
            RequestKind.SHARED_FILE: asked.shared_file,
            RequestKind.CANCEL: changes.cancel,
            RequestKind.DELETE: changes.delete,
            RequestKind.GET: changes.get,
            RequestKind.ANSWER: decisions.decide,
            RequestKind.SUBSCRIBE: subscribing.subscribe,
            RequestKind.UNSUBSCRIBE: subscribing.unsubscribe,
        }
    )
    services = Services(
        runner=runner,
        outbox=outbox,
        ticks=Ticks(clock, answered=outages.answered, failed=outages.failed),
        queries=queries,
        forms=forms,
        lines=lines,
        outages=outages,
        watch=watch,
        preparation=preparation,
        search=search,
        inbox=inbox,
        received=received,
        sent=sent,
        retention=SpoolRetention(store, clock, setting.spool, setting.spool_days),
        expiry=RowExpiry(store, clock),
    )
    late.services = services
    _add_ticks(services, setting.paces)
    return services


class _Late(Generic[F]):
    """Services tell that something is written to those who are made after them."""

    services: Services[F]

    def told(self) -> None:
        self.services.outbox.nudge()
        self.services.search.wake()
        if self.services.watch.woken():
            self.services.ticks.nudge("watch")


def _add_ticks(services: Services[F], paces: Intervals) -> None:
    """Register the ticks with their intervals."""
    ticks, watch, outages, inbox = services.ticks, services.watch, services.outages, services.inbox

    async def look_into_inbox() -> None:
        await inbox.tick()
        await watch.tell_answering_machines()

    async def sweep_inbox() -> None:
        await inbox.tick(sweep=True)

    ticks.add("watch", watch.tick, lambda: paces.active if watch.busy or outages.failures else paces.idle)
    ticks.add("send", services.preparation.tick, lambda: paces.active, always_asks=False)
    ticks.add("search", services.search.tick, lambda: paces.active, always_asks=False)
    ticks.add("inbox", look_into_inbox, lambda: paces.inbox)
    ticks.add("sweep", sweep_inbox, lambda: paces.sweep)
    ticks.add("retention", services.retention.tick, lambda: HOUR, always_asks=False)
    ticks.add("expiry", services.expiry.tick, lambda: HOUR, always_asks=False)
