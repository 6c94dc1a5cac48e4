"""The functions that mean something only inside a probe. The compiler knows them by identity; see `lower`."""

from __future__ import annotations

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeVar

    from . import linux
    from .scalars import s64, u32, u64

    T = TypeVar("T")


def probe_only(name: str) -> NoReturn:
    """Raises: UsageError: outside a probe a function means nothing."""
    raise UsageError(f"ebee.{name}() means something only inside a probe")


def pid() -> u32:
    """The process id of the current task (the kernel's tgid), in the initial pid namespace."""
    probe_only("pid")


def tid() -> u32:
    """The thread id of the current task (the kernel's pid), in the initial pid namespace."""
    probe_only("tid")


def uid() -> u32:
    """The real user id of the current task."""
    probe_only("uid")


def gid() -> u32:
    """The real group id of the current task."""
    probe_only("gid")


def cpu() -> u32:
    """The number of the CPU that the probe runs on."""
    probe_only("cpu")


def followed(pid: int) -> bool:
    """Whether a process, by its id (the kernel's tgid), is the traced command or a descendant; True without a command.

    A probe that asks this decides itself: it runs whoever the current task is. In the kernel only.
    """
    probe_only("followed")


def ktime() -> u64:
    """Nanoseconds since boot, without time asleep (CLOCK_MONOTONIC)."""
    probe_only("ktime")


def log2(n: int) -> int:
    """The position of the highest bit of an unsigned number: 0 for 0 and 1, 10 for 1024 … 2047. It works anywhere."""
    if n < 0:
        raise UsageError(f"log2() takes an unsigned number, not {n}")
    return max(n.bit_length() - 1, 0)


def boot_ns() -> u64:
    """Nanoseconds since boot, time asleep included (CLOCK_BOOTTIME)."""
    probe_only("boot_ns")


def random() -> u32:
    """A pseudo-random number, each time another; not for secrets."""
    probe_only("random")


def cgroup_id() -> u64:
    """The id of the control group (version 2) of the current task: the inode number of its directory."""
    probe_only("cgroup_id")


def numa_node() -> u32:
    """The number of the NUMA node that the probe runs on."""
    probe_only("numa_node")


def signal(number: int) -> s64:
    """Send a signal to the current process; 0, or minus an error number. A command's probes reach that command only.

    Source: bpf_send_signal.
    """
    probe_only("signal")


def comm() -> str:
    """The name of the current task: at most 15 bytes and a terminator."""
    probe_only("comm")


def current_cgroup() -> Any:
    """The kernel's `struct cgroup` that the current task is in (cgroup2), typed from BTF; for `CgroupStorage`."""
    probe_only("current_cgroup")


def current_task() -> linux.task_struct:
    """The kernel's `struct task_struct` of the current task, typed from BTF: `task.real_parent.tgid`.

    Each pointer that is followed is one read of kernel memory; one that fails gives zero, and is counted and reported.
    """
    probe_only("current_task")


def user_str(address: int, size: int = 0) -> str:
    """The NUL-terminated string at an address of the current process.

    Assigned to a `Str` field it takes the field's size; elsewhere `size` in bytes must be given: a constant, or a
    number with a constant bound, such as `min(n, 256)`. What does not fit is cut off, and an address that cannot be
    read gives an empty string; both are counted and reported.
    """
    probe_only("user_str")


def kernel_str(address: int, size: int = 0) -> str:
    """The NUL-terminated string at an address in the kernel: what a `char *` of one of its structs points to.

    As `user_str` in everything else.
    """
    probe_only("kernel_str")


def read_user(address: int, type: type[T], size: int = 0) -> T:
    """What is at an address of the current process, of a type: `ebee.read_user(ctx.addr, u32)`, a Struct, `Bytes(16)`.

    Of Bytes, lists and structs it may be only the first `size` bytes, a number with a constant bound; the others are
    zero then.
    Memory that cannot be read gives zeros; that is counted and reported. Source: bpf_probe_read_user.
    """
    probe_only("read_user")


def read_kernel(address: int, type: type[T], size: int = 0) -> T:
    """What is at an address in the kernel, of a type. As `read_user` in everything else.

    Source: bpf_probe_read_kernel.
    """
    probe_only("read_kernel")


def fetch_add(place: int, n: int) -> int:
    """Add to a number in a map's entry or a Global, atomically, and return what was there: `ebee.fetch_add(v.n, 1)`.

    `place` is written as it is read: `v.field`, `v.items[i]`, `m[k]` or `total.value`, of type u32, u64, s32 or s64. An
    `m[k]` that is missing is made, with zero. A sum that overflows wraps.
    """
    probe_only("fetch_add")


def fetch_and(place: int, n: int) -> int:
    """`place &= n` atomically; return what was there. As `fetch_add` in everything else."""
    probe_only("fetch_and")


def fetch_or(place: int, n: int) -> int:
    """`place |= n` atomically; return what was there. As `fetch_add` in everything else."""
    probe_only("fetch_or")


def fetch_xor(place: int, n: int) -> int:
    """`place ^= n` atomically; return what was there. As `fetch_add` in everything else."""
    probe_only("fetch_xor")


def xchg(place: int, n: int) -> int:
    """`place = n` atomically; return what was there. As `fetch_add` in everything else."""
    probe_only("xchg")


def cmpxchg(place: int, expected: int, n: int) -> int:
    """`place = n` if `expected` is there, atomically; return what was there. As `fetch_add` in everything else."""
    probe_only("cmpxchg")


def sizeof(what: Any) -> int:
    """The size in bytes of a type: of a Struct or u8 … s64, or of `"struct task_struct"` in the running kernel.

    Of a kernel's type it is found when the program is loaded, and 0 where the kernel has no such type.
    """
    probe_only("sizeof")


def enum_value(enum: str, name: str) -> int:
    """The number of an enumerator in the running kernel: `ebee.enum_value("bpf_map_type", "BPF_MAP_TYPE_ARENA")`.

    It is found when the program is loaded; where it may be missing, ask `has_enum_value` before.
    """
    probe_only("enum_value")


def has_enum_value(enum: str, name: str) -> bool:
    """Whether the running kernel has an enumerator. It is found when the program is loaded."""
    probe_only("has_enum_value")


def has_type(what: str) -> bool:
    """Whether the running kernel has a type: `"struct x"`, `"union x"` or `"enum x"`. It is found at load time."""
    probe_only("has_type")


def redirect(ifindex: int, flags: int = 0) -> int:
    """Send the packet to another interface, by its number: what an XDP, tc, netkit or lwt(xmit) probe returns.

    `flags` of tc: 1 (BPF_F_INGRESS) has it arrive there instead. Source: bpf_redirect.
    """
    probe_only("redirect")


def redirect_peer(ifindex: int) -> int:
    """Send the packet to the peer of an interface, in its network namespace: what a tc(ingress) probe returns.

    Source: bpf_redirect_peer.
    """
    probe_only("redirect_peer")


_ALL: tuple[Any, ...] = (
    pid, tid, uid, gid, cpu, ktime, comm, current_cgroup, current_task, user_str, kernel_str, read_user, read_kernel,
    followed,
)  # fmt: skip
INTRINSICS = {f: f.__name__ for f in _ALL}
