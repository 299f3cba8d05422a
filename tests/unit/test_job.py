"""The changes between two states of a job, and over whole jobs recorded from a real HylaFAX."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.job import CANCELLED_TEXT, Change, ChangeKind, Direction, Job, JobState, changes
from faxbot.ucx import wire
from faxbot.ucx.reply import ApiReply

RECORDINGS = Path(__file__).parent.parent / "samples" / "ucx" / "hylafax"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUEUED = Job("TX1", JobState.READY, destination="14695550101")

COUNTS = st.none() | st.integers(0, 12)
JOBS = st.builds(
    Job,
    job_id=st.just("TX1"),
    state=st.sampled_from(JobState),
    state_text=st.sampled_from(["", "Wandering", "Resting"]),
    sent_pages=st.integers(0, 4),
    total_pages=st.none() | st.integers(1, 4),
    dials=COUNTS,
    max_dials=COUNTS,
    attempts=COUNTS,
    next_try=st.none() | st.just(NOON),
    duration=COUNTS,
    status_text=st.sampled_from(["", "Busy signal detected", CANCELLED_TEXT]),
    time=st.just(NOON),
)


def kinds(found: list[Change]) -> list[str]:
    return [change.kind.value for change in found]


def change_kinds(before: Job | None, after: Job) -> list[str]:
    return kinds(changes(before, after))


@given(JOBS)
def test_the_same_job_is_no_change(job: Job):
    """The same state again is no change."""
    assert changes(job, job) == []


@given(JOBS, st.integers(1, 1000), COUNTS, st.sampled_from(["", "<Waiting for modem to come ready>"]))
def test_clocks_attempts_and_texts_alone_are_no_change(
    job: Job, seconds: int, attempts: int | None, text: str
):
    """A later time, other attempts or another text in the same state are no change."""
    later = replace(
        job,
        time=NOON + timedelta(seconds=seconds),
        duration=seconds,
        attempts=attempts,
        next_try=NOON + timedelta(seconds=seconds),
        status_text=text,
    )
    assert changes(job, later) == []


@given(st.none() | JOBS, JOBS)
def test_every_change_makes_sense(before: Job | None, after: Job):
    """QUEUED comes for a new job only and first; an end for an ended job only, once and last."""
    steps = changes(before, after)
    names = [step.kind for step in steps]
    assert (names[:1] == [ChangeKind.QUEUED]) is (before is None)
    assert names.count(ChangeKind.QUEUED) <= 1
    ends = [name for name in names if name.terminal]
    assert len(ends) <= 1
    assert ends == [name for name in names[-1:] if name.terminal]
    ended_now = after.state.ended and (before is None or before.state is not after.state)
    assert bool(ends) is ended_now
    assert len(names) == len(set(names))
    assert all(step.job is after for step in steps)


@given(st.none() | JOBS, JOBS)
def test_a_page_change_comes_exactly_when_the_count_grows(before: Job | None, after: Job):
    """PAGE comes if the count increased, and only then."""
    assert ("page" in change_kinds(before, after)) is (
        after.sent_pages > (before.sent_pages if before else 0)
    )


@given(JOBS)
def test_a_new_job_is_queued_whatever_it_is_by_now(job: Job):
    """A job whose start was missed still begins with QUEUED."""
    assert change_kinds(None, job)[0] == "queued"


def test_a_short_life():
    """Dialing, length known, pages, delivered: each is one change."""
    dialing = replace(QUEUED, state=JobState.ACTIVE)
    sending = replace(dialing, total_pages=2)
    page = replace(sending, sent_pages=1)
    done = replace(page, state=JobState.DONE, sent_pages=2)
    life = [None, QUEUED, dialing, sending, page, done]
    assert [change_kinds(before, after) for before, after in pairwise(life)] == [
        ["queued"],
        ["dialling"],
        ["sending"],
        ["page"],
        ["page", "delivered"],
    ]


def test_several_changes_between_two_ticks_come_in_order():
    """Seen for the first time when all is over: queued, pages, delivered."""
    assert change_kinds(None, Job("TX1", JobState.DONE, sent_pages=2, total_pages=2)) == [
        "queued",
        "page",
        "delivered",
    ]


def test_a_busy_number_is_tried_again():
    """Asleep after a call means another try, and so does a whole call between two looks."""
    asleep = replace(QUEUED, state=JobState.SLEEPING, dials=1)
    assert change_kinds(replace(QUEUED, state=JobState.ACTIVE), asleep) == ["retrying"]
    assert change_kinds(asleep, replace(asleep, dials=2)) == ["retrying"]


def test_waking_up_gives_no_change_before_it_dials():
    """From sleeping to ready to pending: only the last is WAITING."""
    asleep = replace(QUEUED, state=JobState.SLEEPING, dials=1)
    ready = replace(asleep, state=JobState.READY)
    assert change_kinds(asleep, ready) == []
    assert change_kinds(ready, replace(ready, state=JobState.ACTIVE)) == ["dialling"]


def test_a_canceled_job_did_not_fail():
    """HylaFAX calls it Failed; its text says that somebody asked for it, in whatever case."""
    ended = replace(QUEUED, state=JobState.FAILED, status_text="job aborted by REQUEST")
    assert change_kinds(QUEUED, ended) == ["cancelled"]
    assert change_kinds(QUEUED, replace(ended, status_text="No carrier detected")) == ["failed"]


def test_an_unknown_state_is_shown_with_its_own_text():
    """Another unknown text is another state; the same one is not."""
    odd = replace(QUEUED, state=JobState.UNKNOWN, state_text="Wandering")
    assert change_kinds(QUEUED, odd) == ["other"]
    assert change_kinds(odd, replace(odd, state_text="Resting")) == ["other"]
    assert change_kinds(odd, replace(odd, sent_pages=0)) == []


@given(st.text())
def test_any_text_is_a_state(text: str):
    """A state is one that is listed, in any case, or unknown."""
    state = JobState.parse(text)
    assert state is JobState.UNKNOWN or state.value.lower() == text.strip().lower()


@pytest.mark.parametrize(
    ("job_id", "direction"), [("RX34", "RX"), ("rx34", "RX"), ("TX83", "TX"), ("83", "TX")]
)
def test_an_id_shows_its_direction(job_id: str, direction: str):
    """Received faxes are called RX, all others were sent."""
    assert Direction.of(job_id) == direction


def reply(call: dict) -> ApiReply:
    said = call["reply"]
    return ApiReply(said.get("http", 200), json.dumps(said.get("body", said)).encode())


def lives(name: str, *, by_status: bool) -> dict[str, list[Job]]:
    """
    The looks at each job of a recording, in order.

    As the bot looks: the list of active jobs, and JobStatus for a job that has left it; or by JobStatus
    alone. Jobs of other recordings, seen on the way, have no end here and are left out.
    """
    seen: dict[str, list[Job]] = {}
    status: dict[str, Job] = {}
    listed: set[str] = set()
    for line in (RECORDINGS / f"{name}.jsonl").read_text().splitlines():
        call = json.loads(line)
        method, _, about = call["call"].partition(" ")
        if method == "jobstatus":
            status[about] = wire.status(reply(call), about, NOON)
            if by_status or (about in seen and about not in listed):
                seen.setdefault(about, []).append(status[about])
        elif method == "activejobs" and about == "TX" and not by_status:
            jobs = wire.active(reply(call), Direction.TX, NOON)
            gone = listed - {job.job_id for job in jobs}
            for job in [*jobs, *(status[job_id] for job_id in gone if job_id in status)]:
                seen.setdefault(job.job_id, []).append(job)
            listed = {job.job_id for job in jobs}
    return {job_id: jobs for job_id, jobs in seen.items() if jobs[-1].state.ended}


def steps_of(looks: list[Job]) -> Iterator[Change]:
    before: Job | None = None
    for job in looks:
        yield from changes(before, job)
        before = job


ENDS = {
    "busy_retry_sleeping_then_cancel": "cancelled",
    "busy_until_failed_fast": "failed",
    "cancel_active_mid_page": "cancelled",
    "five_pages_1to2_with_RX": "delivered",
    "no_answer_sleeping_then_cancel": "cancelled",
    "no_carrier": "failed",
    "success_1to2_2pages": "delivered",
}


def test_every_recording_is_replayed():
    """A new recording has to say how it ends."""
    assert {file.stem for file in RECORDINGS.glob("*.jsonl")} == set(ENDS)


@pytest.mark.parametrize("by_status", [False, True], ids=["as the bot looks", "by JobStatus"])
@pytest.mark.parametrize("name", ENDS)
def test_a_recorded_job_gives_each_change_once_from_queued_to_its_end(name: str, by_status: bool):  # noqa: FBT001 - a row of the table
    """Queued first, exactly one end and that last; no step twice in a row but for calls and pages."""
    found = lives(name, by_status=by_status)
    assert len(found) == 1
    for looks in found.values():
        steps = list(steps_of(looks))
        names = kinds(steps)
        assert names[0] == "queued"
        assert names.count("queued") == 1
        assert [step.kind.value for step in steps if step.kind.terminal] == [ENDS[name]]
        assert steps[-1].kind.terminal
        pages = [step.job.sent_pages for step in steps if step.kind is ChangeKind.PAGE]
        assert pages == sorted(set(pages))
        assert (pages[-1:] or [0])[0] == looks[-1].sent_pages
