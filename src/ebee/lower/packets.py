"""Packets: finding headers within bounds, and reading their fields.

A header that was found on every way to a place is a variable there (`packet tcp`): its address. Nothing that a
program can do moves a packet, so what was found once stays found. The bounds checks have the form that the kernel's
verifier follows: an address, compared with the packet's end. An address that depends on a length in the packet is
computed once, and both compared and read through.
"""

from __future__ import annotations

from ..ir.core import PTR_PACKET, PTR_PACKET_END
from ..types.packets import (
    ETH_P_8021AD,
    ETH_P_8021Q,
    ETH_P_IP,
    ETH_P_IPV6,
    HEADERS,
    IPPROTO_ICMP,
    IPPROTO_ICMPV6,
    IPPROTO_TCP,
    IPPROTO_UDP,
)
from .numbers import Num

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ir.core import Block, Value
    from .program import Lowering

_DATA, _DATA_END = 0, 4  # offsets in struct xdp_md, 4 bytes each; include/uapi/linux/bpf.h
_FRAG_OFF_MASK = 0x1FFF  # IP_OFFSET in include/net/ip.h
_PROTO, _L3, _L4, _L4_PROTO = "packet proto", "packet l3", "packet l4", "packet l4 proto"


def _network_order(value: int) -> int:
    """Return a 16-bit constant as a load from a packet would give it, which costs no swap at run time."""
    return int.from_bytes(value.to_bytes(2, "big"), "little")


class Packet:
    """The packet of a program whose context is struct xdp_md."""

    def __init__(self, low: Lowering) -> None:
        self.low, self.b = low, low.b
        self.end = low.b.load_ptr(_DATA_END, 4, PTR_PACKET_END)
        self.data = low.b.load_ptr(_DATA, 4, PTR_PACKET)

    def length(self) -> Num:
        """The bytes from the packet's start to its end."""
        return Num(self.b.op("sub", self.end, self.data, type="i64"), 0, 0xFFFF_FFFF)

    def test(self, name: str, then: Block, els: Block) -> None:
        """Jump to `then` if the packet has the header, whole; else to `els`."""
        self._find(name, els)
        self.b.jump(then)

    def is_found(self, name: str) -> bool:
        """Whether the header was found on every way to this place."""
        return self.b.is_written(f"packet {name}")

    def read(self, name: str, field: str) -> Num:
        """A field of a header that was found, as a number of the machine."""
        place = HEADERS[name].fields[field]
        value = self._number(self._address(name), place.off_bytes, place.size_bytes)
        whole = 8 * place.size_bytes
        if place.shift:
            value = self.b.op("lshr", value, self.b.const(place.shift))
        if place.shift + place.bit_size < whole:
            value = self.b.op("and", value, self.b.const((1 << place.bit_size) - 1))
        return Num(value, 0, (1 << place.bit_size) - 1)

    def _number(self, base: Value, off: int, size: int) -> Value:
        """A number in network order. One of 6 bytes is an Ethernet address: two loads."""
        b = self.b
        if size == 6:
            high = b.op("shl", self._number(base, off, 4), b.const(16))
            return b.op("or", high, self._number(base, off + 4, 2))
        value = b.load(base, off, size)
        return b.op("bswap", value, size=size) if size > 1 else value

    # Finding. Each goes on where its header was found, and to `absent` where it was not.

    def _find(self, name: str, absent: Block) -> None:
        if not self.is_found(name):
            _FINDERS[name](self, absent)

    def _address(self, name: str) -> Value:
        return self.b.read(f"packet {name}", PTR_PACKET)

    def _found(self, name: str, address: Value) -> None:
        self.b.write(f"packet {name}", address)

    def _need(self, cond: str, a: Value, b: Value, absent: Block) -> None:
        """Go to `absent` unless the condition holds."""
        following = self.b.new_block()
        self.b.branch(cond, a, b, following, absent)
        self.b.start(following)

    def _bounds(self, address: Value, size: int, absent: Block) -> None:
        self._need("ule", self.low.at(address, size), self.end, absent)

    def _ethernet(self, absent: Block) -> None:
        self._bounds(self.data, HEADERS["eth"].size_bytes, absent)
        self._found("eth", self.data)

    def _vlan(self, absent: Block) -> None:
        self._find("eth", absent)
        tagged = self.b.new_block()
        self._if_tagged(tagged, absent)
        self.b.start(tagged)
        tag = self.low.at(self.data, HEADERS["eth"].size_bytes)
        self._bounds(tag, HEADERS["vlan"].size_bytes, absent)
        self._found("vlan", tag)

    def _if_tagged(self, tagged: Block, plain: Block) -> Value:
        """Jump on whether there is a tag; return the frame's protocol number, in network order."""
        b = self.b
        proto, other = b.load(self.data, 12, 2), b.new_block()
        b.branch("eq", proto, b.const(_network_order(ETH_P_8021Q)), tagged, other)
        b.start(other)
        b.branch("eq", proto, b.const(_network_order(ETH_P_8021AD)), tagged, plain)
        return proto

    def _network(self, absent: Block) -> None:
        """Find where the network header would be: after Ethernet's, and after one tag if there is one."""
        self._find("eth", absent)
        b = self.b
        done = b.new_block()
        if not self.is_found("vlan"):
            tagged, plain = self.low.blocks(2)
            proto = self._if_tagged(tagged, plain)
            b.start(plain)
            b.write(_PROTO, proto)
            b.write(_L3, self.low.at(self.data, 14))
            b.jump(done)
            b.start(tagged)
            self._bounds(self.data, 18, absent)
            self._found("vlan", self.low.at(self.data, 14))
        b.write(_PROTO, b.load(self.data, 16, 2))
        b.write(_L3, self.low.at(self.data, 18))
        b.jump(done)
        b.start(done)

    def _network_of(self, ethertype: int, absent: Block) -> Value:
        if not self.b.is_written(_L3):
            self._network(absent)
        self._need("eq", self.b.read(_PROTO), self.b.const(_network_order(ethertype)), absent)
        return self.b.read(_L3, PTR_PACKET)

    def _ip(self, absent: Block) -> None:
        self._ip_at(self._network_of(ETH_P_IP, absent), absent)

    def _ip_at(self, start: Value, absent: Block) -> None:
        b = self.b
        self._bounds(start, HEADERS["ip"].size_bytes, absent)
        first = b.load(start, 0, 1)
        self._need("eq", b.op("lshr", first, b.const(4)), b.const(4), absent)
        length = b.op("shl", b.op("and", first, b.const(15)), b.const(2))
        self._need("uge", length, b.const(20), absent)
        after = b.op("add", start, length)
        self._need("ule", after, self.end, absent)
        self._found("ip", start)
        self._found("ip end", after)

    def _ip6(self, absent: Block) -> None:
        self._ip6_at(self._network_of(ETH_P_IPV6, absent), absent)

    def _ip6_at(self, start: Value, absent: Block) -> None:
        b = self.b
        self._bounds(start, HEADERS["ip6"].size_bytes, absent)
        self._need("eq", b.op("lshr", b.load(start, 0, 1), b.const(4)), b.const(6), absent)
        self._found("ip6", start)

    def _first_fragment(self, absent: Block) -> None:
        place = self.b.load(self._address("ip"), 6, 2)
        mask = self.b.const(_network_order(_FRAG_OFF_MASK))
        self._need("eq", self.b.op("and", place, mask), self.b.const(0), absent)

    def _transport(self, absent: Block) -> None:
        """Find where the transport header would be, over either version of IP, and its protocol."""
        b = self.b
        v4, other, v6, done = self.low.blocks(4)
        if self.is_found("ip"):
            b.jump(v4)
        elif self.is_found("ip6"):
            b.jump(v6)
        else:
            if not b.is_written(_L3):
                self._network(absent)
            b.branch("eq", b.read(_PROTO), b.const(_network_order(ETH_P_IP)), v4, other)
            b.start(other)
            b.branch("eq", b.read(_PROTO), b.const(_network_order(ETH_P_IPV6)), v6, absent)
        if b.is_reachable(v4):
            b.start(v4)
            if not self.is_found("ip"):
                self._ip_at(b.read(_L3, PTR_PACKET), absent)
            self._first_fragment(absent)
            b.write(_L4, b.read("packet ip end", PTR_PACKET))
            b.write(_L4_PROTO, self.read("ip", "proto").value)
            b.jump(done)
        if b.is_reachable(v6):
            b.start(v6)
            if not self.is_found("ip6"):
                self._ip6_at(b.read(_L3, PTR_PACKET), absent)
            b.write(_L4, self.low.at(self._address("ip6"), HEADERS["ip6"].size_bytes))
            b.write(_L4_PROTO, self.read("ip6", "next_header").value)
            b.jump(done)
        b.start(done)

    def _transport_of(self, name: str, protocol: int, absent: Block) -> Value:
        if not self.b.is_written(_L4):
            self._transport(absent)
        self._need("eq", self.b.read(_L4_PROTO), self.b.const(protocol), absent)
        start = self.b.read(_L4, PTR_PACKET)
        self._bounds(start, HEADERS[name].size_bytes, absent)
        return start

    def _tcp(self, absent: Block) -> None:
        b = self.b
        start = self._transport_of("tcp", IPPROTO_TCP, absent)
        length = b.op("shl", b.op("lshr", b.load(start, 12, 1), b.const(4)), b.const(2))
        self._need("uge", length, b.const(20), absent)
        self._need("ule", b.op("add", start, length), self.end, absent)
        self._found("tcp", start)

    def _udp(self, absent: Block) -> None:
        self._found("udp", self._transport_of("udp", IPPROTO_UDP, absent))

    def _icmp(self, absent: Block) -> None:
        self._find("ip", absent)
        self._found("icmp", self._transport_of("icmp", IPPROTO_ICMP, absent))

    def _icmp6(self, absent: Block) -> None:
        self._find("ip6", absent)
        self._found("icmp6", self._transport_of("icmp6", IPPROTO_ICMPV6, absent))


_FINDERS: dict[str, Callable[[Packet, Block], None]] = {
    "eth": Packet._ethernet,
    "vlan": Packet._vlan,
    "ip": Packet._ip,
    "ip6": Packet._ip6,
    "tcp": Packet._tcp,
    "udp": Packet._udp,
    "icmp": Packet._icmp,
    "icmp6": Packet._icmp6,
}
assert set(_FINDERS) == set(HEADERS)
