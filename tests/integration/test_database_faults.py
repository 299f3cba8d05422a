"""A database that cannot be used is reported in one sentence, without the password, by every command."""

import asyncio
import functools
import os

import psycopg
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from faxbot import app, cli
from faxbot.app import serve
from faxbot.database import DatabaseUnreachable, open_database
from faxbot.doctor.finding import Severity
from faxbot.doctor.machine import MachineChecks
from faxbot.settings import SettingsProblem
from faxbot.standins.slack import Workspace
from faxbot.standins.ucx import SimulatedUcx
from faxbot.store.connection import LOCK
from faxbot.store.engine import TransactionStore
from faxbot.store.identity import database_identity
from faxbot.store.schema import newest_revision
from tests.support.in_process import MANIFEST, running_bot, settings_for
from tests.support.postgresql import PASSWORDED, fetch, of, run
from tests.support.processes import settings_of
from tests.support.waiting import until

PASSWORD = "hunter2"
ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "UCX_URL": "http://127.0.0.1:1",
    "UCX_CLIENT_ID": "x",
    "UCX_CLIENT_SECRET": "x",
    "FAXBOT_INBOUND_CHANNEL": "C1",
}


@pytest.fixture
def role(postgresql):
    """A role with a password, which may not create tables."""
    name = f"limited_{os.getpid()}"
    run(postgresql, f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' IN ROLE {PASSWORDED}")
    yield name
    run(postgresql, f"DROP ROLE {name}")


def with_password(url: str, user: str, password: str, **changed: object) -> str:
    given = make_url(url).set(username=user, password=password, **changed)
    return given.render_as_string(hide_password=False)


def one_sentence(problem: SettingsProblem) -> str:
    said = str(problem)
    assert PASSWORD not in said
    assert "\n" not in said
    return said


async def refused(tmp_path, url: str) -> SettingsProblem:
    """What `serve` raises, and `migrate`: the same."""
    settings = settings_of(tmp_path, url)
    with pytest.raises(SettingsProblem) as migrating:
        open_database(settings)
    with pytest.raises(SettingsProblem) as serving:
        await serve(settings, lambda _: None)
    assert one_sentence(serving.value) == one_sentence(migrating.value)
    found = MachineChecks(settings).database()
    assert found.severity is Severity.RED
    assert PASSWORD not in f"{found.found} {found.remedy}"
    return serving.value


async def test_a_server_that_does_not_answer(tmp_path):
    """The exit code is one after which a service is restarted: the server may come up later."""
    problem = await refused(tmp_path, f"postgresql://faxbot:{PASSWORD}@127.0.0.1:1/faxbot")
    assert isinstance(problem, DatabaseUnreachable)
    assert "does not answer" in str(problem)
    assert problem.exit_code == 1


async def test_what_the_server_rejects(tmp_path, postgresql, role):
    """A wrong password, no password, and a database that is not there."""
    urls = {
        "password authentication failed": with_password(postgresql, role, f"{PASSWORD}x"),
        "no password supplied": of(postgresql, "postgres", user=role),
        '"elsewhere" does not exist': with_password(postgresql, role, PASSWORD, database="elsewhere"),
        "invalid sslmode": f"postgresql://faxbot:{PASSWORD}@127.0.0.1/faxbot?sslmode=no",
        "invalid connection option": f"postgresql://faxbot:{PASSWORD}@127.0.0.1/faxbot?colour=red",
    }
    for words, url in urls.items():
        problem = await refused(tmp_path, url)
        assert words in str(problem)
        assert problem.exit_code == 2


def test_the_owner_of_the_database_needs_no_other_right(tmp_path, postgresql, role):
    """As docs/operations.md says: it migrates, and reads the identity of the server."""
    run(postgresql, f"CREATE DATABASE {role} OWNER {role} ENCODING 'UTF8' TEMPLATE template0")
    url = with_password(of(postgresql, role), role, PASSWORD)
    try:
        engine, before, after = open_database(settings_of(tmp_path, url))
        assert (before, after) == (None, newest_revision())
        with engine.connect() as connection:
            assert len(database_identity(connection)) == 5
    finally:
        run(postgresql, f"DROP DATABASE {role} WITH (FORCE)")


async def test_a_role_that_may_not_create_tables(tmp_path, postgresql, role):
    """The migration is refused in a sentence."""
    with pytest.raises(SettingsProblem, match="permission denied") as caught:
        await serve(settings_of(tmp_path, with_password(postgresql, role, PASSWORD)), lambda _: None)
    one_sentence(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql://faxbot:{PASSWORD}@db.example.com:port/faxbot", "port is no number"),
        (f"postgresql://faxbot:p@{PASSWORD}@db.example.com/faxbot", "%40"),
        (f"postgresql://faxbot:p@{PASSWORD}/x@db.example.com/faxbot", "%40"),
        (f"postgresql://faxbot:{PASSWORD}@db.example.com", "postgresql://"),
        (f"mysql://faxbot:{PASSWORD}@db.example.com/faxbot", "postgresql://"),
    ],
)
def test_an_address_that_cannot_be_read(tmp_path, url, words):
    """The message has the setting's name and what to write, and no part of the password."""
    with pytest.raises(SettingsProblem, match=r"^DATABASE_URL is not right") as caught:
        settings_of(tmp_path, url)
    assert words in one_sentence(caught.value)


def test_a_sqlite_file_that_cannot_be_used(tmp_path):
    """A file that is no database is named, with SQLite's own words."""
    (tmp_path / "a.db").write_bytes(b"no database" * 1000)
    with pytest.raises(SettingsProblem, match=r"a\.db can't be used \(file is not a database\)"):
        open_database(settings_of(tmp_path, f"sqlite:///{tmp_path / 'a.db'}"))


@pytest.mark.parametrize(("command", "code"), [(["migrate"], 1), (["restored"], 1), (["backup", "to"], 2)])
def test_the_commands_say_so(tmp_path, monkeypatch, command, code):
    """Two lines, an exit code, no traceback."""
    monkeypatch.chdir(tmp_path)
    url = f"postgresql://faxbot:{PASSWORD}@127.0.0.1:1/faxbot"
    result = CliRunner().invoke(cli.app, command, env={**ENVIRONMENT, "DATABASE_URL": url})
    assert result.exit_code == code
    assert len(result.output.splitlines()) == 2
    assert PASSWORD not in result.output


@pytest.fixture
async def settings(tmp_path, postgresql_url, monkeypatch):
    """The settings of a bot on PostgreSQL, between both stand-ins; it does not wait for the database."""
    monkeypatch.setattr(app, "TransactionStore", functools.partial(TransactionStore, lock_seconds=0.0))
    async with (
        SimulatedUcx(tmp_path / "ucx") as fax,
        Workspace(tmp_path / "ws", manifest=MANIFEST) as workspace,
    ):
        yield settings_for(fax, workspace, tmp_path, database_url=postgresql_url)


async def test_a_second_bot_does_not_start(settings):
    """The first goes on."""
    async with running_bot(settings):
        with pytest.raises(SettingsProblem, match="Another faxbot uses this database") as caught:
            await serve(settings, lambda _: None)
        assert caught.value.exit_code == 2


async def test_a_bot_that_lost_the_database_stops(settings, postgresql_url):
    """Its session ended, and another session has the lock: it ends with the same sentence."""
    ready = asyncio.Event()
    bot = asyncio.create_task(serve(settings, lambda _: None, ready=ready.set))
    locks = "FROM pg_locks WHERE locktype = 'advisory' AND database = "
    locks += "(SELECT oid FROM pg_database WHERE datname = current_database()) AND"
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        try:
            async with asyncio.timeout(20):
                await ready.wait()
                lock = asyncio.to_thread(other.execute, f"SELECT pg_advisory_lock({LOCK})")
                waiting = asyncio.create_task(lock)
                await until(lambda: fetch(postgresql_url, f"SELECT pid {locks} NOT granted"))
                run(postgresql_url, f"SELECT pg_terminate_backend(pid) {locks} granted")
                await waiting
                with pytest.raises(SettingsProblem, match="Another faxbot uses this database"):
                    await bot
        finally:
            bot.cancel()
            await asyncio.gather(bot, return_exceptions=True)
