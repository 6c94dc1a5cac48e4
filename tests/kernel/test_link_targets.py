"""What links of every kind say that they are attached to, and the cookies that their programs find."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import ebee
from ebee import Hash, helpers, u32, u64
from ebee.sys.objects import holders

pytestmark = pytest.mark.needs_kernel

cookies = Hash(u32, u64, max_entries=8)
COOKIE = 0x1234_5678_9ABC
WRITER = [sys.executable, "-c", "import os; os.write(1, b'')"]


@ebee.kprobe("vfs_write")
def on_write(ctx) -> None:
    cookies[0] = helpers.bpf_get_attach_cookie(ctx)


@ebee.kprobe("vfs_write*")
def on_writes(ctx) -> None:
    cookies[0] = helpers.bpf_get_attach_cookie(ctx)


@ebee.fentry("vfs_write")
def enter_write(ctx) -> None:
    cookies[0] = helpers.bpf_get_attach_cookie(ctx)


@ebee.tracepoint("sched:sched_process_exec")
def on_exec(ctx) -> None:
    cookies[0] = helpers.bpf_get_attach_cookie(ctx)


@ebee.lsm("file_open")
def on_open(ctx) -> int:
    return 0


def links_of(probe):
    """Return type, words and fields of the links of a probe that this process holds open."""
    held, found = holders(), []
    for link in ebee.Link.all():
        with link:
            if os.getpid() in held.get(("link", link.id), ()) and link.prog_id:
                with link.program() as program:
                    if program.name == probe.name:
                        found.append((link.type, link.target(), link.fields()))
    return found


def seen(probe, **options):
    """Attach a probe to a command; return its link's type, its words and fields, and the cookie that was found."""
    with ebee.Session(backend="kernel") as session, session.attach(probe, command=WRITER, **options) as attached:
        found = links_of(probe)
        attached.wait()
        return *found[0], dict(cookies.items()).get(0) if options else None


@pytest.mark.needs_feature("kprobe")
def test_kprobe():
    type, target, fields, cookie = seen(on_write, cookie=COOKIE)
    assert (type, cookie) == ("perf_event", COOKIE)
    if target:  # the kernel tells since Linux 6.6
        assert target == "vfs_write"
        assert (fields["retprobe"], fields["offset"]) == (False, 0)


@pytest.mark.needs_feature("kprobe_multi", "kprobe")
def test_kprobes():
    type, target, fields, cookie = seen(on_writes, cookie=COOKIE)
    assert type == "kprobe_multi"
    assert COOKIE <= cookie < COOKIE + 32
    if fields["func_cnt"]:  # the kernel tells since Linux 6.6
        assert "vfs_write" in [row["func"] for row in fields["funcs"]]
        assert len(fields["funcs"]) == fields["func_cnt"] > 1
        assert "vfs_write" in target


@pytest.mark.needs_feature("fentry")
def test_fentry():
    type, target, fields, cookie = seen(enter_write, cookie=COOKIE)
    assert (type, target, cookie) == ("tracing", "fentry vfs_write", COOKIE)
    assert (fields["prog_type"], fields["target_name"]) == ("tracing", "vfs_write")


def test_tracepoint():
    type, target, _, cookie = seen(on_exec, cookie=COOKIE)
    assert (type, cookie) == ("perf_event", COOKIE)
    assert target in ("tracepoint sched_process_exec", "")  # the kernel tells since Linux 6.6


@pytest.mark.needs_feature("lsm")
def test_security_hook():
    type, target, _fields, _ = seen(on_open)
    assert (type, target) == ("tracing", "lsm file_open")


@pytest.mark.needs_feature("uprobe")
def test_functions_of_programs(tmp_path):
    maps = Path("/proc/self/maps").read_text().splitlines()
    libc = next(line.split()[-1] for line in maps if "/libc.so" in line or "/libc-" in line)
    copy = tmp_path / "libc-copy.so"
    shutil.copy(libc, copy)

    @ebee.uprobe(copy, "malloc", pid=os.getpid())
    def on_malloc(ctx) -> None:
        cookies[1] = 1

    with ebee.Session(backend="kernel") as session, session.attach(on_malloc):
        ((type, target, fields),) = links_of(on_malloc)
        assert type in ("uprobe_multi", "perf_event")
        if type == "uprobe_multi" and target:
            assert target == f"{copy}:malloc of process {os.getpid()}"
            assert len(fields["funcs"]) == 1
