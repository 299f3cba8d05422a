"""
The worker process that reads shared files, so that a malicious file cannot harm the bot.

It reads one task as JSON from standard input and writes the outcome as JSON to standard output. Resource
limits are set before the file is opened. `sandbox.py` runs it as `python -m faxbot.documents.worker`, without
the bot's credentials in the environment, and kills it after a timeout.
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

PART_FILE = "part"
_MARGIN_BYTES = 64 << 20  # by how much a converted file may exceed max_bytes


def main() -> None:
    """Run the task on standard input."""
    task: dict[str, Any] = json.load(sys.stdin)
    limits = task.pop("limits")
    _limit(resource.RLIMIT_AS, limits["memory"])
    _limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
    _limit(resource.RLIMIT_FSIZE, limits["max_bytes"] + _MARGIN_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    json.dump(outcome_of(task, limits), sys.stdout)


def _limit(what: int, amount: int) -> None:
    _, hard = resource.getrlimit(what)
    allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(what, (allowed, allowed))


def outcome_of(task: dict[str, Any], limits: dict[str, int]) -> dict[str, Any]:
    """
    Run *task*; return its result, or the reason why it failed.

    The name of the part that is being read is written to the file `part` in the task's *workdir*.
    """
    from faxbot.fax.document import WebPageReceived  # noqa: PLC0415 - imported under the memory limit
    from faxbot.fax.errors import BadDocument  # noqa: PLC0415

    try:
        outcome = _done(task, limits)
    except WebPageReceived as refusal:
        outcome = {"web_page": str(refusal)}
    except BadDocument as refusal:
        outcome = {"refused": str(refusal)}
    except OSError as exc:
        outcome = {"disk": exc.errno} if exc.errno else {"overrun": type(exc).__name__}
    except Exception as exc:  # noqa: BLE001 - libraries raise arbitrary exceptions for a malicious file
        outcome = {"overrun": type(exc).__name__}
    return outcome


def _done(task: dict[str, Any], limits: dict[str, int]) -> dict[str, Any]:
    """Run *task* with only the modules that it needs: most of a short task's time goes into imports."""
    if "inspect" in task:
        from faxbot.documents.inspection import count_pages  # noqa: PLC0415

        return {"pages": count_pages(Path(task["inspect"]))}
    if "print" in task:
        from faxbot.documents.printing import print_pages  # noqa: PLC0415

        return {"pages": print_pages(Path(task["print"]), Path(task["folder"]))}
    from faxbot.documents.merge import Limits, merge_parts  # noqa: PLC0415
    from faxbot.documents.paper import PAPER  # noqa: PLC0415
    from faxbot.fax.document import Part  # noqa: PLC0415

    workdir = Path(task["workdir"])
    document = merge_parts(
        [Part(Path(part["path"]), part["name"]) for part in task["parts"]],
        Path(task["into"]),
        workdir,
        Limits(limits["max_bytes"], limits["max_pages"], PAPER[task["paper"]]),
        lambda part: (workdir / PART_FILE).write_text(part.name),
    )
    return {"document": {**asdict(document), "path": str(document.path)}}


if __name__ == "__main__":
    main()
