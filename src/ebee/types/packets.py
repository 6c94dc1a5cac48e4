"""Packet headers: where their fields lie. Offsets count bytes from the header's start; numbers are in network order.

Source: RFC 791 (IPv4), 8200 (IPv6), 9293 (TCP), 768 (UDP), 792 and 4443 (ICMP); IEEE 802.1Q (tags).
"""

from __future__ import annotations

from ..abi import bpf
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

XDP_ABORTED: int = bpf.XDP_ABORTED
XDP_DROP: int = bpf.XDP_DROP
XDP_PASS: int = bpf.XDP_PASS
XDP_TX: int = bpf.XDP_TX
XDP_REDIRECT: int = bpf.XDP_REDIRECT

ETH_P_IP, ETH_P_IPV6, ETH_P_8021Q, ETH_P_8021AD = 0x0800, 0x86DD, 0x8100, 0x88A8
IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6 = 1, 6, 17, 58


class PacketField(Record):
    """Bits of a header: of the number in `size_bytes` at `off_bytes` those from `shift` up, `bit_size` of them."""

    off_bytes: int
    size_bytes: int
    shift: int
    bit_size: int


class PacketHeader(Record):
    """A header: `size_bytes` is its fixed part, which holds every field; `words` are addresses that no u64 holds.

    `checksum_off` is where its checksum is (-1: it has none). `pseudo` are fields that the checksum of the next header
    covers, too. `shape` are fields that say what comes next, or where.
    """

    name: str
    title: str
    size_bytes: int
    fields: Mapping[str, PacketField]
    words: Mapping[str, str]
    checksum_off: int = -1
    pseudo: tuple[str, ...] = ()
    shape: tuple[str, ...] = ()


_PSEUDO = {"ip": ("src", "dst"), "ip6": ("src_hi", "src_lo", "dst_hi", "dst_lo")}
_SHAPE = {
    "eth": ("proto",),
    "vlan": ("proto",),
    "ip": ("version", "ihl", "proto", "frag_off"),
    "ip6": ("version", "next_header"),
    "tcp": ("doff",),
}


def _header(name: str, title: str, size: int, fields: str, words: Mapping[str, str] | None = None) -> PacketHeader:
    """Read `field@offset:bytes` or, for bits from `shift` up, `field@offset:bytes>>shift:bits`."""
    table = {}
    for row in fields.split():
        field, _, place = row.partition("@")
        whole, _, bits = place.partition(">>")
        off, size_bytes = map(int, whole.split(":"))
        shift, count = map(int, bits.split(":")) if bits else (0, 8 * size_bytes)
        table[field] = PacketField(off, size_bytes, shift, count)
    checksum = table["checksum"].off_bytes if "checksum" in table else -1
    return PacketHeader(name, title, size, table, words or {}, checksum, _PSEUDO.get(name, ()), _SHAPE.get(name, ()))


_IP6_WORDS = {"src": "src_hi and src_lo", "dst": "dst_hi and dst_lo"}

HEADERS: dict[str, PacketHeader] = {
    h.name: h
    for h in (
        _header("eth", "Ethernet header", 14, "dst@0:6 src@6:6 proto@12:2"),
        _header("vlan", "VLAN tag", 4, "tci@0:2 pcp@0:2>>13:3 dei@0:2>>12:1 id@0:2>>0:12 proto@2:2"),
        _header(
            "ip", "IPv4 header", 20,
            "version@0:1>>4:4 ihl@0:1>>0:4 tos@1:1 len@2:2 id@4:2 df@6:2>>14:1 mf@6:2>>13:1 frag_off@6:2>>0:13 "
            "ttl@8:1 proto@9:1 checksum@10:2 src@12:4 dst@16:4",
        ),
        _header(
            "ip6", "IPv6 header", 40,
            "version@0:4>>28:4 traffic_class@0:4>>20:8 flow_label@0:4>>0:20 payload_len@4:2 next_header@6:1 "
            "hop_limit@7:1 src_hi@8:8 src_lo@16:8 dst_hi@24:8 dst_lo@32:8",
            _IP6_WORDS,
        ),
        _header(
            "tcp", "TCP header", 20,
            "sport@0:2 dport@2:2 seq@4:4 ack_seq@8:4 doff@12:1>>4:4 flags@13:1 cwr@13:1>>7:1 ece@13:1>>6:1 "
            "urg@13:1>>5:1 ack@13:1>>4:1 psh@13:1>>3:1 rst@13:1>>2:1 syn@13:1>>1:1 fin@13:1>>0:1 window@14:2 "
            "checksum@16:2 urg_ptr@18:2",
        ),
        _header("udp", "UDP header", 8, "sport@0:2 dport@2:2 len@4:2 checksum@6:2"),
        _header("icmp", "ICMP header", 8, "type@0:1 code@1:1 checksum@2:2 id@4:2 seq@6:2"),
        _header("icmp6", "ICMPv6 header", 8, "type@0:1 code@1:1 checksum@2:2 id@4:2 seq@6:2"),
    )
}  # fmt: skip
