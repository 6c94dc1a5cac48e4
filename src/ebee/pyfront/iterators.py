"""Iterators: programs that the kernel runs on every object of a kind, and that write to who reads.

Source: kernel/bpf/bpf_iter.c, bpf_seq_write in kernel/trace/bpf_trace.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.core import PTR_BTF
from ..lower.numbers import Refusal
from ..spec.core_fields import core_symbol
from ..spec.object import RELO_CORE_FIELD
from .btf_contexts import TypedContext, known_hook
from .kinds import Kind
from .values import Known, RecordRef, Sequence, StructValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..spec.target import Target
    from .expressions import Expressions
    from .values import Val


class IterContext(TypedContext):
    """An object, `ctx.meta`, and `ctx.seq`, where rows are written to."""

    results = (0, 1)
    result_hint = "0 goes on; 1 asks to be run on the same object again"

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """`ctx.seq`, or an argument."""
        if name != "seq":
            return super().attribute(low, pointer, name)
        meta = low.b.op("load_ptr", pointer, type=PTR_BTF, off=8 * self.by_name["meta"].slot, size=8)
        symbol = core_symbol("bpf_iter_meta", "seq", "struct seq_file *")
        return Sequence(low.b.op("load_ptr", meta, type=PTR_BTF, size=8, symbol=symbol, reloc=RELO_CORE_FIELD))


class SequenceKind(Kind):
    """ctx.seq"""

    def describe(self, front: Expressions, value: Sequence) -> str:
        return "what an iterator writes to"

    def method(self, front: Expressions, value: Sequence, name: str, node: ast.Call) -> Val:
        if name != "write":
            raise Refusal(f"ctx.seq has no {name}()", "ctx.seq.write(Row(…)) gives a struct to the reader")
        row = front.expr(front.arguments(node, "write", 1, 1)[0])
        if not isinstance(row, StructValue | RecordRef):
            raise Refusal(f"ctx.seq.write() takes a struct, not {front.describe(row)}")
        known = front.low.obj.rows.setdefault(front.b.function.name, row.type)
        if known is not row.type:
            raise Refusal(f"this probe writes rows of {known.name} already", "write one kind of struct")
        front.b.call(FUNC.seq_write, value.pointer, row.pointer, front.b.const(row.type.size))
        return Known(None)

    def has_effect(self, front: Expressions, value: Sequence, name: str, node: ast.expr) -> bool:
        return True


def iter_context(name: str, target: Target) -> IterContext:
    """Return the context of an iterator."""
    btf, proto = known_hook("iter", name, target)
    return IterContext(f"{name} iterator", btf, proto.args)
