"""Network hooks with real traffic, in network namespaces and control groups that each test makes and leaves."""

from __future__ import annotations

import os

import pytest
from network_namespace import cgroup_missing, in_namespace

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip")]
needs_cgroup = pytest.mark.skipif(bool(cgroup_missing()), reason=cgroup_missing() or "-")


def test_tc_sees_changes_and_drops_packets(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        cable()
        seen = ebee.Hash(u32, u64)

        @ebee.tc("egress", interface="left")
        def rewrite(pkt):
            if pkt.udp and pkt.udp.dport == 5000:
                pkt.udp.dport = 5001
                pkt.mark = 7
                seen[pkt.ifindex] += 1
            return ebee.TC_ACT_OK

        @ebee.tc("ingress", interface="left")
        def answers(pkt):
            if pkt.udp and pkt.udp.sport == 5001:
                pkt.udp.sport = 5000
                if pkt.payload and pkt.payload[0] == 0x78:
                    return ebee.TC_ACT_SHOT
            return ebee.TC_ACT_OK

        server, other = far(udp, 5001), far(udp, 5000)
        client = udp(timeout=0.5)
        client.connect(("10.9.0.2", 5000))
        with ebee.attach(rewrite, answers):
            client.send(b"hello")
            data, address = server.recvfrom(100)
            server.sendto(b"x dropped", address)
            server.sendto(b"back", address)
            report["attached"] = data.decode(), got(client), got(client)
            report["seen"] = list(seen.values())
        client.send(b"again")
        report["after"] = got(other)
        """,
    )
    assert report == {"attached": ["hello", "back", None], "seen": [1], "after": "again"}


def test_addresses_are_changed_in_a_tcp_connection_with_offloaded_checksums(tmp_path):
    """The far end refuses wrong checksums; on this cable the kernel leaves them to be completed."""
    report, _ = in_namespace(
        tmp_path,
        """
        cable()

        @ebee.tc("egress", interface="left")
        def there(pkt):
            if pkt.ip and pkt.ip.dst == 0x0A090063:
                pkt.ip.dst = 0x0A090002
                if pkt.tcp:
                    pkt.tcp.dport = 8080
            return ebee.TC_ACT_OK

        @ebee.tc("ingress", interface="left")
        def back(pkt):
            if pkt.tcp and pkt.ip and pkt.tcp.sport == 8080:
                pkt.ip.src = 0x0A090063
                pkt.tcp.sport = 80
            return ebee.TC_ACT_OK

        ip("neighbour", "add", "10.9.0.99", "lladdr", "02:00:00:00:00:02", "dev", "left", "nud", "permanent")
        far(ip, "link", "set", "right", "type", "veth")
        server = far(tcp_server, 8080)
        with ebee.attach(there, back) as attachment:
            client = socket.create_connection(("10.9.0.99", 80), timeout=3)
            peer, _ = server.accept()
            peer.settimeout(3)
            client.sendall(b"q" * 100_000)
            data = b""
            while len(data) < 100_000 and (part := peer.recv(1 << 16)):
                data += part
            peer.sendall(b"answer")
            report["data"], report["answer"] = data == b"q" * 100_000, got(client)
            report["losses"] = [str(loss) for loss in attachment.losses]
        """,
    )
    assert report == {"data": True, "answer": "answer", "losses": []}


@pytest.mark.needs_tool("tc")
def test_clsact_serves_where_the_kernel_has_no_tcx(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        cable()
        from ebee.sys import bpf
        bpf.link_create = lambda *_args, **_named: -22

        @ebee.tc("ingress")
        def drop(pkt):
            return ebee.TC_ACT_SHOT if pkt.udp and pkt.udp.dport == 9 else ebee.TC_ACT_OK

        @ebee.tc("egress")
        def nothing(pkt):
            return ebee.TC_ACT_OK

        server, sender = udp(9, timeout=0.3), far(udp)
        def arrives():
            sender.sendto(b"x", ("10.9.0.1", 9))
            return got(server)
        report["before"] = arrives()
        with ebee.attach(drop, nothing, interface="left"):
            report["shown"] = ["drop" in shown("tc", "filter", "show", "dev", "left", "ingress"),
                               "nothing" in shown("tc", "filter", "show", "dev", "left", "egress")]
            report["attached"] = arrives()
        report["after"] = arrives()
        report["remains"] = shown("tc", "filter", "show", "dev", "left", "ingress")
        """,
    )
    assert report == {"before": "x", "shown": [True, True], "attached": None, "after": "x", "remains": ""}


def test_xdp_modes(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        cable()
        for mode in ("native", "generic"):
            @ebee.xdp(mode=mode, interface="left")
            def everything(pkt):
                return ebee.XDP_PASS

            with ebee.attach(everything):
                report[mode] = "xdpgeneric" in shown("ip", "link", "show", "left")

        @ebee.xdp(mode="native", interface="lo")
        def none(pkt):
            return ebee.XDP_PASS

        report["none"] = refused(ebee.attach, none)
        """,
    )
    assert (report["native"], report["generic"]) == (False, True)
    assert report["none"][0] == "NotSupported" and "XDP on interface lo in mode native" in report["none"][1]


def test_packets_are_redirected_to_another_interface(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        cable()
        ip("link", "add", "spare", "type", "veth", "peer", "name", "tap")
        ip("link", "set", "spare", "up"); ip("link", "set", "tap", "up")
        devices = ebee.DevMap(max_entries=4)

        @ebee.xdp(interface="left", mode="generic")
        def elsewhere(pkt):
            if pkt.udp and pkt.udp.dport == 5000:
                return devices.redirect(1, ebee.XDP_PASS)
            return ebee.XDP_PASS

        listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        listener.bind(("tap", 0)); listener.settimeout(2)
        server, sender = udp(5000, timeout=0.3), far(udp)
        with ebee.attach(elsewhere):
            sender.sendto(b"first", ("10.9.0.1", 5000))
            report["empty"] = got(server)
            devices[1] = socket.if_nametoindex("spare")
            sender.sendto(b"second", ("10.9.0.1", 5000))
            report["there"], report["here"] = listener.recv(200)[42:].decode(), got(server)
        """,
    )
    assert report == {"empty": "first", "there": "second", "here": None}


@needs_cgroup
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


@needs_cgroup
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


@needs_cgroup
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


@needs_cgroup
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


@needs_cgroup
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


@needs_cgroup
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


def test_flow_dissectors_are_attached_to_a_namespace(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        @ebee.flow_dissector()
        def leave_it(pkt):
            return ebee.BPF_FLOW_DISSECTOR_CONTINUE

        with ebee.attach(leave_it):
            report["taken"] = refused(ebee.attach, leave_it)
        with ebee.attach(leave_it):
            report["again"] = True
        report["named"] = refused(ebee.attach, leave_it, netns="no-such")
        """,
    )
    assert report["taken"][0] == "UsageError" and "already" in report["taken"][1] and report["again"]
    assert report["named"][0] == "UsageError" and "ip netns" in report["named"][2]


def test_bytes_of_an_skb_that_lie_elsewhere_are_brought_together(tmp_path):
    """What TCP sends is in pages of its own: the first bytes are there unasked, the others after pull()."""
    report, _ = in_namespace(
        tmp_path,
        """
        cable()
        first, last = ebee.Hash(u32, u32), ebee.Hash(u32, u32)

        @ebee.tc("egress", interface="left")
        def look(pkt):
            if not pkt.tcp or not pkt.payload:
                return ebee.TC_ACT_OK
            size = len(pkt.payload)
            first[u32(size)] = pkt.payload[0]
            if not pkt.pull() or not pkt.payload:
                return ebee.TC_ACT_OK
            last[u32(size)] = pkt.payload[size - 1]
            pkt.payload[size - 1] = 0x21
            return ebee.TC_ACT_OK

        server = far(tcp_server, 7000)
        with ebee.attach(look) as attachment:
            client = socket.create_connection(("10.9.0.2", 7000), timeout=3)
            peer, _ = server.accept()
            peer.settimeout(3)
            client.sendall(b"a" + b"." * 1000 + b"z")
            report["data"] = (got(peer, 2000) or "")[-3:]
            report["first"], report["last"] = first[1002], last[1002]
            report["losses"] = [str(loss) for loss in attachment.losses]
        """,
    )
    assert report == {"data": "..!", "first": ord("a"), "last": ord("z"), "losses": []}


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


@pytest.mark.needs_feature("netkit")
def test_both_ends_of_a_netkit_device(tmp_path):
    """A pair in two namespaces: what leaves either end is seen by that end's probe, and what it drops does not arrive."""
    report, _ = in_namespace(
        tmp_path,
        """
        import struct
        def attribute(kind, data):
            return (struct.pack("=HH", 4 + len(data), kind) + data).ljust(4 + len(data) + 3 & ~3, bytes(1))
        def named(name):
            return attribute(3, name + bytes(1))  # IFLA_IFNAME
        def new_netkit():  # RTM_NEWLINK: not every ip(8) knows of netkit; without options it is of layer 3
            peer = attribute(1 | 0x8000, bytes(16) + named(b"nk1"))  # IFLA_NETKIT_PEER_INFO
            kind = attribute(1, b"netkit" + bytes(1)) + attribute(2 | 0x8000, peer)
            link = named(b"nk0") + attribute(18 | 0x8000, kind)  # IFLA_LINKINFO
            message = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + link
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
                sock.send(struct.pack("=IHHII", 16 + len(message), 16, 0x605, 1, 0) + message)
                return -struct.unpack_from("=i", sock.recv(4096), 16)[0]

        peer = "nk1"
        report["error"] = os.strerror(new_netkit())
        if report["error"] == os.strerror(0):
            cable()
            ip("link", "set", peer, "netns", f"/proc/{os.getpid()}/fd/{away}")
            ip("address", "add", "10.8.0.1/24", "dev", "nk0")
            ip("link", "set", "nk0", "up")
            far(ip, "address", "add", "10.8.0.2/24", "dev", peer)
            far(ip, "link", "set", peer, "up")
            seen = ebee.Hash(u32, u64)

            @ebee.netkit()
            def primary(pkt):
                if pkt.udp:
                    seen[pkt.udp.dport] += 1
                    if pkt.udp.dport == 5001:
                        return ebee.TC_ACT_SHOT
                return ebee.TC_ACT_OK

            @ebee.netkit("peer")
            def other(pkt):
                if pkt.udp:
                    seen[pkt.udp.dport] += 100
                    if pkt.payload and pkt.payload[0] == 33:
                        return ebee.TC_ACT_SHOT
                return ebee.TC_ACT_OK

            there, here_too = far(udp, 5000, "", 0.5), udp(6000, timeout=0.5)
            lost, sender = far(udp, 5001, "", 0.5), far(udp)
            with ebee.attach(primary, other, interface="nk0"):
                udp().sendto(b"out", ("10.8.0.2", 5000))
                refused(udp().sendto, b"out", ("10.8.0.2", 5001))
                sender.sendto(b"in", ("10.8.0.1", 6000))
                report["arrived"] = [got(there), got(lost), got(here_too)]
                report["links"] = described("netkit")
                refused(sender.sendto, b"!in", ("10.8.0.1", 6000))
                report["arrived"].append(got(here_too))
            report["seen"] = dict(seen.items())
            udp().sendto(b"after", ("10.8.0.2", 5001))
            report["after"] = got(lost)
            report["other"] = refused(ebee.attach, primary, interface="left")
            here(away)
            report["peer"] = refused(ebee.attach, primary, interface=peer)
        """,
    )
    assert report["error"] == os.strerror(0)
    assert report["arrived"] == ["out", None, "in", None] and report["after"] == "after"
    assert report["seen"] == {"5000": 1, "5001": 1, "6000": 200}
    words = {row["attach_type"]: row["target"] for row in report["links"]}
    assert words.keys() == {"netkit_primary", "netkit_peer"} and words["netkit_primary"] == "nk0 primary"
    assert words["netkit_peer"].endswith(" peer")  # that device is in another namespace, and has no name here
    assert report["other"][0] == "UsageError" and "no netkit device" in report["other"][1]
    assert report["peer"][0] == "UsageError" and "is the peer" in report["peer"][1]


def test_a_route_holds_a_compiled_program(tmp_path):
    """lwt: the object that ebee compiles, put on a route by ip(8)."""
    report, _ = in_namespace(
        tmp_path,
        """
        @ebee.lwt("xmit")
        def out(pkt):
            if pkt.ip and pkt.udp:
                if pkt.udp.dport == 9:
                    return ebee.BPF_DROP
                pkt.udp.dport = 5001
            return ebee.BPF_OK

        cable()
        import tempfile
        path = tempfile.mkdtemp() + "/out.bpf.o"
        ebee.compile(out).save(path)
        way = ["10.9.5.0/24", "encap", "bpf", "xmit", "obj", path, "section", "lwt_xmit", "via", "10.9.0.2"]
        made = subprocess.run(["ip", "route", "add", *way], capture_output=True, text=True)
        report["made"] = made.stderr if made.returncode else ""
        if not made.returncode:
            far(ip, "address", "add", "10.9.5.2/32", "dev", "lo")
            server, client = far(udp, 5001), udp()
            client.sendto(b"hello", ("10.9.5.2", 5000))
            report["got"] = got(server)
            report["dropped"] = refused(client.sendto, b"hello", ("10.9.5.2", 9))
        """,
    )
    if report["made"]:
        pytest.skip(f"this ip(8) cannot load the object: {report['made'].strip()}")
    assert (report["got"], report["dropped"]) == ("hello", "EPERM")


def test_programs_on_routes_of_their_own(tmp_path):
    """ebee.attach(route=…): out drops, xmit changes, both versions of IP; the routes go again."""
    report, _ = in_namespace(
        tmp_path,
        """
        seen = ebee.Hash(u32, u64)

        @ebee.lwt("out")
        def leaving(pkt):
            if pkt.udp:
                seen[pkt.udp.dport] += 1
                if pkt.udp.dport == 9:
                    return ebee.BPF_DROP
            return ebee.BPF_OK

        @ebee.lwt("xmit")
        def changed(pkt):
            if pkt.ip and pkt.udp:
                pkt.udp.dport = 5001
            return ebee.BPF_OK

        @ebee.lwt("in", route="10.9.7.0/24 dev lo")
        def arriving(pkt):
            if pkt.ip6:
                seen[6] += 1
            return ebee.BPF_OK

        cable()
        for net in (5, 6):
            far(ip, "address", "add", f"10.9.{net}.2/32", "dev", "lo")
        server, client = far(udp, 5001), udp()
        first, second = "10.9.5.0/24 via 10.9.0.2", "10.9.6.0/24 via 10.9.0.2 dev left"
        with ebee.Session() as session:
            session.attach(leaving, route=first)
            session.attach(changed, route=second)
            session.attach(arriving)
            report["routes"] = shown("ip", "-o", "route")
            client.sendto(b"out", ("10.9.5.2", 5001))
            report["out"] = got(server)
            report["dropped"] = refused(client.sendto, b"hello", ("10.9.5.2", 9))
            client.sendto(b"xmit", ("10.9.6.2", 5000))
            report["xmit"] = got(server)
            report["twice"] = refused(session.attach, leaving, route=first)
            report["words"] = [
                refused(session.attach, leaving, route=route)
                for route in ("", "10.9.9.0/24", "10.9.9.1/24 dev lo", "10.9.9.0/24 dev nowhere", "10.9.9.0/24 via ::1")
            ]
            report["seen"] = dict(seen.items())
            here(away)  # closing does not depend on where the thread is
        here(near)
        report["left"] = shown("ip", "-o", "route")
        ip("-6", "address", "add", "fd00::1/64", "dev", "left", "nodad")
        with ebee.attach(leaving, route="fd01::/64 via fd00::2"):
            report["six"] = shown("ip", "-6", "-o", "route", "show", "fd01::/64")
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            report["six dropped"] = refused(sock.sendto, b"x", ("fd01::5", 9))
        report["six left"] = shown("ip", "-6", "-o", "route", "show", "fd01::/64")
        """,
    )
    routes = [line.strip() for line in report["routes"].splitlines() if "encap bpf" in line]
    assert len(routes) == 3 and "encap bpf" not in report["left"], report["left"]
    assert (report["out"], report["dropped"], report["xmit"]) == ("out", "EPERM", "xmit")
    assert report["seen"] == {"5001": 1, "9": 1}
    assert report["twice"][0] == "UsageError" and "there is a route to 10.9.5.0/24 already" in report["twice"][1]
    told = ["which route", "no route with a next hop", "host bits set", "no network interface", "another version"]
    for words, part in zip(report["words"], told, strict=True):
        assert words[0] == "UsageError" and part in words[1], words
    assert "encap bpf" in report["six"] and report["six dropped"] == "EPERM" and not report["six left"]


def test_a_segment_of_ipv6_is_a_route_with_a_program(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        @ebee.lwt("seg6local", route="fd05::1/128 dev left")
        def local(pkt):
            return ebee.BPF_OK

        cable()
        ip("-6", "address", "add", "fd00::1/64", "dev", "left", "nodad")
        report["four"] = refused(ebee.attach, local, route="10.5.5.0/24 dev left")
        with ebee.Session() as session:
            report["error"] = refused(session.attach, local)
            report["route"] = shown("ip", "-6", "-o", "route", "show", "fd05::1")
        report["left"] = shown("ip", "-6", "-o", "route", "show", "fd05::1")
        """,
    )
    assert "for routes of IPv6" in report["four"][1]
    if report["error"] and "EOPNOTSUPP" in report["error"][1]:
        pytest.skip("this kernel is built without programs at segments")
    assert "End.BPF" in report["route"] and not report["left"]
