"""Hooks on the kernel's own functions, live, on children of the test."""

import errno
import os
import subprocess
import sys

import pytest

import ebee
from ebee import Hash, RingBuf, Str, Struct, s32, s64, u8, u32, u64
from ebee.abi import bpf as abi
from ebee.errors import NotSupported, UnknownProbe
from ebee.isa.encode import encode
from ebee.isa.insn import Insn
from ebee.isa.opcodes import EXIT, R0
from ebee.kernel.btf_ids import find_attach_btf
from ebee.kernel.stub import mov_imm
from ebee.sys import bpf
from ebee.sys.os_seam import Fd

pytestmark = [pytest.mark.needs_kernel]

SLEEPS = ["sh", "-c", "for i in 1 2 3; do sleep 0.01; done"]


class Switch(Struct):
    prev: s32
    prev_tgid: s32
    next: s32
    parent: s32
    preempt: u8
    me: s32
    comm: str = Str(16)


switches = RingBuf(Switch, size="256K")
counts = Hash(u32, u64)
results = Hash(u32, s64)
names = Hash(u32, Str(64))


@ebee.tp_btf("sched_switch")
def switch_by_name(preempt, prev, next):
    with switches.reserve() as e:
        e.prev = prev.pid
        e.prev_tgid = prev.tgid
        e.next = next.pid
        e.parent = prev.real_parent.tgid
        e.preempt = preempt
        e.me = s32(ebee.tid())
        e.comm = prev.comm


@ebee.tp_btf("sched_switch")
def switch_by_context(ctx):
    with switches.reserve() as e:
        e.prev = ctx.prev.pid
        e.prev_tgid = ctx.args[1].tgid
        e.next = ctx.args[2].pid
        e.parent = ctx.prev.real_parent.tgid
        e.preempt = ctx.args[0]
        e.me = s32(ebee.tid())
        e.comm = ctx.prev.comm


@ebee.raw_tracepoint("sched_switch")
def raw_switch(ctx, prev):
    with switches.reserve() as e:
        e.prev = prev.pid
        e.prev_tgid = ctx.args[1].tgid
        e.next = ctx.next.pid
        e.parent = prev.real_parent.tgid
        e.preempt = ctx.preempt
        e.me = s32(ebee.tid())
        e.comm = prev.comm


@pytest.fixture
def trampolines():
    """Skips where the kernel has them and a policy of this machine refuses them to everybody."""
    btf_id, _ = find_attach_btf("fentry", "do_unlinkat")
    insns = encode([mov_imm(R0, 0), Insn(EXIT)], sys.byteorder)
    loader = bpf.ProgLoad(
        abi.BPF_PROG_TYPE_TRACING, insns, "try", "GPL", expected_attach_type=abi.BPF_TRACE_FENTRY, attach_btf_id=btf_id
    )
    fd = loader.load()
    if fd == -errno.EPERM:
        pytest.skip("this machine's policy refuses programs on functions of the kernel")
    Fd(fd).close()


def attach(*probes, argv=SLEEPS, **more):
    session = ebee.Session(backend="kernel")
    return session, session.attach(*probes, command=argv, **more)


@pytest.mark.vm
@pytest.mark.parametrize("probe", [switch_by_name, switch_by_context, raw_switch], ids=lambda probe: probe.name)
def test_switches_of_a_command(probe):
    session, attached = attach(probe)
    with session, attached:
        seen = list(switches)
        command = attached.command.pid
    assert attached.returncode == 0 and not attached.losses
    assert all(e.prev == e.me and e.preempt in (0, 1) and e.comm for e in seen)
    shells = [e for e in seen if e.prev == command]
    assert shells and all(e.parent == os.getpid() and e.prev_tgid == command for e in shells)
    children = {e.prev for e in seen if e.parent == command}
    assert len(children) == 3 and {e.comm for e in seen} <= {"sh", "sleep", os.path.basename(sys.executable)[:15]}


@ebee.tp_btf("sched_process_exec")
def on_exec(bprm, p, old_pid):
    task = p
    assert task.pid == s32(ebee.tid()) and old_pid == task.pid
    counts[0] += 1
    counts[1] = u64(bprm.argc)
    counts[2] = task.mm != bprm.mm and bprm.mm is None  # it is the task's by now
    counts[3] = u64(task) == u64(ebee.current_task())
    if task.mm is None:
        counts[4] = 1


def test_pointers_are_compared_and_made_numbers():
    session, attached = attach(on_exec, argv=["sh", "-c", "exec cat /dev/null"])
    with session, attached:
        attached.wait()
        got = dict(counts.items())
    assert got == {0: 2, 1: 2, 2: 1, 3: 1} and not attached.losses


@ebee.tp_btf("sched_process_exec")
def through_null(ctx):
    task = ctx.p
    ancestor = task
    for _ in range(3):
        ancestor = ancestor.real_parent
    counts[0] = u64(ancestor.io_context.ioprio) + 7 if hasattr(ancestor, "io_context") else 7
    counts[1] = task.vfork_done.done + 5


@pytest.mark.vm
def test_what_lies_behind_a_null_pointer_is_zero_and_counted():
    session, attached = attach(through_null, argv=["true"])
    with session, attached:
        attached.wait()
        got = dict(counts.items())
    assert got[1] == 5
    assert any(loss.what == "task.vfork_done.done" and loss.count == 1 for loss in attached.losses)


@ebee.tp_btf("sched_wakeup", "sched_wakeup_new")
def on_wakeup(ctx, p):
    counts[0] += 1
    counts[1] = u64(p.prio)


@ebee.tracepoint("sched:sched_wakeup", "sched:sched_wakeup_new")
def on_wakeup_record(ctx):
    counts[0] += 1
    counts[2] = u64(ctx.target_cpu)


@pytest.mark.parametrize("probe", [on_wakeup, on_wakeup_record], ids=lambda probe: probe.name)
def test_one_function_on_several_events(probe):
    session, attached = attach(probe)
    with session, attached:
        assert len(attached.links) == 2
        attached.wait()
        assert counts[0] >= 3
    assert not attached.losses


def test_nothing_is_seen_of_others():
    session, attached = attach(switch_by_name, argv=["sleep", "0.2"])
    with session, attached:
        subprocess.run(SLEEPS, check=True)
        seen = {e.me for e in switches}
        assert seen == {attached.command.pid}


# Functions of the kernel


@ebee.kprobe("do_unlinkat")
def on_unlink(dfd, name):
    counts[0] += 1
    results[0] = dfd
    names[0] = ebee.user_str(name.uptr, 64)


@ebee.kretprobe("do_unlinkat")
def on_unlinked(ret):
    results[1] = ret


UNLINKS = ["rm", "-f", "/nonexistent-for-ebee"]
UNLINKER = "import os\ntry: os.unlink('/nonexistent-for-ebee')\nexcept OSError: pass"


@pytest.mark.needs_feature("kprobe")
def test_kprobe_and_kretprobe():
    session, attached = attach(on_unlink, on_unlinked, argv=[sys.executable, "-c", UNLINKER])
    with session, attached:
        attached.wait()
        assert dict(results.items()) == {0: -100, 1: -errno.ENOENT}
        assert names[0] == "/nonexistent-for-ebee" and counts[0] == 1
    assert not attached.losses


@ebee.fentry("do_unlinkat")
def enter_unlink(dfd, name):
    counts[0] += 1
    results[0] = dfd
    names[0] = ebee.user_str(name.uptr, 64)


@ebee.fexit("do_unlinkat")
def exit_unlink(ctx, dfd, ret):
    results[1] = ret
    results[2] = ctx.dfd == dfd and ctx.ret == ret and ctx.args[0] == dfd


@pytest.mark.needs_feature("fentry")
def test_fentry_and_fexit(trampolines):
    session, attached = attach(enter_unlink, exit_unlink, argv=[sys.executable, "-c", UNLINKER])
    with session, attached:
        attached.wait()
        assert dict(results.items()) == {0: -100, 1: -errno.ENOENT, 2: 1}
        assert names[0] == "/nonexistent-for-ebee" and counts[0] == 1
    assert not attached.losses


@ebee.ksyscall("unlink")
def on_unlink_call(pathname):
    names[0] = ebee.user_str(pathname, 64)


@ebee.kretsyscall("unlink")
def on_unlink_return(ctx):
    results[0] = ctx.ret


@pytest.mark.needs_feature("kprobe")
def test_system_calls_by_kprobe():
    session, attached = attach(on_unlink_call, on_unlink_return, argv=[sys.executable, "-c", UNLINKER])
    with session, attached:
        attached.wait()
        assert names[0] == "/nonexistent-for-ebee" and results[0] == -errno.ENOENT
    assert not attached.losses


@ebee.kprobe("vfs_read*", "vfs_unlink")
def on_vfs(ctx):
    counts[0 if ctx.ip & 1 else 1] += 1


@ebee.kprobe("vfs_rea?")
def on_vfs_read(file, count):
    results[0] = s64(count)
    results[1] = file.f_inode.i_ino > 0


@pytest.mark.needs_feature("kprobe_multi", "kprobe")
def test_kprobes_on_many_functions():
    session, attached = attach(on_vfs, on_vfs_read, argv=["cat", "/etc/hostname"])
    with session, attached:
        attached.wait()
        assert counts[0] + counts[1] >= 1
        assert results[0] > 0 and results[1] == 1


@ebee.kprobe("do_unlinkat+0x0")
def at_offset(ctx):
    counts[0] += 1
    counts[1] = ctx.ip


@pytest.mark.needs_feature("kprobe")
def test_kprobe_at_an_offset():
    session, attached = attach(at_offset, argv=[sys.executable, "-c", UNLINKER])
    with session, attached:
        attached.wait()
        assert counts[0] == 1 and counts[1] > 1 << 63


@ebee.kprobe("do_unlinkatt")
def on_nothing(ctx):
    counts[0] += 1


@pytest.mark.needs_feature("kprobe")
def test_a_function_that_is_not_there():
    with ebee.Session(backend="kernel") as session, pytest.raises(UnknownProbe, match="did you mean do_unlinkat"):
        session.attach(on_nothing, command=["true"])


def test_kprobes_where_there_are_none():
    if os.path.exists("/sys/bus/event_source/devices/kprobe"):
        pytest.skip("this kernel has kprobes")
    with ebee.Session(backend="kernel") as session, pytest.raises(NotSupported, match="kprobes"):
        session.attach(on_unlink, command=["true"])


# Security


@ebee.lsm("file_open")
def refuse_one(file):
    if file.f_path.dentry.d_name.len == 19:  # of the files that the command opens the test's own and no other
        return -13
    return 0


@ebee.lsm("bprm_check_security", sleepable=True)
def see_execs(bprm, ret):
    counts[0] += 1
    counts[1] = u64(bprm.argc)
    return ret if ret < 0 and ret > -4096 else 0


@pytest.mark.needs_feature("lsm")
def test_a_security_program_refuses_and_allows(trampolines, tmp_path):
    refused = tmp_path / ("x" * 19)
    refused.write_text("x")
    argv = ["sh", "-c", f"cat {tmp_path}/* 2>/dev/null; exec cat /dev/null"]
    session, attached = attach(refuse_one, see_execs, argv=argv)
    with session, attached:
        attached.wait()
        assert counts[0] >= 2 and counts[1] == 2
        assert refused.read_text() == "x"  # this process is not in the scope
        assert subprocess.run(["cat", refused], capture_output=True).returncode == 0
    assert not attached.losses


@ebee.fmod_ret("bpf_modify_return_test")
def modifies(a, b):
    return 7


@pytest.mark.needs_feature("fentry")
def test_fmod_ret_is_loaded(trampolines):
    with ebee.Session(backend="kernel") as session, session.attach(modifies):
        pass
