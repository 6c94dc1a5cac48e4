"""Structs of functions that the kernel calls, on a connection of the test's own."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
import kernel_features
from clang_objects import compiled
from ebee import Hash, u32, u64
from ebee.btf.read import Btf
from ebee.elf import layout
from ebee.elf.read import read_object
from ebee.errors import CompileError, ElfError, NotSupported, UsageError

pytestmark = pytest.mark.needs_kernel

# Another bpftool than that of the path, as a command line.
BPFTOOL = shlex.split(os.environ.get("EBEE_BPFTOOL", "bpftool"))
calls = Hash(u32, u64)


class Counting(ebee.StructOps, name="tcp_congestion_ops"):
    name = "ebee_counting"

    def init(sk):
        calls[1] += 1
        calls[2] = u64(sk.sk_rcvbuf)

    def ssthresh(sk):
        return 5

    def undo_cwnd(sk):
        return 10

    @staticmethod
    def cong_avoid(sk, ack, acked):
        calls[3] += 1
        calls[4] += acked


def talk():
    """Send a megabyte to oneself under this congestion control; return its name as the socket has it."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"ebee_counting")
        client.connect(server.getsockname())
        peer, _ = server.accept()
        with peer:
            for _ in range(64):
                client.sendall(bytes(1 << 14))
                left = 1 << 14
                while left:
                    left -= len(peer.recv(left))
        return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")


@pytest.mark.needs_feature("struct_ops")
@pytest.mark.needs_feature("fentry")
def test_a_congestion_control_is_called():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    if too_old():
        with pytest.raises(NotSupported, match=r"6\.4"):
            ebee.attach(Counting, backend="kernel")
        return
    with ebee.attach(Counting, backend="kernel"):
        assert talk() == b"ebee_counting"
        assert calls[1] == 1 and calls[2] > 0
        assert calls[3] > 0 and calls[4] >= calls[3]
    with pytest.raises(OSError):  # it is gone
        talk()


SCX_DSQ_GLOBAL = 1 << 63 | 1
SCX = Path("/sys/kernel/sched_ext")
dsq_insert = ebee.kfunc("scx_bpf_dsq_insert", optional=True)
scheduled = Hash(u32, u64)


class InTurn(ebee.StructOps, name="sched_ext_ops"):
    name = "ebee_in_turn"
    timeout_ms = 5000

    def enqueue(p, enq_flags):
        scheduled[0] += 1
        dsq_insert(p, SCX_DSQ_GLOBAL, 20_000_000, enq_flags)


def add_up():
    """Have more tasks at work than there are CPUs."""
    argv = [sys.executable, "-S", "-c", "print(sum(range(1_000_000)))"]
    at_work = [subprocess.Popen(argv, stdout=subprocess.PIPE) for _ in range(os.cpu_count() + 2)]
    assert [task.communicate(timeout=60)[0] for task in at_work] == [b"499999500000\n"] * len(at_work)


@pytest.mark.needs_feature("sched_ext", "struct_ops_link", "fentry")
@pytest.mark.skipif(not kernel_features.in_guest(), reason="it schedules a whole machine, so one of its own")
def test_a_scheduler_of_all_tasks():
    with ebee.attach(InTurn, backend="kernel"):
        assert (SCX / "state").read_text() == "enabled\n" and (SCX / "root/ops").read_text() == "ebee_in_turn\n"
        add_up()
        assert scheduled[0] > 10 and (SCX / "state").read_text() == "enabled\n"
    assert (SCX / "state").read_text() in ("disabled\n", "disabling\n")


@pytest.mark.needs_feature("sched_ext", "struct_ops_link", "fentry")
@pytest.mark.skipif(not kernel_features.in_guest(), reason="it schedules a whole machine, so one of its own")
def test_a_scheduler_of_clang():
    with ebee.load(compiled("scheduler")) as obj:
        with obj.attach():
            assert (SCX / "root/ops").read_text() == "c_in_turn\n"
            add_up()
            assert obj.globals.enqueued > 10 and (SCX / "state").read_text() == "enabled\n"
        assert (SCX / "state").read_text() in ("disabled\n", "disabling\n")


def bpftool_version():
    said = subprocess.run([*BPFTOOL, "version"], capture_output=True, text=True).stdout
    return tuple(map(int, re.search(r"libbpf v(\d+)\.(\d+)", said).groups()))


@pytest.mark.skipif(not os.path.exists("/sys/kernel/btf/vmlinux"), reason="this kernel has no BTF")
def test_an_object_has_it_and_is_read_back():
    made = ebee.compile(Counting, target="kernel")
    assert made.spec.structs["Counting"].struct == "tcp_congestion_ops"
    found = read_object(made.to_bytes())
    assert found.structs == made.spec.structs and list(found.programs) == list(made.spec.programs)
    types = Btf(found.btf)
    assert types.field("tcp_congestion_ops", "name").size_bytes == 16
    off = types.field("tcp_congestion_ops", "ssthresh").off_bytes
    assert found.structs["Counting"].programs[off] == "Counting_ssthresh"
    off = types.field("tcp_congestion_ops", "name").off_bytes
    assert found.structs["Counting"].data[off : off + 16] == b"ebee_counting\0\0\0"


@pytest.mark.skipif(not os.path.exists("/sys/kernel/btf/vmlinux"), reason="this kernel has no BTF")
def test_damaged_objects_are_refused():
    data = ebee.compile(Counting, target="kernel").to_bytes()
    good = layout.REL.pack(0, 3 << 32 | layout.R_BPF_64_ABS64)
    assert data.count(good) == 1
    for off, symbol, kind in ((0, 1, 2), (44, 3, 2), (1 << 40, 3, 2), (0, 99, 2), (0, 3, 1), (0, 3, 10)):
        with pytest.raises(ElfError, match=r"pointer to no program|relocation type"):
            read_object(data.replace(good, layout.REL.pack(off, symbol << 32 | kind)))


@pytest.mark.skipif(not os.path.exists("/sys/kernel/btf/vmlinux"), reason="this kernel has no BTF")
def test_the_command_writes_it(tmp_path):
    source = tmp_path / "slow.py"
    source.write_text(
        "import ebee\n\n\nclass Slow(ebee.StructOps, name='tcp_congestion_ops'):\n    name = 'slow'\n\n"
        "    def ssthresh(sk):\n        return 2\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for command in (["compile"], ["disasm"]):
        argv = [sys.executable, "-m", "ebee", *command, str(source), "--target", "kernel"]
        done = subprocess.run(argv, capture_output=True, text=True, env=env)
        assert done.returncode == 0 and "Slow_ssthresh" in done.stdout, done.stderr
    assert read_object((tmp_path / "slow.bpf.o").read_bytes()).structs["Slow"].struct == "tcp_congestion_ops"


# In a mount namespace of its own: register by bpftool, the link pinned; talk; all of it is gone with the namespace.
REGISTER = """
mount -t bpf none mnt && mkdir mnt/links && {tool} struct_ops register object.o mnt/links && {talk} && rm mnt/links/*
"""
TALK = "import sys; sys.path[:0] = {paths}; import test_struct_ops; print(test_struct_ops.talk().decode())"


@pytest.mark.needs_feature("struct_ops_link")
@pytest.mark.needs_feature("fentry")
@pytest.mark.needs_root
@pytest.mark.needs_tool("bpftool")
def test_bpftool_registers_the_object(tmp_path):
    if bpftool_version() < (1, 3) or too_old():
        pytest.skip("links of structs of functions need libbpf 1.3 and Linux 6.4")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    ebee.compile(Counting, target="kernel").save(tmp_path / "object.o")
    (tmp_path / "mnt").mkdir()
    talking = shlex.join([sys.executable, "-c", TALK.format(paths=sys.path)])
    script = REGISTER.format(tool=shlex.join(BPFTOOL), talk=talking)
    argv = ["unshare", "--mount", "--propagation", "private", "--fork", "--kill-child", "sh", "-c", script]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "ebee_counting" in done.stdout, done.stdout + done.stderr
    with pytest.raises(OSError):
        talk()


def too_old():
    from kernel_features import release

    return release() < (6, 4)


@pytest.mark.needs_feature("struct_ops")
@pytest.mark.needs_feature("fentry")
def test_what_the_kernel_does_not_take():
    class Partial(ebee.StructOps, name="tcp_congestion_ops"):
        name = "ebee_partial"

        def ssthresh(sk):
            return 5

    class Odd(ebee.StructOps, name="tcp_congestion_ops"):
        name = "a name that is much too long"

        def ssthresh(sk):
            return 5

    class NoMember(ebee.StructOps, name="tcp_congestion_ops"):
        names = "x"

        def ssthresh(sk):
            return 5

    for wrong, match in ((Odd, "at most 15 bytes"), (NoMember, "no member 'names'"), (Partial, "does not take this")):
        with pytest.raises((UsageError, NotSupported), match=None if too_old() and wrong is Partial else match):
            ebee.attach(wrong, backend="kernel")


class Misnamed(ebee.StructOps, name="tcp_congestion_op"):
    def ssthresh(sk):
        return 1


class Unknown(ebee.StructOps, name="tcp_congestion_ops"):
    def sstresh(sk):
        return 1


class Arguments(ebee.StructOps, name="tcp_congestion_ops"):
    def ssthresh(sk, ack):
        return 1


class Void(ebee.StructOps, name="tcp_congestion_ops"):
    def cong_avoid(sk, ack, acked):
        return 1


@pytest.mark.parametrize(
    ("wrong", "match", "hint"),
    [
        (Misnamed, "registers no struct 'tcp_congestion_op'", "tcp_congestion_ops"),
        (Unknown, "has no function 'sstresh'", "ssthresh"),
        (Arguments, "has 1 argument.s.: there is no 'ack'", ""),
        (Void, "must return 0", "return"),
    ],
)
def test_refusals(wrong, match, hint):
    with pytest.raises(CompileError, match=match) as caught:
        ebee.attach(wrong, backend="kernel")
    assert hint in str(caught.value)


def test_what_is_no_struct_of_functions():
    with pytest.raises(UsageError, match="needs the name of a struct"):
        type("Nameless", (ebee.StructOps,), {"f": lambda sk: 1})
    with pytest.raises(UsageError, match="has no functions"):
        type("Empty", (ebee.StructOps,), {"flags": 1}, name="tcp_congestion_ops")
    with pytest.raises(UsageError, match=r"is for functions, not for 1\.5"):
        type("Odd", (ebee.StructOps,), {"rate": 1.5}, name="tcp_congestion_ops")
    with ebee.Session(backend="engine") as session, pytest.raises(CompileError, match="structs of functions are typed from the kernel"):
        session.attach(Counting, command=["true"])
