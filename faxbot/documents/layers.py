"""
Layers of a PDF (optional content): what a viewer hides stays hidden.

Converters do not agree on layers: Ghostscript 10 prints hidden forms and pictures, and ends a hidden section
at the first end mark in it. So no layer is passed on: a page with something hidden becomes its picture, and
of other pages all is visible. Source: ISO 32000-1, 8.11.
"""

from collections.abc import Iterator
from typing import TypeVar

import pikepdf

_MAX_DEPTH = 16
_Ids = set[tuple[int, int]]
_O = TypeVar("_O", bound=pikepdf.Object)


def pages_with_hidden_layers(pdf: pikepdf.Pdf) -> list[bool]:
    """For each page of *pdf*, whether a viewer may hide a part of it."""
    hidden = {layer.objgen for layer in hidden_layers(pdf)}
    return [
        any(_may_be_hidden(layer, hidden) for layer in _layers_of(page.obj, set(), _MAX_DEPTH))
        for page in pdf.pages
    ]


def forget_layers(pdf: pikepdf.Pdf) -> bool:
    """Remove from *pdf* what decides on the visibility of layers; return whether there was anything."""
    if "/OCProperties" not in pdf.Root:
        return False
    for layer in _groups(pdf):
        if "/Usage" in layer:
            del layer["/Usage"]
    del pdf.Root["/OCProperties"]
    return True


def hidden_layers(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """The optional content groups that a viewer hides when it opens *pdf*."""
    properties = pdf.Root.get("/OCProperties")
    default = properties.get("/D") if isinstance(properties, pikepdf.Dictionary) else None
    if not isinstance(default, pikepdf.Dictionary):
        return []
    base_off = default.get("/BaseState") == "/OFF"
    on, off = ({each.objgen for each in _dictionaries(default.get(key))} for key in ("/ON", "/OFF"))
    hidden: list[pikepdf.Object] = []
    for layer in _groups(pdf):
        view = _view_state(layer)
        is_off = layer.objgen in off or (base_off and layer.objgen not in on)
        if view == "/OFF" if view else is_off:
            hidden.append(layer)
    return hidden


def _may_be_hidden(layer: pikepdf.Dictionary, hidden: _Ids) -> bool:
    """Whether a layer is hidden, or depends on several, by rules that are not evaluated here."""
    return layer.get("/Type") == "/OCMD" or layer.objgen in hidden


def _layers_of(owner: pikepdf.Object, seen: _Ids, depth: int) -> Iterator[pikepdf.Dictionary]:
    """The layers that a page, a form or a pattern names, in its content or in what it draws."""
    if not depth or (owner.objgen in seen and owner.objgen != (0, 0)):
        return
    seen.add(owner.objgen)
    if isinstance(layer := owner.get("/OC"), pikepdf.Dictionary):
        yield layer
    resources = owner.get("/Resources")
    parent = owner.get("/Parent")
    if resources is None and isinstance(parent, pikepdf.Dictionary):
        yield from _layers_of(parent, seen, depth - 1)
    if isinstance(resources, pikepdf.Dictionary):
        yield from _values(resources.get("/Properties"), pikepdf.Dictionary)
        for kind in ("/XObject", "/Pattern"):
            for drawn in _values(resources.get(kind), pikepdf.Stream):
                yield from _layers_of(drawn, seen, depth - 1)
    for annotation in _dictionaries(owner.get("/Annots")):
        if isinstance(layer := annotation.get("/OC"), pikepdf.Dictionary):
            yield layer


def _values(found: object, kind: type[_O]) -> Iterator[_O]:
    if isinstance(found, pikepdf.Dictionary):
        for key in found.keys():  # noqa: SIM118 - it has no __iter__
            if isinstance(value := found[key], kind):
                yield value


def _view_state(layer: pikepdf.Dictionary) -> object:
    usage = layer.get("/Usage")
    view = usage.get("/View") if isinstance(usage, pikepdf.Dictionary) else None
    return view.get("/ViewState") if isinstance(view, pikepdf.Dictionary) else None


def _groups(pdf: pikepdf.Pdf) -> list[pikepdf.Dictionary]:
    properties = pdf.Root.get("/OCProperties")
    return list(_dictionaries(properties.get("/OCGs"))) if isinstance(properties, pikepdf.Dictionary) else []


def _dictionaries(found: object) -> Iterator[pikepdf.Dictionary]:
    if isinstance(found, pikepdf.Array):
        for number in range(len(found)):
            each = found[number]
            if isinstance(each, pikepdf.Dictionary):
                yield each
