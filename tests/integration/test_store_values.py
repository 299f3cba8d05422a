"""Odd values are stored and read alike on SQLite and on PostgreSQL."""

import pytest

from faxbot.fax.job import Direction, Job, JobState
from faxbot.services.model.faxes import Fax
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.request_bodies import RequestKind, SendBody
from faxbot.services.model.requests import Request
from faxbot.store.engine import TransactionStore, open_engine
from tests.support.spooled import a_document

LARGEST = 2**31 - 1
"""The largest number that ucx/values.py accepts."""
ODD = "a\0b\ud800c"
CLEAN = "a\ufffdb\ufffdc"


@pytest.fixture
def store(database_url):
    store = TransactionStore(open_engine(database_url))
    yield store
    store.close()


async def test_text_that_cannot_be_stored(store):
    """A NUL and a lone surrogate become U+FFFD: in columns, in JSON, and in what is compared with them."""
    asked = SendBody(number=ODD, files=[{ODD: ODD}])
    request = Request(key=ODD, kind=RequestKind.SEND, user_id="U", channel_id="C", body=asked)
    added = await store.write(lambda ledger: ledger.add_request(request))
    fax = await store.write(lambda ledger: ledger.add_fax(Fax(number=ODD, job_id=ODD, files=[{"name": ODD}])))
    assert await store.write(lambda ledger: ledger.add_request(request)) is None
    found = await store.read(lambda ledger: ledger.request(added.id))
    assert (found.key, found.body) == (CLEAN, SendBody(number=CLEAN, files=[{CLEAN: CLEAN}]))
    found = await store.read(lambda ledger: ledger.newest_fax(ODD))
    assert (found.id, found.number, found.files) == (fax.id, CLEAN, [{"name": CLEAN}])
    await store.write(lambda ledger: ledger.remember(ODD, {ODD: [{"a": ODD}]}))
    assert await store.read(lambda ledger: ledger.recall(ODD)) == {CLEAN: [{"a": CLEAN}]}


async def test_text_that_is_only_unusual(store):
    """Emoji, other scripts, control characters and what looks like an escape come back as they were."""
    text = "📠 Фах \x01\x1f\u2028 \\u0000 \\ud800 '; DROP TABLE faxes; --"
    await store.write(lambda ledger: ledger.remember(text, {"a": text}))
    assert await store.read(lambda ledger: ledger.recall(text)) == {"a": text}


async def test_the_largest_numbers(store):
    """The largest count that the fax server's reply may have, in every column for one."""
    fax = await store.write(lambda ledger: ledger.add_fax(Fax(lookups=LARGEST)))
    job = Job(
        "TX1",
        JobState.ACTIVE,
        sent_pages=LARGEST,
        total_pages=LARGEST,
        dials=LARGEST,
        max_dials=LARGEST,
        attempts=LARGEST,
        max_attempts=LARGEST,
        duration=LARGEST,
    )
    await store.write(lambda ledger: ledger.see_job(fax.id, job))
    assert await store.read(lambda ledger: ledger.job_of(fax.id)) == job
    record = FaxRecord(
        direction=Direction.RX,
        job_id="RX1",
        time=1e11,
        sent_pages=LARGEST,
        total_pages=LARGEST,
        attempts=LARGEST,
        duration=LARGEST,
    )
    await store.write(lambda ledger: ledger.add_records([record]))
    (found,) = await store.read(lambda ledger: ledger.records_named("RX1"))
    assert (found.duration, found.time) == (LARGEST, 1e11)


async def test_a_document_of_more_than_two_gigabytes(store):
    """Its size is a column of 64 bits."""
    document = a_document().model_copy(update={"bytes": 2**40})
    added = await store.write(lambda ledger: ledger.add_document(document))
    found = await store.read(lambda ledger: ledger.document_of(Fax(document_id=added.id)))
    assert found.bytes == 2**40


async def test_numbers_beyond_the_columns_are_kept_as_json(store):
    """What is remembered by name may be of any size."""
    await store.write(lambda ledger: ledger.remember("n", [2**63, -(2**63) - 1]))
    assert await store.read(lambda ledger: ledger.recall("n")) == [2**63, -(2**63) - 1]
