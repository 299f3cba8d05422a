"""The connection over which a bot writes; on PostgreSQL it holds a lock, and asks for a lost COMMIT."""

import select
import time

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

LOCK = int.from_bytes(b"faxbot")
"""The key of the advisory lock that the writing session holds."""
LOCK_SECONDS = 30.0
"""How long a connection waits for the lock of a session that is about to end."""
POLL_SECONDS = 0.1
_KEEPALIVES = """
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 2;
    SET tcp_user_timeout = '20s'
"""
"""The server ends the session of a machine that no longer answers within 20 seconds, and frees the lock."""


class DatabaseInUse(Exception):
    """Another session holds the lock of the writer."""

    def __init__(self) -> None:
        super().__init__(
            "Another faxbot uses this database. Stop it first, or name another database in DATABASE_URL."
        )


class WriterConnection:
    """
    Opens the connection when it is needed, and replaces a broken one.

    On PostgreSQL its session holds an advisory lock, so that no second bot writes to the database. A session
    that gets the lock knows that the session before it has ended, with its transaction.
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
        """Whether the server ended an idle session: there is something to read that nothing asked for."""
        if not self._locks:
            return False
        readable = select.poll()
        readable.register(connection.connection.dbapi_connection.fileno(), select.POLLIN)  # type: ignore[union-attr] # psycopg's
        return bool(readable.poll(0))

    def drop_if_broken(self) -> bool:
        """End a transaction that a failed COMMIT left open; True if the connection is broken."""
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
        """Close it; the next `get` opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def transaction_id(self, session: Session) -> str | None:
        """The id of the transaction on the server; None on SQLite, or if it has written nothing."""
        if not self._locks:
            return None
        found: str | None = session.execute(text("SELECT pg_current_xact_id_if_assigned()::text")).scalar()
        return found

    def was_committed(self, transaction_id: str) -> bool | None:
        """
        Ask over a new connection what became of a transaction whose COMMIT was not answered.

        None if the server does not answer in time or does not know.

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
        asked = text("SELECT pg_xact_status(CAST(:id AS xid8))")
        connection = self.get()
        with connection.begin():
            return str(connection.execute(asked, {"id": transaction_id}).scalar())

    def _lock(self, connection: Connection) -> None:
        if not self._locks:
            return
        deadline = time.monotonic() + self._lock_seconds
        with connection.begin():
            connection.exec_driver_sql(_KEEPALIVES)
            while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar():
                if time.monotonic() > deadline:
                    raise DatabaseInUse
                time.sleep(POLL_SECONDS)
