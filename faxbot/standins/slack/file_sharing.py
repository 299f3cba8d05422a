"""Sharing of files: the messages that share a file, their events, deletion and changes of state."""

from typing import Any

from .delivery import EnvelopeDelivery
from .events import Events
from .faults import WorkspaceFault
from .model.files import StoredFile
from .model.journal import Journal
from .model.people import TEAM_ID, Channel
from .model.state import WorkspaceState
from .settings import WorkspaceSettings


class FileSharing:
    """
    Shares and deletes the files of one workspace.

    Source: Slack's "Working with files".
    """

    def __init__(
        self,
        state: WorkspaceState,
        settings: WorkspaceSettings,
        journal: Journal,
        delivery: EnvelopeDelivery,
        events: Events,
    ) -> None:
        self._state = state
        self._settings = settings
        self._journal = journal
        self._delivery = delivery
        self._events = events

    def share_later(
        self,
        files: list[StoredFile],
        channel: Channel,
        comment: str,
        blocks: list[dict[str, Any]] | None,
        *,
        thread_ts: str,
        fault: WorkspaceFault | None,
    ) -> None:
        """Share the bot's files after the usual delay; *fault* may delay it further or prevent it."""
        if not self._settings.share_happens or (fault and fault.kind == "share_never"):
            self._journal.note("share_never", files=[file.id for file in files], channel=channel.id)
            return
        late = fault is not None and fault.kind == "share_late"
        delay = fault.seconds(5.0) if fault and late else self._settings.share_delay

        async def share_after_delay() -> None:
            await self._state.sleep(delay)
            message = self._state.bot_message(comment, **({"blocks": blocks} if blocks else {}))
            if thread_ts and self._state.messages.get(channel.id, thread_ts):
                message["thread_ts"] = thread_ts
            self.share(files, channel, message)

        self._delivery.run_in_background(share_after_delay())

    def share(
        self, files: list[StoredFile], channel: Channel, message: dict[str, Any], style: str | None = None
    ) -> None:
        """Add a message that shares *files* and send its events; *style* is as in Events.message."""
        state = self._state
        for file in files:
            share: dict[str, Any] = {
                "ts": message["ts"],
                "team_id": TEAM_ID,
                "share_user_id": message["user"],
                "source": "UPLOAD",
                "reply_users": [],
                "reply_users_count": 0,
                "reply_count": 0,
            }
            if channel.name:
                share["channel_name"] = channel.name
            if message.get("thread_ts"):
                share["thread_ts"] = message["thread_ts"]
            file.shares.setdefault(channel.id, []).append(share)
        shown = [state.file_in_message(file) for file in files]
        message |= {"subtype": "file_share", "files": shown, "upload": True, "display_as_bot": False}
        state.add_message(channel, message)
        for file in files:
            state.publish_file(file)
        self._journal.note("share", files=[f.id for f in files], channel=channel.id, ts=message["ts"])
        self._events.message(channel, message, files, style)

    def delete(self, file: StoredFile) -> None:
        """Delete a file's bytes; the messages that shared it show a tombstone."""
        self._events.file_deleted(file)
        file.mode = "tombstone"
        file.path.unlink(missing_ok=True)
        self._state.publish_file(file)
        self.update_messages(file)

    def update_messages(self, file: StoredFile) -> None:
        """Update the messages that share *file* after a change of its state."""
        state = self._state
        for channel_id, shares in file.shares.items():
            for share in shares:
                message = state.messages.get(channel_id, share["ts"])
                if message and "files" in message:
                    shown = state.file_in_message(file)
                    message["files"] = [shown if f["id"] == file.id else f for f in message["files"]]
                    state.publish_message(state.channels[channel_id], message)
