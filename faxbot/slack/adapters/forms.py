"""Opens the form "Send a fax" before its trigger id expires."""

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

LOAD_SECONDS = 0.7
"""Seconds to load the form's content before a loading view opens; a trigger id lives three seconds."""
_NO_LINES = "The fax server doesn't answer, so there is no line to choose. Your fax is kept until it is back."


class FaxForms:
    """
    The Forms port (services/model/ports.py).

    The form's content (lines, files) may be slow to load: then a loading view opens first and is replaced by
    the form.
    """

    def __init__(
        self,
        api: WebApi,
        lines: LineDirectory,
        attachments: Attachments,
        profile: BotProfile,
        *,
        load_seconds: float = LOAD_SECONDS,
    ) -> None:
        """*load_seconds*: seconds until the loading view opens."""
        self._api, self._line_directory, self._attachments = api, lines, attachments
        self._profile, self._load_seconds = profile, load_seconds

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
        Open the form for the interaction *trigger_id*.

        Without a *channel_id* the fax belongs to the person's direct messages with the bot. *line_id* may
        also be a line's name, number or extension.

        Raises:
            SlackFault: It did not open; `expired_trigger_id` after three seconds.

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
        """As `open`, with the files that the person shared in the RECENT_SECONDS before *before* (epoch)."""
        start = FormStart(channel_id, thread_ts, line_id=line_id)
        await self._open(trigger_id, user_id, start, before=before)

    async def refuse(self, trigger_id: str, why: str) -> None:
        """Open a view that says *why* there is no form. Raises SlackFault."""
        view = refusal_view(FormStart(), why)
        await self._api.write(self._api.client.views_open(trigger_id=trigger_id, view=view))

    async def _open(self, trigger_id: str, user_id: str, start: FormStart, *, before: float | None) -> None:
        """Open the form, or first a loading view if its content takes longer than `load_seconds`."""
        task = asyncio.create_task(self._form(user_id, start, before))
        try:
            await asyncio.wait({task}, timeout=self._load_seconds)
            if task.done():
                view = task.result()
                await self._api.write(self._api.client.views_open(trigger_id=trigger_id, view=view))
                return
            first = loading_view(start)
            response = await self._api.write(self._api.client.views_open(trigger_id=trigger_id, view=first))
            await self._fill(response.get("view"), await task)
        finally:
            task.cancel()

    async def _fill(self, opened: object, view: dict[str, object]) -> None:
        """Replace the loading view *opened* by *view*; a person may have closed it meanwhile."""
        view_id = opened.get("id") if isinstance(opened, dict) else None
        if not isinstance(view_id, str):
            raise SlackUnclear("views.open answered without a view.")
        try:
            await self._api.write(self._api.client.views_update(view_id=view_id, view=view))
        except SlackRefused as exc:
            if exc.error != "not_found":
                raise
            log.info("form was closed before it was loaded")

    async def _form(self, user_id: str, start: FormStart, before: float | None) -> dict[str, object]:
        (lines, note), files, channel_id = await asyncio.gather(
            self._lines(), self._recent(user_id, start, before), self._conversation(user_id, start)
        )
        start = replace(
            start, channel_id=channel_id, files=tuple(files), line_id=_line_id_of(start.line_id, lines)
        )
        return form_view(start, lines, self._profile, note)

    async def _lines(self) -> tuple[list[FaxLine], str]:
        try:
            return await self._line_directory.lines(), ""
        except ServerFault as fault:
            log.info("form opens without lines: %s", type(fault).__name__)
            return [], _NO_LINES

    async def _recent(self, user_id: str, start: FormStart, before: float | None) -> Sequence[dict[str, str]]:
        """The files of *start*, or the recently shared ones if *before* is given; none if Slack fails."""
        if before is None:
            return start.files
        try:
            return await self._attachments.recent(
                start.channel_id, user_id, before=before, seconds=RECENT_SECONDS
            )
        except SlackFault as fault:
            log.info("form opens without recent files: %s", type(fault).__name__)
            return ()

    async def _conversation(self, user_id: str, start: FormStart) -> str:
        if start.channel_id:
            return start.channel_id
        response = await self._api.write(self._api.client.conversations_open(users=user_id))
        channel = response.get("channel")
        if not isinstance(channel, dict) or not isinstance(channel.get("id"), str):
            raise SlackUnclear("conversations.open answered without a conversation.")
        return str(channel["id"])


def _line_id_of(wanted: str, lines: Sequence[FaxLine]) -> str:
    """The id of the line that *wanted* names; empty if there is none, then the form selects the first."""
    try:
        return find_line(wanted, lines).line_id if wanted else ""
    except UnknownLine:
        return ""
