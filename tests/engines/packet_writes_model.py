"""A packet that can be changed, as CPython sees it: fields are bits, and checksums are computed anew from all bytes."""

from __future__ import annotations

# Bit offsets and widths in the order of the RFCs' diagrams: (name, bits); `_` is skipped.
LAYOUT = {
    "eth": [("dst", 48), ("src", 48), ("proto", 16)],
    "vlan": [("pcp", 3), ("dei", 1), ("id", 12), ("proto", 16)],
    "ip": [
        ("version", 4), ("ihl", 4), ("tos", 8), ("len", 16), ("id", 16), ("_", 1), ("df", 1), ("mf", 1),
        ("frag_off", 13), ("ttl", 8), ("proto", 8), ("checksum", 16), ("src", 32), ("dst", 32),
    ],
    "ip6": [
        ("version", 4), ("traffic_class", 8), ("flow_label", 20), ("payload_len", 16), ("next_header", 8),
        ("hop_limit", 8), ("src_hi", 64), ("src_lo", 64), ("dst_hi", 64), ("dst_lo", 64),
    ],
    "tcp": [
        ("sport", 16), ("dport", 16), ("seq", 32), ("ack_seq", 32), ("doff", 4), ("_", 4), ("flags", 8),
        ("window", 16), ("checksum", 16), ("urg_ptr", 16),
    ],
    "udp": [("sport", 16), ("dport", 16), ("len", 16), ("checksum", 16)],
    "icmp": [("type", 8), ("code", 8), ("checksum", 16), ("id", 16), ("seq", 16)],
    "icmp6": [("type", 8), ("code", 8), ("checksum", 16), ("id", 16), ("seq", 16)],
}  # fmt: skip
CHECKSUM_AT = {"ip": 10, "tcp": 16, "udp": 6, "icmp": 2, "icmp6": 2}
NUMBERS = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp6"}


def total(data):
    """The ones' complement sum of 16-bit words."""
    data = bytes(data) + bytes(len(data) % 2)
    words = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while words >> 16:
        words = (words & 0xFFFF) + (words >> 16)
    return words


class Head:
    """A header at a place of the packet; its fields are attributes, also to be set."""

    def __init__(self, pkt, name, at):
        self.__dict__.update(pkt=pkt, name=name, at=at)

    def _place(self, field):
        bit = 0
        for name, bits in LAYOUT[self.name]:
            if name == field:
                return bit, bits
            bit += bits
        raise AttributeError(field)

    def __getattr__(self, field):
        bit, bits = self._place(field)
        whole = int.from_bytes(self.pkt.data[self.at : self.at + 40], "big")
        size = 8 * len(self.pkt.data[self.at : self.at + 40])
        return whole >> size - bit - bits & (1 << bits) - 1

    def __setattr__(self, field, value):
        bit, bits = self._place(field)
        assert 0 <= value < 1 << bits, (field, value)
        end = min(self.at + 40, len(self.pkt.data))
        size = 8 * (end - self.at)
        whole = int.from_bytes(self.pkt.data[self.at : end], "big")
        mask = ((1 << bits) - 1) << size - bit - bits
        whole = whole & ~mask | value << size - bit - bits
        self.pkt.data[self.at : end] = whole.to_bytes(end - self.at, "big")


class Payload:
    """The bytes behind the transport header."""

    def __init__(self, pkt, at):
        self.pkt, self.at = pkt, at

    def __bool__(self):
        return self.at < len(self.pkt.data)

    def __len__(self):
        return len(self.pkt.data) - self.at

    def __getitem__(self, n):
        return self.pkt.data[self.at + n]

    def __setitem__(self, n, value):
        self.pkt.data[self.at + n] = value


class Pkt:
    """A frame with right checksums; `finish` makes them right again, those of the headers that were there at first."""

    def __init__(self, frame):
        self.data = bytearray(frame)
        for name in LAYOUT:
            setattr(self, name, None)
        self.payload = False
        self.eth, at, proto = Head(self, "eth", 0), 14, int.from_bytes(frame[12:14], "big")
        if proto in (0x8100, 0x88A8):
            self.vlan, at, proto = Head(self, "vlan", 14), 18, int.from_bytes(frame[16:18], "big")
        if proto == 0x0800:
            self.ip, above = Head(self, "ip", at), at + 4 * (frame[at] & 15)
            number, is_first = frame[at + 9], not int.from_bytes(frame[at + 6 : at + 8], "big") & 0x1FFF
            self.addresses = (at + 12, 8)
        elif proto == 0x86DD:
            self.ip6, above, number, is_first = Head(self, "ip6", at), at + 40, frame[at + 6], True
            self.addresses = (at + 8, 32)
        else:
            return
        name = NUMBERS.get(number)
        if name is None or not is_first:
            return
        self.above, self.number = Head(self, name, above), number
        setattr(self, name, self.above)
        has_no_checksum = name == "udp" and self.above.checksum == 0
        self.is_summed = not has_no_checksum
        size = 4 * (frame[above + 12] >> 4) if name == "tcp" else 8
        self.payload = Payload(self, above + size)

    def __len__(self):
        return len(self.data)

    def finish(self):
        """Compute every checksum from all the bytes that it covers; return the frame."""
        if self.ip is not None:
            self._sum(self.ip.at, self.ip.at + 4 * (self.data[self.ip.at] & 15), CHECKSUM_AT["ip"], b"")
        above = getattr(self, "above", None)
        if above is not None and self.is_summed:
            size = len(self.data) - above.at
            start, length = self.addresses
            pseudo = bytes(self.data[start : start + length]) + size.to_bytes(4, "big") + self.number.to_bytes(4, "big")
            self._sum(above.at, len(self.data), CHECKSUM_AT[above.name], b"" if above.name == "icmp" else pseudo)
            if above.name == "udp" and not above.checksum:
                above.checksum = 0xFFFF  # 0 says that there is none
        return bytes(self.data)

    def _sum(self, start, end, place, before):
        self.data[start + place : start + place + 2] = bytes(2)
        result = ~total(before + bytes(self.data[start:end])) & 0xFFFF
        self.data[start + place : start + place + 2] = result.to_bytes(2, "big")
