"""Probe declarations: the decorators that say where a function runs."""

from __future__ import annotations

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FunctionType
    from typing import Any


class Probe:
    """A Python function that runs in the kernel or in the engine. `section` is libbpf's name of the hook.

    `sections` are those of all its hooks, each of which gets a program. `options` are what its decorator was given of
    `spec.backend.AttachOptions`; those of ebee.attach() come first.
    """

    __slots__ = ("_renamed", "function", "name", "options", "sections")

    def __init__(self, function: FunctionType, *sections: str, **options: Any) -> None:
        self.function, self.sections, self.name, self.options = function, sections, function.__name__, options
        self._renamed: dict[str, Probe] = {}

    def _renamed_to(self, name: str) -> Probe:
        """Return the same probe under another name: the same object each time."""
        if name not in self._renamed:
            other = self._renamed[name] = Probe(self.function, *self.sections, **self.options)
            other.name = name
        return self._renamed[name]

    @property
    def section(self) -> str:
        return self.sections[0]

    def programs(self) -> dict[str, str]:
        """Return the names of its programs, and their sections: on_wakeup, on_wakeup_2, …"""
        return {f"{self.name}_{n}" if n > 1 else self.name: section for n, section in enumerate(self.sections, 1)}

    def __call__(self, *_args: object) -> Any:
        raise UsageError(
            f"probe {self.name} runs in the kernel or in the engine and cannot be called",
            hint=f"attach it: ebee.attach({self.name})",
        )

    def __repr__(self) -> str:
        return f"<probe {self.name} on {', '.join(self.sections)}>"


def distinct(probes: Iterable[Any], others: Iterable[Probe] = ()) -> list[Any]:
    """Return probes with names of their own: of two functions `f` the second one becomes `f_2`, as its programs do.

    The names of `others` are taken.
    """
    taken = {name for probe in others for name in probe.programs()}
    found = []
    for probe in dict.fromkeys(probes):
        named, n = probe, 1
        while isinstance(probe, Probe) and any(name in taken for name in named.programs()):
            n += 1
            named = probe._renamed_to(f"{probe.name}_{n}")
        if isinstance(probe, Probe):
            taken.update(named.programs())
        found.append(named)
    return found


def declared(namespace: dict[str, Any]) -> list[Any]:
    """Return what can be attached of what a file's names stand for: probes, structs of functions, lists of them."""
    seen: set[int] = set()  # containers: one may be inside itself

    def inside(values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            if type(value) in (dict, list, tuple) and id(value) not in seen:
                seen.add(id(value))
                yield from inside(value.values() if type(value) is dict else value)
            elif isinstance(value, Probe) or isinstance(value, type) and hasattr(value, "_probes"):
                yield value

    return list(dict.fromkeys(inside(namespace.values())))


# What probes of a section are attached to, beyond its name; found by the beginning of the section's name.
_PLACES = {
    "xdp": "interface before after", "tc": "interface before after", "classifier": "interface before after",
    "netkit/": "interface before after", "cgroup": "cgroup before after allow", "sockops": "cgroup before after allow",
    "sk_lookup": "netns", "flow_dissector": "netns", "sk_msg": "map", "sk_skb": "map", "socket": "socket",
    "sk_reuseport": "socket", "uprobe": "pid", "uretprobe": "pid", "usdt": "pid", "perf_event": "pid cgroup",
    "lwt_": "route", "kprobe": "cookie", "kretprobe": "cookie", "ksyscall": "cookie", "kretsyscall": "cookie",
    "tracepoint": "cookie", "raw_tracepoint": "cookie", "tp_btf": "cookie", "fentry": "cookie", "fexit": "cookie",
    "fmod_ret": "cookie", "lsm_cgroup": "cgroup before after", "lsm": "cookie",
}  # fmt: skip


def places_of(section: str) -> list[str]:
    """Return the arguments of ebee.attach() that say where a probe of this section goes."""
    for start, places in _PLACES.items():
        if section.startswith(start):
            return places.split()
    return []


def check_function(decorator: str, function: Any) -> FunctionType:
    """Return what was decorated. Raises: UsageError, with what to do, unless it is a function that can be compiled."""
    if isinstance(function, Probe):
        hint = "one decorator takes several hooks of its kind; for another kind write a function that both call"
    elif isinstance(function, type):
        hint = "decorate a function in it, or outside"
    elif isinstance(function, staticmethod | classmethod | property):
        hint = f"write it below @{type(function).__name__}, next to the function"
        if not isinstance(function, staticmethod):
            hint = "a probe has no self and no class: decorate a plain function"
    elif hasattr(function, "__self__") and hasattr(function, "__func__"):
        hint = "a probe has no self: decorate a plain function"
    elif hasattr(function, "__wrapped__"):
        hint = "a probe is compiled from its source: other decorators mean nothing to it"
    elif hasattr(function, "func") and hasattr(function, "keywords"):
        hint = "what a probe is to know, it takes from the names around it: constants, Global variables, maps"
    elif hasattr(function, "__code__"):
        return function  # type: ignore[no-any-return]
    else:
        hint = "write `def probe(ctx): …` below it"
    raise UsageError(f"{decorator} is for functions, not for {function!r}", hint=hint)


def on(decorator: str, *sections: str, **options: Any) -> Callable[[Callable[..., object]], Probe]:
    """Return what makes a probe of a function. Raises: UsageError, when it is used, for what is no function."""

    def declare(function: Callable[..., object]) -> Probe:
        return Probe(check_function(decorator, function), *sections, **options)

    return declare


def tracepoint(*events: str) -> Callable[[Callable[..., object]], Probe]:
    """Run a function at kernel tracepoints, named `category:name`, as in `syscalls:sys_enter_openat`.

    `syscalls:sys_enter_*` and `sys_exit_*` stand for all system calls whose names a pattern of `*` and `?` fits; their
    record has `id` and `args`, or `ret`.

    The function's one argument is the tracepoint's record; its fields are those of the kernel's `format` file, of
    several tracepoints those that all have.

    Raises: UsageError when a name is not of that form. Whether it exists is known when it is compiled.
    """
    sections = []
    for event in events or ("",):
        category, colon, name = event.partition(":") if isinstance(event, str) else ("", "", "")
        if not (category and colon and name) or ":" in name:
            raise UsageError(
                f"tracepoint takes 'category:name', not {event!r}",
                hint="for example @ebee.tracepoint('syscalls:sys_enter_openat')",
            )
        sections.append(f"tracepoint/{category}/{name}")
    return on(f"@ebee.tracepoint({events[0]!r})", *dict.fromkeys(sections))
