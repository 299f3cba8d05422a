"""Lines (virtual faxes) as configured, and the modem that serves each of them."""

from dataclasses import dataclass, field

IDLE = "Running and idle"
INITIALIZING = "Initializing server"
ANSWERING = "Answering the phone"
RECEIVING = "Receiving facsimile"
COMING_READY = "Waiting for modem to come ready"
COMING_FREE = "Waiting for modem to come free"


def digits(number: str) -> str:
    """Only the digits of a dialling string."""
    return "".join(character for character in number if character.isdigit())


@dataclass(frozen=True)
class SimulatedLine:
    """One virtual fax, as FaxList tells it."""

    id: str
    extension: str
    name: str
    cidnumber: str
    cidname: str

    @property
    def modem(self) -> str:
        """The TTY device that jobs and records name."""
        return f"ttyIAX{self.id}"

    def reached_by(self, destination: str) -> bool:
        """Whether dialling *destination* rings here, with or without the country code."""
        dialled = digits(destination)
        return len(dialled) >= 10 and dialled[-10:] == digits(self.cidnumber)[-10:]


DEFAULT_LINES = (
    SimulatedLine("1", "599", "Sales", "14695551111", "EMT Sales"),
    SimulatedLine("2", "598", "Support", "14695551112", "EMT Support"),
    SimulatedLine("3", "597", "Billing", "14695551113", "EMT Billing"),
)


@dataclass(eq=False)
class Modem:
    """The modem of one line: what it is doing, and whether it may be used."""

    line: SimulatedLine
    doing: str = field(default=IDLE)
    in_order: bool = True

    @property
    def free(self) -> bool:
        """Whether a call may be placed or taken right now."""
        return self.in_order and self.doing == IDLE

    @property
    def state(self) -> str:
        """The line state of FaxUsage."""
        return COMING_READY if self.doing == IDLE and not self.in_order else self.doing
