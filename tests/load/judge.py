"""The judge of a load: what the workspace holds and has noted, to what went wrong. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Item = Mapping[str, Any]

ORDER = ("Queued", "Dialing", "Sending", "Page", "Delivered")
"""How the lines of a thread begin, in the order in which they come."""


@dataclass(slots=True)
class Findings:
    """Counts of a run, and a sentence for each thing that should not be."""

    cards: int = 0
    ends: int = 0
    calls: int = 0
    refused: int = 0
    """Calls that the server answered with 429."""
    wrong: list[str] = field(default_factory=list)


def judge(
    places: Mapping[str, str],
    messages: Mapping[str, Sequence[Item]],
    journal: Sequence[Item],
    *,
    grace: float,
) -> Findings:
    """
    Hold a run against what had to happen.

    *places* says in which channel each number was faxed to; *grace* is for how many seconds after a 429 a
    call may still come in that was on its way.
    """
    found = Findings()
    for number, channel in places.items():
        _judge_fax(found, number, messages.get(channel, ()))
    _judge_pauses(found, journal, grace)
    return found


def _judge_fax(found: Findings, number: str, messages: Sequence[Item]) -> None:
    cards = [m for m in messages if number in str(m["text"]) and m.get("thread_ts", m["ts"]) == m["ts"]]
    found.cards += len(cards)
    if len(cards) != 1:
        found.wrong.append(f"{number} has {len(cards)} cards")
        return
    card = cards[0]
    if "Delivered" not in str(card["text"]):
        found.wrong.append(f"the card of {number} says: {str(card['text'])[:80]}")
    thread = sorted((m for m in messages if m.get("thread_ts") == card["ts"] != m["ts"]), key=_moment)
    lines = [line for m in thread for line in str(m["text"]).splitlines()]
    steps = [i for line in lines for i, word in enumerate(ORDER) if line.startswith(word)]
    if steps != sorted(steps):
        found.wrong.append(f"the steps of {number} are out of order: {lines}")
    ends = steps.count(len(ORDER) - 1)
    found.ends += ends
    if ends != 1:
        found.wrong.append(f"the end of {number} is announced {ends} times: {lines}")


def _judge_pauses(found: Findings, journal: Sequence[Item], grace: float) -> None:
    """No call before the pause is over that the server named for its method (and channel)."""
    named: dict[tuple[str, str], tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for entry in journal:
        if entry["kind"] != "api":
            continue
        found.calls += 1
        method, at = str(entry["method"]), float(entry["at"])
        place = str(entry["args"].get("channel") or "") if method == "chat.postMessage" else ""
        since, until = named[method, place]
        if since + grace < at < until - grace:
            found.wrong.append(f"{method} was called {until - at:.1f} s before its pause was over")
        if "retry_after" in entry:
            found.refused += 1
            named[method, place] = (at, max(until, at + float(entry["retry_after"])))


def _moment(message: Item) -> str:
    return str(message["ts"])
