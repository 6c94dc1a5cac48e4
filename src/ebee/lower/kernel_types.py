"""Reads of kernel memory: a pointer, a field whose offset waits for the running kernel, one helper call."""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.core import PTR_BTF
from ..spec.object import RELO_CORE_FIELD
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


def core_number(low: Lowering, kind: str, symbol: str) -> Value:
    """A number that the running kernel's types say: `kind` is a key of `spec.object.CORE_KINDS`.

    Fields: `core_field_exists`, `…_size`, `…_signed`, `…_lshift` and `…_rshift` (of bit fields); types:
    `core_type_exists`, `…_size`, `core_type_id`; enums: `core_enum_exists`, `core_enum_value`. What is behind a test
    for existence that the kernel answers with no may use what is missing: the verifier does not come there.
    """
    return low.b.op("core", reloc=kind, symbol=symbol)


def load_field(low: Lowering, base: Value, symbol: str, size: int, *, is_signed: bool = False) -> Value:
    """Load a number of 1, 2, 4 or 8 bytes from an object that the verifier knows (PTR_BTF), without a helper.

    Tracing programs may do so with pointers that were found in such objects too: a bad address reads as 0.
    """
    opcode = "load_sx" if is_signed and size < 8 else "load"
    return low.b.op(opcode, base, size=size, symbol=symbol, reloc=RELO_CORE_FIELD)


def follow_field(low: Lowering, base: Value, symbol: str) -> Value:
    """Load a pointer to another object from an object that the verifier knows (PTR_BTF)."""
    return low.b.op("load_ptr", base, size=8, type=PTR_BTF, symbol=symbol, reloc=RELO_CORE_FIELD)


def read_bits(low: Lowering, base: Value, symbol: str, *, is_signed: bool = False) -> Value:
    """Read a bit field of the struct at the address `base`, wherever and as wide as this kernel has it.

    Source: BPF_CORE_READ_BITFIELD_PROBED in bpf_core_read.h (libbpf 1.6).
    """
    b, memory = low.b, low.scratch("bits", 8)
    low.zero(memory, 0, 8)
    size = core_number(low, "core_field_size", symbol)
    result = b.call(FUNC.probe_read_kernel, memory, size, address_of(low, base, symbol))
    low.count_if("ne", result, "kernel_fault", symbol.partition(":")[0])
    high = b.op("shl", b.load(memory, 0, 8), core_number(low, "core_field_lshift", symbol))
    return b.op("ashr" if is_signed else "lshr", high, core_number(low, "core_field_rshift", symbol))


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
