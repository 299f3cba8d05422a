"""The front desk: what people ask for is committed first, then carried out, however often faxbot stops."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from faxbot.fax.errors import CredentialsRejected, Fault, Refusal, ServerFault, SlackRefused
from faxbot.services.model.correlation import under
from faxbot.services.model.ledger import Ledger, Store
from faxbot.services.model.messages import Sentence
from faxbot.services.model.ports import Carry, Clock
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.model.requests import Request, mark_done
from faxbot.services.outbox.announcements import post_ephemeral

log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0


class RequestRunner:
    """
    Accepts requests and sees to it that each is carried out.

    A Refusal ends a request with a sentence to the person; any other Fault is waited out and the request
    is tried again.
    """

    def __init__(self, store: Store, clock: Clock, *, turn: Callable[[], Awaitable[None]]) -> None:
        self._store, self._clock, self._turn = store, clock, turn
        self._carry: Mapping[RequestKind, Carry] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def assign(self, carry: Mapping[RequestKind, Carry]) -> None:
        """Who carries out which kind."""
        self._carry = carry

    async def start(self) -> None:
        """Carry on with what a stop interrupted."""
        for request in await self._store.read(lambda ledger: ledger.open_requests()):
            self._begin(request)

    def idle(self) -> bool:
        """Whether no request is being carried out."""
        return not self._tasks

    async def stop(self) -> None:
        """Leave everything as it is; the next start carries on."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def accept(self, request: Request) -> bool:
        """Commit *request*; False if it was accepted before. Durable when this returns."""
        accepted = await self._store.write(lambda ledger: ledger.add_request(request))
        if accepted is None:
            return False
        log.info("accepted a request", extra={"request": accepted.id, "kind": str(accepted.kind)})
        self._begin(accepted)
        return True

    def _begin(self, request: Request) -> None:
        request_id = request.id
        task = asyncio.create_task(self._see_to(request), name=f"request {request_id}")
        self._tasks[request_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(request_id, None))

    async def _see_to(self, request: Request) -> None:
        with under(request.correlation_id):
            await self._carry_out(request)

    async def _carry_out(self, request: Request) -> None:
        await self._turn()
        pause = FIRST_PAUSE
        while True:
            try:
                await self._carry[request.kind](request)
            except Refusal as refusal:
                await self._finish(request, str(refusal))
                return
            except SlackRefused as refused:
                await self._finish(request, f"Slack refused ({refused.error}), so nothing more was done.")
                return
            except Fault as fault:
                log.info("a request waits", extra={"request": request.id, "fault": type(fault).__name__})
                if pause == FIRST_PAUSE and isinstance(fault, ServerFault):
                    locked_out = isinstance(fault, CredentialsRejected)
                    does = "let me in" if locked_out else "answer"
                    await self._say(request, f"The fax server doesn't {does}. I keep trying.")
                await self._clock.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception:
                log.exception("a request failed", extra={"request": request.id})
                await self._finish(
                    request,
                    f"Something went wrong here. Give an admin this reference: {request.correlation_id}.",
                )
                return
            else:
                await self._finish(request, "")
                return

    async def _say(self, request: Request, sentence: str) -> None:
        def record(ledger: Ledger) -> None:
            post_ephemeral(ledger, ledger.request(request.id), Sentence(sentence), self._clock.now())

        await self._store.write(record)

    async def _finish(self, request: Request, sentence: str) -> None:
        def record(ledger: Ledger) -> None:
            row = ledger.request(request.id)
            mark_done(row, self._clock.now())
            if sentence:
                post_ephemeral(ledger, row, Sentence(sentence), self._clock.now())

        await self._store.write(record)
