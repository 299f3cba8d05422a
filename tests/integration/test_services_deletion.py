"""Deleting records on request, with any answer of the fax server."""

from faxbot.services.model.messages import ReceivedFax
from faxbot.services.model.request_bodies import RequestKind
from tests.support.services import DANA, INBOUND, PRIYA, services_over
from tests.support.waiting import until


def deletions(fax):
    """The RecordDelete calls that were carried out, by the fax server's own log."""
    calls = fax.log.entries("call")
    return [each for each in calls if each["method"] == "recorddelete" and each.get("carried_out")]


async def test_a_deletion_whose_answer_is_lost_is_announced_although_the_record_is_gone(tmp_path, fax, slack):
    """Carried out, no answer, and the next lookup finds the record gone: the card says who deleted it."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("+1 469 555 1112")
        await bot.tick_until(
            lambda: any(isinstance(p.message, ReceivedFax) and not p.file_id for p in slack.posts)
        )
        row = (await bot.store.read(lambda ledger: ledger.records_named("RX1")))[0]
        fax.faults.plan(fault="html", method="recorddelete", processed=True)
        await bot.runner.accept(
            bot.request(RequestKind.DELETE, user=PRIYA, channel=INBOUND, record_id=row.id)
        )
        await until(lambda: deletions(fax))
        await bot.inbox.tick(sweep=True)
        assert (await bot.store.read(lambda ledger: ledger.record(row.id))).gone
        card = next(p for p in slack.posts if isinstance(p.message, ReceivedFax) and not p.file_id)
        await until(lambda: card.message.deleted_by == PRIYA)
    assert len(deletions(fax)) == 1


async def test_one_deletion_however_many_ask(tmp_path, fax, slack):
    """Two people press Delete at once: after the first the id may be another fax's, so there is no second."""
    fax.faults.plan(fault="latency", method="recorddelete", seconds=0.3, when="before", times=2)
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("+1 469 555 1112")
        await bot.tick_until(slack.details)
        row = (await bot.store.read(lambda ledger: ledger.records_named("RX1")))[0]
        for _ in range(3):
            await bot.runner.accept(
                bot.request(RequestKind.DELETE, user=PRIYA, channel=INBOUND, record_id=row.id)
            )
        await until(lambda: len(slack.sentences(PRIYA)) == 2)
    assert len([each for each in fax.log.entries("call") if each["method"] == "recorddelete"]) == 1
    assert slack.sentences(PRIYA) == [f"{row.job_id} is deleted already."] * 2


async def test_a_fax_on_its_way_is_not_deleted(tmp_path, fax, slack):
    """Its number is busy: the answer says to cancel it first, and the fax server is not asked."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("469 555 0200")
        await bot.tick_until(slack.cards)
        (sent,) = await bot.faxes()
        await bot.runner.accept(bot.request(RequestKind.DELETE, fax_id=sent.id))
        await until(lambda: [text for text in slack.sentences(DANA) if "Cancel it first" in text])
    assert not [each for each in fax.log.entries("call") if each["method"] == "recorddelete"]
