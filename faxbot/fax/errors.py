"""
The exceptions of the bot, in one tree.

    Fault                      an expected failure, with a sentence for people
    ├── Refusal                the person can correct it; nothing was done
    │   ├── BadCommand         the text could not be parsed
    │   ├── BadNumber          not a number that may be dialed
    │   ├── BadDocument        not a document that can be faxed
    │   ├── UnknownLine        no such virtual fax
    │   ├── UnknownJob         no such job or record
    │   ├── NotAllowed         the person lacks the permission
    │   └── CannotPost         the bot cannot post in the conversation
    ├── ServerFault            the fax server
    │   ├── ServerUnreachable  no connection was made: nothing happened there
    │   ├── AnswerLost         no usable reply: the request may have been carried out
    │   ├── ServerBusy         HTTP 429: nothing was done, retry later
    │   ├── CredentialsRejected  client id, secret or license not accepted
    │   └── RequestRefused     the server replied with an error
    │       └── JobNotFound    no such job, record or file
    └── SlackFault             Slack, or the stand-in for it
        ├── SlackBusy          HTTP 429: retry after `retry_after` seconds
        ├── SlackUnclear       no usable response: the call may have been carried out
        └── SlackRefused       Slack returned an `error` code
"""


class Fault(Exception):
    """An expected failure. `str(fault)` is a sentence that may be shown to people."""


class Refusal(Fault):
    """The person can correct it; nothing was done."""


class BadCommand(Refusal):
    """The text could not be parsed; *suggestion* is a complete command to run instead."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


class BadNumber(Refusal):
    """Not a number that may be dialed."""


class BadDocument(Refusal):
    """Not a document that can be faxed."""


class UnknownLine(Refusal):
    """No such virtual fax."""


class UnknownJob(Refusal):
    """No such job or record."""


class NotAllowed(Refusal):
    """The person lacks the permission; the message says who has it."""


class CannotPost(Refusal):
    """The bot cannot post in the conversation, so nothing is sent from it."""


class ServerFault(Fault):
    """The fax server failed, replied with an error, or did not reply."""


class ServerUnreachable(ServerFault):
    """No connection was made: the server did nothing, and the request may be repeated."""


class AnswerLost(ServerFault):
    """No usable reply came: the server may have carried out the request."""


class ServerBusy(ServerFault):
    """The fax server, or a proxy in front of it, replied with HTTP 429: nothing was done."""


class CredentialsRejected(ServerFault):
    """The fax server does not accept the client id and secret, or its license has expired."""


class RequestRefused(ServerFault):
    """The fax server replied with an error, whose text is *said*; nothing was done."""

    def __init__(self, said: str) -> None:
        super().__init__(f"The fax server refused: {said}")
        self.said = said


class JobNotFound(RequestRefused):
    """The fax server has no such job, record or file."""


class SlackFault(Fault):
    """Slack failed, returned an error, or did not respond."""


class SlackBusy(SlackFault):
    """Slack's rate limit (HTTP 429): retry after *retry_after* seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Slack asks for a pause of {retry_after:g} s.")
        self.retry_after = retry_after


class SlackUnclear(SlackFault):
    """No usable response came: Slack may have carried out the call."""


class SlackRefused(SlackFault):
    """Slack returned *error*, a code of the method's reference page."""

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(f"Slack refused: {error}{' (' + detail + ')' if detail else ''}")
        self.error = error
