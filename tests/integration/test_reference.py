"""One correlation id from an envelope of Slack to the call of the fax server and the answer in Slack."""

import logging
import re

import pytest

from faxbot.demo.person import Person
from faxbot.logs import LineFormatter
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA
from faxbot.standins.ucx import SimulatedUcx
from tests.support.in_process import MANIFEST, running_bot, settings_for
from tests.support.services import make_pdf


class Lines(logging.Handler):
    """Keeps each line as it would be printed."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.setFormatter(LineFormatter())
        self.lines: list[str] = []

    def emit(self, record):
        self.lines.append(self.format(record))

    def under(self, what: str) -> set[str]:
        """The correlation ids of the lines that contain *what*."""
        found = [line for line in self.lines if what in line]
        return {match[1] for line in found if (match := re.search(r"correlation_id=(\w+)", line))}


@pytest.fixture
def log():
    kept, logger = Lines(), logging.getLogger("faxbot")
    before = logger.level
    logger.addHandler(kept)
    logger.setLevel(logging.DEBUG)
    yield kept
    logger.removeHandler(kept)
    logger.setLevel(before)


async def test_a_fax_can_be_followed_through_the_log(tmp_path, log):
    """The command's acknowledgement, its request, FileSend and the card bear the same eight characters."""
    async with (
        SimulatedUcx(tmp_path / "ucx", speed=200) as fax,
        Workspace(tmp_path / "ws", manifest=MANIFEST) as workspace,
        running_bot(settings_for(fax, workspace, tmp_path, faxbot_poll_active_seconds=0.2)),
        Person(workspace.url, DANA) as dana,
    ):
        await dana.post(CLAIMS, "", files=await dana.upload(make_pdf(tmp_path / "letter.pdf")))
        await dana.command(CLAIMS, "/fax send 469 555 0101")
        await dana.until(
            "the delivered card",
            lambda sight: [m for m in sight.in_channel(CLAIMS) if "Delivered" in str(m["text"])],
            within=20,
        )
    (correlation_id,) = log.under("kind=send")
    assert len(correlation_id) == 8
    assert correlation_id in log.under("acknowledged after")
    assert log.under("filesend") == {correlation_id}
    assert log.under("chat.postMessage") == {correlation_id}
    assert log.under("chat.update") == {correlation_id}
