"""
Files that have their name only once they are complete and on the disk.

The bytes go to a part file in the same folder, which is fsynced and renamed; then the folder is fsynced. A
file of that name is complete, also after a loss of power. Imports nothing of faxbot: any adapter may use it.
"""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Self

PART_SUFFIX = ".part"


def put_in_place(part: Path, into: Path) -> None:
    """
    Fsync the complete file *part*, rename it to *into*, and fsync the folder.

    Raises:
        OSError: The disk failed.
    """
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(into)
    sync_folder(into.parent)


def sync_folder(folder: Path) -> None:
    """Fsync *folder*, so that the names in it survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class AtomicFile:
    """
    A file that is written piece by piece, in other threads; an async context manager.

    At the end of the context it gets the name *into*; after an exception nothing is left of it. Only the user
    that the bot runs as can read it.
    """

    def __init__(self, into: Path) -> None:
        self._into = into

    async def __aenter__(self) -> Self:
        handle, name = await asyncio.to_thread(
            tempfile.mkstemp, dir=self._into.parent, prefix=f".{self._into.name}.", suffix=PART_SUFFIX
        )
        self.part = Path(name)
        self._file = os.fdopen(handle, "wb")
        return self

    async def write(self, piece: bytes | bytearray) -> None:
        """Append *piece*."""
        await asyncio.to_thread(self._file.write, piece)

    async def flush(self) -> None:
        """Make everything that was written readable in `part`."""
        await asyncio.to_thread(self._file.flush)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._file.close()
            if kind is None:
                await asyncio.to_thread(put_in_place, self.part, self._into)
        finally:
            self.part.unlink(missing_ok=True)
