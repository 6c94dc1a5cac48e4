"""What is mapped where in processes, now and before.

Source: proc_pid_maps(5).
"""

from __future__ import annotations

from ..errors import UsageError
from ..record import Record
from ..sys.os_seam import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .binary import Binary

DELETED = " (deleted)"
_MOST_MAPPINGS = 1 << 17


class Mapping(Record):
    """Executable memory of a process: addresses, where in which file it begins, its inode, its path as seen there.

    `binary` is the file, opened when the mapping was first seen: it is there when the process is not, and when the
    file was deleted or replaced. None: it could not be opened, or there is none.
    """

    start: int
    end: int
    off: int
    inode: int
    path: str
    binary: Binary | None = None


class AddressSpace:
    """What a process has mapped, and had. What was mapped last counts first."""

    def __init__(self) -> None:
        self.mappings: list[Mapping] = []
        self.forgotten = 0

    def add(self, mapping: Mapping) -> None:
        """A mapping that takes the place of others at its addresses."""
        if len(self.mappings) >= _MOST_MAPPINGS:  # a process that maps for ever: the older half goes
            self.forgotten += _MOST_MAPPINGS // 2
            del self.mappings[: _MOST_MAPPINGS // 2]
        self.mappings.append(mapping)

    def find(self, addr: int) -> Mapping | None:
        """Return the mapping that an address lies in, or None."""
        for mapping in reversed(self.mappings):
            if mapping.start <= addr < mapping.end:
                return mapping
        return None

    def has(self, mapping: Mapping) -> bool:
        """Whether a mapping is known, with a file or without one."""
        known = self.find(mapping.start)
        key = (mapping.start, mapping.end, mapping.off, mapping.inode, mapping.path)
        return known is not None and key == (known.start, known.end, known.off, known.inode, known.path)

    def copy(self) -> AddressSpace:
        """The space of a child that was forked."""
        made = AddressSpace()
        made.mappings = self.mappings[:]
        return made


def parse_maps(text: bytes) -> list[Mapping]:
    """Return the executable mappings of `/proc/PID/maps`; lines that are cut off, or no mappings, are left out."""
    found = []
    for line in text.split(b"\n"):
        fields = line.split(None, 5)
        if len(fields) < 5 or b"x" not in fields[1]:
            continue
        start, _, end = fields[0].partition(b"-")
        path = fields[5].decode("utf-8", "surrogateescape") if len(fields) == 6 else ""
        try:
            mapping = Mapping(int(start, 16), int(end, 16), int(fields[2], 16), int(fields[4]), path)
        except ValueError:
            continue
        if 0 <= mapping.start < mapping.end < 1 << 64:
            found.append(mapping)
    return found


def read_maps(pid: int) -> list[Mapping] | None:
    """Return the executable mappings of a process, None if there is none of that number, or it is not to be seen."""
    try:
        return parse_maps(current().read_file(f"/proc/{pid}/maps"))
    except OSError:
        return None


def check_pid(pid: int) -> None:
    """Raises: UsageError for what is no process's number."""
    if not isinstance(pid, int) or pid < 0:
        raise UsageError(f"a process is given by its number, not {pid!r}")


class JitMap:
    """Names that a process gave to code that it made: `/tmp/perf-PID.map`, a line of start, size and name each."""

    def __init__(self, text: bytes) -> None:
        from .tables import SymbolTable

        rows: list[tuple[int, int, int, int]] = []
        names: list[bytes] = []
        at = 0
        for line in text.split(b"\n"):
            fields = line.split(None, 2)
            if len(fields) != 3:
                continue
            try:
                start, size = int(fields[0], 16), int(fields[1], 16)
            except ValueError:
                continue
            if 0 < start < start + size < 1 << 64:
                rows.append((start, -len(rows), size, at))  # what was made last at an address counts
                names.append(fields[2] + b"\0")
                at += len(names[-1])
        self.table = SymbolTable(rows, [b"".join(names)], cut="\0")
