"""Iterators of the kernel's in a probe: `for x in …:` over what `bpf_iter_NAME_next` gives, typed from BTF.

Source: is_iter_*_kfunc and process_iter_next_call in kernel/bpf/verifier.c, check_iter_kfunc in kernel/bpf/btf.c
(Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..btf import kinds
from ..ir.core import I64, PTR_BTF_OR_NULL, PTR_MEM_OR_NULL
from ..lower import kernel_types, numbers
from ..lower.numbers import Num, Refusal
from ..spec.core_fields import find_struct
from ..types import kfuncs as declared
from .kernel_types import types
from .kfuncs import iterator_of, passed, prototype, width
from .kinds import Kind, KnownKind
from .values import KernelIter, Known, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..btf.read import Btf
    from ..ir.core import Block
    from .expressions import Expressions
    from .loops import Loops
    from .values import Val

_S32 = (-(1 << 31), (1 << 31) - 1)
_NUM_BYTES = 8  # struct bpf_iter_num: include/uapi/linux/bpf.h


class KfuncIterKind(KnownKind):
    """An iterator of the kernel's, declared by its name."""

    def describe(self, front: Expressions, value: Known) -> str:
        return f"the kernel's iterator {value.object.name}"

    def call(self, front: Expressions, value: Known, node: ast.Call) -> Val:
        return _over(front, value.object.name, node)


class KernelIterKind(Kind):
    """An iterator of the kernel's, with what it goes over."""

    def describe(self, front: Expressions, value: KernelIter) -> str:
        return value.what

    def kept(self, front: Expressions, name: str, value: KernelIter) -> Val:
        raise Refusal(f"{value.what} cannot get a name", "write it in the `for` statement")


def _known(btf: Btf) -> list[str]:
    """Return the names of a kernel's iterators. Looks at every function."""
    functions = [iterator_of(function.name) for function in btf.types(kinds.BTF_KIND_FUNC)]
    return sorted({name for name in functions if name and functions.count(name) == len(declared.WAYS)})


def _over(front: Expressions, name: str, node: ast.Call) -> KernelIter:
    """What an iterator goes over. Raises: Refusal."""
    btf, function = types(front), f"bpf_iter_{name}"
    struct = find_struct(btf, function)
    if struct is None or any(btf.by_name(f"{function}_{way}", kinds.BTF_KIND_FUNC) is None for way in declared.WAYS):
        known = _known(btf)
        hint = similar(name, known) or f"it has {', '.join(known) or 'none'}"
        raise Refusal(f"the kernel has no iterator {name!r}", hint)
    params, _failed = prototype(front, f"{function}_new")
    _state, gives = prototype(front, f"{function}_next")
    if not gives.endswith(" *") or gives in ("void *", "char *"):
        raise Refusal(f"what iterator {name!r} gives is neither a number nor a struct, and cannot be used in a probe")
    takes = params[1:]
    args = passed(front, f"{function}_new", takes, front.arguments(node, name, len(takes), len(takes)))
    return KernelIter(name, args, struct.size_bytes, gives, front.source.text_of(node))


def iter_task(front: Expressions, node: ast.Call) -> KernelIter:
    """ebee.iter_task()."""
    front.arguments(node, "iter_task", 0, 0)
    struct = find_struct(types(front), "bpf_iter_task")
    if struct is None:
        raise Refusal("the kernel has no iterator 'task'")
    zero = front.b.const(0)
    return KernelIter("task", [zero, zero], struct.size_bytes, "struct task_struct *", "ebee.iter_task()")


def iter_num(front: Expressions, node: ast.Call) -> KernelIter:
    """ebee.iter_num(start, stop). Raises: Refusal."""
    bounds = [front.num(argument) for argument in front.arguments(node, "iter_num", 2, 2)]
    for n in bounds:
        numbers.check_assignable(n, *_S32, "a bound of iter_num() (s32)")
    start, stop = bounds
    low, high = max(start.lo, _S32[0]), min(stop.hi - 1, _S32[1])
    args = [n.value for n in bounds]
    return KernelIter("num", args, _NUM_BYTES, "s32 *", "ebee.iter_num()", (low, max(high, low)))


def for_kernel_iter(front: Loops, node: ast.For, items: KernelIter) -> None:
    """`for x in …` of an iterator of the kernel's: made, asked for the next until there is none, and let go."""
    b, low, function = front.b, front.low, f"bpf_iter_{items.name}"
    state = b.alloca(-(-items.size_bytes // 8) * 8, stays=True)
    failed = low.call_kfunc(f"{function}_new", [state, *items.args])
    low.hold(lambda: low.call_kfunc(f"{function}_destroy", [state]))
    if items.name != "num":  # which fails where there is nothing to count
        low.count_if("ne", b.op("zext", failed, size=4), "iterator_failed", items.what)
    struct = items.gives.split()[1] if items.gives.startswith("struct ") else ""
    found: Any = None

    def test(then: Block, els: Block) -> tuple[Any, Any]:
        nonlocal found
        found = low.call_kfunc(f"{function}_next", [state], PTR_BTF_OR_NULL if struct else PTR_MEM_OR_NULL)
        b.branch("ne", found, b.const(0), then, els)
        return {}, {}

    def begin() -> None:
        known = b.non_null(found)
        if struct:
            front.assign(node.target, kernel_types.pointer(b.op("retype", known, type=I64), struct))
            return
        size, signed = width(items.gives.removesuffix(" *"))
        bits = 8 * size
        lo, hi = items.range or ((-1 << bits - 1, (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1))
        value = b.op("load_sx" if signed and size < 8 else "load", known, size=size)
        front.assign(node.target, Num(value, lo, hi))

    front.loop(node, [node.target, *node.body], node.body, node.orelse, test, lambda: None, -1, begin)
    low.release()


# Functions of ebee's that give one.
LOWER = {declared.iter_num: iter_num, declared.iter_task: iter_task}
