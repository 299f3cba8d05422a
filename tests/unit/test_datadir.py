"""faxbot's files are closed to other users, whatever the umask is and however the folders were made."""

import os
import stat

import pytest

from faxbot import datadir
from faxbot.datadir import close_to_others
from faxbot.services.model.spool import make_folder, outgoing
from faxbot.store.engine import open_engine
from faxbot.store.schema import migrate
from faxbot.ucx.credentials import TokenCache


@pytest.fixture(autouse=True)
def _everything_is_allowed():
    """A umask that takes nothing away, as some service managers have it."""
    before = os.umask(0)
    yield
    os.umask(before)


def rights(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_data_directory_is_closed_to_others(tmp_path):
    """A folder made by faxbot is closed to other users, and no problem is reported."""
    assert close_to_others(tmp_path / "some" / "data") == []
    assert rights(tmp_path / "some" / "data") == 0o700


def test_what_is_made_later_is_closed_to_others(tmp_path):
    """The process takes away what its parent's umask gave."""
    close_to_others(tmp_path / "data")
    (tmp_path / "data" / "later").write_text("x")
    assert rights(tmp_path / "data" / "later") == 0o600


def test_what_was_open_is_closed_and_said(tmp_path):
    """The spool and the token lose the rights of others; the folder, which may be theirs, is named."""
    data = tmp_path / "data"
    document = data / "spool" / "out" / "7" / "fax.pdf"
    document.parent.mkdir(parents=True)
    document.write_text("x")
    (data / "ucx-token").write_text("x")
    for path in (data, data / "spool", document.parent):
        path.chmod(0o775)
    for path in (document, data / "ucx-token"):
        path.chmod(0o664)
    (finding,) = close_to_others(data)
    assert f"chmod 700 {data}" in finding
    assert [rights(p) for p in (data / "spool", document.parent, document)] == [0o700, 0o700, 0o600]
    assert rights(data / "ucx-token") == 0o600
    assert rights(data) == 0o775


def test_what_belongs_to_another_user_is_said(tmp_path, monkeypatch):
    """What faxbot cannot fix is reported to the operator."""
    close_to_others(tmp_path / "data")
    (tmp_path / "data" / "ucx-token").write_text("x")
    (tmp_path / "data" / "ucx-token").chmod(0o644)
    monkeypatch.setattr(datadir.os, "getuid", lambda: os.geteuid() + 1)
    (finding,) = close_to_others(tmp_path / "data")
    assert "belong to another user" in finding
    assert rights(tmp_path / "data" / "ucx-token") == 0o644


def test_links_are_not_followed(tmp_path):
    """A link in the spool does not change the rights of what it points to."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("x")
    elsewhere.chmod(0o644)
    (tmp_path / "data" / "spool").mkdir(parents=True)
    (tmp_path / "data" / "spool" / "link").symlink_to(elsewhere)
    close_to_others(tmp_path / "data")
    assert rights(elsewhere) == 0o644


def test_half_written_tokens_are_removed(tmp_path):
    """A copy of the token that a crash left behind is removed."""
    data = tmp_path / "data"
    data.mkdir()
    (data / ".ucx-token.x7_").write_text("x")
    close_to_others(data)
    assert [path.name for path in data.iterdir()] == []


async def test_the_token_is_its_owners_only(tmp_path):
    """The file is never readable by others, whatever the umask."""

    async def fetch() -> str:
        return "t"

    await TokenCache(tmp_path / "x" / "ucx-token", url="u", client_id="c", fetch=fetch).token()
    assert rights(tmp_path / "x" / "ucx-token") == 0o600
    assert rights(tmp_path / "x") == 0o700


def test_folders_of_the_spool_are_their_owners_only(tmp_path):
    """Every level that is made."""
    folder = outgoing(tmp_path / "spool", 7)
    make_folder(folder)
    assert [rights(each) for each in (tmp_path / "spool", folder.parent, folder)] == [0o700] * 3


def test_the_database_and_its_journals_are_their_owners_only(tmp_path):
    """Made by `faxbot migrate`, or restored by hand: other users cannot read it."""
    file = tmp_path / "new" / "x.db"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine)
    assert rights(file.parent) == 0o700
    with engine.connect() as connection:
        connection.exec_driver_sql("select * from faxes")
        connection.commit()
        kept = {path.name: rights(path) for path in file.parent.iterdir()}
        assert kept == {"x.db": 0o600, "x.db-wal": 0o600, "x.db-shm": 0o600}
        for path in file.parent.iterdir():
            path.chmod(0o664)
        open_engine(f"sqlite:///{file}")
        assert {rights(path) for path in file.parent.iterdir()} == {0o600}
