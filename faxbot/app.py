"""The wiring: who provides what to whom, and in which order it starts and stops."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from faxbot.documents.workshop import Workshop
from faxbot.fax.errors import CannotPost, CredentialsRejected, ServerFault, SlackFault, SlackRefused
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
from faxbot.settings import Settings, SettingsProblem
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
from faxbot.slack.web import Connections, build_client
from faxbot.store.engine import TransactionStore, open_engine
from faxbot.store.schema import migrate
from faxbot.ucx.client import UcxClient, connect

log = logging.getLogger(__name__)

HOUR = 3600.0
RETRY_SECONDS = 2.0
MEGABYTE = 1 << 20

_TOKEN_PROBLEMS = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}


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


async def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """
    Run faxbot until cancelled. *say* gets one line a step, the last of them the "ready" line.

    Raises:
        SettingsProblem: Slack or the UCX does not accept what the settings say.
    """
    os.umask(0o077)
    settings.faxbot_data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database)
    migrate(engine)
    async with contextlib.AsyncExitStack() as stack:
        store = TransactionStore(engine)
        stack.callback(store.close)
        server = stack_client(settings)
        stack.push_async_callback(server.aclose)
        connections = Connections()
        stack.push_async_callback(connections.close)
        api = WebApi(
            build_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, connections),
            connections,
        )
        say("Signing in to Slack …")
        me = await _sign_in(api)
        house = wire(settings, store, server, api, me)
        stack.push_async_callback(house.sockets.close)
        await _check_inbound(house.directory, settings.faxbot_inbound_channel, me, say)
        say("Asking the fax server what it has …")
        await _begin(house, server, backfill=settings.faxbot_backfill, say=say)
        await stack.enter_async_context(_running(house))
        say("Connecting to Slack …")
        await _check_socket(api, settings.slack_app_token.get_secret_value())
        await house.sockets.connect()
        house.ticks.start()
        stack.callback(house.ticks.stop)
        say("faxbot is ready")
        await asyncio.Event().wait()


def stack_client(settings: Settings) -> UcxClient:
    """
    The client of the UCX that the settings name.

    Raises:
        SettingsProblem: UCX_URL or UCX_CA_FILE is not right.
    """
    try:
        return connect(
            settings.ucx_url,
            settings.ucx_client_id,
            settings.ucx_client_secret.get_secret_value(),
            token_file=settings.faxbot_data_dir / "ucx-token",
            ca_file=settings.ucx_ca_file,
        )
    except ValueError as exc:
        raise SettingsProblem(f"UCX_URL or UCX_CA_FILE is not right: {exc}") from exc


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
    ticks = _ticks(
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


def _ticks(
    settings: Settings,
    *,
    reach: Reach,
    watch: Watch,
    sender: Sender,
    search: Search,
    inbox: Inbox,
    retention: Retention,
) -> Ticks:
    active, idle = settings.faxbot_poll_active_seconds, settings.faxbot_poll_idle_seconds
    ticks = Ticks(answered=_no_answer, failed=reach.failed)

    async def look_at_jobs() -> None:
        await watch.tick()
        await reach.answered()

    async def look_into_inbox() -> None:
        await inbox.tick()
        await watch.tell_answering_machines()
        await reach.answered()

    async def sweep_inbox() -> None:
        await inbox.tick(sweep=True)
        await reach.answered()

    ticks.add("watch", look_at_jobs, lambda: active if watch.busy or reach.failures else idle)
    ticks.add("send", sender.tick, lambda: active)
    ticks.add("search", search.tick, lambda: active)
    ticks.add("inbox", look_into_inbox, lambda: settings.faxbot_inbox_seconds)
    ticks.add("sweep", sweep_inbox, lambda: settings.faxbot_inbox_sweep_seconds)
    ticks.add("retention", retention.tick, lambda: HOUR)
    return ticks


async def _no_answer() -> None:
    """A tick with nothing to do goes through while the fax server is away: those that asked it say so."""


async def _sign_in(api: WebApi) -> Me:
    """Who the bot is (auth.test)."""
    while True:
        try:
            return await api.me()
        except SlackRefused as refused:
            if refused.error in _TOKEN_PROBLEMS:
                raise SettingsProblem(
                    f"Slack does not accept SLACK_BOT_TOKEN ({refused.error}). "
                    "Copy it anew from api.slack.com/apps, your app, OAuth & Permissions."
                ) from refused
            raise
        except SlackFault as fault:
            log.warning("Slack does not answer yet", extra={"fault": type(fault).__name__})
            await asyncio.sleep(RETRY_SECONDS)


async def _check_inbound(
    directory: SlackDirectory, channel_id: str, me: Me, say: Callable[[str], None]
) -> None:
    """Received faxes wait until the bot is in their channel: better said now than missed."""
    try:
        await directory.ensure_can_post(channel_id, me.user_id)
    except CannotPost:
        say(
            f"FAXBOT_INBOUND_CHANNEL {channel_id}: I can't post there yet, so received faxes wait. "
            "Type /invite in that channel to add me."
        )
    except SlackFault as fault:
        log.warning("the inbound channel could not be checked", extra={"fault": type(fault).__name__})


async def _check_socket(api: WebApi, app_token: str) -> None:
    """Slack accepts the app-level token (apps.connections.open)."""
    try:
        await api.read(lambda: api.client.apps_connections_open(app_token=app_token))
    except SlackRefused as refused:
        raise SettingsProblem(
            f"Slack does not accept SLACK_APP_TOKEN ({refused.error}). It needs the scope connections:write: "
            "api.slack.com/apps, Basic Information, App-Level Tokens; and Socket Mode has to be on."
        ) from refused
    except SlackFault as fault:
        log.warning("Slack does not open a socket yet", extra={"fault": type(fault).__name__})


async def _begin(house: House, server: UcxClient, *, backfill: bool, say: Callable[[str], None]) -> None:
    """Recall what was; take the baseline of what the fax server has, waiting for it if need be."""
    await house.lines.start()
    await house.reach.start()
    await house.watch.start()
    await house.sender.start()
    said = False
    while True:
        try:
            await house.received.begin(backfill=backfill)
            await house.sent.begin()
            await server.count_records(Direction.RX)
            await house.lines.lines()
        except CredentialsRejected as exc:
            raise SettingsProblem(
                "The UCX does not accept UCX_CLIENT_ID and UCX_CLIENT_SECRET. "
                "It shows both under System, Licenses; the licence must be valid."
            ) from exc
        except ServerFault as fault:
            if not said:
                say(f"The fax server does not answer yet. ({fault})")
                said = True
            if house.received.begun and house.sent.begun:
                return  # nothing can be missed: it was followed before
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


@contextlib.asynccontextmanager
async def _running(house: House) -> AsyncIterator[None]:
    """The outbox and the desk, while the block lasts."""
    outbox = asyncio.create_task(house.outbox.run(), name="outbox")
    await house.desk.start()
    try:
        yield
    finally:
        outbox.cancel()
        await house.desk.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await outbox
