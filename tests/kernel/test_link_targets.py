"""What links of every kind say that they are attached to, and the cookies that their programs find."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import ebee
from ebee import Hash, helpers, u32, u64
from ebee.cli import main
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


@ebee.subprogram(replaceable=True)
def choose(pkt: ebee.Context) -> u32:
    return ebee.XDP_PASS


@ebee.xdp
def chooses(pkt):
    return choose(pkt)


@ebee.freplace(chooses, choose)
def chosen(pkt: ebee.Context) -> u32:
    return ebee.XDP_DROP


def shown(kind, capsys):
    """Return what `ebee link` says, in JSON and in words, of the links of a kind that this process holds."""
    capsys.readouterr()
    assert main(["link", "list", "--json"]) == 0
    held = holders()
    rows = [row for row in json.loads(capsys.readouterr().out) if row["type"] == kind]
    rows = [row for row in rows if os.getpid() in held.get(("link", row["id"]), ())]
    found = []
    for row in rows:
        assert main(["link", "show", str(row["id"])]) == 0
        found.append((row, capsys.readouterr().out))
    return found


@pytest.mark.needs_feature("fentry")
def test_functions_that_are_replaced(capsys):
    with ebee.Session(backend="kernel") as session:
        session.run(chooses, packet=bytes(60))
        with session.attach(chosen):
            ((row, text),) = shown("tracing", capsys)
            assert row["target"] == "freplace choose of program chooses"
            assert (row["hook"], row["prog_type"], row["target_prog"]) == ("freplace", "ext", "chooses")
            assert "freplace choose of program chooses" in text and f"{row['prog_id']} chosen" in text


class Links(ebee.StructOps, name="tcp_congestion_ops"):
    name = "ebee_links"

    def ssthresh(sk):
        return 5

    def undo_cwnd(sk):
        return 10

    @staticmethod
    def cong_avoid(sk, ack, acked):
        pass


@pytest.mark.needs_feature("struct_ops", "struct_ops_link", "fentry")
def test_structs_of_functions(capsys):
    with ebee.attach(Links, backend="kernel"):
        ((row, text),) = shown("struct_ops", capsys)
        with ebee.Map.from_id(row["map_id"]) as map:
            assert row["target"] == f"map {map.id} {map.name}"
            assert map.type == "struct_ops" and map.name.startswith("tcp_congestion")
        assert row["target"] in text


@pytest.mark.needs_feature("kprobe_multi", "kprobe")
def test_kprobes_in_words(capsys):
    with ebee.Session(backend="kernel") as session, session.attach(on_writes, command=WRITER) as attached:
        ((row, text),) = shown("kprobe_multi", capsys)
        if row["func_cnt"]:
            assert text.count("\n  addr ") == row["func_cnt"]
            assert "vfs_write" in text
        attached.wait()


@ebee.perf_event("page-faults", period=1000)
def on_faults(ctx) -> None:
    cookies[2] = 1


def test_perf_events(capsys):
    with ebee.Session(backend="kernel") as session, session.attach(on_faults, pid=os.getpid()):
        for row, text in shown("perf_event", capsys):
            if "event_type" in row:  # the kernel tells since Linux 6.6
                assert (row["event_type"], row["event_config"]) == ("software", "page-faults")
                assert row["target"] == "software page-faults" and row["target"] in text
