"""The data directory holds documents, numbers and a token: only the bot's own user can look into it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from faxbot.services.model.spool import make_folder

OWNER_ONLY = 0o700
"""Nothing for the group and for others."""
_SPOOL, _TOKEN = "spool", "ucx-token"


def close_to_others(folder: Path) -> list[str]:
    """
    Make *folder* if it is not there, and take the rights of others from what faxbot keeps in it.

    Returns a sentence for each thing that whoever runs faxbot has to mend. A folder that was there before is
    theirs, and may hold other things: its own rights are left as they are.
    """
    os.umask(0o077)
    make_folder(folder)
    for leftover in folder.glob(f".{_TOKEN}.*"):  # a stop came while it was written
        leftover.unlink(missing_ok=True)
    foreign = [path for path in private_paths(folder) if not _close(path)]
    told = []
    if _is_open(folder):
        told.append(
            "FAXBOT_DATA_DIR can be entered by others on this machine; what I keep in it can't be read by "
            f"them. To close it: chmod 700 {folder}"
        )
    if foreign:
        told.append(
            f"{len(foreign)} files in FAXBOT_DATA_DIR belong to another user, and others can read them. "
            "Give them to the user that faxbot runs as."
        )
    return told


def private_paths(folder: Path) -> Iterator[Path]:
    """What faxbot keeps there, besides the database, which `store/engine.py` sees to."""
    yield folder / _TOKEN
    yield folder / _SPOOL
    yield from (folder / _SPOOL).rglob("*")


def _close(path: Path) -> bool:
    """Take others' rights to *path* away; False if that is not ours to do."""
    if not _is_open(path):
        return True
    if path.stat().st_uid != os.getuid():
        return False
    path.chmod(stat.S_IMODE(path.stat().st_mode) & OWNER_ONLY)
    return True


def _is_open(path: Path) -> bool:
    """Others can do something with it. What is not there, or only points elsewhere, is closed."""
    if path.is_symlink() or not path.exists():
        return False
    return bool(stat.S_IMODE(path.stat().st_mode) & ~OWNER_ONLY)
