"""What the kernel's verifier says of numbers after each instruction of small programs, and what ebee says."""

from __future__ import annotations

import ctypes
import os
import re
import struct

from linux_engine import BPF_PROG_LOAD, SOCKET_FILTER, _bpf

from ebee.isa import opcodes as op
from ebee.isa.encode import encode
from ebee.isa.insn import Insn
from ebee.verifier.scalar import LINUX_6_18, UNKNOWN, Scalar, bswap, const, is_equal, make, sign_extend, truncate
from ebee.verifier.scalar_alu import alu32, alu64, fork
from ebee.verifier.scalar_branch import branch_outcome, refine

PRANDOM_U32 = 7
CTX, NUMBERS = 8, (6, 7, 9)
SHIFTS = (op.BPF_LSH, op.BPF_RSH, op.BPF_ARSH)
ARITHMETIC = (op.BPF_ADD, op.BPF_SUB, op.BPF_MUL, op.BPF_OR, op.BPF_AND, op.BPF_XOR, op.BPF_NEG, *SHIFTS)
RARE = (op.BPF_DIV, op.BPF_MOD, op.BPF_END)
COMPARISONS = (
    op.BPF_JEQ, op.BPF_JNE, op.BPF_JGT, op.BPF_JGE, op.BPF_JLT, op.BPF_JLE, op.BPF_JSGT, op.BPF_JSGE, op.BPF_JSLT,
    op.BPF_JSLE, op.BPF_JSET,
)  # fmt: skip
EDGES = (0, 1, 2, 3, 8, 15, 31, 32, 63, 64, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF)
WIDE_EDGES = (0x80000000, 0xFFFFFFFF, 1 << 32, 0x7FFFFFFF00000000, (1 << 63) - 1, 1 << 63, 0xFFFFFFFF80000000)

_INSN = re.compile(r"(\d+): \([0-9a-f]{2}\) [^;]*(?:; (.*))?$")
_FROM = re.compile(r"from (\d+) to (\d+): (.*)")
_STATE = re.compile(r"\bR(\d+)=([-\w]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?)")
_DEFAULTS = (0, (1 << 64) - 1, 0, (1 << 64) - 1, -(1 << 63), (1 << 63) - 1, 0, (1 << 32) - 1, -(1 << 31), (1 << 31) - 1)
_FIELDS = ("", "", "umin", "umax", "smin", "smax", "umin32", "umax32", "smin32", "smax32")


def number_of(state):
    """Read the state of a register in the form of Linux 6.7 and later; None when it holds no number."""
    if found := re.fullmatch(r"-?(?:0x[0-9a-f]+|\d+)", state):
        return const(int(found[0], 0))
    found = re.fullmatch(r"scalar\((.*)\)", state)
    if not found:
        return None
    values = list(_DEFAULTS)
    for item in re.split(r",(?![^()]*\))", found[1]):
        *names, text = item.split("=")
        for name in names:
            if name == "var_off":
                values[0], values[1] = (int(part, 16) for part in text.strip("()").split("; "))
            elif name in _FIELDS:
                bits = 32 if name.endswith("32") else 64
                value = int(text, 0) & (1 << bits) - 1
                if name[0] == "s" and value >> bits - 1:
                    value -= 1 << bits
                values[_FIELDS.index(name)] = value
    return make(tuple(values))


def verifier_log(insns):
    """Load a socket filter; return whether the kernel took it, and its log of each instruction."""
    image = encode(insns)
    code, licence = ctypes.create_string_buffer(image), ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(1 << 20)
    address = ctypes.addressof
    attr = struct.pack("=IIQQ", SOCKET_FILTER, len(image) // 8, address(code), address(licence))
    attr += struct.pack("=IIQ", 2, len(log), address(log))
    fd = _bpf(BPF_PROG_LOAD, ctypes.create_string_buffer(attr, 144), 144)
    if fd >= 0:
        os.close(fd)
    return fd >= 0, log.value.decode()


class Model:
    """Follows the kernel's log instruction by instruction and remembers in what ebee's numbers are others."""

    def __init__(self, insns, rules=LINUX_6_18):
        self.rules = rules
        self.insns = {}
        slot = 0
        for insn in insns:
            self.insns[slot] = insn
            slot += insn.slots
        self.regs: dict[int, Scalar] = {}
        self.pending = []
        self.compared = 0
        self.differences = []

    def follow(self, log):
        for line in log.splitlines():
            if found := _FROM.match(line):
                at, self.regs = self.pending.pop()
                assert at == int(found[2]), (line, at)
                self._compare(line, found[3])
            elif (found := _INSN.match(line)) and not line.startswith(" "):
                before = dict(self.regs)
                self._step(int(found[1]))
                if found[2]:
                    self._compare(line, found[2], before)

    def _compare(self, line, states, before=None):
        for number, state in _STATE.findall(states):
            register = int(number)
            theirs = number_of(state)
            if register not in self.regs or theirs is None:
                continue
            self.compared += 1
            ours = self.regs[register]
            # Of what is one number in its bits the log shows nothing else.
            if not is_equal(theirs, ours) and (ours.mask or ours.value != theirs.value or theirs.mask):
                self.differences.append((line, before, ours, theirs))
                self.regs[register] = theirs

    def _step(self, index):
        insn = self.insns[index]
        kind, code, dst = insn.opcode & 7, insn.opcode & 0xF0, insn.dst_reg
        regs = self.regs
        source = const(insn.imm)
        if insn.opcode & op.BPF_X and kind in (op.BPF_ALU, op.BPF_ALU64, op.BPF_JMP, op.BPF_JMP32):
            source = regs.get(insn.src_reg, UNKNOWN)
        if insn.opcode == op.CALL:
            regs[0] = UNKNOWN
        elif insn.opcode == op.LDDW:
            regs[dst] = const(insn.imm)
        elif kind == op.BPF_LDX:
            regs[dst] = truncate(UNKNOWN, op.SIZE_BYTES[insn.opcode & 0x18])
        elif kind in (op.BPF_ALU, op.BPF_ALU64):
            if dst == CTX:
                return
            wide = kind == op.BPF_ALU64
            if code == op.BPF_END:
                regs[dst] = bswap(regs[dst], insn.imm, wide or bool(insn.opcode & op.BPF_X))
                return
            if code == op.BPF_MOV and insn.off:
                regs[dst] = sign_extend(source, insn.off // 8, not wide)
                return
            old = regs.get(dst, UNKNOWN)
            if ways := fork(code, old, source):
                self.pending.append((index, {**regs, dst: ways[1]}))
                old = ways[0]
            regs[dst] = (alu64 if wide else alu32)(code, old, source, self.rules)
        elif kind in (op.BPF_JMP, op.BPF_JMP32) and code not in (op.BPF_EXIT, op.BPF_JA):
            is32 = kind == op.BPF_JMP32
            first = regs[dst]
            outcome = branch_outcome(code, first, source, is32)
            if outcome is None:
                yes = refine(code, first, source, True, is32, self.rules)
                no = refine(code, first, source, False, is32, self.rules)
                taken = dict(regs)
                for state, pair in ((taken, yes), (regs, no)):
                    state[dst] = pair[0]
                    if insn.opcode & op.BPF_X:
                        state[insn.src_reg] = pair[1]
                self.pending.append((index + insn.off + 1, taken))


def random_program(rng, length=40):
    """Straight code on three numbers; what a branch leaves out ends the program there."""
    insns = [Insn(op.BPF_ALU64 | op.BPF_MOV | op.BPF_X, CTX, 1)]
    for register in NUMBERS:
        insns += [
            Insn(op.CALL, imm=PRANDOM_U32),
            Insn(op.BPF_ALU64 | op.BPF_MOV | op.BPF_X, register, 0),
            Insn(op.BPF_ALU64 | op.BPF_XOR, register),  # the copy's link to r0 ends
        ]
    insns.append(Insn(op.BPF_ALU64 | op.BPF_MOV, 0))
    while len(insns) < length:
        insns += _piece(rng)
    return [*insns, Insn(op.EXIT)]


def _imm(rng):
    number = rng.choice((rng.choice(EDGES), rng.choice(EDGES) + rng.randint(-2, 2), rng.getrandbits(rng.randint(1, 31))))
    return min(max(rng.choice((number, number, -number)), -1 << 31), (1 << 31) - 1)


def _piece(rng):
    dst, src = rng.choice(NUMBERS), rng.choice(NUMBERS)
    wide = rng.random() < 0.6
    kind = op.BPF_ALU64 if wide else op.BPF_ALU
    dice = rng.random()
    if dice < 0.45:
        code = rng.choice(ARITHMETIC) if rng.random() < 0.97 else rng.choice(RARE)
        if code == op.BPF_NEG:
            return [Insn(kind | code, dst)]
        if code == op.BPF_END:
            order = 0 if wide else rng.choice((op.BPF_K, op.BPF_X))
            return [Insn(kind | code | order, dst, imm=rng.choice((16, 32, 64)))]
        if code in SHIFTS and rng.random() < 0.9:
            return [Insn(kind | code, dst, imm=rng.choice((1, 2, 8, 16, 24, 31, 32, 48, 56, 63)) & (63 if wide else 31))]
        if rng.random() < 0.6:
            return [Insn(kind | code, dst, imm=_imm(rng) or 1 if code in RARE else _imm(rng) & 31 if code in SHIFTS else _imm(rng))]
        return [Insn(kind | code | op.BPF_X, dst, src)] if dst != src else []
    if dice < 0.78:
        jump = (op.BPF_JMP if rng.random() < 0.6 else op.BPF_JMP32) | rng.choice(COMPARISONS)
        insn = Insn(jump, dst, imm=_imm(rng))
        if rng.random() < 0.35 and dst != src:
            insn = Insn(jump | op.BPF_X, dst, src)
        if rng.random() < 0.5:
            insn.off = 1
            return [insn, Insn(op.EXIT)]
        insn.off = 1  # on to what follows; not jumping goes past the exit
        return [insn, Insn(op.JA, off=1), Insn(op.EXIT)]
    if dice < 0.84:
        return [Insn(op.BPF_LDX | op.BPF_MEM | rng.choice((op.BPF_W, op.BPF_H, op.BPF_B)), dst, CTX)]
    if dice < 0.90:
        width = rng.choice((8, 16, 32) if wide else (8, 16))
        return [
            Insn(kind | op.BPF_MOV | op.BPF_X, dst, src, off=width),
            Insn(op.BPF_ALU64 | op.BPF_XOR, dst),
        ]
    if dice < 0.94:
        return [Insn(kind | op.BPF_MOV | op.BPF_X, dst, src), Insn(op.BPF_ALU64 | op.BPF_XOR, dst)]
    if dice < 0.97:
        number = rng.choice(WIDE_EDGES) + rng.randint(-1, 1)
        return [Insn(op.LDDW, dst, imm=number & (1 << 64) - 1)]
    return [
        Insn(op.CALL, imm=PRANDOM_U32),
        Insn(op.BPF_ALU64 | op.BPF_MOV | op.BPF_X, dst, 0),
        Insn(op.BPF_ALU64 | op.BPF_XOR, dst),
    ]
