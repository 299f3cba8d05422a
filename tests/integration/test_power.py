"""
Promise 4 as far as the disk goes: what the database says is there is there after a loss of power.

A file is synced before it gets its name, its folder afterwards, and only then the row that names it is
written. A test cannot cut the power, so the order of the calls is observed.
"""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event
from typer.testing import CliRunner

from faxbot.cli import app
from faxbot.documents.merge import Limits, merge_parts
from faxbot.fax.document import Part
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.model.spool import make_folder
from faxbot.slack.adapters.attachments import SlackAttachments
from faxbot.standins.ucx import SimulatedUcx
from faxbot.store.engine import TransactionStore, open_engine
from faxbot.store.schema import migrate
from tests.support.fake_slack import FakeSlack, web_api
from tests.support.services import PlainSlack, make_pdf, services_over

ROOT = Path(__file__).parents[2]


@dataclass
class Disk:
    """What was done to files, in order: (deed, path, more)."""

    deeds: list[tuple[str, str, object]] = field(default_factory=list)

    def first(self, deed: str, path: Path | str, *, since: int = 0) -> int:
        """When *deed* was done to *path*; it fails if it was not."""
        for place, (done, where, _) in enumerate(self.deeds):
            if place >= since and (done, where) == (deed, str(path)):
                return place
        raise AssertionError(f"no {deed} of {path} after {self.deeds[:since][-1:]} in {self.deeds[since:]}")

    def renamed(self, into: Path) -> int:
        """When a file was called *into*; it was whole and synced by then, and its folder soon after."""
        place = next(
            at for at, (deed, _, more) in enumerate(self.deeds) if (deed, more) == ("rename", str(into))
        )
        source = self.deeds[place][1]
        synced = self.first("sync", source)
        assert synced < place, "synced after it was renamed"
        assert self.deeds[synced][2] == into.stat().st_size, "written to after it was synced"
        return self.first("sync", into.parent, since=place)

    def made(self, folder: Path) -> int:
        """When *folder* was made so that it stays."""
        return self.first("sync", folder.parent, since=self.first("mkdir", folder))


@pytest.fixture
def disk(monkeypatch) -> Disk:
    seen = Disk()

    def noting(deed: str, do: Callable, note: Callable) -> Callable:
        def done(*args, **options):
            noted = note(*args)
            result = do(*args, **options)
            seen.deeds.append((deed, *noted))
            return result

        return done

    def of_handle(handle: int) -> tuple[str, object]:
        return str(Path(f"/proc/self/fd/{handle}").readlink()), os.fstat(handle).st_size

    monkeypatch.setattr(os, "fsync", noting("sync", os.fsync, of_handle))
    monkeypatch.setattr(os, "replace", noting("rename", os.replace, lambda old, new: (str(old), str(new))))
    monkeypatch.setattr(os, "mkdir", noting("mkdir", os.mkdir, lambda path, *_: (str(path), None)))

    def noting_row(_connection, _cursor, statement, parameters, *_):
        for value in parameters if isinstance(parameters, tuple) else ():
            if isinstance(value, str) and "/spool/" in value:
                seen.deeds.append(("row", value, statement))

    event.listen(Engine, "before_cursor_execute", noting_row)
    yield seen
    event.remove(Engine, "before_cursor_execute", noting_row)


async def test_received_and_fetched_documents_are_on_the_disk_before_their_rows(tmp_path, disk):
    """FileDownload for a received fax and for a person: file, name, folders, and then the database."""
    slack = PlainSlack()
    slack.files["F0"] = make_pdf(tmp_path / "referral.pdf")
    async with SimulatedUcx(tmp_path / "ucx", speed=400) as fax, services_over(tmp_path, fax, slack) as bot:
        await bot.send("+1 469 555 1112")
        await bot.tick_until(slack.received)
        await bot.runner.accept(bot.request(RequestKind.GET, job_id="TX1"))
        await bot.tick_until(lambda: slack.received("CCLAIMS"))
    spool = tmp_path / "spool"
    (received,), (fetched,) = (spool / "in").glob("*.pdf"), (spool / "get").glob("*.pdf")
    assert max(disk.renamed(received), disk.made(spool / "in"), disk.made(spool)) < disk.first(
        "row", received
    )
    row = next(
        at for at, (deed, value, _) in enumerate(disk.deeds) if deed == "row" and str(fetched) in value
    )
    assert max(disk.renamed(fetched), disk.made(spool / "get")) < row
    assert disk.made(spool / "out" / "1") < disk.first("row", spool / "out" / "1" / "fax.pdf")
    assert disk.made(spool / "out") < disk.first("mkdir", spool / "out" / "1")


async def test_a_file_from_slack_is_on_the_disk_when_it_has_its_name(tmp_path, disk):
    """url_private to the spool: synced, renamed, its folder synced."""

    async def hand_over(_request):
        return web.Response(body=b"%PDF-1.7 %%EOF")

    served = web.Application()
    served.router.add_get("/file", hand_over)
    async with TestServer(served) as server:
        file = {"id": "F1", "name": "a.pdf", "size": 14, "mode": "hosted", "mimetype": "application/pdf"}
        file["url_private"] = f"http://127.0.0.1:{server.port}/file"
        api = web_api(FakeSlack(files_info={"ok": True, "file": file}))
        await SlackAttachments(api, max_bytes=1000).fetch("F1", tmp_path / "part0")
        await api.connections.close()
    assert disk.renamed(tmp_path / "part0")


@pytest.mark.parametrize("names", [["one.pdf"], ["one.pdf", "two.pdf"]], ids=["as it is", "put together"])
def test_a_made_document_is_on_the_disk_when_it_has_its_name(tmp_path, disk, names):
    """The converter's output is synced, renamed, and its folder synced."""
    work = tmp_path / "work"
    work.mkdir()
    parts = [Part(make_pdf(tmp_path / name), name) for name in names]
    made = merge_parts(parts, tmp_path / "fax", work, Limits(1 << 20, 10))
    assert disk.renamed(made.path)


def test_a_folder_of_the_spool_is_on_the_disk_with_all_above_it(tmp_path, disk):
    """Each level that was made is known to the level above; what was there is left alone."""
    make_folder(tmp_path / "data" / "spool" / "out")
    at = [disk.made(tmp_path / name) for name in ("data", "data/spool", "data/spool/out")]
    assert at == sorted(at)
    deeds = len(disk.deeds)
    make_folder(tmp_path / "data" / "spool" / "out")
    assert len(disk.deeds) == deeds


class Watched(sqlite3.Connection):
    """A connection that records the synchronous mode of each commit."""

    commits: list[tuple[str, int]] = []  # noqa: RUF012 - shared by all connections on purpose
    opened = 0

    def __init__(self, *args, **options):
        type(self).opened += 1
        super().__init__(*args, **options)

    def commit(self):
        (mode,), (level,) = (
            self.execute(f"pragma {name}").fetchone() for name in ("journal_mode", "synchronous")
        )
        self.commits.append((mode, level))
        super().commit()


@pytest.fixture
def watched(monkeypatch) -> type[Watched]:
    connect = sqlite3.dbapi2.connect
    monkeypatch.setattr(sqlite3.dbapi2, "connect", lambda *a, **o: connect(*a, **o, factory=Watched))
    monkeypatch.setattr(Watched, "commits", [])
    monkeypatch.setattr(Watched, "opened", 0)
    return Watched


FULL = ("wal", 2)


async def test_every_commit_of_the_store_is_synced(tmp_path, watched):
    """Whatever connection is used: write-ahead log, and each commit waits for the disk."""
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    migrate(engine)
    store = TransactionStore(engine)
    for number in range(3):
        await store.write(lambda ledger, n=number: ledger.remember("x", n))
    store.close()
    assert watched.opened >= 2
    assert len(watched.commits) >= 4
    assert set(watched.commits) == {FULL}


def test_every_commit_of_a_migration_is_synced(tmp_path, watched, monkeypatch):
    """`faxbot migrate` and Alembic by itself take the same care."""
    monkeypatch.chdir(tmp_path)
    needed = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "UCX_URL": "http://127.0.0.1:1"}
    needed |= {"UCX_CLIENT_ID": "a", "UCX_CLIENT_SECRET": "b", "FAXBOT_INBOUND_CHANNEL": "C1"}
    done = CliRunner().invoke(app, ["migrate"], env=needed)
    assert done.exit_code == 0, done.output
    assert watched.commits
    config = Config(cmd_opts=None)
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    config.cmd_opts = type("Given", (), {"x": [f"url=sqlite:///{tmp_path / 'other.db'}"]})()
    command.upgrade(config, "head")
    assert (tmp_path / "other.db").exists()
    assert set(watched.commits) == {FULL}
