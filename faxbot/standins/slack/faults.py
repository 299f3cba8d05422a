"""Fault injection: which calls fail, how, and how often."""

from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "error": "the Web API answers ok: false with `error`",
    "missing_scope": "the method answers missing_scope as if it were not granted",
    "http": "HTTP `status` (500) with a plain text body",
    "html": "HTTP 200 with an HTML page",
    "ratelimited": "HTTP 429 with Retry-After `seconds` (1)",
    "drop_before": "the connection is closed and the call does not run",
    "drop_after": "the call runs and the connection is closed without an answer (downloads: halfway)",
    "latency": "the call runs `seconds` (1) late, whether or not the client still waits",
    "slow_answer": "the call runs at once and is answered `seconds` (1) later",
    "metadata_not_echoed": "messages in the answer have no metadata",
    "share_never": "files.completeUploadExternal answers ok and the file is never shared",
    "share_late": "the file is shared `seconds` (5) after the answer",
    "shares_absent": "files.info does not list the messages that share the file",
}


class FaultError(ValueError):
    """A fault's method, kind or value is invalid."""


@dataclass
class WorkspaceFault:
    """
    One injected fault.

    *method* is a Web API method, "upload", "download", "response_url" or "*"; *match* names arguments with
    the values that they must have; *after* matching calls are skipped, then it applies to *times* calls
    (None: all).
    """

    method: str
    kind: str
    times: int | None = 1
    after: int = 0
    match: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def seconds(self, default: float = 1.0) -> float:
        """The fault's duration, in seconds."""
        return float(self.values.get("seconds", default))


class WorkspaceFaults:
    """The pending faults, in the order in which they were added."""

    def __init__(self) -> None:
        self._waiting: list[WorkspaceFault] = []

    def add(self, request: dict[str, Any]) -> WorkspaceFault:
        """
        Add a fault: {"method", "fault", "times", "after", "match", and the fault's own values}.

        Raises:
            FaultError: The method or fault is missing or unknown, or a value has the wrong type.

        """
        kind, method = request.get("fault"), request.get("method")
        if kind not in KINDS or not isinstance(method, str):
            raise FaultError(f"a fault has a method and one of {sorted(KINDS)}")
        times, after, match = request.get("times", 1), request.get("after", 0), request.get("match") or {}
        numbers = (times is None or isinstance(times, int)) and isinstance(after, int)
        if not numbers or not isinstance(match, dict):
            raise FaultError("times and after are whole numbers (times may be null), match is an object")
        known = {"method", "fault", "times", "after", "match"}
        values = {name: value for name, value in request.items() if name not in known}
        fault = WorkspaceFault(method, str(kind), times, after, match, values)
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Remove every pending fault."""
        self._waiting.clear()

    def as_list(self) -> list[dict[str, Any]]:
        """The pending faults, as passed to add()."""
        return [
            {
                "method": f.method,
                "fault": f.kind,
                "times": f.times,
                "after": f.after,
                "match": f.match,
                **f.values,
            }
            for f in self._waiting
        ]

    def consume(self, method: str, args: dict[str, Any]) -> WorkspaceFault | None:
        """Return the fault that applies to this call, and count the call; None when there is none."""
        for fault in self._waiting:
            if fault.method not in {method, "*"}:
                continue
            if any(args.get(name) != value for name, value in fault.match.items()):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
            return fault
        return None
