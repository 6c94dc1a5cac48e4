"""What a function's author says of how it is compiled: `@ebee.subprogram`, `@ebee.inline`, `@ebee.freplace`."""

from __future__ import annotations

from ..errors import UsageError
from .probes import Probe, check_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias, TypeVar, overload

    F = TypeVar("F", bound=Callable[..., Any])
    Context: TypeAlias = Any
else:

    class Context:
        """Annotates the first parameter of a function that can be replaced: the context of the probe that calls it."""


_FORM, _REPLACEABLE = "_ebee_subprogram", "_ebee_replaceable"

if TYPE_CHECKING:

    @overload
    def subprogram(function: F, /) -> F: ...
    @overload
    def subprogram(*, replaceable: bool) -> Callable[[F], F]: ...


def subprogram(function: Any = None, /, *, replaceable: bool = False) -> Any:
    """Have a function that probes call compiled once, as a subprogram; an error where that cannot be.

    It takes up to five arguments (four if it can end the program), and returns an integer or nothing. One that is
    `replaceable` has annotated parameters (integers, structs, and first a network hook's `Context`) and an integer as
    its result, and stands in the program under its own name, as a global function (Linux 5.6): `@ebee.freplace` puts
    another in its place while the program runs.
    """
    if function is None:
        return lambda given: _declare(given, replaceable)
    return _declare(function, replaceable)


def _declare(function: Any, replaceable: bool) -> Any:
    setattr(function, _FORM, True)
    setattr(function, _REPLACEABLE, replaceable)
    return function


def inline(function: F) -> F:
    """Have a function that probes call compiled where it is called, with what is known of its arguments there."""
    setattr(function, _FORM, False)
    return function


def is_subprogram(function: Any) -> bool | None:
    """Whether a function is to be a subprogram; None: its author does not mind."""
    return getattr(function, _FORM, None)


def is_replaceable(function: Any) -> bool:
    """Whether a function is a global one, which another may take the place of."""
    return getattr(function, _REPLACEABLE, False)


def freplace(
    target: Probe | int | str, function: Callable[..., Any] | str, *, hook: str = ""
) -> Callable[[Callable[..., object]], Probe]:
    """Run a function in place of a global function of a loaded program (Linux 5.10).

    `target` is a probe, the id of a program, or the path where one is pinned; `function` is what its program calls: a
    `subprogram(replaceable=True)`, or the name of a global function. Both have parameters and results of the same
    types. It is replaced while this one is attached, also where the target is running. `hook` is the section of a
    target that is no probe, where the function takes its context: "xdp", "tcx/ingress".

    Raises: UsageError for a target or a function that cannot be one.
    """
    if isinstance(target, bool) or not isinstance(target, Probe | int | str) or not (target or target == 0):
        hint = "give a probe, the id of a program, or the path where one is pinned"
        raise UsageError(f"freplace looks for the function in a program, not in {target!r}", hint=hint)
    name = function if isinstance(function, str) else getattr(function, "__name__", "")
    if not (isinstance(function, str) and name.isidentifier() or is_replaceable(function)):
        hint = "decorate it with @ebee.subprogram(replaceable=True), or give the name of a global function"
        raise UsageError(f"{name or function!r} cannot be replaced", hint=hint)
    section = target.section if isinstance(target, Probe) else hook

    def declare(own: Callable[..., object]) -> Probe:
        made = check_function(f"@ebee.freplace(…, {name})", own)
        return Probe(made, f"freplace/{name}", target=target, target_hook=section)

    return declare
