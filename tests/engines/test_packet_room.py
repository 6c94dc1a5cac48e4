"""Packets that get longer or shorter, headers that users declare, bytes of the payload: engine and kernel."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_packet_writes import BACKENDS, PLACES, V6, Program, make_backend, program_of

import ebee
from ebee import packets
from ebee.errors import UsageError

HEADERS = """
class Vxlan(ebee.Header):
    flags: u8
    reserved: int = ebee.Bits(u32, 24)
    vni: int = ebee.Bits(u32, 24)
    reserved2: u8

class Odd(ebee.Header):
    a: int = ebee.Bits(u8, 3)
    b: int = ebee.Bits(u64, 42)
    c: int = ebee.Bits(u8, 3)
    d: u16
    e: u64

class Tag(ebee.Header):
    tci: u16
    proto: u16

class Byte(ebee.Header):
    value: u8

class Mac(ebee.Header):
    dst: int = ebee.Bits(u64, 48)
    src: int = ebee.Bits(u64, 48)
    proto: u16
"""


@pytest.fixture(params=BACKENDS)
def backend(request):
    made = make_backend(request.param)
    yield made
    made.close()


def xdp(backend, body):
    return Program(backend, "xdp", body, HEADERS)


def tc(backend, body):
    return Program(backend, "tc", body, HEADERS)


def test_a_declared_header_is_there_or_not(backend):
    program = xdp(backend, """
        vxlan = pkt.header(Vxlan, after=pkt.udp)
        if pkt.udp and pkt.udp.dport == 4789 and vxlan:
            vni = vxlan.vni
            vxlan.vni = 0xABCDEF
            vxlan.reserved2 ^= 255
            inner = pkt.header(Mac, after=vxlan)
            if inner:
                inner.src, inner.dst = inner.dst, inner.src
            return vni & 7
        return 0
        """)  # fmt: skip
    header = b"\x08\0\0\0" + (0x123456).to_bytes(3, "big") + b"\x01"
    inner = packets.ethernet(b"inside")
    frame = packets.udp(header + inner, dport=4789)
    result = program.run(frame)
    swapped = inner[6:12] + inner[:6] + inner[12:]
    assert result.retval == 6
    assert result.data == frame[:42] + header[:4] + b"\xab\xcd\xef\xfe" + swapped
    short = packets.udp(header + inner[:13], dport=4789)
    assert program.run(short).data == short[:42] + header[:4] + b"\xab\xcd\xef\xfe" + inner[:13]
    for other in (packets.udp(header[:7], dport=4789), packets.udp(header, dport=1), packets.tcp(header, dport=4789)):
        result = program.run(other)
        assert (result.retval, result.data) == (0, other)


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=30)
@given(
    data=st.binary(min_size=16, max_size=16),
    new=st.tuples(*(st.integers(0, (1 << bits) - 1) for bits in (3, 42, 3, 16, 64))),
    at=st.integers(0, 40),
)
def test_bits_are_those_of_the_diagram(name, data, new, at):
    """Fields of any width and place, read and written, at a place that is a number at run time."""
    body = "at = pkt.eth.proto if pkt.eth else 0\nodd = pkt.header(Odd, at=at)\nif not odd:\n    return 0\n"
    body += "".join(f"out[{n}] = odd.{f}\n" for n, f in enumerate("abcde"))
    body += "".join(f"odd.{f} = want[{n}]\n" for n, f in enumerate("abcde")) + "return 1"
    program = programs_of(name, body)
    padding = bytes(14 + at - 14)
    frame = bytes(12) + (14 + at).to_bytes(2, "big") + padding + data
    for n, value in enumerate(new):
        program.maps["want"].update(n.to_bytes(4, "little"), value.to_bytes(8, "little"))
    result = program.run(frame)
    assert result.retval == 1
    whole, widths = int.from_bytes(data, "big"), (3, 42, 3, 16, 64)
    left = 128
    for n, bits in enumerate(widths):
        left -= bits
        got = int.from_bytes(program.maps["out"].lookup(n.to_bytes(4, "little")), "little")
        assert got == whole >> left & (1 << bits) - 1
    wanted = 0
    for value, bits in zip(new, widths):
        wanted = wanted << bits | value
    assert result.data == frame[: 14 + at] + wanted.to_bytes(16, "big")
    assert program.run(frame[:-1]).retval == 0
    beyond = bytes(12) + b"\xff\xff" + bytes(60)
    assert program.run(beyond).retval == 0


_programs = {}


def programs_of(name, body):
    if (name, body) not in _programs:
        maps = "out = ebee.Array(u64, max_entries=8)\nwant = ebee.Array(u64, max_entries=8)\n"
        _programs[name, body] = Program(make_backend(name), "xdp", body, HEADERS + maps)
    return _programs[name, body]


@pytest.fixture(autouse=True, scope="module")
def _unload():
    yield
    while _programs:
        _programs.popitem()[1].backend.close()


def test_a_tag_is_pushed_and_popped_by_hand(backend):
    """XDP: the packet grows at its head, what was found is forgotten, and found again in the new place."""
    push = xdp(backend, """
        if not pkt.eth or pkt.vlan:
            return 0
        dst, src, proto = pkt.eth.dst, pkt.eth.src, pkt.eth.proto
        if not pkt.adjust_head(-4):
            return 1
        tag = pkt.header(Tag, after=pkt.eth)
        if not tag:
            return 1
        pkt.eth.dst = dst
        pkt.eth.src = src
        tag.tci = 5
        tag.proto = proto
        pkt.eth.proto = 0x8100
        if pkt.vlan and pkt.vlan.id == 5 and pkt.tcp and pkt.tcp.dport == 80:
            return 2
        return 3
        """)  # fmt: skip
    pop = xdp(backend, """
        if not pkt.vlan:
            return 0
        dst, src, proto = pkt.eth.dst, pkt.eth.src, pkt.vlan.proto
        if not pkt.adjust_head(4) or not pkt.eth:
            return 1
        pkt.eth.dst = dst
        pkt.eth.src = src
        pkt.eth.proto = proto
        return 2 if pkt.tcp else 3
        """)  # fmt: skip
    plain, tagged = packets.tcp(b"data", dport=80), packets.tcp(b"data", dport=80, vlan=5)
    assert (push.run(plain).retval, push.run(plain).data) == (2, tagged)
    assert (pop.run(tagged).retval, pop.run(tagged).data) == (2, plain)
    assert push.run(tagged).retval == pop.run(plain).retval == 0
    assert push.run(packets.udp()).retval == 3


def test_the_tail_is_cut_and_grown(backend):
    program = xdp(backend, """
        if not pkt.udp:
            return 0
        if not pkt.adjust_tail(-4):
            return 1
        if not pkt.ip or not pkt.udp:
            return 1
        pkt.ip.len -= 4
        pkt.udp.len -= 4
        pkt.udp.checksum = 0
        return 2 if len(pkt) == 46 else 3
        """)  # fmt: skip
    frame = packets.udp(b"12345678")
    result = program.run(frame)
    short = packets.udp(b"1234")
    assert (result.retval, result.data) == (2, short[:40] + bytes(2) + short[42:])
    grow = xdp(backend, "pkt.adjust_tail(4)\nreturn 1 if len(pkt) > 60 else 0")
    assert grow.run(bytes(58)).data == bytes(62)
    fails = xdp(backend, "pkt.adjust_tail(-2000)\nif pkt.adjust_tail(-100):\n    return 1\nreturn 0")
    assert fails.run(bytes(60)).retval == 0 and fails.losses() == 2


def test_an_skb_changes_its_length(backend):
    program = tc(backend, """
        if pkt.tcp:
            if not pkt.change_tail(60):
                return 1
            return 2 if pkt.tcp and len(pkt) == 60 else 3
        if pkt.udp:
            if not pkt.vlan_push(0x8100, 7):
                return 1
            return 4 if pkt.vlan_present and pkt.vlan_tci == 7 and pkt.udp else 3
        if pkt.icmp:
            if not pkt.pull() or not pkt.icmp:
                return 1
            pkt.icmp.type = 0
            return 5
        return 0
        """)  # fmt: skip
    assert program.run(packets.tcp(b"x" * 40)).retval == 2
    assert program.run(packets.udp(b"x" * 40)).retval == 4
    assert program.run(packets.icmp(b"x" * 40)).retval == 5
    assert program.run(packets.ip(b"x" * 40)).retval == 0


def test_room_is_made_between_the_headers_of_an_skb(backend):
    """IP in IP: 20 bytes between Ethernet and IPv4, filled in as a declared header."""
    program = Program(backend, "tc", """
        if not pkt.ip or not pkt.tcp:
            return 0
        total = pkt.ip.len
        if not pkt.adjust_room(20, 1):
            return 1
        outer = pkt.header(Outer, at=14)
        if not outer:
            return 2
        outer.version_ihl = 0x45
        outer.len = total + 20
        outer.proto = 4
        outer.ttl = 64
        outer.src = 0x0A000001
        outer.dst = 0x0A000002
        return 3 if pkt.ip and pkt.ip.proto == 4 and not pkt.tcp else 4
        """, """
class Outer(ebee.Header):
    version_ihl: u8
    tos: u8
    len: u16
    id_flags: u32
    ttl: u8
    proto: u8
    checksum: u16
    src: u32
    dst: u32
""")  # fmt: skip
    frame = packets.tcp(b"data")
    result = program.run(frame)
    assert result.retval == 3 and len(result.data) == len(frame) + 20
    assert result.data[34:] == frame[14:]
    assert result.data[14:16] == b"\x45\0" and result.data[26:34] == bytes([10, 0, 0, 1, 10, 0, 0, 2])


@pytest.mark.parametrize("place", PLACES)
def test_bytes_of_the_payload(place):
    """Those that are not there end the probe, counted."""
    program = program_of(place, """
        if not pkt.payload:
            return 0
        n = pkt.payload[0]
        if pkt.payload[n] == 0x21:
            return 2
        return len(pkt.payload)
        """)  # fmt: skip
    assert program.run(packets.udp(b"\x02a!")).retval == 2
    assert program.run(packets.udp(b"\x01abcd")).retval == 5
    assert program.run(packets.tcp(b"\x02a!", **V6)).retval == 2
    assert program.run(packets.icmp(b"\x02a!")).retval == 2
    assert program.run(packets.udp(b"")).retval == 0 and program.run(packets.ip(b"abc")).retval == 0
    before = program.losses()
    failed = program.run(packets.udp(b"\x03ab")).retval
    assert failed == {"xdp": ebee.XDP_ABORTED, "tc": ebee.TC_ACT_SHOT}[place[1]]
    assert program.losses() == before + 1


@pytest.mark.parametrize("place", PLACES)
def test_what_says_what_follows_is_looked_at_again(place):
    """A field that changes the headers behind it: they are found anew, or not any more."""
    program = program_of(place, """
        if not pkt.ip or not pkt.udp:
            return 0
        pkt.ip.proto = 6
        if pkt.udp:
            return 1
        if pkt.tcp:
            return 2
        pkt.ip.proto = 17
        return 3 if pkt.udp else 4
        """)  # fmt: skip
    assert program.run(packets.udp(b"short")).retval == 3
    assert program.run(packets.udp(bytes(4) + b"\x50" + bytes(7))).retval == 2


def test_declarations_that_cannot_be(backend):
    from ebee import Bits, u8, u16, u32

    def refused(match, **fields):
        annotations = {name: value if value in (u8, u16, u32) else int for name, value in fields.items()}
        values = {name: value for name, value in fields.items() if value not in (u8, u16, u32)}
        with pytest.raises(UsageError, match=match):
            type("Wrong", (ebee.Header,), {"__annotations__": annotations, **values})

    refused("begins at bit 3", a=Bits(u8, 3), b=u8)
    refused("has 12 bits, not a number of whole bytes", a=u8, b=Bits(u8, 4))
    refused("no default value", a=5)
    refused("in more than 8 bytes", a=Bits(u8, 4), b=Bits(ebee.u64, 64), c=Bits(u8, 4))
    with pytest.raises(UsageError, match="no field of a header"):
        type("Wrong", (ebee.Header,), {"__annotations__": {"a": int}})
    with pytest.raises(UsageError, match="0 bits"):
        type("Empty", (ebee.Header,), {"__annotations__": {}})
