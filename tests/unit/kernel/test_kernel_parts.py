"""Parts of the kernel backend that need no privilege: stubs, layouts, ring memory, static functions, refusals."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebee.abi import bpf as abi
from ebee.abi.bpf import BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT
from ebee.btf.build import BtfBuilder
from ebee.btf.read import Btf
from ebee.errors import FormatError, NotSupported, PermissionMissing
from ebee.isa.asm import assemble
from ebee.isa.encode import decode, encode
from ebee.isa.insn import Insn
from ebee.isa.opcodes import BPF_JMP, BPF_PSEUDO_CALL, CALL, EXIT, R0, R1
from ebee.kernel import relocate, syscall_entry, task_layout, vmlinux
from ebee.kernel.backend import KernelBackend
from ebee.kernel.ringbuf import RingReader
from ebee.kernel.scope import exec_insns, exit_insns, fork_insns, load_own, seed_insns
from ebee.kernel.stub import Stub, mov, mov_imm
from ebee.kernel.types import source_span, with_static_functions
from ebee.spec.object import LineInfo, ProgramSpec, Reloc
from ebee.sys.os_seam import Os, swapped

LAYOUT = task_layout.TaskLayout(1000, 1200, 4, 16)


class FakeOs(Os):
    def __init__(self, machine="x86_64", bpf_result=0, caps=(1 << 39) | (1 << 38), files=None):
        super().__init__()
        self.machine, self.bpf_result, self.caps, self.files = machine, bpf_result, caps, files or {}

    def bpf(self, cmd, attr):
        return self.bpf_result

    def capget(self):
        return self.caps

    def read_file(self, path, dir_fd=None):
        if path not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return self.files[path]

    def map_file(self, path):
        return self.read_file(path)

    def map_shared(self, fd, length_bytes, off_bytes, writable):
        return self.files[off_bytes]


# -- stubs ---------------------------------------------------------------------------------------------------


def check_jumps(insns):
    """Every jump lands on an instruction, every path ends in exit or call-and-exit."""
    slots = [0]
    for insn in insns:
        slots.append(slots[-1] + insn.slots)
    for i, insn in enumerate(insns):
        is_jump = insn.opcode & 7 == BPF_JMP and insn.opcode not in (CALL, EXIT)
        if is_jump:
            assert slots[i] + 1 + insn.off in slots
    assert decode(encode(insns)) == insns


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("event", ["syscalls:sys_enter_openat", "syscalls:sys_exit_openat"])
@pytest.mark.parametrize("scope_fd", [-1, 9])
def test_stubs_hold_together(monkeypatch, machine, event, scope_fd):
    monkeypatch.setattr(task_layout, "_layout", LAYOUT)
    stub = syscall_entry.stub_for(event, machine, scope_fd)
    check_jumps(stub)
    calls = [i for i, insn in enumerate(stub) if insn.opcode == CALL and insn.src_reg == BPF_PSEUDO_CALL]
    assert len(calls) == 1
    after = sum(insn.slots for insn in stub[calls[0] + 1 :])
    assert stub[calls[0]].imm == after  # the program follows the stub


def test_own_programs_hold_together():
    for insns in (seed_insns(5), fork_insns(5, 6, LAYOUT), exec_insns(5), exit_insns(5, LAYOUT)):
        check_jumps(insns)
        assert insns[-1] == Insn(EXIT)


def test_a_stub_in_front_leaves_or_goes_on():
    stub = Stub(mov(6, R1))
    stub.leave_if(0x50, 6, 7)
    assert stub.before(6) == [
        mov(6, R1), Insn(0x55, 6, off=1, imm=7), Insn(BPF_JMP, off=2), mov_imm(R0, 0), Insn(EXIT), mov(R1, 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"attach_to": "syscalls:sys_exit_openat"}, True),
        ({"attach_to": "syscalls:sys_enter_nothing"}, False),
        ({"attach_to": "sched:sched_switch"}, False),
        ({"stack_size": 416}, True),
        ({"stack_size": 417}, False),
        ({"insns": [Insn(CALL, imm=27)]}, False),  # get_stackid wants the context
        ({"insns": [Insn(CALL, imm=14)]}, True),
        ({"insns": [Insn(CALL, src_reg=BPF_PSEUDO_CALL, imm=27)]}, True),
    ],
)
def test_which_programs_go_behind_the_stub(change, expected):
    prog = ProgramSpec("p", "tracepoint/x", abi.BPF_PROG_TYPE_TRACEPOINT, "syscalls:sys_enter_openat")
    prog = prog.replace(**change)
    assert syscall_entry.can_wrap(prog, "GPL", "x86_64") is expected
    assert syscall_entry.can_wrap(prog, "Dual BSD/GPL", "aarch64") is expected
    assert not syscall_entry.can_wrap(prog, "Proprietary", "x86_64")
    assert not syscall_entry.can_wrap(prog, "GPL", "riscv64")


# -- the layout of kernel structs ----------------------------------------------------------------------------


def tiny_vmlinux():
    """Structs of which one member hides in an anonymous struct, as with randomised layouts."""
    btf = BtfBuilder()
    from ebee.btf.read import Member

    i32 = btf.add_signed("int", 4)
    ulong = btf.add_int("unsigned long", 8)
    info = btf.add_struct("thread_info", 16, [Member("flags", ulong, 0), Member("status", i32, 64)])
    signal = btf.add_struct("signal_struct", 8, [Member("sigcnt", i32, 0), Member("live", i32, 32)])
    hidden = btf.add_struct("", 16, [Member("signal", btf.add_ptr(signal), 0), Member("tgid", i32, 64)])
    btf.add_struct("task_struct", 40, [Member("thread_info", info, 64), Member("", hidden, 192)])
    return btf.encode()


def notes(build_id):
    head = b"".join(n.to_bytes(4, "little") for n in (4, len(build_id), 3))
    return head + b"GNU\0" + build_id


@pytest.fixture
def fresh_layout(monkeypatch, tmp_path):
    monkeypatch.setattr(task_layout, "_layout", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_the_layout_comes_from_btf_and_is_kept(fresh_layout, monkeypatch):
    files = {task_layout.VMLINUX_BTF: tiny_vmlinux(), "/sys/kernel/notes": notes(b"\xab" * 20)}
    expected = task_layout.TaskLayout(32, 24, 4, 16)
    with swapped(FakeOs(files=files)):
        assert task_layout.task_layout() == expected
    (kept,) = (fresh_layout / "ebee").iterdir()
    assert "ab" * 20 in kept.name
    monkeypatch.setattr(task_layout, "_layout", None)
    del files[task_layout.VMLINUX_BTF]
    with swapped(FakeOs(files=files)):
        assert task_layout.task_layout() == expected


@pytest.mark.parametrize(
    "text", ["", "1 2 3 4", "8 8 8", "8 8 8 8 8", "4 4 4 -4", "4 4 4 4000000", "a b c d", "\udcff"]
)
def test_a_cache_that_makes_no_sense_is_made_anew(fresh_layout, text):
    files = {task_layout.VMLINUX_BTF: tiny_vmlinux(), "/sys/kernel/notes": notes(b"\x01" * 20)}
    with swapped(FakeOs(files=files)):
        path = task_layout.cache_path("task-layout")
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as f:
            f.write(text.encode("utf-8", "surrogateescape"))
        assert task_layout.task_layout() == task_layout.TaskLayout(32, 24, 4, 16)
    with open(path) as f:
        assert f.read() == "32 24 4 16"


def test_without_a_cache_it_works_as_well(monkeypatch, fresh_layout):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    files = {task_layout.VMLINUX_BTF: tiny_vmlinux(), "/sys/kernel/notes": notes(b"\x02" * 20)}
    with swapped(FakeOs(files=files)):
        assert task_layout.task_layout().task_tgid == 32


def test_a_kernel_without_btf_is_not_supported(fresh_layout):
    with swapped(FakeOs()), pytest.raises(NotSupported, match="following processes"):
        task_layout.task_layout()
    with swapped(FakeOs(files={task_layout.VMLINUX_BTF: b"nonsense"})), pytest.raises(NotSupported):
        task_layout.task_layout()


# -- ring buffers in memory of the test's own ----------------------------------------------------------------


class Ring:
    """What the kernel would write, in two plain buffers."""

    def __init__(self, size=4096):
        self.page, self.size = os.sysconf("SC_PAGESIZE"), size
        self.consumer, self.producer = Area(self.page), Area(self.page + 2 * size)
        self.end = 0

    def reader(self):
        with swapped(FakeOs(files={0: self.consumer, self.page: self.producer})):
            return RingReader(3, self.size, "ring")

    def _write(self, at, data):
        for i, byte in enumerate(data):
            off = (at + i) % self.size
            self.producer[self.page + off] = byte
            self.producer[self.page + self.size + off] = byte

    def put(self, data, flags=0):
        at = self.end
        self._write(at, (len(data) | flags).to_bytes(4, "little") + bytes(4) + data)
        self.end += len(data) + 15 & ~7
        self.producer[:8] = self.end.to_bytes(8, "little")
        return at

    def flag(self, at, length, flags):
        self._write(at, (length | flags).to_bytes(4, "little"))

    def consumed(self):
        return int.from_bytes(self.consumer[:8], "little")


class Area(bytearray):
    def close(self):
        pass


def test_unfinished_records_hold_back_those_after():
    ring = Ring()
    reader = ring.reader()
    ring.put(b"one")
    at = ring.put(b"second", BPF_RINGBUF_BUSY_BIT)
    ring.put(b"three")
    assert [bytes(r) for r in reader.drain()] == [b"one"]
    assert not reader.has_data()
    assert ring.consumed() == 16
    ring.flag(at, 6, 0)
    assert reader.has_data()
    assert [bytes(r) for r in reader.drain()] == [b"second", b"three"]
    reader.close()
    reader.close()
    assert not reader.has_data()


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=900), st.booleans()), max_size=40), st.integers(0, 3))
def test_what_is_put_comes_out_once_and_in_order(records, limit):
    ring = Ring()
    reader = ring.reader()
    out, expected = [], []
    for data, is_discarded in records:
        ring.put(data, BPF_RINGBUF_DISCARD_BIT if is_discarded else 0)
        expected += [] if is_discarded else [data]
        batch = reader.drain(limit)
        assert not limit or len(batch) <= limit
        out += [bytes(r) for r in batch]
    while batch := reader.drain(limit):
        out += [bytes(r) for r in batch]
    assert out == expected
    assert ring.consumed() == ring.end


def unpacked(packed, size):
    step = size + 15 & ~7
    assert len(packed) % step == 0
    return [bytes(packed[at + 8 : at + 8 + size]) for at in range(0, len(packed), step)]


KINDS = st.sampled_from(["plain", "plain", "plain", "longer", "discarded", "busy"])


@given(st.integers(1, 40), st.lists(KINDS, max_size=60), st.integers(0, 5), st.integers(0, 500))
def test_records_of_one_size_in_one_piece(size, kinds, limit, begin):
    """The same as one by one: given-up ones left out, longer ones cut, nothing taken behind one still written."""
    ring = Ring()
    ring.consumer[:8] = (8 * begin).to_bytes(8, "little")  # anywhere in the buffer, also where it wraps
    ring.end = 8 * begin
    ring.producer[:8] = ring.end.to_bytes(8, "little")
    reader = ring.reader()
    out, expected, held = [], [], []
    for n, kind in enumerate(kinds):
        data = bytes([n]) * size
        if held and kind == "busy":
            ring.flag(held.pop(), size, 0)  # finished now
        elif not held and kind == "busy":
            held.append(ring.put(data, BPF_RINGBUF_BUSY_BIT))
            expected.append(data)
        elif kind == "discarded":
            ring.put(data, BPF_RINGBUF_DISCARD_BIT)
        else:
            ring.put(data + b"xyz" * (kind == "longer"))
            expected.append(data)
        if n % 3 == 0:
            found = unpacked(reader.drain_packed(size, limit, "ring"), size)
            assert not limit or len(found) <= limit
            out += found
            assert out == expected[: len(out)] and (not held or ring.consumed() <= held[0])
    for at in held:
        ring.flag(at, size, 0)
    while found := unpacked(reader.drain_packed(size, limit, "ring"), size):
        out += found
    assert out == expected and ring.consumed() == ring.end
    reader.close()
    assert reader.drain_packed(size, 0, "ring") == b""


def test_many_records_with_some_given_up():
    ring = Ring(size=1 << 16)
    reader = ring.reader()
    numbers = range(3000)
    for n in numbers:
        ring.put(n.to_bytes(8, "little"), BPF_RINGBUF_DISCARD_BIT if n % 700 == 699 else 0)
    expected = [n for n in numbers if n % 700 != 699]
    found = unpacked(reader.drain_packed(8, 0, "ring"), 8)
    assert [int.from_bytes(r, "little") for r in found] == expected and ring.consumed() == ring.end


def test_records_that_are_too_short_are_passed_over():
    ring = Ring()
    reader = ring.reader()
    for data in (b"12345678", b"1234", b"abcdefgh"):
        ring.put(data)
    assert unpacked(reader.drain_packed(8, 0, "ring"), 8) == [b"12345678"]
    with pytest.raises(FormatError, match="ring: a record has 4 bytes, and its type 8"):
        reader.drain_packed(8, 0, "ring")
    assert unpacked(reader.drain_packed(8, 0, "ring"), 8) == [b"abcdefgh"]


# -- types ---------------------------------------------------------------------------------------------------


def test_only_the_named_functions_become_static():
    btf = BtfBuilder()
    i32 = btf.add_signed("int", 4)
    btf.add_enum("e", [("a", 1), ("b", 2)])
    proto = btf.add_func_proto(i32, [("ctx", btf.add_ptr(0))])
    first, second = btf.add_func("first", proto), btf.add_func("second", proto)
    blob = btf.encode()
    changed = Btf(with_static_functions(blob, {first, i32}))
    assert [changed.by_id(i).linkage for i in (first, second)] == [0, 1]
    assert with_static_functions(blob, set()) == blob
    assert with_static_functions(blob[:40], {first})[:24] == blob[:24]


def test_the_source_line_is_the_last_one_before_the_instruction():
    btf = BtfBuilder()
    btf.add_signed("int", 4)
    file, a, b = (btf.string(t) for t in ("f.py", "a = 1", "b = 2"))
    prog = ProgramSpec("p", "raw_tp/x", 17)
    prog.line_info = [LineInfo(2, file, a, 10, 3), LineInfo(5, file, b, 11)]
    blob = btf.encode()
    assert source_span(prog, blob, 1) is None
    assert str(source_span(prog, blob, 4)) == "f.py:10:3"
    found = source_span(prog, blob, 9)
    assert (found.line, found.col, found.text) == (11, 0, "b = 2")
    assert source_span(prog, b"", 9) is None
    assert source_span(prog, b"garbage", 9) is None


# -- who may -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fake", "reasons"),
    [
        (FakeOs(caps=0), ["CAP_BPF", "CAP_PERFMON"]),
        (FakeOs(caps=1 << 39), ["CAP_PERFMON"]),
        (FakeOs(bpf_result=-errno.EFAULT), []),
        (FakeOs(bpf_result=-errno.EFAULT, caps=1 << 21), []),
    ],
)
def test_unavailable_names_what_is_missing(fake, reasons):
    with swapped(fake):
        assert KernelBackend.unavailable() == reasons


def test_unavailable_with_the_capabilities_but_not_the_call():
    with swapped(FakeOs(bpf_result=-errno.EPERM)):
        assert "bpf(2)" in KernelBackend.unavailable()[0]
    with swapped(FakeOs(bpf_result=-errno.ENOSYS)):
        assert "kernel" in KernelBackend.unavailable()[0]


def test_own_programs_without_privilege_are_a_missing_privilege():
    with swapped(FakeOs(bpf_result=-errno.EPERM)), pytest.raises(PermissionMissing, match="CAP_PERFMON"):
        load_own("p", seed_insns(1))


def test_features_without_privilege_are_unknown_and_say_why():
    from ebee.kernel.features import UNKNOWN, YES, probe

    with swapped(FakeOs(bpf_result=-errno.EPERM, caps=0)):
        found = {f.name: f for f in probe()}
    assert found["tracing"].state == "no"
    assert found["ringbuf"].state == UNKNOWN and "CAP_BPF" in found["ringbuf"].why
    assert found["hash"].state != YES
    assert all(f.state == UNKNOWN for f in found.values() if f.group in ("map types", "instructions"))


# -- symbols of the kernel and its modules -------------------------------------------------------------------


class ModulesOs(FakeOs):
    """A kernel with a module `toy`, whose types go on where the kernel's end."""

    def list_directory(self, path):
        return ["vmlinux", "toy", "gone"]


def test_functions_are_found_in_the_kernel_and_in_modules(monkeypatch):
    kernel = BtfBuilder()
    proto = kernel.add_func_proto(0, [])
    own = kernel.add_func("bpf_own_impl", proto)
    kernel.add_var("per_cpu_thing", kernel.add_int("int", 4))
    base = Btf(kernel.encode())
    # A split BTF: its ids and strings go on where the base's end.
    strings = len(kernel._strings)
    words = [strings + 1, 12 << 24 | 1, proto]
    types = b"".join(w.to_bytes(4, "little") for w in words)
    text = b"\0bpf_toy\0"
    head = b"\x9f\xeb\x01\0" + b"".join(w.to_bytes(4, "little") for w in (24, 0, len(types), len(types), len(text)))
    files = {"/sys/kernel/btf/toy": head + types + text}
    monkeypatch.setattr(vmlinux, "_found", [base])

    class Module:
        number = 55

    asked = []
    monkeypatch.setattr(vmlinux, "module_btf_fd", lambda name: asked.append(name) or Module())
    program = ProgramSpec("p", "syscall", 31)
    program.insns = assemble("call 1\ncall 1\ncall 1\nexit")
    program.relocs = [Reloc(0, "kfunc", "bpf_own"), Reloc(1, "kfunc", "bpf_toy"), Reloc(2, "kfunc", "bpf_no", is_weak=True)]
    with swapped(ModulesOs(files=files)):
        out = relocate.relocate(program, None, {}, None)
    assert [(i.src_reg, i.off, i.imm) for i in out.insns[:3]] == [
        (2, 0, own), (2, 1, base.type_count), (0, 0, relocate.POISON_KFUNC)
    ]  # fmt: skip
    assert asked == ["toy"] and [m.number for m in out.modules] == [55] and "bpf_no" in str(out.missing[0][1])
    program.relocs = [Reloc(1, "kfunc", "bpf_no")]
    with swapped(ModulesOs(files=files)), pytest.raises(NotSupported, match="kernel function 'bpf_no'"):
        relocate.relocate(program, None, {}, None)
