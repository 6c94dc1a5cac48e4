"""Files of captured packets: pcap and pcapng, of either byte order.

Source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct

from ..errors import FormatError
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Stream(Protocol):
        """What is read from."""

        def read(self, size: int, /) -> bytes: ...


_PCAP_US, _PCAP_NS, _SECTION = 0xA1B2C3D4, 0xA1B23C4D, 0x0A0D0D0A
_BYTE_ORDER = 0x1A2B3C4D
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6
_TSRESOL = 9
_MAX_BYTES = 1 << 26  # of one packet or block: larger ones are taken for damage


class Captured(Record):
    """A packet: when it was seen (ns since 1970), its link type's number, its bytes, and its length on the wire."""

    ts_ns: int
    link: int
    data: bytes
    length: int


class _Reader:
    def __init__(self, stream: Stream, file: str) -> None:
        self.stream, self.file, self.at = stream, file, 0

    def take(self, size: int) -> bytes:
        """Return so many bytes."""
        if size > _MAX_BYTES:
            raise self.damaged(f"a part of {size} bytes is too large")
        data = self.stream.read(size)
        if len(data) != size:
            raise self.damaged("the file ends within a packet")
        self.at += size
        return data

    def damaged(self, what: str) -> FormatError:
        return FormatError(what, file=self.file, off_bytes=self.at)


def read_packets(stream: Stream, file: str = "") -> Iterator[Captured]:
    """Yield the packets of a file, in its order. Raises: FormatError for what is no pcap file, or a damaged one."""
    reader = _Reader(stream, file)
    magic = reader.stream.read(4)
    if len(magic) < 4:
        raise FormatError("this is no pcap file", file=file)
    reader.at = 4
    for order in "<>":
        number = struct.unpack(f"{order}I", magic)[0]
        if number in (_PCAP_US, _PCAP_NS):
            yield from _pcap(reader, order, 1000 if number == _PCAP_US else 1)
            return
    if struct.unpack("<I", magic)[0] != _SECTION:
        raise FormatError("this is no pcap file", file=file)
    yield from _pcapng(reader, magic)


def _pcap(reader: _Reader, order: str, unit_ns: int) -> Iterator[Captured]:
    _major, _minor, _zone, _digits, _snaplen, link = struct.unpack(f"{order}HHiIII", reader.take(20))
    head = struct.Struct(f"{order}IIII")
    while first := reader.stream.read(1):
        reader.at += 1
        seconds, fraction, kept, length = head.unpack(first + reader.take(15))
        yield Captured(seconds * 10**9 + fraction * unit_ns, link & 0xFFFF, reader.take(kept), length)


def _pcapng(reader: _Reader, first: bytes) -> Iterator[Captured]:
    order = "<"
    interfaces: list[tuple[int, int, int]] = []  # link type, ticks in a second, snaplen
    word = first
    while word:
        if len(word) < 4:
            word += reader.take(4 - len(word))
        size_word = reader.take(4)
        if struct.unpack("<I", word)[0] == _SECTION:
            mark = reader.take(4)
            order = "<" if struct.unpack("<I", mark)[0] == _BYTE_ORDER else ">"
            if struct.unpack(f"{order}I", mark)[0] != _BYTE_ORDER:
                raise reader.damaged("a section has no byte order")
            interfaces = []
            used = 12
        else:
            used = 8
        kind, size = struct.unpack(f"{order}II", word + size_word)
        if size < used + 4 or size % 4:
            raise reader.damaged(f"a block cannot have {size} bytes")
        body = reader.take(size - used)[:-4]
        try:
            if kind == _INTERFACE:
                link, _, snaplen = struct.unpack_from(f"{order}HHI", body)
                interfaces.append((link, _resolution(body[8:], order), snaplen))
            elif kind in (_PACKET, _OLD_PACKET):
                form = f"{order}IIIII" if kind == _PACKET else f"{order}HHIIII"
                index, *more = struct.unpack_from(form, body)
                high, low, kept, length = more[-4:]
                link, ticks, _ = interfaces[index]
                ts_ns = (high << 32 | low) * 10**9 // ticks
                yield Captured(ts_ns, link, _part(reader, body, kept), length)
            elif kind == _SIMPLE_PACKET:
                length = struct.unpack_from(f"{order}I", body)[0]
                link, _, snaplen = interfaces[0]
                yield Captured(0, link, body[4 : 4 + min(length, snaplen or length)], length)
        except (struct.error, IndexError):
            raise reader.damaged("a block is cut short, or of an interface that is not there") from None
        word = reader.stream.read(4)
        reader.at += len(word)


def _part(reader: _Reader, body: bytes, size: int) -> bytes:
    if size > len(body) - 20:
        raise reader.damaged("a packet is longer than its block")
    return body[20 : 20 + size]


def _resolution(options: bytes, order: str) -> int:
    """Return how many ticks of an interface's clock make a second: 10^6 unless an option says otherwise."""
    at = 0
    while at + 4 <= len(options):
        code, size = struct.unpack_from(f"{order}HH", options, at)
        if code == _TSRESOL and size == 1 and at + 4 < len(options):
            exponent = options[at + 4]
            return 1 << (exponent & 0x7F) if exponent & 0x80 else int(10**exponent)
        at += 4 + (size + 3 & ~3)
        if code == 0:
            break
    return 10**6


def write_packets(packets: Iterator[Captured], link: int) -> Iterator[bytes]:
    """Yield the bytes of a pcap file (little-endian, times in ns) with the packets, which are of one link type."""
    yield struct.pack("<IHHiIII", _PCAP_NS, 2, 4, 0, 0, 262144, link)
    for packet in packets:
        seconds, ns = divmod(packet.ts_ns, 10**9)
        yield struct.pack("<IIII", seconds & 0xFFFFFFFF, ns, len(packet.data), packet.length) + packet.data
