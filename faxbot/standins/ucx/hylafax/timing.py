"""Durations and retry limits of the simulated fax system."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Simulated seconds; the defaults are rounded from recordings of HylaFAX 6.0.7 with Class 1 modems."""

    pickup: float = 0.6
    """The queue's delay before it processes a job that became ready."""
    conversion: float = 0.9
    """From processing a new job until its document is converted and its pages are counted."""
    initialize: float = 9.4
    """Modem setup before it dials ("Initializing server")."""
    ring: float = 1.0
    """From dialing until the called side rings."""
    answer: float = 4.0
    """From answering until fax tones are recognized."""
    handshake: float = 7.0
    """From fax tones until TSI and CSID are exchanged and the first page starts."""
    page: float = 30.0
    """One page at normal density."""
    page_spread: float = 0.1
    """Random variation of a page's duration, as a fraction."""
    confirm: float = 1.3
    """Delay of the sender's page count behind the receiver's."""
    goodbye: float = 1.0
    """From the last page until the receiver, and again until the sender, has hung up."""
    requeue: float = 0.5
    """From hanging up after a failed dial until the job sleeps; from waking until it is ready."""
    busy_tone: float = 3.0
    """From dialing until busy or no carrier is reported."""
    unanswered: float = 46.0
    """Ringing time before "No answer from remote"."""
    no_protocol: float = 35.0
    """How long the modem waits for fax tones when a person answers (T.30 T1)."""
    modem_ready: tuple[float, float] = (13.0, 33.0)
    """Range of the modem's recovery time after a call."""
    after_reception: float = 9.5
    """How long the line still shows the sender's TSI after a reception."""
    retry_busy: float = 180.0
    retry_unanswered: float = 300.0
    retry_no_carrier: float = 300.0
    retry_no_dialtone: float = 300.0
    retry_protocol: float = 60.0
    max_dials: int = 12
    """A job is given up after this many dials."""
    max_tries: int = 3
    """A job is given up after this many connected calls."""
    cancel_dialing: float = 36.0
    """Maximum wait of JobCancel for a call that has not connected yet."""
    cancel_sending: float = 4.0
    """Wait of JobCancel for a call in mid-page."""
    dialing_text: bool = False
    """Whether the status text is "Dialing" while a call is placed, as on newer servers."""
