"""Fields of a tracepoint's record: their C types, and how they are read."""

from __future__ import annotations

from ..spec.object import RELO_TP_FIELD
from ..types.scalars import INT_TYPES
from .numbers import U64_HI, Num, Refusal, wrap
from .program import chunks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..spec.target import TracepointField, TracepointFormat
    from ..types.scalars import IntType
    from .program import Lowering

# Width in bytes and signedness of C types that system calls take. Their records hold whole registers, of which only
# the type's own bits mean anything. Source: include/uapi/asm-generic/posix_types.h, include/linux/types.h (Linux 6.18).
C_INTEGERS = {
    "char": (1, True), "unsigned char": (1, False), "u8": (1, False), "__u8": (1, False),
    "short": (2, True), "unsigned short": (2, False), "u16": (2, False), "__u16": (2, False), "umode_t": (2, False),
    "int": (4, True), "unsigned int": (4, False), "unsigned": (4, False), "u32": (4, False), "__u32": (4, False),
    "s32": (4, True), "__s32": (4, True), "pid_t": (4, True), "uid_t": (4, False), "gid_t": (4, False),
    "mode_t": (4, False), "key_t": (4, True), "key_serial_t": (4, True), "qid_t": (4, False), "mqd_t": (4, True),
    "timer_t": (4, True), "clockid_t": (4, True), "rwf_t": (4, True), "bool": (1, False),
    "long": (8, True), "unsigned long": (8, False), "loff_t": (8, True), "off_t": (8, True), "size_t": (8, False),
    "ssize_t": (8, True), "u64": (8, False), "__u64": (8, False), "s64": (8, True), "__s64": (8, True),
    "aio_context_t": (8, False),
}  # fmt: skip


def read_field(low: Lowering, record: Value, format: TracepointFormat, field: TracepointField) -> Num:
    """The number in a field: with its C type's width and sign where that is known, else as the format says.

    Raises: Refusal for arrays and other fields that are no number.
    """
    is_dynamic = field.type.startswith(("__data_loc", "__rel_loc"))
    if "[" in field.type or is_dynamic or field.size_bytes not in (1, 2, 4, 8):
        raise Refusal(f"{format.event}.{field.name} is {field.type}, which has no meaning in a probe")
    size = field.size_bytes
    raw = low.b.load(record, 0, size, symbol=field.name, reloc=RELO_TP_FIELD)
    return typed_field(low, raw, format, field)


def read_characters(low: Lowering, record: Value, format: TracepointFormat, field: TracepointField) -> Value:
    """The string in an array of characters of the record, on the stack and padded with zeros; a cut is counted.

    What follows its end in the record can be anything, and there need not be an end.
    """
    b, size = low.b, field.size_bytes
    raw, text = b.alloca(size // 8 * 8 + 8), b.alloca(-(-size // 8) * 8)
    _copy(low, raw, record, field)
    low.zero(raw, size, size // 8 * 8 + 8 - size)
    low.zero(text, 0, size)
    low.read_user_str(text, 0, size, Num(raw, 0, U64_HI), f"{format.event}.{field.name}", is_kernel=True)
    return text


def _copy(low: Lowering, to: Value, record: Value, field: TracepointField) -> None:
    """Copy a whole field of the record."""
    align = min(field.off_bytes & -field.off_bytes or 8, 8)
    for at, width in chunks(0, field.size_bytes, align):
        part = low.b.op(
            "load", record, off=at, size=width, imm=field.size_bytes, symbol=field.name, reloc=RELO_TP_FIELD
        )
        low.b.store(to, at, width, part)


def read_array(low: Lowering, record: Value, field: TracepointField) -> tuple[Value, IntType, int] | None:
    """A copy of an array of integers on the stack, their type, and how many; None for any other field."""
    c_type, bracket, _ = field.type.removeprefix("const ").partition("[")
    width, signed = C_INTEGERS.get(c_type.strip(), (0, False))
    if not bracket or not width or field.size_bytes % width:
        return None
    element = next(t for t in INT_TYPES if (t.size, t.signed) == (width, signed))
    memory = low.b.alloca(-(-field.size_bytes // 8) * 8)
    _copy(low, memory, record, field)
    return memory, element, field.size_bytes // width


def dynamic_address(low: Lowering, record: Value, field: TracepointField) -> Num:
    """The address of a `__data_loc` or `__rel_loc` string: its offset in the record, or behind the field itself.

    The low 16 bits are the offset, the others the size.
    Source: include/trace/stages/stage3_trace_output.h (Linux 6.18).
    """
    b = low.b
    where = b.op("load", record, size=4, symbol=field.name, reloc=RELO_TP_FIELD)
    off = b.op("and", where, b.const(0xFFFF))
    if field.type.startswith("__rel_loc"):
        off = b.op("add", off, b.const(field.off_bytes + 4))
    return Num(b.op("add", record, off), 0, U64_HI)


def typed_field(low: Lowering, raw: Value, format: TracepointFormat, field: TracepointField) -> Num:
    """The number that the bits of a field are."""
    size = field.size_bytes
    n = Num(raw, 0, (1 << 8 * size) - 1)
    c_type = field.type.removeprefix("const ").strip()
    if "*" in c_type:
        return Num(raw, 0, U64_HI, c_type)
    width, signed = C_INTEGERS.get(c_type, (size, field.is_signed))
    if width > size or not format.event.startswith("syscalls:") or field.name in ("__syscall_nr", "ret"):
        width, signed = size, field.is_signed
    if signed and width == 8:
        return Num(raw, -1 << 63, (1 << 63) - 1)
    return wrap(low, n, width, signed)
