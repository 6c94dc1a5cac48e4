"""The functions of programs as an object file has them: a program in its section, what it calls once in `.text`."""

from __future__ import annotations

from ..errors import ElfError
from ..isa.encode import slot_offsets
from ..isa.opcodes import BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, CALL, LDDW
from ..spec.object import RELO_JUMP_TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ..isa.insn import Insn
    from ..spec.object import ProgramSpec


def is_local_call(insn: Insn) -> bool:
    """Whether an instruction calls, or takes the address of, a function of the same program."""
    return (insn.opcode, insn.src_reg) in ((CALL, BPF_PSEUDO_CALL), (LDDW, BPF_PSEUDO_FUNC))


class Functions:
    """Where a program's functions begin, as indices of instructions: its own first, the others go to `.text`.

    `types` are their BTF ids. `text` has symbol and offset in `.text` of those that have been placed.
    """

    def __init__(self, program: ProgramSpec) -> None:
        """Find them. Raises: ElfError for a call that leads to no other function."""
        self.program = program
        self.types = {f.insn_idx: f.type_id for f in program.func_info}
        self.text: dict[int, tuple[str, int]] = {}
        self._slots = slot_offsets(program.insns)
        self._index = {slot: i for i, slot in enumerate(self._slots[:-1])}
        self.calls = {i: self._callee(i) for i, insn in enumerate(program.insns) if is_local_call(insn)}
        starts = sorted({0, *self.types, *self.calls.values()})
        self.ends = dict(zip(starts, [*starts[1:], len(program.insns)]))

    def _callee(self, i: int) -> int:
        low = self.program.insns[i].imm & 0xFFFFFFFF
        slot = self._slots[i] + 1 + low - (low >> 31 << 32)
        callee = self._index.get(slot, 0)
        if not callee:
            raise ElfError(f"instruction {i} of program {self.program.name!r} calls its own program, or into the void")
        return callee

    def off(self, i: int) -> int:
        """Return the offset in bytes of an instruction from the program's first."""
        return 8 * self._slots[i]

    def size(self, start: int) -> int:
        """Return the size in bytes of a function."""
        return self.off(self.ends[start]) - self.off(start)

    def form(self, start: int) -> tuple[Any, ...]:
        """Return what a function is, with all that it calls, wherever it lies: equal for equal functions."""
        program = self.program
        order, out = [start], []
        for s in order:
            end, body = self.ends[s], list[tuple[int, ...]]()
            for i in range(s, end):
                insn, imm = program.insns[i], program.insns[i].imm
                callee = self.calls.get(i)
                if callee is not None:
                    if callee not in order:
                        order.append(callee)
                    imm = order.index(callee)
                body.append((insn.opcode, insn.dst_reg, insn.src_reg, insn.off, imm))
            relocs = [r.replace(insn_idx=r.insn_idx - s) for r in program.relocs if s <= r.insn_idx < end]
            lines = [x.replace(insn_idx=x.insn_idx - s) for x in program.line_info if s <= x.insn_idx < end]
            cores = [c.replace(insn_idx=c.insn_idx - s) for c in program.core_relos if s <= c.insn_idx < end]
            parts = (tuple(getattr(x, n) for n in x._fields) for x in (*relocs, *cores, *lines))
            tables = (tuple(i - s for i in targets) for targets in self.tables(s).values())
            out.append((self.types.get(s), tuple(body), *parts, *tables))
        return tuple(out)

    def tables(self, start: int) -> dict[str, list[int]]:
        """Return the jump tables that a function uses. Raises: ElfError for one that leads out of it."""
        program, end = self.program, self.ends[start]
        used = [r.symbol for r in program.relocs if r.kind == RELO_JUMP_TABLE and start <= r.insn_idx < end]
        found = {name: program.jump_tables.get(name, []) for name in used}
        for name, targets in found.items():
            if not targets or not all(start <= i < end for i in targets):
                raise ElfError(f"program {program.name!r}: jump table {name!r} leads out of its function, or nowhere")
        return found

    def reader_indices(self) -> dict[int, int]:
        """Return where the instructions are in a program read back: its own, then what it uses as `.text` has it."""
        used, work = {0}, [0]
        while work:
            start = work.pop()
            for callee in (c for i, c in self.calls.items() if start <= i < self.ends[start] and c not in used):
                used.add(callee)
                work.append(callee)
        order = [0, *sorted(used - {0}, key=lambda s: self.text[s][1])]
        return {i: n for n, i in enumerate(i for s in order for i in range(s, self.ends[s]))}


class Text:
    """`.text` being filled: functions that several programs have are there once."""

    def __init__(self, taken: Collection[str]) -> None:
        """`taken` are names that functions cannot have."""
        self.size = 0
        self._names = set(taken)
        self._placed: dict[tuple[Any, ...], tuple[str, int]] = {}

    def place(self, functions: Functions, names: dict[int, str]) -> list[int]:
        """Give each function its symbol and place; return those that are new, in the order of their places.

        `names` are those of the functions that have a type.
        """
        new = []
        for start in functions.ends:
            if start:
                form = functions.form(start)
                if form not in self._placed:
                    wanted = names.get(start) or f"{functions.program.name}.{start}"
                    name, n = wanted, 2
                    while name in self._names:
                        name, n = f"{wanted}.{n}", n + 1
                    self._names.add(name)
                    self._placed[form] = name, self.size
                    self.size += functions.size(start)
                    new.append(start)
                functions.text[start] = self._placed[form]
        return new
