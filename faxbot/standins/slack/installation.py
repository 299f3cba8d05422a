"""The app as installed in the workspace: the parts that requests, commands and interactions use."""

import asyncio

from .delivery import EnvelopeDelivery
from .events import Events
from .faults import WorkspaceFaults
from .file_sharing import FileSharing
from .file_transfers import FileTransfers
from .http_mode import RequestUrl
from .limits import WorkspaceRateLimits
from .manifest import Manifest
from .model.journal import Journal
from .model.people import Channel
from .model.state import WorkspaceState
from .settings import WorkspaceSettings
from .socket_mode import SocketModeServer


class Installation:
    """One app in one workspace."""

    def __init__(
        self, state: WorkspaceState, manifest: Manifest, settings: WorkspaceSettings, journal: Journal
    ) -> None:
        self.state = state
        self.manifest = manifest
        self.settings = settings
        self.journal = journal
        self.fax_control = ""
        """The base address of the simulated fax server's control API, if there is one."""
        self.event_streams: set[asyncio.Task[object] | None] = set()
        """The tasks that stream events to pages."""
        self.stopping = False
        self.faults = WorkspaceFaults()
        self.limits = WorkspaceRateLimits(settings, state.clock)
        self.socket = SocketModeServer(state, settings, journal)
        self.request_url = RequestUrl(state, settings, journal)
        self.delivery = EnvelopeDelivery(settings, journal, self.socket, state.sleep)
        self.events = Events(state, manifest, settings, self.delivery)
        self.transfers = FileTransfers(state, manifest, settings, journal, self.faults)
        self.sharing = FileSharing(state, settings, journal, self.delivery, self.events)

    async def use_request_url(self, url: str) -> None:
        """
        Deliver to *url* over HTTP and disable Socket Mode; with an empty *url*, use Socket Mode again.

        Raises:
            RequestUrlError: The URL did not answer the challenge; nothing has changed.

        """
        if url:
            await self.request_url.verify(url)
        else:
            self.request_url.url = ""
        await self.socket.set_enabled(enabled=not url)
        self.delivery.use_transport(self.request_url if url else self.socket)
        self.state.feed.publish("connected", None, connected=self.delivery.connected)

    def reset(self) -> None:
        """Restore the initial state; connections, tokens and the journal are kept."""
        self.state.reset()
        self.faults.clear()
        self.limits.clear()
        self.settings.change(WorkspaceSettings().as_dict())
        self.socket.refuse_handshakes = 0
        self.socket.ignore_acks = 0
        self.socket.disabled = self.request_url.connected
        self.request_url.lose_answers = 0
        self.state.feed.publish("reset")

    def add_member(self, channel: Channel, user: str, inviter: str = "") -> None:
        """Add *user* to a channel, invited or not: a channel_join message and an event."""
        if user in channel.members:
            return
        channel.members.append(user)
        more = {"inviter": inviter} if inviter else {}
        message = self.state.user_message(
            user, f"<@{user}> has joined the channel", subtype="channel_join", **more
        )
        self.state.add_message(channel, message)
        self.state.publish_channel(channel)
        self.events.message(channel, message, [])
        self.events.joined(channel, user, inviter)

    def remove_member(self, channel: Channel, user: str) -> None:
        """Remove *user* from a channel."""
        if user in channel.members:
            channel.members.remove(user)
            self.state.publish_channel(channel)
