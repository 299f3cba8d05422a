"""
A reply of the fax server: its JSON fields, or the fault it stands for.

A fault may be an HTTP status, or 200 with `{"result":"Error","message"|"status":…}`, or a web page, or
truncated JSON, or JSON of another shape. Source: Error Reporting, ucx-fax-api.
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
_ABOUT_CREDENTIALS = re.compile(
    r"""authenticat\w*\ (failed|required|error) | unauthori[sz]ed
    | (invalid|expired|revoked|missing|bad|unknown)\ (\w+\ )?token
    | token\ (is\ |has\ |was\ )?(been\ )?(invalid|expired|revoked|missing|not\ valid|unknown)
    | licen[sc]e\ (is\ |has\ |was\ )?(been\ )?(invalid|expired|missing|removed|required|not\ \w+)
    | (invalid|expired|missing|no|without\ an?)\ (\w+\ ){0,3}licen[sc]e\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Error texts about the bot's credentials or license, not about the request."""
_POSSIBLY_CARRIED_OUT = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY)
"""Client errors after which a server behind a proxy may have carried out the request all the same."""


@dataclass(frozen=True, slots=True)
class ApiReply:
    """A complete reply: HTTP status and body."""

    status: int
    body: bytes = field(default=b"", repr=False)

    @property
    def is_page(self) -> bool:
        """Whether it is a web page: the address is wrong, or a proxy replied."""
        return bool(_PAGE.match(self.body))

    @property
    def fields(self) -> dict[str, object] | None:
        """The JSON object in the body; None if there is none."""
        try:
            # Caller names may be in another encoding: an invalid byte must not make the list unreadable.
            found = json.loads(self.body.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def is_error(fields: Mapping[str, object]) -> bool:
    """Whether the field `result` reports an error."""
    return text(fields.get("result")).lower().startswith(("error", "fail"))


def message_of(fields: Mapping[str, object] | None) -> str:
    """The server's text; the methods of the contract return it in different fields."""
    return first_text(fields or {}, "message", "status", "error")


def payload(reply: ApiReply, expected: str, *, about_job: bool = False) -> dict[str, object]:
    """
    The fields of a successful reply; *expected* is the field it should have.

    Raises:
        CredentialsRejected: The token (or id and secret) was not accepted.
        JobNotFound: The method is *about_job*, and there is no such job.
        RequestRefused: The server replied with an error.
        ServerBusy: HTTP 429.
        AnswerLost: The server failed, or the reply cannot be interpreted.
        ServerFault: There is no Fax API at this address.
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
    """The fault for a reply with an HTTP status of 400 or more."""
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _POSSIBLY_CARRIED_OUT:
        return AnswerLost(f"The fax server failed (HTTP {reply.status}).")
    match reply.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return ServerBusy("The fax server is busy and asks to come back later.")
        case HTTPStatus.UNAUTHORIZED:
            return credentials_rejected(message_of(fields))
        case HTTPStatus.NOT_FOUND if fields is None:
            return _not_found_page(reply, about_job=about_job)
    said = message_of(fields) or f"HTTP {reply.status}"
    if about_job and reply.status == HTTPStatus.NOT_FOUND:
        return JobNotFound(said)
    return refusal(said, about_job=about_job)


def _not_found_page(reply: ApiReply, *, about_job: bool) -> ServerFault:
    """The fault of a 404 without a JSON object."""
    if about_job and not reply.body.strip():
        return JobNotFound("Not found")
    return ServerFault("There is no Fax API at this address. Check UCX_URL and the license.")


def refusal(said: str, *, about_job: bool = False) -> ServerFault:
    """The fault for the server's error text *said*."""
    if _ABOUT_CREDENTIALS.search(said):
        return credentials_rejected(said)
    if about_job and _NO_SUCH.search(said):
        return JobNotFound(said)
    return RequestRefused(said or "no reason given")


def credentials_rejected(said: str) -> CredentialsRejected:
    """The fault for rejected credentials; *said* is the server's text."""
    return CredentialsRejected(
        "The fax server does not accept the bot's credentials"
        f"{f' ({said})' if said else ''}. Check UCX_CLIENT_ID, UCX_CLIENT_SECRET and the Fax API license."
    )


def entries(fields: Mapping[str, object], key: str, *, counted: bool = False) -> list[object]:
    """
    The list in the field *key*: an array, one object, or an object of objects; absent means empty.

    Raises:
        AnswerLost: It is none of these. Or it is absent, or with *counted* empty, although `count` is not 0.
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
