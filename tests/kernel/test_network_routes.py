"""Programs on routes (lwt) with real traffic, in network namespaces that each test makes and leaves."""

from __future__ import annotations

import pytest
from network_namespace import in_namespace

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip"), pytest.mark.vm]


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
