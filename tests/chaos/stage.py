"""Where a trial is played: in a world of its own, by the scenario or a storm; then it is judged."""

import asyncio
import hashlib
import json
import os
import pprint
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from faxbot.standins.slack.model.people import BOT_ID
from tests.chaos.evidence import Evidence
from tests.chaos.judge import Verdict, judge
from tests.chaos.scenario import Scenario
from tests.chaos.storm import Storm
from tests.chaos.story import Story
from tests.chaos.trial import Outcome, Trial
from tests.chaos.world import KILLED, World
from tests.chaos.zygote import Zygote
from tests.support.postgresql import TEMPLATE, new_database

Item = dict[str, Any]

POSTGRESQL = "FAXBOT_CHAOS_POSTGRESQL"
"""The environment variable with the URL of the server on which each world gets a database; else SQLite."""
STORM_SPEED = 6.0
"""A page takes five seconds of the world's clock, half a second on the wall."""
AGAIN_SECONDS, LATEST_SECONDS = 0.25, 8.0


async def run(trial: Trial, zygote: Zygote, keep: Path | None = None) -> Outcome:
    """Play it in a folder of its own; with *keep*, what was harmed is left there."""
    if not (server := os.environ.get(POSTGRESQL)):
        return await _run(trial, zygote, keep)
    database = new_database(server, TEMPLATE)
    url = await asyncio.to_thread(database.__enter__)
    try:
        return await _run(trial, zygote, keep, url)
    finally:
        await asyncio.to_thread(database.__exit__, None, None, None)


async def _run(trial: Trial, zygote: Zygote, keep: Path | None, database_url: str = "") -> Outcome:
    began = time.monotonic()
    whole = Path(tempfile.mkdtemp(prefix="faxbot-chaos-"))
    folder = whole / "world"  # boundaries carry the names of folders: they stay the same from run to run
    folder.mkdir()
    world = World(
        folder,
        zygote,
        kills=trial.kills,
        speed=STORM_SPEED if trial.storm else 0.0,
        patience=trial.patience,
        settle=trial.settle,
        database_url=database_url,
    )
    try:
        async with world:
            for fault in trial.fax_faults:
                world.fax.faults.plan(**fault)
            for fault in trial.slack_faults:
                world.slack.installation.faults.add(fault)
            playing = Storm(world, trial.storm) if trial.storm else Scenario(world, trial.acts)
            story = await playing.play(trial.quiet)
            verdict = await _judge_patiently(story, world)
        crossed = [world.trace(life) for life in range(len(world.lives))]
        if not verdict.harmless and keep is not None:
            _leave_evidence(world, story, folder)
            shutil.copytree(folder, keep / whole.name)
            verdict.notes.append(f"kept in {keep / whole.name}")
    finally:
        shutil.rmtree(whole, ignore_errors=True)
    calls = world.fax.log.entries("call")
    journal = world.slack.journal
    return Outcome(
        counts=dict(verdict.counts),
        notes=verdict.notes,
        acts=trial.acts,
        crossed=crossed,
        killed=world.lives[: len(trial.kills)].count(KILLED),
        deaths=world.lives.count(KILLED),
        faults=sum(bool(each["faults"]) for each in calls) + world.slack_faults,
        used=Counter(f"UCX {each['method']}" for each in calls)
        + Counter(f"Slack {each['method']}" for each in journal.of("api"))
        + Counter(
            f"Slack {kind}" for kind in ("upload", "download", "response_url") for _ in journal.of(kind)
        ),
        seconds=time.monotonic() - began,
        cpu=zygote.cpu.pop(str(folder), 0.0),
    )


def _leave_evidence(world: World, story: Story, folder: Path) -> None:
    """For the analysis of a harm."""
    logs = {"fax-server.jsonl": world.fax.log.entries(), "slack.jsonl": world.slack.journal.entries}
    for name, entries in logs.items():
        lines = [json.dumps(entry, default=str) for entry in entries]
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
    (folder / "story").write_text(pprint.pformat(story), encoding="utf-8")


async def _judge_patiently(story: Story, world: World) -> Verdict:
    """What is not posted yet may still be under way: the bot waits before it repeats what was refused."""
    deadline = time.monotonic() + LATEST_SECONDS
    verdict = judge(story, gather(world))
    while not verdict.harmless and not story.stuck and time.monotonic() < deadline:
        await asyncio.sleep(AGAIN_SECONDS)
        verdict = judge(story, gather(world))
    return verdict


def gather(world: World) -> Evidence:
    """Look at both servers."""
    state = world.slack.state
    messages = [
        {**message, "channel": channel, "sha256": [_sha(world, file) for file in message.get("files", [])]}
        for channel in state.channels
        for message in state.messages.in_order(channel)
        if message.get("bot_id") == BOT_ID
    ]
    model = world.fax.model
    return Evidence(
        calls=world.fax.log.entries(),
        records=[record.jobid for record in model.resources.records.all()],
        messages=messages,
        ephemerals=[
            {"user": each.user, "channel": each.channel, "text": str(each.content.get("text", ""))}
            for each in state.ephemerals.values()
        ],
        stopped=world.stopped_by_itself,
    )


def _sha(world: World, file: Item) -> str:
    path = world.slack.state.files[file["id"]].path
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
