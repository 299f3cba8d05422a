"""
The process that reads people's files, so that a file made to do harm harms nothing else.

One task as JSON on standard input, its outcome as JSON on standard output; the limits are set before a
byte of the file is read. Run as `python -m faxbot.documents.worker` by `workshop.py`, which ends it when
it overruns, in an environment without the bot's credentials.
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

_ROOM_BYTES = 64 << 20  # what a converted file may be larger than the files it was made of


def main() -> None:
    """Carry out the one task."""
    task: dict[str, Any] = json.load(sys.stdin)
    limits = task.pop("limits")
    _limit(resource.RLIMIT_AS, limits["memory"])
    _limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
    _limit(resource.RLIMIT_FSIZE, limits["max_bytes"] + _ROOM_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    json.dump(_outcome(task, limits), sys.stdout)


def _limit(what: int, amount: int) -> None:
    _, hard = resource.getrlimit(what)
    allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(what, (allowed, allowed))


def _outcome(task: dict[str, Any], limits: dict[str, int]) -> dict[str, Any]:
    """The libraries are imported here: their memory counts too."""
    from faxbot.documents import merge  # noqa: PLC0415 - after the limits
    from faxbot.fax.document import Part, WebPageReceived  # noqa: PLC0415
    from faxbot.fax.errors import BadDocument  # noqa: PLC0415

    try:
        if "inspect" in task:
            outcome: dict[str, Any] = {"pages": merge.count_pages(Path(task["inspect"]))}
        else:
            document = merge.merge_parts(
                [Part(Path(part["path"]), part["name"]) for part in task["parts"]],
                Path(task["into"]),
                Path(task["workplace"]),
                merge.Limits(limits["max_bytes"], limits["max_pages"], merge.PAPER[task["paper"]]),
            )
            outcome = {"document": {**asdict(document), "path": str(document.path)}}
    except WebPageReceived as refusal:
        outcome = {"not_handed_over": str(refusal)}
    except BadDocument as refusal:
        outcome = {"refused": str(refusal)}
    except OSError as exc:
        outcome = {"disk": exc.errno} if exc.errno else {"overrun": type(exc).__name__}
    except Exception as exc:  # noqa: BLE001 - the one edge: libraries raise anything over a hostile file
        outcome = {"overrun": type(exc).__name__}
    return outcome


if __name__ == "__main__":
    main()
