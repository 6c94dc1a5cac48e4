"""The interpreter: runs bytecode, translated once to Python functions, over the engine's memory.

Every wrong access is a `FaultError` and everything else that cannot go on an `ExecutionError`; both carry the
slot of the instruction. The semantics are those of RFC 9669; see `translate` for how.
"""

from __future__ import annotations

import struct

from ..errors import EbeeError, ExecutionError, FaultError, InternalError
from .memory import CODE_REGION, STACK_REGION, Memory
from .task import TaskContext
from .translate import CODE_BASE, MAX_FRAMES, translate, unresolved_wide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType

    from ..isa.insn import Insn
    from .maps import EngineMap, RingBuffer
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


def _no_arena() -> ExecutionError:
    return ExecutionError("addr_space_cast needs an arena map, and this program has none")


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
    "no_arena": _no_arena,
    "goto": _goto,
}


class Machine:
    """What all programs of a backend share: memory, helpers, maps by handle, and the task that is running.

    One program runs at a time. `left` is the instruction budget that is left, `depth` the call depth at which
    a helper that calls back was called, `packet` what the legacy packet loads read, `pointers` what loads of 4 bytes
    from those addresses of a context give, `trace` takes lines that programs print.
    """

    __slots__ = (
        "code", "depth", "executed", "helpers", "left", "maps", "memory", "packet", "pointers",
        "reserved", "task", "trace",
    )

    def __init__(
        self, memory: Memory | None = None, helpers: Mapping[int, Callable[..., int]] | None = None
    ) -> None:
        if helpers is None:
            from .helpers import HELPERS

            helpers = HELPERS
        self.memory = Memory() if memory is None else memory
        self.helpers = helpers
        self.maps: dict[int, EngineMap] = {}
        self.task = TaskContext()
        self.reserved: dict[int, RingBuffer] = {}
        self.trace: Callable[[str], None] | None = None
        self.packet = b""
        self.pointers: dict[int, int] = {}
        self.left = self.depth = self.executed = 0
        self.code: Code | None = None
        for depth in range(MAX_FRAMES):
            self.memory.name_fixed(STACK_REGION + depth, "the stack" if not depth else f"stack frame {depth}")
        self.memory.name_fixed(CODE_REGION, "code")

    def load(
        self, insns: Sequence[Insn], resolve_wide: ResolveWide = unresolved_wide, *, has_pointers: bool = False
    ) -> Code:
        """Translate a program; `has_pointers` if its context holds some. Raises: what `translate.translate` raises."""
        return Code(self, translate(insns, self.helpers, resolve_wide, has_pointers=has_pointers))

    def call(self, address: int, depth: int, *args: int) -> int:
        """Call the function at a code address, or the helper whose number is below 2**32 (callx,
        callbacks)."""
        if address >> 32:
            function = self.code.functions.get(address) if self.code is not None else None
            if function is None:
                raise ExecutionError(f"call to {address:#x}, where no function starts")
            return function(*args, *[0] * (5 - len(args)), depth)
        helper = self.helpers.get(address)
        if helper is None:
            raise ExecutionError(f"call of helper {address}, which is not there")
        return helper(self, *args[: helper.__code__.co_argcount - 1]) & 0xFFFF_FFFF_FFFF_FFFF

    def load_packet(self, off_bytes: int, size: int) -> int:
        """Return a big-endian number of the packet, -1 outside of it: then the program ends with 0."""
        off_bytes = (off_bytes & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
        if off_bytes < 0 or off_bytes + size > len(self.packet):
            return -1
        return int.from_bytes(self.packet[off_bytes : off_bytes + size], "big")


class Code:
    """A translated program. `functions` maps the code address of each BPF function to its Python function."""

    __slots__ = ("_file", "functions", "machine", "translation")

    def __init__(self, machine: Machine, translation: Translation) -> None:
        self.machine = machine
        self.translation = translation
        self._file = f"<bpf {id(self):#x}>"
        names: dict[str, object] = {**_PRIMITIVES, "vm": machine}
        names |= {"R": machine.memory.regions, "P": machine.pointers, "T": translation.targets}
        names.update((f"h{number}", helper) for number, helper in machine.helpers.items())
        exec(compile(translation.source, self._file, "exec"), names)
        self.functions: dict[int, Callable[..., int]] = {
            CODE_BASE + start * 8: names[f"f{start}"]  # type: ignore[misc]  # defined by the source
            for start in translation.functions
        }

    def run(self, r1: int = 0, r2: int = 0, *, budget: int = DEFAULT_BUDGET, packet: bytes = b"") -> int:
        """Run the program; return r0 (64 bits). `machine.executed` then holds the number of instructions.

        Raises: FaultError, ExecutionError.
        """
        machine = self.machine
        machine.left, machine.packet, machine.code = budget, packet, self
        try:
            r0 = self.functions[CODE_BASE](r1, r2, 0, 0, 0, 0)
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
        while tb is not None:
            in_program = tb.tb_frame.f_code.co_filename == self._file
            if in_program:
                frame, line = tb.tb_frame, tb.tb_lineno
            tb = tb.tb_next
        if frame is None:
            return error if isinstance(error, EbeeError) else InternalError(f"{error!r} outside of a program")
        slot = self.translation.where[line - 1]
        if isinstance(error, FaultError):
            return FaultError(error.address, error.size, error.why, slot)
        if isinstance(error, ExecutionError):
            return error if error.insn_idx is not None else ExecutionError(error.why, slot)
        if isinstance(error, EbeeError):
            return error
        row = self.translation.row_at[slot]
        access_errors = (KeyError, IndexError, TypeError, struct.error)
        if in_program and row.off == "mem" and isinstance(error, access_errors):
            write = row.family == "store" or (row.family == "atomic" and row.op != "load_acq")
            return self.machine.memory.fault(frame.f_locals["a"], row.bits // 8, write=write, insn_idx=slot)
        failure = InternalError(f"instruction {slot} ({row.name}) failed: {error!r}")
        failure.__cause__ = error
        return failure
