"""Runs requests: each is committed first, then run until it is done, also across restarts."""

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
"""Seconds between two tries of a request: the first pause, doubled up to the maximum."""


class RequestRunner:
    """
    Accepts requests and runs each in a task.

    A Refusal or SlackRefused ends a request with a sentence to the person; after any other Fault the request
    is retried without limit. *wait_for_acks* returns when no acknowledgement is pending; a request starts
    after that.
    """

    def __init__(self, store: Store, clock: Clock, *, wait_for_acks: Callable[[], Awaitable[None]]) -> None:
        self._store, self._clock, self._wait_for_acks = store, clock, wait_for_acks
        self._functions: Mapping[RequestKind, Carry] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def assign(self, functions: Mapping[RequestKind, Carry]) -> None:
        """Set the function that runs each kind of request."""
        self._functions = functions

    async def start(self) -> None:
        """Continue the requests that a stop interrupted."""
        for request in await self._store.read(lambda ledger: ledger.open_requests()):
            self._begin(request)

    def idle(self) -> bool:
        """Whether no request is running."""
        return not self._tasks

    async def stop(self) -> None:
        """Cancel running requests; the next start continues them."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def accept(self, request: Request) -> bool:
        """Commit *request*; False if its key is known. The request is durable when this returns."""
        accepted = await self._store.write(lambda ledger: ledger.add_request(request))
        if accepted is None:
            return False
        log.info("request accepted", extra={"request": accepted.id, "kind": str(accepted.kind)})
        self._begin(accepted)
        return True

    def _begin(self, request: Request) -> None:
        request_id = request.id
        task = asyncio.create_task(self._run(request), name=f"request {request_id}")
        self._tasks[request_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(request_id, None))

    async def _run(self, request: Request) -> None:
        """Run *request* under its correlation id."""
        with under(request.correlation_id):
            await self._run_to_end(request)

    async def _run_to_end(self, request: Request) -> None:
        await self._wait_for_acks()
        pause = FIRST_PAUSE
        while True:
            try:
                await self._functions[request.kind](request)
            except Refusal as refusal:
                await self._finish(request, str(refusal))
                return
            except SlackRefused as refused:
                await self._finish(request, f"Slack refused ({refused.error}), so nothing more was done.")
                return
            except Fault as fault:
                log.info(
                    "request will be retried", extra={"request": request.id, "fault": type(fault).__name__}
                )
                if pause == FIRST_PAUSE and isinstance(fault, ServerFault):
                    locked_out = isinstance(fault, CredentialsRejected)
                    does = "let me in" if locked_out else "answer"
                    await self._post_sentence(request, f"The fax server doesn't {does}. I keep trying.")
                await self._clock.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception:
                log.exception("request failed", extra={"request": request.id})
                await self._finish(
                    request,
                    f"Something went wrong here. Give an admin this reference: {request.correlation_id}.",
                )
                return
            else:
                await self._finish(request, "")
                return

    async def _post_sentence(self, request: Request, sentence: str) -> None:
        def record(ledger: Ledger) -> None:
            post_ephemeral(ledger, ledger.request(request.id), Sentence(sentence), self._clock.now())

        await self._store.write(record)

    async def _finish(self, request: Request, sentence: str) -> None:
        """Mark *request* as done; answer with *sentence*, unless it is empty."""

        def record(ledger: Ledger) -> None:
            row = ledger.request(request.id)
            mark_done(row, self._clock.now())
            if sentence:
                post_ephemeral(ledger, row, Sentence(sentence), self._clock.now())

        await self._store.write(record)
