"""Global functions of programs, and programs that take their place."""

from __future__ import annotations

import sys

import pytest

import ebee
from ebee import Array, Hash, Struct, packets, s16, u8, u16, u32, u64
from ebee.abi import attr as layouts
from ebee.btf.read import Btf as ebee_btf
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


# -- contexts and structs


class Verdict(Struct):
    port: u16
    passes: u32
    total: u64


steps = Array(u32, max_entries=8)
kept = Hash(u32, Verdict)


@ebee.subprogram(replaceable=True)
def stage_0(pkt: ebee.Context) -> u32:
    return ebee.XDP_PASS


@ebee.subprogram(replaceable=True)
def stage_1(pkt: ebee.Context) -> u32:
    return ebee.XDP_PASS


@ebee.subprogram(replaceable=True)
def judge(pkt: ebee.Context, verdict: Verdict, more: u32) -> u32:
    if pkt.tcp:
        verdict.port = pkt.tcp.dport
    verdict.total += more
    return verdict.passes


@ebee.subprogram(replaceable=True)
def strip(pkt: ebee.Context) -> u32:
    return 0 if pkt.adjust_head(4) else 1


@ebee.xdp
def dispatcher(pkt):
    """The method of libxdp: a program with places, which others take."""
    verdict = stage_0(pkt)
    if verdict != ebee.XDP_PASS:
        return verdict
    return stage_1(pkt)


@ebee.xdp
def judged(pkt):
    verdict = Verdict(port=1, passes=ebee.XDP_TX, total=40)
    got = judge(pkt, verdict, 2)
    steps[1], steps[2] = verdict.port, u32(verdict.total)
    if pkt.tcp:
        steps[3] = pkt.tcp.dport
    return got


@ebee.xdp
def stripped(pkt):
    if pkt.eth and pkt.eth.proto == 0x0800:
        steps[4] = pkt.eth.proto
        if strip(pkt):
            return ebee.XDP_ABORTED
        if pkt.eth:
            steps[5] = pkt.eth.proto
    return ebee.XDP_PASS


@pytest.mark.parametrize("backend", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_a_function_takes_the_context_and_structs(backend):
    with ebee.Session(backend=backend) as session:
        assert session.run(dispatcher, packet=packets.tcp()).retval == ebee.XDP_PASS
        assert session.run(judged, packet=packets.tcp(dport=23)).retval == ebee.XDP_TX
        assert [steps[i] for i in range(1, 4)] == [23, 42, 23]
        data = packets.tcp(dport=23)
        assert session.run(stripped, packet=data).retval == ebee.XDP_PASS
        assert (steps[4], steps[5]) == (0x0800, int.from_bytes(data[16:18], "big"))


@ebee.freplace(dispatcher, stage_0)
def counts(pkt: ebee.Context) -> u32:
    steps[6] += 1
    return ebee.XDP_PASS


@ebee.freplace(dispatcher, stage_1)
def no_telnet(ctx: ebee.Context) -> u32:
    if ctx.tcp and ctx.tcp.dport == 23:
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.freplace(judged, judge)
def judges_otherwise(pkt: ebee.Context, verdict: Verdict, more: u32) -> u32:
    verdict.port = 7
    verdict.total = u64(more) * 5
    if pkt.udp:
        return ebee.XDP_DROP
    return ebee.XDP_ABORTED


@ebee.freplace(dispatcher, "stage_0")
def takes_a_number(pkt: u32) -> u32:
    return 0


@pytest.mark.vm
@pytest.mark.needs_kernel
@pytest.mark.needs_feature("fentry")
def test_programs_take_the_places_of_a_dispatcher():
    def result(port):
        return session.run(dispatcher, packet=packets.tcp(dport=port)).retval

    with ebee.Session(backend="kernel") as session:
        assert result(23) == ebee.XDP_PASS
        with session.attach(counts), session.attach(no_telnet):
            assert (result(23), result(80)) == (ebee.XDP_DROP, ebee.XDP_PASS)
            assert steps[6] == 2
        assert result(23) == ebee.XDP_PASS
        session.run(judged, packet=packets.udp())
        with session.attach(judges_otherwise):
            assert session.run(judged, packet=packets.udp()).retval == ebee.XDP_DROP
            assert (steps[1], steps[2]) == (7, 10)
        with pytest.raises(ebee.VerifierError):
            session.attach(takes_a_number)


def test_their_types_are_in_the_object():
    made = read_object(ebee.compile(dispatcher, judged, counts, judges_otherwise).to_bytes())
    btf = ebee_btf(made.btf)
    judge_type = btf.by_id(btf.by_name("judge", 12).type_id)
    to = [btf.by_id(btf.by_id(type_id).type_id) for _, type_id in judge_type.params[:2]]
    assert [(t.name, t.size_bytes) for t in to] == [("xdp_md", 24), ("Verdict", 16)]


@ebee.subprogram(replaceable=True)
def not_first(n: u32, pkt: ebee.Context) -> u32:
    return n


@ebee.subprogram(replaceable=True)
def reads_bytes(pkt: ebee.Context) -> u32:
    return pkt[9]


@ebee.subprogram(replaceable=True)
def of_shared(v: Verdict) -> u32:
    return v.passes


@ebee.xdp
def passes_shared(pkt):
    v = kept.lookup(1)
    if v is not None:
        return of_shared(v)
    return ebee.XDP_PASS


@ebee.xdp
def passes_others(pkt):
    if not_first(1, pkt):
        return ebee.XDP_PASS
    return reads_bytes(pkt) + stage_0(5) + of_shared(7)


@ebee.tracepoint("syscalls:sys_enter_openat")
def of_no_network(ctx):
    stage_0(ctx)


def test_refusals_of_contexts():
    with pytest.raises(CompileError) as caught:
        ebee.compile(passes_shared, passes_others, of_no_network)
    text = "\n".join(d.message for d in caught.value.diagnostics)
    for words in ("v lies in a map", "the context, which is the first parameter", "no context of this kind"):
        assert words in text
    for probe, words in ((reads_bytes, "it can end the program"),):
        with pytest.raises(CompileError, match=words):
            ebee.compile(with_packet(probe))
    for value, function, words in ((5, stage_0, "the probe's context, not 5"), (7, of_shared, "v is Verdict, not 7")):
        with pytest.raises(CompileError, match=words):
            ebee.compile(calls(function, value))
    by_id = ebee.freplace(77, "stage_0")(counts.function)
    with pytest.raises(CompileError, match="no context of this kind") as caught:
        ebee.compile(by_id)
    assert "hook=" in caught.value.diagnostics[0].hint
    ebee.compile(ebee.freplace(77, "stage_0", hook="xdp")(counts.function))


def with_packet(function):
    @ebee.xdp
    def probe(pkt):
        return function(pkt)

    return probe
