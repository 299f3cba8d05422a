"""Runs every check, in the order of the table."""

import stat
from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import SecretStr

from faxbot.doctor import fax_server, machine, slack
from faxbot.doctor.finding import Finding, Severity, green, red, yellow
from faxbot.doctor.report import SETTINGS
from faxbot.doctor.runner import ALL_SECONDS, EACH_SECONDS, Report, redact, run_checks
from faxbot.settings import Settings, SettingsProblem, load_settings

CHECKS = (
    SETTINGS,
    *(machine.DATA, machine.ROOM, machine.DATABASE, machine.CONVERTERS),
    *(fax_server.REACHED, fax_server.TRUSTED, fax_server.SIGNED_IN, fax_server.LICENSED, fax_server.LINES),
    *(fax_server.CLOCK, slack.REACHED, slack.BOT_TOKEN, slack.SCOPES, slack.INBOUND, slack.APP_TOKEN),
    *(slack.SOCKET, slack.CLOCK),
)
"""The rows in Socket Mode. In HTTP mode `endpoint.HTTP` takes the place of the app token and the socket."""


async def examine(*, each: float = EACH_SECONDS, all_: float = ALL_SECONDS) -> Report:
    """Run all checks. Each may take *each* seconds, all of them together *all_*."""
    try:
        settings = load_settings()
    except SettingsProblem as problem:
        return _unusable(problem)
    findings: Report = {SETTINGS: _settings(Path(".env"))}
    async with AsyncExitStack() as stack:
        checks = [
            *machine.MachineChecks(settings).checks(),
            *fax_server.FaxServerChecks(settings, stack).checks(),
            *slack.SlackChecks(settings, stack).checks(),
        ]
        findings |= await run_checks(checks, each=each, all_=all_)
    return redact(findings, _secrets(settings))


def _settings(env_file: Path) -> Finding:
    if env_file.is_file() and stat.S_IMODE(env_file.stat().st_mode) & 0o077:
        return yellow(
            "All that is needed is there, and other users of this machine can read .env with its tokens.",
            f"Close it: chmod 600 {env_file.absolute()}",
        )
    return green("All that is needed is there.")


def _unusable(problem: SettingsProblem) -> Report:
    """The findings when the settings cannot be read: every other check is skipped."""
    skipped = Finding(Severity.SKIPPED, f"skipped: “{SETTINGS}” comes first")
    return dict.fromkeys(CHECKS, skipped) | {
        SETTINGS: red(
            str(problem), "Set each of these in .env or in the environment; .env.example explains them."
        )
    }


def _secrets(settings: Settings) -> list[str]:
    values = (getattr(settings, name) for name in Settings.model_fields)
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
