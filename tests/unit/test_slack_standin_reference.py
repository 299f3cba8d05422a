"""docs/stand-in.md compared with the code of the Slack stand-in, and the code with Slack's reference."""

import json
import re
from pathlib import Path

import pytest

from faxbot.standins.slack import control, events
from faxbot.standins.slack.api import METHODS
from faxbot.standins.slack.blocks.elements import ELEMENTS
from faxbot.standins.slack.blocks.table import BLOCKS
from faxbot.standins.slack.faults import KINDS
from faxbot.standins.slack.person.routes import PAGES, PERSON_ACTIONS
from faxbot.standins.slack.settings import WorkspaceSettings

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "slack" / "methods"
DOCUMENT = (ROOT / "docs" / "stand-in.md").read_text(encoding="utf-8")


def rows(heading):
    """The cells of the table under a heading, without its first two lines."""
    part = DOCUMENT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(heading):
    return [re.sub(r"`", "", row[0]) for row in rows(heading)]


def test_methods_are_listed():
    """The document lists exactly the implemented Web API methods, with their tier and scopes."""
    listed = {row[0].strip("`"): (row[1], row[2]) for row in rows("Web API methods")}
    there = {
        name: (str(m.tier) if m.tier < 5 else "special", ", ".join(f"`{s}`" for s in m.scopes) or "none")
        for name, m in METHODS.items()
    }
    assert listed == there


@pytest.mark.parametrize(
    ("heading", "there"),
    [
        ("Events", events.SENT),
        ("Faults", KINDS),
        ("Settings", WorkspaceSettings().as_dict()),
        (
            "Person API",
            [*(f"{verb} {path}" for verb, path in PAGES), *(f"POST /_/{name}" for name in PERSON_ACTIONS)],
        ),
        ("Blocks and elements", [*BLOCKS, *(name for name in ELEMENTS if name not in BLOCKS)]),
        (
            "Control API",
            [
                "GET /_/control/log",
                "GET /_/control/state",
                *(f"POST /_/control/{step}" for step in control.OPERATIONS),
            ],
        ),
    ],
)
def test_everything_else_is_listed(heading, there):
    """The document lists exactly the events, faults, settings, blocks and routes in the code."""
    assert sorted(names(heading)) == sorted(there)


def test_defaults_of_settings_are_listed():
    """The document gives the default of each setting."""
    listed = {row[0].strip("`"): row[1].strip("`") for row in rows("Settings")}
    assert listed == {name: str(value) for name, value in WorkspaceSettings().as_dict().items()}


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="Slack's reference is not beside this checkout")
@pytest.mark.parametrize("name", sorted(METHODS))
def test_methods_are_as_in_the_reference(name):
    """Scopes, tier, required arguments and JSON support are as in Slack's reference."""
    method = METHODS[name]
    reference = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
    assert set(method.scopes) == set((reference.get("scope") or {}).get("bot") or ())
    assert f"t{method.tier}" == reference["rate_limits"]
    assert set(method.required) == set(reference["args"].get("required") or ()) - {"token"}
    assert method.json is bool(reference.get("json_input_supported"))
