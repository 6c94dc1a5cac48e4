"""What the kernel keeps inside the values of maps: locks, and pointers to its own objects."""

from __future__ import annotations

from ..btf.special import SPECIAL_STRUCTS, add_kptr, add_special
from ..errors import UsageError
from .scalars import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from ..btf.build import BtfBuilder

# Structs of the kernel that a value can point to: what makes a reference, and what gives one back.
# Source: the dtors of bpf_task_release_dtor and its like in kernel/bpf/helpers.c, cpumask.c (Linux 6.18).
KPTRS = {
    "task_struct": ("bpf_task_acquire", "bpf_task_release"),
    "cgroup": ("bpf_cgroup_acquire", "bpf_cgroup_release"),
    "bpf_cpumask": ("bpf_cpumask_acquire", "bpf_cpumask_release"),
}


class SpecialType(Type):
    """A field that only the kernel writes. Outside of probes it is None, and nothing else can be assigned."""

    __slots__ = ()
    is_special = True

    def pack(self, value: Any) -> bytes:
        if value is not None:
            raise TypeError(f"a {self.name} is the kernel's: only probes use it")
        return bytes(self.size)

    def unpack(self, data: bytes) -> None:
        return None

    def btf_id(self, btf: BtfBuilder) -> int:
        return add_special(btf, self.name)

    def numpy_format(self) -> str:
        return f"V{self.size}"


class KptrType(SpecialType):
    """A pointer to a struct of the kernel, with a reference of its own."""

    __slots__ = ("struct_name",)

    def __init__(self, struct_name: str) -> None:
        if struct_name not in KPTRS:
            raise UsageError(f"Kptr() does not know struct {struct_name!r}", hint=f"it knows {', '.join(KPTRS)}")
        super().__init__(f'Kptr("{struct_name}")', 8, 8)
        self.struct_name = struct_name

    def btf_id(self, btf: BtfBuilder) -> int:
        return add_kptr(btf, self.struct_name)


if TYPE_CHECKING:

    class SpinLock:
        """A lock in a map's value: `lock: SpinLock`, and in a probe `with v.lock:`."""

        def __enter__(self) -> None: ...
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None: ...

    def Kptr(struct: str) -> Any:
        """A pointer to a struct of the kernel in a map's value: `task: Any = Kptr("task_struct")`."""
else:
    SpinLock = SpecialType("bpf_spin_lock", *SPECIAL_STRUCTS["bpf_spin_lock"])
    Kptr = KptrType
