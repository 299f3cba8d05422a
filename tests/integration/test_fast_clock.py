"""A whole bot and both stand-ins in this process, on a clock that runs faster than the wall clock."""

import asyncio

import aiohttp

from faxbot.demo.person import Person
from faxbot.scheduler import Ticks
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA, INBOUND_FAX
from faxbot.standins.slack.settings import WorkspaceSettings
from faxbot.standins.ucx import SimulatedUcx
from faxbot.standins.ucx.hylafax.records import JobType
from tests.support.fast_clock import FastClock
from tests.support.in_process import MANIFEST, running_bot, settings_for
from tests.support.services import make_pdf
from tests.support.waiting import until

SUPPORT = "+1 469 555 1112"


def dials(**changed: object) -> WorkspaceSettings:
    made = WorkspaceSettings()
    made.change(changed)
    return made


async def test_a_whole_bot_lives_on_a_fast_clock(tmp_path):
    """A fax of minutes goes out and comes in within seconds, and every timestamp is the fast clock's."""
    clock = FastClock(40)
    fax = SimulatedUcx(tmp_path / "ucx", clock=clock.time, sleep=clock.sleep)
    workspace = Workspace(tmp_path / "ws", manifest=MANIFEST, clock=clock.time, sleep=clock.sleep)
    async with fax, workspace:
        settings = settings_for(fax, workspace, tmp_path)
        began, begun = clock.time(), asyncio.get_running_loop().time()
        async with running_bot(settings, clock), Person(workspace.url, DANA) as dana:
            files = await dana.upload(make_pdf(tmp_path / "referral.pdf"))
            await dana.post(CLAIMS, "", files=files)
            await dana.command(CLAIMS, f"/fax send {SUPPORT}")
            await dana.until(
                "the delivered card",
                lambda sight: [m for m in sight.in_channel(CLAIMS) if "Delivered" in str(m["text"])],
                within=20,
            )
            await dana.until(
                "the received file",
                lambda sight: [m for m in sight.in_channel(INBOUND_FAX) if m.get("files")],
                within=20,
            )
        ended = clock.time()
    # By the simulation's own seconds: when this machine stalls, events are logged later than they happen.
    assert fax.model.resources.records.listing(JobType.TX)[0].duration > 60
    assert asyncio.get_running_loop().time() - begun < (ended - began) / 20
    assert began < fax.model.resources.records.listing(JobType.RX)[0].time < ended


async def test_ticks_go_by_the_clock_that_is_given():
    """A tick that is due every hour runs several times in a moment of a clock that is fast enough."""
    runs: list[int] = []

    async def look() -> None:
        runs.append(1)

    async def hear(*_: object) -> None: ...

    ticks = Ticks(FastClock(360_000), answered=hear, failed=hear)
    ticks.add("look", look, lambda: 3600.0)
    ticks.start()
    try:
        await until(lambda: len(runs) >= 5)
    finally:
        ticks.stop()


async def test_the_workspace_counts_and_waits_by_its_clock(tmp_path):
    """A rate limit's pause and the delay of a share are over sooner on a fast clock."""
    clock = FastClock(20)
    settings = dials(rate_limits=True, post_interval=20.0, post_burst=1, share_delay=30.0)
    async with (
        Workspace(
            tmp_path, manifest=MANIFEST, clock=clock.time, sleep=clock.sleep, settings=settings
        ) as workspace,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {workspace.bot_token}"}) as session,
    ):

        async def post() -> int:
            body = {"channel": CLAIMS, "text": "hello"}
            async with session.post(f"{workspace.api_url}chat.postMessage", data=body) as answer:
                return int(answer.headers.get("Retry-After", 0))

        assert await post() == 0
        wait = await post()
        assert 15 <= wait <= 20
        await clock.sleep(wait)
        assert await post() == 0
        asked = {"filename": "a.txt", "length": "1"}
        async with session.post(f"{workspace.api_url}files.getUploadURLExternal", data=asked) as answer:
            reply = await answer.json()
        async with session.post(reply["upload_url"], data=b"a") as answer:
            assert answer.status == 200
        share = {"files": f'[{{"id": "{reply["file_id"]}"}}]', "channel_id": CLAIMS}
        async with session.post(f"{workspace.api_url}files.completeUploadExternal", data=share) as answer:
            asked_at, reply = clock.time(), await answer.json()
        assert reply["ok"]
        await until(lambda: [e for e in workspace.journal.entries if e["kind"] == "share"])
        assert clock.time() - asked_at > 25
