"""
Test numbers: the last four digits of a destination select how its calls end, as test cards do for payments.

A fax to the number of one of the server's own lines is received there. Any other number answers and the fax
is delivered. docs/fax-server.md repeats the table; a test compares the two.
"""

from dataclasses import dataclass
from enum import Enum

from faxbot.standins.ucx.hylafax.line import digits


class Retry(Enum):
    """The retry rule of a failed call, as HylaFAX's requeue times distinguish them."""

    BUSY = "busy"
    UNANSWERED = "unanswered"
    NO_CARRIER = "no carrier"
    NO_DIALTONE = "no dialtone"
    PROTOCOL = "protocol"


@dataclass(frozen=True)
class Failure:
    """How a call fails."""

    text: str
    retry: Retry
    after_pages: int | None = None
    """For a call that connects: it is cut in the page after this many."""

    @property
    def connects(self) -> bool:
        """Whether a fax machine answers before the call fails."""
        return self.after_pages is not None


class Hold(Enum):
    """Why a job to this number is never dialed."""

    BLOCKED = "blocked"
    IGNORED = "ignored"
    REFUSED = "refused"
    NOT_CONVERTED = "not converted"


BUSY = Failure("Busy signal detected", Retry.BUSY)
NO_ANSWER = Failure("No answer from remote", Retry.UNANSWERED)
NO_CARRIER = Failure("No carrier detected", Retry.NO_CARRIER)
NO_DIALTONE = Failure("No local dialtone", Retry.NO_DIALTONE)
VOICE = Failure("No receiver protocol (T.30 T1 timeout)", Retry.PROTOCOL)
CUT = "Unspecified Transmit Phase C error"


def cut_after(pages: int) -> Failure:
    """The call is cut in the page after *pages* confirmed ones."""
    return Failure(CUT, Retry.PROTOCOL, after_pages=pages)


@dataclass(frozen=True)
class NumberBehavior:
    """The outcome of calls to one test number."""

    summary: str
    first: tuple[Failure, ...] = ()
    """The failures of the first dials, one each."""
    then: Failure | None = None
    """The failure of every later dial; None: answered and delivered."""
    slowness: int = 1
    """Factor on the duration of a page."""
    hold: Hold | None = None

    def dial(self, dials_before: int) -> Failure | None:
        """The failure of the dial after *dials_before* others; None when it succeeds."""
        return self.first[dials_before] if dials_before < len(self.first) else self.then


DELIVERED = NumberBehavior("answered, delivered")

TEST_NUMBERS: dict[str, NumberBehavior] = {
    "0101": DELIVERED,
    "0102": NumberBehavior("answered, delivered slowly: four times as long a page", slowness=4),
    "0200": NumberBehavior("always busy: failed after 12 dials", then=BUSY),
    "0201": NumberBehavior("busy once, then delivered", first=(BUSY,)),
    "0202": NumberBehavior("busy twice, then delivered", first=(BUSY,) * 2),
    "0203": NumberBehavior("busy three times, then delivered", first=(BUSY,) * 3),
    "0300": NumberBehavior("no answer: failed after 12 dials", then=NO_ANSWER),
    "0301": NumberBehavior("no answer once, then delivered", first=(NO_ANSWER,)),
    "0400": NumberBehavior("no carrier: failed after 2 dials", then=NO_CARRIER),
    "0401": NumberBehavior("no carrier once, then delivered", first=(NO_CARRIER,)),
    "0500": NumberBehavior("a person answers, not a fax: failed after 3 tries", then=VOICE),
    "0501": NumberBehavior("a person answers once, then delivered", first=(VOICE,)),
    "0600": NumberBehavior("no dial tone on the line: failed after 12 dials", then=NO_DIALTONE),
    "0601": NumberBehavior("no dial tone once, then delivered", first=(NO_DIALTONE,)),
    "0700": NumberBehavior("cut in page 1 every time: failed after 3 tries", then=cut_after(0)),
    "0701": NumberBehavior("cut in page 2, then resumed there and delivered", first=(cut_after(1),)),
    "0702": NumberBehavior("cut in page 3, then resumed there and delivered", first=(cut_after(2),)),
    "0800": NumberBehavior("blocked by another call until canceled", hold=Hold.BLOCKED),
    "0801": NumberBehavior("stays ready, never picked up until the queue is woken", hold=Hold.IGNORED),
    "0900": NumberBehavior("refused by FileSend", hold=Hold.REFUSED),
    "0901": NumberBehavior(
        "never converted: failed with a text of several lines, lost by JobStatus", hold=Hold.NOT_CONVERTED
    ),
}


def lookup(destination: str) -> NumberBehavior:
    """The behavior of *destination* by its last four digits; DELIVERED for an ordinary number."""
    return TEST_NUMBERS.get(digits(destination)[-4:], DELIVERED)
