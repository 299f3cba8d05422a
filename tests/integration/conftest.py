"""The simulated fax server, and a Slack of plain lists in which one letter was shared."""

import pytest

from faxbot.standins.ucx import FaxServer
from tests.support.services import PlainSlack, make_pdf


@pytest.fixture
async def fax(tmp_path):
    async with FaxServer(tmp_path / "ucx", speed=400) as server:
        yield server


@pytest.fixture
def slack(tmp_path):
    plain = PlainSlack()
    plain.files["F0"] = make_pdf(tmp_path / "referral.pdf")
    return plain
