"""Maps and ring buffers of the running kernel."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_programs import map_relocs, mov_imm, object_of, output, raw_program, ring

from ebee.abi import bpf as abi
from ebee.errors import SyscallError, UsageError
from ebee.isa.insn import Insn
from ebee.isa.opcodes import R0, R10
from ebee.kernel.backend import KernelBackend
from ebee.kernel.maps import KernelMap
from ebee.kernel.stub import EXIT, store_imm
from ebee.spec import backend as protocol
from ebee.spec.object import MapSpec
from ebee.sys.cpus import possible_cpus
from ebee.sys.os_seam import Os, swapped

pytestmark = [pytest.mark.needs_kernel, pytest.mark.vm]


def hash_map(entries=8, key=4, value=8, map_type=abi.BPF_MAP_TYPE_HASH, **more):
    return KernelMap(MapSpec("a test.map-name", map_type, key, value, entries, **more))


def k(n):
    return n.to_bytes(4, "little")


def v(n):
    return n.to_bytes(8, "little")


def test_hash_update_lookup_delete():
    m = hash_map()
    assert m.lookup(k(1)) is None
    m.update(k(1), v(10))
    m.update(k(1), v(11))
    assert m.lookup(k(1)) == v(11)
    assert m.delete(k(1)) is True
    assert m.delete(k(1)) is False
    assert m.lookup(k(1)) is None
    m.close()
    m.close()


@pytest.mark.parametrize(
    ("flags", "present", "number"),
    [(abi.BPF_NOEXIST, True, errno.EEXIST), (abi.BPF_EXIST, False, errno.ENOENT), (99, False, errno.EINVAL)],
)
def test_update_flags_are_the_kernels(flags, present, number):
    m = hash_map()
    if present:
        m.update(k(1), v(1))
    with pytest.raises(SyscallError, match="BPF_MAP_UPDATE_ELEM") as caught:
        m.update(k(1), v(2), flags)
    assert caught.value.errno == number
    m.update(k(2), v(2))  # the flags of the call before are gone
    assert m.lookup(k(2)) == v(2)


def test_a_full_map_says_so():
    m = hash_map(entries=2)
    m.update(k(1), v(1))
    m.update(k(2), v(2))
    with pytest.raises(SyscallError, match="full") as caught:
        m.update(k(3), v(3))
    assert caught.value.errno == errno.E2BIG
    assert "a test.map-name" in str(caught.value)


def test_wrong_sizes_are_refused_before_the_kernel_reads_beyond():
    m = hash_map()
    for call in (lambda: m.lookup(b"abc"), lambda: m.update(k(1), b"x"), lambda: m.update(b"", v(1)),
                 lambda: m.delete(b"12345"), lambda: m.next_key(b"1")):  # fmt: skip
        with pytest.raises(SyscallError) as caught:
            call()
        assert caught.value.errno == errno.EINVAL


def test_array_has_all_entries_and_none_can_go():
    m = hash_map(entries=3, map_type=abi.BPF_MAP_TYPE_ARRAY)
    m.update(k(1), v(5))
    assert list(m.items()) == [(k(0), v(0)), (k(1), v(5)), (k(2), v(0))]
    with pytest.raises(SyscallError):
        m.delete(k(1))
    with pytest.raises(SyscallError):
        m.update(k(3), v(1))
    assert m.lookup(k(3)) is None


@pytest.mark.parametrize("count", [0, 1, 3, 4095, 5000])
def test_items_gives_every_entry_once(count):
    m = hash_map(entries=max(count, 1))
    for i in range(count):
        m.update(k(i), v(i * 7))
    expected = {k(i): v(i * 7) for i in range(count)}
    found = list(m.items())
    assert len(found) == count and dict(found) == expected
    one_by_one = [(bytes(key), bytes(value)) for key, value, _ in m._chunks_one_by_one(m._ops(), False)]
    assert len(one_by_one) == count and dict(one_by_one) == expected
    m.close()


class NoBatches(Os):
    """A kernel without commands for many elements."""

    def bpf(self, cmd, attr):
        return -errno.EINVAL if 24 <= cmd <= 27 else super().bpf(cmd, attr)


def test_items_without_batches():
    with swapped(NoBatches()):
        m = hash_map()
        m.update_many(k(1) + k(2) + k(3), v(1) + v(2) + v(3), 3)
        assert dict(m.items()) == {k(1): v(1), k(2): v(2), k(3): v(3)}
        assert m.delete_many(k(1) + k(9), 2) == 1
        assert {bytes(key): bytes(value) for key, value, _ in m.chunks(take=True)} == {k(2): v(2), k(3): v(3)}
        assert list(m.items()) == []


def test_next_key_walks_and_starts_over():
    m = hash_map()
    m.update(k(1), v(1))
    m.update(k(2), v(2))
    first = m.next_key(None)
    second = m.next_key(first)
    assert {first, second} == {k(1), k(2)}
    assert m.next_key(second) is None
    assert m.next_key(k(77)) == first


def test_percpu_values_are_those_of_all_cpus():
    m = hash_map(map_type=abi.BPF_MAP_TYPE_PERCPU_ARRAY, value=4, entries=2)
    cpus = possible_cpus()
    value = b"".join(i.to_bytes(8, "little") for i in range(cpus))
    m.update(k(1), value)
    assert m.lookup(k(1)) == value
    assert list(m.items()) == [(k(0), bytes(8 * cpus)), (k(1), value)]


def test_initial_and_frozen():
    m = hash_map(entries=1, map_type=abi.BPF_MAP_TYPE_ARRAY, initial=v(42), frozen=True)
    assert m.lookup(k(0)) == v(42)
    with pytest.raises(SyscallError) as caught:
        m.update(k(0), v(1))
    assert caught.value.errno == errno.EPERM


def test_a_map_that_cannot_be_names_itself():
    with pytest.raises(SyscallError, match="odd") as caught:
        KernelMap(MapSpec("odd", abi.BPF_MAP_TYPE_HASH, 0, 0, 0))
    assert caught.value.errno == errno.EINVAL


def test_closed_maps_and_wrong_kinds_are_usage_errors():
    m = hash_map()
    m.close()
    with pytest.raises(UsageError, match="closed"):
        m.lookup(k(1))
    with pytest.raises(UsageError, match="no ring buffer"):
        m.drain()
    r = KernelMap(ring())
    with pytest.raises(UsageError, match="ring buffer"):
        r.lookup(b"")
    r.close()
    assert r.drain() == []


def test_map_file_descriptors_are_close_on_exec():
    m = hash_map()
    assert not os.get_inheritable(m.fd.number)


# -- ring buffers --------------------------------------------------------------------------------------------


class Producer:
    """A program that puts one record of each given size into a ring whenever it is run."""

    def __init__(self, backend, sizes, ring_bytes):
        spec = ring(size=ring_bytes)
        insns = [store_imm(8, R10, -8 * i, i) for i in range(1, 33)]
        for size in sizes:
            insns += output(-256, size)
        insns += [Insn(EXIT)]  # r0 of the last output: 0, or -EAGAIN
        prog = raw_program(insns, "producer", map_relocs(insns, "ring"))
        obj = object_of(prog, maps=[spec])
        self.backend = backend
        self.ring = backend.create_map(spec, obj)
        self.program = backend.load_program(prog, obj, {"ring": self.ring})

    def run(self):
        return self.backend.test_run(self.program, protocol.TestRun()).retval


STACK = b"".join(i.to_bytes(8, "little") for i in range(32, 0, -1))


def test_records_arrive_in_order_and_length(backend):
    sizes = [1, 7, 8, 9, 24, 255, 256]
    p = Producer(backend, sizes, 4096)
    assert p.ring.drain() == []
    assert p.run() == 0
    assert p.ring.drain() == [STACK[:n] for n in sizes]
    assert p.ring.drain() == []


def test_the_ring_wraps_around(backend):
    sizes = [100, 3, 256]
    p = Producer(backend, sizes, 4096)
    for _ in range(40):
        assert p.run() == 0
        assert p.ring.drain() == [STACK[:n] for n in sizes]


def test_a_full_ring_refuses_and_keeps_what_it_has(backend):
    p = Producer(backend, [248], 4096)
    results = [p.run() for _ in range(40)]
    kept = results.count(0)
    assert kept == 4096 // 256 - 1 or kept == 4096 // 256
    assert set(results[kept:]) == {2**32 - errno.EAGAIN}
    assert p.ring.drain() == [STACK[:248]] * kept
    assert p.run() == 0


def test_drain_takes_no_more_than_asked(backend):
    p = Producer(backend, [8, 16, 32], 4096)
    p.run()
    assert p.ring.drain(2) == [STACK[:8], STACK[:16]]
    assert p.ring.ring.has_data()
    p.run()
    assert p.ring.drain(1) == [STACK[:32]]
    assert p.ring.drain(10) == [STACK[:8], STACK[:16], STACK[:32]]


@settings(max_examples=15)
@given(st.lists(st.integers(1, 256), min_size=1, max_size=12), st.lists(st.integers(0, 5), max_size=6))
def test_any_mix_of_sizes_and_limits(sizes, limits):
    backend = KernelBackend()
    try:
        p = Producer(backend, sizes, 8192)
        expected = [STACK[:n] for n in sizes]
        for limit in [*limits, 0]:
            p.run()
            got = []
            while batch := p.ring.drain(limit):
                assert not limit or len(batch) <= limit
                got += batch
            assert got == expected
    finally:
        backend.close()


def test_wait_returns_for_data_and_for_wake(backend):
    import time

    p = Producer(backend, [8], 4096)
    p.run()
    backend.wait(None)  # data is there already
    p.ring.drain()
    start = time.monotonic()
    backend.wait(0.05)
    assert time.monotonic() - start > 0.04
    backend.wake()
    backend.wait(None)
    import threading

    threading.Timer(0.05, p.run).start()
    backend.wait(10)
    assert len(p.ring.drain()) == 1


def test_a_ring_is_not_read_in_a_fork(backend):
    p = Producer(backend, [8], 4096)
    p.run()
    pid = os.fork()
    if pid == 0:
        try:
            p.ring.drain()
        except UsageError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert len(p.ring.drain()) == 1


def test_given_up_records_are_skipped(backend):
    """reserve, reserve, discard the first, submit the second."""
    from ebee.isa.opcodes import BPF_JEQ, BPF_JMP, LDDW, R1, R2, R3, R6, R7
    from ebee.kernel.stub import call, mov

    reserve = [Insn(LDDW, R1), mov_imm(R2, 16), mov_imm(R3, 0), call(131)]
    insns = [
        *reserve, mov(R6, R0),
        *reserve, mov(R7, R0),
        Insn(BPF_JMP | BPF_JEQ, R6, off=3), mov(R1, R6), mov_imm(R2, 0), call(133),
        Insn(BPF_JMP | BPF_JEQ, R7, off=5),
        store_imm(8, R7, 0, 5), store_imm(8, R7, 8, 6), mov(R1, R7), mov_imm(R2, 0), call(132),
        mov_imm(R0, 0), Insn(EXIT),
    ]  # fmt: skip
    prog = raw_program(insns, "discards", map_relocs(insns, "ring"))
    obj = object_of(prog, maps=[ring(size=4096)])
    r = backend.create_map(obj.maps["ring"], obj)
    loaded = backend.load_program(prog, obj, {"ring": r})
    for _ in range(200):
        backend.test_run(loaded, protocol.TestRun())
        assert r.drain() == [(5).to_bytes(8, "little") + (6).to_bytes(8, "little")]
    assert not r.ring.has_data()
