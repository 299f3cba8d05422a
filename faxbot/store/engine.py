"""Opens the database and runs transactions in one thread; jobs that wait together are committed together."""

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

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from faxbot.services.model.ledger import Ledger, Touched
from faxbot.store.connection import LOCK_SECONDS, DatabaseInUse, WriterConnection
from faxbot.store.queries import SqlLedger
from faxbot.store.storable import clean_parameters, storable_json

T = TypeVar("T")

BUSY_SECONDS = 10
"""Time limit for a lock of another process on SQLite (backup, migration), or for connecting to PostgreSQL."""
READ_SECONDS = 3
"""The same limit for read-only access (`open_to_read`)."""

_KEEPALIVES = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
"""Parameters of libpq: a connection to a server that no longer answers breaks within 20 seconds."""


class DriverMissing(Exception):
    """The driver package for this kind of database is not installed; the message says how to install it."""


def open_engine(database_url: str) -> Engine:
    """
    The engine for *database_url*: `sqlite:///path` or `postgresql://user:password@host/name`.

    A SQLite file is created if it does not exist, readable by its owner only.

    Raises:
        DriverMissing: It is a PostgreSQL URL, and psycopg is not installed.
    """
    url = make_url(database_url)
    return _open_postgresql(url) if url.get_backend_name() == "postgresql" else _open_sqlite(url)


def database_file(database_url: str) -> Path | None:
    """The file of a SQLite database; None if the database is on a PostgreSQL server."""
    url = make_url(database_url)
    return None if url.get_backend_name() == "postgresql" else Path(url.database or "")


def _open_postgresql(url: URL, **connect_args: object) -> Engine:
    """The engine for PostgreSQL. Commits are durable: the server's synchronous_commit is on by default."""
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            connect_args={"connect_timeout": BUSY_SECONDS, **_KEEPALIVES, **connect_args},
            hide_parameters=True,
            json_serializer=storable_json,
        )
    except ModuleNotFoundError as exc:
        raise DriverMissing(
            'DATABASE_URL: PostgreSQL needs one more package. Run pip install "ucx-faxbot[postgresql]".'
        ) from exc
    event.listen(engine, "before_cursor_execute", clean_parameters, retval=True)
    return engine


def _open_sqlite(url: URL) -> Engine:
    """The engine for SQLite. Commits survive a loss of power; the files are private to their owner."""
    if url.database and url.database != ":memory:":
        path = Path(url.database)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        _close_to_others(path)
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
        json_serializer=storable_json,
    )
    event.listen(engine, "before_cursor_execute", clean_parameters, retval=True)

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
    """A read-only engine for an existing database, which a running bot may be using."""
    file = database_file(database_url)
    if file is None:
        return _open_postgresql(
            make_url(database_url),
            connect_timeout=READ_SECONDS,
            options="-c default_transaction_read_only=on",
        )
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    return create_engine(
        "sqlite://",
        poolclass=NullPool,
        creator=lambda: sqlite3.connect(address, uri=True, timeout=READ_SECONDS),
        hide_parameters=True,
    )


def _close_to_others(path: Path) -> None:
    """Remove other users' access, as after a copy was restored. SQLite gives new journals the file's mode."""
    for each in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        if each.exists() and each.stat().st_uid == os.getuid():
            each.chmod(0o600)


@dataclass(slots=True)
class _Job:
    """A submitted function and the future of its result."""

    work: Callable[[Ledger], Any]
    writes: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    context: Context = field(default_factory=copy_context)
    """The caller's context: it carries the correlation id."""
    result: Any = None
    error: BaseException | None = None

    def resolve(self) -> None:
        """Set the future in its event loop."""
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
    """Counters for tests and benchmarks."""

    commits: int = 0
    writes: int = 0
    reads: int = 0


class TransactionStore:
    """
    The services' Store over one SQLAlchemy engine.

    If one job of a batch fails, the others are repeated without it. A `write` returns once its changes are on
    the disk. *lock_seconds*: how long to wait for the lock of another writer (PostgreSQL).
    """

    def __init__(self, engine: Engine, lock_seconds: float = LOCK_SECONDS) -> None:
        self._engine = engine
        self._connection = WriterConnection(engine, lock_seconds)
        self._jobs: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._wakes: list[Callable[[Touched], None]] = []
        self._stop: Callable[[DatabaseInUse], None] | None = None
        self.counts = _Counts()
        self._thread = threading.Thread(target=self._run, name="faxbot-store", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Number of submitted jobs that have not begun."""
        return len(self._jobs)

    def on_commit(self, wake: Callable[[Touched], None]) -> None:
        """Call *wake* in the event loop after each commit that touched mirrored rows."""
        self._wakes.append(wake)

    def on_lost(self, stop: Callable[[DatabaseInUse], None]) -> None:
        """Call *stop* in the event loop once another bot holds the writer's lock."""
        self._stop = stop

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
        """Finish the submitted jobs and close the database."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        """The store's thread: run batches of jobs until the store is closed."""
        while batch := self._next_batch():
            batches = [batch]
            while batches:
                try:
                    connection = self._connection.get()
                except Exception as error:  # noqa: BLE001 - raised where each job was submitted
                    self._fail([job for each in batches for job in each], error)
                    break
                again = self._carry_out(Session(connection, expire_on_commit=False), batches.pop(0))
                batches = again + batches
                self._connection.drop_if_broken()
        self._connection.close()

    def _fail(self, jobs: list[_Job], error: Exception) -> None:
        """Raise *error* in every caller, because there is no connection."""
        if isinstance(error, DatabaseInUse) and self._stop is not None:
            jobs[0].loop.call_soon_threadsafe(self._stop, error)
        for job in jobs:
            job.error = error
            job.resolve()

    def _next_batch(self) -> list[_Job]:
        """All waiting jobs; blocks until there are any, empty when the store is closed."""
        with self._wake:
            while not self._jobs and not self._closing:
                self._wake.wait()
            batch = list(self._jobs)
            self._jobs.clear()
            return batch

    def _carry_out(self, session: Session, batch: list[_Job]) -> list[list[_Job]]:
        """
        Run *batch* in one transaction; return the jobs to run again, one transaction per list.

        If one of several jobs fails, each is run again in its own transaction, which is cheaper than a
        savepoint for every job. If the commit fails, the reads of the batch are run again.
        """
        again: list[list[_Job]] = []
        touched = Touched()
        with session:
            if not _run_all(session, batch, touched):
                return [[each] for each in batch]
            try:
                if any(job.writes and job.error is None for job in batch):
                    self._commit(session)
                    self.counts.commits += 1
                else:
                    session.rollback()
            except Exception as error:  # noqa: BLE001 - no write of the batch was saved: raised in each caller
                session.rollback()
                reads = [job for job in batch if not job.writes]
                again = [reads] if reads else []
                batch = [job for job in batch if job.writes]
                for job in batch:
                    job.error = job.error or error
            else:
                if touched:  # before the results, so that a writer finds the mirrors woken
                    for wake in self._wakes:
                        batch[0].loop.call_soon_threadsafe(wake, touched)
        for job in batch:
            self.counts.writes += job.writes
            self.counts.reads += not job.writes
            job.resolve()
        return again

    def _commit(self, session: Session) -> None:
        """
        Commit; if the connection breaks during COMMIT, look up whether the transaction was committed.

        Raises:
            Exception: The driver's exception: nothing was saved, or the lookup had no result.
        """
        transaction_id = self._connection.transaction_id(session)
        try:
            session.commit()
        except Exception:
            session.rollback()
            broken = self._connection.drop_if_broken()
            if not (broken and transaction_id and self._connection.was_committed(transaction_id)):
                raise


def _run_all(session: Session, batch: list[_Job], touched: Touched) -> bool:
    """Run each job without committing; False if one of several failed: then no result is valid."""
    ledger = SqlLedger(session, touched)
    for job in batch:
        job.error = None
        try:
            job.result = job.context.run(job.work, ledger)
            session.flush()
        except Exception as error:  # noqa: BLE001 - raised where the job was submitted
            if len(batch) > 1:
                return False
            job.error = error
        session.expunge_all()  # returned rows are snapshots from here on
    return True
