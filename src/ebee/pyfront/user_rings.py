"""User ring buffers in a probe: `for record in ring.drain():`, whose body the helper calls for each record."""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.core import PTR_ARG
from ..lower.inner import NEXT, Inner
from ..lower.numbers import Refusal
from ..types.structs import StructType
from .arrays import read
from .map_methods import MapKind
from .outlined import Outline
from .values import Entries, Known, Place, StructValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block, Value
    from .expressions import Expressions
    from .loops import Loops
    from .values import Ranges, Val


class UserRingKind(MapKind):
    """A user ring buffer."""

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        if name != "drain":
            what = f"{value.object.name} is a UserRingBuf, which has no method {name}() in a probe"
            raise Refusal(what, f"for record in {value.object.name}.drain()")
        front.arguments(node, name, 0, 0)
        return Entries(value.object, name)

    def has_effect(self, front: Expressions, value: Known, name: str, node: ast.expr) -> bool:
        return False


def for_records(front: Loops, node: ast.For, items: Entries) -> None:
    """`for record in ring.drain()`: each record is a copy, which the body may change."""
    decl = items.decl
    type = decl.value
    assert type is not None

    def call(callback: Value, frame: Value) -> Value:
        return front.b.call(FUNC.user_ringbuf_drain, front.low.map(decl), callback, frame, front.b.const(0))

    def test(then: Block, els: Block) -> tuple[Ranges, Ranges]:
        front.b.jump(then)
        return {}, {}

    def begin() -> None:
        b, low = front.b, front.low
        assert isinstance(low, Inner)
        dynptr = b.function.entry.params[0]
        memory = b.alloca(-(-type.size // 8) * 8)
        failed = b.call(FUNC.dynptr_read, memory, b.const(type.size), dynptr, b.const(0), b.const(0))
        good, short = low.blocks(2)
        b.branch("eq", failed, b.const(0), good, short)
        b.start(short)
        low.lose("short_record", decl.name)
        low.end(NEXT)
        b.start(good)
        record = StructValue(memory, type) if isinstance(type, StructType) else read(front, Place(memory, 0, type))
        front.assign(node.target, record)

    outline = Outline([PTR_ARG, PTR_ARG], 1, call)
    front.loop(node, [node.target, *node.body], node.body, node.orelse, test, lambda: None, 0, begin, (), outline)
