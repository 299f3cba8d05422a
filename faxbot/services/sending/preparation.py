"""
Prepares faxes: downloads their files, converts them into one document, and passes the fax to submission.

    FETCHING -> READY -> (services/sending/submission.py)

A fax found in SUBMITTING at start was being submitted when the process died: its answer is lost.
"""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from faxbot.fax.document import Part
from faxbot.fax.errors import Refusal, ServerFault, SlackFault, SlackRefused
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.fax_server.record_feed import RecordFeed
from faxbot.services.model.documents import kept_document
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import FaxConfirmation
from faxbot.services.model.ports import Attachments, Clock, Documents, FaxServer
from faxbot.services.model.requests import Request
from faxbot.services.model.spool import make_folder, original, outgoing
from faxbot.services.outbox.announcements import post_ephemeral
from faxbot.services.sending.submission import Submissions, refuse
from faxbot.services.tracking.job_matching import JobMatching
from faxbot.services.tracking.job_watch import JobWatch

log = logging.getLogger(__name__)

HANDED_AT_ONCE = 4
"""Maximum number of concurrent FileSend calls."""


@dataclass(frozen=True, slots=True)
class PreparationSettings:
    """*settle*: seconds for which the fax server may still carry out a call that it did not answer."""

    spool: Path
    settle: float = 20.0


class Preparation:
    """Advances every fax that has not been submitted yet."""

    def __init__(
        self,
        setting: PreparationSettings,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        documents: Documents,
        attachments: Attachments,
        lines: LineDirectory,
        sent_records: RecordFeed,
        matching: JobMatching,
        watch: JobWatch,
    ) -> None:
        self._setting, self._store, self._clock = setting, store, clock
        self._documents, self._attachments = documents, attachments
        self._lines = lines
        self._handing = Submissions(
            server=server,
            store=store,
            clock=clock,
            lines=lines,
            sent_records=sent_records,
            matching=matching,
            watch=watch,
            settle=setting.settle,
        )
        self._under_way: set[int] = set()
        self._waiting: set[int] = set()
        """Mirror: the ids of faxes that are FETCHING or READY."""
        self._slots = asyncio.Semaphore(HANDED_AT_ONCE)

    async def start(self) -> None:
        """Mark the faxes whose submission was interrupted by a stop as UNKNOWN; load the mirror."""

        def record(ledger: Ledger) -> int:
            lost = ledger.faxes_in(FaxState.SUBMITTING)
            for fax in lost:
                self._handing.lose_answer(ledger, fax, "faxbot stopped before the answer came.")
            waiting = ledger.faxes_in(FaxState.FETCHING, FaxState.READY)
            self._waiting = {fax.id for fax in waiting}
            return len(lost)

        if lost := await self._store.write(record):
            log.warning("answers lost in a stop", extra={"faxes": lost})

    async def tick(self) -> None:
        """
        Advance every fax that waits for its files or for the fax server.

        The oldest one is advanced first. The others follow unless it found the fax server unavailable.
        """
        waiting = sorted(self._waiting - self._under_way)
        if waiting and await self.advance(waiting[0]):
            await asyncio.gather(*(self.advance(fax_id) for fax_id in waiting[1:]))

    async def advance(self, fax_id: int) -> bool:
        """Advance one fax as far as possible now; False if the fax server was unavailable."""
        if fax_id in self._under_way:
            return True
        self._under_way.add(fax_id)
        try:
            fax = await self._store.read(lambda ledger: ledger.fax(fax_id))
            if fax.state is FaxState.SUBMITTING:  # no call of ours is under way: its outcome was not written
                await self._store.write(
                    lambda ledger: self._handing.lose_answer(ledger, ledger.fax(fax_id), "")
                )
                return True
            if fax.state is FaxState.FETCHING:
                await self._fetch(fax)
            async with self._slots:
                answered = await self._handing.hand_over(fax_id)
            fax = await self._store.read(lambda ledger: ledger.fax(fax_id))
            if fax.state in (FaxState.FETCHING, FaxState.READY):
                self._waiting.add(fax_id)
            else:
                self._waiting.discard(fax_id)
        except BaseException:
            self._waiting.add(fax_id)  # the next tick retries it
            raise
        else:
            return answered
        finally:
            self._under_way.discard(fax_id)

    async def _fetch(self, fax: Fax) -> None:
        """Choose the line, download and convert the files, commit READY; a fault leaves the fax FETCHING."""
        folder = outgoing(self._setting.spool, fax.id)
        prepared = False
        try:
            line = await self._lines.choose(fax.line_id or fax.line_name)
            parts = await self._parts(fax, folder)
            document = await self._documents.prepare(parts, folder / "fax")
            prepared = True
        except SlackRefused as refused:
            await self._refuse(
                fax, f"Slack did not hand over the file ({refused.error}), so nothing was sent."
            )
            return
        except (SlackFault, ServerFault) as fault:
            log.info("fax waits for its files", extra={"fax": fax.id, "fault": type(fault).__name__})
            return
        except Refusal as refusal:
            await self._refuse(fax, str(refusal))
            return
        except Exception:  # for instance a full disk: the person is notified, and nothing is dialed later
            log.exception("document could not be prepared", extra={"fax": fax.id})
            await self._refuse(
                fax, "The document could not be prepared here, so nothing was sent. Try again."
            )
            return
        finally:
            for index in range(0 if prepared else len(fax.files)):
                await asyncio.to_thread(original(folder, index).unlink, missing_ok=True)

        def record(ledger: Ledger) -> None:
            row = ledger.fax(fax.id)
            if row.state is not FaxState.FETCHING or not ledger.change_state(row, FaxState.READY):
                return
            row.line_id, row.line_name = line.line_id, line.label
            row.document_id = ledger.add_document(kept_document(document)).id
            if row.request_id:
                names = tuple(file["name"] for file in row.files)
                what = FaxConfirmation(
                    names[0] if len(names) == 1 else "",
                    document.pages,
                    row.number,
                    line.label,
                    names,
                    document.remarks,
                )
                post_ephemeral(ledger, ledger.request(row.request_id), what, self._clock.now())

        await self._store.write(record)

    async def _parts(self, fax: Fax, folder: Path) -> list[Part]:
        await asyncio.to_thread(make_folder, folder)
        return [
            await self._attachments.fetch(file["id"], original(folder, index))
            for index, file in enumerate(fax.files)
        ]

    async def _refuse(self, fax: Fax, why: str) -> None:
        await self._store.write(lambda ledger: refuse(ledger, fax.id, why, self._clock.now()))


def new_fax(request: Request, *, files: list[dict[str, str]], number: str, dial: str, line: str) -> Fax:
    """A FETCHING fax for *request*; *line* is a line's id or name, or empty for the default line."""
    return Fax(
        request_id=request.id,
        user_id=request.user_id,
        channel_id=request.channel_id,
        number=number,
        dial=dial,
        line_name=line,
        files=files,
        created_at=request.created_at,
        correlation_id=request.correlation_id,
    )
