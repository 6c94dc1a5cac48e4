"""A program as the verifier sees it: slots, functions, jumps, and where states are worth keeping.

Source: kernel/bpf/verifier.c (Linux 6.18): add_subprog_and_kfunc(), check_subprogs(), check_cfg().
"""

from __future__ import annotations

from ..errors import FormatError
from ..isa.insn import Insn
from ..isa.opcodes import LDDW
from ..isa.table import row_of
from .refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..isa.table import Row

# Marks of a slot. Source: struct bpf_insn_aux_data: prune_point, jmp_point, force_checkpoint, calls_callback.
PRUNE, JUMP, FORCE, CALLBACK, ITER_NEXT, MAY_GOTO = (1 << n for n in range(6))

# Helpers that call a function of the program: now, or some time later. Source: is_sync_callback_calling_function().
SYNC_CALLBACKS = frozenset((164, 180, 181, 209))  # for_each_map_elem, find_vma, loop, user_ringbuf_drain
ASYNC_CALLBACKS = frozenset((170,))  # timer_set_callback
MAX_SUBPROGS = 256

_FUNCTIONS = ("call_local", "call_kfunc", "lddw_func")


class Code:
    """The instructions of a program by slot; `insns` and `rows` are None at the second slot of a wide load.

    `starts` are the slots at which functions start, in order, `subprog_of` gives each slot's function, `marks` the
    bits of PRUNE and the others, `tables` the targets of `gotox` by slot, `thrown_to` the slot of the function that is
    called when the program throws, if it has one.
    """

    __slots__ = ("insns", "marks", "rows", "starts", "subprog_at", "subprog_of", "tables", "thrown_to")

    def __init__(
        self, insns: Sequence[Insn], *, privileged: bool = True, tables: Sequence[Sequence[int]] = (),
        kernel: tuple[int, ...] = (6, 18), thrown_to: int | None = None,
    ) -> None:
        self.insns: list[Insn | None] = []
        self.rows: list[Row | None] = []
        for insn in insns:
            slot = len(self.insns)
            try:
                row = row_of(insn, slot)
            except FormatError as e:
                raise Refusal("insn_reserved", slot, _opcode_message(insn), {"why": str(e)}) from None
            if row.since and tuple(map(int, row.since.split("."))) > kernel:
                raise Refusal("insn_reserved", slot, _opcode_message(insn), {"since": row.since})
            self.insns.append(insn)
            self.rows.append(row)
            if insn.opcode == LDDW:
                self.insns.append(None)
                self.rows.append(None)
        self.thrown_to = thrown_to
        self._find_functions(privileged)
        self.tables = self._jump_tables(tables)
        self._check_functions()
        self.marks = bytearray(len(self.insns))
        self._walk(privileged)

    def _find_functions(self, privileged: bool) -> None:
        starts = {0} if self.thrown_to is None else {0, self.thrown_to}
        for slot, row in enumerate(self.rows):
            if row is not None and not privileged and row.name in _FUNCTIONS:
                message = "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN"
                raise Refusal("helper_privilege", slot, message)
            if row is not None and row.name in ("call_local", "lddw_func"):
                target = self.callee(slot)
                if not 0 <= target < len(self.rows) or self.rows[target] is None:
                    raise Refusal("call_function", slot, "call to invalid destination", {"target": target})
                starts.add(target)
        if len(starts) > MAX_SUBPROGS:
            raise Refusal("call_function", 0, "too many subprograms", {"count": len(starts)})
        self.starts = sorted(starts)
        self.subprog_at = {start: n for n, start in enumerate(self.starts)}
        self.subprog_of: list[int] = []
        for n, start in enumerate(self.starts):
            end = self.starts[n + 1] if n + 1 < len(self.starts) else len(self.rows)
            self.subprog_of += [n] * (end - start)

    def _jump_tables(self, given: Sequence[Sequence[int]]) -> dict[int, tuple[int, ...]]:
        """Return where each `gotox` may go: to all targets of the tables of its function. Source: create_jt()."""
        tables = {}
        for slot, row in enumerate(self.rows):
            insn = self.insns[slot]
            if row is None or insn is None or row.family != "gotox":
                continue
            number = self.subprog_of[slot]
            start, end = self.starts[number], self.end_of(number)
            within = {n for table in given if start <= min(table) < end for n in table}
            if not within:
                raise Refusal("cfg_jump_table", slot, f"no jump tables found for subprog starting at {start}")
            if max(within) >= end:
                message = f"jump table for insn {slot} points outside of the subprog [{start},{end}]"
                raise Refusal("cfg_jump_table", slot, message, {"target": max(within)})
            tables[slot] = tuple(sorted(within))
        return tables

    def callee(self, slot: int) -> int:
        """Return the slot of the function that a call or a wide load of an address leads to."""
        insn = self.insns[slot]
        assert insn is not None
        imm = insn.imm & 0xFFFF_FFFF
        return slot + 1 + (imm - (1 << 32) if imm >> 31 else imm)

    def end_of(self, subprog: int) -> int:
        """Return the slot behind a function."""
        return self.starts[subprog + 1] if subprog + 1 < len(self.starts) else len(self.rows)

    def jump_of(self, slot: int) -> int | None:
        """Return where a jump goes when it is taken, None for other instructions."""
        row, insn = self.rows[slot], self.insns[slot]
        if row is None or insn is None or row.family not in ("jump", "ja", "may_goto"):
            return None
        return slot + 1 + (insn.imm if row.imm == "jump" else insn.off)

    def successors(self, slot: int) -> Iterator[int]:
        """Go through the slots that may follow within the function: what falls through comes first."""
        row = self.rows[slot]
        if row is None or row.name == "exit":
            return
        if row.family == "gotox":
            yield from self.tables.get(slot, ())
            return
        if row.family != "ja":
            yield slot + (2 if row.family == "lddw" else 1)
        target = self.jump_of(slot)
        if target is not None:
            yield target

    def _check_functions(self) -> None:
        """Refuse jumps that leave their function, and functions that end otherwise than by exit or a jump."""
        for n, start in enumerate(self.starts):
            end = self.end_of(n)
            for slot in range(start, end):
                target = self.jump_of(slot)
                if target is not None and not start <= target < end:
                    message = f"jump out of range from insn {slot} to {target}"
                    raise Refusal("cfg_jump_range", slot, message, {"target": target})
            last = self.rows[end - 1]
            if last is None or (last.name != "exit" and last.family not in ("ja", "gotox")):
                raise Refusal("cfg_fallthrough", end - 1, "last insn is not an exit or jmp")

    def _walk(self, privileged: bool) -> None:
        """Go through all that is reachable, depth first, and mark where states are kept. Refuses unreachable code."""
        new, open_, done = 0, 1, 2
        size = len(self.rows)
        state = bytearray(size)
        edges: dict[int, Iterator[int]] = {}
        stack = [0]
        state[0] = open_
        if self.thrown_to is not None:
            self._mark(self.thrown_to, PRUNE)
            stack.insert(0, self.thrown_to)
            state[self.thrown_to] = open_
        while stack:
            slot = stack[-1]
            if slot not in edges:
                edges[slot] = iter(self._edges(slot))
            for target in edges[slot]:
                if target >= size:
                    message = f"jump out of range from insn {slot} to {target}"
                    raise Refusal("cfg_jump_range", slot, message, {"target": target})
                if self.rows[target] is None:
                    message = f"jump into the middle of ldimm64 insn {target - 1}"
                    raise Refusal("cfg_jump_range", slot, message, {"target": target})
                if state[target] == new:
                    state[target] = open_
                    stack.append(target)
                    break
                if state[target] == open_ and not privileged:
                    message = f"back-edge from insn {slot} to {target}"
                    raise Refusal("cfg_loop", slot, message, {"target": target})
            else:
                state[slot] = done
                stack.pop()
        for slot in range(size):
            if state[slot] != done and self.rows[slot] is not None:
                raise Refusal("cfg_unreachable", slot, f"unreachable insn {slot}")

    def _edges(self, slot: int) -> list[int]:
        """Return what the walk goes to from a slot, the marks set on the way."""
        row, insn, marks = self.rows[slot], self.insns[slot], self.marks
        assert row is not None and insn is not None
        following = slot + (2 if row.family == "lddw" else 1)
        if row.name == "exit":
            return []
        if row.name in ("call_local", "lddw_func"):
            target = self.callee(slot)
            self._mark(following, PRUNE | JUMP)
            self._mark(slot, PRUNE)
            self._mark(target, PRUNE | JUMP)
            return [following, target]
        if row.family == "call":
            if row.name == "call_helper" and insn.imm in SYNC_CALLBACKS:
                marks[slot] |= PRUNE | JUMP | FORCE | CALLBACK
            elif row.name == "call_helper" and insn.imm in ASYNC_CALLBACKS:
                marks[slot] |= PRUNE
            self._mark(following, PRUNE | JUMP)
            return [following]
        if row.family == "ja":
            target = slot + 1 + (insn.imm if row.imm == "jump" else insn.off)
            self._mark(target, PRUNE | JUMP)
            return [target]
        if row.family == "gotox":
            for target in self.tables.get(slot, ()):
                self._mark(target, PRUNE | JUMP)
            return list(self.tables.get(slot, ()))
        taken = self.jump_of(slot)
        if taken is None:
            return [following]
        marks[slot] |= PRUNE | (FORCE | MAY_GOTO if row.family == "may_goto" else 0)
        self._mark(taken, PRUNE | JUMP)
        return [following, taken]

    def _mark(self, slot: int, marks: int) -> None:
        if slot < len(self.marks):
            self.marks[slot] |= marks


def _opcode_message(insn: Insn) -> str:
    return f"unknown opcode {insn.opcode:02x}"
