"""Packets whose bytes a program can only copy: those of socket filters, of parsers of streams and of netfilter.

Each header has memory of its own on the stack, which it is copied to when it is found. A place in such a packet is two
numbers: what it is counted from, and how many bytes. Where a socket filter's packet begins depends on its socket (at
Ethernet's header, at IP's or behind that); its headers are found from where the kernel says that they begin.

Source: bpf_skb_load_bytes_relative in net/core/filter.c; bpf_dynptr_from_skb there, sk_filter_trim_cap of udp.c and
tcp_ipv4.c in net/ipv4 (Linux 6.18).
"""

from __future__ import annotations

from ..abi.contexts import STRUCTS
from ..abi.helpers import BPF_FUNC as FUNC
from ..errors import InternalError
from ..ir.core import PTR_BTF
from ..types.packets import ETH_P_8021AD, ETH_P_8021Q
from .numbers import Num, Refusal
from .packets import _PROTO, Packet, network_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block, Value
    from ..types.packets import PacketHeader
    from .packets import Place
    from .program import Lowering

_LINK, _NETWORK = 0, 1  # BPF_HDR_START_MAC, BPF_HDR_START_NET in include/uapi/linux/bpf.h
_DATA = 2  # the packet's start
_MAX_INDEX = (1 << 30) - 1


class CopiedPacket(Packet):
    """A packet whose headers are copies."""

    align = 8  # the stack's
    first = _NETWORK  # what `data` is counted from

    def __init__(self, low: Lowering, kind: str) -> None:
        super().__init__(low, kind)
        self._from_data: set[str] = set()

    def copy(self, place: Place, size: int, to: Value, *, is_from_data: bool) -> Value:
        """Copy bytes; return 0, or something else where they are not all there."""
        raise InternalError(f"packets of {self.hook.noun}s cannot be copied from")

    def _memory(self, name: str, size: int) -> Value:
        return self.low.scratch(f"packet {name}", size + 7 & ~7)

    # Places: the numbers of what they are counted from, and how many bytes.

    def address(self, name: str) -> Value:
        """Where the copy of a header lies that was found."""
        return self._memory(name, self.headers[name].size_bytes)

    def place(self, name: str) -> Place:
        """Where something is that was found."""
        return self.b.read(f"packet {name}"), self.b.read(f"packet {name} off")

    def _from_start(self, off_bytes: int) -> Place:
        return self.b.const(self.first), self.b.const(off_bytes)

    def _behind(self, place: Place, size: int | Value) -> Place:
        length = self.b.const(size) if isinstance(size, int) else size
        return place[0], self.b.op("add", place[1], length)

    def _at(self, off: Value) -> Place:
        return self.b.const(_DATA), off

    def declare(self, name: str, header: PacketHeader, after: str = "", at: Num | None = None) -> None:
        """Make a header known that lies behind another one, or `at` bytes from the packet's start."""
        super().declare(name, header, after, at)
        if at is not None or after in self._from_data:
            self._from_data.add(name)

    def have(self, name: str, place: Place, size: int, absent: Block) -> Value:
        """Go on with the address of a copy of so many bytes, and to `absent` unless they are there."""
        memory = self._memory(name, size)
        result = self.copy(place, size, memory, is_from_data=name in self._from_data)
        self._need("eq", result, self.b.const(0), absent)
        return memory

    def reach(self, end: Place, absent: Block) -> None:
        """Go to `absent` unless the packet has the last byte before a place."""
        last = end[0], self.b.op("sub", end[1], self.b.const(1))
        self.have("byte", last, 1, absent)

    def has_payload(self, then: Block, els: Block) -> None:
        """Jump to `then` if there are bytes behind the transport header."""
        found = self.b.new_block()
        self.test("payload", found, els)
        self.b.start(found)
        self.have("byte", self.place("payload"), 1, els)
        self.b.jump(then)

    def byte(self, index: Num, what: str, *, of_payload: bool = False) -> Num:
        """A byte of the packet, or of its payload; one that is not there ends the program, counted."""
        low, memory = self.low, self._memory("byte", 1)
        if not 0 <= index.lo <= index.hi <= _MAX_INDEX:
            low.abort_if("ugt", index.value, self.b.const(_MAX_INDEX), "packet_end", what)
        place = self._behind(self.place("payload"), index.value) if of_payload else self._at(index.value)
        failed = self.copy(place, 1, memory, is_from_data=not of_payload)
        low.abort_if("ne", failed, self.b.const(0), "packet_end", what)
        return Num(self.b.load(memory, 0, 1), 0, 0xFF)


class SocketPacket(CopiedPacket):
    """The packet of a socket filter."""

    first = _LINK

    def copy(self, place: Place, size: int, to: Value, *, is_from_data: bool) -> Value:
        """Copy bytes; return 0, or something else where they are not all there."""
        arguments = (self.ctx, place[1], to, self.b.const(size))
        if is_from_data:
            return self.b.call(FUNC.skb_load_bytes, *arguments)
        return self.b.call(FUNC.skb_load_bytes_relative, *arguments, place[0])

    def payload_length(self) -> Num:
        """Raises: Refusal; the packet's length is counted from elsewhere."""
        raise Refusal("a socket_filter probe does not know the length of the payload", "pkt.ip.len, pkt.udp.len")

    def _eth(self, absent: Block) -> None:
        place = self._from_start(0)
        self.have("eth", place, self.headers["eth"].size_bytes, absent)
        self.found("eth", place)

    def _vlan(self, absent: Block) -> None:
        self.find("eth", absent)
        tagged = self.b.new_block()
        self._by_tag(self.b.load(self.address("eth"), 12, 2), tagged, absent)
        self.b.start(tagged)
        place = self._from_start(self.headers["eth"].size_bytes)
        self.have("vlan", place, self.headers["vlan"].size_bytes, absent)
        self.found("vlan", place)

    def _by_tag(self, proto: Value, tagged: Block, plain: Block) -> None:
        b, other = self.b, self.b.new_block()
        b.branch("eq", proto, b.const(network_order(ETH_P_8021Q)), tagged, other)
        b.start(other)
        b.branch("eq", proto, b.const(network_order(ETH_P_8021AD)), tagged, plain)

    def _network(self, absent: Block) -> None:
        """Find where the network header is: the kernel knows, and its protocol, too, unless that is a tag's."""
        b = self.b
        off, size, _ = STRUCTS["__sk_buff"]["protocol"]
        tagged, plain, done = self.low.blocks(3)
        proto = b.load(self.ctx, off, size)
        self._by_tag(proto, tagged, plain)
        b.start(plain)
        b.write(_PROTO, proto)
        self.found("l3", (b.const(_NETWORK), b.const(0)))
        b.jump(done)
        b.start(tagged)
        self.find("vlan", absent)
        b.write(_PROTO, b.load(self.address("vlan"), 2, 2))
        self.found("l3", self._from_start(18))
        b.jump(done)
        b.start(done)


class StreamPacket(CopiedPacket):
    """What a stream's parser has of it. Linux 7 attaches none that may move its packet, to bring it together or not."""

    first = _DATA

    def copy(self, place: Place, size: int, to: Value, *, is_from_data: bool) -> Value:
        """Copy bytes; return 0, or something else where they are not all there."""
        return self.b.call(FUNC.skb_load_bytes, self.ctx, place[1], to, self.b.const(size))


class NetfilterPacket(CopiedPacket):
    """The packet of a netfilter program, which begins with its IP header."""

    def _dynptr(self) -> Value:
        """The kernel's dynptr of the packet, made where a way first needs it."""
        b, state = self.b, self.low.scratch("packet dynptr", 16, stays=True)
        if not b.is_written("packet dynptr"):
            off, size, _ = STRUCTS["bpf_nf_ctx"]["skb"]
            skb = b.op("load_ptr", self.ctx, type=PTR_BTF, off=off, size=size)
            self.low.call_kfunc("bpf_dynptr_from_skb", [skb, b.const(0), state])
            b.write("packet dynptr", b.const(1))
        return state

    def copy(self, place: Place, size: int, to: Value, *, is_from_data: bool) -> Value:
        """Copy bytes; return 0, or something else where they are not all there."""
        b = self.b
        return b.call(FUNC.dynptr_read, to, b.const(size), self._dynptr(), place[1], b.const(0))

    def length(self) -> Num:
        """The bytes from the IP header to the packet's end."""
        size = self.low.call_kfunc("bpf_dynptr_size", [self._dynptr()])
        return Num(self.b.op("zext", size, size=4), 0, 0xFFFF_FFFF)


MAKE = {"socket": SocketPacket, "sk_skb/stream_parser": StreamPacket, "netfilter": NetfilterPacket}
