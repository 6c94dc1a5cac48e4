"""Fields of the kernel's structs, read from tasks of the test's own: they must say what the system says otherwise."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee import Hash, Str, Struct, s64, u32, u64
from ebee.api.source import remember_source
from ebee.btf.read import Btf
from ebee.elf.read import read_object
from ebee.isa.encode import decode
from ebee.kernel import vmlinux
from ebee.spec.core_relo import Relocator

pytestmark = [
    pytest.mark.vm,
    pytest.mark.needs_kernel,
    pytest.mark.skipif(not os.path.exists("/sys/kernel/btf/vmlinux"), reason="this kernel has no BTF"),
]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kernel-types.md"
CAT = ["cat", "/etc/hostname"]
INIT_PID_NS = os.readlink("/proc/self/ns/pid") == "pid:[4026531836]"


class Names(Struct):
    own: str = Str(16)
    same: str = Str(16)


numbers = Hash(u32, u64)
signed = Hash(u32, s64)
names = Hash(u32, Names)


@pytest.fixture
def run():
    """A function that attaches a probe to `cat`; it returns the losses."""
    with ebee.Session(backend="kernel") as session:

        def attach(probe, on_loss=None):
            with session.attach(probe, command=CAT, on_loss=on_loss) as attachment:
                assert attachment.wait() == 0
            return attachment.losses

        yield attach


@pytest.mark.needs_feature("may_goto")
def test_the_page_runs():
    text = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S))
    remember_source(str(PAGE), text)
    module = sys.modules["docs_kernel_types"] = type(sys)("docs_kernel_types")
    exec(compile(text, str(PAGE), "exec"), vars(module))
    page = vars(module)
    assert "runqueues" in read_object(ebee.compile(page["look_at_queues"]).to_bytes()).externs
    with ebee.Session(backend="kernel") as session, session.attach(page["on_open"], command=CAT) as attachment:
        found = list(page["starts"])
    assert found and attachment.losses == []
    for e in found:
        assert e.comm == "cat" and e.uid == os.getuid()
        assert e.files == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert e.stack and 0 < e.depth < 32
        assert e.parent_comm == Path("/proc/self/comm").read_text().strip()
        if INIT_PID_NS:
            assert e.parent == os.getpid()
    with ebee.Session(backend="kernel") as session, session.attach(page["count_states"], command=CAT) as attachment:
        attachment.wait()
        assert dict(page["states"].items()) == {0: len(found)}  # running


@ebee.tracepoint("syscalls:sys_enter_openat")
def agrees(ctx):
    task = ebee.current_task()
    numbers[0] = task.tgid == ebee.pid()
    numbers[1] = task.pid == ebee.tid()
    numbers[2] = task.group_leader == task
    numbers[3] = task.comm == ebee.comm()
    numbers[4] = task.cred.gid.val == ebee.gid()
    numbers[5] = task.mm == task.active_mm
    numbers[6] = 1 if task.mm is None else 2
    numbers[7] = 3 if task.mm and task.mm.start_stack else 4
    numbers[8] = task.thread_pid.numbers[0].nr == ebee.tid()
    numbers[9] = task.se.sum_exec_runtime > 0
    names[0] = Names(own=task.comm, same=ebee.comm())


def test_what_helpers_say_and_structs_say_is_the_same(run):
    assert run(agrees) == []
    assert dict(numbers.items()) == {0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 2, 7: 3, 8: 1, 9: 1}
    assert names[0].own == names[0].same == "cat"


@ebee.tracepoint("syscalls:sys_enter_openat")
def strings(ctx):
    task = ebee.current_task()
    mine = task.comm
    parents = task.real_parent.comm
    names[0] = Names(own=mine, same=parents)
    numbers[0] = mine == parents
    numbers[1] = mine.startswith("ca")
    numbers[2] = task.comm == task.group_leader.comm
    numbers[3] = task.comm == task.real_parent.comm


def test_strings_do_not_share_their_memory(run):
    assert run(strings) == []
    assert (names[0].own, names[0].same) == ("cat", Path("/proc/self/comm").read_text().strip())
    assert dict(numbers.items()) == {0: 0, 1: 1, 2: 1, 3: 0}


def first_of(task):
    """The ancestor of everything: the idle task, which has no memory of its own and is its own parent."""
    n = 0
    while task.tgid and n < 64:
        task = task.real_parent
        n += 1
    return task


@ebee.tracepoint("syscalls:sys_enter_openat")
def through_null(ctx):
    idle = first_of(ebee.current_task())
    numbers[0] = idle.tgid == 0
    numbers[1] = idle.mm is None
    numbers[2] = idle.mm.start_stack + 5
    numbers[3] = idle.mm.exe_file.f_flags
    signed[0] = 7


@pytest.mark.needs_feature("may_goto")
def test_a_null_pointer_gives_zero_and_is_counted(run):
    said = []
    losses = run(through_null, on_loss=said.extend)
    assert dict(numbers.items()) == {0: 1, 1: 1, 2: 5, 3: 0}
    assert signed[0] == 7  # the probe goes on
    assert {(x.kind, x.what) for x in losses} == {
        ("kernel_fault", "idle.mm.start_stack"), ("kernel_fault", "idle.mm.exe_file"),
        ("kernel_fault", "idle.mm.exe_file.f_flags"),
    }  # fmt: skip
    assert len({x.count for x in losses}) == 1
    assert "gave zero: the kernel has no memory there" in str(said[0])
    assert all(x.file == __file__ and x.line for x in losses)


@ebee.tracepoint("syscalls:sys_enter_openat")
def of_the_engine(ctx):
    numbers[0] = u64(u32(ebee.current_task().tgid))


@pytest.mark.needs_ptrace
def test_the_engine_has_no_kernel_memory():
    with ebee.Session(backend="engine") as session, pytest.raises(ebee.CompileError) as caught:
        session.attach(of_the_engine, command=CAT)
    assert "kernel types need the kernel's BTF" in str(caught.value)


LOAD = """
import ctypes, sys
lib, p = ctypes.CDLL("libbpf.so.1", use_errno=True), ctypes.c_void_p
lib.bpf_object__open_file.restype = lib.bpf_object__next_program.restype = lib.bpf_program__insns.restype = p
lib.bpf_program__insn_cnt.restype = ctypes.c_size_t
obj = p(lib.bpf_object__open_file(sys.argv[1].encode(), None))
assert obj.value and lib.bpf_object__load(obj) == 0
prog = p(lib.bpf_object__next_program(obj, None))
insns = ctypes.string_at(lib.bpf_program__insns(prog), 8 * lib.bpf_program__insn_cnt(prog))
print(insns.hex())
"""


def test_libbpf_relocates_and_loads_the_object(tmp_path):
    try:
        ctypes.CDLL("libbpf.so.1")
    except OSError:
        pytest.skip("not installed: libbpf.so.1")
    compiled = ebee.compile(agrees, target="kernel")
    path = tmp_path / "agrees.bpf.o"
    compiled.save(path)
    done = subprocess.run([sys.executable, "-c", LOAD, str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    theirs = decode(bytes.fromhex(done.stdout))
    program = compiled.spec.programs["agrees"]
    fields = [r for r in program.core_relos if r.kind == "core_field"]
    ours = Relocator(Btf(compiled.spec.btf), vmlinux.core_target())
    assert len(fields) > 10
    assert [theirs[r.insn_idx].imm for r in fields] == [ours.calculate("", r).new for r in fields]
    assert len({theirs[r.insn_idx].imm for r in fields}) > 5


@pytest.mark.needs_tool("bpftool", "unshare", "mount")
@pytest.mark.needs_root
def test_bpftool_loads_the_object(tmp_path):
    path = tmp_path / "agrees.bpf.o"
    ebee.compile(agrees, target="kernel").save(path)
    # In a mount namespace of its own: what is pinned there is gone with it.
    script = 'mount -t bpf bpffs "$1" && bpftool prog load "$2" "$1/agrees"'
    pins = tmp_path / "pins"
    pins.mkdir()
    argv = ["unshare", "--mount", "sh", "-c", script, "sh", str(pins), str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_using_it_outside_of_a_probe_is_an_error():
    with pytest.raises(ebee.UsageError, match=r"ebee.current_task\(\) means something only inside a probe"):
        ebee.current_task()


ports = Hash(u64, u64)


@ebee.tp_btf("inet_sock_set_state")
def known_connects(sk, newstate):
    if newstate == 2:  # TCP_SYN_SENT
        ports[sk.__sk_common.skc_daddr] = sk.__sk_common.skc_dport


@ebee.raw_tracepoint("inet_sock_set_state")
def read_connects(sk, newstate):
    if newstate == 2:
        ports[sk.__sk_common.skc_daddr] = sk.__sk_common.skc_dport


@pytest.mark.parametrize("probe", [known_connects, read_connects], ids=lambda probe: probe.name)
def test_ports_and_addresses_are_numbers(probe):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # nobody listens
        port = bound.getsockname()[1]
        text = f"import socket; socket.socket().connect_ex(('127.0.0.1', {port}))"
        with ebee.Session(backend="kernel") as session:
            session.attach(probe, command=[sys.executable, "-I", "-S", "-c", text]).wait()
            assert dict(ports.items()) == {0x7F000001: port}
