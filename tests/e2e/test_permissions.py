"""Other users of the machine cannot read the bot's files, at any moment of a run."""

import asyncio
import os
import stat
from pathlib import Path

from faxbot.demo.person import Person, SeenState
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA, INBOUND_FAX
from faxbot.standins.ucx import SimulatedUcx
from tests.support.processes import ROOT, BotProcess, settings_for
from tests.support.services import make_pdf

SOON = 60.0


def rights_in(folder: Path) -> dict[str, int]:
    """The rights of everything in *folder*."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        try:
            found[str(path.relative_to(folder))] = stat.S_IMODE(path.lstat().st_mode)
        except FileNotFoundError:
            continue
    return found


async def watch(folder: Path, seen: dict[str, set[int]]) -> None:
    """Note the rights of whatever is there, as often as possible."""
    while True:
        for name, rights in rights_in(folder).items():
            seen.setdefault(name, set()).add(rights)
        await asyncio.sleep(0.002)


def two_pages(folder: Path) -> list[Path]:
    """Two documents, which have to be put together."""
    paths = [folder / "one.pdf", folder / "two.pdf"]
    return [make_pdf(path, 1) for path in paths]


def leave_open(data: Path) -> None:
    """A data directory from before, that anybody may use."""
    (data / "spool" / "out").mkdir(parents=True)
    (data / "spool" / "out" / "old.pdf").write_text("x")
    (data / "faxbot.db").touch()
    for path in [data, *data.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)


async def test_the_bot_keeps_everything_to_its_own_user(tmp_path):
    """Under a umask that forbids nothing: folders 0700, files 0600, while documents come and go."""
    data, seen = tmp_path / "data", {}
    leave_open(data)
    async with SimulatedUcx(tmp_path / "ucx", speed=400) as fax:
        workspace = Workspace(tmp_path / "ws", manifest=ROOT / "manifest.yml")
        async with workspace:
            bot = BotProcess(tmp_path, settings_for(tmp_path, fax, workspace), before=lambda: os.umask(0))
            await bot.start()
            watching = asyncio.create_task(watch(data, seen))
            try:
                async with Person(workspace.url, DANA) as dana:
                    files = await dana.upload(*two_pages(tmp_path))
                    await dana.post(CLAIMS, "both", files=files)
                    await dana.command(CLAIMS, "/fax send 469 555 1112")

                    def arrived(sight: SeenState):
                        return next((m for m in sight.in_channel(INBOUND_FAX) if m.get("files")), None)

                    await dana.until("the fax", arrived, within=SOON, channel=INBOUND_FAX)
            finally:
                watching.cancel()
                await bot.stop()
    own = {name: rights for name, rights in seen.items() if name != "."}
    folders = {name for name in own if (data / name).is_dir() or name.endswith(".work")}
    assert {"spool/out/1/fax.pdf", "spool/in", "faxbot.db", "faxbot.db-wal", "ucx-token"} <= own.keys()
    assert {name: rights for name, rights in own.items() if name in folders and rights != {0o700}} == {}
    assert {name: rights for name, rights in own.items() if name not in folders and rights != {0o600}} == {}
    assert f"chmod 700 {data}" in bot.said
