"""`Target`: what a compiler may know about the system that a program is for. Plain data, gathered elsewhere.

The same source and the same Target give the same bytes on every machine.
"""

from __future__ import annotations

from ..record import Record, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from ..btf.read import Btf
    from .usdt import UsdtSite


class TracepointField(Record):
    """One field of a tracepoint's record, as the kernel's `format` file gives it. Offset and size in bytes.

    `type` is the C type as written there (`const char *`, `umode_t`, `char[16]`, `__data_loc char[]`).
    """

    name: str
    type: str
    off_bytes: int
    size_bytes: int
    is_signed: bool


class TracepointFormat(Record):
    """The layout of one tracepoint's record; `event` is `category:name`. The first 8 bytes are the common header."""

    event: str
    fields: dict[str, TracepointField]


# What to do where a Target has no types of a kernel.
WITHOUT_BTF = "run it in the kernel (ebee run --kernel), or compile it for this one (ebee compile --target kernel)"


def no_btf() -> Btf | None:
    """Return None: no types of a kernel are known."""
    return None


def no_module_btf(name: str) -> Btf | None:
    """Return None: no types of a module are known."""
    return None


def no_usdt(path: str, provider: str, name: str) -> list[UsdtSite]:
    """No programs are known. Raises: NotSupported."""
    from ..errors import NotSupported

    raise NotSupported(f"looking for {provider}:{name} in {path}: this target has no programs", hint=WITHOUT_BTF)


class Target(Record):
    """The system that programs are compiled for.

    `arch` is the kernel's name of the architecture (`x86_64`, `arm64`). `tracepoint` looks up a record layout by
    `category:name` and returns None for an unknown one; `tracepoint_names` lists what it knows (slow: for error
    messages). `features` holds names of ISA and verifier features that the compiler may use (`gotol`, `may_goto`, …).
    `btf` returns the kernel's types, or None where they are not known (slow: for programs that need them),
    `module_btf` those of a kernel module. `usdt` finds the places of a mark for tracers, given a program's path or
    name, provider and name. `is_portable` says that a program may be loaded into other kernels, too. `btf_hint` says
    what to do where there are no types.
    """

    name: str
    arch: str
    tracepoint: Callable[[str], TracepointFormat | None]
    tracepoint_names: Callable[[], Sequence[str]]
    features: Container[str] = field(default_factory=frozenset)
    btf: Callable[[], Btf | None] = no_btf
    module_btf: Callable[[str], Btf | None] = no_module_btf
    usdt: Callable[[str, str, str], list[UsdtSite]] = no_usdt
    is_portable: bool = False
    btf_hint: str = WITHOUT_BTF
