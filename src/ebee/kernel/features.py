"""What this kernel lets this user do, found out by trying. Versions are told, never asked."""

from __future__ import annotations

import os
import sys

from ..abi import attr as layouts
from ..abi import bpf as abi
from ..abi.helpers import BPF_FUNC
from ..errors import EbeeError, NotSupported, PermissionMissing, SyscallError
from ..isa.encode import encode
from ..isa.insn import Insn
from ..isa.opcodes import (
    BPF_ADD,
    BPF_ALU,
    BPF_ALU64,
    BPF_ATOMIC,
    BPF_B,
    BPF_DIV,
    BPF_DW,
    BPF_END,
    BPF_FETCH,
    BPF_JCOND,
    BPF_JMP,
    BPF_JSGT,
    BPF_K,
    BPF_LDX,
    BPF_LOAD_ACQ,
    BPF_MEMSX,
    BPF_MOV,
    BPF_STX,
    BPF_X,
    EXIT,
    GOTOL,
    R0,
    R1,
    R10,
)
from ..record import Record
from ..spec.object import MapSpec
from ..sys import bpf
from ..sys.caps import CAP_NUMBERS, effective_capabilities, missing_for_tracing, unprivileged_bpf_disabled
from ..sys.map_batches import MapBatches
from ..sys.os_seam import Fd, current
from ..sys.tracefs import open_tracefs
from .maps import KernelMap
from .privileges import has_seccomp_filter, is_in_user_namespace, lockdown
from .stub import mov_imm, store_imm
from .task_layout import VMLINUX_BTF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

YES, NO, UNKNOWN = "yes", "no", "unknown"

_EBADF = 9


class Feature(Record):
    """One thing that a kernel may have. `group` is a heading, `state` one of `yes`, `no`, `unknown`.

    `min_kernel` is the first Linux that has it, empty if all have that ebee serves; `why` says why not, or how.
    """

    group: str
    name: str
    words: str
    min_kernel: str = ""
    state: str = UNKNOWN
    why: str = ""


def probe() -> Iterator[Feature]:
    """Yield every feature with its state. Loads some hundred tiny programs and maps, attaches nothing."""
    yield from _access()
    yield from _types_and_events()
    yield from _rows("instructions", _INSTRUCTIONS, _try_insns)
    yield from _rows("map types", _MAP_TYPES, _try_map)
    yield from _rows("program types", _PROG_TYPES, _try_prog_type)


def _rows(group: str, rows: Sequence[tuple[Any, ...]], attempt: Callable[..., str]) -> Iterator[Feature]:
    for name, words, min_kernel, *arguments in rows:
        yield Feature(group, name, words, min_kernel, *_outcome(attempt, *arguments))


def _outcome(attempt: Callable[..., str], *arguments: object) -> tuple[str, str]:
    """Return the state and why: `attempt` returns how it went, or raises."""
    try:
        return YES, attempt(*arguments)
    except PermissionMissing as e:
        return UNKNOWN, str(e)
    except SyscallError as e:
        missing = missing_for_tracing()
        if e.errno == bpf.EPERM and missing:
            return UNKNOWN, f"needs {' and '.join(missing)}"
        return NO, _WHY.get(e.errno or 0) or os.strerror(e.errno or 0)
    except EbeeError as e:
        return NO, str(e)


_WHY = {
    bpf.EPERM: "refused in spite of the capabilities: not built into this kernel, or against its policy",
    bpf.ENOENT: "this kernel has none",
    bpf.EINVAL: "this kernel does not know it",
}


# -- access --------------------------------------------------------------------------------------------------


def _access() -> Iterator[Feature]:
    from .backend import KernelBackend

    reasons = KernelBackend.unavailable()
    yield Feature(
        "access", "tracing", "this user may trace with the kernel", "5.10",
        NO if reasons else YES, f"needs {' and '.join(reasons)}" if reasons else "",
    )  # fmt: skip
    has = effective_capabilities()
    for name in CAP_NUMBERS:
        yield Feature("access", name, _CAPABILITIES[name], "", YES if name in has else NO)
    disabled = unprivileged_bpf_disabled()
    yield Feature(
        "access", "unprivileged_bpf", "bpf(2) without privilege (socket filters only)", "",
        UNKNOWN if disabled is None else NO if disabled else YES,
        "" if not disabled else f"kernel.unprivileged_bpf_disabled is {disabled}: {_DISABLED[min(disabled, 2)]}",
    )  # fmt: skip
    yield from _policies()


_DISABLED = {1: "nobody may without CAP_BPF, until the next boot", 2: "nobody may without CAP_BPF; root can change it"}
_LOCKED = {
    "integrity": "programs may not write to user memory (bpf_probe_write_user)",
    "confidentiality": "programs may not read the kernel's memory: no kprobes, no fields by address",
}


def _policies() -> Iterator[Feature]:
    """Yield what may refuse a user who has all capabilities."""
    locked = lockdown()
    yield Feature(
        "access", "lockdown", "the kernel is not locked down", "",
        UNKNOWN if not locked else YES if locked == "none" else NO,
        _LOCKED.get(locked, "" if locked else "/sys/kernel/security/lockdown is not there, or not to be read"),
    )  # fmt: skip
    filtered = has_seccomp_filter()
    yield Feature(
        "access", "seccomp", "no seccomp filter is on this process", "", NO if filtered else YES,
        "it may refuse bpf(2) and perf_event_open(2), as containers do" if filtered else "",
    )  # fmt: skip
    inside = is_in_user_namespace()
    yield Feature(
        "access", "user_namespace", "this is the machine's own user namespace", "", NO if inside else YES,
        "capabilities count in this one only, and bpf(2) asks for those of the machine" if inside else "",
    )  # fmt: skip


_CAPABILITIES = {
    "CAP_DAC_OVERRIDE": "reading and writing files of others",
    "CAP_DAC_READ_SEARCH": "reading files of others, so also tracefs",
    "CAP_NET_ADMIN": "network programs",
    "CAP_SYS_PTRACE": "tracing processes of others from user space",
    "CAP_SYS_ADMIN": "everything eBPF, mounting tracefs",
    "CAP_SYS_RESOURCE": "lifting RLIMIT_MEMLOCK (needed before Linux 5.11 only)",
    "CAP_PERFMON": "tracing programs",
    "CAP_BPF": "maps and programs",
}


# -- types, events, running ----------------------------------------------------------------------------------


def _types_and_events() -> Iterator[Feature]:
    rows: list[tuple[str, str, str, str, Callable[[], str]]] = [
        ("types", "vmlinux_btf", "the kernel's types (CO-RE, kernel structs, scopes)", "5.4", _vmlinux_btf),
        ("types", "btf_load", "types of own programs and maps", "4.18", _btf_load),
        ("events", "tracefs", "descriptions of tracepoints", "", _tracefs),
        ("events", "perf_event_link", "tracepoints, kprobes and uprobes through BPF links", "5.15", _perf_link),
        ("events", "kprobe", "probes on kernel functions through perf events", "4.17", lambda: _pmu("kprobe")),
        ("events", "uprobe", "probes on user functions through perf events", "4.17", lambda: _pmu("uprobe")),
        ("running", "jit", "programs are compiled to machine code", "", _jit),
        ("running", "raw_tp_test_run", "BPF_PROG_TEST_RUN of raw tracepoint programs", "5.10", _raw_tp_test_run),
        ("running", "map_batch", "reading many map entries at once", "5.6", _map_batch),
        ("running", "bpf_loop", "helper bpf_loop: loops that need no unrolling", "5.17", lambda: _helper(181)),
        ("running", "attach_cookie", "helper bpf_get_attach_cookie", "5.15", lambda: _helper(174)),
    ]
    for group, name, words, min_kernel, attempt in rows:
        state, why = _outcome(attempt)
        yield Feature(group, name, words, min_kernel, state, why)


def _vmlinux_btf() -> str:
    from ..btf.read import Btf

    try:
        data = current().map_file(VMLINUX_BTF)
    except OSError as e:
        if e.errno == bpf.ENOENT:
            raise NotSupported("types of this kernel: it was built without CONFIG_DEBUG_INFO_BTF") from None
        raise SyscallError("open", e.errno or 0, VMLINUX_BTF) from None
    count = Btf(data).type_count  # BtfError says where it is damaged
    return f"{len(data)} bytes, {count} types"


def _btf_load() -> str:
    fd = bpf.btf_load(_INT_BTF)
    if fd < 0:
        raise bpf.error(abi.BPF_BTF_LOAD, -fd)
    Fd(fd).close()
    return ""


def _tracefs() -> str:
    tracefs = open_tracefs()
    tracefs.close()
    return f"at {tracefs.path}" if tracefs.path else "not mounted; ebee mounts it for itself alone"


def _perf_link() -> str:
    with _load(abi.BPF_PROG_TYPE_TRACEPOINT, [mov_imm(R0, 0), Insn(EXIT)]) as prog:
        # With the command known, the kernel comes to miss the file descriptor of the perf event.
        result = bpf.link_create_perf_event(prog.number, (1 << 32) - 1)
    if result != -_EBADF:
        raise bpf.error(abi.BPF_LINK_CREATE, -result)
    return ""


def _pmu(name: str) -> str:
    try:
        current().read_file(f"/sys/bus/event_source/devices/{name}/type")
    except OSError as e:
        raise SyscallError("open", e.errno or 0) from None
    return ""


def _jit() -> str:
    off, size = layouts.PROG_INFO["jited_prog_len"]
    with _load(abi.BPF_PROG_TYPE_RAW_TRACEPOINT, [mov_imm(R0, 0), Insn(EXIT)]) as prog:
        info = bpf.info_by_fd(prog.number, off + size)
    if not int.from_bytes(info[off : off + size], sys.byteorder):
        raise SyscallError("jit", bpf.EOPNOTSUPP)
    return ""


def _raw_tp_test_run() -> str:
    with _load(abi.BPF_PROG_TYPE_RAW_TRACEPOINT, [mov_imm(R0, 7), Insn(EXIT)]) as prog:
        bpf.prog_test_run(prog.number)
    return ""


def _map_batch() -> str:
    made = KernelMap(MapSpec("ebee_probe", abi.BPF_MAP_TYPE_HASH, 4, 4, 1))
    try:
        if MapBatches(made.fd.number, 4, 4, 1, "").read() is None:
            raise SyscallError("BPF_MAP_LOOKUP_BATCH", bpf.EINVAL)
    finally:
        made.close()
    return ""


def has_helper(number: int) -> bool:
    """Whether probes of this kernel may call a helper."""
    return _outcome(_helper, number)[0] == YES


def _helper(number: int) -> str:
    """Call it without arguments: a kernel that knows it complains about those, not about its number."""
    program = bpf.ProgLoad(
        abi.BPF_PROG_TYPE_KPROBE, encode([Insn(0x85, imm=number), Insn(EXIT)], sys.byteorder), "", "GPL"
    )
    fd, log = program.load_with_log()
    if fd >= 0:
        Fd(fd).close()
    elif "unknown func" in log or "invalid func" in log or not log:
        raise bpf.error(abi.BPF_PROG_LOAD, -fd)
    return ""


# -- tables: (name, words, first kernel, what to try) --------------------------------------------------------

# struct { btf_header; one BTF_KIND_INT `int` of 4 bytes, signed; "\0int\0" }
_INT_BTF = b"".join(
    n.to_bytes(size, sys.byteorder)
    for n, size in ((0xEB9F, 2), (1, 1), (0, 1), (24, 4), (0, 4), (16, 4), (16, 4), (5, 4),
                    (1, 4), (1 << 24, 4), (4, 4), (1 << 24 | 32, 4))
) + b"\0int\0"  # fmt: skip

_STORE = store_imm(8, R10, -8, 0)
_MAY_GOTO = [Insn(BPF_JMP | BPF_JCOND, off=1), mov_imm(R0, 0)]  # before Linux 6.15 none may go nowhere
_INSTRUCTIONS: list[tuple[str, str, str, list[Insn]]] = [
    ("atomics", "fetching atomics, exchange and compare-exchange", "5.12",
     [_STORE, Insn(BPF_STX | BPF_ATOMIC | BPF_DW, R10, R0, -8, BPF_ADD | BPF_FETCH)]),
    ("movsx", "sign-extending moves (ISA v4)", "6.6", [Insn(BPF_ALU64 | BPF_MOV | BPF_X, R0, R0, 8)]),
    ("ldsx", "sign-extending loads (ISA v4)", "6.6",
     [_STORE, Insn(BPF_LDX | BPF_MEMSX | BPF_B, R0, R10, -8)]),
    ("sdiv", "signed division (ISA v4)", "6.6", [Insn(BPF_ALU64 | BPF_DIV | BPF_K, R0, off=1, imm=2)]),
    ("bswap", "unconditional byte swap (ISA v4)", "6.6", [Insn(BPF_ALU64 | BPF_END, R0, imm=64)]),
    ("gotol", "jumps beyond 32767 slots (ISA v4)", "6.6", [Insn(GOTOL, imm=0)]),
    ("may_goto", "loops that the kernel bounds", "6.9", _MAY_GOTO),
    ("load_acquire", "load-acquire and store-release", "6.15",
     [_STORE, Insn(BPF_STX | BPF_ATOMIC | BPF_DW, R1, R10, -8, BPF_LOAD_ACQ)]),
    ("jmp32", "32-bit comparisons (ISA v3)", "5.1", [Insn(0x06 | BPF_JSGT | BPF_K, R0, off=0, imm=1)]),
    ("alu32", "32-bit arithmetic", "", [Insn(BPF_ALU | BPF_ADD | BPF_K, R0, imm=1)]),
]  # fmt: skip

_NO_PREALLOC, _MMAPABLE = abi.BPF_F_NO_PREALLOC, abi.BPF_F_MMAPABLE
_WITH_BTF, _WITH_INNER = "btf", "inner"
# (…, map type, key size, value size, entries, flags, needs)
_MAP_TYPES: list[tuple[str, str, str, int, int, int, int, int, str]] = [
    ("hash", "hash table", "", abi.BPF_MAP_TYPE_HASH, 4, 4, 1, 0, ""),
    ("array", "array", "", abi.BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0, ""),
    ("prog_array", "programs, for tail calls", "", abi.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, 0, ""),
    ("perf_event_array", "perf buffers", "", abi.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1, 0, ""),
    ("percpu_hash", "hash table with a value per CPU", "", abi.BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 1, 0, ""),
    ("percpu_array", "array with a value per CPU", "", abi.BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1, 0, ""),
    ("stack_trace", "stack traces", "", abi.BPF_MAP_TYPE_STACK_TRACE, 4, 8, 1, 0, ""),
    ("cgroup_array", "control groups", "", abi.BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 1, 0, ""),
    ("lru_hash", "hash table that forgets", "", abi.BPF_MAP_TYPE_LRU_HASH, 4, 4, 1, 0, ""),
    ("lru_percpu_hash", "such with a value per CPU", "", abi.BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 1, 0, ""),
    ("lpm_trie", "longest prefix match", "", abi.BPF_MAP_TYPE_LPM_TRIE, 8, 4, 1, _NO_PREALLOC, ""),
    ("array_of_maps", "array of maps", "", abi.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, 0, _WITH_INNER),
    ("hash_of_maps", "hash table of maps", "", abi.BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 1, 0, _WITH_INNER),
    ("devmap", "network devices", "", abi.BPF_MAP_TYPE_DEVMAP, 4, 4, 1, 0, ""),
    ("sockmap", "sockets", "", abi.BPF_MAP_TYPE_SOCKMAP, 4, 4, 1, 0, ""),
    ("cpumap", "CPUs to send packets to", "", abi.BPF_MAP_TYPE_CPUMAP, 4, 4, 1, 0, ""),
    ("xskmap", "AF_XDP sockets", "", abi.BPF_MAP_TYPE_XSKMAP, 4, 4, 1, 0, ""),
    ("sockhash", "sockets by key", "", abi.BPF_MAP_TYPE_SOCKHASH, 4, 4, 1, 0, ""),
    ("cgroup_storage", "values of a control group (old)", "", abi.BPF_MAP_TYPE_CGROUP_STORAGE, 8, 4, 0, 0, ""),
    ("reuseport_sockarray", "listening sockets", "", abi.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 4, 1, 0, ""),
    ("queue", "queue", "4.20", abi.BPF_MAP_TYPE_QUEUE, 0, 4, 1, 0, ""),
    ("stack", "stack", "4.20", abi.BPF_MAP_TYPE_STACK, 0, 4, 1, 0, ""),
    ("sk_storage", "values of a socket", "5.2", abi.BPF_MAP_TYPE_SK_STORAGE, 4, 4, 0, _NO_PREALLOC, _WITH_BTF),
    ("devmap_hash", "network devices by key", "5.4", abi.BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 1, 0, ""),
    ("ringbuf", "ring buffer", "5.8", abi.BPF_MAP_TYPE_RINGBUF, 0, 0, 1 << 16, 0, ""),
    ("inode_storage", "values of an inode", "5.10",
     abi.BPF_MAP_TYPE_INODE_STORAGE, 4, 4, 0, _NO_PREALLOC, _WITH_BTF),
    ("task_storage", "values of a task", "5.11",
     abi.BPF_MAP_TYPE_TASK_STORAGE, 4, 4, 0, _NO_PREALLOC, _WITH_BTF),
    ("bloom_filter", "Bloom filter", "5.16", abi.BPF_MAP_TYPE_BLOOM_FILTER, 0, 4, 1, 0, ""),
    ("user_ringbuf", "ring buffer from user space", "6.1", abi.BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 1 << 16, 0, ""),
    ("cgrp_storage", "values of a control group", "6.2",
     abi.BPF_MAP_TYPE_CGRP_STORAGE, 4, 4, 0, _NO_PREALLOC, _WITH_BTF),
    ("arena", "memory shared with user space", "6.9", abi.BPF_MAP_TYPE_ARENA, 0, 0, 1, _MMAPABLE, ""),
    ("insn_array", "jump tables", "6.19", abi.BPF_MAP_TYPE_INSN_ARRAY, 4, 16, 1, 0, ""),
]  # fmt: skip

# (…, program type, expected attach type, flags, vmlinux function or typedef to attach to)
_SLEEPABLE = abi.BPF_F_SLEEPABLE
_PROG_TYPES: list[tuple[str, str, str, int, int, int, str]] = [
    ("socket_filter", "socket filters", "", abi.BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, ""),
    ("kprobe", "kprobes and uprobes", "", abi.BPF_PROG_TYPE_KPROBE, 0, 0, ""),
    ("sched_cls", "traffic control", "", abi.BPF_PROG_TYPE_SCHED_CLS, 0, 0, ""),
    ("tracepoint", "tracepoints", "", abi.BPF_PROG_TYPE_TRACEPOINT, 0, 0, ""),
    ("xdp", "packets at the driver", "", abi.BPF_PROG_TYPE_XDP, 0, 0, ""),
    ("perf_event", "samples of hardware and software counters", "", abi.BPF_PROG_TYPE_PERF_EVENT, 0, 0, ""),
    ("cgroup_skb", "packets of a control group", "", abi.BPF_PROG_TYPE_CGROUP_SKB, 0, 0, ""),
    ("cgroup_sock", "sockets of a control group", "", abi.BPF_PROG_TYPE_CGROUP_SOCK, 0, 0, ""),
    ("lwt_in", "light-weight tunnels", "", abi.BPF_PROG_TYPE_LWT_IN, 0, 0, ""),
    ("sock_ops", "TCP events", "", abi.BPF_PROG_TYPE_SOCK_OPS, 0, 0, ""),
    ("sk_skb", "socket streams", "", abi.BPF_PROG_TYPE_SK_SKB, 0, 0, ""),
    ("cgroup_device", "devices of a control group", "", abi.BPF_PROG_TYPE_CGROUP_DEVICE, 0, 0, ""),
    ("sk_msg", "socket messages", "", abi.BPF_PROG_TYPE_SK_MSG, 0, 0, ""),
    ("raw_tracepoint", "raw tracepoints", "", abi.BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, ""),
    ("cgroup_sock_addr", "addresses of a control group's sockets", "",
     abi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, abi.BPF_CGROUP_INET4_CONNECT, 0, ""),
    ("lirc_mode2", "infrared decoders", "", abi.BPF_PROG_TYPE_LIRC_MODE2, 0, 0, ""),
    ("sk_reuseport", "choice among listening sockets", "",
     abi.BPF_PROG_TYPE_SK_REUSEPORT, abi.BPF_SK_REUSEPORT_SELECT, 0, ""),
    ("flow_dissector", "flow dissector", "4.20", abi.BPF_PROG_TYPE_FLOW_DISSECTOR, 0, 0, ""),
    ("cgroup_sysctl", "sysctls of a control group", "5.2", abi.BPF_PROG_TYPE_CGROUP_SYSCTL, 0, 0, ""),
    ("cgroup_sockopt", "socket options of a control group", "5.3",
     abi.BPF_PROG_TYPE_CGROUP_SOCKOPT, abi.BPF_CGROUP_SETSOCKOPT, 0, ""),
    ("tp_btf", "raw tracepoints with typed arguments", "5.5",
     abi.BPF_PROG_TYPE_TRACING, abi.BPF_TRACE_RAW_TP, 0, "btf_trace_sched_process_exec"),
    ("fentry", "entry of kernel functions", "5.5",
     abi.BPF_PROG_TYPE_TRACING, abi.BPF_TRACE_FENTRY, 0, "bpf_fentry_test1"),
    ("lsm", "security decisions", "5.7", abi.BPF_PROG_TYPE_LSM, abi.BPF_LSM_MAC, 0, "bpf_lsm_file_open"),
    ("sk_lookup", "choice of a socket", "5.9", abi.BPF_PROG_TYPE_SK_LOOKUP, abi.BPF_SK_LOOKUP, 0, ""),
    ("syscall", "programs that make system calls", "5.14", abi.BPF_PROG_TYPE_SYSCALL, 0, _SLEEPABLE, ""),
    ("netfilter", "netfilter hooks", "6.4", abi.BPF_PROG_TYPE_NETFILTER, abi.BPF_NETFILTER, 0, ""),
]  # fmt: skip


def _load(prog_type: int, insns: list[Insn], **fields: int) -> Fd:
    """Load a program. Raises: SyscallError."""
    code, license = bpf.bytes_buffer(encode(insns, sys.byteorder)), bpf.text_buffer("GPL")
    attr = bpf.make_attr(
        layouts.PROG_LOAD,
        {
            "prog_type": prog_type,
            "insn_cnt": len(code) // 8,
            "insns": bpf.address(code),
            "license": bpf.address(license),
            **fields,
        },
    )
    return Fd(bpf.call(abi.BPF_PROG_LOAD, attr))


def _try_insns(insns: list[Insn]) -> str:
    _load(abi.BPF_PROG_TYPE_RAW_TRACEPOINT, [mov_imm(R0, 0), *insns, mov_imm(R0, 0), Insn(EXIT)]).close()
    return ""


def have_may_goto() -> bool:
    """Whether loops can carry a budget (Linux 6.9)."""
    try:
        _try_insns(_MAY_GOTO)
    except SyscallError:
        return False
    return True


def have_bpf_loop() -> bool:
    """Whether a helper turns loops (Linux 5.17)."""
    try:
        _helper(BPF_FUNC.loop)
    except SyscallError:
        return False
    return True


def _try_map(map_type: int, key_size: int, value_size: int, entries: int, flags: int, needs: str) -> str:
    fields: dict[str, int | bytes] = {
        "map_type": map_type,
        "key_size": key_size,
        "value_size": value_size,
        "max_entries": entries,
        "map_flags": flags,
    }
    held: list[Fd] = []
    if needs == _WITH_BTF:
        fd = bpf.btf_load(_INT_BTF)
        if fd < 0:
            raise bpf.error(abi.BPF_BTF_LOAD, -fd)
        held.append(Fd(fd))
        fields |= {"btf_fd": fd, "btf_key_type_id": 1, "btf_value_type_id": 1}
    elif needs == _WITH_INNER:
        held.append(bpf.map_create(abi.BPF_MAP_TYPE_ARRAY, 4, 4, 1))
        fields["inner_map_fd"] = held[0].number
    try:
        Fd(bpf.call(abi.BPF_MAP_CREATE, bpf.make_attr(layouts.MAP_CREATE, fields))).close()
    finally:
        for fd_ in held:
            fd_.close()
    return ""


def _try_prog_type(prog_type: int, expected_attach_type: int, flags: int, target: str) -> str:
    fields = {"expected_attach_type": expected_attach_type, "prog_flags": flags}
    if target:
        from ..btf.read import Btf

        try:
            btf = Btf(current().map_file(VMLINUX_BTF))
        except OSError as e:
            raise SyscallError("open", e.errno or 0, VMLINUX_BTF) from None
        found = btf.by_name(target)
        if found is None:
            raise SyscallError("BPF_PROG_LOAD", bpf.ENOENT, f"this kernel has no {target}")
        fields["attach_btf_id"] = found.id
    insns = [mov_imm(R0, 1), Insn(EXIT)]
    if prog_type in (abi.BPF_PROG_TYPE_TRACING, abi.BPF_PROG_TYPE_LSM, abi.BPF_PROG_TYPE_FLOW_DISSECTOR):
        insns[0] = mov_imm(R0, 0)
    _load(prog_type, insns, **fields).close()
    return ""
