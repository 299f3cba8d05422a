"""
A reply of the fax server: what it carries, or which fault it is.

A fault may be an HTTP status, or 200 with `{"result":"Error","message"|"status":…}`, or a web page, or
JSON cut short, or JSON of another shape. Source: Error Reporting, ucx-fax-api.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from faxbot.fax.errors import (
    AnswerLost,
    CredentialsRejected,
    JobNotFound,
    RequestRefused,
    ServerBusy,
    ServerFault,
)
from faxbot.ucx.values import first_text, number, text

_PAGE = re.compile(rb"\s*(<!doctype|<html|<head|<body|<\?xml|<br|<!--)", re.IGNORECASE)
_NO_SUCH = re.compile(r"not found|unknown|no such|doesn't exist|does not exist|invalid job", re.IGNORECASE)
_NO_ENTRY = re.compile(
    r"""authenticat\w*\ (failed|required|error) | unauthori[sz]ed
    | (invalid|expired|revoked|missing|bad|unknown)\ (\w+\ )?token
    | token\ (is\ |has\ |was\ )?(been\ )?(invalid|expired|revoked|missing|not\ valid|unknown)
    | licen[sc]e\ (is\ |has\ |was\ )?(been\ )?(invalid|expired|missing|removed|required|not\ \w+)
    | (invalid|expired|missing|no|without\ an?)\ (\w+\ ){0,3}licen[sc]e\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that are about the bot's credentials or the license behind them, not about the request."""
_PERHAPS_DONE = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY)
"""Client errors that tell of a request cut short: what stands behind the teller may have had all of it."""


@dataclass(frozen=True, slots=True)
class ApiReply:
    """A whole reply: HTTP status, and the body as it came."""

    status: int
    body: bytes = field(default=b"", repr=False)

    @property
    def is_page(self) -> bool:
        """A web page where data was expected: the address is wrong, or something stands in between."""
        return bool(_PAGE.match(self.body))

    @property
    def fields(self) -> dict[str, object] | None:
        """The JSON object it carries, or None if it carries no such thing."""
        try:
            # Caller names may come in another encoding; one odd letter must not hide every job.
            found = json.loads(self.body.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def is_error(fields: Mapping[str, object]) -> bool:
    """The `result` is an error."""
    return text(fields.get("result")).lower().startswith(("error", "fail"))


def message_of(fields: Mapping[str, object] | None) -> str:
    """What the server says in its own words; the contract's replies use either field."""
    return first_text(fields or {}, "message", "status", "error")


def payload(reply: ApiReply, expected: str, *, about_job: bool = False) -> dict[str, object]:
    """
    The fields of a reply that says yes and should carry *expected*.

    Raises:
        CredentialsRejected: The token (or id and secret) was not accepted.
        JobNotFound: The method is *about_job*, and there is no such job.
        RequestRefused: The server said no.
        ServerBusy: It asks to come back later.
        AnswerLost: It failed, or the reply makes no sense.
        ServerFault: This is not the Fax API's address.
    """
    fields = reply.fields
    if reply.status >= HTTPStatus.BAD_REQUEST:
        raise _by_status(reply, fields, about_job=about_job)
    if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise ServerFault("The fax server points to another address. Check UCX_URL.")
    if fields is None:
        raise AnswerLost(
            "The fax server answered with a web page instead of data. Check UCX_URL."
            if reply.is_page
            else "The fax server's answer could not be read."
        )
    if is_error(fields):
        raise refusal(message_of(fields), about_job=about_job)
    said = text(fields.get("result")).lower()
    if said not in ("success", "ok") and (said or expected not in fields):
        raise AnswerLost("The fax server's answer says neither yes nor no.")
    return fields


def _by_status(reply: ApiReply, fields: dict[str, object] | None, *, about_job: bool) -> ServerFault:
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _PERHAPS_DONE:
        return AnswerLost(f"The fax server failed (HTTP {reply.status}).")
    match reply.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return ServerBusy("The fax server is busy and asks to come back later.")
        case HTTPStatus.UNAUTHORIZED:
            return credentials_rejected(message_of(fields))
        case HTTPStatus.NOT_FOUND if fields is None:
            return _nothing_there(reply, about_job=about_job)
    said = message_of(fields) or f"HTTP {reply.status}"
    if about_job and reply.status == HTTPStatus.NOT_FOUND:
        return JobNotFound(said)
    return refusal(said, about_job=about_job)


def _nothing_there(reply: ApiReply, *, about_job: bool) -> ServerFault:
    """A 404 that is not in the API's own form."""
    if about_job and not reply.body.strip():
        return JobNotFound("Not found")
    return ServerFault("There is no Fax API at this address. Check UCX_URL and the license.")


def refusal(said: str, *, about_job: bool = False) -> ServerFault:
    """The fault that the server's no *said* stands for."""
    if _NO_ENTRY.search(said):
        return credentials_rejected(said)
    if about_job and _NO_SUCH.search(said):
        return JobNotFound(said)
    return RequestRefused(said or "no reason given")


def credentials_rejected(said: str) -> CredentialsRejected:
    """The fault of credentials that the server turned down, in its words *said*."""
    return CredentialsRejected(
        "The fax server does not accept the bot's credentials"
        f"{f' ({said})' if said else ''}. Check UCX_CLIENT_ID, UCX_CLIENT_SECRET and the Fax API license."
    )


def entries(fields: Mapping[str, object], key: str, *, counted: bool = False) -> list[object]:
    """
    The list under *key*: an array, one object, an object of objects, or nothing at all.

    Raises:
        AnswerLost: It is none of these; or `count` contradicts that it is absent (with *counted*: or empty).
    """
    match fields.get(key):
        case list() as found:
            absent = counted and not found
        case dict() as one:
            alone = not all(isinstance(value, dict) for value in one.values())
            found, absent = ([one] if alone else list(one.values())), counted and not one
        case None | "":
            found, absent = [], True
        case _:
            raise AnswerLost("The fax server's list could not be read.")
    if absent and number(fields.get("count")):
        raise AnswerLost("The fax server counts entries that its list does not hold.")
    return found
