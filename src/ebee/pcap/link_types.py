"""Link layers by name and by number.

Source: the LINKTYPE registry of tcpdump.org; gencode.c of libpcap.
"""

from __future__ import annotations

from ..errors import UsageError
from ..record import Record


class LinkType(Record):
    """A link layer.

    Its numbers in files, what kind of header it is (it says how a protocol is told), where the number of the protocol
    is (-1: there is none) and the bytes of the header; both count from the end of the MAC header in `wlan`.
    """

    name: str
    numbers: tuple[int, ...]
    kind: str
    type_off: int
    header_bytes: int
    title: str


LINK_TYPES = {
    t.name: t
    for t in (
        LinkType("EN10MB", (1,), "ether", 12, 14, "Ethernet"),
        LinkType("RAW", (101, 12), "raw", -1, 0, "raw IP"),
        LinkType("NULL", (0,), "null", -1, 4, "BSD loopback"),
        LinkType("LINUX_SLL", (113,), "sll", 14, 16, "Linux cooked v1"),
        LinkType("LINUX_SLL2", (276,), "sll", 0, 20, "Linux cooked v2"),
        LinkType("LOOP", (108,), "loop", -1, 4, "OpenBSD loopback"),
        LinkType("IPV4", (228,), "ip", -1, 0, "raw IPv4"),
        LinkType("IPV6", (229,), "ip6", -1, 0, "raw IPv6"),
        LinkType("PPP", (9,), "ppp", 2, 4, "PPP"),
        LinkType("PPP_SERIAL", (50,), "ppp", 2, 4, "PPP in HDLC-like framing"),
        LinkType("PPP_ETHER", (51,), "ppp", 6, 8, "PPPoE"),
        LinkType("C_HDLC", (104,), "hdlc", 2, 4, "Cisco HDLC"),
        LinkType("IEEE802_11", (105,), "wlan", 6, 8, "802.11"),
        LinkType("IEEE802_11_RADIO", (127,), "wlan", 6, 8, "802.11 with radiotap header"),
        LinkType("IEEE802_11_RADIO_AVS", (163,), "wlan", 6, 8, "802.11 with AVS header"),
    )
}
_SPELLINGS = {"ETHERNET": "EN10MB", "ETHER": "EN10MB", "RADIOTAP": "IEEE802_11_RADIO"}
BY_NUMBER = {number: t for t in LINK_TYPES.values() for number in t.numbers}


def find_link(name: str | int) -> LinkType:
    """Return a link layer by its name or number. Raises: UsageError for one that filters do not know here."""
    found = BY_NUMBER.get(name) if isinstance(name, int) else None
    if isinstance(name, str):
        word = name.upper().removeprefix("DLT_").removeprefix("LINKTYPE_")
        found = LINK_TYPES.get(_SPELLINGS.get(word, word))
    if found is None:
        raise UsageError(f"filters do not know the link type {name}", hint=f"they know {', '.join(LINK_TYPES)}")
    return found
