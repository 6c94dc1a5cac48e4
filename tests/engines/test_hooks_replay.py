"""Recordings: what is written, that a replay gives the same events, and that no file can do harm."""

from __future__ import annotations

import base64
import functools
import io
import json
import os
import platform
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ebee.engine.hooks import recording, syscalls
from ebee.engine.hooks.events import parse_event, syscall_numbers
from ebee.engine.hooks.recording import RecordingTee, encode_memory, record_command
from ebee.engine.hooks.replay import _decode_memory, start_replay
from ebee.engine.hooks.syscalls import start_command
from ebee.errors import CommandError, FormatError, SyscallError, UnknownProbe
from ebee.spec.default_target import default_target

ARCH = {"aarch64": "arm64"}.get(platform.machine(), "x86_64")
OPENAT, OPENAT_EXIT = "syscalls:sys_enter_openat", "syscalls:sys_exit_openat"
RAW, RAW_EXIT = "raw_syscalls:sys_enter", "raw_syscalls:sys_exit"


class Sink:
    """Keeps every event as a program sees it, with the first 256 bytes of each string."""

    def __init__(self, *events, arch=ARCH):
        self.target = default_target(arch)
        self._events = events
        self.seen, self.changed = [], threading.Event()

    def attached_events(self):
        return self._events

    def notify(self):
        self.changed.set()

    def fire(self, event, record, task):
        layout = parse_event(event, self.target)
        args = layout.unpack(record)[1]
        strings = [task.read_user(args[i], 256).partition(b"\0")[0] for i in layout.strings]
        who = (task.tgid, task.pid, task.uid, task.gid, task.comm, task.cpu)
        self.seen.append((event, record, who, task.ktime_ns(), strings))


def replay(sink, path, file=None):
    command = start_replay(sink, str(path), file)
    try:
        while (status := command.poll()) is None:
            assert sink.changed.is_set()
            sink.changed.clear()
        return status
    finally:
        command.close()


def line(**changes):
    fields = {
        "event": OPENAT, "t_ns": 7, "tgid": 10, "pid": 11, "uid": 1, "gid": 2, "comm": "ls", "cpu": 3,
        "syscall": "openat", "args": {"dfd": 1, "filename": 4096, "flags": 3, "mode": 4},
        "mem": [[4096, "/etc/x\0"]],
    }  # fmt: skip
    fields |= changes
    return json.dumps({k: v for k, v in fields.items() if v is not None}).encode() + b"\n"


def header(**changes):
    return json.dumps({"ebee_events": 1, "arch": ARCH, "command": ["ls"]} | changes).encode() + b"\n"


# Record and replay


@pytest.mark.needs_ptrace
@pytest.mark.parametrize("events", [(OPENAT,), (OPENAT, OPENAT_EXIT, RAW, RAW_EXIT, "syscalls:sys_enter_execve")])
def test_a_replay_gives_the_recorded_events(tmp_path, monkeypatch, events):
    live = Sink(*events)

    class Both(recording.RecordingSink):
        def fire(self, event, record, task):
            t_ns = task.ktime_ns()
            task = task.replace(ktime_ns=lambda: t_ns)
            live.fire(event, record, task)
            super().fire(event, record, task)

    monkeypatch.setattr(recording, "RecordingSink", Both)
    file = tmp_path / "events.jsonl"
    argv = ["sh", "-c", "ls /usr > /dev/null; cat /nonexistent/näme 2> /dev/null; exit 3"]
    summary = record_command(argv, events, str(file), default_target(ARCH))
    assert summary.exit_status == 3 and summary.events == len(live.seen) > 5
    assert summary.strings_cut == summary.strings_unreadable == 0
    sink = Sink(*events)
    command = start_replay(sink, str(file))
    assert command.argv == argv and command.pid == 0
    command.close()
    assert replay(sink, file) == 0
    assert sink.seen == live.seen
    assert any(strings == ["/nonexistent/näme".encode()] for *_, strings in sink.seen)
    assert [row["event"] for row in map(json.loads, file.read_text().splitlines()[1:])] == [s[0] for s in live.seen]


@pytest.mark.needs_ptrace
def test_a_recording_beside_a_program_keeps_what_the_program_read(tmp_path):
    file = io.StringIO()
    live = Sink(OPENAT, OPENAT_EXIT)
    tee = RecordingTee(live, file, "events", ["ls", "/"])
    command = start_command(tee, ["ls", "/"])
    while command.poll() is None:
        live.changed.wait(5)
        live.changed.clear()
    command.close()
    sink = Sink(OPENAT, OPENAT_EXIT)
    assert replay(sink, "events", io.BytesIO(file.getvalue().encode())) == 0
    assert sink.seen == live.seen and len(sink.seen) > 5
    rows = [json.loads(row) for row in file.getvalue().splitlines()[1:]]
    assert all(len(row["mem"]) == 1 for row in rows if "args" in row)


@pytest.mark.needs_ptrace
def test_long_and_unreadable_strings_are_counted(tmp_path):
    code = f"""
import ctypes
openat = ctypes.CDLL(None).openat
openat(-100, b"{tmp_path}/" + b"x" * 5000, 0)
openat(-100, ctypes.c_void_p(8), 0)
openat(-100, None, 0)
openat(-100, b"\\xff\\n", 0)
"""
    file = tmp_path / "events.jsonl"
    summary = record_command([sys.executable, "-S", "-c", code], [OPENAT], str(file), default_target(ARCH))
    assert (summary.strings_cut, summary.strings_unreadable) == (1, 1)
    memory = [json.loads(row).get("mem") for row in file.read_text().splitlines()[-4:]]
    assert len(memory[0][0][1]) == 4096
    assert memory[1] is memory[2] is None
    assert memory[3][0][1] == {"base64": base64.b64encode(b"\xff\n\0").decode()}


@pytest.mark.needs_ptrace
def test_what_cannot_be_recorded(tmp_path):
    target, file = default_target(ARCH), str(tmp_path / "events")
    with pytest.raises(UnknownProbe, match="sys_enter_openat") as refused:
        record_command(["true"], ["syscalls:sys_enter_openatt"], file, target)
    assert OPENAT in refused.value.similar
    with pytest.raises(UnknownProbe):
        record_command(["true"], ["sched:sched_switch"], file, target)
    assert not os.path.exists(file)
    with pytest.raises(CommandError):
        record_command(["no-such-command-here"], [OPENAT], file, target)
    with pytest.raises(CommandError):
        record_command([], [OPENAT], file, target)
    assert not os.path.exists(file)
    with pytest.raises(SyscallError, match="No such file"):
        record_command(["true"], [OPENAT], str(tmp_path / "no" / "folder"), target)
    if os.path.exists("/dev/full"):
        with pytest.raises(SyscallError, match="No space left"):
            record_command(["ls", "/usr"], [RAW], "/dev/full", target)


@pytest.mark.needs_ptrace
def test_ctrl_c_ends_the_command_and_keeps_the_recording(tmp_path):
    source, file = str(Path(syscalls.__file__).parents[3]), tmp_path / "events"
    code = f"""
import sys
sys.path.insert(0, {source!r})
from ebee.engine.hooks.recording import record_command
from ebee.spec.default_target import default_target
argv = ["sh", "-c", "echo ready; exec sleep 60"]
print(record_command(argv, [{OPENAT!r}], {str(file)!r}, default_target({ARCH!r})).exit_status)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (out.strip(), err) == (b"-15", b"")
    assert replay(Sink(OPENAT), file) == 0


def test_another_architecture_decides_by_name():
    events = (OPENAT, RAW, RAW_EXIT, "syscalls:sys_enter_open")
    lines = [
        line(), line(event="syscalls:sys_enter_open", syscall="open", args={"filename": 1, "flags": 2, "mode": 3}),
        line(event=RAW, args={f"arg{i}": i for i in range(6)}),
        line(event=RAW_EXIT, args=None, ret=-2, syscall="open"), line(event=RAW_EXIT, args=None, ret=0, syscall=500),
    ]  # fmt: skip
    for arch in ("x86_64", "arm64"):
        sink = Sink(*events, arch=arch)
        assert replay(sink, "f", io.BytesIO(b"".join([header(arch="x86_64"), *lines]))) == 0
        numbers = [parse_event(e, sink.target).unpack(record)[0] for e, record, *_ in sink.seen]
        table = syscall_numbers(arch)
        opens = [table["open"]] if arch == "x86_64" else []
        raw = 500 if arch == "x86_64" else -1
        assert numbers == [table["openat"], *opens, table["openat"], table.get("open", -1), raw]


def test_what_a_program_sees_of_a_line():
    sink = Sink(OPENAT)
    memory = [[4090, {"base64": base64.b64encode(b"stack!").decode()}], [4096, "/etc/x\0"]]
    assert replay(sink, "f", io.BytesIO(header() + line(mem=memory, comm="\udcff\"'"))) == 0
    (event, record, who, t_ns, strings), = sink.seen
    assert (event, who, t_ns, strings) == (OPENAT, (10, 11, 1, 2, b"\xff\"'", 3), 7, [b"/etc/x"])
    assert parse_event(OPENAT, sink.target).unpack(record) == (syscall_numbers(ARCH)["openat"], (1, 4096, 3, 4))


def test_one_event_a_poll_and_then_the_end():
    sink = Sink(OPENAT)
    unwanted = line(event="sched:sched_switch", args=None)
    command = start_replay(sink, "f", io.BytesIO(header() + (unwanted + line()) * 3))
    counts = []
    while command.poll() is None:
        counts.append(len(sink.seen))
    assert counts == [1, 2, 3] and command.poll() == 0
    command.close()
    assert command.poll() == 0


def test_terminate_stops_it():
    sink = Sink(OPENAT)
    command = start_replay(sink, "f", io.BytesIO(header() + line() * 3))
    assert command.poll() is None
    command.terminate()
    assert command.poll() == -signal.SIGTERM and len(sink.seen) == 1
    command.close()
    command.close()


# Memory


texts = st.text(max_size=20).map(str.encode)


@given(st.binary(max_size=40) | texts | texts.map(lambda text: text + b"\0"))
@example(b"/etc/passwd\0")
@example(b"\0\0")
def test_memory_survives(content):
    assert _decode_memory(json.loads(json.dumps(encode_memory(content)))) == content


def test_memory_is_readable_where_it_can_be():
    assert encode_memory(b"/etc/x\0") == "/etc/x\0"
    assert encode_memory("ü".encode()) == "ü"
    assert encode_memory(b"a\0b\0") == {"base64": "YQBiAA=="}


# Files that are no recordings


BAD_LINES = [
    b"\n", b"{}\n", b"[]\n", b"nonsense\n", b"\xff\xfe\n", b"null\n", b"[" * 100_000 + b"\n", b"9" * 5000 + b"\n",
    line()[:-1], line()[:-9], line(event=None), line(event=5), line(t_ns=-1), line(t_ns=1 << 64), line(t_ns=1.5),
    line(t_ns=True), line(tgid="1"), line(pid=1 << 31), line(pid=None), line(uid=-1), line(gid=1 << 32),
    line(cpu=1 << 16), line(comm="x" * 16), line(comm="\ud800"), line(comm="a\0"), line(comm=None),
    line(args=None), line(args=[]), line(args={}), line(args={"dfd": 1, "filename": 2, "flags": 3}),
    line(args={"dfd": -1, "filename": 2, "flags": 3, "mode": 4}), line(mem={}), line(mem=[1]), line(mem=[[1]]),
    line(mem=[[-1, ""]]), line(mem=[[1 << 64, ""]]), line(mem=[[1, 2]]), line(mem=[[1, {}]]),
    line(mem=[[1, {"base64": "?"}]]), line(mem=[[1, {"base64": "YQ"}]]), line(mem=[[1, "\ud800"]]),
    line(event=RAW, syscall=None), line(event=RAW, syscall=1.0), line(event=RAW, args={}),
    line(event=RAW, syscall=1 << 40), line(event=OPENAT_EXIT, args=None), line(event=OPENAT_EXIT, ret=1 << 63),
    line(event=OPENAT_EXIT, ret="0"),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_LINES, ids=lambda b: b[:60].decode("latin-1").strip())
def test_a_bad_line_is_named(bad):
    sink = Sink(OPENAT, OPENAT_EXIT, RAW)
    with pytest.raises(FormatError, match=r"^events\.jsonl: line 3: ") as refused:
        replay(sink, "events.jsonl", io.BytesIO(header() + line() + bad))
    assert refused.value.file == "events.jsonl" and len(sink.seen) == 1


@pytest.mark.parametrize("bad", [
    b"", b"\n", b"\x7fELF", line(), b"{}\n", b"[1]\n", header(ebee_events=2), header(ebee_events="1"),
    header(ebee_events=True), header(command="ls"), header(command=[1]), header(arch=None), header()[:-1],
])  # fmt: skip
def test_a_file_that_is_no_recording(bad):
    file = io.BytesIO(bad)
    with pytest.raises(FormatError, match=r"^some\.py: line 1: "):
        start_replay(Sink(OPENAT), "some.py", file)
    assert file.closed


def test_a_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(FormatError, match="No such file"):
        start_replay(Sink(OPENAT), str(tmp_path / "none"))


def test_a_wrong_line_ends_the_replay():
    command = start_replay(Sink(OPENAT), "f", io.BytesIO(header() + b"{}\n" + line()))
    with pytest.raises(FormatError):
        command.poll()
    assert command.poll() is not None


@functools.cache
def good_file():
    events = [line(), line(event=OPENAT_EXIT, args=None, ret=-2), line(mem=[[1, {"base64": "/w=="}]], comm="\udcff")]
    return header() + b"".join(events) + line(event=RAW, args={f"arg{i}": i for i in range(6)})


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([]) | st.just({})


@given(st.data())
def test_changed_files_are_refused_or_replayed(data):
    content = bytearray(good_file())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 8))
        content[at : at + length] = data.draw(st.binary(max_size=8))
        if not content:
            break
    try:
        assert replay(Sink(OPENAT, OPENAT_EXIT, RAW), "f", io.BytesIO(bytes(content))) == 0
    except FormatError:
        pass


@given(st.data())
def test_changed_values_are_refused_or_replayed(data):
    rows = [json.loads(row) for row in good_file().splitlines()]
    row = rows[data.draw(st.integers(0, len(rows) - 1))]
    key = data.draw(st.sampled_from(sorted(row)))
    if isinstance(row[key], dict) and data.draw(st.booleans()):
        row, key = row[key], data.draw(st.sampled_from(sorted(row[key])))
    row[key] = data.draw(values)
    content = b"".join(json.dumps(r).encode() + b"\n" for r in rows)
    try:
        assert replay(Sink(OPENAT, OPENAT_EXIT, RAW), "f", io.BytesIO(content)) == 0
    except FormatError:
        pass
