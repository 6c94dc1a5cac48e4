"""The elements of maps through bpf(2), many at once. Keys lie back to back in one buffer, values in another."""

from __future__ import annotations

import ctypes

from ..abi import attr as layouts
from ..abi import bpf as abi
from ..errors import SyscallError
from .bpf import E2BIG, EINVAL, ENOENT, ENOSPC, ENOTSUPP, EOPNOTSUPP, address, attr_field, error, make_attr
from .os_seam import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Chunk = tuple[bytearray, bytearray, int]

_MOST_BYTES = 1 << 23  # what is asked for at a time, but for large buckets; pages that stay unused cost nothing


def has_no_batches(failure: SyscallError) -> bool:
    """Whether a command failed because the kernel, or this type of map, does not have it."""
    return failure.errno in (EINVAL, EOPNOTSUPP, ENOTSUPP)


class MapBatches:
    """Commands on many elements of one map. Sizes are those of the system call, as in `MapElements`."""

    def __init__(self, fd: int, key_bytes: int, value_bytes: int, max_entries: int, name: str) -> None:
        self._fd, self._key_bytes, self._value_bytes, self._name = fd, key_bytes, value_bytes, name
        self._max_entries = max(max_entries, 1)

    def read(self, *, take: bool = False) -> Iterator[Chunk] | None:
        """BPF_MAP_LOOKUP_BATCH, or BPF_MAP_LOOKUP_AND_DELETE_BATCH: keys, values and their number, chunk by chunk.

        Elements that come or go meanwhile may be missed; none comes twice in hash maps. Returns None where the kernel
        or the type of map has no such command. Raises: SyscallError.
        """
        chunks = self._chunks(abi.BPF_MAP_LOOKUP_AND_DELETE_BATCH if take else abi.BPF_MAP_LOOKUP_BATCH)
        try:
            first = next(chunks, None)
        except SyscallError as e:
            if has_no_batches(e):
                return None
            raise

        def all_chunks() -> Iterator[Chunk]:
            if first is not None:
                yield first
                yield from chunks

        return all_chunks()

    def _chunks(self, cmd: int) -> Iterator[Chunk]:
        key_bytes, value_bytes = self._key_bytes, self._value_bytes
        cursors = [ctypes.create_string_buffer(max(key_bytes, 8)) for _ in range(2)]
        most = max(1, min(self._max_entries, _MOST_BYTES // (key_bytes + value_bytes)))
        count, in_batch = most, 0
        while True:
            keys, values = bytearray(key_bytes * count), bytearray(value_bytes * count)
            fields: dict[str, int | bytes] = {
                "in_batch": in_batch,
                "out_batch": address(cursors[1]),
                "keys": _writable(keys),
                "values": _writable(values),
                "count": count,
                "map_fd": self._fd,
            }
            attr = make_attr(layouts.MAP_BATCH, fields)
            result = current().bpf(cmd, attr)
            got = attr_field(attr, layouts.MAP_BATCH, "count")
            if result == -ENOSPC:  # one bucket of the hash holds more than the room there was
                count *= 2
                continue
            if result < 0 and result != -ENOENT:
                raise error(cmd, -result, f"map {self._name!r}")
            if got:
                if got < count:
                    del keys[got * key_bytes :], values[got * value_bytes :]
                yield keys, values, got
            if result == -ENOENT:
                return
            cursors.reverse()
            in_batch = address(cursors[0])

    def update(self, keys: bytes, values: bytes, count: int, flags: int = 0) -> bool:
        """BPF_MAP_UPDATE_BATCH; return False where there is no such command, and nothing was done.

        Raises: SyscallError, with the number of elements that were set before.
        """
        done = 0
        while done < count:
            result, did = self._run(abi.BPF_MAP_UPDATE_BATCH, keys, values, done, count, flags)
            done += did
            if result < 0:
                detail = f"map {self._name!r}" + (" is full" if result == -E2BIG else "")
                failure = error(abi.BPF_MAP_UPDATE_BATCH, -result, f"{detail}, after {done} of {count} elements")
                if done == 0 and has_no_batches(failure):
                    return False
                raise failure
        return True

    def delete(self, keys: bytes, count: int) -> int | None:
        """BPF_MAP_DELETE_BATCH: how many of the keys were there; None where there is no such command.

        Raises: SyscallError.
        """
        done = deleted = 0
        while done < count:
            result, did = self._run(abi.BPF_MAP_DELETE_BATCH, keys, b"", done, count, 0)
            done, deleted = done + did, deleted + did
            if result == -ENOENT:  # it ends at a key that is not there
                done += 1
            elif result < 0:
                failure = error(abi.BPF_MAP_DELETE_BATCH, -result, f"map {self._name!r}")
                if done == 0 and has_no_batches(failure):
                    return None
                raise failure
        return deleted

    def _run(self, cmd: int, keys: bytes, values: bytes, done: int, count: int, flags: int) -> tuple[int, int]:
        """Run a command on the elements from `done` on; return its result, and how many it did."""
        fields: dict[str, int | bytes] = {
            "keys": _readable(keys) + done * self._key_bytes,
            "values": _readable(values) + done * self._value_bytes if values else 0,
            "count": count - done,
            "map_fd": self._fd,
            "elem_flags": flags,
        }
        attr = make_attr(layouts.MAP_BATCH, fields)
        result = current().bpf(cmd, attr)
        did = attr_field(attr, layouts.MAP_BATCH, "count")
        return result, 0 if result < 0 and did == count - done else did  # refused at once, it stays as it was given


def _writable(data: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(data)) if data else 0


def _readable(data: bytes) -> int:
    """Return the address of bytes, which are kept by the caller meanwhile."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
