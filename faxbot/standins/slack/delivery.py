"""Envelopes to the app: answered in time, or not; events are delivered again until they are acknowledged."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from .model.journal import Journal
from .settings import Settings


class UnansweredError(Exception):
    """The app did not take a command or an interaction; str() is the error that the person's client shows."""


class UndeliveredError(Exception):
    """
    An envelope was not acknowledged: nobody is connected, the connection closed, or the answer said no.

    *reason* is told with the redelivery of an event, if one comes *again*; *shown* is what the client of a
    person shows.
    """

    def __init__(
        self, reason: str = "connection_failed", *, shown: str = "dispatch_failed", again: bool = True
    ) -> None:
        super().__init__(reason)
        self.reason, self.shown, self.again = reason, shown, again


@dataclass(eq=False)
class Envelope:
    """One delivery to the app; a redelivery is a new envelope with the same payload."""

    kind: str
    """events_api, slash_commands or interactive."""
    payload: dict[str, Any]
    accepts_response_payload: bool = False
    attempt: int = 0
    reason: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: asyncio.Future[dict[str, Any]] = field(default_factory=asyncio.Future)
    """The payload of the acknowledgement, {} when it had none."""

    def as_dict(self) -> dict[str, Any]:
        """The envelope as Socket Mode sends it."""
        shown = {
            "envelope_id": self.id,
            "payload": self.payload,
            "type": self.kind,
            "accepts_response_payload": self.accepts_response_payload,
        }
        if self.kind == "events_api":
            shown |= {"retry_attempt": self.attempt, "retry_reason": self.reason}
        return shown


class Transport(Protocol):
    """What carries envelopes to the app: Socket Mode, or HTTP requests to a request URL."""

    late: str
    """The reason of a redelivery after an acknowledgement that did not come in time."""

    @property
    def connected(self) -> bool:
        """Whether the app can be reached now."""

    async def until_connected(self) -> None:
        """Return when the app can be reached."""

    async def send(self, envelope: Envelope) -> bool:
        """Send to one receiver; False when there is none. The receiver's answer resolves the envelope."""

    def forget(self, envelope: Envelope) -> None:
        """Nobody waits for this envelope's answer any more."""


class Delivery:
    """Slack's side of the three-second rule."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        transport: Transport,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._transport = transport
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether the app can be reached now."""
        return self._transport.connected

    def use(self, transport: Transport) -> None:
        """Deliver by *transport* from now on."""
        self._transport = transport

    async def ask(self, kind: str, payload: dict[str, Any], *, accepts: bool) -> dict[str, Any]:
        """
        Deliver a command or interaction once; return what came with the acknowledgement.

        Raises:
            UnansweredError: "dispatch_failed" when the app cannot be reached or answers with an error,
                "operation_timeout" when it did not acknowledge in time.

        """
        envelope = Envelope(kind, payload, accepts)
        if self._settings.duplicate_interactions:
            self.in_background(self._twice_more(kind, payload, accepts=accepts))
        try:
            return await self._try(envelope)
        except TimeoutError:
            raise UnansweredError("operation_timeout") from None
        except UndeliveredError as exc:
            raise UnansweredError(exc.shown) from None

    async def _twice_more(self, kind: str, payload: dict[str, Any], *, accepts: bool) -> None:
        for _ in range(2):
            with contextlib.suppress(TimeoutError, UndeliveredError):
                await self._try(Envelope(kind, payload, accepts))

    def publish(self, payload: dict[str, Any]) -> None:
        """Deliver an event in the background, again and again as Slack does, until it is acknowledged."""
        self.in_background(self._until_acknowledged(payload))

    def in_background(self, work: Awaitable[None]) -> None:
        """Run *work* as a task that stop() waits for."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def idle(self) -> bool:
        """Whether no delivery is under way."""
        return not self._tasks

    async def stop(self) -> None:
        """Give up everything under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_acknowledged(self, payload: dict[str, Any]) -> None:
        settings = self._settings
        pauses = (0.0, settings.retry_after_first, settings.retry_after_second, settings.retry_after_third)
        reason = ""
        for attempt, pause in enumerate(pauses):
            if pause:
                await self._sleep(pause)
            envelope = Envelope("events_api", payload, attempt=attempt, reason=reason)
            try:
                if not self._transport.connected:
                    await asyncio.wait_for(self._transport.until_connected(), settings.ack_deadline)
                await self._try(envelope)
            except TimeoutError:
                reason = self._transport.late
            except UndeliveredError as exc:
                reason = exc.reason
                if not exc.again:
                    break
            else:
                if settings.duplicate_events and attempt == 0:
                    await self._again(payload)
                return
        self._journal.note("event_given_up", event_id=payload["event_id"])

    async def _again(self, payload: dict[str, Any]) -> None:
        try:
            await self._try(Envelope("events_api", payload, attempt=1, reason=self._transport.late))
        except (TimeoutError, UndeliveredError):
            self._journal.note("event_given_up", event_id=payload["event_id"])

    async def _try(self, envelope: Envelope) -> dict[str, Any]:
        if self._settings.envelope_delay:
            await self._sleep(self._settings.envelope_delay)
        try:
            if not await self._transport.send(envelope):
                raise UndeliveredError
            return await asyncio.wait_for(asyncio.shield(envelope.answer), self._settings.ack_deadline)
        except TimeoutError:
            self._journal.note("envelope_unanswered", envelope_id=envelope.id, attempt=envelope.attempt)
            raise
        finally:
            self._transport.forget(envelope)
