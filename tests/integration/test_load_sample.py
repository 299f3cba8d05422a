"""A small sample of `make load`: few faxes, and a Slack that soon has enough."""

from tests.load.judge import judge
from tests.load.run import Load, run


async def test_ends_are_announced_once_in_order_and_no_pause_is_ignored(tmp_path):
    """The server asks for pauses of half a minute, and no call is made before they are over."""
    pauses = [
        {"method": method, "fault": "ratelimited", "seconds": 30, "times": 2, "after": 1}
        for method in ("chat.postMessage", "chat.update")
    ]
    found = await run(Load(faxes=6, channels=2, limits="learn", speed=20, faults=pauses), tmp_path)
    assert found.wrong == []
    assert found.refused >= 2
    assert (found.cards, found.ends) == (6, 6)


def test_the_judge_sees_a_pause_that_is_ignored():
    """A call one second after a 429 that asked for five."""
    call = {"kind": "api", "method": "chat.update", "args": {"channel": "C1"}}
    journal = [call | {"at": 10.0, "retry_after": 5}, call | {"at": 11.0}]
    assert len(judge({}, {}, journal, grace=0.2).wrong) == 1
    assert judge({}, {}, [journal[0], call | {"at": 15.1}], grace=0.2).wrong == []


def test_the_judge_sees_an_end_that_is_missing_and_steps_out_of_order():
    """A card that still sends, a thread that begins with its end."""
    card = {"ts": "1.0", "text": "Fax to +1 469-200-0199 Sending"}
    replies = [
        {"ts": "2.0", "thread_ts": "1.0", "text": "Delivered, 1 page"},
        {"ts": "3.0", "thread_ts": "1.0", "text": "Queued on Sales"},
    ]
    places = {"+1 469-200-0199": "C1"}
    assert len(judge(places, {"C1": [card, *replies]}, [], grace=0).wrong) == 2
    assert len(judge(places, {"C1": [card]}, [], grace=0).wrong) == 2
    assert len(judge(places, {}, [], grace=0).wrong) == 1
