"""The compiler as if nothing fitted on the stack: all that may be kept elsewhere is."""

from __future__ import annotations

import contextlib
import functools

import pytest

import ebee.lower.object
from ebee.compiler import passes, scratch
from ebee.errors import CompileError, Diagnostic
from ebee.lower import inner


@contextlib.contextmanager
def everything_moved():
    """Have the compiler take every frame with something movable for too large; note which programs were changed.

    The IR is checked before and after it.
    """
    generate, move, names = passes._generate_code, scratch.move_to_scratch, []

    def without_room(function, has_movsx, *, frugal):
        if function.is_program and scratch.movable(function) and function.name not in names:
            raise CompileError([Diagnostic("no room", function.span, "")])
        return generate(function, has_movsx, frugal=frugal)

    def noting(function, claim, _kept_bytes):
        names.append(function.name)
        move(function, claim, 0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "_generate_code", without_room)
        patch.setattr(ebee.lower.object, "compile_module", functools.partial(passes.compile_module, check=True))
        patch.setattr(scratch, "move_to_scratch", noting)
        patch.setattr(inner, "MOST_STACK", 0)
        yield names
