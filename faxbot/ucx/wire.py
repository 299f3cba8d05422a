"""
Parses the replies of the Fax API's eleven methods into values of the fax domain, or raises a fault. No I/O.

`request.py` builds the requests. Source: ucx-fax-api.
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
"""Replaces a record's time that could not be parsed, so that the fax is not lost."""

_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")
_PLAIN_WORD = re.compile(r"[A-Za-z ]{1,30}")
_NO_SUCH_JOB = re.compile(r"not found|no such|unknown job", re.IGNORECASE)
_ID = ("jobid", "job_id", "id")

ParsedJobs = dict[str, tuple[dict[str, object], Job]]
"""The entries of a reply and the jobs parsed from them, by the server's id."""


def token(reply: ApiReply) -> str:
    """
    Parse the bearer token.

    Raises:
        CredentialsRejected: The server replied with an error of any kind.
        AnswerLost: The reply has no usable token.
    """
    try:
        given = payload(reply, "token").get("token")
    except RequestRefused as exc:
        raise credentials_rejected(exc.said) from exc
    found = given.strip() if isinstance(given, str) else text(given)  # a token may be longer than any text
    if not _HEADER_SAFE.fullmatch(found):
        raise AnswerLost("The fax server's answer holds no usable token.")
    return found


def lines(reply: ApiReply) -> list[FaxLine]:
    """Parse the list of lines."""
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
    """Parse the states of the lines."""
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
    Parse the receipt of a submission.

    A reply that is not a clear error, or an error that names a job, means that the fax may have been dialed.

    Raises:
        RequestRefused: Nothing will be dialed.
        CredentialsRejected: The token was not accepted; according to this reply, nothing will be dialed.
        ServerBusy: Submit it later; according to this reply, nothing will be dialed.
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
    Parse the state of *job*. `status` is an object, an array of objects to merge, or a text.

    *now*: the day from which a next try given as a time of day is computed, if the reply has no `time`.

    Raises:
        JobNotFound: The server has no such job, or its status is empty.
        AnswerLost: The reply has no status.
    """
    fields = payload(reply, "status", about_job=True)
    found = fields.get("status")
    if found is None and "state" in fields:
        found = fields
    parts = [part for part in (found if isinstance(found, list) else [found]) if isinstance(part, dict)]
    merged: dict[str, object] = {name: value for part in parts for name, value in part.items()}
    if merged and not any(text(value).strip("0") for value in merged.values()):
        raise JobNotFound(f"{job} is not known")  # an empty row, as some databases return for no match
    if merged:
        return _job(merged, job, now, dials=("totdials", "attempts"), tries=())
    said = text(found)
    if not said:
        if "status" in fields:
            raise JobNotFound(f"{job} is not known")
        raise AnswerLost("The fax server's answer holds no status.")
    if _NO_SUCH_JOB.search(said):
        raise JobNotFound(said)
    state = JobState.parse(said)
    return Job(job, state, status_text=said if state is JobState.UNKNOWN else "")


def outcome(reply: ApiReply) -> str:
    """
    Parse the server's text about a change (JobCancel, RecordDelete).

    Raises:
        JobNotFound: There is no such job; the `result` may claim success all the same.
        RequestRefused: Nothing was done.
    """
    said = message_of(payload(reply, "status", about_job=True))
    if _NO_SUCH_JOB.search(said):
        raise refusal(said, about_job=True)
    return said


def active(reply: ApiReply, direction: Direction, now: datetime, seen: ParsedJobs | None = None) -> list[Job]:
    """
    Parse the jobs that have not ended.

    A job of which only the id can be parsed is kept, so that it does not seem to have left the list. *seen*
    holds the previous reply and is updated with this one: an unchanged entry costs a comparison and yields
    the same Job object.
    """
    found: list[Job] = []
    before = dict(seen or {})
    if seen is not None:
        seen.clear()
    for place, entry in enumerate(entries(payload(reply, "list"), "list", counted=True)):
        fields: dict[str, object] = entry if isinstance(entry, dict) else {"jobid": entry}
        raw_id = fields.get("jobid")
        known = before.get(raw_id) if isinstance(raw_id, str) else None
        if known is not None and known[0] == fields:
            job = known[1]
        elif name := _id_of(fields, direction):
            job = _job(fields, name, now, dials=("totdials", "ndials"), tries=("attempts", "max_attempts"))
        else:
            logger.warning("ActiveJobs %s: entry %d could not be read", direction, place)
            continue
        if seen is not None and isinstance(raw_id, str):
            seen[raw_id] = (fields, job)
        found.append(job)
    return found


def count(reply: ApiReply) -> int:
    """Parse the number of records; an unreadable one is a fault, since 0 would look like a deletion."""
    found = number(payload(reply, "count").get("count"))
    if found is None:
        raise AnswerLost("The fax server's answer holds no count.")
    return found


def records(reply: ApiReply, direction: Direction) -> list[Record]:
    """Parse the records, in the server's order."""
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
    """The fault for a *reply* that came instead of a document."""
    try:
        payload(reply, "", about_job=True)
    except ServerFault as exc:
        return exc
    return AnswerLost("The fax server sent data where a document was asked for.")


def _id_of(fields: Mapping[str, object], direction: Direction) -> str:
    return next((found for name in _ID if (found := job_id(fields.get(name), direction))), "")


def _state(fields: Mapping[str, object], job: str) -> tuple[JobState, str]:
    state_text = text(fields.get("state"))
    state = JobState.parse(state_text)
    if state is not JobState.UNKNOWN:
        return state, ""
    # only plain words are logged: an unexpected text could contain a number or a name
    logger.info("%s has an unknown state: %s", job, state_text if _PLAIN_WORD.fullmatch(state_text) else "?")
    return state, state_text


def _job(
    fields: Mapping[str, object],
    job: str,
    now: datetime,
    *,
    dials: tuple[str, ...],
    tries: tuple[str, ...],
) -> Job:
    """
    Parse the fields of *job*.

    JobStatus and ActiveJobs name the same counts differently: `attempts` and `max_retries` of JobStatus are
    `totdials` and `maxdials` of ActiveJobs; only ActiveJobs has the `attempts` that reached a machine.
    *dials*: names of the count of dials, the first present one is used. *tries*: the names of the count and
    of the maximum of attempts; empty if the method reports none.
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
