"""Lists of trials: a kill at every boundary, and every fault of every method that the scenario uses."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tests.chaos.boundary import Boundary
from tests.chaos.trial import Outcome, Trial

PATIENCE, LATE, SETTLE, QUIET = 1.0, 1.3, 0.8, 2.0
"""Seconds until the bot's request times out, until it is carried out, until the lookup."""

SLOW = {"patience": PATIENCE, "settle": SETTLE, "quiet": QUIET}

Item = dict[str, Any]


def kills_at_boundaries(recorded: Iterable[Outcome]) -> list[Trial]:
    """
    A kill at every boundary that undisturbed runs crossed, in the act in which it lies.

    How the bot starts is the same in every act, and belongs to the first.
    """
    found: dict[Trial, None] = {}
    begun: set[Boundary] = set()
    for outcome in recorded:
        start, played = _apart(outcome.crossed[0])
        fresh = [each for each in start if each not in begun]
        begun.update(start)
        found |= {Trial(acts=outcome.acts, kills=(each,)): None for each in (*fresh, *played)}
    return list(found)


def _apart(life: Sequence[Boundary]) -> tuple[Sequence[Boundary], Sequence[Boundary]]:
    """How it starts, and what comes when a person has done something."""
    asked = ("acknowledge ", "commit requests ", "Slack views.")
    at = next((at for at, each in enumerate(life) if each.site.startswith(asked)), len(life))
    return life[:at], life[at:]


def kills_after_kills(recorded: Iterable[Outcome], played: Iterable[tuple[Trial, Outcome]]) -> list[Trial]:
    """Boundaries that only a run after a kill crosses count too: there the second run is killed."""
    sites = {each.site for outcome in recorded for life in outcome.crossed for each in life}
    found: dict[Boundary, Trial] = {}
    for trial, outcome in played:
        for life in outcome.crossed[1:]:
            for each in life:
                if each.site not in sites and each not in found:
                    found[each] = Trial(acts=trial.acts, kills=(*trial.kills, each))
    return list(found.values())


def spread(found: Sequence[Trial], count: int) -> list[Trial]:
    """*count* of them, evenly."""
    return [found[index * len(found) // count] for index in range(min(count, len(found)))]


def fax_faults(recorded: Outcome) -> Iterator[Trial]:
    """
    Each fault of the fax server with each method that is used.

    Writes are sent once, so they are hit once: the first call and one in the middle. Reads are asked for
    three times, so four in a row are hit. Left out: a write that is refused and carried out all the same,
    for the fax server would be lying; and Token's refusal, at which the bot says so and does not start.
    """
    kinds: list[Item] = [
        {"fault": "latency", "seconds": LATE, "when": "before"},
        {"fault": "latency", "seconds": LATE, "when": "after"},
        *({"fault": fault} for fault in ("drop_before", "drop_after", "truncate")),
        *(
            {"fault": fault, "processed": processed}
            for fault in ("html", "malformed", "error")
            for processed in (False, True)
        ),
    ]
    writes = ("filesend", "jobcancel", "recorddelete")
    for method, count in _methods(recorded.used, "UCX "):
        for kind in kinds:
            if kind["fault"] == "error" and (method == "token" or (method in writes and kind["processed"])):
                continue
            for where in _where(count, write=method in writes):
                fault = {**kind, "method": method, **where}
                yield Trial(recorded.acts, fax_faults=(fault,), **SLOW)


def slack_faults(recorded: Outcome) -> Iterator[Trial]:
    """Each fault of the Slack stand-in with each method that is used, as above."""
    kinds: list[Item] = [
        {"fault": "error", "error": "internal_error"},
        {"fault": "http", "status": 503},
        {"fault": "html"},
        {"fault": "ratelimited", "seconds": 1},
        {"fault": "drop_before"},
        {"fault": "drop_after"},
        {"fault": "latency", "seconds": LATE},
        {"fault": "slow_answer", "seconds": LATE},
    ]
    more: dict[str, list[Item]] = {
        "files.info": [{"fault": "shares_absent"}, {"fault": "missing_scope"}],
        "files.completeUploadExternal": [{"fault": "share_late", "seconds": SETTLE}],
        "chat.postMessage": [{"fault": "metadata_not_echoed"}, {"fault": "missing_scope"}],
        "chat.update": [{"fault": "metadata_not_echoed"}, {"fault": "missing_scope"}],
    }
    plain = ("upload", "download", "response_url")
    for method, count in _methods(recorded.used, "Slack "):
        write = method.startswith(("chat.", "views.", "files.get", "files.complete")) or method in plain
        for kind in [*kinds, *more.get(method, [])]:
            if kind["fault"] == "error" and method in plain:
                continue
            for where in _where(count, write=write):
                fault = {**kind, "method": method, **where}
                yield Trial(recorded.acts, slack_faults=(fault,), **SLOW)


def _methods(used: dict[str, int], server: str) -> list[tuple[str, int]]:
    return sorted(
        (name.removeprefix(server), count) for name, count in used.items() if name.startswith(server)
    )


def _where(count: int, *, write: bool) -> list[Item]:
    middle = count // 2
    if not write:
        return [{"times": 4, "after": middle}]
    return [{"times": 1, "after": after} for after in sorted({0, middle})]


def storm(seed: int) -> Trial:
    """One storm; nothing of the bot waits longer than a minute of its clock, which is six seconds."""
    return Trial(storm=str(seed), **{**SLOW, "quiet": 7.0})
