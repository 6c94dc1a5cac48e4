"""What the command line decided for the script that it runs. Calls of `attach` obey it."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class RunOptions(Record):
    """`command` replaces a script's own command, `replay` its live events; `backend` forces `kernel` or `engine`.

    `verify`: the engine verifies programs before it runs them.
    `declarations_only` is for whoever wants a file's probes and nothing of what it does with them.
    `by_cli` is set while a script runs under the command line: then nobody is traced who was not asked for.
    """

    command: list[str] | None = None
    backend: str | None = None
    replay: str | None = None
    all: bool = False
    by_cli: bool = False
    declarations_only: bool = False
    verify: bool = True
    on_notice: Callable[[str], None] | None = None


class DeclarationsOnly(BaseException):
    """Ends a script that was executed for its declarations, where it would attach."""


current = RunOptions()


def notice(text: str) -> None:
    """Tell the user something that is not an error, on standard error."""
    if current.on_notice is not None:
        current.on_notice(text)
        return
    import sys

    print(f"ebee: {text}", file=sys.stderr)
