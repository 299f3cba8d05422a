"""Whatever callers, machines and people write: every message is valid, within limits, and does nothing."""

import asyncio
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxbot.services.model.messages import FetchedFile, ReceivedFax
from faxbot.slack.action_ids import FormStart
from faxbot.slack.adapters.messenger import SlackMessenger
from faxbot.slack.views import (
    BotProfile,
    render,
    render_answer,
    render_comment,
    render_fault,
    render_help,
    render_unknown_fault,
)
from faxbot.slack.views.form import form_view, loading_view, refusal_view
from faxbot.slack.views.text import escape
from tests.support.facts import NOW, faults, files, lines, messages, moments, texts, told_answers
from tests.support.fake_slack import FakeSlack, web_api
from tests.support.slack_rules import (
    check_against_schema,
    check_message_of,
    check_modal,
    check_mrkdwn,
    schema,
)

SITE = BotProfile()
POSTED = {"ok": True, "ts": "1700000000.000100", "channel": "C1"}

often = settings(suppress_health_check=[HealthCheck.too_slow])


def test_slacks_schemas_are_at_hand():
    """The checks against Slack's own schemas run where the schemas are."""
    if schema("Blocks") is None:
        pytest.skip("Slack's schemas are not beside this checkout; sizes and words are checked all the same")
    assert not schema("Blocks").is_valid([{"type": "nonsense"}])
    for name in ("AnyView", "req_ChatPostMessageArguments", "req_ChatUpdateArguments"):
        assert schema(name) is not None


@often
@given(messages)
def test_every_message_is_valid_and_harmless(message):
    """No fact, however odd, breaks a message, notifies anybody or formats anything."""
    check_message_of(render(message, SITE, NOW))
    if isinstance(message, ReceivedFax | FetchedFile):
        comment = render_comment(message, SITE, NOW)
        check_mrkdwn(comment)
        assert 0 < len(comment) <= 4000


@often
@given(told_answers)
def test_every_answer_is_valid_and_harmless(answer):
    """No record, however odd, breaks an answer."""
    check_message_of(render_answer(answer, SITE, NOW))


@often
@given(faults, st.none() | moments, texts)
def test_every_fault_is_valid_and_harmless(fault, since, correlation_id):
    """What a person typed comes back as text."""
    check_message_of(render_fault(fault, SITE, NOW, down_since=since))
    check_message_of(render_unknown_fault(correlation_id))


def test_help_is_valid():
    """The help stays within Slack's sizes."""
    for topic in (None, "send", "subscribe", "nonsense"):
        check_message_of(render_help(topic, BotProfile(command="/" + "x" * 30)))


@often
@given(
    st.builds(FormStart, st.just("C1"), st.none(), files.map(tuple), texts, texts, st.just("k")),
    st.lists(lines, max_size=12),
    texts,
)
def test_every_form_is_valid(start, some_lines, note):
    """However long names and lines are, the form opens."""
    for view in (
        form_view(start, some_lines, SITE, note),
        loading_view(start),
        refusal_view(start, note),
    ):
        check_modal(view)


@settings(parent=often, max_examples=max(10, settings.default.max_examples // 4))
@given(messages, st.text(min_size=1, max_size=300))
def test_every_call_is_as_slack_describes_it(message, key):
    """A post and its edit carry text, blocks and metadata in the shape that Slack's reference gives."""
    client = FakeSlack(chat_postMessage=POSTED, chat_update=POSTED)
    publisher = SlackMessenger(
        web_api(client),
        lambda each: render(each, SITE, NOW),
        lambda each: render_comment(each, SITE, NOW),
    )
    asyncio.run(publisher.post("C1", message, key=key, thread_ts=None))
    asyncio.run(publisher.update("C1", POSTED["ts"], message, key=key))
    for method in ("chat.postMessage", "chat.update"):
        (call,) = client.calls(method)
        assert 0 < len(call["text"]) <= 4000
        assert all(len(block.get("block_id", "")) <= 255 for block in call["blocks"])
        name = f"req_{method[0].upper()}{method[1:].replace('.p', 'P').replace('.u', 'U')}Arguments"
        check_against_schema(name, {"token": "xoxb-1", **call})


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
        ("\x0f \x0f", ""),
        ("a \x0f b", "a b"),
        ("\u200d \u202e", ""),
        ("x" * 90, "x" * 79 + "…"),
    ],
)
def test_escaped_text_reads_as_it_is(text, shown):
    """Ordinary names stay as they are; marks become their look-alikes."""
    assert escape(text) == shown
