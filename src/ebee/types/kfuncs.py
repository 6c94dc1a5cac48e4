"""Functions of the kernel that probes call (kfuncs), declared by their names, and what is built on them."""

from __future__ import annotations

from ..errors import UsageError
from .intrinsics import probe_only

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Any, TypeVar

    from .structs import Struct

    S = TypeVar("S", bound=Struct)


class Kfunc:
    """A function of the kernel. Its arguments and result are typed from the kernel's BTF."""

    __slots__ = ("is_optional", "name")

    def __init__(self, name: str, is_optional: bool) -> None:
        self.name, self.is_optional = name, is_optional

    def __call__(self, *args: Any) -> Any:
        """Call it, in a probe. What it gives to hold is held by `with`: `with task_from_pid(pid) as task:`."""
        raise UsageError(f"{self.name}() is a function of the kernel: only probes can call it")

    @property
    def exists(self) -> bool:
        """Whether the kernel that the probe runs in has it; for one that was declared with `optional=True`."""
        raise UsageError(f"whether {self.name}() exists is known inside a probe")

    def __repr__(self) -> str:
        return f"<kfunc {self.name}>"


WAYS = ("new", "next", "destroy")  # what an iterator consists of: bpf_iter_NAME_new and so on


class KfuncIter:
    """An iterator of the kernel's. What it takes and gives is typed from the kernel's BTF."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Any) -> Iterator[Any]:
        """Go over what it gives, in a probe: `for vma in task_vma(task, 0):`."""
        raise UsageError(f"{self.name} is an iterator of the kernel: only probes can go over it")

    def __repr__(self) -> str:
        return f"<kfunc iterator {self.name}>"


class Dynptr:
    """Memory whose size is known at run time only. What reaches beyond it ends the probe, counted."""

    def __len__(self) -> int:  # noqa: PLE0303 - it never returns outside of a probe
        """Its size in bytes."""
        probe_only("dynptr")

    def read(self, off: int, into: Any, size: int = 0) -> None:
        """Copy bytes from an offset into a struct, or a field of one: all of it, or its first `size` bytes."""
        probe_only("dynptr")

    def write(self, off: int, source: Any, size: int = 0) -> None:
        """Copy a struct, a field, a string or bytes to an offset: all of it, or its first `size` bytes."""
        probe_only("dynptr")

    def slice(self, off: int, type: type[S]) -> S | None:
        """Return the bytes at an offset as a struct, in place, to be read; None if they are not there in one piece.

        Source: bpf_dynptr_slice, bpf_dynptr_data.
        """
        probe_only("dynptr")

    def slice_rdwr(self, off: int, type: type[S]) -> S | None:
        """Return the bytes at an offset as a struct, in place, to be read and written, or None as `slice`.

        Source: bpf_dynptr_slice_rdwr, bpf_dynptr_data.
        """
        probe_only("dynptr")

    def clone(self) -> Dynptr:
        """Return another one of the same memory, which `adjust` then makes one of a part. Source: bpf_dynptr_clone."""
        probe_only("dynptr")

    def adjust(self, start: int, end: int) -> None:
        """Let it be of the bytes from `start` to before `end` alone. Source: bpf_dynptr_adjust."""
        probe_only("dynptr")

    def copy(self, off: int, source: Dynptr, source_off: int, size: int) -> None:
        """Copy `size` bytes of another one to an offset (Linux 6.16). Source: bpf_dynptr_copy."""
        probe_only("dynptr")

    def memset(self, off: int, size: int, byte: int) -> None:
        """Set `size` bytes from an offset on to one value (Linux 6.17). Source: bpf_dynptr_memset."""
        probe_only("dynptr")

    def is_null(self) -> bool:
        """Whether there is no memory behind it. Source: bpf_dynptr_is_null."""
        probe_only("dynptr")

    def is_rdonly(self) -> bool:
        """Whether it cannot be written to. Source: bpf_dynptr_is_rdonly."""
        probe_only("dynptr")


def kfunc(name: str, *, optional: bool = False) -> Kfunc:
    """Declare a function of the kernel, at module level, by its name: `kfunc("bpf_task_from_pid")`.

    A kernel that does not have it refuses the program. With `optional=True` it may be missing: the probe asks
    `f.exists` before it calls it. Raises: UsageError for what is no name.
    """
    return Kfunc(_checked("kfunc", name, "bpf_task_from_pid"), optional)


def kfunc_iter(name: str) -> KfuncIter:
    """Declare an iterator of the kernel's, at module level, by its name: `kfunc_iter("task_vma")`.

    It is what the functions `bpf_iter_NAME_new`, `…_next` and `…_destroy` go over; which there are, the kernel's BTF
    says. It takes what `…_new` takes after the state. Raises: UsageError for what is no name.
    """
    return KfuncIter(_checked("kfunc_iter", name, "task_vma"))


def _checked(function: str, name: str, example: str) -> str:
    if not (isinstance(name, str) and name.isidentifier()):
        raise UsageError(f"{function} takes a name, not {name!r}", hint=f'for example {function}("{example}")')
    return name


def rcu() -> AbstractContextManager[None]:
    """`with ebee.rcu():` objects of the kernel that RCU protects stay there inside it, in probes that may sleep.

    Source: bpf_rcu_read_lock.
    """
    probe_only("rcu")


def preempt_disabled() -> AbstractContextManager[None]:
    """`with ebee.preempt_disabled():` nothing else runs on this CPU inside it, but interrupts.

    Source: bpf_preempt_disable.
    """
    probe_only("preempt_disabled")


def kptr_xchg(place: Any, new: Any) -> AbstractContextManager[Any]:
    """`with ebee.kptr_xchg(v.task, task) as old:` a kernel pointer in a map's entry, and what was there before.

    The entry gets a reference of its own to `new`, which may be None. The body is skipped if nothing was there.
    Source: bpf_kptr_xchg.
    """
    probe_only("kptr_xchg")


def dynptr(memory: Any) -> Dynptr:
    """A packet, or an entry of a map, a field of one or a Global's value, as memory whose size is known at run time.

    Source: bpf_dynptr_from_xdp, bpf_dynptr_from_skb, bpf_dynptr_from_mem.
    """
    probe_only("dynptr")


def iter_num(start: int, stop: int) -> Iterator[int]:
    """`for i in ebee.iter_num(0, n):` as range(start, stop), of s32, with a loop that the kernel bounds: 2**23 turns.

    More turns than that are none at all. Source: bpf_iter_num_new.
    """
    probe_only("iter_num")


def iter_task() -> Iterator[Any]:
    """`for task in ebee.iter_task():` every process, as its main thread, a `struct task_struct`.

    Source: bpf_iter_task_new.
    """
    probe_only("iter_task")
