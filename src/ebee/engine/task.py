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


class TaskContext(Record):
    """The current task of a program run.

    `tgid` is the process id and `pid` the thread id, as the kernel names them. `comm` is the task's name, at
    most 15 bytes, without the NUL. `ktime_ns` is the monotonic clock in nanoseconds and `random_u32` gives 32
    random bits. `read_user(address, size)` returns the readable prefix of user memory: b'' when the first
    byte faults.
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
