"""The bot's services in this process: real client and store, the canned fax server, a Slack of lists."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import Session, insert

from benchmarks.canned import contents
from benchmarks.canned.control import CannedUcx
from faxbot.adapters import SystemClock
from faxbot.bootstrap import Adapters, Intervals, Services, ServiceSettings, wire_services
from faxbot.fax.dialplan import DialPlan
from faxbot.fax.document import Document, Part
from faxbot.fax.job import Direction, Job
from faxbot.services.model.columns import job_facts
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.store.engine import TransactionStore, open_engine
from faxbot.store.schema import migrate
from faxbot.store.tables import FaxRow
from faxbot.ucx.client import UcxClient, connect
from tests.support.fake_slack import free_pace
from tests.support.services import CLAIMS, DANA, INBOUND, PlainSlack

SETTING = ServiceSettings(
    spool=Path(),
    spool_days=30.0,
    settle=20.0,
    inbound_channel=INBOUND,
    admins=(),
    plan=DialPlan(),
    modems={},
    default_line="",
    paces=Intervals(active=2.0, idle=15.0, inbox=10.0, sweep=120.0),
)


class UnreadDocuments:
    """Documents that nobody looks into: how they are checked is not what is counted here."""

    async def prepare(self, parts: Sequence[Part], into: Path) -> Document:
        """No fax is made here."""
        raise NotImplementedError

    async def inspect(self, path: Path) -> int | None:  # noqa: ARG002 - Documents has it
        """One page, whatever it is."""
        return 1


@dataclass(slots=True)
class Statements:
    """How many SQL statements were executed: whatever reads or writes a row is one."""

    count: int = 0

    def watch(self, engine: Engine) -> None:
        """Count those of *engine* from now on."""

        @event.listens_for(engine, "before_cursor_execute")
        def _count(*_: object) -> None:
            self.count += 1


@dataclass(frozen=True, slots=True)
class House:
    """One life of the services; their ticks are called by hand."""

    services: Services[Any]
    server: UcxClient
    store: TransactionStore
    slack: Any
    statements: Statements


@asynccontextmanager
async def house(folder: Path, ucx: CannedUcx) -> AsyncIterator[House]:
    """The services begun, the outbox running; what they remember is in *folder*."""
    engine = _database(folder)
    statements, slack = Statements(), PlainSlack()
    statements.watch(engine)
    store = TransactionStore(engine)
    server = connect(ucx.url, ucx.client_id, ucx.client_secret, token_file=folder / "token")
    services = wire_services(
        _setting_in(folder),
        Adapters(
            server=server,
            store=store,
            messenger=slack,
            pace=free_pace(),
            attachments=slack,
            directory=slack,
            documents=UnreadDocuments(),
            clock=SystemClock(),
            forms=lambda _: slack,
            bot_user_id="UBOT",
        ),
    )
    outbox = asyncio.create_task(services.outbox.run())
    try:
        for part in (services.lines, services.outages, services.watch, services.preparation):
            await part.start()
        await services.received.begin()
        await services.sent.begin()
        yield House(services, server, store, slack, statements)
    finally:
        outbox.cancel()
        await asyncio.gather(outbox, return_exceptions=True)
        await server.aclose()
        store.close()


async def remember_jobs(folder: Path, ucx: CannedUcx) -> list[Job]:
    """Write a fax of Dana's for every job that the server has; the jobs."""
    server = connect(ucx.url, ucx.client_id, ucx.client_secret, token_file=folder / "token")
    try:
        jobs = await server.active_jobs(Direction.TX)
    finally:
        await server.aclose()
    rows = [_fax_of(job).model_dump(exclude={"id"}) for job in jobs]
    engine = _database(folder)
    with Session(engine) as session:
        session.execute(insert(FaxRow), rows)
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
        job=job_facts(job),
        slow_told=True,  # a start tells of jobs that wait for long, which is no quiet tick
    )


def _database(folder: Path) -> Engine:
    engine = open_engine(f"sqlite:///{folder / 'faxbot.db'}")
    migrate(engine)
    return engine


def _setting_in(folder: Path) -> ServiceSettings:
    return replace(SETTING, spool=folder / "spool")
