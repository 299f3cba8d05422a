"""Fault injection: planned faults, the calls that they apply to, and how often."""

import itertools
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """The kinds of faults between a call and its answer."""

    LATENCY = "latency"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    TRUNCATE = "truncate"
    HTML = "html"
    MALFORMED = "malformed"
    ERROR = "error"


REPLACING = (FaultKind.HTML, FaultKind.MALFORMED, FaultKind.ERROR)
"""Kinds whose answer replaces the real reply."""

PAGE = "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"


class UnknownFaultError(ValueError):
    """A fault's kind, field or value is unknown."""


@dataclass
class UcxFault:
    """One planned fault."""

    id: int
    fault: FaultKind
    method: str = "*"
    """A method of the contract in lower case, or `*` for all."""
    times: int | None = 1
    """The number of calls that it applies to; None: all, until it is removed."""
    after: int = 0
    """The number of matching calls that are skipped first."""
    match: dict[str, str] = field(default_factory=dict)
    """Parameters, with their values, that a call must have."""
    processed: bool = False
    """Of a replacing fault: whether the call runs nevertheless."""
    seconds: float = 1.0
    """Latency, in seconds of wall time."""
    when: str = "before"
    """Latency `before` or `after` the call runs."""
    status: int = 502
    """The HTTP status of an HTML page."""
    message: str = "Internal error"
    """The message of an error in JSON."""

    def matches(self, method: str, params: dict[str, str]) -> bool:
        """Whether the fault applies to a call with these parameters."""
        return self.method in ("*", method) and self.match.items() <= params.items()


class FaultPlan:
    """The pending faults, in the order in which they were planned."""

    def __init__(self) -> None:
        self._faults: list[UcxFault] = []
        self._ids = itertools.count(1)

    def plan(self, **values: object) -> UcxFault:
        """
        Plan a fault; the keywords are the fields of Fault.

        Raises:
            UnknownFaultError: No such kind, field or value.

        """
        try:
            kind = FaultKind(str(values.pop("fault", "")))
            fault = UcxFault(next(self._ids), kind, **values)  # type: ignore[arg-type]  # checked just below
        except (TypeError, ValueError) as exc:
            raise UnknownFaultError(str(exc)) from exc
        for name, value in values.items():
            if not isinstance(value, _FIELD_TYPES[name]):
                raise UnknownFaultError(f"{name} cannot be {value!r}")
        self._faults.append(fault)
        return fault

    def consume(self, method: str, params: dict[str, str]) -> list[UcxFault]:
        """Return the faults that apply to this call, and count the call in each."""
        return self._consume(method, params, self._faults)

    def consume_unread(self, method: str) -> list[UcxFault]:
        """Consume the faults that apply before a call's body is read: drop_before without a match."""
        early = [fault for fault in self._faults if fault.fault is FaultKind.DROP_BEFORE and not fault.match]
        return self._consume(method, {}, early)

    def pending(self) -> list[UcxFault]:
        """Every pending fault."""
        return list(self._faults)

    def remove(self, fault_id: int) -> bool:
        """Cancel one fault; False when it is not pending."""
        before = len(self._faults)
        self._faults = [fault for fault in self._faults if fault.id != fault_id]
        return len(self._faults) < before

    def clear(self) -> None:
        """Cancel every fault."""
        self._faults.clear()

    def _consume(self, method: str, params: dict[str, str], among: list[UcxFault]) -> list[UcxFault]:
        consumed = []
        for fault in list(among):
            if not fault.matches(method, params):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            consumed.append(fault)
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.remove(fault.id)
        return consumed


_FIELD_TYPES: dict[str, type | tuple[type, ...]] = {
    "method": str,
    "times": (int, type(None)),
    "after": int,
    "match": dict,
    "processed": bool,
    "seconds": (int, float),
    "when": str,
    "status": int,
    "message": str,
}
