"""Faults on request: what goes wrong, with which calls, how often."""

import itertools
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What can go wrong between a call and its answer."""

    LATENCY = "latency"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    TRUNCATE = "truncate"
    HTML = "html"
    MALFORMED = "malformed"
    ERROR = "error"


REPLACING = (FaultKind.HTML, FaultKind.MALFORMED, FaultKind.ERROR)
"""Kinds whose answer stands in for the real one."""

PAGE = "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"


class UnknownFaultError(ValueError):
    """A fault was asked for that does not exist or does not make sense."""


@dataclass
class UcxFault:
    """One planned fault."""

    id: int
    fault: FaultKind
    method: str = "*"
    """A method of the contract in lower case, or `*` for all."""
    times: int | None = 1
    """How many calls it befalls; None: all, until it is removed."""
    after: int = 0
    """How many matching calls are spared first."""
    match: dict[str, str] = field(default_factory=dict)
    """Parameters that a call must have."""
    processed: bool = False
    """For answers that stand in for the real one: whether the call is carried out all the same."""
    seconds: float = 1.0
    """Latency, in seconds of wall time."""
    when: str = "before"
    """Latency `before` or `after` the call is carried out."""
    status: int = 502
    """Of an HTML page."""
    message: str = "Internal error"
    """Of a refusal in JSON."""

    def concerns(self, method: str, params: dict[str, str]) -> bool:
        """Whether a call is of the kind that this fault befalls."""
        return self.method in ("*", method) and self.match.items() <= params.items()


class FaultPlan:
    """The faults that are still to come, in the order in which they were planned."""

    def __init__(self) -> None:
        self._faults: list[UcxFault] = []
        self._ids = itertools.count(1)

    def plan(self, **wishes: object) -> UcxFault:
        """
        Plan a fault; the keywords are the fields of Fault.

        Raises:
            UnknownFaultError: No such kind, field or value.

        """
        try:
            kind = FaultKind(str(wishes.pop("fault", "")))
            fault = UcxFault(next(self._ids), kind, **wishes)  # type: ignore[arg-type]  # checked just below
        except (TypeError, ValueError) as exc:
            raise UnknownFaultError(str(exc)) from exc
        for name, value in wishes.items():
            if not isinstance(value, _FIELD_TYPES[name]):
                raise UnknownFaultError(f"{name} cannot be {value!r}")
        self._faults.append(fault)
        return fault

    def take(self, method: str, params: dict[str, str]) -> list[UcxFault]:
        """The faults that befall this call; each is used up by one."""
        return self._take(method, params, self._faults)

    def take_unread(self, method: str) -> list[UcxFault]:
        """Take the faults that hit a call before its body is read: connections dropped whatever it says."""
        early = [fault for fault in self._faults if fault.fault is FaultKind.DROP_BEFORE and not fault.match]
        return self._take(method, {}, early)

    def pending(self) -> list[UcxFault]:
        """Every fault that is still to come."""
        return list(self._faults)

    def remove(self, fault_id: int) -> bool:
        """Call one off; False when it is not planned."""
        before = len(self._faults)
        self._faults = [fault for fault in self._faults if fault.id != fault_id]
        return len(self._faults) < before

    def clear(self) -> None:
        """Call all off."""
        self._faults.clear()

    def _take(self, method: str, params: dict[str, str], among: list[UcxFault]) -> list[UcxFault]:
        taken = []
        for fault in list(among):
            if not fault.concerns(method, params):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            taken.append(fault)
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.remove(fault.id)
        return taken


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
