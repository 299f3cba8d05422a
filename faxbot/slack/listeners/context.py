"""The services that the listeners call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from faxbot.services.model.request_bodies import RequestBody
from faxbot.services.model.requests import Request
from faxbot.services.queries.queries import Queries
from faxbot.services.queries.results import Answer
from faxbot.services.requests.runner import RequestRunner
from faxbot.slack.adapters.forms import FaxForms
from faxbot.slack.adapters.replies import Replies
from faxbot.slack.payloads import Origin
from faxbot.slack.views import BotProfile, render_answer


@dataclass(frozen=True, slots=True)
class ListenerContext:
    """The services that listeners call, and the bot's names. *bot_user_id* is the bot's own user id."""

    runner: RequestRunner
    queries: Queries
    forms: FaxForms
    replies: Replies
    profile: BotProfile
    bot_user_id: str
    now: Callable[[], datetime]

    async def accept(self, origin: Origin, key: str, body: RequestBody) -> bool:
        """
        Commit a request; False if its key is known.

        Must be called before the acknowledgement: Slack does not redeliver an acknowledged envelope.
        """
        return await self.runner.accept(
            Request(
                key=key,
                kind=body.kind,
                user_id=origin.user_id,
                channel_id=origin.channel_id,
                thread_ts=origin.thread_ts,
                response_url=origin.response_url,
                body=body,
                created_at=self.now().timestamp(),
            )
        )

    async def answer(self, origin: Origin, answer: Answer, *, replace: bool = False) -> None:
        """Show *answer* as an ephemeral message; with *replace* in place of the message of the button."""
        await self.replies.respond(origin, render_answer(answer, self.profile, self.now()), replace=replace)
