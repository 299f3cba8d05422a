"""The judge: a story and the evidence of the two servers, to the harm that was done. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.evidence import Evidence
from tests.chaos.story import LAST, Arrival, Fetching, Sending, Story, digits, headline, refuses

Item = dict[str, Any]

HARM = (
    "dialed twice",
    "lost",
    "posted twice",
    "announced twice",
    "never announced",
    "wrong",
    "stopped",
    "stuck",
)
"""The columns that must be zero."""
_THEN = (
    "*Delivered*",
    "*Not delivered*",
    "*Stopped",
    "*Refused by the fax server*",
    "*It went*",
    "*Closed by",
    "*Closed by",
    "*Outcome not known*",
)
_CARD_SAYS = dict(zip(LAST, _THEN, strict=True))
"""What the card must say when the last line in its thread begins so."""
_TOLD_BY_CARD = "*Refused by the fax server*"
"""A fax that is refused before it has a card gets one that says so, and no thread."""


@dataclass(slots=True)
class Verdict:
    """Counts by column, and a sentence for each harm."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def harm(self, column: str, note: str) -> None:
        """One more in *column*."""
        self.counts[column] += 1
        self.notes.append(f"{column}: {note}")

    @property
    def harmless(self) -> bool:
        """Whether every column of harm is zero."""
        return not any(self.counts[column] for column in HARM)


def judge(story: Story, evidence: Evidence) -> Verdict:
    """Hold what happened against what had to."""
    verdict = Verdict()
    if story.stuck:
        verdict.harm("stuck", story.stuck)
    for _ in range(evidence.stopped):
        verdict.harm("stopped", "the bot ended by itself")
    refused = 0
    for sending in story.sendings:
        refused += _Sent(sending, evidence, verdict).judge()
    reported = sum(refuses(each["text"]) for each in evidence.ephemerals)
    for _ in range(refused - reported):
        verdict.harm("lost", "a request was taken and never submitted, and its user was not notified")
    for arrival in story.arrivals:
        _judge_arrival(arrival, evidence, verdict)
    for fetching in story.fetchings:
        _judge_fetching(fetching, evidence, verdict)
    _judge_records(story, evidence, verdict)
    _judge_strangers(story, evidence, verdict)
    _judge_repetition(evidence, verdict)
    return verdict


class _Sent:
    """One attempt to send, in the eyes of both servers."""

    def __init__(self, sending: Sending, evidence: Evidence, verdict: Verdict) -> None:
        self._sending, self._evidence, self._verdict = sending, evidence, verdict
        self._name = f"…{sending.number[-8:]}"
        self._submissions = [
            each
            for each in evidence.calls
            if each["kind"] == "submission" and digits(str(each["destination"])) == digits(sending.number)
        ]
        self._ends = [_end_of(each, evidence) for each in self._submissions]

    def judge(self) -> bool:
        """Whether an acknowledged request left no trace: then its user must have been notified."""
        verdict, sending = self._verdict, self._sending
        cards = {channel: self._cards(channel) for channel in sending.channels}
        self._judge_dials()
        if not self._submissions and not any(cards.values()):
            return sending.acknowledged
        again = max(self._begin(cards[channel], "Sent again") for channel in sending.channels)
        went = any(self._begin(cards[channel], "It went") for channel in sending.channels)
        verdict.counts["asked"] += again + went
        verdict.counts["faxes"] += 1
        for channel in sending.channels:
            self._judge_channel(channel, cards[channel], again)
        return False

    def _judge_dials(self) -> None:
        if len(self._submissions) > 1:
            self._verdict.harm("dialed twice", f"{self._name} was submitted {len(self._submissions)} times")
        dials = [
            each
            for each in self._evidence.calls
            if each["kind"] == "dial" and digits(str(each["destination"])) == digits(self._sending.number)
        ]
        if self._sending.dials is not None and len(dials) > self._sending.dials:
            self._verdict.harm("dialed twice", f"{self._name} was dialed {len(dials)} times")

    def _judge_channel(self, channel: str, cards: list[Item], again: int) -> None:
        verdict, name = self._verdict, f"{self._name} in {channel}"
        if len(cards) > 1 + again:
            verdict.harm("posted twice", f"{name} has {len(cards)} cards")
        if len(cards) < 1 + again:
            verdict.harm("never announced", f"{name} has {len(cards)} cards")
        for card in cards:
            lines = [line for line in self._lines(card) if self._last(line)]
            if not lines and _TOLD_BY_CARD in card["text"]:
                continue
            if not lines:
                verdict.harm("never announced", f"{name}: the card says {card['text'].splitlines()[1:2]}")
                continue
            if len(lines) > 1:
                verdict.harm("announced twice", f"{name}: {lines}")
            self._judge_words(name, card, lines[-1])

    def _judge_words(self, name: str, card: Item, line: str) -> None:
        begin = self._last(line)
        if _CARD_SAYS[begin] not in card["text"]:
            self._verdict.harm("wrong", f"{name}: the thread says {line!r}, the card {card['text']!r}")
        if begin.startswith("Refused") and self._submissions:
            self._verdict.harm("wrong", f"{name}: announced {begin}, but it was submitted")
        if begin.endswith("elivered") and not self._submissions:
            self._verdict.harm("wrong", f"{name}: announced {begin}, but it was never submitted")
        if begin in ("Delivered", "Not delivered", "Stopped") and set(self._ends) - {begin}:
            self._verdict.harm("wrong", f"{name}: announced {begin}, but it is {self._ends}")

    def _cards(self, channel: str) -> list[Item]:
        return [
            each
            for each in self._evidence.messages
            if each["channel"] == channel and headline(each) == digits(self._sending.number)
        ]

    def _lines(self, card: Item) -> list[str]:
        return lines_of(replies(self._evidence, card))

    @staticmethod
    def _last(line: str) -> str:
        return next((begin for begin in LAST if line.startswith(begin)), "")

    def _begin(self, cards: list[Item], begin: str) -> int:
        return sum(line.startswith(begin) for card in cards for line in self._lines(card))


def _end_of(submission: Item, evidence: Evidence) -> str:
    """How the job of a submission ended. After a reset of the fax server another job has its id."""
    after = evidence.calls[evidence.calls.index(submission) + 1 :]
    for each in after:
        if each.get("job_id") == submission["job_id"] and each["kind"] == "submission":
            break
        if each.get("job_id") == submission["job_id"] and each["kind"] == "ended":
            if each["state"] == "Done":
                return "Delivered"
            return "Stopped" if "aborted" in each["status_text"] else "Not delivered"
    return "under way"


def _judge_arrival(arrival: Arrival, evidence: Evidence, verdict: Verdict) -> None:
    verdict.counts["faxes"] += 1
    for channel in arrival.channels:
        posts = [
            each
            for each in evidence.messages
            if each["channel"] == channel and arrival.sha256 in each["sha256"]
        ]
        if not posts:
            verdict.harm("lost", f"a received fax is not in {channel}, or not whole")
        if len(posts) > 1:
            verdict.harm("posted twice", f"a received fax is {len(posts)} times in {channel}")
        details = [reply for post in posts for reply in replies(evidence, post) if not reply["sha256"]]
        if posts and not details:
            verdict.harm("never announced", f"a received fax has no details in {channel}")
        if len(details) > len(posts):
            verdict.harm("posted twice", f"a received fax has {len(details)} details in {channel}")


def _judge_fetching(fetching: Fetching, evidence: Evidence, verdict: Verdict) -> None:
    posts = sum(
        fetching.sha256 in each["sha256"] and each["channel"] == fetching.channel
        for each in evidence.messages
    )
    reported = sum(refuses(each["text"]) for each in evidence.ephemerals)
    if posts < fetching.acknowledged - reported:
        verdict.harm("lost", f"a document was asked for {fetching.acknowledged} times and posted {posts}")
    if posts > fetching.attempts:
        verdict.harm("posted twice", f"a document was asked for {fetching.attempts} times and posted {posts}")


def _judge_records(story: Story, evidence: Evidence, verdict: Verdict) -> None:
    """A record goes because somebody asked, and then it goes."""
    for each in evidence.calls:
        if each["kind"] == "call" and each["method"] == "recorddelete":
            job_id = each.get("params", {}).get("job_id")
            if each.get("carried_out") and job_id not in story.deletions:
                verdict.harm("wrong", f"{job_id} was deleted and nobody asked")
    for job_id in story.deletions:
        if job_id in evidence.records:
            verdict.harm("lost", f"the record of {job_id} was to be deleted and is there")


def _judge_strangers(story: Story, evidence: Evidence, verdict: Verdict) -> None:
    """Nothing is posted that was neither requested nor received."""
    numbers = {digits(each.number) for each in story.sendings}
    documents = {each.sha256 for each in (*story.arrivals, *story.fetchings)}
    for message in evidence.messages:
        if (number := headline(message)) and number not in numbers:
            verdict.harm("wrong", "there is a card of a fax that nobody sent")
        if any(sha not in documents for sha in message["sha256"]):
            verdict.harm("wrong", f"a document in {message['channel']} is none that came in or was asked for")


def _judge_repetition(evidence: Evidence, verdict: Verdict) -> None:
    """No message is there twice: neither by the key it carries nor by what it says in its thread."""
    keys = Counter((each["channel"], key) for each in evidence.messages if (key := key_of(each)))
    for (channel, _), count in keys.items():
        if count > 1:
            verdict.harm("posted twice", f"{count} messages in {channel} carry one key")
    threads = {(each["channel"], each["thread_ts"]) for each in evidence.messages if each.get("thread_ts")}
    for channel, ts in threads:
        parent = next((m for m in evidence.messages if (m["channel"], m["ts"]) == (channel, ts)), None)
        if parent is None or not headline(parent):
            continue
        said = Counter(line for line in lines_of(replies(evidence, parent)) if line and not _may_recur(line))
        for line, count in said.items():
            if count > 1:
                verdict.harm("posted twice", f"{count} times in {channel}: {line!r}")
    faxing = Counter(
        (each["user"], each["text"]) for each in evidence.ephemerals if each["text"].startswith("Faxing ")
    )
    for count in faxing.values():
        if count > 1:
            verdict.harm("posted twice", "an answer that one person sees")


def _may_recur(line: str) -> bool:
    """Steps that can repeat for one fax, and steps that are shown elsewhere."""
    recurring = ("Canceling", "The fax server did not cancel", "Dialing", "Waiting", "📄")
    return line.startswith((*recurring, *LAST))


def replies(evidence: Evidence, parent: Item) -> list[Item]:
    """The bot's replies to *parent*."""
    return [
        each
        for each in evidence.messages
        if each["channel"] == parent["channel"] and each.get("thread_ts") == parent["ts"] != each["ts"]
    ]


def lines_of(messages: Iterable[Item]) -> list[str]:
    """What they say, line by line."""
    return [line for each in messages for line in str(each.get("text", "")).splitlines()]


def key_of(message: Item) -> str:
    """The key that a message carries in its metadata."""
    metadata = message.get("metadata") or {}
    return str((metadata.get("event_payload") or {}).get("key") or "")
