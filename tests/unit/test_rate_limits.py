"""Slack's rate limits, kept and obeyed."""

import random
from collections import defaultdict, deque

import pytest

from faxbot.fax.errors import SlackBusy
from faxbot.services.model.ports import OutboxCall
from faxbot.slack.web_api.client import RateLimitedClient
from faxbot.slack.web_api.rate_limits import PER_MINUTE, PROGRESS_SHARE, SlackRateLimits, is_slack_itself


class Time:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


def make(pace, method, channel="C1"):
    with pace.calling(method, channel):
        pass


def wait(pace, call, channel="C1", *, urgent=True):
    return pace.wait(call, channel, urgent=urgent)


def test_another_server_is_free_until_it_says_429():
    """A thousand edits in no time; after one 429 the method is kept to Slack's own limit."""
    time = Time()
    pace = SlackRateLimits(time, strict=False)
    for _ in range(1000):
        assert wait(pace, OutboxCall.EDIT) == 0
        make(pace, "chat.update")
    pace.on_limited("chat.update", "C1", 5)
    time.now += 61
    for _ in range(PER_MINUTE["chat.update"]):
        assert wait(pace, OutboxCall.EDIT) == 0
        make(pace, "chat.update")
    assert wait(pace, OutboxCall.EDIT) == pytest.approx(60)


def test_progress_leaves_room_for_ends():
    """Edits without an end use four fifths of the minute; an end still goes at once."""
    pace = SlackRateLimits(Time(), strict=True)
    for _ in range(int(PER_MINUTE["chat.update"] * PROGRESS_SHARE)):
        make(pace, "chat.update")
    assert wait(pace, OutboxCall.EDIT, urgent=False) > 0
    assert wait(pace, OutboxCall.EDIT, urgent=True) == 0


def test_a_pause_for_a_channel_leaves_the_others_alone():
    """chat.postMessage counts by channel, chat.update by workspace."""
    time = Time()
    pace = SlackRateLimits(time, strict=False)
    pace.on_limited("chat.postMessage", "C1", 7)
    pace.on_limited("chat.update", "C1", 9)
    assert wait(pace, OutboxCall.POST, "C1") == pytest.approx(7)
    assert wait(pace, OutboxCall.POST, "C2") == 0
    assert wait(pace, OutboxCall.EDIT, "C2") == pytest.approx(9)
    time.now += 9
    assert wait(pace, OutboxCall.EDIT, "C2") == 0


def test_a_clock_that_jumps_back_stops_nothing():
    """Calls that were counted in what is now the future are forgotten."""
    time = Time()
    pace = SlackRateLimits(time, strict=True)
    for _ in range(PER_MINUTE["chat.update"]):
        make(pace, "chat.update")
    time.now -= 3600
    assert wait(pace, OutboxCall.EDIT) == 0


def test_what_is_reserved_counts():
    """Two channels cannot both take the last call of a minute."""
    pace = SlackRateLimits(Time(), strict=True)
    for _ in range(PER_MINUTE["files.info"] - 1):
        make(pace, "files.info")
    release = pace.reserve(OutboxCall.FILE_LOOKUP)
    assert wait(pace, OutboxCall.FILE_LOOKUP, "C2") > 0
    release()
    assert wait(pace, OutboxCall.FILE_LOOKUP, "C2") == 0


async def test_no_call_is_made_while_slack_asks_for_a_pause():
    """The client itself refuses: a 429 is obeyed for every caller."""
    pace = SlackRateLimits(Time(), strict=False)
    client = RateLimitedClient(
        rate_limits=pace, on_call=lambda *_: None, token="xoxb-1", base_url="http://127.0.0.1:1/api/"
    )
    pace.on_limited("views.open", "", 3)
    with pytest.raises(SlackBusy) as busy:
        await client.views_open(trigger_id="t", view={"type": "modal"})
    assert busy.value.retry_after == pytest.approx(3)


@pytest.mark.parametrize(
    ("url", "slacks"),
    [
        ("https://slack.com/api/", True),
        ("https://acme.slack.com/api/", True),
        ("https://slack.com.evil.example/api/", False),
        ("http://127.0.0.1:8484/api/", False),
    ],
)
def test_slack_itself_is_known_by_its_host(url, slacks):
    """Its limits are kept from the start."""
    assert is_slack_itself(url) is slacks


class StrictServer:
    """Slack's side of the limits: a sliding minute for each method, a bucket for each channel."""

    def __init__(self):
        self.calls = defaultdict(deque)
        self.left = defaultdict(lambda: (5.0, 0.0))

    def take(self, method, channel, now):
        if method == "chat.postMessage":
            left, since = self.left[channel]
            left = min(5.0, left + now - since)
            assert left >= 1, "429"
            self.left[channel] = (left - 1, now)
            return
        calls = self.calls[method]
        while calls and now - calls[0] >= 60:
            calls.popleft()
        assert len(calls) < PER_MINUTE[method], "429"
        calls.append(now)


@pytest.mark.parametrize("seed", range(5))
def test_within_the_limits_there_is_no_429(seed):
    """However long each call is on its way, a server that counts strictly has nothing to say."""
    time, server, chance = Time(), StrictServer(), random.Random(seed)  # noqa: S311 - a simulation
    pace = SlackRateLimits(time, strict=True)
    methods = {
        OutboxCall.POST: "chat.postMessage",
        OutboxCall.EDIT: "chat.update",
        OutboxCall.FILE_LOOKUP: "files.info",
    }
    for _ in range(400):
        call, channel = chance.choice(list(methods)), chance.choice(["C1", "C2"])
        urgent, way = chance.random() < 0.5, chance.random() / 2
        time.now += wait(pace, call, channel, urgent=urgent)
        assert wait(pace, call, channel, urgent=urgent) <= 1e-6
        with pace.calling(methods[call], channel):
            server.take(methods[call], channel, time.now + way / 2)
            time.now += way
