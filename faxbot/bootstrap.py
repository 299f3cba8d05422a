"""Wires the services to each other and to the ports. `adapters.py` implements the ports; tests use others."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from faxbot.fax.dialplan import DialPlan
from faxbot.fax.job import Direction
from faxbot.scheduler import Ticks
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.fax_server.outages import Outages
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.ledger import Store, Touched
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
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.outbox.outbox import Outbox
from faxbot.services.queries.queries import Queries
from faxbot.services.receiving.inbox import Inbox
from faxbot.services.requests.permissions import Permissions
from faxbot.services.requests.records import RecordRequests
from faxbot.services.requests.runner import RequestRunner
from faxbot.services.requests.subscriptions import SubscriptionRequests
from faxbot.services.requests.targets import Targets
from faxbot.services.sending.cancellation import Cancellation
from faxbot.services.sending.decisions import Decisions
from faxbot.services.sending.lost_answers import LostAnswers
from faxbot.services.sending.new_faxes import NewFaxes
from faxbot.services.sending.preparation import Preparation, PreparationSettings
from faxbot.services.tracking.csid_lookup import CsidLookup
from faxbot.services.tracking.foreign_jobs import ForeignJobs
from faxbot.services.tracking.job_matching import JobMatching
from faxbot.services.tracking.job_watch import JobWatch
from faxbot.services.upkeep.row_expiry import RowExpiry
from faxbot.services.upkeep.spool_retention import SpoolRetention

HOUR = 3600.0


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
class Adapters:
    """The implementations of the ports. *forms* gets the queries, whose results the form shows."""

    server: FaxServer
    store: Store
    messenger: Messenger
    pace: RateLimits
    attachments: Attachments
    directory: Directory
    documents: Documents
    clock: Clock
    lines: LineDirectory
    forms: FormOpener
    bot_user_id: str
    posted: Callable[[float], None] = lambda _seconds: None
    """Called with the seconds from finding a received fax to its file in a channel."""
    turn: Callable[[], Awaitable[None]] = _at_once
    """Returns when no acknowledgement is pending; requests are carried out after that."""


@dataclass(frozen=True, slots=True)
class Services:
    """The wired services."""

    runner: RequestRunner
    outbox: Outbox
    ticks: Ticks
    queries: Queries
    lines: LineDirectory
    outages: Outages
    watch: JobWatch
    csids: CsidLookup
    preparation: Preparation
    search: LostAnswers
    inbox: Inbox
    received: RecordFeed
    sent: RecordFeed
    retention: SpoolRetention
    expiry: RowExpiry


def wire_services(setting: ServiceSettings, adapters: Adapters) -> Services:
    """Create every service with its dependencies."""
    server, store, clock = adapters.server, adapters.store, adapters.clock
    attachments, directory, documents = adapters.attachments, adapters.directory, adapters.documents
    lines = adapters.lines
    outages = Outages(store, clock, setting.inbound_channel)
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
    permissions = Permissions(directory, store, setting.admins)
    sent = RecordFeed(Direction.TX, server, store, clock, RecordState.HISTORY)
    received = RecordFeed(Direction.RX, server, store, clock, RecordState.SEEN)
    matching = JobMatching(lines, setting.plan.region)
    csids = CsidLookup(store, sent)
    watch = JobWatch(
        server=server,
        store=store,
        clock=clock,
        sent_records=sent,
        foreign_jobs=ForeignJobs(store, clock, lines, matching, setting.plan.region),
        csids=csids,
        region=setting.plan.region,
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
        matching=matching,
        watch=watch,
    )
    search = LostAnswers(
        server=server,
        store=store,
        clock=clock,
        matching=matching,
        sent_records=sent,
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
    )
    queries = Queries(
        server=server,
        store=store,
        lines=lines,
        permissions=permissions,
        outages=outages,
        plan=setting.plan,
        inbound_channel=setting.inbound_channel,
        newest_last=lambda direction: (sent if direction is Direction.TX else received).newest_last,
    )
    runner = RequestRunner(store, clock, wait_for_acks=adapters.turn)
    new_faxes = NewFaxes(
        store=store,
        clock=clock,
        attachments=attachments,
        directory=directory,
        forms=adapters.forms,
        lines=lines,
        preparation=preparation,
        plan=setting.plan,
        bot_user_id=adapters.bot_user_id,
        accept=runner.accept,
    )
    targets = Targets(store, clock)
    cancellation = Cancellation(
        server=server, store=store, clock=clock, permissions=permissions, targets=targets
    )
    records = RecordRequests(
        server=server,
        store=store,
        clock=clock,
        permissions=permissions,
        targets=targets,
        directory=directory,
        spool=setting.spool,
    )
    decisions = Decisions(
        store=store, clock=clock, permissions=permissions, preparation=preparation, search=search
    )
    subscribing = SubscriptionRequests(
        store=store,
        clock=clock,
        permissions=permissions,
        directory=directory,
        lines=lines,
    )
    runner.assign(
        {
            RequestKind.SEND: new_faxes.send,
            RequestKind.SHARE: new_faxes.share,
            RequestKind.SHARED_FILE: new_faxes.shared_file,
            RequestKind.CANCEL: cancellation.cancel,
            RequestKind.DELETE: records.delete,
            RequestKind.GET: records.get,
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
        lines=lines,
        outages=outages,
        watch=watch,
        csids=csids,
        preparation=preparation,
        search=search,
        inbox=inbox,
        received=received,
        sent=sent,
        retention=SpoolRetention(store, clock, setting.spool, setting.spool_days),
        expiry=RowExpiry(store, clock),
    )
    _wake_mirrors(services, store)
    _add_ticks(services, setting.paces)
    return services


def _wake_mirrors(services: Services, store: Store) -> None:
    """Each commit wakes whatever mirrors the rows that it touched."""

    def wake(touched: Touched) -> None:
        if touched.channels:
            services.outbox.wake(touched.channels)
        if touched.faxes:
            services.search.wake()
        if services.watch.wake(touched):
            services.ticks.wake("watch")

    store.on_commit(wake)


def _add_ticks(services: Services, paces: Intervals) -> None:
    """Register the ticks with their intervals."""
    ticks, watch, outages, inbox = services.ticks, services.watch, services.outages, services.inbox

    async def check_records() -> None:
        await inbox.tick()
        await services.csids.look_up()

    async def sweep_inbox() -> None:
        await inbox.tick(sweep=True)

    ticks.add("watch", watch.tick, lambda: paces.active if watch.busy or outages.failures else paces.idle)
    ticks.add("send", services.preparation.tick, lambda: paces.active, always_asks=False)
    ticks.add("search", services.search.tick, lambda: paces.active, always_asks=False)
    ticks.add("inbox", check_records, lambda: paces.inbox)
    ticks.add("sweep", sweep_inbox, lambda: paces.sweep)
    ticks.add("retention", services.retention.tick, lambda: HOUR, always_asks=False)
    ticks.add("expiry", services.expiry.tick, lambda: HOUR, always_asks=False)
