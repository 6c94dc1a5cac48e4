"""802.11: where its header ends, its addresses, its types of frames.

Source: IEEE 802.11-2020, 9.2 and 9.3; radiotap.org; gencode.c of libpcap.
"""

from __future__ import annotations

from ..isa import classic as c
from .trees import all_of, any_of, calculate, const, equal, load, negate, test

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .link import Headers
    from .trees import Number, Tree

_MAC_HEADER_BYTES = 24  # with three addresses and without QoS
_CONTROL, _DATA = 0x04, 0x08  # bits of the type, in the first byte
_TO_DS, _FROM_DS = 0x01, 0x02  # in the second
TYPE_BITS, SUBTYPE_BITS, _DIRECTION = 0x0C, 0xF0, 0x03

TYPES = {"mgt": 0, "ctl": 4, "data": 8}
ADDRESSES = {"addr1": 4, "addr2": 10, "addr3": 16, "addr4": 24}
_TYPE_SPELLINGS = {"management": "mgt", "control": "ctl"}
_SUBTYPES = {
    "mgt": {
        "assocreq": 0x00, "assoc-req": 0x00, "assocresp": 0x10, "assoc-resp": 0x10, "reassocreq": 0x20,
        "reassoc-req": 0x20, "reassocresp": 0x30, "reassoc-resp": 0x30, "probereq": 0x40, "probe-req": 0x40,
        "proberesp": 0x50, "probe-resp": 0x50, "beacon": 0x80, "atim": 0x90, "disassoc": 0xA0, "disassociation": 0xA0,
        "auth": 0xB0, "authentication": 0xB0, "deauth": 0xC0, "deauthentication": 0xC0,
    },
    "ctl": {
        "ps-poll": 0xA0, "rts": 0xB0, "cts": 0xC0, "ack": 0xD0, "cf-end": 0xE0, "cf-end-ack": 0xF0,
    },
    "data": {
        "data": 0x00, "data-cf-ack": 0x10, "data-cf-poll": 0x20, "data-cf-ack-poll": 0x30, "null": 0x40,
        "cf-ack": 0x50, "cf-poll": 0x60, "cf-ack-poll": 0x70, "qos-data": 0x80, "qos-data-cf-ack": 0x90,
        "qos-data-cf-poll": 0xA0, "qos-data-cf-ack-poll": 0xB0, "qos": 0xC0, "qos-cf-poll": 0xE0,
        "qos-cf-ack-poll": 0xF0,
    },
}  # fmt: skip
DIRECTIONS = {"nods": 0, "tods": 1, "fromds": 2, "dstods": 3}


def type_number(word: str) -> int | None:
    """Return the number of a type of frame."""
    return TYPES.get(_TYPE_SPELLINGS.get(word, word))


def subtype_numbers(word: str) -> dict[int, int]:
    """Return the types that have a subtype of that name, and its number in each."""
    return {TYPES[kind]: known[word] for kind, known in _SUBTYPES.items() if word in known}


def prefix(name: str) -> Number | None:
    """How long the header before that of 802.11 is, of links that have one."""
    if name == "IEEE802_11_RADIO":
        return calculate(c.OR, calculate(c.LSH, load(1, 3), const(8)), load(1, 2))
    return load(4, 4) if name == "IEEE802_11_RADIO_AVS" else None


def header_bytes(name: str, before: Number | None) -> Number:
    """Where the MAC header of a data frame ends: QoS adds two bytes, a mark in radiotap rounds up to four."""
    qos = calculate(c.RSH, calculate(c.AND, load(1, 0, before), const(0x80)), const(6))
    end = calculate(c.ADD, qos, const(_MAC_HEADER_BYTES))
    if before is None:
        return end
    end = calculate(c.ADD, end, before)
    if name != "IEEE802_11_RADIO":
        return end
    present = load(4, 4)  # little-endian: TSFT is 0x01000000 here, flags 0x02000000, more words 0x80
    tsft_bytes = calculate(c.AND, calculate(c.RSH, present, const(21)), const(8))
    flags = load(1, 8, tsft_bytes)
    no_more = calculate(c.XOR, calculate(c.RSH, present, const(7)), const(1))
    is_padded = calculate(c.AND, calculate(c.RSH, flags, const(5)), calculate(c.RSH, present, const(25)))
    is_padded = calculate(c.AND, calculate(c.AND, is_padded, no_more), const(1))
    missing = calculate(c.AND, calculate(c.SUB, const(0), end), const(3))
    return calculate(c.ADD, end, calculate(c.MUL, is_padded, missing))


def is_data(at: Headers) -> Tree:
    """Whether it is a data frame; others carry no packet."""
    return all_of((negate(_has(at, 0, _CONTROL)), _has(at, 0, _DATA)))


def _has(at: Headers, byte: int, bit: int) -> Tree:
    return test(c.JSET, at.load_link(1, byte), bit)


def by_source(at: Headers, look: Callable[[int], Tree]) -> Tree:
    """Ask about the source's address, which `look` is given the place of."""
    relayed = any_of(
        (
            all_of((negate(_has(at, 1, _TO_DS)), look(ADDRESSES["addr3"]))),
            all_of((_has(at, 1, _TO_DS), look(ADDRESSES["addr4"]))),
        )
    )
    data = any_of(
        (
            all_of((negate(_has(at, 1, _FROM_DS)), look(ADDRESSES["addr2"]))),
            all_of((_has(at, 1, _FROM_DS), relayed)),
        )
    )
    return _frames(at, look(ADDRESSES["addr2"]), data)


def by_destination(at: Headers, look: Callable[[int], Tree]) -> Tree:
    """Ask about the destination's address, which `look` is given the place of."""
    data = any_of(
        (
            all_of((negate(_has(at, 1, _TO_DS)), look(ADDRESSES["addr1"]))),
            all_of((_has(at, 1, _TO_DS), look(ADDRESSES["addr3"]))),
        )
    )
    return _frames(at, look(ADDRESSES["addr1"]), data)


def _frames(at: Headers, management: Tree, data: Tree) -> Tree:
    """Management and data frames have addresses of a source and a destination, control frames do not."""
    is_data = _has(at, 0, _DATA)
    either = any_of((all_of((negate(is_data), management)), all_of((is_data, data))))
    return all_of((negate(_has(at, 0, _CONTROL)), either))


def by_place(at: Headers, word: str, look: Callable[[int], Tree]) -> Tree:
    """Ask about the address that has this name: `ra`, `ta` of data frames, `addr1` to `addr4` where they are."""
    if word in ("ra", "ta"):
        return all_of((_has(at, 0, _DATA), look(ADDRESSES["addr1" if word == "ra" else "addr2"])))
    is_control = equal(at.load_link(1, 0), _CONTROL, TYPE_BITS)
    there: Tree = {
        "addr1": True,
        "addr2": negate(all_of((is_control, any_of(equal(at.load_link(1, 0), n, 0xF0) for n in (0xC0, 0xD0))))),
        "addr3": negate(is_control),
        "addr4": equal(at.load_link(1, 1), _DIRECTION, _DIRECTION),
    }[word]
    return all_of((there, look(ADDRESSES[word])))


def frame_type(at: Headers, number: int, subtype: int | None = None) -> Tree:
    """Whether it is a frame of that type (and subtype)."""
    mask, value = (TYPE_BITS, number) if subtype is None else (TYPE_BITS | SUBTYPE_BITS, number | subtype)
    return equal(at.load_link(1, 0), value, mask)


def direction(at: Headers, number: int) -> Tree:
    """Whether the frame goes that way, to and from the distribution system."""
    return equal(at.load_link(1, 1), number, _DIRECTION)
