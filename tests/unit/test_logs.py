"""Logs contain only ids, types and locations in code, whichever code logs and whatever is raised."""

import errno
import json
import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import httpx
import pytest
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from faxbot import logs
from faxbot.fax.errors import AnswerLost, RequestRefused
from faxbot.services.requests import runner
from faxbot.store.engine import open_engine

ROOT = Path(__file__).parents[2]
NUMBER = "+1 469-555-0101"
LINE = logs.LineFormatter()


def record(path: str, message: str, *args: object, error: BaseException | None = None, **facts: object):
    """A record as *path*'s code would write it."""
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("some.logger", logging.WARNING, path, 7, message, args, info, "work")
    vars(made).update(facts)
    return made


def ours(message: str, *args: object, **more: object) -> str:
    return LINE.format(record(runner.__file__, message, *args, **more))


def theirs(message: str, *args: object, **more: object) -> str:
    return LINE.format(record(httpx.__file__, message, *args, **more))


def raised(work) -> Exception:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever the library raises
        return error
    raise AssertionError


def test_our_own_lines_say_what_they_say():
    """A message of faxbot's is printed with its ids."""
    line = ours("a request waits for %s", "Slack", request=12)
    assert line.endswith("WARNING some.logger: a request waits for Slack request=12")


def test_a_value_begins_no_line_of_its_own():
    """What came from outside cannot pass for another entry of the log."""
    line = ours("Slack answers %s", "x\n2026-01-01 ERROR faxbot: gone", channel="C1\r\nC2")
    assert len(line.splitlines()) == 1


def test_a_librarys_values_are_not_printed():
    """Of a library's message the template and the place are left, and none of its extras."""
    line = theirs("could not reach %s", f"https://ucx/?destination={NUMBER}", url=NUMBER)
    assert line.endswith("some.logger: could not reach %s [httpx/__init__.py:7 in work]")


def test_a_librarys_finished_message_is_not_printed():
    """A message without arguments may have been put together before: only its place is left."""
    assert NUMBER not in theirs(f"could not dial {NUMBER}")
    assert "[httpx/__init__.py:7 in work]" in theirs(f"could not dial {NUMBER}")


def _validation() -> None:
    TypeAdapter(int).validate_python(NUMBER)


def _statement(folder: Path) -> None:
    with open_engine(f"sqlite:///{folder / 'x.db'}").connect() as connection:
        connection.execute(text("select :a from nowhere"), {"a": NUMBER})


def _chained() -> None:
    try:
        _validation()
    except ValueError as exc:
        raise AnswerLost(f"{NUMBER} was not answered") from exc


def _in_passing() -> None:
    try:
        raise KeyError(NUMBER)
    finally:
        raise ValueError(f"{NUMBER} was not answered")


def _grouped() -> None:
    raise ExceptionGroup(NUMBER, [ValueError(NUMBER), OSError(errno.ENOSPC, "full", NUMBER)])


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (_validation, ["pydantic_core._pydantic_core.ValidationError"]),
        (lambda: open(f"/nowhere/{NUMBER}"), ["FileNotFoundError ENOENT"]),  # noqa: PTH123, SIM115
        (_chained, ["faxbot.fax.errors.AnswerLost", "ValidationError", "in _chained", "in _validation"]),
        (_in_passing, ["ValueError", "KeyError", "in _in_passing"]),
        (_grouped, ["ExceptionGroup", "| ValueError", "| OSError ENOSPC"]),
        (lambda: httpx.URL(f"http://x:{NUMBER}/"), ["httpx.InvalidURL"]),
        (lambda: (_ for _ in ()).throw(RequestRefused(NUMBER)), ["faxbot.fax.errors.RequestRefused"]),
    ],
    ids=["pydantic", "file", "cause", "context", "group", "url", "ours"],
)
def test_an_exception_is_logged_by_type_and_place(work, expected):
    """What it says stays out; where it was raised, and what led to it, is there."""
    error = raised(work)
    line = ours("a request failed", error=error, request=3)
    assert NUMBER in f"{error}{error.__cause__}{error.__context__}"
    assert NUMBER not in line
    assert line.splitlines()[0].endswith("a request failed request=3")
    for each in expected:
        assert each in line
    assert "test_logs.py:" in line


def test_a_database_error_is_logged_with_sqlites_code(tmp_path):
    """The kind of trouble that a disk makes can be read, parameters and paths cannot."""
    error = raised(lambda: _statement(tmp_path))
    assert isinstance(error, DBAPIError)
    line = ours("the outbox stumbled", error=error)
    assert "sqlite3.OperationalError SQLITE_ERROR" in line
    assert NUMBER not in line
    assert "nowhere" not in line


def test_an_error_that_causes_itself_is_logged_once():
    """A circle of causes ends."""
    one, other = ValueError(NUMBER), KeyError(NUMBER)
    one.__context__, other.__context__ = other, one
    assert logs.traceback_lines(one) == ["ValueError", "… after:", "KeyError"]


def test_a_deep_stack_is_cut():
    """Of an endless recursion the innermost frames are logged."""

    def deeper(depth: int) -> None:
        if depth:
            deeper(depth - 1)
        raise RecursionError(NUMBER)

    expected = logs.traceback_lines(raised(lambda: deeper(200)))
    assert len(expected) < 40
    assert expected[0] == "…"
    assert expected[-1] == "RecursionError"


HOOKS = """
    import asyncio, gc, logging, sys, threading, warnings
    from faxbot.logs import set_up_logs
    set_up_logs("debug")
    secret = sys.argv[1]

    warnings.warn(f"what about {secret}", stacklevel=1)
    threading.Thread(target=lambda: int(secret)).start()

    class Sore:
        def __del__(self):
            raise ValueError(secret)

    Sore()

    async def alone():
        raise LookupError(secret)

    async def main():
        asyncio.get_running_loop().call_soon(int, secret)
        asyncio.create_task(alone())
        await asyncio.sleep(0.01)
        gc.collect()

    asyncio.run(main())
    class Wordless:
        def __str__(self):
            raise TypeError(secret)

    logging.getLogger("faxbot.x").warning(Wordless(), secret)
    raise RuntimeError(secret)
"""


def test_libraries_are_not_let_log_at_length():
    """At DEBUG our own lines are there, and none of a library's that is no warning."""
    program = """
        import logging
        from faxbot.logs import CAPPED, set_up_logs
        set_up_logs("debug")
        for name in CAPPED:
            logging.getLogger(f"{name}.deep").info("chatter about %s", 1)
            logging.getLogger(f"{name}.deep").warning("trouble with %s", 1)
        logging.getLogger("faxbot.x").debug("ours: %s", 1)
    """
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", textwrap.dedent(program)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stderr.count("trouble with") == len(logs.CAPPED)
    assert done.stderr.count("ours: ") == 1
    assert "chatter" not in done.stderr


def test_warnings_of_python_carry_no_values():
    """Warnings, dying threads, forgotten tasks, unwritable records, the last exception: types and places."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", textwrap.dedent(HOOKS), NUMBER],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert NUMBER not in said
    for expected in (
        "Python warning category=UserWarning place=<string>:",
        "a thread ended by an unexpected exception",
        "exception ignored by Python",
        "LookupError",
        "a record of <string>:30 could not be logged: TypeError",
        "faxbot ended by an unexpected exception\n  <string>:31 in <module>\n  RuntimeError",
    ):
        assert expected in said
    assert said.count("ValueError") == 3


def test_a_line_of_json_holds_the_same_and_no_more():
    """One object: the ids are members, what was raised is types and places; a library's values stay out."""
    error = raised(lambda: TypeAdapter(int).validate_python(NUMBER))
    made = record(runner.__file__, "a request failed", error=error, request=12)
    expected = json.loads(logs.JsonFormatter().format(made))
    assert expected["message"] == "a request failed"
    assert (expected["level"], expected["logger"], expected["request"]) == ("WARNING", "some.logger", "12")
    assert expected["time"].endswith("+00:00")
    assert expected["error"][-1].endswith("ValidationError")
    assert "0101" not in json.dumps(expected)
    theirs = json.loads(logs.JsonFormatter().format(record(httpx.__file__, "to %s", NUMBER, phone=NUMBER)))
    assert "0101" not in json.dumps(theirs)
