"""Locks and kernel pointers in the entries of maps.

Source: process_spin_lock, check_map_kptr_access and the checks of calls while a lock is held in kernel/bpf/verifier.c.
"""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..abi.prototypes import Parameter
from ..ir.core import CALLS, I64, PTR_BTF, PTR_BTF_OR_NULL
from ..lower import kernel_types
from ..lower.numbers import Refusal
from ..types.special import KPTRS, KptrType
from .expressions import Located
from .helpers import Given, kernel_object
from .values import Guard, Known

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _ast as ast
    from typing import Any

    from ..ir.core import Block, Op, Value
    from .expressions import Expressions
    from .values import Place, Val


class Stored(Given):
    """A pointer that is kept in a map's value."""

    def __str__(self) -> str:
        return self.name


def _address(front: Expressions, p: Place) -> Value:
    if p.entry is None:
        raise Refusal(f"a {p.type.name} means something only in a map's entry", "v = m.lookup(k), then v.field")
    return front.low.at(p.base, p.off)


def read(front: Expressions, p: Place) -> Val:
    """v.lock, to be held; v.task, a pointer that may be null."""
    address = _address(front, p)
    if not isinstance(p.type, KptrType):
        return _lock(front, address)
    known = front.b.op("load_ptr", p.base, type=PTR_BTF, off=p.off, size=8)
    return kernel_types.pointer(front.b.op("retype", known, type=I64), p.type.struct_name)


def _lock(front: Expressions, address: Value) -> Guard:
    b, low = front.b, front.low

    def enter(skipped: Block) -> Val:
        b.call(FUNC.spin_lock, address)
        start = len(b.function.blocks), b.block, len(b.block.ops)

        def unlock() -> None:
            _check_calls(front, *start)
            b.call(FUNC.spin_unlock, address)

        low.hold(unlock)
        return Known(None)

    return Guard("a lock", "with v.lock: …", enter)


def _check_calls(front: Expressions, first: int, block: Block, at: int) -> None:
    """Refuse calls since a lock was taken; of locks there is one. Raises: Located."""
    ops: list[Op] = block.ops[at:]
    for later in front.b.function.blocks[first:]:
        ops += later.ops
    for op in ops:
        if op.opcode in CALLS and not (op.opcode == "call" and op.imm == FUNC.spin_unlock):
            from ..errors import Diagnostic

            message = "while a lock is held nothing can be called: no function, no map but the entry itself"
            hint = "compute before, and write the entry's fields inside"
            raise Located(Diagnostic(message, op.span, hint))


def write(front: Expressions, p: Place, new: Val, what: str) -> None:
    """v.task = task: the entry gets a reference of its own, or None; the one that was there is given back."""
    if not isinstance(p.type, KptrType):
        raise Refusal(f"{what} is a lock, and cannot be assigned", "with v.lock: …")
    b, low = front.b, front.low
    old, done = low.blocks(2)
    found = exchange(front, p, new, what, None, done)
    b.branch("ne", found, b.const(0), old, done)
    b.start(old)
    low.call_kfunc(KPTRS[p.type.struct_name][1], [b.non_null(found)])
    b.jump(done)
    b.start(done)


def exchange(front: Expressions, p: Place, new: Val, what: str, node: Any, lost: Block) -> Value:
    """Put a new reference to an object, or null, into an entry; return what was there. Raises: Refusal."""
    b, low, address = front.b, front.low, _address(front, p)
    if isinstance(new, Known) and new.object is None:
        return b.call(FUNC.kptr_xchg, address, b.const(0), type=PTR_BTF_OR_NULL)
    struct = p.type.struct_name
    pointer = kernel_object(front, Stored(what, Parameter(what, f"struct {struct} *"), node, new), (struct,))
    reference = low.call_kfunc(KPTRS[struct][0], [pointer], PTR_BTF_OR_NULL)
    have, gone = low.blocks(2)
    b.branch("ne", reference, b.const(0), have, gone)
    b.start(gone)
    low.lose("kernel_gone", what)
    b.jump(lost)
    b.start(have)
    return b.call(FUNC.kptr_xchg, address, b.non_null(reference), type=PTR_BTF_OR_NULL)


def taken(front: Expressions, p: Place, new: Val, what: str, node: ast.expr) -> Guard:
    """ebee.kptr_xchg(v.task, new): what was there, to be held."""
    if not isinstance(p.type, KptrType):
        raise Refusal(f"{what} is no pointer to an object of the kernel", 'declare the field as Kptr("task_struct")')
    b, low, struct = front.b, front.low, p.type.struct_name

    def enter(skipped: Block) -> Val:
        found = exchange(front, p, new, what, node, skipped)
        (have,) = low.blocks(1)
        b.branch("ne", found, b.const(0), have, skipped)
        b.start(have)
        known = b.non_null(found)
        low.hold(lambda: low.call_kfunc(KPTRS[struct][1], [known]))
        return kernel_types.pointer(b.op("retype", known, type=I64), struct)

    text = f"ebee.kptr_xchg({what}, …)"
    return Guard(f"what {text} gives", f"with {text} as old: …", enter)
