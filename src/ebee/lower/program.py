"""The state of one program while it is being lowered, and the operations on memory, maps and records.

Everything here speaks IR; it knows declared types, and nothing of Python's or bpftrace's syntax.
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.builder import Builder
from ..ir.core import I64, PTR_ARENA, PTR_ARG, PTR_BTF, PTR_FUNC, PTR_RECORD_OR_NULL, PTR_VALUE, PTR_VALUE_OR_NULL, Op
from ..spec.object import LOSS_MAP
from ..types.scalars import IntType
from .numbers import Num, Refusal, at_most, check_assignable, union

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from ..errors import SourceSpan
    from ..ir.core import Block, Function, Value
    from ..types.maps import MapDecl
    from ..types.scalars import NumType, Type
    from .object import ObjectBuilder


_MOST_UNROLLED = 1024  # bytes that are written one word after the other; in longer memory, _TURN_BYTES in each turn
_TURN_BYTES = 64


def chunks(start: int, end: int, most: int = 8) -> list[tuple[int, int]]:
    """Cut a byte range into naturally aligned (offset, size) accesses of 8, 4, 2 and 1 bytes, at most `most`."""
    out = []
    while start < end:
        size = next(s for s in (8, 4, 2, 1) if s <= most and start % s == 0 and start + s <= end)
        out.append((start, size))
        start += size
    return out


def is_plain(off: int, type: NumType, align: int) -> bool:
    """Whether a number in memory is one access that gives the number itself."""
    return isinstance(type, IntType) and type.size <= align and off % type.size == 0


def check_atomic(type: Type, what: str) -> IntType:
    """Return a type that can be changed atomically. Raises: Refusal for another."""
    if not isinstance(type, IntType) or type.size < 4:
        raise Refusal(
            f"{what} cannot be changed atomically: {type.name} has no atomic instruction",
            "declare it as u32, u64, s32 or s64; or read it, compute, and assign it",
        )
    return type


def _may_be_stack(base: Value) -> bool:
    """Whether memory may be the stack's: a function's own, or its caller's."""
    while isinstance(base, Op) and base.opcode == "add":
        base = base.args[0]
    return base.type == PTR_ARG or isinstance(base, Op) and base.opcode == "alloca"


class Held:
    """What a program must give back on every way: a record, a reference, a lock. `drop`: where it ends in an error.

    `pointer` is what may not be used any more then.
    """

    __slots__ = ("drop", "give", "pointer")

    def __init__(
        self, give: Callable[[], object], drop: Callable[[], object] | None = None, pointer: Value | None = None
    ) -> None:
        self.give, self.drop, self.pointer = give, drop or give, pointer


class Lowering:
    """One function being lowered: its builder `b`, and the object that it becomes part of.

    `failure` is what it returns where it ends because of an error; `below` is the stack, in bytes, that functions take
    which it calls. `opaque` is a zero that the verifier takes for any number, in a loop that it does not follow.
    `forgets`: there is a loop whose turns the verifier does not follow; it may have forgotten what it
    saw of a number where that was computed.
    """

    def __init__(self, obj: ObjectBuilder, function: Function, features: Container[str] = ()) -> None:
        self.obj, self.features = obj, features
        self.b = Builder(function)
        self.failure, self.below, self.forgets = 0, 0, False
        self.opaque: Value | None = None
        self.open_records: list[Held] = []
        self._scratch: dict[tuple[str, int], Value] = {}
        self.packet_moved: Callable[[], None] = lambda: None  # called where pointers into the packet are no more

    @property
    def span(self) -> SourceSpan | None:
        """The place in the source that is being lowered."""
        return self.b.span

    is_program = True  # its end is the program's

    @property
    def ctx(self) -> Value:
        """The program's context."""
        return self.b.function.entry.params[0]

    @property
    def stack(self) -> int:
        """The stack that it and what it calls take, in bytes: all allocas, nothing for what registers do not hold."""
        return sum(op.imm for op in self.b.function.entry.ops if op.opcode == "alloca") + self.below

    # Control

    def blocks(self, count: int) -> list[Block]:
        """Make new blocks."""
        return [self.b.new_block() for _ in range(count)]

    def lose(self, kind: str, what: str) -> None:
        """Count a loss at this place of the source."""
        self.b.op("atomic_add", self.loss_counter(kind, what), self.b.const(1), size=8)

    def loss_counter(self, kind: str, what: str) -> Value:
        """The address of the u64 that counts a loss at this place of the source."""
        slot = self.obj.loss_slot(kind, what, self.span)
        return self.b.op("map_value", symbol=LOSS_MAP, imm=8 * slot)

    def opaque_zero(self, number: int = 0) -> Value:
        """A zero that the verifier takes for any number, so that it does not follow what is counted from it.

        It takes zeros of different numbers for different ones.
        """
        return self.b.load(self.b.op("map_value", symbol=LOSS_MAP, imm=8 * self.obj.zero_slot(number)), 0, 8)

    def abort_if(self, cond: str, a: Value, b: Value, kind: str, what: str) -> None:
        """End the program here if the condition holds: counted, open records discarded, result `failure`."""
        bad, good = self.blocks(2)
        self.b.branch(cond, a, b, bad, good)
        self.b.start(bad)
        self.abort(kind, what)
        self.b.start(good)

    def abort(self, kind: str, what: str) -> None:
        """End the program here: counted, open records discarded, result `failure`."""
        self.lose(kind, what)
        self.fail()

    def fail(self) -> None:
        """End the program here: open records are discarded, the result is `failure`."""
        self.discard()
        self.b.ret(self.b.const(self.failure))

    def discard(self) -> None:
        """Discard the open records on this way, and give back what else is held; on other ways it stays."""
        for held in reversed(self.open_records):
            held.drop()

    def leave(self, result: Value) -> None:
        """Return from the program; records that are still open are submitted."""
        self.submit_down_to(0)
        self.b.ret(result)

    def submit_down_to(self, count: int) -> None:
        """Submit and give back all but the first `count` things that are held, on this way; on others they stay."""
        for held in reversed(self.open_records[count:]):
            held.give()

    # Memory

    def scratch(self, purpose: str, size_bytes: int, *, stays: bool = False) -> Value:
        """Stack memory whose contents matter only within one operation; shared by all of one purpose and size."""
        key = (purpose, size_bytes)
        if key not in self._scratch:
            self._scratch[key] = self.b.alloca(size_bytes, stays=stays)
        return self._scratch[key]

    def at(self, base: Value, off: int) -> Value:
        """The address `off` bytes into memory, for functions of the kernel. Raises: Refusal."""
        if base.type == PTR_ARENA:
            hint = "copy what is wanted to a struct of the probe's own: s = Node(n=nodes[i].n)"
            raise Refusal("functions of the kernel do not reach the memory of an arena", hint)
        return self.b.op("add", base, self.b.const(off)) if off else base

    def zero(self, base: Value, off: int, size_bytes: int, align: int = 8) -> None:
        """Fill memory with zeros. `base` is aligned to `align` bytes."""
        if self._is_long(size_bytes, off, align):

            def turn(at: Value) -> None:
                here = self.b.op("add", base, at)
                self.zero(here, off, _TURN_BYTES)

            done = self._turns(size_bytes, turn)
            off, size_bytes = off + done, size_bytes - done
        for at, size in chunks(off, off + size_bytes, align):
            self.b.store(base, at, size, self.b.const(0))

    def copy(
        self, to: Value, to_off: int, source: Value, source_off: int, size_bytes: int, align: int = 8
    ) -> None:
        """Copy memory that does not overlap. Both bases are aligned to `align` bytes."""
        step = align
        while (to_off - source_off) % step:
            step //= 2
        if self._is_long(size_bytes, to_off, step):

            def turn(at: Value) -> None:
                source_at, to_at = self.b.op("add", source, at), self.b.op("add", to, at)
                for part in range(0, _TURN_BYTES, 8):
                    self.b.store(to_at, to_off + part, 8, self.b.load(source_at, source_off + part, 8))

            done = self._turns(size_bytes, turn)
            to_off, source_off, size_bytes = to_off + done, source_off + done, size_bytes - done
        for at, size in chunks(to_off, to_off + size_bytes, align):
            for part in range(at, at + size, min(size, step)):
                width = min(size, step)
                self.b.store(to, part, width, self.b.load(source, source_off + part - to_off, width))

    def _is_long(self, size_bytes: int, off: int, align: int) -> bool:
        """Whether memory is gone over in a loop."""
        return size_bytes > _MOST_UNROLLED and off % 8 == 0 and align >= 8 and not self.b.is_leaving

    def _turns(self, size_bytes: int, turn: Callable[[Value], None]) -> int:
        """Run `turn` for each whole `_TURN_BYTES`, with how many bytes were before it; return how many that are."""
        b, (head, done) = self.b, self.blocks(2)
        whole, name = size_bytes // _TURN_BYTES * _TURN_BYTES, f"bytes {id(head)}"
        b.write(name, b.const(0))
        b.jump(head)
        b.start(head, seal=False)
        at = b.read(name)
        turn(at)
        following = b.op("add", at, b.const(_TURN_BYTES))
        b.write(name, following)
        b.branch("ult", following, b.const(whole), head, done)
        b.seal(head)
        b.start(done)
        return whole

    def store_num(self, base: Value, off: int, type: NumType, n: Num, what: str, align: int = 8) -> None:
        """Store a number into memory of its type; what overflows is cut off. `base` is aligned to `align` bytes."""
        if not is_plain(off, type, align):
            from .fields import store

            store(self, base, off, type, n, what, align)
            return
        check_assignable(n, type.lo, type.hi, what)
        if n.is_kernel_pointer and type.size < 8:
            from .kernel_types import address

            n = address(self, n)
        if off % 8 and "may_goto" not in self.features:
            self.show_bytes_ahead(base, off)
        self.b.store(base, off, type.size, self.unknown(base, off, type, n))

    def show_bytes_ahead(self, base: Value, off: int) -> None:
        """Where elements of a list on the stack are written at a run-time index, make the word that they begin in plain
        bytes: what was stored there before them could not be read again.

        Source: check_stack_write_var_off and check_stack_read_fixed_off in kernel/bpf/verifier.c (Linux 6.1).
        """
        if not isinstance(base, Op) or base.opcode != "add":
            return
        at, index = base.args
        if isinstance(at, Op) and at.opcode == "alloca" and not (isinstance(index, Op) and index.opcode == "const"):
            self.b.store(at, off - 1, 1, self.b.op("add", self.b.load(at, off - 1, 1), self.opaque_zero()))

    def unknown(self, base: Value, off: int, type: NumType, n: Num) -> Value:
        """A number to store, which the verifier must not know if it would count with it from turn to turn.

        It forgets numbers in registers and in words of 8 bytes, in narrower memory on the stack it does not.
        Source: widen_imprecise_scalars and is_spilled_reg in kernel/bpf/verifier.c (Linux 6.18).
        """
        if self.opaque is None or n.lo == n.hi or type.size == 8 or off % 8 or not _may_be_stack(base):
            return n.value
        return self.b.op("add", n.value, self.opaque)

    def store_bytes(self, base: Value, off: int, data: bytes, align: int = 8) -> None:
        """Store bytes that are known now. `base` is aligned to `align` bytes."""
        for at, size in chunks(off, off + len(data), align):
            self.b.store(base, at, size, self.b.const(int.from_bytes(data[at - off : at - off + size], "little")))

    def load_num(self, base: Value, off: int, type: NumType, align: int = 8) -> Num:
        """Load a number of a type. `base` is aligned to `align` bytes."""
        if not is_plain(off, type, align):
            from .fields import load

            return load(self, base, off, type, align)
        value: Value = self.b.load(base, off, type.size)
        if type.signed and type.size < 8:
            value = self.b.op("sext", value, size=type.size)
        return Num(value, type.lo, type.hi)

    # Strings

    def read_comm(self, to: Value, off: int, size_bytes: int, align: int = 8) -> None:
        """Write the current task's name, padded with zeros."""
        if size_bytes < 16:
            raise Refusal(f"the name of a task takes 16 bytes, not {size_bytes}", "declare it as Str(16)")
        self.zero(to, off, size_bytes, align)  # Linux 6.1 writes nothing after the end of the name
        self.b.call(FUNC.get_current_comm, self.at(to, off), self.b.const(16))

    def read_user_str(
        self, to: Value, off: int, size_bytes: int, address: Num, what: str, *, cut_is_loss: bool = True,
        is_kernel: bool = False, count: Num | None = None,
    ) -> None:
        """Write the string at a user (or kernel) address into memory that is zero; a fault or a cut is counted.

        With `count`, from 0 to `size_bytes`, no more than that is read, with the terminator.
        """
        b = self.b
        read_str, read = FUNC.probe_read_user_str, FUNC.probe_read_user
        if is_kernel:
            read_str, read = FUNC.probe_read_kernel_str, FUNC.probe_read_kernel
        fault, whole, full, cut, done, some = self.blocks(6)
        size = b.const(size_bytes) if count is None else at_most(self, count).value
        if count is not None and count.lo == 0:
            b.branch("eq", size, b.const(0), done, some)
            b.start(some)
        length = b.call(read_str, self.at(to, off), size, address.value)
        b.branch("slt", length, b.const(0), fault, whole)
        b.start(fault)
        self.lose("kernel_fault" if is_kernel else "user_fault", what)
        b.jump(done)
        if not cut_is_loss:
            b.start(whole)
            b.jump(done)
            b.start(done)
            return
        # A full buffer is a cut string only if the string goes on where the terminator was put.
        b.start(whole)
        b.branch("eq", length, size, full, done)
        b.start(full)
        last = self.scratch("last", 8)
        b.store(last, 0, 8, b.const(0))
        last_at = b.const(size_bytes - 1) if count is None else b.op("sub", size, b.const(1))
        end = b.op("add", address.value, last_at)
        b.call(read, last, b.const(1), end)
        b.branch("ne", b.load(last, 0, 8), b.const(0), cut, done)
        b.start(cut)
        self.lose("user_truncated", what)
        b.jump(done)
        b.start(done)

    # Maps

    def map(self, decl: MapDecl) -> Value:
        """The map itself, as helpers take it; one inside another was looked up."""
        pointer: Value | None = getattr(decl, "pointer", None)
        return pointer or self.b.op("map", symbol=decl.name)

    def lookup(self, decl: MapDecl, key: Value) -> Value:
        """The address of a value, or null."""
        return self.b.call(FUNC.map_lookup_elem, self.map(decl), key, type=PTR_VALUE_OR_NULL)

    def read_entry(self, decl: MapDecl, type: NumType, key: Value, default: Num | None = None) -> Num:
        """The number at a key; a missing key gives `default`, or zero, and inserts nothing.

        Raises: Refusal for a default that no one 64-bit type holds beside the map's values.
        """
        return self.number_or(self.lookup(decl, key), type, lambda entry: self.load_num(entry, 0, type), default)

    def number_or(
        self, pointer: Value, type: NumType, load: Callable[[Value], Num], default: Num | None = None
    ) -> Num:
        """What `load` finds at a pointer, or `default` or zero where that is null."""
        b = self.b
        found, missing, done = self.blocks(3)
        name = f"entry {id(found)}"
        b.branch("eq", pointer, b.const(0), missing, found)
        b.start(found)
        b.write(name, load(b.non_null(pointer)).value)
        b.jump(done)
        b.start(missing)
        other = default or Num(b.const(0), 0, 0)
        result = union(Num(b.const(0), type.lo, type.hi), other)
        b.write(name, other.value)
        b.jump(done)
        b.start(done)
        return Num(b.read(name), result.lo, result.hi)

    def write_entry(self, decl: MapDecl, key: Value, value: Value) -> None:
        """Set an entry; a failure (the map is full, the index out of range) is counted."""
        b = self.b
        result = b.call(FUNC.map_update_elem, self.map(decl), key, value, b.const(bpf.BPF_ANY))
        self.count_if("ne", result, "map_full", decl.name)

    def delete_entry(self, decl: MapDecl, key: Value) -> None:
        """Remove an entry; one that is not there is no failure."""
        self.b.call(FUNC.map_delete_elem, self.map(decl), key)

    def count_if(self, cond: str, value: Value, kind: str, what: str) -> None:
        """Count a loss if a condition holds between a value and 0."""
        bad, done = self.blocks(2)
        self.b.branch(cond, value, self.b.const(0), bad, done)
        self.b.start(bad)
        self.lose(kind, what)
        self.b.jump(done)
        self.b.start(done)

    def change_entry(self, decl: MapDecl, type: Type, key: Value, operation: str, n: Num) -> None:
        """m[k] op= n: `add`, `and`, `or` or `xor`, atomically, to an entry that is made of zeros where there was none.

        What finds no room is counted. Raises: Refusal.
        """
        whole = check_atomic(type, f"{decl.name}[…]")
        b = self.b
        lost, change, done = self.blocks(3)
        pointer = self.made_entry(decl, whole, key, lost)
        name = f"entry of {decl.name} {id(change)}"
        b.write(name, pointer)
        b.jump(change)
        b.start(lost)
        if operation == "add" and n.lo == n.hi == 1 and type.size == 8:
            b.write(name, self.loss_counter("map_full", decl.name))  # one instruction counts the event or its loss
            b.jump(change)
        else:
            self.lose("map_full", decl.name)
            b.jump(done)
        b.start(change)
        self.atomic(operation, b.read(name, PTR_VALUE), 0, type.size, n.value)
        b.jump(done)
        b.start(done)

    def made_entry(self, decl: MapDecl, type: Type, key: Value, lost: Block) -> Value:
        """The address of an entry: look up; if absent insert zeros; look up again; still absent: go to `lost`.

        Raises: Refusal for maps that find other entries than they are asked for.
        """
        if decl.map_type == bpf.BPF_MAP_TYPE_LPM_TRIE:
            raise Refusal(
                f"+= on {decl.name} would add to the entry of a shorter prefix, or make one for this address alone",
                f"take Struct values: v = {decl.name}.lookup(k), then v.field += n",
            )
        b = self.b
        found, missing, found_second, have = self.blocks(4)
        name = f"entry of {decl.name} {id(missing)}"
        pointer = self.lookup(decl, key)
        b.branch("eq", pointer, b.const(0), missing, found)
        b.start(found)
        b.write(name, b.non_null(pointer))
        b.jump(have)
        b.start(missing)
        if decl.map_type in (bpf.BPF_MAP_TYPE_ARRAY, bpf.BPF_MAP_TYPE_PERCPU_ARRAY):
            b.jump(lost)  # nothing can be inserted: the index is out of range
        else:
            zero = self.scratch("value", type.size)
            self.zero(zero, 0, type.size)
            b.call(FUNC.map_update_elem, self.map(decl), key, zero, b.const(bpf.BPF_NOEXIST))
            again = self.lookup(decl, key)
            b.branch("eq", again, b.const(0), lost, found_second)
            b.start(found_second)
            b.write(name, b.non_null(again))
            b.jump(have)
        b.start(have)
        return b.read(name, PTR_VALUE)

    # Functions

    def call_function(self, name: str, args: Sequence[Value] = (), type: str = I64) -> Value:
        """Call a function of the object (`ObjectBuilder.add_function`); memory is passed to parameters of PTR_ARG.

        `type` is that of its result.
        """
        return self.b.op("call_local", *args, symbol=name, type=type)

    def function_address(self, name: str, *, is_later: bool = False) -> Value:
        """The address of a function of the object, for helpers and kfuncs that call it back.

        `is_later` says that it runs after this program, on a stack of its own: timers and work queues.
        """
        return self.b.op("func_addr", symbol=name, imm=int(is_later))

    def call_kfunc(self, name: str, args: Sequence[Value] = (), type: str = I64, *, is_weak: bool = False) -> Value:
        """Call a function of the kernel by its name; the loader finds it, also with `_impl` at the end or without.

        A weak one may be missing: call it only where `has_kfunc` holds.
        """
        return self.b.op("call_kfunc", *args, symbol=name, type=type, imm=int(is_weak))

    def has_kfunc(self, name: str) -> Value:
        """The address of a function of the kernel, to be compared with 0: missing. The verifier knows it."""
        return self.b.op("ksym", symbol=name, type=PTR_FUNC, imm=1)

    def kernel_variable(self, name: str, type: str = PTR_BTF, *, is_weak: bool = False) -> Value:
        """The address of a global variable of the kernel; of a per-CPU one for bpf_per_cpu_ptr."""
        return self.b.op("ksym", symbol=name, type=type, imm=int(is_weak))

    def tail_call(self, decl: MapDecl, index: Value) -> None:
        """Go to the program at an index of a program array and not come back; where there is none, go on.

        Everything that must be done before the program ends (open records) has to be done. In programs only.
        """
        self.b.call(FUNC.tail_call, self.ctx, self.map(decl), index)

    # Global variables and atomics

    def global_address(self, name: str) -> Value:
        """The address of a global variable (`ObjectBuilder.add_global`). Every load is done, every store stays."""
        found = self.obj.globals[name]
        return self.b.op("map_value", symbol=found.section, imm=found.off_bytes)

    def atomic(
        self, operation: str, base: Value, off: int, size: int, value: Value, *, is_fetch: bool = False
    ) -> Value:
        """Do `add`, `and`, `or`, `xor` or `xchg` on 4 or 8 bytes of memory that others may change at the same time.

        `xchg`, and the others with `is_fetch`, give what was there before, zero-extended.
        """
        opcode = operation if operation == "xchg" else f"{'fetch' if is_fetch else 'atomic'}_{operation}"
        return self.b.op(opcode, base, value, off=off, size=size)

    def compare_exchange(self, base: Value, off: int, size: int, expected: Value, new: Value) -> Value:
        """Store `new` if `expected` is there, atomically; give what was there, zero-extended."""
        return self.b.op("cmpxchg", base, expected, new, off=off, size=size)

    # Ring buffers

    def reserve(self, decl: MapDecl, size_bytes: int, skipped: Block) -> Value:
        """Reserve a record of zeros and go on with it; when the ring is full count it and go to `skipped`."""
        pointer = self.reserve_raw(decl.name, size_bytes, skipped, "ring_full")
        self.zero(pointer, 0, size_bytes)
        return pointer

    def reserve_raw(self, ring: str, size_bytes: int, skipped: Block, loss: str) -> Value:
        """Reserve a record whose bytes can be anything, as `reserve` does; `loss` is the kind that is counted."""
        b = self.b
        full, have = self.blocks(2)
        map, size = b.op("map", symbol=ring), b.const(size_bytes)
        record = b.call(FUNC.ringbuf_reserve, map, size, b.const(0), type=PTR_RECORD_OR_NULL)
        b.branch("eq", record, b.const(0), full, have)
        b.start(full)
        self.lose(loss, ring)
        b.jump(skipped)
        b.start(have)
        pointer = b.non_null(record)
        self.hold(
            lambda: b.call(FUNC.ringbuf_submit, pointer, b.const(0)),
            lambda: b.call(FUNC.ringbuf_discard, pointer, b.const(0)),
            pointer,
        )
        return pointer

    def hold(
        self, give: Callable[[], object], drop: Callable[[], object] | None = None, pointer: Value | None = None
    ) -> None:
        """From here on something is held, until `release`; ways that leave before give it back."""
        self.open_records.append(Held(give, drop, pointer))

    def held_from(self, count: int) -> list[Value]:
        """The addresses of all but the first `count` things that are held."""
        return [held.pointer for held in self.open_records[count:] if held.pointer is not None]

    def release(self) -> None:
        """Submit or give back what is held since last."""
        self.open_records.pop().give()


# Intrinsics that are one helper call and a piece of its result: name -> (helper, shift right, bits kept).
TASK_NUMBERS = {
    "pid": (FUNC.get_current_pid_tgid, 32, 22),
    "tid": (FUNC.get_current_pid_tgid, 0, 22),
    "uid": (FUNC.get_current_uid_gid, 0, 32),
    "gid": (FUNC.get_current_uid_gid, 32, 32),
    "cpu": (FUNC.get_smp_processor_id, 0, 31),
    "ktime": (FUNC.ktime_get_ns, 0, 64),
    "boot_ns": (FUNC.ktime_get_boot_ns, 0, 64),
    "random": (FUNC.get_prandom_u32, 0, 32),
    "cgroup_id": (FUNC.get_current_cgroup_id, 0, 64),
    "numa_node": (FUNC.get_numa_node_id, 0, 31),
}


def task_number(low: Lowering, name: str) -> Num:
    """The number that an intrinsic of `TASK_NUMBERS` stands for."""
    helper, shift, bits = TASK_NUMBERS[name]
    value: Value = low.b.call(helper)
    if shift:
        value = low.b.op("lshr", value, low.b.const(shift))
    elif bits <= 32:
        value = low.b.op("zext", value, size=4)
    return Num(value, 0, (1 << bits) - 1)
