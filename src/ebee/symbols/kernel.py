"""Functions of the running kernel and its modules, by pattern and by address.

Source: /proc/kallsyms (kernel/kallsyms.c, Linux 6.18): address, type, name, module, a line each, of modules at the end.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate
from operator import le

from ..errors import SyscallError
from ..sys.os_seam import current

_LIST = "/proc/kallsyms"
_FAR = 1 << 20, 1 << 16  # no function of the kernel, or of a module, is as long: it is of one that came later
_tables: dict[str, KernelTable] = {}  # read once: a tenth of a second

NO_ADDRESSES = (
    "the kernel does not tell addresses of its functions to this user: kernel.kptr_restrict=1 asks for CAP_SYSLOG, "
    "2 hides them from all, and kernel.perf_event_paranoid above 1 hides them from who has none"
)


class KernelTable:
    """The kernel's functions in order of their addresses. An entry takes 14 bytes and its name."""

    def __init__(self, text: bytes) -> None:
        import re

        # address, functions only (of a file, global, weak), name, and after a tab the module
        lines = re.findall(rb"^([0-9a-f]{1,16}) [tTwW] (\S+)(?:[ \t]+\[([^\]\n]*)\])?", text, re.M)
        addresses = array("Q", [int(line[0], 16) for line in lines])
        order = range(len(lines))
        if not all(map(le, addresses, addresses[1:])):  # modules come last, and lie where there was room
            order = sorted(order, key=addresses.__getitem__)  # type: ignore[assignment]
        modules = list(dict.fromkeys([b"", *(line[2] for line in lines)]))[:0xFFFF]
        numbers = {name: n for n, name in enumerate(modules)}
        self._starts = array("Q", map(addresses.__getitem__, order))
        self._modules = array("H", (numbers.get(lines[n][2], 0) for n in order))
        names = [lines[n][1] for n in order]
        self._names = b"\n".join(names)
        self._places = array("I", accumulate((len(name) + 1 for name in names[:-1]), initial=0))
        self._module_names = [name.decode("utf-8", "backslashreplace") for name in modules]

    @property
    def has_addresses(self) -> bool:
        """Whether this user is told addresses."""
        return bool(self._starts) and self._starts[-1] != 0

    @property
    def first_address(self) -> int:
        """The address of the first function, 0 where this user is told none."""
        return next(iter(self._starts), 0)

    def find(self, address: int) -> tuple[str, int, str] | None:
        """Return a function's name, where it begins, and its module; None for an address that is in none."""
        at = bisect_right(self._starts, address) - 1
        if at < 0 or not self._starts[at]:
            return None
        first = at
        while first and self._starts[first - 1] == self._starts[at]:
            first -= 1
        if address - self._starts[at] >= _FAR[self._modules[first] != 0]:
            return None
        return self._name(first), self._starts[at], self._module_names[self._modules[first]]

    def _name(self, n: int) -> str:
        start = self._places[n]
        end = self._names.find(b"\n", start)
        return self._names[start : end if end >= 0 else None].decode("utf-8", "backslashreplace")

    def names(self) -> list[str]:
        """Return the names of all functions, some of them several times."""
        return self._names.decode("utf-8", "backslashreplace").split("\n") if self._names else []


def kernel_table() -> KernelTable:
    """Return the kernel's functions, which are read once. Raises: SyscallError."""
    if _LIST not in _tables:
        try:
            text = current().read_file(_LIST)
        except OSError as e:
            raise SyscallError(f"reading {_LIST}", e.errno or 0) from None
        _tables[_LIST] = KernelTable(text)
    return _tables[_LIST]


def kernel_functions(pattern: str = "*") -> list[str]:
    """Return the kernel's functions that a pattern of `*` and `?` fits, sorted, each once; some cannot be probed.

    Raises: SyscallError where the kernel does not list them.
    """
    from fnmatch import fnmatchcase

    return sorted({name for name in kernel_table().names() if fnmatchcase(name, pattern)})


def kernel_symbol(address: int) -> str:
    """Return the function that an address of the kernel lies in, as `schedule+0x1a`, or the address itself.

    Ordinary users are not told addresses (kptr_restrict, CAP_SYSLOG). Raises: SyscallError.
    """
    found = kernel_table().find(address)
    if found is None:
        return f"{address:#x}"
    name, start, _ = found
    return f"{name}+{address - start:#x}" if address != start else name
