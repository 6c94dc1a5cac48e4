"""Headers of a packet: where its protocol is told, and where what it carries begins.

Source: gencode.c of libpcap; RFC 1661, 2516, 3032; IEEE 802.2.
"""

from __future__ import annotations

from ..errors import UsageError
from ..isa import classic as c
from . import names, wlan
from .trees import all_of, any_of, calculate, const, equal, load, negate, test

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .link_types import LinkType
    from .trees import Number, Tree

# What the kernel keeps beside a packet, SKF_AD_* of linux/filter.h: which way it goes, its device, its VLAN tag, and
# whether it has one.
PKTTYPE, IFINDEX, TAG, HAS_TAG = (("load", 4, 0xFFFFF000 + off, None) for off in (4, 8, 44, 48))
# AF_INET and AF_INET6 in a NULL header, which has them in the byte order of the machine that wrote it. Every system has
# a number of its own for the latter: Linux 10, NetBSD 24, FreeBSD 28, macOS 30.
_FAMILIES = {"ip": (2,), "ip6": (10, 24, 28, 30)}
_ATALK, _AARP, _IPX, _IPX_SAP = 0x809B, 0x80F3, 0x8137, 0xE0
_SNAP_OUI = {_ATALK: 0x080007}  # of those whose number is in SNAP not of Ethernet's registry
_PAIRS = (0xFE, 0xF0, 0x06)  # SAPs that both sides of a packet have


class Headers:
    """Where the headers are at one place of an expression: `vlan` and `mpls` move them for what follows.

    The kernel keeps the first VLAN tag of most packets beside them. `is_beside`: that of these packets is there.
    `may_be_beside`: they are packets of the kernel, not of a file; then no tag at all is an answer, too.
    """

    def __init__(self, link: LinkType, *, may_be_beside: bool = False, is_beside: bool = False) -> None:
        self.link, self.may_be_beside, self.is_beside = link, may_be_beside, is_beside
        self.kind = link.kind
        self.prefix = wlan.prefix(link.name)  # how long what stands before the link header is; None: nothing does
        # What type_off, start and llc count from, if not from the packet's first byte.
        self.base = wlan.header_bytes(link.name, self.prefix) if link.kind == "wlan" else None
        self.type_off = link.type_off
        self.start = link.header_bytes  # of what the frame carries
        self.llc = 0 if link.kind == "wlan" else link.header_bytes  # of 802.2's header
        self.link_start = 0  # of the link header: PPP's is behind that of PPPoE
        self.labels = 0

    def load(self, size: int, off: int, index: Number | None = None) -> Number:
        """`size` bytes of what the frame carries, at `off`, and at what `index` adds to that."""
        return self._load(size, self.start + off & 0xFFFFFFFF, index)

    def _load(self, size: int, off: int, index: Number | None = None) -> Number:
        if self.base is not None:
            index = self.base if index is None else calculate(c.ADD, index, self.base)
        return load(size, off, index)

    def load_link(self, size: int, off: int, index: Number | None = None) -> Number:
        """`size` bytes of the link header."""
        if self.prefix is not None:
            index = self.prefix if index is None else calculate(c.ADD, index, self.prefix)
        return load(size, self.link_start + off, index)

    def ip_header(self) -> Number:
        """How long the IPv4 header is."""
        if self.base is None:
            return ("header", self.start)
        return calculate(c.LSH, calculate(c.AND, self.load(1, 0), const(0xF)), const(2))

    # Protocols

    def protocol(self, name: str) -> Tree:
        """Whether the frame carries the protocol."""
        return self._below_labels(name) if self.labels else self._told(names.ABOVE_LINK[name])

    def ethertype(self, number: int) -> Tree:
        """Whether the frame's EtherType (up to 1500: the LLC's DSAP) is that number."""
        if self.labels:
            return self._below_labels(next((name for name, known in names.ABOVE_LINK.items() if number == known), ""))
        return self._told(number)

    def _told(self, number: int) -> Tree:
        if self.type_off < 0:
            return any_of(self._network(name) for name in _FAMILIES if names.ETHERTYPES[name] == number)
        if self.kind == "ppp":
            return equal(self._load(2, self.type_off), names.PPP_PROTOCOLS.get(number, number))
        if self.kind == "hdlc":
            return equal(self._load(2, self.type_off), 0xFEFE if number == 0xFE else number)
        if number == _IPX_SAP:
            return self._ipx()
        if number in _PAIRS:
            return all_of((self.is_llc(), equal(self._load(2, self.llc), number << 8 | number)))
        if number <= 1500:
            return all_of((self.is_llc(), equal(self._load(1, self.llc), number)))
        if self.kind == "wlan" and number in _SNAP_OUI:
            return self._snap(number)
        tree = equal(self._load(2, self.type_off), number)
        if self.kind == "wlan":
            return all_of((wlan.is_data(self), tree))
        return any_of((tree, self._snap(number))) if number in (_ATALK, _AARP) else tree

    def _network(self, name: str) -> Tree:
        if self.kind in _FAMILIES:
            return self.kind == name
        if self.kind in ("null", "loop"):
            families = [n << 24 for n in _FAMILIES[name]] if self.kind == "null" else []
            return any_of(equal(load(4, 0), n) for n in (*families, *_FAMILIES[name]))
        return equal(load(1, self.start), 0x40 if name == "ip" else 0x60, 0xF0)

    def is_llc(self) -> Tree:
        """Whether an 802.2 header follows the link header."""
        if self.kind == "wlan":
            return wlan.is_data(self)
        if self.kind == "ether":
            return negate(test(c.JGT, load(2, self.type_off), 1500))
        return equal(load(2, self.type_off), 4)  # LINUX_SLL_P_802_2

    def _snap(self, ethertype: int) -> Tree:
        oui = _SNAP_OUI.get(ethertype, 0)
        code = 0xAAAA0300 | oui >> 16, (oui & 0xFFFF) << 16 | ethertype
        words = (equal(self._load(4, self.llc + 4), code[1]), equal(self._load(4, self.llc), code[0]))
        return all_of((self.is_llc(), *words))

    def _ipx(self) -> Tree:
        """Whether it is IPX, in one of the four ways that Ethernet carries it."""
        by_sap = equal(self._load(1, self.llc), _IPX_SAP)
        if self.kind == "wlan":
            return all_of((self.is_llc(), by_sap))
        by_type, snap = equal(load(2, self.type_off), _IPX), self._snap(_IPX)
        if self.kind == "ether":
            bare = equal(load(2, self.llc), 0xFFFF)
            return any_of((by_type, all_of((self.is_llc(), any_of((snap, by_sap, bare))))))
        bare = equal(load(2, self.type_off), 1)  # LINUX_SLL_P_802_3
        return any_of((by_type, bare, all_of((self.is_llc(), any_of((by_sap, snap))))))

    def iso(self, protocol: int, pdu: int | None = None) -> Tree:
        """Whether it is CLNP, ES-IS or IS-IS, by the number of its network layer, and that PDU of IS-IS."""
        if self.type_off < 0:
            return False
        at = {"ppp": self.start, "hdlc": self.start + 1}.get(self.kind, self.llc + 3)
        tests = [self.protocol("iso"), equal(self._load(1, at), protocol)]
        if pdu is not None:
            tests.append(equal(self._load(1, at + 4), pdu))
        return all_of(tests)

    def llc_control(self, mask: int, value: int) -> Tree:
        """Whether an 802.2 header follows whose control byte, in the bits of the mask, is that value (mask 0: any)."""
        tests = [self.is_llc()]
        if self.kind == "ether":
            tests.append(negate(equal(load(2, self.llc), 0xFFFF)))  # IPX without one
        if mask:
            tests.append(equal(self._load(1, self.llc + 2), value, mask))
        return all_of(tests)

    def _below_labels(self, name: str) -> Tree:
        """Below MPLS only the last label's mark and the version say what is there. Raises: UsageError for others."""
        if name not in ("ip", "ip6"):
            raise UsageError("below MPLS only ip and ip6 can be told")
        last = test(c.JSET, self.load(1, -2), 1)
        return all_of((last, equal(self.load(1, 0), 0x40 if name == "ip" else 0x60, 0xF0)))

    # Headers that move what follows

    def vlan(self, number: int | None) -> Tree:
        """Whether there is a VLAN tag (of that number); what follows is about the frame inside."""
        if self.is_beside:
            self.is_beside = False
            return number is None or equal(TAG, number, 0x0FFF)
        if self.type_off < 0:
            return False
        tags = [any_of(self.ethertype(t) for t in names.VLAN_TYPES)]
        if number is not None:
            tags.append(equal(self._load(2, self.type_off + 2), number, 0x0FFF))
        self.type_off, self.start, self.llc = self.type_off + 4, self.start + 4, self.llc + 4
        return all_of(tags)

    def pppoe(self, session: int | None) -> Tree:
        """Whether it is a PPPoE session (that one); what follows is about the packet inside. Source: RFC 2516."""
        tests = [self.ethertype(names.PPPOE_SESSION)]
        if session is not None:
            tests.append(equal(self.load(2, 2), session))
        self.type_off = self.link_start = self.start + 6
        self.start, self.kind = self.start + 8, "ppp"
        return all_of(tests)

    def mpls(self, label: int | None) -> Tree:
        """Whether there is an MPLS label (that one); what follows is about the packet inside."""
        if self.labels:
            tests = [negate(test(c.JSET, self.load(1, -2), 1))]
        else:
            tests = [self.ethertype(names.MPLS_TYPE)]
        if label is not None:
            tests.append(equal(self.load(4, 0), label << 12, 0xFFFFF000))
        self.start += 4
        self.labels += 1
        return all_of(tests)
