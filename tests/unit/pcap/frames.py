"""Frames for filters: of every link type, with what filters look at, and cut and spoiled ones."""

from __future__ import annotations

import random
import struct

ADDRESSES = [bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2)), bytes((192, 168, 1, 1)), bytes((224, 0, 0, 5)), bytes((8, 8, 8, 8)), bytes((10, 1, 2, 3))]
ADDRESSES_6 = [bytes.fromhex(h) for h in ("fe80" + "0" * 27 + "1", "20010db8" + "0" * 23 + "2", "20010db880" + "0" * 21 + "3", "ff02" + "0" * 27 + "1", "0" * 20 + "ffff0a000001")]
MACS = [bytes.fromhex(h) for h in ("001122334455", "ffffffffffff", "01005e000001", "02aabbccddee")]
PORTS = (20, 22, 25, 53, 67, 68, 79, 80, 81, 90, 91, 123, 443, 1024, 40000)


def transport(r):
    """Return (protocol number, bytes, is for IPv6 only)."""
    kind = r.choice(["tcp", "tcp", "tcp", "udp", "udp", "sctp", "icmp", "icmp6", "other"])
    sport, dport = r.choice(PORTS), r.choice(PORTS)
    payload = r.choice([b"", b"GET / HTTP/1.0\r\n\r\n", r.randbytes(r.randrange(60))])
    if kind == "tcp":
        words = r.choice([5, 5, 6, 8])
        flags = r.choice([2, 16, 18, 17, 4, 24, 0, 63])
        return 6, struct.pack(">HHIIBBHHH", sport, dport, r.getrandbits(32), 0, words << 4, flags, 100, 0, 0) + bytes(4 * words - 20) + payload
    if kind == "udp":
        return 17, struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    if kind == "sctp":
        return 132, struct.pack(">HHII", sport, dport, 1, 2) + payload
    if kind == "icmp":
        return 1, bytes((r.choice([8, 0, 3]), r.randrange(2))) + bytes(6) + payload
    if kind == "icmp6":
        return 58, bytes((r.choice([128, 129, 135, 136]), 0)) + bytes(6) + payload
    return r.choice([2, 9, 47, 50, 51, 103, 112, 4]), r.randbytes(30)


def network(r):
    """Return (EtherType, bytes)."""
    kind = r.choice(["ip"] * 5 + ["ip6"] * 3 + ["arp", "rarp", "other"])
    if kind == "ip":
        proto, inner = transport(r)
        options = r.choice([0, 0, 0, 1, 4])
        fragment = r.choice([0, 0, 0, 0x4000, 0x2000, 0x2005, 5])
        source, destination = r.choice(ADDRESSES), r.choice(ADDRESSES)
        head = struct.pack(">BBHHHBBH", 0x45 + options, r.choice([0, 4, 16]), 20 + 4 * options + len(inner), 1, fragment, r.choice([64, 1, 63, 255]), proto, 0)
        return 0x0800, head + source + destination + bytes(4 * options) + inner
    if kind == "ip6":
        proto, inner = transport(r)
        if r.random() < 0.2:
            inner, proto = bytes((proto, 0, 0, 1)) + bytes(4) + inner, 44
        return 0x86DD, struct.pack(">IHBB", 0x60000000, len(inner), proto, 64) + r.choice(ADDRESSES_6) + r.choice(ADDRESSES_6) + inner
    if kind in ("arp", "rarp"):
        return {"arp": 0x0806, "rarp": 0x8035}[kind], struct.pack(">HHBBH", 1, 0x800, 6, 4, r.choice([1, 2])) + r.choice(MACS) + r.choice(ADDRESSES) + r.choice(MACS) + r.choice(ADDRESSES) + bytes(18)
    return r.choice([0x6003, 0x6004, 0x6001, 0x809B, 0x80F3, 0x88CC]), r.randbytes(60)


LLC = [b"\x42\x42\x03", b"\xf0\xf0\x03", b"\xfe\xfe\x03", b"\xaa\xaa\x03\x08\x00\x07\x80\x9b", b"\xaa\xaa\x03\x00\x00\x00\x80\xf3", b"\xe0\xe0\x03", b"\xff\xff\x00", b"\x06\x06\x03",
       b"\xaa\xaa\x03\x00\x00\x00\x81\x37", b"\xfe\xfe\x03\x81", b"\xfe\xfe\x03\x82"]  # fmt: skip
PPP = {0x0800: 0x21, 0x86DD: 0x57, 0x809B: 0x29, 0x6003: 0x27}


def llc(r):
    """Return an 802.2 header and what may follow it."""
    if r.random() < 0.3:
        return b"\xfe\xfe\x03\x83\x1b\x01\x00" + bytes((r.choice([15, 16, 17, 18, 20, 24, 25, 26, 27, 1]),)) + bytes(40)
    if r.random() < 0.3:
        return r.choice([b"\x42\x42", b"\x08\x08"]) + bytes((r.choice([0, 1, 5, 9, 0x03, 0x43, 0x63, 0x6F, 0x73, 0x87, 0xAF, 0xE3, 0x0F, 0x13]),)) + bytes(40)
    return r.choice(LLC) + bytes(60)


def wlan(r, number, data):
    """Return a frame of 802.11."""
    kind = r.choice([8, 8, 8, 8, 8, 0, 4, 12])
    subtype = r.choice([0, 0, 0, 0x80, 0x80, 0x40, 0xB0, 0xC0, 0xD0]) if kind == 8 else r.randrange(16) << 4
    flags = r.randrange(4) | r.choice([0, 0x40])
    head = bytes((kind | subtype, flags)) + bytes(2) + b"".join(r.choice(MACS) for _ in range(3)) + bytes(2)
    if kind == 4:
        return head[: r.choice([10, 16])] + bytes(r.randrange(20))
    if kind == 8 and subtype & 0x80:
        head += bytes(2)
    if r.random() < 0.2:
        return head + llc(r)
    return head + b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", number) + data


def radiotap(r, inner):
    """Return radiotap's header before a frame of 802.11, which may be padded to words."""
    present, fields = r.choice([(0, b""), (2, b"\x10"), (2, b"\x20"), (3, bytes(8) + b"\x20"), (3, bytes(8) + b"\x00"), (1, bytes(8)), (0x80000002, bytes(4) + b"\x20")])
    head = struct.pack("<BBHI", 0, 0, 8 + len(fields), present) + fields
    if present & 2 and fields[-1] & 0x20 and present < 8 and inner[0] & 0x0C == 8:
        mac = 26 if inner[0] & 0x80 else 24
        inner = inner[:mac] + bytes(-(len(head) + mac) % 4) + inner[mac:]
    return head + inner


def frame(r, link):
    """Return a packet of a link type."""
    number, data = network(r)
    if link.startswith("IEEE802_11"):
        if r.random() < 0.1:
            number, data = 0x8100, struct.pack(">HH", r.choice([5, 7]), number) + data
        inner = wlan(r, number, data)
        if link == "IEEE802_11_RADIO_AVS":
            return struct.pack(">II", 0x80211001, 16) + bytes(8) + inner
        return radiotap(r, inner) if link == "IEEE802_11_RADIO" else inner
    if link.startswith("PPP") or link == "C_HDLC":
        told = PPP.get(number, number) if link != "C_HDLC" else number
        if r.random() < 0.2:
            told, data = r.choice([(0x23 if link != "C_HDLC" else 0xFEFE, b"\0" * (link == "C_HDLC") + b"\x83\x1b\x01\0\x12" + bytes(20)), (0x281 if link != "C_HDLC" else 0x8847, b"\0\x06\x41\x40" + data), (0x31, data), (0x2B, data)])
        return (b"\x11\0\0\5\0\x40" if link == "PPP_ETHER" else b"\xff\x03") + struct.pack(">H", told) + data
    if link in ("IPV4", "IPV6"):
        while number != {"IPV4": 0x0800, "IPV6": 0x86DD}[link]:
            number, data = network(r)
        return data
    if link == "LOOP":
        return struct.pack(">I", {0x0800: 2, 0x86DD: 10}.get(number, 7)) + data
    if link == "RAW":
        while number not in (0x0800, 0x86DD):
            number, data = network(r)
        return data
    if link == "NULL":
        family = {0x0800: 2, 0x86DD: 10}.get(number, 7)
        return struct.pack("<I", family) + data
    if link == "LINUX_SLL":
        if r.random() < 0.15:
            number, data = r.choice([(4, llc(r)), (1, b"\xff\xff" + bytes(30))])
        return struct.pack(">HHH8sH", r.choice([0, 1, 2, 3, 4]), 1, 6, bytes(8), number) + data
    if link == "LINUX_SLL2":
        return struct.pack(">HHIHBB8s", number, 0, 3, 1, r.choice([0, 4]), 6, bytes(8)) + data
    for _ in range(r.choice([0, 0, 0, 1, 2])):
        label = r.choice([100, 200, 5])
        if r.random() < 0.4 and number != 0x8100:
            last = 0 if number == 0x8847 else 0x100
            data, number = struct.pack(">I", label << 12 | last | 64) + data, 0x8847
        else:
            data, number = struct.pack(">HH", r.choice([5, 7, 0x2005]), number) + data, r.choice([0x8100, 0x8100, 0x88A8, 0x9100])
    if r.random() < 0.1:
        number, data = r.choice([38, 60]), llc(r)
    elif r.random() < 0.06:
        number, data = 0x8864, b"\x11\0\0" + bytes((r.choice([5, 6]),)) + b"\0\x40" + struct.pack(">H", PPP.get(number, number)) + data
    elif r.random() < 0.05:
        number, data = 0x6003, b"\0\0" + r.choice([b"\x02\x05\x04\x07\x08", b"\x81\x02\x05\x04\x07\x08", b"\x06" + bytes(6) + b"\x05\x04" + bytes(6) + b"\x07\x08", b"\x81\x06" + bytes(6) + b"\x05\x04" + bytes(6) + b"\x07\x08"]) + bytes(30)
    return r.choice(MACS) + r.choice(MACS) + struct.pack(">H", number) + data


def frames(link, count, seed=1):
    """Return packets: whole ones, some with a byte changed, some cut short."""
    r = random.Random(f"{seed} {link}")
    result = []
    for _ in range(count):
        data = bytearray(frame(r, link))
        way = r.random()
        if way < 0.1:
            data[r.randrange(len(data))] = r.randrange(256)
        elif way < 0.2:
            del data[r.randrange(len(data)) :]
        result.append(bytes(data))
    return result
