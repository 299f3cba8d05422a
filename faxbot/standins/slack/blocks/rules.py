"""Building blocks of the Block Kit table: each rule validates one value and yields its problems."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Problem = str
Rule = Callable[[Any, str], Iterator[Problem]]


def problem_at(text: str, pointer: str) -> Problem:
    """A problem in Slack's words, with a JSON pointer to the value."""
    return f"{text} [json-pointer:{pointer}]"


def string(maximum: int, minimum: int = 0, pattern: str = "") -> Rule:
    """A string of *minimum* to *maximum* characters that matches *pattern*."""
    regex = re.compile(pattern)

    def check(value: Any, pointer: str) -> Iterator[Problem]:  # noqa: ANN401  (JSON of any shape)
        if not isinstance(value, str):
            yield problem_at("must be a string", pointer)
        elif len(value) > maximum:
            yield problem_at(f"must be less than {maximum + 1} characters", pointer)
        elif len(value) < minimum:
            yield problem_at(f"must be more than {minimum - 1} characters", pointer)
        elif pattern and not regex.fullmatch(value):
            yield problem_at("invalid format", pointer)

    return check


def boolean(value: Any, pointer: str) -> Iterator[Problem]:  # noqa: ANN401  (JSON of any shape)
    """True or false."""
    if not isinstance(value, bool):
        yield problem_at("must be a boolean", pointer)


def number(minimum: float, maximum: float) -> Rule:
    """A whole number from *minimum* to *maximum*."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:  # noqa: ANN401  (JSON of any shape)
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem_at("must be an integer", pointer)
        elif not minimum <= value <= maximum:
            yield problem_at(f"must be between {minimum} and {maximum}", pointer)

    return check


def one_of(*allowed: object) -> Rule:
    """One of the *allowed* values."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:  # noqa: ANN401  (JSON of any shape)
        if value not in allowed or isinstance(value, bool):
            yield problem_at(f"must be one of {', '.join(map(str, allowed))}", pointer)

    return check


def items(rule: Rule, maximum: int, minimum: int = 1) -> Rule:
    """A list of *minimum* to *maximum* items, each valid by *rule*."""

    def check(value: Any, pointer: str) -> Iterator[Problem]:  # noqa: ANN401  (JSON of any shape)
        if not isinstance(value, list):
            yield problem_at("must be an array", pointer)
            return
        if len(value) > maximum:
            yield problem_at(f"no more than {maximum} items allowed", pointer)
        if len(value) < minimum:
            yield problem_at(f"no fewer than {minimum} items required", pointer)
        for index, item in enumerate(value):
            yield from rule(item, f"{pointer}/{index}")

    return check


@dataclass(frozen=True)
class Shape:
    """An object with its required and optional members; `type` is always allowed."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    any_of: tuple[str, ...] = ()
    """At least one of these must be present."""
    exactly_one: tuple[str, ...] = ()
    """Exactly one of these must be present."""
    extra_rule: Rule | None = None
    """A further rule for the whole object."""

    def __call__(self, value: Any, pointer: str) -> Iterator[Problem]:  # noqa: ANN401  (JSON of any shape)
        """Yield the problems of *value*."""
        if not isinstance(value, dict):
            yield problem_at("must be an object", pointer)
            return
        for name in self.required:
            if value.get(name) is None:
                yield problem_at(f"missing required field: {name}", pointer)
        yield from self._members(value, pointer)
        if self.any_of and not any(value.get(name) for name in self.any_of):
            yield problem_at(f"missing required field: one of {', '.join(self.any_of)}", pointer)
        if self.exactly_one and sum(value.get(name) is not None for name in self.exactly_one) != 1:
            yield problem_at(f"exactly one of {', '.join(self.exactly_one)} is required", pointer)
        if self.extra_rule:
            yield from self.extra_rule(value, pointer)

    def _members(self, value: dict[str, Any], pointer: str) -> Iterator[Problem]:
        for name, member in value.items():
            rule = self.required.get(name) or self.optional.get(name)
            if rule is None and name != "type":
                yield problem_at(f"invalid additional property: {name}", pointer)
            elif rule and member is not None:
                yield from rule(member, f"{pointer}/{name}")


def by_type(shapes: Mapping[str, Shape], allowed: frozenset[str] | None = None) -> Rule:
    """An object whose rule is selected by its `type`; only *allowed* types (default: all) are valid."""
    known = allowed if allowed is not None else frozenset(shapes)

    def check(value: Any, pointer: str) -> Iterator[Problem]:  # noqa: ANN401  (JSON of any shape)
        if not isinstance(value, dict):
            yield problem_at("must be an object", pointer)
        elif "type" not in value:
            yield problem_at("missing required field: type", pointer)
        elif not isinstance(value["type"], str) or value["type"] not in known or value["type"] not in shapes:
            yield problem_at(f"unsupported type: {value['type']}", f"{pointer}/type")
        else:
            yield from shapes[value["type"]](value, pointer)

    return check
