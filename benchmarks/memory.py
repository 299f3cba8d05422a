"""How much memory a process takes at its most. Linux only: /proc."""

import re
from pathlib import Path

MIB = 1 << 20


def resident(pid: int) -> int:
    """Bytes that it has in memory now."""
    return _status(pid, "VmRSS")


def forget_peak(pid: int) -> None:
    """Its peak is what it has now. Source: /proc/pid/clear_refs, proc(5)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def peak(pid: int) -> int:
    """The most bytes that it had in memory since `forget_peak`."""
    return _status(pid, "VmHWM")


def children(pid: int) -> set[int]:
    """Its child processes, as long as they run."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text(encoding="ascii").split()}


def peak_of_short_lived(pid: int) -> int:
    """The peak so far of a process that may be gone at any moment; 0 when it is."""
    try:
        return _status(pid, "VmHWM")
    except (OSError, ProcessLookupError, LookupError):
        return 0


def _status(pid: int, name: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    if found is None:
        raise LookupError(name)
    return int(found[1]) << 10
