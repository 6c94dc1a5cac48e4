"""Builds packets for tests: whole Ethernet frames as bytes, with right lengths and checksums.

    tcp(dport=23)                                  # a SYN from 192.0.2.1 to 192.0.2.2
    udp(b"hello", src="2001:db8::1", dst="2001:db8::2", vlan=7)

Each layer takes its own fields and hands the others down: `tcp` to `ip` or `ip6`, these to `ethernet`. Addresses are
text; the addresses that are there unasked are those reserved for documentation (RFC 5737, RFC 3849).
"""

from __future__ import annotations

from ..errors import UsageError
from ..types.packets import (
    ETH_P_8021Q,
    ETH_P_IP,
    ETH_P_IPV6,
    IPPROTO_ICMP,
    IPPROTO_ICMPV6,
    IPPROTO_TCP,
    IPPROTO_UDP,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TCP_FLAGS = "FSRPAUEC"  # from the lowest bit up: fin syn rst psh ack urg ece cwr
_V6 = ("2001:db8::1", "2001:db8::2")


def ethernet(
    payload: bytes = b"",
    *,
    proto: int = ETH_P_IP,
    src: str = "02:00:00:00:00:01",
    dst: str = "02:00:00:00:00:02",
    vlan: int | None = None,
) -> bytes:
    """An Ethernet frame, not padded. `vlan` puts in an 802.1Q tag with that id (or whole tag: priority << 13 | id)."""
    tag = b"" if vlan is None else _u16(ETH_P_8021Q) + _u16(vlan)
    return _mac(dst) + _mac(src) + tag + _u16(proto) + payload


def ip(
    payload: bytes = b"",
    *,
    proto: int = 253,
    src: str = "192.0.2.1",
    dst: str = "192.0.2.2",
    ttl: int = 64,
    tos: int = 0,
    id: int = 0,
    frag_off: int = 0,
    df: bool = False,
    mf: bool = False,
    options: bytes = b"",
    **link: Any,
) -> bytes:
    """A frame with an IPv4 packet. `frag_off` counts 8 bytes; `options` are padded with zeros to 4 bytes.

    253 is the protocol number for experiments (RFC 3692). Raises: UsageError for options of more than 40 bytes.
    """
    options = options.ljust(-(-len(options) // 4) * 4, b"\0")
    if len(options) > 40:
        raise UsageError(f"an IPv4 header has room for 40 bytes of options, not for {len(options)}")
    words = 5 + len(options) // 4
    total = 4 * words + len(payload)
    front = bytes([4 << 4 | words, tos]) + _u16(total) + _u16(id) + _u16(df << 14 | mf << 13 | frag_off)
    front += bytes([ttl, proto])
    back = _v4(src) + _v4(dst) + options
    check = checksum(front + bytes(2) + back)
    return ethernet(front + _u16(check) + back + payload, proto=ETH_P_IP, **link)


def ip6(
    payload: bytes = b"",
    *,
    next_header: int = 253,
    src: str = _V6[0],
    dst: str = _V6[1],
    hop_limit: int = 64,
    traffic_class: int = 0,
    flow_label: int = 0,
    **link: Any,
) -> bytes:
    """A frame with an IPv6 packet, without extension headers."""
    first = 6 << 28 | traffic_class << 20 | flow_label
    head = first.to_bytes(4, "big") + _u16(len(payload)) + bytes([next_header, hop_limit]) + _v6(src) + _v6(dst)
    return ethernet(head + payload, proto=ETH_P_IPV6, **link)


def tcp(
    payload: bytes = b"",
    *,
    sport: int = 49152,
    dport: int = 80,
    seq: int = 0,
    ack_seq: int = 0,
    flags: str = "S",
    window: int = 65535,
    options: bytes = b"",
    **network: Any,
) -> bytes:
    """A frame with a TCP segment; over IPv6 if its addresses are. `flags` are letters: F S R P A U E C.

    `options` are padded with zeros to 4 bytes. Raises: UsageError for more than 40 bytes of them and other letters.
    """
    options = options.ljust(-(-len(options) // 4) * 4, b"\0")
    if len(options) > 40 or not set(flags) <= set(_TCP_FLAGS):
        raise UsageError(f"TCP flags are letters of {_TCP_FLAGS}, and options have up to 40 bytes")
    bits = sum(1 << _TCP_FLAGS.index(letter) for letter in set(flags))
    head = _u16(sport) + _u16(dport) + seq.to_bytes(4, "big") + ack_seq.to_bytes(4, "big")
    head += bytes([5 + len(options) // 4 << 4, bits]) + _u16(window)
    return _transport(IPPROTO_TCP, head, bytes(2) + options + payload, network)


def udp(payload: bytes = b"", *, sport: int = 49152, dport: int = 53, **network: Any) -> bytes:
    """A frame with a UDP datagram; over IPv6 if its addresses are."""
    head = _u16(sport) + _u16(dport) + _u16(8 + len(payload))
    return _transport(IPPROTO_UDP, head, payload, network)


def icmp(payload: bytes = b"", *, type: int = 8, code: int = 0, id: int = 0, seq: int = 0, **network: Any) -> bytes:
    """A frame with an ICMP message over IPv4: an echo request, unless `type` says otherwise."""
    rest = _u16(id) + _u16(seq) + payload
    check = checksum(bytes([type, code, 0, 0]) + rest)
    return ip(bytes([type, code]) + _u16(check) + rest, proto=IPPROTO_ICMP, **network)


def icmp6(payload: bytes = b"", *, type: int = 128, code: int = 0, id: int = 0, seq: int = 0, **network: Any) -> bytes:
    """A frame with an ICMPv6 message: an echo request, unless `type` says otherwise."""
    network = {"src": _V6[0], "dst": _V6[1], **network}
    return _transport(IPPROTO_ICMPV6, bytes([type, code]), _u16(id) + _u16(seq) + payload, network)


def checksum(data: bytes) -> int:
    """The Internet checksum of bytes. Source: RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _transport(protocol: int, head: bytes, rest: bytes, network: dict[str, Any]) -> bytes:
    """Put the checksum, which covers the addresses too, between `head` and `rest`, and wrap that in IP."""
    addresses = [network[end] for end in ("src", "dst") if end in network]
    is_v6 = any(":" in address for address in addresses)
    if is_v6:
        src, dst = _v6(network.setdefault("src", _V6[0])), _v6(network.setdefault("dst", _V6[1]))
    else:
        src, dst = _v4(network.get("src", "192.0.2.1")), _v4(network.get("dst", "192.0.2.2"))
    size = len(head) + 2 + len(rest)
    check = checksum(src + dst + size.to_bytes(4, "big") + protocol.to_bytes(4, "big") + head + bytes(2) + rest)
    if not check and protocol == IPPROTO_UDP:
        check = 0xFFFF  # 0 says that there is none
    segment = head + _u16(check) + rest
    return ip6(segment, next_header=protocol, **network) if is_v6 else ip(segment, proto=protocol, **network)


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def _mac(text: str) -> bytes:
    try:
        address = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        address = b""
    if len(address) != 6:
        raise UsageError(f"{text!r} is no Ethernet address", hint="write six bytes: 02:00:00:00:00:01")
    return address


def _v4(text: str) -> bytes:
    return _address(text, 4)


def _v6(text: str) -> bytes:
    return _address(text, 16)


def _address(text: str, size: int) -> bytes:
    from ipaddress import ip_address

    try:
        packed = ip_address(text).packed
    except ValueError:
        packed = b""
    if len(packed) != size:
        raise UsageError(f"{text!r} is no {'IPv4' if size == 4 else 'IPv6'} address")
    return packed
