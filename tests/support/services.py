"""The services and the store, running in this process between a fax server and a Slack of plain lists."""

import asyncio
import contextlib
import functools
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
from sqlalchemy import Dialect, Engine
from sqlmodel import Session

from faxbot.adapters import SystemClock
from faxbot.bootstrap import Adapters, Intervals, Services, ServiceSettings, wire_services
from faxbot.documents import worker
from faxbot.documents.sandbox import DocumentSandbox
from faxbot.fax.dialplan import DialPlan
from faxbot.fax.document import Part
from faxbot.fax.errors import SlackRefused, SlackUnclear
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Ledger
from faxbot.services.model.messages import FaxCard, FaxSteps, Message, ReceivedFax, Sentence
from faxbot.services.model.ports import Clock, Documents
from faxbot.services.model.request_bodies import REQUEST_BODY, RequestKind
from faxbot.services.model.requests import Request
from faxbot.standins.ucx import SimulatedUcx
from faxbot.standins.ucx.hylafax.reception import Caller
from faxbot.store.engine import TransactionStore, open_engine
from faxbot.store.schema import migrate
from faxbot.ucx.client import UcxClient, connect
from tests.support.fake_slack import free_pace

INBOUND = "CINBOUND"
CLAIMS = "CCLAIMS"
DANA = "UDANA"
PRIYA = "UPRIYA"
SETTLE = 0.2


def make_pdf(path: Path, pages: int = 2, *, height: int = 792) -> Path:
    """Write a PDF of *pages* pages with a mark, 612 by *height* points, to *path*; return *path*."""
    with pikepdf.new() as pdf:
        for _ in range(pages):
            page = pdf.add_blank_page(page_size=(612, height))
            page.obj.Contents = pdf.make_stream(b"72 72 72 72 re f")
        pdf.save(path)
    return path


def submissions(fax: SimulatedUcx) -> list[dict[str, Any]]:
    """What the fax server accepted for dialing, by its own log."""
    return fax.log.entries("submission")


def receive(fax: SimulatedUcx, source: Path, *, line: str = "1", cut: int | None = None) -> None:
    """A fax arrives at the fax server."""
    fax.model.catch_up()
    fax.model.receive(line, Caller("14695550199", "Lakeside", "Lakeside"), source, cut=cut)
    fax.wake()


@dataclass
class Posted:
    """A message in the Slack of plain lists."""

    channel: str
    ts: str
    thread_ts: str | None
    key: str
    message: Message
    edits: int = 0
    file_id: str = ""


@dataclass
class PlainSlack:
    """Messenger, Attachments, Directory and Forms in one; `faults` are raised once each, by method."""

    posts: list[Posted] = field(default_factory=list)
    ephemerals: list[tuple[str, Message]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    faults: dict[str, list[tuple[str, Exception]]] = field(default_factory=dict)
    uploads: dict[str, Path] = field(default_factory=dict)
    forms: list[dict[str, object]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    names_shares: bool = True
    share_ts: list[str] = field(default_factory=lambda: [f"{datetime.now(UTC).timestamp():.6f}"])
    _ids: itertools.count = field(default_factory=lambda: itertools.count(1))

    def fail(self, method: str, when: str, fault: Exception | None = None) -> None:
        """The next *method* fails, `before` or `after` it was carried out."""
        self.faults.setdefault(method, []).append((when, fault or SlackUnclear("lost")))

    @contextlib.contextmanager
    def _call(self, method: str):
        self.calls.append(method)
        when, fault = self.faults[method].pop(0) if self.faults.get(method) else ("", None)
        if when == "before" and fault:
            raise fault
        yield
        if when == "after" and fault:
            raise fault

    async def post(self, channel_id, message, *, key, thread_ts):
        ts = f"{next(self._ids)}.0"
        with self._call("post"):
            self.posts.append(Posted(channel_id, ts, thread_ts, key, message))
        return ts

    async def update(self, channel_id, ts, message, *, key):
        with self._call("update"):
            post = next(p for p in self.posts if (p.channel, p.ts) == (channel_id, ts))
            post.message, post.edits = message, post.edits + 1

    async def find(self, channel_id, *, key, since, thread_ts):
        with self._call("find"):
            return next((p.ts for p in self.posts if (p.channel, p.key) == (channel_id, key)), None)

    async def post_ephemeral(self, channel_id, user_id, message, *, response_url, thread_ts):
        with self._call("post_ephemeral"):
            self.ephemerals.append((user_id, message))

    async def begin_upload(self, path, name):
        with self._call("begin_upload"):
            file_id = f"F{next(self._ids)}"
        return file_id, f"https://upload/{file_id}"

    async def put_bytes(self, address, path):
        with self._call("put_bytes"):
            self.uploads[address.rsplit("/", 1)[1]] = path

    async def share_file(self, channel_id, file_id, title, message, *, thread_ts):
        with self._call("share_file"):
            assert file_id in self.uploads, "shared before its bytes were up"
            ts = f"{next(self._ids)}.0"
            self.posts.append(Posted(channel_id, ts, thread_ts, "", message, file_id=file_id))

    async def shared_ts(self, channel_id, file_id, since, *, thorough):
        with self._call("shared_ts"):
            post = next((p for p in self.posts if p.file_id == file_id), None)
        if post is None:
            return False, None, ""
        return True, post.ts if self.names_shares else None, f"https://files/{file_id}"

    async def recent(self, channel_id, user_id, *, before, seconds):
        return [{"id": file_id, "name": path.name} for file_id, path in self.files.items()]

    async def of_message(self, channel_id, ts, thread_ts):
        return [{"id": file_id, "name": path.name} for file_id, path in self.files.items()]

    async def shares_of(self, file_id):
        return [(CLAIMS, ts) for ts in self.share_ts]

    async def message_text(self, channel_id, ts):
        return DANA, "<@UBOT> to 469 555 0101", None

    async def fetch(self, file_id, into):
        with self._call("fetch"):
            into.write_bytes(self.files[file_id].read_bytes())
            return Part(into, self.files[file_id].name)

    async def is_workspace_admin(self, user_id):
        return user_id == PRIYA

    async def name_of(self, user_id):
        return user_id[1:].title()

    async def ensure_can_post(self, channel_id, user_id):
        if channel_id in self.closed:
            raise SlackRefused("not_in_channel")

    async def open(self, trigger_id, **start):
        self.forms.append({"trigger_id": trigger_id, **start})

    def cards(self, channel: str = CLAIMS) -> list[Posted]:
        """The fax cards of a channel."""
        return [p for p in self.posts if p.channel == channel and isinstance(p.message, FaxCard)]

    def steps(self, channel: str = CLAIMS) -> list[str]:
        """The steps posted in the threads of a channel, in order."""
        posts = [p for p in self.posts if p.channel == channel and isinstance(p.message, FaxSteps)]
        return [step.kind.value for p in posts for step in p.message.steps]

    def details(self, channel: str = "") -> list[Posted]:
        """The cards of received faxes, in one channel or in all."""
        posts = [p for p in self.posts if isinstance(p.message, ReceivedFax) and not p.file_id]
        return [p for p in posts if channel in ("", p.channel)]

    def sentences(self, user: str = "") -> list[str]:
        """The sentences posted as ephemeral messages, to one user or to all."""
        sentences = [(who, message) for who, message in self.ephemerals if isinstance(message, Sentence)]
        return [message.text for who, message in sentences if user in ("", who)]

    def received(self, channel: str = INBOUND) -> list[Posted]:
        """The uploaded files of a channel."""
        return [p for p in self.posts if p.channel == channel and p.file_id]


@dataclass
class RunningServices:
    """The services of `faxbot/bootstrap.py`, running; each is an attribute."""

    slack: PlainSlack
    server: UcxClient
    fax: SimulatedUcx | None
    store: TransactionStore
    engine: Engine
    services: Services
    _ids: itertools.count = field(default_factory=lambda: itertools.count(1))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.services, name)

    def request(self, kind: RequestKind, user: str = DANA, channel: str = CLAIMS, **body) -> Request:
        """A new request."""
        key = f"test:{next(self._ids)}:{id(self)}"
        now = datetime.now(UTC).timestamp()
        content = REQUEST_BODY.validate_python({"kind": kind, **body})
        return Request(key=key, kind=kind, user_id=user, channel_id=channel, body=content, created_at=now)

    async def send(self, number: str = "469 555 0101", **more) -> None:
        """Dana types `/fax send`."""
        await self.runner.accept(self.request(RequestKind.SEND, number=number, line="", recent=True, **more))

    async def faxes(self, *states: FaxState) -> list[Fax]:
        """The outgoing faxes in these states, or all."""
        return list(await self.store.read(lambda ledger: ledger.faxes_in(*(states or FaxState))))

    async def tick(self) -> None:
        """Run each tick once."""
        await self.watch.tick()
        await self.preparation.tick()
        self.search.wake()
        await self.search.tick()
        await self.inbox.tick()
        await self.csids.look_up()

    async def tick_until(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        """Tick until *condition* holds, with a deadline."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self.tick()
                await asyncio.sleep(0.02)


@functools.cache
def _migrated() -> tuple[bytes, Dialect]:
    """An empty database of the newest schema, migrated once, and the dialect that is spoken with it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "faxbot.db"
        engine = open_engine(f"sqlite:///{database}")
        migrate(engine)
        engine.dispose()
        return database.read_bytes(), engine.dialect


_statements: dict[Any, Any] = {}


def database_in(folder: Path) -> Engine:
    """
    The database in *folder*; where there is none, an empty one of the newest schema.

    All of them share what SQLAlchemy keeps of a statement: each would compile the same two hundred again.
    """
    database = folder / "faxbot.db"
    engine = open_engine(f"sqlite:///{database}")
    empty, engine.dialect = _migrated()
    engine.update_execution_options(compiled_cache=_statements)
    if not database.stat().st_size:
        database.write_bytes(empty)
    return engine


def session_of(ledger: Ledger) -> Session:
    """The SQLAlchemy session of *ledger*, for statements that no method of a ledger executes."""
    return ledger._session  # noqa: SLF001 - the product's callers have a ledger's methods only


def put_empty_database(data: Path) -> None:
    """
    Put an empty database of the newest schema into *data*, the data folder of a bot that was never started.

    It spares each start the migrations; those are tested by test_upgrade, test_first_start and the tour.
    """
    if not data.exists():
        data.mkdir(mode=0o700, parents=True)
        (data / "faxbot.db").write_bytes(_migrated()[0])


def settings_in(folder: Path) -> ServiceSettings:
    """The settings of the services: short intervals, the spool in *folder*."""
    return ServiceSettings(
        spool=folder / "spool",
        spool_days=30.0,
        settle=SETTLE,
        inbound_channel=INBOUND,
        admins=(),
        plan=DialPlan(),
        modems={},
        default_line="",
        paces=Intervals(active=0.05, idle=0.05, inbox=0.05, sweep=0.05),
    )


class InProcessSandbox(DocumentSandbox):
    """Converts documents in this process, which saves the 0.2 s that a worker process takes to start."""

    async def _run(self, task: bytes, workplace: Path | None) -> dict[str, Any]:
        asked = json.loads(task)
        return await asyncio.to_thread(worker.outcome_of, asked, asked.pop("limits"))


@contextlib.asynccontextmanager
async def services_over(
    folder: Path, fax: SimulatedUcx, slack: PlainSlack, **changed: object
) -> AsyncIterator[RunningServices]:
    """
    The services from start to stop; the caller runs their ticks. All their state is in *folder*.

    *changed*: what is set in another way than `settings_in` says.
    """
    server = connect(fax.url, fax.client_id, fax.client_secret, token_file=folder / "token")
    workshop = InProcessSandbox(max_bytes=10 << 20, max_pages=50)
    async with running_services(folder, server, slack, workshop, SystemClock(), fax=fax, **changed) as bot:
        yield bot
    await server.aclose()


@contextlib.asynccontextmanager
async def running_services(
    folder: Path,
    server: UcxClient,
    slack: PlainSlack,
    documents: Documents,
    clock: Clock,
    *,
    fax: SimulatedUcx | None = None,
    engine: Engine | None = None,
    **changed: object,
) -> AsyncIterator[RunningServices]:
    """The services over the given ports; *engine*: the database, when it is not the one in *folder*."""
    setting = replace(settings_in(folder), **changed)
    engine = engine or database_in(folder)
    store = TransactionStore(engine)
    services = wire_services(
        setting,
        Adapters(
            server=server,
            store=store,
            messenger=slack,
            pace=free_pace(),
            attachments=slack,
            directory=slack,
            documents=documents,
            clock=clock,
            lines=LineDirectory(server, store, clock, settled=setting.modems, preferred=setting.default_line),
            forms=slack,
            bot_user_id="UBOT",
        ),
    )
    for part in (services.lines, services.outages, services.watch, services.preparation):
        await part.start()
    await services.received.begin()
    await services.sent.begin()
    running = asyncio.create_task(services.outbox.run())
    await services.runner.start()
    try:
        yield RunningServices(slack, server, fax, store, engine, services)
    finally:
        running.cancel()
        await services.runner.stop()
        await asyncio.gather(running, return_exceptions=True)
        store.close()
