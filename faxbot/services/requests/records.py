"""Requests that change what is there: cancel, delete, get."""

import asyncio
import logging
from pathlib import Path

from faxbot.fax.errors import AnswerLost, JobNotFound, NotAllowed, RequestRefused, UnknownJob
from faxbot.fax.job import Direction
from faxbot.services.model.announcements import Announcement, AnnouncementKind
from faxbot.services.model.faxes import HANDING_PAUSE, Fax, FaxState, Outcome
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import FetchedFile, Sentence, Step, StepKind, pack
from faxbot.services.model.ports import Clock, Directory, FaxServer, Nudge
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.requests import Request, mark_done
from faxbot.services.model.spool import fetched, make_folder
from faxbot.services.outbox.announcements import announce_steps, cards_of, end_fax, new_key, post_ephemeral
from faxbot.services.requests.permissions import Permissions

log = logging.getLogger(__name__)


class RecordRequests:
    """Carries out what people ask of jobs and records. Each method may be repeated after a stop."""

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        access: Permissions,
        directory: Directory,
        spool: Path,
        told: Nudge,
    ) -> None:
        self._server, self._store, self._clock, self._access = server, store, clock, access
        self._directory, self._spool, self._told = directory, spool, told
        self._one_deletion = asyncio.Lock()

    async def cancel(self, request: Request) -> None:
        """Stop a fax. One JobCancel however many ask; repeated only while the server does not answer."""
        fax = await self._fax_meant(request)
        if fax is None:
            await self._cancel_foreign(request)
            return
        name = fax.job_id or "this fax"
        await self._access.may_change_sent(request.user_id, fax, "cancel", name)
        fax_id = fax.id or 0
        while not await self._begin_cancel(request, fax_id):
            await self._clock.sleep(HANDING_PAUSE)
        fax = await self._store.read(lambda ledger: ledger.fax(fax_id))
        if fax.state is not FaxState.ACCEPTED or fax.cancel_request != request.id or not fax.job_id:
            return
        try:
            await self._server.cancel_job(fax.job_id)
        except JobNotFound:
            log.info("cancelled too late", extra={"fax": fax_id})
        except RequestRefused as refused:
            said = refused.said
            await self._store.write(lambda ledger: self._cancel_refused(ledger, fax_id, said))
        self._told()

    async def _begin_cancel(self, request: Request, fax_id: int) -> bool:
        """Commit who stops the fax; False while it is being handed over."""
        now = self._clock.now()

        def record(ledger: Ledger) -> bool:
            fax = ledger.fax(fax_id)
            if fax.state is FaxState.HANDING:
                return False
            mine = ledger.request(request.id or 0)
            if fax.state in (FaxState.FETCHING, FaxState.READY):
                if not cards_of(ledger, fax):
                    post_ephemeral(ledger, mine, Sentence("Cancelled. Nothing was sent."), now)
                end_fax(ledger, fax, Outcome.WITHDRAWN, Step(StepKind.WITHDRAWN, now, by=request.user_id))
                fax.cancel_by = request.user_id
            elif fax.state is FaxState.ENDED:
                post_ephemeral(ledger, mine, Sentence("That fax has already ended."), now)
            elif fax.state in (FaxState.UNKNOWN, FaxState.ASKED):
                post_ephemeral(
                    ledger, mine, Sentence("Nobody knows yet whether that fax went; its card asks."), now
                )
            elif not fax.cancel_request:
                fax.cancel_by, fax.cancel_request = request.user_id, request.id or 0
                announce_steps(ledger, fax, [Step(StepKind.CANCELLING, now, by=request.user_id)])
            elif fax.cancel_request != request.id:
                post_ephemeral(ledger, mine, Sentence("That fax is being cancelled already."), now)
            return True

        done = await self._store.write(record)
        self._told()
        return done

    def _cancel_refused(self, ledger: Ledger, fax_id: int, said: str) -> None:
        fax = ledger.fax(fax_id)
        if fax.state is FaxState.ENDED:
            return
        fax.cancel_by, fax.cancel_request = None, 0
        announce_steps(ledger, fax, [Step(StepKind.CANCEL_REFUSED, self._clock.now(), text=said)])

    async def _cancel_foreign(self, request: Request) -> None:
        job_id = request.body.get("job_id") or ""
        if Direction.of(job_id) is Direction.RX:
            raise NotAllowed(f"{job_id} is being received. A fax that is coming in can't be cancelled.")
        await self._access.may_change_sent(request.user_id, None, "cancel", job_id)
        try:
            await self._server.cancel_job(job_id)
        except JobNotFound as exc:
            raise UnknownJob(
                f"The fax server has no job {job_id}. `/fax active` shows what is running."
            ) from exc
        except AnswerLost as exc:
            raise UnknownJob(
                f"The fax server did not say whether {job_id} was cancelled. Look again."
            ) from exc
        await self._whisper(request, f"{job_id} is cancelled.")

    async def delete(self, request: Request) -> None:
        """Delete a record and its file on the fax server: only because a person asked, and once."""
        async with self._one_deletion:
            await self._delete(request)

    async def _delete(self, request: Request) -> None:
        fax = await self._fax_meant(request)
        row = await self._record_meant(request, fax)
        job_id = (fax and fax.job_id) or (row and row.job_id) or request.body.get("job_id") or ""
        if Direction.of(job_id) is Direction.RX:
            await self._access.may_change_received(request.user_id, request.channel_id, row, "delete", job_id)
        else:
            await self._access.may_change_sent(request.user_id, fax, "delete", job_id)
        if (fax and fax.deleted_by) or (row and row.deleted_by):
            await self._whisper(request, f"{job_id} is deleted already.")
            return
        if fax and fax.state is not FaxState.ENDED:
            raise NotAllowed(f"{job_id} has not ended. Cancel it first, then delete its record.")
        asked_before = await self._store.write(
            lambda ledger: _asks_to_delete(ledger.request(request.id or 0))
        )
        if not (asked_before and row and row.gone):
            await self._refuse_namesake(fax, row, job_id)
            try:
                await self._server.delete_record(job_id)
            except JobNotFound as exc:
                if row is None and not asked_before:
                    raise UnknownJob(f"The fax server has no record {job_id}.") from exc
            except RequestRefused as refused:
                raise UnknownJob(
                    f"The fax server did not delete {job_id}. It says: {refused.said}"
                ) from refused
        await self._store.write(lambda ledger: self._deleted(ledger, request, fax, row))
        self._told()

    def _deleted(self, ledger: Ledger, request: Request, fax: Fax | None, row: FaxRecord | None) -> None:
        now = self._clock.now()
        told = False
        if fax is not None:
            known = ledger.fax(fax.id or 0)
            known.deleted_by = request.user_id
            announce_steps(ledger, known, [Step(StepKind.DELETED, now, by=request.user_id)])
            told = bool(cards_of(ledger, known))
        if row is not None:
            record = ledger.record(row.id or 0)
            record.deleted_by = request.user_id
            ledger.mark_gone([row.id or 0])
            for each in ledger.announcements_of(record_id=row.id):
                if each.kind is AnnouncementKind.DETAILS:
                    each.revision += 1
                    told = True
        if not told:
            sentence = Sentence("The record and its file are deleted from the fax server.")
            post_ephemeral(ledger, ledger.request(request.id or 0), sentence, now)

    async def get(self, request: Request) -> None:
        """Fetch the document of a job or record into the conversation."""
        fax = await self._fax_meant(request)
        row = await self._record_meant(request, fax)
        job_id = (fax and fax.job_id) or (row and row.job_id) or request.body.get("job_id") or ""
        if Direction.of(job_id) is Direction.RX:
            await self._access.may_change_received(request.user_id, request.channel_id, row, "get", job_id)
        else:
            await self._access.may_change_sent(request.user_id, fax, "get", job_id)
        await self._refuse_namesake(fax, row, job_id)
        await self._directory.ensure_can_post(request.channel_id, request.user_id)
        path = fetched(self._spool, request.id or 0)
        await asyncio.to_thread(make_folder, path.parent)
        try:
            download = await self._server.download_document(job_id, path)
        except JobNotFound as exc:
            raise UnknownJob(f"The fax server has no file for {job_id}.") from exc
        except RequestRefused as refused:
            raise UnknownJob(f"The fax server did not hand {job_id} over: {refused.said}") from refused
        body = pack(FetchedFile(job_id, request.user_id)) | {
            "path": str(download.path),
            "title": f"{job_id}{download.path.suffix}",
            "thread_ts": request.body.get("thread_ts") or request.thread_ts,
        }

        def record(ledger: Ledger) -> None:
            ledger.announce(
                Announcement(
                    key=f"get-{request.id}-{new_key()}",
                    kind=AnnouncementKind.FILE,
                    channel_id=request.channel_id,
                    body=body,
                    created_at=self._clock.now().timestamp(),
                )
            )
            mark_done(ledger.request(request.id or 0), self._clock.now())

        await self._store.write(record)
        self._told()

    async def _refuse_namesake(self, fax: Fax | None, row: FaxRecord | None, job_id: str) -> None:
        """After a reset ids are used again: an old button must not reach the new fax of that id."""
        rows, newest = await self._store.read(
            lambda ledger: (ledger.records_named(job_id), ledger.newest_fax(job_id))
        )
        follower = fax is not None and newest is not None and newest.id != fax.id
        newer = row is not None and any((other.id or 0) > (row.id or 0) for other in rows)
        if follower or newer or (row is not None and row.gone):
            raise UnknownJob(f"The fax server has that {job_id} no more.")

    async def _whisper(self, request: Request, text: str) -> None:
        def record(ledger: Ledger) -> None:
            post_ephemeral(ledger, ledger.request(request.id or 0), Sentence(text), self._clock.now())

        await self._store.write(record)
        self._told()

    async def _fax_meant(self, request: Request) -> Fax | None:
        fax_id, job_id = request.body.get("fax_id"), request.body.get("job_id")
        if fax_id:
            return await self._store.read(lambda ledger: ledger.fax(int(fax_id)))
        return await self._store.read(lambda ledger: ledger.newest_fax(job_id)) if job_id else None

    async def _record_meant(self, request: Request, fax: Fax | None) -> FaxRecord | None:
        if record_id := request.body.get("record_id"):
            return await self._store.read(lambda ledger: ledger.record(int(record_id)))
        job_id = (fax.job_id if fax else None) or request.body.get("job_id") or ""
        rows = await self._store.read(lambda ledger: ledger.records_named(job_id))
        if fax is not None:  # its own is the first that came after it
            return next((row for row in reversed(rows) if (row.id or 0) > fax.known_record), None)
        time = request.body.get("time")
        return next((row for row in rows if time is None or int(row.time) == time), None)


def _asks_to_delete(request: Request) -> bool:
    """Commit that RecordDelete is called for *request*; True if it was before, and its answer was lost."""
    asked_before = bool(request.body.get("asked"))
    request.body = {**request.body, "asked": True}
    return asked_before
