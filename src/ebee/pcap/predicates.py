"""What the primitives of the language test: hosts, nets, ports, protocols.

Source: pcap-filter(7); gencode.c of libpcap 1.10.
"""

from __future__ import annotations

from ..isa import classic as c
from . import names, wlan
from .trees import all_of, any_of, calculate, const, equal, load, negate, test

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .link import Headers
    from .trees import Number, Tree

# Where addresses are, from the header's start: of the source, of the destination.
_ADDRESSES = {"ip": (12, 16), "arp": (14, 24), "rarp": (14, 24), "ip6": (8, 24), "ether": (6, 0)}

WLAN_ADDRESSES = ("ra", "ta", *wlan.ADDRESSES)  # addresses that only 802.11 has


def by_direction(direction: str, ways: tuple[Tree, Tree]) -> Tree:
    """Combine what holds of the source and of the destination."""
    source, destination = ways
    if direction == "src":
        return source
    if direction == "dst":
        return destination
    if direction == "src and dst":
        return all_of((source, destination))
    return any_of((source, destination))


def ip_protocol(at: Headers, number: int, name: str) -> Tree:
    """Whether the packet is of that IP (`ip` or `ip6`), and carries that protocol."""
    if name == "ip":
        return all_of((at.protocol("ip"), equal(at.load(1, 9), number)))
    following = at.load(1, 6)
    fragment = all_of((equal(following, 44), equal(at.load(1, 40), number)))
    return all_of((at.protocol("ip6"), any_of((equal(following, number), fragment))))


def protocol(at: Headers, word: str) -> Tree:
    """Whether the packet is of the protocol that the language has this word for."""
    if word in names.ISO_PROTOCOLS:
        return at.iso(names.ISO_PROTOCOLS[word])
    if word in names.IP_PROTOCOLS:
        number, versions = names.IP_PROTOCOLS[word]
        return any_of(ip_protocol(at, number, version) for version in versions)
    return at.protocol(word)


def ipv4_host(at: Headers, name: str, direction: str, address: int, mask: int) -> Tree:
    """Whether addresses of an `ip`, `arp` or `rarp` packet are of that net."""
    ways = [equal(at.load(4, off), address, mask) for off in _ADDRESSES[name]]
    return all_of((at.protocol(name), by_direction(direction, (ways[0], ways[1]))))


def any_ipv4_host(at: Headers, direction: str, address: int, mask: int) -> Tree:
    """Whether IPv4's, ARP's or RARP's addresses are of that net."""
    known = ("ip",) if at.labels else ("ip", "arp", "rarp")
    return any_of(ipv4_host(at, name, direction, address, mask) for name in known)


def ipv6_host(at: Headers, direction: str, address: int, mask: int) -> Tree:
    """Whether IPv6's addresses are of that net."""

    def is_there(off: int) -> Tree:
        words = []
        for word in range(4):
            shift = 96 - 32 * word
            part = mask >> shift & 0xFFFFFFFF
            if part:
                words.append(equal(at.load(4, off + 4 * word), address >> shift & part, part))
        return all_of(words)

    source, destination = _ADDRESSES["ip6"]
    return all_of((at.protocol("ip6"), by_direction(direction, (is_there(source), is_there(destination)))))


def ether_host(at: Headers, direction: str, mac: int) -> Tree:
    """Whether Ethernet's or 802.11's addresses are that one."""

    def is_there(off: int) -> Tree:
        return all_of((equal(at.load_link(4, off + 2), mac & 0xFFFFFFFF), equal(at.load_link(2, off), mac >> 32)))

    if at.link.kind == "wlan":
        if direction in WLAN_ADDRESSES:
            return wlan.by_place(at, direction, is_there)
        return by_direction(direction, (wlan.by_source(at, is_there), wlan.by_destination(at, is_there)))
    source, destination = _ADDRESSES["ether"]
    return by_direction(direction, (is_there(source), is_there(destination)))


def decnet_host(at: Headers, direction: str, address: int) -> Tree:
    """Whether DECnet's addresses are that one: long or short headers, with a byte of padding or without."""
    value = (address & 0xFF) << 8 | address >> 8  # little-endian

    def is_there(short: int, long: int) -> Tree:
        forms = (
            (equal(at.load(1, 2), 0x02, 0x07), short), (equal(at.load(2, 2), 0x8102, 0xFF07), short + 1),
            (equal(at.load(1, 2), 0x06, 0x07), long), (equal(at.load(2, 2), 0x8106, 0xFF07), long + 1),
        )  # fmt: skip
        return any_of(all_of((form, equal(at.load(2, off), value))) for form, off in forms)

    return all_of((at.protocol("decnet"), by_direction(direction, (is_there(5, 17), is_there(3, 9)))))


def ports(at: Headers, direction: str, first: int, last: int, protocols: tuple[str, ...]) -> Tree:
    """Whether ports are in a range. Fragments behind the first have none."""

    def is_there(number: Number) -> Tree:
        if first == last:
            return equal(number, first)
        return all_of((test(c.JGE, number, first), negate(test(c.JGT, number, last))))

    numbers = [names.IP_PROTOCOLS[p][0] for p in protocols]
    is_first = negate(test(c.JSET, at.load(2, 6), 0x1FFF))
    v4 = [at.load(2, off, at.ip_header()) for off in (0, 2)]
    v6 = [at.load(2, 40 + off) for off in (0, 2)]
    return any_of(
        (
            all_of(
                (
                    at.protocol("ip6"),
                    any_of(equal(at.load(1, 6), n) for n in numbers),
                    by_direction(direction, (is_there(v6[0]), is_there(v6[1]))),
                )
            ),
            all_of(
                (
                    at.protocol("ip"),
                    any_of(equal(at.load(1, 9), n) for n in numbers),
                    is_first,
                    by_direction(direction, (is_there(v4[0]), is_there(v4[1]))),
                )
            ),
        )
    )


# `proto[offset:size]`: what must hold for the bytes to be there, and the number.


def accessor(at: Headers, word: str) -> Callable[[Number, int], tuple[Tree, Number]] | None:
    """Return what reads bytes of a protocol's header: from (offset, size) to (what must hold, number)."""
    if word in ("ether", "link"):
        return lambda off, size: (True, at.load_link(size, 0, off))
    if word == "radio" and at.prefix is not None:
        return lambda off, size: (True, load(size, 0, off))
    if word in names.ETHERTYPES:
        return lambda off, size: (at.protocol(word), at.load(size, 0, off))
    if word == "icmp6":
        return lambda off, size: (protocol(at, word), at.load(size, 40, off))
    if word in names.IP_PROTOCOLS and "ip" in names.IP_PROTOCOLS[word][1]:
        is_first = negate(test(c.JSET, at.load(2, 6), 0x1FFF))
        there = all_of((ip_protocol(at, names.IP_PROTOCOLS[word][0], "ip"), is_first))

        def read(off: Number, size: int) -> tuple[Tree, Number]:
            if off[0] == "const":
                return there, at.load(size, int(str(off[1])), at.ip_header())
            return there, at.load(size, 0, calculate(c.ADD, off, at.ip_header()))

        return read
    return None


def multicast(at: Headers, name: str) -> Tree:
    """Whether the packet's destination is a group, of `ether`, `ip` or `ip6`."""
    if name == "ip":
        return all_of((at.protocol("ip"), test(c.JGE, at.load(1, 16), 224)))
    if name == "ip6":
        return all_of((at.protocol("ip6"), equal(at.load(1, 24), 255)))
    if at.link.kind == "wlan":
        return wlan.by_destination(at, lambda off: test(c.JSET, at.load_link(1, off), const(1)))
    return test(c.JSET, load(1, 0), const(1))
