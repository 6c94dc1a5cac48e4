"""bpftool loads an object that has every kind of map that its compiler knows by declaration."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

import ebee
from ebee import (
    Array,
    ArrayOfMaps,
    CgroupStorage,
    Hash,
    HashOfMaps,
    InodeStorage,
    Struct,
    TaskStorage,
    UserRingBuf,
    WorkQueue,
    u32,
    u64,
)


class Stat(Struct):
    n: u64


tasks = TaskStorage(Stat)
groups = CgroupStorage(u64)
tables = HashOfMaps(u32, Hash(u32, u64))
slots = ArrayOfMaps(Array(u64, max_entries=4), max_entries=3)
commands = UserRingBuf(Stat, size=4096)
counts = Hash(u32, u64)


@ebee.tracepoint("syscalls:sys_enter_openat")
def opened(ctx):
    tasks.get_or_create(ebee.current_task()).n += 1
    groups[ebee.current_cgroup()] += 1
    table = tables.lookup(3)
    if table is not None:
        table[1] += 1
    slot = slots.lookup(0)
    if slot is not None:
        slot[2] += 1
    for command in commands.drain():
        counts[1] = command.n
    n = counts.get(4)
    if n is not None and n.bit_length() > 3:
        counts[5] = counts.setdefault(7, 3)


@pytest.mark.needs_feature("cgrp_storage")
@pytest.mark.needs_tool("bpftool", "unshare", "mount")
@pytest.mark.needs_root
def test_bpftool_loads_every_kind(tmp_path):
    (shown,) = loaded(tmp_path, opened, 'map show pinned "$1/tables"')
    assert (shown["type"], shown["bytes_key"], shown["bytes_value"]) == ("hash_of_maps", 4, 4)


def loaded(tmp_path, probe, *questions):
    """Have bpftool load a probe and pin it and its maps; return its answers."""
    path, pins = tmp_path / "probe.bpf.o", tmp_path / "pins"
    ebee.compile(probe, target="kernel").save(path)
    pins.mkdir()
    # In a mount namespace of its own: what is pinned there is gone with it.
    steps = ['mount -t bpf bpffs "$1"', 'bpftool prog load "$2" "$1/p" pinmaps "$1"', *(f"bpftool -j {q}" for q in questions)]
    argv = ["unshare", "--mount", "sh", "-c", " && ".join(steps), "sh", str(pins), str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


january, totals = Hash(u32, u64, max_entries=50), Array(u64, max_entries=4)
months, sums = HashOfMaps(u32, Hash(u32, u64), max_entries=3), ArrayOfMaps(Array(u64, max_entries=4), max_entries=3)
months[1] = january
sums[0], sums[2] = totals, totals


@ebee.xdp
def monthly(pkt):
    month, total = months.lookup(1), sums.lookup(pkt[0])
    if month is not None and total is not None:
        month[1] += 1
        total[0] += 1
    return ebee.XDP_PASS


@pytest.mark.needs_tool("bpftool", "unshare", "mount")
@pytest.mark.needs_root
def test_bpftool_puts_maps_in_from_the_start(tmp_path):
    names = ("months", "sums", "january", "totals")
    *dumps, inner, total = loaded(
        tmp_path,
        monthly,
        *(f'map dump pinned "$1/{name}"' for name in names[:2]),
        *(f'map show pinned "$1/{name}"' for name in names[2:]),
    )
    found = [{number(row["key"]): number(row["value"]) for row in dump} for dump in dumps]
    assert found == [{1: inner["id"]}, {0: total["id"], 2: total["id"]}]
    assert (inner["name"], inner["max_entries"], total["type"]) == ("january", 50, "array")


def number(row):
    return int.from_bytes([int(byte, 16) for byte in row], "little")


class Job(Struct):
    n: u64
    work: WorkQueue


jobs = Hash(u32, Job, max_entries=8)


def work(m, key, value):
    value.n += key


@ebee.xdp
def enqueue(pkt):
    job = jobs.lookup(len(pkt))
    if job is not None:
        job.work.start(work)
    return ebee.XDP_PASS


@pytest.mark.needs_feature("work_queues")
@pytest.mark.needs_tool("bpftool", "unshare", "mount")
@pytest.mark.needs_root
def test_bpftool_loads_work_queues(tmp_path):
    (shown,) = loaded(tmp_path, enqueue, 'map show pinned "$1/jobs"')
    assert (shown["type"], shown["bytes_value"]) == ("hash", 24)


files = InodeStorage(u64)
wanted = Array(u32, max_entries=1)


@ebee.lsm("file_open")
def count_opens(file):
    if ebee.pid() == wanted[0]:
        files[file.f_inode] += 1
        table = tables.lookup(1)
        if table is not None:
            table[1] += files[file.f_inode]
    return 0


@pytest.mark.vm
@pytest.mark.needs_kernel
@pytest.mark.needs_feature("lsm")
def test_values_of_inodes(tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    with ebee.Session(backend="kernel") as session, session.attach(count_opens):
        tables[1] = Hash(u32, u64)
        wanted[0] = os.getpid()
        for _ in range(3):
            path.read_text()
        wanted[0] = 0
        assert files[path] == 3 and str(tmp_path) not in files and path in files
        assert tables[1][1] >= 1 + 2 + 3
        del files[path]
        assert path not in files and session.losses() == []


@pytest.mark.vm
@pytest.mark.needs_kernel
def test_other_kernels_have_storage():
    with ebee.Session(backend="kernel") as session:
        session.run(marks, ctx=bytes(16))
        session.run(marks, ctx=bytes(16))
        assert marked[os.getpid()] == 2 and session.losses() == []
        commands.push(Stat(n=5))
        session.run(marks, ctx=bytes(16))
        assert counts[1] == 5


marked = TaskStorage(u64)


@ebee.raw_tracepoint("sys_enter")
def marks(ctx):
    marked[ebee.current_task()] += 1
    for command in commands.drain():
        counts[1] = command.n
