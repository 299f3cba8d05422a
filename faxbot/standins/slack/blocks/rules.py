"""The small language in which Block Kit's table is written: each rule looks at one value and complains."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Complaint = str
Rule = Callable[[Any, str], Iterator[Complaint]]


def at(text: str, pointer: str) -> Complaint:
    """A complaint in Slack's words, with the place it is about."""
    return f"{text} [json-pointer:{pointer}]"


def string(most: int, least: int = 0, pattern: str = "") -> Rule:
    """A string of *least* to *most* characters."""
    form = re.compile(pattern)

    def check(value: Any, pointer: str) -> Iterator[Complaint]:  # noqa: ANN401  (JSON of any shape)
        if not isinstance(value, str):
            yield at("must be a string", pointer)
        elif len(value) > most:
            yield at(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            yield at(f"must be more than {least - 1} characters", pointer)
        elif pattern and not form.fullmatch(value):
            yield at("invalid format", pointer)

    return check


def boolean(value: Any, pointer: str) -> Iterator[Complaint]:  # noqa: ANN401  (JSON of any shape)
    """True or false."""
    if not isinstance(value, bool):
        yield at("must be a boolean", pointer)


def number(least: float, most: float) -> Rule:
    """A whole number from *least* to *most*."""

    def check(value: Any, pointer: str) -> Iterator[Complaint]:  # noqa: ANN401  (JSON of any shape)
        if not isinstance(value, int) or isinstance(value, bool):
            yield at("must be an integer", pointer)
        elif not least <= value <= most:
            yield at(f"must be between {least} and {most}", pointer)

    return check


def one_of(*allowed: object) -> Rule:
    """One of a few values."""

    def check(value: Any, pointer: str) -> Iterator[Complaint]:  # noqa: ANN401  (JSON of any shape)
        if value not in allowed or isinstance(value, bool):
            yield at(f"must be one of {', '.join(map(str, allowed))}", pointer)

    return check


def items(rule: Rule, most: int, least: int = 1) -> Rule:
    """A list of *least* to *most* things."""

    def check(value: Any, pointer: str) -> Iterator[Complaint]:  # noqa: ANN401  (JSON of any shape)
        if not isinstance(value, list):
            yield at("must be an array", pointer)
            return
        if len(value) > most:
            yield at(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            yield at(f"no fewer than {least} items required", pointer)
        for index, item in enumerate(value):
            yield from rule(item, f"{pointer}/{index}")

    return check


@dataclass(frozen=True)
class Shape:
    """An object: which members it must and may have. `type` is known to all that are told apart by it."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    any_of: tuple[str, ...] = ()
    """At least one of these must be there."""
    only_one: tuple[str, ...] = ()
    """Exactly one of these must be there."""
    also: Rule | None = None
    """A rule about the object as a whole."""

    def __call__(self, value: Any, pointer: str) -> Iterator[Complaint]:  # noqa: ANN401  (JSON of any shape)
        """What is wrong with *value*."""
        if not isinstance(value, dict):
            yield at("must be an object", pointer)
            return
        for name in self.required:
            if value.get(name) is None:
                yield at(f"missing required field: {name}", pointer)
        yield from self._members(value, pointer)
        if self.any_of and not any(value.get(name) for name in self.any_of):
            yield at(f"missing required field: one of {', '.join(self.any_of)}", pointer)
        if self.only_one and sum(value.get(name) is not None for name in self.only_one) != 1:
            yield at(f"exactly one of {', '.join(self.only_one)} is required", pointer)
        if self.also:
            yield from self.also(value, pointer)

    def _members(self, value: dict[str, Any], pointer: str) -> Iterator[Complaint]:
        for name, member in value.items():
            rule = self.required.get(name) or self.optional.get(name)
            if rule is None and name != "type":
                yield at(f"invalid additional property: {name}", pointer)
            elif rule and member is not None:
                yield from rule(member, f"{pointer}/{name}")


def by_type(shapes: Mapping[str, Shape], allowed: frozenset[str] | None = None) -> Rule:
    """An object told apart by its `type`; only *allowed* types may stand here."""
    known = allowed if allowed is not None else frozenset(shapes)

    def check(value: Any, pointer: str) -> Iterator[Complaint]:  # noqa: ANN401  (JSON of any shape)
        if not isinstance(value, dict):
            yield at("must be an object", pointer)
        elif "type" not in value:
            yield at("missing required field: type", pointer)
        elif not isinstance(value["type"], str) or value["type"] not in known or value["type"] not in shapes:
            yield at(f"unsupported type: {value['type']}", f"{pointer}/type")
        else:
            yield from shapes[value["type"]](value, pointer)

    return check
