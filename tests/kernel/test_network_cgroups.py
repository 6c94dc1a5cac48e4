"""Programs of control groups with real traffic: each test makes and leaves a control group and a network namespace."""

from __future__ import annotations

import pytest
from network_namespace import cgroup_missing, in_namespace

pytestmark = [
    pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip"), pytest.mark.vm,
    pytest.mark.skipif(bool(cgroup_missing()), reason=cgroup_missing() or "-"),
]  # fmt: skip


def test_connections_of_a_control_group_go_elsewhere(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        server = tcp_server(7000, "127.0.0.1")
        seen = ebee.Hash(u32, u32)

        @ebee.cgroup_sock_addr("connect4")
        def redirect(ctx):
            if ctx.user_port == 80:
                seen[ebee.pid()] = ctx.user_ip4
                ctx.user_ip4 = 0x7F000001
                ctx.user_port = 7000
            return ctx.user_port != 81

        @ebee.cgroup_sock_addr("getpeername4")
        def pretend(ctx):
            if ctx.user_port == 7000:
                ctx.user_port = 80
            return True

        with ebee.attach(redirect, pretend, cgroup=cgroup):
            client = socket.create_connection(("192.0.2.7", 80), timeout=3)
            server.accept()[0].sendall(b"redirected")
            report["got"], report["peer"] = got(client), client.getpeername()
            report["denied"] = refused(socket.create_connection, ("127.0.0.1", 81))
            report["seen"] = seen[os.getpid()]
        report["after"] = client.getpeername()
        report["none"] = refused(ebee.attach, redirect)
        report["missing"] = refused(ebee.attach, redirect, cgroup="no/such/group")
        """,
        cgroup=True,
    )
    assert (report["got"], report["peer"], report["after"]) == ("redirected", ["127.0.0.1", 80], ["127.0.0.1", 7000])
    assert (report["denied"], report["seen"]) == ("EPERM", 0xC0000207)
    assert report["none"][0] == "UsageError" and "which control group" in report["none"][1]
    assert report["missing"][0] == "UsageError" and "no control group 'no/such/group'" in report["missing"][1]


def test_addresses_of_version_6_are_two_numbers(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        server = socket.create_server(("::1", 7000), family=socket.AF_INET6)

        @ebee.cgroup_sock_addr("connect6", cgroup=cgroup)
        def redirect(ctx):
            if ctx.user_ip6_hi == 0x20010DB8_00000000 and ctx.user_ip6_lo == 5:
                ctx.user_ip6_hi = 0
                ctx.user_ip6_lo = 1
            return True

        with ebee.attach(redirect):
            client = socket.socket(socket.AF_INET6)
            client.settimeout(3)
            client.connect(("2001:db8::5", 7000))
            report["peer"] = client.getpeername()[0]
        """,
        cgroup=True,
    )
    assert report == {"peer": "::1"}


def test_sockets_of_a_control_group_are_made_bound_and_set_as_it_says(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        closed = ebee.Hash(u32, u64)

        @ebee.cgroup_sock("create")
        def no_raw(ctx):
            ctx.priority = 3
            return ctx.type != 3

        @ebee.cgroup_sock("release")
        def count(ctx):
            closed[ctx.protocol] += 1
            return True

        @ebee.cgroup_sock("post_bind4")
        def not_this_port(ctx):
            return ctx.src_port != 7001

        @ebee.cgroup_sock_addr("bind4")
        def move(ctx):
            if ctx.user_port == 7002:
                ctx.user_port = 7003
            return True

        @ebee.sockopt("set")
        def no_ttl(ctx):
            return not (ctx.level == 0 and ctx.optname == 2)

        @ebee.sockopt("get")
        def pretend(ctx):
            if ctx.level == 0 and ctx.optname == 1 and len(ctx.optval) >= 4:  # IP_TOS
                ctx.optval[0] ^= 1
                ctx.retval = 0
            return True

        with ebee.attach(no_raw, count, not_this_port, move, no_ttl, pretend, cgroup=cgroup):
            report["raw"] = refused(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1)
            report["bound"] = refused(udp, 7001)
            sock = udp(7002)
            report["moved"] = sock.getsockname()[1]
            report["ttl"] = refused(sock.setsockopt, socket.IPPROTO_IP, socket.IP_TTL, 5)
            report["tos"] = refused(sock.setsockopt, socket.IPPROTO_IP, socket.IP_TOS, 8)
            report["seen"] = sock.getsockopt(socket.IPPROTO_IP, socket.IP_TOS)
            sock.close()
            time.sleep(0.05)
            report["closed"] = closed[17] >= 1
        """,
        cgroup=True,
    )
    assert report == {"raw": "EPERM", "bound": "EPERM", "moved": 7003, "ttl": "EPERM", "tos": "", "seen": 9, "closed": True}


def test_datagrams_and_names_of_sockets_are_changed(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        @ebee.cgroup_sock_addr("sendmsg4")
        def elsewhere(ctx):
            if ctx.user_port == 5000:
                ctx.user_port = 5001
            return ctx.user_port != 9

        @ebee.cgroup_sock_addr("recvmsg4")
        def as_if(ctx):
            if ctx.user_port == 5001:
                ctx.user_port = 5000
            return True

        @ebee.cgroup_sock_addr("getsockname4")
        def named(ctx):
            if ctx.user_port == 5001:
                ctx.user_port = 5000
            return True

        server, client = udp(5001), udp()
        with ebee.attach(elsewhere, as_if, named, cgroup=cgroup):
            client.sendto(b"hello", ("127.0.0.1", 5000))
            data, address = server.recvfrom(100)
            server.sendto(data + b"!", address)
            report["back"] = [x.decode() if isinstance(x, bytes) else x for x in client.recvfrom(100)]
            report["denied"] = refused(client.sendto, b"x", ("127.0.0.1", 9))
            report["name"] = server.getsockname()[1]
        report["after"] = server.getsockname()[1]
        """,
        cgroup=True,
    )
    assert report == {"back": ["hello!", ["127.0.0.1", 5000]], "denied": "EPERM", "name": 5000, "after": 5001}


def test_packets_of_a_control_group(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        bytes_sent = ebee.Hash(u32, u64)

        @ebee.cgroup_skb("egress")
        def count(pkt):
            if pkt.ip and pkt.udp:
                bytes_sent[pkt.udp.dport] += len(pkt)
                return pkt.udp.dport != 5001
            return True

        @ebee.cgroup_skb("ingress")
        def no_x(pkt):
            if pkt.payload:
                return pkt.payload[0] != 0x78
            return True

        good, bad = udp(5000, timeout=0.3), udp(5001, timeout=0.3)
        client = udp()
        with ebee.attach(count, no_x, cgroup=cgroup):
            client.sendto(b"hello", ("127.0.0.1", 5000))
            report["passes"] = got(good)
            report["egress"] = refused(client.sendto, b"hello", ("127.0.0.1", 5001)), got(bad)
            client.sendto(b"x hello", ("127.0.0.1", 5000))
            report["ingress"] = got(good)
            report["counted"] = bytes_sent[5000]
        """,
        cgroup=True,
    )
    assert report == {"passes": "hello", "egress": ["EPERM", None], "ingress": None, "counted": 2 * 28 + 5 + 7}


def test_devices_and_sysctls_of_a_control_group(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        @ebee.cgroup_device()
        def no_zero(ctx):
            return not (ctx.major == 1 and ctx.minor == 5)

        @ebee.sysctl()
        def read_only(ctx):
            return not ctx.write

        def forward(mode):
            with open("/proc/sys/net/ipv4/ip_forward", mode) as f:
                return f.read() if mode == "r" else f.write("1")

        with ebee.attach(no_zero, read_only, cgroup=cgroup):
            report["zero"], report["null"] = refused(open, "/dev/zero"), refused(open, "/dev/null")
            report["write"], report["read"] = refused(forward, "w"), refused(forward, "r")
        report["after"] = refused(forward, "w"), refused(open, "/dev/zero")
        """,
        cgroup=True,
    )
    assert report == {"zero": "EPERM", "null": "", "write": "EPERM", "read": "", "after": ["", ""]}


def test_connections_are_told_of_and_their_data_takes_a_short_cut(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        sockets = ebee.SockHash(u32, max_entries=16)
        told = ebee.Hash(u32, u64)

        @ebee.sock_ops()
        def remember(ctx):
            told[ctx.op] += 1
            if ctx.op == 4 and ctx.remote_port == 7000:  # BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB
                sockets.add(1)
            if ctx.op == 5 and ctx.local_port == 7000:  # BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB
                sockets.add(2)

        @ebee.sk_msg
        def short_cut(msg):
            if len(msg) > 5:
                return ebee.SK_DROP
            if msg.local_port == 7000:
                return sockets.redirect(1, ingress=True)
            return sockets.redirect(2, ingress=True)

        server = tcp_server(7000, "127.0.0.1")
        with ebee.attach(remember, short_cut, cgroup=cgroup, map=sockets):
            client = socket.create_connection(("127.0.0.1", 7000), timeout=3)
            peer, _ = server.accept()
            peer.settimeout(3)
            client.sendall(b"quick")
            report["there"] = got(peer)
            peer.sendall(b"back")
            report["back"] = got(client)
            report["long"] = refused(client.send, b"too long")
            report["cookies"] = [sockets[1] != 0, sockets[2] != 0, sockets[3]]
            report["told"] = [told[4], told[5]]
        """,
        cgroup=True,
    )
    assert report == {"there": "quick", "back": "back", "long": "EACCES", "cookies": [True, True, 0], "told": [1, 1]}
