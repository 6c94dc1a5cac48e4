"""What programs and maps of one engine name each other by: numbers like file descriptors, and opaque kernel objects."""

from __future__ import annotations

from .memory import OFFSET_BITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .memory import Memory


class EngineFd:
    """The number of a map or program, which maps of maps and program arrays take as a value of 4 bytes."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Registry:
    """Maps and programs by number, and the addresses that stand for tasks, cgroups and sockets.

    A program can hold such an address, compare it and pass it to helpers; what it points to cannot be accessed.
    """

    __slots__ = ("_addresses", "_ids", "_memory", "_named")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._named: dict[int, object] = {}
        self._addresses: dict[tuple[str, int], int] = {}
        self._ids: dict[int, tuple[str, int]] = {}

    def number(self, thing: object) -> EngineFd:
        """Give a map or program its number, from 3 on."""
        number = len(self._named) + 3
        self._named[number] = thing
        return EngineFd(number)

    def named(self, number: int) -> object:
        """Return what has a number, None if nothing has."""
        return self._named.get(number)

    def address(self, kind: str, id: int) -> int:
        """Return the address that stands for `kind` number `id`: `task` by thread id, `cgroup` by id, `sock` by 0."""
        found = self._addresses.get((kind, id))
        if found is None:
            found = self._memory.reserve(f"{kind} {id}") << OFFSET_BITS
            self._addresses[kind, id] = found
            self._ids[found] = kind, id
        return found

    def name(self, address: int, kind: str, id: int) -> None:
        """Let memory stand for `kind` number `id`, until `forget`."""
        self._addresses[kind, id] = address
        self._ids[address] = kind, id

    def forget(self, address: int) -> None:
        """Take a name away; an address that has none is ignored."""
        name = self._ids.pop(address, None)
        if name is not None and self._addresses.get(name) == address:
            del self._addresses[name]

    def id_at(self, kind: str, address: int) -> int | None:
        """Return the id of the `kind` that an address stands for, None if it stands for no such thing."""
        found_kind, id = self._ids.get(address, ("", 0))
        return id if found_kind == kind else None
