"""What each kind of request asks for, as a typed body that is kept with the request."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from faxbot.fax.job import Direction


class RequestKind(StrEnum):
    """What a person can ask for that starts a fax or changes something."""

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
    """What a person says of a fax whose answer was lost."""

    WENT = "went"
    AGAIN = "again"
    GIVE_UP = "give_up"


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class SendBody(_Body):
    """`/fax send` and the form."""

    kind: Literal[RequestKind.SEND] = RequestKind.SEND
    number: str
    line: str = ""
    """The line's id or name; empty: the default line."""
    files: list[dict[str, str]] = []
    """The Slack files, `{"id", "name"}` each."""
    recent: bool = False
    """Without *files*: those that the person just shared in the conversation are meant."""
    trigger_id: str = ""
    """Opens the form if there are no such files. Source: slash commands, Slack."""


class ShareBody(_Body):
    """Files shared with the bot, in a direct message or beside a mention."""

    kind: Literal[RequestKind.SHARE] = RequestKind.SHARE
    ts: str
    text: str = ""
    files: list[dict[str, str]] | None = None
    """None: the event did not name them, so that the message is asked for."""


class SharedFileBody(_Body):
    """A file that Slack named without its message. Source: the event file_shared, Slack."""

    kind: Literal[RequestKind.SHARED_FILE] = RequestKind.SHARED_FILE
    file_id: str


class TargetBody(_Body):
    """A fax or record of ours by row id, or a job of the fax server by its id."""

    fax_id: int | None = None
    record_id: int | None = None
    job_id: str = ""
    time: int | None = None
    """With *job_id*: the moment of the record, in epoch seconds; ids are used again after a reset."""


class CancelBody(TargetBody):
    """Cancel a job."""

    kind: Literal[RequestKind.CANCEL] = RequestKind.CANCEL


class DeleteBody(TargetBody):
    """Delete a record and its document on the fax server."""

    kind: Literal[RequestKind.DELETE] = RequestKind.DELETE
    asked: bool = False
    """RecordDelete was about to be called; found after a stop, its answer is lost."""


class GetBody(TargetBody):
    """Post the document of a job or record."""

    kind: Literal[RequestKind.GET] = RequestKind.GET
    thread_ts: str | None = None


class AnswerBody(_Body):
    """The decision about one fax."""

    kind: Literal[RequestKind.ANSWER] = RequestKind.ANSWER
    fax_id: int
    answer: Decision


class SubscriptionBody(_Body):
    """What a channel subscribes to: a direction, one of its lines, one fax; empty: whatever is allowed."""

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
"""Writes bodies as JSON and reads them back."""
