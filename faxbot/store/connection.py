"""The writer's connection. On PostgreSQL it holds an advisory lock and looks up the result of a COMMIT."""

import select
import time

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

LOCK = int.from_bytes(b"faxbot")
"""The key of the writer's advisory lock."""
LOCK_SECONDS = 30.0
"""Time limit for the lock; longer than the server needs to end the session of a dead machine."""
POLL_SECONDS = 0.1
"""Seconds between two tries to get the lock."""
_KEEPALIVES = """
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 2;
    SET tcp_user_timeout = '20s'
"""
"""The server ends the session of a machine that no longer answers within 20 seconds, which frees the lock."""


class DatabaseInUse(Exception):
    """Another session holds the writer's lock."""

    def __init__(self) -> None:
        super().__init__(
            "Another faxbot uses this database. Stop it first, or name another database in DATABASE_URL."
        )


class WriterConnection:
    """
    Opens the connection when it is needed, and replaces a broken one.

    On PostgreSQL its session holds an advisory lock, so that only one bot writes to the database. A session
    gets the lock only after the previous one and its transaction have ended.
    """

    def __init__(self, engine: Engine, lock_seconds: float) -> None:
        self._engine, self._lock_seconds = engine, lock_seconds
        self._locks = engine.dialect.name == "postgresql"
        self._connection: Connection | None = None

    def get(self) -> Connection:
        """
        The open connection.

        Raises:
            DatabaseInUse: Another session holds the lock.
            DBAPIError: The server cannot be reached, or rejects the connection.
        """
        if self._connection is not None and self._was_closed(self._connection):
            self._connection.invalidate()
            self.close()
        if self._connection is None:
            connection = self._engine.connect()
            try:
                self._lock(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _was_closed(self, connection: Connection) -> bool:
        """Whether the server ended the idle session: then its socket is readable."""
        if not self._locks:
            return False
        readable = select.poll()
        readable.register(connection.connection.dbapi_connection.fileno(), select.POLLIN)  # type: ignore[union-attr] # it is open
        return bool(readable.poll(0))

    def drop_if_broken(self) -> bool:
        """Roll back a transaction that a failed COMMIT left open; True if the connection was broken."""
        if self._connection is None:
            return False
        if not self._connection.invalidated:
            try:
                self._connection.connection.rollback()  # does nothing outside a transaction
            except Exception:  # noqa: BLE001 - each driver has exceptions of its own
                self._connection.invalidate()
            else:
                return False
        self.close()
        return True

    def close(self) -> None:
        """Close the connection; the next `get` opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def transaction_id(self, session: Session) -> str | None:
        """The transaction's id on the server; None on SQLite, or if the transaction has written nothing."""
        if not self._locks:
            return None
        found: str | None = session.execute(text("SELECT pg_current_xact_id_if_assigned()::text")).scalar()
        return found

    def was_committed(self, transaction_id: str) -> bool | None:
        """
        Look up, over a new connection, whether a transaction was committed whose COMMIT had no answer.

        None if the server does not answer within the time limit of the lock, or no longer knows. Blocks.

        Source: pg_xact_status().
        """
        deadline = time.monotonic() + self._lock_seconds
        while True:
            try:
                status = self._status(transaction_id)
            except DatabaseInUse:
                return None
            except DBAPIError:
                answered = self._connection is not None and not self.drop_if_broken()
                if answered or time.monotonic() > deadline:
                    return None
                time.sleep(POLL_SECONDS)
            else:
                return {"committed": True, "aborted": False}.get(status)

    def _status(self, transaction_id: str) -> str:
        """`committed`, `aborted`, `in progress`, or `None` for an old transaction."""
        asked = text("SELECT pg_xact_status(CAST(:id AS xid8))")
        connection = self.get()
        with connection.begin():
            return str(connection.execute(asked, {"id": transaction_id}).scalar())

    def _lock(self, connection: Connection) -> None:
        """Get the advisory lock; raises DatabaseInUse after the time limit."""
        if not self._locks:
            return
        deadline = time.monotonic() + self._lock_seconds
        with connection.begin():
            connection.exec_driver_sql(_KEEPALIVES)
            while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar():
                if time.monotonic() > deadline:
                    raise DatabaseInUse
                time.sleep(POLL_SECONDS)
