"""`Global`: a variable that probes and the program outside share."""

from __future__ import annotations

from ..errors import UsageError
from .structs import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, TypeVar

    from .maps import LiveMap
    from .scalars import Type

    V = TypeVar("V")
else:
    from .maps import Generic

    V = None

_KEY = bytes(4)


class Global(Generic[V]):
    """A global variable of probes: C's `static volatile T name = initial`, alone in section `.data.NAME` of an object.

        limit = Global(u32, 100)

    Inside probes and outside it is `limit.value`. In a probe `limit.value += n` is atomic; so are `-=`, `&=`, `|=` and
    `^=`. With `constant=True` probes cannot change it (`.rodata.NAME`), the kernel's verifier knows what it is, and it
    can be set outside until the first probe that uses it is attached or loaded.

    Raises: UsageError for an initial value that does not fit the type.
    """

    kind = "Global"
    key = None

    def __init__(self, type: type[V], initial: V | None = None, *, constant: bool = False, name: str = "") -> None:
        self.type: Type = type_of(type, "Global")
        self.name, self.constant = name, constant
        self.initial = bytes(self.type.size) if initial is None else self._packed(initial)
        self._bindings: list[LiveMap] = []

    @property
    def section(self) -> str:
        """The section of an object that holds the variable."""
        return f"{'.rodata' if self.constant else '.data'}.{self.name}"

    @property
    def value(self) -> V:
        """The variable's value now; before a probe that uses it is attached or loaded, the initial one."""
        raw = self._bindings[-1].lookup(_KEY) if self._bindings else None
        value: V = self.type.unpack(self.initial if raw is None else raw)
        return value

    @value.setter
    def value(self, new: V) -> None:
        packed = self._packed(new)
        if not self._bindings:
            self.initial = packed
        elif self.constant:
            raise UsageError(
                f"{self.name} is constant, and a probe that uses it is loaded",
                hint="set it before, or declare it without constant=True",
            )
        else:
            self._bindings[-1].update(_KEY, packed)

    def _packed(self, value: Any) -> bytes:
        try:
            return self.type.pack(value)
        except (TypeError, ValueError) as e:
            raise UsageError(f"Global {self.name or '(not yet named)'}: {e}") from None

    def __repr__(self) -> str:
        return f"<Global {self.name or 'unnamed'}{'' if self._bindings else ', not bound'}>"
