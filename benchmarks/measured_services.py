"""The bot's services in this process: real client and store, the canned fax server, a Slack of lists."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import Session, insert

from benchmarks.canned import contents
from benchmarks.canned.control import CannedUcx
from faxbot.adapters import SystemClock
from faxbot.bootstrap import Intervals, Services
from faxbot.fax.document import Document, Part
from faxbot.fax.job import Direction, Job
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.jobs import seen_job
from faxbot.store.engine import TransactionStore
from faxbot.store.tables import FaxRow, JobRow
from faxbot.ucx.client import UcxClient, connect
from tests.support.services import CLAIMS, DANA, PlainSlack, database_in, running_services

SETTINGS = {"settle": 20.0, "paces": Intervals(active=2.0, idle=15.0, inbox=10.0, sweep=120.0)}
"""Settle window and tick intervals, in seconds."""


class UnreadDocuments:
    """Documents that are never opened: their checks are not measured here."""

    async def prepare(self, parts: Sequence[Part], into: Path) -> Document:
        """Not used: the measurements submit no document."""
        raise NotImplementedError

    async def inspect(self, path: Path) -> int | None:  # noqa: ARG002 - Documents has it
        """One page, for any file."""
        return 1


@dataclass(slots=True)
class Statements:
    """Counts the SQL statements that an engine executes."""

    count: int = 0

    def watch(self, engine: Engine) -> None:
        """Count those of *engine* from now on."""

        @event.listens_for(engine, "before_cursor_execute")
        def _count(*_: object) -> None:
            self.count += 1


@dataclass(frozen=True, slots=True)
class MeasuredServices:
    """The running services of one start; their ticks are called by the caller."""

    services: Services
    server: UcxClient
    store: TransactionStore
    slack: Any
    statements: Statements


@asynccontextmanager
async def measured_services(folder: Path, ucx: CannedUcx) -> AsyncIterator[MeasuredServices]:
    """The services started, the outbox loop running; their database and spool are in *folder*."""
    engine = database_in(folder)
    statements, slack = Statements(), PlainSlack()
    statements.watch(engine)
    server = connect(ucx.url, ucx.client_id, ucx.client_secret, token_file=folder / "token")
    try:
        async with running_services(
            folder, server, slack, UnreadDocuments(), SystemClock(), engine=engine, **SETTINGS
        ) as running:
            yield MeasuredServices(running.services, server, running.store, slack, statements)
    finally:
        await server.aclose()


async def record_jobs(folder: Path, ucx: CannedUcx) -> list[Job]:
    """Write a fax of Dana's for every job that the server has; the jobs."""
    server = connect(ucx.url, ucx.client_id, ucx.client_secret, token_file=folder / "token")
    try:
        jobs = await server.active_jobs(Direction.TX)
    finally:
        await server.aclose()
    faxes = [_fax_of(job).model_dump(exclude={"id"}) | {"id": number} for number, job in enumerate(jobs, 1)]
    seen = [seen_job(number, job).model_dump() for number, job in enumerate(jobs, 1)]
    engine = database_in(folder)
    with Session(engine) as session:
        session.execute(insert(FaxRow), faxes)
        session.execute(insert(JobRow), seen)
        session.commit()
    engine.dispose()
    return jobs


def _fax_of(job: Job) -> Fax:
    line_id = job.modem.removeprefix("ttyIAX")
    name = next(str(line["name"]) for line in contents.lines() if line["id"] == line_id)
    return Fax(
        state=FaxState.ACCEPTED,
        user_id=DANA,
        channel_id=CLAIMS,
        number=job.destination,
        dial=job.destination,
        line_id=line_id,
        line_name=name,
        job_id=job.job_id,
        slow_announced=True,  # a start announces jobs that wait for long, which is no quiet tick
    )
