"""A fax that cannot be converted: its job fails with a text of several lines, and JobStatus loses it."""

from datetime import UTC, datetime

from faxbot.services.model.faxes import Fax, Outcome
from faxbot.services.tracking import missing_jobs
from faxbot.slack.views import BotProfile, render
from tests.support.services import PlainSlack, RunningServices, services_over

UNCONVERTED = "469 555 0901"


def card_text(slack: PlainSlack) -> str:
    """What the only card says."""
    (card,) = slack.cards()
    blocks = render(card.message, BotProfile(), datetime.now(UTC)).blocks
    return "\n".join(block["text"]["text"] for block in blocks if block["type"] == "section")


async def ended(bot: RunningServices, slack: PlainSlack) -> Fax:
    """The fax, once its card says that it has ended."""
    await bot.tick_until(lambda: slack.cards() and slack.cards()[0].message.fax.outcome is not None)
    return slack.cards()[0].message.fax


async def test_the_card_says_that_the_document_could_not_be_converted(tmp_path, fax, slack):
    """JobStatus no longer knows the job; its record says why, and the card says that with the next step."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send(UNCONVERTED)
        sent = await ended(bot, slack)
    assert sent.outcome is Outcome.FAILED
    assert (
        "*Not delivered* — the fax server could not convert the document. Save it as a PDF and send that. "
        'Server says: "Document is a multi-sample image (samples/pixel 2)".'
    ) in card_text(slack)
    assert fax.log.entries("dial") == []


async def test_a_job_without_a_record_may_have_failed_at_its_document(tmp_path, fax, slack, monkeypatch):
    """Where not even a record is left, the card says what is known, what may be, and what to do."""
    monkeypatch.setattr(missing_jobs, "LOST_SECONDS", 0.0)
    fax.model.resources.records.keeps_failed_conversions = False
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send(UNCONVERTED)
        sent = await ended(bot, slack)
    assert sent.outcome is Outcome.LOST
    assert "maybe it could not convert the document" in card_text(slack)
    assert "save it as a PDF and send that" in card_text(slack)
