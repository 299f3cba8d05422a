"""
A simulated UCX: the Fax API contract, quirks included, over a small model of HylaFAX.

``hylafax/`` is the fax system as a pure discrete-event simulation; ``documents.py`` makes fax pages of a
file, with the converters in ``conversion/``; ``requests.py`` and ``replies.py`` parse and build the
contract's messages, ``contract.py`` implements its methods, ``endpoint.py`` serves them over HTTP with
``faults.py``'s injected faults; ``control.py`` is the control API of the tests and the demo, ``log.py`` the
event log, and ``server.py`` the server process.
"""

from faxbot.standins.ucx.conversion.paper import UcxPaper
from faxbot.standins.ucx.hylafax.clock import ManualClock
from faxbot.standins.ucx.hylafax.line import DEFAULT_LINES, SimulatedLine
from faxbot.standins.ucx.hylafax.timing import Timing
from faxbot.standins.ucx.server import SimulatedUcx

__all__ = ["DEFAULT_LINES", "ManualClock", "SimulatedLine", "SimulatedUcx", "Timing", "UcxPaper"]
