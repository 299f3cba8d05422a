"""The safeguards: the code taken out of a file, and the tests that must then fail."""

import ast
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.reliability_page import table

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("safeguards.toml")

PROMISES = {
    1: "A fax is dialed at most once",
    2: "A received fax is posted exactly once, and never lost",
    3: "A message is posted once",
    4: "A stop at any moment loses nothing",
    5: "Nothing is deleted before it is safe, and only on request",
    6: "Credentials stay where they belong",
    7: "Text from outside is text",
    8: "Logs and files disclose nothing to others",
    9: "What the recipient gets is what was shown",
}


@dataclass(frozen=True, slots=True)
class Safeguard:
    """
    One safeguard. *was* is code that stands once in *file*, *becomes* is what takes the safeguard out, *out*
    says so in words. *red* are the ids of the tests, each of which fails then.
    """

    name: str
    promise: int
    file: str
    was: str
    becomes: str
    out: str
    red: tuple[str, ...]

    def taken_out_of(self, text: str) -> str:
        """The file's *text* without the safeguard."""
        return text.replace(self.was, self.becomes)

    def stale(self, root: Path = ROOT) -> Iterator[str]:
        """Why this row no longer speaks of the code and the tests as they are."""
        path = root / self.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if (times := text.count(self.was)) != 1:
            yield f"{self.name}: the code stands {times} times in {self.file}"
        elif self.was == self.becomes:
            yield f"{self.name}: nothing is taken out"
        else:
            try:
                compile(self.taken_out_of(text), self.file, "exec", dont_inherit=True)
            except SyntaxError as exc:
                yield f"{self.name}: without it, {self.file} is no Python ({exc.msg}, line {exc.lineno})"
        for test in self.red:
            if not there(test, root):
                yield f"{self.name}: there is no test {test}"


def there(test: str, root: Path = ROOT) -> bool:
    """Whether a file has the class and function that a test's id names."""
    file, _, name = test.partition("[")[0].partition("::")
    return name in _tests_of(root / file)


@cache
def _tests_of(path: Path) -> frozenset[str]:
    """The functions of a file, and `Class::method`."""
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = {each.name for each in body if isinstance(each, functions)}
    for of in body:
        if isinstance(of, ast.ClassDef):
            names |= {f"{of.name}::{each.name}" for each in of.body if isinstance(each, functions)}
    return frozenset(names)


def load(path: Path = TABLE) -> list[Safeguard]:
    """All rows, by promise, in the order of the file."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["safeguard"]
    guards = [Safeguard(**{**row, "red": tuple(row["red"])}) for row in rows]
    return sorted(guards, key=lambda each: each.promise)


def page(guards: Iterable[Safeguard]) -> str:
    """All of them for people, in Markdown."""
    heads = ("safeguard", "promise", "without it", "goes red")
    rows = [
        (
            guard.name,
            PROMISES[guard.promise],
            f"{guard.out} (`{guard.file.removeprefix('faxbot/')}`)",
            "<br>".join(f"`{test.removeprefix('tests/')}`" for test in guard.red),
        )
        for guard in guards
    ]
    return table(heads, rows)
