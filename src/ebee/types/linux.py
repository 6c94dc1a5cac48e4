"""Names of the kernel's structs, for annotations: `def on_switch(prev: ebee.linux.task_struct, next):`.

What type checkers and editors know of them is in linux.pyi. A probe does not look at annotations of the kernel's
structs: their types are those of the kernel that it is compiled for. `ebee.linux.sock(address)` is a pointer to such
a struct, of an address that was kept as a number.
"""

from __future__ import annotations

from .intrinsics import probe_only

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any



class _Struct:
    def __init__(self, address: int) -> None:
        probe_only(f"linux.{type(self).__name__}")


_made: dict[str, type] = {}


def __getattr__(name: str) -> Any:
    """Any name stands for the kernel's struct of that name."""
    if name.startswith("__"):
        raise AttributeError(name)
    about = {"__doc__": f"The kernel's struct {name}.", "__module__": __name__}
    return _made.setdefault(name, type(name, (_Struct,), about))
