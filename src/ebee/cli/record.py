"""`ebee record`: write a command's events to a file."""

from __future__ import annotations

from ..api.backends import host_arch
from ..api.session import split_command
from ..engine.hooks.recording import record_command
from ..spec.default_target import default_target
from .terminal import print_notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def record(events: Sequence[str], command: str, output: str) -> int:
    """Record and return the exit code. Raises: EbeeError."""
    summary = record_command(split_command(command), list(events), output, default_target(host_arch()))
    for count, what in ((summary.strings_cut, "cut off"), (summary.strings_unreadable, "not readable")):
        if count:
            print_notice(f"{count} strings were {what}")
    if summary.exit_status:
        print_notice(f"the command ended with {summary.exit_status}")
    print_notice(f"{summary.events} events recorded to {output}; replay them with: ebee run FILE --replay {output}")
    return 0
