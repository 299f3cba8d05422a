"""`faxbot doctor` against both stand-ins: all green, then each thing broken once."""

import asyncio
import contextlib
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from faxbot.adapters import SystemClock
from faxbot.doctor import machine
from faxbot.doctor.examine import CHECKS, examine
from faxbot.doctor.finding import Finding, Severity
from faxbot.settings import Settings
from faxbot.slack.inbound.http_mode import HttpEndpoint
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import INBOUND_FAX
from faxbot.standins.ucx import SimulatedUcx
from faxbot.standins.ucx.faults import FaultKind
from faxbot.store.engine import open_engine
from faxbot.store.schema import newest_revision
from tests.support.listeners import ListenerHarness
from tests.support.processes import ROOT, settings_for
from tests.support.services import database_in
from tests.support.slack_standin import LEGAL, write_manifest

MANIFEST = ROOT / "manifest.yml"
SECRET = "a-wrong-secret"
HTTP_ROWS = tuple(name.replace("Socket Mode", "HTTP mode") for name in CHECKS if name != "Slack app token")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine, and no .env in the folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


class Bench:
    """Both stand-ins, and the doctor run against them with the settings of a bot."""

    def __init__(
        self, folder: Path, fax: SimulatedUcx, workspace: Workspace, patch: pytest.MonkeyPatch
    ) -> None:
        self.folder, self.fax, self.workspace, self._patch = folder, fax, workspace, patch
        self.settings = settings_for(folder, fax, workspace)

    async def examine(
        self, *, each: float = 5.0, all_: float = 12.0, rows: tuple[str, ...] = CHECKS, **changed: str
    ) -> dict[str, Finding]:
        """What the doctor finds when these settings are changed; every red row has a remedy."""
        for name, value in (self.settings | changed).items():
            self._patch.setenv(name, value)
        findings = await examine(each=each, all_=all_)
        assert tuple(findings) == rows
        for name, finding in findings.items():
            assert finding.found, name
            assert bool(finding.remedy) is (finding.severity in (Severity.RED, Severity.YELLOW)), name
        return findings


@contextlib.asynccontextmanager
async def bench_in(
    folder: Path, patch: pytest.MonkeyPatch, manifest: Path = MANIFEST, *, ahead: float = 0.0
) -> AsyncIterator[Bench]:
    """Both stand-ins; Slack has the app of *manifest*, and a clock so many seconds *ahead*."""
    async with (
        SimulatedUcx(folder / "ucx") as fax,
        Workspace(folder / "ws", manifest=manifest, clock=lambda: time.time() + ahead) as workspace,
    ):
        yield Bench(folder, fax, workspace, patch)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    async with bench_in(tmp_path, monkeypatch) as made:
        yield made


def named(findings: dict[str, Finding], severity: Severity) -> list[str]:
    """The names of the checks with this severity."""
    return [name for name, finding in findings.items() if finding.severity is severity]


def only_red(findings: dict[str, Finding], name: str, *said: str) -> Finding:
    """The row *name* is red and no other; it says *said*."""
    assert named(findings, Severity.RED) == [name], findings
    words = f"{findings[name].found} {findings[name].remedy}"
    for each in said:
        assert each in words, words
    return findings[name]


async def test_all_is_green(bench: Bench):
    """Before the first start, everything that is needed is there; nothing has been made or posted."""
    findings = await bench.examine()
    assert named(findings, Severity.GREEN) == [
        name for name in CHECKS if name not in named(findings, Severity.YELLOW)
    ]
    assert set(named(findings, Severity.YELLOW)) <= {"Converters", "Free space"}  # as this machine is
    assert not (bench.folder / "data").exists()
    calls = [entry["method"] for entry in bench.workspace.journal.entries if entry["kind"] == "api"]
    assert sorted(calls) == ["apps.connections.open", "auth.test", "bots.info", "conversations.info"]
    opened = [entry for entry in bench.workspace.journal.entries if entry["kind"] == "socket_open"]
    assert len(opened) == 1
    asked = [entry["method"] for entry in bench.fax.log.entries("call")]
    assert sorted(asked) == ["faxlist", "faxusage", "token"]


async def test_unusable_settings_stop_everything_else(bench: Bench):
    """All that is wrong is in one row, each other row is skipped, and no server is called."""
    findings = await bench.examine(UCX_URL="", FAXBOT_INBOUND_CHANNEL="#inbound")
    row = only_red(findings, "Settings", "UCX_URL is missing", "FAXBOT_INBOUND_CHANNEL is not right")
    assert ".env" in row.remedy
    assert named(findings, Severity.SKIPPED) == list(CHECKS[1:])
    assert list(bench.fax.log.entries("call")) == []


async def test_secrets_are_not_shown(bench: Bench):
    """Not even when a server quotes them."""
    secret = bench.fax.client_secret
    bench.fax.faults.plan(fault=FaultKind.ERROR, method="token", message=f"What is {secret}?", times=None)
    findings = await bench.examine(SLACK_BOT_TOKEN=f"xoxb-{SECRET}")
    assert {"UCX credentials", "Slack bot token"} == set(named(findings, Severity.RED))
    assert "What is …?" in findings["UCX credentials"].found
    assert secret not in str(findings)
    assert SECRET not in str(findings)
    assert bench.workspace.app_token not in str(findings)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """A .env that everybody on the machine can read."""
    path = tmp_path / ".env"
    path.touch()
    path.chmod(0o644)
    return path


async def test_a_readable_env_file_is_reported(bench: Bench, env_file: Path):
    """Tokens that every user of the machine can read are a yellow row."""
    findings = await bench.examine()
    assert findings["Settings"].severity is Severity.YELLOW
    assert f"chmod 600 {env_file}" in findings["Settings"].remedy


# -- the UCX


async def test_a_wrong_secret(bench: Bench):
    """The remedy says where to get the right one; what needs it is skipped, the clock is not."""
    findings = await bench.examine(UCX_CLIENT_SECRET=SECRET)
    only_red(findings, "UCX credentials", "System, Licenses", "UCX_CLIENT_SECRET")
    assert named(findings, Severity.SKIPPED) == ["Fax API license", "Fax lines"]
    assert findings["Clock and the UCX's"].severity is Severity.GREEN


async def test_an_ended_licence(bench: Bench):
    """To the client it looks like wrong credentials, so the remedy names both."""
    bench.fax.credentials.set_licensed(licensed=False)
    only_red(await bench.examine(), "UCX credentials", "license", "has ended")


async def test_a_licence_that_covers_no_calls(bench: Bench):
    """The token is given out and the Fax API refuses."""
    bench.fax.faults.plan(fault=FaultKind.ERROR, method="faxlist", message="License expired", times=None)
    only_red(await bench.examine(), "Fax API license", "System, Licenses")


async def test_an_address_without_a_fax_api(bench: Bench):
    """A web server that answers 404 is none."""
    bench.fax.faults.plan(fault=FaultKind.HTML, method="token", status=404, times=None)
    only_red(await bench.examine(), "UCX credentials", "There is no Fax API at this address", "UCX_URL")


async def test_a_ucx_that_is_down(bench: Bench):
    """The port is closed: the rest of the UCX checks is skipped, Slack is checked."""
    port = bench.fax.url.rpartition(":")[2]
    await bench.fax.start_outage()
    findings = await bench.examine()
    only_red(findings, "UCX reachable", f"127.0.0.1:{port}", "refused", "UCX_URL")
    assert len(named(findings, Severity.SKIPPED)) == 5
    assert findings["Socket Mode"].severity is Severity.GREEN


async def test_an_unknown_host_name(bench: Bench):
    """Most often a slip of the pen."""
    only_red(await bench.examine(UCX_URL="https://ucx.invalid"), "UCX reachable", "ucx.invalid", "mistyped")


async def test_an_address_that_is_none(bench: Bench):
    """An address that only the client rejects is a red row, too."""
    only_red(await bench.examine(UCX_URL="ucx.example.com"), "UCX reachable", "https://ucx.example.com")


async def test_skewed_clocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Ahead or behind, each server by itself: minutes are yellow, more is red."""
    async with bench_in(tmp_path, monkeypatch, ahead=120) as bench:
        bench.fax.model.clock.skew = -3600
        findings = await bench.examine()
    row = only_red(findings, "Clock and the UCX's", "60 min ahead of that of the UCX", "timedatectl")
    assert row.severity is Severity.RED
    slack = findings["Clock and Slack's"]
    assert slack.severity is Severity.YELLOW
    assert "2 min behind that of Slack" in slack.found or "s behind that of Slack" in slack.found


async def test_lines_that_are_not_ready(bench: Bench):
    """A modem that comes ready is yellow, and the row says that a minute is no fault."""
    bench.fax.model.set_in_service("2", in_service=False)
    row = (await bench.examine())["Fax lines"]
    assert row.severity is Severity.YELLOW
    assert "Support modem not ready" in row.found
    assert "up to a minute" in row.remedy


async def test_a_ucx_without_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without a virtual fax nothing can be sent."""
    async with (
        SimulatedUcx(tmp_path / "ucx", lines=()) as fax,
        Workspace(tmp_path / "ws", manifest=MANIFEST) as workspace,
    ):
        bench = Bench(tmp_path, fax, workspace, monkeypatch)
        only_red(await bench.examine(), "Fax lines", "no virtual fax", "Add one")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FAXBOT_DEFAULT_LINE", "Sails", "Sales, Support, Billing"),
        ("FAXBOT_MODEMS", "ttyIAX9=9", "1 (Sales)"),
    ],
)
async def test_settings_that_name_no_line(bench: Bench, name: str, value: str, said: str):
    """The row says which lines there are."""
    only_red(await bench.examine(**{name: value}), "Fax lines", name, value, said)


# -- the UCX's certificate


@contextlib.asynccontextmanager
async def behind_tls(
    folder: Path, port: int, *, days: int = 30, name: str = "IP:127.0.0.1"
) -> AsyncIterator[str]:
    """An https address in front of *port*, with a certificate of its own: *folder*/cert.pem."""
    wanted = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=ucx"
    wanted += f" -days {days} -addext subjectAltName={name} -keyout key.pem -out cert.pem"
    openssl = await asyncio.create_subprocess_exec(
        "openssl", *wanted.split(), cwd=folder, stderr=asyncio.subprocess.PIPE
    )
    _, said = await openssl.communicate()
    assert openssl.returncode == 0, said
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, back), pump(there, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
def ucx_port(bench: Bench) -> int:
    return int(bench.fax.url.rpartition(":")[2])


async def test_a_certificate_of_its_own(bench: Bench, ucx_port: int):
    """Untrusted at first, with UCX_CA_FILE all is green."""
    async with behind_tls(bench.folder, ucx_port) as url:
        findings = await bench.examine(UCX_URL=url)
        only_red(findings, "UCX certificate", "UCX_CA_FILE", f"openssl s_client -connect {url[8:]}")
        findings = await bench.examine(UCX_URL=url, UCX_CA_FILE=str(bench.folder / "cert.pem"))
    assert named(findings, Severity.RED) == []
    assert "29 days left" in findings["UCX certificate"].found


async def test_another_certificate_than_the_one_in_the_file(bench: Bench, ucx_port: int):
    """A UCX that got a new certificate: the row says that the file is another one's."""
    async with behind_tls(bench.folder, ucx_port) as url:
        (bench.folder / "cert.pem").rename(bench.folder / "old.pem")
    async with behind_tls(bench.folder, ucx_port) as url:
        findings = await bench.examine(UCX_URL=url, UCX_CA_FILE=str(bench.folder / "old.pem"))
    only_red(findings, "UCX certificate", "old.pem", "may have a new one")


async def test_a_ca_file_that_is_none(bench: Bench, ucx_port: int):
    """The row says what such a file looks like."""
    async with behind_tls(bench.folder, ucx_port) as url:
        findings = await bench.examine(UCX_URL=url, UCX_CA_FILE=str(bench.folder / "nothing.pem"))
    only_red(findings, "UCX certificate", "nothing.pem", "BEGIN CERTIFICATE")


async def test_a_certificate_for_another_name(bench: Bench, ucx_port: int):
    """Trusted, and made out to somebody else."""
    async with behind_tls(bench.folder, ucx_port, name="DNS:ucx.example.com") as url:
        findings = await bench.examine(UCX_URL=url, UCX_CA_FILE=str(bench.folder / "cert.pem"))
    only_red(findings, "UCX certificate", "not made out to 127.0.0.1", "UCX_URL")


async def test_a_certificate_that_ends_soon(bench: Bench, ucx_port: int):
    """Within two weeks of its end the row is yellow."""
    async with behind_tls(bench.folder, ucx_port, days=3) as url:
        findings = await bench.examine(UCX_URL=url, UCX_CA_FILE=str(bench.folder / "cert.pem"))
    assert findings["UCX certificate"].severity is Severity.YELLOW
    assert "ends in 2 days" in findings["UCX certificate"].found


async def test_https_where_there_is_none(bench: Bench):
    """A port that speaks plain HTTP."""
    findings = await bench.examine(UCX_URL=bench.fax.url.replace("http:", "https:"))
    only_red(findings, "UCX certificate", "not with an encrypted connection", "UCX_URL")


# -- Slack


@pytest.mark.parametrize(
    ("name", "value", "row", "said"),
    [
        ("SLACK_BOT_TOKEN", f"xoxb-{SECRET}", "Slack bot token", "OAuth & Permissions"),
        ("SLACK_APP_TOKEN", f"xapp-{SECRET}", "Slack app token", "App-Level Tokens"),
    ],
)
async def test_a_wrong_token(bench: Bench, name: str, value: str, row: str, said: str):
    """Each token has a row of its own; the other one is checked all the same."""
    findings = await bench.examine(**{name: value})
    only_red(findings, row, f"{name} (invalid_auth)", said)


async def test_a_revoked_token(bench: Bench):
    """The app was taken out of the workspace: it has to be installed again."""
    bench.workspace.state.token_revoked = True
    only_red(await bench.examine(), "Slack bot token", "token_revoked", "Install App")


async def test_an_app_token_without_its_scope(bench: Bench):
    """connections:write is the one it needs."""
    bench.workspace.installation.faults.add(
        {"method": "apps.connections.open", "fault": "error", "error": "missing_scope", "times": None}
    )
    only_red(await bench.examine(), "Slack app token", "connections:write")


async def test_a_missing_scope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Every scope of manifest.yml that was not granted is named, and that a reinstall is needed."""
    scopes = ["commands", "chat:write", "channels:read", "users:read"]
    async with bench_in(tmp_path, monkeypatch, write_manifest(tmp_path, scopes)) as bench:
        row = only_red(await bench.examine(), "Slack scopes", "files:read", "files:write", "Reinstall")
    assert "chat:write" not in row.found


async def test_a_server_that_is_not_slack(bench: Bench):
    """A web page instead of data."""
    bench.workspace.installation.faults.add({"method": "*", "fault": "html", "times": None})
    findings = await bench.examine()
    assert set(named(findings, Severity.RED)) == {"Slack bot token", "Slack app token"}
    assert "SLACK_API_URL" in findings["Slack bot token"].remedy


async def test_slack_asks_for_a_pause(bench: Bench):
    """A rate limit is not a fault; the remedy is to wait."""
    bench.workspace.installation.faults.add(
        {"method": "auth.test", "fault": "ratelimited", "seconds": 30, "times": None}
    )
    only_red(await bench.examine(), "Slack bot token", "Wait a minute")


async def test_an_archived_inbound_channel(bench: Bench):
    """Nothing can be posted there."""
    bench.workspace.state.channels[INBOUND_FAX].is_archived = True
    only_red(await bench.examine(), "Inbound channel", "#inbound-fax is archived", "Unarchive")


async def test_an_unknown_inbound_channel(bench: Bench):
    """Mistyped, or private and not visible to the bot: the remedy names both."""
    findings = await bench.examine(FAXBOT_INBOUND_CHANNEL="C0NOSUCH01")
    only_red(findings, "Inbound channel", "C0NOSUCH01", "/invite @faxbot", "Else copy the id anew")


async def test_an_inbound_channel_without_the_bot(bench: Bench):
    """The remedy is what to type, and where."""
    findings = await bench.examine(FAXBOT_INBOUND_CHANNEL=LEGAL)
    only_red(findings, "Inbound channel", "not in #legal", "Type /invite @faxbot in #legal.")


async def test_a_direct_message_as_the_inbound_channel(bench: Bench):
    """One is in one's own direct messages."""
    assert (await bench.examine(FAXBOT_INBOUND_CHANNEL="D02DANA001"))[
        "Inbound channel"
    ].severity is Severity.GREEN


async def test_a_refused_handshake(bench: Bench):
    """Something on the way stops WebSockets."""
    bench.workspace.installation.socket.refuse_handshakes = 1
    only_red(await bench.examine(), "Socket Mode", "WebSocket")


async def test_socket_mode_switched_off(bench: Bench):
    """The first message on the connection says so."""
    await bench.workspace.installation.socket.set_enabled(enabled=False)
    only_red(await bench.examine(), "Socket Mode", "Enable Socket Mode")


async def test_too_many_connections(bench: Bench):
    """Ten connections are open already: the row is yellow, since faxbot itself may hold them."""
    bench.workspace.settings.max_connections = 0
    assert (await bench.examine())["Socket Mode"].severity is Severity.YELLOW


# -- HTTP mode


@pytest.fixture
def port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def look_in_http_mode(bench: Bench, port: int, **changed: str) -> dict[str, Finding]:
    """What the doctor finds with a signing secret and without an app-level token."""
    given = {
        "SLACK_APP_TOKEN": "",
        "SLACK_SIGNING_SECRET": bench.workspace.signing_secret,
        "FAXBOT_HTTP_PORT": str(port),
    }
    return await bench.examine(rows=HTTP_ROWS, **(given | changed))


async def test_http_mode_before_the_start(bench: Bench, port: int):
    """The port is free: green, and no socket is opened."""
    findings = await look_in_http_mode(bench, port)
    assert named(findings, Severity.RED) == []
    assert "Nothing listens" in findings["HTTP mode"].found
    assert bench.workspace.journal.of("socket_open") == []


async def test_http_mode_beside_the_bot(bench: Bench, port: int):
    """The bot answers the challenge, if it knows the same secret."""
    secret = bench.workspace.signing_secret
    endpoint = HttpEndpoint(ListenerHarness().app, secret, SystemClock().now, host="127.0.0.1", port=port)
    await endpoint.open()
    try:
        findings = await look_in_http_mode(bench, port)
        assert findings["HTTP mode"].found.startswith(
            f"faxbot listens at http://127.0.0.1:{port}/slack/events"
        )
        findings = await look_in_http_mode(bench, port, SLACK_SIGNING_SECRET="f" * 32)
        only_red(findings, "HTTP mode", "does not accept SLACK_SIGNING_SECRET", "start it again")
    finally:
        await endpoint.close()


async def test_http_mode_beside_another_program(bench: Bench):
    """Something else listens at the port; here, the stand-in itself."""
    port = int(bench.workspace.url.rpartition(":")[2])
    findings = await look_in_http_mode(bench, port)
    only_red(findings, "HTTP mode", "Something else", "FAXBOT_HTTP_PORT")


# -- this machine


async def test_a_folder_that_cannot_be_written(bench: Bench):
    """The remedy gives it to the user that faxbot runs as."""
    folder = bench.folder / "data"
    folder.mkdir(mode=0o500)
    where = "/proc/self/fdinfo" if os.getuid() == 0 else str(folder)  # root writes anywhere else
    findings = await bench.examine(FAXBOT_DATA_DIR=where, DATABASE_URL=f"sqlite:///{bench.folder}/f.db")
    row = findings["Data directory"]
    assert row.severity is Severity.RED
    assert f"Nothing can be written to {where}" in row.found
    assert "sudo chown -R" in row.remedy
    assert "FAXBOT_DATA_DIR" in row.remedy


async def test_a_folder_that_is_a_file(bench: Bench):
    """Nothing can be kept in it."""
    (bench.folder / "data").touch()
    findings = await bench.examine(DATABASE_URL=f"sqlite:///{bench.folder}/f.db")
    only_red(findings, "Data directory", "is a file")


async def test_a_folder_that_others_can_read(bench: Bench):
    """It works, and the remedy closes it."""
    folder = bench.folder / "data"
    (folder / "spool").mkdir(parents=True, mode=0o755)
    folder.chmod(0o755)
    row = (await bench.examine())["Data directory"]
    assert row.severity is Severity.YELLOW
    assert f"chmod -R go= {folder}" in row.remedy
    folder.chmod(0o700)
    (folder / "spool").chmod(0o700)
    assert (await bench.examine())["Data directory"].severity is Severity.GREEN


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
async def test_files_of_another_user(bench: Bench):
    """Someone else's folder is a yellow row, with the command that runs the doctor as that user."""
    folder = bench.folder / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, 1, 1)
    row = (await bench.examine())["Data directory"]
    assert row.severity is Severity.YELLOW
    assert "sudo -u" in row.remedy


@pytest.mark.parametrize(
    ("free", "severity"), [(299, Severity.RED), (900, Severity.YELLOW), (2000, Severity.GREEN)]
)
async def test_a_full_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch, free: int, severity: Severity):
    """Room for three of the largest documents is the least; below a gigabyte the row is yellow."""
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: SimpleNamespace(free=free << 20))
    row = (await bench.examine())["Free space"]
    assert row.severity is severity
    if severity is not Severity.GREEN:
        assert "Make room" in row.remedy
        assert f"{free} MB" in row.found


async def test_a_database_on_a_fuller_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """The disk with less room counts."""
    other = bench.folder / "other"
    other.mkdir()
    monkeypatch.setattr(
        machine.shutil, "disk_usage", lambda at: SimpleNamespace(free=(10 if at == other else 9000) << 20)
    )
    findings = await bench.examine(DATABASE_URL=f"sqlite:///{other}/faxbot.db")
    only_red(findings, "Free space", str(other))


@pytest.fixture
def database(bench: Bench) -> Path:
    """A database at the newest schema."""
    database_in(bench.folder / "data").dispose()
    return bench.folder / "data" / "faxbot.db"


def content(path: Path) -> bytes:
    """All of it."""
    return path.read_bytes()


def set_schema(path: Path, version: str | None) -> None:
    """Make the database say that it has this schema; None: it says nothing."""
    engine = open_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        if version:
            connection.execute(
                text("UPDATE alembic_version SET version_num = :version"), {"version": version}
            )
        else:
            connection.execute(text("DROP TABLE alembic_version"))
    engine.dispose()


async def test_a_migrated_database(bench: Bench, database: Path):
    """Its schema is the newest; the check does not change a byte of it."""
    before = content(database)
    row = (await bench.examine())["Database"]
    assert (row.severity, newest_revision() in row.found) == (Severity.GREEN, True)
    assert content(database) == before


@pytest.mark.parametrize("version", ["0001", None])
async def test_an_unmigrated_database(bench: Bench, database: Path, version: str | None):
    """The remedy is faxbot migrate; the doctor does not migrate by itself."""
    set_schema(database, version)
    before = content(database)
    only_red(await bench.examine(), "Database", newest_revision(), "faxbot migrate")
    assert content(database) == before


async def test_a_database_of_a_newer_faxbot(bench: Bench, database: Path):
    """An older program must not touch it."""
    set_schema(database, "9999")
    only_red(await bench.examine(), "Database", "9999", "newer")


@pytest.fixture
def letter(bench: Bench) -> Path:
    """Something else under the database's name."""
    path = bench.folder / "data" / "faxbot.db"
    path.parent.mkdir()
    path.write_bytes(b"This is a letter to my aunt. " * 400)
    return path


@pytest.mark.usefixtures("letter")
async def test_a_file_that_is_no_database(bench: Bench):
    """The remedy names the setting and the backup."""
    only_red(await bench.examine(), "Database", "DATABASE_URL", "backup")


async def test_no_ghostscript(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """It is optional: yellow, with what it is for."""
    monkeypatch.setenv("PATH", str(bench.folder))
    row = (await bench.examine())["Converters"]
    assert row.severity is Severity.YELLOW
    assert "ghostscript" in row.remedy


# -- no answers


async def test_servers_that_take_the_call_and_say_nothing(bench: Bench):
    """The doctor has a deadline: red rows with remedies, within the time for all of them."""
    silent = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        began = time.monotonic()
        findings = await bench.examine(each=0.5, all_=1.0, UCX_URL=url, SLACK_API_URL=f"{url}/api/")
        took = time.monotonic() - began
        silent.set()
    assert took < 8  # each of the clients would try for 13 s
    assert set(named(findings, Severity.RED)) == {"UCX credentials", "Slack bot token", "Slack app token"}
