"""The machine that runs native code: the interpreter's, with memory at real addresses and compiled programs.

Helpers are the interpreter's own Python functions unless native code has its own; they reach memory through the same
methods, since an address is the same to both.
"""

from __future__ import annotations

from bisect import bisect_right
from ctypes import c_uint64
from struct import pack_into, unpack_from

from ...errors import EbeeError, ExecutionError, InternalError, NotSupported
from ...sys import native
from ..interpreter import Code, Machine
from ..memory import OFFSET_BITS
from ..program import Program
from ..translate import CALLBACK_HELPERS, CODE_BASE, MAX_FRAMES, STACK_BYTES, TAIL_CALL, helper_name, unresolved_wide
from . import layout
from .memory import NativeMemory
from .native_text import Callee, Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from weakref import ReferenceType

    from ...isa.insn import Insn
    from ...isa.table import Row
    from ..translate import ResolveWide
    from .native_text import FindCallee, NativeText

_U64, _U32 = 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF
_WHY = {
    layout.SPENT: "the instruction budget is used up",
    layout.DEEP: f"more than {MAX_FRAMES} nested calls",
    layout.PAST: "the function runs past its last instruction",
}
_RANGES_MAX = 4096
_TIMER_SET_CALLBACK = 170


class NativeMachine(Machine):
    """A machine whose programs are machine code.

    Raises: NotSupported for a processor that there is no compiler for; SyscallError when memory is denied.
    """

    __slots__ = ("_callees", "_enter", "_failure", "_keep", "frame_top", "options")

    memory: NativeMemory

    def __init__(
        self,
        memory: NativeMemory | None = None,
        helpers: Mapping[int, Callable[..., int]] | None = None,
        options: Options | None = None,
    ) -> None:
        super().__init__(NativeMemory() if memory is None else memory, helpers)
        runtime = process_runtime()
        self.options = options or Options(may_bmi2="bmi2" in runtime.flags)
        self.frame_top = self.memory.stack(MAX_FRAMES, STACK_BYTES)
        self._callees: dict[object, Callee] = {}
        self._keep: list[object] = []
        self._failure: BaseException | None = None
        self._enter = runtime.enter
        state = self.memory.state_bytes
        for field, address in runtime.fields.items():
            pack_into("<Q", state, field, address)
        pack_into("<Q", state, layout.STACK_END, self.frame_top + MAX_FRAMES * layout.FRAME_STEP)

    def load(
        self,
        insns: Sequence[Insn],
        resolve_wide: ResolveWide = unresolved_wide,
        *,
        has_pointers: bool = False,
        kfuncs: Sequence[Callable[..., int]] = (),
        attach_type: int = 0,
    ) -> Code:
        """Compile a program. Raises: FormatError, ExecutionError, NotSupported."""
        program = Program(insns)
        if not self.memory.has_arena:
            for slot, row in program.row_at.items():
                if row.family == "addr_space_cast":
                    raise ExecutionError("addr_space_cast needs an arena map, and this program has none", slot)

        owner: list[NativeCode] = []

        def find(row: Row, insn: Insn, slot: int) -> Callee:
            return self.callee(row, insn, slot, kfuncs, owner)

        text = process_runtime().compile(program, find, resolve_wide, self.options.replace(has_pointers=has_pointers))
        code = NativeCode(self, program, text, attach_type)
        owner.append(code)
        return code

    def set_pointers(self, ctx: int, pointers: dict[int, int]) -> None:
        table = [0] * layout.POINTER_COUNT
        for off, pointer in pointers.items():
            table[off // 4] = pointer
        pack_into(f"<{layout.POINTER_COUNT}Q", self.memory.state_bytes, layout.POINTERS, *table)
        pack_into("<Q", self.memory.state_bytes, layout.CTX, ctx)

    def callee(
        self,
        row: Row,
        insn: Insn,
        slot: int,
        kfuncs: Sequence[Callable[..., int]],
        owner: list[NativeCode],
    ) -> Callee:
        """Return the function that does what an instruction calls; `owner` will hold its program."""
        if row.family == "packet":
            return self._callback("packet", self.load_packet, 2)
        if row.family == "callx":
            return self._callback("callx", self._call_helper, 6)
        if row.op == "kfunc" and not 0 <= insn.imm < len(kfuncs):
            raise NotSupported(
                f"calls of kernel functions by BTF id in the engine (instruction {slot})", hint="run it in the kernel"
            )
        if row.op == "kfunc":
            function = kfuncs[insn.imm]
            return self._callback(function, self._with_machine(function, _int), function.__code__.co_argcount - 1)
        try:
            helper = self.helpers[insn.imm]
        except KeyError:
            what = helper_name(insn.imm)
            raise NotSupported(f"{what} in the engine (instruction {slot})", hint="run it in the kernel") from None
        if insn.imm == TAIL_CALL:
            return self._callback(helper, self._tail_call(helper), 3)
        if insn.imm in CALLBACK_HELPERS or insn.imm == _TIMER_SET_CALLBACK:
            return self._callback(
                (helper, id(owner)), self._calling_back(helper, owner), helper.__code__.co_argcount - 1
            )
        return self._callback(helper, self._with_machine(helper, _same), helper.__code__.co_argcount - 1)

    def _tail_call(self, helper: Callable[..., int]) -> Callable[..., int]:
        def call(ctx: int, handle: int, index: int) -> int:
            result = helper(self, ctx, handle, index)
            following = self.next_code
            if not result and isinstance(following, NativeCode):
                pack_into("<Q", self.memory.state_bytes, layout.NEXT_CODE, following.address)
                self.code = following
            return result

        return call

    def _calling_back(self, helper: Callable[..., int], owner: list[NativeCode]) -> Callable[..., int]:
        """The functions that such a helper calls, or keeps, are those of the program that calls it."""

        def call(*args: int) -> int:
            self.code = owner[0]
            return helper(self, *args)

        return call

    def _with_machine(self, function: Callable[..., int], convert: Callable[[int], int]) -> Callable[..., int]:
        return lambda *args: convert(function(self, *args))

    def _call_helper(self, a: int, b: int, c: int, d: int, e: int, number: int) -> int:
        return super().call(number, 0, a, b, c, d, e)

    def _callback(self, key: object, function: Callable[..., int], arguments: int) -> Callee:
        found = self._callees.get(key)
        if found is not None:
            return found
        memory = self.memory

        def call(*args: int) -> int:
            # The budget and the depth of the call are in the state for as long as native code runs.
            self.left = unpack_from("<q", memory.state_bytes, layout.LEFT)[0]
            self.depth = args[5] - self.frame_top >> OFFSET_BITS
            try:
                return function(*args[:arguments]) & _U64
            except BaseException as error:
                self._failure = error
                pack_into("<Q", memory.state_bytes, layout.STATUS, layout.HELPER)
                return 0
            finally:
                pack_into("<q", memory.state_bytes, layout.LEFT, self.left)

        made = self._callees[key] = Callee(id(call), is_python=True)
        self._keep.append(call)
        return made

    def call(self, address: int, depth: int, *args: int) -> int:
        if address >> 32:
            code = self.code
            if not isinstance(code, NativeCode) or address not in code.functions:
                raise ExecutionError(f"call to {address:#x}, where no function starts")
            return code.functions[address](*args, *[0] * (5 - len(args)), depth)
        return super().call(address, depth, *args)

    def enter(self, address: int, args: Sequence[int], depth: int) -> int:
        """Run native code at an address with five arguments, in the stack frame of a depth; return r0."""
        if depth >= MAX_FRAMES:
            raise ExecutionError(_WHY[layout.DEEP])
        state = self.memory.state_bytes
        pack_into("<q", state, layout.LEFT, self.left)
        given = (c_uint64 * 5)(*args)
        r0 = self._enter(self.memory.state, address, given, self.frame_top + depth * layout.FRAME_STEP)
        self.left = unpack_from("<q", state, layout.LEFT)[0]
        (status,) = unpack_from("<Q", state, layout.STATUS)
        if status == layout.RUNNING:
            return int(r0)
        pack_into("<Q", state, layout.STATUS, layout.RUNNING)
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        if status == layout.HELPER:
            raise InternalError("a helper was interrupted")
        site, accessed = unpack_from("<Q", state, layout.SITE)[0], unpack_from("<Q", state, layout.ADDRESS)[0]
        raise process_runtime().explain(self, status, site, accessed)


def _same(value: int) -> int:
    return value


def _int(value: int) -> int:
    """What a kernel function returns: int has 32 bits; pointers are never negative."""
    return value if value >= 0 else value & _U32


class NativeCode(Code):
    """A compiled program."""

    __slots__ = ("__weakref__", "address", "program", "text")

    def __init__(self, machine: NativeMachine, program: Program, text: NativeText, attach_type: int = 0) -> None:
        self.machine = machine
        self.attach_type = attach_type
        self.program, self.text = program, text
        self.address = process_runtime().place(self)

        def function(address: int) -> Callable[..., int]:
            return lambda a, b, c, d, e, depth: machine.enter(address, (a, b, c, d, e), depth)

        self.functions = {
            CODE_BASE + slot * 8: function(self.address + off) for slot, off in text.entries.items()
        }

    def slot_at(self, address: int) -> int:
        """Return the slot of the instruction that a native address (or a return address) belongs to."""
        at = bisect_right(self.text.offsets, (address - self.address - 1, 1 << 62)) - 1
        return self.text.offsets[at][1]

    def _clean_up(self) -> None:
        for address, ring in self.machine.reserved.items():
            ring.commit(address, 0, discard=True)
        self.machine.reserved.clear()

    def _explain(self, error: Exception) -> EbeeError:
        if isinstance(error, EbeeError):
            return error
        failure = InternalError(f"{error!r} outside of a program")
        failure.__cause__ = error
        return failure


class Runtime:
    """What native code needs once in a process: the way in, the signal handler, and the ranges that are native code."""

    def __init__(self) -> None:
        if native.machine_name() != "x86_64":
            raise NotSupported(f"native code on {native.machine_name()}", hint="programs run in the interpreter there")
        from .x86_64.entry import PYTHON_FUNCTIONS, entry_code, handler_code

        self.flags = native.processor_flags()
        code, fields = entry_code({name: native.python_function(name) for name in PYTHON_FUNCTIONS})
        start = native.place_code(code)
        self.enter = native.Enter(start)
        self.fields = {field: start + off for field, off in fields.items()}
        self._ranges = native.map_memory(8 + 32 * _RANGES_MAX)
        self._table = native.view(self._ranges, 8 + 32 * _RANGES_MAX)
        self._codes: dict[int, ReferenceType[NativeCode]] = {}
        self._free = list(range(_RANGES_MAX))[::-1]
        native.install_handler(lambda previous: handler_code(self._ranges, previous))

    def compile(
        self, program: Program, find: FindCallee, resolve_wide: ResolveWide, options: Options
    ) -> NativeText:
        """Compile a program for this processor."""
        from .x86_64.baseline import Baseline

        return Baseline(program, find, resolve_wide, options).run()

    def place(self, code: NativeCode) -> int:
        """Make the code executable; return its address. Raises: SyscallError, ExecutionError."""
        from weakref import finalize, ref

        if not self._free:
            raise ExecutionError(f"more than {_RANGES_MAX} programs of native code")
        address, size = native.place_code(code.text.code), len(code.text.code)
        row = self._free.pop()
        self._codes[address] = ref(code)
        finalize(code, self._forget, row, address, native.whole_pages(size))
        # A signal can come at any time: the row means nothing before its end is written.
        pack_into("<Q", self._table, 8 + 32 * row, address)
        pack_into("<Q", self._table, 16 + 32 * row, address + size)
        pack_into("<Q", self._table, 0, max(row + 1, unpack_from("<Q", self._table, 0)[0]))
        return address

    def _forget(self, row: int, address: int, size: int) -> None:
        """Take code away that nobody has any more. This may happen in the midst of anything else."""
        pack_into("<Q", self._table, 16 + 32 * row, 0)
        self._codes.pop(address, None)
        native.unmap_memory(address, size)
        self._free.append(row)

    def explain(self, machine: NativeMachine, status: int, site: int, accessed: int) -> EbeeError:
        """Return the error for what native code came back with."""
        site += status == layout.SIGNAL  # others left a return address
        alive = [(address, code()) for address, code in self._codes.copy().items()]
        code = next(code for a, code in alive if code is not None and a < site <= a + len(code.text.code))
        slot = code.slot_at(site)
        machine.code = code
        if status in _WHY:
            return ExecutionError(_WHY[status], slot)
        row, insn = code.program.row_at[slot], code.program.insn_at[slot]
        if status == layout.TARGET:
            (asked,) = unpack_from("<Q", machine.memory.state_bytes, layout.TABLE)
            if row.family == "gotox":
                return ExecutionError(f"gotox to {asked:#x}, which is no instruction of this function", slot)
            return ExecutionError(f"call to {asked:#x}, where no function starts", slot)
        is_write = row.family == "store" or (row.family == "atomic" and row.op != "load_acq")
        if status == layout.SIGNAL:
            from .x86_64.baseline import REGISTERS
            from .x86_64.entry import register_at

            base = insn.src_reg if row.family == "load" or row.op == "load_acq" else insn.dst_reg
            accessed = register_at(machine.memory.state_bytes, REGISTERS[base]) + insn.off & _U64
        return machine.memory.fault(accessed, row.bits // 8, write=is_write, insn_idx=slot)


_runtime: Runtime | None = None


def process_runtime() -> Runtime:
    """Return this process's, made at first use. Raises: NotSupported for other processors."""
    global _runtime
    if _runtime is None:
        _runtime = Runtime()
    return _runtime
