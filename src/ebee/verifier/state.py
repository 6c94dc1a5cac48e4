"""What the verifier knows at one instruction: registers, stack slots, frames, references.

Registers and slots are never changed, so states share them: copying a state copies lists. Marks of precision are
masks beside the registers, since they are made later, in states that were stored.

Source: include/linux/bpf_verifier.h (Linux 6.18): struct bpf_reg_state, bpf_func_state, bpf_verifier_state.
"""

from __future__ import annotations

from .scalar import UNKNOWN, const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .scalar import Scalar

    Jump = tuple[int, int, tuple[int, int] | None, tuple[tuple[int, bool, int], ...], int]

# Kinds of registers. Source: enum bpf_reg_type, whose names the kernel's log shows as KIND_NAMES.
(
    NOT_INIT, SCALAR, PTR_TO_CTX, CONST_PTR_TO_MAP, PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY, PTR_TO_STACK, PTR_TO_PACKET_META,
    PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_FLOW_KEYS, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK,
    PTR_TO_TP_BUFFER, PTR_TO_XDP_SOCK, PTR_TO_BTF_ID, PTR_TO_MEM, PTR_TO_ARENA, PTR_TO_BUF, PTR_TO_FUNC,
    CONST_PTR_TO_DYNPTR, PTR_TO_INSN,
) = range(23)  # fmt: skip
KIND_NAMES = (
    "?", "scalar", "ctx", "map_ptr", "map_value", "map_key", "fp", "pkt_meta", "pkt", "pkt_end", "flow_keys", "sock",
    "sock_common", "tcp_sock", "tp_buffer", "xdp_sock", "ptr_", "mem", "arena", "buf", "func", "dynptr_ptr", "insn",
)  # fmt: skip

# Flags of pointers. Source: enum bpf_type_flag.
(
    PTR_MAYBE_NULL, MEM_RDONLY, MEM_RINGBUF, MEM_USER, MEM_PERCPU, PTR_UNTRUSTED, MEM_ALLOC, PTR_TRUSTED, MEM_RCU,
    NON_OWN_REF, MEM_WRITE,
) = (1 << n for n in range(11))  # fmt: skip

# `Reg.id` of a scalar that is another one plus the constant `off`: the other's id with a bit, of 64 or of 32 bits.
ADD_CONST64, ADD_CONST32 = 1 << 31, 1 << 30
ADD_CONST = ADD_CONST64 | ADD_CONST32

# What each byte of a stack slot holds. Source: enum bpf_stack_slot_type.
INVALID, SPILL, MISC, STACK_ZERO, DYNPTR, ITER, IRQ_FLAG = range(7)

MAX_FRAMES, MAX_FRAMES_7 = 8, 16  # MAX_CALL_FRAMES, and since Linux 7.0
STACK_BYTES = 512


class Reg:
    """One register's value, never changed after it was made.

    `num` is a scalar's value, or the variable part of a pointer's offset; `off` the fixed part in bytes, of a scalar
    with ADD_CONST in its `id` the difference to what it is linked to. Registers of one `id` (not 0) hold the same
    scalar, came from the same lookup, or point into the same packet memory. `ref` names an acquired reference that it
    belongs to. `size` is in bytes: of packet pointers what may be accessed behind them, of PTR_TO_MEM the size of the
    memory. `obj` is a map (`Map`), the number of a frame (PTR_TO_STACK), a `BtfType`, a subprogram's number
    (PTR_TO_FUNC) or what a dynptr, iterator or irq flag is.
    """

    __slots__ = ("flags", "id", "kind", "num", "obj", "off", "ref", "size")

    def __init__(
        self, kind: int, num: Scalar, id: int = 0, off: int = 0, flags: int = 0, obj: Any = None, ref: int = 0,
        size: int = 0,
    ) -> None:
        self.kind, self.num, self.id, self.off = kind, num, id, off
        self.flags, self.obj, self.ref, self.size = flags, obj, ref, size

    def __repr__(self) -> str:
        if self.kind == SCALAR:
            return f"{self.num}" + (f" id={self.id & ~ADD_CONST}{self.off:+}" if self.id else "")
        parts = [KIND_NAMES[self.kind], f"{self.off:+}"]
        names = ("flags", "id", "ref", "size", "obj")
        parts += [f"{name}={getattr(self, name)}" for name in names if getattr(self, name)]
        return " ".join(parts) + ("" if self.num.is_const else f" + {self.num}")


NOT_INIT_REG = Reg(NOT_INIT, UNKNOWN)
UNKNOWN_REG = Reg(SCALAR, UNKNOWN)
ZERO_REG = Reg(SCALAR, const(0))
_CONSTANTS: dict[int, Reg] = {n & 0xFFFF_FFFF_FFFF_FFFF: Reg(SCALAR, const(n)) for n in range(-64, 512)}


def constant(value: int) -> Reg:
    """Return the scalar register that holds a known u64."""
    reg = _CONSTANTS.get(value)
    return reg if reg is not None else Reg(SCALAR, const(value))


class Slot:
    """Eight bytes of stack, never changed: what each byte holds (lowest address first), and the register if spilled.

    With `kinds[0]` SPILL the register's low bytes lie from the first byte on, as many as there are SPILLs.
    """

    __slots__ = ("kinds", "reg")

    def __init__(self, kinds: bytes, reg: Reg | None = None) -> None:
        self.kinds, self.reg = kinds, reg

    def __repr__(self) -> str:
        text = "".join("?sm0di!"[kind] for kind in self.kinds)
        return text if self.reg is None else f"{text} {self.reg!r}"


ALL_INVALID, ALL_SPILL, ALL_MISC, ALL_ZERO = (bytes([kind] * 8) for kind in (INVALID, SPILL, MISC, STACK_ZERO))
INVALID_SLOT, MISC_SLOT, ZERO_SLOT = Slot(ALL_INVALID), Slot(ALL_MISC), Slot(ALL_ZERO)


class Frame:
    """One function's registers and stack. `stack[i]` is the slot at fp - 8 * (i + 1).

    `precise_regs` and `precise_slots` are masks of the scalars whose exact range matters to what was verified after
    this state. `callsite` is the slot of the call; `callback` says what a callback returns to, None for others. `chain`
    holds the start of the outermost function and the call sites up to here, `callback_depth` counts the turns of the
    callback that this frame's call runs, `async_entries` how many callbacks that run later led to it.
    """

    __slots__ = (
        "async_entries", "callback", "callback_depth", "callsite", "chain", "precise_regs", "precise_slots", "regs",
        "stack", "subprog",
    )  # fmt: skip

    def __init__(
        self, regs: list[Reg], stack: list[Slot], subprog: int, callsite: int, chain: tuple[int, ...],
        callback: Any = None,
    ) -> None:
        self.regs, self.stack, self.subprog, self.callsite, self.callback = regs, stack, subprog, callsite, callback
        self.chain = chain
        self.precise_regs = self.precise_slots = self.callback_depth = self.async_entries = 0

    def copy(self) -> Frame:
        """Return a frame that changes apart from this one. Marks of precision stay behind."""
        new = Frame(self.regs[:], self.stack[:], self.subprog, self.callsite, self.chain, self.callback)
        new.callback_depth, new.async_entries = self.callback_depth, self.async_entries
        return new


class State:
    """All frames, and what is held: references, locks, RCU and preemption regions.

    `refs` holds (kind, id, insn) of what was acquired and must be released, `locks` (owner, pointer's id, kind) of the
    locks that are held, `may_sleep` says that a callback runs that may. `parent` is the stored state before,
    `branches` how many paths from here are not yet finished, `history` the jumps since `parent` as
    (slot, slot before, (frame, index of the slot of stack) that was spilled or filled, linked registers and slots, mask
    of compared registers that point to the stack). `length` is how many instructions the path had
    where it branched off.
    """

    __slots__ = (
        "branches", "callback_depth", "cleaned", "first", "frames", "history", "idx", "last", "length", "locks",
        "may_goto_depth", "may_sleep", "parent", "preempt", "rcu", "refs", "speculative",
    )  # fmt: skip

    def __init__(self, frames: list[Frame]) -> None:
        self.frames = frames
        self.refs: tuple[tuple[str, int, int], ...] = ()
        self.locks: tuple[tuple[int, int, str], ...] = ()
        self.rcu = self.preempt = self.may_goto_depth = self.callback_depth = 0
        self.speculative = self.cleaned = self.may_sleep = False
        self.parent: State | None = None
        self.branches = 1
        self.history: list[Jump] = []
        self.first = self.last = self.idx = self.length = 0

    def is_in_region(self) -> bool:
        """Whether nothing may sleep here: in an RCU region, without preemption or without interrupts."""
        return bool(self.rcu or self.preempt or any(kind == "irq" for kind, _, _ in self.refs))

    def copy(self) -> State:
        """Return a state that changes apart from this one."""
        new = State.__new__(State)
        new.frames = [frame.copy() for frame in self.frames]
        new.refs, new.locks, new.rcu, new.preempt = self.refs, self.locks, self.rcu, self.preempt
        new.may_goto_depth, new.callback_depth = self.may_goto_depth, self.callback_depth
        new.speculative, new.cleaned, new.parent, new.branches = self.speculative, False, self.parent, 1
        new.history, new.first, new.last, new.idx = self.history[:], self.first, self.last, self.idx
        new.length, new.may_sleep = self.length, self.may_sleep
        return new
