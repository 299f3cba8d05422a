"""Which files people gave, why one cannot be had, who people are and where the bot may post."""

from datetime import UTC, datetime, timedelta

import pytest

from faxbot.fax.errors import BadDocument, CannotPost, SlackRefused, SlackUnclear
from faxbot.slack.adapters.attachments import SlackAttachments
from faxbot.slack.adapters.directory import SlackDirectory
from tests.support.fake_slack import FakeSlack, refusal, web_api

NOW = 1_700_000_000.0


def files(client):
    return SlackAttachments(web_api(client), max_bytes=1024 * 1024)


def shared(*names, user="U1", ts="10.1", **more):
    return {"user": user, "ts": ts, "text": "t", "files": [{"id": f"F{n}", "name": n} for n in names]} | more


def history(*messages):
    return {"ok": True, "messages": list(messages)}


def info(**more):
    return {"ok": True, "file": {"id": "F1", "name": "a.pdf", "mode": "hosted", **more}}


async def test_recent_is_the_newest_message_of_that_person():
    """Of the person's messages with files the newest counts, with all its files in order."""
    client = FakeSlack(
        conversations_history=history(
            {"user": "U1", "ts": "13.1", "text": "no file"},
            shared("x", user="U2", ts="12.1"),
            shared("b", "a", ts="11.1"),
            shared("old", ts="10.1"),
        )
    )
    assert await files(client).recent("C1", "U1", NOW, 900) == [
        {"id": "Fb", "name": "b"},
        {"id": "Fa", "name": "a"},
    ]
    (call,) = client.calls("conversations.history")
    assert (float(call["oldest"]), float(call["latest"])) == (NOW - 900, NOW)


async def test_deleted_files_do_not_count():
    """A tombstone is no file, and a message of nothing else is passed over."""
    gone = shared(files=[{"id": "F9", "mode": "tombstone"}], ts="12.1")
    client = FakeSlack(conversations_history=history(gone, shared("a")))
    assert await files(client).recent("C1", "U1", NOW, 900) == [{"id": "Fa", "name": "a"}]


async def test_a_file_that_cannot_be_fetched_is_not_passed_over():
    """An older file in place of the one that was meant could be the wrong one to fax."""
    outside = shared(files=[{"id": "F9", "name": "drive", "mode": "external"}], ts="12.1")
    client = FakeSlack(conversations_history=history(outside, shared("a")))
    assert await files(client).recent("C1", "U1", NOW, 900) == [{"id": "F9", "name": "drive"}]


async def test_stub_gets_its_name():
    """A file from another workspace comes without a name: files.info has it."""
    stub = shared(files=[{"id": "F1", "mode": "file_access", "file_access": "check_file_info"}])
    client = FakeSlack(conversations_history=history(stub), files_info=info(name="theirs.pdf"))
    assert await files(client).of_message("C1", "10.1", None) == [{"id": "F1", "name": "theirs.pdf"}]
    client.answer_with("files.info", refusal("access_denied"))
    assert await files(client).of_message("C1", "10.1", None) == [{"id": "F1", "name": "F1"}]


async def test_of_message_takes_that_message_only():
    """The message is known by its ts, whatever else the page holds."""
    client = FakeSlack(conversations_history=history(shared("x", ts="10.2"), shared("a", ts="10.1")))
    assert await files(client).of_message("C1", "10.1", None) == [{"id": "Fa", "name": "a"}]
    assert client.calls("conversations.history")[0]["oldest"] == "10.1"
    assert client.calls("conversations.history")[0]["inclusive"] is True


async def test_reply_is_found_in_its_thread():
    """A reply is looked for in its thread, where the parent comes along."""
    replies = history(shared("parent", ts="9.1"), shared("a", ts="10.1"))
    client = FakeSlack(conversations_replies=replies)
    assert await files(client).of_message("C1", "10.1", "9.1") == [{"id": "Fa", "name": "a"}]
    assert client.calls("conversations.replies")[0]["ts"] == "9.1"


async def test_reply_is_found_without_its_thread():
    """A message that is not in the history is looked for as a reply."""
    client = FakeSlack(
        conversations_history=history(), conversations_replies=history(shared("a", thread_ts="9.1"))
    )
    assert await files(client).message_text("C1", "10.1") == ("U1", "t", "9.1")
    assert client.calls("conversations.replies")[0]["ts"] == "10.1"


async def test_message_that_is_gone():
    """A deleted message has no files and no text."""
    client = FakeSlack(conversations_history=history(), conversations_replies=refusal("thread_not_found"))
    assert await files(client).of_message("C1", "10.1", None) == []
    assert await files(client).message_text("C1", "10.1") == ("", "", None)


@pytest.mark.parametrize("error", ["missing_scope", "unknown_method", "not_in_channel", "channel_not_found"])
async def test_history_that_cannot_be_read_holds_no_files(error):
    """Where the bot may not read, no files are listed."""
    client = FakeSlack(conversations_history=refusal(error), conversations_replies=refusal(error))
    assert await files(client).recent("C1", "U1", NOW, 900) == []
    assert await files(client).of_message("C1", "10.1", None) == []


async def test_silence_is_not_an_empty_history():
    """A history that does not answer is a fault, not the absence of files."""
    with pytest.raises(SlackUnclear):
        await files(FakeSlack(conversations_history=TimeoutError())).recent("C1", "U1", NOW, 900)


async def test_shares_newest_first():
    """Where a file was shared is read from files.info, the newest message first."""
    shares = {"public": {"C1": [{"ts": "1.1"}, {"ts": "3.1"}]}, "private": {"G1": [{"ts": "2.1"}]}}
    client = FakeSlack(files_info=info(shares=shares))
    assert await files(client).shares_of("F1") == [("C1", "3.1"), ("G1", "2.1"), ("C1", "1.1")]
    client.answer_with("files.info", refusal("file_deleted"))
    assert await files(client).shares_of("F1") == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal("file_deleted"), "no longer has"),
        (refusal("file_not_found"), "no longer has"),
        (refusal("access_denied"), "does not let me see"),
        (refusal("missing_scope", needed="files:read"), "files:read"),
        (info(mode="tombstone"), "no longer has"),
        (info(mode="hidden_by_limit"), "over its limit"),
        (info(mode="file_access", file_access="check_file_info"), "another workspace"),
        (info(file_access="access_denied"), "does not let me see"),
        (info(mode="external", is_external=True, url_private="https://files.slack.com/a"), "outside Slack"),
        (info(mode="space", url_private="https://files.slack.com/a"), "Export it as PDF"),
        (info(size=1024 * 1024 + 1, url_private="https://files.slack.com/a"), "up to 1 MB"),
        (info(url_private="https://evil.example/a"), "not kept at Slack"),
        (info(url_private="http://files.slack.com/a"), "not kept at Slack"),
        (info(), "not kept at Slack"),
    ],
)
async def test_why_a_file_is_not_to_be_had(tmp_path, answer, words):
    """Each state without downloadable bytes has its sentence, and nothing is requested."""
    with pytest.raises(BadDocument, match=words):
        await files(FakeSlack(files_info=answer)).fetch("F1", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


async def test_other_refusals_are_faults(tmp_path):
    """A refusal that is not about the file is no reason to blame the document."""
    with pytest.raises(SlackRefused):
        await files(FakeSlack(files_info=refusal("invalid_auth"))).fetch("F1", tmp_path / "a")


class Clock:
    def __init__(self):
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.moment


def directory(client, clock=None):
    return SlackDirectory(web_api(client), clock or Clock())


def user(**more):
    return {"ok": True, "user": {"id": "U1", "name": "dana", **more}}


@pytest.mark.parametrize("flag", ["is_admin", "is_owner", "is_primary_owner"])
async def test_admins(flag):
    """Admins, owners and the primary owner count."""
    assert await directory(FakeSlack(users_info=user(**{flag: True}))).is_workspace_admin("U1")


@pytest.mark.parametrize(
    "answer",
    [
        user(),
        user(is_admin="true"),
        user(is_admin=True, deleted=True),
        refusal("user_not_found"),
        refusal("missing_scope"),
    ],
)
async def test_everyone_else_is_no_admin(answer):
    """A user without an admin flag is not an admin."""
    assert not await directory(FakeSlack(users_info=answer)).is_workspace_admin("U1")


async def test_admin_is_not_guessed():
    """Without an answer a user is neither accepted nor refused as an admin."""
    with pytest.raises(SlackUnclear):
        await directory(FakeSlack(users_info=TimeoutError())).is_workspace_admin("U1")


async def test_people_are_kept_for_five_minutes():
    """One question serves for five minutes; then a demotion is noticed."""
    client, clock = FakeSlack(users_info=[user(is_admin=True), user()]), Clock()
    people = directory(client, clock)
    assert await people.is_workspace_admin("U1")
    clock.moment += timedelta(minutes=4)
    assert await people.is_workspace_admin("U1")
    assert len(client.asked) == 1
    clock.moment += timedelta(minutes=1)
    assert not await people.is_workspace_admin("U1")


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (user(profile={"display_name": "Dana", "real_name": "Dana Q"}), "Dana"),
        (user(profile={"display_name": "", "real_name": "Dana Q"}), "Dana Q"),
        (user(), "dana"),
        ({"ok": True, "user": {}}, "U1"),
        (refusal("user_not_found"), "U1"),
        (refusal("invalid_auth"), "U1"),
        (TimeoutError(), "U1"),
    ],
)
async def test_names(answer, name):
    """The name people chose, the real one, the account's; the id if Slack does not say."""
    assert await directory(FakeSlack(users_info=answer)).name_of("U1") == name


def channel(**more):
    return {"ok": True, "channel": {"id": "C1", "name": "legal", "is_member": True, **more}}


@pytest.mark.parametrize(
    "answer",
    [
        channel(),
        {"ok": True, "channel": {"id": "C1", "name": "legal"}},
        {"ok": True, "channel": {"id": "D1", "is_im": True, "user": "U1"}},
        channel(is_mpim=True),
        refusal("missing_scope"),
        refusal("unknown_method"),
    ],
)
async def test_may_post(answer):
    """A member posts, so does a partner in direct messages; where Slack cannot be asked, it is tried."""
    await directory(FakeSlack(conversations_info=answer)).ensure_can_post("C1", "U1")


@pytest.mark.parametrize(
    ("ident", "answer", "words"),
    [
        (
            "C1",
            channel(is_member=False),
            r"I can't post in #legal yet, so I sent nothing\. Type `/invite @faxbot` and try again\.",
        ),
        ("C1", refusal("channel_not_found"), "in this channel yet, so I sent nothing"),
        ("C1", channel(is_archived=True), "#legal is archived"),
        ("G1", channel(is_mpim=True, is_member=False), "in this channel yet"),
        ("D1", refusal("channel_not_found"), "between other people"),
        ("D1", {"ok": True, "channel": {"is_im": True, "user": "U2"}}, "between other people"),
    ],
)
async def test_may_not_post(ident, answer, words):
    """Where the outcome could not be posted, the user learns what to do."""
    with pytest.raises(CannotPost, match=words):
        await directory(FakeSlack(conversations_info=answer)).ensure_can_post(ident, "U1")


async def test_membership_is_asked_each_time():
    """After the invitation the next try works at once."""
    client = FakeSlack(conversations_info=[channel(is_member=False), channel()])
    people = directory(client)
    with pytest.raises(CannotPost):
        await people.ensure_can_post("C1", "U1")
    await people.ensure_can_post("C1", "U1")
