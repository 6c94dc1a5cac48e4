"""Variables of the kernel that each CPU has its own of, declared by their names."""

from __future__ import annotations

from ..errors import UsageError
from .intrinsics import probe_only

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Ksym:
    """A variable of the kernel, of which each CPU has one. It is typed from the kernel's BTF, and cannot be changed."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def this_cpu(self) -> Any:
        """In a probe: that of the CPU that it runs on, a number, or a struct with its fields."""
        probe_only("ksym.this_cpu")

    def __getitem__(self, cpu: int) -> Any:
        """In a probe: that of a CPU, by its number; where there is no such CPU the probe ends, counted."""
        probe_only("ksym[cpu]")

    def __repr__(self) -> str:
        return f"<ksym {self.name}>"


def ksym(name: str) -> Ksym:
    """Declare a per-CPU variable of the kernel, at module level, by its name: `runqueues = ebee.ksym("runqueues")`.

    In object files it is an `extern` of `.ksyms`. Raises: UsageError for what is no name.
    """
    if not (isinstance(name, str) and name.isidentifier()):
        raise UsageError(f"ksym takes a name, not {name!r}", hint='for example ksym("runqueues")')
    return Ksym(name)
