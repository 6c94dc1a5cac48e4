"""Numbers in the contexts of network programs: read and written in the machine's order, whatever theirs is."""

from __future__ import annotations

from ..abi.contexts import STRUCTS
from ..ir.core import PTR_PACKET, PTR_PACKET_END
from .numbers import Num, check_assignable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..types.net_hooks import ContextField
    from .program import Lowering


def bounds(field: ContextField) -> tuple[int, int]:
    """Return the least and the greatest number that a field holds."""
    bits = 8 * (field.swap_bytes or field.size_bytes)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if field.signed else (0, (1 << bits) - 1)


def read(low: Lowering, ctx: Value, field: ContextField, index: int = 0) -> Num:
    """The number in a field, or in element `index` of it."""
    size = field.size_bytes
    value = low.b.load(ctx, field.off_bytes + index * size, size)
    if field.swap_bytes:
        value = low.b.op("bswap", value, size=field.swap_bytes)
    if field.signed:
        value = low.b.op("sext", value, size=size)
    return Num(value, *bounds(field))


def write(low: Lowering, ctx: Value, field: ContextField, n: Num, what: str, index: int = 0) -> None:
    """Set a field, or element `index` of it; what overflows is cut off. Raises: Refusal as `check_assignable`."""
    check_assignable(n, *bounds(field), what)
    value = low.b.op("bswap", n.value, size=field.swap_bytes) if field.swap_bytes else n.value
    low.b.store(ctx, field.off_bytes + index * field.size_bytes, field.size_bytes, value)


def read_half(low: Lowering, ctx: Value, field: ContextField, first: int) -> Num:
    """Elements `first` and `first` + 1 of an IPv6 address, as one number of 64 bits."""
    high, rest = read(low, ctx, field, first), read(low, ctx, field, first + 1)
    shifted = low.b.op("shl", high.value, low.b.const(32))
    return Num(low.b.op("or", shifted, rest.value), 0, (1 << 64) - 1)


def write_half(low: Lowering, ctx: Value, field: ContextField, first: int, n: Num, what: str) -> None:
    """Set elements `first` and `first` + 1 of an IPv6 address to the 64 bits of a number."""
    check_assignable(n, 0, (1 << 64) - 1, what)
    write(low, ctx, field, Num(low.b.op("lshr", n.value, low.b.const(32)), 0, 0xFFFF_FFFF), what, first)
    write(low, ctx, field, Num(low.b.op("zext", n.value, size=4), 0, 0xFFFF_FFFF), what, first + 1)


def option_value(low: Lowering, ctx: Value) -> tuple[Value, Value]:
    """Where the value of a socket option begins and ends; the verifier takes it for a packet."""
    (start, size, _), (end, _, _) = STRUCTS["bpf_sockopt"]["optval"], STRUCTS["bpf_sockopt"]["optval_end"]
    op = low.b.op
    return (
        op("load_ptr", ctx, type=PTR_PACKET, off=start, size=size),
        op("load_ptr", ctx, type=PTR_PACKET_END, off=end, size=size),
    )
