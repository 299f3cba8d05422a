"""
Logs carry ids, never numbers, names, file names, tokens or message text.

faxbot's own log messages follow this rule. Messages of libraries and of exceptions may not: pydantic quotes
its input, an OSError names the file, HTTP clients name the address. Of those only the parts that come from
source code are logged: types, locations, and the template of a library's message without its arguments.
"""

import errno
import json
import logging
import os
import sqlite3
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from faxbot.services.model import correlation

log = logging.getLogger(__name__)

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PACKAGE = os.path.dirname(__file__) + os.sep  # noqa: PTH120 - as logging spells a record's pathname
_ROOTS = sorted({os.path.dirname(os.path.dirname(__file__)), *sys.path} - {""}, key=len, reverse=True)  # noqa: PTH120
_FRAMES = 25
"""The number of innermost frames that are logged."""
_CAUSES = 6
"""Maximum length of a logged chain of exceptions."""

CAPPED = ("slack_sdk", "slack_bolt", "httpx", "httpcore", "aiohttp", "apscheduler", "alembic", "sqlalchemy")
"""Libraries whose messages below WARNING are not logged."""


def set_up_logs(level: str, *, as_json: bool = False) -> None:
    """
    Log to standard error at *level*, as text, or with *as_json* as one JSON object per line.

    Libraries in `CAPPED` log from WARNING on. Python's warnings and uncaught exceptions are logged, too.
    """
    handler = _Handler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else LineFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in CAPPED:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _ended_a_thread
    warnings.showwarning = _warned


class LineFormatter(logging.Formatter):
    """`time level logger: message id=value …`, followed by the traceback, indented."""

    def format(self, record: logging.LogRecord) -> str:
        """*record* as text, without values from libraries."""
        head = f"{self.formatTime(record)} {record.levelname} {record.name}: {message_of(record)}"
        facts = "".join(f" {name}={value}" for name, value in facts_of(record).items())
        error = record.exc_info[1] if record.exc_info else None
        below = [f"\n  {line}" for line in traceback_lines(error)] if error else []
        return "".join([head, facts, *below])


class JsonFormatter(logging.Formatter):
    """
    `{"time", "level", "logger", "message", …}`: ids and counts are members, a traceback is a list of lines.

    `time` is ISO 8601 in UTC.
    """

    def format(self, record: logging.LogRecord) -> str:
        """*record* as one line of JSON, without values from libraries."""
        error = record.exc_info[1] if record.exc_info else None
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **facts_of(record),
            **({"error": traceback_lines(error)} if error else {}),
        }
        return json.dumps(line, ensure_ascii=False)


def message_of(record: logging.LogRecord) -> str:
    """The message of *record*; of a library's the template, or only its location if it has no arguments."""
    if _is_ours(record):
        return _printable(record.getMessage())
    where = f"{_place(record.pathname)}:{record.lineno} in {record.funcName}"
    # Without arguments, the message may have been formatted before, so that it contains values.
    return f"{_printable(str(record.msg))} [{where}]" if record.args else f"[{where}]"


def facts_of(record: logging.LogRecord) -> dict[str, str]:
    """The ids and counts in *record*'s `extra`, and the correlation id; none for a library's record."""
    if not _is_ours(record):
        return {}
    facts = {name: _printable(str(value)) for name, value in vars(record).items() if name not in _STANDARD}
    correlation_id = correlation.current()
    return facts | ({"correlation_id": correlation_id} if correlation_id else {})


def traceback_lines(error: BaseException) -> list[str]:
    """*error* and its causes: types and locations in code, no messages. The newest exception comes first."""
    lines: list[str] = []
    for number, each in enumerate(_chain(error)):
        lines += ["… after:"] if number else []
        lines += list(_frames(each.__traceback__))
        lines.append(_kind(each))
        for part in each.exceptions if isinstance(each, BaseExceptionGroup) else ():
            lines += [f"| {line}" for line in traceback_lines(part)]
    return lines


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen and len(seen) < _CAUSES:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _frames(trace: TracebackType | None) -> Iterator[str]:
    frames: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{_place(code.co_filename)}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    yield from (["…"] if len(frames) > _FRAMES else []) + frames[-_FRAMES:]


def _kind(error: BaseException) -> str:
    """The type of *error*, with its errno or SQLite error code."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    code = ""
    if isinstance(error, OSError) and error.errno:
        code = errno.errorcode.get(error.errno, str(error.errno))
    elif isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorname", "")
    return f"{name} {code}".rstrip()


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether faxbot's own code logged it; not by the logger's name, since libraries use our loggers, too."""
    return record.pathname.startswith(_PACKAGE)


def _place(path: str) -> str:
    """The path of a source file relative to the folder it is imported from."""
    return next((path[len(root) :].lstrip(os.sep) for root in _ROOTS if path.startswith(root)), path)


def _printable(text: str) -> str:
    """*text* on one line: external text cannot start a new log line."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


class _Handler(logging.StreamHandler[Any]):
    """Writes to standard error. For a record that cannot be formatted, only its location is printed."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Print the record's location; logging's own implementation prints its arguments."""
        error = sys.exc_info()[1]
        where = f"{_place(record.pathname)}:{record.lineno}"
        print(f"a record of {where} could not be logged: {type(error).__name__}", file=sys.stderr)  # noqa: T201


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("faxbot ended by an unexpected exception", exc_info=error)


def _unraisable(trouble: Any) -> None:  # noqa: ANN401 - sys.UnraisableHookArgs exists for type checkers only
    log.error("exception ignored by Python", exc_info=trouble.exc_value)


def _ended_a_thread(args: threading.ExceptHookArgs) -> None:
    log.error("a thread ended by an unexpected exception", exc_info=args.exc_value)


def _warned(  # noqa: PLR0917 - the signature is Python's
    message: Warning | str,  # noqa: ARG001 - it may contain values
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    log.warning(
        "Python warning", extra={"category": category.__name__, "place": f"{_place(filename)}:{lineno}"}
    )
