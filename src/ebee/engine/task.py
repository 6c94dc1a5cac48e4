"""`TaskContext`: what a program in the engine may learn about the task it runs for.

Time, randomness and the memory of the traced process are callables, so that a test decides them. The defaults
are the same on every run and every machine.
"""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def no_time() -> int:
    """Return 0, the time on the default clock."""
    return 0


def no_random() -> int:
    """Return 4, the same number every time."""
    return 4


def no_memory(address: int, size: int) -> bytes:
    """Return b'': nothing is readable at any address."""
    return b""


def no_write(address: int, data: bytes) -> int:
    """Return -EPERM: nothing can be written."""
    return -1


def no_stack(is_user: bool) -> list[int]:
    """Return []: there is no stack."""
    return []


def no_signal(pid: int, signal: int) -> int:
    """Return -EPERM: nobody can be signalled."""
    return -1


class TaskContext(Record):
    """The current task of a program run.

    `tgid` is the process id and `pid` the thread id, as the kernel names them. `comm` is the task's name, at
    most 15 bytes, without the NUL. `ktime_ns` is the monotonic clock in nanoseconds and `random_u32` gives 32
    random bits. `read_user(address, size)` returns the readable prefix of user memory: b'' when the first
    byte faults; `write_user(address, data)` stores data there, `send_signal(pid, number)` signals a thread or
    process, and both return 0 or a negative errno. `stack(is_user)` gives the addresses of the callers, innermost
    first. `real_ns` is the clock in nanoseconds since 1970. `pid_ns` is the device and inode of the PID namespace that
    `pid` and `tgid` count in, `cgroup_ancestors` the ids from the root to the parent, `func_ip` where the probed
    function starts.
    """

    tgid: int = 1
    pid: int = 1
    uid: int = 0
    gid: int = 0
    comm: bytes = b"ebee"
    cpu: int = 0
    ktime_ns: Callable[[], int] = no_time
    random_u32: Callable[[], int] = no_random
    read_user: Callable[[int, int], bytes] = no_memory
    write_user: Callable[[int, bytes], int] = no_write
    stack: Callable[[bool], list[int]] = no_stack
    send_signal: Callable[[int, int], int] = no_signal
    real_ns: Callable[[], int] = no_time
    numa_node: int = 0
    cgroup_id: int = 1
    cgroup_ancestors: tuple[int, ...] = ()
    pid_ns: tuple[int, int] = (0, 0)
    func_ip: int = 0
