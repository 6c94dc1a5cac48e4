"""f-strings: what they are made of, and what Python's formatting says of a value that is not there yet."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import BOOL, MAYBE_BOOL, U64_HI, Num, Refusal
from .kinds import Kind
from .values import Comm, Known, Memory, Piece, Text, UserStr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .expressions import Expressions
    from .values import Val

_CONVERSIONS = {-1: "", ord("r"): "r", ord("s"): "s", ord("a"): "a"}
CONVERT: dict[str, Any] = {"": lambda value: value, "r": repr, "s": str, "a": ascii}


class TextKind(Kind):
    """f-strings of values at run time."""

    def describe(self, front: Expressions, value: Text) -> str:
        return "an f-string"


def joined(front: Expressions, node: ast.JoinedStr) -> Val:
    """An f-string. Raises: Refusal for values that have no text in a probe, and for formats that Python refuses."""
    parts: list[str | Piece] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            spec: Val = Known("")
            if isinstance(part.format_spec, ast.JoinedStr):
                spec = joined(front, part.format_spec)
            if not isinstance(spec, Known):
                raise Refusal("a format specification must be known when the probe is compiled")
            try:
                parts += formatted(front, front.expr(part.value), _CONVERSIONS[part.conversion], spec.object)
            except Refusal as e:
                raise front.located(part, e) from None
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return text_of(parts)


def text_of(parts: list[str | Piece]) -> Val:
    """The text that parts make together; a constant if all of them are known."""
    merged: list[str | Piece] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if not merged or len(merged) == 1 and isinstance(merged[0], str):
        return Known(merged[0] if merged else "")
    return Text(merged)


def formatted(front: Expressions, value: Val, conversion: str = "", spec: str = "") -> list[str | Piece]:
    """A value as parts of a text: `format(value, spec)`. Raises: Refusal."""
    match value:
        case Known():
            if not is_plain(value.object):
                raise Refusal(f"{front.describe(value)} has no text in a probe")
            return [_try(value.object, conversion, spec)]
        case Text():
            if conversion in ("", "s") and not spec:
                return list(value.parts)
            raise Refusal("an f-string inside another one cannot be formatted again", "format its parts")
        case Num():
            _check_number(front, value, conversion, spec)
        case Comm() | UserStr() | Memory():
            _try("text", conversion, spec)
        case _:
            raise Refusal(f"{front.describe(value)} has no text in a probe", "format its fields")
    return [Piece(value, conversion, spec)]


def is_plain(object: Any) -> bool:
    """Whether the text of a constant is the same wherever it is asked for."""
    if isinstance(object, tuple):
        return all(is_plain(item) for item in object)
    return object is None or isinstance(object, int | str | bytes | float)


def _check_number(front: Expressions, n: Num, conversion: str, spec: str) -> None:
    """Refuse a number that Python would show otherwise, or not at all."""
    if n.c_type == MAYBE_BOOL:
        raise Refusal("this is True or False on one way and a number on another", "say which: int(x) or bool(x)")
    if not spec or conversion:
        if n.is_kernel_pointer:
            raise Refusal("a pointer into the kernel has no text", "print a member, or the address with :#x")
        if "char *" in n.c_type and not conversion:
            raise Refusal(
                "this is the address of a string", "the string: ebee.user_str(address); the address: f'{address:#x}'"
            )
    if spec.endswith("c") and not conversion and not (n.lo >= 0 and n.hi < 0xD800):
        raise Refusal(f"{n.describe()} need not be a character", "cast it: u8(x)")
    for sample in (False, True) if n.c_type == BOOL else {n.lo, n.hi, min(max(0, n.lo), n.hi, U64_HI)}:
        _try(sample, conversion, spec)


def _try(sample: object, conversion: str, spec: str) -> str:
    """Return Python's text of a value. Raises: Refusal with what Python says."""
    try:
        text = format(CONVERT[conversion](sample), spec)
    except (ValueError, TypeError, OverflowError) as e:
        raise Refusal(str(e)) from None
    if len(text) > 4096:
        raise Refusal(f"the text would be {len(text)} characters long")
    return text
