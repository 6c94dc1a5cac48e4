"""Functions of the running kernel and its modules, by pattern and by address.

Source: /proc/kallsyms (kernel/kallsyms.c, Linux 6.18): address, type, name, module, a line each, of modules at the end.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

from ..errors import EbeeError, SyscallError
from ..sys.os_seam import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LIST, _MODULES = "/proc/kallsyms", "/proc/modules"
_FAR = 1 << 20, 1 << 16  # no function of the kernel, or of a module, is as long: it is of one that came later
_FUNCTIONS = b"tTwW"  # of a file, global, weak
_AGAIN_S = 1.0  # so often the list is read again at most, where nobody says whether something was loaded
_tables: dict[str, KernelTable] = {}

NO_ADDRESSES = (
    "the kernel does not tell addresses of its functions to this user: kernel.kptr_restrict=1 asks for CAP_SYSLOG, "
    "2 hides them from all, and kernel.perf_event_paranoid above 1 hides them from who has none"
)


class KernelTable:
    """The kernel's functions. The list is kept as it is: the kernel's own are in order there, and found by halving."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        first = text.find(b"\t[")  # a module, in brackets
        self._end = text.rfind(b"\n", 0, first) + 1 if first >= 0 else len(text)
        self._modules: tuple[array[int], array[int]] | None = None  # addresses in order, and where their lines are
        self.newest_program, self.modules, self.time_s = 0, b"", 0.0  # what there was when it was read, and when

    @property
    def has_addresses(self) -> bool:
        """Whether this user is told addresses."""
        return self._row(self._text.rfind(b"\n", 0, max(len(self._text) - 1, 0)) + 1)[0] != 0

    @property
    def first_address(self) -> int:
        """The address of the first function, 0 where this user is told none."""
        import re

        found = re.search(rb"^0*([1-9a-f][0-9a-f]*) [tTwW] ", self._text, re.M)
        return int(found[1], 16) if found else 0

    def find(self, address: int) -> tuple[str, int, str] | None:
        """Return a function's name, where it begins, and its module; None for an address that is in none."""
        at = self._line_after(address)
        found = self._last_function(at, address)
        if found is None or at == self._end:  # not between two of the kernel's own
            other = self._in_module(address)
            return other if found is None or other is not None and other[1] > found[1] else found
        return found

    def _row(self, at: int) -> tuple[int, bytes, bytes, bytes]:
        """Return the address, type, name and module of the line at an offset, 0 and nothing for no such line."""
        end = self._text.find(b"\n", at)
        fields = self._text[at : end if end >= 0 else None].split(None, 3)
        try:
            address = int(fields[0], 16)
            return address, fields[1], fields[2], fields[3].strip(b"[]") if len(fields) > 3 else b""
        except (IndexError, ValueError):
            return 0, b"", b"", b""

    def _line_after(self, address: int) -> int:
        """Return where the first line of the kernel's own begins whose address is higher."""
        low, high = 0, self._end
        while low < high:
            middle = max(self._text.rfind(b"\n", low, (low + high) // 2) + 1, low)
            if self._row(middle)[0] > address:
                high = middle
            else:
                low = self._text.find(b"\n", middle, high) + 1 or high
        return high

    def _last_function(self, end: int, address: int) -> tuple[str, int, str] | None:
        """Return the last function before a line. Of several names the first is taken."""
        name, at = b"", 0
        while end > 0:
            end = self._text.rfind(b"\n", 0, end - 1) + 1
            start, type, its_name, _ = self._row(end)
            if name and start != at or start and address - start >= _FAR[0]:
                break
            if start > 0 and type in _FUNCTIONS:
                name, at = its_name, start
        return (_text(name), at, "") if name else None

    def _in_module(self, address: int) -> tuple[str, int, str] | None:
        if self._modules is None:
            import re

            lines = re.finditer(rb"^([0-9a-f]{1,16}) [tTwW] \S", self._text[self._end :], re.M)
            rows = sorted((int(line[1], 16), self._end + line.start()) for line in lines)
            self._modules = array("Q", (row[0] for row in rows)), array("Q", (row[1] for row in rows))
        starts, places = self._modules
        at = bisect_right(starts, address) - 1
        if at < 0 or not starts[at] or address - starts[at] >= _FAR[1]:
            return None
        while at and starts[at - 1] == starts[at]:
            at -= 1
        start, _, name, module = self._row(places[at])
        return _text(name), start, _text(module)

    def names(self) -> Iterator[str]:
        """Return the names of all functions, some of them several times."""
        import re

        return map(_text, re.findall(rb"^[0-9a-f]{1,16} [tTwW] (\S+)", self._text, re.M))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def kernel_table() -> KernelTable:
    """Return the kernel's functions, which are read once. Raises: SyscallError."""
    if _LIST not in _tables:
        import time

        newest, modules, now = _newest_program(0), _loaded_modules(), time.monotonic()
        try:
            table = KernelTable(current().read_file(_LIST))
        except OSError as e:
            raise SyscallError(f"reading {_LIST}", e.errno or 0) from None
        table.newest_program, table.modules, table.time_s = newest, modules, now
        _tables[_LIST] = table
    return _tables[_LIST]


def find_kernel_function(address: int) -> tuple[str, int, str] | None:
    """Return a function's name, where it begins, and its module; None for an address that is in none.

    Outside of the kernel itself, functions come with modules and eBPF programs: the list is read again when one has
    been loaded since. Raises: SyscallError.
    """
    table = kernel_table()
    found = table.find(address)
    if (found is None or found[2]) and table.has_addresses and _is_old(table, found is None):
        del _tables[_LIST]
        found = kernel_table().find(address)
    return found


def _is_old(table: KernelTable, is_unknown: bool) -> bool:
    if table.newest_program >= 0:
        newest = _newest_program(table.newest_program)
        return newest > table.newest_program or _loaded_modules() != table.modules
    import time

    return is_unknown and time.monotonic() - table.time_s >= _AGAIN_S


def _newest_program(after: int) -> int:
    """Return the highest id of a program, at least `after`, -1 if the kernel does not tell this user."""
    from ..abi.bpf import BPF_PROG_GET_NEXT_ID
    from ..sys.bpf import ids

    try:
        return max(ids(BPF_PROG_GET_NEXT_ID, after), default=after)
    except EbeeError:
        return -1


def _loaded_modules() -> bytes:
    try:
        rows = current().read_file(_MODULES).splitlines()
    except OSError:  # a kernel without modules
        return b""
    return b"\n".join(b" ".join(row.split()[::5]) for row in rows)  # name and address


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
    found = find_kernel_function(address)
    if found is None:
        return f"{address:#x}"
    name, start, _ = found
    return f"{name}+{address - start:#x}" if address != start else name
