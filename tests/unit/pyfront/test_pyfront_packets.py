"""Packet probes in the front end: what is refused (tests/data/pyfront/packet_refusals.py), and what is proved when."""

import importlib.util
import re
from pathlib import Path

import pytest

import ebee
from ebee.api.source import compile_probes
from ebee.errors import CompileError, UsageError
from ebee.isa.disasm import disassemble
from ebee.spec.default_target import default_target
from ebee.types.packets import HEADERS
from ebee.types.probes import Probe

DATA = Path(__file__).parents[2] / "data" / "pyfront" / "packet_refusals.py"
LINES = DATA.read_text().splitlines()


def load():
    spec = importlib.util.spec_from_file_location("packet_refusals", DATA)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PROBES = [v for v in vars(load()).values() if isinstance(v, Probe)]


def expectations(probe):
    """(line, message, hint) of each comment from the probe's decorator to the next one."""
    first = probe.function.__code__.co_firstlineno
    for number in range(first + 1, len(LINES) + 1):
        line = LINES[number - 1]
        if line.startswith("@"):
            return
        if "# error: " in line:
            message, _, hint = line.split("# error: ")[1].partition(" | ")
            yield number, message, hint


def fits(pattern, text):
    """Whether a text is as expected: literally, or with `…` as any text."""
    return pattern == text or re.fullmatch(re.escape(pattern).replace("…", ".*"), text) is not None


@pytest.mark.parametrize("probe", PROBES, ids=lambda p: p.name)
def test_refused_at_the_line_with_the_words(probe):
    want = list(expectations(probe))
    assert want
    with pytest.raises(CompileError) as caught:
        compile_probes([probe], default_target())
    found = [(d.span.line, d.message, d.hint) for d in caught.value.diagnostics]
    assert [line for line, *_ in found] == [line for line, *_ in want], caught.value
    for (line, message, hint), (_, wanted, wanted_hint) in zip(found, want):
        assert fits(wanted, message), f"line {line}: {message!r}"
        assert fits(wanted_hint, hint), f"line {line}: {hint!r}"


@ebee.xdp
def found_once(pkt):
    if not pkt.tcp:
        return ebee.XDP_PASS
    if pkt.tcp and pkt.tcp.dport == 23:
        return ebee.XDP_DROP
    if pkt.tcp and pkt.tcp.sport == 23:
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.xdp
def found_step_by_step(pkt):
    if pkt.eth and pkt.ip and pkt.tcp and pkt.tcp.dport == 23:
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.xdp
def found_at_once(pkt):
    if pkt.ip and pkt.tcp and pkt.tcp.dport == 23:
        return ebee.XDP_DROP
    return ebee.XDP_PASS


def code_of(probe):
    spec, _ = compile_probes([probe], default_target())
    return disassemble(spec.programs[probe.name].insns)


def test_what_was_found_is_not_looked_for_again():
    text = code_of(found_once)
    assert sum("+13)" in line or "+12)" in line for line in text) == 2  # the ethertype, and TCP's data offset
    assert len(code_of(found_step_by_step)) == len(code_of(found_at_once))
    assert not any("0x86dd" in line or "0xdd86" in line for line in code_of(found_at_once))  # IPv4 only


def test_a_field_is_compared_in_the_byte_order_that_it_has():
    text = "\n".join(code_of(found_at_once))
    assert "be16" not in text and "0x1700" in text


def test_the_decorator_takes_a_function_only():
    with pytest.raises(UsageError, match="is for functions, not for 'eth0'"):
        ebee.xdp("eth0")
    with pytest.raises(UsageError, match="does not take 'fast'") as caught:
        ebee.xdp(mode="fast")
    assert "'native', 'generic', 'offload'" in caught.value.hint
    assert found_once.section == "xdp"
    with pytest.raises(UsageError, match="cannot be called"):
        found_once(None)


def test_actions_are_the_kernels():
    names = ("XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT")
    assert [getattr(ebee, name) for name in names] == [0, 1, 2, 3, 4]
    assert set(names) <= set(ebee.__all__)


@pytest.mark.parametrize("header", HEADERS.values(), ids=lambda h: h.name)
def test_fields_lie_in_their_header(header):
    for name, field in header.fields.items():
        assert field.off_bytes + field.size_bytes <= header.size_bytes, name
        assert 0 < field.shift + field.bit_size <= 8 * field.size_bytes, name
