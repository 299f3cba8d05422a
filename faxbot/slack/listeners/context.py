"""What the listeners are connected to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from faxbot.services.model.requests import Request, RequestKind
from faxbot.services.queries.queries import Queries
from faxbot.services.queries.results import Answer
from faxbot.services.requests.runner import RequestRunner
from faxbot.slack.adapters.forms import FaxForms
from faxbot.slack.adapters.replies import Replies
from faxbot.slack.payloads import Place
from faxbot.slack.views import BotProfile, render_answer


@dataclass(frozen=True, slots=True)
class ListenerContext:
    """The services behind the listeners, and how this bot is called. *bot_user_id* is the bot itself."""

    runner: RequestRunner
    queries: Queries
    forms: FaxForms
    replies: Replies
    site: BotProfile
    bot_user_id: str
    now: Callable[[], datetime]

    async def accept(self, kind: RequestKind, place: Place, key: str, body: dict[str, Any]) -> bool:
        """
        Commit what a person asked for; False if it was committed before.

        To be called before the acknowledgement: Slack never tells again what was acknowledged.
        """
        return await self.runner.accept(
            Request(
                key=key,
                kind=kind,
                user_id=place.user_id,
                channel_id=place.channel_id,
                thread_ts=place.thread_ts,
                response_url=place.response_url,
                body=body,
                created_at=self.now().timestamp(),
            )
        )

    async def answer(self, place: Place, answer: Answer, *, replace: bool = False) -> None:
        """Show *answer* to the asker only."""
        await self.replies.respond(place, render_answer(answer, self.site, self.now()), replace=replace)
