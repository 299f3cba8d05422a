"""Answers, help and faults, as their asker reads them."""

from datetime import UTC, datetime, timedelta

import pytest

from faxbot.fax import errors
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.record import Record
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.messages import FaxCard
from faxbot.services.queries import results
from faxbot.slack import grammar
from faxbot.slack.views import BotProfile, render_answer, render_fault, render_help, render_unknown_fault

NOW = datetime(2026, 4, 20, 16, 2, tzinfo=UTC)
SITE = BotProfile()
TX, RX = Direction.TX, Direction.RX
AT = f"<!date^{int(NOW.timestamp())}^{{time}}|4:02 PM UTC>"


def pressable(rendered):
    found = []
    for block in rendered.blocks:
        if block["type"] == "actions":
            found += block["elements"]
        elif "accessory" in block:
            found.append(block["accessory"])
    return [(button["text"]["text"], button["value"]) for button in found]


def test_lines_say_what_they_are_doing():
    """Each line with its number, its state in words, and how many faxes wait behind the one being sent."""
    sales = FaxLine("1", "Sales", "599", "14695551111")
    support = FaxLine("2", "Support", "", "14695551112")
    reply = render_answer(
        results.LinesResult(
            (
                results.LineEntry(sales, LineUsage("1", "Running and idle", 0)),
                results.LineEntry(support, LineUsage("2", "Sending job 83", 3)),
                results.LineEntry(FaxLine("3", "Billing"), None),
                results.LineEntry(FaxLine("4", "Lab"), LineUsage("4", "Modem wedged", 1)),
            )
        ),
        SITE,
        NOW,
    )
    assert reply.text.splitlines() == [
        "*Sales* +1 469-555-1111 (ext. 599) — idle",
        "*Support* +1 469-555-1112 — sending TX83, 2 waiting",
        "*Billing* — state not known",
        "*Lab* — *Modem wedged*, 1 waiting",
    ]


def test_no_lines_is_said():
    """A fax server without virtual faxes is no empty message."""
    assert render_answer(results.LinesResult(()), SITE, NOW).text.startswith("*No lines.*")


def test_status_of_a_fax_under_way_reads_like_its_card():
    """State in words and what may be done with it."""
    fax = Fax(id=12, state=FaxState.ACCEPTED, user_id="U1", number="+1 469-555-0101", job_id="TX83")
    job = Job("TX83", JobState.ACTIVE, total_pages=2, sent_pages=1, dials=1, max_dials=12)
    reply = render_answer(
        results.StatusResult(results.JobEntry("TX83", TX, "Sales", job=job, fax=fax, can_cancel=True)),
        SITE,
        NOW,
    )
    assert "*Fax to +1 469-555-0101* · TX83\n*Sending page 2 of 2*" in reply.text
    assert pressable(reply) == [("Cancel fax", "fax:12")]


def test_status_of_a_finished_sending_comes_from_its_record():
    """Without a row of ours the record is shown; its button names the job and its time."""
    record = Record("TX82", NOW, number="14695550101", station_id="MERCY", sent_pages=2, duration=61)
    entry = results.JobEntry("TX82", TX, "Sales", record=record, can_get=True)
    reply = render_answer(results.StatusResult(entry), SITE, NOW)
    assert f'*Delivered* at {AT} — 2 pages in 61 s. Answered by "MERCY".' in reply.text
    assert pressable(reply) == [("Download", f"job:TX82:{int(NOW.timestamp())}")]


def test_status_of_a_received_fax():
    """Received faxes say from whom, and what the other machine claims."""
    record = Record("RX34", NOW, number="2142454571", station_id="JONES & CO", sent_pages=3, duration=41)
    reply = render_answer(
        results.StatusResult(results.JobEntry("RX34", RX, "Sales", record=record)), SITE, NOW
    )
    assert reply.text == (
        "*Fax from +1 214-245-4571* · RX34\n"
        f'3 pages in 41 s · Sales · {AT} · From "JONES &amp; CO" (what their machine says)'
    )


def test_active_lists_what_is_sent_received_and_waiting():
    """One row each; only what may be pressed has a button."""
    sending = Job("TX83", JobState.ACTIVE, destination="14695550101", total_pages=2)
    coming = Job(
        "RX35",
        JobState.ACTIVE,
        destination="14695551111",
        sent_pages=2,
        status_text='Receiving from "JONES & CO"',
    )
    reply = render_answer(
        results.ActiveResult(
            (TX, RX),
            (
                results.JobEntry("TX83", TX, "Sales", job=sending, can_cancel=True),
                results.JobEntry("RX35", RX, "", job=coming),
            ),
            (FaxCard(Fax(id=13, state=FaxState.READY, user_id="U1", number="+1 469-555-0102")),),
        ),
        SITE,
        NOW,
    )
    assert reply.text.splitlines() == [
        "*TX83* to +1 469-555-0101 · Sending page 1 of 2   ▱▱▱▱▱▱ · Sales",
        (
            '*Receiving a fax* on +1 469-555-1111 · RX35 · from "JONES &amp; CO" (what their machine says) '
            "· 2 pages so far"
        ),
        "*Fax to +1 469-555-0102* · Waiting to be handed to the fax server · <@U1>",
    ]
    assert pressable(reply) == [("Cancel fax", "job:TX83")]


def test_nothing_active_names_the_history_command():
    """An empty answer names the next step."""
    reply = render_answer(results.ActiveResult((RX,), ()), SITE, NOW)
    assert reply.text == "*Nothing* is being received. `/fax history` shows what is finished."


def test_history_pages_and_acts():
    """Rows newest first as given, buttons per row, and a pager that knows the other direction."""
    cut = Record("RX34", NOW, number="2142454571", sent_pages=2, status_text="T.30 T2 timeout")
    reply = render_answer(
        results.HistoryResult(
            RX,
            2,
            3,
            27,
            (results.JobEntry("RX34", RX, "Sales", record=cut, can_get=True, can_delete=True),),
        ),
        SITE,
        NOW,
    )
    assert reply.text.splitlines() == [
        "*Received faxes* · page 2 of 3 · 27 in all",
        f"*RX34* · from +1 214-245-4571 · 2 pages · incomplete · {AT} · Sales",
    ]
    moment = int(NOW.timestamp())
    assert pressable(reply) == [
        ("Download", f"job:RX34:{moment}"),
        ("Delete record", f"job:RX34:{moment}"),
        ("Newer", "RX:1"),
        ("Older", "RX:3"),
        ("Sent faxes", "TX:1"),
    ]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Record("TX1", NOW, number="14695550101", sent_pages=2), "delivered, 2 pages"),
        (
            Record("TX1", NOW, state=JobState.FAILED, status_text="No answer from remote"),
            "not delivered: no answer",
        ),
        (Record("TX1", NOW, state=JobState.FAILED, status_text="Job aborted by request"), "stopped"),
    ],
)
def test_history_says_how_each_sending_ended(record, words):
    """A row of the history has the outcome in a few words."""
    entry = results.JobEntry("TX1", TX, "", record=record)
    assert f" · {words} · " in render_answer(results.HistoryResult(TX, 1, 1, 1, (entry,)), SITE, NOW).text


def test_a_page_that_is_not_there_is_said():
    """Beyond the last page the answer names the last page and offers it."""
    reply = render_answer(results.HistoryResult(TX, 9, 3, 27, ()), SITE, NOW)
    assert reply.text == "*Sent faxes* — there is no page 9; the last is 3."
    assert pressable(reply)[0] == ("Last page", "TX:3")


def test_subscriptions_are_listed():
    """The subscriptions of a channel, and who made them."""
    reply = render_answer(
        results.SubscriptionsResult(
            "C1",
            (
                results.SubscriptionEntry(RX, "Sales", created_by="U1"),
                results.SubscriptionEntry(TX),
                results.SubscriptionEntry(TX, job_id="TX8"),
            ),
            inbound=True,
        ),
        SITE,
        NOW,
    )
    assert reply.text.splitlines() == [
        "*<#C1> hears of*",
        "• all received faxes: they come here anyway",
        "• received faxes of Sales · <@U1>",
        "• all sent faxes",
        "• fax TX8",
    ]


def test_no_subscriptions_names_the_next_step():
    """An unsubscribed channel reads how to change that."""
    assert "`/fax subscribe tx`" in render_answer(results.SubscriptionsResult("C1", ()), SITE, NOW).text


def test_help_is_the_grammars_table():
    """Every command is in the help, under the name that it has here; one topic shows its examples."""
    text = render_help(None, BotProfile(command="/telefax")).text
    for syntax in grammar.SYNTAX.values():
        usage = syntax.usage.replace("<", "&lt;").replace(">", "&gt;")
        assert f"`/telefax {usage}`  {syntax.purpose}" in text
        one = render_help(syntax.name, SITE).text
        assert all(f"`/fax {example}`" in one for example in syntax.examples)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            errors.BadCommand('I don\'t know "stauts".', "/fax status TX83"),
            'I don\'t know "stauts". Did you mean `/fax status TX83`?',
        ),
        (errors.BadCommand('I don\'t know "x".', "/fax help"), "`/fax help` shows what I can do."),
        (
            errors.BadNumber(
                '"12" is too short to be a phone number here (US). Write it like +1 469 555 0101.'
            ),
            '"12" is too short to be a phone number here (US). Write it like +1 469 555 0101.',
        ),
        (
            errors.UnknownJob("The fax server has no job TX99. `/fax active` shows what is running."),
            "The fax server has no job TX99. `/fax active` shows what is running.",
        ),
        (
            errors.NotAllowed("Only Dana or an admin can cancel TX83."),
            "Only Dana or an admin can cancel TX83.",
        ),
        (
            errors.ServerUnreachable("connect"),
            f"*The fax server doesn't answer* (since {AT}). Try again in a minute.",
        ),
        (errors.AnswerLost("gone"), "look with `/fax active` before you ask again."),
        (errors.CredentialsRejected("401"), "*The fax server doesn't let me in*"),
        (errors.RequestRefused("No."), '*The fax server refused.* Server says: "No". Nothing was done.'),
        (errors.JobNotFound("Job not found"), "The fax server has no such fax."),
        (errors.SlackBusy(2.6), "*Slack is busy.* Try again in 3 s."),
        (errors.SlackRefused("is_archived"), "*Slack refused* (is_archived)."),
        (errors.SlackUnclear("?"), "*Slack didn't answer.*"),
    ],
)
def test_each_fault_is_a_sentence_with_the_next_step(fault, words):
    """A known fault has its sentence."""
    assert words in render_fault(fault, SITE, NOW, down_since=NOW).text


def test_a_suggestion_can_be_run():
    """What was probably meant is one press away; what cancels or deletes asks first."""
    reply = render_fault(errors.BadCommand("No.", "/fax status TX83"), SITE, NOW)
    assert pressable(reply) == [("Run it", "/fax status TX83")]
    assert "confirm" not in reply.blocks[-1]["elements"][0]
    stop = render_fault(errors.BadCommand("No.", "/fax cancel TX83"), SITE, NOW)
    assert stop.blocks[-1]["elements"][0]["confirm"]["text"]["text"] == "/fax cancel TX83"


def test_an_unknown_fault_has_a_reference():
    """What has no name gives a reference that an admin finds in the log."""
    assert "`ab12cd`" in render_unknown_fault("ab12cd").text


def test_a_long_list_stays_within_slacks_limit():
    """However much is active, a message has at most 50 blocks and says what it left off."""
    jobs = tuple(
        results.JobEntry(
            f"TX{n}", TX, "Sales", job=Job(f"TX{n}", JobState.READY), can_cancel=True, can_get=True
        )
        for n in range(200)
    )
    reply = render_answer(results.ActiveResult((TX,), jobs), SITE, NOW)
    assert len(reply.blocks) <= 50
    assert reply.blocks[-1]["elements"][0]["text"] == "and 180 more"


def test_a_job_of_an_odd_name_is_shown_but_not_pressed():
    """A job id that no button could bring back has no button."""
    odd = results.JobEntry("job 7", TX, "Sales", job=Job("job 7", JobState.READY), can_cancel=True)
    reply = render_answer(results.ActiveResult((TX,), (odd,)), SITE, NOW)
    assert "*job 7*" in reply.text
    assert pressable(reply) == []


def test_the_day_is_named_when_it_is_not_today():
    """Old records show their day in the reader's own zone."""
    record = Record("TX82", NOW - timedelta(days=3), sent_pages=1)
    entry = results.JobEntry("TX82", TX, "", record=record)
    assert (
        "^{date_short}, {time}|Apr 17, 4:02 PM UTC>"
        in render_answer(results.HistoryResult(TX, 1, 1, 1, (entry,)), SITE, NOW).text
    )
