"""The payloads of commands, presses, modals and shortcuts of the Slack stand-in."""

import aiohttp
import pytest

from tests.support.slack_standin import (
    CLAIMS,
    DANA,
    DANA_IM,
    MARCUS,
    PRIYA,
    RawClient,
    running,
    write_manifest,
)
from tests.support.waiting import until

PLAIN = {"type": "plain_text", "text": "x"}
BUTTON = {"type": "button", "action_id": "go", "value": "7", "text": PLAIN}
ACTIONS = [{"type": "actions", "block_id": "b", "elements": [BUTTON]}]
INPUT = {
    "type": "input",
    "block_id": "number",
    "label": PLAIN,
    "element": {"type": "plain_text_input", "action_id": "typed"},
}
MODAL = {"type": "modal", "callback_id": "send", "title": PLAIN, "submit": PLAIN, "blocks": [INPUT]}


@pytest.fixture
async def raw(tmp_path):
    async with running(tmp_path) as workspace, aiohttp.ClientSession() as session:
        yield RawClient(workspace, session)


async def open_modal(raw, socket, view=None, user=DANA):
    """Run a command as *user* and open *view* with its trigger_id; return the answer of views.open."""
    before = len(socket.of("slash_commands"))
    await raw.person("command", user=user, channel=CLAIMS, text="/fax")
    trigger = (await until(lambda: socket.of("slash_commands")[before:]))[0]["trigger_id"]
    return await raw.json("views.open", trigger_id=trigger, view=view or MODAL)


async def test_the_fields_of_a_command(raw):
    """A command has Slack's fields, the text as typed, and no thread."""
    async with raw.socket() as socket:
        await raw.person("command", user=DANA, channel=CLAIMS, text="/fax send 469 555 0101 & <x>")
    fields = socket.of("slash_commands")[0]
    slacks = "token team_id team_domain channel_id channel_name user_id user_name command text"
    assert set(fields) >= {*slacks.split(), "response_url", "trigger_id", "api_app_id"}
    assert (fields["command"], fields["text"]) == ("/fax", "send 469 555 0101 & <x>")
    assert (fields["channel_id"], fields["channel_name"], fields["user_name"]) == (CLAIMS, "claims", "dana")
    assert "thread_ts" not in fields
    assert socket.received[0]["accepts_response_payload"] is True


async def test_escaping_of_command_text(raw):
    """With should_escape people and channels are tags, without it names."""
    async with raw.socket() as socket:
        await raw.person("command", user=DANA, channel=CLAIMS, text="/esc @marcus in #claims")
        await raw.person("command", user=DANA, channel=CLAIMS, text=f"/fax <@{MARCUS}> in <#{CLAIMS}>")
    escaped, plain = (fields["text"] for fields in socket.of("slash_commands"))
    assert escaped == f"<@{MARCUS}|marcus> in <#{CLAIMS}|claims>"
    assert plain == "@marcus in #claims"


async def test_no_commands_in_threads(raw):
    """A command in a thread is not delivered; the person sees an error."""
    async with raw.socket() as socket:
        answer = await raw.person("command", user=DANA, channel=CLAIMS, text="/fax", thread_ts="1.0")
    assert answer["message"] == "/fax is not supported in threads. Sorry!"
    assert not socket.received


async def test_the_answer_to_a_command(raw):
    """A text in the acknowledgement is posted as ephemeral, or with in_channel as a message."""
    answers = [{"text": "only you"}, {"text": "everyone", "response_type": "in_channel"}]
    async with raw.socket(ack=lambda _: answers.pop(0)):
        await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
        await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
    (ephemeral,) = raw.workspace.state.ephemerals.values()
    assert (ephemeral.user, ephemeral.content["text"]) == (DANA, "only you")
    assert raw.workspace.state.messages.in_order(CLAIMS)[-1]["text"] == "everyone"


async def test_a_press_on_a_message(raw):
    """block_actions has the message, its channel, the action, the state, a response_url and a trigger_id."""
    ts = (await raw.json("chat.postMessage", channel=CLAIMS, text="x", blocks=ACTIONS))["ts"]
    async with raw.socket() as socket:
        await raw.person("press", user=DANA, channel=CLAIMS, ts=ts, block_id="b", action_id="go")
    payload = socket.of("interactive")[0]
    assert payload["type"] == "block_actions"
    assert payload["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": CLAIMS,
        "is_ephemeral": False,
    }
    assert payload["message"]["ts"] == ts
    assert payload["channel"] == {"id": CLAIMS, "name": "claims"}
    assert payload["user"]["id"] == DANA
    action = payload["actions"][0]
    assert {k: action[k] for k in ("type", "block_id", "action_id", "value")} == {
        "type": "button",
        "block_id": "b",
        "action_id": "go",
        "value": "7",
    }
    assert float(action["action_ts"]) > float(ts)
    assert payload["state"] == {"values": {}}
    assert payload["response_url"].startswith(raw.workspace.url + "/actions/")
    assert payload["trigger_id"]


async def test_a_press_without_a_receiver(raw):
    """Without a connection, or without such a button, the person sees an error."""
    ts = (await raw.json("chat.postMessage", channel=CLAIMS, text="x", blocks=ACTIONS))["ts"]
    press = {"user": DANA, "channel": CLAIMS, "ts": ts, "block_id": "b"}
    assert (await raw.person("press", **press, action_id="go"))["error"] == "dispatch_failed"
    assert (await raw.person("press", **press, action_id="gone"))["error"] == "action_not_found"


async def test_an_ephemeral_message_is_replaced_through_its_response_url(raw):
    """A press on an ephemeral message has no `message`; its response_url replaces or deletes it."""
    await raw.json("chat.postEphemeral", channel=CLAIMS, user=DANA, text="x", blocks=ACTIONS)
    (ident,) = raw.workspace.state.ephemerals
    async with raw.socket() as socket:
        await raw.person("press", user=DANA, ephemeral=ident, block_id="b", action_id="go")
    payload = socket.of("interactive")[0]
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload
    async with raw.session.post(
        payload["response_url"], json={"replace_original": True, "text": "new"}
    ) as answer:
        assert await answer.text() == "ok"
    assert raw.workspace.state.ephemerals[ident].content == {"text": "new"}
    await raw.session.post(payload["response_url"], json={"delete_original": True})
    assert not raw.workspace.state.ephemerals


async def test_a_response_url_expires(raw):
    """A response_url is valid five times and for half an hour."""
    async with raw.socket() as socket:
        await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
        await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
    first, second = (fields["response_url"] for fields in socket.of("slash_commands"))
    statuses = []
    for n in range(6):
        async with raw.session.post(first, json={"text": str(n)}) as answer:
            statuses.append(answer.status)
            last = await answer.text()
    assert statuses == [200] * 5 + [404]
    assert "used_url" in last
    raw.workspace.settings.response_url_lifetime = 0.0
    async with raw.session.post(second, json={"text": "late"}) as answer:
        assert "expired_url" in await answer.text()


async def test_a_trigger_works_once_and_soon(raw):
    """A trigger_id opens one view within its lifetime; unknown ones are refused."""
    async with raw.socket() as socket:
        await open_modal(raw, socket)
        used = socket.of("slash_commands")[0]["trigger_id"]
        assert (await raw.json("views.open", trigger_id=used, view=MODAL))["error"] == "exchanged_trigger_id"
        assert (await raw.json("views.open", trigger_id="1.2.a", view=MODAL))["error"] == "invalid_trigger_id"
        raw.workspace.settings.trigger_lifetime = 0.0
        assert (await open_modal(raw, socket))["error"] == "expired_trigger_id"


async def test_a_submission(raw):
    """view_submission carries the view with state.values; without a response_action the modal closes."""
    async with raw.socket() as socket:
        view = (await open_modal(raw, socket))["view"]
        values = {"number": {"typed": {"value": "469 555 0101"}}}
        assert (await raw.person("submit", user=DANA, view=view["id"], values=values))["ok"]
    payload = socket.of("interactive")[0]
    assert payload["type"] == "view_submission"
    assert payload["view"]["callback_id"] == "send"
    assert payload["view"]["state"]["values"]["number"]["typed"] == {
        "type": "plain_text_input",
        "value": "469 555 0101",
    }
    assert payload["view"]["root_view_id"] == view["id"]
    assert payload["response_urls"] == []
    assert not raw.workspace.state.views.open


async def test_required_inputs_are_validated_before_the_submission(raw):
    """An empty required input is marked and nothing is sent to the app."""
    async with raw.socket() as socket:
        view = (await open_modal(raw, socket))["view"]
        answer = await raw.person("submit", user=DANA, view=view["id"], values={})
    assert answer["errors"] == {"number": "Please complete this required field."}
    assert not socket.of("interactive")


@pytest.mark.parametrize(
    ("response", "ok", "titles"),
    [
        ({"response_action": "errors", "errors": {"number": "too short"}}, False, ["x"]),
        ({"response_action": "update", "view": {**MODAL, "title": {**PLAIN, "text": "y"}}}, True, ["y"]),
        ({"response_action": "push", "view": {**MODAL, "title": {**PLAIN, "text": "y"}}}, True, ["x", "y"]),
        ({"response_action": "clear"}, True, []),
        ({"response_action": "errors", "errors": {"nowhere": "x"}}, False, ["x"]),
        ({"response_action": "update", "view": {"type": "modal"}}, False, ["x"]),
    ],
)
async def test_response_actions(raw, response, ok, titles):
    """errors, update, push and clear work as Slack documents; an invalid response is an error."""

    def ack(envelope):
        return response if envelope["type"] == "interactive" else None

    async with raw.socket(ack=ack) as socket:
        view = (await open_modal(raw, socket))["view"]
        values = {"number": {"typed": {"value": "1"}}}
        answer = await raw.person("submit", user=DANA, view=view["id"], values=values)
    assert answer["ok"] is ok
    stack = raw.workspace.state.views.stack(DANA)
    assert [v.definition["title"]["text"] for v in stack] == titles


async def test_pushing(raw):
    """views.push needs a trigger_id from a modal; a stack has at most three views."""
    view_with_button = {**MODAL, "blocks": [*ACTIONS, INPUT]}
    async with raw.socket() as socket:
        view = (await open_modal(raw, socket, view_with_button))["view"]
        for depth in (2, 3, 4):
            await raw.person("press", user=DANA, view=view["id"], block_id="b", action_id="go")
            trigger = socket.of("interactive")[-1]["trigger_id"]
            answer = await raw.json("views.push", trigger_id=trigger, view=view_with_button)
            if depth == 4:
                assert answer["error"] == "push_limit_reached"
            else:
                assert answer["view"]["previous_view_id"] == view["id"]
                view = answer["view"]


async def test_updating_a_view(raw):
    """views.update keeps the view's id; a duplicate external_id and a stale hash are refused."""
    async with raw.socket() as socket:
        view = (await open_modal(raw, socket, {**MODAL, "external_id": "mine"}))["view"]
        again = await open_modal(raw, socket, {**MODAL, "external_id": "mine"}, user=MARCUS)
        assert again["error"] == "duplicate_external_id"
        answer = await raw.json(
            "views.update", external_id="mine", hash=view["hash"], view={**MODAL, "external_id": "mine"}
        )
        assert answer["view"]["id"] == view["id"]
        stale = await raw.json("views.update", view_id=view["id"], hash=view["hash"], view=MODAL)
        assert stale["error"] == "hash_conflict"
        assert (await raw.json("views.update", view_id="V0", view=MODAL))["error"] == "not_found"


async def test_closing(raw):
    """view_closed is sent for a modal with notify_on_close."""
    async with raw.socket() as socket:
        quiet = (await open_modal(raw, socket))["view"]
        await raw.person("close", user=DANA, view=quiet["id"])
        notified = (await open_modal(raw, socket, {**MODAL, "notify_on_close": True}))["view"]
        await raw.person("close", user=DANA, view=notified["id"])
        await until(lambda: socket.of("interactive"))
        await until(lambda: len(raw.workspace.journal.of("envelope_acked")) == 3)
    (payload,) = socket.of("interactive")
    assert (payload["type"], payload["view"]["id"]) == ("view_closed", notified["id"])
    assert payload["is_cleared"] is False


async def test_a_file_input(raw):
    """The state of a file_input has file objects, which the app may access from then on."""
    files = {**INPUT, "block_id": "docs", "element": {"type": "file_input", "action_id": "f", "max_files": 1}}
    ident = await raw.person_file(DANA, "a.pdf", b"%PDF")
    async with raw.socket() as socket:
        view = (await open_modal(raw, socket, {**MODAL, "blocks": [files]}))["view"]
        two = {"docs": {"f": {"files": [ident, ident]}}}
        answer = await raw.person("submit", user=DANA, view=view["id"], values=two)
        assert answer["errors"] == {"docs": "Please choose at most 1 files."}
        one = {"docs": {"f": {"files": [ident]}}}
        assert (await raw.person("submit", user=DANA, view=view["id"], values=one))["ok"]
    given = socket.of("interactive")[0]["view"]["state"]["values"]["docs"]["f"]
    assert given["type"] == "file_input"
    assert given["files"][0]["url_private_download"].startswith(raw.workspace.url)
    assert (await raw.get("files.info", file=ident))["ok"]


async def test_shortcuts(raw):
    """A global shortcut has no channel; a message shortcut has the message."""
    said = await raw.person("say", user=DANA, channel=CLAIMS, text="fax me")
    async with raw.socket() as socket:
        await raw.person("shortcut", user=DANA, callback_id="send_fax")
        await raw.person("shortcut", user=DANA, callback_id="fax_this", channel=CLAIMS, ts=said["ts"])
        missing = await raw.person("shortcut", user=DANA, callback_id="nope")
    everywhere, on_message = socket.of("interactive")
    assert (everywhere["type"], "channel" in everywhere) == ("shortcut", False)
    assert (on_message["type"], on_message["message_ts"]) == ("message_action", said["ts"])
    assert on_message["message"]["text"] == "fax me"
    assert on_message["response_url"]
    assert missing["error"] == "shortcut_not_found"


async def test_external_selects(raw):
    """Typing into an external select requests options from the app."""
    select = {"type": "external_select", "action_id": "who", "min_query_length": 1}
    view = {**MODAL, "blocks": [{**INPUT, "element": select}]}
    options = [{"text": PLAIN, "value": "1"}]

    def ack(envelope):
        return {"options": options} if envelope["payload"].get("type") == "block_suggestion" else None

    async with raw.socket(ack=ack) as socket:
        opened = (await open_modal(raw, socket, view))["view"]
        suggestion = {"view": opened["id"], "block_id": "number", "action_id": "who", "value": "mer"}
        answer = await raw.person("suggest", user=DANA, **suggestion)
    assert answer["options"] == options
    payload = socket.of("interactive")[0]
    assert (payload["value"], payload["action_id"]) == ("mer", "who")


async def test_interactivity_can_be_off(tmp_path):
    """Without interactivity in the manifest a press is not delivered."""
    path = write_manifest(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("is_enabled: true", "is_enabled: false"))
    async with running(tmp_path, path) as workspace, aiohttp.ClientSession() as session:
        raw = RawClient(workspace, session)
        ts = (await raw.json("chat.postMessage", channel=DANA_IM, text="x", blocks=ACTIONS))["ts"]
        answer = await raw.person("press", user=DANA, channel=DANA_IM, ts=ts, block_id="b", action_id="go")
    assert answer["error"] == "not_interactive"


async def test_views_and_ephemeral_messages_are_private(raw):
    """A view and an ephemeral message are only in the snapshot of their person."""
    async with raw.socket() as socket:
        await open_modal(raw, socket)
        await raw.json("chat.postEphemeral", channel=CLAIMS, user=DANA, text="x")
    for user, count in ((DANA, 1), (PRIYA, 0)):
        async with raw.session.get(f"{raw.workspace.url}/_/snapshot", params={"user": user}) as answer:
            seen = await answer.json()
        assert (len(seen["views"]), len(seen["ephemerals"])) == (count, count)


async def test_faults_of_a_response_url(raw):
    """A response_url can fail before or after its message is shown."""
    async with raw.socket() as socket:
        await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
    url = socket.of("slash_commands")[0]["response_url"]
    await raw.control("faults", method="response_url", fault="http", status=503)
    async with raw.session.post(url, json={"text": "x"}) as answer:
        assert answer.status == 503
    assert not raw.workspace.state.ephemerals
    await raw.control("faults", method="response_url", fault="drop_after")
    with pytest.raises(aiohttp.ClientError):
        await raw.session.post(url, json={"text": "x"})
    assert len(raw.workspace.state.ephemerals) == 1


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b"{}", b'{"blocks": [{"type": "x"}]}'])
async def test_invalid_bodies_for_a_response_url(raw, body):
    """A body that is not a valid message is refused with HTTP 400."""
    async with raw.socket() as socket:
        await raw.person("command", user=DANA, channel=CLAIMS, text="/fax")
    url = socket.of("slash_commands")[0]["response_url"]
    async with raw.session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400
