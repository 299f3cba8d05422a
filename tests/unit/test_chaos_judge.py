"""The judge of the chaos runs sees harm where there is some, in logs as the servers would keep them."""

from dataclasses import replace

import pytest

from tests.chaos.evidence import Evidence
from tests.chaos.judge import HARM, judge
from tests.chaos.statements import written_by
from tests.chaos.story import Arrival, Fetching, Sending, Story

CLAIMS, INBOUND = "C1", "C2"
NUMBER, SENT, CAME, FETCHED = "4696000101", "aa", "bb", "cc"


def message(channel, ts, text, *, thread=None, key="", files=()):
    """A message of the bot, as Slack holds it."""
    return {
        "channel": channel,
        "ts": ts,
        "thread_ts": thread,
        "text": text,
        "metadata": {"event_payload": {"key": key or f"{channel}{ts}"}},
        "sha256": list(files),
    }


def card(text="*Delivered* at 9:00", ts="1.0"):
    """The card of the fax to NUMBER."""
    return message(CLAIMS, ts, f"*Fax to +1 469-600-0101* · TX1\n{text}")


def step(text, ts, thread="1.0"):
    """A reply in its thread."""
    return message(CLAIMS, ts, text, thread=thread)


def submission(number=NUMBER, job_id="TX1"):
    """FileSend accepted."""
    return {"kind": "submission", "destination": number, "job_id": job_id, "sha256": SENT}


def dial(number=NUMBER):
    """A call placed."""
    return {"kind": "dial", "destination": number, "job_id": "TX1"}


def ended(state="Done", text=""):
    """A job became a record."""
    return {"kind": "ended", "job_id": "TX1", "state": state, "status_text": text}


def a_story() -> Story:
    """One fax out and one in, a document fetched, a record deleted."""
    return Story(
        sendings=[Sending(NUMBER, (CLAIMS,), acknowledged=True)],
        arrivals=[Arrival(CAME, (INBOUND,))],
        fetchings=[Fetching(FETCHED, CLAIMS, attempts=1, acknowledged=1)],
        deletions=["RX1"],
    )


def seen() -> Evidence:
    """What the servers hold when all of it went well."""
    return Evidence(
        calls=[submission(), dial(), ended()],
        records=["TX1"],
        messages=[
            card(),
            step("Queued on Sales", "1.1"),
            step("Page 1 of 1 sent\nDelivered, 1 page", "1.2"),
            message(CLAIMS, "1.3", "📄 *TX1*", thread="1.0", files=[FETCHED]),
            message(INBOUND, "2.0", "📄 *Fax from 1*", files=[CAME]),
            message(INBOUND, "2.1", "From X · RX1", thread="2.0"),
        ],
    )


def harms(story: Story, evidence: Evidence) -> set[str]:
    """The columns that are not zero."""
    verdict = judge(story, evidence)
    return {column for column in HARM if verdict.counts[column]}


def without(evidence: Evidence, *stamps: str) -> Evidence:
    """The same without the messages of these moments."""
    return replace(evidence, messages=[each for each in evidence.messages if each["ts"] not in stamps])


def along_with(evidence: Evidence, *messages) -> Evidence:
    """The same and some messages more."""
    return replace(evidence, messages=[*evidence.messages, *messages])


def test_what_went_well_is_harmless():
    """Every column of harm is zero, and the faxes are counted."""
    verdict = judge(a_story(), seen())
    assert verdict.harmless
    assert verdict.counts["faxes"] == 2
    assert verdict.notes == []


def nothing_of_it(evidence: Evidence) -> Evidence:
    """The same without the card and its thread."""
    return without(evidence, "1.0", "1.1", "1.2")


def with_calls(*more):
    return replace(seen(), calls=[*seen().calls, *more])


@pytest.mark.parametrize(
    ("evidence", "column"),
    [
        pytest.param(with_calls(submission(job_id="TX2")), "dialed twice", id="FileSend repeated"),
        pytest.param(with_calls(dial()), "dialed twice", id="one job dialed again"),
        pytest.param(replace(nothing_of_it(seen()), calls=[]), "lost", id="taken and never submitted"),
        pytest.param(replace(seen(), calls=[]), "wrong", id="told as delivered and never submitted"),
        pytest.param(without(seen(), "2.0", "2.1"), "lost", id="a received fax not posted"),
        pytest.param(without(seen(), "1.3"), "lost", id="a document asked for and not posted"),
        pytest.param(replace(seen(), records=["TX1", "RX1"]), "lost", id="a deletion asked for and not made"),
        pytest.param(along_with(seen(), card(ts="5.0")), "posted twice", id="two cards"),
        pytest.param(along_with(seen(), step("Queued on Sales", "1.9")), "posted twice", id="a step twice"),
        pytest.param(
            along_with(seen(), message(CLAIMS, "7.0", "x", key="C11.1")), "posted twice", id="a key twice"
        ),
        pytest.param(
            along_with(seen(), message(INBOUND, "3.0", "📄", files=[CAME])), "posted twice", id="a file twice"
        ),
        pytest.param(
            along_with(seen(), message(INBOUND, "2.9", "From X", thread="2.0")),
            "posted twice",
            id="details twice",
        ),
        pytest.param(
            along_with(seen(), message(CLAIMS, "1.9", "📄", thread="1.0", files=[FETCHED])),
            "posted twice",
            id="a fetched document twice",
        ),
        pytest.param(
            along_with(seen(), step("Delivered, 1 page", "1.9")), "announced twice", id="the end twice"
        ),
        pytest.param(without(seen(), "1.2"), "never announced", id="no end in the thread"),
        pytest.param(without(seen(), "1.0"), "never announced", id="no card"),
        pytest.param(without(seen(), "2.1"), "never announced", id="no details"),
        pytest.param(
            along_with(without(seen(), "1.0"), card("*Sending*")),
            "wrong",
            id="a card that was not brought up to date",
        ),
        pytest.param(
            replace(seen(), calls=[submission(), dial(), ended("Failed", "Busy")]), "wrong", id="a false end"
        ),
        pytest.param(
            along_with(seen(), message(INBOUND, "4.0", "📄", files=["dd"])), "wrong", id="bytes that differ"
        ),
        pytest.param(
            along_with(seen(), message(CLAIMS, "6.0", "*Fax to +1 469-699-0101*\nx")),
            "wrong",
            id="a strange card",
        ),
        pytest.param(
            with_calls(
                {"kind": "call", "method": "recorddelete", "params": {"job_id": "TX1"}, "carried_out": True}
            ),
            "wrong",
            id="a deletion nobody asked for",
        ),
        pytest.param(replace(seen(), stopped=1), "stopped", id="the bot ended by itself"),
    ],
)
def test_each_harm_is_seen(evidence, column):
    """What one safeguard less would leave behind is counted in its column."""
    assert column in harms(a_story(), evidence)


def test_a_story_that_got_stuck_is_harm():
    """What people waited for in vain counts, even if nothing else is wrong."""
    assert harms(replace(a_story(), stuck="a form"), seen()) == {"stuck"}


def test_an_unacknowledged_request_need_not_be_carried_out():
    """Slack showed the person an error: no fax is missing."""
    story = replace(a_story(), sendings=[*a_story().sendings, Sending("4696010101", (CLAIMS,))])
    assert harms(story, seen()) == set()


def test_an_unacknowledged_request_that_was_sent_must_be_announced():
    """What is dialed has a card and an end, whatever Slack showed the person."""
    story = replace(a_story(), sendings=[*a_story().sendings, Sending("4696010101", (CLAIMS,))])
    assert harms(story, with_calls(submission("4696010101", "TX2"))) == {"never announced"}


def test_asked_and_sent_again_is_no_harm():
    """The question, the person's answer and a second card for the one fax that was submitted."""
    evidence = along_with(
        seen(),
        card("*Closed by <@U1>*", "0.1"),
        step("Sent again by <@U1> as another fax", "0.2", thread="0.1"),
    )
    verdict = judge(a_story(), evidence)
    assert verdict.harmless, verdict.notes
    assert verdict.counts["asked"] == 1


def test_a_refusal_that_was_shown_is_no_loss():
    """Nothing was submitted, and the card says so."""
    evidence = along_with(
        replace(nothing_of_it(seen()), calls=[]), card("*Refused by the fax server* — nothing was dialed.")
    )
    assert harms(a_story(), evidence) == set()


def test_one_refusal_shown_excuses_one_request():
    """No fax could be made of the files of one of two requests; nothing is there of the other."""
    ephemeral = {"user": "U1", "channel": CLAIMS, "text": "Slack did not hand over the file."}
    evidence = replace(nothing_of_it(seen()), calls=[], ephemerals=[ephemeral])
    assert harms(a_story(), evidence) == set()
    two = replace(
        a_story(), sendings=[*a_story().sendings, Sending("4696010101", (CLAIMS,), acknowledged=True)]
    )
    assert harms(two, evidence) == {"lost"}


@pytest.mark.parametrize(
    ("statement", "parameters", "name"),
    [
        (
            "INSERT INTO requests (key, kind, done) VALUES (?, ?, ?)",
            ("k", "send", False),
            "requests new kind=send",
        ),
        (
            "UPDATE faxes SET state=?, intent_at=? WHERE faxes.id = ?",
            ("submitting", 1, 2),
            "faxes state=submitting",
        ),
        (
            "UPDATE announcements SET posted_revision=? WHERE announcements.id = ?",
            (2, 1),
            "announcements posted_revision",
        ),
        (
            "INSERT INTO records (job_id, state) VALUES (?, ?)",
            [("RX1", "seen"), ("RX2", "seen")],
            "records new state=seen",
        ),
        ("CREATE TABLE faxes (id INTEGER)", (), "schema"),
        ("SELECT 1", (), None),
    ],
)
def test_a_commit_goes_by_what_it_saves(statement, parameters, name):
    """A boundary keeps its name when other commits come or go before it."""
    assert written_by(statement, parameters) == name
