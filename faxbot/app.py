"""Starts and stops the bot: the order of the steps, and the line printed for each."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from faxbot.adapters import (
    Bot,
    EnvelopeTransport,
    MetricsCallbacks,
    SystemClock,
    connect_to_slack,
    connect_to_ucx,
    slack_rate_limits,
    wire,
)
from faxbot.bootstrap import Services
from faxbot.database import database_problem, open_database
from faxbot.datadir import close_to_others
from faxbot.fax.errors import (
    CannotPost,
    CredentialsRejected,
    RequestRefused,
    ServerFault,
    SlackFault,
    SlackRefused,
)
from faxbot.fax.job import Direction
from faxbot.services.model.ports import Clock
from faxbot.services.upkeep.restore import mark_if_restored
from faxbot.settings import Settings, SettingsProblem
from faxbot.slack.adapters.directory import SlackDirectory
from faxbot.slack.inbound.http_mode import PATH
from faxbot.slack.web_api.connections import Connections
from faxbot.slack.web_api.web_api import BotIdentity, WebApi
from faxbot.store.connection import DatabaseInUse
from faxbot.store.engine import TransactionStore
from faxbot.ucx.client import UcxClient

if TYPE_CHECKING:
    from faxbot.metrics import Metrics

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
PATIENCE_SECONDS = 5.0
"""How long the start waits for an answer of a fax server that it knows."""
PROGRESS_SECONDS = 5.0
"""Between two lines that say how much of a long list was read."""
ASKING = "Asking the fax server what it has …"

_TOKEN_PROBLEMS = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}


async def serve(
    settings: Settings,
    say: Callable[[str], None],
    clock: Clock | None = None,
    *,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """
    Run faxbot until canceled.

    *say* is called with a line for each step, *ready* after the last line. Tests pass a *clock* that runs
    faster than the system clock.

    Raises:
        SettingsProblem: Slack or the UCX does not accept the settings, or another bot uses the database.
    """
    clock = clock or SystemClock()
    for sentence in close_to_others(settings.faxbot_data_dir):
        say(sentence)
    engine, _, _ = open_database(settings)
    metrics, callbacks = _open_metrics(settings)
    async with contextlib.AsyncExitStack() as stack:
        store = TransactionStore(engine)
        stack.callback(store.close)
        await stack.enter_async_context(_while_only_writer(store))
        await _mark_if_restored(store, settings, clock)
        server = connect_to_ucx(settings, clock, callbacks)
        stack.push_async_callback(server.aclose)
        connections = Connections()
        stack.push_async_callback(connections.close)
        pace = slack_rate_limits(settings, clock)
        api = connect_to_slack(settings, connections, pace, clock=clock, callbacks=callbacks)
        say("Signing in to Slack …")
        me = await _sign_in(api, clock)
        house = wire(settings, store, server, api, pace=pace, me=me, clock=clock, callbacks=callbacks)
        services = house.services
        if metrics is not None:
            await stack.enter_async_context(_measured(metrics, settings, house, store, clock))
        await _check_inbound(house.directory, settings.faxbot_inbound_channel, me, say)
        say(ASKING)
        baseline = _Baseline(services, server, clock, backfill=settings.faxbot_backfill, say=say)
        known = await _recall(services)
        if known:
            await baseline.take()
        await stack.enter_async_context(_running(services))
        stack.push_async_callback(house.transport.close)
        await _open(house.transport, settings, api, say)
        if not known:  # it may take minutes: commands are answered meanwhile
            await baseline.take()
        services.ticks.start()
        stack.callback(services.ticks.stop)
        say("faxbot is ready")
        ready()
        await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def _while_only_writer(store: TransactionStore) -> AsyncIterator[None]:
    """
    End the block if another bot writes to the database.

    Raises:
        SettingsProblem: One does.
    """
    task, lost = asyncio.current_task(), list[DatabaseInUse]()

    def stop(error: DatabaseInUse) -> None:
        lost.append(error)
        if task is not None:
            task.cancel()

    store.on_lost(stop)
    try:
        yield
    except (DatabaseInUse, asyncio.CancelledError):
        if lost:
            raise SettingsProblem(str(lost[0])) from lost[0]
        raise


async def _mark_if_restored(store: TransactionStore, settings: Settings, clock: Clock) -> None:
    """
    Before anything ticks: in a restored database, unfinished work is looked up before it is done.

    Raises:
        SettingsProblem: The database can't be used.
    """
    try:
        marked = await store.write(lambda ledger: mark_if_restored(ledger, clock.now()))
    except DBAPIError as exc:
        raise database_problem(settings, exc) from exc
    if marked is not None:
        log.warning(
            "the database was restored from a dump: unfinished work is looked up, not repeated",
            extra={"unfinished": marked},
        )


def _open_metrics(settings: Settings) -> tuple["Metrics | None", MetricsCallbacks]:
    """The metrics and the callbacks that feed them; without FAXBOT_METRICS_PORT, none."""
    if not settings.faxbot_metrics_port:
        return None, MetricsCallbacks()
    from faxbot.metrics import Metrics  # noqa: PLC0415 - prometheus_client is loaded only if it is used

    metrics = Metrics()
    return metrics, MetricsCallbacks(
        metrics.called_ucx, metrics.called_slack, metrics.acknowledged, metrics.posted
    )


@contextlib.asynccontextmanager
async def _measured(
    metrics: "Metrics", settings: Settings, house: Bot, store: TransactionStore, clock: Clock
) -> AsyncIterator[None]:
    """Serve health and metrics at FAXBOT_METRICS_PORT within the block."""
    from faxbot.metrics import Health, serve_metrics  # noqa: PLC0415 - as above

    def connected() -> int:
        return house.transport.connection_count

    metrics.watch(house.services, connected, clock)
    health = Health(store, connected, lambda: house.services.outages.since)
    host, port = settings.faxbot_metrics_host, settings.faxbot_metrics_port
    try:
        runner = await serve_metrics(metrics, health, host, port)
    except OSError as exc:
        raise SettingsProblem(
            f"FAXBOT_METRICS_PORT {port} can't be used at {host} ({exc.strerror}). Choose another one."
        ) from exc
    try:
        yield
    finally:
        await runner.cleanup()


async def _sign_in(api: WebApi, clock: Clock) -> BotIdentity:
    """
    The bot's own identity (auth.test); retried until Slack responds.

    Raises:
        SettingsProblem: Slack does not accept SLACK_BOT_TOKEN.
    """
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
            await clock.sleep(RETRY_SECONDS)


async def _check_inbound(
    directory: SlackDirectory, channel_id: str, me: BotIdentity, say: Callable[[str], None]
) -> None:
    """Print a line if the bot cannot post in the inbound channel, where received faxes then wait."""
    try:
        await directory.ensure_can_post(channel_id, me.user_id)
    except CannotPost:
        say(
            f"FAXBOT_INBOUND_CHANNEL {channel_id}: I can't post there yet, so received faxes wait. "
            "Type /invite in that channel to add me."
        )
    except SlackFault as fault:
        log.warning("the inbound channel could not be checked", extra={"fault": type(fault).__name__})


async def _open(
    transport: EnvelopeTransport, settings: Settings, api: WebApi, say: Callable[[str], None]
) -> None:
    """
    Open *transport*.

    Raises:
        SettingsProblem: Slack does not accept SLACK_APP_TOKEN, or FAXBOT_HTTP_PORT cannot be used.
    """
    if settings.socket_mode:
        if settings.slack_signing_secret:
            say("SLACK_APP_TOKEN is set, so this is Socket Mode; SLACK_SIGNING_SECRET is not used.")
        say("Connecting to Slack …")
        await _check_socket(api, settings.slack_app_token.get_secret_value())
        await transport.open()
        return
    host, port = settings.faxbot_http_host, settings.faxbot_http_port
    try:
        await transport.open()
    except OSError as exc:
        raise SettingsProblem(
            f"FAXBOT_HTTP_PORT {port} can't be used at {host} ({exc.strerror}). Choose another one; the "
            "proxy in front of it has to know it, too."
        ) from exc
    say(f"Slack's requests are taken at http://{host}:{port}{PATH}")


async def _check_socket(api: WebApi, app_token: str) -> None:
    """
    Check the app-level token (apps.connections.open).

    Raises:
        SettingsProblem: Slack does not accept it.
    """
    try:
        await api.read(lambda: api.client.apps_connections_open(app_token=app_token))
    except SlackRefused as refused:
        raise SettingsProblem(
            f"Slack does not accept SLACK_APP_TOKEN ({refused.error}). It needs the scope connections:write: "
            "api.slack.com/apps, Basic Information, App-Level Tokens; and Socket Mode has to be on."
        ) from refused
    except SlackFault as fault:
        log.warning("Slack does not open a socket yet", extra={"fault": type(fault).__name__})


async def _recall(services: Services) -> bool:
    """Read what was left unfinished; return whether the baseline of both directions is complete."""
    await services.lines.start()
    await services.outages.start()
    await services.watch.start()
    await services.preparation.start()
    await services.received.recall()
    await services.sent.recall()
    return services.received.begun and services.sent.begun


@dataclass(slots=True)
class _Baseline:
    """The baseline of what the fax server has, and what is said while it is taken."""

    services: Services
    server: UcxClient
    clock: Clock
    _: KW_ONLY
    backfill: bool
    say: Callable[[str], None]
    _said_at: float = field(default=0.0, init=False)

    async def take(self) -> None:
        """
        Take the baseline, waiting for the fax server if need be.

        Where it was taken before, nothing can be missed: the bot starts in an outage, too, and keeps the
        faxes that are to be sent.

        Raises:
            SettingsProblem: At the first start the UCX rejects the credentials.
        """
        services, said = self.services, False
        while True:
            try:
                self._said_at = self.clock.now().timestamp()
                await services.received.begin(backfill=self.backfill, progress=self._progress)
                await services.sent.begin(progress=self._progress)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self.server.count_records(Direction.RX)
                    await services.lines.lines()
            except CredentialsRejected as exc:
                sentence = (
                    "The UCX does not accept UCX_CLIENT_ID and UCX_CLIENT_SECRET. "
                    "It shows both under System, Licenses; the license must be valid."
                )
                if not (services.received.begun and services.sent.begun):
                    raise SettingsProblem(sentence) from exc
                self.say(f"{sentence} Until then faxes are kept.")
                return
            except (ServerFault, TimeoutError) as fault:
                if not said:
                    # a refusal is said in the server's own words
                    why = str(fault) if isinstance(fault, ServerFault) else "It is slow."
                    why = "It refuses." if isinstance(fault, RequestRefused) else why
                    self.say(f"The fax server does not answer yet. ({why})")
                    said = True
                if services.received.begun and services.sent.begun:
                    return
                await self.clock.sleep(RETRY_SECONDS)
            else:
                return

    def _progress(self, read: int, count: int) -> None:
        """Say how far a long reading is, every few seconds."""
        now = self.clock.now().timestamp()
        if now - self._said_at >= PROGRESS_SECONDS:
            self._said_at = now
            self.say(f"{ASKING} {read:,} of {count:,} records")


@contextlib.asynccontextmanager
async def _running(services: Services) -> AsyncIterator[None]:
    """Run the outbox and the request runner within the block."""
    outbox = asyncio.create_task(services.outbox.run(), name="outbox")
    await services.runner.start()
    try:
        yield
    finally:
        outbox.cancel()
        await services.runner.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await outbox
