"""`KernelBackend`: the running Linux kernel as something that runs programs."""

from __future__ import annotations

import os
import select
import sys

from ..abi import attr as layouts
from ..abi import bpf as abi
from ..errors import NotSupported, SyscallError, UsageError
from ..spec.backend import AttachOptions, TestResult
from ..sys import bpf
from ..sys.os_seam import Fd, current
from . import programs
from .maps import KernelMap
from .target import Tracepoints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..spec.backend import BackendLink, BackendMap, BackendProgram, Command, Scope, TestRun
    from ..spec.core_relo import CoreTarget, Relocator
    from ..spec.core_report import CoreReport
    from ..spec.object import MapSpec, ObjectSpec, ProgramSpec
    from ..spec.target import Target
    from .command import KernelCommand
    from .mappings import MappingEvents
    from .scope import KernelScope
    from .types import ObjectTypes
    from .usdt_specs import UsdtSpecs

_EFAULT, _ENOSYS = 14, 38


class KernelBackend:
    """Programs in the running kernel. It owns all that it makes: `close` leaves nothing loaded or attached."""

    name = "kernel"

    def __init__(self) -> None:
        self._tracepoints = Tracepoints()
        self._target: Target | None = None
        self._types: dict[int, tuple[ObjectSpec, ObjectTypes]] = {}
        self._relocators: dict[int, tuple[ObjectSpec, Relocator]] = {}
        self._core_target: CoreTarget | None = None
        self._usdt_specs: dict[int, UsdtSpecs] = {}
        self._maps: list[KernelMap] = []
        self._scopes: list[KernelScope] = []
        self._programs: list[programs.KernelProgram] = []
        self._links: list[programs.KernelLink] = []
        self._commands: list[KernelCommand] = []
        self._mappings: list[MappingEvents] = []
        self._epoll = select.epoll()
        self._wake = Fd(os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC))
        self._epoll.register(self._wake.number, select.EPOLLIN)
        self._ending: dict[int, KernelCommand] = {}

    @property
    def target(self) -> Target:
        """What programs are compiled for."""
        if self._target is None:
            from .target import kernel_target

            self._target = kernel_target(self._tracepoints)
        return self._target

    @staticmethod
    def unavailable(prog_types: Collection[int] = ()) -> list[str]:
        """Return what this user or machine lacks for tracing with the kernel, as nouns; empty: it can. Quick.

        `prog_types`: for loading such programs, and no others.
        """
        if sys.platform != "linux":
            return ["Linux"]
        prog_type = abi.BPF_PROG_TYPE_RAW_TRACEPOINT
        from ..sys.caps import missing_for_tracing, missing_of

        if prog_types:
            from .privileges import needed_for

            missing = missing_of(list(dict.fromkeys(cap for kind in prog_types for cap in needed_for(kind))))
            prog_type = next(iter(prog_types))
        else:
            missing = missing_for_tracing()
        if missing:
            return missing
        # A program without instructions is refused only after the privileges were found sufficient.
        license = bpf.text_buffer("GPL")
        attr = bpf.make_attr(
            layouts.PROG_LOAD,
            {
                "prog_type": prog_type,
                "insn_cnt": 1,
                "license": bpf.address(license),
            },
        )
        result = current().bpf(abi.BPF_PROG_LOAD, attr)
        if result == -bpf.EPERM:
            from .privileges import policies

            return policies() or ["bpf(2) to be allowed here (a container, LSM or user namespace refuses it)"]
        if result == -_ENOSYS:
            return ["a kernel with bpf(2)"]
        return []

    # Maps and types

    def _types_of(self, obj: ObjectSpec) -> ObjectTypes:
        known = self._types.get(id(obj))
        if known is None:
            from .types import ObjectTypes

            known = self._types[id(obj)] = (obj, ObjectTypes(obj))
        return known[1]

    def create_map(self, spec: MapSpec, obj: ObjectSpec) -> KernelMap:
        """Create a map; `obj.btf` describes its key and value types. Raises: SyscallError, PermissionMissing."""
        has_pages = "bpf_arena_alloc_pages" not in obj.externs
        created = KernelMap(spec, self._types_of(obj).fd, has_pages=has_pages)
        self._maps.append(created)
        if created.ring is not None:
            for fd in getattr(created.ring, "fds", [created.fd.number]):
                self._epoll.register(fd, select.EPOLLIN | select.EPOLLET)  # once for new data, whoever reads it
        return created

    # Programs

    def use_core_target(self, target: CoreTarget) -> None:
        """Relocate objects that are loaded from now on against these types, not the running kernel's."""
        self._core_target = target
        self._relocators.clear()

    def core_report(self, obj: ObjectSpec) -> CoreReport | None:
        """Return what became of an object's CO-RE relocations so far; None if it has none."""
        known = self._relocators.get(id(obj))
        return known[1].report if known is not None else None

    def _relocator(self, prog: ProgramSpec, obj: ObjectSpec) -> Relocator | None:
        if not prog.core_relos:
            return None
        known = self._relocators.get(id(obj))
        if known is None:
            from ..btf.read import Btf
            from ..spec.core_relo import Relocator
            from .vmlinux import core_target

            known = self._relocators[id(obj)] = obj, Relocator(Btf(obj.btf), self._core_target or core_target())
        return known[1]

    def scope(self) -> KernelScope:
        """Prepare to follow a command that will be spawned, and its descendants."""
        from .scope import KernelScope

        made = KernelScope()
        self._scopes.append(made)
        return made

    def load_program(
        self,
        prog: ProgramSpec,
        obj: ObjectSpec,
        maps: Mapping[str, BackendMap],
        scope: Scope | None = None,
        target: BackendProgram | int | str | None = None,
    ) -> programs.KernelProgram:
        """Relocate and load. With a scope the program acts on its processes only.

        Raises: VerifierError with the source line, PermissionMissing, NotSupported, UnknownProbe, SyscallError.
        """
        own = None if scope is None else self._own_scope(scope)
        core = self._relocator(prog, obj)
        loaded = programs.load(prog, obj, self._types_of(obj), maps, own, self._tracepoints, target, core)
        if prog.section.lstrip("?").startswith("usdt"):
            from .usdt_specs import specs_of

            loaded.usdt_specs = specs_of(maps, obj, self._usdt_specs)
        self._programs.append(loaded)
        return loaded

    def verifier_log(
        self, prog: ProgramSpec, obj: ObjectSpec, maps: Mapping[str, BackendMap], log_level: int, most_bytes: int
    ) -> tuple[int, str]:
        """Load a program as it is and let it go: 0 or minus the error number, and the verifier's log.

        Raises: as `load_program`, but no VerifierError.
        """
        core = self._relocator(prog, obj)
        command = programs.load_command(prog, obj, self._types_of(obj), maps, self._tracepoints, core)
        result, log = command.load_with_log(log_level, most_bytes)
        if result >= 0:
            Fd(result).close()
        return min(result, 0), log

    def _own_scope(self, scope: Scope) -> KernelScope:
        for own in self._scopes:
            if own is scope:
                return own
        raise UsageError("this scope belongs to another backend")

    def _own_program(self, prog: BackendProgram) -> programs.KernelProgram:
        for own in self._programs:
            if own is prog:
                return own
        raise UsageError("this program belongs to another backend")

    def attach(self, prog: BackendProgram, options: AttachOptions | None = None) -> BackendLink:
        """Attach to the hook that the program's spec names, where the options say.

        Raises: UnknownProbe, NotSupported, PermissionMissing, UsageError for options, SyscallError.
        """
        from .attach import attach

        link = attach(self._own_program(prog), options or AttachOptions(), self._tracepoints)
        self._links.append(link)
        return link

    def register(
        self, struct: str, values: Mapping[str, int | bytes], programs: Mapping[str, BackendProgram]
    ) -> BackendLink:
        """Register a struct of functions (struct_ops). Raises: NotSupported, UsageError, SyscallError."""
        from . import struct_ops

        own = {name: self._own_program(p) for name, p in programs.items()}
        names = {p.spec.name for p in own.values()}
        btf_fd = next(types.fd for obj, types in self._types.values() if names & obj.programs.keys())
        link = struct_ops.register(struct, values, own, btf_fd)
        self._links.append(link)
        return link

    def mapping_events(self, *, is_for_command: bool) -> MappingEvents:
        """Begin to record what processes map: all of them, or those of the command that is spawned next.

        Raises: PermissionMissing, SyscallError.
        """
        from .mappings import MappingEvents

        self._mappings.append(made := MappingEvents(is_for_command=is_for_command))
        for fd in made.fds:  # they wake when they are half full
            self._epoll.register(fd, select.EPOLLIN)
        return made

    def test_run(self, prog: BackendProgram, run: TestRun) -> TestResult:
        """Run a program now (BPF_PROG_TEST_RUN).

        The kernel repeats packet programs by itself; others are run `repeat` times from here, without a duration.
        Raises: NotSupported for program types that the kernel does not run so, SyscallError.
        """
        own = self._own_program(prog)
        if own.spec.prog_type == abi.BPF_PROG_TYPE_TRACEPOINT:
            raise NotSupported("BPF_PROG_TEST_RUN of tracepoint programs")
        retval, data, ctx, duration_ns = 0, b"", b"", 0
        room = len(run.data) + 256 if run.data else 0  # a program may grow its packet
        try:
            for _ in range(1 if run.data else run.repeat):
                retval, data, ctx, duration_ns = bpf.prog_test_run(
                    own.fd.number, run.ctx, run.data, run.repeat if run.data else 1, room
                )
        except SyscallError as e:
            if e.errno in (bpf.ENOTSUPP, bpf.EOPNOTSUPP):
                raise NotSupported(f"BPF_PROG_TEST_RUN of section {own.spec.section!r}") from None
            raise
        return TestResult(retval, data or ctx, duration_ns, ctx)

    # The command and its events

    def spawn(self, argv: Sequence[str], scope: Scope) -> Command:
        """Start a command inside the scope. Raises: CommandError when it cannot be executed."""
        from .command import KernelCommand

        own = self._own_scope(scope)
        own.watch_exits()
        command = KernelCommand(argv, own.seed)
        self._commands.append(command)
        if command.pidfd is not None:
            self._ending[command.pidfd.number] = command
            self._epoll.register(command.pidfd.number, select.EPOLLIN)
        return command

    def replay(self, path: str) -> Command:
        """Recordings are fed to programs in the engine. Raises: NotSupported."""
        raise NotSupported("replaying a recording in the kernel", hint="leave out the choice of the kernel")

    def wait(self, timeout_s: float | None, rings: Sequence[BackendMap] | None = None) -> None:
        """Sleep until a ring buffer gets data, the command ended, `wake` was called or the time is up.

        Data that was there before ends it where it is in one of `rings` (None: in any).
        """
        watched = self._maps if rings is None else rings
        if any(m.ring is not None and m.ring.has_data() for m in watched if isinstance(m, KernelMap)):
            timeout_s = 0  # what else happened is not left to pile up
        # A pidfd that its command has closed is gone from epoll, and its number may serve something else.
        self._ending = {n: c for n, c in self._ending.items() if c.pidfd is not None and c.pidfd.number == n}
        for fd, _events in self._epoll.poll(timeout_s, 64):
            if fd == self._wake.number:
                os.eventfd_read(fd)
            elif fd in self._ending:  # it stays readable: once is enough
                self._epoll.unregister(fd)
                del self._ending[fd]

    def fileno(self) -> int:
        """Return a file descriptor that is readable when `wait` would not sleep, -1 once closed."""
        return -1 if self._epoll.closed else self._epoll.fileno()

    def wake(self) -> None:
        """End a `wait`, also from a signal handler or another thread."""
        if self._wake.number >= 0:
            os.eventfd_write(self._wake.number, 1)

    def close(self) -> None:
        """Detach, unload and free everything that this backend made, and stop its command."""
        for group in (self._links, self._commands, self._scopes, self._programs, self._maps, self._mappings):
            while group:
                group.pop().close()
        for _obj, types in self._types.values():
            types.close()
        self._types.clear()
        self._relocators.clear()
        self._tracepoints.close()
        self._epoll.close()
        self._wake.close()
