"""Global functions of programs, and programs that take their place."""

from __future__ import annotations

import sys

import pytest

import ebee
from ebee import Hash, packets, s16, u8, u16, u32, u64
from ebee.abi import attr as layouts
from ebee.elf.read import read_object
from ebee.errors import CompileError, NotSupported, UnknownProbe, UsageError
from ebee.sys import bpf

seen = Hash(u32, u64)


@ebee.subprogram(replaceable=True)
def verdict(port: u16, low: s16) -> u32:
    seen[0] += 1
    return port + 1 if low < 0 else 7


@ebee.xdp
def filter_packets(pkt):
    if not pkt.tcp:
        return ebee.XDP_ABORTED
    n = verdict(pkt.tcp.dport, -3)
    return ebee.XDP_PASS if n == 24 else ebee.XDP_DROP if n == 0xFFFF_FFFF else ebee.XDP_TX


@ebee.xdp
def also_filters(pkt):
    return ebee.XDP_DROP if verdict(1, -1) == 2 else ebee.XDP_PASS


@ebee.freplace(filter_packets, verdict)
def strict(port: u16, low: s16) -> u32:
    seen[1] += port
    seen[2] = u64(low + 10)
    return -1 & 0xFFFF_FFFF


@ebee.freplace(filter_packets, "verdict")
def wrong_types(port: u32, low: s16) -> u32:
    return port


@ebee.freplace(filter_packets, "verdicts")
def misnamed(port: u16) -> u32:
    return port


@pytest.mark.parametrize("backend", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_a_global_function_is_called(backend):
    with ebee.Session(backend=backend) as session:
        assert session.run(filter_packets, packet=packets.tcp(dport=23)).retval == ebee.XDP_PASS
        assert session.run(filter_packets, packet=packets.tcp(dport=80)).retval == ebee.XDP_TX
        assert session.run(also_filters, packet=packets.tcp(dport=80)).retval == ebee.XDP_DROP
        assert seen[0] == 3


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("fentry")
@pytest.mark.parametrize("by", ["probe", "id"])
def test_another_takes_its_place_and_leaves_again(by):
    with ebee.Session(backend="kernel") as session:
        assert session.run(filter_packets, packet=packets.tcp(dport=23)).retval == ebee.XDP_PASS
        program = session._latest[filter_packets].programs["filter_packets"]
        target = filter_packets
        if by == "id":
            off, size = layouts.PROG_INFO["id"]
            target = int.from_bytes(bpf.info_by_fd(program.fd.number, off + size)[off:], sys.byteorder)

        @ebee.freplace(target, verdict)
        def replacement(port: u16, low: s16) -> u32:
            seen[1] += port
            seen[2] = u64(low + 10)
            return 0xFFFF_FFFF

        with session.attach(replacement):
            assert session.run(filter_packets, packet=packets.tcp(dport=23)).retval == ebee.XDP_DROP
            assert (seen[0], seen[1], seen[2]) == (1, 23, 7)
            with pytest.raises(UsageError, match="replaced already"):
                session.attach(strict)
        assert session.run(filter_packets, packet=packets.tcp(dport=23)).retval == ebee.XDP_PASS
        with session.attach(replacement):  # one load, two links
            assert session.run(filter_packets, packet=packets.tcp(dport=23)).retval == ebee.XDP_DROP


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("fentry")
def test_what_the_target_does_not_have():
    with ebee.Session(backend="kernel") as session:
        with pytest.raises(UnknownProbe, match="verdict"):
            session.attach(misnamed)
        with pytest.raises(ebee.VerifierError, match="type"):
            session.attach(wrong_types)
        gone = ebee.freplace(0x7FFF_FFFF, "verdict")(strict.function)
        with pytest.raises(UsageError, match="no program of id"):
            session.attach(gone)
        with pytest.raises(UsageError, match="nothing is pinned"):
            session.attach(ebee.freplace("/sys/fs/bpf/ebee_nothing", "verdict")(strict.function))


def test_in_an_object_it_is_global():
    made = read_object(ebee.compile(filter_packets, also_filters, strict).to_bytes())
    assert [p.section for p in made.programs.values()] == ["xdp", "xdp", "freplace/verdict"]
    assert b"\0verdict\0" in made.btf and b"verdict_2" not in made.btf


def test_the_engine_has_no_replacements():
    with ebee.Session(backend="engine") as session, pytest.raises(NotSupported, match="EXT in the engine"):
        session.attach(strict, command=["true"])


def test_what_cannot_be_declared():
    with pytest.raises(UsageError, match="cannot be replaced"):
        ebee.freplace(filter_packets, seen)
    with pytest.raises(UsageError, match="in a program, not in True"):
        ebee.freplace(True, verdict)
    with pytest.raises(UsageError, match="in a program, not in ''"):
        ebee.freplace("", verdict)


@ebee.subprogram(replaceable=True)
def divides(a: u32, b: u32) -> u32:
    return a // b


@ebee.subprogram(replaceable=True)
def vague(a, b: u32) -> u32:
    return b


@ebee.subprogram(replaceable=True)
def nothing(a: u8):
    seen[a] = 1


@ebee.subprogram(replaceable=True)
def negative(a: u8) -> u32:
    return a - 300


def calls(function, *args):
    @ebee.xdp
    def probe(pkt):
        return ebee.XDP_PASS if function(*args) else ebee.XDP_DROP

    return probe


@pytest.mark.parametrize(
    ("function", "count", "match"),
    [
        (divides, 2, "divides.. cannot be replaceable: it can end the program"),
        (vague, 2, "a of a function that can be replaced is no integer"),
        (nothing, 1, "the result of a function that can be replaced is no integer"),
        (negative, 1, "the result of negative.. : signed and unsigned are mixed"),
    ],
)
def test_refusals(function, count, match):
    with pytest.raises(CompileError, match=match.replace(" :", ".*:")):
        ebee.compile(calls(function, *[1] * count))


def test_a_replacement_returns_what_its_type_holds():
    @ebee.freplace(filter_packets, verdict)
    def runs_off(port: u16, low: s16) -> u32:
        if port:
            return 1

    @ebee.freplace(filter_packets, verdict)
    def without(port, low: s16) -> u32:
        return 1

    with pytest.raises(CompileError, match="must return on every way"):
        ebee.compile(runs_off)
    with pytest.raises(CompileError, match="port of a function that can be replaced is no integer"):
        ebee.compile(without)
