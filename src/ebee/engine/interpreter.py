"""The interpreter: runs bytecode, translated once to Python functions, over the engine's memory.

Every wrong access is a `FaultError` and everything else that cannot go on an `ExecutionError`; both carry the
slot of the instruction. The semantics are those of RFC 9669; see `translate` for how.
"""

from __future__ import annotations

import struct

from ..errors import EbeeError, ExecutionError, FaultError, InternalError
from .memory import CODE_REGION, STACK_REGION, Memory
from .registry import Registry
from .task import TaskContext
from .translate import CODE_BASE, MAX_FRAMES, translate, unresolved_wide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType

    from ..isa.insn import Insn
    from .maps import EngineMap, RingBuffer
    from .packets import Packet
    from .timers import Timer
    from .translate import ResolveWide, Translation

DEFAULT_BUDGET = 100_000_000  # instructions in one run


class ProgramExit(Exception):
    """Raised by a helper to end the whole program with the value `r0`."""

    def __init__(self, r0: int) -> None:
        self.r0 = r0


def _sdiv(d: int, s: int, h: int) -> int:
    """Divide two numbers as signed ones (sign bit `h`), towards zero; by zero gives 0."""
    d, s = (d ^ h) - h, (s ^ h) - h
    if not s:
        return 0
    return abs(d) // abs(s) * (1 if (d < 0) == (s < 0) else -1)


def _smod(d: int, s: int, h: int) -> int:
    """Return the remainder of `_sdiv`, which has the sign of the dividend; by zero gives the dividend."""
    d, s = (d ^ h) - h, (s ^ h) - h
    if not s:
        return d
    return abs(d) % abs(s) * (-1 if d < 0 else 1)


def _swap(value: int, size: int) -> int:
    return int.from_bytes(value.to_bytes(size, "little"), "big")


def _spent() -> ExecutionError:
    return ExecutionError("the instruction budget is used up")


def _too_deep() -> ExecutionError:
    return ExecutionError(f"more than {MAX_FRAMES} nested calls")


def _past_end() -> ExecutionError:
    return ExecutionError("the function runs past its last instruction")


def _arena(vm: Machine, address: int) -> int:
    """An address in an arena is the same to everybody here."""
    if not vm.memory.has_arena:
        raise ExecutionError("addr_space_cast needs an arena map, and this program has none")
    return address


def _goto(targets: dict[int, int], address: int) -> int:
    block = targets.get(address)
    if block is None:
        raise ExecutionError(f"gotox to {address:#x}, which is no instruction of this function")
    return block


def _memory_primitives() -> dict[str, object]:
    """Return u8..u64, s8..s64 (loads) and p8..p64 (stores): little-endian, with struct's own bounds check."""
    out: dict[str, object] = {}
    for bits, code in ((8, "B"), (16, "H"), (32, "I"), (64, "Q")):
        unsigned = struct.Struct("<" + code)
        out[f"u{bits}"] = unsigned.unpack_from
        out[f"p{bits}"] = unsigned.pack_into
        out[f"s{bits}"] = struct.Struct("<" + code.lower()).unpack_from
    return out


_PRIMITIVES: dict[str, object] = {
    **_memory_primitives(),
    "sdiv": _sdiv,
    "smod": _smod,
    "swap": _swap,
    "spent": _spent,
    "too_deep": _too_deep,
    "past_end": _past_end,
    "arena": _arena,
    "goto": _goto,
}


class Machine:
    """What all programs of a backend share: memory, helpers, maps by handle, and the task that is running.

    One program runs at a time. `code` is the one that runs, `left` the instruction budget that is left, `depth` the
    call depth at which a helper that calls back was called, `tail_calls` how many there were, `next_code` where the
    last one leads. `legacy` is what the legacy packet loads read, `packet` what the context points to, `pointers` what
    loads of 4 bytes from those addresses of a context give, `ctx_bytes` the size of the context, `cookie` that of the
    attachment, `retval` the result that a cgroup hook has so far. `trace` takes lines that programs print, `effects`
    what they asked the network to do. `objects` and `percpu` are what kernel functions allocated.
    """

    __slots__ = (
        "code", "cookie", "ctx_bytes", "depth", "effects", "executed", "helpers", "left", "legacy", "maps", "memory",
        "next_code", "objects", "packet", "percpu", "pointers", "registry", "reserved", "retval", "running_timer",
        "tail_calls", "task", "timers", "trace",
    )  # fmt: skip

    def __init__(self, memory: Memory | None = None, helpers: Mapping[int, Callable[..., int]] | None = None) -> None:
        if helpers is None:
            from .helpers import HELPERS

            helpers = HELPERS
        self.memory = Memory() if memory is None else memory
        self.registry = Registry(self.memory)
        self.helpers = helpers
        self.maps: dict[int, EngineMap] = {}
        self.task = TaskContext()
        self.reserved: dict[int, RingBuffer] = {}
        self.timers: dict[int, Timer] = {}
        self.running_timer: Timer | None = None
        self.trace: Callable[[str], None] | None = None
        self.legacy: bytes | bytearray | memoryview = b""
        self.packet: Packet | None = None
        self.pointers: dict[int, int] = {}
        self.effects: list[tuple[str, tuple[int, ...], bytes]] = []
        self.objects: dict[int, int] = {}
        self.percpu: dict[int, list[int]] = {}
        self.left = self.depth = self.executed = self.tail_calls = self.ctx_bytes = self.cookie = self.retval = 0
        self.code: Code | None = None
        self.next_code: Code | None = None
        for depth in range(MAX_FRAMES):
            self.memory.name_fixed(STACK_REGION + depth, "the stack" if not depth else f"stack frame {depth}")
        self.memory.name_fixed(CODE_REGION, "code")

    def load(
        self,
        insns: Sequence[Insn],
        resolve_wide: ResolveWide = unresolved_wide,
        *,
        has_pointers: bool = False,
        kfuncs: Sequence[Callable[..., int]] = (),
        attach_type: int = 0,
    ) -> Code:
        """Translate a program; `has_pointers` if its context holds some, `kfuncs` what calls of them index.

        Raises: what `translate.translate` raises.
        """
        translation = translate(insns, self.helpers, resolve_wide, has_pointers=has_pointers, kfuncs=kfuncs)
        return Code(self, translation, attach_type)

    def set_pointers(self, ctx: int, pointers: dict[int, int]) -> None:
        """Say what loads of 4 bytes from these offsets of the context at `ctx` give, and no others any more."""
        self.pointers.clear()
        self.pointers.update({ctx + off: pointer for off, pointer in pointers.items()})

    def call(self, address: int, depth: int, *args: int) -> int:
        """Call the function at a code address, or the helper whose number is below 2**32 (callx,
        callbacks)."""
        if address >> 32:
            function = self.code.functions.get(address) if self.code is not None else None
            if function is None:
                raise ExecutionError(f"call to {address:#x}, where no function starts")
            return function(*args, *[0] * (5 - len(args)), depth)
        try:
            helper = self.helpers[address]
        except KeyError:
            raise ExecutionError(f"call of helper {address}, which is not there") from None
        return helper(self, *args[: helper.__code__.co_argcount - 1]) & 0xFFFF_FFFF_FFFF_FFFF

    def go_on(self, ctx: int, depth: int) -> int:
        """Run the program that a tail call leads to, in the place of the function that made it; return its result."""
        code, caller = self.next_code, self.code
        if code is None:
            raise InternalError("a tail call that leads nowhere")
        self.code = code
        r0 = code.functions[CODE_BASE](ctx, 0, 0, 0, 0, depth)
        self.code = caller
        return r0

    def load_packet(self, off_bytes: int, size: int) -> int:
        """Return a big-endian number of the packet, -1 outside of it: then the program ends with 0."""
        off_bytes = (off_bytes & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
        if off_bytes < 0:
            return -1 if self.packet is None else self.packet.number_beside(off_bytes, size)
        if off_bytes + size > len(self.legacy):
            return -1
        return int.from_bytes(self.legacy[off_bytes : off_bytes + size], "big")


class Code:
    """A translated program. `functions` maps the code address of each BPF function to its Python function."""

    __slots__ = ("_file", "attach_type", "functions", "machine", "translation")

    def __init__(self, machine: Machine, translation: Translation, attach_type: int = 0) -> None:
        self.machine = machine
        self.translation = translation
        self.attach_type = attach_type
        self._file = f"<bpf {id(self):#x}>"
        names: dict[str, object] = {**_PRIMITIVES, "vm": machine}
        names |= {"R": machine.memory.regions, "P": machine.pointers, "T": translation.targets}
        names |= translation.called
        names["code"] = self
        exec(compile(translation.source, self._file, "exec"), names)
        self.functions: dict[int, Callable[..., int]] = {
            CODE_BASE + start * 8: names[f"f{start}"]  # type: ignore[misc]  # defined by the source
            for start in translation.functions
        }

    def run(self, r1: int = 0, r2: int = 0, *, budget: int = DEFAULT_BUDGET, packet: bytes | None = None) -> int:
        """Run the program; return r0 (64 bits). `machine.executed` then holds the number of instructions.

        Raises: FaultError, ExecutionError.
        """
        if packet is not None:
            self.machine.legacy = packet
        return self._run(CODE_BASE, (r1, r2, 0, 0, 0), budget)

    def run_callback(self, address: int, *args: int) -> int:
        """Run one function of the program by itself, as a timer does. Raises: as `run`."""
        return self._run(address, (*args, *[0] * (5 - len(args))), DEFAULT_BUDGET)

    def _run(self, address: int, args: tuple[int, ...], budget: int) -> int:
        machine = self.machine
        machine.left, machine.code, machine.tail_calls = budget, self, 0
        try:
            r0 = self.functions[address](*args, 0)
            machine.executed = budget - machine.left
            return r0
        except ProgramExit as end:
            self._clean_up()
            return end.r0
        except Exception as error:
            failure = self._explain(error)
            self._clean_up()
            raise failure from None

    def _clean_up(self) -> None:
        """Take away what a program that did not end by itself left behind: frames and reserved records."""
        machine = self.machine
        for depth in range(MAX_FRAMES):
            machine.memory.regions.pop(STACK_REGION + depth, None)
        for address, ring in machine.reserved.items():
            ring.commit(address, 0, discard=True)
        machine.reserved.clear()

    def _explain(self, error: Exception) -> EbeeError:
        """Return the error to show for one that came out of translated code, with the instruction's slot."""
        frame: FrameType | None = None
        tb, line = error.__traceback__, 0
        in_program = False
        code = self
        while tb is not None:
            found = tb.tb_frame.f_globals.get("code")
            in_program = isinstance(found, Code) and tb.tb_frame.f_code.co_filename == found._file
            if isinstance(found, Code) and in_program:
                frame, line, code = tb.tb_frame, tb.tb_lineno, found  # after a tail call, of another program
            tb = tb.tb_next
        self.machine.code = code
        if frame is None:
            return error if isinstance(error, EbeeError) else InternalError(f"{error!r} outside of a program")
        slot = code.translation.where[line - 1]
        if isinstance(error, FaultError):
            return FaultError(error.address, error.size, error.why, slot)
        if isinstance(error, ExecutionError):
            return error if error.insn_idx is not None else ExecutionError(error.why, slot)
        if isinstance(error, EbeeError):
            return error
        row = code.translation.row_at[slot]
        access_errors = (KeyError, IndexError, TypeError, struct.error)
        if in_program and row.off == "mem" and isinstance(error, access_errors):
            write = row.family == "store" or (row.family == "atomic" and row.op != "load_acq")
            return self.machine.memory.fault(frame.f_locals["a"], row.bits // 8, write=write, insn_idx=slot)
        failure = InternalError(f"instruction {slot} ({row.name}) failed: {error!r}")
        failure.__cause__ = error
        return failure
