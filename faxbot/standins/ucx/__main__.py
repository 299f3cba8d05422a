"""`python -m faxbot.standins.ucx`: run the simulated UCX as a process until SIGINT or SIGTERM."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

from faxbot.standins.ucx.conversion.paper import UcxPaper
from faxbot.standins.ucx.server import SimulatedUcx


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m faxbot.standins.ucx", description="A simulated UCX Fax API on 127.0.0.1."
    )
    parser.add_argument("--dir", type=Path, required=True, help="where documents are kept")
    parser.add_argument("--port", type=int, default=0, help="of the Fax API (0: a free one)")
    parser.add_argument("--control-port", type=int, default=0, help="of the control API (0: a free one)")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--seed", type=int, default=0, help="of the random generator")
    sizes = [size.name.lower() for size in UcxPaper]
    parser.add_argument("--paper", choices=sizes, default="letter", help="the size of every fax page")
    parser.add_argument("--client-id", default="faxbot", help="user name for the Token method")
    parser.add_argument("--client-secret", default="not-a-secret", help="password for the Token method")
    parser.add_argument("--log", type=Path, help="append the log to this file, as JSONL")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with SimulatedUcx(
        arguments.dir,
        speed=arguments.speed,
        port=arguments.port,
        control_port=arguments.control_port,
        seed=arguments.seed,
        paper=UcxPaper.named(arguments.paper),
        client_id=arguments.client_id,
        client_secret=arguments.client_secret,
        log_file=arguments.log,
    ) as server:
        ready = {
            "url": server.url,
            "control_url": server.control_url,
            "client_id": server.client_id,
            "client_secret": server.client_secret,
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(_arguments()))
