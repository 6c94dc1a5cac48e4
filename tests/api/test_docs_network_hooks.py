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
    assert [p.name for p in probes()] == ["proxy", "by_port", "remember", "short_cut", "many_ports"]
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
