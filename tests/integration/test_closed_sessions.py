"""What cannot be opened, or is opened too late, leaves no HTTP session open."""

from pathlib import Path

import aiohttp
import pytest

from faxbot.demo.person import Person
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.http_mode import RequestUrlError
from tests.support.services import DANA

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def sessions(monkeypatch) -> list[aiohttp.ClientSession]:
    """Every session that is made during the test."""
    made: list[aiohttp.ClientSession] = []
    original = aiohttp.ClientSession.__init__

    def remember(session, *args, **options) -> None:
        made.append(session)
        original(session, *args, **options)

    monkeypatch.setattr(aiohttp.ClientSession, "__init__", remember)
    return made


async def test_a_person_who_does_not_reach_the_workspace(sessions):
    """The session is closed although the block was never entered."""
    with pytest.raises(aiohttp.ClientConnectionError):
        async with Person(NOBODY, DANA):
            pass
    assert [session.closed for session in sessions] == [True]


async def test_a_request_url_that_is_verified_after_the_end(tmp_path, sessions):
    """A closed workspace opens no session any more."""
    async with Workspace(tmp_path / "ws", manifest=MANIFEST) as workspace:
        pass
    with pytest.raises(RequestUrlError):
        await workspace.installation.request_url.verify(NOBODY)
    assert [session for session in sessions if not session.closed] == []
