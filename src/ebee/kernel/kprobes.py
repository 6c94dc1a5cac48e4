"""Attaching programs to functions of the kernel: kprobes, one by one and many at once.

Source: Documentation/trace/kprobetrace.rst; kprobe_event_define_fields and perf_kprobe_init in kernel/events/core.c;
bpf_kprobe_multi_link_attach in kernel/trace/bpf_trace.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import NotSupported, PermissionMissing, SyscallError, UnknownProbe, UsageError
from ..spec.sections import parse_section
from ..sys import bpf
from ..sys.os_seam import Fd, current
from ..sys.tracefs import open_tracefs
from .perf_events import attach_to_event, open_event
from .programs import KernelLink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import AttachOptions
    from .programs import KernelProgram
    from .target import Tracepoints

_ENOENT, _EINVAL, _EADDRNOTAVAIL, _EILSEQ = 2, 22, 99, 84
_PMU = "/sys/bus/event_source/devices/kprobe"
_BPF_F_KPROBE_MULTI_RETURN = 1
_MOST_FUNCTIONS = 1 << 16
# Source: the names that SYSCALL_DEFINE makes, arch/*/include/asm/syscall_wrapper.h (Linux 6.18).
_SYSCALL_PREFIX = {"x86_64": "__x64_sys_", "aarch64": "__arm64_sys_", "riscv64": "__riscv_sys_"}


def attach_kprobe(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    """Attach a kprobe program as its section says.

    Raises: UnknownProbe with close names, NotSupported, PermissionMissing, UsageError, SyscallError.
    """
    section = parse_section(program.spec.section)
    kind, _, how = section.kind.partition(".")
    name = section.attach_to
    if not name:
        raise UsageError(f"which function of the kernel should {program.spec.name} look at?")
    if how:
        return _many(program, name, kind == "kretprobe", options.cookie)
    if kind in ("ksyscall", "kretsyscall"):
        name = _SYSCALL_PREFIX.get(current().machine, "sys_") + name
    elif kind not in ("kprobe", "kretprobe"):
        raise NotSupported(f"attaching a program of section {program.spec.section!r}")
    return _one(program, name, kind.startswith("kret"), options.cookie)


def _one(program: KernelProgram, name: str, is_return: bool, cookie: int) -> KernelLink:
    """Attach to one function, or an instruction of it: the dynamic PMU `kprobe` (Linux 4.17)."""
    what = f"kprobe:{name}"
    function, plus, off = name.partition("+")
    try:
        off_bytes = int(off, 0) if plus else 0
    except ValueError:
        hint = f"for example {function}+0x10"
        raise UsageError(f"{name!r} does not say how far into {function}", hint=hint) from None
    try:
        pmu = int(current().read_file(f"{_PMU}/type"))
        return_bit = current().read_file(f"{_PMU}/format/retprobe").strip().removeprefix(b"config:")
    except (OSError, ValueError):
        raise NotSupported("kprobes", hint="this kernel was built without CONFIG_KPROBE_EVENTS") from None
    text = bpf.text_buffer(function)
    config = 1 << int(return_bit) if is_return else 0
    try:
        perf = open_event(pmu, config, what, bpf.address(text), off_bytes)
    except SyscallError as e:
        raise _explained(e, name) from None
    return attach_to_event(program.fd.number, perf, what, cookie)


def _explained(e: SyscallError, name: str) -> Exception:
    """Return what an error of perf_event_open(2) says about a function."""
    if e.errno in (_ENOENT, _EADDRNOTAVAIL):
        return _unknown(name)
    if e.errno in (_EINVAL, bpf.EOPNOTSUPP):
        return NotSupported(f"a kprobe on {name}", hint="the kernel does not let this function, or place, be probed")
    if e.errno == _EILSEQ:
        return UsageError(f"{name} is not where an instruction begins", hint="ebee disasm, objdump or gdb show where")
    return e


def _unknown(name: str) -> UnknownProbe:
    """Return the error for a function that is not there, with names that are alike."""
    from .btf_ids import close_names
    from .vmlinux import vmlinux_btf

    btf = vmlinux_btf()
    hint = "the compiler may have inlined it, or given it another name: see /proc/kallsyms"
    return UnknownProbe(f"kprobe:{name}", [] if btf is None else close_names(btf, "kprobe", name), hint=hint)


def _many(program: KernelProgram, pattern: str, is_return: bool, cookie: int) -> KernelLink:
    """Attach to every function that a pattern of `*` and `?` fits; the nth, from 0, finds the cookie plus n."""
    names = matching_functions(pattern)
    if not names:
        raise UnknownProbe(f"kprobe:{pattern}", hint="no function that can be traced has such a name")
    flags = _BPF_F_KPROBE_MULTI_RETURN if is_return else 0
    cookies = [cookie + n for n in range(len(names))] if cookie else []
    attach_type = program.spec.expected_attach_type
    link = bpf.link_create_kprobe_multi(program.fd.number, names, attach_type, flags, cookies)
    if link == -bpf.EPERM:
        raise PermissionMissing(f"attaching to kprobe:{pattern}", ["CAP_PERFMON"])
    if link in (-bpf.EOPNOTSUPP, -bpf.EINVAL):
        raise NotSupported("kprobes on many functions", "5.18 with CONFIG_FPROBE", hint="name the functions one by one")
    if link < 0:
        raise bpf.error(abi.BPF_LINK_CREATE, -link, f"kprobe:{pattern}, {len(names)} functions")
    return KernelLink(Fd(link))


def matching_functions(pattern: str) -> list[str]:
    """Return the functions that can be traced and that a pattern fits, each once.

    Raises: NotSupported where the kernel does not list them, PermissionMissing, UsageError for too many.
    """
    from fnmatch import fnmatchcase

    try:
        listed = open_tracefs().read("available_filter_functions").decode()
    except FileNotFoundError:
        raise NotSupported("kprobes on many functions", hint="this kernel was built without function tracing") from None
    except PermissionError:
        raise PermissionMissing("reading tracefs", ["CAP_DAC_READ_SEARCH"]) from None
    words = (line.partition(" ")[0] for line in listed.splitlines())
    names = list(dict.fromkeys(word for word in words if fnmatchcase(word, pattern)))
    if len(names) > _MOST_FUNCTIONS:
        raise UsageError(f"{pattern!r} fits {len(names)} functions", hint="make it narrower")
    return names
