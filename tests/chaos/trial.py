"""Trials and their outcomes, as they travel between the processes of a run."""

from typing import Any

from pydantic.dataclasses import dataclass

from tests.chaos.boundary import Boundary

ACTS = ("in", "out", "stop")
"""The acts of the scenario."""


@dataclass(frozen=True)
class Trial:
    """
    What is played and what goes wrong.

    *kills*: where the bot's first runs are killed; the faults are in the format of the control APIs.
    """

    acts: tuple[str, ...] = ACTS
    storm: str = ""
    """The seed of a storm, in place of the acts."""
    kills: tuple[Boundary, ...] = ()
    fax_faults: tuple[dict[str, Any], ...] = ()
    slack_faults: tuple[dict[str, Any], ...] = ()
    patience: float = 10.0
    """Seconds after which the bot gives a request up."""
    settle: float = 0.3
    quiet: float = 0.8
    """For so long nothing more may come before it is judged."""

    def __str__(self) -> str:
        faults = [
            " ".join(f"{name}={value}" for name, value in fault.items())
            for fault in (*self.fax_faults, *self.slack_faults)
        ]
        trouble = ", then ".join([*map(str, self.kills), *faults]) or "undisturbed"
        return f"storm {self.storm}" if self.storm else f"{'+'.join(self.acts)}: {trouble}"


@dataclass
class Outcome:
    """How a trial ended."""

    counts: dict[str, int]
    notes: list[str]
    acts: tuple[str, ...]
    crossed: list[list[Boundary]]
    """By run."""
    killed: int
    """How many runs were killed at their boundary."""
    deaths: int
    """How often the bot was killed."""
    faults: int
    """How many faults befell a call."""
    used: dict[str, int]
    """How often each method of either server was called."""
    seconds: float
    cpu: float
    """Processor seconds of the bot and its converters."""

    def reached(self, trial: Trial) -> bool:
        """Whether every kill and any fault came about."""
        return self.killed == len(trial.kills) and (
            self.faults > 0 or not (trial.fax_faults or trial.slack_faults)
        )
