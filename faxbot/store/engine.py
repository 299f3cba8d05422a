"""Transactions: one thread writes and reads, and writes that arrive together are committed together."""

import asyncio
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from faxbot.services.model.ledger import Ledger, Touched
from faxbot.store.queries import SqlLedger

T = TypeVar("T")

BUSY_SECONDS = 10
"""How long SQLite waits for another process (a backup, a migration) before it gives up."""
READ_SECONDS = 3
"""The same, for whoever only looks."""


def open_engine(database_url: str) -> Engine:
    """
    Open the database at *database_url* (`sqlite:///path`), made safe for a loss of power.

    The file and its journals are readable by their owner only.
    """
    url = make_url(database_url)
    if url.database and url.database != ":memory:":
        path = Path(url.database)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        _close_to_others(path)
    engine = create_engine(
        url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        connection.isolation_level = None  # SQLAlchemy's BEGIN is the only one
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own connection
        connection.exec_driver_sql("BEGIN")

    return engine


def open_to_read(database_url: str) -> Engine:
    """Open the database, which is there, without a way to change it; beside a bot that uses it, too."""
    path = Path(make_url(database_url).database or "").absolute()
    address = f"file:{quote(str(path))}?mode=ro"
    return create_engine(
        "sqlite://",
        poolclass=NullPool,
        creator=lambda: sqlite3.connect(address, uri=True, timeout=READ_SECONDS),
        hide_parameters=True,
    )


def _close_to_others(path: Path) -> None:
    """For a database that was copied back, say. SQLite gives journals that it makes the file's rights."""
    for each in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        if each.exists() and each.stat().st_uid == os.getuid():
            each.chmod(0o600)


@dataclass(slots=True)
class _Job:
    """A piece of work and where its result goes."""

    work: Callable[[Ledger], Any]
    writes: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    context: Context = field(default_factory=copy_context)
    """Of whoever asked: what is written belongs to their reference."""
    result: Any = None
    error: BaseException | None = None

    def resolve(self) -> None:
        self.loop.call_soon_threadsafe(self._set)

    def _set(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


@dataclass(slots=True)
class _Counts:
    """What was done, for the tests and benchmarks that count."""

    commits: int = 0
    writes: int = 0
    reads: int = 0


class TransactionStore:
    """
    The services' Store over one SQLAlchemy engine.

    Each piece of work is a savepoint of its own: one that fails takes nothing else with it. A `write`
    returns once its facts are on the disk.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._wakes: list[Callable[[Touched], None]] = []
        self.counts = _Counts()
        self._thread = threading.Thread(target=self._run, name="faxbot-store", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Pieces of work that were submitted and not begun."""
        return len(self._jobs)

    def on_commit(self, wake: Callable[[Touched], None]) -> None:
        """Call *wake* in the event loop after each commit that touched rows that somebody mirrors."""
        self._wakes.append(wake)

    async def write(self, work: Callable[[Ledger], T]) -> T:
        """Run *work* and commit; durable when this returns."""
        return await self._submit(work, writes=True)

    async def read(self, work: Callable[[Ledger], T]) -> T:
        """Run *work*, which changes nothing."""
        return await self._submit(work, writes=False)

    async def _submit(self, work: Callable[[Ledger], T], *, writes: bool) -> T:
        loop = asyncio.get_running_loop()
        job = _Job(work, writes, loop, loop.create_future())
        with self._wake:
            if self._closing:
                message = "the store is closed"
                raise RuntimeError(message)
            self._jobs.append(job)
            self._wake.notify()
        result: T = await job.future
        return result

    def close(self) -> None:
        """Finish what was handed in and close the database."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while batch := self._next_batch():
                while batch:
                    batch = self._carry_out(Session(connection, expire_on_commit=False), batch)
                    driver = connection.connection.driver_connection
                    if driver is not None and driver.in_transaction:  # a COMMIT that failed left it open
                        driver.rollback()

    def _next_batch(self) -> list[_Job]:
        with self._wake:
            while not self._jobs and not self._closing:
                self._wake.wait()
            batch = list(self._jobs)
            self._jobs.clear()
            return batch

    def _carry_out(self, session: Session, batch: list[_Job]) -> list[_Job]:
        """Do *batch* in one transaction; what is to be done again because it read what was not saved."""
        again: list[_Job] = []
        touched = Touched()
        with session:
            ledger = SqlLedger(session, touched)
            for job in batch:
                job.error = None
                try:
                    with session.begin_nested():
                        job.result = job.context.run(job.work, ledger)
                except Exception as error:  # noqa: BLE001 - it is raised where the work was submitted
                    job.error = error
                session.expunge_all()  # what was returned is a snapshot from here on
            try:
                if any(job.writes for job in batch):
                    session.commit()
                    self.counts.commits += 1
                else:
                    session.rollback()
            except Exception as error:  # noqa: BLE001 - nothing of the batch was saved: all of them hear of it
                session.rollback()
                again = [job for job in batch if not job.writes]
                batch = [job for job in batch if job.writes]
                for job in batch:
                    job.error = job.error or error
            else:
                if touched:  # before the results: who wrote finds the mirrors awake
                    for wake in self._wakes:
                        batch[0].loop.call_soon_threadsafe(wake, touched)
        for job in batch:
            self.counts.writes += job.writes
            self.counts.reads += not job.writes
            job.resolve()
        return again
