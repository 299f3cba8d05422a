"""What HylaFAX says becomes a cause, plain words and a next step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.status import Cause, LineState, conversion_failed, diagnose, line_words, reasons

TIFF_FAILURE = """\
 -e and -a: Warning: Cannot generate Encapsulated Postscript for multiple images.
Error: /undefined in ffffffffffffffffffffffffffffffffff
Operand stack:

GPL Ghostscript 10.00.0: Unrecoverable error, exit code 1
Unexpected failure converting TIFF document; the command

    /usr/bin/tiff2ps -a docq/doc12.tif.7 | bin/ps2fax  -r 98 -w 1728 -l 280 -1

failed with exit status 1.  This conversion was done because

Document is a multi-sample image (samples/pixel 2).
Document is not black-on-white.
"""

SAMPLES: dict[Cause, tuple[str, ...]] = {
    Cause.NONE: ("", "  \n"),
    Cause.UNDERWAY: ("Dialing", "Dialing 14695550101", "Receiving facsimile", 'Receiving from "JONES & CO"'),
    Cause.DELAYED: (
        "Delayed by time-of-day restrictions",
        "Delayed by outbound call staggering",
        "Delayed by prior call",
    ),
    Cause.NOT_DIALED: (
        "Invalid dialing command",
        "Blacklisted by modem",
        "Kill time expired",
        "REJECT: Unable to convert dial string to canonical format",
        "REJECT: Too many attempts to dial",
    ),
    Cause.BUSY: (
        "Busy signal detected",
        "Busy signal detected; too many attempts to dial",
        "Glare - RING detected",
        "BUSY",
    ),
    Cause.NO_ANSWER: (
        "No answer from remote",
        "No answer from remote; too many attempts to dial",
        "Ringback detected, no answer without CED",
        "Ring detected without successful handshake",
    ),
    Cause.NOT_A_FAX: (
        "No carrier detected",
        "No carrier detected; too many attempts to dial",
        "Carrier established, but Phase A failure",
        "Data connection established (wanted fax)",
        "No receiver protocol (T.30 T1 timeout)",
        "Remote has no T.4 receiver capability",
    ),
    Cause.LINE_QUALITY: (
        "T.30 T2 timeout, expected signal not received",
        "RSPREC error/got DCN (sender abort)",
        "COMREC invalid response received",
        "Failure to train modems",
        "Unspecified Transmit Phase C error",
        "Unable to transmit page (giving up after RTN)",
        "Unable to transmit page (NAK with operator intervention)",
        "Procedure interrupt (operator intervention)",
        "No response to MPS repeated 3 tries; Giving up after 3 attempts to send same page",
        "Remote fax disconnected prematurely",
        "V.21 signal reception timeout; expected page possibly not received in full",
        "Missing EOL after 5 seconds",
        "Fax protocol error (command repeated 3 times)",
        "Cannot synchronize ECM frame reception.",
        "Modem protocol error (unknown post-page response)",
    ),
    Cause.DOCUMENT: (
        "Too many pages in submission; max 100",
        "Job contains no documents",
        "Can not open document file docq/doc7.pdf",
        "Client does not support document page width, max remote page width 1728 pixels",
        "Image conversion error",
    ),
    Cause.CONVERSION: (
        "Could not reopen converted document to verify format",
        "Converted document is not valid TIFF",
        "Document is not valid TIFF (unspecified format error)",
        "PCL documents are not (currently) supported.",
        "bin/pdf2fax: Unsupported page size: 1728 x 210",
        "[Job time limit exceeded]",
        "Unexpected failure in the TIFF format checker;\nthe output of tiffcheck was:\n\n",
        TIFF_FAILURE,
        "Something that no pattern knows\nsaid in two lines",
        "a.png: Can not determine file type\nNothing to send",
        'sh: pngtopnm: command not found\nError converting document; command was "pngtopnm < a.png"',
    ),
    Cause.SERVER: (
        "No local dialtone",
        "Can not lock modem device",
        "Could not fork to prepare job for transmission",
        "Send program terminated abnormally with exit status 0x100",
        "Unable to open TIFF file recvq/fax1.tif for writing",
        "Unable to configure modem for fax use",
        "REJECT: Requested modem ttyIAX9 is not registered",
        "Invalid or corrupted job description file",
        "Unable to send password (modem command failed)",
        "DTE to DCE data underflow",
    ),
    Cause.BLOCKED: ("Blocked by concurrent calls",),
    Cause.CANCELLED: (
        "Job aborted by request",
        "Call aborted by user",
        "Job interrupted by user",
        "Send aborted due to operator intervention",
    ),
    Cause.UNKNOWN: ("Unknown problem", "The moon is full", "42"),
}


@pytest.mark.parametrize(
    ("cause", "text"), [(cause, text) for cause, texts in SAMPLES.items() for text in texts]
)
def test_every_text_has_its_cause(cause: Cause, text: str) -> None:
    """Real texts of several HylaFAX versions are grouped by what a person can do about them."""
    assert diagnose(text).cause is cause


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.NONE])
def test_every_cause_has_words_and_a_next_step(cause: Cause) -> None:
    """A few words without a full stop, then a sentence with one."""
    diagnosis = diagnose(SAMPLES[cause][0])
    assert diagnosis.plain
    assert not diagnosis.plain.endswith(".")
    assert diagnosis.advice.endswith(".")


def test_a_known_text_in_two_lines_keeps_its_cause() -> None:
    """An array of lines about the call is no output of a converter."""
    assert diagnose("Busy signal detected\ntoo many attempts to dial").cause is Cause.BUSY


def test_of_a_converters_output_the_reasons_are_quoted() -> None:
    """Only the lines about the document, without commands and Ghostscript's stack; one line stays whole."""
    assert reasons(TIFF_FAILURE) == (
        "Document is a multi-sample image (samples/pixel 2). Document is not black-on-white."
    )
    assert reasons("Job request rejected\nNot permitted\n") == "Job request rejected Not permitted"
    assert reasons("Document is not valid TIFF\n") == "Document is not valid TIFF"


def test_a_refused_number_is_no_failed_conversion() -> None:
    """A refusal in several lines is about the document only if it says so."""
    assert not conversion_failed("Job request rejected\nDestination 14695550900 is not permitted")


def test_no_words_are_no_diagnosis() -> None:
    """An empty status text says nothing, and nothing is made of it."""
    assert (diagnose("").plain, diagnose("").advice) == ("", "")


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("Running and idle", LineState("idle")),
        ("Initializing server", LineState("starting", waiting=True)),
        ("Sending job 83", LineState("sending TX83", busy=True, job_number="83")),
        ("Sending page 2 of job 83", LineState("sending TX83", busy=True, job_number="83")),
        ("Answering the phone", LineState("answering a call", busy=True)),
        ("Receiving facsimile", LineState("receiving a fax", busy=True)),
        ('Receiving from "JONES & CO"', LineState('receiving from "JONES & CO"', busy=True)),
        ('Receiving from ""', LineState("receiving a fax", busy=True)),
        ("Waiting for modem to come ready", LineState("modem not ready", waiting=True)),
        ("Waiting for modem to come free", LineState("modem in use", busy=True, waiting=True)),
        ("Modem appears to be wedged", LineState("Modem appears to be wedged", healthy=False)),
        ("Listening to rings", LineState("Listening to rings")),
        ("", LineState("state not known")),
    ],
)
def test_a_lines_state_is_said_in_plain_words(said: str, state: LineState) -> None:
    """A modem that is getting ready is no fault, and an unknown state is kept verbatim."""
    assert line_words(said) == state


@given(st.text())
def test_any_text_of_the_server_is_survived(text: str) -> None:
    """The texts are the server's and open-ended."""
    assert diagnose(text).cause in Cause
    assert line_words(text).words
