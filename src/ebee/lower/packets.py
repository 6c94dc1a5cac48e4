"""Packets: finding headers within bounds, and reading their fields.

A header that was found on every way to a place is two variables there: its address (`packet tcp`), and how far from the
packet's start it is (`packet tcp off`). The second is computed beside the first and never from it: what the verifier
has to know exactly it traces back, through a subtraction of pointers to the stores through them, and is lost there.
What was found stays found until the packet is moved (`packet_room`) or a field is written that says what follows
(`packet_writes`). The bounds checks have the form that the kernel's verifier follows: an address, compared with the
packet's end. An address that depends on a length in the packet is computed once, and both compared and read through.
"""

from __future__ import annotations

from ..abi.contexts import ACCESS, STRUCTS
from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.core import PTR_PACKET, PTR_PACKET_END
from ..types.net_hooks import LINK, NET_HOOKS
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
    from collections.abc import Callable, Iterable

    from ..ir.core import Block, Value
    from ..types.packets import PacketHeader
    from .program import Lowering

    Finder = Callable[[Block], None]
    Place = tuple[Value, Value]  # an address, and how many bytes from the packet's start it is

# How far from a packet's start a header may lie whose place is a number at run time, as a mask. The verifier follows a
# packet for 0xffff bytes (MAX_PACKET_OFF, include/linux/bpf_verifier.h); the rest is for what lies behind the header.
MAX_HEADER_OFF = 0x3FFF
_FRAG_OFF_MASK = 0x1FFF  # IP_OFFSET in include/net/ip.h
_DATA, _END = "packet data", "packet end"
_PROTO, _L4_PROTO = "packet proto", "packet l4 proto"
# Where a packet may be short of what its headers need, because the rest is in other pages: how much is asked for. That
# is Ethernet, a tag, and IPv4 and TCP with all their options.
_HEADERS_BYTES = 14 + 4 + 60 + 60


def network_order(value: int) -> int:
    """Return a 16-bit constant as a load from a packet would give it, which costs no swap at run time."""
    return int.from_bytes(value.to_bytes(2, "big"), "little")


class Packet:
    """The packet of a program; `kind` is the kind of its section. With `has_frags` the packet may go on elsewhere."""

    align = 1  # what loads need: headers lie anywhere

    def __init__(self, low: Lowering, kind: str, has_frags: bool = False) -> None:
        self.low, self.b, self.has_frags = low, low.b, has_frags
        self.ctx = low.ctx
        self.hook, self.struct = NET_HOOKS[kind], ACCESS[kind][0]
        self.layout = STRUCTS[self.struct]
        self.is_skb = self.struct == "__sk_buff"
        self.headers: dict[str, PacketHeader] = dict(HEADERS)
        self._finders: dict[str, Finder] = {name: getattr(self, f"_{name}") for name in HEADERS}
        self._finders["payload"] = self._payload
        self._pulls = self.is_skb and (self.hook.start == LINK or kind.startswith(("lwt", "sk_skb")))
        if not self._pulls and not self.hook.copies:
            for name, field, type in ((_DATA, "data", PTR_PACKET), (_END, "data_end", PTR_PACKET_END)):
                off, size, _ = self.layout[field]
                low.b.write_at_start(name, low.b.load_ptr(off, size, type))

    # Bounds

    @property
    def data(self) -> Value:
        """The packet's first byte."""
        self._start()
        return self.b.read(_DATA, PTR_PACKET)

    @property
    def end(self) -> Value:
        """Where the packet ends, or the part of it that lies in one piece."""
        self._start()
        return self.b.read(_END, PTR_PACKET_END)

    def _load(self, field: str, type: str) -> Value:
        off, size, _ = self.layout[field]
        return self.b.op("load_ptr", self.ctx, type=type, off=off, size=size)

    def reload(self) -> None:
        """Take the packet's bounds from the context: a helper may have moved them."""
        self.low.packet_moved()
        self.b.write(_DATA, self._load("data", PTR_PACKET))
        self.b.write(_END, self._load("data_end", PTR_PACKET_END))

    def moved(self) -> None:
        """The packet's bytes lie elsewhere, or are others: whoever asks next takes the bounds anew."""
        if self._pulls:
            self.low.packet_moved()
            self.b.forget(_DATA)
            self.b.forget(_END)
        else:
            self.reload()

    def _start(self) -> None:
        """Have the bounds of the packet; on an skb pull its headers into the piece that can be read."""
        b = self.b
        if b.is_written(_DATA):
            return
        self.reload()
        short, longer, clamp, pull, done = self.low.blocks(5)
        data, end = b.read(_DATA, PTR_PACKET), b.read(_END, PTR_PACKET_END)
        b.branch("ule", self.low.at(data, _HEADERS_BYTES), end, done, short)
        b.start(short)
        off, size, _ = self.layout["len"]
        length = b.load(self.ctx, off, size)
        b.branch("ugt", length, b.op("sub", end, data, type="i64"), longer, done)
        b.start(longer)
        wanted = f"packet wanted {id(pull)}"
        b.write(wanted, b.const(_HEADERS_BYTES))
        b.branch("ugt", length, b.const(_HEADERS_BYTES), pull, clamp)
        b.start(clamp)
        b.write(wanted, length)
        b.jump(pull)
        b.start(pull)
        result = b.call(FUNC.skb_pull_data, self.ctx, b.read(wanted))
        self.low.count_if("slt", result, "packet_pull", "pkt")
        self.reload()
        b.jump(done)
        b.start(done)

    def length(self) -> Num:
        """The bytes from the packet's start to its end, wherever they lie."""
        if self.has_frags:
            return Num(self.b.call(FUNC.xdp_get_buff_len, self.ctx), 0, 0xFFFF_FFFF)
        field = self.layout.get("len") or self.layout.get("size")
        if field is not None:
            return Num(self.b.load(self.ctx, field[0], field[1]), 0, 0xFFFF_FFFF)
        return Num(self.b.op("sub", self.end, self.data, type="i64"), 0, 0xFFFF_FFFF)

    # What the front end asks for

    def test(self, name: str, then: Block, els: Block) -> None:
        """Jump to `then` if the packet has the header, whole; else to `els`."""
        self.find(name, els)
        self.b.jump(then)

    def is_found(self, name: str) -> bool:
        """Whether the header was found on every way to this place."""
        return self.b.is_written(f"packet {name}")

    def read(self, name: str, field: str) -> Num:
        """A field of a header that was found, as a number of the machine."""
        place = self.headers[name].fields[field]
        value = self.number(self.address(name), place.off_bytes, place.size_bytes)
        whole = 8 * place.size_bytes
        if place.shift:
            value = self.b.op("lshr", value, self.b.const(place.shift))
        if place.shift + place.bit_size < whole:
            value = self.b.op("and", value, self.b.const((1 << place.bit_size) - 1))
        return Num(value, 0, (1 << place.bit_size) - 1)

    def number(self, base: Value, off: int, size: int) -> Value:
        """A number in network order, of 1 to 8 bytes: in pieces where no load is as wide."""
        b = self.b
        first = next(piece for piece in (8, 4, 2, 1) if piece <= size and off % min(piece, self.align) == 0)
        value: Value = b.load(base, off, first)
        if first > 1:
            value = b.op("bswap", value, size=first)
        if first == size:
            return value
        high = b.op("shl", value, b.const(8 * (size - first)))
        return b.op("or", high, self.number(base, off + first, size - first))

    def declare(self, name: str, header: PacketHeader, after: str = "", at: Num | None = None) -> None:
        """Make a header known that lies behind another one, or `at` bytes from the packet's start."""
        self.headers[name] = header

        def find(absent: Block) -> None:
            if at is None:
                self.find(after, absent)
                place = self.end_of(after)
            else:
                if not 0 <= at.lo <= at.hi <= MAX_HEADER_OFF:
                    self._need("ule", at.value, self.b.const(MAX_HEADER_OFF), absent)
                place = self._at(at.value)
            self.have(name, place, header.size_bytes, absent)
            self.found(name, place)

        self._finders[name] = find

    # Finding. Each goes on where its header was found, and to `absent` where it was not.

    def find(self, name: str, absent: Block) -> None:
        """Go on where a header is there, whole, and to `absent` where it is not."""
        if not self.is_found(name):
            self._finders[name](absent)

    def address(self, name: str) -> Value:
        """Where a header begins that was found."""
        return self.b.read(f"packet {name}", PTR_PACKET)

    def place(self, name: str) -> Place:
        """Where something is that was found."""
        return self.b.read(f"packet {name}", PTR_PACKET), self.b.read(f"packet {name} off")

    def end_of(self, name: str) -> Place:
        """Where a header ends that was found, its options included."""
        if name in ("ip", "tcp"):
            return self.place(f"{name} end")
        return self._behind(self.place(name), self.headers[name].size_bytes)

    def at_run_time(self, off: Value) -> Value:
        """The address so many bytes from the packet's start, which are at most `MAX_HEADER_OFF`.

        A verifier sees that here: what a comparison has told it, it may have forgotten.
        """
        return self.b.op("add", self.data, self.b.op("bound", off, self.b.const(MAX_HEADER_OFF)))

    def _at(self, off: Value) -> Place:
        return self.at_run_time(off), off

    def found(self, name: str, place: Place) -> None:
        """Remember where something is."""
        self.b.write(f"packet {name}", place[0])
        self.b.write(f"packet {name} off", place[1])

    def _from_start(self, off_bytes: int) -> Place:
        return self.low.at(self.data, off_bytes), self.b.const(off_bytes)

    def _behind(self, place: Place, size: int | Value) -> Place:
        length = self.b.const(size) if isinstance(size, int) else size
        return self.b.op("add", place[0], length), self.b.op("add", place[1], length)

    def _need(self, cond: str, a: Value, b: Value, absent: Block) -> None:
        """Go to `absent` unless the condition holds."""
        following = self.b.new_block()
        self.b.branch(cond, a, b, following, absent)
        self.b.start(following)

    def forget(self, names: Iterable[str] | None = None) -> None:
        """Forget what was found: these headers and the places behind them, or everything."""
        wanted = [*(self.headers if names is None else names), "payload", "l4"]
        if names is None or "ip" in wanted:
            wanted.append("l3")
            self.b.forget(_PROTO)
        self.b.forget(_L4_PROTO)
        for name in wanted:
            for place in (name, f"{name} end") if name in ("ip", "tcp") else (name,):
                self.b.forget(f"packet {place}")
                self.b.forget(f"packet {place} off")

    def bounds(self, address: Value, size: int, absent: Block) -> None:
        """Go to `absent` unless so many bytes are there."""
        self._need("ule", self.low.at(address, size), self.end, absent)

    def have(self, name: str, place: Place, size: int, absent: Block) -> Value:
        """Go on with the address of so many bytes of a header, and to `absent` unless they are there."""
        self.bounds(place[0], size, absent)
        return place[0]

    def reach(self, end: Place, absent: Block) -> None:
        """Go to `absent` unless the packet reaches as far as a header that ends there."""
        self._need("ule", end[0], self.end, absent)

    # The payload, and single bytes

    def has_payload(self, then: Block, els: Block) -> None:
        """Jump to `then` if there are bytes behind the transport header."""
        found = self.b.new_block()
        self.test("payload", found, els)
        self.b.start(found)
        self.b.branch("ult", self.address("payload"), self.end, then, els)

    def payload_length(self) -> Num:
        """How many bytes follow the transport header, which was found."""
        return Num(self.b.op("sub", self.length().value, self.place("payload")[1]), 0, 0xFFFF_FFFF)

    def byte(self, index: Num, what: str, *, of_payload: bool = False) -> Num:
        """A byte of the packet, or of its payload; one that is not there ends the program, counted."""
        from .packet_writes import byte

        base = self.address("payload") if of_payload else self.data
        return Num(self.b.load(byte(self, base, index, what), 0, 1), 0, 0xFF)

    # The headers that every packet may have

    def _eth(self, absent: Block) -> None:
        self.bounds(self.data, HEADERS["eth"].size_bytes, absent)
        self.found("eth", self._from_start(0))

    def _vlan(self, absent: Block) -> None:
        self.find("eth", absent)
        tagged = self.b.new_block()
        self._if_tagged(tagged, absent)
        self.b.start(tagged)
        tag = self._from_start(HEADERS["eth"].size_bytes)
        self.bounds(tag[0], HEADERS["vlan"].size_bytes, absent)
        self.found("vlan", tag)

    def _if_tagged(self, tagged: Block, plain: Block) -> Value:
        """Jump on whether there is a tag; return the frame's protocol number, in network order."""
        b = self.b
        proto, other = b.load(self.data, 12, 2), b.new_block()
        b.branch("eq", proto, b.const(network_order(ETH_P_8021Q)), tagged, other)
        b.start(other)
        b.branch("eq", proto, b.const(network_order(ETH_P_8021AD)), tagged, plain)
        return proto

    def _network(self, absent: Block) -> None:
        """Find where the network header would be, and the number of its protocol."""
        b = self.b
        if self.hook.start != LINK:
            # No link layer says what this is: the version in the first byte does.
            place = self._from_start(0)
            first = b.load(self.have("first byte", place, 1, absent), 0, 1)
            v6, done = self.low.blocks(2)
            self.found("l3", place)
            b.write(_PROTO, b.const(network_order(ETH_P_IP)))
            b.branch("eq", b.op("lshr", first, b.const(4)), b.const(4), done, v6)
            b.start(v6)
            b.write(_PROTO, b.const(network_order(ETH_P_IPV6)))
            b.jump(done)
            b.start(done)
            return
        self.find("eth", absent)
        done = b.new_block()
        if not self.is_found("vlan"):
            tagged, plain = self.low.blocks(2)
            proto = self._if_tagged(tagged, plain)
            b.start(plain)
            b.write(_PROTO, proto)
            self.found("l3", self._from_start(14))
            b.jump(done)
            b.start(tagged)
            self.bounds(self.data, 18, absent)
            self.found("vlan", self._from_start(14))
        b.write(_PROTO, b.load(self.data, 16, 2))
        self.found("l3", self._from_start(18))
        b.jump(done)
        b.start(done)

    def _network_of(self, ethertype: int, absent: Block) -> Place:
        if not self.is_found("l3"):
            self._network(absent)
        self._need("eq", self.b.read(_PROTO), self.b.const(network_order(ethertype)), absent)
        return self.place("l3")

    def _ip(self, absent: Block) -> None:
        self._ip_at(self._network_of(ETH_P_IP, absent), absent)

    def _ip_at(self, place: Place, absent: Block) -> None:
        b, start = self.b, self.have("ip", place, HEADERS["ip"].size_bytes, absent)
        first = b.load(start, 0, 1)
        self._need("eq", b.op("lshr", first, b.const(4)), b.const(4), absent)
        length = b.op("shl", b.op("and", first, b.const(15)), b.const(2))
        self._need("uge", length, b.const(20), absent)
        after = self._behind(place, length)
        self.reach(after, absent)
        self.found("ip", place)
        self.found("ip end", after)

    def _ip6(self, absent: Block) -> None:
        self._ip6_at(self._network_of(ETH_P_IPV6, absent), absent)

    def _ip6_at(self, place: Place, absent: Block) -> None:
        b, start = self.b, self.have("ip6", place, HEADERS["ip6"].size_bytes, absent)
        self._need("eq", b.op("lshr", b.load(start, 0, 1), b.const(4)), b.const(6), absent)
        self.found("ip6", place)

    def _first_fragment(self, absent: Block) -> None:
        place = self.b.load(self.address("ip"), 6, 2)
        mask = self.b.const(network_order(_FRAG_OFF_MASK))
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
            if not self.is_found("l3"):
                self._network(absent)
            b.branch("eq", b.read(_PROTO), b.const(network_order(ETH_P_IP)), v4, other)
            b.start(other)
            b.branch("eq", b.read(_PROTO), b.const(network_order(ETH_P_IPV6)), v6, absent)
        if b.is_reachable(v4):
            b.start(v4)
            if not self.is_found("ip"):
                self._ip_at(self.place("l3"), absent)
            self._first_fragment(absent)
            self.found("l4", self.end_of("ip"))
            b.write(_L4_PROTO, self.read("ip", "proto").value)
            b.jump(done)
        if b.is_reachable(v6):
            b.start(v6)
            if not self.is_found("ip6"):
                self._ip6_at(self.place("l3"), absent)
            self.found("l4", self.end_of("ip6"))
            b.write(_L4_PROTO, self.read("ip6", "next_header").value)
            b.jump(done)
        b.start(done)

    def _transport_of(self, name: str, protocol: int, absent: Block) -> tuple[Place, Value]:
        """Find a transport header; return its place and the address of its bytes."""
        if not self.is_found("l4"):
            self._transport(absent)
        self._need("eq", self.b.read(_L4_PROTO), self.b.const(protocol), absent)
        place = self.place("l4")
        return place, self.have(name, place, HEADERS[name].size_bytes, absent)

    def _tcp(self, absent: Block) -> None:
        b = self.b
        place, start = self._transport_of("tcp", IPPROTO_TCP, absent)
        length = b.op("shl", b.op("lshr", b.load(start, 12, 1), b.const(4)), b.const(2))
        self._need("uge", length, b.const(20), absent)
        after = self._behind(place, length)
        self.reach(after, absent)
        self.found("tcp", place)
        self.found("tcp end", after)

    def _udp(self, absent: Block) -> None:
        self.found("udp", self._transport_of("udp", IPPROTO_UDP, absent)[0])

    def _icmp(self, absent: Block) -> None:
        self.find("ip", absent)
        self.found("icmp", self._transport_of("icmp", IPPROTO_ICMP, absent)[0])

    def _icmp6(self, absent: Block) -> None:
        self.find("ip6", absent)
        self.found("icmp6", self._transport_of("icmp6", IPPROTO_ICMPV6, absent)[0])

    def _payload(self, absent: Block) -> None:
        """Find what follows the transport header, be it TCP's, UDP's or ICMP's."""
        done = self.b.new_block()
        for name in TRANSPORTS:
            following = self.b.new_block()
            self.find(name, following)
            self.found("payload", self.end_of(name))
            self.b.jump(done)
            if not self.b.is_reachable(following):
                break
            self.b.start(following)
        else:
            self.b.jump(absent)
        self.b.start(done)


TRANSPORTS = ("tcp", "udp", "icmp", "icmp6")
