"""
`faxbot serve` with seams that break, each with data in what it raises. Started by test_log_hygiene.py.

The word CRASH in a request raises where it is processed; none of this is in the bot.
"""

import asyncio
import gc
import logging
import threading
import warnings

import httpx
from pydantic import TypeAdapter

from faxbot.cli import app
from faxbot.fax.errors import SlackUnclear
from faxbot.services.model.requests import Request
from faxbot.services.queries.queries import Queries
from faxbot.services.requests.subscriptions import SubscriptionRequests
from faxbot.services.upkeep.spool_retention import SpoolRetention
from faxbot.settings import load_settings
from faxbot.slack import views


def everything() -> str:
    """The tokens, as an exception might quote them."""
    settings = load_settings()
    secrets = (settings.slack_bot_token, settings.slack_app_token, settings.ucx_client_secret)
    return " ".join(secret.get_secret_value() for secret in secrets)


lines_of, subscribe_to, card_of = Queries.lines, SubscriptionRequests.subscribe, views.render_card


async def lines(self, wanted=""):
    if "CRASH" in wanted:
        raise LookupError(f"no line {wanted!r} with {everything()}")
    return await lines_of(self, wanted)


async def subscribe(self, request: Request):
    if "CRASH" in str(request.body):
        TypeAdapter(int).validate_python(request.model_dump())
    return await subscribe_to(self, request)


def render_card(card, site, now):
    if "CRASH" in str(card):
        raise KeyError(str(card)) from httpx.InvalidURL(everything())
    return card_of(card, site, now)


async def tick(self):
    """What else can speak up in the process, and at last the tick itself."""
    secret = everything()
    warnings.warn(secret, stacklevel=1)
    threading.Thread(target=int, args=(secret,)).start()
    logging.getLogger("aiohttp.client").warning("cannot reach %s", secret)
    logging.getLogger("asyncio").error(f"Exception in callback {secret}")  # noqa: G004 - as asyncio does it

    async def forgotten():
        raise SlackUnclear(secret)

    asyncio.create_task(forgotten())  # noqa: RUF006 - its result is not used
    await asyncio.sleep(0)
    gc.collect()
    await self._store.read(
        lambda ledger: ledger._session.connection().exec_driver_sql(  # noqa: SLF001 - no method takes SQL
            f"select '{secret}' x y"
        )
    )


Queries.lines, SubscriptionRequests.subscribe, SpoolRetention.tick, views.render_card = (
    lines,
    subscribe,
    tick,
    render_card,
)
app(["serve"], prog_name="faxbot")
