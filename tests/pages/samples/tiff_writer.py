"""Writes the TIFFs that Pillow does not: tiles, planes, 16 bits, any photometric interpretation."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SHORT, _LONG, _RATIONAL = 3, 4, 5
_SIZES = {_SHORT: 2, _LONG: 4, _RATIONAL: 8}


@dataclass(frozen=True, slots=True)
class Frame:
    """
    One directory. *planes* are the bytes of each channel, a sample of *bits* (8 or 16) for each dot.

    *tags* are further entries, by number: a number, a sequence of them, or a pair for a rational.
    """

    width: int
    height: int
    planes: Sequence[bytes]
    photometric: int
    bits: int = 8
    tile: int = 0
    separate: bool = False
    resolution: float | None = 200.0
    tags: dict[int, object] = field(default_factory=dict)


def write(path: Path, frames: Sequence[Frame], order: str = "<") -> None:
    """Write *frames* to *path* in the byte order `<` or `>`."""
    data = bytearray(b"II*\0" if order == "<" else b"MM\0*") + bytearray(4)
    link = 4
    for frame in frames:
        blocks = list(_blocks(frame, order))
        places = []
        for block in blocks:
            places.append(len(data))
            data += block + bytes(len(block) % 2)
        at = len(data)
        data[link : link + 4] = struct.pack(f"{order}I", at)
        entries = _entries(frame, places, [len(block) for block in blocks])
        table, beyond = bytearray(), bytearray()
        behind = at + 2 + 12 * len(entries) + 4
        for tag, (kind, values) in sorted(entries.items()):
            packed = _packed(kind, values, order)
            if len(packed) > 4:
                place = struct.pack(f"{order}I", behind + len(beyond))
                beyond += packed + bytes(len(packed) % 2)
            else:
                place = packed.ljust(4, b"\0")
            table += struct.pack(f"{order}HHI", tag, kind, len(packed) // _SIZES[kind]) + place
        link = at + 2 + len(table)
        data += struct.pack(f"{order}H", len(entries)) + table + bytes(4) + beyond
    path.write_bytes(data)


def _entries(frame: Frame, places: list[int], sizes: list[int]) -> dict[int, tuple[int, list[int]]]:
    entries = {
        256: (_LONG, [frame.width]),
        257: (_LONG, [frame.height]),
        258: (_SHORT, [frame.bits] * len(frame.planes)),
        259: (_SHORT, [1]),
        262: (_SHORT, [frame.photometric]),
        277: (_SHORT, [len(frame.planes)]),
        284: (_SHORT, [2 if frame.separate else 1]),
    }
    if frame.resolution is not None:
        dots = [round(frame.resolution * 100), 100]
        entries |= {282: (_RATIONAL, dots), 283: (_RATIONAL, dots), 296: (_SHORT, [2])}
    if frame.tile:
        entries |= {322: (_LONG, [frame.tile]), 323: (_LONG, [frame.tile])}
        entries |= {324: (_LONG, places), 325: (_LONG, sizes)}
    else:
        entries |= {273: (_LONG, places), 279: (_LONG, sizes), 278: (_LONG, [frame.height])}
    for tag, value in frame.tags.items():
        values = list(value) if isinstance(value, Sequence) else [value]
        entries[tag] = (_RATIONAL if tag in (282, 283) else _SHORT, values)  # type: ignore[arg-type]
    return entries


def _blocks(frame: Frame, order: str) -> Sequence[bytes]:
    """The strips or tiles, in their order."""
    planes = list(frame.planes)
    if frame.bits == 16:
        planes = [struct.pack(f"{order}{len(p)}H", *(value * 257 for value in p)) for p in planes]
    step = frame.bits // 8
    if frame.separate:
        return [block for plane in planes for block in _tiles(plane, frame, step)]
    woven = bytearray(len(planes[0]) * len(planes))
    for channel, plane in enumerate(planes):
        for part in range(step):
            woven[channel * step + part :: step * len(planes)] = plane[part::step]
    return list(_tiles(bytes(woven), frame, step * len(planes)))


def _tiles(data: bytes, frame: Frame, step: int) -> list[bytes]:
    if not frame.tile:
        return [data]
    row, side, tiles = frame.width * step, frame.tile, []
    for top in range(0, frame.height, side):
        for left in range(0, frame.width, side):
            tile = bytearray()
            for y in range(top, top + side):
                line = data[y * row + left * step : y * row + min(left + side, frame.width) * step]
                tile += (line if y < frame.height else b"").ljust(side * step, b"\0")
            tiles.append(bytes(tile))
    return tiles


def _packed(kind: int, values: list[int], order: str) -> bytes:
    letter = "H" if kind == _SHORT else "I"
    return struct.pack(f"{order}{len(values)}{letter}", *values)
