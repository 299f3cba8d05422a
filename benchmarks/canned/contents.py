"""Jobs, records and lines with the fields and the kinds of values that the contract shows. Pure."""

import time
from collections.abc import Sequence
from typing import Literal, overload

Direction = Literal["TX", "RX"]
DIRECTIONS: tuple[Direction, ...] = ("TX", "RX")
Entry = dict[str, object]

LINES = 10
MAX_DIALS = "12"
_MINUTES_A_DAY = 24 * 60
_RECORD_SECONDS = 600


def lines() -> list[Entry]:
    """The virtual faxes. Source: FaxList."""
    return [
        {
            "id": str(number),
            "extension": str(600 - number),
            "name": f"Ward {number}",
            "cidnumber": f"1469555{1110 + number}",
            "cidname": f"EMT Ward {number}",
        }
        for number in range(1, LINES + 1)
    ]


def usage() -> list[Entry]:
    """What they are doing. Source: FaxUsage."""
    return [{"id": str(number), "state": "Running and idle", "jobCount": 0} for number in range(1, LINES + 1)]


def modem(number: int) -> str:
    """The modem of the line that the job or record *number* is on."""
    return f"ttyIAX{(number - 1) % LINES + 1}"


def active(count: int, *, ready: bool) -> list[Entry]:
    """
    Jobs that have not ended: one under way on each line; of the others, each waits to be dialed again after
    a busy signal, or with *ready* every second one for its first dial. Source: ActiveJobs.
    """
    began = int(time.time())
    return [_job(number, began, ready=ready) for number in range(1, count + 1)]


def _job(number: int, began: int, *, ready: bool) -> Entry:
    job = {
        "jobid": f"TX{number}",
        "time": began - number % 3600,
        "time_to_send": "",
        "destination": f"1469{200 + number // 10_000:03}{number % 10_000:04}",
        "state": "Ready",
        "sent_pages": "0",
        "total_pages": str(1 + number % 5),
        "ndials": "0",
        "totdials": "0",
        "maxdials": MAX_DIALS,
        "attempts": "0",
        "max_attempts": "3",
        "status_text": "",
        "requestor": "API",
        "modem": modem(number),
    }
    if number <= LINES:
        return job | dialing(1)
    if ready and number % 2:
        return job
    return job | asleep(1, began + number)


def dialing(dials: int) -> Entry:
    """What is different in a job that is being dialed for the *dials*th time."""
    count = str(dials)
    return {
        "state": "Active",
        "time_to_send": "",
        "ndials": count,
        "totdials": count,
        "status_text": "Dialing",
    }


def asleep(dials: int, due: int) -> Entry:
    """What is different in a job that found the line busy and waits until *due* (a "HH:MM" in UTC)."""
    minute = due // 60 % _MINUTES_A_DAY
    return {
        "state": "Sleeping",
        "time_to_send": f"{minute // 60:02}:{minute % 60:02}",
        "ndials": str(dials),
        "totdials": str(dials),
        "status_text": "Busy signal detected",
    }


def delivered(job: Entry) -> Entry:
    """What is different in a *job* that is through."""
    return {"state": "Done", "sent_pages": job["total_pages"], "status_text": ""}


CANCELLED: Entry = {"state": "Failed", "status_text": "Job aborted by request"}
"""What is different in a job that somebody stopped."""


def status_of(job: Entry) -> Entry:
    """An active job, or one that has ended, as JobStatus returns it."""
    alike = ("destination", "state", "sent_pages", "total_pages", "time_to_send", "status_text")
    return {name: job[name] for name in alike} | {
        "time": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
        "attempts": job["totdials"],
        "max_retries": job["maxdials"],
        "duration": "67",
    }


def record(direction: Direction, number: int, newest: int, now: int | None = None) -> Entry:
    """A finished fax, ten minutes before the one after it; *newest* is the number of the one at *now*."""
    moment = int(time.time()) // 60 * 60 if now is None else now
    return {
        "jobid": f"{direction}{number}",
        "time": moment - (newest - number) * _RECORD_SECONDS,
        "phone_number": f"214{200 + number // 10_000 % 700:03}{number % 10_000:04}",
        "cid_name": f"CLINIC {number % 97}",
        "station_id": f"EMT {number % 89}" if direction == "TX" else "",
        "state": "Done",
        "sent_pages": "1",
        "total_pages": "1",
        "attempts": "1" if direction == "TX" else "0",
        "duration": "18",
        "status_text": "",
        "requestor": "API" if direction == "TX" else "",
        "modem": modem(number),
    }


class Records(Sequence[Entry]):
    """The records of one direction. Those of the first *count* are made on access."""

    def __init__(self, direction: Direction, count: int, now: int) -> None:
        self._direction, self._first, self._now = direction, count, now
        self._arrived: list[Entry] = []

    def __len__(self) -> int:
        return self._first + len(self._arrived)

    @overload
    def __getitem__(self, place: int) -> Entry: ...

    @overload
    def __getitem__(self, place: slice) -> list[Entry]: ...

    def __getitem__(self, place: int | slice) -> Entry | list[Entry]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place >= self._first:
            return self._arrived[place - self._first]
        return record(self._direction, place + 1, self._first, self._now)

    def arrive(self, count: int) -> None:
        """So many more are there all at once."""
        last = len(self)
        self._arrived += [record(self._direction, n, last + 1) for n in range(last + 1, last + count + 1)]
