"""Attaching programs to functions of programs and libraries: user-space probes.

Linux 6.6 attaches to many places at once, and bounds them to a process; before that each place is a perf event.
Source: bpf_uprobe_multi_link_attach in kernel/trace/bpf_trace.c; perf_uprobe_init and the PMU "uprobe" in
kernel/events/core.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import NotSupported, PermissionMissing, SyscallError, UnknownProbe, UsageError
from ..spec.sections import parse_section
from ..symbols.binaries import find_binary
from ..sys import bpf
from ..sys.os_seam import Fd, current
from .perf_events import attach_to_event, open_event
from .programs import KernelLink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import AttachOptions
    from ..spec.object import ProgramSpec
    from ..spec.sections import Section
    from .programs import KernelProgram
    from .usdt_specs import SpecLease, UsdtSpecs

_ENOENT, _ESRCH, _EINVAL, _EBADF, _EILSEQ = 2, 3, 22, 9, 84
_PMU = "/sys/bus/event_source/devices/uprobe"
_BPF_F_UPROBE_MULTI_RETURN = 1
_MOST_PLACES, _MOST_EVENTS = 1 << 16, 1 << 10
_known: list[bool] = []


def has_uprobe_multi() -> bool:
    """Whether the kernel attaches to many places at once (Linux 6.6). Finds out by trying: 0.2 ms, once."""
    if not _known:
        _known.append(_try_uprobe_multi())
    return _known[0]


def _try_uprobe_multi() -> bool:
    import sys

    from ..isa.encode import encode
    from .stub import Stub

    code = encode(Stub().as_program(), sys.byteorder)
    attach_type = abi.BPF_TRACE_UPROBE_MULTI
    fd = bpf.ProgLoad(abi.BPF_PROG_TYPE_KPROBE, code, "ebee_probe", "GPL", expected_attach_type=attach_type).load()
    if fd < 0:
        return False
    with Fd(fd):  # a directory has no code: only a kernel that looks at it says so
        link = bpf.link_create_uprobe_multi(fd, "/", [0], attach_type)
        if link >= 0:
            Fd(link).close()
    return link == -_EBADF


def attach_type_of(prog: ProgramSpec) -> int:
    """Return the attach type that a user-space probe is loaded with on this kernel."""
    if prog.expected_attach_type == abi.BPF_TRACE_UPROBE_SESSION:
        return prog.expected_attach_type
    return abi.BPF_TRACE_UPROBE_MULTI if has_uprobe_multi() else 0


class Places:
    """Where a probe goes: a file, offsets in it; for each a cookie, and the offset of a counter of its users, or 0."""

    def __init__(self, path: str, offs: list[int], cookies: list[int], counters: list[int] | None = None) -> None:
        self.path, self.offs, self.cookies, self.counters = path, offs, cookies, counters or [0] * len(offs)


def attach_uprobe(program: KernelProgram, options: AttachOptions) -> KernelLink:
    """Attach a user-space probe as its section says.

    Raises: UnknownProbe with close names, NotSupported, PermissionMissing, UsageError, FormatError, SyscallError.
    """
    section = parse_section(program.spec.section)
    if not section.attach_to:
        raise UsageError(f"which function of which program should {program.spec.name} look at?")
    lease: list[SpecLease] = []
    if section.kind.startswith("usdt"):
        places = _marked(section.attach_to, options, program.usdt_specs, lease)
    else:
        places = _functions(section.attach_to, options)
    try:
        return KernelLink(_attached(program, section, places, options), *lease)
    except BaseException:
        KernelLink(*lease).close()
        raise


def _attached(program: KernelProgram, section: Section, places: Places, options: AttachOptions) -> KernelLink:
    what = f"uprobe:{section.attach_to}"
    is_return = section.kind.startswith("uret")
    if section.kind.startswith("uprobe.session"):
        return _at_once(program, places, options.pid, what, abi.BPF_TRACE_UPROBE_SESSION, 0)
    if has_uprobe_multi():
        flags = _BPF_F_UPROBE_MULTI_RETURN if is_return else 0
        return _at_once(program, places, options.pid, what, abi.BPF_TRACE_UPROBE_MULTI, flags)
    return _one_by_one(program, places, options.pid, what, is_return)


def _functions(attach_to: str, options: AttachOptions) -> Places:
    from ..symbols.functions import find_functions, find_offset

    name, colon, function = attach_to.rpartition(":")
    if not (name and colon and function):
        raise UsageError(f"{attach_to!r} does not name a function", hint="for example uprobe/libc:malloc")
    path = find_binary(name, options.pid)
    if "*" not in function and "?" not in function:
        return Places(path, [find_offset(path, function)], [options.cookie])
    offs = [off for _, off in find_functions(path, function)]
    if not offs:
        raise UnknownProbe(f"{path}:{function}", hint="no function of this file has such a name")
    if len(offs) > _MOST_PLACES:
        raise UsageError(f"{function!r} fits {len(offs)} functions of {path}", hint="make it narrower")
    return Places(path, offs, [options.cookie + n for n in range(len(offs))])


def _marked(
    attach_to: str, options: AttachOptions, specs: UsdtSpecs | None, lease: list[SpecLease]
) -> Places:
    """Return the places of a mark; what is put into `specs` for them is added to `lease`."""
    from ..spec.usdt import forms_of
    from ..symbols.usdt import find_marks

    name, _, mark = attach_to.partition(":")
    provider, _, mark_name = mark.partition(":")
    if not (name and provider and mark_name):
        raise UsageError(f"{attach_to!r} does not name a mark", hint="for example usdt/libc:libc:memory_heap_new")
    if specs is not None:
        path = find_binary(name, options.pid)
        sites = find_marks(path, provider, mark_name)
        cookies, entries = specs.lease(sites, options.cookie)
        lease.append(entries)
        return Places(path, [site.off for site in sites], cookies, [site.counter_off for site in sites])
    path = find_binary(name)  # as when the program was compiled, which has the arguments' places from this file
    if options.pid and find_binary(path, options.pid) != path:
        hint = f"name the file as it is seen from here: /proc/{options.pid}/root{path}"
        raise UsageError(f"process {options.pid} sees other files, and perhaps another {path}", hint=hint)
    sites = find_marks(path, provider, mark_name)
    forms = forms_of(sites)
    cookies = [forms.index(site.args) for site in sites]
    return Places(path, [site.off for site in sites], cookies, [site.counter_off for site in sites])


def _at_once(
    program: KernelProgram, places: Places, pid: int, what: str, attach_type: int, flags: int
) -> KernelLink:
    link = bpf.link_create_uprobe_multi(
        program.fd.number, places.path, places.offs, attach_type, flags, places.counters, places.cookies, pid
    )
    if link == -bpf.EPERM:
        raise PermissionMissing(f"attaching to {what}", ["CAP_PERFMON"])
    if link == -_ESRCH:
        raise UsageError(f"there is no process {pid}")
    if link == -_EINVAL and attach_type == abi.BPF_TRACE_UPROBE_SESSION:
        raise NotSupported("probes on a function's beginning and end", "6.13", hint="use a uprobe and a uretprobe")
    if link < 0:
        raise _explained(bpf.error(abi.BPF_LINK_CREATE, -link, f"{what}, {len(places.offs)} places"), what)
    return KernelLink(Fd(link))


def _explained(e: SyscallError, what: str) -> Exception:
    """Return what an error says about a place in a program."""
    if e.errno in (bpf.EOPNOTSUPP, bpf.ENOTSUPP, _EILSEQ):
        return NotSupported(f"a probe on {what}", hint="the kernel does not let this instruction be probed")
    return e


def _one_by_one(program: KernelProgram, places: Places, pid: int, what: str, is_return: bool) -> KernelLink:
    if len(places.offs) > _MOST_EVENTS:
        hint = "make the pattern narrower, or use Linux 6.6"
        raise NotSupported(f"probes on {len(places.offs)} functions at once", "6.6", hint=hint)
    try:
        pmu = int(current().read_file(f"{_PMU}/type"))
        return_bit = int(current().read_file(f"{_PMU}/format/retprobe").strip().removeprefix(b"config:"))
    except (OSError, ValueError):
        raise NotSupported("user-space probes", hint="this kernel was built without CONFIG_UPROBE_EVENTS") from None
    text = bpf.text_buffer(places.path)
    links: list[KernelLink] = []
    try:
        for off, cookie, counter in zip(places.offs, places.cookies, places.counters):
            # Bits 32 to 63 (Linux 4.20): format/ref_ctr_offset.
            config = is_return << return_bit | counter << 32
            try:
                perf = open_event(pmu, config, what, bpf.address(text), off, pid=pid)
            except SyscallError as e:
                raise UsageError(f"there is no process {pid}") if e.errno == _ESRCH else _explained(e, what) from None
            links.append(attach_to_event(program.fd.number, perf, what, cookie))
    except BaseException:
        KernelLink(*links).close()
        raise
    return KernelLink(*links)
