"""The next call of the outbox, chosen from rows alone."""

from hypothesis import given
from hypothesis import strategies as st

from faxbot.services.model.announcements import AnnouncementKind, AnnouncementState, Pending
from faxbot.services.model.ports import OutboxCall
from faxbot.services.outbox.next_call import REPLIES_AT_ONCE, choose

NOW = 1000.0
CARD, REPLY, FILE, DETAILS, NOTICE, WHISPER = (
    AnnouncementKind.CARD,
    AnnouncementKind.STEP,
    AnnouncementKind.FILE,
    AnnouncementKind.DETAILS,
    AnnouncementKind.NOTICE,
    AnnouncementKind.EPHEMERAL,
)
WAITING, SENDING, SENT = AnnouncementState.WAITING, AnnouncementState.SENDING, AnnouncementState.SENT


def row(row_id, kind=NOTICE, parent=None, state=WAITING, *, terminal=False, due_at=0.0, stage=""):
    return Pending(row_id, "C1", parent, kind, state, stage, terminal, due_at, 0.0, "")


def free(call, urgent):
    return 0.0


def ids(choice):
    return [each.id for each in choice.batch]


def test_nothing_waits():
    """No rows, no call, and no time at which there would be one."""
    choice = choose([], NOW, free)
    assert (choice.batch, choice.after) == ((), None)


def test_the_oldest_goes_first():
    """Without ends, the oldest announcement is posted first."""
    assert ids(choose([row(1), row(2)], NOW, free)) == [1]


def test_a_thread_that_has_ended_goes_ahead_of_progress():
    """Its last reply is the newest row, and it goes first all the same."""
    rows = [row(3, REPLY, 1), row(4, REPLY, 2), row(5, REPLY, 2, terminal=True)]
    assert ids(choose(rows, NOW, free)) == [4, 5]


def test_a_card_goes_before_its_replies():
    """Even when a reply is the end."""
    rows = [row(1, CARD), row(2, REPLY, 1, terminal=True)]
    choice = choose(rows, NOW, free)
    assert (ids(choice), choice.call, choice.urgent) == ([1], OutboxCall.POST, True)


def test_replies_that_had_to_wait_go_together():
    """Up to twenty of one thread, not those behind a reply of unknown fate."""
    rows = [row(i, REPLY, 1) for i in range(2, 30)]
    assert len(choose(rows, NOW, free).batch) == REPLIES_AT_ONCE
    doubtful = [row(2, REPLY, 1, SENDING), row(3, REPLY, 1)]
    choice = choose(doubtful, NOW, free)
    assert (ids(choice), choice.call) == ([2], OutboxCall.LOOKUP)


def test_an_edit_that_has_to_wait_holds_no_reply_up():
    """The card cannot be edited now: the steps go on in its thread."""
    rows = [row(1, CARD, state=SENT), row(2, REPLY, 1)]
    assert ids(choose(rows, NOW, free)) == [1]
    choice = choose(rows, NOW, lambda call, urgent: 30.0 if call is OutboxCall.EDIT else 0.0)
    assert ids(choice) == [2]


def test_a_head_that_is_not_due_holds_up_its_thread_only():
    """The other thread goes; when nothing may go, the choice says when to look again."""
    rows = [row(1, FILE, due_at=NOW + 5, stage="shared"), row(2, DETAILS, 1), row(3)]
    assert ids(choose(rows, NOW, free)) == [3]
    assert choose(rows[:2], NOW, free).after == 5.0


def test_the_call_follows_from_what_is_known_of_a_row():
    """Each state of each kind has one call."""
    assert choose([row(1, CARD, state=SENT)], NOW, free).call is OutboxCall.EDIT
    assert choose([row(1, WHISPER)], NOW, free).call is OutboxCall.EPHEMERAL
    assert choose([row(1, FILE)], NOW, free).call is OutboxCall.UPLOAD
    assert choose([row(1, FILE, stage="sharing")], NOW, free).call is OutboxCall.FILE_LOOKUP
    assert choose([row(1, CARD, state=SENDING)], NOW, free).call is OutboxCall.LOOKUP


@st.composite
def channels(draw):
    """Threads of a channel, each a card with replies in some state of posting."""
    rows, next_id = [], 1
    for _ in range(draw(st.integers(1, 4))):
        root, sent = next_id, draw(st.booleans())
        if not sent or draw(st.booleans()):
            rows.append(
                row(root, CARD, state=SENT if sent else WAITING, due_at=draw(st.sampled_from([0, 2000])))
            )
        next_id += 1
        for _ in range(draw(st.integers(0, 4))):
            rows.append(row(next_id, REPLY, root, terminal=draw(st.booleans())))
            next_id += 1
    return rows


@given(channels())
def test_a_thread_is_always_posted_in_order(rows):
    """Whatever is chosen, nothing older of the same thread is left behind, except an edit."""
    waiting = list(rows)
    while (choice := choose(waiting, NOW, free)).batch:
        for each in choice.batch:
            thread = [w for w in waiting if (w.parent_id or w.id) == (each.parent_id or each.id)]
            older = [w for w in thread if w.id < each.id and w.state is not SENT]
            assert all(w in choice.batch for w in older)
        waiting = [each for each in waiting if each not in choice.batch]
    assert all(each.due_at > NOW or each.parent_id for each in waiting)


def test_what_is_due_at_once_is_due_at_once_when_the_clock_was_set_back():
    """Its moment is that of its writing; one that was put off to a moment waits for it."""
    at_once = row(1, due_at=NOW + 3600)._replace(created_at=NOW + 3600)
    assert [each.id for each in choose([at_once], NOW, lambda *_: 0.0).batch] == [1]
    put_off = at_once._replace(due_at=NOW + 3605)
    assert choose([put_off], NOW, lambda *_: 0.0).after == 3605
