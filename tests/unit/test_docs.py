"""The documents and the code say the same."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr

from faxbot.cli import app
from faxbot.settings import Settings
from faxbot.slack.grammar import SYNTAX

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("**/*.md"))]

FENCE = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def code(text: str) -> list[str]:
    """What is set as code, in blocks and in lines."""
    return [*FENCE.findall(text), *SPAN.findall(FENCE.sub("", text))]


def shown(name: str) -> str:
    """The default of a setting as the documents write it; "required" if it has none."""
    known = Settings.model_fields[name.lower()]
    if known.is_required() or name == "SLACK_APP_TOKEN":  # but in HTTP mode
        return "required"
    match known.default:
        case bool(value):
            return str(value).lower()
        case float(value):
            return f"{value:g}"
        case None | () | SecretStr():
            return ""
        case _ if name == "DATABASE_URL":
            folder = Settings.model_fields["faxbot_data_dir"].default
            return f"sqlite:///{folder}/faxbot.db"
        case value:
            return str(value)


SETTINGS = {name.upper(): shown(name.upper()) for name in Settings.model_fields}


def test_readme_has_every_setting_with_its_default():
    """The table lists the settings of settings.py, these and no others."""
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| (.*?) \| \S.* \|$", README, re.MULTILINE)
    documented = {name: "" if default == "empty" else default.strip("`") for name, default in rows}
    assert documented == SETTINGS
    assert len(rows) == len(SETTINGS)


def test_the_example_has_every_setting_with_its_default():
    """.env.example holds each setting once: required ones bare, the others as a comment with the default."""
    lines = re.findall(r"^(#?)([A-Z][A-Z0-9_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    documented = {name: value if comment else "required" for comment, name, value in lines}
    assert documented == SETTINGS
    assert len(lines) == len(SETTINGS)
    assert all(value == "" for comment, _, value in lines if not comment)


def test_every_setting_of_the_example_is_explained():
    """The line before a setting says what it is."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in pairwise(lines):
        if re.match(r"#?[A-Z][A-Z0-9_]+=", line):
            assert re.match(r"# .+\.$", before), line


@pytest.mark.parametrize("name", SYNTAX)
def test_readme_has_every_slash_command(name: str):
    """Each command of the grammar's table is written in the README as `/fax help` writes it."""
    assert f"/fax {SYNTAX[name].usage}" in [each.replace("\\|", "|") for each in code(README)]


def test_no_page_names_a_slash_command_that_is_none():
    """What follows `/fax` in a document is a command."""
    named = {
        word for page in PAGES for each in code(page.read_text()) for word in re.findall(r"/fax (\w+)", each)
    }
    assert named <= set(SYNTAX)


def test_readme_has_every_command_of_the_command_line_and_no_other():
    """Each `faxbot …` of the README is there, and each that is there is in the README."""
    there = {(each.name or each.callback.__name__) for each in app.registered_commands if each.callback}
    named = {
        word
        for each in code(README)
        for word in re.findall(r"(?:^|\s|/)faxbot ([a-z]+)\b", each, re.MULTILINE)
    }
    assert named - {"is"} == there


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_is_named_exists(page: Path):
    """`make …` in a document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z.]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        word
        for each in code(page.read_text())
        for word in re.findall(r"(?:^|\s)make (?:-C \S+ )?([a-z.]+)", each, re.MULTILINE)
    }
    assert named <= targets
    assert page.name != "README.md" or {"demo", "tour", "test", "check", ".venv"} <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_linked_file_exists(page: Path):
    """Links and pictures lead to files of the repository."""
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize(
    "page", [ROOT / "docs" / "architecture.md", *DECISIONS], ids=lambda page: str(page.relative_to(ROOT))
)
def test_every_named_source_file_exists(page: Path):
    """A file or folder that a page names is there, seen from the repository or from faxbot/."""
    named = {
        each
        for each in SPAN.findall(page.read_text())
        if re.fullmatch(r"[\w./*-]+(\.(py|yml|md|toml)|/)", each)
    }
    assert named
    missing = [
        each
        for each in named
        if not any(any(base.glob(each.rstrip("/"))) for base in (ROOT, ROOT / "faxbot"))
    ]
    assert missing == []


def test_the_map_names_every_package():
    """Each folder and module right inside faxbot/ is on the map."""
    parts = {
        f"{each.name}/" if each.is_dir() else each.name
        for each in (ROOT / "faxbot").iterdir()
        if (each.is_dir() and (each / "__init__.py").exists()) or each.suffix == ".py"
    } - {"__init__.py", "__main__.py"}
    assert parts <= set(SPAN.findall(ARCHITECTURE))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_what_it_weighed(page: Path):
    """Context, decision, consequences, alternatives: in this order, each with words under it."""
    sections = re.findall(r"^## (\w+)\n\n\S", page.read_text(), re.MULTILINE)
    assert sections == ["Context", "Decision", "Consequences", "Alternatives"]


def test_decisions_are_numbered_without_gaps():
    """0001, 0002, …: one number each."""
    assert [page.name[:4] for page in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]


def test_the_changelog_has_an_unreleased_section():
    """What is new goes under Unreleased, by kind."""
    assert re.search(
        r"^## \[Unreleased\]\n\n### (Added|Changed|Fixed)\n\n- ",
        (ROOT / "CHANGELOG.md").read_text(),
        re.MULTILINE,
    )
