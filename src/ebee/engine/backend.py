"""`EngineBackend`: programs, maps and events in user space, without any privilege.

Source: ebee.spec.backend (the protocol; `kernel` is its other implementation).
"""

from __future__ import annotations

import os
from _thread import TIMEOUT_MAX, RLock, allocate_lock

from ..abi import bpf
from ..errors import EbeeError, ExecutionError, FaultError, NotSupported, SyscallError, UnknownProbe, UsageError
from ..isa.encode import slot_offsets
from ..spec import object as spec_object
from ..spec.backend import TestResult
from ..spec.sections import is_pattern
from .hooks.events import parse_event
from .interpreter import Machine
from .maps import ArrayMap, EngineMap, create_map
from .task import TaskContext
from .translate import CODE_BASE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..isa.insn import Insn
    from ..spec.backend import AttachOptions, BackendMap, BackendProgram, Command, Scope, TestRun
    from ..spec.core_relo import CoreTarget, Relocator
    from ..spec.core_report import CoreReport
    from ..spec.object import MapSpec, ObjectSpec, ProgramSpec, Reloc
    from ..spec.target import Target, TracepointFormat
    from ..sys.os_seam import Fd
    from .hooks.stacks import MappingLog
    from .interpreter import Code
    from .registry import EngineFd, Registry

DEFAULT_TIER = "interpreter"
# Programs whose context holds pointers that the engine has nothing for.
_MISSING_CONTEXTS = frozenset(
    (
        bpf.BPF_PROG_TYPE_SK_SKB,
        bpf.BPF_PROG_TYPE_SK_MSG,
        bpf.BPF_PROG_TYPE_FLOW_DISSECTOR,
        bpf.BPF_PROG_TYPE_SK_REUSEPORT,
        bpf.BPF_PROG_TYPE_NETFILTER,
        bpf.BPF_PROG_TYPE_EXT,
    )
)
# Programs whose context holds a packet: keys of packets.PACKET_KINDS.
_PACKET_CONTEXTS = frozenset(
    (
        bpf.BPF_PROG_TYPE_XDP,
        bpf.BPF_PROG_TYPE_SCHED_CLS,
        bpf.BPF_PROG_TYPE_SCHED_ACT,
        bpf.BPF_PROG_TYPE_SOCKET_FILTER,
        bpf.BPF_PROG_TYPE_CGROUP_SKB,
        bpf.BPF_PROG_TYPE_LWT_IN,
        bpf.BPF_PROG_TYPE_LWT_OUT,
        bpf.BPF_PROG_TYPE_LWT_XMIT,
    )
)
# Programs that may write to their context.
_WRITABLE_CONTEXTS = frozenset(
    (
        bpf.BPF_PROG_TYPE_SYSCALL,
        bpf.BPF_PROG_TYPE_CGROUP_SOCK,
        bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
        bpf.BPF_PROG_TYPE_CGROUP_SOCKOPT,
        bpf.BPF_PROG_TYPE_CGROUP_SYSCTL,
        bpf.BPF_PROG_TYPE_SOCK_OPS,
        bpf.BPF_PROG_TYPE_PERF_EVENT,
        bpf.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
    )
)


class EngineScope:
    """The processes that are followed: exactly the command and its descendants, whom the hooks trace
    anyway."""

    def close(self) -> None:
        """Stop following: nothing is left to do."""


class EngineProgram:
    """A loaded program. `is_stopped` is set when it failed: it is not run for events any more.

    `fd.number` names it in arrays of programs.
    """

    def __init__(self, spec: ProgramSpec, obj: ObjectSpec, code: Code, registry: Registry) -> None:
        self.fd = registry.number(self)
        self.spec = spec
        self.obj = obj
        self.code = code
        self.is_stopped = False

    def called_fd(self) -> EngineFd:
        """Return what tail calls lead to, whose `number` is put into an array."""
        return self.fd

    def close(self) -> None:
        """Unload, unless a link still holds it."""

    def located(self, error: EbeeError) -> EbeeError:
        """Return the error with the program's name and the source line of its instruction."""
        if not isinstance(error, (FaultError, ExecutionError)):
            return error
        place = f"in program {self.spec.name!r}"
        line = self._source_line(error.insn_idx)
        why = f"{error.why}, {place}{line}" if error.why else f"{place}{line}"
        if isinstance(error, FaultError):
            return FaultError(error.address, error.size, why, error.insn_idx)
        return ExecutionError(why, error.insn_idx)

    def _source_line(self, slot: int | None) -> str:
        """Return ` at FILE:LINE: TEXT`, or "" when it is unknown."""
        if slot is None or not self.obj.btf:
            return ""
        from ..btf.read import Btf

        offsets = slot_offsets(self.spec.insns)
        infos = [i for i in self.spec.line_info if offsets[i.insn_idx] <= slot]
        if not infos:
            return ""
        info = max(infos, key=lambda i: i.insn_idx)
        strings = Btf(self.obj.btf)
        file, text = strings.string(info.file_name_off), strings.string(info.line_off)
        return f" at {file}:{info.line_num}: {text.strip()}"


class EngineLink:
    """An attached program."""

    def __init__(self, backend: EngineBackend, event: str, program: EngineProgram) -> None:
        self.event = event
        self.program = program
        self._backend = backend

    def close(self) -> None:
        """Detach. Closing twice is allowed."""
        self._backend.detach(self)


class EngineBackend:
    """The engine as a backend. `trace` takes the lines that programs print, `task` is who test runs run
    for; `core_target` returns the types that objects are relocated against, if the target has none.

    `tier` says how programs run: `interpreter`, `native` (machine code, with checks) or `auto`, native where it can be.
    """

    name = "engine"

    def __init__(
        self,
        target: Target | None = None,
        *,
        task: TaskContext | None = None,
        trace: Callable[[str], None] | None = None,
        core_target: Callable[[], CoreTarget] | None = None,
        tier: str | None = None,
    ) -> None:
        self.guard: Callable[[ProgramSpec, ObjectSpec], None] | None = None  # what refuses programs that are unsafe
        if target is None:
            from ..spec.default_target import default_target

            target = default_target(_host_arch())
        self.target: Target = target
        self.task = TaskContext() if task is None else task
        self.machine = _machine(tier or DEFAULT_TIER)
        self.machine.trace = trace
        self._core_target = core_target
        self._given_types: CoreTarget | None = None
        self._relocators: dict[int, tuple[ObjectSpec, Relocator]] = {}
        self._lock = RLock()
        self._rings: list[EngineMap] = []
        self._programs: dict[Code, EngineProgram] = {}
        self._links: dict[str, list[EngineLink]] = {}
        self._mappings: MappingLog | None = None
        self._command: Command | None = None
        self._failure: EbeeError | None = None
        # Held while there is nothing to wake up for; `notify` lets it go. A lock may be released in a signal
        # handler.
        self._sleep = allocate_lock()
        self._sleep.acquire()
        self._signal: Fd | None = None  # the same, for event loops

    # Maps and programs.

    def create_map(self, spec: MapSpec, obj: ObjectSpec) -> EngineMap:
        """Create a map. Raises: NotSupported for types that the engine lacks, SyscallError."""
        with self._lock:
            machine = self.machine
            made = create_map(
                spec, machine.memory, self._lock, lambda: machine.task.cpu, registry=machine.registry, btf=obj.btf
            )
            machine.maps[made.handle] = made
            if made.carries_events:
                made.on_data = self.notify
                self._rings.append(made)
        return made

    def scope(self) -> EngineScope:
        """Prepare to follow a command."""
        return EngineScope()

    def load_program(
        self, prog: ProgramSpec, obj: ObjectSpec, maps: Mapping[str, BackendMap], scope: Scope | None = None,
        target: BackendProgram | int | str | None = None,
    ) -> EngineProgram:
        """Relocate and translate. A scope changes nothing: the engine sees the command's processes only.

        Raises: NotSupported for what the engine lacks, ExecutionError for a program that is not well-formed,
        UnknownProbe, UsageError for a map that is not given, and what the guard raises.
        """
        if prog.prog_type in _MISSING_CONTEXTS:
            kind = bpf.PROG_TYPE_NAMES.get(prog.prog_type, str(prog.prog_type))
            raise NotSupported(f"{kind} in the engine (program {prog.name!r})", hint="run it in the kernel")
        if self.guard is not None:
            asked = prog
            if prog.core_relos:
                from .core_relos import answered

                asked = answered(prog, self._relocator(obj))
            self.guard(asked, obj.replace(maps={**obj.maps, **{name: made.spec for name, made in maps.items()}}))
        insns = list(prog.insns)
        kfuncs: list[Callable[..., int]] = []
        for reloc in prog.relocs:
            insn = insns[reloc.insn_idx] = insns[reloc.insn_idx].copy()
            if reloc.kind == spec_object.RELO_KFUNC:
                insn.imm, insn.off = len(kfuncs), 0
                kfuncs.append(_kfunc(reloc, prog))
            elif reloc.kind == spec_object.RELO_JUMP_TABLE:
                insn.src_reg, insn.imm = 0, self._jump_table(prog, reloc.symbol)
            elif reloc.symbol in obj.maps and not obj.maps[reloc.symbol].autocreate:
                insn.src_reg = insn.imm = 0  # a fault where it is reached
            else:
                self._relocate(insn, reloc, prog, maps)
        if prog.core_relos:
            from .core_relos import refuse_kernel_memory, relocate

            refuse_kernel_memory(prog, obj)
            relocate(prog, self._relocator(obj), insns, kfuncs)
        with self._lock:
            has_pointers = prog.prog_type in _PACKET_CONTEXTS
            code = self.machine.load(
                insns, has_pointers=has_pointers, kfuncs=kfuncs, attach_type=prog.expected_attach_type
            )
            loaded = self._programs[code] = EngineProgram(prog, obj, code, self.machine.registry)
            return loaded

    def _jump_table(self, prog: ProgramSpec, name: str) -> int:
        """Return the address of a table of code addresses."""
        slots = slot_offsets(prog.insns)
        data = b"".join((CODE_BASE + 8 * slots[i]).to_bytes(8, "little") for i in prog.jump_tables[name])
        return self.machine.memory.map(data, "a jump table")

    def _relocate(self, insn: Insn, reloc: Reloc, prog: ProgramSpec, maps: Mapping[str, BackendMap]) -> None:
        if reloc.kind in (spec_object.RELO_SUBPROG, spec_object.RELO_FUNC):
            return  # the distance is in the instruction
        if reloc.kind == spec_object.RELO_KSYM:
            if not reloc.is_weak:
                raise NotSupported(
                    f"the kernel's {reloc.symbol} in the engine (program {prog.name!r})", hint="run it in the kernel"
                )
            insn.src_reg = insn.imm = 0
            return
        if reloc.kind in (spec_object.RELO_MAP, spec_object.RELO_MAP_VALUE):
            m = maps.get(reloc.symbol)
            if not isinstance(m, EngineMap):
                raise UsageError(f"program {prog.name!r} needs map {reloc.symbol!r}, which was not created")
            insn.src_reg = 0
            if reloc.kind == spec_object.RELO_MAP:
                if m.spec.map_type == bpf.BPF_MAP_TYPE_PROG_ARRAY:
                    from .mapkinds.references import refuse_foreign

                    refuse_foreign(m, prog.prog_type)
                insn.imm = m.handle
            elif isinstance(m, ArrayMap):
                insn.imm = m.value_address(0) + reloc.addend
            else:
                raise UsageError(f"map {reloc.symbol!r} has no value with a fixed address: it is no array")
        elif reloc.kind == spec_object.RELO_TP_FIELD:
            insn.off = self._tracepoint_field(reloc, prog) + reloc.addend
        else:
            raise NotSupported(f"relocations of kind {reloc.kind!r} in the engine (program {prog.name!r})")

    def use_core_target(self, target: CoreTarget) -> None:
        """Relocate objects that are loaded from now on against these types."""
        self._given_types = target
        self._relocators.clear()

    def core_report(self, obj: ObjectSpec) -> CoreReport | None:
        """Return what became of an object's CO-RE relocations so far; None if it has none."""
        known = self._relocators.get(id(obj))
        return known[1].report if known is not None else None

    def _relocator(self, obj: ObjectSpec) -> Relocator:
        known = self._relocators.get(id(obj))
        if known is None:
            from .core_relos import relocator

            known = self._relocators[id(obj)] = obj, relocator(obj, self._given_types, self.target, self._core_target)
        return known[1]

    def _tracepoint_field(self, reloc: Reloc, prog: ProgramSpec) -> int:
        fmt = self._tracepoint(prog.attach_to)
        field = fmt.fields.get(reloc.symbol)
        if field is None:
            raise UnknownProbe(f"{fmt.event}.{reloc.symbol}", hint=f"it has {', '.join(fmt.fields)}")
        if reloc.size_bytes and reloc.size_bytes != field.size_bytes:
            raise NotSupported(
                f"program {prog.name!r} takes {fmt.event}.{reloc.symbol} for {reloc.size_bytes} bytes wide,"
                f" and for target {self.target.name!r} it has {field.size_bytes}",
                hint="compile the program for this target",
            )
        return field.off_bytes

    # Events.

    def _tracepoint(self, event: str) -> TracepointFormat:
        fmt = self.target.tracepoint(event)
        if fmt is None:
            from difflib import get_close_matches

            raise UnknownProbe(event, get_close_matches(event, self.target.tracepoint_names(), 2))
        return fmt

    def attach(self, prog: BackendProgram, options: AttachOptions | None = None) -> EngineLink:
        """Run a program for every event of its tracepoint. Raises: UnknownProbe, NotSupported for other
        hooks."""
        assert isinstance(prog, EngineProgram)
        if prog.spec.prog_type in _PACKET_CONTEXTS:
            raise NotSupported(
                "attaching to a network interface in the engine",
                hint="attach in the kernel; the engine runs it on single packets, in tests",
            )
        if prog.spec.prog_type != bpf.BPF_PROG_TYPE_TRACEPOINT:
            raise NotSupported(f"the hook {prog.spec.section!r} in the engine", hint="only tracepoints work there")
        if options is not None and options.cookie:
            raise NotSupported("a cookie in the engine", hint="run it in the kernel")
        event = prog.spec.attach_to
        if is_pattern(event):  # the program tells by the number; the records are laid out alike
            event = "raw_syscalls:sys_enter" if "enter" in event.partition("_")[2] else "raw_syscalls:sys_exit"
        event = self._tracepoint(event).event
        if parse_event(event, self.target) is None:
            raise NotSupported(
                f"the tracepoint {event} in the engine",
                hint="the engine sees system calls: syscalls:sys_enter_…, syscalls:sys_exit_…; others need the kernel",
            )
        link = EngineLink(self, event, prog)
        with self._lock:
            self._links.setdefault(event, []).append(link)
        return link

    def detach(self, link: EngineLink) -> None:
        """Take a link away; one that is not there is ignored."""
        with self._lock:
            links = self._links.get(link.event, [])
            if link in links:
                links.remove(link)
            if not links:
                self._links.pop(link.event, None)

    def register(
        self, struct: str, values: Mapping[str, int | bytes], programs: Mapping[str, BackendProgram]
    ) -> EngineLink:
        """Structs of functions are the kernel's. Raises: NotSupported."""
        raise NotSupported(f"registering a {struct} in the engine", hint="run it in the kernel")

    def mapping_events(self, *, is_for_command: bool) -> MappingLog | None:
        """Note what processes have mapped when a program asks for their stacks; only commands are followed here."""
        if not is_for_command:
            return None
        from .hooks.stacks import MappingLog

        self._mappings = MappingLog()
        return self._mappings

    def has_stack(self, pid: int) -> None:
        """A program has asked for the stack of a process, which is stopped."""
        if self._mappings is not None:
            self._mappings.look(pid)

    def attached_events(self) -> list[str]:
        """Return the events (`category:name`) that programs are attached to."""
        with self._lock:
            return list(self._links)

    def fire(self, event: str, record: bytes, task: TaskContext) -> list[int]:
        """Run the programs attached to an event on its record; return a list of each one's r0 (32 bits).

        A program that fails is stopped, and its first error is raised by the next `wait`.
        """
        results: list[int] = []
        with self._lock:
            links = self._links.get(event)
            if not links:
                return results
            ctx = self.machine.memory.map(record, f"the record of {event}")
            self.machine.task = task
            self.machine.ctx_bytes = len(record)
            for link in tuple(links):
                if link.program.is_stopped:
                    continue
                try:
                    results.append(link.program.code.run(ctx) & 0xFFFF_FFFF)
                except EbeeError as error:
                    link.program.is_stopped = True
                    self._fail(link.program, error)
            self.machine.memory.unmap(ctx)
            if self.machine.timers:
                self.run_timers()
        return results

    def test_run(self, prog: BackendProgram, run: TestRun, task: TaskContext | None = None) -> TestResult:
        """Run a program now, for `task` or the backend's. `run.data` is the packet, also of legacy packet loads, or the
        value of a socket option.

        Raises: FaultError, ExecutionError with the source line.
        """
        from time import perf_counter_ns

        assert isinstance(prog, EngineProgram)
        machine = self.machine
        is_writable = prog.spec.prog_type in _WRITABLE_CONTEXTS
        option: bytearray | memoryview | None = None
        first = 0  # the value of a socket option
        ctx: bytearray | memoryview
        with self._lock:
            machine.task = task or self.task
            machine.effects.clear()
            machine.retval = 0
            if prog.spec.prog_type in _PACKET_CONTEXTS and (run.data or not run.ctx):
                from .packets import PACKET_KINDS, Packet

                made = machine.packet = Packet(machine, PACKET_KINDS[prog.spec.prog_type], run.data, run.ctx)
                address, ctx = made.ctx_address, made.ctx
            else:
                address, ctx = machine.memory.new(run.ctx, "the context", is_writable=is_writable)
                machine.legacy = run.data
                if prog.spec.prog_type == bpf.BPF_PROG_TYPE_CGROUP_SOCKOPT:
                    first, option = machine.memory.new(run.data, "the option's value")
                    ctx[8:24] = first.to_bytes(8, "little") + (first + len(option)).to_bytes(8, "little")
            machine.ctx_bytes = len(ctx)
            retval = 0
            start = perf_counter_ns()
            try:
                for _ in range(run.repeat):
                    retval = prog.code.run(address)
                elapsed = perf_counter_ns() - start
                packet = machine.packet
                after = packet.result_context() if packet is not None else bytes(ctx)
                data = run.data or after if packet is None else packet.result()
                if option is not None and len(option):
                    data = bytes(option)
            except EbeeError as error:
                raise self._located(prog, error) from None
            finally:
                if machine.packet is not None:
                    machine.packet.close()
                    machine.packet = None
                machine.memory.unmap(address)
                machine.memory.unmap(first)
            if machine.timers:
                self.run_timers()
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
        return TestResult(retval & 0xFFFF_FFFF, data, elapsed // max(1, run.repeat), after if run.ctx else b"")

    def run_timers(self) -> None:
        """Run the timers of programs that are due by the clock of the current task."""
        from .timers import run_timers

        with self._lock:
            try:
                run_timers(self.machine)
            except EbeeError as error:
                self._fail(None, error)

    def _fail(self, prog: EngineProgram | None, error: EbeeError) -> None:
        """Keep the first error for `wait`."""
        self._failure = self._failure or self._located(prog, error)
        self.notify()

    def _located(self, prog: EngineProgram | None, error: EbeeError) -> EbeeError:
        """Return the error with the place in the program that failed, which a tail call or timer may have led to."""
        code = self.machine.code
        prog = self._programs.get(code, prog) if code is not None else prog
        return error if prog is None else prog.located(error)

    # Commands and waiting.

    def spawn(self, argv: Sequence[str], scope: Scope) -> Command:
        """Start a command whose system calls become events. Raises: CommandError, NotSupported."""
        from .hooks.syscalls import start_command

        self._command = start_command(self, argv)
        return self._command

    def replay(self, path: str) -> Command:
        """Feed the events of a recording. Raises: SyscallError if it cannot be opened, FormatError."""
        from .hooks.replay import start_replay

        self._command = start_replay(self, path)
        return self._command

    def wait(self, timeout_s: float | None, rings: Sequence[BackendMap] | None = None) -> None:
        """Sleep until a ring buffer gets data, the command ended, `wake` was called or the time is up.

        Data that was there before ends it where it is in one of `rings` (None: in any).
        Raises: what a program raised since the last call.
        """
        if self.machine.timers:
            self.run_timers()
        if self._signal is not None:
            self._signal.clear_event()
        if not self._has_news(self._rings if rings is None else rings):
            self._sleep.acquire(timeout=-1 if timeout_s is None else min(max(0.0, timeout_s), TIMEOUT_MAX))
        with self._lock:
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _has_news(self, rings: Sequence[BackendMap]) -> bool:
        with self._lock:
            if self._failure is not None or any(ring.has_data() for ring in self._rings if ring in rings):
                return True
        return self._command is not None and self._command.poll() is not None

    def notify(self) -> None:
        """End a `wait`, or the next one; from any thread or a signal handler."""
        if self._signal is not None:
            self._signal.set_event()
        try:
            self._sleep.release()
        except RuntimeError:  # it is released already: a wake-up is pending
            return

    wake = notify

    def fileno(self) -> int:
        """Return a file descriptor that is readable when `wait` would not sleep, -1 once closed."""
        if self._signal is None:
            from ..sys.os_seam import Fd

            self._signal = Fd(os.eventfd(1, os.EFD_NONBLOCK | os.EFD_CLOEXEC))
        return self._signal.number

    def close(self) -> None:
        """Stop the command, detach everything. The contents of maps stay readable."""
        if self._command is not None:
            self._command.close()
            self._command = None
        with self._lock:
            self._links.clear()
        if self._signal is not None:
            self._signal.close()


def _kfunc(reloc: Reloc, prog: ProgramSpec) -> Callable[..., int]:
    """Return what runs for a call of a kernel function. Raises: NotSupported for one that the engine lacks."""
    from .kfuncs import KFUNCS, missing

    found = KFUNCS.get(reloc.symbol)
    if found is None and not reloc.is_weak:
        raise NotSupported(f"{reloc.symbol}() in the engine (program {prog.name!r})", hint="run it in the kernel")
    return missing(reloc.symbol) if found is None else found


def _machine(tier: str) -> Machine:
    """Make the machine of a tier; `auto` is native code where there is some.

    Raises: UsageError, NotSupported for a processor without native code, SyscallError where memory is denied.
    """
    if tier == "interpreter":
        return Machine()
    if tier not in ("native", "auto"):
        raise UsageError(f"the engine has no tier {tier!r}", hint="there are interpreter, native and auto")
    from .jit.machine import NativeMachine

    try:
        return NativeMachine()
    except (NotSupported, SyscallError):
        if tier == "native":
            raise
        return Machine()


def _host_arch() -> str:
    """Return the kernel's name of this machine's architecture, x86_64 for those that have no default target."""
    from ..abi.syscalls import SYSCALLS

    machine = os.uname().machine if hasattr(os, "uname") else ""
    arch = {"aarch64": "arm64"}.get(machine, machine)
    return arch if arch in SYSCALLS else "x86_64"
