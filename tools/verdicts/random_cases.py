"""Programs made by chance, as texts of cases: whole ones of several types, and cases and real ones that are changed.

What `Generator.program` makes is mostly right: numbers are bounded before they become offsets, pointers are compared
with null and packets with their end. Now and then a step is wrong, so that about half of the programs are accepted.
Loops are short; a program has at most 120 instructions before those of its functions.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from verdict_cases import CaseError, parse, read_cases

from ebee.abi.bpf import MAP_TYPE_NAMES
from ebee.abi.helpers import HELPER_NAMES
from ebee.errors import EbeeError, FormatError
from ebee.isa.disasm import format_insn
from ebee.isa.opcodes import BPF_PSEUDO_MAP_VALUE
from ebee.isa.table import row_of
from ebee.spec.default_target import default_target
from ebee.verifier.setting import setting_of, slots_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from verdict_cases import Case

    from ebee.isa.insn import Insn
    from ebee.spec.object import MapSpec, ObjectSpec, ProgramSpec
    from ebee.verifier.setting import Setting

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MOST_LINES, MOST_REAL = 120, 400
U32 = 0xFFFF_FFFF
NUMBERS = ("r6", "r7", "r8")  # r9 holds the context
ALU = ("+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=", "s>>=", "/=", "%=", "s/=", "s%=")
COMPARES = ("==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&")
CONSTANTS = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 255, 256, 4095, -1, -8, 0x7FFFFFFF, -0x80000000)
SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}
SLOTS = (8, 16, 24, 32)  # of the stack, below the frame pointer, for numbers; what lies below is for keys and values
MISTAKE = 0.035  # the share of steps that are wrong where one can be


class Hook(NamedTuple):
    """What a type of program has: numbers in its context (offset, bytes), those that it may write, its packet's
    pointers (data, data_end), and what it may return."""

    reads: tuple[tuple[int, int], ...]
    writes: tuple[int, ...] = ()
    packet: tuple[int, int] | None = None
    returns: tuple[int, ...] = (0, 0, 1, 2)


_SKB = ((0, 4), (4, 4), (16, 4), (40, 4), (48, 4), (52, 4))
_WORDS = tuple((8 * n, 8) for n in range(5))
HOOKS = {
    "socket": Hook(_SKB, (48, 52)),
    "tc": Hook((*_SKB, (8, 4), (12, 2)), (8, 48), (76, 80)),
    "xdp": Hook(((12, 4), (16, 4)), (), (0, 4)),
    "cgroup_skb/egress": Hook(_SKB, (48,), (76, 80), (0, 1)),
    "raw_tp/sys_enter": Hook(_WORDS),
    "tracepoint/syscalls/sys_enter_openat": Hook(_WORDS[1:]),
    "perf_event": Hook(_WORDS, (), None, (0, 1)),
    "lwt_in": Hook(_SKB, (), (76, 80)),
    "cgroup/sysctl": Hook(((0, 4), (4, 4)), (4,), None, (0, 1)),
    "cgroup/connect4": Hook(((0, 4), (4, 4), (24, 4)), (4, 24), None, (0, 1)),
    "cgroup/dev": Hook(((0, 4), (4, 4), (8, 4)), (), None, (0, 1)),
    "sockops": Hook(((0, 4), (20, 4), (24, 4)), (4, 8), None, (0, 1)),
    "sk_lookup": Hook(((8, 4), (12, 4), (16, 4)), (), None, (0, 1)),
}
MAPS = {
    "values": "map values array value 64",
    "table": "map table hash value 32 entries 4",
    "each": "map each percpu_array value 16 entries 3",
    "ring": "map ring ringbuf",
    "queue": "map queue queue value 8 entries 4",
    "locked": "struct locked_value lock:bpf_spin_lock n:u64\nmap locked array value locked_value",
    "readonly": "map readonly array value 16 flags 0x80 frozen data 0102030405060708",
}
VALUE_BYTES = {"values": 64, "table": 32, "each": 16}
# Wrong in one way each; R stands for a register with a number.
MISTAKES = (
    ("r5 = r4",), ("r10 += R",), ("R = *(u32 *)(R + 0)",), ("r2 = r10", "r2 *= R"),
    ("*(u64 *)(r10 - 8) = r10", "R = *(u32 *)(r10 - 8)"), ("r2 = r10", "r2 -= R", "*(u8 *)(r2 - 1) = 1"),
    ("*(u64 *)(r10 - 520) = 1",), ("*(u64 *)(r10 - 12) = R",), ("*(u32 *)(r10 + 0) = 1",), ("r3 = r10", "r3 += r10"),
    ("R = *(u64 *)(r9 - 8)",), ("*(u64 *)(r9 + 0) = R",), ("R = *(u64 *)(r9 + 2000)",), ("R = *(u32 *)(r9 + 1)",),
    ("r1 = r10", "r1 += -8", "r2 = R", "r3 = 0", "call probe_read_kernel"), ("r1 = R", "call ringbuf_submit"),
    ("r1 = r10", "r1 += -8", "r2 = -1", "call get_current_comm"), ("call tail_call",), ("call skb_load_bytes",),
    ("r1 = map[fd:ring]", "r2 = 16", "r3 = 0", "call ringbuf_reserve"),
    ("r1 = map[fd:ring]", "r2 = R", "r3 = 0", "call ringbuf_reserve"),
    ("r1 = map[fd:ring]", "r2 = r10", "r2 += -40", "call map_lookup_elem"),
    ("r1 = map[fd:values]", "r2 = R", "call map_lookup_elem"), ("r1 = map[fd:values]", "*(u64 *)(r1 + 0) = R"),
    ("r1 = map[fd:table]", "r2 = r10", "r2 += -2", "call map_lookup_elem"),
    ("r1 = map[fd:values]", "r1 += 8"), ("r1 = map[fd:readonly][0]", "*(u8 *)(r1 + 0) = 1"),
    ("r1 = map[fd:values][0]+64", "r2 = 0"), ("r1 = map[fd:values][0]", "r1 += R", "r2 = *(u8 *)(r1 + 0)"),
    ("r1 = map[fd:values][0]", "R = *(u64 *)(r1 + 60)"), ("r1 = map[fd:values][0]", "R = *(u64 *)(r1 - 1)"),
    ("r1 = map[fd:locked][0]", "r2 = *(u32 *)(r1 + 0)"), ("r1 = map[fd:locked][0]", "call spin_lock"),
    ("r1 = map[fd:locked][0]", "call spin_unlock"), ("r1 = r9", "r1 += 8", "R = *(u32 *)(r1 + 0)"),
    ("r1 = r9", "r1 += R", "R = *(u32 *)(r1 + 0)"), ("lock *(u64 *)(r9 + 0) += R",), ("lock *(u64 *)(r10 - 9) += R",),
    ("call bpf_rcu_read_lock",), ("call bpf_rcu_read_unlock",), ("call bpf_preempt_disable",), ("call 9999",),
    ("call bpf_task_release",), ("r1 = r10", "r1 += -40", "r2 = 0", "r3 = 8", "call bpf_iter_num_new"),
    ("r1 = r10", "r1 += -40", "call bpf_iter_num_next"), ("R = 0", "R /= 0"), ("R <<= 64",), ("goto -1",),
    ("r1 = subprog[nowhere]", "r1 = *(u64 *)(r1 + 0)"), ("r0 = *(u32 *)skb[0]",), ("r6 = r9", "r0 = *(u8 *)skb[14]"),
    ("r9 = r10", "r9 += r9"), ("r9 <<= 1", "R = *(u8 *)(r9 + 0)"), ("r2 = 8", "call nowhere"), ("exit",),
    ("goto +9000",),
)  # fmt: skip


class Generator:
    """Makes programs: r6 to r8 hold numbers, r9 the context; one after another from a seed."""

    def __init__(self, seed: int, hooks: Sequence[str] = tuple(HOOKS), mistake: float = MISTAKE) -> None:
        self.random = random.Random(seed)
        self.hooks, self.mistake = hooks, mistake
        self.labels = 0
        self.functions: list[str] = []
        self.hook = HOOKS["socket"]

    def program(self) -> str:
        """Return the text of a case without a name's verdict."""
        pick = self.random
        section = pick.choice(self.hooks)
        self.hook, self.functions = HOOKS[section], []
        body = ["r9 = r1"]
        for register in NUMBERS:
            body += self._number(register)
        for off in SLOTS:
            if pick.random() < 0.8:
                body.append(f"*(u64 *)(r10 - {off}) = {pick.choice((*NUMBERS, '0', '7'))}")
        for _ in range(pick.randint(2, 8)):
            body += self._step()
        return self.text(section, body[:MOST_LINES], pick.choice(self.hook.returns) if not self._is_wrong() else 9)

    def text(self, section: str, body: Sequence[str], result: int) -> str:
        """Return the text of a case with these lines of code, its functions and the maps that they use."""
        lines = [*body, f"r0 = {result}", "exit", *self.functions]
        code = "\n".join(f"  {line}" if line.endswith(":") else f"    {line}" for line in lines)
        maps = [words for name, words in MAPS.items() if f"fd:{name}]" in code]
        return "\n".join(["case generated", f"section {section}", *maps, code]) + "\n"

    # -- numbers --------------------------------------------------------------------------------------------

    def _is_wrong(self) -> bool:
        return self.random.random() < self.mistake

    def _label(self) -> str:
        self.labels += 1
        return f"l{self.labels}"

    def _register(self) -> str:
        return self.random.choice(NUMBERS)

    def _number(self, register: str) -> list[str]:
        pick = self.random
        dice = pick.random()
        if dice < 0.3:
            return [f"{register} = {pick.choice(CONSTANTS)}"]
        if dice < 0.6:
            off, size = pick.choice(self.hook.reads)
            return [f"{register} = *(u{8 * size} *)(r9 + {off})"]
        name = pick.choice(("get_prandom_u32", "get_prandom_u32", "ktime_get_ns", "get_numa_node_id"))
        return [f"call {name}", f"{register} = r0"]

    def _bound(self, register: str, most: int) -> list[str]:
        """Return lines that bound a number to 0 … `most` (one less than a power of two, or any)."""
        pick, label = self.random, self._label()
        if self._is_wrong():
            most += pick.choice((1, 8))
        if most & (most + 1) == 0 and pick.random() < 0.5:
            return [f"{register} &= {most}"]
        if pick.random() < 0.02:
            return [f"{register} %= {most + 1}"]
        if pick.random() < 0.3:
            lower = self._label()
            return [f"if {register} s< 0 goto {lower}", f"if {register} s<= {most} goto {label}", f"{lower}:",
                    f"{register} = {pick.choice((0, most))}", f"{label}:"]  # fmt: skip
        return [f"if {register} <= {most} goto {label}", f"{register} = {pick.choice((0, most))}", f"{label}:"]

    def _step(self) -> list[str]:
        pick = self.random
        if self._is_wrong():
            return self.mistake_of(self.random.choice(MISTAKES))
        return pick.choices(
            (self._alu, self._branch, self._stack, self._map, self._direct, self._loop, self._helper, self._context,
             self._packet, self._anywhere, self._call, self._turns, self._elements, self._record, self._locked,
             self._atomic, self._update, self._iterator),
            (8, 6, 6, 5, 3, 2, 3, 2, 5 if self.hook.packet else 0, 3, 2, 1, 1, 1, 1, 1, 1, 1),
        )[0]()  # fmt: skip

    def mistake_of(self, lines: Sequence[str]) -> list[str]:
        """Return the lines of one of MISTAKES, with a register with a number; a function that it calls is made."""
        if any("nowhere" in line for line in lines) and "nowhere:" not in self.functions:
            self.functions += ["nowhere:", "r0 = r5", "exit"]
        return [re.sub(r"\bR\b", self._register(), line) for line in lines]

    def _alu(self) -> list[str]:
        pick, dst = self.random, self._register()
        dice = pick.random()
        if dice < 0.08:
            swaps = f"{dst} = be16 {dst}", f"{dst} = bswap32 {dst}"
            return [pick.choice((*swaps, f"{dst} = -{dst}", f"w{dst[1:]} = -w{dst[1:]}"))]
        if dice < 0.18:
            src = self._register()
            return [pick.choice((f"{dst} = (s8){src}", f"{dst} = (s16){src}", f"{dst} = (s32){src}", f"{dst} = {src}",
                                 f"w{dst[1:]} = w{src[1:]}", f"w{dst[1:]} = (s8)w{src[1:]}"))]  # fmt: skip
        op = pick.choice(ALU)
        is_shift = "<<" in op or ">>" in op
        is_32 = pick.random() < 0.35
        if is_shift:
            operand = str(pick.choice((0, 1, 4, 8, 31) if is_32 else (0, 1, 4, 8, 31, 32, 63)))
        else:
            operand = pick.choice((self._register(), str(pick.choice(CONSTANTS[1:]))))
        if is_32:
            return [f"w{dst[1:]} {op} {operand.replace('r', 'w')}"]
        return [f"{dst} {op} {operand}"]

    def _branch(self) -> list[str]:
        pick, label = self.random, self._label()
        operand = pick.choice((self._register(), str(pick.choice(CONSTANTS))))
        register = self._register()
        is_32 = pick.random() < 0.35
        left, right = (register.replace("r", "w"), operand.replace("r", "w")) if is_32 else (register, operand)
        inner: list[str] = []
        for _ in range(pick.randint(1, 3)):
            inner += pick.choice((self._alu, self._alu, self._stack, lambda: self._number(self._register())))()
        return [f"if {left} {pick.choice(COMPARES)} {right} goto {label}", *inner, f"{label}:"]

    def _stack(self) -> list[str]:
        pick, register = self.random, self._register()
        size = pick.choice(("u64", "u64", "u32", "u16", "u8"))
        off = pick.choice(SLOTS) - SIZES[size] * pick.randrange(0, 8 // SIZES[size])
        if pick.random() < 0.5:
            value = pick.choice((register, register, "0", "5"))
            return [f"*({size} *)(r10 - {off}) = {value}"]
        sign = "s" if size != "u64" and pick.random() < 0.3 else "u"
        return [f"{register} = *({sign}{size[1:]} *)(r10 - {off})"]

    def _anywhere(self) -> list[str]:
        """A byte of the stack at a place that is computed."""
        pick, register = self.random, self._register()
        lines = [*self._bound(register, pick.choice((7, 7, 15, 23))), "r2 = r10", f"r2 += {register}"]
        access = f"*(u8 *)(r2 - {pick.choice((24, 32, 32))})"
        return [*lines, f"{access} = {self._register()}" if pick.random() < 0.5 else f"{self._register()} = {access}"]

    def _loop(self) -> list[str]:
        pick, label, register = self.random, self._label(), self._register()
        inner: list[str] = []
        for _ in range(pick.randint(1, 2)):
            lines = pick.choice((self._alu, self._stack))()
            inner += lines if not re.match(rf"[rw]{register[1]}\b", lines[0]) else []
        limit = pick.choice((1, 3, 5, 8))
        return [f"{register} = 0", f"{label}:", *inner, f"{register} += 1",
                f"if {register} {pick.choice(('<', 's<', '!='))} {limit} goto {label}"]  # fmt: skip

    # -- memory ---------------------------------------------------------------------------------------------

    def _access(self, pointer: str, size_bytes: int) -> list[str]:
        """Read or write behind a pointer to memory of this size, perhaps at an offset that is computed."""
        pick, register = self.random, self._register()
        size = pick.choice(tuple(SIZES))
        width, lines, base = SIZES[size], [], 0
        if pick.random() < 0.5:
            bound = pick.choice([n for n in (1, 3, 7, 10, 15, 31) if n + width <= size_bytes] or [0])
            size, width, base = ("u8", 1, bound) if pick.random() < 0.5 else (size, width, bound * width)
            if base + width > size_bytes:
                size, width, base = "u8", 1, bound
            lines = [*self._bound(register, bound), *([f"{register} *= {width}"] if width > 1 else []),
                     f"{pointer} += {register}"]  # fmt: skip
        off = pick.randrange(0, max(1, size_bytes - base - width + 1)) & -width
        if self._is_wrong():
            off = pick.choice((size_bytes, size_bytes - base - width + 1, -1))
        place = f"*({size} *)({pointer} {off:+})"
        action = pick.choice((f"{self._register()} = {place}", f"{place} = {self._register()}", f"{place} = 1"))
        return [*lines, action]

    def _key(self) -> list[str]:
        pick = self.random
        return [f"*(u32 *)(r10 - 36) = {pick.choice(('0', '0', '1', *NUMBERS))}", "r2 = r10", "r2 += -36"]

    def _map(self) -> list[str]:
        pick, label = self.random, self._label()
        name = pick.choice(tuple(VALUE_BYTES))
        lines = [*self._key(), f"r1 = map[fd:{name}]", "call map_lookup_elem"]
        if not self._is_wrong():
            lines.append(f"if r0 == 0 goto {label}" if pick.random() < 0.97 else f"if r0 < 1 goto {label}")
        if pick.random() < 0.2:
            lines += ["*(u64 *)(r10 - 48) = r0", *self._stack(), "r0 = *(u64 *)(r10 - 48)"]
        return [*lines, *self._access("r0", VALUE_BYTES[name]), f"{label}:"]

    def _direct(self) -> list[str]:
        off = self.random.choice((0, 8, 16))
        if self.random.random() < 0.3:
            return ["r1 = map[fd:readonly][0]", f"{self._register()} = *(u16 *)(r1 + {off & 8})"]
        return [f"r1 = map[fd:values][0]+{off}", *self._access("r1", 64 - off)]

    def _context(self) -> list[str]:
        pick = self.random
        if self.hook.writes and pick.random() < 0.4:
            return [f"*(u32 *)(r9 + {pick.choice(self.hook.writes)}) = {self._register()}"]
        off, size = pick.choice(self.hook.reads)
        return [f"{self._register()} = *(u{8 * size} *)(r9 + {off})"]

    def _packet(self) -> list[str]:
        assert self.hook.packet is not None
        pick, label = self.random, self._label()
        (data, end), register = self.hook.packet, self._register()
        room = pick.choice((1, 4, 14, 20, 34))
        lines = [f"r2 = *(u32 *)(r9 + {data})", f"r3 = *(u32 *)(r9 + {end})"]
        if pick.random() < 0.4:
            lines += [*self._bound(register, pick.choice((7, 15, 60))), f"r2 += {register}"]
        lines += ["r4 = r2", f"r4 += {room}"]
        if self._is_wrong():
            test = pick.choice((f"if r4 < r3 goto {label}", f"if r2 > r3 goto {label}", f"if r4 == r3 goto {label}"))
        else:
            test = pick.choice((f"if r4 > r3 goto {label}", f"if r3 < r4 goto {label}", f"if r4 >= r3 goto {label}"))
        size = pick.choice([size for size, width in SIZES.items() if width <= room])
        off = pick.randrange(0, room - SIZES[size] + 1)
        if self._is_wrong():
            off = room - SIZES[size] + 1
        place = f"*({size} *)(r2 + {off})"
        actions = [f"{self._register()} = {place}"]
        if self.hook is HOOKS["xdp"] or self.hook is HOOKS["tc"]:
            actions.append(f"{place} = {self._register()}")
        return [*lines, test, pick.choice(actions), f"{label}:"]

    def _atomic(self) -> list[str]:
        pick, register = self.random, self._register()
        size, off = pick.choice((("u64", 8), ("u64", 16), ("u32", 24)))
        is_wide, place = size == "u64", f"({size} *)(r10 - {off})"
        number = register if is_wide else "w" + register[1:]
        fetch, swap = ("atomic64_fetch_add", "xchg_64") if is_wide else ("atomic_fetch_add", "xchg32_32")
        return [pick.choice((
            f"lock *{place} += {number}", f"lock *{place} |= {number}", f"{number} = {fetch}({place}, {number})",
            f"{number} = {swap}(r10 - {off}, {number})",
        ))]  # fmt: skip

    # -- calls ----------------------------------------------------------------------------------------------

    def _helper(self) -> list[str]:
        pick, register = self.random, self._register()
        dice = pick.random()
        if dice < 0.4:
            return ["call ktime_get_ns", f"{register} = r0"]
        size = pick.choice((8, 8, 16))
        if dice < 0.7:  # fails, and clears what it was given
            return ["r1 = map[fd:queue]", "r2 = r10", f"r2 += -{size}", "call map_pop_elem", f"{register} = r0"]
        if self.hook.reads[0] != _SKB[0]:
            return ["call get_numa_node_id", f"{register} = r0"]
        return ["*(u64 *)(r10 - 32) = 0", "*(u64 *)(r10 - 24) = 0", *self._bound(register, 15), f"r2 = {register}",
                "r2 &= 12", "r1 = r10", "r1 += -32", "r3 = r1", "r4 = r2", "r5 = 0", "call csum_diff",
                f"{self._register()} = r0"]  # fmt: skip

    def _update(self) -> list[str]:
        pick = self.random
        lines = self._key()
        if pick.random() < 0.3:
            return [*lines, "r1 = map[fd:table]", "call map_delete_elem", f"{self._register()} = r0"]
        zeros = [f"*(u64 *)(r10 - {off}) = {pick.choice(('0', *NUMBERS))}" for off in (48, 56, 64, 72)]
        return [*zeros, *lines, "r1 = map[fd:table]", "r3 = r10", "r3 += -72", f"r4 = {pick.choice((0, 0, 1))}",
                "call map_update_elem", f"{self._register()} = r0"]  # fmt: skip

    def _call(self) -> list[str]:
        """A function of the program's own, which may be given a place of the caller's stack."""
        pick, label = self.random, f"f{len(self.functions)}_{self._label()}"
        arguments = [f"r{n} = {register}" for n, register in enumerate(NUMBERS, 1)]
        inner = ["r6 = r1", "r7 = r2", "r8 = r3", *(line for off in SLOTS for line in [f"*(u64 *)(r10 - {off}) = r6"])]
        if pick.random() < 0.5:
            arguments += ["r4 = r10", "r4 += -16"]
            inner.append(pick.choice(("*(u64 *)(r4 + 0) = r7", "r8 = *(u64 *)(r4 + 0)", "*(u8 *)(r4 + 3) = 0")))
        for _ in range(pick.randint(1, 3)):
            inner += pick.choice((self._alu, self._branch, self._stack, self._loop))()
        self.functions += [f"{label}:", *inner, f"r0 = {self._register()}", "exit"]
        return [*arguments, f"call {label}", f"{self._register()} = r0"]

    def _turns(self) -> list[str]:
        """A loop by callback, which gets a place of the stack."""
        pick, label = self.random, f"t{self._label()}"
        inner = ["r6 = r1", "r7 = 3", "r8 = r1", *(f"*(u64 *)(r10 - {off}) = r1" for off in SLOTS)]
        inner.append(pick.choice(("*(u64 *)(r2 + 0) = r1", "r8 = *(u64 *)(r2 + 0)", "r7 = *(u32 *)(r2 + 4)")))
        inner += pick.choice((self._alu, self._branch, self._stack))()
        result = 2 if self._is_wrong() else pick.choice((0, 0, 0, 1))
        self.functions += [f"{label}:", *inner, f"r0 = {result}", "exit"]
        return [f"r1 = {pick.choice((0, 1, 2, 3))}", f"r2 = subprog[{label}]", "r3 = r10", "r3 += -16", "r4 = 0",
                "call loop", f"{self._register()} = r0"]  # fmt: skip

    def _elements(self) -> list[str]:
        """All elements of a map, by callback."""
        pick, label = self.random, f"e{self._label()}"
        self.functions += [f"{label}:", "r6 = *(u32 *)(r2 + 0)", "r7 = r6", "r8 = 1",
                           f"*(u32 *)(r3 + {pick.choice((0, 4, 8))}) = r6", *self._alu(), "r0 = 0", "exit"]  # fmt: skip
        name = pick.choice(("values", "table"))
        return [f"r1 = map[fd:{name}]", f"r2 = subprog[{label}]", "r3 = 0", "r4 = 0", "call for_each_map_elem",
                f"{self._register()} = r0"]  # fmt: skip

    def _record(self) -> list[str]:
        pick, label = self.random, self._label()
        size = pick.choice((8, 16, 24))
        lines = ["r1 = map[fd:ring]", f"r2 = {size}", "r3 = 0", "call ringbuf_reserve", f"if r0 == 0 goto {label}",
                 "*(u64 *)(r10 - 80) = r0", *self._access("r0", size), "r1 = *(u64 *)(r10 - 80)"]  # fmt: skip
        if not self._is_wrong():
            lines += ["r2 = 0", f"call ringbuf_{pick.choice(('submit', 'discard'))}"]
        return [*lines, f"{label}:"]

    def _locked(self) -> list[str]:
        """A value under its lock."""
        lines = ["r1 = map[fd:locked][0]", "call spin_lock", "r1 = map[fd:locked][0]",
                 f"*(u64 *)(r1 + 8) = {self._register()}", "r1 = map[fd:locked][0]"]  # fmt: skip
        if self._is_wrong():
            lines.append(self.random.choice(("call ktime_get_ns", "call spin_lock", "exit", "*(u32 *)(r1 + 0) = 1")))
        return [*lines, "call spin_unlock"]

    def _iterator(self) -> list[str]:
        pick, again, end = self.random, self._label(), self._label()
        at = ["r1 = r10", "r1 += -96"]
        lines = [*at, f"r2 = {pick.choice((0, 1))}", f"r3 = {pick.choice((1, 3, 5))}", "call bpf_iter_num_new",
                 f"{again}:", *at, "call bpf_iter_num_next", f"if r0 == 0 goto {end}",
                 f"{pick.choice(NUMBERS)} = *(u32 *)(r0 + 0)", f"goto {again}", f"{end}:", *at]  # fmt: skip
        return lines if self._is_wrong() else [*lines, "call bpf_iter_num_destroy"]

    # -- changes --------------------------------------------------------------------------------------------

    def mutate(self, text: Sequence[str]) -> str:
        """Return the text of a case that differs in a line or two."""
        pick = self.random
        said = ("kernel ", "like ", "differs ")
        lines = [line.partition(";!")[0].rstrip() for line in text if not line.startswith(said)]
        lines[0] = "case generated"
        code = [i for i, line in enumerate(lines) if line[:4] == "    " and ".insn" not in line]
        for _ in range(pick.choice((1, 1, 2))):
            at = pick.choice(code)
            change = pick.randrange(5)
            if change == 0:
                lines[at] = ""
            elif change == 1:
                lines[at] = lines[pick.choice(code)]
            elif change == 2:
                lines[at] = _change_number(lines[at], pick)
            elif change == 3:
                lines[at] = _change_register(lines[at], pick)
            else:
                lines[at] = _change_operator(lines[at], pick)
        return "\n".join(line for line in lines if line.strip()) + "\n"


def _change_number(line: str, pick: random.Random) -> str:
    found = list(re.finditer(r"(?<![\w-])-?\d+\b", line))
    if not found or "call" in line:
        return line
    number = pick.choice(found)
    value = int(number[0]) + pick.choice((-8, -4, -1, 1, 4, 8))
    return line[: number.start()] + str(value) + line[number.end() :]


def _change_register(line: str, pick: random.Random) -> str:
    found = list(re.finditer(r"\br(\d+)\b", line))
    if not found:
        return line
    register = pick.choice(found)
    return f"{line[: register.start()]}r{pick.choice((0, 1, 2, 3, 6, 7, 10))}{line[register.end() :]}"


def _change_operator(line: str, pick: random.Random) -> str:
    """Another comparison, another size, or the other register's half."""
    if line.lstrip().startswith("if "):
        return re.sub(r" (?:[!=]=|s?[<>]=?|&) ", f" {pick.choice(COMPARES)} ", line, count=1)
    return re.sub(r"\(u\d+ \*\)", f"({pick.choice(tuple(SIZES))} *)", line, count=1)


def real_programs(objects: Iterable[Path] = (), *, every: int = 1) -> list[list[str]]:
    """Return the programs of object files and of each nth of examples/ as texts of cases, if they have one."""
    import ebee
    from ebee.cli.disasm import declarations_of
    from ebee.elf.read import read_object

    specs = [read_object(path.read_bytes(), str(path)) for path in objects]
    for path in sorted(EXAMPLES.glob("*.py"))[::every]:
        try:
            specs.append(ebee.compile(*declarations_of(str(path))).spec)
        except EbeeError:  # an event or a type that is not here
            continue
    found = []
    for spec in specs:
        for program in spec.programs.values():
            if len(program.insns) <= MOST_REAL and (text := text_of(program, spec)) is not None:
                found.append(text)
    return found


def text_of(program: ProgramSpec, spec: ObjectSpec) -> list[str] | None:
    """Return a program as the text of a case; None if it has what a case cannot say, or types that its maps need."""
    setting = setting_of(program, spec, default_target("x86_64"))
    if setting.ksyms or setting.jump_tables or any(used.inner for used in setting.maps.values()):
        return None
    rows = list(zip(slots_of(setting.insns), setting.insns))
    labels: dict[int, str] = {}
    for slot, insn in rows:
        row = row_of(insn, slot)
        if row.family in ("jump", "ja", "may_goto", "gotox") or row.name in ("call_local", "lddw_func"):
            distance = insn.imm if row.jump_field != "off" else insn.off
            distance = (distance & U32 ^ 1 << 31) - (1 << 31)
            labels[slot + 1 + distance] = f"at_{slot + 1 + distance}"
    names = {used.name: re.sub(r"\W", "_", used.name) for used in setting.maps.values()}
    lines = ["case real", f"section {program.section}"]
    try:
        lines += [_map_words(used, names[used.name]) for used in {m.name: m for m in setting.maps.values()}.values()]
        for slot, insn in rows:
            if slot in labels:
                lines.append(f"  {labels[slot]}:")
            lines.append("    " + _insn_text(insn, slot, setting, names, labels))
        parse("\n".join(lines))
    except (CaseError, FormatError, KeyError):
        return None
    return lines


def _map_words(used: MapSpec, name: str) -> str:
    kind = MAP_TYPE_NAMES[used.map_type].removeprefix("BPF_MAP_TYPE_").lower()
    words = ["map", name, kind, "key", used.key_size, "value", used.value_size, "entries", used.max_entries]
    words += ["flags", f"{used.map_flags:#x}"] * bool(used.map_flags)
    if used.frozen:
        words += ["frozen", "data", used.initial.hex()]
    return " ".join(map(str, words))


def _insn_text(insn: Insn, slot: int, setting: Setting, names: dict[str, str], labels: dict[int, str]) -> str:
    used = setting.maps.get(slot)
    if used is not None:
        is_value = insn.src_reg == BPF_PSEUDO_MAP_VALUE
        return f"r{insn.dst_reg} = map[fd:{names[used.name]}]" + (f"[0]+{insn.imm >> 32}" if is_value else "")
    if slot in setting.kfuncs:
        return f"call {setting.kfuncs[slot]}"
    row = row_of(insn, slot)
    if row.name == "call_helper":
        return f"call {HELPER_NAMES[insn.imm]}"
    if row.name in ("call_local", "lddw_func"):
        target = labels[slot + 1 + ((insn.imm & U32 ^ 1 << 31) - (1 << 31))]
        return f"call {target}" if row.name == "call_local" else f"r{insn.dst_reg} = subprog[{target}]"
    return format_insn(insn, slot, labels=labels)


def texts(generator: Generator, count: int, real: Sequence[Sequence[str]] = ()) -> Iterator[str]:
    """Yield programs: of four, two are made, one is a changed case and one a changed program of `real`, if any."""
    cases: list[Case] = [case for case in read_cases() if "unprivileged" not in case.options]
    makers: list[Callable[[], str]] = [generator.program] * 2
    makers.append(lambda: generator.mutate(generator.random.choice(cases).text))
    if real:
        makers.append(lambda: generator.mutate(generator.random.choice(real)))
    for i in range(count):
        yield makers[i % len(makers)]()
