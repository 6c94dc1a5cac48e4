"""Contexts of network probes as Python has them: numbers by name, in the machine's order. For tests."""

from __future__ import annotations

from ..abi.contexts import ACCESS, STRUCTS
from ..errors import UsageError
from ..types.net_hooks import context_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..types.net_hooks import ContextField

_HALVES = {"_hi": 0, "_lo": 2}


def _places(section: str) -> dict[str, tuple[ContextField, int, int]]:
    """Return each name of a context: its field, its first element, and how many elements it has."""
    places: dict[str, tuple[ContextField, int, int]] = {}
    for name, field in context_fields(section.replace("xdp.frags", "xdp")).items():
        if field.count == 4 and field.swap_bytes:
            places.update({f"{name}{half}": (field, first, 2) for half, first in _HALVES.items()})
        elif field.count == 1:
            places[name] = (field, 0, 1)
        else:
            places.update({f"{name}[{n}]": (field, n, 1) for n in range(field.count)})
    return places


def pack(section: str, values: Mapping[str, int]) -> bytes:
    """Return the bytes of a context with these numbers in it; the others are zero. Raises: UsageError."""
    struct = STRUCTS[ACCESS[section.replace("xdp.frags", "xdp")][0]]
    data = bytearray(max(off + size * count for off, size, count in struct.values()) + 7 & ~7)
    places = _places(section)
    for name, value in values.items():
        if name not in places:
            raise UsageError(f"a probe of {section} has no field {name!r}", hint=f"it has {', '.join(places)}")
        field, first, count = places[name]
        bits = 8 * (field.swap_bytes or field.size_bytes)
        for n in range(count):
            part = value >> bits * (count - 1 - n) & (1 << bits) - 1
            if field.swap_bytes:
                part = int.from_bytes(part.to_bytes(field.swap_bytes, "big"), "little")
            at = field.off_bytes + (first + n) * field.size_bytes
            data[at : at + field.size_bytes] = part.to_bytes(field.size_bytes, "little")
    return bytes(data)


def unpack(section: str, data: bytes) -> dict[str, int]:
    """Return the numbers in the bytes of a context."""
    values = {}
    for name, (field, first, count) in _places(section).items():
        bits, value = 8 * (field.swap_bytes or field.size_bytes), 0
        for n in range(count):
            at = field.off_bytes + (first + n) * field.size_bytes
            raw = data[at : at + field.size_bytes]
            part = int.from_bytes(raw[: field.swap_bytes], "big") if field.swap_bytes else int.from_bytes(raw, "little")
            value = value << bits | part
        values[name] = value - (1 << bits) if field.signed and value >> bits - 1 else value
    return values
