"""One name for one thing: class names and type aliases over the whole package."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import faxbot

PACKAGE = Path(faxbot.__file__).parent


def named_types(path: Path) -> Iterator[tuple[str, str]]:
    """Name and definition of each class and type alias: a class's is its place, an alias's its expression."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, f"class in {path.relative_to(PACKAGE)}, line {node.lineno}"
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name[0].isupper() and not name.isupper():
                yield name, f"alias of {ast.unparse(node.value)}"


def test_each_public_type_name_is_defined_once():
    """No two classes of bot, stand-ins and demo have the same name, and an alias has one meaning."""
    definitions = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for name, definition in named_types(path):
            if not name.startswith("_"):
                definitions[name].append(definition)
    assert {"WebApi", "FaxApp", "SlackObject"} <= definitions.keys()
    ambiguous = {name: found for name, found in definitions.items() if len(set(found)) > 1}
    assert ambiguous == {}
