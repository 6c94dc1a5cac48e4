"""What is printed for people: errors and notices, in colour where the terminal wants it."""

from __future__ import annotations

import os
import sys

from ..errors import CompileError, EbeeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

RED, YELLOW, BOLD = "31;1", "33", "1"


def wants_colour(stream: TextIO) -> bool:
    """Whether to write colours: a terminal, and neither NO_COLOR nor a dumb one."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str, stream: TextIO) -> str:
    """Return text in a colour, if the stream wants colours."""
    return f"\x1b[{colour}m{text}\x1b[0m" if wants_colour(stream) else text


def print_error(e: EbeeError) -> None:
    """Print an error on standard error."""
    out = sys.stderr
    sys.stdout.flush()
    if isinstance(e, CompileError):
        print(e.render(), file=out)
        count = len(e.diagnostics)
        text = f"not run: {count} error{'s' if count > 1 else ''}"
    else:
        text = e.render()
    print(paint("ebee:", RED, out), text, file=out)


def print_notice(text: str) -> None:
    """Print something that is worth knowing and no error, on standard error."""
    sys.stdout.flush()
    print(paint("ebee:", YELLOW, sys.stderr), text, file=sys.stderr)
