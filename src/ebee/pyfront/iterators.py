"""Iterators: programs that the kernel runs on every object of a kind, and that write to who reads.

Source: kernel/bpf/bpf_iter.c, bpf_seq_write in kernel/trace/bpf_trace.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.core import PTR_BTF, PTR_VALUE_OR_NULL
from ..lower.numbers import Refusal
from ..spec.core_fields import core_symbol
from ..spec.object import RELO_CORE_FIELD
from ..types.maps import KeyedDecl
from ..types.scalars import NumType
from ..types.structs import StructType
from .btf_contexts import TypedContext, known_hook
from .kinds import Kind
from .map_methods import number_or_none
from .values import Entry, Known, RecordRef, Sequence, StructValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..spec.target import Target
    from .expressions import Expressions
    from .values import Val


MAP_ITERATORS = ("bpf_map_elem", "bpf_sk_storage_map", "sockmap")
_PER_CPU = (bpf.BPF_MAP_TYPE_PERCPU_HASH, bpf.BPF_MAP_TYPE_PERCPU_ARRAY, bpf.BPF_MAP_TYPE_LRU_PERCPU_HASH)


class IterContext(TypedContext):
    """An object, `ctx.meta`, and `ctx.seq`, where rows are written to."""

    results = (0, 1)
    result_hint = "0 goes on; 1 asks to be run on the same object again"
    iterates = ""
    map: Any = None
    front: Expressions

    def declare(self, front: Expressions, definition: ast.FunctionDef) -> None:
        """Make the map that is iterated over part of the object. Raises: Refusal."""
        self.front = front
        self.map = decl = (front.probe.options or {}).get("map")
        if (decl is not None) != (self.iterates in MAP_ITERATORS):
            example = f'@ebee.iter("{self.iterates}", map=counts)'
            what = "iterates over a map: which one?" if decl is None else "does not iterate over a map"
            raise Refusal(f"a {self.noun} {what}", example if decl is None else "leave out map=")
        if decl is None:
            return
        if self.iterates == "bpf_map_elem" and (not isinstance(decl, KeyedDecl) or decl.map_type in _PER_CPU):
            raise Refusal(f"the elements of a {decl.kind} have no one value", "a Hash or an Array has")
        front.low.obj.use_map(decl, next((name for name, v in front.names.items() if v is decl), ""))

    def parameter(self, low: Lowering, pointer: Value, name: str) -> Val:
        """An argument; the key and the value of a map's element have its types, or are None."""
        type = getattr(self.map, name, None) if name in ("key", "value") else None
        if type is None:
            return super().parameter(low, pointer, name)
        found = low.b.op("load_ptr", pointer, type=PTR_VALUE_OR_NULL, off=8 * self.by_name[name].slot, size=8)
        if isinstance(type, NumType):
            return number_or_none(self.front, found, type, lambda entry: low.load_num(entry, 0, type), name)
        if not isinstance(type, StructType):
            what = f"{name} of this {self.noun} is a {type.name}, which cannot be read here"
            raise Refusal(what, "have it in a Struct")
        return Entry(found, type, self.map, name)

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
        if name == "print":
            from .printing import lower_print

            return lower_print(front, node, value)
        if name != "write":
            hint = "ctx.seq.write(Row(…)) gives a struct to the reader, ctx.seq.print(…) a line of text"
            raise Refusal(f"ctx.seq has no {name}()", hint)
        row = front.expr(front.arguments(node, "write", 1, 1)[0])
        if not isinstance(row, StructValue | RecordRef):
            raise Refusal(f"ctx.seq.write() takes a struct, not {front.describe(row)}")
        if front.b.function.name in front.low.obj.texts:
            raise Refusal("this probe writes text already", "write rows in another probe")
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
    context = IterContext(f"{name} iterator", btf, proto.args)
    context.iterates = name
    return context
