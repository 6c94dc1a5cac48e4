"""What an expression can be while a probe is compiled.

Integers at run time are `Num` (`lower.numbers`). The rest is known or half known at compile time: Python objects,
strings that are still to be written somewhere, records.
"""

from __future__ import annotations

from ..record import Record, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Value
    from ..lower.numbers import Num
    from ..types.maps import MapDecl
    from ..types.structs import StructType
    from .contexts import ContextType


def similar(name: str, known: Any) -> str:
    """Return a hint that names what the user may have meant."""
    import difflib

    close = difflib.get_close_matches(name, list(known), 2, 0.6)
    return f"did you mean {' or '.join(close)}?" if close else ""


class Known(Record):
    """A Python object known at compile time: a constant, a module, a map declaration, a function, a type."""

    object: Any


class Comm(Record):
    """The current task's name, not yet written anywhere."""


class UserStr(Record):
    """A string in user memory, not yet read. `size_bytes` is 0 when the destination decides."""

    address: Num
    size_bytes: int
    what: str


class Memory(Record):
    """A string that lies in memory: `size_bytes` at `base` + `off`, padded with zeros after its end."""

    base: Value
    off: int
    size_bytes: int


class RecordRef(Record):
    """A reserved record: the target of field assignments.

    `touched` holds the fields that some way through the probe has assigned so far. The others are still zero: a
    probe has no way back, so what is lowered later runs later.
    """

    pointer: Value
    type: StructType
    decl: MapDecl
    touched: set[str] = field(default_factory=set)


class Context(Record):
    """The probe's argument; what it holds is the business of its type."""

    pointer: Value
    type: ContextType


class Unusable(Record):
    """A name that must not be read here; `why` completes the sentence "x …"."""

    why: str
    hint: str = ""


if TYPE_CHECKING:
    Val = Num | Known | Comm | UserStr | Memory | RecordRef | Context | Unusable
