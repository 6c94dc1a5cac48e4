"""The cases of tests/data/isa as programs that any engine can run."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ebee.isa.asm import assemble
from ebee.isa.insn import Insn
from ebee.isa.opcodes import (
    BPF_ADD,
    BPF_ALU64,
    BPF_DW,
    BPF_K,
    BPF_LDX,
    BPF_MEM,
    BPF_MOV,
    BPF_RSH,
    BPF_ST,
    BPF_W,
    BPF_X,
    EXIT,
    LDDW,
)
from ebee.isa.table import BY_NAME

DATA = Path(__file__).resolve().parents[1] / "data" / "isa"


class Case(NamedTuple):
    """A program; `expected` is r0 (64 bits), `error` words of the error. `not_linux`: why Linux is left out."""

    name: str
    insns: list[Insn]
    expected: int | None
    error: str = ""
    not_linux: str = ""
    packet: bytes = b""


def mov(reg, value):
    return Insn(LDDW, reg, imm=value & (1 << 64) - 1)


def lines(name):
    for number, line in enumerate((DATA / name).read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield f"{name}:{number}", line.split()


def fixed(row, **fields):
    """Return an instruction of `row` with its fixed fields set."""
    insn = Insn(row.opcode)
    for field, value in (*row.fixed, *fields.items()):
        setattr(insn, field, value)
    return insn


def arithmetic():
    for place, (row_name, dst, operand, after, *why) in lines("arithmetic.txt"):
        row = BY_NAME[row_name]
        program = [mov(0, int(dst, 0))]
        if row.src_reg == "reg":
            program += [mov(1, int(operand, 0)), fixed(row, dst_reg=0, src_reg=1)]
        elif operand == "-":
            program += [fixed(row, dst_reg=0)]
        else:
            program += [fixed(row, dst_reg=0, imm=int(operand))]
        yield Case(f"{place} {row_name}", [*program, Insn(EXIT)], int(after, 0), not_linux="".join(why))


def jumps():
    for place, (row_name, dst, operand, taken) in lines("jumps.txt"):
        row = BY_NAME[row_name]
        program = [mov(2, int(dst, 0))]
        if row.src_reg == "reg":
            program += [mov(1, int(operand, 0)), Insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, imm=1)]
            program += [fixed(row, dst_reg=2, src_reg=1, off=1)]
        else:
            program += [Insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, imm=1)]
            program += [fixed(row, dst_reg=2, imm=int(operand), off=1)]
        program += [Insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, imm=0), Insn(EXIT)]
        yield Case(f"{place} {row_name}", program, 1 if taken == "yes" else 0)


def on_stack(memory):
    """Return instructions that put bytes on the stack (the last ones at its top) and point r1 at them."""
    padded = bytes(-len(memory) % 4) + memory
    start = -len(padded)
    program = [
        Insn(BPF_ST | BPF_MEM | BPF_W, 10, off=start + i, imm=int.from_bytes(padded[i : i + 4], "little", signed=True))
        for i in range(0, len(padded), 4)
    ]
    program += [Insn(BPF_ALU64 | BPF_MOV | BPF_X, 1, 10), Insn(BPF_ALU64 | BPF_ADD | BPF_K, 1, imm=-len(memory))]
    return [*program, Insn(BPF_ALU64 | BPF_MOV | BPF_K, 2, imm=len(memory))]


def memory():
    """One case for each result: the register, and each half of the memory."""
    for place, (row_name, off, before, r0, operand, register, after, *why) in lines("memory.txt"):
        not_linux = "".join(why)
        row = BY_NAME[row_name]
        program = [*on_stack(bytes.fromhex(before)), mov(0, int(r0, 0)), mov(4, (1 << 64) - 1)]
        result = 4
        if row.family == "load" or row.op == "load_acq":
            insn = fixed(row, dst_reg=4, src_reg=1, off=int(off))
        elif row.src_reg == "reg":
            program += [mov(3, int(operand, 0))]
            insn = fixed(row, dst_reg=1, src_reg=3, off=int(off))
            result = 0 if row.op == "cmpxchg" else 3
        else:
            insn = fixed(row, dst_reg=1, off=int(off), imm=int(operand))
        program.append(insn)
        if register != "-":
            read = [Insn(BPF_ALU64 | BPF_MOV | BPF_X, 0, result), Insn(EXIT)]
            yield Case(f"{place} {row_name} register", program + read, int(register, 0), "", not_linux)
        end = bytes.fromhex(before if after == "=" else after)
        for half in (0, 8):
            read = [Insn(BPF_LDX | BPF_MEM | BPF_DW, 0, 10, off=half - 16), Insn(EXIT)]
            value = int.from_bytes(end[half : half + 8], "little")
            yield Case(f"{place} {row_name} memory+{half}", program + read, value, "", not_linux)


def programs():
    for section in (DATA / "programs.txt").read_text().split("\n== ")[1:]:
        name, *rest = section.splitlines()
        text, prologue, expected, error, not_linux, packet = [], [], None, "", "", b""
        for line in rest:
            key, _, value = line.partition(" ")
            match key:
                case "memory:":
                    prologue = on_stack(bytes.fromhex(value))
                case "packet:":
                    packet = bytes.fromhex(value)
                case "->":
                    expected = int(value, 0)
                case "error:":
                    error = value
                case "linux:":
                    not_linux = value
                case _:
                    text.append(line)
        insns = prologue + assemble("\n".join(text), f"programs.txt: {name}")
        yield Case(name, insns, expected, error, not_linux, packet)


ALL = [*arithmetic(), *jumps(), *memory(), *programs()]


def upper_half(case):
    """Return the case with r0 shifted down, for engines whose result has 32 bits."""
    insns = []
    for insn in case.insns:
        if insn.opcode == EXIT:
            insns.append(Insn(BPF_ALU64 | BPF_RSH | BPF_K, 0, imm=32))
        insns.append(insn)
    return case._replace(insns=insns, expected=case.expected >> 32)
