"""What docs/network-hooks.md shows compiles, and every hook is on the page."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import ebee
from ebee.api.source import remember_source
from ebee.types.probes import Probe

PAGE = (Path(__file__).parents[2] / "docs" / "network-hooks.md").read_text()


def probes():
    text = "\n\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.S))
    remember_source("<network-hooks.md>", text)
    module = sys.modules["<network-hooks.md>"] = type(sys)("<network-hooks.md>")
    exec(compile(text, "<network-hooks.md>", "exec"), vars(module))
    return [value for value in vars(module).values() if isinstance(value, Probe)]


def test_every_decorator_is_on_the_page():
    table = PAGE.partition("| Decorator |")[2].partition("\n\n")[0]
    decorators = ebee._HOMES["types.net_probes"].split()
    assert len(decorators) == 18
    for name in decorators:
        assert f"`@ebee.{name}" in table, name


def test_its_probes_compile():
    assert [p.name for p in probes()] == [
        "proxy", "by_port", "only_questions", "no_telnet", "not_for_long", "by_state", "round_trips", "remember", "short_cut",
        "many_ports",
    ]  # fmt: skip
    for probe in probes():
        ebee.compile(probe)


@pytest.mark.needs_kernel
def test_the_kernel_takes_them():
    from ebee.kernel.backend import KernelBackend

    backend = KernelBackend()
    try:
        for probe in probes():
            spec = ebee.compile(probe, target="kernel").spec
            maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
            backend.load_program(spec.programs[probe.name], spec, maps)
    finally:
        backend.close()


def test_its_tests_pass(engine):
    """Each of the page's tests, in this test's engine."""
    module = sys.modules["<network-hooks.md>"] if probes() else None
    tests = [f for name, f in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 5
    for test in tests:
        test(engine)


def test_contexts_by_name(engine):
    """Every field that has a name is where its name says, in the machine's order."""
    from ebee.api.net_contexts import pack, unpack
    from ebee.types.net_hooks import NET_HOOKS

    for section in NET_HOOKS:
        names = list(unpack(section, pack(section, {})))
        for n, name in enumerate(names):
            value = 0x0102030405060708 & (0xFFFF if "port" in name or "proto" in name else 0xFF) or n
            given = {name: value}
            back = unpack(section, pack(section, given))
            assert back[name] == value, (section, name)
    with pytest.raises(ebee.UsageError, match="has no field 'user_prot'"):
        pack("cgroup/connect4", {"user_prot": 1})
    assert pack("cgroup/connect6", {"user_ip6_hi": 0x20010DB8 << 32, "user_ip6_lo": 5})[8:24].hex() == (
        "20010db8000000000000000000000005"
    )
