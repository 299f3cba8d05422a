"""A database that was restored: what was unfinished in it is looked up, and nothing is dialed twice."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from faxbot.restored import mark_as_restored
from faxbot.services.model.faxes import FaxState
from faxbot.services.model.ledger import Touched
from faxbot.services.upkeep.restore import mark_if_restored
from faxbot.settings import SettingsProblem
from faxbot.store import schema
from faxbot.store.engine import open_engine
from faxbot.store.queries import SqlLedger
from faxbot.store.schema import migrate, revision
from tests.support.postgresql import dump, empty, new_database, of, restore, run
from tests.support.processes import settings_of
from tests.support.services import services_over, submissions
from tests.support.waiting import until


def mark(url):
    """What a start does."""
    engine = open_engine(url)
    with Session(engine) as session:
        marked = mark_if_restored(SqlLedger(session, Touched()), datetime.now(UTC))
        session.commit()
    engine.dispose()
    return marked


async def dump_with_a_waiting_fax(url, folder, fax, slack):
    """A dump in which a fax waits for the fax server; afterwards it is delivered."""
    mark(url)
    async with services_over(folder, fax, slack, engine=open_engine(url)) as bot:
        await bot.tick()
        await fax.start_outage(60)
        await bot.send()
        await until(lambda: "kept" in slack.steps())
        dumped = await asyncio.to_thread(dump, url, folder / "dump")
        await fax.end_outage()
        await bot.tick_until(lambda: "delivered" in slack.steps())
    return dumped


async def start_on(url, folder, fax, slack):
    """A bot starts on *url*: it finds the job of the waiting fax, and dials nothing."""
    mark(url)
    async with services_over(folder, fax, slack, engine=open_engine(url)) as bot:
        await bot.tick_until(lambda: slack.steps().count("delivered") == 2)
    assert len(submissions(fax)) == 1
    assert "adopted" in slack.steps()
    assert mark(url) is None


async def test_a_dump_in_another_database(tmp_path, postgresql, postgresql_url, fax, slack):
    """The dump says "ready"; restored, its job is found on the fax server."""
    dumped = await dump_with_a_waiting_fax(postgresql_url, tmp_path, fax, slack)
    with new_database(postgresql) as url:
        restore(dumped, url)
        await start_on(url, tmp_path, fax, slack)


@pytest.mark.parametrize("how", ["clean", "data only"])
def test_a_dump_in_the_same_database(tmp_path, postgresql_url, how):
    """Over the old tables, or into truncated ones: either is recognized, once."""
    assert mark(postgresql_url) is None
    dumped = dump(postgresql_url, tmp_path / "dump")
    assert mark(postgresql_url) is None
    if how == "clean":
        restore(dumped, postgresql_url, "--clean")
    else:
        empty(postgresql_url)
        run(postgresql_url, "TRUNCATE alembic_version")
        restore(dumped, postgresql_url, "--data-only", "--disable-triggers")
    assert [mark(postgresql_url), mark(postgresql_url)] == [0, None]


def test_a_restart_is_no_restore(database_url):
    """The first start only saves the identity, and later ones find it."""
    assert [mark(database_url) for _ in range(3)] == [None, None, None]


def test_another_timeline_is_recognized(postgresql_url):
    """A promoted server, or one recovered to a point in time, may lack what was done since."""
    mark(postgresql_url)
    run(postgresql_url, "UPDATE memory SET value = jsonb_set(value, '{4}', '7') WHERE value->>4 = '1'")
    assert [mark(postgresql_url), mark(postgresql_url)] == [0, None]


def test_the_identity_of_a_role_with_few_rights(postgresql, postgresql_url, monkeypatch):
    """Without the functions about the server, the database and its table are still recognized."""
    database = postgresql_url.split("?")[0].rsplit("/", 1)[1]
    functions = "FUNCTION pg_control_system(), pg_control_checkpoint()"
    run(postgresql_url, f"CREATE ROLE {database} LOGIN")
    run(postgresql_url, f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {database}")
    run(postgresql_url, f"REVOKE EXECUTE ON {functions} FROM PUBLIC")
    try:
        url = of(postgresql_url, database, user=database)
        assert [mark(url), mark(url)] == [None, None]
        run(postgresql_url, "VACUUM FULL faxes")
        assert mark(url) == 0
    finally:
        run(postgresql_url, f"DROP OWNED BY {database}; DROP ROLE {database}")


def test_a_migration_is_no_restore(postgresql_url, monkeypatch):
    """A migration may rewrite a table, which then has another file."""
    mark(postgresql_url)
    newest, engine = schema.newest_revision(), open_engine(postgresql_url)
    run(postgresql_url, "UPDATE alembic_version SET version_num = '0005'")
    monkeypatch.setattr("alembic.command.upgrade", lambda *_: _rewrite(_[0].attributes["connection"], newest))
    migrate(engine)
    assert revision(engine) == newest
    assert mark(postgresql_url) is None


def _rewrite(connection, newest):
    connection.exec_driver_sql("ALTER TABLE faxes ALTER COLUMN lookups TYPE bigint")
    connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{newest}'")  # noqa: S608 - ours


async def test_what_is_not_recognized_is_marked_by_hand(tmp_path, database_url, fax, slack):
    """`faxbot restored`: a waiting fax is not dialed by the next start; a person decides."""
    engine, settings = open_engine(database_url), settings_of(tmp_path, database_url)
    async with services_over(tmp_path, fax, slack, engine=engine) as bot:
        await bot.tick()
        await fax.start_outage(60)
        await bot.send()
        await until(lambda: "kept" in slack.steps())
        with pytest.raises(SettingsProblem, match="Another faxbot uses this database"):
            await mark_as_restored(settings, datetime.now(UTC))
    await fax.end_outage()
    assert await mark_as_restored(settings, datetime.now(UTC)) > 0
    async with services_over(tmp_path, fax, slack, engine=engine) as bot:
        await bot.tick_until(lambda: "asked" in slack.steps())
        assert len(await bot.faxes(FaxState.UNDECIDED)) == 1
    assert submissions(fax) == []


async def test_there_is_nothing_to_mark(tmp_path):
    """Without a database the command says so, and makes none."""
    with pytest.raises(SettingsProblem, match="There is no database"):
        await mark_as_restored(settings_of(tmp_path, f"sqlite:///{tmp_path / 'a.db'}"), datetime.now(UTC))
    assert not (tmp_path / "a.db").exists()


async def test_a_file_that_is_no_database(tmp_path):
    """A damaged file is reported in a sentence."""
    (tmp_path / "a.db").write_bytes(b"no database" * 100)
    with pytest.raises(SettingsProblem, match="can't be read as a database"):
        await mark_as_restored(settings_of(tmp_path, f"sqlite:///{tmp_path / 'a.db'}"), datetime.now(UTC))
