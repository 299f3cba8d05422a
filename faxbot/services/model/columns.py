"""Jobs and records as JSON columns."""

from pydantic import TypeAdapter

from faxbot.fax.job import Job
from faxbot.fax.record import Record
from faxbot.services.model.faxes import Fax
from faxbot.services.model.records import FaxRecord

_JOB = TypeAdapter(Job)


_RECORD = TypeAdapter(Record)


def job_facts(job: Job) -> dict[str, object]:
    """*job* as JSON data."""
    facts: dict[str, object] = _JOB.dump_python(job, mode="json")
    return facts


def job_of(fax: Fax) -> Job | None:
    """The job of *fax* as the fax server last told it."""
    return _JOB.validate_python(fax.job) if fax.job else None


def record_facts(record: Record) -> dict[str, object]:
    """*record* as JSON data."""
    facts: dict[str, object] = _RECORD.dump_python(record, mode="json")
    return facts


def record_of(row: FaxRecord) -> Record:
    """The record as the fax server told it."""
    return _RECORD.validate_python(row.record)
