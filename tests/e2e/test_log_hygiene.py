"""
Promise 8, proven: nothing that people, callers or servers said during a run is in the log of that run.

The bot runs as a process at DEBUG between the two stand-ins. What was used is gathered from the stand-ins:
every message, file name, person, channel, number, token and address.
"""

import io
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from faxbot.demo.person import Person, SeenState
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import BOT_USER, DANA, INBOUND_FAX, PRIYA, Channel
from faxbot.standins.ucx import SimulatedUcx
from faxbot.standins.ucx.hylafax.line import SimulatedLine
from tests.support.processes import ROOT, BotProcess, settings_for
from tests.support.waiting import until

LINES = (
    SimulatedLine("1", "599", "Kanzlei Nord", "14695551111", "QUAST LLP"),
    SimulatedLine("2", "598", "Praxis Süd", "14695551112", "PRAXIS SUED"),
)
NUMBERS = {
    "14695550101": ("(469) 555-0101", "+1 469.555.0101"),
    "14695550800": ("469 555 0800",),
    "14695550900": ("469-555-0900",),
    "14695550102": ("1 469 555 0102",),
    "14695551112": ("+14695551112",),
    "12142454571": ("214-245-4571",),
}
"""As dialed, and as people type them here."""
CSID = "OPAL CSID 77"
CALLER = "ZENOBIA KLINIK"
SECRET_WORDS = "Befund von Frau Quastenberg, vertraulich"
QUOTING = f"cannot reach 14695550101 for {SECRET_WORDS}"
"""A refusal in a server's own words."""
SOON = 60.0


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """Every secret that the stand-ins draw: tokens, tickets, response and upload addresses, trigger ids."""
    given: list[str] = []

    def noting(draw):
        def drawing(size: int) -> str:
            given.append(draw(size))
            return given[-1]

        return drawing

    for name in ("token_hex", "token_urlsafe"):
        monkeypatch.setattr(secrets, name, noting(getattr(secrets, name)))
    return given


def a_pdf(path: Path, pages: int = 1) -> Path:
    with pikepdf.new() as document:
        for _ in range(pages):
            page = document.add_blank_page(page_size=(612, 792))
            page.obj.Contents = document.make_stream(b"72 72 72 72 re f")
        document.save(path)
    return path


@dataclass
class Files:
    """Files whose names say something."""

    folder: Path
    letter: Path = field(init=False)
    broken: Path = field(init=False)
    crash: Path = field(init=False)
    program: Path = field(init=False)
    photo: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.letter = a_pdf(self.folder / "Müller Befund 1983.pdf", 2)
        self.crash = a_pdf(self.folder / "CRASH Krause.pdf")
        self.broken = self.folder / "Meier kaputt.pdf"
        self.broken.write_bytes(self.letter.read_bytes()[:200])
        self.program = self.folder / "Schulz Brief.ps"
        said = f"({SECRET_WORDS}) print flush ({SECRET_WORDS}) (%stderr) (w) file exch writestring"
        self.program.write_text(f"%!PS\n{said}\nshowpage\n", encoding="latin-1")
        self.photo = self.folder / "Schulz Foto.png"
        out = io.BytesIO()
        Image.new("L", (50, 50)).save(out, "PNG")
        self.photo.write_bytes(out.getvalue())


class Run:
    """Dana's morning, with everything that can go wrong."""

    def __init__(self, bot: BotProcess, fax: SimulatedUcx, workspace: Workspace, dana: Person, channel: str):
        self.bot, self.fax, self.workspace, self.dana, self.channel = bot, fax, workspace, dana, channel

    async def share(self, *paths: Path, text: str = SECRET_WORDS) -> str:
        return await self.dana.post(self.channel, text, files=await self.dana.upload(*paths))

    async def command(self, text: str) -> None:
        await self.dana.command(self.channel, f"/fax {text}")

    async def send(self, number: str, *paths: Path, line: str = "Kanzlei Nord") -> str:
        """Share and send; the ts of the share, after which things happen."""
        after = await self.share(*paths)
        await self.command(f"send {number} from {line}")
        return after

    async def seen(self, what: str, *words: str, after: str = "", channel: str = "") -> dict[str, object]:
        """A message or an ephemeral that contains all of *words*."""
        where = channel or self.channel

        def look(sight: SeenState):
            shown = [*sight.in_channel(where, after=after), *sight.ephemerals_in(where, after=after)]
            return next((each for each in shown if all(word in str(each) for word in words)), None)

        return await self.dana.until(what, look, within=SOON, channel=where)

    async def until(self, what: str, condition) -> None:
        await until(condition, SOON, what=what)

    def slack_fault(self, method: str, fault: str, **more: object) -> None:
        self.workspace.installation.faults.add({"method": method, "fault": fault, **more})

    def ucx_fault(self, method: str, fault: str, **more: object) -> None:
        self.fax.faults.plan(method=method, fault=fault, **more)


async def usual_traffic(run: Run, files: Files) -> None:
    """Sent by command and by share, refused, canceled, converted, bad; received, fetched, deleted."""
    direct = run.workspace.state.im_with(DANA).id
    await run.send("469 555 0800", files.program, files.photo, line="Praxis Süd")
    await run.send("(469) 555-0101", files.letter)
    await run.send("469-555-0900", files.letter)
    await run.send("1 469 555 0102", files.broken)
    ids = await run.dana.upload(files.letter)
    await run.dana.post(direct, f"Bitte an +1 469.555.0101, {SECRET_WORDS}", files=ids)
    arriving = {"line": "1", "from": "12142454571", "cid_name": CALLER, "station_id": CSID, "pages": 1}
    await run.dana.receive_fax(**arriving)
    await run.seen("a refusal", "Refused by the fax server")
    await run.seen("the word about a bad file", "damaged")
    await run.dana.press(await run.seen("a fax that waits", "0800", "Waiting", "Cancel fax"), "Cancel fax")
    await run.dana.press(await run.seen("a delivered fax", "Delivered", "Download", "0101"), "Download")
    card = await run.seen("a received fax", CSID, "Delete record", channel=INBOUND_FAX)
    await run.dana.press(card, "Delete record")
    await run.seen("a stopped fax", "Stopped by")
    await run.seen("a file again", "*, for <@")
    await run.seen("a delivered fax", "Delivered", channel=direct)
    await run.seen("a deleted record", "Record deleted by", channel=INBOUND_FAX)
    for question in ("status TX1", "history", "lines", "get RX1", "nonsense 469 555 0101"):
        await run.command(question)


async def faults_of_both_sides(run: Run, files: Files) -> None:
    """Pages, broken JSON, lost answers, refusals that quote what they were asked, missing scopes."""
    for fault in ("html", "malformed", "drop_after", "error"):
        for method in ("activejobs", "recordcount"):
            run.ucx_fault(method, fault, **({"message": QUOTING} if fault == "error" else {}))
    run.slack_fault("users.info", "error", error=QUOTING, times=2)
    for fault in ("html", "http", "drop_after"):
        run.slack_fault("response_url", fault)
    run.slack_fault("files.info", "missing_scope", times=2)
    await run.share(files.letter)
    await run.until("what Slack did to files.info", lambda: "missing_scope" in run.bot.said)
    for method in ("chat.postMessage", "chat.update", "download"):
        run.slack_fault(method, "html")
    after = await run.send("(469) 555-0101", files.letter)
    await run.until("the faults of the fax server", lambda: not run.fax.faults.pending())
    run.workspace.installation.faults.clear()
    run.ucx_fault("filesend", "drop_after")
    run.slack_fault("chat.postMessage", "drop_after")
    after = await run.send("(469) 555-0101", files.letter)
    await run.seen("a fax whose answer was lost", "Found on the fax server", after=after)


async def crashes(run: Run, files: Files) -> None:
    """Unknown exceptions in a listener, a request and a view, besides those of the launcher's tick."""
    await run.command("lines CRASH 469 555 0101")
    await run.seen("a reference", "this reference")
    await run.command("subscribe tx line CRASH 469 555 0101")
    await run.seen("a reference", "Give an admin this reference")
    await run.send("(469) 555-0101", files.crash)
    await run.until("a card that cannot be drawn", lambda: "announcement failed; will retry" in run.bot.said)
    run.slack_fault("chat.postMessage", "error", error=QUOTING)
    await run.send("(469) 555-0101", files.letter)
    await run.until("a refused card", lambda: "Slack refused an announcement" in run.bot.said)


async def a_stop_in_between(run: Run, files: Files) -> None:
    """Killed during a submission; the next start carries on."""
    run.ucx_fault("filesend", "latency", seconds=2.0)
    before = len(run.fax.log.entries("submission"))
    after = await run.send("(469) 555-0101", files.letter)
    await run.until("FileSend", lambda: not run.fax.faults.pending())
    await run.bot.kill()
    run.ucx_fault("recordcount", "error", message=QUOTING)
    await run.bot.start()
    await run.seen("the fax from before", "Delivered", "0101", after=after)
    assert len(run.fax.log.entries("submission")) == before + 1


def spellings(dialed: str, typed: tuple[str, ...]) -> set[str]:
    """A number in every way that a log could write it; its last seven digits are unique."""
    area, office, line = dialed[1:4], dialed[4:7], dialed[7:]
    return {
        *typed,
        f"+{dialed}",
        dialed,
        dialed[1:],
        f"+1 {area}-{office}-{line}",
        f"({area}) {office}-{line}",
        dialed[-7:],
        f"{office}-{line}",
        f"{office} {line}",
    }


def said_in(value: object) -> set[str]:
    """Every text in a message, a view or a call's arguments, line by line."""
    if isinstance(value, dict):
        return {text for name, inner in value.items() if not name.endswith("id") for text in said_in(inner)}
    if isinstance(value, list | tuple):
        return {text for inner in value for text in said_in(inner)}
    return set(value.splitlines()) if isinstance(value, str) else set()


def used(run: Run, drawn: list[str], files: Files) -> set[str]:
    """Everything that the log must not hold."""
    state, log = run.workspace.state, run.fax.log
    reply = said_in([each["args"] for each in run.workspace.journal.of("api")])
    reply |= said_in([each.get("body") for each in run.workspace.journal.of("response_url")])
    sentences = {text for text in reply if len(text) >= 12 and " " in text}
    people = [user["real_name"] for user in state.users.values() if not user["is_bot"]]
    names = {word for name in people for word in (name, *name.split())} - {"Slackbot"}
    names |= {
        channel.name for channel in state.channels.values() if channel.name and channel.name != "general"
    }
    names |= {file.name for file in state.files.values()} | {path.stem for path in files.folder.iterdir()}
    names |= {line.name for line in LINES} | {line.cidname for line in LINES} | {CSID, CALLER, SECRET_WORDS}
    numbers = {way for dialed, typed in NUMBERS.items() for way in spellings(dialed, typed)}
    numbers |= {str(each["destination"]) for each in log.entries("dial")}
    tokens = {text for text in drawn if len(text) >= 16}
    tokens |= {run.workspace.bot_token, run.workspace.app_token, run.fax.client_id, run.fax.client_secret}
    addresses = {
        run.workspace.url.partition("//")[2],
        run.fax.url.partition("//")[2],
        "xoxb-",
        "xapp-",
        "Bearer",
    }
    return sentences | names | numbers | tokens | addresses | {"CRASH", "Befund", "Quastenberg"}


async def test_the_log_of_a_run_holds_nothing_that_was_said_in_it(tmp_path, drawn):
    """At DEBUG, through sends, receipts, refusals, faults on both sides, crashes and a kill: ids, no data."""
    files = Files(tmp_path / "desk")
    fax_server = SimulatedUcx(
        tmp_path / "ucx", lines=LINES, speed=300, client_id="ucx-client-7731", client_secret="ucx-geheim-99"
    )
    async with fax_server as fax:
        workspace = Workspace(
            tmp_path / "ws",
            manifest=ROOT / "manifest.yml",
            fax_control=fax.control_url.removesuffix("/control"),
        )
        async with workspace:
            state = workspace.state
            state.users[DANA]["real_name"] = "Wilhelmina Quastenberg"
            quiet = Channel("C02ZEBRA01", "zebra-litigation", [DANA, PRIYA, BOT_USER])
            state.channels[quiet.id] = quiet
            settings = settings_for(tmp_path, fax, workspace) | {"FAXBOT_LOG_LEVEL": "DEBUG"}
            bot = BotProcess(
                tmp_path, settings, program=(str(Path(__file__).with_name("serve_with_crashes.py")),)
            )
            await bot.start()
            try:
                async with Person(workspace.url, DANA) as dana:
                    run = Run(bot, fax, workspace, dana, quiet.id)
                    await usual_traffic(run, files)
                    await faults_of_both_sides(run, files)
                    await crashes(run, files)
                    await a_stop_in_between(run, files)
            finally:
                await bot.stop()
            log = bot.said
            leaked = {
                secret: line
                for secret in used(run, drawn, files)
                for line in log.splitlines()
                if secret in line
            }
    assert leaked == {}
    check_useful(log)


def check_useful(log: str) -> None:
    """What an admin needs to find a fault is there: ids, types, places, codes."""
    for reply in (
        "request accepted request=1 kind=shared_file",
        "filesend 1: ok",
        "activejobs TX: ok",
        "filesend 1: RequestRefused",
        "Slack answers missing_scope to files.info",
        "adopted fax=",
        "answers lost in a stop faxes=1",
        "listener failed with an unexpected error",
        "faxbot/slack/listeners/commands/run_command.py:",
        "LookupError",
        "request failed request=",
        "pydantic_core._pydantic_core.ValidationError",
        "announcement failed; will retry announcement=",
        "KeyError\n  … after:\n  httpx.InvalidURL",
        "a tick failed tick=retention",
        "sqlite3.OperationalError SQLITE_ERROR",
        "WARNING aiohttp.client: cannot reach %s [serve_with_crashes.py:",
        "Python warning category=UserWarning place=serve_with_crashes.py:",
        "error=no_code_given",
        "The fax server does not answer yet. (It refuses.)",
        "a thread ended by an unexpected exception",
    ):
        assert reply in log
