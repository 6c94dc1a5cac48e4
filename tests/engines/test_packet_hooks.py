"""Headers at hooks whose packets begin elsewhere than XDP's: engine and kernel find what CPython finds."""

from __future__ import annotations

import itertools
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packet_model import Pkt
from test_packet_writes import FRAMES, make_backend

import ebee
from ebee.api.source import compile_probes, remember_source
from ebee.spec.backend import TestRun as Run

_serial = itertools.count()
HOOKS = ["tc('ingress')", "tc('egress')", "cgroup_skb('ingress')", "lwt('out')", "lwt('xmit')", "socket_filter"]
PLACES = [
    pytest.param((backend, hook), id=f"{backend}-{hook}", marks=pytest.mark.needs_kernel if backend == "kernel" else ())
    for backend in ("engine", "kernel")
    for hook in (*HOOKS, *(["netfilter('input')"] if backend == "kernel" else ()))
]
BODY = """
    n = 0
    if pkt.ip:
        out[0] = pkt.ip.src
        out[1] = pkt.ip.ttl
        n += 1
    if pkt.tcp:
        out[2] = pkt.tcp.dport
        n += 2
    if pkt.ip6 and pkt.udp:
        out[3] = pkt.udp.sport
        out[4] = pkt.ip6.dst_lo
        n += 4
    if pkt.icmp or pkt.icmp6:
        n += 8
    if pkt.ip6:
        n += 16
    if pkt.payload:
        out[6] = pkt.payload[0]
    out[5] = n
    return 1
"""


class Program:
    def __init__(self, backend, hook):
        file = f"<hooks {next(_serial)}>"
        text = f"import ebee\nout = ebee.Array(ebee.u64, max_entries=8)\n@ebee.{hook}\ndef probe(pkt):{BODY}"
        remember_source(file, text)
        sys.modules[file] = type(sys)(file)
        names = vars(sys.modules[file])
        exec(compile(text, file, "exec"), names)
        spec, _ = compile_probes([names["probe"]], backend.target)
        self.backend, self.start = backend, 14 if hook.startswith("netfilter") else 0  # its test run takes IP packets
        self.maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        self.program = backend.load_program(spec.programs["probe"], spec, self.maps)

    def check(self, frame):
        names = {"out": [0] * 8}
        exec(f"def probe(pkt):{BODY}", names)
        model = Pkt(frame)
        assert names["probe"](model) == 1
        for n in range(8):
            self.maps["out"].update(n.to_bytes(4, "little"), bytes(8))
        assert self.backend.test_run(self.program, Run(data=frame[self.start :])).retval == 1
        got = [int.from_bytes(self.maps["out"].lookup(n.to_bytes(4, "little")), "little") for n in range(8)]
        assert got == names["out"]


_programs = {}


def program_of(place):
    if place not in _programs:
        _programs[place] = Program(make_backend(place[0]), place[1])
    return _programs[place]


@pytest.fixture(autouse=True)
def _unload():
    yield
    while _programs:
        _programs.popitem()[1].backend.close()


def untagged(frame):
    """Whether the link layer says nothing that the first byte of the network layer does not say as well."""
    kind = frame[12:14]
    return kind == b"\x08\0" and frame[14] >> 4 == 4 or kind == b"\x86\xdd" and frame[14] >> 4 == 6


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=40)
@given(data=st.data())
def test_headers_are_found(place, data):
    """Whole packets and short ones (the kernel takes those with a whole IP header); without a link layer only those that this layer does not matter for."""
    frame = data.draw(st.sampled_from(sorted(FRAMES.values())))
    frame = frame[: data.draw(st.just(len(frame)) | st.integers(min(len(frame), 54), len(frame)))]
    if place[1].startswith(("tc", "socket")) or untagged(frame):
        program_of(place).check(frame)


@pytest.mark.parametrize("place", PLACES)
def test_headers_of_all_samples(place):
    program = program_of(place)
    for frame in FRAMES.values():
        if place[1].startswith(("tc", "socket")) or untagged(frame):
            program.check(frame)


@pytest.mark.parametrize("name", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_bytes_by_their_place(name):
    """pkt[n], read and written; what is not there ends the probe."""

    @ebee.xdp
    def swap_ends(pkt):
        last = len(pkt) - 1
        pkt[0], pkt[last] = pkt[last], pkt[0]
        pkt[1] ^= 0xFF
        return pkt[pkt[2]] & 3

    @ebee.socket_filter
    def third(pkt):
        return pkt[pkt[2]]

    with ebee.Session(backend=name) as session:
        result = session.run(swap_ends, packet=bytes(range(60)))
        assert (result.retval, result.data) == (2, bytes([59, 254, *range(2, 59), 0]))
        assert session.run(swap_ends, packet=bytes([0, 0, 90] + [0] * 57)).retval == ebee.XDP_ABORTED
        assert session.run(third, packet=bytes(14) + bytes([0, 0, 5, 0, 0, 77])).retval == 77
        assert session.run(third, packet=bytes(14) + bytes([0, 0, 200, 0, 0, 77])).retval == 0
        assert sum(loss.count for loss in session.losses()) == 2


@pytest.mark.parametrize("name", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_headers_in_front_of_a_socket_filters_packet(name):
    """What a socket filter copies from: the link layer in front, its own headers behind each other and by number."""

    class Query(ebee.Header):
        id: ebee.u16
        flags: ebee.u16

    class Name(ebee.Header):
        first: ebee.u8

    @ebee.socket_filter
    def look(pkt):
        found = 0
        query = pkt.header(Query, after=pkt.udp)
        label = pkt.header(Name, after=query)
        if pkt.eth and pkt.eth.src == 0x020000000001:
            found |= 1
        if pkt.vlan and pkt.vlan.id == 7:
            found |= 2
        if query and query.flags == 0x5678:
            found |= 4
        if label and label.first == 33:
            found |= 8
        at = pkt.header(Query, at=pkt[0] & 15)
        behind = pkt.header(Name, after=at)
        if at and behind and behind.first == pkt[9]:
            found |= 16
        if pkt.payload and pkt.payload[len(pkt) & 1] == 0x12:
            found |= 32
        return found

    with ebee.Session(backend=name) as session:
        data = b"\x12\x34\x56\x78!"
        for packet, want in (
            (ebee.packets.udp(data, sport=1), 1 | 4 | 8 | 16),
            (ebee.packets.udp(data + b"!"), 1 | 4 | 8 | 16 | 32),
            (ebee.packets.udp(data, vlan=7), 1 | 2 | 4 | 8),
            (ebee.packets.udp(data[:4], src="2001:db8::1", dst="2001:db8::2"), 1 | 4 | 32),
            (ebee.packets.tcp(data), 1 | 16),
            (ebee.packets.ethernet(bytes(30), proto=0x0806), 1),
        ):
            assert session.run(look, packet=packet).retval & ~16 == want & ~16, packet.hex()
        assert session.run(look, packet=ebee.packets.udp(data)).retval & 16


@pytest.mark.parametrize("name", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_copied_headers_in_loops(name):
    """Headers one after the other, found anew in each turn; odd places and bits; a function that takes the packet."""
    out = ebee.Array(ebee.u64, max_entries=16)

    class Option(ebee.Header):
        kind: ebee.u8
        size: ebee.u8

    class Odd(ebee.Header):
        first: ebee.u8
        wide: ebee.u64
        bits: int = ebee.Bits(ebee.u32, 20)
        rest: int = ebee.Bits(ebee.u32, 12)

    def port_of(pkt):
        if pkt.tcp:
            return pkt.tcp.dport
        return pkt.udp.dport if pkt.udp else 0

    def walked(pkt):
        off = 40
        for i in range(8):
            option = pkt.header(Option, at=off)
            if not option or option.size < 2:
                break
            out[i] = option.kind * 256 + option.size
            off += option.size
        odd = pkt.header(Odd, after=pkt.ip)
        if odd:
            out[8] = odd.wide
            out[9] = odd.bits
            out[10] = odd.rest
        for i in range(min(len(pkt), 200)):
            if pkt[i] == 33:
                out[11] += 1
        out[12] = port_of(pkt)

    @ebee.socket_filter
    def in_socket(pkt):
        walked(pkt)
        return 1

    @ebee.netfilter("input")
    def in_netfilter(ctx):
        walked(ctx)
        return ebee.NF_ACCEPT

    frame = ebee.packets.tcp(b"!!!", dport=99, options=bytes([2, 4, 5, 6, 3, 3, 1, 8, 10, *bytes(8)]))
    wide = int.from_bytes(frame[35:43], "big")
    with ebee.Session(backend=name) as session:
        for probe, packet in ((in_socket, frame), (in_netfilter, frame[14:]))[: 1 + (name == "kernel")]:
            assert session.run(probe, packet=packet).retval == 1
            assert list(out.values())[:13] == [516, 771, 2058, 0, 0, 0, 0, 0, wide, 0, 0x0A0, 3, 99]
            for i in range(16):
                out[i] = 0
