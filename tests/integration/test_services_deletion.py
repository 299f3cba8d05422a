"""Records are deleted because a person asked, whatever becomes of the fax server's answer."""

import pytest

from faxbot.demo.faxserver import FaxServer
from faxbot.services.facts import RecordState, RequestKind
from faxbot.services.messages import ReceivedFax
from tests.kit import INBOUND, PRIYA, PlainSlack, house, make_pdf, until


@pytest.fixture
async def fax(tmp_path):
    async with FaxServer(tmp_path / "ucx", speed=400) as server:
        yield server


@pytest.fixture
def slack(tmp_path):
    plain = PlainSlack()
    plain.files["F0"] = make_pdf(tmp_path / "referral.pdf")
    return plain


def deletions(fax):
    """The RecordDelete calls that were carried out, by the fax server's own log."""
    calls = fax.log.entries("call")
    return [each for each in calls if each["method"] == "recorddelete" and each.get("carried_out")]


async def test_a_deletion_whose_answer_is_lost_is_told_though_the_record_is_seen_to_be_gone(
    tmp_path, fax, slack
):
    """Carried out, no answer, and the next look finds the record gone: the card says who deleted it."""
    async with house(tmp_path, fax, slack) as home:
        await home.send("+1 469 555 1112")
        await home.tick_until(
            lambda: any(isinstance(p.message, ReceivedFax) and not p.file_id for p in slack.posts)
        )
        row = (await home.store.read(lambda ledger: ledger.records_in(RecordState.SPOOLED)))[0]
        fax.faults.plan(fault="html", method="recorddelete", processed=True)
        await home.desk.accept(
            home.request(RequestKind.DELETE, user=PRIYA, channel=INBOUND, record_id=row.id)
        )
        await until(lambda: deletions(fax))
        await home.inbox.tick(sweep=True)
        assert (await home.store.read(lambda ledger: ledger.record(row.id))).gone
        card = next(p for p in slack.posts if isinstance(p.message, ReceivedFax) and not p.file_id)
        await until(lambda: card.message.deleted_by == PRIYA)
    assert len(deletions(fax)) == 1
