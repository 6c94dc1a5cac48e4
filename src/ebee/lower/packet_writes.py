"""Writes to packets: the field, and every checksum that covers it.

A checksum is updated by what changed (RFC 1624, eqn. 3): HC' = ~(~HC + ~m + m'), in ones' complement, which is the same
in either byte order. In XDP that is done here. In an skb the transport checksum may be one that the network card is yet
to complete; only the kernel knows, so that its helper does it. That may move the packet, and what was found is found
again.
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..types.packets import HEADERS
from .numbers import Num, Refusal, check_assignable
from .packets import TRANSPORTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..types.packets import PacketField
    from .packets import Packet
    from .program import Lowering

    Words = list[tuple[int, Value, Value]]  # size in bytes, before, after: as they lie in memory

MAX_PAYLOAD = 0x8000  # bytes of a payload that can be told apart: with its headers a packet stays within 64 KiB
_EINVAL = 22
# What a change of these fields makes doubtful: the headers that may follow.
_BEHIND = {
    "eth": ("vlan", "ip", "ip6", *TRANSPORTS),
    "vlan": ("ip", "ip6", *TRANSPORTS),
    "ip": TRANSPORTS,
    "ip6": TRANSPORTS,
    "tcp": (),
}
_OVER = {"ip": ("tcp", "udp"), "ip6": ("tcp", "udp", "icmp6")}


def write(packet: Packet, name: str, field: str, n: Num, what: str) -> None:
    """Set a field of a header that was found; a number that is too large is cut off. Raises: Refusal."""
    header = packet.headers[name]
    place = header.fields[field]
    check_assignable(n, 0, (1 << place.bit_size) - 1, what)
    own = HEADERS.get(name) is header and header.checksum_off >= 0 and field != "checksum"
    address = packet.address(name)
    spots = _words(place) if own or field in header.pseudo else []
    before = [packet.b.load(address, off, size) for off, size in spots]
    _store(packet, address, place, n.value)
    words: Words = [(size, old, packet.b.load(address, off, size)) for (off, size), old in zip(spots, before)]
    if own and name == "ip":
        _update_here(packet, address, header.checksum_off, words, zero_is_none=False)
    elif own:
        # UDP's length is in the pseudo-header as well: it counts twice.
        _update_transport(packet, name, words * 2 if (name, field) == ("udp", "len") else words, False, what)
    if field in header.pseudo:
        _update_over(packet, name, words, what)
    if field in header.shape and HEADERS.get(name) is header:
        declared = [other for other in packet.headers if other not in HEADERS]
        packet.forget((*_BEHIND[name], *declared, *((name,) if field in ("version", "ihl", "doff") else ())))


def _words(place: PacketField) -> list[tuple[int, int]]:
    """Return the aligned words that hold a field, as (offset, size) in bytes."""
    start, end = place.off_bytes & ~1, place.off_bytes + place.size_bytes + 1 & ~1
    words = []
    while start < end:
        size = 4 if end - start >= 4 else 2
        words.append((start, size))
        start += size
    return words


def _store(packet: Packet, address: Value, place: PacketField, value: Value) -> None:
    """Store a number in network order; of bits the others stay."""
    b, whole = packet.b, 8 * place.size_bytes
    if place.bit_size < whole:
        mask = ((1 << place.bit_size) - 1) << place.shift
        if place.shift:
            value = b.op("shl", value, b.const(place.shift))
        old = packet.number(address, place.off_bytes, place.size_bytes)
        others = b.op("and", old, b.const(~mask & (1 << whole) - 1))
        value = b.op("or", others, b.op("and", value, b.const(mask)))
    off, left = place.off_bytes, place.size_bytes
    while left:
        size = next(piece for piece in (8, 4, 2, 1) if piece <= left)
        left -= size
        part = b.op("lshr", value, b.const(8 * left)) if left else value
        b.store(address, off, size, b.op("bswap", part, size=size) if size > 1 else part)
        off += size


def _fold(packet: Packet, total: Value, bound: int) -> Value:
    """Return a ones' complement sum in 16 bits; `bound` is the most that it can be."""
    b = packet.b
    while bound > 0xFFFF:
        total = b.op("add", b.op("and", total, b.const(0xFFFF)), b.op("lshr", total, b.const(16)))
        bound = 0xFFFF if bound <= 0x1_FFFE else 0xFFFF + (bound >> 16)
    return total


def _update_here(packet: Packet, address: Value, off: int, words: Words, *, zero_is_none: bool) -> None:
    """Update the checksum at an address. With `zero_is_none` 0 stays, and a result of 0 is written as 0xffff (UDP)."""
    b = packet.b
    done = b.new_block()
    old: Value = b.load(address, off, 2)
    if zero_is_none:
        present = b.new_block()
        b.branch("eq", old, b.const(0), done, present)
        b.start(present)
    total, bound = b.op("xor", old, b.const(0xFFFF)), 0xFFFF
    for size, before, after in words:
        mask = (1 << 8 * size) - 1
        total = b.op("add", b.op("add", total, b.op("xor", before, b.const(mask))), after)
        bound += 2 * mask
    result = b.op("xor", _fold(packet, total, bound), b.const(0xFFFF))
    if zero_is_none:
        whole, zero = packet.low.blocks(2)
        b.branch("ne", result, b.const(0), whole, zero)
        b.start(zero)
        b.store(address, off, 2, b.const(0xFFFF))
        b.jump(done)
        b.start(whole)
    b.store(address, off, 2, result)
    b.jump(done)
    b.start(done)


def _update_over(packet: Packet, name: str, words: Words, what: str) -> None:
    """Update the checksum of the transport header over `name`, if there is one that covers its addresses."""
    b = packet.b
    known = [over for over in _OVER[name] if packet.is_found(over)]
    if known:
        _update_transport(packet, known[0], words, True, what, is_ip6=name == "ip6")
        return
    done = b.new_block()
    for over in _OVER[name]:
        there, following = packet.low.blocks(2)
        packet.test(over, there, following)
        b.start(there)
        _update_transport(packet, over, words, True, what, is_ip6=name == "ip6")
        b.jump(done)
        b.start(following)
    b.jump(done)
    b.start(done)


def _update_transport(
    packet: Packet, name: str, words: Words, is_pseudo: bool, what: str, *, is_ip6: bool = False
) -> None:
    off = HEADERS[name].checksum_off
    if not packet.is_skb:
        _update_here(packet, packet.address(name), off, words, zero_is_none=name == "udp")
        return
    b, low = packet.b, packet.low
    place = low.at(packet.place(name)[1], off)
    flags = (bpf.BPF_F_PSEUDO_HDR if is_pseudo else 0) | (bpf.BPF_F_MARK_MANGLED_0 if name == "udp" else 0)
    kept = _offsets(packet)
    if is_ip6 and is_pseudo:
        diff = _difference(packet, words)
        result: Value = b.call(
            FUNC.l4_csum_replace, packet.ctx, place, b.const(0), diff, b.const(flags | bpf.BPF_F_IPV6)
        )
        old, done = low.blocks(2)
        variable = f"packet result {id(done)}"
        b.write(variable, result)
        b.branch("eq", result, b.const(-_EINVAL), old, done)
        b.start(old)  # before Linux 6.16 there is no such flag
        b.write(variable, b.call(FUNC.l4_csum_replace, packet.ctx, place, b.const(0), diff, b.const(flags)))
        b.jump(done)
        b.start(done)
        low.count_if("slt", b.read(variable), "packet_write", what)
    else:
        for size, before, after in words:
            result = b.call(FUNC.l4_csum_replace, packet.ctx, place, before, after, b.const(flags | size))
            low.count_if("slt", result, "packet_write", what)
    packet.reload()
    _find_again(packet, kept, what)


def _difference(packet: Packet, words: Words) -> Value:
    """Return what a change adds to a sum, in 32 bits."""
    b = packet.b
    total: Value = b.const(0)
    for size, before, after in words:
        total = b.op("add", b.op("add", total, b.op("xor", before, b.const((1 << 8 * size) - 1))), after)
    for _ in range(2):
        total = b.op("add", b.op("zext", total, size=4), b.op("lshr", total, b.const(32)))
    return total


def _offsets(packet: Packet) -> list[tuple[str, Value]]:
    """Return the places that are known here, as bytes from the packet's start."""
    kept: list[tuple[str, Value]] = []
    for name in (*packet.headers, "payload", "ip end", "tcp end", "l3", "l4"):
        if packet.is_found(name):
            kept.append((name, packet.place(name)[1]))
    return kept


def _find_again(packet: Packet, kept: list[tuple[str, Value]], what: str) -> None:
    """Make places known again in a packet whose bytes lie elsewhere now. As many are there as before."""
    b, low = packet.b, packet.low
    if not kept:
        return
    lost, done = low.blocks(2)
    for name, off in kept:
        header = packet.headers.get(name)
        size = header.size_bytes if header is not None else 0
        address = packet.at_run_time(off)
        packet.bounds(address, size, lost)
        packet.found(name, (address, off))
    b.jump(done)
    b.start(lost)
    low.abort("packet_write", what)
    b.start(done)


def byte(packet: Packet, base: Value, index: Num, what: str) -> Value:
    """The address of a byte behind a place in the packet; one that is not there ends the program, counted."""
    return byte_between(packet.low, base, packet.end, index, what)


def byte_between(low: Lowering, base: Value, end: Value, index: Num, what: str, size: int = 1) -> Value:
    """The address of `size` bytes between `base` and `end`; what is not there ends the program, counted."""
    b = low.b
    inside, outside = low.blocks(2)
    off = index.value
    if not 0 <= index.lo <= index.hi < MAX_PAYLOAD:
        checked = b.new_block()
        b.branch("ult", off, b.const(MAX_PAYLOAD), checked, outside)
        b.start(checked)
        off = b.op("bound", off, b.const(MAX_PAYLOAD - 1))
    address = b.op("add", base, off)
    b.branch("ule", low.at(address, size), end, inside, outside)
    b.start(outside)
    low.abort("packet_end", what)
    b.start(inside)
    return address


def write_payload(packet: Packet, index: Num, n: Num, what: str) -> None:
    """Set a byte of the payload, and update the checksum of the header in front. Raises: Refusal."""
    check_assignable(n, 0, 0xFF, what)
    b = packet.b
    address = byte(packet, packet.address("payload"), index, what)
    before = b.load(address, 0, 1)
    b.store(address, 0, 1, n.value)
    after = b.load(address, 0, 1)
    # Headers have even sizes: bytes at even places are the first of their words, which is the low one in memory.
    shift = b.op("shl", b.op("and", index.value, b.const(1)), b.const(3))
    words: Words = [(2, b.op("shl", before, shift), b.op("shl", after, shift))]
    known = [name for name in TRANSPORTS if packet.is_found(name)]
    if known:
        _update_transport(packet, known[0], words, False, what)
        return
    done = b.new_block()
    for name in TRANSPORTS:
        there, following = packet.low.blocks(2)
        packet.test(name, there, following)
        b.start(there)
        _update_transport(packet, name, words, False, what)
        b.jump(done)
        if not b.is_reachable(following):
            break
        b.start(following)
    else:
        b.jump(done)
    b.start(done)


def write_byte(packet: Packet, index: Num, n: Num, what: str) -> None:
    """Set a byte of the packet and nothing else: what it means is not known. Raises: Refusal."""
    check_assignable(n, 0, 0xFF, what)
    packet.b.store(byte(packet, packet.data, index, what), 0, 1, n.value)


def refuse(packet: Packet, name: str) -> None:
    """Raises: Refusal where the hook does not let packets be changed."""
    if not packet.hook.writes:
        raise Refusal(f"a {packet.hook.noun} cannot change packets", f"read {name}, and return what becomes of it")
