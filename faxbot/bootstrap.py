"""The wiring: who provides what to whom. `adapters.py` fills the ports; tests fill them in other ways."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from faxbot.fax.dialplan import DialPlan
from faxbot.fax.job import Direction
from faxbot.scheduler import Ticks
from faxbot.services.fax_server.lines import LineBook
from faxbot.services.fax_server.outages import Reach
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.faxes import RecordState, RequestKind
from faxbot.services.model.ledger import Store
from faxbot.services.model.ports import (
    Attachments,
    Clock,
    Directory,
    Documents,
    FaxServer,
    Forms,
    Messenger,
    Pace,
)
from faxbot.services.outbox.outbox import Outbox
from faxbot.services.queries.queries import Ask
from faxbot.services.receiving.inbox import Inbox
from faxbot.services.requests.permissions import Access
from faxbot.services.requests.records import Changes
from faxbot.services.requests.runner import Desk
from faxbot.services.requests.subscriptions import Subscribing
from faxbot.services.sending.decisions import Decisions
from faxbot.services.sending.lost_answers import Search
from faxbot.services.sending.new_faxes import Asked
from faxbot.services.sending.preparation import Sender, SendSetting
from faxbot.services.tracking.job_matching import Claims
from faxbot.services.tracking.job_watch import Watch
from faxbot.services.upkeep.row_expiry import Expiry
from faxbot.services.upkeep.spool_retention import Retention

HOUR = 3600.0

F = TypeVar("F", bound=Forms)


@dataclass(frozen=True, slots=True)
class Paces:
    """How many seconds after one look at the fax server the next is due."""

    active: float
    idle: float
    inbox: float
    sweep: float


@dataclass(frozen=True, slots=True)
class Setting:
    """What whoever runs faxbot decided. *settle*: how long an unanswered call may still be carried out."""

    spool: Path
    spool_days: float
    settle: float
    inbound_channel: str
    admins: tuple[str, ...]
    plan: DialPlan
    modems: Mapping[str, str]
    default_line: str
    paces: Paces


async def _at_once() -> None:
    """Nobody has to go first."""


@dataclass(frozen=True, slots=True)
class Adapters(Generic[F]):
    """Who fills the ports. The form shows what Ask answers, so it is made of that; *bot_user_id* is ours."""

    server: FaxServer
    store: Store
    messenger: Messenger
    pace: Pace
    attachments: Attachments
    directory: Directory
    documents: Documents
    clock: Clock
    forms: Callable[[Ask], F]
    bot_user_id: str
    posted: Callable[[float], None] = lambda _seconds: None
    """Hears how many seconds a received fax took to its channel."""
    turn: Callable[[], Awaitable[None]] = _at_once
    """Returns when nobody waits for an acknowledgement: what was asked for is carried out after that."""


@dataclass(frozen=True, slots=True)
class Services(Generic[F]):
    """Everything that runs, once it is wired."""

    desk: Desk
    outbox: Outbox
    ticks: Ticks
    ask: Ask
    forms: F
    lines: LineBook
    reach: Reach
    watch: Watch
    sender: Sender
    search: Search
    inbox: Inbox
    received: RecordFeed
    sent: RecordFeed
    retention: Retention
    expiry: Expiry


def wire_services(setting: Setting, adapters: Adapters[F]) -> Services[F]:
    """Make every service and give it what it needs."""
    server, store, clock = adapters.server, adapters.store, adapters.clock
    attachments, directory, documents = adapters.attachments, adapters.directory, adapters.documents
    late: _Late[F] = _Late()
    lines = LineBook(server, store, clock, settled=setting.modems, preferred=setting.default_line)
    reach = Reach(store, clock, setting.inbound_channel, late.told)
    outbox = Outbox(
        store,
        adapters.messenger,
        clock,
        pace=adapters.pace,
        settle=setting.settle,
        outage=lambda: reach.outage,
        admins=setting.admins,
        posted=adapters.posted,
    )
    access = Access(directory, store, setting.admins)
    sent = RecordFeed(Direction.TX, server, store, clock, RecordState.HISTORY)
    received = RecordFeed(Direction.RX, server, store, clock, RecordState.SEEN)
    claims = Claims(lines, setting.plan.region)
    watch = Watch(
        server=server,
        store=store,
        clock=clock,
        lines=lines,
        sent_records=sent,
        claims=claims,
        region=setting.plan.region,
        told=late.told,
    )
    sender = Sender(
        SendSetting(setting.spool, setting.settle),
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
    search = Search(
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
    ask = Ask(
        server=server,
        store=store,
        lines=lines,
        access=access,
        attachments=attachments,
        reach=reach,
        plan=setting.plan,
        inbound_channel=setting.inbound_channel,
        newest_last=lambda direction: (sent if direction is Direction.TX else received).newest_last,
    )
    forms = adapters.forms(ask)
    desk = Desk(store, clock, late.told, turn=adapters.turn)
    asked = Asked(
        store=store,
        clock=clock,
        attachments=attachments,
        directory=directory,
        forms=forms,
        lines=lines,
        sender=sender,
        plan=setting.plan,
        bot_user_id=adapters.bot_user_id,
        accept=desk.accept,
        told=late.told,
    )
    changes = Changes(
        server=server,
        store=store,
        clock=clock,
        access=access,
        directory=directory,
        spool=setting.spool,
        told=late.told,
    )
    decisions = Decisions(
        store=store, clock=clock, access=access, sender=sender, search=search, told=late.told
    )
    subscribing = Subscribing(
        store=store,
        clock=clock,
        access=access,
        directory=directory,
        lines=lines,
        watch=watch,
        told=late.told,
    )
    desk.assign(
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
        desk=desk,
        outbox=outbox,
        ticks=Ticks(clock, answered=reach.answered, failed=reach.failed),
        ask=ask,
        forms=forms,
        lines=lines,
        reach=reach,
        watch=watch,
        sender=sender,
        search=search,
        inbox=inbox,
        received=received,
        sent=sent,
        retention=Retention(store, clock, setting.spool, setting.spool_days),
        expiry=Expiry(store, clock),
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


def _add_ticks(services: Services[F], paces: Paces) -> None:
    """The ticks and their paces."""
    ticks, watch, reach, inbox = services.ticks, services.watch, services.reach, services.inbox

    async def look_into_inbox() -> None:
        await inbox.tick()
        await watch.tell_answering_machines()

    async def sweep_inbox() -> None:
        await inbox.tick(sweep=True)

    ticks.add("watch", watch.tick, lambda: paces.active if watch.busy or reach.failures else paces.idle)
    ticks.add("send", services.sender.tick, lambda: paces.active, always_asks=False)
    ticks.add("search", services.search.tick, lambda: paces.active, always_asks=False)
    ticks.add("inbox", look_into_inbox, lambda: paces.inbox)
    ticks.add("sweep", sweep_inbox, lambda: paces.sweep)
    ticks.add("retention", services.retention.tick, lambda: HOUR, always_asks=False)
    ticks.add("expiry", services.expiry.tick, lambda: HOUR, always_asks=False)
