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


def xdp(function: Callable[..., object] | None = None) -> Probe:
    """Run a function on every packet that a network interface receives, before the kernel looks at it.

    The function's one argument is the packet: its headers (`pkt.eth`, `vlan`, `ip`, `ip6`, `tcp`, `udp`, `icmp`,
    `icmp6`) are true where they are there and whole, and `len(pkt)` is its length in bytes. It returns what becomes of
    the packet: `ebee.XDP_PASS`, `XDP_DROP`, `XDP_TX`, `XDP_REDIRECT` or `XDP_ABORTED`.

    Raises: UsageError for arguments.
    """
    if function is None or not hasattr(function, "__code__"):
        raise UsageError(
            "@ebee.xdp takes no arguments",
            hint="write @ebee.xdp above the function, and name the interface later: ebee.attach(…, interface='eth0')",
        )
    return Probe(function, "xdp")  # type: ignore[arg-type]
