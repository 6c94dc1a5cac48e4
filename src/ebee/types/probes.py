"""Probe declarations: the decorators that say where a function runs."""

from __future__ import annotations

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType
    from typing import Any


class Probe:
    """A Python function that runs in the kernel or in the engine. `section` is libbpf's name of the hook.

    `options` are what its decorator was given of `spec.backend.AttachOptions`; those of ebee.attach() come first.
    """

    __slots__ = ("function", "name", "options", "section")

    def __init__(self, function: FunctionType, section: str, **options: Any) -> None:
        self.function, self.section, self.name, self.options = function, section, function.__name__, options

    def __call__(self, *_args: object) -> Any:
        raise UsageError(
            f"probe {self.name} runs in the kernel or in the engine and cannot be called",
            hint=f"attach it: ebee.attach({self.name})",
        )

    def __repr__(self) -> str:
        return f"<probe {self.name} on {self.section}>"


# What probes of a section are attached to, beyond its name; found by the beginning of the section's name.
_PLACES = {
    "xdp": "interface", "tcx/": "interface", "netkit/": "interface", "cgroup": "cgroup", "sockops": "cgroup",
    "sk_lookup": "netns", "flow_dissector": "netns", "sk_msg": "map", "sk_skb": "map", "socket": "socket",
    "sk_reuseport": "socket",
}  # fmt: skip


def place_of(section: str) -> str:
    """Return the argument of ebee.attach() that says where a probe of this section goes; empty if none does."""
    for start, place in _PLACES.items():
        if section.startswith(start):
            return place
    return ""


def tracepoint(event: str) -> Callable[[Callable[..., object]], Probe]:
    """Run a function at a kernel tracepoint, named `category:name`, as in `syscalls:sys_enter_openat`.

    The function's one argument is the tracepoint's record; its fields are those of the kernel's `format` file.

    Raises: UsageError when the name is not of that form. Whether it exists is known when it is compiled.
    """
    category, colon, name = event.partition(":") if isinstance(event, str) else ("", "", "")
    if not (category and colon and name) or ":" in name:
        raise UsageError(
            f"tracepoint takes 'category:name', not {event!r}",
            hint="for example @ebee.tracepoint('syscalls:sys_enter_openat')",
        )

    def declare(function: Callable[..., object]) -> Probe:
        if not hasattr(function, "__code__"):
            raise UsageError(f"@ebee.tracepoint({event!r}) is for functions, not for {function!r}")
        return Probe(function, f"tracepoint/{category}/{name}")  # type: ignore[arg-type]

    return declare
