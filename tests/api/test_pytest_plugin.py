"""The fixture `engine`, as a user's tests have it, and the packets that `ebee.packets` builds."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from packet_examples import by_port, count_opens, drop_telnet, flow, flows

import ebee
from ebee.api.packets import checksum, ethernet, icmp, icmp6, ip, ip6, tcp, udp
from ebee.errors import UsageError

V6 = {"src": "2001:db8::7", "dst": "2001:db8::8"}


def test_drop_telnet(engine):
    assert engine.run(drop_telnet, packet=tcp(dport=23)) == ebee.XDP_DROP
    assert engine.run(drop_telnet, packet=tcp(dport=80)) == ebee.XDP_PASS
    assert engine.packet == tcp(dport=80)


def test_maps_and_rings_are_read_by_their_declarations(engine):
    for port in (53, 53, 443):
        engine.run(flow, packet=udp(b"x", dport=port, src="192.0.2.9"))
    assert dict(by_port.items()) == {53: 2, 443: 1}
    assert [(e.source, e.port) for e in flows.drain()] == [(0xC0000209, 53), (0xC0000209, 53), (0xC0000209, 443)]
    assert engine.losses == []


def test_every_test_starts_afresh(engine):
    engine.run(flow, packet=udp(dport=1))
    assert dict(by_port.items()) == {1: 1}


def test_nothing_is_live_outside_a_test():
    with pytest.raises(UsageError):
        by_port[53]


def test_a_tracepoints_fields_are_given_by_name(engine):
    engine.run(count_opens, ctx={"dfd": 5, "flags": 0x40})
    engine.run(count_opens, ctx={"flags": 0x40})
    assert dict(by_port.items()) == {0x40: 2}
    with pytest.raises(UsageError, match="no field 'flag'"):
        engine.run(count_opens, ctx={"flag": 1})
    with pytest.raises(UsageError, match="xdp has no field 'flags'"):
        engine.run(drop_telnet, ctx={"flags": 1})
    engine.run(drop_telnet, packet=bytes(20), ctx={"ingress_ifindex": 1})
    assert engine.ctx["ingress_ifindex"] == 1


def test_losses_are_counted(engine):
    for n in range(20):
        engine.run(flow, packet=udp(dport=n))
    assert [(loss.kind, loss.count) for loss in engine.losses] == [("map_full", 4)]


def test_the_plugin_costs_nothing_until_it_is_used():
    code = "import sys, ebee.api.pytest_plugin; print(sorted(m for m in sys.modules if m.startswith('ebee')))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == str(["ebee", "ebee.api", "ebee.api.pytest_plugin", "ebee.version"])


def test_a_fresh_pytest_finds_the_fixture(tmp_path):
    """Through its entry point, without any conftest."""
    (tmp_path / "test_it.py").write_text(
        "import ebee\nfrom ebee import packets\n\n@ebee.xdp\ndef drop(pkt):\n    if pkt.tcp:\n"
        "        return ebee.XDP_DROP\n    return ebee.XDP_PASS\n\n"
        "def test_it(engine):\n    assert engine.run(drop, packet=packets.tcp()) == ebee.XDP_DROP\n"
    )
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout


# Packets


def sums(frame):
    """The checksums of a frame's layers, over what they cover: 0 where they are right."""
    data = frame[14:]
    if data[0] >> 4 == 4:
        size = (data[0] & 15) * 4
        assert len(data) == int.from_bytes(data[2:4], "big")
        pseudo, protocol, rest = data[12:20], data[9], data[size:]
        yield checksum(data[:size])
    else:
        assert len(data) - 40 == int.from_bytes(data[4:6], "big")
        pseudo, protocol, rest = data[8:40], data[6], data[40:]
    if protocol != 1:
        pseudo += len(rest).to_bytes(4, "big") + bytes([0, 0, 0, protocol])
    yield checksum(rest if protocol == 1 else pseudo + rest)


@pytest.mark.parametrize("network", [{}, V6, {"src": "10.0.0.1"}], ids=["v4", "v6", "one address"])
@pytest.mark.parametrize("payload", [b"", b"a", b"ab" * 70])
def test_checksums_and_lengths_are_right(payload, network):
    frames = [tcp(payload, **network), udp(payload, **network), tcp(payload, options=b"\2\4\5", **network)]
    frames += [icmp6(payload, **V6)] if network is V6 else [icmp(payload, **network)]
    for frame in frames:
        assert not any(sums(frame))
        assert frame.endswith(payload)


def test_fields_stand_where_they_belong():
    frame = tcp(sport=1, dport=23, seq=2, ack_seq=3, flags="SA", window=4, src="1.2.3.4", dst="5.6.7.8", ttl=9, tos=10)
    assert frame[12:16] == b"\x08\x00\x45\x0a" and frame[22] == 9
    assert socket.inet_ntoa(frame[26:30]) == "1.2.3.4" and socket.inet_ntoa(frame[30:34]) == "5.6.7.8"
    assert frame[34:50] == bytes.fromhex("0001 0017 00000002 00000003 50 12 0004")
    assert ethernet(b"x", proto=0x1234, vlan=5)[12:] == bytes.fromhex("8100 0005 1234 78")
    assert ip(options=b"abc")[14] == 0x46 and ip(options=b"abc")[34:38] == b"abc\0"
    assert ip(frag_off=3, mf=True, df=True)[20:22] == bytes.fromhex("6003")
    assert ip6(b"x", flow_label=0xABCDE, traffic_class=0x12, hop_limit=3)[14:22] == bytes.fromhex("612abcde 0001 fd 03")
    assert icmp(type=3, code=1)[34:36] == b"\3\1"


@pytest.mark.parametrize(
    "build",
    [
        lambda: tcp(src="1.2.3"), lambda: tcp(src="::1", dst="1.2.3.4"), lambda: ip6(src="1.2.3.4"),
        lambda: ethernet(src="02:00"), lambda: ethernet(src="zz:00:00:00:00:01"), lambda: tcp(flags="X"),
        lambda: tcp(options=bytes(41)), lambda: ip(options=bytes(41)), lambda: icmp(src="::1"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_refused(build):
    with pytest.raises(UsageError):
        build()
