"""
A simulated UCX: the Fax API contract, quirks included, over a small model of HylaFAX.

``hylafax/`` is the fax system as a pure discrete-event model, ``documents.py`` knows file types and pages;
``contract.py``, ``requests.py`` and ``replies.py`` speak the Fax API, ``faults.py`` breaks it on request;
``control.py`` is the door for tests and the demo, ``log.py`` remembers everything that happened, and
``server.py`` puts it all on sockets.
"""

from faxbot.standins.ucx.hylafax.clock import ManualClock
from faxbot.standins.ucx.hylafax.line import DEFAULT_LINES, SimulatedLine
from faxbot.standins.ucx.hylafax.timing import Timing
from faxbot.standins.ucx.server import SimulatedUcx

__all__ = ["DEFAULT_LINES", "ManualClock", "SimulatedLine", "SimulatedUcx", "Timing"]
