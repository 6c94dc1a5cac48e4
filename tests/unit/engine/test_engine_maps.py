"""The engine's maps: the kernel's results and accounting."""

from __future__ import annotations

import errno
import threading

import pytest

from ebee.abi import bpf
from ebee.engine.maps import create_map
from ebee.engine.memory import Memory
from ebee.errors import FaultError, NotSupported, SyscallError
from ebee.spec.object import MapSpec


@pytest.fixture
def memory():
    return Memory()


def make(memory, map_type, key_size=4, value_size=8, max_entries=3, **more):
    spec = MapSpec("m", map_type, key_size, value_size, max_entries, **more)
    return create_map(spec, memory, threading.RLock())


def key(n):
    return n.to_bytes(4, "little")


def value(n):
    return n.to_bytes(8, "little")


def refused(call, *args):
    with pytest.raises(SyscallError) as caught:
        call(*args)
    return caught.value.errno


def test_hash_flags_and_limits(memory):
    m = make(memory, bpf.BPF_MAP_TYPE_HASH)
    assert m.lookup(key(1)) is None
    assert refused(m.update, key(1), value(1), bpf.BPF_EXIST) == errno.ENOENT
    m.update(key(1), value(1), bpf.BPF_NOEXIST)
    assert refused(m.update, key(1), value(2), bpf.BPF_NOEXIST) == errno.EEXIST
    assert refused(m.update, key(1), value(2), 3) == errno.EINVAL
    m.update(key(2), value(2))
    m.update(key(3), value(3))
    assert refused(m.update, key(4), value(4)) == errno.E2BIG
    m.update(key(3), value(33), bpf.BPF_EXIST)
    assert list(m.items()) == [(key(1), value(1)), (key(2), value(2)), (key(3), value(33))]
    assert m.delete(key(2)) is True
    assert m.delete(key(2)) is False
    m.update(key(4), value(4))
    assert refused(m.update, b"abc", value(1)) == errno.EINVAL
    assert refused(m.update, key(1), b"abc") == errno.EINVAL
    assert refused(m.lookup, b"") == errno.EINVAL


def test_hash_keys_one_by_one(memory):
    m = make(memory, bpf.BPF_MAP_TYPE_HASH)
    assert m.next_key(None) is None
    for n in (5, 1, 9):
        m.update(key(n), value(n))
    seen, k = [], None
    while (k := m.next_key(k)) is not None:
        seen.append(k)
    assert sorted(seen) == [key(1), key(5), key(9)]
    assert m.next_key(key(77)) == seen[0]  # a key that is not there: from the start


def test_hash_value_pointer_lives_until_deletion(memory):
    m = make(memory, bpf.BPF_MAP_TYPE_HASH)
    assert m.lookup_address(key(1)) == 0
    m.update(key(1), value(1))
    address = m.lookup_address(key(1))
    m.update(key(1), value(7))
    assert m.lookup_address(key(1)) == address
    assert memory.read(address, 8) == value(7)
    memory.write(address, value(9))
    assert m.lookup(key(1)) == value(9)
    with pytest.raises(FaultError, match="the value of map 'm' has 8 bytes"):
        memory.read(address + 1, 8)
    m.delete(key(1))
    with pytest.raises(FaultError, match="nothing is there"):
        memory.read(address, 1)


def test_items_of_a_map_that_changes(memory):
    m = make(memory, bpf.BPF_MAP_TYPE_HASH)
    for n in range(3):
        m.update(key(n), value(n))
    items = m.items()
    assert next(items) == (key(0), value(0))
    m.delete(key(1))
    assert list(items) == [(key(2), value(2))]


def test_array(memory):
    m = make(memory, bpf.BPF_MAP_TYPE_ARRAY)
    assert list(m.items()) == [(key(n), value(0)) for n in range(3)]
    m.update(key(2), value(2))
    assert m.lookup(key(2)) == value(2)
    assert m.lookup(key(3)) is None
    assert refused(m.update, key(3), value(3)) == errno.E2BIG
    assert refused(m.update, key(1), value(3), bpf.BPF_NOEXIST) == errno.EEXIST
    assert refused(m.update, key(1), value(3), 9) == errno.EINVAL
    assert refused(m.delete, key(1)) == errno.EINVAL
    assert [m.next_key(k) for k in (None, key(0), key(1), key(2), key(99))] == [key(0), key(1), key(2), None, key(0)]


def test_array_values_are_regions_of_their_own(memory):
    m = make(memory, bpf.BPF_MAP_TYPE_ARRAY)
    address = m.lookup_address(key(1))
    memory.write(address, value(5))
    assert m.lookup(key(1)) == value(5)
    assert m.lookup_address(key(3)) == 0
    for off in (8, -1, 1):
        with pytest.raises(FaultError):
            memory.read(address + off, 8)


def test_frozen_array_with_initial_value(memory):
    m = make(memory, bpf.BPF_MAP_TYPE_ARRAY, max_entries=1, initial=b"abc", frozen=True)
    assert m.lookup(key(0)) == b"abc\0\0\0\0\0"
    assert refused(m.update, key(0), value(1)) == errno.EPERM
    assert memory.read(m.value_address(0), 3) == b"abc"
    with pytest.raises(FaultError, match="is read-only"):
        memory.write(m.value_address(0), b"x")


def test_ring_buffer_order_and_busy_records(memory):
    ring = make(memory, bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096)
    woken = []
    ring.on_data = lambda: woken.append(1)
    first, second, third = (ring.reserve(8, 0) for _ in range(3))
    memory.write(second, value(2))
    ring.commit(second, 0, discard=False)
    assert not ring.has_data() and ring.drain() == []  # behind a busy one nothing is seen
    memory.write(first, value(1))
    ring.commit(first, bpf.BPF_RB_NO_WAKEUP, discard=False)
    ring.commit(third, 0, discard=True)
    assert len(woken) == 2
    assert ring.has_data()
    assert ring.drain(1) == [value(1)]
    assert ring.drain() == [value(2)]
    assert not ring.has_data()
    assert ring.query(bpf.BPF_RB_AVAIL_DATA) == 0
    with pytest.raises(FaultError):
        memory.write(first, value(1))


def test_ring_buffer_capacity_is_the_kernels(memory):
    ring = make(memory, bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096)
    # 8 bytes of header, rounded up to 8, and at most 4095 bytes in use.
    assert ring.reserve(4096, 0) == 0
    assert ring.reserve(4089 - 8, 0) == 0
    big = ring.reserve(4080, 0)
    assert big
    assert ring.query(bpf.BPF_RB_PROD_POS) == 4088
    assert ring.reserve(0, 0) == 0
    ring.commit(big, 0, discard=True)
    assert ring.reserve(1, 0) == 0  # not read yet
    assert ring.drain() == []
    assert ring.query(bpf.BPF_RB_CONS_POS) == 4088
    assert sum(ring.reserve(1, 0) != 0 for _ in range(1000)) == 4095 // 16
    assert ring.reserve(8, 1) == 0
    assert ring.output(b"x", 0) == -errno.EAGAIN
    assert ring.output(b"x", 4) == -errno.EINVAL
    assert ring.query(bpf.BPF_RB_RING_SIZE) == 4096
    assert ring.query(99) == 0


def test_ring_buffer_has_no_keys(memory):
    ring = make(memory, bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096)
    assert refused(ring.lookup, b"") == 524
    assert refused(ring.update, b"", b"") == 524
    assert refused(ring.next_key, None) == 524
    assert list(ring.items()) == []


def test_drain_of_another_map(memory):
    assert refused(make(memory, bpf.BPF_MAP_TYPE_HASH).drain) == errno.EINVAL


@pytest.mark.parametrize(
    "sizes",
    [
        (bpf.BPF_MAP_TYPE_HASH, 0, 8, 1),
        (bpf.BPF_MAP_TYPE_HASH, 4, 8, 0),
        (bpf.BPF_MAP_TYPE_ARRAY, 8, 8, 1),
        (bpf.BPF_MAP_TYPE_ARRAY, 4, 0, 1),
        (bpf.BPF_MAP_TYPE_RINGBUF, 4, 0, 4096),
        (bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, 5000),
        (bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, 2048),
    ],
)
def test_sizes_that_the_kernel_refuses(memory, sizes):
    assert refused(make, memory, *sizes) == errno.EINVAL


def test_unknown_flags_and_types(memory):
    with pytest.raises(SyscallError):
        make(memory, bpf.BPF_MAP_TYPE_HASH, map_flags=bpf.BPF_F_MMAPABLE)
    with pytest.raises(NotSupported, match="BPF_MAP_TYPE_XSKMAP in the engine"):
        make(memory, bpf.BPF_MAP_TYPE_XSKMAP)
