"""Helper functions: results, errors and zero filling as the kernel's."""

from __future__ import annotations

import errno
import threading

import pytest

from ebee.abi import bpf
from ebee.abi.helper_signatures import HELPER_SIGNATURES
from ebee.abi.helpers import HELPER_IDS
from ebee.engine import helpers as h
from ebee.engine.bprintf import bprintf
from ebee.engine.helpers import HELPERS
from ebee.engine.interpreter import Machine
from ebee.engine.maps import create_map
from ebee.engine.task import TaskContext
from ebee.errors import ExecutionError, FaultError
from ebee.isa.asm import assemble
from ebee.spec.object import MapSpec

USER = 0x7FFC_0000_1000
USER_MEMORY = b"hello\0world"


def read_user(address, size):
    off = address - USER
    return USER_MEMORY[off : off + size] if off >= 0 else b""


@pytest.fixture
def vm():
    machine = Machine()
    machine.task = TaskContext(
        tgid=10, pid=11, uid=12, gid=13, comm=b"a-very-long-name", cpu=3, ktime_ns=lambda: 123,
        random_u32=lambda: 0x1_0000_0007, read_user=read_user,
    )  # fmt: skip
    return machine


@pytest.fixture
def buf(vm):
    data = bytearray(b"\xff" * 16)
    return vm.memory.map(data, "the buffer"), data


def test_the_task(vm, buf):
    address, data = buf
    assert h.get_current_pid_tgid(vm) == 10 << 32 | 11
    assert h.get_current_uid_gid(vm) == 13 << 32 | 12
    assert h.get_smp_processor_id(vm) == 3
    assert h.ktime_get_ns(vm) == 123
    assert h.get_prandom_u32(vm) == 7
    assert h.get_current_comm(vm, address, 16) == 0
    assert bytes(data) == b"a-very-long-nam\0"
    assert h.get_current_comm(vm, address, 4) == 0
    assert bytes(data[:5]) == b"a-v\0r"
    assert h.get_current_comm(vm, address, 0) == -errno.EINVAL


@pytest.mark.parametrize("read", [h.probe_read_user, h.probe_read])
def test_probe_read_user(vm, buf, read):
    address, data = buf
    assert read(vm, address, 5, USER) == 0
    assert bytes(data[:6]) == b"hello\xff"
    assert read(vm, address, 12, USER) == -errno.EFAULT
    assert bytes(data) == bytes(12) + b"\xff" * 4
    assert read(vm, address, 0, 0) == 0
    with pytest.raises(FaultError):
        read(vm, address, 17, USER)


@pytest.mark.parametrize("read", [h.probe_read_user_str, h.probe_read_str])
def test_probe_read_user_str(vm, buf, read):
    address, data = buf
    assert read(vm, address, 16, USER) == 6
    assert bytes(data[:7]) == b"hello\0\xff"
    assert read(vm, address, 4, USER) == 4
    assert bytes(data[:4]) == b"hel\0"
    assert read(vm, address, 16, USER + 6) == -errno.EFAULT  # no NUL before the memory ends
    assert bytes(data) == bytes(16)
    assert read(vm, address, 5, USER + 6) == 5
    assert read(vm, address, 16, USER - 1) == -errno.EFAULT
    assert read(vm, address, 0, USER) == 0


def test_probe_read_kernel_is_the_engines_memory(vm, buf):
    address, data = buf
    source = vm.memory.map(b"kernel\0x", "source")
    for read, read_str in ((h.probe_read_kernel, h.probe_read_kernel_str), (h.probe_read, h.probe_read_str)):
        data[:] = b"\xff" * 16
        assert read(vm, address, 8, source) == 0
        assert bytes(data[:9]) == b"kernel\0x\xff"
        assert read(vm, address, 9, source) == -errno.EFAULT
        assert bytes(data[:9]) == bytes(9)
        assert read_str(vm, address, 16, source) == 7
        assert read_str(vm, address, 16, source + 7) == -errno.EFAULT
    assert h.probe_read_kernel(vm, address, 4, USER) == -errno.EFAULT


def test_strncmp(vm):
    def compare(a, b, size):
        return h.strncmp(vm, vm.memory.map(a, "a"), size, vm.memory.map(b, "b"))

    assert compare(b"abc\0", b"abc\0", 4) == 0
    assert compare(b"abcX", b"abcY\0", 3) == 0
    assert compare(b"abd\0", b"abc\0", 4) > 0
    assert compare(b"ab\0\0", b"abc\0", 4) < 0
    assert compare(b"ab\0z", b"ab\0y", 4) == 0
    with pytest.raises(FaultError):
        compare(b"abcd", b"abc", 4)


def test_maps_from_a_program():
    machine = Machine()
    ring = create_map(MapSpec("ring", bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096), machine.memory, threading.RLock())
    table = create_map(MapSpec("table", bpf.BPF_MAP_TYPE_HASH, 4, 8, 4), machine.memory, threading.RLock())
    machine.maps = {m.handle: m for m in (ring, table)}
    text = """
        *(u32 *)(r10 - 4) = 1
        *(u64 *)(r10 - 16) = 40
        r1 = TABLE ll
        r2 = r10
        r2 += -4
        r3 = r10
        r3 += -16
        r4 = 0
        call 2
        r1 = TABLE ll
        r2 = r10
        r2 += -4
        call 1
        if r0 == 0 goto out
        *(u64 *)(r0 + 0) = 41
        r6 = r0
        r1 = RING ll
        r2 = 8
        r3 = 0
        call 131
        if r0 == 0 goto out
        r1 = *(u64 *)(r6 + 0)
        *(u64 *)(r0 + 0) = r1
        r1 = r0
        r2 = 0
        call 132
        r1 = TABLE ll
        r2 = r10
        r2 += -4
        call 3
    out:
        exit
    """
    insns = assemble(text, symbols={"TABLE": table.handle, "RING": ring.handle})
    assert machine.load(insns).run() == 0
    assert ring.drain() == [(41).to_bytes(8, "little")]
    assert table.lookup((1).to_bytes(4, "little")) is None


def test_a_submitted_record_is_gone(vm):
    ring = create_map(MapSpec("ring", bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096), vm.memory, threading.RLock())
    vm.maps[ring.handle] = ring
    symbols = {"RING": ring.handle}
    reserve = "r1 = RING ll\nr2 = 8\nr3 = 0\ncall 131\nr6 = r0\n"
    submit = "r1 = r6\nr2 = 0\ncall 132\n"
    with pytest.raises(FaultError, match="nothing is there"):
        vm.load(assemble(reserve + submit + "*(u8 *)(r6 + 0) = 1\nexit", symbols=symbols)).run()
    with pytest.raises(ExecutionError, match="no reserved ring-buffer record"):
        vm.load(assemble(reserve + submit + submit + "exit", symbols=symbols)).run()
    # A program that fails before it submits: the record is discarded, the ring goes on.
    with pytest.raises(FaultError, match="a record of ring buffer 'ring' has 8 bytes"):
        vm.load(assemble(reserve + "*(u8 *)(r6 + 8) = 1\nexit", symbols=symbols)).run()
    assert ring.output(b"next", 0) == 0
    assert ring.drain() == [bytes(8), bytes(8), b"next"]


def test_wrong_maps(vm):
    table = create_map(MapSpec("table", bpf.BPF_MAP_TYPE_HASH, 4, 8, 4), vm.memory, threading.RLock())
    vm.maps[table.handle] = table
    with pytest.raises(ExecutionError, match="is no map"):
        h.map_lookup_elem(vm, 5, 0)
    with pytest.raises(ExecutionError, match="map 'table' is no ring buffer"):
        h.ringbuf_reserve(vm, table.handle, 8, 0)


def test_for_each_map_elem():
    machine = Machine()
    table = create_map(MapSpec("table", bpf.BPF_MAP_TYPE_HASH, 4, 8, 8), machine.memory, threading.RLock())
    machine.maps[table.handle] = table
    for n in (1, 2, 3):
        table.update_value(n.to_bytes(4, "little"), (n * 10).to_bytes(8, "little"), 0)
    text = """
        *(u64 *)(r10 - 8) = 0
        r1 = TABLE ll
        lddw r2, code_addr(each)
        r3 = r10
        r3 += -8
        r4 = 0
        call 164
        r0 <<= 32
        r1 = *(u64 *)(r10 - 8)
        r0 |= r1
        exit
    each:
        r1 = *(u32 *)(r2 + 0)
        r3 = *(u64 *)(r3 + 0)
        r3 += r1
        r5 = *(u64 *)(r4 + 0)
        r5 += r3
        *(u64 *)(r4 + 0) = r5
        r0 = 0
        if r1 != 2 goto out
        r0 = 1
    out:
        exit
    """
    assert machine.load(assemble(text, symbols={"TABLE": table.handle})).run() == 2 << 32 | (11 + 22)


def test_trace_printk(vm):
    lines = []
    vm.trace = lines.append
    text = vm.memory.map(b"pid %d %s\n\0", "format")
    assert h.trace_printk(vm, text, 11, 42, USER, 0) == len("pid 42 hello\n")
    assert lines == ["pid 42 hello\n"]
    assert h.trace_printk(vm, text, 10, 42, USER, 0) == -errno.EINVAL


@pytest.mark.parametrize(
    ("fmt", "args", "text"),
    [
        (b"100%%", (), "100%"),
        (b"%d %u", (0xFFFF_FFFF, 0xFFFF_FFFF), "-1 4294967295"),
        (b"%ld %llu %lx", (1 << 63, 1 << 63, 255), f"{-(1 << 63)} {1 << 63} ff"),
        (b"%5d|%-5d|%05d|%+d", (7, 7, 7, 7), "    7|7    |00007|+7"),
        (b"%c%c", (0x41, 0x142), "AB"),
        (b"%px", (0xFFFF_8000_0000_0000,), "ffff800000000000"),
        (b"%10s|", (1,), "    text1s|"),
        (b"%pks", (2,), "text2k"),
    ],
)
def test_bprintf(fmt, args, text):
    assert bprintf(fmt, args, lambda address, space: f"text{address}{space}".encode()) == text.encode()


@pytest.mark.parametrize("fmt", [b"%d%d", b"%y", b"%p%", b"%f", b"%", b"%.3d", b"%#x", b"%pz", b"%sx", b"\x01", b"%lls"])
def test_bprintf_refuses(fmt):
    assert bprintf(fmt, (1,), lambda address, space: b"") is None


def test_numbers_are_the_kernels():
    for name in h.supported():
        assert HELPERS[HELPER_IDS[name]].__name__ == name
    with pytest.raises(KeyError):
        HELPERS[HELPER_IDS["find_vma"]]


def test_arguments_are_the_kernels():
    """No helper takes more arguments than the kernel's (the machine comes first)."""
    for name in h.supported():
        function = getattr(h, name)
        if function is not h.trace_printk:  # variadic
            arguments = HELPER_SIGNATURES[HELPER_IDS[name]].partition("(")[2]
            expected = 0 if arguments == "void)" else arguments.count(",") + 1
            assert function.__code__.co_argcount - 1 <= expected, function.__name__
