"""The configured lines (virtual faxes) and the modem of each."""

from dataclasses import dataclass, field

IDLE = "Running and idle"
INITIALIZING = "Initializing server"
ANSWERING = "Answering the phone"
RECEIVING = "Receiving facsimile"
COMING_READY = "Waiting for modem to come ready"
COMING_FREE = "Waiting for modem to come free"


def digits(number: str) -> str:
    """Only the digits of a dialing string."""
    return "".join(character for character in number if character.isdigit())


@dataclass(frozen=True)
class SimulatedLine:
    """One virtual fax, as FaxList lists it."""

    id: str
    extension: str
    name: str
    cidnumber: str
    cidname: str

    @property
    def modem(self) -> str:
        """The TTY device named in jobs and records."""
        return f"ttyIAX{self.id}"

    def reached_by(self, destination: str) -> bool:
        """Whether *destination* is this line's number, with or without the country code."""
        dialed = digits(destination)
        return len(dialed) >= 10 and dialed[-10:] == digits(self.cidnumber)[-10:]


DEFAULT_LINES = (
    SimulatedLine("1", "599", "Sales", "14695551111", "EMT Sales"),
    SimulatedLine("2", "598", "Support", "14695551112", "EMT Support"),
    SimulatedLine("3", "597", "Billing", "14695551113", "EMT Billing"),
)


@dataclass(eq=False)
class Modem:
    """The modem of one line: its current activity, and whether it is in service."""

    line: SimulatedLine
    activity: str = field(default=IDLE)
    in_service: bool = True

    @property
    def free(self) -> bool:
        """Whether a call can be placed or answered now."""
        return self.in_service and self.activity == IDLE

    @property
    def state(self) -> str:
        """The line state of FaxUsage."""
        return COMING_READY if self.activity == IDLE and not self.in_service else self.activity
