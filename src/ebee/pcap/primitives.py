"""Values with the words before them: `src net 10.0.0.0/8`, `tcp port 80`, `ether host 0:1:2:3:4:5`."""

from __future__ import annotations

from ..record import Record
from . import names
from .predicates import any_ipv4_host, decnet_host, ether_host, ip_protocol, ipv4_host, ipv6_host, ports
from .trees import all_of, any_of, negate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .parser import Parser
    from .trees import Tree

_MAC_BITS = 48


class Qualifiers(Record):
    """The words before a value: of a protocol, of a direction, of what the value is; "" where there is none."""

    protocol: str = ""
    direction: str = ""
    type: str = ""


class Primitives:
    """Reads values. `hosts` are the addresses of names."""

    def __init__(self, parser: Parser, hosts: Mapping[str, Sequence[str]]) -> None:
        self.p, self.hosts = parser, hosts

    def values(self, given: Qualifiers) -> Tree:
        """Read a value, or several in parentheses: `port (80 or 443)`."""
        p = self.p
        if not p.take("("):
            return self.value(given)
        p.nest()
        tree = self._listed(given)
        while p.token.text in ("and", "or"):
            is_and = p.token.text == "and"
            p.at += 1
            right = self._listed(given)
            tree = all_of((tree, right)) if is_and else any_of((tree, right))
        p.expect(")", "the list")
        p.depth -= 1
        return tree

    def _listed(self, given: Qualifiers) -> Tree:
        if self.p.take("!"):
            self.p.nest()
            tree = negate(self._listed(given))
            self.p.depth -= 1
            return tree
        return self.values(given)

    def value(self, given: Qualifiers) -> Tree:
        """Read one value."""
        p = self.p
        self.start = p.at
        kind = p.token.kind
        if kind not in ("number", "v4", "v6", "mac", "escaped", "word"):
            what = given.type or "address"
            p.refuse(f"{what} needs a value: {_EXAMPLES[what]}")
        p.last = given
        return {
            "port": self._port, "portrange": self._port, "proto": self._protocol, "net": self._host,
            "host": self._host, "": self._host,
        }[given.type](given)  # fmt: skip

    # Ports

    def _port(self, given: Qualifiers) -> Tree:
        p, token = self.p, self.p.token
        allowed: tuple[str, ...] = names.PORT_PROTOCOLS
        if given.protocol in allowed:
            allowed = (given.protocol,)
        elif given.protocol:
            p.refuse(f"{given.protocol} has no ports", f"those of {', '.join(names.PORT_PROTOCOLS)}: tcp port 80")
        ends = [token.text]
        if given.type == "portrange" and token.kind == "word" and "-" in token.text:
            ends = _range_ends(token.text)
        numbers = []
        for end in ends:
            number, protocols = self._port_number(end)
            numbers.append(number)
            both = tuple(name for name in allowed if name in protocols)
            if not both:
                p.refuse(f"{end} is a service of {' and '.join(protocols)}", f"write its number: {number}")
            allowed = both
        p.at += 1
        first, last = min(numbers), max(numbers)
        return ports(p.headers, given.direction, first, last, allowed)

    def _port_number(self, text: str) -> tuple[int, tuple[str, ...]]:
        if text.isdecimal() or text.lower().startswith("0x"):
            try:
                number = int(text, 16 if "x" in text.lower() else 8 if len(text) > 1 and text[0] == "0" else 10)
            except ValueError:
                self.p.refuse(f"{text} is no number: a leading 0 makes it octal")
            if number > 0xFFFF:
                self.p.refuse("ports are at most 65535")
            return number, names.PORT_PROTOCOLS
        if text.lower() not in names.SERVICES:
            self.p.refuse(f"there is no service {text!r} in ebee's table", "write its number")
        return names.SERVICES[text.lower()]

    # Protocols

    def _protocol(self, given: Qualifiers) -> Tree:
        p, token = self.p, self.p.token
        word = token.text.lstrip("\\")
        if given.direction:
            p.refuse("a protocol has no direction", "leave src and dst out")
        if given.protocol in ("iso", "isis", "is-is"):
            return self._iso_protocol(given.protocol == "iso", word)
        if given.protocol not in ("", "ip", "ip6", "ether"):
            p.refuse(f"{given.protocol} proto is no test", "proto; ip, ip6, ether, iso or isis proto")
        if given.protocol == "ether":
            if token.kind == "number":
                return p.headers.ethertype(p.number(0xFFFF, "an EtherType"))
            if word not in names.ETHERTYPES and word not in names.LLC_SAPS:
                p.refuse(f"there is no EtherType {word!r} in ebee's table", "write its number: ether proto 0x88cc")
            p.at += 1
            return p.headers.protocol(word)
        if token.kind == "number":
            number = p.number(0xFF, "a protocol's number")
        else:
            known = {name: number for name, (number, _) in names.IP_PROTOCOLS.items()} | names.PROTOCOL_NUMBERS
            known |= {"ipv6-icmp": known["icmp6"]}
            if word not in known:
                p.refuse(f"there is no protocol {word!r} in ebee's table", "write its number: proto 47")
            number = known[word]
            p.at += 1
        versions = (given.protocol,) if given.protocol else names.BOTH
        return any_of(ip_protocol(p.headers, number, version) for version in versions)

    def _iso_protocol(self, is_layer: bool, word: str) -> Tree:
        p = self.p
        if p.token.kind == "number":
            number = p.number(0xFF, "a protocol's number")
        elif is_layer and word in names.ISO_PROTOCOLS:
            number = names.ISO_PROTOCOLS[word]
            p.at += 1
        else:
            p.refuse(f"there is no protocol {word!r} there", "iso proto clnp, esis, isis, or a number; isis proto 18")
        return p.headers.iso(number) if is_layer else p.headers.iso(names.ISO_PROTOCOLS["isis"], number)

    # Hosts and nets

    def ether_host(self, direction: str, mac: int) -> Tree:
        """Whether the frame is from or to that address."""
        return ether_host(self.p.headers, direction, mac)

    def gateway(self, name: str) -> Tree:
        """Whether a host passes a packet on: its Ethernet address is there, and none of its IP addresses."""
        p, given = self.p, Qualifiers()
        addresses = self._addresses(name)
        macs = [a for a in addresses if _is_mac(a)]
        if not macs or len(macs) == len(addresses):
            hint = f"names={{{name!r}: ['00:11:22:33:44:55', '192.0.2.1']}}"
            p.refuse("gateway needs an Ethernet address and an IPv4 address of the name", hint)
        p.at += 1
        hosts = [self._v4(given, a) for a in addresses if not _is_mac(a) and ":" not in a]
        is_there = any_of(ether_host(p.headers, "", _mac(a)) for a in macs)
        return all_of((is_there, negate(any_of(hosts))))

    def _addresses(self, name: str) -> tuple[str, ...]:
        addresses = self.hosts.get(name)
        if addresses is None:
            hint = f"write its address, or give names={{{name!r}: '192.0.2.1'}}: filters ask no name server"
            self.p.refuse(f"there is no address for the name {name!r}", hint)
        return (addresses,) if isinstance(addresses, str) else tuple(addresses)

    def _host(self, given: Qualifiers) -> Tree:
        p, token = self.p, self.p.token
        what = given.type or "host"
        if given.protocol == "decnet":
            return self._decnet(given)
        if given.protocol not in ("", "ether", "ip", "arp", "rarp", "ip6"):
            hint = f"{given.protocol} and {what} {token.text}"
            p.refuse(f"{given.protocol} {what} is no test: {given.protocol} has ports, not hosts", hint)
        is_name = token.kind == "word" and token.text in self.hosts
        if (token.kind == "mac") != (given.protocol == "ether") and not is_name:
            if token.kind == "mac":
                p.refuse("this is an Ethernet address", f"ether {given.direction} host {token.text}".replace("  ", " "))
            p.refuse(f"ether {what} needs an Ethernet address", "00:11:22:33:44:55")
        if token.kind == "mac":
            if what != "host":
                p.refuse("Ethernet addresses have no nets", "ether host")
            p.need_ethernet(self.start)
            p.at += 1
            return ether_host(p.headers, given.direction, _mac(token.text))
        if token.kind == "word" or token.kind == "escaped":
            return self._named(given, token.text.lstrip("\\"))
        p.at += 1
        if token.kind == "v6":
            return self._v6(given, token.text)
        if token.kind == "number" and not given.type:
            p.refuse(f"{token.text} may be many things", "write port, host or net before it", since=self.start)
        return self._v4(given, token.text, is_number=token.kind == "number")

    def _named(self, given: Qualifiers, name: str) -> Tree:
        p, addresses = self.p, self._addresses(name)
        p.at += 1
        trees = []
        for address in addresses:
            if _is_mac(address) or given.protocol == "ether":
                if _is_mac(address) and given.protocol == "ether":
                    p.need_ethernet(self.start)
                    trees.append(ether_host(p.headers, given.direction, _mac(address)))
                continue
            is_v6 = ":" in address
            if given.protocol == "ip6" and not is_v6 or given.protocol in ("ip", "arp", "rarp") and is_v6:
                continue
            trees.append((self._v6 if is_v6 else self._v4)(given, address))
        if not trees:
            p.refuse(f"{name!r} has no address of {given.protocol or 'any kind'}", since=self.start)
        return any_of(trees)

    def _v4(self, given: Qualifiers, text: str, is_number: bool = False) -> Tree:
        p = self.p
        if given.protocol == "ip6":
            p.refuse("this is an IPv4 address", "leave ip6 out", since=self.start)
        value, bits = self._dotted(text)
        if is_number and not text.isdecimal():
            value, bits = int(text, 0), 32
        if is_number and bits == 8 and given.type != "net":
            bits = 32
        mask = (0xFFFFFFFF << (32 - bits)) & 0xFFFFFFFF
        value = value << (32 - bits) & 0xFFFFFFFF
        has_mask = p.token.text if p.token.text in ("/", "mask") else ""
        if has_mask:
            if given.type != "net":
                p.refuse("only nets have masks", f"net {text}{has_mask if has_mask == '/' else ' mask '}…")
            p.at += 1
            if has_mask == "/":
                if p.token.kind != "number":
                    p.refuse("a net's length is missing", "net 10.0.0.0/8")
                length = p.number(32, "an IPv4 net's length")
                mask = 0xFFFFFFFF << (32 - length) & 0xFFFFFFFF
            else:
                if p.token.kind != "v4":
                    p.refuse("a net's mask is missing", "net 10.0.0.0 mask 255.0.0.0")
                mask, bits = self._dotted(p.token.text)
                mask = mask << (32 - bits)
                p.at += 1
            if value & ~mask:
                p.refuse(f"{text} has bits that the net's mask leaves out", since=self.start)
        if given.protocol in ("ip", "arp", "rarp"):
            return ipv4_host(p.headers, given.protocol, given.direction, value, mask)
        return any_ipv4_host(p.headers, given.direction, value, mask)

    def _decnet(self, given: Qualifiers) -> Tree:
        p, token = self.p, self.p.token
        area, _, node = token.text.partition(".")
        if token.kind != "v4" or not node.isdecimal() or not 0 < int(area) < 64 or int(node) > 1023:
            p.refuse("DECnet's addresses are an area and a node", "decnet host 1.5")
        p.at += 1
        return decnet_host(p.headers, given.direction, int(area) << 10 | int(node))

    def _dotted(self, text: str) -> tuple[int, int]:
        """Return the number of one to four bytes and its bits."""
        parts = text.split(".")
        if not all(part.isdecimal() and int(part) < 256 for part in parts):
            if len(parts) == 1:
                return 0, 32 if text.lower().startswith("0x") else self._no_address(text)
            self._no_address(text)
        value = 0
        for part in parts:
            value = value << 8 | int(part)
        return value, 8 * len(parts)

    def _no_address(self, text: str) -> int:
        self.p.refuse(f"{text} is no IPv4 address: its parts are 0 to 255", since=self.start)

    def _v6(self, given: Qualifiers, text: str) -> Tree:
        from ipaddress import AddressValueError, IPv6Address

        p = self.p
        if given.protocol in ("ip", "arp", "rarp"):
            p.refuse("this is an IPv6 address", f"leave {given.protocol} out", since=self.start)
        try:
            value = int(IPv6Address(text))
        except AddressValueError as e:
            p.refuse(f"{text} is no IPv6 address: {e}", since=self.start)
        length = 128
        if p.token.text == "/":
            if given.type != "net":
                p.refuse("only nets have masks", f"net {text}/…")
            p.at += 1
            if p.token.kind != "number":
                p.refuse("a net's length is missing", "net fe80::/10")
            length = p.number(128, "an IPv6 net's length")
        mask = ((1 << length) - 1) << (128 - length)
        if value & ~mask:
            p.refuse(f"{text} has bits that the net's mask leaves out", since=self.start)
        return ipv6_host(p.headers, given.direction, value, mask)


def _range_ends(text: str) -> list[str]:
    """Return the two ends of a range of ports, which are numbers or names; names may have a hyphen, too."""
    if text.lower() in names.SERVICES:
        return [text]
    parts = text.split("-")
    ways = [["-".join(parts[:i]), "-".join(parts[i:])] for i in range(1, len(parts))]
    known = [way for way in ways if all(end[0].isdecimal() or end.lower() in names.SERVICES for end in way if end)]
    return (known or ways)[0]


def _is_mac(text: str) -> bool:
    return "." not in text and text.count(":") == 5 and "::" not in text


def _mac(text: str) -> int:
    digits = text
    for separator in ":-.":
        if separator in text:
            width = 4 if text.count(separator) == 2 else 2
            digits = "".join(part.zfill(width) for part in text.split(separator))
    return int(digits, 16)


_EXAMPLES = {
    "address": "src 192.0.2.1", "host": "host 192.0.2.1", "net": "net 192.0.2.0/24", "port": "port 80",
    "portrange": "portrange 6000-6008", "proto": "proto tcp",
}  # fmt: skip
