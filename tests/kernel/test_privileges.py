"""What is missing is named: capabilities by kind of program, seccomp filters, lockdown, user namespaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ebee.abi import bpf as abi
from ebee.kernel import features, privileges
from ebee.sys.os_seam import Os, swapped

SRC = str(Path(__file__).parents[2] / "src")

# A child drops all capabilities but some: those of the bounding set limit what exec() of root gets.
DROP = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
kept = {int(n) for n in sys.argv[1].split(",") if n}
for cap in range(int(open("/proc/sys/kernel/cap_last_cap").read()) + 1):
    if cap not in kept:
        assert libc.prctl(24, cap, 0, 0, 0) == 0  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, "-c", sys.argv[2]])
"""
CAPS = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21, "CAP_PERFMON": 38, "CAP_BPF": 39}
PRELUDE = """
import ctypes, json, os, socket, sys
import ebee
from ebee import Array, u32
seen = Array(u32, max_entries=1)
def refusal(*probes, **options):
    try:
        with ebee.Session(backend="kernel") as session:
            session.attach(*probes, **options)
        return None
    except ebee.EbeeError as e:
        return [type(e).__name__, str(e), e.hint]
"""


def with_only(*names, code):
    """Run Python text, from a file so that probes have a source, with these capabilities alone."""
    kept = ",".join(str(CAPS[name]) for name in names)
    done = subprocess.run(
        [sys.executable, "-c", DROP, kept, f"exec(compile(open({str(code)!r}).read(), {str(code)!r}, 'exec'))"],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": SRC},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


PROBES = """
@ebee.xdp
def on_packet(pkt):
    seen[0] = 1
    return ebee.XDP_PASS

@ebee.socket_filter
def on_socket(pkt):
    return 1

@ebee.sk_lookup
def look(ctx):
    return 1

@ebee.raw_tracepoint("sched_process_exec")
def on_exec(ctx):
    seen[0] = 2
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
print(json.dumps({
    "xdp": refusal(on_packet, interface="lo-that-is-not"),
    "socket": refusal(on_socket, socket=a),
    "raw": refusal(on_exec),
}))
"""


@pytest.mark.needs_kernel
@pytest.mark.needs_root
def test_each_kind_of_program_names_what_it_lacks(tmp_path):
    code = tmp_path / "probes.py"
    code.write_text(PRELUDE + PROBES)
    nothing = with_only(code=code)
    assert nothing["xdp"][:2] == ["PermissionMissing", "running programs in the kernel needs CAP_BPF and CAP_NET_ADMIN"]
    assert nothing["raw"][:2] == ["PermissionMissing", "running programs in the kernel needs CAP_BPF and CAP_PERFMON"]
    only_bpf = with_only("CAP_BPF", code=code)
    assert only_bpf["xdp"][1] == "running programs in the kernel needs CAP_NET_ADMIN"
    assert only_bpf["xdp"][2] == "run as root (sudo), or grant CAP_NET_ADMIN"
    assert only_bpf["socket"] is None
    assert only_bpf["raw"][1] == "running programs in the kernel needs CAP_PERFMON"
    network = with_only("CAP_BPF", "CAP_NET_ADMIN", code=code)
    assert network["xdp"][0] == "UsageError"  # loaded: there is no such interface
    assert "there is no network interface" in network["xdp"][1]
    assert with_only("CAP_BPF", "CAP_PERFMON", code=code)["raw"] is None


ATTACHING = """
from ebee.abi import bpf as abi
from ebee.sys import bpf
from ebee.sys.os_seam import Fd
sys.path.insert(0, os.environ["HELPERS"])
from live_objects import *
def refused(function, *args):
    try:
        function(*args)
    except ebee.EbeeError as e:
        return [type(e).__name__, str(e), e.hint]
print(json.dumps({
    "list": refused(lambda: list(ebee.Program.all())),
    "by_id": refused(ebee.Map.from_id, 1),
    "stats": refused(ebee.RunStats),
}))
"""


@pytest.mark.needs_kernel
@pytest.mark.needs_root
def test_looking_at_others_objects_names_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS", os.path.dirname(__file__))
    code = tmp_path / "probes.py"
    code.write_text(PRELUDE + ATTACHING)
    found = with_only("CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", code=code)
    assert found["list"][:2] == ["PermissionMissing", "listing programs needs CAP_SYS_ADMIN"]
    assert found["by_id"][1] == "opening map 1 needs CAP_SYS_ADMIN"
    assert found["stats"][1] == "counting the runs of programs needs CAP_SYS_ADMIN"


SECCOMP = """
# x86-64 and arm64: bpf(2) is answered with EPERM, all else is allowed.
import struct
number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
code = b"".join(struct.pack("=HBBI", *insn) for insn in (
    (0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000)))
buffer = ctypes.create_string_buffer(code, len(code))
program = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", 4, ctypes.addressof(buffer)), 16)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(program)), 0, 0) == 0  # PR_SET_SECCOMP, filter
@ebee.raw_tracepoint("sched_process_exec")
def on_exec(ctx):
    seen[0] = 2
from ebee.kernel import features
found = {f.name: [f.state, f.why] for f in features._access()}
print(json.dumps({"raw": refusal(on_exec), "features": found["seccomp"]}))
"""


@pytest.mark.needs_kernel
@pytest.mark.needs_root
def test_a_seccomp_filter_is_told_of(tmp_path):
    code = tmp_path / "probes.py"
    code.write_text(PRELUDE + SECCOMP)
    found = with_only("CAP_SYS_ADMIN", "CAP_BPF", "CAP_PERFMON", code=code)
    assert "needs the seccomp filter of this process to let bpf(2) and perf_event_open(2) through" in found["raw"][1]
    assert found["features"] == ["no", "it may refuse bpf(2) and perf_event_open(2), as containers do"]


class Machine(Os):
    """A machine whose files say what a test wants; others are not there."""

    def __init__(self, files, caps=1 << 39 | 1 << 38 | 1 << 12 | 1 << 21):
        super().__init__()
        self._files, self._caps = files, caps

    def read_file(self, path, dir_fd=None):
        if path not in self._files:
            raise FileNotFoundError(2, "no such file", path)
        return self._files[path].encode()

    map_file = read_file

    def capget(self):
        return self._caps


LOCKED = {"/sys/kernel/security/lockdown": "none integrity [confidentiality]\n"}
INSIDE = {"/proc/self/uid_map": "         0       1000          1\n"}
FILTERED = {"/proc/thread-self/status": "Name:\tpython\nSeccomp:\t2\nSeccomp_filters:\t1\n"}


@pytest.mark.parametrize(
    ("files", "name", "state", "words"),
    [
        (LOCKED, "lockdown", "no", "programs may not read the kernel's memory"),
        ({"/sys/kernel/security/lockdown": "[none] integrity confidentiality\n"}, "lockdown", "yes", ""),
        ({}, "lockdown", "unknown", "is not there, or not to be read"),
        (INSIDE, "user_namespace", "no", "capabilities count in this one only"),
        (FILTERED, "seccomp", "no", "it may refuse bpf(2)"),
        ({"/proc/sys/kernel/unprivileged_bpf_disabled": "1\n"}, "unprivileged_bpf", "no", "until the next boot"),
        ({"/proc/sys/kernel/unprivileged_bpf_disabled": "2\n"}, "unprivileged_bpf", "no", "root can change it"),
        ({"/proc/sys/kernel/unprivileged_bpf_disabled": "0\n"}, "unprivileged_bpf", "yes", ""),
    ],
)  # fmt: skip
def test_features_explain_what_refuses(files, name, state, words):
    with swapped(Machine(files)):
        found = {f.name: f for f in features._access()}[name]
    assert (found.state, words in found.why) == (state, True)


def test_types_that_are_missing_or_damaged_are_told():
    with swapped(Machine({})):
        assert features._outcome(features._vmlinux_btf) == (
            "no", "not supported here: types of this kernel: it was built without CONFIG_DEBUG_INFO_BTF"
        )  # fmt: skip
    with swapped(Machine({"/sys/kernel/btf/vmlinux": "damaged"})):
        state, why = features._outcome(features._vmlinux_btf)
    assert (state, why != "") == ("no", True)


def test_errors_name_policies_when_no_capability_is_missing():
    needed = privileges.needed_for(abi.BPF_PROG_TYPE_KPROBE)
    with swapped(Machine({**LOCKED, **INSIDE, **FILTERED})):
        text = str(privileges.refusal("loading program 'p'", needed))
    assert "capabilities of the machine" in text
    assert "seccomp filter" in text
    assert "not locked down for confidentiality" in text
    with swapped(Machine({}, caps=0)):
        e = privileges.refusal("loading program 'p'", needed)
    assert e.missing == ["CAP_BPF", "CAP_PERFMON"]
    assert e.hint == "run as root (sudo), or give the interpreter those: setcap cap_bpf,cap_perfmon=ep PROGRAM"
    with swapped(Machine({"/proc/sys/kernel/unprivileged_bpf_disabled": "2"}, caps=0)):
        assert "kernel.unprivileged_bpf_disabled is 2" in privileges.refusal("loading", needed).hint


@pytest.mark.parametrize(
    ("prog_type", "names"),
    [
        ("KPROBE", ["CAP_BPF", "CAP_PERFMON"]), ("XDP", ["CAP_BPF", "CAP_NET_ADMIN"]), ("SYSCALL", ["CAP_BPF"]),
        ("EXT", ["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN"]), ("SK_REUSEPORT", ["CAP_BPF"]),
        ("SOCKET_FILTER", ["CAP_BPF"]),
    ],
)  # fmt: skip
def test_what_programs_need(prog_type, names):
    with swapped(Machine({"/proc/sys/kernel/unprivileged_bpf_disabled": "2"})):
        assert privileges.needed_for(getattr(abi, f"BPF_PROG_TYPE_{prog_type}")) == names
    with swapped(Machine({"/proc/sys/kernel/unprivileged_bpf_disabled": "0"})):
        assert privileges.needed_for(abi.BPF_PROG_TYPE_SOCKET_FILTER) == []
