"""The command line: one file a command. `main` is the entry point."""

from __future__ import annotations

import sys

from ..errors import EbeeError
from .terminal import print_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def collect_rarely() -> None:
    """Have the garbage collector look after 50 000 new objects instead of 700.

    Starting makes fewer, and next to none of them is garbage: looking at all of them takes a tenth of the time.
    """
    import gc

    gc.set_threshold(50_000, *gc.get_threshold()[1:])


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code. Errors are printed; see `exit_codes`."""
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        if args[:1] == ["run"]:
            collect_rarely()
            from .run import parse, run

            options = parse(args[1:])
            if options is not None:
                return run(options)
        from .click_app import main as click_main  # help, errors of usage, and the commands that start slower

        return click_main(args)
    except EbeeError as e:
        from .exit_codes import code_of

        print_error(e)
        return code_of(e)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): leave quietly, as other tools do.
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
