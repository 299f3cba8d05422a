"""The Slack stand-in without a server: rate limits, trigger_ids, timestamps, feed, manifest, typed text."""

import asyncio

import pytest

from faxbot.standins.slack.faults import WorkspaceFaults
from faxbot.standins.slack.limits import WorkspaceRateLimits
from faxbot.standins.slack.manifest import ManifestError, read_manifest
from faxbot.standins.slack.model.feed import Feed
from faxbot.standins.slack.model.ids import Timestamps
from faxbot.standins.slack.model.interaction_ids import InteractionIds, InteractionRefusedError
from faxbot.standins.slack.person.messages import to_wire
from faxbot.standins.slack.settings import UnknownSettingError, WorkspaceSettings
from tests.support.slack_standin import SCOPES, write_manifest


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


def test_tiers_count_a_minute():
    """A tier 1 method may be called once per minute; Retry-After is the rest of the minute."""
    clock, settings = Clock(), WorkspaceSettings(rate_limits=True)
    limits = WorkspaceRateLimits(settings, clock)
    assert limits.wait_for("m", 1, "") == 0
    clock.now += 20
    assert limits.wait_for("m", 1, "") == 40
    assert limits.wait_for("other", 1, "") == 0
    clock.now += 40
    assert limits.wait_for("m", 1, "") == 0


def test_posts_refill_one_a_second():
    """After a burst a channel accepts one post per second."""
    clock = Clock()
    limits = WorkspaceRateLimits(WorkspaceSettings(rate_limits=True, post_burst=2), clock)
    assert [limits.wait_for("chat.postMessage", 5, "C1") for _ in range(3)] == [0, 0, 1]
    clock.now += 1
    assert [limits.wait_for("chat.postMessage", 5, "C1") for _ in range(2)] == [0, 1]


def test_special_tiers_have_no_count():
    """A method of the special tier is not limited."""
    limits = WorkspaceRateLimits(WorkspaceSettings(rate_limits=True), Clock())
    assert {limits.wait_for("auth.test", 5, "") for _ in range(500)} == {0}


def test_a_trigger_expires_after_its_lifetime():
    """A trigger_id is valid for exactly three seconds."""
    clock = Clock()
    interaction_ids = InteractionIds(clock)
    first, second = interaction_ids.new_trigger("U1"), interaction_ids.new_trigger("U1")
    clock.now += 3
    assert interaction_ids.use_trigger(first, 3.0).user == "U1"
    clock.now += 0.1
    with pytest.raises(InteractionRefusedError, match="expired_trigger_id"):
        interaction_ids.use_trigger(second, 3.0)


def test_timestamps_increase_on_a_stopped_clock():
    """Timestamps are unique, and later ones sort after earlier ones."""
    stamps = Timestamps(Clock())
    made = [stamps.next() for _ in range(3)]
    assert made == ["1000.000000", "1000.000001", "1000.000002"]


async def test_the_feed_replays_and_wakes():
    """Past events are returned at once, a new event wakes the waiter, and others' events stay hidden."""
    feed = Feed()
    feed.publish("toast", frozenset({"U1"}), text="a")
    assert [e["text"] for e in feed.since("U1", 0)] == ["a"]
    assert feed.since("U2", 0) == []
    waiting = asyncio.ensure_future(feed.wait("U2", 0, 5.0))
    await asyncio.sleep(0)
    feed.publish("toast", frozenset({"U1"}), text="b")
    await asyncio.sleep(0)
    feed.publish("toast", None, text="c")
    assert [(e["seq"], e["text"]) for e in await waiting] == [(3, "c")]
    assert await feed.wait("U2", 3, 0.01) == []


def test_settings_change_together_or_not_at_all():
    """One unknown name leaves every setting unchanged."""
    settings = WorkspaceSettings()
    with pytest.raises(UnknownSettingError):
        settings.change({"share_delay": 9, "gravity": 1})
    with pytest.raises(UnknownSettingError):
        settings.change({"rate_limits": 1})
    assert settings == WorkspaceSettings()


def test_faults_apply_in_order():
    """A fault skips its `after` calls first, and two faults apply one after the other."""
    faults = WorkspaceFaults()
    faults.add({"method": "m", "fault": "http", "after": 1})
    faults.add({"method": "m", "fault": "html"})
    consumed = [faults.consume("m", {}) for _ in range(3)]
    assert [f and f.kind for f in consumed] == ["html", "http", None]


def test_the_manifest(tmp_path):
    """Names, scopes, commands, shortcuts and events are read from the manifest."""
    manifest = read_manifest(write_manifest(tmp_path))
    assert manifest.scopes == set(SCOPES)
    assert manifest.command("/fax")["usage_hint"] == "send <number>"
    assert manifest.shortcut("fax_this", "message")["name"] == "Fax this"
    assert manifest.shortcut("fax_this", "global") is None


@pytest.mark.parametrize("text", ["[]", "features: {}", "display_information: 3"])
def test_invalid_manifests_are_refused(tmp_path, text):
    """A file without display_information is not a manifest."""
    path = tmp_path / "m.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError):
        read_manifest(path)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("@faxbot go", "<@U1> go"),
        ("mail me@faxbot", "mail me@faxbot"),
        ("<@U2> and <https://x.example|x>", "<@U2> and <https://x.example|x>"),
        ("&amp; stays", "&amp; stays"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_typed_text_is_stored_in_slacks_format(typed, stored):
    """Typed text is escaped once, names become mentions, and existing tags are kept."""
    assert to_wire(typed, {"faxbot": "U1"}) == stored
