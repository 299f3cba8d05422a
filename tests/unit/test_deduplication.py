"""The memory of what Slack was answered lately."""

from slack_bolt.response import BoltResponse

from faxbot.slack.inbound import deduplication
from faxbot.slack.inbound.deduplication import KEPT_SECONDS, Deduplication, delivery_key


class Time:
    now = 1000.0

    def __call__(self):
        return self.now


def answered(memory, key, status=200):
    memory.begin(key)
    memory.end(key, BoltResponse(status=status, body=key))


async def test_an_answer_is_remembered_for_longer_than_slack_redelivers():
    """After fifteen minutes it is forgotten, and not before."""
    time = Time()
    memory = Deduplication(time)
    answered(memory, "a")
    time.now += KEPT_SECONDS - 1
    answered(memory, "b")
    assert (await memory.previous_response("a")).body == "a"
    time.now += 2
    answered(memory, "c")
    assert await memory.previous_response("a") is None
    assert (await memory.previous_response("b")).body == "b"


async def test_what_was_not_acknowledged_is_not_remembered():
    """Refused or broken off, a delivery is as if it had never come."""
    memory = Deduplication(Time())
    answered(memory, "refused", status=500)
    memory.begin("broken off")
    memory.end("broken off", None)
    assert await memory.previous_response("refused") is None
    assert await memory.previous_response("broken off") is None


async def test_the_memory_is_bounded(monkeypatch):
    """Of very many answers the oldest are forgotten first."""
    monkeypatch.setattr(deduplication, "MAX_DELIVERIES", 3)
    memory = Deduplication(Time())
    for key in "abcde":
        answered(memory, key)
    assert [key for key in "abcde" if await memory.previous_response(key)] == ["c", "d", "e"]


def test_deliveries_are_distinguished_by_their_action():
    """Another event, trigger, press or text is another delivery; what has no name has no key."""
    press = {"type": "block_actions", "trigger_id": "1", "actions": [{"action_ts": "1.1"}]}
    bodies = [
        {"event_id": "Ev1"},
        {"event_id": "Ev2"},
        {"trigger_id": "1", "command": "/fax", "text": "lines"},
        {"trigger_id": "1", "command": "/fax", "text": "active"},
        {"trigger_id": "2", "command": "/fax", "text": "active"},
        press,
        press | {"actions": [{"action_ts": "1.2"}]},
        {"type": "view_submission", "trigger_id": "1", "view": {"id": "V1", "hash": "1"}},
        {"type": "view_submission", "trigger_id": "1", "view": {"id": "V1", "hash": "2"}},
    ]
    keys = [delivery_key(body) for body in bodies]
    assert len(set(keys)) == len(bodies)
    assert keys == [delivery_key(dict(body)) for body in bodies]
    assert delivery_key({"type": "view_closed", "view": {"id": "V1"}}) == ""
    assert delivery_key({"trigger_id": "1", "actions": "odd", "view": 7}) != ""
