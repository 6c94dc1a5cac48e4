"""Text that a program puts together itself: bpf_snprintf() into a string of fixed size.

Formats, and constants that are not ASCII, are global constants in a section of their own.
Source: bpf_snprintf, bpf_bprintf_prepare in kernel/bpf/helpers.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..types.scalars import StrType
from .numbers import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ir.core import Value
    from .program import Lowering

SECTION = ".rodata.texts"
MOST_VALUES = 12  # MAX_BPRINTF_VARARGS
_EOVERFLOW = 75


def constant(low: Lowering, data: bytes) -> Value:
    """The address of a constant string."""
    name = f"text_{data.hex()}" if len(data) <= 8 else f"text_{len(data)}_{_digest(data):016x}"
    known = low.obj.globals.get(name) or low.obj.add_global(name, StrType(len(data) + 1), SECTION, data + b"\0")
    return low.b.op("map_value", symbol=SECTION, imm=known.off_bytes)


def print_to(low: Lowering, seq: Value, fmt: bytes, values: Sequence[Value]) -> None:
    """Write formatted values to who reads an iterator (bpf_seq_printf); what the kernel does not take is counted.

    Where it does not fit the kernel runs the program on the same object again, with more room.
    """
    b = low.b
    data: Value = b.const(0)
    if values:
        data = low.scratch("values", 8 * MOST_VALUES, stays=True)
        for at, value in enumerate(values):
            b.store(data, 8 * at, 8, value)
    size, count = b.const(len(fmt) + 1), b.const(8 * len(values))
    result = b.call(FUNC.seq_printf, seq, constant(low, fmt), size, data, count)
    bad, lost, done = low.blocks(3)
    b.branch("ne", result, b.const(0), bad, done)
    b.start(bad)
    b.branch("ne", result, b.const(-_EOVERFLOW), lost, done)
    b.start(lost)
    low.lose("text_cut", "")
    b.jump(done)
    b.start(done)


def _digest(data: bytes) -> int:
    n = 0xCBF29CE484222325  # FNV-1a
    for byte in data:
        n = (n ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return n


def write_text(low: Lowering, to: Value, off: int, size_bytes: int, fmt: bytes, values: Sequence[Value]) -> None:
    """Write formatted values into memory that is zero; what does not fit is cut off, counted."""
    if len(values) > MOST_VALUES:
        raise Refusal(f"a text is put together from at most {MOST_VALUES} values in a probe, not {len(values)}")
    b = low.b
    data: Value = b.const(0)
    if values:
        data = low.scratch("values", -(-len(values) // 4) * 32, stays=True)
        for at, value in enumerate(values):
            b.store(data, 8 * at, 8, value)
    size = b.const(size_bytes)
    needed = b.call(FUNC.snprintf, low.at(to, off), size, constant(low, fmt), data, b.const(8 * len(values)))
    fits, cut = low.blocks(2)
    b.branch("ugt", needed, size, cut, fits)  # also a negative error: the strings are longer than the kernel takes
    b.start(cut)
    low.lose("text_cut", "")
    b.jump(fits)
    b.start(fits)
