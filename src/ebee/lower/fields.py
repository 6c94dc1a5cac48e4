"""Numbers in memory that are more than one plain access: bit fields, other byte orders, unaligned ones."""

from __future__ import annotations

from .numbers import BOOL, Num, Refusal, check_assignable
from .program import chunks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..types.scalars import NumType
    from .program import Lowering


def load(low: Lowering, base: Value, off: int, type: NumType, align: int) -> Num:
    """Load a number; `base` is aligned to `align` bytes."""
    op, bits = low.b.op, type.bits
    value: Value = low.b.const(0)
    for at, size in chunks(off, off + type.size, align):
        first = 8 * (at - off) - type.shift  # the number's bit that lies lowest here
        part: Value = low.b.load(base, at, size)
        if first:
            part = op("shl", part, low.b.const(first)) if first > 0 else op("lshr", part, low.b.const(-first))
        value = part if at == off else op("or", value, part)
    if type.is_big_endian:
        value = op("bswap", value, size=type.size)
    if type.signed and bits < 64:
        value = op("ashr", op("shl", value, low.b.const(64 - bits)), low.b.const(64 - bits))
    elif bits < min(64, 8 * type.size - type.shift):
        value = op("and", value, low.b.const((1 << bits) - 1))
    if type.hi < (1 << bits) - 1 and type.lo == 0:  # a bool: any byte but zero is true
        value = op("lshr", op("add", value, low.b.const(255)), low.b.const(8))
    return Num(value, type.lo, type.hi, BOOL if type.hi == 1 and type.name == "bool" else "")


def store(low: Lowering, base: Value, off: int, type: NumType, n: Num, what: str, align: int) -> None:
    """Store a number; what overflows is cut off, and the bits around a bit field stay. Raises: Refusal."""
    check_assignable(n, type.lo, type.hi, what)
    is_bool = "bool" in (type.name, getattr(getattr(type, "meaning", None), "name", ""))
    if type.hi == 1 and is_bool and n.hi > 1:
        raise Refusal(f"{n.describe()} is assigned to {what}", "say what is meant: bool(x)")
    op, bits = low.b.op, type.bits
    value = op("bswap", n.value, size=type.size) if type.is_big_endian else n.value
    for at, size in chunks(off, off + type.size, align):
        first = 8 * (at - off) - type.shift
        lowest, end = max(first, 0), min(first + 8 * size, bits)
        if lowest >= end:
            continue
        part = value
        if first:
            part = op("lshr", value, low.b.const(first)) if first > 0 else op("shl", value, low.b.const(-first))
        mask = (1 << end - lowest) - 1 << lowest - first
        kept = (1 << 8 * size) - 1 & ~mask
        if kept:
            around = op("and", low.b.load(base, at, size), low.b.const(kept))
            part = op("or", op("and", part, low.b.const(mask)), around)
        low.b.store(base, at, size, part)
