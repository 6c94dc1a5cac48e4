"""Classic programs as eBPF: what the kernel does with them when it takes them in, as a program of one's own.

A is r0, X is r7, the cells are on the stack, r6 is the context; r8 keeps A where a load needs r0. Loads from the packet
are eBPF's own of that kind (LD_ABS, LD_IND), which end the program with 0 past the packet's end, as classic ones do.

Source: bpf_convert_filter, convert_bpf_extensions in net/core/filter.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.contexts import STRUCTS
from ..abi.helpers import BPF_FUNC as FUNC
from ..errors import NotSupported
from ..isa import classic as c
from ..isa import opcodes as e
from ..isa.insn import Insn
from .object import ObjectSpec, ProgramSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..isa.classic import ClassicInsn

_A, _X, _CTX, _KEPT = e.R0, e.R7, e.R6, e.R8
_CELLS_OFF = -4 * c.CELLS
# Ancillary data: the field of the context, and whether it is a 16-bit number in network order; or a helper.
_FIELDS = {
    "proto": ("protocol", True), "type": ("pkt_type", False), "ifidx": ("ifindex", False), "mark": ("mark", False),
    "queue": ("queue_mapping", False), "rxhash": ("hash", False), "vlan_tci": ("vlan_tci", False),
    "vlan_avail": ("vlan_present", False), "vlan_tpid": ("vlan_proto", True),
}  # fmt: skip
_HELPERS = {"cpu": FUNC.get_smp_processor_id, "rand": FUNC.get_prandom_u32}
_JUMPS = {c.JEQ: e.BPF_JEQ, c.JGT: e.BPF_JGT, c.JGE: e.BPF_JGE, c.JSET: e.BPF_JSET}
_OPPOSITE = {c.JEQ: e.BPF_JNE, c.JGT: e.BPF_JLE, c.JGE: e.BPF_JLT}


def convert(insns: Sequence[ClassicInsn]) -> list[Insn]:
    """Return the eBPF instructions of a filter of packets, for programs whose context is `struct __sk_buff`.

    Instructions that are never reached are left out: eBPF's verifier does not admit them.

    Raises: FormatError for what `classic.check` refuses; NotSupported for ancillary data that no eBPF program can ask
    for (hatype, nla, nlan, poff).
    """
    c.check(insns)
    return _Converter(insns).convert()


def to_object(insns: Sequence[ClassicInsn], name: str = "filter", section: str = "socket") -> ObjectSpec:
    """Return an object of one program, of a section whose context is `struct __sk_buff` (socket, tc)."""
    prog_type = {"socket": bpf.BPF_PROG_TYPE_SOCKET_FILTER, "tc": bpf.BPF_PROG_TYPE_SCHED_CLS}[section]
    program = ProgramSpec(name, section, prog_type, insns=convert(insns), stack_size=4 * c.CELLS)
    return ObjectSpec(name, {name: program})


def _s32(k: int) -> int:
    return c.signed(k)


class _Converter:
    def __init__(self, insns: Sequence[ClassicInsn]) -> None:
        self.insns = insns
        self.code: list[Insn] = []
        self.starts: dict[int, int] = {}
        self.jumps: list[tuple[int, int]] = []  # an eBPF jump, and the classic instruction that it goes to

    def convert(self) -> list[Insn]:
        move = e.BPF_ALU | e.BPF_MOV
        self.put(e.BPF_ALU64 | e.BPF_MOV | e.BPF_X, _CTX, e.R1)
        self.put(move, _A)
        self.put(move, _X)
        for at in sorted(_reached(self.insns)):
            self.starts[at] = len(self.code)
            self.one(at, self.insns[at])
        for index, target in self.jumps:
            self.code[index].off = self.starts[target] - index - 1
        return self.code

    def put(self, opcode: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0) -> None:
        self.code.append(Insn(opcode, dst, src, off, imm))

    def jump(self, opcode: int, target: int, dst: int = 0, src: int = 0, imm: int = 0) -> None:
        self.jumps.append((len(self.code), target))
        self.put(opcode, dst, src, 0, imm)

    def move(self, dst: int, src: int) -> None:
        self.put(e.BPF_ALU | e.BPF_MOV | e.BPF_X, dst, src)

    def one(self, at: int, insn: ClassicInsn) -> None:
        """Convert the instruction with that number."""
        code, k, imm = insn.code, insn.k, _s32(insn.k)
        kind = code & 7
        if kind == c.ALU:
            self.arithmetic(code, imm)
        elif kind == c.JMP:
            self.branch(at, insn)
        elif kind == c.RET:
            if code & 0x18 == c.K:
                self.put(e.BPF_ALU | e.BPF_MOV, _A, imm=imm)
            self.put(e.EXIT)
        elif kind == c.MISC:
            self.move(*((_A, _X) if code & 0xF8 == c.TXA else (_X, _A)))
        elif kind in (c.ST, c.STX):
            register = _A if kind == c.ST else _X
            self.put(e.BPF_STX | e.BPF_MEM | e.BPF_W, e.R10, register, _CELLS_OFF + 4 * k)
        else:
            self.load(insn, _A if kind == c.LD else _X)

    def load(self, insn: ClassicInsn, dst: int) -> None:
        mode, imm = insn.code & 0xE0, _s32(insn.k)
        word = c.ancillary_of(insn)
        if word:
            self.extension(word)
        elif mode == c.IMM:
            self.put(e.BPF_ALU | e.BPF_MOV, dst, imm=imm)
        elif mode == c.MEM:
            self.put(e.BPF_LDX | e.BPF_MEM | e.BPF_W, dst, e.R10, _CELLS_OFF + 4 * insn.k)
        elif mode == c.LEN:
            self.field("len", dst)
        elif mode == c.MSH:
            self.move(_KEPT, _A)
            self.put(e.BPF_LD | e.BPF_ABS | e.BPF_B, imm=imm)
            self.put(e.BPF_ALU | e.BPF_AND, _A, imm=0xF)
            self.put(e.BPF_ALU | e.BPF_LSH, _A, imm=2)
            self.move(_X, _A)
            self.move(_A, _KEPT)
        else:
            index = _X if mode == c.IND else 0
            self.put(e.BPF_LD | mode | insn.code & 0x18, 0, index, 0, imm)

    def field(self, name: str, dst: int = _A) -> None:
        off, _, _ = STRUCTS["__sk_buff"][name]
        self.put(e.BPF_LDX | e.BPF_MEM | e.BPF_W, dst, _CTX, off)

    def extension(self, word: str) -> None:
        if word == "xor":
            self.put(e.BPF_ALU | e.BPF_XOR | e.BPF_X, _A, _X)
        elif word in _HELPERS:
            self.put(e.CALL, imm=_HELPERS[word])
            self.move(_A, _A)  # a u32: the upper half is 0
        elif word in _FIELDS:
            name, is_swapped = _FIELDS[word]
            self.field(name)
            if is_swapped:
                self.put(e.BPF_ALU | e.BPF_END | e.BPF_X, _A, imm=16)
        else:
            hint = "the kernel has it for classic filters: attach the filter as it is"
            raise NotSupported(f"the ancillary data {word!r} in an eBPF program", hint=hint)

    def arithmetic(self, code: int, imm: int) -> None:
        op, is_register = code & 0xF0, code & c.X
        if op == c.NEG:
            self.put(e.BPF_ALU | e.BPF_NEG, _A)
            return
        if is_register and op in (c.DIV, c.MOD):
            self.put(e.BPF_JMP32 | e.BPF_JNE, _X, 0, 2)
            self.put(e.BPF_ALU | e.BPF_MOV, _A)
            self.put(e.EXIT)
        self.put(e.BPF_ALU | op | is_register, _A, _X if is_register else 0, 0, 0 if is_register else imm)

    def branch(self, at: int, insn: ClassicInsn) -> None:
        code = insn.code
        if code == c.JMP | c.JA:
            if insn.k:
                self.jump(e.JA, at + 1 + insn.k)
            return
        op, is_register = code & 0xF0, code & c.X
        operands = {"dst": _A, "src": _X if is_register else 0, "imm": 0 if is_register else _s32(insn.k)}
        yes, no = at + 1 + insn.jt, at + 1 + insn.jf
        if yes == no:
            if insn.jt:
                self.jump(e.JA, yes)
        elif insn.jt == 0 and op in _OPPOSITE:
            self.jump(e.BPF_JMP32 | _OPPOSITE[op] | is_register, no, **operands)
        else:
            self.jump(e.BPF_JMP32 | _JUMPS[op] | is_register, yes, **operands)
            if insn.jf:
                self.jump(e.JA, no)


def _reached(insns: Sequence[ClassicInsn]) -> set[int]:
    """Return the numbers of the instructions that a way leads to."""
    reached: set[int] = {0}
    for at, insn in enumerate(insns):
        if at not in reached or insn.code & 7 == c.RET:
            continue
        if insn.code == c.JMP | c.JA:
            reached.add(at + 1 + insn.k)
        elif insn.code & 7 == c.JMP:
            reached.update((at + 1 + insn.jt, at + 1 + insn.jf))
        else:
            reached.add(at + 1)
    return reached
