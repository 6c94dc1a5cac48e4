"""Whole programs in the engine, with maps, contexts, packets and helpers: is what runs inside the verifier's states?"""

from __future__ import annotations

import re

from random_verified import Verified, run_watched

from ebee.abi import bpf
from ebee.engine.backend import EngineBackend
from ebee.engine.memory import OFFSET_BITS, STACK_REGION
from ebee.engine.packets import PACKET_KINDS, Packet
from ebee.engine.task import TaskContext
from ebee.errors import ExecutionError, FaultError, NotSupported, SyscallError
from ebee.isa.opcodes import CALL
from ebee.verifier.prototypes import helper_proto
from ebee.verifier.scalar import UNKNOWN
from ebee.verifier.setting import setting_of, slots_of
from ebee.verifier.state import (
    CONST_PTR_TO_MAP,
    NOT_INIT,
    PTR_MAYBE_NULL,
    PTR_TO_CTX,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_END,
    PTR_TO_STACK,
    SCALAR,
)

U64 = (1 << 64) - 1
# What programs may call here: nothing of it reaches out of the engine.
HELPERS = frozenset((
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 23, 26, 28, 35, 42, 44, 45, 51, 54, 65, 80, 87, 88, 89, 93, 94, 112,
    113, 114, 115, 118, 125, 130, 131, 132, 133, 164, 165, 177, 181, 182,
))  # fmt: skip
KFUNCS = frozenset(("bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy"))
CONTEXT_BYTES = 256
# Types of programs in whose context are only numbers and packets.
TYPES = frozenset((
    *PACKET_KINDS, bpf.BPF_PROG_TYPE_TRACEPOINT, bpf.BPF_PROG_TYPE_RAW_TRACEPOINT, bpf.BPF_PROG_TYPE_PERF_EVENT,
    bpf.BPF_PROG_TYPE_KPROBE, bpf.BPF_PROG_TYPE_CGROUP_SYSCTL, bpf.BPF_PROG_TYPE_CGROUP_DEVICE,
    bpf.BPF_PROG_TYPE_SYSCALL,
))  # fmt: skip


def _task(rng):
    """Return a task whose chance and clock come from a seed."""
    task = TaskContext()
    task.ktime_ns = lambda: rng.getrandbits(rng.choice((3, 40, 63)))
    task.random_u32 = lambda: rng.choice((rng.getrandbits(32), rng.getrandbits(4), 0, 0xFFFF_FFFF))
    return task


def may_run(case):
    """Tell if a program's calls are all harmless here."""
    helpers = {i.imm for i in case.program.insns if i.opcode == 0x85 and i.src_reg == 0}
    kfuncs = {reloc.symbol for reloc in case.program.relocs if reloc.kind == "kfunc"}
    has_arena = any(spec.map_type == bpf.BPF_MAP_TYPE_ARENA for spec in case.spec.maps.values())  # a fault reads zeros
    return case.program.prog_type in TYPES and helpers <= HELPERS and kfuncs <= KFUNCS and not has_arena


class Whole:
    """A program that was verified twice, with and without pruning, and is run in an engine of its own."""

    def __init__(self, case, target, max_insns=3000):
        self.case = case
        self.settings = setting_of(case.program, case.spec, target)
        self.arguments = {  # by slot of a call: how many registers it takes
            slot: len(helper_proto(insn.imm, case.program.prog_type).args) if insn.src_reg == 0 else 0
            for slot, insn in zip(slots_of(self.settings.insns), self.settings.insns)
            if insn.opcode == CALL
        }
        self.has_global = any(re.match(r"func \w+ global", line) for line in case.text)
        self.pruned = Verified(self.settings, pruning=True, max_insns=max_insns)
        self.verified = Verified(self.settings, max_insns=max_insns) if self.pruned.refusal is None else None

    def run(self, rng, narrowed=None):
        """Run once; return what was outside of the states, what of the facts, and the slots.

        With `narrowed`, registers of that kind are held to be impossible.
        Raises: EbeeError when the program does what it must not.
        """
        found, slots = [], []
        for verified, is_inside in ((self.verified, None), (self.pruned, self._is_fact)):
            if verified is None or verified.refusal is not None:
                found.append(None)
                continue
            state = rng.getstate()
            try:
                outside, slots = self._run_one(verified, is_inside, rng, narrowed)
            except (NotSupported, SyscallError):  # a program or a map that the engine has not
                return None, None, []
            except ExecutionError as error:
                if not any(words in str(error) for words in ("cannot be written", "budget is used up")):
                    raise
                return None, None, []  # code that is never reached, which the engine refuses; a may_goto of 8 M turns
            except FaultError as error:
                if "cannot be accessed directly" not in str(error):
                    raise
                return None, None, []  # the kernel shows what a map is, the engine does not
            rng.setstate(state)
            found.append(outside)
        return (*found, slots)

    def _run_one(self, verified, is_inside, rng, narrowed):
        backend = EngineBackend(task=_task(rng))
        maps = {name: backend.create_map(spec, self.case.spec) for name, spec in self.case.spec.maps.items()}
        for made in maps.values():
            if made.spec.map_type == bpf.BPF_MAP_TYPE_HASH:
                for key in range(2):
                    made.update(key.to_bytes(made.spec.key_size, "little"), rng.randbytes(made.spec.value_size))
        code = backend.load_program(self.case.program, self.case.spec, maps).code
        machine = backend.machine
        machine.task = backend.task
        kind = PACKET_KINDS.get(self.case.program.prog_type)
        if kind is not None:
            packet = machine.packet = Packet(machine, kind, rng.randbytes(rng.choice((14, 20, 34, 64, 100))), b"")
            address = packet.ctx_address
        else:
            packet = None
            address = machine.memory.map(bytearray(rng.randbytes(CONTEXT_BYTES)), "the context")
        places = Places(verified, machine, maps, address, packet)
        if narrowed is not None:
            places.by_kind[narrowed] = lambda reg, number: False
        verified.is_possible = places.is_possible
        return run_watched(code, verified, (address,), *(() if is_inside is None else (is_inside,)))

    def _is_fact(self, verified, slot, registers, stacks):
        facts = verified.facts
        if slot in facts.dead or not all(number.holds(r) for number, r in zip(facts.numbers[slot], registers)):
            return False
        for number, pointer in facts.pointers.get(slot, {}).items():
            address = registers[number]
            if number > self.arguments.get(slot, 5):
                continue
            if pointer.not_null and not address:
                return False
            if pointer.kind == "fp" and pointer.target is not None:
                low = ((STACK_REGION + pointer.target) << OFFSET_BITS) + 512
                if not self.has_global and not pointer.low <= address - low <= pointer.high:
                    return False
        return True


class Places:
    """Where what the verifier speaks of lies in the engine's memory."""

    def __init__(self, verified, machine, maps, ctx, packet):
        self.verified, self.machine, self.maps, self.ctx, self.packet = verified, machine, maps, ctx, packet
        self.by_kind = {
            NOT_INIT: lambda reg, number: True,
            SCALAR: lambda reg, number: reg.num.holds(number),
            PTR_TO_STACK: self._stack,
            PTR_TO_CTX: lambda reg, number: self._from(self.ctx, reg, number),
            CONST_PTR_TO_MAP: lambda reg, number: number == self.maps[reg.obj.name].handle,
            PTR_TO_MAP_VALUE: self._value,
            PTR_TO_MAP_KEY: self._key,
            PTR_TO_MEM: self._memory,
            PTR_TO_PACKET: self._packet,
            PTR_TO_PACKET_END: lambda reg, number: number == self._ends()[1],
        }

    def is_possible(self, reg, number):
        """Tell if a number may be in a register."""
        if reg.flags & PTR_MAYBE_NULL and not number:
            return True
        check = self.by_kind.get(reg.kind)
        return check(reg, number) if check is not None else number != 0

    def _stack(self, reg, number):
        region = STACK_REGION + self.verified.first_frame + reg.obj
        return self._from((region << OFFSET_BITS) + 512, reg, number)

    def _from(self, base, reg, number):
        return reg.num.holds(number - base - reg.off & U64)

    def _memory_at(self, number):
        """Return the kind and the size of the memory that an address leads to, which may lie beside it."""
        region = number + (1 << OFFSET_BITS - 1) >> OFFSET_BITS
        data = self.machine.memory.regions.get(region)
        return None if data is None else (region << OFFSET_BITS, len(data), self.machine.memory._kinds[region])

    def _value(self, reg, number):
        found = self._memory_at(number)
        if found is None:
            return reg.obj.map_type != bpf.BPF_MAP_TYPE_ARRAY  # the entry was deleted: the kernel keeps it for a while
        if found[2] != self.maps[reg.obj.name].kind or found[1] != reg.obj.value_size:
            return False
        return self._from(found[0], reg, number)

    def _key(self, reg, number):
        return self._memory_at(number) is not None

    def _memory(self, reg, number):
        found = self._memory_at(number)
        if found is None:
            return False
        first = number - reg.off - reg.num.value - found[0]  # a stack may hold it, at any place
        return not reg.num.is_const or 0 <= first <= found[1] - reg.size

    def _ends(self):
        pointers, first = self.machine.pointers, 0 if self.packet.kind.is_xdp else 76
        return pointers[self.ctx + first], pointers[self.ctx + first + 4]

    def _packet(self, reg, number):
        start, end = self._ends()
        if not self._from(start, reg, number):
            return False
        # What lies behind the pointer without its fixed offset was compared with the end.
        return reg.size <= 0 or number - reg.off + reg.size <= end


def told(facts):
    """Count the numbers that facts say something of."""
    return sum(number is not UNKNOWN for numbers in facts.numbers.values() for number in numbers)


__all__ = ["Whole", "may_run", "told"]
