"""
The Fax API's eleven methods, as replies: the fax domain's values, or a named fault. No I/O.

`request.py` builds what they answer. Source: ucx-fax-api.
"""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from faxbot.fax.errors import (
    AnswerLost,
    CredentialsRejected,
    JobNotFound,
    RequestRefused,
    ServerBusy,
    ServerFault,
)
from faxbot.fax.job import Direction, Job, JobState
from faxbot.fax.line import FaxLine, LineUsage
from faxbot.fax.receipt import SubmissionReceipt
from faxbot.fax.record import Record
from faxbot.ucx.reply import ApiReply, credentials_rejected, entries, message_of, payload, refusal
from faxbot.ucx.values import first_number, first_text, job_id, moment, next_moment, number, text

logger = logging.getLogger(__name__)

UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)
"""Stands for a record's time that could not be read: the fax must not be lost over it."""

_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")
_PLAIN_WORD = re.compile(r"[A-Za-z ]{1,30}")
_REMOVED_NOTHING = re.compile(r"not found|no such|unknown job", re.IGNORECASE)
_ID = ("jobid", "job_id", "id")

ParsedJobs = dict[str, tuple[dict[str, object], Job]]
"""The entries of a reply, and what was read from them, by the id that the server told."""


def token(reply: ApiReply) -> str:
    """
    Read the bearer token.

    Raises:
        CredentialsRejected: The server said no, for whatever reason.
        AnswerLost: No usable token came.
    """
    try:
        found = text(payload(reply, "token").get("token"))
    except RequestRefused as exc:
        raise credentials_rejected(exc.said) from exc
    if not _HEADER_SAFE.fullmatch(found):
        raise AnswerLost("The fax server's answer holds no usable token.")
    return found


def lines(reply: ApiReply) -> list[FaxLine]:
    """Read the lines."""
    return [
        FaxLine(
            line_id=line_id,
            name=text(entry.get("name")),
            extension=text(entry.get("extension")),
            number=text(entry.get("cidnumber")),
            caller_name=text(entry.get("cidname")),
        )
        for line_id, entry in _lines_of(payload(reply, "faxes"), "FaxList")
    ]


def usage(reply: ApiReply) -> list[LineUsage]:
    """Read what the lines are doing."""
    return [
        LineUsage(line_id, text(entry.get("state")), first_number(entry, "jobCount", "jobcount") or 0)
        for line_id, entry in _lines_of(payload(reply, "faxes"), "FaxUsage")
    ]


def _lines_of(fields: Mapping[str, object], method: str) -> list[tuple[str, dict[str, object]]]:
    found = []
    for place, entry in enumerate(entries(fields, "faxes")):
        if isinstance(entry, dict) and (line_id := first_text(entry, "id", "fax_id")):
            found.append((line_id, entry))
        else:
            logger.warning("%s: entry %d could not be read", method, place)
    return found


def submitted(reply: ApiReply) -> SubmissionReceipt:
    """
    Read the receipt of a submission. Whatever does not say a clear no, or says no and names a job, may
    have been dialed.

    Raises:
        RequestRefused: Nothing will be dialed.
        CredentialsRejected: The token was not accepted; by this answer, nothing will be dialed.
        ServerBusy: To be handed in later; by this answer, nothing will be dialed.
        AnswerLost: It may be queued.
    """
    try:
        fields = payload(reply, "job_id")
    except AnswerLost:
        raise
    except ServerFault as exc:
        if first_text(reply.fields or {}, "job_id", "jobid"):
            raise AnswerLost("The fax server said no and named a job.") from exc
        if isinstance(exc, RequestRefused | CredentialsRejected | ServerBusy):
            raise
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise RequestRefused(str(exc)) from exc
        raise AnswerLost(str(exc)) from exc
    job = job_id(fields.get("job_id") or fields.get("jobid"), Direction.TX)
    if not job:
        raise AnswerLost("The fax server took the fax but named no job.")
    return SubmissionReceipt(
        job, device=text(fields.get("device")), destination=text(fields.get("destination"))
    )


def status(reply: ApiReply, job: str, now: datetime) -> Job:
    """
    Read how *job* stands. `status` is one object, several to be taken together, or only words.

    Raises:
        JobNotFound: The server knows no such job, or has nothing to say of it.
    """
    fields = payload(reply, "status", about_job=True)
    told = fields.get("status")
    if told is None and "state" in fields:
        told = fields
    parts = [part for part in (told if isinstance(told, list) else [told]) if isinstance(part, dict)]
    merged: dict[str, object] = {name: value for part in parts for name, value in part.items()}
    if merged and not any(text(value).strip("0") for value in merged.values()):
        raise JobNotFound(f"{job} is not known")  # an empty row, as some databases give for none
    if merged:
        return _job(merged, job, now, dials=("totdials", "attempts"), tries=())
    said = text(told)
    if not said:
        if "status" in fields:
            raise JobNotFound(f"{job} is not known")
        raise AnswerLost("The fax server's answer holds no status.")
    if _REMOVED_NOTHING.search(said):
        raise JobNotFound(said)
    state = JobState.parse(said)
    return Job(job, state, status_text=said if state is JobState.UNKNOWN else "")


def outcome(reply: ApiReply) -> str:
    """
    Read what the server says it did: JobCancel, RecordDelete.

    Raises:
        JobNotFound: There is no such job, even where the result claims success.
        RequestRefused: Nothing was done.
    """
    said = message_of(payload(reply, "status", about_job=True))
    if _REMOVED_NOTHING.search(said):
        raise refusal(said, about_job=True)
    return said


def active(reply: ApiReply, direction: Direction, now: datetime, seen: ParsedJobs | None = None) -> list[Job]:
    """
    Read the jobs that have not ended.

    A job of which only the id can be read is kept: it must not look as if it had left the list. *seen* is
    what the last reply held, and what this one holds afterwards: an entry that did not change is the very
    same Job, at the cost of a comparison.
    """
    found: list[Job] = []
    before = dict(seen or {})
    if seen is not None:
        seen.clear()
    for place, entry in enumerate(entries(payload(reply, "list"), "list", counted=True)):
        fields: dict[str, object] = entry if isinstance(entry, dict) else {"jobid": entry}
        told_id = fields.get("jobid")
        known = before.get(told_id) if isinstance(told_id, str) else None
        if known is not None and known[0] == fields:
            job = known[1]
        elif name := _id_of(fields, direction):
            job = _job(fields, name, now, dials=("totdials", "ndials"), tries=("attempts", "max_attempts"))
        else:
            logger.warning("ActiveJobs %s: entry %d could not be read", direction, place)
            continue
        if seen is not None and isinstance(told_id, str):
            seen[told_id] = (fields, job)
        found.append(job)
    return found


def count(reply: ApiReply) -> int:
    """Read how many records there are; an unreadable count is a fault, since 0 would look like a deletion."""
    found = number(payload(reply, "count").get("count"))
    if found is None:
        raise AnswerLost("The fax server's answer holds no count.")
    return found


def records(reply: ApiReply, direction: Direction) -> list[Record]:
    """Read the records, in the server's order."""
    found = []
    for place, entry in enumerate(entries(payload(reply, "records"), "records")):
        fields: dict[str, object] = entry if isinstance(entry, dict) else {}
        job = _id_of(fields, direction)
        if not job:
            logger.warning("RecordsGet %s: entry %d could not be read", direction, place)
            continue
        time = moment(fields.get("time"))
        if time is None:
            logger.warning("RecordsGet: the time of %s could not be read", job)
        state, state_text = _state(fields, job)
        found.append(
            Record(
                job_id=job,
                time=time or UNKNOWN_TIME,
                number=text(fields.get("phone_number")),
                caller_name=text(fields.get("cid_name")),
                station_id=text(fields.get("station_id")),
                state=state,
                state_text=state_text,
                sent_pages=number(fields.get("sent_pages")) or 0,
                total_pages=number(fields.get("total_pages")) or None,
                attempts=number(fields.get("attempts")),
                duration=number(fields.get("duration")),
                status_text=text(fields.get("status_text")),
                requestor=text(fields.get("requestor")),
                modem=text(fields.get("modem")),
            )
        )
    return found


def no_document(reply: ApiReply) -> ServerFault:
    """The fault that *reply* stands for, which came instead of a document."""
    try:
        payload(reply, "", about_job=True)
    except ServerFault as exc:
        return exc
    return AnswerLost("The fax server sent data where a document was asked for.")


def _id_of(fields: Mapping[str, object], direction: Direction) -> str:
    return next((found for name in _ID if (found := job_id(fields.get(name), direction))), "")


def _state(fields: Mapping[str, object], job: str) -> tuple[JobState, str]:
    told = text(fields.get("state"))
    state = JobState.parse(told)
    if state is not JobState.UNKNOWN:
        return state, ""
    word = told if _PLAIN_WORD.fullmatch(told) else "(not a word)"
    logger.info("%s is in a state that is not known: %s", job, word)
    return state, told


def _job(
    fields: Mapping[str, object],
    job: str,
    now: datetime,
    *,
    dials: tuple[str, ...],
    tries: tuple[str, ...],
) -> Job:
    """
    Read one telling of *job*.

    JobStatus and ActiveJobs count alike under different names: JobStatus' `attempts` of `max_retries` are
    ActiveJobs' `totdials` of `maxdials`; only ActiveJobs tells of `attempts` that reached a machine.
    """
    state, state_text = _state(fields, job)
    time = moment(fields.get("time"))
    waits = state is not JobState.ACTIVE and not state.ended
    return Job(
        job_id=job,
        state=state,
        state_text=state_text,
        destination=text(fields.get("destination")),
        sent_pages=number(fields.get("sent_pages")) or 0,
        total_pages=number(fields.get("total_pages")) or None,
        dials=first_number(fields, *dials),
        max_dials=first_number(fields, "maxdials", "max_retries"),
        attempts=first_number(fields, *tries[:1]),
        max_attempts=first_number(fields, *tries[1:]),
        next_try=next_moment(fields.get("time_to_send"), time or now) if waits else None,
        duration=number(fields.get("duration")),
        status_text=text(fields.get("status_text")),
        modem=text(fields.get("modem")),
        time=time,
    )
