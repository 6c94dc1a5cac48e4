"""Hash maps of other kinds: per-CPU, LRU and longest prefix; per-CPU arrays."""

from __future__ import annotations

from errno import EINVAL, ENOSPC

from ...abi import bpf
from ..maps import ENOTSUPP, ArrayMap, EngineMap, HashMap

_PAGE_BYTES = 4096


class PerCpuHashMap(HashMap):
    """BPF_MAP_TYPE_PERCPU_HASH. An entry that a program makes is zero on the other CPUs."""

    per_cpu = True


class PerCpuArrayMap(ArrayMap):
    """BPF_MAP_TYPE_PERCPU_ARRAY."""

    allowed_flags = bpf.BPF_F_RDONLY_PROG
    per_cpu = True


class ArenaMap(ArrayMap):
    """BPF_MAP_TYPE_ARENA: one value, all of its pages, whose address is the same to everybody."""

    def check_sizes(self) -> None:
        if self.spec.key_size or self.spec.value_size or not self.spec.max_entries:
            raise self._refused(EINVAL, "an arena has pages, and no keys or values")
        self.spec = self.spec.replace(key_size=4, value_size=self.spec.max_entries * _PAGE_BYTES, max_entries=1)

    def set_up(self) -> None:
        super().set_up()
        self.memory.has_arena = True


class LruHashMap(HashMap):
    """BPF_MAP_TYPE_LRU_HASH: a full map throws out the entry that was used longest ago.

    The kernel's choice is approximate, and it may throw out entries of a map that is not quite full.
    """

    allowed_flags = HashMap.allowed_flags | bpf.BPF_F_NO_COMMON_LRU

    def check_sizes(self) -> None:
        super().check_sizes()
        if self.spec.map_flags & bpf.BPF_F_NO_PREALLOC:
            raise self._refused(ENOTSUPP, "its entries are always allocated in advance")

    def _touch(self, key: bytes) -> None:
        if key in self._entries:
            self._entries[key] = self._entries.pop(key)

    def make_room(self) -> bool:
        self.delete_key(next(iter(self._entries)))
        return True

    def lookup_address(self, key: bytes) -> int:
        self._touch(key)
        return super().lookup_address(key)

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        result = super().update_value(key, value, flags)
        self._touch(key)
        return result


class LruPerCpuHashMap(LruHashMap):
    """BPF_MAP_TYPE_LRU_PERCPU_HASH."""

    per_cpu = True


class LpmTrieMap(HashMap):
    """BPF_MAP_TYPE_LPM_TRIE: keys are a u32 prefix length in bits and the address, most significant byte first.

    A look-up finds the entry with the longest prefix of the key. Source: kernel/bpf/lpm_trie.c (Linux 6.18).
    """

    allowed_flags = bpf.BPF_F_NO_PREALLOC | bpf.BPF_F_RDONLY_PROG
    full_errno = ENOSPC

    def check_sizes(self) -> None:
        super().check_sizes()
        if not 5 <= self.spec.key_size <= 4 + 256 or not self.spec.map_flags & bpf.BPF_F_NO_PREALLOC:
            raise self._refused(EINVAL, "an address of 1 to 256 bytes and BPF_F_NO_PREALLOC are needed")

    def _prefix(self, key: bytes, prefix_bits: int) -> bytes:
        """Return the key of the first bits of an address, the others zero."""
        address, rest = int.from_bytes(key[4:]), 8 * (len(key) - 4) - prefix_bits
        return prefix_bits.to_bytes(4, "little") + (address >> rest << rest).to_bytes(len(key) - 4)

    def _bits(self, key: bytes) -> int:
        """Return the prefix length of a key, -1 for one that is longer than the address."""
        bits = int.from_bytes(key[:4], "little")
        return bits if bits <= 8 * (len(key) - 4) else -1

    def find(self, key: bytes) -> bytes | None:
        for bits in range(self._bits(key), -1, -1):
            shorter = self._prefix(key, bits)
            if shorter in self._entries:
                return shorter
        return None

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        bits = self._bits(key)
        return -EINVAL if bits < 0 else super().update_value(self._prefix(key, bits), value, flags)

    def delete_key(self, key: bytes) -> int:
        bits = self._bits(key)
        return -EINVAL if bits < 0 else super().delete_key(self._prefix(key, bits))


MAP_CLASSES: dict[int, type[EngineMap]] = {
    bpf.BPF_MAP_TYPE_PERCPU_HASH: PerCpuHashMap,
    bpf.BPF_MAP_TYPE_PERCPU_ARRAY: PerCpuArrayMap,
    bpf.BPF_MAP_TYPE_ARENA: ArenaMap,
    bpf.BPF_MAP_TYPE_LRU_HASH: LruHashMap,
    bpf.BPF_MAP_TYPE_LRU_PERCPU_HASH: LruPerCpuHashMap,
    bpf.BPF_MAP_TYPE_LPM_TRIE: LpmTrieMap,
}
