"""Maps whose values name something else: programs, other maps, cgroups, devices and CPUs.

User space writes a number (`fd.number` of a map or program of the same backend; an interface's index; a queue size)
and programs pass the map to a helper, or look up the map inside.
Source: kernel/bpf/arraymap.c, map_in_map.c, devmap.c, cpumap.c (Linux 6.18).
"""

from __future__ import annotations

from errno import E2BIG, EBADF, EEXIST, EINVAL, ENOENT

from ...abi import bpf
from ...errors import ExecutionError, SyscallError
from ..maps import EngineMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from ..interpreter import Code

    class Loaded(Protocol):
        """A loaded program."""

        code: Code


class ReferenceMap(EngineMap):
    """What they share: numbers by key, and no access for programs."""

    is_array = True
    takes_flags = False  # arrays of file descriptors are set, whatever was there
    key_sizes: tuple[int, ...] = (4,)
    value_sizes: tuple[int, ...] = (4,)

    def set_up(self) -> None:
        self.numbers: dict[bytes, bytes] = {}

    def check_sizes(self) -> None:
        s = self.spec
        if self.is_array and s.key_size not in self.key_sizes or s.value_size not in self.value_sizes:
            raise self._refused(EINVAL, f"keys of {s.key_size} and values of {s.value_size} bytes")
        if not (s.key_size and s.max_entries):
            raise self._refused(EINVAL, "key size and max_entries must not be 0")

    def check_reference(self, value: bytes) -> int:
        """Return 0 if a value may be put in, otherwise a negative errno."""
        return 0

    def shown_number(self, value: bytes) -> bytes:
        """Return what a look-up from user space gives."""
        return value

    def check_program_writes(self) -> None:
        raise ExecutionError(f"map {self.spec.name!r} is for user space to write to")

    def lookup_address(self, key: bytes) -> int:
        raise ExecutionError(f"programs cannot look into map {self.spec.name!r}")

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        if flags > bpf.BPF_EXIST or flags and not self.takes_flags:
            return -EINVAL
        if self.is_array:
            if int.from_bytes(key, "little") >= self.spec.max_entries:
                return -E2BIG
            if flags == bpf.BPF_NOEXIST:
                return -EEXIST
        else:
            if key in self.numbers and flags == bpf.BPF_NOEXIST:
                return -EEXIST
            if key not in self.numbers and flags == bpf.BPF_EXIST:
                return -ENOENT
            if key not in self.numbers and len(self.numbers) >= self.spec.max_entries:
                return -E2BIG
        result = self.check_reference(value)
        if not result:
            self.numbers[key] = value
        return result

    def delete_key(self, key: bytes) -> int:
        if self.is_array and int.from_bytes(key, "little") >= self.spec.max_entries:
            return -E2BIG
        return 0 if self.numbers.pop(key, None) else -ENOENT

    def lookup(self, key: bytes) -> bytes | None:
        self._check(key, "BPF_MAP_LOOKUP_ELEM")
        with self.lock:
            found = self.numbers.get(key)
            return None if found is None else self.shown_number(found)

    def next_key(self, key: bytes | None) -> bytes | None:
        with self.lock:
            keys = self.all_keys()
        at = keys.index(key) + 1 if key in keys else 0
        return keys[at] if at < len(keys) else None

    def all_keys(self) -> list[bytes]:
        if self.is_array:
            return [i.to_bytes(4, "little") for i in range(self.spec.max_entries)]
        return list(self.numbers)


class ProgArray(ReferenceMap):
    """BPF_MAP_TYPE_PROG_ARRAY: where tail calls lead. All its programs are of one type."""

    prog_type: int | None = None

    def check_reference(self, value: bytes) -> int:
        from ..backend import EngineProgram

        program = self.registry.named(int.from_bytes(value, "little"))
        if not isinstance(program, EngineProgram):
            return -EBADF
        return 0 if self.belongs_to(program.spec.prog_type) else -EINVAL

    def belongs_to(self, prog_type: int) -> bool:
        """Return whether programs of a type may be in it and use it; the first one decides."""
        if self.prog_type is None:
            self.prog_type = prog_type
        return self.prog_type == prog_type

    def code_at(self, index: int) -> Code | None:
        """Return the program at an index."""
        number = self.numbers.get(index.to_bytes(4, "little"))
        if number is None:
            return None
        program: Loaded = self.registry.named(int.from_bytes(number, "little"))  # type: ignore[assignment]  # checked
        return program.code


class ArrayOfMaps(ReferenceMap):
    """BPF_MAP_TYPE_ARRAY_OF_MAPS. `spec.inner` describes the maps that can be in it."""

    def check_sizes(self) -> None:
        super().check_sizes()
        inner = self.spec.inner
        if inner is None:
            raise self._refused(EBADF, "the inner map is not described")
        if inner.map_type in (bpf.BPF_MAP_TYPE_ARRAY_OF_MAPS, bpf.BPF_MAP_TYPE_HASH_OF_MAPS,
                              bpf.BPF_MAP_TYPE_PROG_ARRAY):  # fmt: skip
            raise self._refused(EINVAL, f"maps of type {inner.map_type} inside")

    def check_reference(self, value: bytes) -> int:
        m, inner = self.registry.named(int.from_bytes(value, "little")), self.spec.inner
        if not isinstance(m, EngineMap) or inner is None:
            return -EBADF
        names = ["map_type", "key_size", "value_size", "map_flags"]
        if inner.map_type == bpf.BPF_MAP_TYPE_ARRAY and not inner.map_flags & bpf.BPF_F_INNER_MAP:
            names.append("max_entries")
        return 0 if all(getattr(m.spec, name) == getattr(inner, name) for name in names) else -EINVAL

    def check_program_writes(self) -> None:
        raise ExecutionError(f"map {self.spec.name!r} is for user space to write to")

    def lookup_address(self, key: bytes) -> int:
        """Return the handle of the map inside, 0 if there is none."""
        number = self.numbers.get(key)
        m = None if number is None else self.registry.named(int.from_bytes(number, "little"))
        return m.handle if isinstance(m, EngineMap) else 0


class HashOfMaps(ArrayOfMaps):
    """BPF_MAP_TYPE_HASH_OF_MAPS."""

    allowed_flags = bpf.BPF_F_NO_PREALLOC | bpf.BPF_F_ZERO_SEED
    is_array = False
    takes_flags = True


class CgroupArray(ReferenceMap):
    """BPF_MAP_TYPE_CGROUP_ARRAY. In the engine a value is the cgroup's id, not a file descriptor."""


class DevMap(ReferenceMap):
    """BPF_MAP_TYPE_DEVMAP: where packets can be sent. A value is an interface's index, then 4 bytes for a program."""

    allowed_flags = bpf.BPF_F_RDONLY_PROG
    value_sizes = (4, 8)
    takes_flags = True

    def set_up(self) -> None:
        super().set_up()
        self._copies: dict[bytes, int] = {}  # by value, for programs: what does not change need not be copied again

    def check_reference(self, value: bytes) -> int:
        return 0 if any(value[:4]) else -EINVAL

    def lookup_address(self, key: bytes) -> int:
        """Return the address of a copy of the value, 0 if there is none."""
        value = self.numbers.get(key)
        if value is None:
            return 0
        if value not in self._copies:
            self._copies[value] = self.memory.map(value, self.kind)
        return self._copies[value]

    def has_target(self, key: int) -> bool:
        """Return whether a packet can be sent by this key."""
        return key.to_bytes(4, "little") in self.numbers


class DevMapHash(DevMap):
    """BPF_MAP_TYPE_DEVMAP_HASH."""

    is_array = False


class CpuMap(DevMap):
    """BPF_MAP_TYPE_CPUMAP: CPUs that packets can be sent to. A value is the length of its queue, then a program."""

    allowed_flags = 0

    def check_reference(self, value: bytes) -> int:
        return -EINVAL if int.from_bytes(value[:4], "little") > 16384 else 0

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        if not any(value[:4]) and flags <= bpf.BPF_EXIST:  # a queue of length 0: taken away
            self.numbers.pop(key, None)
            return 0
        return super().update_value(key, value, flags)


MAP_CLASSES: dict[int, type[EngineMap]] = {
    bpf.BPF_MAP_TYPE_PROG_ARRAY: ProgArray,
    bpf.BPF_MAP_TYPE_ARRAY_OF_MAPS: ArrayOfMaps,
    bpf.BPF_MAP_TYPE_HASH_OF_MAPS: HashOfMaps,
    bpf.BPF_MAP_TYPE_CGROUP_ARRAY: CgroupArray,
    bpf.BPF_MAP_TYPE_DEVMAP: DevMap,
    bpf.BPF_MAP_TYPE_DEVMAP_HASH: DevMapHash,
    bpf.BPF_MAP_TYPE_CPUMAP: CpuMap,
}


def refuse_foreign(m: EngineMap, prog_type: int) -> None:
    """Check that a program may use a map. Raises: SyscallError with EINVAL for an array of other programs."""
    if isinstance(m, ProgArray) and not m.belongs_to(prog_type):
        raise SyscallError("BPF_PROG_LOAD", EINVAL, f"map {m.spec.name!r} holds programs of another type")
