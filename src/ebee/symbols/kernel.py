"""Functions of the running kernel and its modules, by pattern and by address.

Source: /proc/kallsyms (kernel/kallsyms.c, Linux 6.18): address, type, name, module, a line each, of modules at the end.
"""

from __future__ import annotations

from bisect import bisect_right

from ..errors import SyscallError
from ..sys.os_seam import current

_LIST = "/proc/kallsyms"
_KINDS = (b"t", b"T", b"w", b"W")  # functions: of a file, global, weak
_tables: dict[str, tuple[list[int], list[str]]] = {}  # read once: a tenth of a second


def _table() -> tuple[list[int], list[str]]:
    """Return the addresses of functions, in order (of ordinary users: zeros), and their names. Raises: SyscallError."""
    if _LIST not in _tables:
        try:
            text = current().read_file(_LIST)
        except OSError as e:
            raise SyscallError(f"reading {_LIST}", e.errno or 0) from None
        rows = [line.split(None, 3) for line in text.splitlines()]
        found = sorted((int(row[0], 16), row[2].decode()) for row in rows if row[1] in _KINDS)
        _tables[_LIST] = [address for address, _ in found], [name for _, name in found]
    return _tables[_LIST]


def kernel_functions(pattern: str = "*") -> list[str]:
    """Return the kernel's functions that a pattern of `*` and `?` fits, sorted, each once; some cannot be probed.

    Raises: SyscallError where the kernel does not list them.
    """
    from fnmatch import fnmatchcase

    return sorted({name for name in _table()[1] if fnmatchcase(name, pattern)})


def kernel_symbol(address: int) -> str:
    """Return the function that an address of the kernel lies in, as `schedule+0x1a`, or the address itself.

    Ordinary users are not told addresses (kptr_restrict, CAP_SYSLOG). Raises: SyscallError.
    """
    addresses, names = _table()
    at = bisect_right(addresses, address) - 1
    if at < 0 or not addresses[at]:
        return f"{address:#x}"
    off = address - addresses[at]
    return f"{names[at]}+{off:#x}" if off else names[at]
