"""Files of packets: what tcpdump would write, both byte orders, pcapng; damaged ones."""

from __future__ import annotations

import io
import struct

import pytest
from frames import frames
from hypothesis import given, settings
from hypothesis import strategies as st

from ebee.errors import FormatError
from ebee.pcap.capture import Captured, read_packets, write_packets


def pcap(order="<", magic=0xA1B2C3D4, link=1, packets=((7, 5, b"abcd", 60),)):
    data = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for seconds, fraction, kept, length in packets:
        data += struct.pack(f"{order}IIII", seconds, fraction, len(kept), length) + kept
    return data


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(f"{order}II", kind, len(body) + 12) + body + struct.pack(f"{order}I", len(body) + 12)


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))


def packets_of(data):
    return list(read_packets(io.BytesIO(data), "x.pcap"))


@pytest.mark.parametrize("order", "<>")
def test_pcap_files(order):
    assert packets_of(pcap(order)) == [Captured(7 * 10**9 + 5000, 1, b"abcd", 60)]
    assert packets_of(pcap(order, 0xA1B23C4D)) == [Captured(7 * 10**9 + 5, 1, b"abcd", 60)]
    assert packets_of(pcap(order, packets=())) == []


@pytest.mark.parametrize("order", "<>")
def test_pcapng_files(order):
    resolution = struct.pack(f"{order}HHB3xHH", 9, 1, 9, 0, 0)
    data = section(order)
    data += block(order, 1, struct.pack(f"{order}HHI", 1, 0, 3))
    data += block(order, 1, struct.pack(f"{order}HHI", 101, 0, 0) + resolution)
    data += block(order, 5, b"statistics..")
    data += block(order, 6, struct.pack(f"{order}IIIII", 0, 0, 1_000_001, 5, 9) + b"hello")
    data += block(order, 6, struct.pack(f"{order}IIIII", 1, 1, 0, 2, 2) + b"ip")
    data += block(order, 2, struct.pack(f"{order}HHIIII", 0, 0, 0, 8, 1, 1) + b"o")
    data += block(order, 3, struct.pack(f"{order}I", 7) + b"simple!")
    data += section(order) + block(order, 1, struct.pack(f"{order}HHI", 276, 0, 0)) + block(order, 6, struct.pack(f"{order}IIIII", 0, 0, 0, 0, 0))
    assert packets_of(data) == [
        Captured(1_000_001_000, 1, b"hello", 9), Captured(1 << 32, 101, b"ip", 2), Captured(8000, 1, b"o", 1),
        Captured(0, 1, b"sim", 7), Captured(0, 276, b"", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data, what",
    [
        (b"", "no pcap file"),
        (b"GIF89a", "no pcap file"),
        (pcap()[:30], "ends within"),
        (pcap()[:-1], "ends within"),
        (pcap() + b"\0" * 8 + b"\xff" * 8, "too large"),
        (section("<") + struct.pack("<II", 6, 9), "cannot have 9"),
        (section("<") + block("<", 6, bytes(20)), "not there"),
        (section("<") + block("<", 1, bytes(8)) + block("<", 6, struct.pack("<IIIII", 0, 0, 0, 99, 99)), "longer than its block"),
        (struct.pack("<III", 0x0A0D0D0A, 28, 5) + bytes(16), "no byte order"),
    ],
)
def test_damaged_files(data, what):
    with pytest.raises(FormatError, match=what):
        packets_of(data)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.tuples(st.sampled_from([pcap(), section("<") + block("<", 1, bytes(8)) + block("<", 6, bytes(24))]), st.integers(0, 90), st.integers(0, 255)).map(lambda t: t[0][: t[1]] + bytes([t[2]]) + t[0][t[1] + 1 :])))
def test_any_file_is_read_or_refused(data):
    try:
        packets_of(data)
    except FormatError:
        pass


def test_what_is_written_is_read():
    packets = [Captured(10**9 * n + n, 1, data, len(data) + n) for n, data in enumerate(frames("EN10MB", 20))]
    assert packets_of(b"".join(write_packets(iter(packets), 1))) == packets
