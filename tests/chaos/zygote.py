"""
A process that has imported the bot and forks one child for each run.

The interpreter and the imports take over a second; a fork takes milliseconds. Forked before there is an
event loop or a thread. Orders and news are JSON packets over a socket pair.
"""

import asyncio
import contextlib
import ctypes
import gc
import json
import os
import random
import select
import signal
import socket
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pydantic import TypeAdapter

from tests.chaos.boundary import Boundary

_PR_SET_PDEATHSIG = 1
_PACKET = 1 << 18


@dataclass(slots=True)
class Order:
    """
    One run: the settings, the paths of its log and trace, where it is killed, its timeouts.

    *clock* is (speed, start, begun), as FastClock has it.
    """

    settings: dict[str, Any]
    log: Path
    trace: Path
    kills: tuple[Boundary, ...]
    span: int
    patience: float
    clock: tuple[float, float, float]


_ORDER = TypeAdapter(Order)


class Life:
    """One run of the bot: its process id once it runs, and how it ended."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.begun: asyncio.Future[int] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()
        """The exit code, or minus the number of the signal."""

    async def kill(self) -> None:
        """SIGKILL, unless it has ended already."""
        pid = await self.begun
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.shield(self.ended)


class Zygote:
    """The side that gives the orders. Make it before there is an event loop."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _run(theirs)
        theirs.close()
        ours.setblocking(False)
        self._socket = ours
        self._lives: dict[int, Life] = {}
        self._folders: dict[int, str] = {}
        self._count = 0
        self.cpu: dict[str, float] = defaultdict(float)
        """Processor seconds by the folder of the log."""

    def listen(self) -> None:
        """Read the starts and ends of children on the running loop."""
        asyncio.get_running_loop().add_reader(self._socket, self._hear)

    async def bear(self, order: Order) -> Life:
        """Begin a run; returns when its process runs."""
        self._count += 1
        life = self._lives[self._count] = Life()
        self._folders[self._count] = str(order.log.parent)
        packet = json.dumps({"id": self._count, "order": _ORDER.dump_python(order, mode="json")}).encode()
        await asyncio.get_running_loop().sock_sendall(self._socket, packet)
        await life.begun
        return life

    def close(self) -> None:
        """End the zygote and all its children."""
        self._socket.close()
        os.waitpid(self._pid, 0)

    def _hear(self) -> None:
        packet = self._socket.recv(_PACKET)
        if not packet:
            asyncio.get_running_loop().remove_reader(self._socket)
            return
        news = json.loads(packet)
        life = self._lives[news["id"]]
        if "pid" in news:
            life.begun.set_result(news["pid"])
        else:
            self.cpu[self._folders.pop(news["id"])] += news["cpu"]
            del self._lives[news["id"]]
            life.ended.set_result(news["ended"])


def _run(orders: socket.socket) -> NoReturn:
    """The zygote's own process."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides when to end
    from faxbot.app import serve  # noqa: PLC0415 - in this process only

    _warm_up()
    gc.freeze()  # so that the children share the pages of what was imported
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    living: dict[int, int] = {}
    while True:
        readable, _, _ = select.select([orders, wake_read], [], [])
        if wake_read in readable:
            os.read(wake_read, 4096)
        for pid, code, cpu in _reap(living):
            orders.send(json.dumps({"id": living.pop(pid), "ended": code, "cpu": cpu}).encode())
        if orders not in readable:
            continue
        packet = orders.recv(_PACKET)
        if not packet:
            _end(living)
        message = json.loads(packet)
        pid = os.fork()
        if pid == 0:
            orders.close()
            _live(_ORDER.validate_python(message["order"]), serve)
        living[pid] = message["id"]
        orders.send(json.dumps({"id": message["id"], "pid": pid}).encode())


def _reap(living: dict[int, int]) -> list[tuple[int, int, float]]:
    ended = []
    for pid in living:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            ended.append((pid, os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime))
    return ended


def _end(living: dict[int, int]) -> NoReturn:
    for pid in living:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os._exit(0)


def _live(order: Order, serve: Callable[..., Any]) -> NoReturn:
    """One run, in a forked process; never returns."""
    code = 1
    try:
        _die_with_parent()
        os.setsid()
        for number in (signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        log = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for standard in (1, 2):
            os.dup2(log, standard)
        random.seed()
        from faxbot.logs import set_up_logs  # noqa: PLC0415 - in this process only
        from faxbot.settings import Settings  # noqa: PLC0415 - as above
        from tests.chaos.seams import Seams, install  # noqa: PLC0415 - as above
        from tests.support.fast_clock import FastClock  # noqa: PLC0415 - as above

        install(Seams(order.trace, order.kills, order.span), patience=order.patience)
        set_up_logs("INFO")
        settings = Settings(_env_file=None, **order.settings)
        clock = FastClock(*order.clock)
        asyncio.run(serve(settings, lambda line: print(line, flush=True), clock))  # noqa: T201 - its output
        code = 0
    except BaseException:  # noqa: BLE001 - the log has it, and the exit code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _warm_up() -> None:
    """Import what the bot imports late."""
    import tempfile  # noqa: PLC0415 - in this process only

    from faxbot.fax import number  # noqa: PLC0415 - as above
    from faxbot.fax.dialplan import DialPlan  # noqa: PLC0415 - as above
    from faxbot.store.engine import open_engine  # noqa: PLC0415 - as above
    from faxbot.store.schema import migrate  # noqa: PLC0415 - as above

    with contextlib.suppress(ImportError):
        import psycopg  # noqa: F401, PLC0415 - as above
        import sniffio  # noqa: F401, PLC0415 - as above
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type] # httpcore looks for it at each request
    number.parse("469 555 0101", DialPlan())
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/warm.db")
        migrate(engine)
        engine.dispose()


def _die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
