"""Functions and types that only a kernel module has: their arguments, their fields, the functions that they give."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import ebee
import kernel_features
from clang_objects import compiled
from ebee import Hash, s64, u32

pytestmark = [
    pytest.mark.needs_kernel,
    pytest.mark.needs_root,
    pytest.mark.needs_feature("fentry"),
    pytest.mark.needs_tool("modprobe", "ip", "unshare"),
    pytest.mark.skipif(not kernel_features.in_guest(), reason="it loads modules, so into a kernel of its own"),
]
HZ = 250  # Debian's
numbers = Hash(u32, s64)
# br0 gets a port: br_add_if(br, dev, extack) of the module `bridge`.
ADD = ("ip link add br0 type bridge ageing_time 12300", "ip link add port0 type dummy", "ip link set port0 master br0")


def modprobe(name):
    subprocess.run(["modprobe", name], check=True)
    assert Path("/sys/kernel/btf", name).exists()


def add_port():
    subprocess.run(["unshare", "-n", "sh", "-e", "-c", "\n".join(ADD)], check=True, timeout=60)


@ebee.fentry("bridge:br_add_if")
def on_add(ctx):
    numbers[0] = 1


@ebee.fexit("bridge:br_add_if")
def added(br, ret):
    numbers[1] = ret


@ebee.kprobe("br_add_if")
def on_add_probe(ctx):
    numbers[2] = 1


def test_probes_on_functions_of_a_module():
    modprobe("bridge")
    with ebee.attach(on_add, added, on_add_probe, backend="kernel") as attached:
        add_port()
        assert (numbers[0], numbers[1], numbers[2]) == (1, 0, 1)
    assert not attached.losses


def test_objects_of_clang_read_structs_of_a_module():
    modprobe("bridge")
    obj = ebee.read(compiled("modules"))
    for name in ("on_add", "on_add_probe"):
        obj.programs[name].autoload = True
    with obj.load(), obj.attach() as attachment:
        assert len(attachment.links) == 2
        add_port()
        found = obj.globals
        assert (found.ageing, found.probed, found.name, found.probed_name) == (123 * HZ, 123 * HZ, "br0", "br0")
        assert found.size > 500 and found.lacking == 0
        assert "net_bridge" in str(obj.core_report)


def test_objects_of_clang_call_functions_of_a_module():
    modprobe("nf_conntrack")
    obj = ebee.read(compiled("modules"))
    obj.programs["connections"].autoload = True
    with obj.load():
        assert obj.programs["connections"].run(packet=bytes(64)).retval == 2
        found = obj.globals
        enoent, ips_confirmed = 2, 1 << 3
        assert (found.before, found.inserted, found.after) == (-enoent, 1, 0) and found.status & ips_confirmed
