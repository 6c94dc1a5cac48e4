"""`ebee compile`: the file it writes, what it says, and that bpftool and libbpf load and attach the object unchanged."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import ebee

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "elf"))

from elf_examples import SOURCE, file_by_hand, module_of

ROOT = Path(__file__).resolve().parents[2]
# Another bpftool than that of the path, as a command line.
BPFTOOL = shlex.split(os.environ.get("EBEE_BPFTOOL", "bpftool"))


@pytest.fixture
def work(tmp_path):
    (tmp_path / "probes.py").write_text(SOURCE)

    def run(*args, env=None, **more):
        argv = [sys.executable, "-m", "ebee", *args]
        return subprocess.run(
            argv, cwd=tmp_path, capture_output=True, timeout=60, env={**os.environ, **(env or {})}, **more
        )

    run.directory = tmp_path
    return run


def test_it_writes_the_object_and_says_what_is_in_it(work):
    done = work("compile", "probes.py")
    assert (done.returncode, done.stderr) == (0, b"")
    data = (work.directory / "probes.bpf.o").read_bytes()
    said = done.stdout.decode()
    assert said.startswith(f"probes.bpf.o: {len(data)} bytes\n  program on_open: tracepoint/syscalls/sys_enter_openat, ")
    assert "  map counts: hash, key 4 bytes, value 8 bytes, max_entries 64\n  map opens: ringbuf, max_entries 4096\n" in said
    other = work("compile", "probes.py", "-o", "other.o")
    assert other.stdout.startswith(b"other.o: ") and (work.directory / "other.o").read_bytes() == data


def test_the_same_bytes_in_every_process(work):
    made = {
        work("compile", "probes.py", "-o", "-", env={"PYTHONHASHSEED": seed}).stdout for seed in ("0", "1", "12345")
    }
    assert len(made) == 1
    (data,) = made
    assert data[:4] == b"\x7fELF"
    work("compile", "probes.py")
    assert (work.directory / "probes.bpf.o").read_bytes() == data


def test_the_kernels_target(work):
    done = work("compile", "probes.py", "--target", "kernel", "-o", "k.o")
    assert done.returncode in (0, 3, 5), done.stderr  # no kernel to be asked: as everywhere
    assert (done.returncode == 0) == (work.directory / "k.o").exists()


TYPED = """
import ebee
from ebee import Hash, u32, u64

counts = Hash(u32, u64)


@ebee.tp_btf("sched_switch")
def on_switch(prev):
    counts[0] = u64(prev.tgid)
"""


def test_the_target_is_chosen(work):
    work("compile", "probes.py", "--target", "default", "-o", "default.o")
    work("compile", "probes.py", "-o", "auto.o")
    written = [(work.directory / name).read_bytes() for name in ("auto.o", "default.o")]
    assert written[0] == written[1]  # a program that asks for no types is the same
    (work.directory / "typed.py").write_text(TYPED)
    done = work("compile", "typed.py", "--target", "default")
    assert done.returncode and b"the target default-x86_64 has none" in done.stderr and b"--target kernel" in done.stderr
    for command in ("compile", "disasm"):
        done = work(command, "typed.py")
        if os.path.exists("/sys/kernel/btf/vmlinux"):
            assert done.returncode == 0 and b"on_switch: tp_btf/sched_switch" in done.stdout, done.stderr
        else:
            assert done.returncode and b"/sys/kernel/btf/vmlinux cannot be read: compile it where" in done.stderr


def test_without_the_kernels_types_it_says_so(monkeypatch):
    import ebee
    from ebee.kernel import vmlinux

    monkeypatch.setattr(vmlinux, "_found", [None])
    names = {}
    exec(compile(TYPED, __file__, "exec"), names)
    from ebee.api.source import remember_source

    remember_source(__file__, TYPED)
    try:
        with pytest.raises(ebee.CompileError, match="typed from the kernel's BTF; the target default") as caught:
            ebee.compile(names["on_switch"])
    finally:
        remember_source(__file__, Path(__file__).read_text())
    assert "CONFIG_DEBUG_INFO_BTF" in str(caught.value)


def test_bytes_are_not_for_a_terminal(work):
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "ebee", "compile", "probes.py", "-o", "-"]
    done = subprocess.run(argv, cwd=work.directory, stdout=theirs, stderr=subprocess.PIPE, timeout=60)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2 and b"no text for a terminal" in done.stderr and b"-o" in done.stderr


@pytest.mark.parametrize(
    ("source", "argv", "code", "message"),
    [
        ("x = 1\n", [], 2, "there is no probe in own.py"),
        ("import ebee\n@ebee.tracepoint('syscalls:sys_enter_openat')\ndef f(ctx):\n    import os\n", [], 3, "own.py:4"),
        ("1 +\n", [], 3, "syntax error"),
        (None, [], 7, "cannot be read"),
        (SOURCE, ["-o", "no/such/dir.o"], 8, "write no/such/dir.o"),
        (SOURCE, ["-o", "/dev/full"], 8, "No space left"),
        (SOURCE, ["--target", "x"], 2, "--target"),
        (SOURCE.replace("counts = Hash(u32, u64,", "counts = Hash(u32, u64, name='a-b',"), [], 7, "'a-b' cannot be a name"),
    ],
)
def test_errors_are_those_of_every_command(work, source, argv, code, message):
    if source is not None:
        (work.directory / "own.py").write_text(source)
    done = work("compile", "own.py", *argv)
    assert (done.returncode, message in done.stderr.decode()) == (code, True), done.stderr.decode()
    assert b"Traceback" not in done.stderr and not (work.directory / "own.bpf.o").exists()


def test_an_object_is_disassembled_as_its_source_is(work):
    work("compile", "probes.py")
    from_source, from_object = work("disasm", "probes.py", "--hex"), work("disasm", "probes.bpf.o", "--hex")
    assert from_object.returncode == 0 and from_object.stdout == from_source.stdout and b"counts[" in from_object.stdout
    one = work("disasm", "probes.bpf.o", "on_exit")
    assert one.returncode == 0 and one.stdout.startswith(b"on_exit: tracepoint/sched/sched_process_exit")
    none = work("disasm", "probes.bpf.o", "nobody")
    assert none.returncode == 2 and b"no probe called 'nobody' in probes.bpf.o" in none.stderr
    broken = work.directory / "broken.o"
    broken.write_bytes((work.directory / "probes.bpf.o").read_bytes()[:-10])
    done = work("disasm", "broken.o")
    assert done.returncode == 7 and b"broken.o: " in done.stderr and b"Traceback" not in done.stderr


def test_the_api_saves_the_same(work):
    module = module_of(work.directory / "probes.py")
    made = ebee.compile(module.on_open, module.same_section, module.on_exit)
    made.save(work.directory / "api.o")
    assert (work.directory / "api.o").read_bytes() == made.to_bytes()
    with pytest.raises(ebee.UsageError, match="there is no target 'mars'"):
        ebee.compile(module.on_open, target="mars")
    with pytest.raises(ebee.UsageError, match="no probe"):
        ebee.compile()
    with pytest.raises(ebee.SyscallError, match="write "):
        made.save(work.directory / "no" / "x.o")


def test_the_page_about_objects(work):
    page = (ROOT / "docs/objects.md").read_text()
    (snippet,) = (block.split("```")[0] for block in page.split("```python\n")[1:])
    (work.directory / "counts.py").write_text(snippet)
    done = subprocess.run([sys.executable, "counts.py"], cwd=work.directory, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    data = (work.directory / "counts.bpf.o").read_bytes()
    # A file that compiles itself is compiled by the command line, too.
    assert work("compile", "counts.py", "-o", "again.o").returncode == 0
    assert (work.directory / "again.o").read_bytes()[:4] == data[:4] == b"\x7fELF"


# What others do with it


def bpftool(*args):
    done = subprocess.run([*BPFTOOL, *args], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.needs_tool(BPFTOOL[0])
def test_bpftool_reads_the_types(work):
    work("compile", "probes.py")
    text = bpftool("btf", "dump", "file", str(work.directory / "probes.bpf.o"))
    for line in ("FUNC 'on_open' type_id=", "linkage=global", "DATASEC '.maps' size=", "VAR 'ebee_lost'", "STRUCT 'Open'"):
        assert line in text, text


def in_own_mounts(argv):
    """Run a command where what it mounts, and what is pinned there, ends with it."""
    if os.readlink("/proc/self/ns/pid") != "pid:[4026531836]":
        pytest.skip("process ids in here are not those that a program sees")
    unshare = ["unshare", "--mount", "--propagation", "private", "--fork", "--kill-child"]
    done = subprocess.run([*unshare, *argv], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.needs_kernel
@pytest.mark.needs_root
@pytest.mark.needs_tool(BPFTOOL[0], "unshare", "mount")
@pytest.mark.parametrize("loader", ["bpftool", "libbpf"])
def test_others_load_and_attach_it_unchanged(loader, tmp_path):
    child = [sys.executable, str(ROOT / "tests/api/load_object.py"), loader, str(tmp_path), *BPFTOOL]
    result = json.loads(in_own_mounts(child))
    if "skip" in result:
        pytest.skip(result["skip"])
    assert result["said"] == ""  # not a word of warning
    assert result["names"] == ["_data_ebee_lost", "by_flags", "ebee_scratch", "few", "last", "seen"]
    (last,) = result["maps"]["last"]
    assert last["value"]["length"] == len(str(tmp_path / "file0"))
    flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
    counts = {entry["key"]: entry["value"] for entry in result["maps"]["by_flags"]}
    assert counts[flags] == 5 and counts[1 << 40] >= 5 and len(counts) == 2
    assert [entry["value"] for entry in result["maps"]["few"]] == [7]
    (lost,) = result["maps"]["_data_ebee_lost"]
    (section,) = [v for k, v in lost["value"].items() if k == ".data.ebee_lost"]
    assert sorted(section[0]["ebee_lost"])[-2:] == [0, 4]  # four updates of a map that has room for one
    assert "; by_flags[u64(ctx.flags)] += 1" in result["xlated"] and "own.py line_num:24" in result["xlated"]


@pytest.mark.needs_kernel
@pytest.mark.needs_root
@pytest.mark.needs_tool(BPFTOOL[0], "unshare", "mount", "sh")
def test_functions_callbacks_and_data_run_as_they_should(tmp_path):
    (tmp_path / "hand.bpf.o").write_bytes(file_by_hand())
    (tmp_path / "packet").write_bytes(bytes(64))
    tool = shlex.join(BPFTOOL)
    script = f"""set -eu
cd {shlex.quote(str(tmp_path))}
mkdir bpffs
mount -t bpf bpffs bpffs
{tool} prog loadall hand.bpf.o bpffs/own pinmaps bpffs/maps
{tool} -j prog run pinned bpffs/own/entry data_in packet repeat 1
{tool} -j prog run pinned bpffs/own/other data_in packet repeat 1
{tool} map dump pinned bpffs/maps/_data_ebee_lost | tr -d '\\n'
echo
{tool} prog dump xlated pinned bpffs/own/entry
"""
    first, second, lost, *xlated = in_own_mounts(["sh", "-c", script]).splitlines()
    assert [json.loads(line)["retval"] for line in (first, second)] == [47, 47]
    assert json.loads(lost)[0]["value"][".data.ebee_lost"][0]["ebee_lost"] == [0, 2]
    assert "int entry(void * ctx):" in xlated and any("seven" in line for line in xlated)


NETWORK = """
import ebee
from ebee import Hash, u32, u64

seen = Hash(u32, u64)
sockets = ebee.SockMap(max_entries=4)
devices = ebee.DevMap(max_entries=4)

@ebee.xdp(frags=True)
def a(pkt):
    if pkt.ip and pkt.udp:
        pkt.ip.ttl -= 1
        return devices.redirect(1, ebee.XDP_PASS)
    return ebee.XDP_PASS

@ebee.tc("ingress")
def b(pkt):
    if pkt.ip:
        pkt.ip.src = 1
    return ebee.TC_ACT_OK

@ebee.cgroup_sock_addr("connect4")
def c(ctx):
    ctx.user_port = 80
    return True

@ebee.cgroup_sock_addr("getpeername6")
def d(ctx):
    return True

@ebee.cgroup_skb("egress")
def e(pkt):
    seen[pkt.protocol] += 1
    return True

@ebee.sock_ops()
def f(ctx):
    sockets.add(0)

@ebee.sk_msg
def g(pkt):
    return sockets.redirect(0)

@ebee.sk_lookup()
def h(ctx):
    sockets.assign(0)
    return ebee.SK_PASS

@ebee.netfilter("input")
def i(ctx):
    return ebee.NF_ACCEPT

@ebee.sockopt("set")
def j(ctx):
    return True

@ebee.cgroup_device()
def k(ctx):
    return ctx.major != 5

@ebee.lwt("xmit")
def l(pkt):
    return ebee.BPF_OK

@ebee.sk_skb("verdict")
def m(pkt):
    return ebee.SK_PASS

@ebee.cgroup_sock("post_bind6")
def n(ctx):
    return True

@ebee.socket_filter
def o(pkt):
    return pkt[0]

@ebee.netkit("peer")
def p(pkt):
    return ebee.TC_ACT_OK

@ebee.flow_dissector()
def q(pkt):
    return ebee.BPF_FLOW_DISSECTOR_CONTINUE
"""


@pytest.mark.needs_kernel
@pytest.mark.needs_root
@pytest.mark.needs_tool(BPFTOOL[0])
@pytest.mark.parametrize("age", ["old", "new"])
def test_bpftool_loads_every_hook_of_the_network(work, age):
    """By their section names alone. Those of tcx, netkit, netfilter and one of sk_skb are newer than libbpf 1.1."""
    head, *probes = NETWORK.split("@ebee.")
    is_new = [probe.startswith(("tc(", "netkit", "netfilter", 'sk_skb("verdict"')) for probe in probes]
    wanted = [probe for probe, new in zip(probes, is_new) if new == (age == "new")]
    (work.directory / "net.py").write_text("@ebee.".join([head, *wanted]))
    script = work.directory / "load.sh"
    script.write_text(
        "mount -t bpf none mnt && " + " ".join(map(shlex.quote, BPFTOOL)) + " prog loadall net.bpf.o mnt/p && ls mnt/p\n"
    )
    (work.directory / "mnt").mkdir()

    compiled = work("compile", "net.py")
    assert compiled.returncode == 0, compiled.stderr
    argv = ["unshare", "-m", "--propagation", "private", "sh", str(script)]
    done = subprocess.run(argv, cwd=work.directory, capture_output=True, text=True, timeout=60)
    if age == "new" and "failed to guess program type" in done.stderr:
        pytest.skip(done.stderr.splitlines()[0])
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [probe.partition("def ")[2][0] for probe in wanted]
