"""
Document and destination to a job, dialled at most once.

    FETCHING -> READY -> HANDING -> ACCEPTED
                  ^         |-> ENDED (refused)
                  |         `-> UNKNOWN -> (services/search.py)
                  `-- the fax server was not reached: nothing was dialled

A fax found in HANDING at start was being handed over when the process died: its answer is lost.
"""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from faxbot.fax.document import Part
from faxbot.fax.errors import (
    AnswerLost,
    BadDocument,
    Refusal,
    RequestRefused,
    ServerFault,
    SlackFault,
    SlackRefused,
)
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.receipt import Submitted
from faxbot.services.facts import Fax, FaxState, Outcome, Request
from faxbot.services.feed import RecordFeed
from faxbot.services.lines import LineBook
from faxbot.services.messages import Faxing, Sentence, Step, StepKind
from faxbot.services.ports import Attachments, Clock, Documents, FaxServer, Ledger, Nudge, Store
from faxbot.services.spool import make_folder, outgoing
from faxbot.services.tell import cards_of, end_fax, job_facts, open_cards, refresh_cards, tell_steps, whisper
from faxbot.services.watch import Watch

log = logging.getLogger(__name__)

HANDED_AT_ONCE = 4
"""FileSend calls under way at a time."""


@dataclass(frozen=True, slots=True)
class SendSetting:
    """*settle* is how long an unanswered call may still be carried out there, in seconds."""

    spool: Path
    settle: float = 20.0


class Sender:
    """Takes faxes from their files to the fax server."""

    def __init__(
        self,
        setting: SendSetting,
        *,
        server: FaxServer,
        store: Store,
        clock: Clock,
        documents: Documents,
        attachments: Attachments,
        lines: LineBook,
        sent_records: RecordFeed,
        watch: Watch,
        told: Nudge,
    ) -> None:
        self._setting, self._server, self._store, self._clock = setting, server, store, clock
        self._documents, self._attachments, self._lines = documents, attachments, lines
        self._sent_records, self._watch, self._told = sent_records, watch, told
        self._under_way: set[int] = set()
        self._waiting: set[int] = set()
        """The mirror of what is FETCHING or READY."""
        self._slots = asyncio.Semaphore(HANDED_AT_ONCE)

    async def start(self) -> None:
        """What was being handed over when the process died got no answer; a lookup follows."""

        def record(ledger: Ledger) -> int:
            lost = ledger.faxes_in(FaxState.HANDING)
            for fax in lost:
                self._lose_answer(ledger, fax, "faxbot stopped before the answer came.")
            waiting = ledger.faxes_in(FaxState.FETCHING, FaxState.READY)
            self._waiting = {fax.id or 0 for fax in waiting}
            return len(lost)

        if lost := await self._store.write(record):
            log.warning("answers lost in a stop", extra={"faxes": lost})
            self._told()

    async def tick(self) -> None:
        """Carry on with every fax that waits: for its files, or for the fax server to be back."""
        await asyncio.gather(*(self.advance(fax_id) for fax_id in sorted(self._waiting)))

    async def advance(self, fax_id: int) -> None:
        """Take one fax as far as it goes now."""
        if fax_id in self._under_way:
            return
        self._under_way.add(fax_id)
        try:
            fax = await self._store.read(lambda ledger: ledger.fax(fax_id))
            if fax.state is FaxState.HANDING:  # no call of ours is under way: its outcome was not written
                await self._store.write(lambda ledger: self._lose_answer(ledger, ledger.fax(fax_id), ""))
                return
            if fax.state is FaxState.FETCHING:
                await self._fetch(fax)
                self._told()  # the fax server may take its time
            async with self._slots:
                await self._hand_over(fax_id)
            fax = await self._store.read(lambda ledger: ledger.fax(fax_id))
            if fax.state in (FaxState.FETCHING, FaxState.READY):
                self._waiting.add(fax_id)
            else:
                self._waiting.discard(fax_id)
        except BaseException:
            self._waiting.add(fax_id)  # the tick goes on with it
            raise
        finally:
            self._under_way.discard(fax_id)
            self._told()

    async def _fetch(self, fax: Fax) -> None:
        folder = outgoing(self._setting.spool, fax.id or 0)
        try:
            line = await self._lines.choose(fax.line_id or fax.line_name)
            parts = await self._parts(fax, folder)
            document = await self._documents.prepare(parts, folder / "fax")
        except SlackRefused as refused:
            await self._refuse(
                fax, f"Slack did not hand over the file ({refused.error}), so nothing was sent."
            )
            return
        except (SlackFault, ServerFault) as fault:
            log.info("a fax waits for its files", extra={"fax": fax.id, "fault": type(fault).__name__})
            return
        except Refusal as refusal:
            await self._refuse(fax, str(refusal))
            return
        except Exception:  # a full disk, say: the person hears of it, and nothing is dialled later
            log.exception("a document could not be prepared", extra={"fax": fax.id})
            await self._refuse(
                fax, "The document could not be prepared here, so nothing was sent. Try again."
            )
            return
        finally:
            for index in range(len(fax.files)):
                await asyncio.to_thread((folder / f"part{index}").unlink, missing_ok=True)

        def record(ledger: Ledger) -> None:
            row = ledger.fax(fax.id or 0)
            if row.state is not FaxState.FETCHING:
                return
            row.state = FaxState.READY
            row.line_id, row.line_name = line.line_id, line.label
            row.path, row.name, row.pages = str(document.path), document.name, document.pages
            row.content_type, row.sha256 = document.content_type, document.sha256
            if row.request_id:
                names = tuple(file["name"] for file in row.files)
                what = Faxing(names[0] if len(names) == 1 else "", row.pages, row.number, line.label, names)
                whisper(ledger, ledger.request(row.request_id), what, self._clock.now())

        await self._store.write(record)

    async def _parts(self, fax: Fax, folder: Path) -> list[Part]:
        await asyncio.to_thread(make_folder, folder)
        return [
            await self._attachments.fetch(file["id"], folder / f"part{index}")
            for index, file in enumerate(fax.files)
        ]

    async def _refuse(self, fax: Fax, why: str) -> None:
        def record(ledger: Ledger) -> None:
            row = ledger.fax(fax.id or 0)
            if row.state not in (FaxState.FETCHING, FaxState.READY, FaxState.HANDING):
                return  # withdrawn meanwhile
            row.fault = why
            end_fax(ledger, row, Outcome.UNSENDABLE, Step(StepKind.REFUSED, self._clock.now(), text=why))
            if row.request_id:
                whisper(ledger, ledger.request(row.request_id), Sentence(why), self._clock.now())

        await self._store.write(record)

    async def _hand_over(self, fax_id: int) -> None:
        fax = await self._intend(fax_id)
        if fax is None:
            return
        path = Path(fax.path or "")
        try:
            receipt = await self._server.submit_job(
                path, name=fax.name, content_type=fax.content_type, dial=fax.dial, line_id=fax.line_id
            )
        except RequestRefused as refused:
            said = refused.said
            await self._store.write(lambda ledger: self._end_refused(ledger, fax_id, said))
        except AnswerLost:
            await self._store.write(lambda ledger: self._lose_answer(ledger, ledger.fax(fax_id), ""))
        except ServerFault:  # every other one says that nothing was dialled
            await self._store.write(lambda ledger: self._keep(ledger, ledger.fax(fax_id)))
        except (OSError, BadDocument):
            log.exception("a document could not be read", extra={"fax": fax_id})
            await self._refuse(fax, "The document is no longer here, so nothing was sent. Share it again.")
        else:
            await self._accept(fax, receipt)

    async def _intend(self, fax_id: int) -> Fax | None:
        """Commit the intent, with what is on the fax server before it; None: do not hand over."""
        ready = await self._store.read(lambda ledger: ledger.fax(fax_id))
        if ready.state is not FaxState.READY:
            return None
        try:
            active = await self._server.active_jobs(Direction.TX)
            await self._sent_records.catch_up()
        except ServerFault:
            await self._store.write(lambda ledger: self._keep(ledger, ledger.fax(fax_id)))
            return None

        def record(ledger: Ledger) -> Fax | None:
            fax = ledger.fax(fax_id)
            if fax.state is not FaxState.READY:
                return None
            fax.state = FaxState.HANDING
            fax.intent_at = self._clock.now().timestamp()
            fax.known_jobs = [job.job_id for job in active]
            fax.known_record = ledger.newest_record(Direction.TX)
            return fax

        return await self._store.write(record)

    async def _accept(self, fax: Fax, receipt: Submitted) -> None:
        await self._lines.learn(receipt.device, fax.line_id)
        now = self._clock.now()
        job = Job(
            receipt.job_id,
            JobState.READY,
            destination=receipt.destination or fax.dial,
            modem=receipt.device,
        )

        def record(ledger: Ledger) -> None:
            take_job(ledger, ledger.fax(fax.id or 0), job, Step(StepKind.QUEUED, now, job))

        await self._store.write(record)
        self._watch.follow(fax.id or 0, job)
        log.info("accepted", extra={"fax": fax.id, "job": job.job_id})

    def _end_refused(self, ledger: Ledger, fax_id: int, said: str) -> None:
        fax = ledger.fax(fax_id)
        fax.fault = said
        had_card = bool(cards_of(ledger, fax))
        end_fax(ledger, fax, Outcome.REFUSED, Step(StepKind.REFUSED, self._clock.now(), text=said))
        if not had_card:
            open_cards(ledger, fax, self._clock.now())

    def _keep(self, ledger: Ledger, fax: Fax) -> None:
        """It was not handed over; it waits for the fax server to be back."""
        if fax.state not in (FaxState.READY, FaxState.HANDING):
            return  # withdrawn meanwhile
        fax.state = FaxState.READY
        if cards_of(ledger, fax):
            return
        open_cards(ledger, fax, self._clock.now())
        tell_steps(ledger, fax, [Step(StepKind.KEPT, self._clock.now())])

    def _lose_answer(self, ledger: Ledger, fax: Fax, why: str) -> None:
        """FileSend may have been carried out: it is looked for once the call can no longer be."""
        now = self._clock.now()
        if fax.state is not FaxState.HANDING:
            return
        fax.state, fax.fault, fax.looks = FaxState.UNKNOWN, why, 0
        fax.look_at = now.timestamp() + self._setting.settle
        if not cards_of(ledger, fax):
            open_cards(ledger, fax, now)
        tell_steps(ledger, fax, [Step(StepKind.UNKNOWN, now)])


def take_job(ledger: Ledger, fax: Fax, job: Job, step: Step) -> None:
    """*fax* is *job* from now on. An older fax of that id, from before a reset of the server, is lost."""
    older = ledger.newest_fax(job.job_id)
    if older is not None and older.id != fax.id and older.state is FaxState.ACCEPTED:
        end_fax(ledger, older, Outcome.LOST, Step(StepKind.LOST, step.at))
    fax.state, fax.job_id, fax.job = FaxState.ACCEPTED, job.job_id, job_facts(job)
    fax.accepted_at = fax.heard_at = step.at.timestamp()
    fax.look_at, fax.candidates, fax.known_jobs = None, [], []
    had_card = bool(cards_of(ledger, fax))
    open_cards(ledger, fax, step.at)
    tell_steps(ledger, fax, [step])
    if had_card:
        refresh_cards(ledger, fax)


def new_fax(request: Request, *, files: list[dict[str, str]], number: str, dial: str, line: str) -> Fax:
    """The fax that *request* asks for, to be fetched."""
    return Fax(
        request_id=request.id,
        user_id=request.user_id,
        channel_id=request.channel_id,
        number=number,
        dial=dial,
        line_name=line,
        files=files,
        created_at=request.created_at,
        reference=request.reference,
    )
