"""One app under test on a workspace of its own: envelopes to it, and how long each acknowledgement took."""

import asyncio
import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faxbot.standins.slack import Workspace
from faxbot.standins.slack.delivery import UnansweredError
from faxbot.standins.slack.input_values import action_of, values_of
from faxbot.standins.slack.interactivity import InteractionPayloads
from faxbot.standins.slack.model.people import CLAIMS, DANA
from faxbot.standins.slack.model.views import elements_of
from faxbot.standins.slack.responses import MessageResponses

Message = dict[str, Any]


def processor_seconds(pid: int) -> float:
    """The processor time that the process has used, in all its threads. Source: proc(5), /proc/[pid]/stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Deed:
    """A user action and its envelope."""

    kind: str
    payload: dict[str, Any]
    is_command: bool = False


@dataclass(slots=True)
class Side:
    """
    An app and its workspace. *seconds* holds every acknowledgement so far, by what was measured; *processor*
    the processor time of the app's process *pid* for one envelope, of each call of `do`.

    The envelopes go straight into the stand-in's delivery, without the person's own HTTP request, so that
    fifty are really on their way at once. The stand-in measures from before it sends one to when it has read
    the acknowledgement.
    """

    workspace: Workspace
    seconds: dict[str, list[float]] = field(default_factory=dict)
    processor: dict[str, list[float]] = field(default_factory=dict)
    pid: int = 0

    @property
    def payloads(self) -> InteractionPayloads:
        """The payloads that Slack sends for user actions."""
        return InteractionPayloads(self.workspace.installation)

    def command(self, text: str) -> Deed:
        """Dana types `/fax text` in #claims."""
        channel = self.workspace.state.channels[CLAIMS]
        return Deed("slash_commands", self.payloads.command(DANA, channel, "/fax", text), is_command=True)

    def press(self, message: Message, action_id: str) -> Deed:
        """Dana presses a button of *message* in #claims."""
        channel = self.workspace.state.channels[CLAIMS]
        block, element = next(
            (block, element)
            for block in message["blocks"]
            for element in elements_of(block)
            if str(element.get("action_id", "")).startswith(action_id)
        )
        pressed = action_of(block, element, {})
        return Deed("interactive", self.payloads.press_on_message(DANA, channel, message, pressed, {}))

    def submit(self, form: dict[str, Any], number: str) -> Deed:
        """Dana fills *number* into a form of this definition, and submits it."""
        view = self.workspace.state.views.start(DANA, copy.deepcopy(form))
        entered = {"number": {"number": {"value": number}}}
        view.values = values_of(self.workspace.state, view.definition["blocks"], entered)
        self.workspace.state.views.open.pop(view.id)
        return Deed("interactive", self.payloads.view_submission(DANA, view))

    async def do(self, measured: str, deeds: Sequence[Deed]) -> None:
        """All of them at once; returns when each is acknowledged."""
        journal = self.workspace.journal.entries
        before = len(journal)
        began = processor_seconds(self.pid)
        await asyncio.gather(*(self._do(deed) for deed in deeds))
        used = (processor_seconds(self.pid) - began) / len(deeds)
        self.processor.setdefault(measured, []).append(used)
        taken = [float(entry["seconds"]) for entry in journal[before:] if entry["kind"] == "envelope_acked"]
        self.seconds.setdefault(measured, []).extend(taken)

    async def _do(self, deed: Deed) -> None:
        site = self.workspace.installation
        try:
            answer = await site.delivery.deliver_interaction(deed.kind, deed.payload, accepts=True)
        except UnansweredError:
            return  # `unanswered` counts it
        if deed.is_command:
            MessageResponses(site).of_command(DANA, site.state.channels[CLAIMS], answer)

    def unanswered(self) -> int:
        """Envelopes that were not acknowledged in time, or were more than once."""
        journal = self.workspace.journal
        return len(journal.of("envelope_unanswered")) + len(journal.of("ack_late_or_unknown"))

    def noted(self, kind: str, **facts: object) -> int:
        """How many such entries the journal has."""
        return len(self.workspace.journal.of(kind, **facts))


async def until_quiet(workspace: Workspace, seconds: float = 0.3) -> None:
    """Wait until nothing has crossed the wire for so long."""
    seen = -1
    while seen != len(workspace.journal.entries):
        seen = len(workspace.journal.entries)
        await asyncio.sleep(seconds)
