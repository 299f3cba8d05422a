"""The card of an outgoing fax and the steps in its thread, as people read them."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from faxbot.fax.job import Job, JobState
from faxbot.services.model.faxes import Fax, FaxState, Outcome
from faxbot.services.model.messages import FaxCard, FaxSteps, Outage, Step, StepKind
from faxbot.slack.views import BotProfile, render

NOW = datetime(2026, 4, 20, 21, 0, tzinfo=UTC)
SITE = BotProfile()


def a_fax(**facts):
    usual = {
        "id": 12,
        "state": FaxState.ACCEPTED,
        "user_id": "U1DANA",
        "number": "+1 469-555-0101",
        "line_name": "Sales",
        "files": [{"id": "F1", "name": "referral.pdf"}],
        "job_id": "TX83",
    }
    return Fax(**{**usual, **facts})


def a_job(state, **facts):
    usual = {"destination": "14695550101", "dials": 0, "max_dials": 12, "total_pages": 2}
    return Job("TX83", state, **{**usual, **facts})


def an_ended_fax(outcome, **facts):
    return a_fax(state=FaxState.ENDED, outcome=outcome, ended_at=NOW.timestamp(), **facts)


def shown(message):
    """What a reader in UTC sees: each date in its fallback."""
    rendered = render(message, SITE, NOW)
    assert rendered.text
    texts = [block["text"]["text"] for block in rendered.blocks if block["type"] == "section"]
    texts += [e["text"] for block in rendered.blocks if block["type"] == "context" for e in block["elements"]]
    return re.sub(r"<!date\^\d+\^[^|]+\|([^>]+) UTC>", r"\1", "\n".join(texts))


def buttons(message):
    return {
        element["text"]["text"]: element
        for block in render(message, SITE, NOW).blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }


def test_the_headline_names_the_number_and_the_job():
    """The headline says to whom the fax goes and what the fax server calls it."""
    assert shown(FaxCard(a_fax(), a_job(JobState.READY))).startswith("*Fax to +1 469-555-0101* · TX83\n")


def test_the_facts_are_one_line():
    """File, line, sender and dial stand in one line, important words elsewhere."""
    assert shown(FaxCard(a_fax(), a_job(JobState.ACTIVE))).endswith(
        "referral.pdf · from Sales · <@U1DANA> · dial 1 of 12"
    )


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (a_job(JobState.READY, total_pages=None), "*Queued* on Sales."),
        (a_job(JobState.ACTIVE, total_pages=None), "*Dialing*\n"),
        (a_job(JobState.ACTIVE, status_text="Dialing"), "*Dialing*\n"),
        (a_job(JobState.ACTIVE), "*Sending page 1 of 2*   ▱▱▱▱▱▱"),
        (a_job(JobState.ACTIVE, sent_pages=1, dials=1), "*Sending page 2 of 2*   ▰▰▰▱▱▱"),
        (a_job(JobState.ACTIVE, sent_pages=2, dials=1), "*Finishing* — 2 of 2 pages sent   ▰▰▰▰▰▰"),
        (
            a_job(
                JobState.SLEEPING,
                dials=3,
                next_try=NOW + timedelta(minutes=1),
                status_text="Busy signal detected",
            ),
            (
                "*Busy* — the fax server will try again at 9:01 PM (dial 3 of 12). "
                'Server says: "Busy signal detected".'
            ),
        ),
        (a_job(JobState.SLEEPING, status_text="Wibble"), "*Not through yet* — the fax server will try again"),
        (
            a_job(JobState.READY, dials=1, status_text="Busy signal detected"),
            "*Dialing again soon* on Sales. The last try: busy.",
        ),
        (a_job(JobState.BLOCKED, total_pages=None), "*Waiting* for another fax to the same number."),
        (a_job(JobState.SUSPENDED), "*On hold* at the fax server."),
        (a_job(JobState.UNKNOWN, state_text="Wobbling"), 'The fax server calls it "Wobbling".'),
    ],
)
def test_each_state_has_its_words_and_can_be_canceled(job, words):
    """A fax under way says so in words, and has one button, which asks first."""
    message = FaxCard(a_fax(), job)
    assert words in shown(message)
    assert list(buttons(message)) == ["Cancel fax"]
    cancel = buttons(message)["Cancel fax"]
    assert (cancel["action_id"], cancel["value"], cancel["style"]) == ("cancel_fax", "fax:12", "danger")
    assert cancel["confirm"]["title"]["text"] == "Cancel this fax?"


def test_pages_are_never_counted_of_zero():
    """Until the document is converted there is no total, no bar, and never "0 of 0"."""
    for total in (None, 0):
        for state in JobState:
            text = shown(FaxCard(a_fax(), a_job(state, total_pages=total)))
            assert " of 0" not in text
            assert "▱" not in text


@pytest.mark.parametrize(
    ("outcome", "fax", "job", "words"),
    [
        (
            Outcome.DELIVERED,
            {"answered_by": "MERCY CLINIC"},
            a_job(JobState.DONE, sent_pages=2, duration=67, dials=1),
            '*Delivered* at 9:00 PM — 2 pages in 67 s, 1 dial. Answered by "MERCY CLINIC".',
        ),
        (
            Outcome.FAILED,
            {},
            a_job(JobState.FAILED, dials=12, status_text="Busy signal detected; too many attempts to dial"),
            (
                "*Not delivered* — the number was busy (12 dials). Check the number, or send it again later. "
                'Server says: "Busy signal detected; too many attempts to dial".'
            ),
        ),
        (
            Outcome.CANCELLED,
            {"cancel_by": "U1DANA"},
            a_job(JobState.FAILED, status_text="Job aborted by request"),
            "*Stopped by <@U1DANA>* at 9:00 PM. Nothing was sent.",
        ),
        (
            Outcome.CANCELLED,
            {},
            a_job(JobState.FAILED, sent_pages=1, status_text="Job aborted by request"),
            "*Stopped on the fax server* at 9:00 PM. 1 of 2 pages had gone through.",
        ),
        (
            Outcome.REFUSED,
            {"job_id": None, "fault": "Unknown modem"},
            None,
            "*Refused by the fax server* — nothing was dialed.",
        ),
        (
            Outcome.UNSENDABLE,
            {"job_id": None, "fault": "budget.xlsx can't be faxed."},
            None,
            "*Not sent* — budget.xlsx can't be faxed.",
        ),
        (
            Outcome.WITHDRAWN,
            {"job_id": None, "cancel_by": "U1DANA"},
            None,
            "*Stopped by <@U1DANA>* at 9:00 PM. Nothing was dialed.",
        ),
        (Outcome.WENT, {"job_id": None, "decided_by": "U1DANA"}, None, "*It went*, says <@U1DANA>."),
        (
            Outcome.GIVEN_UP,
            {"job_id": None, "decided_by": "U1DANA"},
            None,
            "*Closed by <@U1DANA>* at 9:00 PM. Whether it went is not known.",
        ),
        (
            Outcome.LOST,
            {},
            a_job(JobState.ACTIVE),
            "*Outcome not known* — the fax server forgot this fax. Ask the recipient whether it came.",
        ),
        (
            Outcome.LOST,
            {},
            a_job(JobState.READY, total_pages=None),
            (
                "*Outcome not known* — the fax server dropped this fax before it had made pages of it; maybe"
                " it could not convert the document. Ask the recipient whether it came; if not, save it as a"
                " PDF and send that."
            ),
        ),
        (
            Outcome.FAILED,
            {},
            a_job(
                JobState.FAILED,
                total_pages=None,
                status_text="Unexpected failure\n\nDocument is not black-on-white.\n",
            ),
            (
                "*Not delivered* — the fax server could not convert the document. Save it as a PDF and send"
                ' that. Server says: "Document is not black-on-white".'
            ),
        ),
        (
            Outcome.REFUSED,
            {"job_id": None, "fault": "a.gif: Can not determine file type\nNothing to send"},
            None,
            (
                "*Refused by the fax server* — it cannot convert the document; nothing was dialed. Save it as"
                ' a PDF and send that. Server says: "a.gif: Can not determine file type Nothing to send".'
            ),
        ),
    ],
)
def test_each_end_has_its_words_and_its_buttons(outcome, fax, job, words):
    """A fax that has ended says how; what the fax server keeps of it can be downloaded and deleted."""
    message = FaxCard(an_ended_fax(outcome, **fax), job)
    assert words in shown(message)
    kept = "job_id" not in fax and outcome is not Outcome.LOST
    assert list(buttons(message)) == (["Download", "Delete record"] if kept else [])
    if kept:
        assert "confirm" in buttons(message)["Delete record"]


def test_a_cancel_that_is_under_way_has_nothing_to_press():
    """Once somebody pressed Cancel, the card says so and offers nothing."""
    message = FaxCard(a_fax(cancel_by="U1DANA", cancel_request=3), a_job(JobState.ACTIVE))
    assert "*Canceling…* <@U1DANA> asked for it." in shown(message)
    assert buttons(message) == {}


def test_a_deleted_record_says_who_and_has_nothing_to_press():
    """Once its record is deleted, the card names who did it and offers nothing."""
    message = FaxCard(an_ended_fax(Outcome.DELIVERED, deleted_by="U2SAM"), a_job(JobState.DONE))
    assert "Record deleted by <@U2SAM>." in shown(message)
    assert buttons(message) == {}


def test_a_lost_answer_is_put_to_the_sender():
    """When FileSend's answer was lost and no job found, three buttons ask what happened, each once more."""
    fax = a_fax(state=FaxState.UNDECIDED, job_id=None)
    assert "*No answer from the fax server: did it go?*\nThe request was sent at 9:00:00 PM;" in shown(
        FaxCard(fax, submitted_at=NOW)
    )
    assert "no job to this number has appeared since" in shown(FaxCard(fax))
    pressed = buttons(FaxCard(fax))
    assert list(pressed) == ["It went", "Send again", "Give up"]
    assert all("confirm" in button for button in pressed.values())
    assert buttons(FaxCard(fax, home=False)) == {}


def test_several_jobs_that_may_be_it_are_named():
    """More than one job may be the lost one: the question names them."""
    fax = a_fax(state=FaxState.UNDECIDED, job_id=None, candidates=["TX84", "TX85"])
    assert "one of TX84, TX85 may be it" in shown(FaxCard(fax))


def test_a_fax_waits_while_the_fax_server_is_away():
    """A fax that could not be submitted is kept, can be canceled, and shows since when."""
    message = FaxCard(a_fax(state=FaxState.READY, job_id=None), outage=Outage(NOW - timedelta(minutes=5)))
    assert "no answer since 8:55 PM. The fax is kept and goes out when it is back." in shown(message)
    assert list(buttons(message)) == ["Cancel fax"]


def test_a_job_during_an_outage_shows_its_last_known_time():
    """While the fax server is away, the card shows what was last known and when that was."""
    fax = a_fax(reported_at=(NOW - timedelta(minutes=40)).timestamp())
    outage = Outage(NOW - timedelta(minutes=5), NOW - timedelta(minutes=6))
    message = FaxCard(fax, a_job(JobState.ACTIVE), outage)
    assert "The fax server hasn't answered since 8:55 PM; last heard at 8:54 PM." in shown(message)
    began_in_it = FaxCard(fax, a_job(JobState.ACTIVE), Outage(outage.since))
    assert "since 8:55 PM; last heard at 8:20 PM." in shown(began_in_it)


def test_rejected_credentials_are_not_an_unreachable_server():
    """While the credentials are not accepted, the cards say that, and who can help."""
    outage = Outage(NOW - timedelta(minutes=5), locked_out=True)
    waiting = FaxCard(a_fax(state=FaxState.READY, job_id=None), outage=outage)
    assert "it hasn't let me in since 8:55 PM. The fax is kept and goes out when an admin" in shown(waiting)
    assert "The fax server hasn't let me in since 8:55 PM" in shown(
        FaxCard(a_fax(), a_job(JobState.ACTIVE), outage)
    )


def test_a_job_of_another_program_says_so():
    """A foreign job says so, and has its number from the fax server."""
    text = shown(FaxCard(a_fax(user_id=None, number="", files=[]), a_job(JobState.READY)))
    assert "*Fax to +1 469-555-0101*" in text
    assert "sent by another program" in text


def test_an_end_long_ago_names_the_day():
    """A moment that is half a day away or more is shown with its day, in the reader's own zone."""
    fax = an_ended_fax(Outcome.WITHDRAWN, job_id=None)
    fax.ended_at = (NOW - timedelta(days=2)).timestamp()
    rendered = render(FaxCard(fax), SITE, NOW)
    assert "on <!date^1776546000^{date_short} at {time}|Apr 18 at 9:00 PM UTC>" in rendered.text


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(StepKind.QUEUED, NOW, a_job(JobState.READY)), "Queued on Sales"),
        (Step(StepKind.DIALLING, NOW, a_job(JobState.ACTIVE)), "Dialing"),
        (Step(StepKind.DIALLING, NOW, a_job(JobState.ACTIVE, dials=1)), "Dialing (dial 2 of 12)"),
        (Step(StepKind.SENDING, NOW, a_job(JobState.ACTIVE)), "Sending, 2 pages"),
        (Step(StepKind.PAGE, NOW, a_job(JobState.ACTIVE, sent_pages=1)), "Page 1 of 2 sent"),
        (
            Step(
                StepKind.RETRYING,
                NOW,
                a_job(JobState.SLEEPING, dials=1, next_try=NOW, status_text="No answer from remote"),
            ),
            "No answer: the fax server will try again at 9:00 PM (dial 1 of 12)",
        ),
        (
            Step(StepKind.DELIVERED, NOW, a_job(JobState.DONE, sent_pages=2, duration=67)),
            "Delivered, 2 pages in 67 s",
        ),
        (
            Step(StepKind.FAILED, NOW, a_job(JobState.FAILED, dials=5, status_text="No answer from remote")),
            "Not delivered: nobody answered (5 dials)",
        ),
        (
            Step(StepKind.CANCELLED, NOW, a_job(JobState.FAILED), by="U1DANA"),
            "Stopped by <@U1DANA>. Nothing was sent.",
        ),
        (Step(StepKind.CANCELLING, NOW, by="U1DANA"), "Canceling… <@U1DANA> asked for it."),
        (Step(StepKind.SENT_AGAIN, NOW, by="U1DANA"), "Sent again by <@U1DANA> as another fax"),
        (Step(StepKind.DELETED, NOW, by="U1DANA"), "Record deleted by <@U1DANA>"),
        (
            Step(StepKind.SLOW, NOW, text="modem not ready"),
            "Not picked up yet by the fax server. The line: modem not ready.",
        ),
    ],
)
def test_each_step_is_one_short_line(step, words):
    """A step in the thread is one line."""
    assert shown(FaxSteps(a_fax(), (step,))) == words


def test_steps_that_waited_come_in_one_reply():
    """Steps that Slack's limits made wait are one reply, oldest first."""
    steps = (Step(StepKind.QUEUED, NOW), Step(StepKind.DIALLING, NOW))
    assert shown(FaxSteps(a_fax(), steps)) == "Queued\nDialing"


def test_every_kind_of_step_has_words():
    """No step has an empty text, with or without a job."""
    for kind in StepKind:
        for job in (None, a_job(JobState.ACTIVE)):
            assert shown(FaxSteps(a_fax(), (Step(kind, NOW, job),))) != "No news."
