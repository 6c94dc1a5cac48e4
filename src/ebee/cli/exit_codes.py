"""The one table of exit codes."""

from __future__ import annotations

from .. import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# The first row whose class fits counts.
EXIT_CODES: tuple[tuple[type[BaseException], int, str], ...] = (
    (errors.UsageError, 2, "the command line or the API was used wrongly"),
    (errors.CompileError, 3, "the source was refused by the compiler"),
    (errors.VerifierError, 4, "a verifier refused a program"),
    (errors.PermissionMissing, 5, "a privilege is missing"),
    (errors.NotSupported, 6, "this kernel or machine cannot do it"),
    (errors.UnknownProbe, 6, "there is no such probe"),
    (errors.FormatError, 7, "a file cannot be read"),
    (errors.SyscallError, 8, "a system call failed"),
    (errors.FaultError, 9, "a program touched memory outside its regions"),
    (errors.ExecutionError, 9, "a program cannot go on"),
    (errors.CommandError, 127, "the command to be traced cannot be started (126: found, but not executable)"),
    (errors.InternalError, 70, "a mistake of ebee's own"),
    (errors.EbeeError, 1, "any other error"),
)
OTHER_CODES = (
    (0, "success"),
    (1, "the script raised an exception"),
    (130, "ended by Ctrl-C, after detaching and printing"),
    (143, "ended by SIGTERM, after detaching and printing"),
)


def code_of(e: BaseException) -> int:
    """Return the exit code for an error."""
    if isinstance(e, errors.CommandError):
        import errno

        return 127 if e.errno == errno.ENOENT else 126
    return next((code for cls, code, _ in EXIT_CODES if isinstance(e, cls)), 1)


def table() -> Iterator[tuple[int, str]]:
    """Iterate over codes and what they mean, in order."""
    rows = [*OTHER_CODES, *((code, words) for _, code, words in EXIT_CODES)]
    merged: dict[int, list[str]] = {}
    for code, words in rows:
        merged.setdefault(code, []).append(words)
    return ((code, "; or ".join(words)) for code, words in sorted(merged.items()))
