"""Acknowledgements that go out when they are made, and work that lets those of others go first."""

import asyncio

from slack_bolt.listener import asyncio_runner

from faxbot.slack.inbound import prompt_ack
from faxbot.slack.inbound.prompt_ack import Unacknowledged
from tests.support.listeners import ListenerHarness
from tests.support.waiting import until


async def test_an_acknowledgement_goes_out_when_it_is_made(monkeypatch):
    """Bolt polls every 10 ms for the acknowledgement; the response does not wait for that poll."""

    class NeverAgain:
        def __getattr__(self, name):
            return getattr(asyncio, name)

        async def sleep(self, _seconds):
            await asyncio.Event().wait()

    monkeypatch.setattr(asyncio_runner, "asyncio", NeverAgain())
    harness = ListenerHarness()
    async with asyncio.timeout(5):
        assert (await harness.command("help")).status == 200


async def test_a_question_is_answered_after_the_acknowledgements_of_others():
    """While something is being committed, a question is acknowledged and not worked on yet."""
    harness = ListenerHarness()
    harness.runner.gate = asyncio.Event()
    committing = asyncio.create_task(harness.command("send 469 555 0101", trigger_id="trigger.9"))
    await asyncio.wait({committing}, timeout=0.05)
    assert (await harness.command("help")).status == 200
    await asyncio.wait({committing}, timeout=0.05)
    assert harness.replies.responses == []
    harness.runner.gate.set()
    await committing
    await until(lambda: harness.replies.responses)


async def test_an_answer_waits_for_pending_acknowledgements():
    """While another envelope is being committed, an answer is not worked on."""
    waiting = Unacknowledged()
    waiting.add()
    waiting.add()
    waiting.remove()
    answering = asyncio.create_task(waiting.idle())
    await asyncio.sleep(0)
    assert not answering.done()
    waiting.remove()
    await asyncio.wait_for(answering, 5)


async def test_a_missing_acknowledgement_delays_others_briefly(monkeypatch):
    """After a moment the work goes on all the same."""
    monkeypatch.setattr(prompt_ack, "MAX_WAIT_SECONDS", 0.01)
    waiting = Unacknowledged()
    waiting.add()
    await asyncio.wait_for(waiting.idle(), 5)
