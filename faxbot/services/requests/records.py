"""Requests about records of the fax server: delete a record, get its document."""

import asyncio
import logging
from pathlib import Path

from faxbot.fax.errors import JobNotFound, NotAllowed, RequestRefused, UnknownJob
from faxbot.fax.job import Direction
from faxbot.services.model.announcements import Announcement, AnnouncementKind
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import FetchedFile, Sentence, Step, StepKind, pack
from faxbot.services.model.ports import Clock, Directory, FaxServer
from faxbot.services.model.records import FaxRecord
from faxbot.services.model.request_bodies import DeleteBody, GetBody, TargetBody
from faxbot.services.model.requests import Request, mark_done
from faxbot.services.model.spool import fetched, make_folder
from faxbot.services.outbox.announcements import announce_steps, cards_of, new_key, post_ephemeral
from faxbot.services.requests.permissions import Permissions
from faxbot.services.requests.targets import Targets

log = logging.getLogger(__name__)


class RecordRequests:
    """Deletes records and posts documents. Each method may run again after a stop."""

    def __init__(
        self,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        permissions: Permissions,
        targets: Targets,
        directory: Directory,
        spool: Path,
    ) -> None:
        self._server, self._store, self._clock, self._permissions = server, store, clock, permissions
        self._targets, self._directory, self._spool = targets, directory, spool
        self._deletion_lock = asyncio.Lock()

    async def delete(self, request: Request) -> None:
        """
        Delete a record and its document on the fax server (RecordDelete), once per request.

        Raises:
            NotAllowed: The person may not, or the fax has not ended.
            UnknownJob: The fax server has no such record, or refused.
            ServerFault: The fax server does not answer.
        """
        async with self._deletion_lock:
            await self._delete(request)

    async def _delete(self, request: Request) -> None:
        fax = await self._targets.fax_of(request)
        row = await self._targets.record_of(request, fax)
        job_id = (fax and fax.job_id) or (row and row.job_id) or request.body_as(TargetBody).job_id
        if Direction.of(job_id) is Direction.RX:
            await self._permissions.may_change_received(
                request.user_id, request.channel_id, row, "delete", job_id
            )
        else:
            await self._permissions.may_change_sent(request.user_id, fax, "delete", job_id)
        if (fax and fax.deleted_by) or (row and row.deleted_by):
            await self._targets.answer(request, f"{job_id} is deleted already.")
            return
        if fax and fax.state is not FaxState.ENDED:
            raise NotAllowed(f"{job_id} has not ended. Cancel it first, then delete its record.")
        asked_before = await self._store.write(lambda ledger: _mark_asked(ledger.request(request.id)))
        if not (asked_before and row and row.gone):
            await self._targets.refuse_reused_id(fax, row, job_id)
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

    def _deleted(self, ledger: Ledger, request: Request, fax: Fax | None, row: FaxRecord | None) -> None:
        """Record the deletion; show it in the messages of the fax, or if there are none, to the person."""
        now = self._clock.now()
        answered = False
        if fax is not None:
            known = ledger.fax(fax.id)
            known.deleted_by = request.user_id
            announce_steps(ledger, known, [Step(StepKind.DELETED, now, by=request.user_id)])
            answered = bool(cards_of(ledger, known))
        if row is not None:
            record = ledger.record(row.id)
            record.deleted_by = request.user_id
            ledger.mark_gone([row.id])
            for each in ledger.announcements_of(record_id=row.id):
                if each.kind is AnnouncementKind.DETAILS:
                    each.revision += 1
                    answered = True
        if not answered:
            sentence = Sentence("The record and its file are deleted from the fax server.")
            post_ephemeral(ledger, ledger.request(request.id), sentence, now)

    async def get(self, request: Request) -> None:
        """
        Download the document of a job or record (FileDownload) and post it in the conversation.

        Raises:
            NotAllowed: The person may not.
            UnknownJob: The fax server has no document, or refused.
            CannotPost: The bot cannot post there.
            ServerFault: The fax server does not answer.
        """
        fax = await self._targets.fax_of(request)
        row = await self._targets.record_of(request, fax)
        job_id = (fax and fax.job_id) or (row and row.job_id) or request.body_as(TargetBody).job_id
        if Direction.of(job_id) is Direction.RX:
            await self._permissions.may_change_received(
                request.user_id, request.channel_id, row, "get", job_id
            )
        else:
            await self._permissions.may_change_sent(request.user_id, fax, "get", job_id)
        await self._targets.refuse_reused_id(fax, row, job_id)
        await self._directory.ensure_can_post(request.channel_id, request.user_id)
        path = fetched(self._spool, request.id)
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
            "thread_ts": request.body_as(GetBody).thread_ts or request.thread_ts,
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
            mark_done(ledger.request(request.id), self._clock.now())

        await self._store.write(record)


def _mark_asked(request: Request) -> bool:
    """Record that RecordDelete is about to be called; True if it was called before a stop or a retry."""
    body = request.body_as(DeleteBody)
    request.body = body.model_copy(update={"asked": True})
    return body.asked
