"""The typed body of each kind of request; it is stored with the request as JSON."""

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from faxbot.fax.job import Direction

_SURROGATE = re.compile("[\ud800-\udfff]")


class RequestKind(StrEnum):
    """The requests that start a fax or change something. Queries are not requests."""

    SEND = "send"
    SHARE = "share"
    SHARED_FILE = "shared_file"
    CANCEL = "cancel"
    DELETE = "delete"
    GET = "get"
    ANSWER = "answer"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


class Decision(StrEnum):
    """A person's decision about a fax whose answer was lost."""

    WENT = "went"
    AGAIN = "again"
    GIVE_UP = "give_up"


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _replace_surrogates(cls, values: object) -> object:
        """Replace lone surrogates in every text by U+FFFD: JSON may contain them, UTF-8 cannot."""
        return _encodable(values)


def _encodable(value: object) -> object:
    """*value*, which is any JSON, with texts that can be encoded as UTF-8."""
    match value:
        case str():
            return _SURROGATE.sub("\ufffd", value)
        case list():
            return [_encodable(each) for each in value]
        case dict():
            return {_encodable(name): _encodable(each) for name, each in value.items()}
        case _:
            return value


class SendBody(_Body):
    """`/fax send` and the form."""

    kind: Literal[RequestKind.SEND] = RequestKind.SEND
    number: str
    line: str = ""
    """The line's id or name; empty: the default line."""
    files: list[dict[str, str]] = []
    """The Slack files, `{"id", "name"}` each."""
    recent: bool = False
    """Without *files*: use the files that the person shared last in the conversation (RECENT_SECONDS)."""
    trigger_id: str = ""
    """Opens the form if there are no such files. Source: slash commands, Slack."""


class ShareBody(_Body):
    """Files shared with the bot, in a direct message or beside a mention."""

    kind: Literal[RequestKind.SHARE] = RequestKind.SHARE
    ts: str
    text: str = ""
    files: list[dict[str, str]] | None = None
    """None: the event did not contain them; they are read from the message."""


class SharedFileBody(_Body):
    """A file whose event does not name the message. Source: the event file_shared, Slack."""

    kind: Literal[RequestKind.SHARED_FILE] = RequestKind.SHARED_FILE
    file_id: str


class TargetBody(_Body):
    """A fax or record by its row id, or a job of the fax server by its job id. The first one set counts."""

    fax_id: int | None = None
    record_id: int | None = None
    job_id: str = ""
    time: int | None = None
    """With *job_id*: the time of the record, in epoch seconds; a reset server reuses ids."""


class CancelBody(TargetBody):
    """Cancel a job."""

    kind: Literal[RequestKind.CANCEL] = RequestKind.CANCEL


class DeleteBody(TargetBody):
    """Delete a record and its document on the fax server."""

    kind: Literal[RequestKind.DELETE] = RequestKind.DELETE
    asked: bool = False
    """RecordDelete was called or was about to be. If it is set at start, the answer was lost."""


class GetBody(TargetBody):
    """Post the document of a job or record."""

    kind: Literal[RequestKind.GET] = RequestKind.GET
    thread_ts: str | None = None


class AnswerBody(_Body):
    """The decision about one fax whose answer was lost."""

    kind: Literal[RequestKind.ANSWER] = RequestKind.ANSWER
    fax_id: int
    answer: Decision


class SubscriptionBody(_Body):
    """The scope of a subscription: a direction, a line, or one fax; all empty: every allowed direction."""

    direction: Direction | None = None
    job_id: str = ""
    line: str = ""


class SubscribeBody(SubscriptionBody):
    """Subscribe a channel."""

    kind: Literal[RequestKind.SUBSCRIBE] = RequestKind.SUBSCRIBE


class UnsubscribeBody(SubscriptionBody):
    """Unsubscribe a channel; empty: from everything."""

    kind: Literal[RequestKind.UNSUBSCRIBE] = RequestKind.UNSUBSCRIBE


RequestBody = (
    SendBody
    | ShareBody
    | SharedFileBody
    | CancelBody
    | DeleteBody
    | GetBody
    | AnswerBody
    | SubscribeBody
    | UnsubscribeBody
)
REQUEST_BODY: TypeAdapter[RequestBody] = TypeAdapter(Annotated[RequestBody, Field(discriminator="kind")])
"""Serializes bodies as JSON; `kind` selects the model when they are read."""
