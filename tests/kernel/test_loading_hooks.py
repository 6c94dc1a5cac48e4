"""Objects of clang attach by the names of their sections: probes on functions, security hooks, structs of functions."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

import pytest

import ebee
from clang_objects import compiled

pytestmark = pytest.mark.needs_kernel
AVAILABLE = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
HOOKS = {
    "kprobe": ("on_kprobe", "on_kretprobe", "on_ksyscall"), "kprobe_multi": ("on_multi",),
    "fentry": ("on_fentry", "on_fexit"), "lsm": ("on_lsm",), "": ("on_tp_btf",),
}  # fmt: skip
SLOTS = ("on_kprobe", "on_kretprobe", "on_ksyscall", "on_fentry", "on_fexit", "on_lsm", "on_tp_btf", "on_multi")


def run(names):
    """Load some of the programs, attach them, and return how often each saw what this process does then."""
    obj = ebee.read(compiled("hooks"))
    obj.globals.own = os.getpid()
    for program in obj.programs.values():
        program.autoload = program.name in names
    with obj.load():
        with obj.attach() as attachment:
            assert len(attachment.links) == len(names)
            os.getpgid(0)
            with open("/dev/null"):
                pass
        before = obj.globals.hits
        os.getpgid(0)
        assert obj.globals.hits == before
    return {name: before[SLOTS.index(name)] for name in names}


def session(name):
    """Load one of the programs that run where functions begin and where they return."""
    obj = ebee.read(compiled("hooks"))
    obj.globals.own = os.getpid()
    for program in obj.programs.values():
        program.autoload = program.name == name
    return obj.load()


@pytest.mark.needs_kernel
def test_a_typed_tracepoint():
    assert run(HOOKS[""])["on_tp_btf"] >= 2


@pytest.mark.needs_feature("kprobe")
def test_probes_on_functions():
    assert run(HOOKS["kprobe"]) == dict.fromkeys(HOOKS["kprobe"], 1)


@pytest.mark.needs_feature("kprobe_multi")
def test_probes_on_many_functions():
    assert run(HOOKS["kprobe_multi"]) == dict.fromkeys(HOOKS["kprobe_multi"], 1)


@pytest.mark.needs_feature("kprobe_session", "kprobe")
def test_beginnings_and_returns_of_kernel_functions():
    with session("on_session") as obj, obj.attach():
        os.getpgid(0)
        assert list(obj.globals.hits)[8:] == [1, 1, 0, 0]


@pytest.mark.needs_feature("fsession", "fentry")
def test_trampolines_of_beginnings_and_returns():
    with session("on_fsession") as obj, obj.attach():
        os.getpgid(0)
        assert list(obj.globals.hits)[8:] == [0, 0, 1, 1]


@pytest.mark.needs_feature("uprobe_session")
def test_beginnings_and_returns_of_user_functions(tmp_path):
    """On a copy of the C library of this test's own."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    own = tmp_path / "libc_copy.so"
    shutil.copy(next(line.split()[-1] for line in lines if "libc.so" in line or "libc-" in line), own)
    library = ctypes.CDLL(str(own))
    with session("on_user_session") as obj, obj.programs["on_user_session"].attach(f"{own}:getpgid", pid=os.getpid()):
        library.getpgid(0)
        assert list(obj.globals.hits)[8:] == [0, 0, 1, 1]


@pytest.mark.needs_feature("fentry")
def test_trampolines():
    assert run(HOOKS["fentry"]) == dict.fromkeys(HOOKS["fentry"], 1)


@pytest.mark.needs_feature("lsm")
def test_security_hooks():
    assert run(HOOKS["lsm"])["on_lsm"] >= 1


@pytest.mark.needs_feature("struct_ops_link")
def test_a_struct_of_functions_is_registered():
    with ebee.load(compiled("struct_ops")) as obj:
        with obj.attach():
            assert "bpf_slow_c" in AVAILABLE.read_text()
        assert "bpf_slow_c" not in AVAILABLE.read_text()
