"""Creates the adapters for Slack, the UCX and the clock, and wires the services to them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from slack_bolt.app.async_app import AsyncApp

from faxbot.bootstrap import Adapters, Intervals, Services, ServiceSettings, wire_services
from faxbot.documents.sandbox import DocumentSandbox
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.model.ports import Clock
from faxbot.settings import Settings, SettingsProblem
from faxbot.slack.adapters.attachments import SlackAttachments
from faxbot.slack.adapters.directory import SlackDirectory
from faxbot.slack.adapters.forms import FaxForms
from faxbot.slack.adapters.messenger import SlackMessenger
from faxbot.slack.adapters.replies import Replies
from faxbot.slack.bolt_app import build_bolt_app
from faxbot.slack.inbound.http_mode import HttpEndpoint
from faxbot.slack.inbound.prompt_ack import Unacknowledged
from faxbot.slack.inbound.socket_mode import SocketMode
from faxbot.slack.listeners import ListenerContext
from faxbot.slack.views import BotProfile, render, render_comment
from faxbot.slack.web_api.client import build_client
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.rate_limits import SlackRateLimits, is_slack_itself
from faxbot.slack.web_api.web_api import BotIdentity, WebApi
from faxbot.store.engine import TransactionStore
from faxbot.ucx.client import UcxClient, connect


class SystemClock:
    """The system clock, as the port `Clock` (services/model/ports.py)."""

    def now(self) -> datetime:
        """The current time, aware and in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Sleep for *seconds*."""
        await asyncio.sleep(seconds)

    def on_the_wall(self, seconds: float) -> float:
        """Convert *seconds* of this clock to seconds of the system clock; here they are equal."""
        return seconds


def _unmeasured(*_: object) -> None:
    """The default callback: no measurement."""


@dataclass(frozen=True, slots=True)
class MetricsCallbacks:
    """The adapters' callbacks for measurements, implemented by `metrics.py`. By default they do nothing."""

    called_ucx: Callable[[str, str, float], None] = _unmeasured
    """(method, outcome, seconds)"""
    called_slack: Callable[[str, str, float], None] = _unmeasured
    """(method, outcome, seconds)"""
    acknowledged: Callable[[str, float], None] = _unmeasured
    """(kind of envelope, seconds)"""
    posted: Callable[[float], None] = _unmeasured
    """(seconds from finding a received fax to its file in a channel)"""


class EnvelopeTransport(Protocol):
    """How the bot receives envelopes from Slack: over WebSockets (Socket Mode) or as HTTP requests."""

    @property
    def connection_count(self) -> int:
        """Number of open WebSockets (Socket Mode); 1 while the port is open (HTTP mode)."""

    async def open(self) -> None:
        """
        Start receiving envelopes; returns when they can arrive.

        Raises:
            OSError: The port for HTTP requests cannot be used.
        """

    async def close(self) -> None:
        """Stop receiving envelopes; pending acknowledgements are sent first."""


@dataclass(frozen=True, slots=True)
class Bot:
    """The wired bot: services, the transport of envelopes, and the directory of people and channels."""

    services: Services
    transport: EnvelopeTransport
    directory: SlackDirectory


def connect_to_ucx(settings: Settings, clock: Clock, callbacks: MetricsCallbacks) -> UcxClient:
    """
    Create the client of the UCX that the settings name.

    Raises:
        SettingsProblem: UCX_URL or UCX_CA_FILE is invalid.
    """
    try:
        return connect(
            settings.ucx_url,
            settings.ucx_client_id,
            settings.ucx_client_secret.get_secret_value(),
            token_file=settings.faxbot_data_dir / "ucx-token",
            ca_file=settings.ucx_ca_file,
            sleep=clock.sleep,
            now=clock.now,
            called=callbacks.called_ucx,
        )
    except ValueError as exc:
        raise SettingsProblem(f"UCX_URL or UCX_CA_FILE is not right: {exc}") from exc


def slack_rate_limits(settings: Settings, clock: Clock) -> SlackRateLimits:
    """Slack's rate limits: applied from the start at Slack or with `tiers`, else after the first HTTP 429."""
    limits = settings.faxbot_slack_limits
    strict = limits == "tiers" or (not limits and is_slack_itself(settings.slack_api_url))
    return SlackRateLimits(lambda: clock.now().timestamp(), strict=strict)


def connect_to_slack(
    settings: Settings,
    connections: Connections,
    pace: SlackRateLimits,
    *,
    clock: Clock,
    callbacks: MetricsCallbacks,
) -> WebApi:
    """Create the client of the Web API that the settings name."""
    token = settings.slack_bot_token.get_secret_value()
    client = build_client(token, settings.slack_api_url, connections, pace, callbacks.called_slack)
    return WebApi(client, connections, sleep=clock.sleep)


def wire(
    settings: Settings,
    store: TransactionStore,
    server: UcxClient,
    api: WebApi,
    *,
    pace: SlackRateLimits,
    me: BotIdentity,
    clock: Clock,
    callbacks: MetricsCallbacks,
) -> Bot:
    """
    Create the bot; nothing is started yet.

    *pace*: the rate limits that *api* also applies. *me*: the bot's own user, from auth.test.
    """
    setting = ServiceSettings(
        spool=settings.faxbot_data_dir / "spool",
        spool_days=settings.faxbot_spool_days,
        settle=settings.faxbot_settle_seconds,
        inbound_channel=settings.faxbot_inbound_channel,
        admins=settings.faxbot_admins,
        plan=settings.plan,
        modems=settings.modems,
        default_line=settings.faxbot_default_line,
        paces=Intervals(
            active=settings.faxbot_poll_active_seconds,
            idle=settings.faxbot_poll_idle_seconds,
            inbox=settings.faxbot_inbox_seconds,
            sweep=settings.faxbot_inbox_sweep_seconds,
        ),
    )
    profile = BotProfile(region=setting.plan.region)
    directory = SlackDirectory(api, clock.now)
    unacknowledged = Unacknowledged()
    attachments = SlackAttachments(api, max_bytes=settings.max_bytes)
    lines = LineDirectory(server, store, clock, settled=setting.modems, preferred=setting.default_line)
    forms = FaxForms(api, lines, attachments, profile)
    adapters = Adapters(
        server=server,
        store=store,
        messenger=SlackMessenger(
            api,
            lambda message: render(message, profile, clock.now()),
            lambda message: render_comment(message, profile, clock.now()),
        ),
        pace=pace,
        attachments=attachments,
        directory=directory,
        documents=DocumentSandbox(
            max_bytes=settings.max_bytes, max_pages=settings.faxbot_max_pages, paper=settings.paper
        ),
        clock=clock,
        lines=lines,
        forms=forms,
        bot_user_id=me.user_id,
        posted=callbacks.posted,
        turn=unacknowledged.idle,
    )
    services = wire_services(setting, adapters)
    context = ListenerContext(
        services.runner, services.queries, forms, Replies(api), profile, me.user_id, clock.now
    )
    app = build_bolt_app(
        api.client, me, context, acknowledged=callbacks.acknowledged, unacknowledged=unacknowledged
    )
    return Bot(services, _transport(settings, app, clock), directory)


def _transport(settings: Settings, app: AsyncApp, clock: Clock) -> EnvelopeTransport:
    """The transport for Socket Mode if an app-level token is set, else for HTTP mode."""
    if settings.socket_mode:
        return SocketMode(app, settings.slack_app_token.get_secret_value(), clock)
    secret = settings.slack_signing_secret.get_secret_value()
    host, port = settings.faxbot_http_host, settings.faxbot_http_port
    return HttpEndpoint(app, secret, clock.now, host=host, port=port)
