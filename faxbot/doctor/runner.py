"""Runs the checks concurrently, each with a deadline, and one deadline for all."""

import asyncio
from collections.abc import Sequence

from faxbot.doctor.finding import Check, CheckFailed, Finding, Severity, red

EACH_SECONDS = 5.0
ALL_SECONDS = 12.0

_LATE = "Run faxbot doctor again; if it stays so, ask the network administrator."

_SHORTEST_SECRET = 4
"""In characters; redacting shorter ones would strike out ordinary words."""

Report = dict[str, Finding]
"""The findings by the check's name, in the order of the table."""


async def run_checks(
    checks: Sequence[Check], *, each: float = EACH_SECONDS, all_: float = ALL_SECONDS
) -> Report:
    """Run *checks* concurrently; a check gets *each* seconds, and all are done after *all_* seconds."""
    clock = asyncio.get_running_loop().time
    end = clock() + all_
    under_way: dict[str, asyncio.Task[Finding]] = {}

    async def one(check: Check) -> Finding:
        for earlier in filter(None, (check.needs, check.after)):
            finding = await under_way[earlier]
            if earlier == check.needs and finding.severity in (Severity.RED, Severity.SKIPPED):
                return _skipped(check.needs, finding)
        return await _run(check, min(clock() + each, end))

    for check in checks:
        under_way[check.name] = asyncio.create_task(one(check))
    return {name: await task for name, task in under_way.items()}


async def _run(check: Check, deadline: float) -> Finding:
    try:
        async with asyncio.timeout_at(deadline):
            return await check.run()
    except CheckFailed as failed:
        return failed.finding
    except TimeoutError:
        return red("There was no answer in time.", check.late or _LATE)
    except Exception as exc:  # noqa: BLE001 - an unexpected error becomes a red row; the other checks go on
        return red(
            f"This could not be looked at ({type(exc).__name__}).",
            "Run faxbot doctor again. If it stays so, that is a fault of faxbot's: report it to its "
            "maintainer.",
        )


def _skipped(needs: str, finding: Finding) -> Finding:
    """The finding of a check whose need failed; it names the check that is red, not one that was skipped."""
    reason = finding.found if finding.severity is Severity.SKIPPED else f"skipped: “{needs}” comes first"
    return Finding(Severity.SKIPPED, reason)


def redact(findings: Report, secrets: Sequence[str]) -> Report:
    """*findings* with every occurrence of *secrets* replaced; servers and libraries may quote them."""

    def strike(text: str) -> str:
        for secret in (each for each in secrets if len(each) >= _SHORTEST_SECRET):
            text = text.replace(secret, "…")
        return text

    return {
        name: Finding(each.severity, strike(each.found), strike(each.remedy))
        for name, each in findings.items()
    }
