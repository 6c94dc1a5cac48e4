"""Random programs for the verifier, of which about half are accepted, and what it and the interpreter make of them."""

from __future__ import annotations

import sys

from scalar_log import COMPARISONS, EDGES, SHIFTS

from ebee.engine.interpreter import Machine
from ebee.engine.memory import STACK_REGION
from ebee.errors import EbeeError
from ebee.isa import opcodes as op
from ebee.isa.insn import Insn
from ebee.verifier.explore import Verifier
from ebee.verifier.prune import Pruning
from ebee.verifier.refusal import Options, Refusal
from ebee.verifier.scalar import const, truncate
from ebee.verifier.setting import Setting
from ebee.verifier.state import (
    ADD_CONST,
    ADD_CONST32,
    ADD_CONST64,
    NOT_INIT,
    NOT_INIT_REG,
    PTR_MAYBE_NULL,
    PTR_TO_STACK,
    SCALAR,
    SPILL,
    STACK_ZERO,
    UNKNOWN_REG,
    Frame,
    Reg,
    State,
)

U32, U64 = (1 << 32) - 1, (1 << 64) - 1
KEPT = (6, 7, 8, 9)
SIZES = {1: op.BPF_B, 2: op.BPF_H, 4: op.BPF_W, 8: op.BPF_DW}
MOV, ADD = op.BPF_ALU64 | op.BPF_MOV, op.BPF_ALU64 | op.BPF_ADD
ARITHMETIC = (
    op.BPF_ADD, op.BPF_SUB, op.BPF_MUL, op.BPF_DIV, op.BPF_MOD, op.BPF_AND, op.BPF_OR, op.BPF_XOR, op.BPF_NEG, *SHIFTS,
)  # fmt: skip


def random_program(rng):
    """A program of four numbers in r1 to r4: arithmetic, branches, the stack at known and unknown places, loops, calls."""
    callee = rng.random() < 0.4
    insns = [Insn(MOV | op.BPF_X, kept, n) for n, kept in enumerate(KEPT, 1)]
    insns += [_store(8, -8 * n, n) for n in range(1, rng.randint(1, 6))]
    insns += [Insn(MOV, n, imm=_number(rng)) for n in range(6)]
    insns += _body(rng, rng.randint(3, 9), [])
    if callee:
        insns += [Insn(MOV | op.BPF_X, n, rng.choice(KEPT)) for n in range(1, 6)]
        call = Insn(op.CALL, src_reg=op.BPF_PSEUDO_CALL)
        insns.append(call)
        at = len(insns)
        insns += [Insn(MOV | op.BPF_X, n, 0) for n in range(1, 6)]
        insns += _body(rng, 2, [])
    insns.append(Insn(op.EXIT))
    if callee:
        call.imm = len(insns) - at
        insns += [Insn(MOV | op.BPF_X, kept, n) for n, kept in enumerate(KEPT, 1)]
        insns += [_store(8, -8, 1), Insn(MOV | op.BPF_X, 0, 2), *_body(rng, 3, []), Insn(op.EXIT)]
    if rng.random() < 0.35:
        _mutate(rng, insns)
    return insns


def _number(rng):
    number = rng.choice((rng.choice(EDGES), rng.getrandbits(rng.randint(1, 31))))
    return min(rng.choice((number, number, -number)), 0x7FFFFFFF)


def _store(size, off, src):
    return Insn(op.BPF_STX | op.BPF_MEM | SIZES[size], 10, src, off)


def _load(size, dst, off, mode=op.BPF_MEM):
    return Insn(op.BPF_LDX | mode | SIZES[size], dst, 10, off)


def _body(rng, pieces, loops):
    insns = []
    for _ in range(pieces):
        insns += _piece(rng, loops)
    return insns


def _arithmetic(rng):
    dst, src = rng.choice(KEPT), rng.choice((*KEPT, 0, 1))
    kind, code = rng.choice((op.BPF_ALU64, op.BPF_ALU64, op.BPF_ALU)), rng.choice(ARITHMETIC)
    if code == op.BPF_NEG:
        return Insn(kind | code, dst)
    width = 64 if kind == op.BPF_ALU64 else 32
    if code in SHIFTS and rng.random() < 0.9:
        return Insn(kind | code, dst, imm=rng.randrange(width))
    if rng.random() < 0.6:
        return Insn(kind | code, dst, imm=_number(rng) or 1)
    return Insn(kind | code | op.BPF_X, dst, src, int(code in (op.BPF_DIV, op.BPF_MOD) and rng.random() < 0.4))


def _piece(rng, loops):
    dice = rng.random()
    dst, src = rng.choice(KEPT), rng.choice(KEPT)
    if dice < 0.35:
        return [_arithmetic(rng)]
    if dice < 0.55:  # a branch over something
        code = rng.choice((op.BPF_JMP, op.BPF_JMP, op.BPF_JMP32)) | rng.choice(COMPARISONS)
        inner = _body(rng, rng.randint(1, 2), loops)
        if rng.random() < 0.6:
            return [Insn(code, dst, off=len(inner), imm=_number(rng)), *inner]
        return [Insn(code | op.BPF_X, dst, src, len(inner)), *inner]
    if dice < 0.62:
        kind = rng.choice((op.BPF_ALU64, op.BPF_ALU64, op.BPF_ALU))
        off = rng.choice((0, 0, 8, 16, *((32,) if kind == op.BPF_ALU64 else ())))
        return [Insn(kind | op.BPF_MOV | op.BPF_X, dst, src, off)]
    if dice < 0.65:
        return [Insn(rng.choice((op.BPF_ALU, op.BPF_ALU64)) | op.BPF_END, dst, imm=rng.choice((16, 32, 64)))]
    if dice < 0.75:  # the stack, at places that were mostly written
        size = rng.choice((1, 2, 4, 8, 8, 8))
        off = -8 * rng.randint(1, 3) + rng.randrange(0, 8, size)
        return [_store(size, off, dst)]
    if dice < 0.86:
        size = rng.choice((1, 2, 4, 8, 8, 8))
        off = -8 * rng.randint(1, 3 if rng.random() < 0.9 else 5) + rng.randrange(0, 8, size)
        mode = op.BPF_MEMSX if size < 8 and rng.random() < 0.3 else op.BPF_MEM
        return [_load(size, dst, off, mode)]
    if dice < 0.94:  # the stack at a place that is computed
        bound = rng.choice((7, 7, 7, 15, 31))
        clamp = rng.choice((
            [Insn(op.BPF_ALU64 | op.BPF_AND, dst, imm=bound)],
            [Insn(op.BPF_JMP | op.BPF_JLE, dst, off=1, imm=bound), Insn(MOV, dst, imm=rng.choice((0, bound)))],
            [Insn(op.BPF_ALU64 | op.BPF_RSH, dst, imm=64 - bound.bit_length())],
        ))  # fmt: skip
        access = Insn(op.BPF_STX | op.BPF_MEM | op.BPF_B, 1, src, -16)
        if rng.random() < 0.5:
            access = Insn(op.BPF_LDX | op.BPF_MEM | op.BPF_B, src, 1, rng.choice((-16, -16, -8)))
        return [*clamp, Insn(MOV | op.BPF_X, 1, 10), Insn(ADD | op.BPF_X, 1, dst), access, Insn(MOV, 1)]
    if len(loops) < 1:  # a loop of a few rounds; its counter is r5, or grows in a register that the body may change
        counter = 5 if rng.random() < 0.8 else dst
        inner = _body(rng, rng.randint(1, 2), [*loops, counter])
        back = Insn(op.BPF_JMP | rng.choice((op.BPF_JLT, op.BPF_JNE)), counter, imm=rng.randint(1, 6))
        back.off = -len(inner) - 2
        return [Insn(MOV, counter), *inner, Insn(ADD, counter, imm=1), back]
    return [_arithmetic(rng)]


def _mutate(rng, insns):
    for _ in range(rng.randint(1, 2)):
        insn = rng.choice(insns[:-1])
        what = rng.random()
        if insn.opcode in (op.CALL, op.EXIT):
            continue
        if what < 0.3:
            insn.imm = _number(rng) if insn.imm else 0
        elif what < 0.6:
            insn.src_reg = rng.choice((0, 1, 5, *KEPT, 10)) if insn.opcode & op.BPF_X else insn.src_reg
        elif what < 0.8:
            insn.dst_reg = rng.choice((0, 1, 5, *KEPT))
        elif insn.opcode & 7 in (op.BPF_LDX, op.BPF_STX):
            insn.off += rng.choice((-8, -1, 1, 8))


# Lines of translated code that belong to the flow between instructions.
_CONTROL = ("if b ", "if (n :=", "b = ", "while ", "if depth", "f = ", "r10 = ", "r0 = r6 = ", "def ")


class _Unpruned(Pruning):
    """Nothing is left out: a register that does not matter may hold what no explored state says."""

    def seen(self, idx):
        return False


class Verified:
    """The verdict on a program, and with it the states in which each instruction was met (frames from the outer on)."""

    def __init__(self, setting, state=None, *, pruning=False, max_insns=4000):
        self.states: dict[int, list[list[tuple[list[Reg], list]]]] = {}
        self.refusal = self.facts = None
        self.is_possible, self.first_frame = is_possible, 0
        try:
            self._explore(setting, state, pruning, max_insns)
        except Refusal as refusal:
            self.refusal = refusal

    def _explore(self, setting, state, pruning, max_insns):
        verifier = Verifier(setting, Options(max_insns=max_insns, collect_facts=pruning))
        if not pruning:
            verifier.pruning = _Unpruned(verifier)
            verifier.ops = [inner and (self._record, slot, inner) for slot, inner in enumerate(verifier.ops)]
        if state is None:
            verifier.run()
        else:
            verifier.explore(state, 0)
        self.facts = verifier.collector.facts() if pruning else None

    def _record(self, verifier, operation):
        _, slot, inner = operation
        frames = [(frame.regs[:], frame.stack[:]) for frame in verifier.state.frames]
        self.states.setdefault(slot, []).append(frames)
        return inner[0](verifier, inner)


def numbers_verified(insns, **options):
    """Verify a program that is given four numbers in r1 to r4."""
    regs = [NOT_INIT_REG, *[UNKNOWN_REG] * 4, *[NOT_INIT_REG] * 6]
    regs[10] = Reg(PTR_TO_STACK, const(0), obj=0)
    return Verified(Setting("random", 1, insns=insns), State([Frame(regs, [], 0, -1, (0,))]), **options)


def is_possible(reg, number):
    if reg.kind == SCALAR:
        return reg.num.holds(number)
    if reg.kind == PTR_TO_STACK:
        return reg.num.holds(number - ((STACK_REGION + reg.obj) << 32) - 512 - reg.off & U64)
    return reg.kind == NOT_INIT


def _spilled(slots, memory):
    """Yield the registers that were spilled, with the number in memory: of one that was in part, its low bytes."""
    for n, slot in enumerate(slots):
        if slot.reg is not None and slot.kinds[0] == SPILL:
            size = slot.kinds.count(SPILL)
            at = 512 - 8 * (n + 1)
            reg = slot.reg if size == 8 else Reg(SCALAR, truncate(slot.reg.num, size))
            yield reg, int.from_bytes(memory[at : at + size], "little")


def _is_zero_where_said(slots, memory):
    return not any(
        memory[512 - 8 * (n + 1) + i] for n, slot in enumerate(slots) for i, kind in enumerate(slot.kinds) if kind == STACK_ZERO
    )


def _are_linked(pairs):
    """Tell if numbers of one id are alike, but for their differences, and pointers of one id all null or none."""
    known = {}
    for reg, number in pairs:
        if reg.kind == SCALAR and reg.id:
            off = reg.off if reg.id & ADD_CONST else 0
            # What is linked by a 32-bit sum says nothing of what is linked by a 64-bit one.
            widths = [mask for flag, mask in ((ADD_CONST64, U64), (ADD_CONST32, U32)) if reg.id & ADD_CONST in (0, flag)]
            claims = [((reg.id & ~ADD_CONST, mask), number - off & mask) for mask in widths]
        elif reg.flags & PTR_MAYBE_NULL and reg.id:
            claims = [((reg.kind, reg.id), not number)]
        else:
            continue
        if any(known.setdefault(has, what) != what for has, what in claims):
            return False
    return True


def _is_in_states(verified, slot, registers, stacks):
    fits = verified.is_possible
    for frames in verified.states.get(slot, ()):
        verified.first_frame = len(stacks) - len(frames)  # 0 but in global functions, which are verified by themselves
        if verified.first_frame >= 0 and all(map(fits, frames[-1][0], registers)):
            pairs = list(zip(frames[-1][0], registers))
            for (_, slots), memory in zip(frames, stacks[verified.first_frame :]):
                pairs += _spilled(slots, memory)
                if not _is_zero_where_said(slots, memory):
                    break
            else:
                if all(fits(reg, number) for reg, number in pairs) and _are_linked(pairs):
                    return True
    return False


def is_fact(verified, slot, registers, stacks):
    """Tell if the registers before an instruction are as the facts say."""
    facts = verified.facts
    if slot in facts.dead or not all(number.holds(r) for number, r in zip(facts.numbers[slot], registers)):
        return False
    for number, pointer in facts.pointers.get(slot, {}).items():
        if pointer.kind == "fp" and pointer.target is not None:
            low = ((STACK_REGION + pointer.target) << 32) + 512
            if not pointer.low <= registers[number] - low <= pointer.high:
                return False
    return True


def run_inside(insns, verified, inputs, is_inside=_is_in_states):
    """Run a program of numbers; return what `run_watched` does."""
    machine = Machine()
    return run_watched(machine.load(insns), verified, inputs, is_inside)


def run_watched(code, verified, inputs, is_inside=_is_in_states):
    """Run a program; return what of it was outside (slot, registers) or None, and the slots' order.

    Raises: EbeeError when the program does what it must not.
    """
    machine, where, outside, slots = code.machine, code.translation.where, [], []
    lines = [line.lstrip() for line in code.translation.lines]
    is_control = [line.startswith(_CONTROL) for line in lines]
    last: dict[int, tuple[int, int]] = {}

    def on_line(frame, event, _arg):
        depth = frame.f_locals.get("depth")
        if event != "line" or "b" not in frame.f_locals:
            return on_line
        line = frame.f_lineno
        slot = where[line - 1]
        before, last[depth] = last.get(depth, (-1, 0)), (slot, line)
        if is_control[line - 1] or (before[0] == slot and before[1] < line and not is_control[before[1] - 1]):
            return on_line
        registers = [frame.f_locals[f"r{n}"] for n in range(11)]
        slots.append(slot)
        if not is_inside(verified, slot, registers, [machine.memory.regions[STACK_REGION + n] for n in range(depth + 1)]):
            outside.append((slot, [hex(r) for r in registers]))
        return on_line

    def on_call(frame, _event, _arg):
        return on_line if frame.f_code.co_filename == code._file else None

    sys.settrace(on_call)
    try:
        code._run(next(iter(code.functions)), (*inputs, *[0] * (5 - len(inputs))), 100_000)
    finally:
        sys.settrace(None)
    return outside[0] if outside else None, slots


__all__ = ["EbeeError", "Verified", "is_fact", "numbers_verified", "random_program", "run_inside", "run_watched"]
