"""Delivery of envelopes to the app, with Slack's acknowledgement deadline and redelivery of events."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from .model.journal import Journal
from .settings import WorkspaceSettings


class UnansweredError(Exception):
    """A command or interaction was not acknowledged; str() is the error that the person's client shows."""


class UndeliveredError(Exception):
    """
    An envelope was not acknowledged: no connection, a closed connection, or an error in the answer.

    *reason* is sent with the redelivery of an event; *retry* says whether there is one. *client_error* is the
    error that a person's client shows.
    """

    def __init__(
        self, reason: str = "connection_failed", *, client_error: str = "dispatch_failed", retry: bool = True
    ) -> None:
        super().__init__(reason)
        self.reason, self.client_error, self.retry = reason, client_error, retry


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
    """The payload of the acknowledgement; {} when it has none."""

    def as_dict(self) -> dict[str, Any]:
        """The envelope as Socket Mode sends it."""
        message = {
            "envelope_id": self.id,
            "payload": self.payload,
            "type": self.kind,
            "accepts_response_payload": self.accepts_response_payload,
        }
        if self.kind == "events_api":
            message |= {"retry_attempt": self.attempt, "retry_reason": self.reason}
        return message


class DeliveryTransport(Protocol):
    """Carries envelopes to the app: Socket Mode, or HTTP requests to a request URL."""

    timeout_reason: str
    """The retry reason after a missed acknowledgement deadline."""

    @property
    def connected(self) -> bool:
        """Whether the app is reachable now."""

    async def until_connected(self) -> None:
        """Return when the app is reachable."""

    async def send(self, envelope: Envelope) -> bool:
        """Send to one receiver; False when there is none. The receiver's answer resolves the envelope."""

    def abandon(self, envelope: Envelope) -> None:
        """Stop waiting for this envelope's answer."""


class EnvelopeDelivery:
    """Delivers envelopes over the current transport and enforces the acknowledgement deadline."""

    def __init__(
        self,
        settings: WorkspaceSettings,
        journal: Journal,
        transport: DeliveryTransport,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._transport = transport
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether the app is reachable now."""
        return self._transport.connected

    @property
    def idle(self) -> bool:
        """Whether no delivery or other background task is running."""
        return not self._tasks

    def use_transport(self, transport: DeliveryTransport) -> None:
        """Deliver over *transport* from now on."""
        self._transport = transport

    async def deliver_interaction(
        self, kind: str, payload: dict[str, Any], *, accepts: bool
    ) -> dict[str, Any]:
        """
        Deliver a command or interaction once; return the payload of the acknowledgement.

        Raises:
            UnansweredError: "dispatch_failed" when the app is unreachable or answers with an error,
                "operation_timeout" when it did not acknowledge in time.

        """
        envelope = Envelope(kind, payload, accepts)
        if self._settings.duplicate_interactions:
            self.run_in_background(self._deliver_duplicates(kind, payload, accepts=accepts))
        try:
            return await self._attempt(envelope)
        except TimeoutError:
            raise UnansweredError("operation_timeout") from None
        except UndeliveredError as exc:
            raise UnansweredError(exc.client_error) from None

    async def _deliver_duplicates(self, kind: str, payload: dict[str, Any], *, accepts: bool) -> None:
        for _ in range(2):
            with contextlib.suppress(TimeoutError, UndeliveredError):
                await self._attempt(Envelope(kind, payload, accepts))

    def deliver_event(self, payload: dict[str, Any]) -> None:
        """Deliver an event in the background, with Slack's retries, until it is acknowledged."""
        self.run_in_background(self._deliver_until_acknowledged(payload))

    def run_in_background(self, work: Awaitable[None]) -> None:
        """Run *work* as a task that stop() cancels."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel every background task."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver_until_acknowledged(self, payload: dict[str, Any]) -> None:
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
                await self._attempt(envelope)
            except TimeoutError:
                reason = self._transport.timeout_reason
            except UndeliveredError as exc:
                reason = exc.reason
                if not exc.retry:
                    break
            else:
                if settings.duplicate_events and attempt == 0:
                    await self._deliver_again(payload)
                return
        self._journal.note("event_given_up", event_id=payload["event_id"])

    async def _deliver_again(self, payload: dict[str, Any]) -> None:
        try:
            await self._attempt(
                Envelope("events_api", payload, attempt=1, reason=self._transport.timeout_reason)
            )
        except (TimeoutError, UndeliveredError):
            self._journal.note("event_given_up", event_id=payload["event_id"])

    async def _attempt(self, envelope: Envelope) -> dict[str, Any]:
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
            self._transport.abandon(envelope)
