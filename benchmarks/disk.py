"""What this machine's disk takes: the part of a commit that no program can save."""

import os
import time
from pathlib import Path

from benchmarks.findings import median

_PAGE = bytes(4096)


def seconds_of_a_sync(folder: Path, times: int = 50) -> float:
    """The median time to append a page of SQLite's to a file and have it on the disk."""
    taken: list[float] = []
    with (folder / "synced").open("wb") as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(_PAGE)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return median(taken)
