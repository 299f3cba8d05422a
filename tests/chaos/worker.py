"""A process that plays trials side by side: one as a JSON line in, its outcome as a JSON line out."""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from tests.chaos.zygote import Zygote


def main() -> None:
    """Run until standard input closes. The argument is a folder that keeps failed trials."""
    zygote = Zygote()  # before there is an event loop
    try:
        asyncio.run(_work(zygote, Path(sys.argv[1]) if len(sys.argv) > 1 else None))
    finally:
        zygote.close()


async def _work(zygote: Zygote, keep: Path | None) -> None:
    from pydantic import TypeAdapter  # noqa: PLC0415 - the zygote needs none of this

    from tests.chaos.stage import run  # noqa: PLC0415 - as above
    from tests.chaos.trial import Outcome, Trial  # noqa: PLC0415 - as above

    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it logs every bot that was killed
    zygote.listen()
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    trials, outcomes = TypeAdapter(Trial), TypeAdapter(Outcome)

    async def play(reply: dict[str, Any]) -> None:
        outcome = await run(trials.validate_python(reply["trial"]), zygote, keep)
        answer = {"id": reply["id"], "outcome": outcomes.dump_python(outcome, mode="json")}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    async with asyncio.TaskGroup() as playing:
        while line := await reader.readline():
            playing.create_task(play(json.loads(line)))


if __name__ == "__main__":
    main()
