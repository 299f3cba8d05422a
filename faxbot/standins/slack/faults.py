"""Troubles that can be asked for: which call goes wrong, how, how often and after how many that go well."""

from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "error": "the Web API answers ok: false with `error`",
    "missing_scope": "the method answers missing_scope as if it were not granted",
    "http": "HTTP `status` (500) with a text that is no JSON",
    "html": "HTTP 200 with an HTML page",
    "ratelimited": "HTTP 429 with Retry-After `seconds` (1)",
    "drop_before": "the connection is closed and nothing is done",
    "drop_after": "the call is carried out and the connection closed without an answer (downloads: halfway)",
    "latency": "the call is carried out `seconds` (1) late, whether or not the client still waits",
    "slow_answer": "the call is carried out at once and answered `seconds` (1) later",
    "metadata_not_echoed": "messages in the answer carry no metadata",
    "share_never": "files.completeUploadExternal answers and nothing is ever shared",
    "share_late": "the share comes `seconds` (5) after the answer",
    "shares_absent": "files.info does not name the messages that share the file",
}


class FaultError(ValueError):
    """A fault was asked for that this workspace cannot do."""


@dataclass
class WorkspaceFault:
    """
    One trouble.

    *method* is a Web API method, "upload", "download", "response_url" or "*"; *match* names arguments and the
    values they must have; *after* calls go well first; then *times* calls meet the trouble (None: all).
    """

    method: str
    kind: str
    times: int | None = 1
    after: int = 0
    match: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def seconds(self, usual: float = 1.0) -> float:
        """The duration asked for."""
        return float(self.values.get("seconds", usual))


class WorkspaceFaults:
    """The troubles that are waiting to happen, in the order they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[WorkspaceFault] = []

    def add(self, request: dict[str, Any]) -> WorkspaceFault:
        """
        Ask for a trouble: {"method", "fault", "times", "after", "match", and the fault's own values}.

        Raises:
            FaultError: The method or the fault is missing or unknown, or a number is none.

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
        """Forget all that wait."""
        self._waiting.clear()

    def as_list(self) -> list[dict[str, Any]]:
        """What waits, in the shape of add()."""
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

    def strike(self, method: str, args: dict[str, Any]) -> WorkspaceFault | None:
        """The trouble that this call meets, counted; None when it goes well."""
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
