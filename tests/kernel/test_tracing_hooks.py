"""Hooks on the kernel's own functions, live, on children of the test."""

import errno
import os
import shutil
import subprocess
import sys

import pytest

import ebee
from ebee import Hash, RingBuf, Str, Struct, s32, s64, u8, u32, u64
from ebee.errors import CompileError, NotSupported, UnknownProbe, UsageError

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
    names[0] = ebee.kernel_str(bprm.filename, 64)


def test_pointers_are_compared_and_made_numbers():
    session, attached = attach(on_exec, argv=["sh", "-c", "exec cat /dev/null"])
    with session, attached:
        attached.wait()
        got = dict(counts.items())
        assert names[0].endswith("/cat")
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


class Pointers(Struct):
    task: u64
    low: u32


pointers = Hash(u64, Pointers)
seen_pointers = RingBuf(Pointers, size="64K")


@ebee.tp_btf("sched_pi_setprio")
def maybe_null(tsk, pi_task):
    counts[0] = u64(u32(pi_task.pid))  # kernels from 6.13 on want a check
    counts[1] = pi_task
    counts[u32(pi_task)] = u64(pi_task.real_parent == tsk)
    names[0] = pi_task.comm
    pointers[u64(tsk)] = Pointers(task=pi_task, low=pi_task.real_parent)
    other = tsk if pi_task is None else pi_task
    for _ in range(4):
        other = other.real_parent
    with seen_pointers.reserve() as e:
        e.task = other
        e.low = u32(other)
    found = pointers.lookup(u64(tsk))
    if found is not None:
        found.task = pi_task.real_parent
        found.task += pi_task


def test_arguments_that_may_be_null_and_pointers_as_numbers_are_loaded():
    with ebee.Session(backend="kernel") as session, session.attach(maybe_null):
        pass


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
        assert counts[0] >= 1
    assert {loss.kind for loss in attached.losses} <= {"missed"}  # two wake-ups inside each other on one CPU


def test_nothing_is_seen_of_others():
    session, attached = attach(switch_by_name, argv=["sleep", "0.2"])
    with session, attached:
        subprocess.run(SLEEPS, check=True)
        seen = {e.me for e in switches}
        assert seen == {attached.command.pid}


# Functions of the kernel


@ebee.kprobe("vfs_write")
def on_write(buf, file, count):
    counts[0] += 1
    counts[1] = count
    counts[2] = file.f_path.dentry.d_name.len
    names[0] = ebee.user_str(buf, 64)


@ebee.kretprobe("vfs_write")
def on_written(ret):
    results[1] = ret


TEXT = "an ebee wrote this"
WRITER = [sys.executable, "-c", f"import os; os.write(os.open('/dev/null', os.O_WRONLY), b'{TEXT}\\0')"]
WRITTEN = {0: 1, 1: len(TEXT) + 1, 2: len("null")}


@pytest.mark.needs_feature("kprobe")
def test_kprobe_and_kretprobe():
    session, attached = attach(on_write, on_written, argv=WRITER)
    with session, attached:
        attached.wait()
        assert dict(counts.items()) == WRITTEN
        assert results[1] == len(TEXT) + 1 and names[0] == TEXT
    assert not attached.losses


@ebee.fentry("vfs_write")
def enter_write(buf, file, count):
    counts[0] += 1
    counts[1] = count
    counts[2] = file.f_path.dentry.d_name.len
    names[0] = ebee.user_str(buf, 64)


@ebee.fexit("vfs_write", sleepable=False)
def exit_write(ctx, count, ret):
    results[1] = ret
    results[2] = ctx.count == count and ctx.ret == ret and ctx.args[2] == count


@pytest.mark.needs_feature("fentry")
def test_fentry_and_fexit():
    session, attached = attach(enter_write, exit_write, argv=WRITER)
    with session, attached:
        attached.wait()
        assert dict(counts.items()) == WRITTEN
        assert dict(results.items()) == {1: len(TEXT) + 1, 2: 1} and names[0] == TEXT
    assert not attached.losses


UNLINKER = [sys.executable, "-c", "import os\ntry: os.unlink('/nonexistent-for-ebee')\nexcept OSError: pass"]


@ebee.ksyscall("unlink")
def on_unlink_call(pathname):
    names[0] = ebee.user_str(pathname, 64)


@ebee.kretsyscall("unlink")
def on_unlink_return(ctx):
    results[0] = ctx.ret


@pytest.mark.needs_feature("kprobe")
def test_system_calls_by_kprobe():
    session, attached = attach(on_unlink_call, on_unlink_return, argv=UNLINKER)
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


@ebee.kprobe_session("vfs_writ?", "vfs_re*")
def session(ctx):
    if not ctx.is_return:
        counts[0] += 1
        if ctx.args[2] != len(TEXT) + 1:
            return 1
    else:
        counts[1] += 1
        counts[2] = ctx.ret
    return 0


@pytest.mark.needs_feature("kprobe_session", "kprobe")
def test_beginnings_and_returns_of_the_same_calls():
    live, attached = attach(session, argv=WRITER)
    with live, attached:
        attached.wait()
        assert counts[0] > counts[1] == 1 and counts[2] == len(TEXT) + 1
    assert not attached.losses


@ebee.kprobe("vfs_write+0x0")
def at_offset(ctx):
    counts[0] += 1
    counts[1] = ctx.ip


@pytest.mark.needs_feature("kprobe")
def test_kprobe_at_an_offset():
    session, attached = attach(at_offset, argv=WRITER)
    with session, attached:
        attached.wait()
        assert counts[0] == 1 and counts[1] > 1 << 63


@ebee.kprobe("vfs_writte")
def on_nothing(ctx):
    counts[0] += 1


@pytest.mark.needs_feature("kprobe")
def test_a_function_that_is_not_there():
    with ebee.Session(backend="kernel") as session, pytest.raises(UnknownProbe, match="did you mean vfs_write"):
        session.attach(on_nothing, command=["true"])


def test_kprobes_where_there_are_none():
    if os.path.exists("/sys/bus/event_source/devices/kprobe"):
        pytest.skip("this kernel has kprobes")
    with ebee.Session(backend="kernel") as session, pytest.raises(NotSupported, match="kprobes"):
        session.attach(on_write, command=["true"])


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
def test_a_security_program_refuses_and_allows(tmp_path):
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


@ebee.fmod_ret("security_inode_unlink")
def nothing_is_removed(dentry):
    counts[0] += 1
    return -errno.EPERM if dentry.d_name.len == 19 else 0


@pytest.mark.needs_feature("fentry")
def test_fmod_ret_replaces_a_result(tmp_path):
    kept, removed = tmp_path / ("x" * 19), tmp_path / "y"
    kept.write_text("x")
    removed.write_text("y")
    session, attached = attach(nothing_is_removed, argv=["rm", "-f", str(kept), str(removed)])
    with session, attached:
        attached.wait()
        assert counts[0] == 2
    assert kept.exists() and not removed.exists() and not attached.losses


@ebee.fentry("dummy:dummy_xmit")
def on_dummy(skb, dev):
    counts[0] += 1
    counts[1] = skb.len
    names[0] = dev.name


@pytest.mark.needs_feature("fentry")
@pytest.mark.needs_netns
@pytest.mark.needs_tool("ip", "unshare")
def test_functions_of_a_module():
    add = "ip link add ebee0 type dummy"
    subprocess.run(["unshare", "-n", "sh", "-c", add], check=True)  # loads the module
    send = "from socket import *; socket(AF_INET, SOCK_DGRAM).sendto(bytes(100), ('192.0.2.2', 9))"
    script = f"{add} && ip addr add 192.0.2.1/24 dev ebee0 && ip link set ebee0 up && {sys.executable} -c \"{send}\""
    session, attached = attach(on_dummy, argv=["unshare", "-n", "sh", "-c", script])
    with session, attached:
        assert attached.wait() == 0
        assert counts[0] >= 1 and counts[1] == 14 + 20 + 8 + 100 and names[0] == "ebee0"
    assert not attached.losses


# Iterators and programs that are run by a call


class Task(Struct):
    pid: s32
    tgid: s32
    parent: s32
    start: u64
    comm: str = Str(16)


@ebee.iter("task")
def tasks(ctx, task):
    if task is None:
        counts[0] += 1
        return
    ctx.seq.write(
        Task(pid=task.pid, tgid=task.tgid, parent=task.real_parent.tgid, start=task.start_time, comm=task.comm)
    )


@ebee.iter("bpf_map")
def maps(ctx):
    counts[1] += 1
    if ctx.map:
        ctx.seq.write(Task(pid=s32(ctx.meta.seq_num), comm=ctx.map.name))


def test_tasks_of_a_process():
    child = subprocess.Popen(["sleep", "60"])
    try:
        with ebee.Session(backend="kernel") as session:
            (found,) = session.rows(tasks, Task, pid=child.pid)
            assert (found.pid, found.tgid, found.parent) == (child.pid, child.pid, os.getpid())
            assert found.comm == "sleep" and found.start and counts[0] == 1
            assert [row.tgid for row in session.rows(tasks, Task, pid=os.getpid()) if row.pid == os.getpid()]
            assert not session.losses()
    finally:
        child.kill()
        child.wait()


@pytest.mark.vm
def test_rows_of_a_whole_machine():
    with ebee.Session(backend="kernel") as session:
        found = {row.pid: row for row in session.rows(tasks, Task)}
        assert found[os.getpid()].tgid == os.getpid() and len(found) > 1
        listed = list(session.rows(maps, Task))
        assert "counts" in {row.comm for row in listed}
        assert [row.pid for row in listed] == list(range(len(listed)))
        with pytest.raises(UsageError, match="tasks writes rows of Task, not of Switch"):
            session.rows(tasks, Switch)
        with pytest.raises(UsageError, match="switch_by_name writes no rows"):
            session.rows(switch_by_name, Task)
        assert not session.losses()


@ebee.iter("bpf_map", sleepable=True)
def sleepy(ctx):
    ctx.seq.write(Task(pid=s32(ctx.meta.seq_num)))


@ebee.iter("task", sleepable=True)
def sleepy_tasks(ctx, task):
    if task is not None:
        ctx.seq.write(Task(tgid=task.tgid))


def test_iterators_that_may_sleep():
    with ebee.Session(backend="kernel") as session:
        assert {row.tgid for row in session.rows(sleepy_tasks, Task, pid=os.getpid())} == {os.getpid()}
        with pytest.raises(NotSupported, match="sleeping while it is iterated over bpf_map"):
            list(session.rows(sleepy, Task))
        with pytest.raises(UsageError, match="pid= means nothing to maps"):
            list(session.rows(maps, Task, pid=1))


@pytest.mark.parametrize("backend", ["kernel", "engine"])
def test_what_is_read_or_called_is_not_attached(backend):
    with ebee.Session(backend=backend) as session:
        with pytest.raises(UsageError, match="tasks is an iterator, which is not attached") as caught:
            session.attach(tasks, command=["true"])
        assert caught.value.hint == "read it: for row in ebee.rows(tasks, Row), for line in ebee.lines(tasks)"
        with pytest.raises(UsageError, match="add is a syscall program, which is not attached"):
            session.attach(add)


class Sum(Struct):
    a: s64
    b: s64
    sum: s64
    calls: u32
    name: str = Str(16)


@ebee.syscall_program
def add(args: Sum):
    args.sum = args.a + args.b
    args.calls += 1
    args.name = "added"
    if args.a < 0:
        args.name = "subtracted"
    return 7


@pytest.mark.vm
@pytest.mark.parametrize("backend", ["kernel", "engine"])
def test_a_program_that_is_run_by_a_call(backend):
    with ebee.Session(backend=backend) as session:
        args = Sum(a=40, b=2, calls=5)
        assert session.run(add, ctx=args).retval == 7
        assert args == Sum(a=40, b=2, sum=42, calls=6, name="added")
        args.a = -10
        session.run(add, ctx=args)
        assert (args.sum, args.calls, args.name) == (-8, 7, "subtracted")


@ebee.raw_tracepoint("sys_enter")
def sums_arguments(ctx):
    counts[0] = u64(ctx.args[0]) + u64(ctx.args[1])


@pytest.mark.vm
@pytest.mark.parametrize("backend", ["kernel", "engine"])
def test_a_raw_tracepoint_is_run_on_given_arguments(backend):
    with ebee.Session(backend=backend) as session:
        session.run(sums_arguments, args=[40, 2])
        assert counts[0] == 42
        with pytest.raises(UsageError, match="takes up to 12"):
            session.run(sums_arguments, args=[0] * 13)
        with pytest.raises(UsageError, match="no arguments that could be given by position"):
            session.run(add, args=[1])


def test_the_engine_says_that_these_hooks_need_the_kernel():
    with ebee.Session(backend="engine") as session:
        with pytest.raises(CompileError, match="tp_btf probes are typed from the kernel's BTF"):
            session.attach(switch_by_name, command=["true"])
        with pytest.raises(NotSupported, match="the hook 'raw_tracepoint/sys_enter' in the engine"):
            session.attach(sums_arguments, command=["true"])
        with pytest.raises(NotSupported, match="the hook 'ksyscall/unlink' in the engine"):
            session.attach(on_unlink_call, command=["true"])


@ebee.tracepoint("irq:softirq_entry")
def on_softirq(ctx):
    counts[0] += 1


def test_interrupts_belong_to_no_command():
    with ebee.Session(backend="kernel") as session, pytest.raises(NotSupported, match="following a command"):
        session.attach(on_softirq, command=["true"])


# As object files


BPFTOOL = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin") or "bpftool"
# libbpf attaches these wherever they are loaded; all that they do is to count events of this process.
OBJECT = [switch_by_name, raw_switch, on_wakeup, on_vfs_read, on_write, on_written, tasks, add, on_unlink_call]
TRAMPOLINES = [enter_write, exit_write, nothing_is_removed, see_execs]


def load_with_bpftool(tmp_path, probes, *more):
    """Load an object in a bpffs of its own, and return bpftool's words about its links."""
    ebee.compile(*probes, target="kernel").save(tmp_path / "hooks.bpf.o")
    script = f"""set -eu
cd {tmp_path}
mkdir -p bpffs
mount -t bpf bpffs bpffs
{BPFTOOL} prog loadall hooks.bpf.o bpffs/own {" ".join(more)}
ls bpffs/own
{BPFTOOL} link show
"""
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.needs_root
@pytest.mark.needs_tool("bpftool", "unshare", "mount")
@pytest.mark.vm
def test_libbpf_loads_them(tmp_path):
    seen = load_with_bpftool(tmp_path, [p for p in OBJECT if p is not on_vfs_read]).split()
    assert {"switch_by_name", "on_wakeup_2", "tasks", "add", "on_written"} <= set(seen)


@pytest.mark.needs_root
@pytest.mark.needs_tool("bpftool", "unshare", "mount")
@pytest.mark.needs_feature("kprobe", "fentry", "lsm")
def test_libbpf_attaches_them_by_their_sections(tmp_path):
    attached = [p for p in (*OBJECT, *TRAMPOLINES) if p not in (on_vfs_read, add, tasks)]
    seen = load_with_bpftool(tmp_path, attached, "autoattach")
    assert [seen.count(f": {kind}  prog") for kind in ("raw_tracepoint", "tracing", "perf_event")] == [4, 4, 3], seen
