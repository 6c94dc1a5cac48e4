"""The records of Linux's tracepoints, for compiling where tracefs cannot be read.

They are kept in `tracepoints.txt`, made by tools/gen/abi_tracepoints.py: a line for each layout, with the
events that have it and its fields, ` category:name category:name |name type offset size signed;…`. The common
header of 8 bytes is left out. Offsets and sizes in bytes, of a 64-bit kernel.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    # name, C type, offset, size, is signed
    Field = tuple[str, str, int, int, bool]

_PATH = os.path.join(os.path.dirname(__file__), "tracepoints.txt")

_data = b""


def _load() -> bytes:
    global _data
    if not _data:
        with open(_PATH, "rb") as file:
            _data = file.read()
    return _data


def lookup(event: str) -> tuple[Field, ...] | None:
    """Return the fields of the event `category:name`, or None if it is unknown.

    A field is (name, type, off_bytes, size_bytes, is_signed). The first look-up reads the file; only
    the line that is wanted is parsed.
    """
    data = _load()
    wanted = f" {event} ".encode("utf-8", "surrogateescape")
    at = data.find(wanted) if event.count(":") == 1 and wanted.count(b" ") == 2 else -1
    if at < 0:
        return None
    start, end = data.index(b"|", at) + 1, data.index(b"\n", at)
    return tuple(_field(text) for text in data[start:end].decode().split(";") if text)


def _field(text: str) -> Field:
    name, _, rest = text.partition(" ")
    type_, off, size, is_signed = rest.rsplit(" ", 3)
    return name, type_, int(off), int(size), is_signed == "1"


def names() -> list[str]:
    """Return all events as `category:name`, sorted."""
    lines = _load().decode().split("\n")
    return sorted(name for line in lines if line[:1] == " " for name in line[: line.index("|")].split())
