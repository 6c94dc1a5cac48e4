"""Sockets as network programs see them, on live connections of namespaces and control groups that each test makes."""

from __future__ import annotations

import pytest
from network_namespace import cgroup_missing, in_namespace

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip")]
needs_cgroup = pytest.mark.skipif(bool(cgroup_missing()), reason=cgroup_missing() or "-")


def test_packets_ask_for_the_socket_that_they_are_for(tmp_path):
    """Listening, connected and UDP sockets by their addresses; a packet is given to another; nothing stays held."""
    report, _ = in_namespace(
        tmp_path,
        """
        from ebee.helpers import bpf_sk_lookup_tcp, bpf_sk_lookup_udp, bpf_sk_assign, bpf_tcp_sock, bpf_sk_fullsock
        seen = ebee.Hash(u32, u64)

        class Tuple(ebee.Struct):
            saddr: ebee.be32
            daddr: ebee.be32
            sport: ebee.be16
            dport: ebee.be16

        @ebee.tc("ingress")
        def arriving(pkt):
            if not pkt.ip:
                return ebee.TC_ACT_OK
            if pkt.tcp:
                ports = Tuple(saddr=pkt.ip.src, daddr=pkt.ip.dst, sport=pkt.tcp.sport, dport=pkt.tcp.dport)
                with bpf_sk_lookup_tcp(pkt, ports, 12, -1, 0) as sk:
                    seen[sk.state] += 1
                    seen[100] = sk.src_port
                    seen[101] = sk.src_ip4
                    if sk.state == 1:
                        seen[102] = sk.dst_port
                        tcp = bpf_tcp_sock(sk)
                        if tcp:
                            seen[103] = tcp.bytes_received
                            seen[104] = tcp.mss_cache
                    if pkt.payload and pkt.payload[0] == 33:
                        return ebee.TC_ACT_SHOT
                    return ebee.TC_ACT_OK
                seen[99] += 1
            if pkt.udp and pkt.udp.dport == 7000:
                to = Tuple(saddr=0, daddr=0x0A090002, sport=0, dport=7001)
                with bpf_sk_lookup_udp(pkt, to, 12, -1, 0) as sk:
                    seen[110] = sk.type
                    seen[111] = sk.protocol
                    if bpf_sk_assign(pkt, sk, 0) != 0:
                        seen[112] = 1
                    elif pkt.sk:
                        full = bpf_sk_fullsock(pkt.sk)
                        if full:
                            seen[113] = full.src_port
            return ebee.TC_ACT_OK

        cable()
        server = far(tcp_server, 5000)
        other = far(udp, 7001)
        here(away)
        session = ebee.Session()
        session.attach(arriving, interface="right")
        here(near)
        client = socket.create_connection(("10.9.0.2", 5000), timeout=3)
        far(server.settimeout, 3)
        accepted, _ = server.accept()
        accepted.settimeout(0.5)
        client.sendall(b"hello")
        report["hello"] = got(accepted)
        client.sendall(b"world")
        report["world"] = got(accepted)
        report["received"] = seen[103]
        client.sendall(b"!")
        report["dropped"] = got(accepted)
        report["refused"] = refused(socket.create_connection, ("10.9.0.2", 5001), timeout=3)
        udp().sendto(b"given", ("10.9.0.2", 7000))
        report["given"] = got(other)
        report["seen"] = dict(seen.items())
        report["port"] = client.getsockname()[1]
        session.close()
        """,
    )
    seen = {int(k): v for k, v in report["seen"].items()}
    assert (report["hello"], report["world"], report["dropped"], report["given"]) == ("hello", "world", None, "given")
    assert seen[10] >= 1 and seen[1] >= 3 and seen[99] >= 1  # TCP_LISTEN, TCP_ESTABLISHED, none
    assert (seen[100], seen[101], seen[102]) == (5000, 0x0A090002, report["port"])
    assert report["received"] >= 5 and seen[104] > 500
    assert (seen[110], seen[111], seen[113]) == (2, 17, 7001) and 112 not in seen
    assert report["refused"] == "ECONNREFUSED"


@needs_cgroup
def test_the_sockets_of_a_control_groups_packets_and_calls(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        from ebee.helpers import bpf_sk_fullsock, bpf_tcp_sock
        seen = ebee.Hash(u32, u64)
        sent = ebee.SkStorage(u64)

        @ebee.cgroup_skb("egress")
        def leaving(pkt):
            sk = pkt.sk
            if sk:
                full = bpf_sk_fullsock(sk)
                if full and full.protocol == 6:
                    seen[0] = full.mark
                    seen[1] = full.priority
                    sent[full] += 1
                    seen[2] = sent[full]
                    tcp = bpf_tcp_sock(full)
                    if tcp is not None:
                        seen[3] = tcp.snd_cwnd
            return True

        @ebee.sock_ops()
        def events(ctx):
            if ctx.op == 4 and ctx.sk:
                seen[4] = ctx.sk.dst_port
                seen[5] = ctx.sk.type
                tcp = bpf_tcp_sock(ctx.sk)
                if tcp:
                    seen[6] = tcp.mss_cache

        @ebee.cgroup_sock_addr("connect4")
        def connecting(ctx):
            if ctx.sk:
                seen[7] = ctx.sk.protocol
                sent[ctx.sk] = 40
            return True

        server = tcp_server(5000)
        with ebee.attach(leaving, events, connecting, cgroup=cgroup):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, 36, 77)  # SO_MARK
            client.setsockopt(socket.SOL_SOCKET, 12, 5)  # SO_PRIORITY
            client.connect(("127.0.0.1", 5000))
            accepted, _ = server.accept()
            report["seen"] = dict(seen.items())
            report["stored"] = sent[client]
        """,
        cgroup=True,
    )
    seen = {int(k): v for k, v in report["seen"].items()}
    assert (seen[4], seen[5], seen[7]) == (5000, 1, 6)
    assert (seen[0], seen[1]) in ((77, 5), (0, 0)) and seen[6] > 500 and seen[3] > 0
    assert report["stored"] >= 42


@needs_cgroup
def test_options_are_read_and_changed_as_numbers_and_structs(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        import struct
        asked = ebee.Hash(u32, u64)

        class Linger(ebee.Struct):
            onoff: ebee.s32
            seconds: ebee.s32

        @ebee.sockopt("set")
        def limits(ctx):
            if ctx.level == 1 and ctx.optname == 13:  # SO_LINGER
                linger = ctx.optval.read(0, Linger)
                asked[13] = u64(linger.seconds)
                if linger.seconds > 10:
                    linger.seconds = 10
                    ctx.optval.write(0, linger)
            elif ctx.level == 1 and ctx.optname == 8:  # SO_RCVBUF
                if ctx.optval.read(0, u32) > 8192:
                    ctx.optval.write(0, 8192, u32)
            elif ctx.level == 6 and ctx.optname == 13:  # TCP_CONGESTION
                if ctx.optval[0:5] == b"cubic":
                    ctx.optval[0:5] = b"reno\\0"
            return True

        @ebee.sockopt("get")
        def pretend(ctx):
            if ctx.level == 1 and ctx.optname == 8:
                ctx.optval.write(0, 12345, u32)
                if ctx.sk:
                    asked[ctx.sk.family] += 1
            return True

        with ebee.attach(limits, pretend, cgroup=cgroup):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, 13, struct.pack("ii", 1, 300))
            report["linger"] = list(struct.unpack("ii", sock.getsockopt(socket.SOL_SOCKET, 13, 8)))
            sock.setsockopt(socket.SOL_SOCKET, 8, 1 << 20)
            report["pretended"] = sock.getsockopt(socket.SOL_SOCKET, 8)
            sock.setsockopt(socket.IPPROTO_TCP, 13, b"cubic")
            report["congestion"] = sock.getsockopt(socket.IPPROTO_TCP, 13, 16).rstrip(bytes(1)).decode()
            report["asked"] = [asked[13], asked[2]]
        report["buffer"] = sock.getsockopt(socket.SOL_SOCKET, 8)
        """,
        cgroup=True,
    )
    assert report == {
        "linger": [1, 10], "pretended": 12345, "congestion": "reno", "asked": [300, 1], "buffer": 16384,
    }  # fmt: skip
