"""Programs on interfaces (tc, tcx, XDP, netkit, flow dissectors) with real traffic, in network namespaces that each test makes and leaves."""

from __future__ import annotations

import os

import pytest
from network_namespace import in_namespace

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip"), pytest.mark.vm]


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
