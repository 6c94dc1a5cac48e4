"""Storage maps: values of tasks, inodes, sockets and control groups, from a probe and from outside."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from map_probes import Stat, bound, make_backend, refused

import ebee
from ebee import Array, CgroupStorage, InodeStorage, SkStorage, TaskStorage, s32, u32, u64
from ebee.engine.task import TaskContext
from ebee.errors import CompileError, SyscallError, UsageError
from ebee.lower.object import ObjectBuilder
from ebee.sys.cgroups import cgroup_root

NO_PROCESS = (1 << 22) + 1


# From outside


def test_tasks_outside(live):
    m = live(TaskStorage(u64))
    me = os.getpid()
    assert me not in m and m.get(me) is None and m[me] == 0
    m[me] = 5
    assert m[me] == m.lookup(me) == 5 and me in m
    assert m.insert(me, 6) is False and m[me] == 5
    pidfd = os.pidfd_open(me)
    os.close(pidfd)
    del m[me]
    assert me not in m and m.insert(me, 7) is True
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid not in m
        m[child.pid] = 9
        assert (m[child.pid], m[me]) == (9, 7)
    finally:
        child.communicate(b"\n")
    assert child.pid not in m and m.get(child.pid) is None
    with pytest.raises(KeyError):
        del m[NO_PROCESS]
    with pytest.raises(SyscallError, match="pidfd_open"):
        m[NO_PROCESS] = 1
    for wrong in ("a", None, 1.5, True):
        with pytest.raises(TypeError, match="it is a process id"):
            m[wrong]
    with pytest.raises(ValueError, match="is no a process id"):
        m[-1]


def test_inodes_outside(live, tmp_path):
    m = live(InodeStorage(Stat))
    file = tmp_path / "file"
    file.write_text("")
    m[str(file)] = Stat(count=3, name="x")
    assert m[file] == Stat(count=3, name="x") and str(tmp_path) not in m and tmp_path / "none" not in m
    with open(file) as opened:
        assert m[opened].count == 3 == m[opened.fileno()].count
    del m[file]
    assert file not in m and m.get(file) is None


@pytest.mark.needs_kernel
def test_sockets_outside():
    backend, m = make_backend("kernel"), SkStorage(s32)
    builder = ObjectBuilder("sockets")
    builder.use_map(m, "m")
    with bound(builder.finish(backend.target), builder.decls, backend), socket.socket() as a, socket.socket() as b:
        m[a] = -4
        assert m[a] == m[a.fileno()] == -4 and b not in m and m[b] == 0
        del m[a]
        assert a not in m
        with open("/proc/self/stat") as file:
            refused(errno.ENOTSOCK, m.__getitem__, file)
    backend.close()


def test_nobody_iterates(live):
    m = live(TaskStorage(u64))
    for call in (m.items, m.keys, m.values, m.__len__, m.__iter__):
        with pytest.raises(UsageError, match="nobody can iterate over it"):
            call()
    assert bool(m)


# In a probe


def test_numbers_in_a_probe(probe):
    m, out = TaskStorage(u64), Array(u64, max_entries=8)
    body = """
        task = ebee.current_task()
        out[0] = m[task]
        out[1] = task in m
        n = m.get(task)
        out[2] = n is None
        m[task] += 5
        m[task] |= 2
        n = m.lookup(task)
        if n is not None:
            out[3] = n
        m[task] = m[task] + 10
        out[4] = m.get(task, 99)
        out[5] = ebee.fetch_add(m[task], 3)
        out[6] = task in m
    """
    made = probe(body, m=m, out=out)
    assert list(out.values())[:7] == [0, 0, 1, 7, 17, 17, 1] and made.losses == {}
    made.run()
    assert list(out.values())[:3] == [20, 1, 0]
    probe("task = ebee.current_task()\ndel m[task]\nout[7] = m.get(task, 44)\nout[0] = task in m", m=m, out=out)
    assert out[7] == 44 and out[0] == 0


def test_structs_in_a_probe(probe):
    m, out = TaskStorage(Stat), Array(u64, max_entries=8)
    made = probe(
        """
        stat = m.lookup(ebee.current_task())
        out[0] = stat is None
        out[1] = m[ebee.current_task()].count
        mine = m.get_or_create(ebee.current_task())
        mine.count += 1
        mine.name = "mine"
        again = m.lookup(ebee.current_task())
        if again is not None:
            out[2] = again.count
        """, 3, m=m, out=out,
    )  # fmt: skip
    assert list(out.values())[:3] == [0, 2, 3] and made.losses == {}
    made = probe("m[ebee.current_task()] = Stat(count=9)\nout[4] = m[ebee.current_task()].count", m=m, out=out)
    assert out[4] == 9


def test_what_a_probe_writes_is_seen_outside_and_back(probe, backend):
    if backend.name == "engine":
        backend.task = TaskContext(pid=os.getpid(), tgid=os.getpid())
    m, out = TaskStorage(u64), Array(u64, max_entries=1)
    made = probe("m[ebee.current_task()] += 1\nout[0] = m[ebee.current_task()]", m=m, out=out)
    me = os.getpid()
    assert m[me] == 1
    m[me] = 41
    made.run()
    assert m[me] == out[0] == 42
    del m[me]
    made.run()
    assert m[me] == 1


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("cgrp_storage")
def test_the_current_control_group():
    m = CgroupStorage(u64)

    @ebee.raw_tracepoint("sys_enter")
    def count(ctx):
        m[ebee.current_cgroup()] += 1

    with ebee.Session(backend="kernel") as session:
        session.run(count, ctx=bytes(16))
        session.run(count, ctx=bytes(16))
        line = next(s for s in Path("/proc/self/cgroup").read_text().splitlines() if s.startswith("0::"))
        group = cgroup_root() + line[3:]
        assert m[group] == 2 and group in m
        assert session.losses() == []


@pytest.mark.needs_kernel
def test_arguments_of_typed_hooks():
    started, switched = TaskStorage(u64), Array(u64, max_entries=1)
    target = Array(u32, max_entries=1)

    @ebee.tp_btf("sched_wakeup")
    def woken(p):
        if p.tgid == target[0]:
            started[p] = ebee.ktime()

    @ebee.tp_btf("sched_switch")
    def run(next):
        if next.tgid == target[0]:
            if (start := started.get(next)) is not None:
                switched[0] += ebee.ktime() - start
                del started[next]

    with ebee.Session(backend="kernel") as session, session.attach(woken, run):
        target[0] = os.getpid()
        for _ in range(50):
            time.sleep(0.002)
            if switched[0]:
                break
        assert switched[0] > 0
        assert session.losses() == []


@pytest.mark.needs_kernel
def test_a_socket_of_a_typed_hook():
    calls = SkStorage(u64)
    target = Array(u32, max_entries=1)

    @ebee.tp_btf("inet_sock_set_state")
    def state(sk, oldstate, newstate):
        if ebee.pid() == target[0]:
            calls[sk] += 1

    with ebee.Session(backend="kernel") as session, session.attach(state), socket.socket() as listener:
        target[0] = os.getpid()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert calls[listener] == 1 and session.losses() == []


@pytest.mark.needs_kernel
def test_a_null_owner_ends_the_run():
    m, out = TaskStorage(u64), Array(u64, max_entries=1)

    @ebee.tp_btf("sched_process_fork")
    def forked(parent, child):
        if u64(parent.tgid) == out[0]:
            m[child.pi_top_task] += 1
            out[0] = 0

    with ebee.Session(backend="kernel") as session, session.attach(forked):
        out[0] = os.getpid()
        subprocess.run(["true"])
        (loss,) = session.losses()
        assert loss.kind == "null_owner" and "null pointer was used with 'm'" in str(loss)


def test_objects_hold_storage_maps(tmp_path):
    m = TaskStorage(Stat)

    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx):
        m.get_or_create(ebee.current_task()).count += 1

    compiled = ebee.compile(opened)
    spec = compiled.spec.maps["m"]
    assert (spec.map_type, spec.key_size, spec.value_size, spec.max_entries, spec.map_flags) == (29, 4, 32, 0, 1)


def test_owners_of_another_kind():
    m = InodeStorage(u64)

    @ebee.tracepoint("syscalls:sys_enter_openat")
    def wrong(ctx):
        m[ebee.current_task()] += 1

    with pytest.raises(CompileError, match="an owner in m is a pointer to struct inode, not a pointer to struct task_"):
        ebee.compile(wrong)
