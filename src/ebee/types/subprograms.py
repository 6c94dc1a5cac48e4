"""What a function's author says of how it is compiled: `@ebee.subprogram`, `@ebee.inline`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

_FORM = "_ebee_subprogram"


def subprogram(function: F) -> F:
    """Have a function that probes call compiled once, as a subprogram; an error where that cannot be.

    It takes up to five arguments (four if it can end the program), and returns an integer or nothing.
    """
    setattr(function, _FORM, True)
    return function


def inline(function: F) -> F:
    """Have a function that probes call compiled where it is called, with what is known of its arguments there."""
    setattr(function, _FORM, False)
    return function


def is_subprogram(function: Any) -> bool | None:
    """Whether a function is to be a subprogram; None: its author does not mind."""
    return getattr(function, _FORM, None)
