"""Requests that become a fax: a command, a form, a shared file."""

import logging
from collections.abc import Awaitable, Callable

from faxbot.fax import number
from faxbot.fax.dialplan import DialPlan
from faxbot.fax.errors import BadNumber, Refusal, SlackFault, SlackUnclear
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.model.faxes import Fax
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import NumberQuestion
from faxbot.services.model.ports import Attachments, Clock, Directory, FormOpener
from faxbot.services.model.request_bodies import RequestKind, SendBody, ShareBody, SharedFileBody
from faxbot.services.model.requests import RECENT_SECONDS, Request
from faxbot.services.outbox.announcements import post_ephemeral
from faxbot.services.sending.preparation import Preparation, new_fax

log = logging.getLogger(__name__)

NAMED_SECONDS = 60.0
"""For this long after the event, files.info may not list the message of a share yet."""

TOLD_LATE_SECONDS = 86_400.0
"""Maximum age of a message that an event can be about: Slack redelivers for hours. Older messages with the
same file were separate requests."""


class NewFaxes:
    """
    Creates faxes from requests. Each method may run again after a stop.

    *accept* commits a further request, as RequestRunner.accept.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        attachments: Attachments,
        directory: Directory,
        forms: FormOpener,
        lines: LineDirectory,
        preparation: Preparation,
        plan: DialPlan,
        bot_user_id: str,
        accept: Callable[[Request], Awaitable[bool]],
    ) -> None:
        self._store, self._clock, self._attachments = store, clock, attachments
        self._directory, self._forms, self._lines = directory, forms, lines
        self._preparation, self._plan, self._bot = preparation, plan, bot_user_id
        self._accept = accept

    async def send(self, request: Request) -> None:
        """
        Run `/fax send` or the form: create the fax, or open the form if there are no files.

        Raises:
            CannotPost: The bot cannot post in the conversation.
            BadNumber: The number cannot be faxed.
            UnknownLine: There is no such line.
            SlackFault: Slack does not answer.
            ServerFault: A line is named, and the lines are not known.
        """
        if await self._known(request):
            return
        await self._directory.ensure_can_post(request.channel_id, request.user_id)
        body = request.body_as(SendBody)
        destination = number.parse(body.number, self._plan)
        if body.line:
            await self._lines.choose(body.line)
        files = body.files
        if not files and body.recent:
            files = await self._attachments.recent(
                request.channel_id, request.user_id, before=request.created_at, seconds=RECENT_SECONDS
            )
        if not files:
            await self._open_form(request, body)
            return
        fax = new_fax(
            request,
            files=files,
            number=destination.pretty,
            dial=destination.dial,
            line=body.line,
        )
        await self._take(fax)

    async def share(self, request: Request) -> None:
        """
        Fax files shared with the bot (direct message or mention) to the number in the message's text.

        Unless the text has exactly one number, a message asks for it. Raises as `send`.
        """
        if await self._known(request):
            return
        body = request.body_as(ShareBody)
        files = body.files or await self._attachments.of_message(
            request.channel_id, body.ts, request.thread_ts
        )
        if not files:
            await self._ask(request, NumberQuestion((), "There is no file in that message to fax."))
            return
        await self._directory.ensure_can_post(request.channel_id, request.user_id)
        text, line = split_line(body.text)
        reason = ""
        try:
            found = number.find(text, self._plan)
        except BadNumber as refusal:
            found, reason = (), str(refusal)
        if len(found) > 1:
            reason = "There is more than one number in that message. A fax goes to one."
        if line:
            try:
                await self._lines.choose(line)
            except Refusal as refusal:
                found, reason = (), str(refusal)
        if len(found) != 1:
            await self._ask(request, NumberQuestion(tuple(files), reason))
            return
        destination = found[0]
        await self._take(
            new_fax(request, files=files, number=destination.pretty, dial=destination.dial, line=line)
        )

    async def shared_file(self, request: Request) -> None:
        """
        Handle `file_shared`: look up the message that shares the file, and accept its share request.

        The share may have been accepted from another event; its deduplication key is the same.

        Raises:
            SlackUnclear: The message is not listed yet; the request is retried.
        """
        shares = await self._attachments.shares_of(request.body_as(SharedFileBody).file_id)
        here = [
            (channel_id, ts)
            for channel_id, ts in shares
            if channel_id == request.channel_id and request.created_at - float(ts) < TOLD_LATE_SECONDS
        ]
        if not here and self._clock.now().timestamp() - request.created_at < NAMED_SECONDS:
            raise SlackUnclear("Slack does not name the message yet.")  # the desk tries again
        for channel_id, ts in here:
            user_id, text, thread_ts = await self._attachments.message_text(channel_id, ts)
            direct = channel_id.startswith("D")
            if user_id == self._bot or not (direct or f"<@{self._bot}" in text):
                continue
            await self._share_found(request, user_id, ts, text, thread_ts)

    async def _share_found(
        self, request: Request, user_id: str, ts: str, text: str, thread_ts: str | None
    ) -> None:
        share = Request(
            key=f"share:{request.channel_id}:{ts}",
            kind=RequestKind.SHARE,
            user_id=user_id or request.user_id,
            channel_id=request.channel_id,
            thread_ts=thread_ts,
            body=ShareBody(ts=ts, text=text),
            created_at=request.created_at,
        )
        await self._accept(share)

    async def _known(self, request: Request) -> bool:
        """Whether *request* became a fax before a stop; then that fax is advanced."""
        fax = await self._store.read(lambda ledger: ledger.fax_of_request(request.id))
        if fax is not None:
            await self._preparation.advance(fax.id)
        return fax is not None

    async def _take(self, fax: Fax) -> None:
        """Store the fax and advance it as far as possible now."""
        kept = await self._store.write(lambda ledger: ledger.add_fax(fax))
        await self._preparation.advance(kept.id)

    async def _open_form(self, request: Request, body: SendBody) -> None:
        try:
            await self._forms.open(
                body.trigger_id,
                channel_id=request.channel_id,
                user_id=request.user_id,
                number=body.number,
                line_id=body.line,
            )
        except SlackFault as fault:
            log.info("form could not be opened", extra={"request": request.id, "fault": type(fault).__name__})
            why = "I found no file of yours from the last 15 minutes here."
            await self._ask(request, NumberQuestion((), why, number=body.number, line_id=body.line))

    async def _ask(self, request: Request, message: NumberQuestion) -> None:

        def record(ledger: Ledger) -> None:
            post_ephemeral(ledger, ledger.request(request.id), message, self._clock.now())

        await self._store.write(record)


def split_line(text: str) -> tuple[str, str]:
    """
    Split the text beside a shared file into the text without " from <line>", and the line.

    Several words after "from" with a digit among them are not a line, but a date or number in a sentence.
    """
    before, word, after = text.rpartition(" from ")
    if not word or not after.strip() or (any(char.isdigit() for char in after) and len(after.split()) > 1):
        return text, ""
    return before, after.strip().strip("\"'“”.,")
