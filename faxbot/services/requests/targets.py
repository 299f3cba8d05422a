"""Looks up the fax and the record that a request names."""

from faxbot.fax.errors import UnknownJob
from faxbot.services.model.faxes import Fax
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Sentence
from faxbot.services.model.ports import Clock
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.request_bodies import TargetBody
from faxbot.services.model.requests import Request
from faxbot.services.outbox.announcements import post_ephemeral


class Targets:
    """Looks up the target of a request: by row id (buttons) or by job id (commands)."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def refuse_reused_id(self, fax: Fax | None, row: FaxRecord | None, job_id: str) -> None:
        """
        Raise UnknownJob if *job_id* is no longer that of *fax* or *row*.

        A newer fax or record may have it, since a reset server reuses ids, or the record was deleted.
        """
        rows, newest = await self._store.read(
            lambda ledger: (ledger.records_named(job_id), ledger.newest_fax(job_id))
        )
        follower = fax is not None and newest is not None and newest.id != fax.id
        newer = row is not None and any(other.id > row.id for other in rows)
        if follower or newer or (row is not None and row.gone):
            raise UnknownJob(f"The fax server has that {job_id} no more.")

    async def answer(self, request: Request, text: str) -> None:
        """Write an ephemeral answer to the person who made *request*."""

        def record(ledger: Ledger) -> None:
            post_ephemeral(ledger, ledger.request(request.id), Sentence(text), self._clock.now())

        await self._store.write(record)

    async def fax_of(self, request: Request) -> Fax | None:
        """The outgoing fax that *request* names; None if faxbot did not send it."""
        body = request.body_as(TargetBody)
        fax_id, job_id = body.fax_id, body.job_id
        if fax_id:
            return await self._store.read(lambda ledger: ledger.fax(fax_id))
        return await self._store.read(lambda ledger: ledger.newest_fax(job_id)) if job_id else None

    async def record_of(self, request: Request, fax: Fax | None) -> FaxRecord | None:
        """The record that *request* names: that of *fax*, or by row id, or by job id and time."""
        body = request.body_as(TargetBody)
        if record_id := body.record_id:
            return await self._store.read(lambda ledger: ledger.record(record_id))
        job_id = (fax.job_id if fax else None) or body.job_id
        rows = await self._store.read(lambda ledger: ledger.records_named(job_id))
        if fax is not None:  # its record is the first one after the submission
            return next((row for row in reversed(rows) if row.id > fax.known_record), None)
        return next((row for row in rows if body.time is None or int(row.time) == body.time), None)
