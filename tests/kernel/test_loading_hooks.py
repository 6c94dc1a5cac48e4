"""Objects of clang attach by the names of their sections: probes on functions, security hooks, structs of functions."""

from __future__ import annotations

import os
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


@pytest.mark.needs_kernel
def test_a_typed_tracepoint():
    assert run(HOOKS[""])["on_tp_btf"] >= 2


@pytest.mark.needs_feature("kprobe")
def test_probes_on_functions():
    assert run(HOOKS["kprobe"]) == dict.fromkeys(HOOKS["kprobe"], 1)


@pytest.mark.needs_feature("kprobe_multi")
def test_probes_on_many_functions():
    assert run(HOOKS["kprobe_multi"]) == dict.fromkeys(HOOKS["kprobe_multi"], 1)


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
