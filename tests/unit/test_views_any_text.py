"""Whatever callers, machines and people write: every message is valid, within limits, and does nothing."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxbot.fax import errors
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.record import Record
from faxbot.services import answers
from faxbot.services.facts import Fax, FaxState, Outcome
from faxbot.services.messages import (
    AskNumber,
    FaxCard,
    Faxing,
    FaxSteps,
    FetchedFile,
    ReceivedFax,
    Sentence,
    ServerAway,
    ServerBack,
    Step,
    StepKind,
)
from faxbot.slack.ids import FormStart
from faxbot.slack.views import (
    Site,
    render,
    render_answer,
    render_comment,
    render_fault,
    render_help,
    render_unknown_fault,
)
from faxbot.slack.views.form import looking_for_files, nothing_to_fax, open_form
from faxbot.slack.views.text import escape

NOW = datetime(2026, 4, 20, 16, 2, tzinfo=UTC)
SITE = Site()
SCHEMAS = Path(__file__).parents[3] / "shared" / "slack" / "schemas"

NASTY = (
    "<!channel>",
    "<@U999>",
    "<!here|x> @channel #general",
    "*bold* _it_ ~s~ `code` ```pre```",
    ":tada: http://evil.example <https://evil.example|click>",
    "> quote\n> more",
    "&lt;!channel&gt;",
    "\u202egnp.exe \u0000 \ud800",
    "x" * 5000,
    "&" * 5000,
    "",
    "   ",
)
texts = st.sampled_from(NASTY) | st.text(max_size=60)
counts = st.integers(0, 10**6)
maybe = st.none() | counts
moments = st.timedeltas(timedelta(days=-4000), timedelta(days=4000)).map(lambda delta: NOW + delta)
epochs = st.none() | st.floats(0, 4e9)
users = st.none() | st.sampled_from(["U1DANA", "W2"]) | texts
job_ids = st.sampled_from(["TX83", "RX34"]) | texts
files = st.lists(st.fixed_dictionaries({"id": st.just("F0123456789"), "name": texts}), max_size=10)

jobs = st.builds(
    Job,
    job_ids,
    st.sampled_from(JobState),
    state_text=texts,
    destination=texts,
    sent_pages=counts,
    total_pages=maybe,
    dials=maybe,
    max_dials=maybe,
    next_try=st.none() | moments,
    duration=maybe,
    status_text=texts | st.sampled_from(["Busy signal detected", "No answer from remote", "Dialing"]),
    time=st.none() | moments,
)
records = st.builds(
    Record,
    job_ids,
    moments,
    number=texts,
    caller_name=texts,
    station_id=texts,
    state=st.sampled_from(JobState),
    sent_pages=counts,
    total_pages=maybe,
    duration=maybe,
    status_text=texts,
)
faxes = st.builds(
    Fax,
    id=st.none() | st.integers(1, 10**9),
    state=st.sampled_from(FaxState),
    outcome=st.none() | st.sampled_from(Outcome),
    user_id=users,
    number=texts,
    line_name=texts,
    files=files,
    name=texts,
    pages=maybe,
    intent_at=epochs,
    candidates=st.lists(job_ids, max_size=8),
    fault=texts,
    job_id=st.none() | job_ids,
    answered_by=texts,
    heard_at=epochs,
    cancel_by=users,
    decided_by=users,
    deleted_by=users,
    ended_at=epochs,
)
steps = st.builds(Step, st.sampled_from(StepKind), moments, st.none() | jobs, st.none() | users, texts)
messages = st.one_of(
    st.builds(FaxCard, faxes, st.none() | jobs, st.none() | moments, st.booleans()),
    st.builds(FaxSteps, faxes, st.lists(steps, max_size=6).map(tuple)),
    st.builds(ReceivedFax, st.integers(1, 10**9), records, texts, maybe, st.booleans(), users, texts),
    st.builds(FetchedFile, job_ids, texts),
    st.builds(ServerAway, moments),
    st.builds(ServerBack, moments, moments, counts),
    st.builds(Faxing, texts, maybe, texts, texts, st.lists(texts, max_size=12).map(tuple)),
    st.builds(Sentence, texts, texts),
    st.builds(AskNumber, files.map(tuple), texts, texts, texts),
)
entries = st.builds(
    answers.JobEntry,
    job_ids,
    st.sampled_from(Direction),
    texts,
    job=st.none() | jobs,
    record=st.none() | records,
    fax=st.none() | faxes,
    can_cancel=st.booleans(),
    can_get=st.booleans(),
    can_delete=st.booleans(),
)
some_entries = st.lists(entries, max_size=4).map(tuple)
lines = st.builds(FaxLine, texts, texts, texts, texts)
standings = st.builds(
    answers.LineStanding, lines, st.none() | st.builds(LineUsage, texts, texts, st.integers(0, 99))
)
told_answers = st.one_of(
    st.builds(answers.Lines, st.lists(standings, max_size=8).map(tuple)),
    st.builds(answers.Status, entries),
    st.builds(
        answers.Active,
        st.sampled_from([(Direction.TX,), (Direction.RX,), (Direction.TX, Direction.RX)]),
        some_entries,
        st.lists(faxes, max_size=5).map(tuple),
    ),
    st.builds(
        answers.History,
        st.sampled_from(Direction),
        st.integers(1, 99),
        st.integers(0, 99),
        counts,
        some_entries,
    ),
    st.builds(
        answers.Subscriptions,
        texts,
        st.lists(
            st.builds(answers.SubscribedTo, st.sampled_from(Direction), texts, texts, texts), max_size=8
        ).map(tuple),
        st.booleans(),
    ),
)
faults = st.one_of(
    st.builds(errors.BadCommand, texts, st.none() | texts),
    st.builds(errors.RequestRefused, texts),
    st.builds(errors.SlackRefused, texts, texts),
    st.builds(errors.Refusal, texts),
    st.builds(errors.AnswerLost, texts),
)

OURS = re.compile(
    r"<!date\^\d+\^[^|<>]+\|[^<>]+ UTC>"
    r"|<@[UW][A-Z0-9]+>"
    r"|<#[CGD][A-Z0-9]+>"
    r"|<https?://[^\s<>|]+\|Open the document>"
)
often = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def schema(name):
    path = SCHEMAS / f"{name}.schema.json"
    if not path.exists():
        return None
    return jsonschema.Draft7Validator(json.loads(path.read_text()))


def texts_in(value):
    """Every text object in *value*, with its type."""
    if isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text"):
            yield value
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)


def check_mrkdwn(text):
    """Only our own marks are left; an emoji's name inside code is no emoji."""
    assert "<" not in OURS.sub("", text)
    assert ">" not in OURS.sub("", text)
    assert not re.search(r":[\w+'-]+:", re.sub("`[^`\n]*`", "", OURS.sub("", text)))
    assert not re.search(r"^\s*&gt;", text, re.MULTILINE)


def check_blocks(blocks, most=50):
    assert 0 < len(blocks) <= most
    assert json.dumps(blocks).encode()
    for text in texts_in(blocks):
        assert 0 < len(text["text"]) <= 3000
        assert text["text"].encode()
        if text["type"] == "mrkdwn":
            assert text["verbatim"] is True
            check_mrkdwn(text["text"])
    for block in blocks:
        elements = block.get("elements", []) if block["type"] == "actions" else []
        elements = [*elements, block["accessory"]] if "accessory" in block else elements
        assert len({element["action_id"] for element in elements}) == len(elements) <= 25
        for element in elements:
            assert len(element["text"]["text"]) <= 75
            assert len(element["value"]) <= 2000
            confirm = element.get("confirm", {})
            assert len(confirm.get("text", {}).get("text", "")) <= 300


def check(rendered):
    assert 0 < len(rendered.text) <= 4000
    check_mrkdwn(rendered.text)
    check_blocks(rendered.blocks)
    if validator := schema("Blocks"):
        validator.validate(rendered.blocks)


def test_slacks_schemas_are_at_hand():
    """The checks against Slack's own schemas run where the schemas are."""
    if schema("Blocks") is None:
        pytest.skip("Slack's schemas are not beside this checkout; sizes and words are checked all the same")
    assert not schema("Blocks").is_valid([{"type": "nonsense"}])


@often
@given(messages)
def test_every_message_is_valid_and_harmless(message):
    """No fact, however odd, breaks a message, notifies anybody or formats anything."""
    check(render(message, SITE, NOW))
    if isinstance(message, ReceivedFax | FetchedFile):
        check_mrkdwn(render_comment(message, SITE, NOW))


@often
@given(told_answers)
def test_every_answer_is_valid_and_harmless(answer):
    """No record, however odd, breaks an answer."""
    check(render_answer(answer, SITE, NOW))


@often
@given(faults, st.none() | moments, texts)
def test_every_fault_is_valid_and_harmless(fault, since, reference):
    """What a person typed comes back as text."""
    check(render_fault(fault, SITE, NOW, down_since=since))
    check(render_unknown_fault(reference))


def test_help_is_valid():
    """The help stays within Slack's sizes."""
    for topic in (None, "send", "subscribe", "nonsense"):
        check(render_help(topic, Site(command="/" + "x" * 30)))


@often
@given(
    st.builds(FormStart, st.just("C1"), st.none(), files.map(tuple), texts, texts, st.just("k")),
    st.lists(lines, max_size=12),
    texts,
)
def test_every_form_is_valid(start, some_lines, note):
    """However long names and lines are, the form opens."""
    for view in (
        open_form(start, some_lines, SITE, note),
        looking_for_files(start),
        nothing_to_fax(start, note),
    ):
        check_blocks(view["blocks"], 100)
        assert len(view["private_metadata"]) <= 3000
        if validator := schema("AnyView"):
            validator.validate(view)


@given(texts)
def test_escaped_text_formats_nothing(text):
    """Escaped text has no mark left that Slack reads, and stays short."""
    escaped = escape(text)
    assert not set("*~`<>\n") & set(escaped)
    assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", escaped)
    assert not re.search(r"&(?!amp;|lt;|gt;)", escaped)
    assert "://" not in escaped
    assert len(escaped) <= 80 * 5 + 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("JONES & CO", "JONES &amp; CO"),
        ("my_scan_2.pdf", "my_scan_2.pdf"),
        ("*x*", "∗x∗"),  # noqa: RUF001 - the look-alike is the point
        ("_x_", "ˍxˍ"),
        ("two\nlines", "two lines"),
        ("x" * 90, "x" * 79 + "…"),
    ],
)
def test_escaped_text_reads_as_it_is(text, shown):
    """Ordinary names stay as they are; marks become their look-alikes."""
    assert escape(text) == shown
