"""The engine as a backend: maps, relocation, events, failures, waiting."""

from __future__ import annotations

import errno
import signal
import threading
import time

import pytest

from ebee.abi import bpf
from ebee.btf.build import BtfBuilder
from ebee.engine.backend import EngineBackend
from ebee.engine.task import TaskContext
from ebee.errors import ExecutionError, FaultError, FormatError, NotSupported, SyscallError, UnknownProbe, UsageError
from ebee.isa.asm import assemble
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LineInfo, MapSpec, ObjectSpec, ProgramSpec, Reloc
from ebee.spec.target import Target, TracepointField, TracepointFormat

OPENAT = TracepointFormat(
    "syscalls:sys_enter_openat",
    {
        "__syscall_nr": TracepointField("__syscall_nr", "int", 8, 4, True),
        "dfd": TracepointField("dfd", "int", 16, 8, False),
        "filename": TracepointField("filename", "const char *", 24, 8, False),
    },
)
TARGET = Target("test", "x86_64", {OPENAT.event: OPENAT}.get, lambda: [OPENAT.event])
RECORD = bytes(16) + (3).to_bytes(8, "little") + (0x7FFC_0000).to_bytes(8, "little")
MAPS = {
    "counts": MapSpec("counts", bpf.BPF_MAP_TYPE_HASH, 4, 8, 4),
    "ring": MapSpec("ring", bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, 4096),
    "globals": MapSpec("globals", bpf.BPF_MAP_TYPE_ARRAY, 4, 16, 1, initial=b"\1" * 16),
}


@pytest.fixture
def backend():
    made = EngineBackend(TARGET)
    yield made
    made.close()


def program(text, relocs=(), prog_type=bpf.BPF_PROG_TYPE_TRACEPOINT, **more):
    section = "tracepoint/syscalls/sys_enter_openat"
    insns = assemble(text)
    return ProgramSpec("prog", section, prog_type, OPENAT.event, insns=insns, relocs=list(relocs), **more)


def load(backend, spec, names=()):
    obj = ObjectSpec("test", {spec.name: spec}, {name: MAPS[name] for name in names})
    maps = {name: backend.create_map(MAPS[name], obj) for name in names}
    return backend.load_program(spec, obj, maps, backend.scope()), maps


SEND_FILENAME = """
    r6 = *(u64 *)(r1 + 0)
    *(u64 *)(r10 - 8) = r6
    r1 = map[fd:0]
    r2 = r10
    r2 += -8
    r3 = 8
    r4 = 0
    call 130
    exit
"""
SEND_RELOCS = [Reloc(0, "tp_field", "filename", size_bytes=8), Reloc(2, "map", "ring")]


def test_an_event_goes_through_a_program_into_the_ring(backend):
    prog, maps = load(backend, program(SEND_FILENAME, SEND_RELOCS), ["ring"])
    assert backend.fire(OPENAT.event, RECORD, TaskContext()) == []
    link = backend.attach(prog)
    assert backend.attached_events() == [OPENAT.event]
    assert backend.fire(OPENAT.event, RECORD, TaskContext()) == [0]
    assert backend.fire("syscalls:sys_enter_close", RECORD, TaskContext()) == []
    assert maps["ring"].drain() == [(0x7FFC_0000).to_bytes(8, "little")]
    link.close()
    link.close()
    assert backend.attached_events() == []
    assert backend.fire(OPENAT.event, RECORD, TaskContext()) == []


def test_two_links_run_twice(backend):
    prog, _ = load(backend, program("r0 = 4\nexit"))
    first, _second = backend.attach(prog), backend.attach(prog)
    assert backend.fire(OPENAT.event, RECORD, TaskContext()) == [4, 4]
    first.close()
    assert backend.fire(OPENAT.event, RECORD, TaskContext()) == [4]


def test_map_value_relocation(backend):
    text = "r1 = map[fd:0][0]\nr0 = *(u32 *)(r1 + 0)\n*(u32 *)(r1 + 0) = 7\nexit"
    prog, maps = load(backend, program(text, [Reloc(0, "map_value", "globals", addend=4)]), ["globals"])
    assert backend.test_run(prog, Run()).retval == 0x01010101
    assert maps["globals"].lookup(bytes(4)) == b"\1" * 4 + b"\7\0\0\0" + b"\1" * 8
    assert prog.spec.insns[0].src_reg == 2  # the spec itself is left alone


def test_loading_twice_gives_two_separate_programs(backend):
    spec = program(SEND_FILENAME, SEND_RELOCS)
    load(backend, spec, ["ring"])
    prog, maps = load(backend, spec, ["ring"])
    backend.attach(prog)
    backend.fire(OPENAT.event, RECORD, TaskContext())
    assert len(maps["ring"].drain()) == 1


@pytest.mark.parametrize(
    ("reloc", "error", "words"),
    [
        (Reloc(0, "tp_field", "nothing"), UnknownProbe, "sys_enter_openat.nothing"),
        (Reloc(0, "tp_field", "dfd", size_bytes=4), NotSupported, "4 bytes wide, and for target 'test' it has 8"),
        (Reloc(0, "map", "absent"), UsageError, "needs map 'absent'"),
        (Reloc(0, "map_value", "counts"), UsageError, "it is no array"),
        (Reloc(0, "ksym", "jiffies"), NotSupported, "the kernel's jiffies in the engine"),
        (Reloc(0, "kfunc", "bpf_sock_destroy"), NotSupported, r"bpf_sock_destroy\(\) in the engine"),
        (Reloc(0, "other", "f"), NotSupported, "relocations of kind 'other'"),
    ],
)
def test_relocations_that_cannot_be(backend, reloc, error, words):
    with pytest.raises(error, match=words):
        load(backend, program("r0 = *(u64 *)(r1 + 0)\nexit", [reloc]), ["counts"])


def test_what_the_engine_lacks(backend):
    with pytest.raises(NotSupported, match="BPF_PROG_TYPE_SK_MSG in the engine"):
        load(backend, program("r0 = 2\nexit", prog_type=bpf.BPF_PROG_TYPE_SK_MSG))
    with pytest.raises(NotSupported, match="bpf_find_vma in the engine"):
        load(backend, program("call 180\nexit"))
    kprobe, _ = load(backend, program("r0 = 0\nexit", prog_type=bpf.BPF_PROG_TYPE_KPROBE))
    with pytest.raises(NotSupported, match="the hook"):
        backend.attach(kprobe)
    spec = program("r0 = 0\nexit")
    spec.attach_to = "syscalls:sys_enter_opemat"
    with pytest.raises(UnknownProbe, match="did you mean syscalls:sys_enter_openat"):
        backend.attach(load(backend, spec)[0])
    with pytest.raises(SyscallError) as caught:
        backend.create_map(MapSpec("bad", bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, 1000), ObjectSpec("o"))
    assert caught.value.errno == errno.EINVAL


def test_context_is_read_only_and_bounded(backend):
    for text, words in (
        ("*(u64 *)(r1 + 16) = 1\nexit", "the record of syscalls:sys_enter_openat is read-only"),
        ("r0 = *(u64 *)(r1 + 32)\nexit", "has 32 bytes, and this is at offset 32"),
    ):
        prog, _ = load(backend, program(text))
        link = backend.attach(prog)
        assert backend.fire(OPENAT.event, RECORD, TaskContext()) == []
        link.close()
        with pytest.raises(FaultError, match=words):
            backend.wait(0)
        backend.wait(0)  # raised once


def test_a_failing_program_is_stopped_and_others_go_on(backend):
    bad, _ = load(backend, program("r1 = 0\nr0 = *(u8 *)(r1 + 0)\nexit"))
    good, maps = load(backend, program(SEND_FILENAME, SEND_RELOCS), ["ring"])
    backend.attach(bad)
    backend.attach(good)
    for _ in range(3):
        assert backend.fire(OPENAT.event, RECORD, TaskContext()) == [0]
    assert bad.is_stopped and not good.is_stopped
    with pytest.raises(FaultError, match="in program 'prog'"):
        backend.wait(1)
    assert len(maps["ring"].drain()) == 3


def test_failures_have_their_source_line():
    btf = BtfBuilder()
    file, first, second = (btf.string(s) for s in ("opens.py", "def f(ctx):", "    x = ctx.filename[0]"))
    lines = [LineInfo(0, file, first, 10), LineInfo(2, file, second, 11)]
    spec = program("r1 = 0 ll\nr2 = 0\nr0 = *(u8 *)(r1 + 0)\nexit", line_info=lines)
    backend = EngineBackend(TARGET)
    prog = backend.load_program(spec, ObjectSpec("o", btf=btf.encode()), {})
    with pytest.raises(FaultError, match=r"in program 'prog' at opens.py:11: x = ctx.filename\[0\]") as caught:
        backend.test_run(prog, Run())
    assert caught.value.insn_idx == 3


def test_test_run_contexts(backend):
    syscall, _ = load(
        backend, program("*(u8 *)(r1 + 1) = 9\nr0 = -1\nexit", prog_type=bpf.BPF_PROG_TYPE_SYSCALL)
    )
    result = backend.test_run(syscall, Run(ctx=b"abc"))
    assert (result.retval, result.data) == (0xFFFF_FFFF, b"a\x09c")
    text = "r6 = r1\nr7 = *(u32 *)(r1 + 0)\nr0 = *(u16 *)skb[0]\nr0 += r7\nexit"
    skb, _ = load(backend, program(text, prog_type=bpf.BPF_PROG_TYPE_SOCKET_FILTER))
    assert backend.test_run(skb, Run(data=bytes(14) + b"\x01\x02\x03", repeat=3)).retval == 0x0102 + 3


def test_task_of_a_run(backend):
    prog, _ = load(backend, program("call 14\nr0 >>= 32\nexit"))
    assert backend.test_run(prog, Run(), TaskContext(tgid=77)).retval == 77
    assert backend.test_run(prog, Run()).retval == 1
    backend.attach(prog)
    assert backend.fire(OPENAT.event, RECORD, TaskContext(tgid=5)) == [5]


def test_wait_ends_at_once_with_data(backend):
    prog, _ = load(backend, program(SEND_FILENAME, SEND_RELOCS), ["ring"])
    backend.attach(prog)
    backend.fire(OPENAT.event, RECORD, TaskContext())
    start = time.monotonic()
    backend.wait(None)
    backend.wait(5)  # still not drained
    assert time.monotonic() - start < 2


def test_wait_times_out(backend):
    start = time.monotonic()
    backend.wait(0.05)
    assert 0.04 < time.monotonic() - start < 2
    backend.wait(0)


def test_wait_ends_by_events_and_wake_from_other_threads(backend):
    prog, maps = load(backend, program(SEND_FILENAME, SEND_RELOCS), ["ring"])
    backend.attach(prog)
    timer = threading.Timer(0.05, lambda: backend.fire(OPENAT.event, RECORD, TaskContext()))
    timer.start()
    backend.wait(10)
    assert len(maps["ring"].drain()) == 1
    timer.join()
    backend.wake()
    backend.wake()
    backend.wait(10)  # a wake before the wait counts
    start = time.monotonic()
    backend.wait(0.05)
    assert time.monotonic() - start > 0.04


def test_wake_from_a_signal_handler(backend):
    old = signal.signal(signal.SIGALRM, lambda *_: backend.wake())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        start = time.monotonic()
        backend.wait(10)
        assert time.monotonic() - start < 5
    finally:
        signal.signal(signal.SIGALRM, old)


def test_events_from_one_thread_and_reads_from_another(backend):
    """Nothing is lost or torn while the ring is drained and the map is read."""
    prog, maps = load(backend, program(SEND_FILENAME, SEND_RELOCS), ["ring"])
    backend.attach(prog)
    rounds = 500

    def fire():
        for n in range(rounds):
            record = RECORD[:24] + n.to_bytes(8, "little")
            while backend.fire(OPENAT.event, record, TaskContext()) != [0]:
                time.sleep(0.001)

    thread = threading.Thread(target=fire)
    thread.start()
    seen = []
    while len(seen) < rounds:
        backend.wait(1)
        seen += maps["ring"].drain()
    thread.join()
    assert [int.from_bytes(r, "little") for r in seen] == list(range(rounds))


def test_printed_lines():
    lines = []
    backend = EngineBackend(TARGET, trace=lines.append)
    text = "*(u32 *)(r10 - 4) = 0x0a6968\nr1 = r10\nr1 += -4\nr2 = 4\ncall 6\nexit"
    prog, _ = load(backend, program(text))
    backend.test_run(prog, Run())
    assert lines == ["hi\n"]


def test_budget_and_maps_after_close(backend):
    prog, _ = load(backend, program("again: goto again"))
    with pytest.raises(ExecutionError, match="budget is used up"):
        prog.code.run(budget=1000)
    _, maps = load(backend, program("r0 = 0\nexit"), ["counts"])
    maps["counts"].update(bytes(4), bytes(8))
    backend.close()
    assert list(maps["counts"].items()) == [(bytes(4), bytes(8))]


def test_replay_of_a_missing_file(backend, tmp_path):
    with pytest.raises(FormatError, match="No such file"):
        backend.replay(str(tmp_path / "absent"))
