"""What there is to be probed in programs and libraries."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..types.user_hooks import Path


def user_functions(path: Path, pattern: str = "*", *, pid: int = 0) -> list[str]:
    """Return the functions of a program or library that a pattern of `*` and `?` fits, sorted, each once.

    `path` and `pid` are as for `ebee.uprobe`. Raises: UnknownProbe, UsageError, FormatError, SyscallError.
    """
    from ..symbols.binaries import find_binary
    from ..symbols.functions import find_functions

    return [name for name, _ in find_functions(find_binary(os.fspath(path), pid), pattern)]


def usdt_probes(path: Path, *, pid: int = 0) -> list[str]:
    """Return the marks for tracers that a program or library has, as `provider:name`, sorted.

    Raises: UnknownProbe, UsageError, FormatError, SyscallError.
    """
    from ..symbols.binaries import find_binary
    from ..symbols.usdt import mark_names

    return mark_names(find_binary(os.fspath(path), pid))
