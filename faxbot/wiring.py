"""The wiring: who provides what to whom."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from faxbot.documents.workshop import Workshop
from faxbot.fax.job import Direction
from faxbot.scheduler import Ticks
from faxbot.services.access import Access
from faxbot.services.announce import Outbox
from faxbot.services.ask import Ask
from faxbot.services.asked import Asked
from faxbot.services.changes import Changes
from faxbot.services.desk import Desk
from faxbot.services.facts import RecordState, RequestKind
from faxbot.services.feed import RecordFeed
from faxbot.services.inbox import Inbox
from faxbot.services.lines import LineBook
from faxbot.services.reach import Reach
from faxbot.services.retention import Retention
from faxbot.services.search import Search
from faxbot.services.send import Sender, SendSetting
from faxbot.services.subscribe import Subscribing
from faxbot.services.watch import Watch
from faxbot.settings import Settings
from faxbot.slack.api import Me, WebApi
from faxbot.slack.bolt import build_bolt_app
from faxbot.slack.directory import SlackDirectory
from faxbot.slack.files import SlackFiles
from faxbot.slack.forms import Forms
from faxbot.slack.listeners import Switchboard
from faxbot.slack.publisher import Publisher
from faxbot.slack.replies import Replies
from faxbot.slack.socket import Sockets
from faxbot.slack.views import Site, render, render_comment
from faxbot.store.engine import TransactionStore
from faxbot.ucx.client import UcxClient

HOUR = 3600.0
MEGABYTE = 1 << 20


class SystemClock:
    """The clock on the wall."""

    def now(self) -> datetime:
        """The present moment, aware and UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class House:
    """Everything that runs, once it is wired."""

    desk: Desk
    outbox: Outbox
    ticks: Ticks
    sockets: Sockets
    lines: LineBook
    reach: Reach
    watch: Watch
    sender: Sender
    received: RecordFeed
    sent: RecordFeed
    directory: SlackDirectory


def wire(settings: Settings, store: TransactionStore, server: UcxClient, api: WebApi, me: Me) -> House:
    """Make every service and give it what it needs."""
    clock = SystemClock()
    spool = settings.faxbot_data_dir / "spool"
    max_bytes = settings.faxbot_max_megabytes * MEGABYTE
    plan = settings.plan
    site = Site(region=plan.region)
    inbound = settings.faxbot_inbound_channel
    documents = Workshop(max_bytes=max_bytes, max_pages=settings.faxbot_max_pages)
    attachments = SlackFiles(api, max_bytes=max_bytes)
    directory = SlackDirectory(api, clock.now)
    messenger = Publisher(
        api,
        lambda message: render(message, site, clock.now()),
        lambda message: render_comment(message, site, clock.now()),
    )
    lines = LineBook(server, store, clock, settled=settings.modems, preferred=settings.faxbot_default_line)
    late = _Late()
    reach = Reach(store, clock, inbound, late.told)
    outbox = Outbox(
        store,
        messenger,
        clock,
        settle=settings.faxbot_settle_seconds,
        away_since=lambda: reach.since,
        admins=settings.faxbot_admins,
    )
    access = Access(directory, store, settings.faxbot_admins)
    sent = RecordFeed(Direction.TX, server, store, clock, RecordState.HISTORY)
    received = RecordFeed(Direction.RX, server, store, clock, RecordState.SEEN)
    watch = Watch(
        server=server,
        store=store,
        clock=clock,
        lines=lines,
        sent_records=sent,
        region=plan.region,
        told=late.told,
    )
    sender = Sender(
        SendSetting(spool, settings.faxbot_settle_seconds),
        server=server,
        store=store,
        clock=clock,
        documents=documents,
        attachments=attachments,
        lines=lines,
        sent_records=sent,
        watch=watch,
        told=late.told,
    )
    search = Search(
        server=server,
        store=store,
        clock=clock,
        lines=lines,
        sent_records=sent,
        watch=watch,
        told=late.told,
        settle=settings.faxbot_settle_seconds,
    )
    inbox = Inbox(
        server=server,
        store=store,
        clock=clock,
        documents=documents,
        lines=lines,
        received_records=received,
        spool=spool,
        inbound_channel=inbound,
        told=late.told,
    )
    ask = Ask(
        server=server,
        store=store,
        lines=lines,
        access=access,
        attachments=attachments,
        reach=reach,
        plan=plan,
        inbound_channel=inbound,
        newest_last=lambda direction: (sent if direction is Direction.TX else received).newest_last,
    )
    forms = Forms(api, ask, site)
    desk = Desk(store, clock, late.told)
    asked = Asked(
        store=store,
        clock=clock,
        attachments=attachments,
        directory=directory,
        forms=forms,
        lines=lines,
        sender=sender,
        plan=plan,
        bot_user_id=me.user_id,
        accept=desk.accept,
        told=late.told,
    )
    changes = Changes(
        server=server,
        store=store,
        clock=clock,
        access=access,
        directory=directory,
        sender=sender,
        spool=spool,
        told=late.told,
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
            RequestKind.ANSWER: changes.answer,
            RequestKind.SUBSCRIBE: subscribing.subscribe,
            RequestKind.UNSUBSCRIBE: subscribing.unsubscribe,
        }
    )
    retention = Retention(store, clock, spool, settings.faxbot_spool_days)
    ticks = wire_ticks(
        settings,
        reach=reach,
        watch=watch,
        sender=sender,
        search=search,
        inbox=inbox,
        retention=retention,
    )
    late.outbox, late.ticks, late.watch, late.search = outbox, ticks, watch, search
    board = Switchboard(desk, ask, forms, Replies(api), site, me.user_id, clock.now)
    app = build_bolt_app(api.client, me, board)
    sockets = Sockets(app, settings.slack_app_token.get_secret_value())
    return House(desk, outbox, ticks, sockets, lines, reach, watch, sender, received, sent, directory)


class _Late:
    """Services tell the outbox that something is written; it is made after them."""

    outbox: Outbox
    ticks: Ticks
    watch: Watch
    search: Search

    def told(self) -> None:
        self.outbox.nudge()
        self.search.wake()
        if self.watch.woken():
            self.ticks.nudge("watch")


def wire_ticks(
    settings: Settings,
    *,
    reach: Reach,
    watch: Watch,
    sender: Sender,
    search: Search,
    inbox: Inbox,
    retention: Retention,
) -> Ticks:
    """The ticks and their paces."""
    active, idle = settings.faxbot_poll_active_seconds, settings.faxbot_poll_idle_seconds
    ticks = Ticks(answered=reach.answered, failed=reach.failed)

    async def look_into_inbox() -> None:
        await inbox.tick()
        await watch.tell_answering_machines()

    async def sweep_inbox() -> None:
        await inbox.tick(sweep=True)

    ticks.add("watch", watch.tick, lambda: active if watch.busy or reach.failures else idle)
    ticks.add("send", sender.tick, lambda: active, always_asks=False)
    ticks.add("search", search.tick, lambda: active, always_asks=False)
    ticks.add("inbox", look_into_inbox, lambda: settings.faxbot_inbox_seconds)
    ticks.add("sweep", sweep_inbox, lambda: settings.faxbot_inbox_sweep_seconds)
    ticks.add("retention", retention.tick, lambda: HOUR, always_asks=False)
    return ticks
