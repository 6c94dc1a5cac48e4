"""The C prototypes of helpers, taken apart."""

from __future__ import annotations

from ..record import Record
from .helper_signatures import HELPER_SIGNATURES
from .helpers import HELPER_IDS

# The integers of prototypes: size in bytes, and whether they are signed.
C_INTEGERS: dict[str, tuple[int, bool]] = {
    "u8": (1, False), "u16": (2, False), "u32": (4, False), "u64": (8, False), "s32": (4, True), "s64": (8, True),
    "int": (4, True), "long": (8, True), "size_t": (4, False), "__be16": (2, False), "__wsum": (4, False),
}  # fmt: skip


class Parameter(Record):
    """A parameter: its name, and its C type without `const`; `is_size` says that it is the size of the one before."""

    name: str
    c_type: str
    is_const: bool = False
    is_size: bool = False


class Prototype(Record):
    """What a helper takes and gives; `is_variadic`: more numbers may follow."""

    result: str
    params: list[Parameter]
    is_variadic: bool = False


def _declared(text: str) -> tuple[str, str]:
    """Split `struct x *name` into type and name."""
    kind, _, name = text.rpartition(" ")
    stars = len(name) - len(name.lstrip("*"))
    return (f"{kind} {'*' * stars}" if stars else kind), name.lstrip("*")


def prototype(name: str) -> Prototype:
    """Return the prototype of a helper, given without `bpf_`."""
    head, _, tail = HELPER_SIGNATURES[HELPER_IDS[name]].rstrip(")").partition("(")
    params: list[Parameter] = []
    is_variadic = False
    for text in tail.split(", "):
        if text in ("...", "void"):
            is_variadic = text == "..."
            continue
        c_type, parameter = _declared(text)
        has_memory = bool(params) and params[-1].c_type.endswith("*")
        is_size = has_memory and c_type in C_INTEGERS and parameter.endswith(("size", "len", "sz", "size_of_buf"))
        is_const = c_type.startswith("const ")
        params.append(Parameter(parameter, c_type.removeprefix("const "), is_const, is_size))
    return Prototype(_declared(head)[0].removeprefix("const "), params, is_variadic)
