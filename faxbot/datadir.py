"""Restricts the data directory, with its documents, numbers and token, to the bot's own user."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from faxbot.services.model.spool import make_folder

OWNER_ONLY = 0o700
"""Permission bits of the owner; files in the data directory have no others."""
_SPOOL, _TOKEN = "spool", "ucx-token"


def close_to_others(folder: Path) -> list[str]:
    """
    Create *folder* if it does not exist, and remove other users' permissions from faxbot's files in it.

    Returns a sentence for each problem that the operator has to fix. The permissions of a folder that existed
    before are not changed, since it may hold other files.
    """
    os.umask(0o077)
    make_folder(folder)
    for leftover in folder.glob(f".{_TOKEN}.*"):  # the process was stopped while it wrote the token
        leftover.unlink(missing_ok=True)
    foreign = [path for path in private_paths(folder) if not _close(path)]
    problems = []
    if _is_open(folder):
        problems.append(
            "FAXBOT_DATA_DIR can be entered by others on this machine; what I keep in it can't be read by "
            f"them. To close it: chmod 700 {folder}"
        )
    if foreign:
        problems.append(
            f"{len(foreign)} files in FAXBOT_DATA_DIR belong to another user, and others can read them. "
            "Give them to the user that faxbot runs as."
        )
    return problems


def private_paths(folder: Path) -> Iterator[Path]:
    """Faxbot's files in *folder*, except the database, whose permissions `store/engine.py` sets."""
    yield folder / _TOKEN
    yield folder / _SPOOL
    yield from (folder / _SPOOL).rglob("*")


def _close(path: Path) -> bool:
    """Remove other users' permissions from *path*; False if it belongs to another user."""
    if not _is_open(path):
        return True
    if path.stat().st_uid != os.getuid():
        return False
    path.chmod(stat.S_IMODE(path.stat().st_mode) & OWNER_ONLY)
    return True


def _is_open(path: Path) -> bool:
    """Whether other users have any permission; False for a symbolic link or a missing file."""
    if path.is_symlink() or not path.exists():
        return False
    return bool(stat.S_IMODE(path.stat().st_mode) & ~OWNER_ONLY)
