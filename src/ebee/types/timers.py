"""`Timer` and `WorkQueue`: fields of a map's values that have the kernel call a function later."""

from __future__ import annotations

from .intrinsics import probe_only
from .scalars import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..btf.build import BtfBuilder


class TimerType(Type):
    """The kernel's `struct bpf_timer` or `struct bpf_wq`: 16 bytes that nobody reads. In Python the value is None."""

    __slots__ = ("struct_name",)
    is_timer = True

    def __init__(self, name: str, struct_name: str) -> None:
        super().__init__(name, 16, 8)
        self.struct_name = struct_name

    def pack(self, value: Any) -> bytes:
        if value is not None:
            raise TypeError(f"a {self.name} has no value, and takes none: {value!r}")
        return bytes(16)

    def unpack(self, data: bytes) -> None:
        return None

    def btf_id(self, btf: BtfBuilder) -> int:
        from ..btf.special import add_special

        return add_special(btf, self.struct_name)

    def numpy_format(self) -> str:
        return "V16"


class Timer:
    """A timer: a field of the Structs that are values of a `Hash`, `LruHash` or `Array`, one in each.

    Inside a probe: `v = m.lookup(k)`, then `v.timer.start(…)`. When its entry is deleted it is stopped. Hooks that run
    anywhere (kprobes, tracepoints, raw tracepoints) have no timers. Source: bpf_timer (Linux 5.15).
    """

    _type = TimerType("Timer", "bpf_timer")

    def start(self, ns: int, callback: Callable[..., None]) -> None:
        """Have `callback(m, key, value)` called once in `ns` nanoseconds, where no probe runs; it may start it again.

        One that is running is started anew. A failure is counted.
        """
        probe_only("Timer.start")

    def cancel(self) -> bool:
        """Stop it, and wait for its callback if that runs now; return whether it was to run.

        In its own callback it does nothing.
        """
        probe_only("Timer.cancel")


class WorkQueue:
    """Work for later: a field of the Structs that are values of a `Hash`, `LruHash` or `Array`, one in each.

    Inside a probe: `v = m.lookup(k)`, then `v.work.start(…)`. Hooks that run anywhere (kprobes, tracepoints, raw
    tracepoints) have none. Source: bpf_wq (Linux 6.10).
    """

    _type = TimerType("WorkQueue", "bpf_wq")

    def start(self, callback: Callable[..., None]) -> None:
        """Have `callback(m, key, value)` called soon by a thread of the kernel's, where it may sleep.

        A failure is counted.
        """
        probe_only("WorkQueue.start")
