"""
The floor: a Bolt app that does nothing but acknowledge, set up as Bolt's own documents do it.

Run as `python -m benchmarks.bare_bolt`; `CONNECTIONS` says how many sockets it opens.
"""

import asyncio
import os
import re
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

READY = "bare Bolt is ready"
ANYTHING = re.compile("")


async def acknowledge(ack: AsyncAck) -> None:
    """The empty listener."""
    await ack()


async def main() -> None:
    """Connect, say so when Slack has greeted every socket, and go on until stopped."""
    token, app_token = os.environ["SLACK_BOT_TOKEN"], os.environ["SLACK_APP_TOKEN"]
    connections = int(os.environ["CONNECTIONS"])
    app = AsyncApp(token=token, client=AsyncWebClient(token, base_url=os.environ["SLACK_API_URL"]))
    app.command("/fax")(acknowledge)
    app.action(ANYTHING)(acknowledge)
    app.view(ANYTHING)(acknowledge)
    greetings = 0
    greeted = asyncio.Event()

    async def hear(_client: object, message: dict[str, Any], _raw: str | None) -> None:
        nonlocal greetings
        greetings += message.get("type") == "hello"
        if greetings == connections:
            greeted.set()

    handlers = [AsyncSocketModeHandler(app, app_token) for _ in range(connections)]
    for handler in handlers:
        handler.client.message_listeners.append(hear)
    await asyncio.gather(*(handler.connect_async() for handler in handlers))  # type: ignore[no-untyped-call] # Bolt
    await greeted.wait()
    print(READY, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
