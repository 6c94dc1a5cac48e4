"""The kernel's structs as other kernels have them."""

from __future__ import annotations

import sys

from ..errors import UsageError
from .fields import BigEndianType
from .intrinsics import probe_only
from .scalars import IntType, StrType, Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class PointerType(Type):
    """A pointer to a struct of the kernel: C `struct name *`. Only in a `KernelStruct`."""

    __slots__ = ("struct_name",)

    def __init__(self, struct_name: str) -> None:
        if not isinstance(struct_name, str) or not struct_name.isidentifier():
            raise UsageError(f"Ptr() takes the name of a struct of the kernel, not {struct_name!r}")
        self.struct_name = struct_name
        super().__init__(f"Ptr({struct_name!r})", 8, 8)


if TYPE_CHECKING:

    def Ptr(struct_name: str) -> Any:
        """A pointer to a struct of the kernel: C `struct name *`. Only in a `KernelStruct`."""
else:
    Ptr = PointerType


class KernelStruct:
    """A struct of the kernel with just the fields that a probe reads, as some kernels have it.

        class task_struct___old(KernelStruct):      # before Linux 5.14; what follows ___ tells one from another
            state: s64

    In a probe `old = task_struct___old(task)` is the same pointer under another type, `hasattr(old, "state")` asks
    the kernel that the program is loaded into, and `old.state` may stand where that was true. Fields are integers
    (`be16` and its like for those in network order), `Str`, `Ptr` and other KernelStruct classes (structs inside);
    their order does not matter.

    Raises: UsageError for fields of other types.
    """

    _kernel_fields: dict[str, Any] = {}  # noqa: RUF012 - each class gets its own

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        scope = vars(sys.modules.get(cls.__module__, sys))
        cls._kernel_fields = {}
        for name, annotation in vars(cls).get("__annotations__", {}).items():
            field = cls.__dict__.get(name, annotation)
            if "__" in name[1:]:  # Python put the class's name before two underscores
                name = name.removeprefix(f"_{cls.__name__.lstrip('_')}")
            if isinstance(field, str):
                try:
                    field = eval(field, dict(scope))
                except NameError as e:
                    raise UsageError(f"{cls.__name__}.{name}: {e}") from None
            is_nested = isinstance(field, type) and issubclass(field, KernelStruct)
            if not is_nested and not isinstance(field, IntType | BigEndianType | StrType | PointerType):
                raise UsageError(
                    f"{cls.__name__}.{name}: a field of a struct of the kernel is u8 … u64, s8 … s64, be16 … be64, "
                    "Str(size), Ptr('struct') or a KernelStruct class"
                )
            cls._kernel_fields[name] = field

    if TYPE_CHECKING:

        def __init__(self, pointer: Any) -> None: ...
    else:

        def __init__(self, pointer):
            probe_only(type(self).__name__)
