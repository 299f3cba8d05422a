"""The form "Send a fax", opened while its trigger lives."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from faxbot.fax.errors import ServerFault, SlackFault, SlackRefused, SlackUnclear, UnknownLine
from faxbot.fax.line import FaxLine, find_line
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.model.ports import Attachments
from faxbot.services.model.requests import RECENT_SECONDS
from faxbot.slack.action_ids import FormStart
from faxbot.slack.views import BotProfile
from faxbot.slack.views.form import form_view, loading_view, refusal_view
from faxbot.slack.web_api.web_api import WebApi

log = logging.getLogger(__name__)

PATIENCE = 0.7
"""Seconds to wait for what the form shows, of the three that a trigger lives."""
_NO_LINES = "The fax server doesn't answer, so there is no line to choose. Your fax is kept until it is back."


class FaxForms:
    """
    The Forms of services/model/ports.py.

    What the form shows may be slow to find out: then something opens at once and becomes the form.
    """

    def __init__(
        self,
        api: WebApi,
        lines: LineDirectory,
        attachments: Attachments,
        site: BotProfile,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """*patience*: seconds until something opens that is not the form yet."""
        self._api, self._lines_known, self._attachments = api, lines, attachments
        self._site, self._patience = site, patience

    async def open(
        self,
        trigger_id: str,
        *,
        channel_id: str,
        user_id: str,
        thread_ts: str | None = None,
        number: str = "",
        line_id: str = "",
        files: Sequence[dict[str, str]] = (),
    ) -> None:
        """
        Open the form for the person behind *trigger_id*.

        Without a *channel_id* the fax belongs to the person's direct messages with the bot. *line_id* may
        be what a person calls the line.

        Raises:
            SlackFault: It did not open; `expired_trigger_id` if three seconds have passed.

        Source: views.open, views.update, conversations.open.
        """
        start = FormStart(channel_id, thread_ts, tuple(files), number, line_id)
        await self._open(trigger_id, user_id, start, before=None)

    async def open_with_recent(
        self,
        trigger_id: str,
        *,
        channel_id: str,
        user_id: str,
        thread_ts: str | None,
        line_id: str,
        before: float,
    ) -> None:
        """As `open`, with the files that the person shared there shortly *before* that moment."""
        start = FormStart(channel_id, thread_ts, line_id=line_id)
        await self._open(trigger_id, user_id, start, before=before)

    async def refuse(self, trigger_id: str, why: str) -> None:
        """In place of the form, say why there is none. Raises SlackFault."""
        view = refusal_view(FormStart(), why)
        await self._api.write(self._api.client.views_open(trigger_id=trigger_id, view=view))

    async def _open(self, trigger_id: str, user_id: str, start: FormStart, *, before: float | None) -> None:
        task = asyncio.create_task(self._form(user_id, start, before))
        try:
            await asyncio.wait({task}, timeout=self._patience)
            if task.done():
                view = task.result()
                await self._api.write(self._api.client.views_open(trigger_id=trigger_id, view=view))
                return
            first = loading_view(start)
            response = await self._api.write(self._api.client.views_open(trigger_id=trigger_id, view=first))
            await self._become(response.get("view"), await task)
        finally:
            task.cancel()

    async def _become(self, opened: object, view: dict[str, object]) -> None:
        view_id = opened.get("id") if isinstance(opened, dict) else None
        if not isinstance(view_id, str):
            raise SlackUnclear("views.open answered without a view.")
        try:
            await self._api.write(self._api.client.views_update(view_id=view_id, view=view))
        except SlackRefused as exc:
            if exc.error != "not_found":
                raise
            log.info("The form was closed before it was filled.")

    async def _form(self, user_id: str, start: FormStart, before: float | None) -> dict[str, object]:
        (lines, note), files, channel_id = await asyncio.gather(
            self._lines(), self._recent(user_id, start, before), self._conversation(user_id, start)
        )
        start = replace(
            start, channel_id=channel_id, files=tuple(files), line_id=_line_meant(start.line_id, lines)
        )
        return form_view(start, lines, self._site, note)

    async def _lines(self) -> tuple[list[FaxLine], str]:
        try:
            return await self._lines_known.lines(), ""
        except ServerFault as fault:
            log.info("The form opens without lines: %s.", type(fault).__name__)
            return [], _NO_LINES

    async def _recent(self, user_id: str, start: FormStart, before: float | None) -> Sequence[dict[str, str]]:
        if before is None:
            return start.files
        try:
            return await self._attachments.recent(
                start.channel_id, user_id, before=before, seconds=RECENT_SECONDS
            )
        except SlackFault as fault:
            log.info("The form opens without recent files: %s.", type(fault).__name__)
            return ()

    async def _conversation(self, user_id: str, start: FormStart) -> str:
        if start.channel_id:
            return start.channel_id
        response = await self._api.write(self._api.client.conversations_open(users=user_id))
        channel = response.get("channel")
        if not isinstance(channel, dict) or not isinstance(channel.get("id"), str):
            raise SlackUnclear("conversations.open answered without a conversation.")
        return str(channel["id"])


def _line_meant(wanted: str, lines: Sequence[FaxLine]) -> str:
    """The id of the line that a person means by *wanted*; empty if none is, and the form shows the first."""
    try:
        return find_line(wanted, lines).line_id if wanted else ""
    except UnknownLine:
        return ""
