"""Reads of kernel memory: a pointer, a field whose offset waits for the running kernel, one helper call."""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..types.scalars import INT_TYPES
from .numbers import KERNEL, U64_HI, Num

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from .program import Lowering

_INTEGERS = {t.name: t for t in INT_TYPES}


def pointer(value: Value, struct_name: str) -> Num:
    """A pointer to a struct of the kernel."""
    return Num(value, 0, U64_HI, f"struct {struct_name} {KERNEL}")


def struct_of(n: Num) -> str:
    """Return the name of the struct that a pointer into the kernel leads to, empty for any other number."""
    return n.c_type.split()[1] if n.is_kernel_pointer else ""


def current_task(low: Lowering) -> Num:
    """The current task."""
    return pointer(low.b.call(FUNC.get_current_task), "task_struct")


def address_of(low: Lowering, base: Value, symbol: str) -> Value:
    """The address of a field of the struct at `base`; `symbol` as in `spec.core_fields`."""
    return low.b.op("add", base, low.b.op("core_off", symbol=symbol))


def read_number(low: Lowering, address: Value, shape: str, what: str) -> Num:
    """The integer or pointer at an address; where it cannot be read it is 0, and that is counted."""
    type = _INTEGERS.get(shape.partition(" ")[0], _INTEGERS["u64"])
    memory = low.scratch("kernel", 8)
    result = low.b.call(FUNC.probe_read_kernel, memory, low.b.const(type.size), address)
    n = low.load_num(memory, 0, type)  # the helper has filled it with zeros if it failed
    low.count_if("ne", result, "kernel_fault", what)
    return n


def read_text(low: Lowering, address: Value, size_bytes: int, what: str) -> Value:
    """The string in an array of characters, on the stack and padded with zeros; a fault or a cut is counted."""
    memory = low.b.alloca(-(-size_bytes // 8) * 8)
    low.zero(memory, 0, size_bytes)
    low.read_user_str(memory, 0, size_bytes, Num(address, 0, U64_HI), what, is_kernel=True)
    return memory
