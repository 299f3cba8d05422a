"""Requests to subscribe a channel to faxes, and to unsubscribe it."""

from dataclasses import dataclass

from faxbot.fax.errors import UnknownJob
from faxbot.fax.job import Direction
from faxbot.fax.line import FaxLine
from faxbot.services.fax_server.lines import LineDirectory
from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Sentence
from faxbot.services.model.ports import Clock, Directory
from faxbot.services.model.request_bodies import SubscribeBody, SubscriptionBody, UnsubscribeBody
from faxbot.services.model.requests import Request
from faxbot.services.model.subscriptions import Subscription
from faxbot.services.outbox.announcements import open_card, post_ephemeral, refresh_cards
from faxbot.services.requests.permissions import Permissions

_WORDS = {Direction.TX: "sent faxes", Direction.RX: "received faxes"}


@dataclass(frozen=True, slots=True)
class _Scope:
    """The scope of a subscription: directions, optionally of one line, or one fax."""

    directions: tuple[Direction, ...]
    line: FaxLine | None
    fax: Fax | None

    @property
    def words(self) -> str:
        """The scope as it is named in answers."""
        what = self.fax.job_id if self.fax else " and ".join(_WORDS[each] for each in self.directions)
        return f"{what}{f' on {self.line.label}' if self.line else ''}"

    def rows(self, request: Request, now: float) -> list[Subscription]:
        """One row per direction, for the channel of *request*; *now* in epoch seconds."""
        return [
            Subscription(
                channel_id=request.channel_id,
                direction=direction,
                line_id=self.line.line_id if self.line else "",
                fax_id=self.fax.id if self.fax else 0,
                created_by=request.user_id,
                created_at=now,
            )
            for direction in self.directions
        ]


class SubscriptionRequests:
    """Runs `/fax subscribe` and `/fax unsubscribe`. Each may run again after a stop."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        permissions: Permissions,
        directory: Directory,
        lines: LineDirectory,
    ) -> None:
        self._store, self._clock, self._permissions, self._directory = store, clock, permissions, directory
        self._lines = lines

    async def subscribe(self, request: Request) -> None:
        """
        Subscribe the channel; without arguments to every direction that the person may subscribe to.

        Raises:
            UnknownJob: The fax is unknown or has ended.
            UnknownLine: There is no such line.
            NotAllowed: Received faxes need an admin.
            CannotPost: The bot cannot post in the channel.
        """
        scope = await self._scope(request)
        if scope.fax and scope.fax.state is FaxState.ENDED:
            raise UnknownJob(f"{scope.fax.job_id} has ended. `/fax status {scope.fax.job_id}` tells how.")
        if Direction.RX in scope.directions:
            named = request.body_as(SubscribeBody).direction
            if not named and not await self._permissions.is_admin(request.user_id):
                scope = _Scope((Direction.TX,), scope.line, scope.fax)
            else:
                await self._permissions.may_subscribe_received(request.user_id)
        await self._directory.ensure_can_post(request.channel_id, request.user_id)
        now = self._clock.now()

        def record(ledger: Ledger) -> None:
            fresh = [ledger.add_subscription(row) for row in scope.rows(request, now.timestamp())]
            if scope.fax:
                fax = ledger.fax(scope.fax.id)
                if open_card(ledger, fax, request.channel_id, now):
                    refresh_cards(ledger, fax)
            text = f"This channel now hears of {scope.words}."
            self._answer(ledger, request, text if any(fresh) else f"It already hears of {scope.words}.")

        await self._store.write(record)

    async def unsubscribe(self, request: Request) -> None:
        """End the subscription with the same scope; without arguments, all of the channel."""
        body = request.body_as(UnsubscribeBody)
        named = body.direction or body.job_id or body.line
        scope = await self._scope(request) if named else None

        def record(ledger: Ledger) -> None:
            rows = scope.rows(request, 0.0) if scope else list(ledger.subscriptions(request.channel_id))
            dropped = [ledger.drop_subscription(row) for row in rows]
            text = f"This channel hears no more of {scope.words if scope else 'faxes it subscribed to'}."
            self._answer(ledger, request, text if any(dropped) else "It was not subscribed to that.")

        await self._store.write(record)

    async def _scope(self, request: Request) -> _Scope:
        """The scope that the body of *request* names; without a direction, both. Raises as `subscribe`."""
        body = request.body_as(SubscriptionBody)
        line = await self._lines.choose(body.line) if body.line else None
        if job_id := body.job_id:
            fax = await self._store.read(lambda ledger: ledger.newest_fax(job_id))
            if fax is None:
                raise UnknownJob(
                    f"{job_id} is no fax that went out from here. `/fax active` shows what is running."
                )
            return _Scope((Direction.TX,), None, fax)
        return _Scope((body.direction,) if body.direction else tuple(Direction), line, None)

    def _answer(self, ledger: Ledger, request: Request, text: str) -> None:
        post_ephemeral(ledger, ledger.request(request.id), Sentence(text), self._clock.now())
