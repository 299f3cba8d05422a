"""The CSID lookup: the record of a finished job contains the CSID of the answering machine."""

from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.outbox.announcements import announce_steps

LOOKUPS = 5
"""Lookups for the record of a job before its card stays without a CSID."""


class CsidLookup:
    """Adds the CSID to the card of an ended fax as soon as the record of its job is known."""

    def __init__(self, store: Store, sent_records: RecordFeed) -> None:
        self._store, self._sent_records = store, sent_records
        self._expected: dict[str, tuple[int, int]] = {}
        """Ended jobs without a record: job id -> (fax id, lookups left). Not kept across a restart."""

    def expect(self, job_id: str, fax_id: int) -> None:
        """Look up the record of *job_id* in the next ticks: the job has ended."""
        self._expected[job_id] = (fax_id, LOOKUPS)

    async def look_up(self) -> None:
        """
        Look up the records of all jobs that ended without one.

        Raises:
            ServerFault: The fax server does not answer.
        """
        if not self._expected:
            return
        await self._sent_records.catch_up()
        expected, self._expected = self._expected, {}

        def record(ledger: Ledger) -> set[str]:
            found = set()
            for job_id, (fax_id, _) in expected.items():
                fax = ledger.fax(fax_id)
                row = next(iter(ledger.records_named(job_id)), None)
                if row is None or row.id <= fax.known_record:
                    continue
                found.add(job_id)
                if csid := row.station_id.strip():
                    fax.answered_by = csid
                    announce_steps(ledger, fax, [])
            return found

        found = await self._store.write(record)
        for job_id, (fax_id, left) in expected.items():
            if job_id not in found and left > 1:
                self._expected.setdefault(job_id, (fax_id, left - 1))
