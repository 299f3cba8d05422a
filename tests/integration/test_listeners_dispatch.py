"""What the bot does with what Slack delivers, through a real Bolt app."""

import asyncio
import copy
import logging
import time

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from faxbot.fax.errors import ServerUnreachable, SlackRefused, UnknownJob
from faxbot.fax.job import Direction
from faxbot.services.model.request_bodies import (
    AnswerBody,
    CancelBody,
    DeleteBody,
    GetBody,
    RequestKind,
    SendBody,
    ShareBody,
    SharedFileBody,
    SubscribeBody,
    UnsubscribeBody,
)
from faxbot.slack.action_ids import FormStart
from tests.support.listeners import ListenerHarness, command, event, payload_of, press, shortcut, submission
from tests.support.waiting import until

FILES = [{"id": "F1", "name": "a.pdf"}]


@pytest.fixture
def harness():
    return ListenerHarness()


async def test_a_command_that_sends_is_committed_with_what_its_form_would_need(harness):
    """`/fax send` becomes one SEND whose files are found later; its trigger goes along."""
    response = await harness.command("send 469 555 0101 from Sales")
    assert response.status == 200
    (request,) = harness.runner.requests
    assert (request.kind, request.key) == (RequestKind.SEND, "send:trigger.1")
    assert (request.user_id, request.channel_id) == ("UDANA", "CCLAIMS")
    assert request.response_url == "http://127.0.0.1:1/commands/1"
    assert request.body == SendBody(number="469 555 0101", line="Sales", recent=True, trigger_id="trigger.1")
    assert request.created_at > 0


@pytest.mark.parametrize(
    "body",
    [
        command("send 469 555 0101"),
        command("cancel TX82"),
        press("cancel_fax", "fax:12"),
        press("it_went", "fax:12"),
        press("run_command", "/fax delete RX3"),
        submission(FormStart("C1", files=tuple(FILES)).encode(), "469 555 0101"),
        event(type="app_mention", user="UDANA", channel="C1", ts="1.1", text="<@UBOT> 469 555 0101"),
    ],
    ids=["send", "cancel", "press", "decision", "run", "form", "mention"],
)
async def test_nothing_that_changes_something_is_acknowledged_before_it_is_committed(harness, body):
    """As long as the commit takes, Slack has no acknowledgement."""
    harness.runner.gate = asyncio.Event()
    answer = asyncio.create_task(harness.send(body))
    await asyncio.wait({answer}, timeout=0.05)
    assert not answer.done()
    harness.runner.gate.set()
    assert (await answer).status == 200
    assert len(harness.runner.requests) == 1


async def test_a_question_is_acknowledged_before_it_is_answered(harness):
    """The acknowledgement comes within three seconds, even if the fax server is slow."""
    harness.queries.gate = asyncio.Event()
    response = await harness.command("history rx 2")
    assert (response.status, harness.replies.responses) == (200, [])
    harness.queries.gate.set()
    await until(lambda: harness.replies.responses)
    assert harness.queries.asked == [("history", Direction.RX, 2, "UDANA", "CCLAIMS")]
    assert len(harness.replies.responses) == 1


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("lines Sales", ("lines", "Sales")),
        ("active tx", ("active", Direction.TX, "UDANA", "CCLAIMS")),
        ("subscriptions", ("subscriptions", "CCLAIMS")),
    ],
)
async def test_each_question_is_asked_once_and_answered_once(harness, text, asked):
    """One command, one question, one answer; nothing is committed."""
    await harness.command(text)
    await until(lambda: harness.replies.responses)
    assert (harness.queries.asked, harness.runner.requests) == ([asked], [])


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("get RX34", GetBody(job_id="RX34")),
        ("cancel tx82", CancelBody(job_id="TX82")),
        ("delete RX34", DeleteBody(job_id="RX34")),
        ("subscribe rx line Sales", SubscribeBody(direction=Direction.RX, line="Sales")),
        ("subscribe TX82", SubscribeBody(job_id="TX82")),
        ("unsubscribe", UnsubscribeBody()),
    ],
)
async def test_commands_that_change_something_become_requests(harness, text, body):
    """The request says what the person typed."""
    await harness.command(text)
    (request,) = harness.runner.requests
    assert (request.kind, request.body) == (body.kind, body)
    assert request.key == f"{body.kind.value}:trigger.1"


async def test_a_misspelt_command_is_answered_in_its_acknowledgement(harness):
    """The answer is in the acknowledgement, with the command that was probably meant as a button."""
    reply = payload_of(await harness.command("stauts TX83"))
    assert reply["response_type"] == "ephemeral"
    assert "/fax status TX83" in reply["text"]
    assert reply["blocks"][1]["elements"][0]["value"] == "/fax status TX83"
    assert (harness.runner.requests, harness.replies.responses) == ([], [])


async def test_a_number_that_is_none_is_refused_before_anything_is_committed(harness):
    """`/fax send` with an impossible number starts nothing."""
    reply = payload_of(await harness.command("send 4abc"))
    assert reply["response_type"] == "ephemeral"
    assert harness.runner.requests == []


async def test_send_without_a_number_opens_the_form_with_recent_files(harness):
    """The form opens; nothing is committed."""
    await harness.command("send from Sales")
    await until(lambda: harness.forms.opened)
    ((how, trigger, start),) = harness.forms.opened
    assert (how, trigger, start["line_id"], start["channel_id"]) == (
        "recent",
        "trigger.1",
        "Sales",
        "CCLAIMS",
    )
    assert harness.runner.requests == []


async def test_help_is_shown(harness):
    """`/fax` alone is answered with the commands there are."""
    await harness.command("")
    await until(lambda: harness.replies.responses)
    assert "/fax send" in harness.replies.texts[0]


async def test_a_fault_right_after_the_acknowledgement_does_not_take_it_back(harness):
    """Bolt forgets the acknowledgement of a listener that fails at once; Slack would call it late."""
    harness.queries.failure = UnknownJob("The fax server has no job TX99.")
    response = await asyncio.wait_for(harness.command("status TX99"), 1)
    assert response.status == 200
    await until(lambda: harness.replies.responses)
    assert harness.replies.texts == ["The fax server has no job TX99."]


async def test_a_question_that_the_fax_server_does_not_answer_says_so(harness):
    """The person reads one sentence with the next step."""
    harness.queries.failure = ServerUnreachable("connection refused to 10.0.0.1")
    await harness.command("lines")
    await until(lambda: harness.replies.responses)
    assert "The fax server doesn't answer" in harness.replies.texts[0]
    assert "10.0.0.1" not in harness.replies.texts[0]


async def test_an_unknown_fault_gets_a_reference_that_is_in_the_log(harness, caplog):
    """An unknown exception is shown with a correlation id and logged, without the payload."""
    harness.runner.failure = RuntimeError("disk full")
    reply = payload_of(await harness.command("send 469 555 0101"))
    (record,) = [each for each in caplog.records if each.exc_info]
    correlation_id = record.correlation_id
    assert correlation_id in reply["text"]
    assert len(correlation_id) == 8
    assert record.levelno == logging.ERROR
    assert "disk full" in caplog.text
    assert "469 555 0101" not in caplog.text


async def test_a_fault_of_slack_after_the_acknowledgement_is_shown(harness, monkeypatch):
    """A form that could not be opened is not met with silence."""

    async def refused(*args, **start):
        raise SlackRefused("expired_trigger_id")

    monkeypatch.setattr(harness.forms, "open", refused)
    response = await harness.send(shortcut("send_a_fax"))
    assert response.status == 200
    await until(lambda: harness.replies.responses)
    assert "expired_trigger_id" in harness.replies.texts[0]


@pytest.mark.parametrize(
    ("action_id", "value", "body"),
    [
        ("cancel_fax", "fax:12", CancelBody(fax_id=12)),
        ("cancel_fax", "job:TX82", CancelBody(job_id="TX82")),
        ("delete_record:x", "record:7", DeleteBody(record_id=7)),
        ("delete_record", "job:RX3:177", DeleteBody(job_id="RX3", time=177)),
        ("download", "fax:12", GetBody(fax_id=12, thread_ts="10.1")),
        ("it_went", "fax:12", AnswerBody(fax_id=12, answer="went")),
        ("send_again", "fax:12", AnswerBody(fax_id=12, answer="again")),
        ("give_up", "fax:12", AnswerBody(fax_id=12, answer="give_up")),
    ],
)
async def test_buttons_become_requests(harness, action_id, value, body):
    """A click carries its target; a document goes to the thread of the clicked card."""
    response = await harness.send(press(action_id, value))
    (request,) = harness.runner.requests
    assert (response.status, request.kind, request.body) == (200, body.kind, body)
    assert request.key == f"click:CCLAIMS:10.1:{action_id}:{value}:UDANA:11.1"


async def test_a_document_requested_in_an_ephemeral_is_posted_outside_its_thread(harness):
    """An ephemeral message has no thread that others could see."""
    place = {"type": "message", "message_ts": "10.1", "channel_id": "CCLAIMS", "is_ephemeral": True}
    await harness.send(press("download", "record:7", container=place, message={}))
    assert harness.runner.requests[0].body == GetBody(record_id=7)


async def test_a_redelivered_click_is_one_request_and_a_later_click_another(harness):
    """What failed can be pressed again."""
    await harness.send(press("cancel_fax", "fax:12"))
    await harness.send(press("cancel_fax", "fax:12"))
    assert len(harness.runner.requests) == 1
    later = press("cancel_fax", "fax:12")
    later["actions"][0]["action_ts"] = "99.1"
    await harness.send(later)
    assert len(harness.runner.requests) == 2


@pytest.mark.parametrize(
    ("action_id", "value"), [("cancel_fax", "fax:1;drop"), ("it_went", "record:7"), ("download", "")]
)
async def test_a_forged_button_is_acknowledged_and_refused(harness, action_id, value):
    """Nothing is committed, and the user gets an answer."""
    response = await harness.send(press(action_id, value))
    assert (response.status, harness.runner.requests) == (200, [])
    assert len(harness.replies.responses) == 1


async def test_turning_a_page_replaces_the_answer(harness):
    """The page takes the place of the one that was shown."""
    await harness.send(press("history_page:older", "RX:2"))
    await until(lambda: harness.replies.responses)
    assert harness.queries.asked == [("history", Direction.RX, 2, "UDANA", "CCLAIMS")]
    assert harness.replies.responses[0][2] is True


async def test_a_button_runs_its_command_as_if_typed(harness):
    """What it changes is committed under the name of the press."""
    await harness.send(press("run_command", "/fax send 469 555 0101"))
    assert harness.runner.requests[0].key == "send:trigger.2"


async def test_a_press_on_a_link_is_acknowledged(harness):
    """Nothing else comes of it."""
    assert (await harness.send(press("open_link", "x"))).status == 200


async def test_fax_this_opens_the_form_with_what_is_known(harness):
    """Files, number and line are in the button's value; the channel is that of the click."""
    start = FormStart(files=tuple(FILES), number="469 555 0101", line_id="2")
    await harness.send(press("open_form", start.encode()))
    await until(lambda: harness.forms.opened)
    ((_, trigger, opened),) = harness.forms.opened
    assert trigger == "trigger.2"
    assert (opened["channel_id"], opened["files"], opened["number"]) == (
        "CCLAIMS",
        tuple(FILES),
        "469 555 0101",
    )


async def test_the_message_shortcut_opens_the_form_with_the_messages_files(harness):
    """In a thread, too, and in the order of the message; what was deleted is left out."""
    message = {"ts": "5.1", "thread_ts": "4.1", "files": [*FILES, {"id": "F2", "mode": "tombstone"}]}
    body = shortcut("fax_this", message=message, channel={"id": "C1"}, response_url="http://127.0.0.1:1/x")
    await harness.send(body)
    await until(lambda: harness.forms.opened)
    ((how, trigger, start),) = harness.forms.opened
    assert (how, trigger) == ("open", "trigger.4")
    assert (start["files"], start["thread_ts"], start["channel_id"]) == (FILES, "4.1", "C1")


async def test_the_message_shortcut_on_a_message_without_files_says_so(harness):
    """There is no form to fill in."""
    await harness.send(shortcut("fax_this", message={"ts": "5.1", "text": "hello"}, channel={"id": "C1"}))
    await until(lambda: harness.forms.opened)
    assert harness.forms.opened[0][0] == "refuse"


async def test_the_global_shortcut_opens_an_empty_form(harness):
    """It names no conversation."""
    await harness.send(shortcut("send_a_fax"))
    await until(lambda: harness.forms.opened)
    assert harness.forms.opened == [("open", "trigger.4", {"channel_id": "", "user_id": "UDANA"})]


async def test_a_submitted_form_is_a_request_where_it_was_opened(harness):
    """Uploaded files go before those that were known; a form sent twice is one request."""
    body = submission(FormStart("C9", "4.1").encode(), " 469 555 0101 ", FILES)
    for _ in range(2):
        assert (await harness.send(body)).body == ""
    (request,) = harness.runner.requests
    assert (request.key, request.channel_id, request.thread_ts) == ("view:V1", "C9", "4.1")
    assert request.body == SendBody(number="469 555 0101", files=FILES)


@pytest.mark.parametrize(
    ("number", "files", "wrong"),
    [("", FILES, {"number"}), ("469 555 0101", [], {"files"}), ("12 34 abc", FILES, {"number"})],
)
async def test_what_is_wrong_in_the_form_is_said_beside_the_input(harness, number, files, wrong):
    """The form stays open, and nothing is committed."""
    reply = payload_of(await harness.send(submission(FormStart("C1").encode(), number, files)))
    assert (reply["response_action"], set(reply["errors"])) == ("errors", wrong)
    assert harness.runner.requests == []


async def test_a_form_that_could_not_be_committed_stays_open(harness):
    """The person does not have to fill it in again."""
    harness.runner.failure = RuntimeError("disk full")
    reply = payload_of(await harness.send(submission(FormStart("C1").encode(), "469 555 0101", FILES)))
    assert "reference" in reply["errors"]["number"]


MENTION = {
    "type": "app_mention",
    "user": "UDANA",
    "channel": "C1",
    "ts": "1.1",
    "text": "<@UBOT> 469 555 0101",
}
DIRECT = {"type": "message", "channel_type": "im", "user": "UDANA", "channel": "D1", "ts": "1.1", "text": "x"}


@pytest.mark.parametrize(
    ("facts", "body"),
    [
        (MENTION | {"files": FILES}, ShareBody(ts="1.1", text=MENTION["text"], files=FILES)),
        (MENTION, ShareBody(ts="1.1", text=MENTION["text"])),
        (
            DIRECT | {"subtype": "file_share", "files": FILES},
            ShareBody(ts="1.1", text="x", files=FILES),
        ),
        (DIRECT | {"files": FILES}, ShareBody(ts="1.1", text="x", files=FILES)),
    ],
    ids=["mention", "mention without files", "direct", "direct without subtype"],
)
async def test_a_share_is_one_request_named_by_its_message(harness, facts, body):
    """Delivered twice, with another event id, it is still one."""
    for ident in ("Ev1", "Ev2"):
        assert (await harness.send(event(**facts) | {"event_id": ident})).status == 200
    await harness.settle()
    (request,) = harness.runner.requests
    assert (request.kind, request.key) == (RequestKind.SHARE, f"share:{facts['channel']}:1.1")
    assert (request.body, request.user_id) == (body, "UDANA")
    assert harness.replies.responses == []


async def test_a_file_event_with_only_an_id_is_a_request(harness):
    """`file_shared` names no message; the service finds it."""
    await harness.send(event(type="file_shared", file_id="F1", user_id="UDANA", channel_id="C1"))
    (request,) = harness.runner.requests
    assert (request.kind, request.key, request.body) == (
        RequestKind.SHARED_FILE,
        "file:Ev1",
        SharedFileBody(file_id="F1"),
    )
    assert (request.user_id, request.channel_id) == ("UDANA", "C1")


@pytest.mark.parametrize(
    "facts",
    [
        MENTION | {"user": "UBOT"},
        MENTION | {"bot_id": "BOTHER"},
        MENTION | {"edited": {"user": "UDANA", "ts": "2.1"}},
        DIRECT | {"user": "UBOT", "files": FILES},
        DIRECT | {"bot_id": "BBOT", "files": FILES},
        {**DIRECT, "subtype": "message_changed", "message": {"user": "UDANA", "files": FILES}},
        DIRECT | {"channel_type": "channel", "files": FILES},
        DIRECT | {"channel_type": "channel"},
        DIRECT | {"user": "UBOT"},
        DIRECT | {"subtype": "reply_broadcast_of_old", "files": FILES},
        {"type": "file_shared", "file_id": "F1", "user_id": "UBOT", "channel_id": "C1"},
    ],
    ids=[
        "own mention",
        "a bot's",
        "edited",
        "own",
        "own by bot id",
        "edit",
        "channel",
        "channel words",
        "own words",
        "other subtype",
        "own file",
    ],
)
async def test_what_is_no_share_of_a_person_is_acknowledged_and_left(harness, facts):
    """The bot's own, other bots', edits, and channels' messages start nothing and are not answered."""
    assert (await harness.send(event(**facts))).status == 200
    await harness.settle()
    assert (harness.runner.requests, harness.replies.responses) == ([], [])


async def test_a_share_that_could_not_be_committed_is_not_acknowledged(harness):
    """Slack redelivers it; then it is."""
    harness.runner.failure = RuntimeError("disk full")
    assert (await harness.send(event(**MENTION))).status == 500
    harness.runner.failure = None
    assert (await harness.send(event(**MENTION))).status == 200
    assert len(harness.runner.requests) == 1


async def test_words_without_a_file_get_a_hint(harness):
    """The person learns what to do."""
    await harness.send(event(**DIRECT))
    await until(lambda: harness.replies.responses)
    assert "Send me the files" in harness.replies.texts[0]
    assert harness.runner.requests == []


async def test_the_hint_is_given_once(harness):
    """A redelivered event is not answered again; the next one is."""
    for attempt in ("0", "1"):
        await harness.send(event(**DIRECT), x_slack_retry_num=attempt)
        await harness.settle()
    assert len(harness.replies.responses) == 1
    await harness.send(event(**DIRECT) | {"event_id": "Ev2"}, x_slack_retry_num="0")
    await harness.settle()
    assert len(harness.replies.responses) == 2


READING = [
    command("lines"),
    command(""),
    command("send"),
    shortcut("send_a_fax"),
    press("history_page", "RX:2"),
]


@pytest.mark.parametrize("body", READING, ids=["question", "help", "form", "shortcut", "page"])
async def test_a_redelivered_query_is_answered_once(harness, body):
    """Delivered twice at once and again later, it is acknowledged three times and answered once."""
    answers = await asyncio.gather(harness.send(body), harness.send(body))
    await harness.settle()
    answers.append(await harness.send(body))
    await harness.settle()
    assert [each.status for each in answers] == [200, 200, 200]
    assert len(harness.replies.responses) + len(harness.forms.opened) == 1


async def test_a_redelivery_gets_the_same_answer(harness):
    """What is wrong in a form, or with a command, is said again, for its first answer may have been lost."""
    for body in (submission(FormStart("C1").encode(), "", FILES), command("stauts")):
        first, second = await harness.send(body), await harness.send(body)
        assert (first.body, first.status) == (second.body, 200)
        assert payload_of(second)


async def test_a_form_can_be_corrected_and_sent_again(harness):
    """Another try with the same form is another delivery."""
    start = FormStart("C1").encode()
    assert payload_of(await harness.send(submission(start, "", FILES)))["response_action"] == "errors"
    again = submission(start, "469 555 0101", FILES) | {"trigger_id": "trigger.9"}
    assert (await harness.send(again)).body == ""
    assert len(harness.runner.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        command("send 469 555 0101"),
        command("cancel TX82"),
        press("cancel_fax", "fax:12"),
        press("send_again", "fax:12"),
        press("run_command", "/fax delete RX3"),
        submission(FormStart("C1").encode(), "469 555 0101", FILES),
        event(**MENTION),
        event(type="file_shared", file_id="F1", user_id="UDANA", channel_id="C1"),
    ],
    ids=["send", "cancel", "press", "decision", "run", "form", "mention", "file"],
)
async def test_what_changes_something_is_one_request_over_a_restart(harness, body):
    """The deduplication key of a request delivered to the next process is in the database already."""
    for _ in range(2):
        assert (await harness.send(body)).status == 200
        harness.restart()
    assert len(harness.runner.requests) == 1


async def test_a_form_sent_again_because_its_answer_was_lost_is_one_request(harness):
    """Slack keeps the form open, the person presses Send once more: a new trigger, the same form."""
    body = submission(FormStart("C1").encode(), "469 555 0101", FILES)
    for trigger in ("trigger.3", "trigger.4"):
        assert (await harness.send(body | {"trigger_id": trigger})).body == ""
    assert len(harness.runner.requests) == 1


async def test_a_second_delivery_waits_for_the_commit_of_the_first(harness):
    """It is acknowledged when the first is, not before; if that fails, it has its own try."""
    harness.runner.gate, harness.runner.failure = asyncio.Event(), RuntimeError("disk full")
    tellings = [asyncio.create_task(harness.send(event(**MENTION))) for _ in range(2)]
    done, _ = await asyncio.wait(tellings, timeout=0.05)
    assert done == set()
    harness.runner.gate.set()
    assert [(await each).status for each in tellings] == [500, 500]
    harness.runner.failure = None
    assert (await harness.send(event(**MENTION))).status == 200
    assert len(harness.runner.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        command("cancel TX82"),
        press("cancel_fax", "fax:1"),
        submission(FormStart("C1").encode(), "469 555 0101", FILES),
    ],
    ids=["command", "press", "form"],
)
async def test_without_slacks_ids_each_delivery_is_a_request(harness, body):
    """Where there is no trigger, no time and no view id, a second request is not mistaken for the first."""
    bare = {n: copy.deepcopy(part) for n, part in body.items() if n not in {"trigger_id", "response_url"}}
    for part in (*bare.get("actions", ()), bare.get("view", {})):
        for name in ("action_ts", "id"):
            part.pop(name, None)
    for _ in range(2):
        assert (await harness.send(bare)).status == 200
    assert len(harness.runner.requests) == 2


async def test_bolt_asks_slack_nothing_by_itself(harness):
    """Who the bot is was asked once, at start; no event costs a call."""
    await harness.command("lines")
    await until(lambda: harness.replies.responses)
    assert harness.client.asked == []


async def test_requests_over_http_need_a_signature(harness):
    """Without a signing secret, nothing that came over HTTP is believed."""
    signed = {"x-slack-signature": ["v0=00"], "x-slack-request-timestamp": [str(int(time.time()))]}
    body = "command=%2Ffax&text=cancel+TX1&user_id=U1&team_id=T1&trigger_id=1"
    for headers in ({}, signed):
        request = AsyncBoltRequest(mode="http", body=body, headers=headers)
        assert (await harness.app.async_dispatch(request)).status == 401
    assert (harness.runner.requests, harness.replies.responses) == ([], [])
