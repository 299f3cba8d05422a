"""The app as installed in the workspace: everything that a request, command or press needs to reach."""

import asyncio
from pathlib import Path

from .delivery import EnvelopeDelivery
from .events import Events
from .faults import WorkspaceFaults
from .file_transfers import Uploads
from .http_mode import RequestUrl
from .limits import RateLimits
from .manifest import Manifest
from .model.journal import Journal
from .model.people import Channel
from .model.state import WorkspaceState
from .settings import WorkspaceSettings
from .socket_mode import SocketMode


class Installation:
    """Holds the parts together; each of them does one thing."""

    def __init__(
        self, state: WorkspaceState, manifest: Manifest, settings: WorkspaceSettings, journal: Journal
    ) -> None:
        self.state = state
        self.manifest = manifest
        self.settings = settings
        self.journal = journal
        self.fax_control = ""
        """The address of the simulated fax server's control pages, when there is one."""
        self.watchers: set[asyncio.Task[object] | None] = set()
        """The tasks that stream events to pages."""
        self.stopping = False
        self.faults = WorkspaceFaults()
        self.limits = RateLimits(settings, state.clock)
        self.socket = SocketMode(state, settings, journal)
        self.request_url = RequestUrl(state, settings, journal)
        self.delivery = EnvelopeDelivery(settings, journal, self.socket, state.sleep)
        self.events = Events(state, manifest, settings, self.delivery)
        self.uploads = Uploads(self)
        self.upload_directory.mkdir(parents=True, exist_ok=True)

    @property
    def upload_directory(self) -> Path:
        """Where the bytes of files are kept."""
        return self.state.directory / "files"

    async def use_request_url(self, url: str) -> None:
        """
        Deliver to *url* over HTTP and switch Socket Mode off; without a *url*, the other way round.

        Raises:
            RequestUrlError: It did not answer the challenge; nothing has changed.

        """
        if url:
            await self.request_url.verify(url)
        else:
            self.request_url.url = ""
        await self.socket.switch(on=not url)
        self.delivery.use(self.request_url if url else self.socket)
        self.state.feed.tell("connected", None, connected=self.delivery.connected)

    def reset(self) -> None:
        """Begin anew; connections, tokens and the journal stay."""
        self.state.reset()
        self.faults.clear()
        self.limits.clear()
        self.settings.change(WorkspaceSettings().as_dict())
        self.socket.refuse_handshakes = 0
        self.socket.ignore_acks = 0
        self.socket.disabled = self.request_url.connected
        self.request_url.lose_answers = 0
        self.state.feed.tell("reset")

    def add_member(self, channel: Channel, user: str, inviter: str = "") -> None:
        """Somebody joins a channel, by themselves or invited: a channel_join message and an event."""
        if user in channel.members:
            return
        channel.members.append(user)
        more = {"inviter": inviter} if inviter else {}
        message = self.state.user_message(
            user, f"<@{user}> has joined the channel", subtype="channel_join", **more
        )
        self.state.place(channel, message)
        self.state.show_channel(channel)
        self.events.message(channel, message, [])
        self.events.joined(channel, user, inviter)

    def remove_member(self, channel: Channel, user: str) -> None:
        """Somebody leaves or is removed."""
        if user in channel.members:
            channel.members.remove(user)
            self.state.show_channel(channel)
