"""The text of a struct or list: that of each of its parts, put together as Python does it."""

from __future__ import annotations

from ..lower.numbers import Refusal
from .arrays import element_at, read
from .formatting import formatted
from .records import place_of
from .values import Entry, ListPlace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .expressions import Expressions
    from .records import StructLike
    from .values import Piece, Place, Val

_MOST_VALUES = 64


def text_of_place(
    front: Expressions, value: StructLike | ListPlace, conversion: str, spec: str
) -> list[str | Piece]:
    """`Point(x=1, y=2)`, `[1, 2]` as parts of a text. Raises: Refusal."""
    if spec:
        raise Refusal(f"unsupported format string passed to {value.type.name}", "format its parts")
    if isinstance(value, Entry) and not front.b.is_non_null(value.pointer):
        raise Refusal(f"{front.describe(value)}, has no text in a probe", "test it first: if v is not None")
    parts: list[str | Piece] = []
    _append(front, parts, place_of(front, value), "a" if conversion == "a" else "r")
    if sum(not isinstance(part, str) for part in parts) > _MOST_VALUES:
        raise Refusal(f"{front.describe(value)} has too many values for one text", "print its parts")
    return parts


def _append(front: Expressions, parts: list[str | Piece], place: Place, conversion: str) -> None:
    fields = getattr(place.type, "fields", None)
    if fields is not None:
        parts.append(f"{place.type.name}(")
        for at, field in enumerate(fields.values()):
            parts.append(f"{', ' if at else ''}{field.name}=")
            _value(front, parts, read(front, place.inside(field.off_bytes, field.type)), conversion)
        parts.append(")")
        return
    parts.append("[")
    for at in range(min(place.type.count, _MOST_VALUES + 1)):
        parts += [", "] if at else []
        _value(front, parts, read(front, element_at(front, place, place.type.element, at)), conversion)
    parts.append("]")


def _value(front: Expressions, parts: list[str | Piece], value: Val, conversion: str) -> None:
    if hasattr(getattr(value, "type", None), "fields") or isinstance(value, ListPlace):
        _append(front, parts, value, conversion)  # type: ignore[arg-type]
    else:
        parts += formatted(front, value, conversion)
