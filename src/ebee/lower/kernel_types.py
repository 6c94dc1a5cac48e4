"""Reads of kernel memory: a pointer, a field whose offset waits for the running kernel, one helper call.

Pointers that the verifier knows by BTF (arguments of typed hooks, and what they lead to) are loaded from directly. In
the IR such a pointer is a number, a `retype` of the `ptr.btf`: where ways meet only the number is left, and it is
followed by helper calls from there on.
"""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.core import I64, PTR_BTF, Op, Param
from ..spec.object import RELO_CORE_FIELD
from ..types.scalars import INT_TYPES
from .numbers import KERNEL, U64_HI, Num

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block, Value
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


def read_bits(low: Lowering, base: Value, symbol: str, what: str, *, is_signed: bool = False) -> Value:
    """Read a bit field of the struct at the address `base`, wherever and as wide as this kernel has it.

    What cannot be read is 0, and counted. Source: BPF_CORE_READ_BITFIELD_PROBED in bpf_core_read.h (libbpf 1.6).
    """
    b, memory = low.b, low.scratch("bits", 8)
    low.zero(memory, 0, 8)
    done = _unless_null(low, base, what)
    size = core_number(low, "core_field_size", symbol)
    result = b.call(FUNC.probe_read_kernel, memory, size, address_of(low, base, symbol))
    low.count_if("ne", result, "kernel_fault", what)
    if done is not None:
        b.jump(done)
        b.start(done)
    high = b.op("shl", b.load(memory, 0, 8), core_number(low, "core_field_lshift", symbol))
    return b.op("ashr" if is_signed else "lshr", high, core_number(low, "core_field_rshift", symbol))


def direct(value: Value) -> Value | None:
    """The `ptr.btf` behind a number, or None if the verifier does not know it for a pointer."""
    return value.args[0] if isinstance(value, Op) and value.opcode == "retype" else None


def address(low: Lowering, n: Num) -> Num:
    """The address that a pointer is, as a number that can be counted with."""
    if direct(n.value) is None and not isinstance(n.value, Param):
        return Num(n.value, 0, U64_HI)
    # The verifier lets nobody compute with a pointer that it knows; what a helper has read it does not know.
    slot, copy = low.scratch("pointer", 8), low.scratch("address", 8)
    low.b.store(slot, 0, 8, n.value)
    low.b.call(FUNC.probe_read_kernel, copy, low.b.const(8), slot)
    return Num(low.b.load(copy, 0, 8), 0, U64_HI)


def _unless_null(low: Lowering, base: Value, what: str, name: str = "", zero: Value | None = None) -> Block | None:
    """Go on where a pointer that the verifier knows is not null, as the verifier demands it; count where it is.

    There variable `name` is `zero`. Return the block where the ways meet again, None if there is but one.
    """
    b = low.b
    known = direct(base)
    if known is None or isinstance(known, Op) and known.opcode == "non_null" or b.is_non_null(base):
        return None
    have, null, done = low.blocks(3)
    b.branch("ne", base, b.const(0), have, null)
    b.start(null)
    low.lose("kernel_fault", what)
    if zero is not None:
        b.write(name, zero)
    b.jump(done)
    b.start(have)
    return done


def read_field(low: Lowering, base: Value, symbol: str, shape: str, what: str, *, is_known: bool) -> Num:
    """The integer or pointer in a field of the struct at `base`; what cannot be read is 0, and counted.

    `is_known`: if the verifier knows `base`, it knows the field for the pointer or number that it is.
    """
    b, pointer = low.b, direct(base)
    type = _INTEGERS.get(shape.partition(" ")[0], _INTEGERS["u64"])
    leads_on = shape.startswith("struct ") and is_known and pointer is not None
    zero: Value = b.const(0)
    zero = b.op("retype", zero, type=PTR_BTF) if leads_on else zero
    name = f"field of {what} {id(zero)}"
    done = _unless_null(low, base, what, name, zero)
    if pointer is None or not is_known:
        value = read_number(low, address_of(low, base, symbol), shape, what).value
    elif leads_on:
        value = follow_field(low, pointer, symbol)
    else:
        value = load_field(low, pointer, symbol, type.size, is_signed=type.signed)
    if done is not None:
        b.write(name, value)
        b.jump(done)
        b.start(done)
        value = b.read(name, zero.type)
    if leads_on:
        value = b.op("retype", value, type=I64)
    return Num(value, type.lo, type.hi)


def read_number(low: Lowering, address: Value, shape: str, what: str) -> Num:
    """The integer or pointer at an address; where it cannot be read it is 0, and that is counted."""
    type = _INTEGERS.get(shape.partition(" ")[0], _INTEGERS["u64"])
    memory = low.scratch("kernel", 8)
    result = low.b.call(FUNC.probe_read_kernel, memory, low.b.const(type.size), address)
    n = low.load_num(memory, 0, type)  # the helper has filled it with zeros if it failed
    low.count_if("ne", result, "kernel_fault", what)
    return n


def read_bytes(
    low: Lowering, base: Value, symbol: str, to: Value, off: int, size: int, last: int, what: str, align: int
) -> None:
    """Copy an array in a struct of the kernel, whose last element, of `last` bytes, is at `symbol`, to memory.

    What cannot be read is zero, and counted.
    """
    b = low.b
    low.zero(to, off, size, align)
    done = _unless_null(low, base, what)
    source = b.op("add", address_of(low, base, symbol), b.const(last - size))
    result = b.call(FUNC.probe_read_kernel, low.at(to, off), b.const(size), source)
    low.count_if("ne", result, "kernel_fault", what)
    if done is not None:
        b.jump(done)
        b.start(done)


def read_text(low: Lowering, base: Value, symbol: str, size_bytes: int, what: str) -> Value:
    """The string in an array of characters, on the stack and padded with zeros; a fault or a cut is counted."""
    memory = low.b.alloca(-(-size_bytes // 8) * 8)
    low.zero(memory, 0, size_bytes)
    done = _unless_null(low, base, what)
    address = address_of(low, base, symbol)
    low.read_user_str(memory, 0, size_bytes, Num(address, 0, U64_HI), what, is_kernel=True)
    if done is not None:
        low.b.jump(done)
        low.b.start(done)
    return memory
