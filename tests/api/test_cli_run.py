"""`ebee run` as a user sees it: a whole process, its output, its exit code; on every backend that this machine has."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BACKENDS = [
    pytest.param("--kernel", marks=pytest.mark.needs_kernel),
    pytest.param("--engine", marks=pytest.mark.needs_ptrace),
]
DECLARE = """
import ebee
from ebee import Array, Hash, RingBuf, Str, Struct, u32, u64, s32

class Call(Struct):
    pid: u32
    dfd: s32
    comm: str = Str(16)
    path: str = Str(200)

calls = RingBuf(Call, size={size!r})
counts = Hash(Str(16), u64)

@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    counts[ebee.comm()] += 1
    with calls.reserve() as c:
        c.pid = ebee.pid()
        c.dfd = ctx.dfd
        c.comm = ebee.comm()
        c.path = ebee.user_str(ctx.filename)
"""


def ebee(*args, timeout=60, env=None, wrap=list, cwd=None):
    argv = wrap([sys.executable, "-m", "ebee", *map(str, args)])
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **(env or {})}
    return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, env=environment, cwd=cwd)


@pytest.fixture
def tmp_path():
    """A directory that an ordinary user can read, too: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="ebee-test-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture
def declare(tmp_path):
    """A file that declares a probe and maps, and does nothing else."""

    def write(extra="", size="256K"):
        file = tmp_path / "probe.py"
        file.write_text(DECLARE.format(size=size) + extra)
        return file

    return write


def paths_opened(directory):
    """A command that opens three files, and their names."""
    names = [directory / f"file {i}" for i in range(3)]
    for name in names:
        name.write_text("")
    return f"cat '{names[0]}' '{names[1]}' '{names[2]}'", [str(n) for n in names]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_example_shows_what_the_command_opened(backend, tmp_path):
    command, names = paths_opened(tmp_path)
    result = ebee("run", backend, "-q", ROOT / "examples" / "opens.py", "-c", command)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    events = [re.fullmatch(r"(\d+) (\S+) (.*)", line) for line in lines]
    opened = [m for m in events if m and m[3] in names]
    assert [m[3] for m in opened] == names
    assert {m[2] for m in opened} == {"cat"}
    pid = opened[0][1]
    total = sum(1 for m in events if m and m[1] == pid)
    assert lines[-1] == f"process {pid} opened {total} files"


@pytest.mark.parametrize("backend", BACKENDS)
def test_declarations_alone_are_attached_and_printed(backend, declare, tmp_path):
    command, names = paths_opened(tmp_path)
    result = ebee("run", backend, "-q", declare(), "-c", command)
    assert result.returncode == 0, result.stderr
    heading, *rest = result.stdout.splitlines()
    assert heading.split() == ["PID", "DFD", "COMM", "PATH"]
    rows = [line for line in rest if names[1] in line]
    assert len(rows) == 1
    assert rows[0].split(maxsplit=3)[1:] == ["-100", "cat", names[1]]
    assert rest[-2] == "counts:"
    assert re.fullmatch(r"  cat  \d+", rest[-1])


@pytest.mark.parametrize("how", [("run", "--engine", "-c", "true"), ("disasm",)])
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("m = LruHash(u32, Locked)", "LruHash: the values of this kind of map cannot hold a lock or kernel pointer"),
        ("class Wrong(Struct): x: int", "Wrong.x: int is not a type with a fixed size"),
        ("@ebee.tracepoint('openat')", "tracepoint takes 'category:name', not 'openat'"),
    ],
)
def test_what_cannot_be_declared_is_told_at_its_line(how, code, message, tmp_path):
    file = tmp_path / "wrong.py"
    text = "import ebee\nfrom ebee import *\nclass Locked(Struct):\n    lock: SpinLock\nif True:\n"
    body = f"    {code}\n    def f(ctx): pass\n" if code.startswith("@") else f"    {code}\n"
    file.write_text(text + body)
    done = ebee(*how, file)
    assert done.returncode and "Traceback" not in done.stderr
    assert done.stderr.startswith(f"{file}:6:5: error: {message}"), done.stderr
    assert f"  6 |     {code}\n    |     ^" in done.stderr


def test_a_script_that_cannot_be_executed_is_told_with_its_line(tmp_path):
    file = tmp_path / "wrong.py"
    file.write_text("import ebee\n\n1 / 0\n")
    assert "cannot be executed: line 3: ZeroDivisionError" in ebee("disasm", file).stderr


def test_a_file_with_a_byte_order_mark(tmp_path):
    file = tmp_path / "marked.py"
    file.write_text(
        "\ufeffimport ebee\nfrom ebee import *\nopens = Array(u64, max_entries=1)\n"
        "@ebee.tracepoint('syscalls:sys_enter_openat')\ndef on_open(ctx):\n    opens[0] += 1\n"
    )
    done = ebee("run", "--engine", "-c", "cat /dev/null", file)
    assert done.returncode == 0 and "opens" in done.stdout, done


EVERY_TYPE = """
import enum
from ebee import *
class State(enum.IntEnum):
    IDLE = 0
    RUN = 1
class Level(enum.Enum):
    LOW = 0
class Point(Struct):
    x: u32
class Address(Union):
    v4: u32
    raw: bytes = Bytes(4)
class Event(Struct):
    low: int = Bits(u8, 3)
    state: State
    level: Level
    where: Point
    ways: list[Point] = List(Point, 2)
    data: bytes = Bytes(4)
    address: Address
    name: str = Str(8)
    ok: bool
events, numbers = RingBuf(Event), RingBuf(u32)
rows, lists = Hash(Point, Event), Hash(Str(4), List(u32, 2))
points = PerCpuArray(Point, max_entries=1)
last, unused = Global(Event), Global(u32, 5, constant=True)
@tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    if ctx.flags == 0o2000000 or last.value.low:
        return
    with events.reserve() as e:
        e.low = 5
        e.state = State.RUN
        e.data = b"\\xff\\0ab"
        e.address.v4 = 1
        e.name = "hi"
    numbers.output(5)
    rows[Point(x=1)] = Event(low=2)
    lists["a"] = (1, 2)
    points[0] = Point(x=3)
    last.value.low = unused.value
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_type_is_printed(backend, tmp_path):
    file = tmp_path / "types.py"
    file.write_text(EVERY_TYPE)
    shown = ebee("run", backend, "-q", "-c", "cat /dev/null", file)
    assert shown.returncode == 0 and "Point(x=1)" in shown.stdout and "numbers:\nVALUE" in shown.stdout.replace(" ", "")
    result = ebee("run", backend, "--json", "-q", "-c", "cat /dev/null", file)
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    event = {"low": 5, "state": 1, "level": 0, "where": {"x": 0}, "ways": [{"x": 0}, {"x": 0}], "data": "ff006162",
             "address": {"v4": 1, "raw": "01000000"}, "name": "hi", "ok": False}  # fmt: skip
    assert {"event": "events", "value": event} in lines
    assert {"event": "numbers", "value": 5} in lines
    assert {"map": "lists", "entries": [["a", [1, 2]]]} in lines
    assert [line["value"]["low"] for line in lines if line.get("variable") == "last"] == [5]


@pytest.mark.parametrize("backend", BACKENDS)
def test_json_lines(backend, declare, tmp_path):
    command, names = paths_opened(tmp_path)
    result = ebee("run", backend, "--json", declare(), "-c", command)
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    calls = [line["value"] for line in lines if line.get("event") == "calls"]
    events = [call for call in calls if call["path"] in names]
    assert [e["path"] for e in events] == names
    assert {e["comm"] for e in events} == {"cat"}
    assert lines[-1]["map"] == "counts"
    assert dict(lines[-1]["entries"])["cat"] == sum(call["comm"] == "cat" for call in calls)


@pytest.mark.parametrize("backend", BACKENDS)
def test_only_the_command_and_its_descendants(backend, declare, tmp_path):
    command, names = paths_opened(tmp_path)
    other = subprocess.Popen(["sh", "-c", "while :; do cat /etc/hostname >/dev/null; sleep 0.01; done"])
    try:
        result = ebee("run", backend, "--json", declare(), "-c", f"sh -c \"sleep 0.2; ({command}) & wait\"")
    finally:
        other.kill()
        other.wait()
    assert result.returncode == 0, result.stderr
    events = [json.loads(line)["value"] for line in result.stdout.splitlines() if '"event"' in line]
    assert [e["path"] for e in events if e["path"] in names] == names
    assert not [e for e in events if e["path"] == "/etc/hostname"]
    assert {e["comm"] for e in events} <= {"sh", "cat", "sleep"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_full_ring_is_counted_and_reported(backend, declare, tmp_path):
    extra = """
import time
with ebee.attach(on_open) as attachment:
    attachment.wait()
    kept = len(calls.drain())
print(kept, counts["cat"])
"""
    files = []
    for i in range(60):
        files.append(tmp_path / f"f{i}")
        files[-1].write_text("")
    result = ebee("run", backend, declare(extra, size=4096), "-c", f"cat {' '.join(map(str, files))}")
    assert result.returncode == 0, result.stderr
    kept, counted = map(int, result.stdout.split())
    assert 0 < kept < 60 <= counted
    lost = re.search(r"(\d+) records were lost: ring buffer 'calls' was full", result.stderr)
    assert int(lost[1]) == counted - kept
    assert "probe.py:" in result.stderr


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_detaches_drains_and_prints(backend, number, code, declare):
    command = "sh -c 'while :; do cat /etc/hostname >/dev/null; sleep 0.05; done'"
    argv = [sys.executable, "-m", "ebee", "run", backend, str(declare()), "-c", command]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True
    )
    try:
        while "/etc/hostname" not in process.stdout.readline():
            assert process.poll() is None, process.stderr.read()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code, err
    assert "counts:" in out
    assert re.search(r"cat +\d+", out.split("counts:")[1])
    assert "Traceback" not in err
    assert not leftovers(process.pid)


def leftovers(session_id, patience_s=3.0):
    """Processes of a session that still run."""
    end = time.monotonic() + patience_s
    while True:
        out = subprocess.run(["ps", "-o", "pid=,stat=,args=", "-s", str(session_id)], capture_output=True, text=True)
        alive = [line for line in out.stdout.splitlines() if line.split()[1][0] != "Z"]
        if not alive or time.monotonic() > end:
            return alive
        time.sleep(0.05)


@pytest.mark.needs_ptrace
def test_a_killed_tracer_leaves_no_process_hanging(declare):
    command = "sh -c 'cat /etc/hostname >/dev/null; sleep 60'"
    argv = [sys.executable, "-m", "ebee", "run", "--engine", str(declare()), "-c", command]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=env, start_new_session=True)
    while "/etc/hostname" not in process.stdout.readline():
        assert process.poll() is None
    process.kill()
    process.wait()
    assert not leftovers(process.pid)


@pytest.mark.needs_ptrace
def test_an_ordinary_user_is_live_in_the_engine_and_told_why(declare, tmp_path, as_user):
    command, names = paths_opened(tmp_path)
    result = ebee("run", declare(), "-c", command, wrap=as_user, cwd="/")
    assert result.returncode == 0, result.stderr
    assert all(name in result.stdout for name in names)
    notices = [line for line in result.stderr.splitlines() if line.startswith("ebee:")]
    assert len(notices) == 1
    assert "engine" in notices[0]
    assert "CAP_BPF" in notices[0] and "sudo" in notices[0]


@pytest.mark.needs_ptrace
def test_a_recording_replays_the_same_events(declare, tmp_path):
    command, names = paths_opened(tmp_path)
    recording = tmp_path / "events.jsonl"
    made = ebee("record", "syscalls:sys_enter_openat", "-c", command, "-o", recording)
    assert made.returncode == 0, made.stderr
    first, second = (ebee("run", "--json", declare(), "--replay", recording) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    events = [json.loads(line)["value"] for line in first.stdout.splitlines() if '"event"' in line]
    assert [e["path"] for e in events if e["path"] in names] == names


ELSEWHERE = """
import sys

class NotHere:
    # What a system other than Linux does not have, and what ebee must not need there.
    blocked = ("fcntl", "resource", "termios", "pwd", "grp", "ebee.sys.bpf", "ebee.sys.tracefs")

    def find_spec(self, name, path=None, target=None):
        if name in self.blocked:
            raise ImportError(f"no module named {name} on this system")

sys.meta_path.insert(0, NotHere())
sys.platform = "darwin"
import os
for name in ("sched_getaffinity", "pidfd_open", "eventfd"):
    if hasattr(os, name):
        delattr(os, name)
import select
for name in ("epoll",):
    if hasattr(select, name):
        delattr(select, name)
from ebee.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.needs_ptrace
def test_a_recording_replays_where_there_is_no_linux(declare, tmp_path):
    command, names = paths_opened(tmp_path)
    recording = tmp_path / "events.jsonl"
    assert ebee("record", "syscalls:sys_enter_openat", "-c", command, "-o", recording).returncode == 0
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text(ELSEWHERE)

    def there(*args):
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        argv = [sys.executable, str(elsewhere), *map(str, args)]
        return subprocess.run(argv, capture_output=True, text=True, env=env, timeout=60)

    replayed = there("run", declare(), "--replay", recording)
    assert replayed.returncode == 0, replayed.stderr
    assert all(name in replayed.stdout for name in names)
    live = there("run", declare(), "-c", "true")
    assert (live.returncode, "Traceback" in live.stderr) == (6, False), live.stderr
    assert "Linux" in live.stderr and "--replay" in live.stderr


# Mistakes: one clear message, the right exit code, never a traceback.

MISTAKES = {
    "a file that is not there": (["run", "nowhere.py", "-c", "true"], 7, "nowhere.py: cannot be read: No such file"),
    "a file that is no text": (["run", "{binary}", "-c", "true"], 7, "is not UTF-8 text"),
    "a syntax error": (["run", "{syntax}", "-c", "true"], 3, "2:5: error: syntax error:"),
    "an unsupported construct": (["run", "{refused}", "-c", "true"], 3, "hint:"),
    "an unknown probe": (["run", "{unknown}", "-c", "true"], 3, "did you mean syscalls:sys_enter_openat or"),
    "nobody to trace": (["run", "{probe}"], 2, "whom should the probes see?"),
    "no file": (["run"], 2, "Missing argument 'FILE'"),
    "an unknown option": (["run", "--bogus", "x.py"], 2, "No such option"),
    "an unknown command": (["bogus"], 2, "No such command"),
    "both backends": (["run", "--engine", "--kernel", "{probe}"], 2, "exclude each other"),
    "an empty command": (["run", "{probe}", "-c", " "], 2, "the command is empty"),
    "an unbalanced quote": (["run", "{probe}", "-c", "echo 'x"], 2, "cannot be read: No closing quotation"),
    "a missing recording": (["run", "{probe}", "--replay", "nowhere.jsonl"], 7, "nowhere.jsonl"),
    "a recording that is none": (["run", "{probe}", "--replay", "{probe}"], 7, "probe.py"),
    "a bad event to record": (["record", "bogus:event", "-c", "true", "-o", "{out}"], 6, "bogus:event"),
    "bad bytecode": (["disasm", "{binary}"], 7, ""),
    "no such probe in the file": (["disasm", "{probe}", "nobody"], 2, "no probe called 'nobody'"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told_once_and_clearly(name, declare, tmp_path):
    args, code, words = MISTAKES[name]
    files = {"probe": declare(), "out": tmp_path / "out"}
    for key, data in {
        "binary": b"\xff\xfe\x00\x01\x02",
        "syntax": b"x = 1\nif x\n    y\n",
        "refused": b"import ebee\n@ebee.tracepoint('syscalls:sys_enter_openat')\ndef f(ctx):\n    x = 1 / 2\n",
        "unknown": b"import ebee\n@ebee.tracepoint('syscalls:sys_enter_opena')\ndef f(ctx):\n    pass\n",
    }.items():
        files[key] = tmp_path / f"{key}.py" if key != "binary" else tmp_path / "binary.bin"
        files[key].write_bytes(data)
    result = ebee(*[a.format(**files) for a in args], cwd=tmp_path)
    assert (result.returncode, "Traceback" in result.stderr) == (code, False), result.stderr
    assert words in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("command", "code"), [("no-such-command-anywhere", 127), ("/etc/hostname", 126)])
def test_a_command_that_cannot_be_started(backend, command, code, declare):
    result = ebee("run", backend, declare(), "-c", command)
    assert (result.returncode, "Traceback" in result.stderr) == (code, False), result.stderr
    assert command in result.stderr


def test_a_scripts_own_mistake_shows_its_own_traceback(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("def f():\n    return 1 / 0\nf()\n")
    result = ebee("run", script, "-c", "true")
    assert result.returncode == 1
    assert "ZeroDivisionError" in result.stderr and "script.py" in result.stderr
    assert "ebee/cli" not in result.stderr


def test_a_script_gets_its_arguments_and_its_exit_code(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nprint(sys.argv[1:], __name__)\nsys.exit(42)\n")
    result = ebee("run", script, "-c", "true", "--", "-x", "y")
    assert (result.returncode, result.stdout) == (42, "['-x', 'y'] __main__\n")


def test_without_privilege_the_whole_machine_is_refused_with_the_way_out(declare, as_user):
    result = ebee("run", "--all", declare(), wrap=as_user, cwd="/")
    assert result.returncode == 5
    assert "CAP_BPF" in result.stderr and "-c COMMAND" in result.stderr


def test_help_and_version():
    assert ebee("--version").stdout.startswith("ebee ")
    text = ebee("--help").stdout
    for command in ("run", "record", "disasm", "features", "conformance"):
        assert f"  {command} " in text
        assert "Usage:" in ebee(command, "--help").stdout
    assert "Exit codes:" in text and "127" in text


def test_the_verifiers_log_is_one_flag_away(tmp_path):
    file, log = tmp_path / "refused.py", tmp_path / "log.txt"
    file.write_text("from ebee.errors import VerifierError\nraise VerifierError('p', 'no', log='0: (95) exit\\n')\n")
    quiet = ebee("run", file)
    assert quiet.returncode == 4 and "(95) exit" not in quiet.stderr
    assert ebee("run", "--log", log, file).returncode == 4 and log.read_text() == "0: (95) exit\n"
    assert ebee("run", "--log", "-", file).stderr.startswith("0: (95) exit\n")
    assert ebee("run", "--log", tmp_path, file).returncode == 7


@pytest.mark.needs_kernel
def test_disasm_for_this_kernel(declare):
    assert ebee("disasm", "--target", "kernel", declare()).returncode == 0


def test_disasm_shows_source_beside_bytecode(declare):
    result = ebee("disasm", declare())
    assert result.returncode == 0, result.stderr
    assert "counts[ebee.comm()] += 1" in result.stdout
    assert "exit" in result.stdout and "tp_field filename" in result.stdout
    hexadecimal = ebee("disasm", "--hex", declare())
    assert "95 00 00 00 00 00 00 00" in hexadecimal.stdout


def test_broken_pipe_is_quiet(declare):
    script = f"{sys.executable} -m ebee --help | head -n 1"
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=env)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("backend", BACKENDS)
def test_variables_are_printed_at_the_end(backend, tmp_path):
    file = tmp_path / "variables.py"
    file.write_text(
        "import ebee\nfrom ebee import Global, Struct, u32, u64\n\n"
        "class Both(Struct):\n    a: u32\n    b: u32\n\n"
        "opened = Global(u64)\nboth = Global(Both)\nlimit = Global(u32, 7, constant=True)\n\n"
        "@ebee.tracepoint('syscalls:sys_enter_openat')\n"
        "def count(ctx):\n    opened.value += 1\n    both.value.b = limit.value\n"
    )
    result = ebee("run", backend, "-q", file, "-c", "true")
    assert result.returncode == 0, result.stderr
    first, second = result.stdout.splitlines()
    assert re.fullmatch(r"opened: [1-9]\d*", first) and second == "both: Both(a=0, b=7)"
    lines = [json.loads(line) for line in ebee("run", backend, "-q", "--json", file, "-c", "true").stdout.splitlines()]
    assert [line["variable"] for line in lines] == ["opened", "both"] and lines[1]["value"] == {"a": 0, "b": 7}
