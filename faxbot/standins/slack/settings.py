"""The settings of the stand-in: Slack's published durations and behaviors, which tests may change."""

from dataclasses import dataclass, fields
from typing import Any


class UnknownSettingError(ValueError):
    """A setting's name is unknown or its value has the wrong type."""


@dataclass
class WorkspaceSettings:
    """
    Durations are seconds of the workspace's clock; `ack_deadline` is in real seconds. Defaults are Slack's.

    Source: Slack's documentation of Socket Mode, interactivity, slash commands, files and rate limits.
    """

    ack_deadline: float = 3.0
    """The time limit for an acknowledgement."""
    retry_after_first: float = 0.0
    retry_after_second: float = 60.0
    retry_after_third: float = 300.0
    """Delays before the three redeliveries of an unacknowledged event."""
    trigger_lifetime: float = 3.0
    response_url_lifetime: float = 1800.0
    response_url_uses: int = 5
    ticket_lifetime: float = 30.0
    """How long the single-use address of apps.connections.open is valid."""
    disconnect_notice: float = 10.0
    """Between the `disconnect` messages `warning` and `refresh_requested`."""
    max_connections: int = 10
    answer_pings: bool = True
    """Whether a WebSocket ping is answered with a pong."""
    share_delay: float = 0.2
    """Between files.completeUploadExternal and the message that shares the file."""
    share_happens: bool = True
    shares_in_info: bool = True
    """Whether files.info lists the messages that share a file."""
    mention_with_files: bool = True
    """Whether an app_mention event contains the files of its message."""
    mention_for_file_shares: bool = True
    """Whether a message that shares a file and mentions the bot causes an app_mention."""
    message_for_file_shares: bool = True
    file_shared_events: bool = True
    file_shared_first: bool = False
    """Whether file_shared is sent before the message that shares the file."""
    duplicate_events: bool = False
    """Whether every acknowledged event is delivered a second time."""
    duplicate_interactions: bool = False
    """Whether every command and interaction is delivered three times: two at once, then a third."""
    signed_out_redirect: bool = False
    """Whether an unauthorized download is answered with 302 to the sign-in page instead of the page."""
    rate_limits: bool = False
    rate_limit_window: float = 60.0
    """The length of the window in which a tier's calls are counted."""
    post_interval: float = 1.0
    """chat.postMessage: the interval between messages to one channel."""
    post_burst: int = 5
    """chat.postMessage: messages to one channel before the interval applies."""
    envelope_delay: float = 0.0

    def change(self, values: dict[str, Any]) -> None:
        """
        Set several settings, all or none.

        Raises:
            UnknownSettingError: A name is unknown or a value has the wrong type.

        """
        known = {field.name: field.type for field in fields(self)}
        for name, value in values.items():
            kind = known.get(name)
            fits = isinstance(value, bool) if kind is bool else _is_number(value)
            if kind is None or not fits:
                raise UnknownSettingError(f"{name}={value!r}")
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Every setting with its current value."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
