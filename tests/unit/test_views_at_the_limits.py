"""More of everything than Slack shows: what does not truncate is left off, and said to be."""

import re
import time
from datetime import timedelta

import pytest

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.record import Record
from faxbot.fax.status import Cause, diagnose
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.messages import (
    FaxCard,
    FaxConfirmation,
    FaxSteps,
    NumberQuestion,
    ReceivedFax,
    Sentence,
    Step,
    StepKind,
)
from faxbot.services.queries import results
from faxbot.slack.action_ids import FormStart
from faxbot.slack.views import BotProfile, render, render_answer, render_comment, render_fault
from faxbot.slack.views.blocks import truncate
from faxbot.slack.views.form import form_view
from tests.support.facts import NOW
from tests.support.slack_rules import check_message_of, check_modal, check_mrkdwn

SITE = BotProfile()
LONG = ("&" * 300, "<!channel> " * 30, "W" * 300, "\U0001f4e0" * 300, "a b " * 100, "*&_" * 100)
MANY = 4000
every_long_name = pytest.mark.parametrize(
    "name", LONG, ids=["entities", "channel", "wide", "emoji", "words", "marks"]
)


def many_files(amount, name):
    return tuple({"id": f"F{n:010}", "name": f"{name}{n}"} for n in range(amount))


@every_long_name
def test_faxes_of_many_files(name):
    """A card, a receipt and a question about 500 files."""
    files = many_files(500, name)
    fax = Fax(
        id=1,
        state=FaxState.UNDECIDED,
        number=name,
        line_name=name,
        files=list(files),
        user_id="U1",
        fault=name,
    )
    fax.candidates = [f"TX{n}" for n in range(MANY)]
    check_message_of(render(FaxCard(fax), SITE, NOW))
    check_message_of(
        render(FaxConfirmation(name, 9, name, name, tuple(file["name"] for file in files)), SITE, NOW)
    )
    check_message_of(render(NumberQuestion(files, name, name, name), SITE, NOW))


@every_long_name
def test_many_steps_at_once(name):
    """Twenty steps that had to wait, each with as many words as a server can say."""
    job = Job(
        "TX1", JobState.SLEEPING, status_text=name * 5, state_text=name, next_try=NOW + timedelta(days=40)
    )
    for kind in StepKind:
        steps = (Step(kind, NOW, job, "U1", name * 9),) * 20
        check_message_of(render(FaxSteps(Fax(id=1, line_name=name, fault=name), steps), SITE, NOW))


@every_long_name
def test_long_answers(name):
    """4000 lines, jobs, records and subscriptions."""
    line = FaxLine("1", name, name, name, name)
    lines = results.LinesResult((results.LineEntry(line, LineUsage("1", name * 3, MANY)),) * MANY)
    record = Record(
        "TX1", NOW, number=name, caller_name=name, station_id=name, status_text=name * 9, sent_pages=9
    )
    fax = Fax(id=1, number=name, line_name=name, user_id="U1", files=list(many_files(500, name)))
    flags = {"can_cancel": True, "can_get": True, "can_delete": True}
    entry = results.JobEntry("TX1", Direction.TX, name, record=record, fax=fax, **flags)
    subscribed = results.SubscriptionEntry(Direction.RX, name, name, "U1")
    for answer in (
        lines,
        results.StatusResult(entry),
        results.ActiveResult(tuple(Direction), (entry,) * MANY, (fax,) * MANY),
        results.HistoryResult(Direction.RX, 7, MANY, MANY, (entry,) * MANY),
        results.SubscriptionsResult("C1", (subscribed,) * MANY),
    ):
        rendered = render_answer(answer, SITE, NOW)
        check_message_of(rendered)
        small_print = [
            block["elements"][0]["text"] for block in rendered.blocks if block["type"] == "context"
        ]
        left_off = any(re.fullmatch(r"and [0-9]+ more", text) for text in small_print)
        assert left_off is not isinstance(answer, results.StatusResult)


@every_long_name
def test_long_words_of_a_received_fax(name):
    """Caller, station and status text as long as they come."""
    record = Record("RX1", NOW, number=name, caller_name=f"c{name}", station_id=name, status_text=name * 9)
    message = ReceivedFax(
        1, record, name, MANY, has_file=False, deleted_by=None, permalink="https://x/" + "y" * 900
    )
    check_message_of(render(message, SITE, NOW))
    check_mrkdwn(render_comment(message, SITE, NOW))


@every_long_name
def test_a_sentence_as_long_as_a_novel(name):
    """A sentence is cut, also where it quotes a command."""
    check_message_of(render(Sentence(f"{name * 40} `{name}` {name}", "/fax " + name * 90), SITE, NOW))
    check_message_of(render_fault(BadCommand(name * 40, "/fax " + name), SITE, NOW))


@pytest.mark.parametrize("amount", [0, 1, 10, 60, 90, 130])
@every_long_name
def test_a_form_for_many_files(name, amount):
    """The form carries the ids of as many files as truncate, with names or without."""
    line = FaxLine("L" * 400, name, name, name)
    check_modal(
        form_view(FormStart("C1", None, many_files(amount, name), name, name), [line] * MANY, SITE, name)
    )


def test_more_files_than_a_form_can_carry():
    """The form says so instead of losing some of them."""
    with pytest.raises(BadCommand, match="more files than a form can carry"):
        form_view(FormStart("C1", None, many_files(500, "a")), [], SITE)


def test_more_files_than_a_button_can_carry():
    """A question that cannot open the form says why, and has no button that would lose files."""
    rendered = render(NumberQuestion(many_files(500, "a")), SITE, NOW)
    assert "Share fewer at a time" in rendered.text
    assert [block["type"] for block in rendered.blocks] == ["section"]


@pytest.mark.parametrize(
    "piece", ["<!date^1^{time}|4:01 PM UTC> ", "&lt;", "&amp;&gt;", "<@U1>", "a b\n<@U1>", "\n", "x"]
)
def test_what_is_cut_is_cut_between_marks(piece):
    """Wherever the limit falls, no cut goes through a date, a mention or an escaped character."""
    for limit in range(20, 80):
        shown = truncate(piece * 100, limit)
        assert len(shown) <= limit
        assert shown.endswith("…")
        check_mrkdwn(shown)


def test_a_long_word_behind_a_short_line_is_not_left_out():
    """What does not truncate on whole lines is cut at a word: a list of names does not vanish."""
    rendered = render(
        FaxConfirmation("", None, "", "", tuple(f"{'&' * 70} {n}" for n in range(20))), SITE, NOW
    )
    assert len(rendered.blocks[0]["text"]["text"]) > 2500


def test_a_cause_is_found_in_little_time():
    """However much a server says, its beginning is looked at: everybody else is waiting."""
    began = time.process_time()
    assert diagnose("x " * 2_000_000).cause is Cause.UNKNOWN
    assert time.process_time() - began < 1.0
