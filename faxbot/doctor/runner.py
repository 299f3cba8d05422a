"""The round: every check side by side, each with a deadline of its own, and one for all of them."""

import asyncio
from collections.abc import Sequence

from faxbot.doctor.finding import Check, CheckFailed, Finding, Severity, red

EACH_SECONDS = 5.0
ALL_SECONDS = 12.0

_LATE = "Run faxbot doctor again; if it stays so, tell whoever looks after the network here."

_SHORT = 3
"""A secret so short would strike out half of the words, and is none."""

Findings = dict[str, Finding]
"""What was found, by the check's name, in the order of the table."""


async def run_checks(
    checks: Sequence[Check], *, each: float = EACH_SECONDS, all_: float = ALL_SECONDS
) -> Findings:
    """Make all *checks*; returns after *all_* seconds at the latest, whatever does not answer."""
    clock = asyncio.get_running_loop().time
    end = clock() + all_
    under_way: dict[str, asyncio.Task[Finding]] = {}

    async def one(check: Check) -> Finding:
        for earlier in filter(None, (check.needs, check.after)):
            finding = await under_way[earlier]
            if earlier == check.needs and finding.severity in (Severity.RED, Severity.SKIPPED):
                return _skipped(check.needs, finding)
        return await _look(check, min(clock() + each, end))

    for check in checks:
        under_way[check.name] = asyncio.create_task(one(check))
    return {name: await task for name, task in under_way.items()}


async def _look(check: Check, deadline: float) -> Finding:
    try:
        async with asyncio.timeout_at(deadline):
            return await check.look()
    except CheckFailed as ill:
        return ill.finding
    except TimeoutError:
        return red("There was no answer in time.", check.late or _LATE)
    except Exception as exc:  # noqa: BLE001 - a look that goes wrong is a row, not the end of the table
        return red(
            f"This could not be looked at ({type(exc).__name__}).",
            "Run faxbot doctor again. If it stays so, that is a fault of faxbot's: tell whoever maintains "
            "it.",
        )


def _skipped(needs: str, finding: Finding) -> Finding:
    """Not looked at; it names the check that is red, not one that was skipped for it."""
    first = finding.found if finding.severity is Severity.SKIPPED else f"skipped: “{needs}” comes first"
    return Finding(Severity.SKIPPED, first)


def redact(findings: Findings, secrets: Sequence[str]) -> Findings:
    """*findings* with every one of *secrets* struck out, whoever quoted it."""

    def strike(text: str) -> str:
        for secret in (each for each in secrets if len(each) > _SHORT):
            text = text.replace(secret, "…")
        return text

    return {
        name: Finding(each.severity, strike(each.found), strike(each.remedy))
        for name, each in findings.items()
    }
