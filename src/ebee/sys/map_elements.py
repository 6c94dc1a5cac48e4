"""The elements of maps through bpf(2), one by one."""

from __future__ import annotations

import ctypes
from _thread import allocate_lock

from ..abi import attr as layouts
from ..abi import bpf as abi
from .bpf import E2BIG, EINVAL, ENOENT, error, make_attr
from .os_seam import current


class MapElements:
    """Single-element commands on one map, with buffers made once: a look-up is one call into the kernel.

    Sizes are those of the system call: for per-CPU maps `value_bytes` is that of all CPUs together.
    """

    def __init__(self, fd: int, key_bytes: int, value_bytes: int, name: str) -> None:
        self._key_bytes, self._value_bytes, self._name = key_bytes, value_bytes, name
        self._key = ctypes.create_string_buffer(key_bytes or 1)
        self._value = ctypes.create_string_buffer(value_bytes or 1)
        self._take_value = memoryview(self._value).cast("B")[:value_bytes].tobytes
        self._next = ctypes.create_string_buffer(key_bytes or 1)
        key, value = ctypes.addressof(self._key), ctypes.addressof(self._value)
        next_key = ctypes.addressof(self._next)
        layout = layouts.MAP_ELEM
        self._attr = make_attr(layout, {"map_fd": fd, "key": key if key_bytes else 0, "value": value})
        self._attr_next = make_attr(layout, {"map_fd": fd, "key": key, "next_key": next_key})
        self._attr_first = make_attr(layout, {"map_fd": fd, "key": 0, "next_key": next_key})
        self._attr_key = make_attr(layout, {"map_fd": fd, "key": key if key_bytes else 0})
        self._flags = ctypes.c_uint64.from_buffer(self._attr, layout["flags"][0])
        self._os = seam = current()
        self._bpf = seam.bpf
        self._call, self._look_up = seam.prepared(abi.BPF_MAP_LOOKUP_ELEM, self._attr)
        _, self._update = seam.prepared(abi.BPF_MAP_UPDATE_ELEM, self._attr)
        attrs = (self._attr, self._attr_next, self._attr_first, self._attr_key)
        self._fds = [ctypes.c_int32.from_buffer(attr) for attr in attrs]
        self._lock = allocate_lock()  # the buffers are shared by all threads

    def close(self) -> None:
        """Forget the map's file descriptor, whose number may soon be another file's: commands fail with EBADF."""
        for fd in self._fds:
            fd.value = -1

    def _check(self, key: bytes, cmd: int) -> None:
        if len(key) != self._key_bytes:
            raise error(
                cmd, EINVAL, f"map {self._name!r} has keys of {self._key_bytes} bytes, this has {len(key)}"
            )

    def lookup(self, key: bytes) -> bytes | None:
        """BPF_MAP_LOOKUP_ELEM: the value, None for ENOENT. Raises: SyscallError."""
        if len(key) != self._key_bytes:
            self._check(key, abi.BPF_MAP_LOOKUP_ELEM)
        with self._lock:
            self._key.raw = key
            result = self._call(*self._look_up)
            if result == 0:
                return self._take_value()
            result = self._os.failure(result)
        if result == -ENOENT:
            return None
        raise error(abi.BPF_MAP_LOOKUP_ELEM, -result, f"map {self._name!r}")

    def take(self, key: bytes = b"") -> bytes | None:
        """BPF_MAP_LOOKUP_AND_DELETE_ELEM: the value, None for ENOENT. Raises: SyscallError."""
        self._check(key, abi.BPF_MAP_LOOKUP_AND_DELETE_ELEM)
        with self._lock:
            self._key.raw = key
            result = self._bpf(abi.BPF_MAP_LOOKUP_AND_DELETE_ELEM, self._attr)
            if result == 0:
                return self._value.raw
        if result == -ENOENT:
            return None
        raise error(abi.BPF_MAP_LOOKUP_AND_DELETE_ELEM, -result, f"map {self._name!r}")

    def has_value(self, value: bytes) -> bool:
        """BPF_MAP_LOOKUP_ELEM of a Bloom filter: whether the value may be there. Raises: SyscallError."""
        if len(value) != self._value_bytes:
            detail = f"map {self._name!r} has values of {self._value_bytes} bytes, this has {len(value)}"
            raise error(abi.BPF_MAP_LOOKUP_ELEM, EINVAL, detail)
        with self._lock:
            self._value.raw = value
            result = self._bpf(abi.BPF_MAP_LOOKUP_ELEM, self._attr)
        if result not in (0, -ENOENT):
            raise error(abi.BPF_MAP_LOOKUP_ELEM, -result, f"map {self._name!r}")
        return result == 0

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        """BPF_MAP_UPDATE_ELEM. Raises: SyscallError, E2BIG (full), EEXIST and ENOENT (as `flags` ask), EINVAL."""
        self._check(key, abi.BPF_MAP_UPDATE_ELEM)
        if len(value) != self._value_bytes:
            raise error(
                abi.BPF_MAP_UPDATE_ELEM, EINVAL,
                f"map {self._name!r} has values of {self._value_bytes} bytes, this has {len(value)}",
            )  # fmt: skip
        with self._lock:
            self._key.raw = key
            self._value.raw = value
            self._flags.value = flags
            result = self._call(*self._update)
            if result < 0:
                result = self._os.failure(result)
            self._flags.value = 0
        if result < 0:
            detail = f"map {self._name!r}" + (" is full" if result == -E2BIG else "")
            raise error(abi.BPF_MAP_UPDATE_ELEM, -result, detail)

    def delete(self, key: bytes) -> bool:
        """BPF_MAP_DELETE_ELEM: whether the key was there. Raises: SyscallError."""
        self._check(key, abi.BPF_MAP_DELETE_ELEM)
        with self._lock:
            self._key.raw = key
            result = self._bpf(abi.BPF_MAP_DELETE_ELEM, self._attr_key)
        if result < 0 and result != -ENOENT:
            raise error(abi.BPF_MAP_DELETE_ELEM, -result, f"map {self._name!r}")
        return result == 0

    def next_key(self, key: bytes | None) -> bytes | None:
        """BPF_MAP_GET_NEXT_KEY: the key after `key` (the first for None and for keys that are gone), or None."""
        if key is not None:
            self._check(key, abi.BPF_MAP_GET_NEXT_KEY)
        with self._lock:
            if key is not None:
                self._key.raw = key
            attr = self._attr_first if key is None else self._attr_next
            result = self._bpf(abi.BPF_MAP_GET_NEXT_KEY, attr)
            if result == 0:
                return self._next.raw
        if result == -ENOENT:
            return None
        raise error(abi.BPF_MAP_GET_NEXT_KEY, -result, f"map {self._name!r}")
