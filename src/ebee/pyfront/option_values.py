"""The value of a socket option in a probe: single bytes, bytes, numbers and structs, read and written in place.

Source: cg_sockopt_is_valid_access in kernel/bpf/cgroup.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Num, Refusal, check_assignable
from ..lower.packet_writes import byte_between
from ..types.fields import BytesType
from ..types.scalars import NumType
from ..types.structs import StructType
from .arrays import check_copied, check_fresh
from .enums import meant
from .kinds import Kind
from .records import place_of
from .sequences import sliced
from .values import (
    BytesPlace,
    Entry,
    Known,
    OptionValue,
    RecordRef,
    StructPlace,
    StructValue,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..types.scalars import Type
    from .expressions import Expressions
    from .values import Val

_ALIGN = 8  # of what the verifier takes for a packet, loads and stores may lie anywhere
_MAX_OPTION = 4096  # PAGE_SIZE: the kernel shows no more of a value
_USAGE = {
    "read": "optval.read(off, u32), optval.read(off, Struct)",
    "write": "optval.write(off, n, u32), optval.write(off, struct)",
}


class OptionValueKind(Kind):
    """The value of a socket option: bytes."""

    def describe(self, front: Expressions, value: OptionValue) -> str:
        return "the value of a socket option"

    def length(self, front: Expressions, value: OptionValue) -> Val:
        return Num(front.b.op("sub", value.end, value.start, type="i64"), 0, 0xFFFF)

    def item(self, front: Expressions, value: OptionValue, node: ast.Subscript) -> Val:
        what = front.source.text_of(node)
        if not isinstance(node.slice, ast.Slice):
            return Num(front.b.load(_address(front, value, front.num(node.slice), what, 1), 0, 1), 0, 0xFF)
        start, size = _bounds(front, node.slice)
        if not size:
            return Known(b"")
        memory = _copy(front, _address(front, value, front.as_num(Known(start)), what, size), size)
        return BytesPlace(memory, 0, BytesType(size), is_own=True)

    def set_item(self, front: Expressions, value: OptionValue, node: ast.Subscript, new: Val) -> None:
        what = front.source.text_of(node)
        if not isinstance(node.slice, ast.Slice):
            n = front.as_num(new)
            check_assignable(n, 0, 0xFF, what)
            front.b.store(_address(front, value, front.num(node.slice), what, 1), 0, 1, n.value)
            return
        start, size = _bounds(front, node.slice)
        given = _size_of(front, new, what)
        if given != size:
            raise Refusal(f"{what} takes {size} bytes, not {given}: the value's size cannot be changed so", "optlen")
        if size:
            _store(front, _address(front, value, front.as_num(Known(start)), what, size), new)

    def augment_item(
        self, front: Expressions, value: OptionValue, node: ast.Subscript, op: str, operand: ast.expr
    ) -> None:
        if isinstance(node.slice, ast.Slice):
            raise Refusal(f"{op}= is for single bytes of an option's value")
        self.set_item(front, value, node, front.binary(op, self.item(front, value, node), front.expr(operand)))

    def method(self, front: Expressions, value: OptionValue, name: str, node: ast.Call) -> Val:
        if name not in _USAGE:
            raise Refusal(f"the value of a socket option has no method {name}()", "it has read() and write()")
        what = front.source.text_of(node)
        nodes = front.arguments(node, name, 2, 2 if name == "read" else 3)
        off = front.num(nodes[0])
        given = front.expr(nodes[1])
        if name == "read":
            type = _type_of(given)
            if type is None:
                raise Refusal(f"read() takes a type of numbers or a Struct, not {front.describe(given)}", _USAGE[name])
            address = _address(front, value, off, what, type.size)
            if isinstance(type, NumType):
                return meant(type, front.low.load_num(address, 0, type, _ALIGN))
            assert isinstance(type, StructType)
            check_copied(type)
            return StructValue(_copy(front, address, type.size), type)
        if len(nodes) == 2:
            size = _size_of(front, given, "write()")
            _store(front, _address(front, value, off, what, size), given)
            return Known(None)
        type = _type_of(front.expr(nodes[2]))
        if not isinstance(type, NumType):
            raise Refusal("the third argument of write() is the type of a number", _USAGE[name])
        n = front.as_num(given)
        address = _address(front, value, off, what, type.size)
        front.low.store_num(address, 0, type, n, f"{what} ({type.name})", _ALIGN)
        return Known(None)

    def has_effect(self, front: Expressions, value: OptionValue, name: str, node: ast.expr) -> bool:
        return name == "write"


def _type_of(value: Val) -> Type | None:
    type = value.object if isinstance(value, Known) else None
    type = getattr(type, "_type", type)
    return type if isinstance(type, NumType | StructType) else None


def _bounds(front: Expressions, node: ast.Slice) -> tuple[int, int]:
    """The start of a slice and its size: both are known, and counted from the value's start. Raises: Refusal."""
    at = sliced(front, node)
    start = at.start or 0
    if at.step not in (None, 1) or at.stop is None or not 0 <= start <= at.stop <= _MAX_OPTION:
        raise Refusal("a slice of an option's value has constant bounds, from its start on", "optval[0:4]")
    return start, at.stop - start


def _address(front: Expressions, value: OptionValue, off: Num, what: str, size: int) -> Value:
    return byte_between(front.low, value.start, value.end, off, what, size)


def _copy(front: Expressions, address: Value, size: int) -> Value:
    memory = front.b.alloca(-(-size // 8) * 8)
    front.low.copy(memory, 0, address, 0, size, _ALIGN)
    return memory


def _size_of(front: Expressions, value: Val, what: str) -> int:
    """The size of what is written, in bytes. Raises: Refusal for what has none."""
    if isinstance(value, Known) and isinstance(value.object, bytes):
        return len(value.object)
    if isinstance(value, BytesPlace | StructValue | RecordRef | Entry | StructPlace):
        return int(value.type.size)
    raise Refusal(f"{what} takes bytes or a struct, not {front.describe(value)}", _USAGE["write"])


def _store(front: Expressions, address: Value, value: Val) -> None:
    if isinstance(value, Known):
        front.low.store_bytes(address, 0, value.object, _ALIGN)
        return
    assert isinstance(value, BytesPlace | StructValue | RecordRef | Entry | StructPlace)
    place = place_of(front, value)
    check_fresh(place)
    front.low.copy(address, 0, place.base, place.off, place.type.size, place.align)
