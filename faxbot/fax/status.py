"""
Classifies HylaFAX's status texts by cause, with a plain description and the next step.

The texts are open-ended and differ by version: patterns group them; an unknown text is shown as it is.

Source: the codes in HylaFAX's faxd/STATUS.txt; the line states of FaxUsage, ucx-fax-api.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a fax was not delivered completely, grouped by what a person can do about it."""

    NONE = "none"
    UNDERWAY = "underway"
    DELAYED = "delayed"
    NOT_DIALED = "not_dialed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NOT_A_FAX = "not_a_fax"
    LINE_QUALITY = "line_quality"
    DOCUMENT = "document"
    CONVERSION = "conversion"
    SERVER = "server"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """*plain* describes what happened, *advice* is a sentence with the next step; both empty for NONE."""

    cause: Cause
    plain: str
    advice: str


_WORDS = {
    Cause.NONE: ("", ""),
    Cause.UNDERWAY: ("Under way", "Nothing to do."),
    Cause.DELAYED: ("Waiting for its turn", "It goes out by itself."),
    Cause.NOT_DIALED: ("Not dialed", "Check the number; if it is right, tell an admin."),
    Cause.BUSY: ("Busy", "Check the number, or send it again later."),
    Cause.NO_ANSWER: ("No answer", "Check the number, or send it again later."),
    Cause.NOT_A_FAX: (
        "No fax machine answered",
        "Call the number to hear who answers, or ask the recipient for their fax number.",
    ),
    Cause.LINE_QUALITY: ("The line was cut", "Send it again; if it fails again, try another time of day."),
    Cause.DOCUMENT: ("The document could not be faxed", "Save it as a PDF again and send that."),
    Cause.CONVERSION: ("The fax server could not convert the document", "Save it as a PDF and send that."),
    Cause.SERVER: ("The fax server had a fault", "Tell an admin if it happens again."),
    Cause.BLOCKED: (
        "Waiting for another fax to the same number",
        "It goes out when the other one is done.",
    ),
    Cause.CANCELLED: ("Stopped", "Nothing more is sent."),
    Cause.UNKNOWN: (
        "Something the fax server has no plain word for",
        "Send it again; tell an admin if it fails.",
    ),
}

_CAUSES: tuple[tuple[Cause, str], ...] = (
    (Cause.UNDERWAY, r"^dial+ing|^call successful|^normal and proper|^(?:sending|receiving)\b"),
    (Cause.BLOCKED, r"concurrent call"),
    (Cause.DELAYED, r"^delayed by|time-of-day"),
    (Cause.CANCELLED, r"(?:abort|interrupt|kill|cancel|remov)\w* by (?:user|request|the user|admin)"),
    (Cause.CANCELLED, r"(?:send|receive|call) aborted due to|^job (?:removed|killed)"),
    (Cause.NOT_DIALED, r"dial string|dialing command|blacklist|too many attempts to transmit|kill time"),
    (
        Cause.NOT_DIALED,
        r"expiration|time-to-send|getty use|call rejected|no pin |^reject: too many attempts",
    ),
    (Cause.BUSY, r"\bbusy\b|\bglare\b"),
    (Cause.NO_ANSWER, r"no answer|ringback|ring detect(?:ed)? without"),
    (Cause.NOT_A_FAX, r"no carrier|data connection|no (?:receiver|sender) protocol|no t\.4 receiver|phase a"),
    (Cause.NOT_A_FAX, r"wanted fax|call deduced|\bvoice\b|permission denied|no document to poll"),
    (Cause.NOT_A_FAX, r"remote (?:station )?can ?not"),
    (Cause.SERVER, r"shared document|for writing|create document|document directory|\bfork|no loop current"),
    (Cause.DOCUMENT, r"document|tiff|too many pages|page (?:width|length)|conver(?:t|sion)|no work found"),
    (Cause.DOCUMENT, r"2dm|negotiated (?:signal|min scan)|directory \d|receive page count|image (?:for|err)"),
    (
        Cause.SERVER,
        r"dial ?tone|paging central|message block|\bexec\b|exit status|password|subaddress|botch;",
    ),
    (Cause.SERVER, r"(?:can ?not|could not|unable to) (?:open|create|lock|read|set ?up|set|configure)"),
    (Cause.SERVER, r"unable to (?:request polling|restrict)|modem command|support polling|requested modem"),
    (
        Cause.SERVER,
        r"write error|internal|job description|hangup code|unknown status|exempt from|login failed",
    ),
    (Cause.SERVER, r"modem device|stop and wait|initializ|terminated abnormally|flow control|go-ahead"),
    (
        Cause.LINE_QUALITY,
        r"\b(?:rsprec|comrec|dcn|rtn|nak|ecm|rnr|rr|ctc|eor|pp[rsm]|mps|eop|eom|dis|dtc|dcs)\b",
    ),
    (Cause.LINE_QUALITY, r"t\.30|v\.(?:21|34|17|29)|phase [b-e]|\btrain|carrier|protocol|silence|fminsp"),
    (Cause.LINE_QUALITY, r"no response|unable to transmit|disconnect|hung up|time ?out|operator|after pin"),
    (Cause.LINE_QUALITY, r"missing eol|premature|dropped|bad crc|procedure interrupt|<can>"),
    (Cause.SERVER, r"\bdte\b|\bdce\b|transparent data"),
)
_READ_CHARS = 300
"""Only the beginning is matched: running all patterns over a long text would block the event loop."""
_READ_LINES = 40
_CONVERSION = re.compile(
    r"convert(?:ed|ing) (?:tiff )?document|convert from|not valid tiff|format checker|pcl documents"
    r"|filetype conversion|determine file type|unsupported page size|job time limit|ghostscript|no formatter",
    re.IGNORECASE,
)
_REASON = re.compile(r"(?:document|pcl documents) ", re.IGNORECASE)
"""How the lines begin in which HylaFAX's converters say what is wrong with a document."""
_PATTERNS = tuple((cause, re.compile(pattern, re.IGNORECASE)) for cause, pattern in _CAUSES)


def diagnose(text: str) -> Diagnosis:
    """
    The diagnosis for a status text; UNKNOWN if no pattern matches, NONE if the text is empty.

    HylaFAX's own texts have one line. An unknown one of several lines is the output of a converter.
    """
    lines = _lines(text)
    if not lines:
        cause = Cause.NONE
    elif conversion_failed(text):
        cause = Cause.CONVERSION
    else:
        said = " ".join(lines)[:_READ_CHARS]
        cause = next((cause for cause, pattern in _PATTERNS if pattern.search(said)), Cause.UNKNOWN)
        if len(lines) > 1 and cause in (Cause.UNKNOWN, Cause.DOCUMENT):
            cause = Cause.CONVERSION
    return Diagnosis(cause, *_WORDS[cause])


def conversion_failed(text: str) -> bool:
    """Whether *text*, a status text or a refusal, says that the server could not convert the document."""
    return any(_CONVERSION.search(line) for line in _lines(text))


def reasons(text: str) -> str:
    """The part of a status text to quote: of a converter's output, what it says of the document."""
    lines = _lines(text)
    about_it = [line for line in lines if _REASON.match(line)]
    return " ".join(about_it if len(lines) > 1 and about_it else lines)


def _lines(text: str) -> list[str]:
    """The first lines that are not blank, each on its own and shortened."""
    lines = (" ".join(line.split())[:_READ_CHARS] for line in text[: _READ_CHARS * _READ_LINES].splitlines())
    return [line for line in lines if line][:_READ_LINES]


@dataclass(frozen=True, slots=True)
class LineState:
    """
    The state of a line; *words* are shown after its name.

    *healthy* is False only for a state that is a fault at once. *waiting* means that the modem is not ready:
    normal for the 13 to 33 s after a call, a fault after minutes, which the caller has to measure.
    """

    words: str
    healthy: bool = True
    busy: bool = False
    waiting: bool = False
    job_number: str | None = None


_SENDING_JOB = re.compile(r"sending (?:job|page \d+ of job)\s+(\d+)", re.IGNORECASE)
_RECEIVING_FROM = re.compile(r'receiving from "?(.*?)"?$', re.IGNORECASE)
_LINE_STATES: tuple[tuple[str, LineState], ...] = (
    (r"running and idle|^idle", LineState("idle")),
    (r"waiting for modem to come ready", LineState("modem not ready", waiting=True)),
    (r"waiting for modem to come free", LineState("modem in use", busy=True, waiting=True)),
    (r"^initiali[sz]ing", LineState("starting", waiting=True)),
    (r"^answering", LineState("answering a call", busy=True)),
    (r"^receiving", LineState("receiving a fax", busy=True)),
    (r"^sending", LineState("sending", busy=True)),
    (r"not running|wedged|\bdown\b|not respond|no such|fault|error", LineState("", healthy=False)),
)


def line_words(state_text: str) -> LineState:
    """Classify a line's state text; an unknown one is kept as it is."""
    text = " ".join(state_text.split())
    if job := _SENDING_JOB.match(text):
        return LineState(f"sending TX{job[1]}", busy=True, job_number=job[1])
    if (sender := _RECEIVING_FROM.match(text)) and sender[1].strip():
        return LineState(f'receiving from "{sender[1].strip()}"', busy=True)
    for pattern, state in _LINE_STATES:
        if re.search(pattern, text, re.IGNORECASE):
            return state if state.words else LineState(text, healthy=False)
    return LineState(text or "state not known")
