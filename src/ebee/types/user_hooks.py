"""Decorators of hooks on functions of programs and libraries: user-space probes.

A probe's parameters beside `ctx` are the function's arguments, in their order: what nobody describes has no names.
An annotation gives the type: an integer (`size: u64`, `fd: s32`), or `str` for the string that a `char *` points to.
"""

from __future__ import annotations

from ..errors import UsageError
from .probes import Probe, on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    Decorator = Callable[[Callable[..., object]], Probe]

    class PathLike(Protocol):
        """What os.fspath() takes beside strings."""

        def __fspath__(self) -> str: ...

    Path = str | PathLike

_EXAMPLE = "'libc', 'malloc'"


def _options(kind: str, path: Path, pid: int, cookie: int) -> tuple[str, dict[str, Any]]:
    text = path if isinstance(path, str) else path.__fspath__() if hasattr(path, "__fspath__") else ""
    if not isinstance(text, str) or not text or ":" in text or "\0" in text:
        raise UsageError(
            f"{kind} takes the path of a program or library, or the name of one in the usual places, not {path!r}",
            hint=f"for example @ebee.{kind}({_EXAMPLE})",
        )
    for name, number in (("pid", pid), ("cookie", cookie)):
        if not isinstance(number, int) or not 0 <= number < 1 << 64:
            raise UsageError(f"{kind}: {name}= takes a number, not {number!r}")
    return text, {name: number for name, number in (("pid", pid), ("cookie", cookie)) if number}


def _hooks(kind: str, path: Path, functions: tuple[Any, ...], pid: int, cookie: int) -> Decorator:
    """A decorator for one program on each function, or on all that a pattern fits."""
    text, options = _options(kind, path, pid, cookie)
    sections: dict[str, None] = {}
    for function in functions or ("",):
        if isinstance(function, int) and not isinstance(function, bool) and function > 0:
            function = hex(function)
        if not isinstance(function, str) or not function or set(function) & set(":/ \0"):
            what = repr(function) if functions else "nothing"
            hint = f"for example @ebee.{kind}({_EXAMPLE})"
            raise UsageError(f"{kind} takes the name of a function, or its offset in the file, not {what}", hint=hint)
        is_pattern = "*" in function or "?" in function
        if kind == "uretprobe" and ("+" in function):
            raise UsageError(f"a function returns as a whole: {function!r} is a place inside one")
        sections[f"{kind}.multi/{text}:{function}" if is_pattern else f"{kind}/{text}:{function}"] = None
    return on(f"@ebee.{kind}({text!r}, {functions[0]!r})", *sections, **options)


def uprobe(path: Path, *functions: str | int, pid: int = 0, cookie: int = 0) -> Decorator:
    """Run a function where functions of a program or library begin, in the processes that run them.

    `path` is a file, or the name of a library (`libc`, `c`) or program. A function is a name (`malloc`, one of a
    version: `memcpy@GLIBC_2.14`), a place inside one (`main+0x10`), or an offset in the file; a name with `*` or `?`
    stands for all that it fits. `pid` leaves out other processes. `ctx.cookie` is `cookie`; of the functions of a
    pattern, in the order of `ebee.user_functions`, `cookie` and the numbers after it.

    Raises: UsageError for what is no path or name.
    """
    return _hooks("uprobe", path, functions, pid, cookie)


def uretprobe(path: Path, *functions: str | int, pid: int = 0, cookie: int = 0) -> Decorator:
    """Run a function where functions of a program or library return; `ctx.ret`, or a parameter `ret`, is the result.

    Everything else is as for `uprobe`. Raises: UsageError for what is no path or name.
    """
    return _hooks("uretprobe", path, functions, pid, cookie)


def uprobe_session(path: Path, *functions: str, pid: int = 0, cookie: int = 0) -> Decorator:
    """Run a function where functions of a program begin, and where the same calls return (Linux 6.13).

    `ctx.is_return` says which it is; where it begins there are arguments, where it returns `ctx.ret`. A probe that
    returns 1 at the beginning is not run at the return of that call. Everything else is as for `uprobe`.

    Raises: UsageError for what is no path or name.
    """
    text, options = _options("uprobe_session", path, pid, cookie)
    for function in functions or ("",):
        if not isinstance(function, str) or not function or set(function) & set(":/+ \0"):
            hint = f"for example @ebee.uprobe_session({_EXAMPLE})"
            raise UsageError(f"uprobe_session takes the name of a function, not {function!r}", hint=hint)
    sections = dict.fromkeys(f"uprobe.session/{text}:{function}" for function in functions)
    return on(f"@ebee.uprobe_session({text!r}, {functions[0]!r})", *sections, **options)


def usdt(path: Path, provider: str, name: str, *, pid: int = 0) -> Decorator:
    """Run a function at the places of a program or library that its authors marked: provider and name of a probe.

    Their arguments have the types that the file says, unless a parameter is annotated with another.
    `pid` leaves out other processes. Raises: UsageError for what is no path or name.
    """
    text, options = _options("usdt", path, pid, 0)
    for word in (provider, name):
        if not isinstance(word, str) or not word or set(word) & set(":/ \0"):
            hint = "for example @ebee.usdt('libc', 'libc', 'memory_heap_new')"
            raise UsageError(f"usdt takes the name of a provider and of a probe, not {word!r}", hint=hint)
    return on(f"@ebee.usdt({text!r}, {provider!r}, {name!r})", f"usdt/{text}:{provider}:{name}", **options)
