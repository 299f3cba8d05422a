"""Jobs, receptions, records and lines in the contract's JSON: numbers as strings, two time formats."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from faxbot.standins.ucx.hylafax.job import SendJob
from faxbot.standins.ucx.hylafax.line import SimulatedLine
from faxbot.standins.ucx.hylafax.model import HylaFax
from faxbot.standins.ucx.hylafax.reception import Reception
from faxbot.standins.ucx.hylafax.records import JobType, StoredRecord

Json = dict[str, "Json"] | Sequence["Json"] | str | int | float | bool | None
JsonObject = dict[str, Json]


def success(**items: Json) -> JsonObject:
    """The body of a successful reply."""
    return {"result": "Success", **items}


def error(message: str) -> JsonObject:
    """The body of an error reply."""
    return {"result": "Error", "message": message}


def time_to_send(system: HylaFax, job: SendJob) -> str:
    """When a sleeping job is due, "HH:MM" UTC; "" for any other job."""
    if job.wakes_at is None:
        return ""
    return datetime.fromtimestamp(system.clock.stamp(job.wakes_at), UTC).strftime("%H:%M")


def _long_time(stamp: float) -> str:
    return datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d %H:%M:%S")


def line(fax: SimulatedLine) -> JsonObject:
    """One entry of FaxList."""
    return {
        "id": fax.id,
        "extension": fax.extension,
        "name": fax.name,
        "cidnumber": fax.cidnumber,
        "cidname": fax.cidname,
    }


def usage(system: HylaFax, fax_id: str) -> JsonObject:
    """One entry of FaxUsage."""
    modem = system.resources.modems[fax_id]
    return {"id": fax_id, "state": modem.state, "jobCount": len(system.queue.unfinished(modem))}


def job_status(system: HylaFax, job: SendJob) -> JsonObject:
    """JobStatus of a send job, ended or not."""
    return {
        "time": _long_time(job.time),
        "destination": job.destination,
        "state": job.state,
        "sent_pages": str(job.sent_pages),
        "total_pages": str(job.total_pages),
        "attempts": str(job.total_dials),
        "max_retries": str(system.resources.timing.max_dials),
        "time_to_send": time_to_send(system, job),
        "duration": str(job.duration),
        "status_text": job.status_text,
    }


def reception_status(reception: Reception) -> JsonObject:
    """JobStatus of a reception in progress."""
    return {
        "time": _long_time(reception.time),
        "destination": reception.modem.line.cidnumber,
        "state": "Active",
        "sent_pages": str(reception.pages),
        "total_pages": "0",
        "attempts": "0",
        "max_retries": "0",
        "time_to_send": "",
        "duration": "0",
        "status_text": reception.status_text,
    }


def record_status(record: StoredRecord) -> JsonObject:
    """JobStatus of a job that exists only as a record."""
    return {
        "time": _long_time(record.time),
        "destination": record.destination,
        "state": record.state,
        "sent_pages": str(record.sent_pages),
        "total_pages": str(record.total_pages),
        "attempts": str(record.attempts),
        "max_retries": "0",
        "time_to_send": "",
        "duration": str(record.duration),
        "status_text": record.status_text,
    }


def active_jobs(system: HylaFax, kind: JobType) -> list[JsonObject]:
    """The list of ActiveJobs."""
    if kind is JobType.RX:
        return [_active_reception(reception) for reception in system.receptions.active.values()]
    return [_active_job(system, job) for job in system.queue.unfinished()]


def _active_job(system: HylaFax, job: SendJob) -> JsonObject:
    return {
        "jobid": job.jobid,
        "time": int(job.time),
        "time_to_send": time_to_send(system, job),
        "destination": job.destination,
        "state": job.state,
        "sent_pages": str(job.sent_pages),
        "total_pages": str(job.total_pages),
        "ndials": str(job.dials),
        "totdials": str(job.total_dials),
        "maxdials": str(system.resources.timing.max_dials),
        "attempts": str(job.tries),
        "max_attempts": str(system.resources.timing.max_tries),
        "status_text": job.status_text,
        "requestor": job.requestor,
        "modem": job.modem.line.modem,
    }


def _active_reception(reception: Reception) -> JsonObject:
    counters = ("ndials", "totdials", "maxdials", "attempts", "max_attempts")
    return {
        "jobid": reception.jobid,
        "time": int(reception.time),
        "time_to_send": "",
        "destination": reception.modem.line.cidnumber,
        "state": "Active",
        "sent_pages": str(reception.pages),
        "total_pages": "0",
        **dict.fromkeys(counters, "0"),
        "status_text": reception.status_text,
        "requestor": "",
        "modem": reception.modem.line.modem,
    }


def records(found: Iterable[StoredRecord]) -> list[JsonObject]:
    """The list of RecordsGet."""
    return [
        {
            "jobid": record.jobid,
            "time": int(record.time),
            "phone_number": record.phone_number,
            "cid_name": record.cid_name,
            "station_id": record.station_id,
            "state": record.state,
            "sent_pages": str(record.sent_pages),
            "total_pages": str(record.total_pages),
            "attempts": str(record.attempts),
            "duration": str(record.duration),
            "status_text": record.status_text,
            "requestor": record.requestor,
            "modem": record.modem,
        }
        for record in found
    ]
