"""Hypothesis strategies for arbitrary JSON, and JSON with single values replaced or removed."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

# fmt: off
ODD_VALUES = (
    None, True, False, 0, -1, 2**31, 10**40, 1e308, float("nan"), float("inf"), float("-inf"), "", " ",
    "Infinity", "\ud800", "\x00", "٣", "-0", "1e9", "9" * 18, "9" * 5000, "x" * 9000, "00:00", "24:00",
    "23:59", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "9999-12-31T23:59:59-14:00", "<html>", "not found",
    "Done", "Authentication failed", "Error", [], {}, [[]], [{}], {"": {}}, ["x", ["y"], {"z": 1}],
)
# fmt: on


def odd_values(fields: Sequence[str]) -> st.SearchStrategy[Any]:
    """Any JSON, mostly with member names from *fields*."""
    return st.recursive(
        st.sampled_from(ODD_VALUES) | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(fields) | st.text(max_size=5), inner, max_size=4)
        ),
        max_leaves=8,
    )


def places(value: object, path: Path = ()) -> list[Path]:
    """The path to every value inside *value*, and to itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inner for found in places(each, (*path, key)))]


def replaced(value: Any, path: Path, new: object) -> Any:
    """*value* with *new* at *path*."""
    if not path:
        return new
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    changed = [(key, replaced(each, path[1:], new) if key == path[0] else each) for key, each in pairs]
    return dict(changed) if isinstance(value, dict) else [each for _, each in changed]


def without(value: Any, path: Path) -> Any:
    """*value* without what is at *path*."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    kept = [
        (key, without(each, path[1:]) if key == path[0] else each)
        for key, each in pairs
        if len(path) > 1 or key != path[0]
    ]
    return dict(kept) if isinstance(value, dict) else [each for _, each in kept]
