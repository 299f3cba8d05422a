"""`python -m faxbot.standins.slack`: run the workspace as a process until SIGINT or SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from .server import Workspace


def main() -> None:
    """Read the command line, print one JSON line when ready, serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m faxbot.standins.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--dir", type=Path, required=True, help="where the bytes of files are stored")
    parser.add_argument("--manifest", type=Path, required=True, help="the app manifest to install")
    parser.add_argument("--fax-control", default="", help="the simulated fax server's base address")
    parser.add_argument("--journal", type=Path, help="append the journal to this file, as JSONL")
    parser.add_argument("--request-url", default="", help="deliver over HTTP to this URL of the app")
    options = parser.parse_args()
    asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    async with Workspace(
        options.dir,
        manifest=options.manifest,
        port=options.port,
        fax_control=options.fax_control,
        journal=options.journal,
        request_url=options.request_url,
    ) as workspace:
        ready = {
            "url": workspace.url,
            "api_url": workspace.api_url,
            "bot_token": workspace.bot_token,
            "app_token": workspace.app_token,
            "signing_secret": workspace.signing_secret,
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    main()
