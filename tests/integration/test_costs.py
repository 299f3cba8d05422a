"""The queries of ticks, answers and a start use an index, for any number of rows."""

import re

import pytest
from sqlalchemy import event

from faxbot.fax.errors import AnswerLost
from faxbot.fax.job import Direction
from faxbot.services.fax_server import record_feed
from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.queries.queries import Viewer
from faxbot.store.engine import TransactionStore
from tests.support.plain_ucx import PlainUcx, services_over_lists
from tests.support.services import CLAIMS, DANA, INBOUND, PRIYA, PlainSlack, database_in, make_pdf
from tests.support.waiting import until

SMALL = (
    "SCAN announcements USING INDEX ix_announcements_outdated",  # what is out of date now
    "SCAN documents USING INDEX ix_documents_spooled",  # what is in the spool
    "SCAN subscriptions",  # of channels, and of faxes until a week after their end
    "SCAN modems",  # one row for each line
)
"""Tables and indexes that do not grow with history may be read through."""


class Plans:
    """How SQLite finds the rows of each statement that was executed."""

    def __init__(self, engine) -> None:
        self.engine, self.asked = engine, {}
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, parameters, _context, many):
        if not many and re.match(r"SELECT|UPDATE|DELETE", statement):
            self.asked[statement] = parameters

    def scans(self) -> list[str]:
        """Whole tables or indexes that were read, beside the small ones."""
        event.remove(self.engine, "before_cursor_execute", self._note)
        found = []
        with self.engine.connect() as connection:
            for statement, parameters in self.asked.items():
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps = [str(row[3]) for row in plan]
                found += [
                    f"{step}: {statement}"
                    for step in steps
                    if step.startswith("SCAN") and not step.startswith(SMALL)
                ]
        return found


@pytest.fixture
def slack():
    return PlainSlack()


@pytest.fixture
def ucx():
    return PlainUcx()


async def test_no_table_is_read_through(tmp_path, slack, ucx):
    """Receiving, sending, losing an answer, deleting, asking, sweeping, expiry, and a start after that."""
    slack.files["F1"] = make_pdf(tmp_path / "a.pdf")
    async with services_over_lists(tmp_path, ucx, slack) as bot:
        plans = Plans(bot.engine)
        for number in (1, 2):
            ucx.receive(number)
        ucx.files.pop("RX2")
        await bot.send()
        await bot.tick()
        ucx.fail("submit_job", "after", AnswerLost("lost"))
        await bot.send("469 555 0102")
        for _ in range(4):
            await bot.tick(60)
        for job_id in list(ucx.jobs):
            ucx.end(job_id)
        await bot.tick()
        await bot.csids.look_up()
        await bot.inbox.tick(sweep=True)
        for direction in Direction:
            await bot.queries.history(direction, 1, Viewer(DANA, CLAIMS))
        await bot.queries.active(None, Viewer(DANA, CLAIMS))
        await bot.queries.status("TX1", Viewer(DANA, CLAIMS))
        await bot.queries.subscriptions(CLAIMS)
        await bot.runner.accept(
            bot.request(RequestKind.DELETE, user=PRIYA, channel=INBOUND, job_id="RX1", record_id=1)
        )
        await bot.runner.accept(bot.request(RequestKind.SUBSCRIBE, direction="TX"))
        await bot.until_posted()
        await bot.retention.tick()
        await bot.expiry.tick()
        assert len(plans.asked) > 40
        assert plans.scans() == []
    async with services_over_lists(tmp_path, ucx, slack) as bot:
        plans = Plans(bot.engine)
        for start in (bot.lines.start, bot.outages.start, bot.watch.start, bot.preparation.start):
            await start()
        await bot.received.recall()
        await bot.tick()
        assert plans.scans() == []


async def steps_of_expiry(store, engine, cards: int) -> int:
    """Hundreds of steps of an expiry that finds nothing due among so many posted cards."""

    def fill(ledger):
        for number in range(cards):
            posted = {"state": AnnouncementState.SENT, "created_at": 1.0, "sent_at": 1.0}
            ledger.announce(
                Announcement(key=f"{number}", kind=AnnouncementKind.CARD, channel_id=CLAIMS, **posted)
            )

    await store.write(fill)
    with Steps(engine) as steps:
        assert await store.write(lambda ledger: ledger.expire_announcements(2.0, 500)) == 0
    return steps.hundreds


async def test_the_work_of_the_expiry_does_not_depend_on_what_stays(tmp_path):
    """Rows of cards are kept: none of them is read when nothing is due."""
    done = []
    for cards in (10, 2000):
        folder = tmp_path / str(cards)
        folder.mkdir()
        engine = database_in(folder)
        store = TransactionStore(engine)
        done.append(await steps_of_expiry(store, engine, cards))
        store.close()
    assert done[1] <= done[0] + 2


class Steps:
    """What SQLite does: statements, and steps of its virtual machine in hundreds."""

    def __init__(self, engine) -> None:
        self.engine, self.statements, self.hundreds = engine, 0, 0

    def __enter__(self):
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection, cursor, *_):
        self.statements += 1
        cursor.connection.set_progress_handler(self._step, 100)

    def _step(self) -> None:
        self.hundreds += 1


async def test_the_work_of_a_tick_does_not_depend_on_what_is_known(tmp_path, slack):
    """A tick without news executes nothing; one with news does as much among 3,000 as among 300."""
    done: list[tuple[int, int]] = []
    for records in (300, 3000):
        ucx, folder = PlainUcx(), tmp_path / str(records)
        folder.mkdir()
        for number in range(1, records + 1):
            ucx.receive(number)
        async with services_over_lists(folder, ucx, slack) as bot:
            await bot.tick()
            with Steps(bot.engine) as quiet:
                await bot.received.catch_up()
            assert quiet.statements == 0
            ucx.receive(records + 1)
            with Steps(bot.engine) as finding:
                assert await bot.received.catch_up()
            done.append((finding.statements, finding.hundreds))
    few, many = done
    assert many[0] == few[0]
    assert many[1] <= few[1] * 1.3


async def test_the_counter_follows_every_change(tmp_path, slack, ucx, monkeypatch):
    """New, deleted by a person, gone on the server, back again: the counter is what a count would say."""
    monkeypatch.setattr(record_feed, "IDS_AT_ONCE", 2)
    for number in range(1, 6):
        ucx.receive(number)

    async with services_over_lists(tmp_path, ucx, slack) as bot:

        async def known() -> int:
            counter = await bot.store.read(lambda ledger: ledger.count_known("RX"))
            assert counter == await bot.store.write(lambda ledger: ledger.recount("RX"))
            return counter

        assert await known() == 5
        ucx.receive(6)
        await bot.tick()
        assert await known() == 6
        await bot.runner.accept(
            bot.request(RequestKind.DELETE, user=PRIYA, channel=INBOUND, job_id="RX6", record_id=6)
        )
        await until(lambda: "delete_record" in ucx.calls and slack.details()[0].message.deleted_by)
        assert await known() == 5
        records, ucx.records = ucx.records, []
        await bot.tick()
        assert await known() == 0
        ucx.records = records
        await bot.tick()
        assert await known() == 5
        assert len(slack.received(INBOUND)) == 1


async def test_a_counter_that_is_wrong_is_put_right(tmp_path, slack, ucx):
    """Rows that something else deleted: when the counts disagree, they are counted again."""
    for number in range(1, 6):
        ucx.receive(number)
    async with services_over_lists(tmp_path, ucx, slack) as bot:
        await bot.store.write(lambda ledger: ledger.remember("known_RX", 99))
        await bot.tick()
        assert await bot.store.read(lambda ledger: ledger.count_known("RX")) == 5
        ucx.calls.clear()
        await bot.received.catch_up()
        assert ucx.calls == ["count_records"]
