"""Loading programs into the kernel, and attaching them."""

from __future__ import annotations

import sys

from ..abi import attr as layouts
from ..abi import bpf as abi
from ..errors import NotSupported, SyscallError, UsageError, VerifierError
from ..isa.encode import encode, slot_offsets
from ..isa.opcodes import R1, R6
from ..spec.object import SCOPE_MAP
from ..spec.sections import is_pattern, parse_section, runs_for_task
from ..sys import bpf
from ..sys.os_seam import Fd, current
from .relocate import relocate
from .stub import Stub, mov
from .syscall_entry import can_wrap, raw_tracepoint_of, stub_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Literal, Protocol

    from ..isa.insn import Insn
    from ..spec.backend import BackendMap, BackendProgram
    from ..spec.core_relo import Relocator
    from ..spec.object import ObjectSpec, ProgramSpec
    from .relocate import Relocated
    from .replace import ReplacedFunction
    from .scope import KernelScope
    from .target import Tracepoints
    from .types import ObjectTypes
    from .usdt_specs import UsdtSpecs

    class Closable(Protocol):
        """What is let go of by closing it; doing so twice is allowed."""

        def close(self) -> None: ...


# Program types that may run on behalf of a process, and so take the scope's check in front.
_SCOPED_TYPES = frozenset(
    (
        abi.BPF_PROG_TYPE_TRACEPOINT, abi.BPF_PROG_TYPE_RAW_TRACEPOINT, abi.BPF_PROG_TYPE_TRACING,
        abi.BPF_PROG_TYPE_LSM, abi.BPF_PROG_TYPE_KPROBE,
    )
)  # fmt: skip
# Those that act on packets or sockets, and need CAP_NET_ADMIN: an interface, control group or namespace bounds them.
_UNSCOPED_TYPES = frozenset(
    (
        abi.BPF_PROG_TYPE_XDP, abi.BPF_PROG_TYPE_SCHED_CLS, abi.BPF_PROG_TYPE_SCHED_ACT, abi.BPF_PROG_TYPE_CGROUP_SKB,
        abi.BPF_PROG_TYPE_CGROUP_SOCK, abi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, abi.BPF_PROG_TYPE_CGROUP_SOCKOPT,
        abi.BPF_PROG_TYPE_CGROUP_SYSCTL, abi.BPF_PROG_TYPE_CGROUP_DEVICE, abi.BPF_PROG_TYPE_SOCK_OPS,
        abi.BPF_PROG_TYPE_SK_LOOKUP, abi.BPF_PROG_TYPE_FLOW_DISSECTOR, abi.BPF_PROG_TYPE_SK_MSG,
        abi.BPF_PROG_TYPE_SK_SKB, abi.BPF_PROG_TYPE_SK_REUSEPORT, abi.BPF_PROG_TYPE_NETFILTER,
        abi.BPF_PROG_TYPE_LWT_IN, abi.BPF_PROG_TYPE_LWT_OUT, abi.BPF_PROG_TYPE_LWT_XMIT,
        abi.BPF_PROG_TYPE_LWT_SEG6LOCAL, abi.BPF_PROG_TYPE_SOCKET_FILTER,
    )
)  # fmt: skip

_CHUNK_BYTES = 1 << 16
# What the verifier says of variables. Source: check_pseudo_btf_id in kernel/bpf/verifier.c (Linux 6.18).
_NO_ADDRESS = "failed to find the address for kernel symbol '"


class KernelProgram:
    """A loaded program. `raw_tracepoint` is set when it attaches to that, whatever its spec says.

    `is_for_command`: not the program, but what it is attached to, is bounded to a command that is yet to start.
    `replaces` is the function whose place it takes, `usdt_specs` the table in which it looks for arguments of marks.
    `load_behind` loads it once more, as what the instructions that it is given call; `load_plain` without the stub of
    system calls' tracepoints. Both raise as `load` does.
    """

    replaces: ReplacedFunction | None = None
    usdt_specs: UsdtSpecs | None = None
    load_behind: Callable[[list[Insn]], Fd] | None = None
    load_plain: Callable[[], Fd] | None = None
    _plain: Fd | None = None

    def __init__(self, spec: ProgramSpec, fd: Fd, raw_tracepoint: str = "", *, is_for_command: bool = False) -> None:
        self.spec, self.fd, self.raw_tracepoint, self.is_for_command = spec, fd, raw_tracepoint, is_for_command

    def missed(self) -> int:
        """Return how often the kernel skipped it, because a program was running on that CPU already."""
        off, size = layouts.PROG_INFO["recursion_misses"]
        try:
            info = bpf.info_by_fd(self.fd.number, off + size)
        except SyscallError:
            return 0
        return int.from_bytes(info[off : off + size], sys.byteorder)

    def called_fd(self) -> Fd:
        """Return what tail calls lead to: the program as one of its hook's type. Raises: as `load`, UsageError."""
        if self.load_plain is None:
            return self.fd
        if is_pattern(self.spec.attach_to):
            what = f"{self.spec.name} is for many system calls, and other programs cannot call it"
            raise UsageError(what, hint="name one system call, or use raw_tracepoint('sys_enter')")
        if self._plain is None:
            self._plain = self.load_plain()
        return self._plain

    def close(self) -> None:
        """Unload, unless a link still holds it."""
        self.fd.close()
        if self._plain is not None:
            self._plain.close()


class KernelLink:
    """An attached program: what holds it (file descriptors and their like), to be closed in this order."""

    def __init__(self, *holders: Closable) -> None:
        self._holders = holders

    def close(self) -> None:
        """Detach. Closing twice is allowed."""
        for holder in self._holders:
            holder.close()


class IterLink(KernelLink):
    """An iterator: each time that it is read its program runs on every object."""

    def __init__(self, fd: Fd) -> None:
        super().__init__(fd)
        self.fd = fd

    def read(self) -> Iterator[bytes]:
        """Run it, and yield what it writes, in chunks. Raises: SyscallError."""
        with bpf.iter_create(self.fd.number) as file:
            while data := _read_chunk(file):
                yield data


def _read_chunk(file: Fd) -> bytes:
    import os

    while True:
        try:
            return os.read(file.number, _CHUNK_BYTES)
        except BlockingIOError:  # EAGAIN: the program asked to be run on the same object again
            continue
        except OSError as e:
            raise SyscallError("read of an iterator", e.errno or 0) from None


def load(
    prog: ProgramSpec,
    obj: ObjectSpec,
    types: ObjectTypes,
    maps: Mapping[str, BackendMap],
    scope: KernelScope | None,
    tracepoints: Tracepoints,
    target: BackendProgram | int | str | None = None,
    core: Relocator | None = None,
) -> KernelProgram:
    """Relocate and load a program; with a scope it acts on the scope's processes only.

    What replaces a function of the program `target` runs for whom that one runs. Programs for packets and sockets act
    on all of their interface's or control group's, whoever they belong to.

    Raises: VerifierError with the source line, PermissionMissing, NotSupported, UnknownProbe, SyscallError.
    """
    code = relocate(prog, obj, maps, tracepoints, core)
    replaced = None
    is_replacement = prog.prog_type == abi.BPF_PROG_TYPE_EXT
    if is_replacement or (prog.prog_type == abi.BPF_PROG_TYPE_TRACING and target is not None):
        from .replace import find_function

        replaced = find_function(target, prog.attach_to, is_replaced=is_replacement)
        scope = None if is_replacement else scope
    if any(reloc.symbol == SCOPE_MAP for reloc in prog.relocs):
        scope = None  # it asks itself
    scope_fd = -1 if scope is None else scope.map.fd.number
    machine = current().machine
    # Programs that go to each other by tail calls must be of one type, whichever of them could be wrapped.
    has_tail_calls = any(m.map_type == abi.BPF_MAP_TYPE_PROG_ARRAY for m in obj.maps.values())
    is_tracepoint = prog.prog_type == abi.BPF_PROG_TYPE_TRACEPOINT
    if is_tracepoint and not has_tail_calls and can_wrap(prog, obj.license, machine):
        try:
            front = stub_for(prog.attach_to, machine, scope_fd)
        except NotSupported:
            front = []
        if front:
            fd = _prog_load(prog, obj, types, front, code, abi.BPF_PROG_TYPE_RAW_TRACEPOINT).load()
            if fd >= 0:
                wrapped = KernelProgram(prog, Fd(fd), raw_tracepoint_of(prog.attach_to))
                wrapped.load_plain = lambda: _load_behind(prog, obj, types, [], code)
                return wrapped
            # Refused: the plain program below is refused as well, in words that are about it alone; or it is not,
            # because it was the stub's needs (stack, helpers) that were too much.
    front = []
    is_sample = prog.prog_type == abi.BPF_PROG_TYPE_PERF_EVENT
    is_of_group = prog.prog_type == abi.BPF_PROG_TYPE_LSM and prog.expected_attach_type == abi.BPF_LSM_CGROUP
    if scope is not None and prog.prog_type not in _UNSCOPED_TYPES and not is_sample and not is_of_group:
        if prog.prog_type not in _SCOPED_TYPES or not runs_for_task(parse_section(prog.section)):
            what = f"following a command with programs of section {prog.section!r}"
            hint = "they run on behalf of no process: filter in the probe with ebee.followed(pid), or say --all as well"
            raise NotSupported(what, hint=hint)
        stub = Stub(mov(R6, R1))
        stub.check_scope(scope_fd)
        front = stub.before(saved_ctx=R6)
    attach_btf = _attach_btf(prog) if replaced is None else (replaced.type_id, replaced.fd)
    if prog.prog_type == abi.BPF_PROG_TYPE_STRUCT_OPS:
        from .struct_ops import member_of

        struct, index = member_of(prog.attach_to)
        prog, attach_btf = prog.replace(expected_attach_type=index), (struct, None)
    loader = _prog_load(prog, obj, types, front, code, None, attach_btf)
    fd = loader.load()
    if fd < 0:
        raise _refusal(prog, obj, loader, -fd, sum(i.slots for i in front), code)
    if is_tracepoint and is_pattern(prog.attach_to):  # only behind the stub does it see what it was written for
        Fd(fd).close()
        hint = "it needs the kernel's types (BTF), and no stacks or PerfEventArray; else name the calls one by one"
        raise NotSupported(f"program {prog.name!r} on {prog.attach_to}", hint=hint)
    name = prog.attach_to if prog.prog_type == abi.BPF_PROG_TYPE_RAW_TRACEPOINT else ""
    loaded = KernelProgram(prog, Fd(fd), name, is_for_command=is_sample and scope is not None)
    if prog.prog_type == abi.BPF_PROG_TYPE_XDP:
        loaded.load_behind = lambda caller: _load_behind(prog, obj, types, caller, code)
    loaded.replaces = replaced if is_replacement else None
    return loaded


def _load_behind(prog: ProgramSpec, obj: ObjectSpec, types: ObjectTypes, caller: list[Insn], code: Relocated) -> Fd:
    loader = _prog_load(prog, obj, types, caller, code, prog.prog_type if caller else None)
    fd = loader.load()
    if fd < 0:
        raise _refusal(prog, obj, loader, -fd, sum(i.slots for i in caller), code)
    return Fd(fd)


def load_command(
    prog: ProgramSpec,
    obj: ObjectSpec,
    types: ObjectTypes,
    maps: Mapping[str, BackendMap],
    tracepoints: Tracepoints,
    core: Relocator | None = None,
    encode: Callable[[list[Insn], Literal["little", "big"]], bytes] = encode,
) -> bpf.ProgLoad:
    """Return the command that loads a program as it is, to be asked for the verifier's log. Raises: as `load`."""
    attach_btf = _attach_btf(prog)
    if prog.prog_type == abi.BPF_PROG_TYPE_STRUCT_OPS:
        from .struct_ops import member_of

        struct, index = member_of(prog.attach_to)
        prog, attach_btf = prog.replace(expected_attach_type=index), (struct, None)
    code = relocate(prog, obj, maps, tracepoints, core)
    return _prog_load(prog, obj, types, [], code, None, attach_btf, encode)


def _attach_btf(prog: ProgramSpec) -> tuple[int, Fd | None]:
    """Return the type that a program's hook has in BTF, and where if not in vmlinux's. Raises: as `load`."""
    if prog.prog_type not in (abi.BPF_PROG_TYPE_TRACING, abi.BPF_PROG_TYPE_LSM):
        return 0, None
    from .btf_ids import find_attach_btf

    if not prog.attach_to:
        hint = f'obj.programs["{prog.name}"].spec.attach_to = …; for one of another program .target = …, too'
        raise UsageError(f"section {prog.section!r} of {prog.name} names no function", hint=hint)
    return find_attach_btf(parse_section(prog.section).kind, prog.attach_to)


def _prog_load(
    prog: ProgramSpec, obj: ObjectSpec, types: ObjectTypes, front: list[Insn], code: Relocated, caller: int | None,
    attach_btf: tuple[int, Fd | None] = (0, None),
    encode: Callable[[list[Insn], Literal["little", "big"]], bytes] = encode,
) -> bpf.ProgLoad:
    """Return the command that loads `front` and `code`; `caller` is the type if that is a subprogram of the first."""
    shift_slots = sum(i.slots for i in front)
    func_info = line_info = b""
    if types.fd >= 0 and prog.func_info:
        slots = slot_offsets(prog.insns)
        # The kernel wants an entry at the start of each function: the stub's own when it calls the program,
        # otherwise the program's, which begins with the stub then.
        keeps_start = bool(front) and caller is None

        def at(insn_idx: int) -> int:
            return 0 if keeps_start and insn_idx == 0 else shift_slots + slots[insn_idx]

        func_info = b"".join(bpf.FUNC_INFO.pack(at(f.insn_idx), f.type_id) for f in prog.func_info)
        lines = [
            (at(x.insn_idx), x.file_name_off, x.line_off, x.line_num << 10 | min(x.line_col, 0x3FF))
            for x in prog.line_info
        ]
        if caller is not None:
            func_info = bpf.FUNC_INFO.pack(0, prog.func_info[0].type_id) + func_info
            lines[:0] = [(0, *line[1:]) for line in lines[:1]]
        line_info = b"".join(bpf.LINE_INFO.pack(*line) for line in lines)
    prog_type = prog.prog_type if caller is None else caller
    tables = []
    if code.jump_tables:
        from .jump_tables import put_tables

        tables = put_tables(prog.name, code.jump_tables, shift_slots)
    return bpf.ProgLoad(
        prog_type,
        encode(front + code.insns, sys.byteorder),
        prog.name,
        obj.license,
        expected_attach_type=_attach_type(prog) if prog_type == prog.prog_type else 0,
        prog_flags=prog.prog_flags,
        btf_fd=types.fd if func_info else 0,
        func_info=func_info,
        line_info=line_info,
        btf_fds=[fd.number for fd in code.modules],
        attach_btf_id=attach_btf[0],
        attach_btf=attach_btf[1],
        holds=tables,
    )


def _attach_type(prog: ProgramSpec) -> int:
    """Return the attach type to load a program with: of user-space probes it depends on the kernel."""
    if prog.prog_type == abi.BPF_PROG_TYPE_KPROBE and prog.section.lstrip("?").startswith("u"):
        from .uprobes import attach_type_of

        return attach_type_of(prog)
    return prog.expected_attach_type


def _refusal(
    prog: ProgramSpec, obj: ObjectSpec, loader: bpf.ProgLoad, errno: int, shift_slots: int, code: Relocated
) -> Exception:
    """Load again with a log and return the error that it tells of."""
    from ..verifier.explain import explain_log
    from ..verifier.kernel_log import read_log
    from .types import source_span, source_spans

    result, log = loader.load_with_log()
    if result >= 0:  # it went through this time: out of memory before, or the machine's policy changed
        Fd(result).close()
        return bpf.error(abi.BPF_PROG_LOAD, errno, f"program {prog.name!r}")
    for helper, reason in code.missing:
        if f"#{helper}" in log:
            return reason
    if (at := log.find(_NO_ADDRESS)) >= 0:
        name = log[at + len(_NO_ADDRESS) :].partition("'")[0]
        hint = "it was built without CONFIG_KALLSYMS_ALL"
        return NotSupported(f"the kernel's variable {name!r}: it does not find where it is", hint=hint)
    report = read_log(log)
    if not report.message:
        if errno == bpf.EPERM:
            from .privileges import needed_for, refusal

            return refusal(f"loading program {prog.name!r}", needed_for(prog.prog_type))
        return bpf.error(abi.BPF_PROG_LOAD, errno, f"program {prog.name!r}")
    slot = None if report.insn_idx is None else report.insn_idx - shift_slots
    span = None
    if slot is None or slot < 0:
        slot = None
    else:
        slots = slot_offsets(prog.insns)
        insn_idx = next((i for i, at in enumerate(slots) if at >= slot), 0)
        span = source_span(prog, obj.btf, insn_idx)
    explanation = explain_log(log, span, shift_slots=shift_slots, spans=source_spans(prog, obj.btf))
    words, hint = explanation.words, explanation.hint
    return VerifierError(
        prog.name, report.reason, insn_idx=slot, span=span, log=log, notes=explanation.notes(),
        hint=f"{words[:-1]}: {hint}" if hint and hint != report.hint else hint, explanation=explanation,
    )  # fmt: skip
