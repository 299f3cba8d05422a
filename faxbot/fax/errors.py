"""
Every fault the bot can name, in one tree.

    Fault                      one sentence for people, with the next step
    ├── Refusal                the person can put it right; nothing was done
    │   ├── BadCommand         not understood
    │   ├── BadNumber          no number that may be dialed
    │   ├── BadDocument        not a document that can be faxed
    │   ├── UnknownLine        no such virtual fax
    │   ├── UnknownJob         no such job or record
    │   ├── NotAllowed         a rule says who may; it is named
    │   └── CannotPost         the bot could not tell anyone how it went
    ├── ServerFault            the fax server
    │   ├── ServerUnreachable  no connection was made: nothing happened there
    │   ├── AnswerLost         the request may have been carried out; no usable answer came
    │   ├── ServerBusy         asked to come back later: by its own word nothing was done
    │   ├── CredentialsRejected  client id, secret or license not accepted
    │   └── RequestRefused     the server said no, in its own words
    │       └── JobNotFound    it knows no such job, record or file
    └── SlackFault             Slack, or what stands in for it
        ├── SlackBusy          asked to come back after `retry_after` seconds
        ├── SlackUnclear       the call may have been carried out
        └── SlackRefused       Slack said no, with its `error` code
"""


class Fault(Exception):
    """Something the bot can name. `str(fault)` is a sentence that may be shown to people."""


class Refusal(Fault):
    """The person can put it right; nothing was done."""


class BadCommand(Refusal):
    """The text was not understood; *suggestion* is a whole command to run instead."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


class BadNumber(Refusal):
    """No number that may be dialed."""


class BadDocument(Refusal):
    """Not a document that can be faxed."""


class UnknownLine(Refusal):
    """No such virtual fax."""


class UnknownJob(Refusal):
    """No such job or record."""


class NotAllowed(Refusal):
    """A rule says who may; the message names it."""


class CannotPost(Refusal):
    """The bot cannot post in the conversation, so nothing is sent from it."""


class ServerFault(Fault):
    """The fax server failed, refused, or did not answer."""


class ServerUnreachable(ServerFault):
    """No connection was made: nothing happened there, and the request may be repeated."""


class AnswerLost(ServerFault):
    """The request may have been carried out; no usable answer came."""


class ServerBusy(ServerFault):
    """The fax server, or what stands before it, asks to come back later (HTTP 429): nothing was done."""


class CredentialsRejected(ServerFault):
    """The fax server does not accept the client id and secret, or its license has ended."""


class RequestRefused(ServerFault):
    """The fax server said no; *said* is its own text and nothing was done."""

    def __init__(self, said: str) -> None:
        super().__init__(f"The fax server refused: {said}")
        self.said = said


class JobNotFound(RequestRefused):
    """The fax server knows no such job, record or file."""


class SlackFault(Fault):
    """Slack failed, refused, or did not answer."""


class SlackBusy(SlackFault):
    """Slack asks to come back after *retry_after* seconds (HTTP 429)."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Slack asks for a pause of {retry_after:g} s.")
        self.retry_after = retry_after


class SlackUnclear(SlackFault):
    """The call may have been carried out; no usable answer came."""


class SlackRefused(SlackFault):
    """Slack said no, for the reason in *error* (a code of the method's reference page)."""

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(f"Slack refused: {error}{' (' + detail + ')' if detail else ''}")
        self.error = error
