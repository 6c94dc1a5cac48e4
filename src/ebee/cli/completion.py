"""`ebee completion`: what a shell needs to complete ebee's commands, options, and the names of live objects."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


def completion(app: click.Command, shell: str) -> int:
    """Print a script for a shell and return the exit code."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(app, {}, "ebee", "_EBEE_COMPLETE")
    print(made.source_template % made.source_vars())  # `source` would run bash to look at its version
    return 0
