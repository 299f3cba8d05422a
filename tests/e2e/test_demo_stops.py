"""`faxbot demo` leaves no process behind, however it ends."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faxbot.standins.slack.model.people import CLAIMS, DANA
from tests.support.waiting import block_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")

STARTS_WITHIN = 45.0
ENDS_WITHIN = 10.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


class Demo:
    """A demo as a child process, with its output in a file."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = _free_port()
        self._output = folder / "output"
        command = [sys.executable, "-m", "faxbot", "demo", "--port", str(self.port), *options]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603  # the program under test
                [*command, "--data-dir", str(folder / "data")], stdout=output, stderr=output
            )
        block_until(
            lambda: self.process.poll() is not None or "workspace is at" in self.output, STARTS_WITHIN
        )
        pid = self.process.pid
        self.bot = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    @property
    def output(self) -> str:
        return self._output.read_text()


@pytest.fixture
def demo(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Demo]:
    started = Demo(tmp_path, *getattr(request, "param", ()))
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.wait()
    if _alive(started.bot):
        os.kill(started.bot, signal.SIGKILL)


def test_ctrl_c_stops_everything_within_two_seconds(demo):
    """An open page with an event stream does not delay it."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", demo.port)) as page:
        page.request("GET", "/_/events")
        assert page.getresponse().status == 200
        started_at = time.monotonic()
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(ENDS_WITHIN) == 0
        assert time.monotonic() - started_at < 2.0
    assert not _alive(demo.bot)


def test_a_bot_that_hangs_is_killed(demo):
    """A bot that does not handle SIGTERM is killed within the same two seconds."""
    os.kill(demo.bot, signal.SIGSTOP)
    started_at = time.monotonic()
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(ENDS_WITHIN) == 0
    assert time.monotonic() - started_at < 2.0
    assert not _alive(demo.bot)


def test_the_bot_dies_with_the_demo(demo):
    """When the demo is killed, the bot is stopped too."""
    demo.process.kill()
    block_until(lambda: not _alive(demo.bot), ENDS_WITHIN)


def test_the_demo_ends_with_the_bot(demo):
    """When the bot is killed, the demo prints the bot's exit code and ends with it."""
    os.kill(demo.bot, signal.SIGKILL)
    assert demo.process.wait(ENDS_WITHIN) == 128 + signal.SIGKILL
    assert "faxbot ended with 137." in demo.output


@pytest.mark.parametrize("demo", [("--http",)], indirect=True)
def test_the_demo_in_http_mode(demo):
    """A command is sent to the bot as an HTTP request and acknowledged, without a socket."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", demo.port, timeout=10)) as page:

        def request(method: str, path: str, **body: str) -> dict[str, Any]:
            page.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            answer: dict[str, Any] = json.loads(page.getresponse().read())
            return answer

        assert request("POST", "/_/command", user=DANA, channel=CLAIMS, text="/fax help")["ok"]
        assert "/slack/events" in request("GET", "/_/control/state")["request_url"]
        assert request("GET", "/_/control/log?kind=envelope_acked")["entries"]
        assert request("GET", "/_/control/log?kind=socket_open")["entries"] == []
    assert "Slack's requests are taken at http://127.0.0.1:" in demo.output
