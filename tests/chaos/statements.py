"""What an SQL statement writes, as a name: a commit goes by what it saves, not by its number."""

import re
from collections.abc import Mapping

_INSERT = re.compile(r"INSERT INTO (\w+) \(([^)]*)\)")
_UPDATE = re.compile(r"UPDATE (\w+) SET (.*?) WHERE")
_OTHER = re.compile(r"(DELETE FROM|CREATE TABLE|CREATE (?:UNIQUE )?INDEX|ALTER TABLE) \"?(\w+)")
_TELLING = ("state", "stage", "kind")
"""The columns whose value says what a row has become."""


def written_by(statement: str, parameters: object) -> str | None:
    """
    `announcements state=sending`, `requests new kind=send`, `schema`; None if nothing is written.

    *parameters* are the driver's: one sequence or mapping, or one for each row, of which the first speaks
    for all.
    """
    values = parameters[0] if isinstance(parameters, list) and parameters else parameters
    if match := _INSERT.match(statement):
        columns = [column.strip().strip('"') for column in match[2].split(",")]
        return _named(f"{match[1]} new", columns, values)
    if match := _UPDATE.match(statement):
        columns = [part.split("=")[0].strip() for part in match[2].split(",")]
        return _named(match[1], columns, values)
    if match := _OTHER.match(statement.lstrip()):
        return f"{match[2]} deleted" if match[1].startswith("DELETE") else "schema"
    return None


def telling_first(what: str) -> tuple[bool, str]:
    """Sorts names so that a commit goes by a state, a stage or a kind where it saves one."""
    return "=" not in what, what


def _named(what: str, columns: list[str], values: object) -> str:
    if isinstance(values, Mapping):  # psycopg's; of several rows in one statement the names have numbers
        by_column = {column: values.get(column, values.get(f"{column}__0")) for column in columns}
    else:
        by_column = dict(zip(columns, values if isinstance(values, tuple) else (), strict=False))
    parts = [f"{column}={by_column[column]}" for column in _TELLING if by_column.get(column)]
    if parts:
        return f"{what} {' '.join(parts)}"
    return what if what.endswith(" new") else f"{what} {'+'.join(sorted(columns))}"
