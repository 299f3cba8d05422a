"""Files in the Slack stand-in: uploads, delayed sharing, private addresses, states."""

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.slack_standin import BOT, CLAIMS, DANA, LEGAL, SCOPES, RawClient, running, write_manifest
from tests.support.waiting import until

PDF = b"%PDF-1.4 not much of one"


@pytest.fixture
async def raw(tmp_path):
    async with running(tmp_path) as workspace, aiohttp.ClientSession() as session:
        yield RawClient(workspace, session)


def shares(raw, channel=CLAIMS):
    return [m for m in raw.workspace.state.messages.in_order(channel) if m.get("subtype") == "file_share"]


async def fetch(raw, url, token=None, **options):
    async with raw.session.get(url, headers=raw.auth(token), **options) as answer:
        return answer.status, answer.content_type, await answer.read()


async def test_an_upload_is_shared_later(raw):
    """files.completeUploadExternal answers with ids and titles; the message and `shares` follow later."""
    raw.workspace.settings.share_delay = 0.05
    ident, done = await raw.upload("fax.pdf", PDF, channel_id=CLAIMS, initial_comment="*A fax*")
    assert done["files"] == [{"id": ident, "title": "fax.pdf"}]
    assert "shares" not in str((await raw.get("files.info", file=ident))["file"].get("shares") or "")
    message = (await until(lambda: shares(raw)))[0]
    assert (message["text"], message["user"], message["files"][0]["id"]) == ("*A fax*", BOT, ident)
    share = (await raw.get("files.info", file=ident))["file"]["shares"]["public"][CLAIMS][0]
    assert share["ts"] == message["ts"]


async def test_the_sdks_upload(raw):
    """The SDK's files_upload_v2 works, also into a thread."""
    sdk = AsyncWebClient(token=raw.workspace.bot_token, base_url=raw.workspace.api_url)
    parent = (await sdk.chat_postMessage(channel=CLAIMS, text="p"))["ts"]
    await sdk.files_upload_v2(
        file_uploads=[{"file": PDF, "filename": "a.pdf"}, {"content": "b", "filename": "b.txt"}],
        channel=CLAIMS,
        initial_comment="two",
        thread_ts=parent,
    )
    message = (await until(lambda: shares(raw)))[0]
    assert message["thread_ts"] == parent
    assert [f["name"] for f in message["files"]] == ["a.pdf", "b.txt"]


async def test_uploads_have_the_announced_size(raw):
    """An upload of another size is refused and cannot be completed."""
    begun = await raw.form("files.getUploadURLExternal", filename="a.pdf", length="5")
    async with raw.session.post(begun["upload_url"], data=b"1234") as answer:
        assert answer.status == 400
    answer = await raw.json("files.completeUploadExternal", files=[{"id": begun["file_id"]}])
    assert answer["error"] == "file_not_found"


async def test_uploads_as_a_form(raw):
    """The bytes may be sent as a multipart form."""
    begun = await raw.form("files.getUploadURLExternal", filename="a.pdf", length=str(len(PDF)))
    form = aiohttp.FormData()
    form.add_field("filename", PDF, filename="a.pdf")
    async with raw.session.post(begun["upload_url"], data=form) as answer:
        assert await answer.text() == f"OK - {len(PDF)}"


async def test_empty_files(raw):
    """A length below 1 is refused."""
    answer = await raw.form("files.getUploadURLExternal", filename="a.pdf", length="0")
    assert answer["error"] == "invalid_arguments"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"channel_id": "C0NOWHERE0"}, "channel_not_found"),
        ({"channel_id": LEGAL}, "not_in_channel"),
        ({"channels": "C0NOWHERE0"}, "invalid_channel"),
        ({"channel_id": CLAIMS, "blocks": [{"type": "markdown", "text": "x"}]}, "invalid_blocks"),
    ],
)
async def test_refused_shares(raw, args, error):
    """A share is refused where the bot cannot post, and with blocks that file messages do not allow."""
    _, done = await raw.upload("a.pdf", PDF, **args)
    assert done["error"] == error


async def test_the_comment_replaces_blocks(raw):
    """With initial_comment the blocks are ignored, even invalid ones; without it they are shown."""
    await raw.upload("a.pdf", PDF, channel_id=CLAIMS, initial_comment="words", blocks=[{"type": "nonsense"}])
    assert "blocks" not in (await until(lambda: shares(raw)))[0]
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}
    await raw.upload("b.pdf", PDF, channel_id=CLAIMS, blocks=[section])
    assert (await until(lambda: len(shares(raw)) == 2 and shares(raw)))[1]["blocks"][0]["type"] == "section"


async def test_an_upload_is_completed_once(raw):
    """A second completion is refused, and nothing is shared twice."""
    ident, _ = await raw.upload("a.pdf", PDF, channel_id=CLAIMS)
    answer = await raw.json("files.completeUploadExternal", files=[{"id": ident}], channel_id=CLAIMS)
    assert answer["error"] == "file_not_found"
    await until(lambda: shares(raw))
    assert len(shares(raw)) == 1


async def test_sharing_that_never_happens(raw):
    """With the fault share_never the call answers ok without a share; the next upload is shared."""
    await raw.control("faults", method="files.completeUploadExternal", fault="share_never")
    _, done = await raw.upload("a.pdf", PDF, channel_id=CLAIMS)
    assert done["ok"]
    second, _ = await raw.upload("b.pdf", PDF, channel_id=CLAIMS)
    found = await until(lambda: shares(raw))
    assert [m["files"][0]["id"] for m in found] == [second]


async def test_shares_absent(raw):
    """With the fault shares_absent files.info does not list the message that shares the file."""
    ident, _ = await raw.upload("a.pdf", PDF, channel_id=CLAIMS)
    await until(lambda: shares(raw))
    await raw.control("faults", method="files.info", fault="shares_absent")
    assert "shares" not in (await raw.get("files.info", file=ident))["file"]
    assert "shares" in (await raw.get("files.info", file=ident))["file"]


async def test_private_addresses(raw):
    """The bot's token downloads the bytes; a missing or wrong token gets 200 and a sign-in page."""
    ident = await raw.person_file(DANA, "referral.pdf", PDF)
    await raw.person("say", user=DANA, channel=CLAIMS, text="", files=[ident])
    url = (await raw.get("files.info", file=ident))["file"]["url_private_download"]
    assert await fetch(raw, url) == (200, "application/pdf", PDF)
    for token in ("", "xoxb-wrong"):
        status, kind, body = await fetch(raw, url, token)
        assert (status, kind) == (200, "text/html")
        assert PDF not in body
    raw.workspace.settings.signed_out_redirect = True
    assert (await fetch(raw, url, "", allow_redirects=False))[0] == 302


async def test_downloads_need_the_scope(tmp_path):
    """Without files:read the bot's token gets the sign-in page too."""
    manifest = write_manifest(tmp_path, scopes=[s for s in SCOPES if s != "files:read"])
    async with running(tmp_path, manifest) as workspace, aiohttp.ClientSession() as session:
        raw = RawClient(workspace, session)
        ident, _ = await raw.upload("a.pdf", PDF)
        url = workspace.state.file_object(workspace.state.files[ident])["url_private_download"]
        assert (await fetch(raw, url))[1] == "text/html"


async def test_files_in_other_conversations_are_not_found(raw):
    """A file that is not shared, or only in conversations without the bot, is not found."""
    ident = await raw.person_file(DANA, "secret.pdf", PDF)
    assert (await raw.get("files.info", file=ident))["error"] == "file_not_found"
    await raw.person("say", user=DANA, channel=LEGAL, text="", files=[ident])
    assert (await raw.get("files.info", file=ident))["error"] == "file_not_found"


@pytest.mark.parametrize(
    ("mode", "info", "in_message"),
    [
        ("file_access", "hosted", {"mode": "file_access", "file_access": "check_file_info"}),
        ("external", "external", {"mode": "external", "is_external": True}),
        ("hidden_by_limit", "hidden_by_limit", {"mode": "hidden_by_limit"}),
        ("tombstone", "file_deleted", {"mode": "tombstone"}),
        ("access_denied", "access_denied", {"mode": "hosted"}),
    ],
)
async def test_states_of_files(raw, mode, info, in_message):
    """A file can be a Slack Connect stub, external, hidden, deleted or denied, in messages and files.info."""
    ident = await raw.person_file(DANA, "a.pdf", PDF)
    await raw.person("say", user=DANA, channel=CLAIMS, text="", files=[ident])
    await raw.control("file", file=ident, mode=mode)
    answer = await raw.get("files.info", file=ident)
    assert info in {answer.get("error"), answer.get("file", {}).get("mode")}
    shown = shares(raw)[0]["files"][0]
    assert {name: shown[name] for name in in_message} == in_message


async def test_deleting(raw):
    """A bot can delete its own files only; the message shows a tombstone."""
    theirs = await raw.person_file(DANA, "a.pdf", PDF)
    await raw.person("say", user=DANA, channel=CLAIMS, text="", files=[theirs])
    assert (await raw.form("files.delete", file=theirs))["error"] == "cant_delete_file"
    own, _ = await raw.upload("b.pdf", PDF, channel_id=CLAIMS)
    await until(lambda: len(shares(raw)) == 2)
    assert (await raw.form("files.delete", file=own))["ok"]
    assert shares(raw)[1]["files"] == [{"id": own, "mode": "tombstone"}]
    assert (await raw.form("files.delete", file=own))["error"] == "file_deleted"
    listed = await raw.get("files.list", channel=CLAIMS)
    assert [f["id"] for f in listed["files"]] == [theirs]


@pytest.mark.parametrize(
    ("fault", "status"), [({"fault": "http", "status": 502}, 502), ({"fault": "ratelimited"}, 429)]
)
async def test_http_faults_of_transfers(raw, fault, status):
    """HTTP faults apply to uploads and downloads too."""
    ident, _ = await raw.upload("a.pdf", PDF)
    url = (await raw.get("files.info", file=ident))["file"]["url_private"]
    await raw.control("faults", method="download", **fault)
    assert (await fetch(raw, url))[0] == status
    begun = await raw.form("files.getUploadURLExternal", filename="a.pdf", length="4")
    await raw.control("faults", method="upload", **fault)
    async with raw.session.post(begun["upload_url"], data=b"%PDF") as answer:
        assert answer.status == status
    async with raw.session.post(begun["upload_url"], data=b"%PDF") as answer:
        assert answer.status == 200


async def test_half_a_download(raw):
    """A download can be cut halfway."""
    ident, _ = await raw.upload("a.pdf", PDF)
    url = (await raw.get("files.info", file=ident))["file"]["url_private"]
    await raw.control("faults", method="download", fault="drop_after")
    with pytest.raises(aiohttp.ClientError):
        await fetch(raw, url)


async def test_uploads_that_are_not_completed(raw):
    """A file whose upload is not completed is not found."""
    begun = await raw.form("files.getUploadURLExternal", filename="a.pdf", length="4")
    async with raw.session.post(begun["upload_url"], data=b"%PDF"):
        pass
    assert (await raw.get("files.info", file=begun["file_id"]))["error"] == "file_not_found"
