"""The spool: documents go when nothing needs them any more, and never before."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from faxbot.services.model.announcements import Announcement, AnnouncementKind, AnnouncementState
from faxbot.services.model.documents import KeptDocument
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.records import FaxRecord, RecordState
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.model.requests import Request
from faxbot.services.upkeep.spool_retention import SpoolRetention
from faxbot.store.engine import TransactionStore, open_engine
from tests.support.spooled import add_document

DAYS = 30.0
DAY = 86_400.0
HOUR = 3600.0
NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
LONG_AGO = NOW - 31 * DAY
LATELY = NOW - 29 * DAY


class Clock:
    """A moment, until it is another."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


class RetentionHarness:
    """A spool with its database. Files are *age* seconds old."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.spool, self.clock, self.store = folder / "spool", Clock(), TransactionStore(engine)
        self.retention = SpoolRetention(self.store, self.clock, self.spool, DAYS)

    def file(self, name: str, age: float = 31 * DAY) -> Path:
        """A file of that age, in folders of that age."""
        path = self.spool / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        for each in (path, path.parent):
            os.utime(each, (NOW - age, NOW - age))
        return path

    async def fax(
        self, state: FaxState, *, ended_at: float | None = None, document_id: int | None = None
    ) -> int:
        kept = Fax(state=state, ended_at=ended_at, document_id=document_id, created_at=LONG_AGO)
        return (await self.store.write(lambda ledger: ledger.add_fax(kept))).id

    async def sent(self, ended_at: float | None, state: FaxState = FaxState.ENDED) -> Path:
        """A fax with a document."""
        fax_id = await self.fax(state, ended_at=ended_at)
        path = self.file(f"out/{fax_id}/fax.pdf")

        def work(ledger):
            ledger.fax(fax_id).document_id = add_document(ledger, path)

        await self.store.write(work)
        return path

    async def document(self, path: Path) -> KeptDocument | None:
        """The row of the document at *path*, which `sent` made."""
        fax_id = int(path.parent.name)
        return await self.store.read(lambda ledger: ledger.document_of(ledger.fax(fax_id)))

    async def received(self, *states: AnnouncementState, seen_at: float = LONG_AGO, **more: object) -> Path:
        """A received fax, its file and details posted as far as *states* say; *more* for the details."""
        record = FaxRecord(
            direction="RX", job_id="RX1", time=seen_at, state=RecordState.SPOOLED, seen_at=seen_at, path="x"
        )

        def work(ledger):
            ledger.add_records([record])
            row_id = ledger.newest_record("RX")
            kinds = (AnnouncementKind.FILE, AnnouncementKind.DETAILS)
            for place, (kind, state) in enumerate(zip(kinds, states, strict=True)):
                facts = {"key": f"{row_id}-{place}", "kind": kind, "state": state, "channel_id": "C1"}
                ledger.announce(Announcement(**facts, record_id=row_id, **(more if place else {})))
            return row_id

        return self.file(f"in/{await self.store.write(work)}.pdf")

    async def request(self, *, done: bool) -> int:
        asked = Request(key="k", kind=RequestKind.GET, user_id="U1", channel_id="C1", done=done)
        return (await self.store.write(lambda ledger: ledger.add_request(asked))).id

    async def fetched(self, state: AnnouncementState, age: float = 31 * DAY) -> Path:
        """A document that a person asked for."""
        path = self.file(f"get/{await self.request(done=True)}.pdf", age)
        announced = Announcement(
            key="get", kind=AnnouncementKind.FILE, channel_id="C1", state=state, body={"path": str(path)}
        )
        await self.store.write(lambda ledger: ledger.announce(announced))
        return path

    async def tick(self) -> None:
        await self.retention.tick()


@pytest.fixture
def harness(tmp_path, database_url):
    made = RetentionHarness(tmp_path, open_engine(database_url))
    yield made
    made.store.close()


SENT, WAITING, SENDING, DROPPED = (
    AnnouncementState.SENT,
    AnnouncementState.WAITING,
    AnnouncementState.SENDING,
    AnnouncementState.DROPPED,
)


async def test_a_sent_document_goes_some_days_after_the_end(harness):
    """Not on the day before, and with its folder; the fax itself stays."""
    path = await harness.sent(LATELY)
    await harness.tick()
    assert path.exists()
    harness.clock.at += 2 * DAY
    await harness.tick()
    assert not path.parent.exists()
    kept = await harness.document(path)
    assert (kept.path, kept.name, kept.pages) == (None, "fax.pdf", 2)


@pytest.mark.parametrize("state", [each for each in FaxState if each is not FaxState.ENDED])
async def test_a_fax_that_has_not_ended_keeps_its_document(harness, state):
    """However long it waits: the fax server may be away, or a person asked."""
    path = await harness.sent(None, state)
    harness.clock.at += 400 * DAY
    await harness.tick()
    assert path.exists()


async def test_a_document_that_is_sent_again_stays(harness):
    """The fax whose answer was lost is closed; its document is the new one's until that has ended, too."""
    path = await harness.sent(LONG_AGO)
    again = await harness.fax(FaxState.READY, document_id=(await harness.document(path)).id)
    await harness.tick()
    assert path.exists()

    def end(ledger):
        fax = ledger.fax(again)
        ledger.change_state(fax, FaxState.ENDED)
        fax.ended_at = NOW

    await harness.store.write(end)
    harness.clock.at += 29 * DAY
    await harness.tick()
    assert path.exists()
    harness.clock.at += 2 * DAY
    await harness.tick()
    assert not path.exists()
    assert await harness.store.read(lambda ledger: ledger.faxes_to_keep()) == []


async def test_a_received_document_goes_when_its_posts_are_confirmed(harness):
    """After some days; its record stays."""
    path = await harness.received(SENT, SENT, seen_at=LATELY)
    await harness.tick()
    assert path.exists()
    harness.clock.at += 2 * DAY
    await harness.tick()
    assert not path.exists()
    record = await harness.store.read(lambda ledger: ledger.record(int(path.stem)))
    assert (record.state, record.path) == (RecordState.HISTORY, "x")


@pytest.mark.parametrize(
    ("file", "details", "more"),
    [
        (WAITING, WAITING, {}),
        (SENDING, WAITING, {}),
        (SENT, WAITING, {}),
        (SENT, SENDING, {}),
        (DROPPED, SENT, {}),
        (SENT, SENT, {"revision": 1}),
    ],
    ids=["not posted", "being posted", "details wait", "details are posted", "refused", "out of date"],
)
async def test_a_received_document_stays_until_every_post_is_confirmed(harness, file, details, more):
    """What Slack has not got, or never took, is here and nowhere else in reach."""
    path = await harness.received(file, details, **more)
    harness.clock.at += 400 * DAY
    await harness.tick()
    assert path.exists()


async def test_a_document_for_a_person_stays_until_it_is_posted(harness):
    """However long Slack does not take it."""
    path = await harness.fetched(WAITING)
    harness.clock.at += 400 * DAY
    await harness.tick()
    assert path.exists()


async def test_a_document_for_a_person_goes_some_days_after_it_came(harness):
    """Once it is posted."""
    path = await harness.fetched(SENT, age=29 * DAY)
    await harness.tick()
    assert path.exists()
    harness.clock.at += 2 * DAY
    await harness.tick()
    assert not path.exists()


@pytest.mark.parametrize(("done", "there"), [(False, True), (True, False)])
async def test_a_document_stays_while_its_request_is_carried_out(harness, done, there):
    """A stop came between the download and the announcement: the next run continues with it."""
    request_id = await harness.request(done=done)
    path = harness.file(f"get/{request_id}.pdf")
    part = harness.file(f"get/.{request_id}.pdf.x7_.part")
    await harness.tick()
    assert (path.exists(), part.exists()) == (there, there)


async def test_what_interrupted_work_left_is_tidied_after_a_while(harness):
    """Half downloads and the converter's folder, beside a document that is kept."""
    document = await harness.sent(None, FaxState.READY)
    record = await harness.received(SENT, WAITING)
    left = [f"out/{document.parent.name}/{name}" for name in ("part0", ".part1.a_b.part", "fax.work/made")]
    left += [f"in/.{record.name}.abc.part", "in/999.pdf", "get/.8.pdf.abc.part"]
    paths = [harness.file(name, age=HOUR - 60) for name in left]
    await harness.tick()
    assert all(path.exists() for path in paths)
    harness.clock.at += 120
    await harness.tick()
    assert [path for path in paths if path.exists()] == []
    assert document.exists()
    assert record.exists()
    assert [path.name for path in document.parent.iterdir()] == ["fax.pdf"]


async def test_originals_stay_as_long_as_their_document(harness):
    """The file as a person shared it is beside the document, and goes with it."""
    young, old = await harness.sent(NOW, FaxState.ENDED), await harness.sent(LONG_AGO, FaxState.ENDED)
    originals = [harness.file(f"out/{each.parent.name}/original0") for each in (young, old)]
    await harness.tick()
    assert [path.exists() for path in originals] == [True, False]


async def test_work_that_is_under_way_is_left_alone(harness):
    """The files of a fax that is being fetched, and a received one's download, whatever their age."""
    fax_id = await harness.fax(FaxState.FETCHING)
    names = [f"out/{fax_id}/{name}" for name in ("part0", ".part1.a_b.part", "fax.work/made", "fax.pdf")]
    record = FaxRecord(direction="RX", job_id="RX1", time=1.0, state=RecordState.SEEN, seen_at=LONG_AGO)
    await harness.store.write(lambda ledger: ledger.add_records([record]))
    names += ["in/1.pdf", "in/.1.pdf.abc.part"]
    paths = [harness.file(name) for name in names]
    await harness.tick()
    assert all(path.exists() for path in paths)


async def test_a_folder_without_a_document_goes(harness):
    """Withdrawn before there was one, or a fax that no backup of the database knows."""
    withdrawn = await harness.fax(FaxState.ENDED, ended_at=NOW)
    paths = [harness.file(name) for name in (f"out/{withdrawn}/fax.pdf", "out/4711/fax.pdf")]
    young = harness.file("out/4712/fax.pdf", age=60)
    await harness.tick()
    assert [path.parent for path in paths if path.parent.exists()] == []
    assert young.exists()


async def test_what_comes_in_meanwhile_is_no_leftover(harness, monkeypatch):
    """A fax that begins just after the database was asked is safe, whatever the clocks say."""
    read = harness.store.read

    async def read_then_begin(work):
        announced = await read(work)
        harness.file("out/1/part0")
        return announced

    monkeypatch.setattr(harness.store, "read", read_then_begin)
    await harness.tick()
    assert (harness.spool / "out" / "1" / "part0").exists()


async def test_a_file_that_gets_its_name_meanwhile_is_no_trouble(harness, monkeypatch):
    """What was there at the look may be gone when its turn comes."""
    read = harness.store.read
    gone = harness.file("in/.1.pdf.abc.part")

    async def rename_then_read(work):
        gone.rename(gone.with_name("1.pdf"))
        return await read(work)

    monkeypatch.setattr(harness.store, "read", rename_then_read)
    await harness.tick()
    assert gone.with_name("1.pdf").exists()


async def test_a_stop_between_removing_and_recording_is_made_up_for(harness, monkeypatch):
    """The next tick finds the rows whose files are gone, and goes on."""
    sent, received = await harness.sent(LONG_AGO), await harness.received(SENT, SENT)
    write = harness.store.write

    async def stop(_work):
        raise KeyboardInterrupt

    monkeypatch.setattr(harness.store, "write", stop)
    with pytest.raises(KeyboardInterrupt):
        await harness.tick()
    assert not sent.exists()
    monkeypatch.setattr(harness.store, "write", write)
    await harness.tick()
    kept = await harness.store.read(lambda ledger: (ledger.faxes_to_keep(), ledger.records_to_keep()))
    assert kept == ([], [])
    assert not received.exists()


async def test_an_empty_spool_is_no_trouble(harness):
    """The first tick of a new bot finds nothing at all."""
    await harness.tick()
    assert not harness.spool.exists()
