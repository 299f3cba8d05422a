"""How long things take on the simulated fax system, and how often they are tried again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Simulated seconds; the defaults are rounded from recordings of HylaFAX 6.0.7 with Class 1 modems."""

    pickup: float = 0.6
    """The queue's pause before it takes up a job that became ready."""
    conversion: float = 0.9
    """From taking up a new job until its document is converted and its pages are known."""
    initialise: float = 9.4
    """The modem is set up before it dials ("Initializing server")."""
    ring: float = 1.0
    """From dialling until the other side rings."""
    answer: float = 4.0
    """From picking up until fax tones are recognised."""
    handshake: float = 7.0
    """From fax tones until both sides have said who they are and the first page starts."""
    page: float = 30.0
    """One page at normal density."""
    page_spread: float = 0.1
    """Pages take up to this fraction more or less, by seed."""
    confirm: float = 1.3
    """The sender counts a page this much later than the receiver."""
    goodbye: float = 1.0
    """From the last page until the receiver, and again until the sender, is done."""
    requeue: float = 0.5
    """From hanging up after a failed dial until the job is asleep; from waking until it is ready."""
    busy_tone: float = 3.0
    """From dialling until busy or no carrier is reported."""
    unanswered: float = 46.0
    """How long it rings before nobody answered."""
    no_protocol: float = 35.0
    """How long the modem waits for fax tones from somebody who speaks (T.30 T1)."""
    modem_ready: tuple[float, float] = (13.0, 33.0)
    """After a call the line waits for its modem for something in this range, by seed."""
    after_reception: float = 9.5
    """The line still shows the sender's name this long after a reception has ended."""
    retry_busy: float = 180.0
    retry_unanswered: float = 300.0
    retry_no_carrier: float = 300.0
    retry_no_dialtone: float = 300.0
    retry_protocol: float = 60.0
    max_dials: int = 12
    """A job is given up after this many dials."""
    max_tries: int = 3
    """A job is given up after this many connected calls without a page getting through."""
    cancel_dialling: float = 36.0
    """JobCancel waits at most this long for a call that has not connected yet."""
    cancel_sending: float = 4.0
    """JobCancel waits this long for a call that is in mid-page."""
    dialing_text: bool = False
    """Newer servers say "Dialing" while a call is being placed, as the contract's example does."""
