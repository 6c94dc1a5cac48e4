"""Programs that choose sockets, and those of their data, with real traffic, in network namespaces that each test makes and leaves."""

from __future__ import annotations

import pytest
from network_namespace import in_namespace

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip"), pytest.mark.vm]


def test_streams_are_cut_into_messages_and_sent_back(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        sockets = ebee.SockMap(max_entries=2)

        @ebee.sk_skb("verdict")
        def echo(pkt):
            return sockets.redirect(0)

        server = tcp_server(0, "127.0.0.1")
        client = socket.create_connection(server.getsockname(), timeout=3)
        peer, _ = server.accept()
        with ebee.attach(echo, map=sockets):
            sockets[0] = peer
            client.sendall(b"echo")
            report["echo"] = got(client)
            report["links"] = described("sockmap")
            report["map"] = [m.id for m in ebee.Map.all() if m.name == "sockets"]
        """,
    )
    assert report["echo"] == "echo"
    for row in report["links"]:  # since Linux 6.13; before, sockets' maps hold programs without links
        assert row["map_id"] in report["map"] and row["attach_type"] == "sk_skb_verdict"
        assert row["target"] == f"map {row['map_id']} sockets sk_skb_verdict"


def test_streams_are_cut_into_messages(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        sockets = ebee.SockMap(max_entries=2)
        messages = ebee.Hash(u32, u64)

        @ebee.sk_skb("parser")
        def by_first_byte(pkt):
            return pkt[0]

        @ebee.sk_skb("stream_verdict")
        def count(pkt):
            messages[0] += 1
            return sockets.redirect(0)

        server = tcp_server(0, "127.0.0.1")
        client = socket.create_connection(server.getsockname(), timeout=3)
        peer, _ = server.accept()
        with ebee.attach(by_first_byte, count, map=sockets):
            sockets[0] = peer
            client.sendall(bytes([4]) + b"one" + bytes([6]) + b"three" + bytes([2]) + b"x")
            time.sleep(0.2)
            report["back"] = got(client)
            report["messages"] = messages[0]
        """,
    )
    assert report["messages"] == 3 and "one" in report["back"]


def test_listeners_are_found_in_a_map(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        listeners = ebee.SockMap(max_entries=1)

        @ebee.sk_lookup()
        def every_port(ctx):
            if 7000 <= ctx.local_port and ctx.local_port < 7100 and ctx.protocol == 6:
                if not listeners.assign(0):
                    return ebee.SK_DROP
            return ebee.SK_PASS

        server = tcp_server(6999, "127.0.0.1")
        with ebee.attach(every_port):
            listeners[0] = server
            for port in (7000, 7099):
                client = socket.create_connection(("127.0.0.1", port), timeout=3)
                report[port] = server.accept()[0].getsockname()[1]
            report["beyond"] = refused(socket.create_connection, ("127.0.0.1", 7100), 1)
        report["after"] = refused(socket.create_connection, ("127.0.0.1", 7000), 1)
        """,
    )
    assert report == {"7000": 7000, "7099": 7099, "beyond": "ECONNREFUSED", "after": "ECONNREFUSED"}


def test_sockets_that_share_a_port_are_chosen(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        pool = ebee.ReuseportSockArray(max_entries=2)

        @ebee.sk_reuseport()
        def by_first_byte(pkt):
            if pool.select(1 if len(pkt) > 12 else 0):
                return ebee.SK_PASS
            return ebee.SK_DROP

        sockets = []
        for n in range(2):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind(("127.0.0.1", 5000)); sock.settimeout(0.5)
            sockets.append(sock)
        client = udp()
        with ebee.attach(by_first_byte, socket=sockets[0]):
            for n in range(2):
                pool[n] = sockets[n]
            for data in (b"abc", b"longer than that"):
                client.sendto(data, ("127.0.0.1", 5000))
            report["short"], report["long"] = got(sockets[0]), got(sockets[1])
        """,
    )
    assert report == {"short": "abc", "long": "longer than that"}


@pytest.mark.needs_feature("netfilter")
def test_netfilter_and_socket_filters(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        seen = ebee.Hash(u32, u64)

        @ebee.netfilter("output", 10)
        def few(ctx):
            seen[ctx.state.hook] += 1
            if ctx.skb.len > 60:
                return ebee.NF_DROP
            return ebee.NF_ACCEPT

        @ebee.socket_filter
        def cut(pkt):
            return 8 + 3 if len(pkt) > 12 else 0

        server, client = udp(5000, timeout=0.3), udp()
        with ebee.attach(few):
            client.sendto(b"hello", ("127.0.0.1", 5000))
            report["small"] = got(server)
            report["large"] = refused(client.sendto, bytes(100), ("127.0.0.1", 5000))
            report["hook"] = list(seen.keys())
        with ebee.attach(cut, socket=server):
            client.sendto(b"abcdef", ("127.0.0.1", 5000))
            client.sendto(b"ab", ("127.0.0.1", 5000))
            report["cut"], report["dropped"] = got(server), got(server)
        client.sendto(b"ab", ("127.0.0.1", 5000))
        report["after"] = got(server)
        """,
    )
    assert report == {"small": "hello", "large": "EPERM", "hook": [3], "cut": "abc", "dropped": None, "after": "ab"}
