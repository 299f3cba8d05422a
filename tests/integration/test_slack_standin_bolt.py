"""A small Bolt app on the Slack stand-in, from a command to an updated card."""

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.slack_standin import CLAIMS, DANA, RawClient, running
from tests.support.waiting import until

PLAIN = {"type": "plain_text", "text": "Fax"}
MODAL = {
    "type": "modal",
    "callback_id": "send",
    "title": PLAIN,
    "submit": PLAIN,
    "blocks": [
        {
            "type": "input",
            "block_id": "docs",
            "label": PLAIN,
            "element": {"type": "file_input", "action_id": "files"},
        }
    ],
}
CARD = [
    {
        "type": "actions",
        "block_id": "card",
        "elements": [{"type": "button", "action_id": "cancel", "text": PLAIN, "value": "TX1"}],
    }
]


def make_app(workspace, received):
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    app = AsyncApp(token=workspace.bot_token, client=client, process_before_response=False)

    @app.command("/fax")
    async def fax(ack, command, client):
        await ack("Faxing.")
        await client.views_open(trigger_id=command["trigger_id"], view=MODAL)

    @app.view("send")
    async def sent(ack, view, client):
        await ack()
        files = view["state"]["values"]["docs"]["files"]["files"]
        await client.chat_postMessage(channel=CLAIMS, text=f"Faxing {files[0]['name']}", blocks=CARD)

    @app.action("cancel")
    async def cancelled(ack, body, client):
        await ack()
        message = body["message"]
        await client.chat_update(channel=body["channel"]["id"], ts=message["ts"], text="Stopped", blocks=[])

    @app.event("message")
    async def message(event):
        received.append(event)

    return app


@pytest.fixture
async def raw(tmp_path):
    async with running(tmp_path, ack_deadline=2.0) as workspace, aiohttp.ClientSession() as session:
        yield RawClient(workspace, session)


async def test_command_modal_file_button_update(raw):
    """/fax opens a modal, its submission posts a card, and the card's button updates the card."""
    workspace, received = raw.workspace, []
    handler = AsyncSocketModeHandler(make_app(workspace, received), workspace.app_token)
    await handler.connect_async()
    try:
        await until(lambda: workspace.installation.socket.connected)
        assert (await raw.person("command", user=DANA, channel=CLAIMS, text="/fax"))["ok"]
        (view,) = await until(lambda: workspace.state.views.stack(DANA))
        assert [e.content["text"] for e in workspace.state.ephemerals.values()] == ["Faxing."]
        ident = await raw.person_file(DANA, "referral.pdf", b"%PDF")
        values = {"docs": {"files": {"files": [ident]}}}
        assert (await raw.person("submit", user=DANA, view=view.id, values=values))["ok"]
        (card,) = await until(lambda: workspace.state.messages.in_order(CLAIMS))
        assert card["text"] == "Faxing referral.pdf"
        press = {"channel": CLAIMS, "ts": card["ts"], "block_id": "card", "action_id": "cancel"}
        assert (await raw.person("press", user=DANA, **press))["ok"]
        await until(lambda: card["text"] == "Stopped" and "blocks" not in card)
        journal = workspace.journal
        # Wait for the acknowledgements of command, form, post, press and update: none may be ignored below.
        await until(lambda: len(journal.of("envelope_sent")) == len(journal.of("envelope_acked")) == 5)
        await raw.control("socket", ignore_acks=1)
        await raw.person("say", user=DANA, channel=CLAIMS, text="anyone?")
        await until(lambda: [e["text"] for e in received if e.get("text") == "anyone?"] == ["anyone?"] * 2)
        await until(lambda: not any(c.unacknowledged for c in workspace.installation.socket.connections()))
    finally:
        await handler.close_async()


async def test_the_sdk_reconnects_after_a_refresh(raw):
    """After a refresh the SDK's client reconnects and receives later events."""
    workspace, received = raw.workspace, []
    workspace.settings.disconnect_notice = 0.0
    handler = AsyncSocketModeHandler(make_app(workspace, received), workspace.app_token, ping_interval=0.2)
    await handler.connect_async()
    try:
        await until(lambda: workspace.installation.socket.connected)
        await raw.control("socket", refresh=True)
        await until(lambda: len(workspace.journal.of("socket_open")) >= 2)
        await until(lambda: workspace.installation.socket.connected)
        await raw.person("say", user=DANA, channel=CLAIMS, text="still there?")
        await until(lambda: [e for e in received if e["text"] == "still there?"])
    finally:
        await handler.close_async()
