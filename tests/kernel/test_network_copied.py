"""Headers where a program can only copy: socket filters on sockets of each kind, and netfilter, on live packets."""

from __future__ import annotations

import pytest
from network_namespace import in_namespace

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip")]


def test_a_socket_filter_sees_headers_wherever_its_packet_begins(tmp_path):
    """A UDP socket's packet begins behind IP, a TCP socket's too, a packet socket's at Ethernet or at IP."""
    report, _ = in_namespace(
        tmp_path,
        """
        seen = ebee.Hash(u32, u64)

        class Query(ebee.Header):
            id: u16
            flags: u16

        @ebee.socket_filter
        def look(pkt):
            seen[0] = len(pkt)
            if pkt.eth:
                seen[1] = pkt.eth.proto
            if pkt.ip:
                seen[2] = pkt.ip.dst
            if pkt.udp:
                seen[3] = pkt.udp.dport
                query = pkt.header(Query, after=pkt.udp)
                if query:
                    seen[4] = query.id
            if pkt.tcp:
                seen[5] = pkt.tcp.dport
            if pkt.payload:
                seen[6] = pkt.payload[1]
            return len(pkt)

        @ebee.socket_filter
        def only_ttl(pkt):
            return len(pkt) if pkt.ip and pkt.ip.ttl == 9 else 0

        def taken():
            found = dict(seen.items())
            seen.clear()
            return found

        server, client = udp(5000, timeout=0.3), udp()
        with ebee.attach(look, socket=server):
            client.sendto(b"\\x12\\x34AB", ("127.0.0.1", 5000))
            report["udp"] = [got(server) is not None, taken()]
        for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
            link = socket.socket(socket.AF_PACKET, kind)
            with ebee.attach(look, socket=link):
                link.bind(("lo", 3))
                client.sendto(b"\\x12\\x34AB", ("127.0.0.1", 5000))
                link.settimeout(1)
                link.recv(100)
                report[kind.name] = taken()
        got(server)
        listener = tcp_server(5001)
        with ebee.attach(look, socket=listener):
            peer = socket.create_connection(("127.0.0.1", 5001))
            report["tcp"] = taken()
        with ebee.attach(only_ttl, socket=server):
            for ttl in (8, 9):
                client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
                client.sendto(b"ttl %d" % ttl, ("127.0.0.1", 5000))
            while (text := got(server)) is not None:
                report.setdefault("ttl", []).append(text)
        """,
    )
    loopback = 0x7F000001
    of_udp = {"1": 0x0800, "2": loopback, "3": 5000, "4": 0x1234, "6": 0x34}
    assert report["udp"] == [True, {"0": 12, **of_udp}]
    assert report["SOCK_RAW"] == {"0": 46, **of_udp}
    assert report["SOCK_DGRAM"] == {"0": 32, **of_udp}
    assert report["tcp"].items() >= {"1": 0x0800, "2": loopback, "5": 5001}.items() and "3" not in report["tcp"]
    assert report["ttl"][-1:] == ["ttl 9"] and "ttl 8" not in report["ttl"]


@pytest.mark.needs_feature("netfilter")
def test_netfilter_reads_headers_of_both_versions(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        seen = ebee.Hash(u32, u64)

        class Word(ebee.Header):
            first: u8
            second: u8

        @ebee.netfilter("input")
        def four(ctx):
            word = ctx.header(Word, after=ctx.udp)
            if ctx.udp and ctx.udp.dport == 5000 and word:
                seen[0] = len(ctx)
                seen[1] = ctx[0]
                seen[2] = word.second
                if ctx.payload:
                    seen[3] = len(ctx.payload)
                if word.first == 33:
                    return ebee.NF_DROP
            return ebee.NF_ACCEPT

        @ebee.netfilter("input", family="ipv6")
        def six(ctx):
            if ctx.tcp and ctx.ip6 and ctx.tcp.dport == 5001:
                seen[4] = ctx.ip6.dst_lo
                return ebee.NF_DROP
            return ebee.NF_ACCEPT

        server, client = udp(5000, timeout=0.3), udp()
        with ebee.attach(four, six):
            client.sendto(b"AB", ("127.0.0.1", 5000))
            report["passed"] = got(server)
            client.sendto(b"!B", ("127.0.0.1", 5000))
            report["dropped"] = got(server)
            report["seen"] = dict(seen.items())
            peer = socket.socket(socket.AF_INET6)
            peer.settimeout(0.2)
            try:
                peer.connect(("::1", 5001))
            except TimeoutError:
                report["six"] = "dropped"
            report["lo"] = seen[4]
        """,
    )
    assert report["passed"] == "AB" and report["dropped"] is None
    assert report["seen"] == {"0": 30, "1": 0x45, "2": ord("B"), "3": 2}
    assert (report["lo"], report["six"]) == (1, "dropped")
