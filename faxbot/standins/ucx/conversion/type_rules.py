"""
HylaFAX's type rules: what a file is by its first bytes, whatever its name.

The rules are those of the `typerules` file, in its order: two letters can decide, so that a text that begins
with "MM" is taken as a TIFF. Only the first 512 bytes are read.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_READ = 512
_ASCII = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\n\v\f\r")


class DocumentFormat(StrEnum):
    """The formats that reach the fax server; TEXT is typeset before."""

    PDF = "PDF"
    POSTSCRIPT = "POSTSCRIPT"
    TIFF = "TIFF"
    PCL = "PCL"
    TEXT = "TEXT"


class DocumentRefusedError(Exception):
    """FileSend refuses this file; the message has several lines, like the real server's."""


@dataclass(frozen=True)
class _Rule:
    """One rule: the first bytes, and the format, the command of a missing converter, or the refusal."""

    starts: bytes
    result: DocumentFormat | None = None
    command: str = ""
    refusal: str = ""
    then: tuple[tuple[int, bytes, str], ...] = ()
    """Further rules, of which the first match wins: an offset, the bytes there, a command."""
    number: bool = False
    """Whether the bytes are compared as a number, for which at least one more byte must follow them."""


_SCALE = "| pnmscale -xysize 1734 1078 | pnmtops -dpi 204.00 -equalpixels > '{made}'"
_PORTABLE_MAP = "ppmtopgm < '{file}' " + _SCALE
_RULES = (
    _Rule(b"%!", DocumentFormat.POSTSCRIPT),
    _Rule(b"MM", DocumentFormat.TIFF, number=True),
    _Rule(b"II", DocumentFormat.TIFF, number=True),
    _Rule(b"\x01\xda", refusal="Cannot convert from SGI on Linux", number=True),
    _Rule(b"\x1f\x1e", refusal="packed data support not configured", number=True),
    _Rule(b"\x1f\x9d", refusal="compressed data support not configured", number=True),
    _Rule(b"\x05\x06", command="showcase -p -f '{file}'", number=True),
    _Rule(b"SC", command="showcase -p -f '{file}'", number=True),
    _Rule(b"\xf7\x02", command="dvips -q -o '{made}' '{file}'", number=True),
    _Rule(
        b"GIF",
        DocumentFormat.TIFF,
        then=(
            (3, b"87a", "gif2tiff -1 -v 98.00 '{file}' '{made}'"),
            (3, b"89a", "gif2ps <'{file}' >'{made}'"),
        ),
    ),
    _Rule(b"\x89", DocumentFormat.POSTSCRIPT, then=((1, b"PNG", "pngtopnm < '{file}'| ppmtopgm " + _SCALE),)),
    _Rule(b"\x59\xa6\x6a\x95", command="ras2tiff -1 -v 98.00 '{file}' '{made}'", number=True),
    *(_Rule(b"\x1b" + second, DocumentFormat.PCL, number=True) for second in (b"E", b"%", b"&", b"*")),
    _Rule(b"%PDF", DocumentFormat.PDF),
    _Rule(b"x T psc", command="psdit <'{file}' >'{made}'"),
    _Rule(b"begin", refusal="uuencoded file support not configured"),
    _Rule(b"xbtoa", refusal="btoa'd file support not configured"),
    *(_Rule(b"P%d" % kind, command=_PORTABLE_MAP) for kind in range(1, 7)),
    _Rule(b"WNGZWZSS", refusal="Wingz spreadsheet support not configured"),
    _Rule(b"#Inventor V", refusal="IRIS Inventor file support not configured"),
    _Rule(
        b"\xff\xd8",
        refusal="filetype conversion support not configured",
        then=((6, b"JFIF", "jpegtopnm < '{file}'| ppmtopgm " + _SCALE),),
        number=True,
    ),
    _Rule(b"\xd8\xff", refusal="filetype conversion support not configured", number=True),
    _Rule(b"#FIG", command="fig2dev -L ps -p x -M -N -z letter < '{file}' > '{made}'"),
)


def format_of(upload: Path, name: str) -> DocumentFormat:
    """
    The format of *upload*, named *name* by its sender.

    Raises:
        DocumentRefusedError: It is empty, of no known type, or the server has no converter for it.
    """
    with upload.open("rb") as file:
        head = file.read(_READ)
    if not head:
        raise DocumentRefusedError(
            f"{name}: Can not determine file type\n{name}: Empty file\nNothing to send"
        )
    rule = next((rule for rule in _RULES if _matches(rule, head)), None)
    if rule is None:
        if not _ASCII.issuperset(head):
            raise DocumentRefusedError(
                f"{name}: Can not determine file type\n"
                "Supported formats: POSTSCRIPT, TIFF, PDF, ASCII text, Troff output, Silicon Graphics\n"
                "Nothing to send",
            )
        return DocumentFormat.TEXT
    matching = (
        command
        for offset, there, command in rule.then
        if offset <= len(head) and _begins(head[offset:], there)
    )
    command = next(matching, rule.command)
    if command:
        raise DocumentRefusedError(_failed(command, name))
    if rule.result is None:
        raise DocumentRefusedError(f"{name}: {rule.refusal}\nNothing to send")
    return rule.result


def _matches(rule: _Rule, head: bytes) -> bool:
    if rule.number:
        return head.startswith(rule.starts) and len(head) > len(rule.starts)
    return _begins(head, rule.starts)


def _begins(head: bytes, start: bytes) -> bool:
    """Compare as the real rules do: only as many bytes as there are."""
    return head[: len(start)] == start[: len(head)]


def _failed(command: str, name: str) -> str:
    """The message of the shell and of sendfax: none of these converters is installed."""
    programs = [part.split()[0] for part in command.split("|")]
    command = command.format(file=name, made="/tmp/sndfaxQdX3kT")  # noqa: S108  # a text, as sendfax prints it
    return "\n".join(
        [
            *(f"sh: {program}: command not found" for program in programs),
            f'Error converting document; command was "{command}"',
        ]
    )
