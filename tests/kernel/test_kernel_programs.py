"""Loading, refusing, running and attaching programs."""

from __future__ import annotations

import errno
import os
import signal
import sys

import pytest
from kernel_programs import (
    RET,
    args,
    map_relocs,
    object_of,
    output,
    raw_program,
    recorder,
    ring,
    words,
)

import kernel_features
from ebee.abi import attr as layouts
from ebee.abi import bpf as abi
from ebee.btf.build import BtfBuilder
from ebee.errors import CommandError, NotSupported, SyscallError, UnknownProbe, UsageError, VerifierError
from ebee.isa.insn import Insn
from ebee.isa.opcodes import BPF_PSEUDO_CALL, CALL, R0, R1, R2, R6, R10
from ebee.kernel.stub import EXIT, add_imm, call, load, mov, mov_imm, store, store_imm
from ebee.spec import backend as protocol
from ebee.spec.object import RELO_MAP_VALUE, RELO_TP_FIELD, FuncInfo, LineInfo, MapSpec, Reloc
from ebee.sys import bpf

pytestmark = [pytest.mark.needs_kernel, pytest.mark.vm]

HOSTNAME = "/proc/sys/kernel/hostname"


def load_one(backend, prog, maps=(), **more):
    obj = object_of(prog, maps=maps, **more)
    live = {m.name: backend.create_map(m, obj) for m in maps}
    return backend.load_program(prog, obj, live), live


# -- running -------------------------------------------------------------------------------------------------


def test_test_run_returns_r0_and_sees_the_context(backend):
    insns = [load(8, R0, R1, 8), Insn(EXIT)]
    prog, _ = load_one(backend, raw_program(insns))
    ctx = (0).to_bytes(8, "little") + (1234).to_bytes(8, "little")
    assert backend.test_run(prog, protocol.TestRun(ctx=ctx)).retval == 1234
    with pytest.raises(SyscallError) as caught:
        backend.test_run(prog, protocol.TestRun(ctx=ctx[:8]))
    assert caught.value.errno == errno.EINVAL


def test_test_run_repeats(backend):
    counter = MapSpec("counter", abi.BPF_MAP_TYPE_ARRAY, 4, 16, 1)
    from ebee.kernel.stub import atomic_add

    insns = [Insn(0x18, R1), mov_imm(R2, 3), atomic_add(R1, R2), mov_imm(R0, 0), Insn(EXIT)]
    prog = raw_program(insns, relocs=[Reloc(0, RELO_MAP_VALUE, "counter", addend=8)])
    loaded, live = load_one(backend, prog, [counter])
    backend.test_run(loaded, protocol.TestRun(repeat=5))
    assert words(live["counter"].lookup(bytes(4))) == [0, 15]


def test_packet_programs_give_the_packet_back(backend):
    from ebee.isa.opcodes import BPF_JGT, BPF_JMP, BPF_X, R3
    from ebee.spec.object import ProgramSpec

    # xdp: write 7 to the first byte of the packet, return XDP_PASS
    insns = [
        load(4, R2, R1, 0), load(4, R3, R1, 4), mov(R6, R2), add_imm(R6, 1),
        Insn(BPF_JMP | BPF_JGT | BPF_X, R6, R3, 1), store_imm(1, R2, 0, 7),
        mov_imm(R0, 2), Insn(EXIT),
    ]  # fmt: skip
    prog, _ = load_one(backend, ProgramSpec("xdp", "xdp", abi.BPF_PROG_TYPE_XDP, insns=insns))
    result = backend.test_run(prog, protocol.TestRun(data=bytes(64), repeat=3))
    assert (result.retval, result.data) == (2, b"\x07" + bytes(63))


def test_tracepoint_programs_have_no_test_run(backend):
    prog, _ = load_one(backend, recorder("syscalls:sys_enter_close", args(1)), [ring()])
    with pytest.raises(NotSupported, match="TEST_RUN"):
        backend.test_run(prog, protocol.TestRun())


# -- refusals ------------------------------------------------------------------------------------------------


def typed_object(insns, lines, section="raw_tp", event="sys_enter"):
    """An object with BTF: one function, and the given source lines as {insn_idx: (line number, text)}."""
    btf = BtfBuilder()
    int_ = btf.add_signed("int", 4)
    proto = btf.add_func_proto(int_, [("ctx", btf.add_ptr(0))])
    func = btf.add_func("probe", proto)
    file = btf.string("/src/probe.py")
    prog = raw_program(insns, "probe", attach_to=event)
    if section == "tracepoint":
        prog.prog_type, prog.section = abi.BPF_PROG_TYPE_TRACEPOINT, "tracepoint/" + event.replace(":", "/")
    prog.func_info = [FuncInfo(0, func)]
    prog.line_info = [LineInfo(i, file, btf.string(text), n, 5) for i, (n, text) in lines.items()]
    return object_of(prog, btf=btf.encode())


BAD = [
    mov_imm(R0, 0),
    Insn(0x18, R2, imm=1 << 40),  # two slots: indexes and slots differ from here on
    load(8, R0, R2, 0),
    Insn(EXIT),
]
LINES = {0: (10, "def probe(ctx):"), 2: (12, "    return p.x")}


@pytest.mark.parametrize("scoped", [False, True])
@pytest.mark.parametrize(
    ("section", "event"), [("raw_tp", "sys_enter"), ("tracepoint", "syscalls:sys_enter_close")]
)
def test_a_refusal_names_the_source_line(backend, section, event, scoped):
    obj = typed_object(BAD, LINES, section, event)
    with pytest.raises(VerifierError) as caught:
        backend.load_program(obj.programs["probe"], obj, {}, backend.scope() if scoped else None)
    error = caught.value
    assert (error.span.file, error.span.line, error.span.text) == ("/src/probe.py", 12, "    return p.x")
    assert error.insn_idx == 3
    assert "R2 invalid mem access" in error.log
    assert error.hint
    assert error.notes == ["line 10 `def probe(ctx):`: r2 is the number 1099511627776"]
    assert "return p.x" in str(error) and ": r2 is" in str(error)
    assert error.explanation.rule == "address_is_number"


def test_a_refusal_without_types_still_has_the_instruction(backend):
    with pytest.raises(VerifierError, match="R2") as caught:
        load_one(backend, raw_program(BAD))
    assert "R2 invalid mem access" in caught.value.log
    assert caught.value.insn_idx == 3 and caught.value.span is None


def test_long_logs_are_read_to_the_end(backend):
    body = []
    for _ in range(3000):
        body += [mov_imm(R2, 1), store(8, R10, -8, R2)]
    with pytest.raises(VerifierError, match=r"R3 !read_ok|never been initialized") as caught:
        load_one(backend, raw_program([*body, mov(R0, 3), Insn(EXIT)]))
    assert caught.value.insn_idx == len(body)
    assert len(caught.value.log) > 1 << 16


def test_licence_matters(backend):
    insns = [call(35), mov_imm(R0, 0), Insn(EXIT)]
    load_one(backend, raw_program(insns))
    with pytest.raises(VerifierError, match="GPL"):
        load_one(backend, raw_program(insns), license="Proprietary")


def test_unknown_places(backend):
    with pytest.raises(UnknownProbe, match="no_such_tracepoint"):
        backend.attach(load_one(backend, raw_program([mov_imm(R0, 0), Insn(EXIT)], attach_to="no_such_tracepoint"))[0])
    prog, _ = load_one(backend, recorder("sched:sched_process_exek", [(16, 8)]), [ring()])
    with pytest.raises(UnknownProbe, match="sched_process_exec"):
        backend.attach(prog)
    prog, _ = load_one(backend, recorder("../../../etc:passwd", [(16, 8)]), [ring()])
    with pytest.raises(UnknownProbe):
        backend.attach(prog)


def test_reading_beyond_the_record_is_explained(backend):
    prog, _ = load_one(backend, recorder("sched:sched_process_exec", [(400, 8)]), [ring()])
    with pytest.raises(SyscallError) as caught:
        backend.attach(prog)
    assert "record" in caught.value.hint


def test_another_backends_objects_are_refused(backend):
    from ebee.kernel.backend import KernelBackend

    prog, _ = load_one(backend, raw_program([mov_imm(R0, 0), Insn(EXIT)]))
    other = KernelBackend()
    try:
        with pytest.raises(UsageError):
            other.attach(prog)
        with pytest.raises(UsageError, match="live map"):
            other.load_program(recorder("sys_enter", [(0, 8)]), object_of(), {})
    finally:
        other.close()


# -- relocation ----------------------------------------------------------------------------------------------


def with_field(event, name, size_bytes):
    prog = recorder(event, [(0, size_bytes)])
    prog.relocs.append(Reloc(1, RELO_TP_FIELD, name, size_bytes=size_bytes))
    return prog


def test_tracepoint_fields_are_those_of_this_kernel(run):
    result = run(["true"], [with_field("sched:sched_process_exec", "pid", 4)], [ring()])
    assert [words(r)[1] for r in result.records["ring"]] == [words(r)[0] & 0xFFFFFFFF for r in result.records["ring"]]
    assert len(result.records["ring"]) == 1


def test_fields_that_differ_are_refused(backend):
    with pytest.raises(NotSupported, match="8 bytes") as caught:
        load_one(backend, with_field("sched:sched_process_exec", "pid", 8), [ring()])
    assert "4 bytes" in caught.value.hint
    with pytest.raises(NotSupported, match="nonsense"):
        load_one(backend, with_field("sched:sched_process_exec", "nonsense", 8), [ring()])
    with pytest.raises(UnknownProbe):
        load_one(backend, with_field("sched:no_such_event", "pid", 4), [ring()])


# -- attaching -----------------------------------------------------------------------------------------------


def perf(*recorder_args, **more):
    """A recorder that says it needs all of the stack, and so gets the perf event."""
    return recorder(*recorder_args, stack_size=512, **more)


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ("syscalls:sys_enter_mmap", args(6)),
        ("syscalls:sys_exit_mmap", RET),
        ("syscalls:sys_enter_openat", args(4)),
        ("syscalls:sys_exit_openat", RET),
        ("syscalls:sys_enter_close", args(1)),
        ("syscalls:sys_exit_read", RET),
        ("syscalls:sys_enter_exit_group", args(1)),
        ("syscalls:sys_exit_execve", RET),
    ],
)
def test_the_raw_tracepoint_gives_the_perf_events_records(run, event, fields):
    programs = [
        recorder(event, fields, "fast", name="fast"),
        perf(event, fields, "slow", name="slow"),
    ]
    result = run(["cat", HOSTNAME], programs, [ring("fast"), ring("slow")])
    assert result.status == 0
    assert [p.raw_tracepoint for p in result.programs] == [event.split(":")[1][: len("sys_enter")].rstrip("_"), ""]
    assert result.records["fast"] == result.records["slow"] != []


def test_the_record_begins_with_the_kernels_header(run):
    """common_type, common_flags and common_preempt_count are 0, common_pid is the thread."""
    prog = recorder("syscalls:sys_enter_close", [(0, 4), (4, 4), (12, 4)])
    result = run(["cat", HOSTNAME], [prog], [ring()])
    heads = [words(r)[:4] for r in result.records["ring"]]
    assert heads and all(head == [head[0], 0, head[0] & 0xFFFFFFFF, 0] for head in heads)


def test_32_bit_calls_are_left_out_as_the_kernel_does(run):
    """int 0x80 in a 64-bit process: number 257 is openat in one table and something else in the other."""
    if os.uname().machine != "x86_64":
        pytest.skip("needs x86-64")
    code = (
        "import ctypes, mmap, os\n"
        "m = mmap.mmap(-1, 4096, prot=7)\n"
        "m.write(bytes.fromhex('53b801010000bb00000000b900000000ba00000000cd805bc3'))\n"
        "f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))\n"
        "fd = os.open('/proc/self/stat', 0)\n"
        "for _ in range(100): f()\n"
        "os._exit(5)\n"
    )
    event = "syscalls:sys_enter_openat"
    programs = [recorder(event, args(4), "fast", name="fast"), perf(event, args(4), "slow", name="slow")]
    programs.append(recorder("sys_enter", [(8, 8)], "raw", name="all_calls"))
    result = run([sys.executable, "-S", "-E", "-c", code], programs, [ring("fast"), ring("slow"), ring("raw", 1 << 20)])
    if result.status == -11:
        pytest.skip("this kernel has no 32-bit system calls")
    assert result.status == 5
    numbers = [words(r)[1] for r in result.records["raw"]]
    assert numbers.count(257) == len(result.records["fast"]) + 100
    assert result.records["fast"] == result.records["slow"]


def test_an_unscoped_program_sees_this_process(backend):
    prog, live = load_one(backend, recorder("syscalls:sys_enter_close", args(1)), [ring()])
    link = backend.attach(prog)
    try:
        os.close(123456789)
    except OSError:
        pass
    link.close()
    mine = [words(r) for r in live["ring"].drain() if words(r)[2] == 123456789]
    assert len(mine) == 1
    assert mine[0][1] == 3 if os.uname().machine == "x86_64" else 57


def test_one_program_two_links(backend):
    prog, live = load_one(backend, recorder("syscalls:sys_enter_close", args(1)), [ring()])
    links = [backend.attach(prog)]
    if kernel_features.too_old("raw_tp_twice"):
        with pytest.raises(NotSupported, match=r"a second time on sys_enter \(needs Linux 6\.10"):
            backend.attach(prog)
        return
    links.append(backend.attach(prog))

    def seen():
        try:
            os.close(123456789)
        except OSError:
            pass
        return sum(words(r)[2] == 123456789 for r in live["ring"].drain())

    assert seen() == 2
    links[0].close()
    links[0].close()
    assert seen() == 1
    links[1].close()
    assert seen() == 0
    assert prog.missed() == 0


def test_subprograms_and_types_survive_the_stub(run):
    """A program with a subprogram of its own and BTF, behind a stub that calls it."""
    insns = [
        load(8, R1, R1, 16),
        Insn(CALL, src_reg=BPF_PSEUDO_CALL, imm=1),
        Insn(EXIT),
        store(8, R10, -8, R1),
        *output(-8, 8),
        mov_imm(R0, 0),
        Insn(EXIT),
    ]
    btf = BtfBuilder()
    int_ = btf.add_signed("int", 4)
    u64 = btf.add_int("u64", 8)
    main = btf.add_func("probe", btf.add_func_proto(int_, [("ctx", btf.add_ptr(0))]))
    sub = btf.add_func("sub", btf.add_func_proto(int_, [("n", u64)]), 0)
    file, line = btf.string("x.py"), btf.string("sub(n)")
    prog = recorder("syscalls:sys_enter_close", args(1))
    prog.insns, prog.relocs = insns, map_relocs(insns, "ring")
    prog.func_info = [FuncInfo(0, main), FuncInfo(3, sub)]
    prog.line_info = [LineInfo(0, file, line, 1), LineInfo(3, file, line, 2)]
    code = "import os\ntry: os.close(123456789)\nexcept OSError: pass"
    result = run([sys.executable, "-S", "-E", "-c", code], [prog], [ring()], btf=btf.encode())
    assert result.programs[0].raw_tracepoint == "sys_enter"
    assert [words(r)[0] for r in result.records["ring"]].count(123456789) == 1
    assert prog_info(result.programs[0], "btf_id")
    assert prog_info(result.programs[0], "nr_func_info") == 3  # the stub, the program, its subprogram


def prog_info(program, name):
    off, size = layouts.PROG_INFO[name]
    return int.from_bytes(bpf.info_by_fd(program.fd.number, off + size)[off:], sys.byteorder)


# -- commands ------------------------------------------------------------------------------------------------


def test_a_command_that_cannot_run_leaves_nothing(backend):
    with pytest.raises(CommandError) as caught:
        backend.spawn(["/no/such/program"], backend.scope())
    assert caught.value.errno == errno.ENOENT


def test_terminate_and_close_end_the_command(backend):
    command = backend.spawn(["sleep", "60"], backend.scope())
    assert command.poll() is None
    command.terminate()
    backend.wait(5)
    assert command.poll() == -15
    command.terminate()
    stubborn = backend.spawn(["sh", "-c", "trap '' TERM; while :; do sleep 0.2; done"], backend.scope())
    import time

    deadline = time.monotonic() + 10
    while not ignores(stubborn.pid, signal.SIGTERM) and time.monotonic() < deadline:
        time.sleep(0.01)
    start = time.monotonic()
    stubborn.close()
    assert stubborn.poll() == -9
    assert 1.5 < time.monotonic() - start < 10


def ignores(pid, number):
    with open(f"/proc/{pid}/status") as status:
        ignored = next(int(line.split()[1], 16) for line in status if line.startswith("SigIgn"))
    return bool(ignored >> (number - 1) & 1)


def test_wait_tells_the_end_once(backend):
    import time

    command = backend.spawn(["true"], backend.scope())
    while command.poll() is None:
        backend.wait(5)
    backend.wait(0)
    start = time.monotonic()
    backend.wait(0.1)
    assert time.monotonic() - start > 0.08


def test_close_twice_and_after_everything(backend):
    command = backend.spawn(["sleep", "60"], backend.scope())
    backend.close()
    assert command.poll() == -15
    backend.wake()

