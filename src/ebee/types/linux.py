"""Names of the kernel's structs, for annotations: `def on_switch(prev: ebee.linux.task_struct, next):`.

What type checkers and editors know of them is in linux.pyi. A probe does not look at annotations of the kernel's
structs: their types are those of the kernel that it is compiled for.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_made: dict[str, type] = {}


def __getattr__(name: str) -> Any:
    """Any name stands for the kernel's struct of that name."""
    if name.startswith("__"):
        raise AttributeError(name)
    return _made.setdefault(name, type(name, (), {"__doc__": f"The kernel's struct {name}.", "__module__": __name__}))
