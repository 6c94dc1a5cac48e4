"""Link layers: where a packet's protocol is, and where what it carries begins.

Source: the LINKTYPE registry of tcpdump.org; gencode.c of libpcap.
"""

from __future__ import annotations

from ..errors import UsageError
from ..isa import classic as c
from ..record import Record
from . import names
from .trees import all_of, any_of, equal, load, negate, test

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .trees import Number, Tree

# A packet's tag, and whether it has one, beside it: SKF_AD_VLAN_TAG, SKF_AD_VLAN_TAG_PRESENT of linux/filter.h.
TAG: Number = ("load", 4, 0xFFFFF000 + 44, None)
HAS_TAG: Number = ("load", 4, 0xFFFFF000 + 48, None)


class LinkType(Record):
    """A link layer: its number in files, where its EtherType is (-1: it has none), and the bytes of its header."""

    name: str
    number: int
    type_off: int
    header_bytes: int
    title: str


LINK_TYPES = {
    t.name: t
    for t in (
        LinkType("EN10MB", 1, 12, 14, "Ethernet"),
        LinkType("RAW", 101, -1, 0, "raw IP"),
        LinkType("NULL", 0, -1, 4, "BSD loopback"),
        LinkType("LINUX_SLL", 113, 14, 16, "Linux cooked v1"),
        LinkType("LINUX_SLL2", 276, 0, 20, "Linux cooked v2"),
    )
}
_SPELLINGS = {"ETHERNET": "EN10MB", "ETHER": "EN10MB", "IPV4": "RAW", "IPV6": "RAW", "LOOP": "NULL"}
BY_NUMBER = {t.number: t for t in LINK_TYPES.values()} | dict.fromkeys((12, 228, 229), LINK_TYPES["RAW"])
# AF_INET and AF_INET6 in a NULL header, which has them in the byte order of the machine that wrote it. Every system has
# a number of its own for the latter: Linux 10, NetBSD 24, FreeBSD 28, macOS 30.
_FAMILIES = {"ip": (2,), "ip6": (10, 24, 28, 30)}


def find_link(name: str | int) -> LinkType:
    """Return a link layer by its name or number. Raises: UsageError for one that filters do not know here."""
    found = BY_NUMBER.get(name) if isinstance(name, int) else None
    if isinstance(name, str):
        word = name.upper().removeprefix("DLT_").removeprefix("LINKTYPE_")
        found = LINK_TYPES.get(_SPELLINGS.get(word, word))
    if found is None:
        raise UsageError(f"filters do not know the link type {name}", hint=f"they know {', '.join(LINK_TYPES)}")
    return found


class Headers:
    """Where the headers are at one place of an expression: `vlan` and `mpls` move them for what follows.

    The kernel keeps the first VLAN tag of most packets beside them. `is_beside`: that of these packets is there.
    `may_be_beside`: they are packets of the kernel, not of a file; then no tag at all is an answer, too.
    """

    def __init__(self, link: LinkType, *, may_be_beside: bool = False, is_beside: bool = False) -> None:
        self.link, self.may_be_beside, self.is_beside = link, may_be_beside, is_beside
        self.type_off = link.type_off
        self.start = link.header_bytes  # of what the frame carries
        self.labels = 0
        self.is_ppp = False  # what the frame carries is told by PPP's number

    def protocol(self, name: str) -> Tree:
        """Whether the frame carries the protocol."""
        if self.labels:
            return self._below_labels(name)
        if self.is_ppp:
            return self.ethertype(names.ETHERTYPES[name]) if name in names.ETHERTYPES else False
        if name in names.LLC_SAPS:
            return self._llc(names.LLC_SAPS[name])
        if self.type_off < 0:
            return self._network(name)
        tree = self.ethertype(names.ETHERTYPES[name])
        if name in ("atalk", "aarp"):
            tree = any_of((tree, self._snap(names.ETHERTYPES[name], 0x080007 if name == "atalk" else 0)))
        return tree

    def ethertype(self, number: int) -> Tree:
        """Whether the frame's EtherType (up to 1500: the LLC's DSAP) is that number."""
        if self.type_off < 0:
            for name, known in names.ETHERTYPES.items():
                if number == known:
                    return self._network(name)
            return False
        if self.is_ppp:
            return equal(load(2, self.type_off), names.PPP_PROTOCOLS.get(number, number))
        if number <= 1500:
            return self._llc(number)
        return equal(load(2, self.type_off), number)

    def _network(self, name: str) -> Tree:
        if name not in _FAMILIES:
            return False
        if self.link.name == "NULL":
            orders: tuple[int, ...] = ()
            for family in _FAMILIES[name]:
                orders += family << 24, family
            return any_of(equal(load(4, 0), n) for n in orders)
        return equal(load(1, self.start), 0x40 if name == "ip" else 0x60, 0xF0)

    def _is_llc(self) -> Tree:
        if self.link.name == "EN10MB":
            return negate(test(c.JGT, load(2, self.type_off), 1500))
        return equal(load(2, self.type_off), 4)  # LINUX_SLL_P_802_2

    def _llc(self, sap: int) -> Tree:
        if self.type_off < 0 or self.labels:
            return False
        size = 2 if sap in (0xFE, 0xF0) else 1  # SSAP, too
        value = sap << 8 | sap if size == 2 else sap
        return all_of((self._is_llc(), equal(load(size, self.start), value)))

    def _snap(self, ethertype: int, oui: int) -> Tree:
        code = 0xAAAA0300 | oui >> 16, (oui & 0xFFFF) << 16 | ethertype
        return all_of((self._is_llc(), equal(load(4, self.start + 4), code[1]), equal(load(4, self.start), code[0])))

    def _below_labels(self, name: str) -> Tree:
        """Below MPLS only the last label's mark and the version say what is there."""
        if name not in ("ip", "ip6"):
            return False
        last = test(c.JSET, load(1, self.start - 2), 1)
        return all_of((last, equal(load(1, self.start), 0x40 if name == "ip" else 0x60, 0xF0)))

    def vlan(self, number: int | None) -> Tree:
        """Whether there is a VLAN tag (of that number); what follows is about the frame inside."""
        if self.is_beside:
            self.is_beside = False
            return number is None or equal(TAG, number, 0x0FFF)
        if self.type_off < 0:
            return False
        tags = [any_of(self.ethertype(t) for t in names.VLAN_TYPES)]
        if number is not None:
            tags.append(equal(load(2, self.type_off + 2), number, 0x0FFF))
        self.type_off, self.start = self.type_off + 4, self.start + 4
        return all_of(tags)

    def pppoe(self, session: int | None) -> Tree:
        """Whether it is a PPPoE session (that one); what follows is about the packet inside. Source: RFC 2516."""
        tests = [self.ethertype(names.PPPOE_SESSION)]
        if session is not None:
            tests.append(equal(load(2, self.start + 2), session))
        self.type_off, self.start, self.is_ppp = self.start + 6, self.start + 8, True
        return all_of(tests)

    def mpls(self, label: int | None) -> Tree:
        """Whether there is an MPLS label (that one); what follows is about the packet inside."""
        if self.labels:
            tests = [negate(test(c.JSET, load(1, self.start - 2), 1))]
        else:
            tests = [self.ethertype(names.MPLS_TYPE)]
        if label is not None:
            tests.append(equal(load(4, self.start), label << 12, 0xFFFFF000))
        self.start += 4
        self.labels += 1
        return all_of(tests)

    def ip_header(self) -> Number:
        """How long the IPv4 header is."""
        return ("header", self.start)

