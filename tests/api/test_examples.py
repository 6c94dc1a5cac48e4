"""Every tool in examples/, run by `ebee run` on a workload of the test's own: what it prints is what was done."""

# ruff: noqa: F811 - fixtures that are imported
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from example_tools import EXAMPLES, KERNEL, matches, tool, x86_only  # noqa: F401
from test_cli_run import BACKENDS, ROOT, ebee, tmp_path  # noqa: F401


@pytest.mark.parametrize("backend", BACKENDS)
def test_opensnoop(tool, backend):
    body = """
open("there", "w").close()
fd = os.open("there", os.O_RDONLY)
for name, flags in ("missing", os.O_RDONLY), (".", os.O_WRONLY), ("there/in", os.O_RDONLY):
    try:
        os.open(name, flags)
    except OSError:
        pass
report = {"fd": fd, "pid": os.getpid()}
"""
    lines, report = tool(backend, "opensnoop", body)
    opens = matches(rf"{report['pid']} +\S+ +(fd \d+|E\w+) +([\d.]+) (.*)", lines)
    own = [(result, path) for result, _, path in opens if path in ("there", "missing", ".", "there/in")]
    fd = f"fd {report['fd']}"
    assert own == [(fd, "there"), (fd, "there"), ("ENOENT", "missing"), ("EISDIR", "."), ("ENOTDIR", "there/in")]
    assert all(0 < float(us) < 10_000_000 for _, us, _ in opens)


@pytest.mark.parametrize("backend", BACKENDS)
def test_execsnoop(tool, backend):
    body = """
many = ["-c", *(f"import time; time.sleep({n})" + 60 * "#" for n in range(3)), *map(str, range(30))]
for argv in ["sleep", "0.1"], ["no-such-program", "-x", "a b"], ["true", *many]:
    pid = os.fork()
    if pid == 0:
        try:
            os.execv("/bin/" + argv[0], argv)
        except OSError:
            os._exit(42)
    os.waitpid(pid, 0)
    report[argv[0]] = pid
report["many"] = many
"""
    lines, report = tool(backend, "execsnoop", body)
    first, second, third = report["sleep"], report["no-such-program"], report["true"]
    assert (str(third), "true", " ".join(["starts /bin/true", *report["many"][:19], "…"])) in matches(r"(\d+) +(\S+) +(.*)", lines)
    assert (str(first), "sleep", "starts /bin/sleep 0.1") in matches(r"(\d+) +(\S+) +(.*)", lines)
    ((ms,),) = matches(rf"{first} +sleep +exits with 0 after ([\d.]+) ms", lines)
    assert 100 <= float(ms) < 10_000
    assert len(matches(rf"{second} +\S+ +cannot start /bin/no-such-program -x a b: ENOENT", lines)) == 1
    assert len(matches(rf"{second} +\S+ +exits with 42 after [\d.]+ ms", lines)) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_killsnoop(tool, backend):
    body = """
pid = os.fork()
if pid == 0:
    signal.pause()
os.kill(pid, 0)
os.kill(pid, signal.SIGTERM)
os.waitpid(pid, 0)
try:
    os.kill(pid, signal.SIGKILL)
except ProcessLookupError:
    pass
report = {"me": os.getpid(), "child": pid}
"""
    lines, report = tool(backend, "killsnoop", body)
    kills = matches(rf"{report['me']} +\S+ +(\S+) +{report['child']} +(.*)", lines)
    assert kills == [("0", "ok"), ("SIGTERM", "ok"), ("SIGKILL", "No such process")]


@pytest.mark.parametrize("backend", BACKENDS)
def test_statsnoop(tool, backend):
    body = """
report["pid"] = os.getpid()
open("there", "w").close()
os.stat("there")
try:
    os.lstat("missing")
except FileNotFoundError:
    pass
"""
    lines, report = tool(backend, "statsnoop", body)
    stats = matches(rf"{report['pid']} +(?:newfstatat|statx) +(\w+) +(\S*)", lines)
    assert [s for s in stats if s[1] in ("there", "missing")] == [("ok", "there"), ("ENOENT", "missing")]


@pytest.mark.parametrize("backend", BACKENDS)
def test_syncsnoop(tool, backend):
    body = """
report["pid"] = os.getpid()
with open("data", "w") as f:
    f.write("x")
    f.flush()
    os.fsync(f.fileno())
    os.fdatasync(f.fileno())
"""
    lines, report = tool(backend, "syncsnoop", body)
    syncs = matches(rf"{report['pid']} +\S+ +(\w+) +([\d.]+) ms", lines)
    assert [call for call, _ in syncs] == ["fsync", "fdatasync"]
    assert len(lines) == 2


@x86_only
@pytest.mark.parametrize("backend", BACKENDS)
def test_filelife(tool, backend):
    body = """
for name in "brief", "kept":
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
time.sleep(0.06)
os.unlink("brief")
report["at"] = os.getcwd()
"""
    lines, _ = tool(backend, "filelife", body)
    ((name, ms),) = matches(r"(\S+) lived ([\d.]+) ms, from \S+ to \S+", lines)
    assert name == "brief" and 60 <= float(ms) < 10_000


@x86_only
@pytest.mark.parametrize("backend", BACKENDS)
def test_dirchanges(tool, backend):
    body = """
report["pid"] = os.getpid()
os.mkdir("a")
os.rename("a", "b")
os.rmdir("b")
open("file", "w").close()
os.unlink("file", dir_fd=os.open(".", os.O_RDONLY))
"""
    lines, report = tool(backend, "dirchanges", body)
    changes = matches(rf"{report['pid']} +(\w+) +(.*)", lines)
    assert changes == [("mkdir", "a"), ("rename", "a -> b"), ("rmdir", "b"), ("remove", "file")]


@pytest.mark.parametrize("backend", BACKENDS)
def test_syscount(tool, backend):
    lines, _ = tool(backend, "syscount", "for i in range(137): os.getppid()")
    counts = {name: int(n) for n, name in matches(r" *(\d+) (\S+)", lines)}
    assert counts["getppid"] == 137
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert counts["exit_group"] == 1 and not any(name.isdecimal() for name in counts)


@pytest.mark.parametrize("backend", BACKENDS)
def test_argdist(tool, backend):
    body = """
zero = os.open("/dev/zero", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
for i in range(7): os.read(zero, 5000)
for i in range(5): os.fstat(zero)
os.dup2(zero, 99)
os.close(99)
"""
    lines, _ = tool(backend, "argdist", body, "read:count", "close:fd", "openat:flags")
    read, close, openat = (lines.index(title) for title in ("read: count", "close: fd", "openat: flags"))
    (reads,) = matches(r" *4096 -> 8191 +: (\d+) +\|\*+ *\|", lines[read:close])
    assert int(reads[0]) >= 7
    assert ("99", "1") in matches(r" *(\d+) +(\d+)", lines[close:openat])
    assert (str(os.O_CLOEXEC | os.O_NOFOLLOW), "1") in matches(r" *(\d+) +(\d+)", lines[openat:])


@pytest.mark.parametrize("backend", BACKENDS)
def test_rwsize(tool, backend):
    body = """
zero, null = os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
for i in range(7):
    data = os.read(zero, 1 << 20)
for i in range(10):
    os.write(null, data + bytes(i))
os.write(null, data + data)
os.write(null, data[:-1])
"""
    lines, _ = tool(backend, "rwsize", body)
    writes = next(i for i, line in enumerate(lines) if line.startswith("writes: "))
    rows = [{int(lo): int(n) for lo, n in matches(r" *(\d+) \.\. \d+ +(\d+) #+", part)}
            for part in (lines[:writes], lines[writes:])]  # fmt: skip
    assert rows[0][1 << 20] == 7 and 1 << 21 not in rows[0]
    assert [rows[1].get(1 << n) for n in (19, 20, 21)] == [1, 10, 1]
    assert lines[0] == f"reads: {sum(rows[0].values())}" and lines[writes] == f"writes: {sum(rows[1].values())}"
    assert matches(r" *(1048576 \.\. 2097151) .*", lines) == [("1048576 .. 2097151",)] * 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_slowcalls(tool, backend):
    body = """
(slow, end), (fast, other) = os.pipe(), os.pipe()
if os.fork() == 0:
    time.sleep(0.25)
    os.write(end, b"five!")
    os._exit(0)
os.read(slow, 100)
os.write(other, b"x")
os.read(fast, 100)
report = {"pid": os.getpid(), "slow": slow}
os.wait()
"""
    lines, report = tool(backend, "slowcalls", body, "200")
    ((name, fd, ms, result),) = matches(rf"{report['pid']} +\S+ +(\w+) +fd (\d+) +([\d.]+) ms +(\d+)", lines)
    assert (name, int(fd), int(result)) == ("read", report["slow"], 5)
    assert 200 <= float(ms) < 10_000


@pytest.mark.parametrize("backend", BACKENDS)
def test_connects(tool, backend):
    body = """
path = "a-socket-with-a-name-of-some-length"
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen()
closed = socket.socket()
closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can listen there
for family, address in (
    (socket.AF_UNIX, path), (socket.AF_UNIX, path + "-that-is-missing"), (socket.AF_INET, closed.getsockname()),
):
    client = socket.socket(family)
    report.setdefault("fds", []).append(client.fileno())
    client.connect_ex(address)
"""
    lines, report = tool(backend, "connects", body)
    found = matches(r"\d+ +\S+ +fd (\d+) +(\w+) +[\d.]+ us  (.*)", lines)
    path = "a-socket-with-a-name-of-some-length"
    wanted = [("ok", path), ("ENOENT", path + "-that-is-missing"), ("ECONNREFUSED", "")]
    assert found == [(str(fd), *rest) for fd, rest in zip(report["fds"], wanted)]


@pytest.mark.parametrize("backend", KERNEL)
def test_forktree(tool, backend):
    body = """
r, w = os.pipe()
child = os.fork()
if child == 0:
    grandchild = os.fork()
    if grandchild:
        os.write(w, str(grandchild).encode())
        os.wait()
        os._exit(0)
    os.execv("/bin/sleep", ["sleep", "0"])
os.wait()
report = {"me": os.getpid(), "child": child, "grandchild": int(os.read(r, 20))}
"""
    lines, report = tool(backend, "forktree", body)
    at = next(i for i, line in enumerate(lines) if line.split()[0] == str(report["me"]))
    depths = [len(line) - len(line.lstrip()) for line in lines[at : at + 3]]
    assert [d - depths[0] for d in depths] == [0, 4, 8]
    assert [line.split()[0] for line in lines[at + 1 : at + 3]] == [str(report["child"]), str(report["grandchild"])]
    assert lines[at + 2].split()[1] == "sleep"


@pytest.mark.parametrize("backend", KERNEL)
def test_switches(tool, backend):
    lines, report = tool(backend, "switches", "for i in range(50): time.sleep(0.001)\nreport['pid'] = os.getpid()")
    ((comm, waits, _),) = matches(rf"{report['pid']} +(\S+) +(\d+) +(\d+)", lines)
    assert comm.startswith("python") and 50 <= int(waits) < 500


@pytest.mark.parametrize("backend", BACKENDS)
def test_lastcalls(backend, tmp_path):
    names = [str(tmp_path / f"f{i}") for i in range(15)]
    for name in names:
        Path(name).touch()
    result = ebee("run", backend, "-q", EXAMPLES / "lastcalls.py", "-c", f"cat {' '.join(names)}")
    assert (result.returncode, result.stderr) == (0, "")
    found = matches(r"\+([\d.]+) +\d+ +(.*)", result.stdout.splitlines())
    assert [path for _, path in found] == names[-10:]
    times = [float(ms) for ms, _ in found]
    assert times == sorted(times) and times[0] == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_firstopens(backend, tmp_path):
    names = [str(tmp_path / f"f{i % 5}") for i in range(15)]
    for name in names:
        Path(name).touch()
    result = ebee("run", backend, "-q", EXAMPLES / "firstopens.py", "-c", f"cat {' '.join(names)}")
    assert (result.returncode, result.stderr) == (0, "")
    assert [line for line in result.stdout.splitlines() if line in names] == names[:5]


@pytest.mark.parametrize("backend", BACKENDS)
def test_filetop(tool, backend):
    body = """
with open("made", "wb", buffering=0) as f:
    for i in range(3):
        f.write(bytes(1000))
with open("made", "rb", buffering=0) as f:
    f.read(700)
fd = os.open("other", os.O_CREAT | os.O_WRONLY)
os.write(fd, b"twelve bytes")
"""
    lines, _ = tool(backend, "filetop", body)
    rows = {path: (int(r), int(w)) for r, w, path in matches(r" *(\d+) +(\d+) (\S+)", lines)}
    assert rows["made"] == (700, 3000) and rows["other"] == (0, 12)


# Packets: the interfaces live in a network namespace that the test makes and leaves.

NAMESPACE = """
import ctypes, os, subprocess, sys
host = os.readlink("/proc/self/ns/net")
assert ctypes.CDLL(None).unshare(0x40000000) == 0  # CLONE_NEWNET
assert os.readlink("/proc/self/ns/net") != host
def ip(*words):
    subprocess.run(["ip", *words], check=True)
ip("link", "add", "left", "type", "veth", "peer", "name", "right")
for name in ("left", "right"):
    ip("link", "set", name, "up")
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""
SENDER = """
import json, socket, sys
sender, receiver = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, n) for n in (0, socket.htons(3)))
sender.bind(("left", 0))
receiver.bind(("right", 0))
receiver.settimeout(5)
frames = [bytes.fromhex(f) for f in json.load(open(sys.argv[1]))]
for frame in frames:
    sender.send(frame)
while receiver.recv(2048) != frames[-1]:
    pass
"""


@pytest.fixture
def on_interface(tmp_path):
    """A function that runs a tool on an interface that receives frames; it returns the lines printed."""

    def run(name, frames, *args):
        from ebee import packets

        marker = packets.ethernet(b"marker", proto=0x88B5).ljust(60, b"\0")
        for file, text in ("namespace.py", NAMESPACE), ("sender.py", SENDER):
            (tmp_path / file).write_text(text)
        (tmp_path / "frames.json").write_text(json.dumps([f.hex() for f in [*frames, marker]]))
        command = f"{sys.executable} {tmp_path}/sender.py {tmp_path}/frames.json"
        tool = ["-m", "ebee", "run", "-q", EXAMPLES / f"{name}.py", "-c", command, "--", "right", *args]
        argv = [sys.executable, tmp_path / "namespace.py", sys.executable, *tool]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        result = subprocess.run(list(map(str, argv)), capture_output=True, text=True, timeout=60, env=environment)
        assert (result.returncode, result.stderr) == (0, ""), result.stderr
        return result.stdout.splitlines()

    return run


needs_interfaces = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip")]


@pytest.mark.parametrize("", [pytest.param(marks=needs_interfaces)])
def test_packetcount(on_interface):
    from ebee import packets

    tcp, udp = packets.tcp(b"x" * 50, dport=80), packets.udp(b"y" * 70, dport=53)
    lines = on_interface("packetcount", [tcp, udp, udp, tcp, tcp])
    counts = {kind: (int(n), int(size)) for kind, n, size in matches(r"(.{8}) +(\d+) packets +(\d+) bytes", lines)}
    assert counts["tcp     "] == (3, 3 * len(tcp)) and counts["udp     "] == (2, 2 * len(udp))
    assert counts["other   "] >= (1, 60)


@pytest.mark.parametrize("", [pytest.param(marks=needs_interfaces)])
def test_firewall(on_interface):
    from ebee import packets

    telnet, web = packets.tcp(dport=23), packets.tcp(dport=80)
    dns, near, far = packets.udp(dport=53), packets.udp(src="10.9.8.7"), packets.udp(src="10.10.1.1", dport=99)
    lines = on_interface("firewall", [telnet, web, dns, near, far, telnet, near, near, dns], "23", "53", "10.9.0.0/16")
    assert [line.split() for line in lines] == [
        ["port", "23", "2", "dropped"], ["port", "53", "2", "dropped"], ["from", "10.9.0.0/16", "3", "dropped"],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["packetcount", "firewall"])
def test_without_an_interface_there_is_a_word_on_usage(name):
    result = ebee("run", EXAMPLES / f"{name}.py", "-c", "true")
    assert result.returncode == 1 and result.stderr.startswith("usage: ebee run ") and "INTERFACE" in result.stderr


# What holds of all


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda f: f.stem)
def test_every_example_can_be_disassembled_without_its_arguments(file):
    result = ebee("disasm", file)
    if result.returncode and "BTF" in result.stderr and Path("/sys/kernel/btf/vmlinux").exists():
        result = ebee("disasm", "--target", "kernel", file)
    assert (result.returncode, result.stderr) == (0, "") and "instructions" in result.stdout


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda f: f.stem)
def test_every_example_says_how_it_is_run_and_is_on_the_page(file):
    text = file.read_text()
    usage = re.search(rf"^    (?:sudo )?(ebee run examples/{file.name} .*)$", text, re.M)
    tests = "".join(path.read_text() for path in (ROOT / "tests").glob("*/test_*examples*.py"))
    assert usage and (f"def test_{file.stem}(" in tests or file.stem == "opens")
    assert f"`examples/{file.name}`" in (ROOT / "docs" / "examples.md").read_text()


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_a_tool_says_what_it_is_about(flag):
    result = ebee("run", EXAMPLES / "opens.py", flag)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Which files does a command open?\n\n    ebee run examples/opens.py -c 'ls -R")
    assert result.stdout.endswith("\nebee run --help: the options.\n")


@pytest.mark.parametrize(
    "text, code, said", [("x = 1\n", 0, "says nothing of itself"), ("1 +\n", 3, "syntax error")], ids=["none", "broken"]
)
def test_a_file_without_words(tmp_path, text, code, said):
    (tmp_path / "own.py").write_text(text)
    result = ebee("run", tmp_path / "own.py", "--help")
    assert result.returncode == code and said in result.stdout + result.stderr and "Traceback" not in result.stderr
