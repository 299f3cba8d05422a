"""The bot's life: in which order it starts, what it says meanwhile, and how it stops."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable

from faxbot.fax.errors import CannotPost, CredentialsRejected, ServerFault, SlackFault, SlackRefused
from faxbot.fax.job import Direction
from faxbot.settings import Settings, SettingsProblem
from faxbot.slack.api import Me, WebApi
from faxbot.slack.directory import SlackDirectory
from faxbot.slack.web import Connections, build_client
from faxbot.store.engine import TransactionStore, open_engine
from faxbot.store.schema import migrate
from faxbot.ucx.client import UcxClient, connect
from faxbot.wiring import House, wire

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0

_TOKEN_PROBLEMS = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}


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
        server = connect_to_ucx(settings)
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


def connect_to_ucx(settings: Settings) -> UcxClient:
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
