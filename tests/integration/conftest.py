"""The fixtures of the integration tests: Slack and the Fax API as plain lists, the simulated UCX, the bot."""

import pytest

from faxbot.standins.ucx import SimulatedUcx
from tests.support.plain_ucx import PlainUcx, services_over_lists
from tests.support.services import PlainSlack, make_pdf


@pytest.fixture
async def fax(tmp_path):
    async with SimulatedUcx(tmp_path / "ucx", speed=400) as server:
        yield server


@pytest.fixture
def slack(tmp_path):
    """A Slack of plain lists, in which one PDF was shared."""
    plain = PlainSlack()
    plain.files["F0"] = make_pdf(tmp_path / "referral.pdf")
    return plain


@pytest.fixture
def ucx():
    """The Fax API over plain lists."""
    return PlainUcx()


@pytest.fixture
async def bot(tmp_path, ucx, slack):
    """The services between `slack` and `ucx`; their ticks are called by the test."""
    async with services_over_lists(tmp_path, ucx, slack) as running:
        yield running
