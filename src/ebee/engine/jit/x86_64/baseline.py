"""The baseline compiler for x86-64: each instruction becomes machine code by itself, in one pass.

A BPF register stays in the same machine register throughout, chosen so that the arguments of helpers are where C
expects them. r12 holds the address of the machine's state (`layout`); r9 to r11 are free within an instruction:

    r0 rax   r1 rdi   r2 rsi   r3 rdx   r4 rcx   r5 r8   r6 rbx   r7 r13   r8 r14   r9 r15   r10 rbp

What an instruction becomes does not depend on its place, save for jumps, calls and function addresses. So it is made
once in a process for each different instruction, and copied from then on.

Stack frames are regions of their own, one after the other: a call adds one region to the frame pointer.
"""

from __future__ import annotations

from ...translate import CODE_BASE, MAX_LOOPS, STACK_BYTES, TAIL_CALL
from .. import layout
from ..native_text import NativeText, Options
from . import asm
from .asm import R8, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....isa.insn import Insn
    from ....isa.table import Row
    from ...program import Program
    from ...translate import ResolveWide
    from ..native_text import Callee, FindCallee

REGISTERS = (RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15, RBP)
_SAVED = (RBX, R13, R14, R15)
_ALU = {"add": asm.ADD, "sub": asm.SUB, "or": asm.OR, "and": asm.AND, "xor": asm.XOR}
_SHIFT = {"lsh": asm.SHL, "rsh": asm.SHR, "arsh": asm.SAR}
_CONDITION = {
    "jeq": asm.E, "jne": asm.NE, "jgt": asm.A, "jge": asm.AE, "jlt": asm.B, "jle": asm.BE, "jsgt": asm.G,
    "jsge": asm.GE, "jslt": asm.L, "jsle": asm.LE, "jset": asm.NE,
}  # fmt: skip
_LOADS = {
    ("ldx", 8): (asm.MOVZX8, False), ("ldx", 16): (asm.MOVZX16, False), ("ldx", 32): (asm.LOAD, False),
    ("ldx", 64): (asm.LOAD, True), ("ldxs", 8): (asm.MOVSX8, True), ("ldxs", 16): (asm.MOVSX16, True),
    ("ldxs", 32): (asm.MOVSXD, True),
}  # fmt: skip
_RAISE = {
    what: asm.call_mem(R12, what)
    for what in (layout.RAISE_SPENT, layout.RAISE_FAULT, layout.RAISE_DEEP, layout.RAISE_PAST, layout.RAISE_TARGET)
}
_UNWIND = asm.jmp_mem(R12, layout.UNWIND)
_STATUS_CHECK = asm.mem_imm(asm.CMP, R12, layout.STATUS, 0, False) + asm.jcc8(asm.E, len(_UNWIND)) + _UNWIND
_NEXT_FRAME = asm.mov_imm(R11, layout.FRAME_STEP) + asm.reg_reg(asm.ADD, R11, RBP)
_PREVIOUS_FRAME = asm.mov_imm(R11, layout.FRAME_STEP) + asm.reg_reg(asm.SUB, R11, RBP)
_CHECK_DEPTH = (
    asm.reg_mem(b"\x3b", RBP, R12, layout.STACK_END)
    + asm.jcc8(asm.B, len(_RAISE[layout.RAISE_DEEP]))
    + _RAISE[layout.RAISE_DEEP]
)
# mov rbp's frame to zero, 16 bytes at a time.
_ZERO_FRAME = b"\x0f\x57\xc0" + b"".join(
    asm.reg_mem(b"\x0f\x29", 0, RBP, -at, False) for at in range(16, STACK_BYTES + 1, 16)
)


def _frame_limit(size: int) -> bytes:
    """Say how many bytes of the current frame can be reached."""
    text = _move(R11, RBP) + asm.shift_imm(asm.SHR, R11, 32)
    for table in (layout.LIMITS_READ, layout.LIMITS_WRITE):
        text += asm.reg_index(b"\xc7", 0, R12, R11, 4, table, False) + asm.imm32(size)
    return text


def _raise_unless(condition: int, what: int) -> bytes:
    """Go on if the condition holds, otherwise report the instruction."""
    call = _RAISE[what]
    return asm.jcc8(condition, len(call)) + call


def _move(dst: int, src: int, wide: bool = True) -> bytes:
    return asm.reg_reg(asm.MOV, src, dst, wide)


def _alu(row: Row, insn: Insn, options: Options) -> bytes:
    dst, src, wide, op = REGISTERS[insn.dst_reg], REGISTERS[insn.src_reg], row.bits == 64, row.op
    by_register = row.src_reg == "reg"
    if op in _ALU:
        if by_register:
            return asm.reg_reg(_ALU[op], src, dst, wide)
        return asm.alu_imm(_ALU[op], dst, insn.imm, wide)
    if op == "mov":
        if by_register:
            return _move(dst, src, wide)
        return asm.mov_imm(dst, insn.imm if wide else insn.imm & 0xFFFF_FFFF)
    if op == "mul":
        if by_register:
            return asm.reg_reg(asm.IMUL, dst, src, wide)
        return asm.reg_reg(b"\x69", dst, dst, wide) + asm.imm32(insn.imm)
    if op in _SHIFT:
        return _shift(_SHIFT[op], dst, src if by_register else None, insn.imm, wide, options)
    return _divide(row, dst, src if by_register else None, insn.imm)


def _shift(kind: int, dst: int, src: int | None, count: int, wide: bool, options: Options) -> bytes:
    if src is None:
        count &= 63 if wide else 31
        # A 32-bit shift by 0 must clear the upper half all the same.
        return asm.shift_imm(kind, dst, count, wide) if count or wide else _move(dst, dst, False)
    if options.may_bmi2:
        return asm.bmi_shift(kind, dst, dst, src, wide)
    by_cl = asm.reg_reg(b"\xd3", kind, R11 if dst == RCX else dst, wide)
    if src == RCX and dst != RCX:
        return by_cl + (b"" if wide else _move(dst, dst, False))
    if dst == RCX:
        text = _move(R11, RCX) + (b"" if src == RCX else _move(RCX, src))
        return text + by_cl + _move(RCX, R11, wide)
    return _move(R11, RCX) + _move(RCX, src) + by_cl + _move(RCX, R11) + (b"" if wide else _move(dst, dst, False))


def _divide(row: Row, dst: int, src: int | None, imm: int) -> bytes:
    """Divide without a fault: by zero gives 0 (or leaves the dividend), the least number by -1 wraps."""
    wide, is_signed, is_mod = row.bits == 64, row.op[0] == "s", row.op.endswith("mod")
    if src is None:
        imm = imm if wide else imm & 0xFFFF_FFFF
        load, test = asm.mov_imm(R11, imm), b""
    else:
        load, test = _move(R11, src, wide), asm.reg_reg(asm.TEST, R11, R11, wide)
    divide = _move(R10, RAX) + _move(R9, RDX) + (b"" if dst == RAX else _move(RAX, dst, wide))
    if is_signed:
        divide += (b"\x48\x99" if wide else b"\x99") + asm.unary(asm.IDIV, R11, wide)
    else:
        divide += asm.reg_reg(asm.XOR, RDX, RDX, False) + asm.unary(asm.DIV, R11, wide)
    divide += _move(R11, RDX if is_mod else RAX, wide) + _move(RAX, R10) + _move(RDX, R9) + _move(dst, R11, wide)
    by_zero = (b"" if wide else _move(dst, dst, False)) if is_mod else asm.reg_reg(asm.XOR, dst, dst, False)
    by_minus_one = asm.reg_reg(asm.XOR, dst, dst, False) if is_mod else asm.unary(asm.NEG, dst, wide)
    if src is None:
        if not imm:
            return by_zero
        if is_signed and imm & 0xFFFF_FFFF == 0xFFFF_FFFF and (not wide or imm == -1):
            return by_minus_one
        return load + divide
    if is_signed:
        minus_one = asm.alu_imm(asm.CMP, R11, -1, wide)
        special = by_minus_one + b"\xeb" + asm.imm8(len(divide))
        divide = minus_one + asm.jcc8(asm.NE, len(special)) + special + divide
    skip = b"\xeb" + asm.imm8(len(divide)) if len(divide) < 128 else b"\xe9" + asm.imm32(len(divide))
    special = by_zero + skip
    return load + test + asm.jcc8(asm.NE, len(special)) + special + divide


def _neg(row: Row, insn: Insn, options: Options) -> bytes:
    return asm.unary(asm.NEG, REGISTERS[insn.dst_reg], row.bits == 64)


def _movsx(row: Row, insn: Insn, options: Options) -> bytes:
    op = {8: asm.MOVSX8, 16: asm.MOVSX16, 32: asm.MOVSXD}[insn.off]
    return asm.reg_reg(op, REGISTERS[insn.dst_reg], REGISTERS[insn.src_reg], row.bits == 64, byte=insn.off == 8)


def _endian(row: Row, insn: Insn, options: Options) -> bytes:
    dst, bits = REGISTERS[insn.dst_reg], row.bits
    is_swap = row.op != "le"
    if bits == 16:
        swap = b"\x66" + asm.reg_reg(b"\xc1", asm.ROR, dst, False) + b"\x08" if is_swap else b""
        return swap + asm.reg_reg(asm.MOVZX16, dst, dst, False)
    if not is_swap:
        return _move(dst, dst, False) if bits == 32 else b""
    return bytes((0x40 | (bits == 64) << 3 | dst >> 3, 0x0F, 0xC8 | dst & 7))


def _place(base: int, off: int, size: int, is_write: bool, options: Options) -> tuple[bytes, int, int]:
    """Return code that checks an access of `size` bytes, and the machine register and displacement to use."""
    if not options.is_checked or base == 10 and -STACK_BYTES <= off <= -size:
        return b"", REGISTERS[base], off
    table = layout.LIMITS_WRITE if is_write else layout.LIMITS_READ
    return (
        asm.reg_mem(asm.LEA, R11, REGISTERS[base], off)
        + _move(R10, R11)
        + asm.shift_imm(asm.SHR, R10, 32)
        + asm.alu_imm(asm.AND, R10, layout.REGION_MASK, False)
        + asm.reg_index(asm.LOAD, R10, R12, R10, 4, table, False)
        + _move(R9, R11, False)
        + asm.alu_imm(asm.ADD, R9, size)
        + asm.reg_reg(asm.CMP, R10, R9)
        + _raise_unless(asm.BE, layout.RAISE_FAULT)
    ), R11, 0


def _load(row: Row, insn: Insn, options: Options) -> bytes:
    check, base, disp = _place(insn.src_reg, insn.off, row.bits // 8, False, options)
    op, wide = _LOADS[row.op, row.bits]
    text = check + asm.reg_mem(op, REGISTERS[insn.dst_reg], base, disp, wide)
    if options.has_pointers and row.bits == 32 and row.op == "ldx" and insn.src_reg != 10:
        return _pointer_load(insn, text)
    return text


def _pointer_load(insn: Insn, otherwise: bytes) -> bytes:
    """Load one of the context's pointers if the address is where it stands; a rotation makes others far away."""
    found = _move(REGISTERS[insn.dst_reg], R10) + b"\xeb" + asm.imm8(len(otherwise))
    look = (
        asm.reg_index(asm.LOAD, R10, R12, R10, 8, layout.POINTERS)
        + asm.reg_reg(asm.TEST, R10, R10)
        + asm.jcc8(asm.E, len(found))
        + found
    )
    return (
        asm.reg_mem(asm.LEA, R10, REGISTERS[insn.src_reg], insn.off)
        + asm.reg_mem(b"\x2b", R10, R12, layout.CTX)
        + asm.shift_imm(asm.ROR, R10, 2)
        + asm.alu_imm(asm.CMP, R10, layout.POINTER_COUNT)
        + asm.jcc8(asm.AE, len(look))
        + look
        + otherwise
    )


def _write(bits: int, base: int, disp: int, src: int) -> bytes:
    if bits == 8:
        return asm.reg_mem(b"\x88", src, base, disp, False, byte=True)
    return asm.reg_mem(asm.MOV, src, base, disp, bits == 64, prefix=b"\x66" if bits == 16 else b"")


def _store(row: Row, insn: Insn, options: Options) -> bytes:
    check, base, disp = _place(insn.dst_reg, insn.off, row.bits // 8, True, options)
    if row.src_reg == "reg":
        return check + _write(row.bits, base, disp, REGISTERS[insn.src_reg])
    if row.bits == 8:
        return check + asm.reg_mem(b"\xc6", 0, base, disp, False) + asm.imm8(insn.imm)
    if row.bits == 16:
        number = (insn.imm & 0xFFFF).to_bytes(2, "little")
        return check + asm.reg_mem(b"\xc7", 0, base, disp, False, prefix=b"\x66") + number
    return check + asm.reg_mem(b"\xc7", 0, base, disp, row.bits == 64) + asm.imm32(insn.imm)


def _atomic(row: Row, insn: Insn, options: Options) -> bytes:
    bits, op, wide = row.bits, row.op, row.bits == 64
    if op == "load_acq":  # loads and stores of x86 are ordered enough
        check, base, disp = _place(insn.src_reg, insn.off, bits // 8, False, options)
        load, is_wide = _LOADS["ldx", bits]
        return check + asm.reg_mem(load, REGISTERS[insn.dst_reg], base, disp, is_wide)
    check, base, disp = _place(insn.dst_reg, insn.off, bits // 8, True, options)
    src = REGISTERS[insn.src_reg]
    if op == "store_rel":
        return check + _write(bits, base, disp, src)
    if op in ("add", "or", "and", "xor"):
        return check + asm.reg_mem(_ALU[op], src, base, disp, wide, prefix=b"\xf0")
    if op == "fetch_add":
        return check + asm.reg_mem(asm.XADD, src, base, disp, wide, prefix=b"\xf0")
    if op == "xchg":
        return check + asm.reg_mem(asm.XCHG, src, base, disp, wide)
    if op == "cmpxchg":
        text = check + asm.reg_mem(asm.CMPXCHG, src, base, disp, wide, prefix=b"\xf0")
        return text if wide else text + _move(RAX, RAX, False)
    # fetch_or, fetch_and, fetch_xor: try until nobody else was faster. The address may hang on rax.
    if base == RAX:
        check, base, disp = check + asm.reg_mem(asm.LEA, R11, RAX, disp), R11, 0
    operand = R10 if src == RAX else src
    again = (
        _move(R9, RAX)
        + asm.reg_reg(_ALU[op.removeprefix("fetch_")], operand, R9, wide)
        + asm.reg_mem(asm.CMPXCHG, R9, base, disp, wide, prefix=b"\xf0")
    )
    text = check + _move(R10, RAX) + asm.reg_mem(asm.LOAD, RAX, base, disp, wide) + again
    text += asm.jcc8(asm.NE, -len(again) - 2)
    if not wide:
        text += _move(RAX, RAX, False)
    return text if src == RAX else text + _move(src, RAX) + _move(RAX, R10)


def _addr_space_cast(row: Row, insn: Insn, options: Options) -> bytes:
    """An address in an arena is the same to everybody here."""
    return _move(REGISTERS[insn.dst_reg], REGISTERS[insn.src_reg])


FAMILIES: dict[str, Callable[[Row, Insn, Options], bytes]] = {
    "alu": _alu,
    "neg": _neg,
    "movsx": _movsx,
    "endian": _endian,
    "load": _load,
    "store": _store,
    "atomic": _atomic,
    "addr_space_cast": _addr_space_cast,
}
_made: dict[tuple[bool, bool, bool], dict[tuple[int, ...], bytes]] = {}


class Baseline:
    """Compiles one program; `run` returns the machine code.

    `find_callee` gives the function that a call of a helper or kernel function leads to (and what legacy packet loads
    and `callx` with a helper's number call), `resolve_wide` the value of a wide load.
    """

    def __init__(
        self, program: Program, find_callee: FindCallee, resolve_wide: ResolveWide, options: Options
    ) -> None:
        self.program, self.find_callee, self.resolve_wide, self.options = program, find_callee, resolve_wide, options
        self.code = bytearray()
        self.offsets: list[tuple[int, int]] = []
        self.places: dict[int, int] = {}  # slot: offset
        self.jumps: list[tuple[int, int]] = []  # where 4 bytes of distance stand, target
        self.entries: dict[int, int] = {}
        self.calls: list[tuple[int, int]] = []
        self.tables: list[tuple[int, tuple[int, ...], bool]] = []  # where the distance stands, targets, of functions
        self.frame_bytes = 0

    def run(self) -> NativeText:
        for start, slots, heads in self.program.bodies():
            self.function(start, slots, heads)
        self.finish()
        return NativeText(code=bytes(self.code), entries=self.entries, offsets=self.offsets)

    def function(self, start: int, slots: Sequence[int], heads: set[int]) -> None:
        code, offsets, places, options = self.code, self.offsets, self.places, self.options
        insn_at, row_at = self.program.insn_at, self.program.row_at
        made = _made.setdefault((options.is_checked, options.may_bmi2, options.has_pointers), {})
        self.entries[start] = len(code)
        offsets.append((len(code), start))
        self.prologue()
        last = slots[-1]
        counts = self.block_sizes(slots, heads) if options.has_budget else {}
        self.function_slots = slots
        for slot in slots:
            insn = insn_at[slot]
            places[slot] = len(code)
            offsets.append((len(code), slot))
            if slot in counts:
                code += asm.mem_imm(asm.SUB, R12, layout.LEFT, counts[slot])
                code += _raise_unless(asm.NS, layout.RAISE_SPENT)
            key = (insn.opcode, insn.dst_reg, insn.src_reg, insn.off, insn.imm)
            text = made.get(key)
            if text is None:
                row = row_at[slot]
                write = FAMILIES.get(row.family)
                if write is None:
                    _SURROUNDED[row.family](self, slot, row, insn)
                    continue
                text = made[key] = write(row, insn, options)
            code += text
        if row_at[last].family not in ("exit", "ja", "gotox"):
            code += _RAISE[layout.RAISE_PAST]

    def block_sizes(self, slots: Sequence[int], heads: set[int]) -> dict[int, int]:
        """Return how many instructions each block has, by its first slot."""
        out: dict[int, int] = {}
        head = slots[0]
        for slot in slots:
            if slot in heads:
                head = slot
            out[head] = out.get(head, 0) + 1
        return out

    def prologue(self) -> None:
        """Save what the caller owns; four registers and a number keep the stack aligned for calls."""
        code = self.code
        for reg in _SAVED:
            code += asm.push(reg)
        code += b"\x68" + asm.imm32(MAX_LOOPS)  # push: how often may_goto lets the program go on
        if self.options.is_checked:
            for reg in (RAX, *_SAVED):
                code += asm.reg_reg(asm.XOR, reg, reg, False)
            code += _frame_limit(STACK_BYTES)
        code += _ZERO_FRAME

    def leave(self) -> bytes:
        """Put back what the caller owns; in checked code, the frame can no longer be reached."""
        limit = _frame_limit(0) if self.options.is_checked else b""
        return limit + asm.alu_imm(asm.ADD, RSP, 8) + b"".join(asm.pop(reg) for reg in reversed(_SAVED))

    def exit(self, slot: int, row: Row, insn: Insn) -> None:
        self.code += self.leave() + b"\xc3"

    def jump(self, slot: int, row: Row, insn: Insn) -> None:
        dst, wide = REGISTERS[insn.dst_reg], row.bits == 64
        if row.src_reg == "reg":
            op = asm.TEST if row.op == "jset" else asm.CMP
            self.code += asm.reg_reg(op, REGISTERS[insn.src_reg], dst, wide)
        elif row.op == "jset":
            self.code += asm.reg_reg(b"\xf7", 0, dst, wide) + asm.imm32(insn.imm)
        elif insn.imm == 0 and row.op in ("jeq", "jne"):
            self.code += asm.reg_reg(asm.TEST, dst, dst, wide)
        else:
            self.code += asm.alu_imm(asm.CMP, dst, insn.imm, wide)
        self.code += bytes((0x0F, 0x80 | _CONDITION[row.op]))
        self.distance(self.jumps, self.program.target(slot))

    def always(self, slot: int, row: Row, insn: Insn) -> None:
        self.code += b"\xe9"
        self.distance(self.jumps, self.program.target(slot))

    def may_goto(self, slot: int, row: Row, insn: Insn) -> None:
        self.code += asm.mem_imm(asm.SUB, RSP, 0, 1, False) + bytes((0x0F, 0x80 | asm.S))
        self.distance(self.jumps, self.program.target(slot))

    def distance(self, fixups: list[tuple[int, int]], target: int) -> None:
        fixups.append((len(self.code), target))
        self.code += b"\0\0\0\0"

    def call(self, slot: int, row: Row, insn: Insn) -> None:
        if row.op == "local":
            self.code += _NEXT_FRAME + _CHECK_DEPTH + b"\xe8"
            self.distance(self.calls, self.program.target(slot))
            self.code += _PREVIOUS_FRAME
            return
        callee = _move(R9, RBP) + self.call_native(self.find_callee(row, insn, slot))
        if row.op == "helper" and insn.imm == TAIL_CALL:
            # r1 is the context of the program that follows, in this frame.
            self.code += asm.push(RDI) + asm.push(RDI) + callee + asm.pop(RDI) + asm.pop(RDI)
            go_on = self.leave() + asm.jmp_mem(R12, layout.NEXT_CODE)
            self.code += _STATUS_CHECK + asm.reg_reg(asm.TEST, RAX, RAX) + asm.jcc8(asm.NE, len(go_on)) + go_on
        else:
            self.code += callee + _STATUS_CHECK

    def call_native(self, callee: Callee) -> bytes:
        """Call a C function, or one of Python; its sixth argument is the frame pointer, or what `callx` calls."""
        how = asm.call_mem(R12, layout.CALL_PYTHON) if callee.is_python else asm.call_reg(RAX)
        return asm.mov_imm(RAX, callee.address) + how

    def packet(self, slot: int, row: Row, insn: Insn) -> None:
        """A legacy packet load: r0 = load(offset, size), and the program ends with 0 if that is negative."""
        end = asm.reg_reg(asm.XOR, RAX, RAX, False) + self.leave() + b"\xc3"
        saved = (RDI, RSI, RDX, RCX, R8, R8)
        text = asm.mov_imm(R11, insn.imm & 0xFFFF_FFFF)
        if row.op == "ldind":
            text += asm.reg_reg(asm.ADD, REGISTERS[insn.src_reg], R11)
        text += b"".join(asm.push(reg) for reg in saved) + _move(RDI, R11) + asm.mov_imm(RSI, row.bits // 8)
        text += self.call_native(self.find_callee(row, insn, slot))
        text += b"".join(asm.pop(reg) for reg in reversed(saved))
        text += asm.reg_reg(asm.TEST, RAX, RAX) + asm.jcc8(asm.NS, len(end)) + end
        self.code += text

    def wide(self, slot: int, row: Row, insn: Insn) -> None:
        if row.name == "lddw":
            value = insn.imm
        elif row.name == "lddw_func":
            value = CODE_BASE + self.program.target(slot) * 8
        else:
            value = self.resolve_wide(row, insn)
        self.code += asm.mov_imm(REGISTERS[insn.dst_reg], value)

    # Jumps and calls to addresses that are computed.

    def find_target(self, targets: Sequence[int], *, is_call: bool) -> None:
        """Leave in r11 the native address of the code address that it holds, or report it."""
        self.code += asm.reg_mem(asm.MOV, R11, R12, layout.TABLE) + asm.mov_imm(R10, CODE_BASE)
        self.code += asm.reg_reg(asm.SUB, R10, R11) + asm.shift_imm(asm.ROR, R11, 3)
        self.code += asm.alu_imm(asm.CMP, R11, self.program.end) + _raise_unless(asm.B, layout.RAISE_TARGET)
        self.code += b"\x4c\x8d\x15"  # lea r10, [rip + distance]
        self.tables.append((len(self.code), tuple(targets), is_call))
        self.code += b"\0\0\0\0"
        self.code += asm.reg_index(asm.MOVSXD, R11, R10, R11, 4, 0)
        self.code += asm.reg_reg(asm.TEST, R11, R11) + _raise_unless(asm.NE, layout.RAISE_TARGET)
        self.code += asm.reg_reg(asm.ADD, R10, R11)

    def gotox(self, slot: int, row: Row, insn: Insn) -> None:
        self.code += _move(R11, REGISTERS[insn.dst_reg])
        self.find_target(self.function_slots, is_call=False)
        self.code += asm.jmp_reg(R11)

    def callx(self, slot: int, row: Row, insn: Insn) -> None:
        """A number below 2**32 is that of a helper, which the machine calls: its number comes as a sixth argument."""
        self.code += _move(R11, REGISTERS[insn.dst_reg]) + _move(R9, R11) + asm.shift_imm(asm.SHR, R9, 32)
        self.code += b"\x0f\x84"
        to_helper = len(self.code)
        self.code += b"\0\0\0\0"
        self.find_target(self.program.functions, is_call=True)
        self.code += _move(R9, R11) + _NEXT_FRAME + _CHECK_DEPTH + asm.call_reg(R9) + _PREVIOUS_FRAME + b"\xe9"
        to_end = len(self.code)
        self.code += b"\0\0\0\0"
        self.patch(to_helper, len(self.code))
        self.code += _move(R9, R11) + self.call_native(self.find_callee(row, insn, slot)) + _STATUS_CHECK
        self.patch(to_end, len(self.code))

    def patch(self, at: int, target: int) -> None:
        self.code[at : at + 4] = asm.imm32(target - at - 4)

    def finish(self) -> None:
        """Fill in distances, and append the tables of computed targets."""
        for at, slot in self.jumps:
            self.patch(at, self.places[slot])
        for at, slot in self.calls:
            self.patch(at, self.entries[slot])
        for at, targets, is_call in self.tables:
            start = len(self.code) + 3 & ~3
            self.code += b"\xcc" * (start - len(self.code))
            self.patch(at, start)
            places = self.entries if is_call else self.places
            rows = [0] * self.program.end
            for slot in targets:
                rows[slot] = places[slot] - start
            self.code += b"".join(asm.imm32(distance) for distance in rows)


_SURROUNDED: dict[str, Callable[[Baseline, int, Row, Insn], None]] = {
    "jump": Baseline.jump,
    "ja": Baseline.always,
    "may_goto": Baseline.may_goto,
    "call": Baseline.call,
    "callx": Baseline.callx,
    "gotox": Baseline.gotox,
    "exit": Baseline.exit,
    "packet": Baseline.packet,
    "lddw": Baseline.wide,
}


def has_handler(row: Row) -> bool:
    """Return whether the compiler knows what a row becomes."""
    return row.family in FAMILIES or row.family in _SURROUNDED
