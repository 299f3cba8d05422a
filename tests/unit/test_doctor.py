"""`faxbot doctor` without servers: the round of checks, what is made of what was found, and the table."""

import asyncio
import json
import socket
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from faxbot.doctor.blocking import run_in_thread
from faxbot.doctor.clocks import clock_finding, clock_skew
from faxbot.doctor.fax_server import lines_finding
from faxbot.doctor.finding import Check, CheckFailed, Finding, Severity, green, red, yellow
from faxbot.doctor.network import ServerAddress, first_reachable_address
from faxbot.doctor.report import SETTINGS, as_json, exit_code, summary, table
from faxbot.doctor.runner import redact, run_checks
from faxbot.doctor.slack import SlackChecks, manifest_scopes
from faxbot.fax.line import FaxLine, LineUsage

SALES, SUPPORT = FaxLine("1", "Sales"), FaxLine("2", "Support")
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def found(finding: Finding):
    """A check with this finding."""

    async def look() -> Finding:
        return finding

    return look


def drawn(findings: dict[str, Finding], width: int = 80) -> str:
    """The table as a terminal without colors shows it."""
    out = StringIO()
    Console(file=out, width=width).print(table(findings))
    return out.getvalue()


# -- the round


async def test_what_needs_a_red_check_is_skipped_and_names_it():
    """Down the whole chain, the check that is red is named."""
    findings = await run_checks(
        [
            Check("first", found(red("It is broken.", "Mend it."))),
            Check("second", found(green("fine")), needs="first"),
            Check("third", found(green("fine")), needs="second"),
            Check("other", found(green("fine"))),
        ]
    )
    assert [each.severity for each in findings.values()] == [
        Severity.RED,
        Severity.SKIPPED,
        Severity.SKIPPED,
        Severity.GREEN,
    ]
    assert findings["second"].found == findings["third"].found == "skipped: “first” comes first"


async def test_yellow_holds_up_nothing():
    """A check that needs a yellow one runs."""
    checks = [Check("first", found(yellow("a", "b"))), Check("second", found(green("c")), needs="first")]
    assert (await run_checks(checks))["second"].severity is Severity.GREEN


async def test_after_waits_and_does_not_mind_red():
    """`after` is an order, not a condition."""
    done = []

    async def slow() -> Finding:
        await asyncio.sleep(0.01)
        done.append("slow")
        return red("a", "b")

    async def later() -> Finding:
        assert done == ["slow"]
        return green("c")

    findings = await run_checks([Check("slow", slow), Check("later", later, after="slow")])
    assert findings["later"].severity is Severity.GREEN


async def test_what_does_not_answer_is_red_after_its_own_time():
    """Checks side by side: two that never answer take as long as one, and their remedies differ."""
    never = asyncio.Event()

    async def wait() -> Finding:
        await never.wait()
        return green("never")

    began = asyncio.get_running_loop().time()
    findings = await run_checks([Check("one", wait), Check("two", wait, late="Do this.")], each=0.6)
    assert asyncio.get_running_loop().time() - began < 1.15
    assert {each.severity for each in findings.values()} == {Severity.RED}
    assert findings["two"].remedy == "Do this."
    assert findings["one"].remedy


async def test_a_chain_of_slow_answers_ends_with_the_whole_round():
    """Each answer comes in its own time, and all together do not: the rest is red in time."""

    async def slow() -> Finding:
        await asyncio.sleep(0.5)
        return green("at last")

    names = ["a", "b", "c", "d", "e"]
    checks = [Check(n, slow, needs=names[i - 1] if i else "") for i, n in enumerate(names)]
    began = asyncio.get_running_loop().time()
    findings = await run_checks(checks, each=10, all_=1.3)
    assert asyncio.get_running_loop().time() - began < 2.3
    assert [findings[n].severity for n in names[:2]] == [Severity.GREEN, Severity.GREEN]
    assert findings["e"].severity in (Severity.RED, Severity.SKIPPED)


async def test_a_failing_check_is_a_red_row():
    """A fault of the doctor's own is one row with the exception's type and not its words."""

    async def broken() -> Finding:
        raise KeyError("xoxb-secret")

    async def ill() -> Finding:
        raise CheckFailed(red("early", "end"))

    findings = await run_checks([Check("broken", broken), Check("ill", ill)])
    assert "KeyError" in findings["broken"].found
    assert "xoxb" not in str(findings["broken"])
    assert findings["broken"].remedy
    assert findings["ill"] == red("early", "end")


async def test_a_thread_that_never_ends_holds_up_no_exit():
    """A name server that does not answer can't be interrupted; the program ends all the same."""
    script = (
        "import asyncio, time\n"
        "from faxbot.doctor.blocking import run_in_thread\n"
        "async def main():\n"
        "    try:\n"
        "        async with asyncio.timeout(0.1): await run_in_thread(lambda: time.sleep(600))\n"
        "    except TimeoutError: print('late')\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, out, err) == (0, b"late\n", b"")


async def test_what_happens_apart_comes_back():
    """A result is returned and an exception raised as if it had happened here."""
    assert await run_in_thread(lambda: 7) == 7
    with pytest.raises(FileNotFoundError):
        await run_in_thread(lambda: open("/nowhere/at/all"))  # noqa: PTH123, SIM115 - it raises


def test_secrets_are_struck_out():
    """A secret is redacted in findings and in remedies."""
    findings = redact({"a": red("no hunter2 here", "try hunter2"), "b": green("12")}, ["hunter2", "", "1"])
    assert findings == {"a": red("no … here", "try …"), "b": green("12")}


# -- the table


def test_each_row_says_its_light_in_words_and_its_remedy():
    """Colors are not all: red is also a word, and the remedy stands below what was found."""
    text = drawn(
        {
            "One": green("fine"),
            "Two": red("broken", "Mend it."),
            "Three": Finding(Severity.SKIPPED, "skipped: x"),
        }
    )
    rows = [line.split() for line in text.splitlines()]
    assert ["green", "One", "fine"] in rows
    assert ["red", "Two", "broken"] in rows
    assert ["→", "Mend", "it."] in rows
    assert ["skipped", "Three", "skipped:", "x"] in rows


def test_what_servers_say_is_no_markup():
    """Square brackets of a server's words stay as they are, and control codes do nothing."""
    text = drawn({"One": red("said [bold]x[/bold] [/] \x1b[2J", "do [this]")})
    assert "[bold]x[/bold] [/]" in text
    assert "do [this]" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ([green("a")], 0, "All green."),
        ([yellow("a", "b")], 0, "Nothing red. Yellow works, but needs attention."),
        ([red("a", "b"), yellow("a", "b"), red("a", "b")], 1, "2 red: begin with the first."),
    ],
)
def test_the_exit_code(rows, code, said):
    """0 when nothing is red, 1 when something is; the sentence below the table agrees."""
    findings = {SETTINGS: green("fine")} | {str(i): each for i, each in enumerate(rows)}
    assert exit_code(findings) == code
    assert summary(findings) == said
    assert json.loads(as_json(findings))["ok"] is (code == 0)


def test_unusable_settings_have_a_code_of_their_own():
    """2, so that a script can distinguish a missing setting from a server that is down."""
    assert exit_code({SETTINGS: red("UCX_URL is missing.", "Set it.")}) == 2


def test_the_json_has_the_same_rows():
    """In the order of the table, with the same words."""
    findings = {SETTINGS: green("fine"), "Two": red("brøken", "Mend it.")}
    reply = json.loads(as_json(findings))
    assert reply == {
        "ok": False,
        "checks": [
            {"check": SETTINGS, "light": "green", "found": "fine", "remedy": ""},
            {"check": "Two", "light": "red", "found": "brøken", "remedy": "Mend it."},
        ],
    }


# -- what is made of what was found


@pytest.mark.parametrize(
    ("seconds", "severity"),
    [
        (0, "green"),
        (59, "green"),
        (-59, "green"),
        (61, "yellow"),
        (-200, "yellow"),
        (301, "red"),
        (-9999, "red"),
    ],
)
def test_clocks_may_differ_by_a_minute(seconds: int, severity: str):
    """More than a minute is yellow, more than five minutes is red, ahead or behind."""
    skew = clock_skew({"date": format_datetime(NOW - timedelta(seconds=seconds), usegmt=True)}, NOW)
    finding = clock_finding(skew, whose="the UCX")
    assert finding.severity == severity
    assert bool(finding.remedy) is (severity != "green")
    if severity != "green":
        assert ("ahead of" if seconds > 0 else "behind") in finding.found


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": ""}])
def test_a_server_without_a_date_header_is_yellow(headers):
    """Nothing is known, and nothing is wrong."""
    finding = clock_finding(clock_skew(headers, NOW), whose="the UCX")
    assert (finding.severity, bool(finding.remedy)) == (Severity.YELLOW, True)


@pytest.mark.parametrize(
    ("text", "severity", "said"),
    [
        ("Running and idle", Severity.GREEN, "Sales idle, Support idle."),
        ("Sending job 83", Severity.GREEN, "Sales idle, Support sending TX83."),
        ("Waiting for modem to come ready", Severity.YELLOW, "up to a minute"),
        ("Waiting for modem to come free", Severity.GREEN, "modem in use"),
        ("Not running", Severity.RED, "Look at Support"),
        ("Humming a tune", Severity.GREEN, "Humming a tune"),
    ],
)
def test_lines(text: str, severity: Severity, said: str):
    """A line that comes ready is no fault, and the row says for how long; one that does not run is."""
    finding = lines_finding([SALES, SUPPORT], [LineUsage("1", "Running and idle"), LineUsage("2", text)])
    assert finding.severity is severity
    assert said in f"{finding.found} {finding.remedy}"


def test_a_line_without_a_state_is_red():
    """FaxList knows it and FaxUsage does not."""
    finding = lines_finding([SALES, SUPPORT], [LineUsage("1", "Running and idle")])
    assert finding.severity is Severity.RED
    assert "Support" in finding.remedy


@pytest.mark.parametrize(
    ("message", "severity", "said"),
    [
        ({"type": "hello", "connection_info": {"app_id": "A1"}}, Severity.GREEN, "greets"),
        ({"type": "hello"}, Severity.GREEN, "greets"),
        ({"type": "hello", "connection_info": {"app_id": "A2"}}, Severity.RED, "two different apps"),
        ({"type": "disconnect", "reason": "link_disabled"}, Severity.RED, "Enable Socket Mode"),
        ({"type": "disconnect", "reason": "too_many_websockets"}, Severity.YELLOW, "several times"),
    ],
)
def test_slacks_first_message(message, severity: Severity, said: str):
    """What the first message on a connection means, and whether both tokens are of one app."""
    finding = SlackChecks.socket_finding(message, "A1")
    assert finding.severity is severity
    assert said in f"{finding.found} {finding.remedy}"


@pytest.mark.parametrize(
    ("url", "shown", "encrypted", "local"),
    [
        ("https://ucx.example.com", "ucx.example.com:443", True, False),
        ("http://127.0.0.1:8080/x", "127.0.0.1:8080", False, True),
        ("wss://wss.slack.com/link/?ticket=1", "wss.slack.com:443", True, False),
        (" http://localhost ", "localhost:80", False, True),
    ],
)
def test_places(url: str, shown: str, *, encrypted: bool, local: bool):
    """Where an address leads, and whether it stays on this machine."""
    place = ServerAddress.of("UCX_URL", url)
    assert (str(place), place.encrypted, place.local) == (shown, encrypted, local)


async def test_a_name_server_that_never_answers(monkeypatch: pytest.MonkeyPatch):
    """The check ends at its deadline and its remedy says whom to ask."""
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait(60))
    with pytest.raises(CheckFailed) as caught:
        await first_reachable_address(ServerAddress.of("UCX_URL", "https://ucx.example.com"), seconds=0.1)
    answered.set()
    assert "name server" in caught.value.finding.found
    assert caught.value.finding.remedy


async def test_a_firewall_that_swallows_everything(monkeypatch: pytest.MonkeyPatch):
    """Of several addresses each gets its share of the time; the remedy names machine and port."""
    tried = []

    async def swallow(address: str, port: int) -> None:
        tried.append(address)
        await asyncio.Event().wait()

    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_, **__: [(2, 1, 6, "", (each, 443)) for each in ("10.0.0.1", "10.0.0.2")],
    )
    monkeypatch.setattr(asyncio, "open_connection", swallow)
    began = asyncio.get_running_loop().time()
    with pytest.raises(CheckFailed) as caught:
        await first_reachable_address(ServerAddress.of("UCX_URL", "https://ucx.example.com"), seconds=0.8)
    assert asyncio.get_running_loop().time() - began < 1.5
    assert tried == ["10.0.0.1", "10.0.0.2"]
    assert "ucx.example.com, port 443" in caught.value.finding.remedy


async def test_the_second_address_counts_too(monkeypatch: pytest.MonkeyPatch):
    """A name with an address that is unreachable and one that answers is reached."""

    async def open_connection(address: str, port: int):
        if address == "::1":
            raise OSError(101, "Network is unreachable")
        return None, SimpleNamespace(close=lambda: None)

    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (each, 443)) for each in ("::1", "10.0.0.2")]
    )
    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    assert await first_reachable_address(ServerAddress.of("UCX_URL", "https://ucx.example.com")) == "10.0.0.2"


def test_the_scopes_are_the_manifests():
    """The doctor compares with the file that made the app."""
    assert "chat:write" in manifest_scopes()
