"""How fast the engine's interpreter is: instructions a second, and what a small program costs before it runs.

    python bench/interpreter.py
"""

from __future__ import annotations

import time

from ebee.engine.interpreter import Machine
from ebee.isa.insn import Insn
from ebee.isa.opcodes import (
    BPF_ADD,
    BPF_ALU,
    BPF_ALU64,
    BPF_DW,
    BPF_JMP,
    BPF_JNE,
    BPF_K,
    BPF_LDX,
    BPF_LSH,
    BPF_MEM,
    BPF_MOV,
    BPF_MUL,
    BPF_RSH,
    BPF_STX,
    BPF_SUB,
    BPF_X,
    BPF_XOR,
    CALL,
    EXIT,
)


def _loop(body: list[Insn], rounds: int) -> list[Insn]:
    """Return a program that runs `body` in a loop; r6 counts down."""
    return [
        Insn(BPF_ALU64 | BPF_MOV | BPF_K, 6, imm=rounds),
        *body,
        Insn(BPF_ALU64 | BPF_SUB | BPF_K, 6, imm=1),
        Insn(BPF_JMP | BPF_JNE | BPF_K, 6, off=-len(body) - 2),
        Insn(BPF_ALU64 | BPF_MOV | BPF_K, 0),
        Insn(EXIT),
    ]


def _programs() -> dict[str, list[Insn]]:
    alu64 = [
        Insn(BPF_ALU64 | BPF_MUL | BPF_K, 1, imm=0x5DEECE6),
        Insn(BPF_ALU64 | BPF_ADD | BPF_K, 1, imm=11),
        Insn(BPF_ALU64 | BPF_MOV | BPF_X, 2, 1),
        Insn(BPF_ALU64 | BPF_RSH | BPF_K, 2, imm=17),
        Insn(BPF_ALU64 | BPF_XOR | BPF_X, 1, 2),
        Insn(BPF_ALU64 | BPF_LSH | BPF_K, 2, imm=3),
    ]
    alu32 = [Insn(i.opcode & ~7 | BPF_ALU, i.dst_reg, i.src_reg, i.off, i.imm) for i in alu64]
    memory = [
        Insn(BPF_STX | BPF_MEM | BPF_DW, 10, 6, off=-8),
        Insn(BPF_LDX | BPF_MEM | BPF_DW, 1, 10, off=-8),
        Insn(BPF_STX | BPF_MEM | BPF_DW, 10, 1, off=-16),
        Insn(BPF_LDX | BPF_MEM | BPF_DW, 2, 10, off=-16),
    ]
    helper = [Insn(CALL, imm=7), Insn(CALL, imm=14)]
    return {
        "64-bit arithmetic": _loop(alu64, 60_000),
        "32-bit arithmetic": _loop(alu32, 60_000),
        "loads and stores": _loop(memory, 60_000),
        "helper calls": _loop(helper, 60_000),
    }


def main() -> None:
    """Print one line for each kind of program."""
    machine = Machine()
    for name, insns in _programs().items():
        code = machine.load(insns)
        best = 0.0
        for _ in range(3):
            start = time.perf_counter()
            code.run()
            best = max(best, machine.executed / (time.perf_counter() - start))
        print(f"{name:20} {best / 1e6:6.2f} M instructions/s")
    straight = _loop([Insn(BPF_ALU64 | BPF_ADD | BPF_X, i % 5, 6) for i in range(46)], 1)
    costs = []
    for _ in range(9):
        start = time.perf_counter()
        machine.load(straight)
        costs.append(time.perf_counter() - start)
    print(f"{'load, 50 instructions':20} {sorted(costs)[4] * 1e3:6.2f} ms (median)")


if __name__ == "__main__":
    main()
