"""Layers of a PDF (optional content): what a viewer hides stays hidden."""

from collections.abc import Iterable

import pikepdf


class Layers:
    """The layers of the documents that are put together: all of them, and the hidden ones."""

    def __init__(self) -> None:
        self._all: list[pikepdf.Object] = []
        self._hidden: list[pikepdf.Object] = []

    def add(self, source: pikepdf.Pdf, target: pikepdf.Pdf) -> None:
        """Take over the layers of *source*, whose pages have been copied to *target*."""
        hidden = {layer.objgen for layer in hidden_layers(source)}
        for layer in _groups(source):
            copy = target.copy_foreign(layer)
            self._all.append(copy)
            if layer.objgen in hidden:
                self._hidden.append(copy)

    def write(self, target: pikepdf.Pdf) -> None:
        """Write the catalog entry; fax servers evaluate its default configuration only."""
        if not self._all:
            return
        for layer in self._all:
            if "/Usage" in layer:
                del layer["/Usage"]
        target.Root.OCProperties = pikepdf.Dictionary(
            OCGs=pikepdf.Array(self._all),
            D=pikepdf.Dictionary(
                BaseState=pikepdf.Name.ON,
                OFF=pikepdf.Array(self._hidden),
                Order=pikepdf.Array(),
            ),
        )


def hidden_layers(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """The optional content groups that a viewer hides when it opens *pdf* (ISO 32000-1, 8.11.4)."""
    properties = pdf.Root.get("/OCProperties")
    default = properties.get("/D") if isinstance(properties, pikepdf.Dictionary) else None
    if not isinstance(default, pikepdf.Dictionary):
        return []
    base_off = default.get("/BaseState") == "/OFF"
    on, off = (_ids(default.get(key)) for key in ("/ON", "/OFF"))
    hidden: list[pikepdf.Object] = []
    for layer in _groups(pdf):
        view = _view_state(layer)
        is_off = layer.objgen in off or (base_off and layer.objgen not in on)
        if view == "/OFF" if view else is_off:
            hidden.append(layer)
    return hidden


def is_normal(pdf: pikepdf.Pdf) -> bool:
    """Whether the layers of *pdf* have no more than a base state and a list of hidden ones, as `write` does."""
    properties = pdf.Root.get("/OCProperties")
    if properties is None:
        return True
    if not isinstance(properties, pikepdf.Dictionary) or "/Configs" in properties:
        return False
    default = properties.get("/D")
    return (
        isinstance(default, pikepdf.Dictionary)
        and default.get("/BaseState") == "/ON"
        and not {"/AS", "/ON"} & set(default.keys())
        and not any("/Usage" in layer for layer in _groups(pdf))
    )


def _view_state(layer: pikepdf.Dictionary) -> object:
    usage = layer.get("/Usage")
    view = usage.get("/View") if isinstance(usage, pikepdf.Dictionary) else None
    return view.get("/ViewState") if isinstance(view, pikepdf.Dictionary) else None


def _groups(pdf: pikepdf.Pdf) -> list[pikepdf.Dictionary]:
    properties = pdf.Root.get("/OCProperties")
    return list(_dictionaries(properties.get("/OCGs"))) if isinstance(properties, pikepdf.Dictionary) else []


def _dictionaries(found: object) -> Iterable[pikepdf.Dictionary]:
    if isinstance(found, pikepdf.Array):
        for number in range(len(found)):
            each = found[number]
            if isinstance(each, pikepdf.Dictionary):
                yield each


def _ids(found: object) -> set[tuple[int, int]]:
    return {each.objgen for each in _dictionaries(found)}
