"""manifest.yml against what the code listens to."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from faxbot.slack import listeners
from faxbot.slack.action_ids import Action, Callback
from tests.support.listeners import ListenerHarness

ROOT = Path(__file__).parents[2]
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
SCHEMA = ROOT.parent / "shared" / "slack" / "manifest.schema.json"
SUBSCRIPTIONS = {"message": {"message.im"}}
"""The one event of Slack's that is subscribed to under other names than its own."""


class Registered:
    """Takes the place of a Bolt app and notes what is registered, under each method's name."""

    def __init__(self):
        self.noted = {}

    def __getattr__(self, method):
        def register(what):
            self.noted.setdefault(method, []).append(what)
            return lambda listener: listener

        return register


@pytest.fixture
def registered():
    app = Registered()
    harness = ListenerHarness()
    listeners.register(app, harness.board)
    return app.noted


def test_the_commands_are_the_ones_listened_to(registered):
    """Every command of the manifest has a listener, and none besides."""
    commands = [each["command"] for each in MANIFEST["features"]["slash_commands"]]
    assert commands == registered["command"]


def test_the_shortcuts_are_the_ones_listened_to(registered):
    """By callback id and kind."""
    answer = {(each["type"], each["callback_id"]) for each in MANIFEST["features"]["shortcuts"]}
    heard = {("message", each) for each in registered["message_shortcut"]}
    heard |= {("global", each) for each in registered["global_shortcut"]}
    assert answer == heard


def test_the_events_are_the_ones_listened_to(registered):
    """Each event comes under its own name, except messages: only those written to the bot."""
    heard = set().union(*(SUBSCRIPTIONS.get(each, {each}) for each in registered["event"]))
    assert set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == heard


def test_every_button_and_form_is_listened_to(registered):
    """Each action and each form of ids.py has exactly one listener."""
    assert sorted(each.pattern for each in registered["action"]) == sorted(
        each.pattern.pattern for each in Action
    )
    assert registered["view"] == [Callback.SEND_FORM.value]
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_people_can_send_the_bot_files():
    """The messages tab is there and can be written in."""
    home = MANIFEST["features"]["app_home"]
    assert (home["messages_tab_enabled"], home["messages_tab_read_only_enabled"]) == (True, False)


def test_each_scope_has_its_reason_and_none_lets_the_bot_hear_everybody():
    """A comment behind each scope; no events of channels' messages."""
    lines = (ROOT / "manifest.yml").read_text(encoding="utf-8").splitlines()
    scopes = MANIFEST["oauth_config"]["scopes"]["bot"]
    for scope in scopes:
        (line,) = [each for each in lines if each.split("#")[0].strip() == f"- {scope}"]
        assert len(line.partition("#")[2].split()) >= 2, scope
    assert len(scopes) == len(set(scopes))
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert not {"message.channels", "message.groups", "message.mpim"}.intersection(events)


def test_socket_mode_is_on():
    """No address of this machine has to be reachable."""
    settings = MANIFEST["settings"]
    assert settings["socket_mode_enabled"] is True
    assert "request_url" not in settings["event_subscriptions"]


def in_http_mode():
    """The manifest as its last lines say to change it."""
    changed, address = copy.deepcopy(MANIFEST), "https://faxbot.example.com/slack/events"
    changed["settings"]["socket_mode_enabled"] = False
    changed["features"]["slash_commands"][0]["url"] = address
    changed["settings"]["event_subscriptions"]["request_url"] = address
    changed["settings"]["interactivity"]["request_url"] = address
    return changed


@pytest.mark.parametrize("manifest", [MANIFEST, in_http_mode()], ids=["Socket Mode", "HTTP mode"])
def test_the_manifest_is_one_to_slack(manifest):
    """It satisfies Slack's own schema, also with the changes for HTTP mode."""
    if not SCHEMA.exists():
        pytest.skip("Slack's manifest schema is not beside this checkout.")
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(manifest)
