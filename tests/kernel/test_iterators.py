"""Every iterator that the kernel has: it loads, is bounded to what the test made, and writes rows or text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from network_namespace import CGROUP, cgroup_missing, in_namespace

import ebee
from ebee import Array, Hash, PerCpuHash, SkStorage, SockMap, Str, Struct, u32, u64
from ebee.btf.kinds import BTF_KIND_STRUCT
from ebee.errors import CompileError, UsageError
from ebee.kernel.vmlinux import vmlinux_btf

pytestmark = pytest.mark.needs_kernel

needs_tid = pytest.mark.skipif(os.uname().release < "6.1", reason="needs Linux 6.1 for iterators of one thread")


class Pair(Struct):
    first: u64
    second: u32
    name: str = Str(8)


numbers = Hash(u32, u64)
squares = Array(u64, max_entries=4)
pairs = Hash(Pair, Pair)
per_cpu = PerCpuHash(u32, u64)
stored = SkStorage(u64)
sockets = SockMap(max_entries=4)


@ebee.iter("task")
def tasks(ctx, task):
    if task is not None:
        print(f"{task.pid:>8}|{u32(task.tgid):#x}", task.comm, "é%", sep="|", end=".\n", file=ctx.seq)


@ebee.iter("task_file")
def files(ctx, task, fd, file):
    if file:
        ctx.seq.print(fd, file.f_inode.i_ino)


@ebee.iter("task_vma")
def areas(ctx, task, vma):
    if vma:
        ctx.seq.print(f"{vma.vm_start:x}-{vma.vm_end:x}")


@ebee.iter("bpf_map")
def maps(ctx, map):
    if map and map.name == "numbers":
        ctx.seq.print(map.name, map.max_entries)


@ebee.iter("bpf_prog")
def programs(ctx, prog):
    if prog and prog.aux.name == "programs":
        ctx.seq.print(prog.aux.name, prog.type)


@ebee.iter("bpf_link")
def links(ctx, link):
    if link and link.prog.aux.name == "links":
        ctx.seq.print(link.type)


@ebee.iter("ksym")
def symbols(ctx, ksym):
    if ksym and ctx.meta.seq_num < 3:
        ctx.seq.print(ksym.type, ksym.exported)


@ebee.iter("kmem_cache")
def caches(ctx, s):
    if s and ctx.meta.seq_num < 3:
        ctx.seq.print(s.object_size)


@ebee.iter("dmabuf")
def buffers(ctx, dmabuf):
    if dmabuf and ctx.meta.seq_num < 3:
        ctx.seq.print(dmabuf.size)


@ebee.iter("cgroup")
def groups(ctx, cgroup):
    if cgroup:
        ctx.seq.print(cgroup.level, ebee.kernel_str(cgroup.kn.name, 32))


@ebee.iter("bpf_map_elem", map=numbers)
def elements(ctx, key, value):
    if key is not None and value is not None:
        ctx.seq.print(f"{key:04x}", value)


@ebee.iter("bpf_map_elem", map=squares)
def slots(ctx, key, value):
    if key is not None and value is not None:
        ctx.seq.print(key, value)


@ebee.iter("bpf_map_elem", map=pairs)
def changed(ctx, key, value):
    if key is not None and value is not None:
        ctx.seq.print(key.first, key.second, key.name, value.first, value.name)
        value.first += 1


@ebee.iter("bpf_sk_storage_map", map=stored)
def stores(ctx, sk, value):
    if sk and value is not None:
        ctx.seq.print(value)


@ebee.iter("sockmap", map=sockets)
def socket_slots(ctx, key, sk):
    if key is not None:
        ctx.seq.print(key)


def lines(probe, **where):
    """What an iterator prints; skips where this kernel does not have it."""
    name = probe.section.partition("/")[2]
    if vmlinux_btf() is None or vmlinux_btf().by_name(f"bpf_iter__{name}", BTF_KIND_STRUCT) is None:
        pytest.skip(f"this kernel has no iterator {name}")
    with ebee.Session(backend="kernel") as session:
        found = list(session.lines(probe, **where))
        assert not session.losses()
        return found


@needs_tid
def test_text_of_a_thread():
    tid = threading.get_native_id()
    comm = Path(f"/proc/self/task/{tid}/comm").read_text().strip()
    assert lines(tasks, tid=tid) == [f"{tid:>8}|{os.getpid():#x}|{comm}|é%."]


@needs_tid
def test_threads_of_a_process():
    child = subprocess.Popen(
        [sys.executable, "-c", "import threading; threading.Thread(target=input).start(); print(flush=True)"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        child.stdout.readline()
        found = [line.split("|")[:2] for line in lines(tasks, pid=child.pid)]
        assert len(found) == 2 and {tgid for _, tgid in found} == {f"{child.pid:#x}"}
        assert len(lines(tasks, tid=child.pid)) == 1
    finally:
        child.communicate(b"\n", timeout=10)


@needs_tid
def test_files_and_memory_of_a_thread():
    with open(__file__) as own:
        found = dict(line.split() for line in lines(files, tid=threading.get_native_id()))
        assert int(found[str(own.fileno())]) == os.fstat(own.fileno()).st_ino
    ranges = [tuple(int(n, 16) for n in line.split("-")) for line in lines(areas, tid=threading.get_native_id())]
    mapped = re.findall(r"^(\w+)-\w+ r.xp .*libc", Path("/proc/self/maps").read_text(), re.M)
    assert mapped and int(mapped[0], 16) in [start for start, _ in ranges]


def test_objects_of_bpf():
    with ebee.Session(backend="kernel") as session:
        list(session.lines(elements))
        assert set(session.lines(maps)) == {f"numbers {numbers.max_entries}"}
        assert "programs 26" in list(session.lines(programs))
    if (found := vmlinux_btf()) is not None and found.by_name("bpf_iter__bpf_link", BTF_KIND_STRUCT) is not None:
        assert "4" in lines(links)


@pytest.mark.parametrize("probe", [symbols, caches, buffers], ids=lambda probe: probe.name)
def test_few_of_what_a_kernel_has(probe):
    assert len(lines(probe)) <= 3


def test_elements_of_maps():
    with ebee.Session(backend="kernel") as session:
        assert list(session.lines(elements)) == []
        numbers[10], numbers[255] = 1, 1 << 63
        assert sorted(session.lines(elements)) == ["000a 1", f"00ff {1 << 63}"]
        assert list(session.lines(slots)) == [f"{n} 0" for n in range(4)]
        squares[3] = 9
        assert list(session.lines(slots))[3] == "3 9"
        assert list(session.lines(changed)) == []
        pairs[Pair(first=1, second=2, name="k")] = Pair(first=3, name="v")
        assert list(session.lines(changed)) == ["1 2 k 3 v"]
        assert list(session.lines(changed)) == ["1 2 k 4 v"]
        assert list(session.lines(stores)) == []
        assert list(session.lines(socket_slots)) == [f"{n}" for n in range(4)]


def test_more_text_than_fits_at_once():
    with ebee.Session(backend="kernel") as session:
        list(session.lines(elements))
        for n in range(3000):
            numbers[n] = n
        assert sorted(session.lines(elements)) == sorted(f"{n:04x} {n}" for n in range(3000))


def test_what_bounds_nothing():
    with ebee.Session(backend="kernel") as session:
        for probe, where, match in (
            (elements, {"pid": 1}, "pid= means nothing to elements"),
            (tasks, {"order": "self"}, "order= means nothing to tasks"),
            (tasks, {"pid": 1, "tid": 1}, "pid= is a process, tid= one thread"),
        ):
            with pytest.raises(UsageError, match=match):
                list(session.lines(probe, **where))
        with pytest.raises(UsageError, match="numbers_seen prints no text"):

            @ebee.iter("bpf_map_elem", map=numbers)
            def numbers_seen(ctx, key):
                if key is not None:
                    squares[0] += key

            session.lines(numbers_seen)


@ebee.iter("bpf_map_elem")
def of_none(ctx, key):
    ctx.seq.print(1)


@ebee.iter("bpf_map_elem", map=per_cpu)
def of_each_cpu(ctx, key):
    ctx.seq.print(1)


@pytest.mark.parametrize(
    ("probe", "match"), [(of_none, "over a map: which one"), (of_each_cpu, "a PerCpuHash have no one value")]
)
def test_refusals(probe, match):
    with pytest.raises(CompileError, match=match), ebee.Session(backend="kernel") as session:
        session.lines(probe)


SOCKETS = """
    def ports(name, body):
        text = f"import ebee\\n@ebee.iter({name!r})\\n" + body
        path = os.path.join(os.environ["TMPDIR"], name + ".py")
        with open(path, "w") as file:
            file.write(text)
        names = {}
        exec(compile(text, path, "exec"), names)
        with ebee.Session(backend="kernel") as session:
            return list(session.lines(names["seen"]))

    server = tcp_server(7000, "127.0.0.1")
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 7001))
    local = socket.socket(socket.AF_UNIX)
    local.bind("\\0ebee_iterators")
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    netlink.bind((4711, 0))
    report["tcp"] = ports("tcp", '''def seen(ctx, sk_common, uid):
        if sk_common:
            ctx.seq.print(sk_common.skc_num, uid)
    ''')
    report["udp"] = ports("udp", '''def seen(ctx, udp_sk):
        if udp_sk:
            ctx.seq.print(udp_sk.inet.sk.__sk_common.skc_num)
    ''')
    report["unix"] = ports("unix", '''def seen(ctx, unix_sk):
        if unix_sk:
            ctx.seq.print(unix_sk.addr.len)
    ''')
    report["netlink"] = ports("netlink", '''def seen(ctx, sk):
        if sk:
            ctx.seq.print(sk.portid)
    ''')
    report["routes"] = ports("ipv6_route", '''def seen(ctx, rt):
        if rt:
            ctx.seq.print(rt.fib6_dst.plen)
    ''')
"""


def test_sockets_and_routes_of_a_network_namespace(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    report, _ = in_namespace(tmp_path, SOCKETS)
    assert report["tcp"] == ["7000 0"] and report["udp"] == ["7001"]
    assert report["unix"] == [str(2 + 1 + len("ebee_iterators"))]
    assert "4711" in report["netlink"] and set(report["routes"]) <= {str(n) for n in range(129)}


@pytest.mark.skipif(bool(cgroup_missing()), reason=cgroup_missing() or "-")
def test_a_control_group(tmp_path):
    assert CGROUP
    report, _ = in_namespace(
        tmp_path,
        """
        @ebee.iter("cgroup")
        def groups(ctx, cgroup):
            if cgroup:
                ctx.seq.print(cgroup.level, ebee.kernel_str(cgroup.kn.name, 64))

        with ebee.Session(backend="kernel") as session:
            report["name"] = os.path.basename(cgroup.rstrip("/"))
            for order in ("self", "descendants_pre", "descendants_post", "ancestors_up", ""):
                report[order] = list(session.lines(groups, cgroup=cgroup, order=order))
            report["wrong"] = refused(lambda: list(session.lines(groups, cgroup=cgroup, order="sideways")))
        """,
        cgroup=True,
    )
    own = [line for line in report["self"] if line.endswith(report["name"])]
    assert report["self"] == own and len(own) == 1
    assert report["descendants_pre"] == report["descendants_post"] == report[""] == own
    assert report["ancestors_up"][0] == own[0] and len(report["ancestors_up"]) > 1
    assert report["wrong"][0] == "UsageError" and "sideways" in report["wrong"][1]


FILE = """
import ebee
from ebee import Hash, u32, u64

calls = Hash(u32, u64)


{probe}
@ebee.iter("bpf_map_elem", map=calls)
def elements(ctx, key, value):
    if key is not None and value is not None:
        print("element", key, int(value > 0), file=ctx.seq)
"""
PROBE = """
@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    calls[7] += 1

"""
ROWS = """
import ebee
from ebee import Struct, u32


class Row(Struct):
    number: u32


@ebee.iter("bpf_map")
def rows(ctx):
    if not ctx.map:
        ctx.seq.write(Row(number=77))
"""


def run(tmp_path, text, *args):
    file = tmp_path / "file.py"
    file.write_text(text)
    argv = [sys.executable, "-m", "ebee", "run", *args, str(file)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(argv, capture_output=True, text=True, env=env, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_the_command_shows_their_text(tmp_path):
    code, out, err = run(tmp_path, FILE.format(probe=PROBE), "-c", "true")
    assert (code, err) == (0, "") and out.startswith("element 7 1\n") and "calls:" in out
    code, out, err = run(tmp_path, FILE.format(probe=PROBE), "--json", "-c", "true")
    assert code == 0 and '{"event": "elements", "value": "element 7 1"}\n' in out
    assert run(tmp_path, FILE.format(probe="")) == (0, "", "")
    code, _, err = run(tmp_path, FILE.format(probe=""), "-c", "true")
    assert code and "no probe that would follow a command" in err


def test_the_command_shows_their_rows(tmp_path):
    code, _, err = run(tmp_path, ROWS)
    assert code and "say --all" in err
    assert run(tmp_path, ROWS, "--all") == (0, "rows:\n    NUMBER\n        77\n", "")
    assert run(tmp_path, ROWS, "--all", "--json") == (0, '{"event": "rows", "value": {"number": 77}}\n', "")
