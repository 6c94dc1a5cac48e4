"""A packet as CPython sees it: the same attributes as in a probe, found by a parser that was written apart."""

from __future__ import annotations

import struct
from types import SimpleNamespace


class Pkt:
    """`pkt.tcp` is None or has the fields; `len(pkt)` is the length."""

    def __init__(self, data):
        self.data = data
        self.payload = b""
        self.eth = self.vlan = self.ip = self.ip6 = self.tcp = self.udp = self.icmp = self.icmp6 = None
        self._ethernet(data)

    def __len__(self):
        return len(self.data)

    def _ethernet(self, data):
        if len(data) < 14:
            return
        self.eth = SimpleNamespace(
            dst=int.from_bytes(data[:6], "big"), src=int.from_bytes(data[6:12], "big"),
            proto=int.from_bytes(data[12:14], "big"),
        )  # fmt: skip
        proto, rest = self.eth.proto, data[14:]
        if proto in (0x8100, 0x88A8):
            if len(rest) < 4:
                return
            tci, proto = struct.unpack(">HH", rest[:4])
            self.vlan = SimpleNamespace(tci=tci, pcp=tci >> 13, dei=tci >> 12 & 1, id=tci % 4096, proto=proto)
            rest = rest[4:]
        if proto == 0x0800:
            self._ip(rest)
        elif proto == 0x86DD:
            self._ip6(rest)

    def _ip(self, data):
        if len(data) < 20 or data[0] // 16 != 4:
            return
        size = data[0] % 16 * 4
        if size < 20 or size > len(data):
            return
        _, tos, total, id, frag, ttl, proto, check, src, dst = struct.unpack(">BBHHHBBHII", data[:20])
        self.ip = SimpleNamespace(
            version=4, ihl=size // 4, tos=tos, len=total, id=id, df=frag >> 14 & 1, mf=frag >> 13 & 1,
            frag_off=frag % 8192, ttl=ttl, proto=proto, checksum=check, src=src, dst=dst,
        )  # fmt: skip
        if self.ip.frag_off == 0:
            self._transport(proto, data[size:], {6: self._tcp, 17: self._udp, 1: self._icmp})

    def _ip6(self, data):
        if len(data) < 40 or data[0] // 16 != 6:
            return
        first, size, following, limit, sh, sl, dh, dl = struct.unpack(">IHBBQQQQ", data[:40])
        self.ip6 = SimpleNamespace(
            version=6, traffic_class=first >> 20 & 255, flow_label=first % (1 << 20), payload_len=size,
            next_header=following, hop_limit=limit, src_hi=sh, src_lo=sl, dst_hi=dh, dst_lo=dl,
        )  # fmt: skip
        self._transport(following, data[40:], {6: self._tcp, 17: self._udp, 58: self._icmp6})

    def _transport(self, proto, data, parsers):
        if proto in parsers:
            parsers[proto](data)

    def _tcp(self, data):
        if len(data) < 20:
            return
        sport, dport, seq, ack, doff, flags, window, check, urg = struct.unpack(">HHIIBBHHH", data[:20])
        if doff // 16 * 4 < 20 or doff // 16 * 4 > len(data):
            return
        bits = {name: flags >> n & 1 for n, name in enumerate(["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"])}
        self.tcp = SimpleNamespace(
            sport=sport, dport=dport, seq=seq, ack_seq=ack, doff=doff // 16, flags=flags, window=window, checksum=check,
            urg_ptr=urg, **bits,
        )  # fmt: skip
        self.payload = data[doff // 16 * 4 :]

    def _udp(self, data):
        if len(data) >= 8:
            names = ("sport", "dport", "len", "checksum")
            self.udp = SimpleNamespace(**dict(zip(names, struct.unpack(">HHHH", data[:8]))))
            self.payload = data[8:]

    def _echo(self, data):
        names = ("type", "code", "checksum", "id", "seq")
        self.payload = data[8:]
        return SimpleNamespace(**dict(zip(names, struct.unpack(">BBHHH", data[:8])))) if len(data) >= 8 else None

    def _icmp(self, data):
        self.icmp = self._echo(data)

    def _icmp6(self, data):
        self.icmp6 = self._echo(data)
