"""XDP programs on real interfaces: a pair of virtual ones, in a network namespace that the test makes and leaves.

Everything runs in a child process that unshares its network first, so that the interfaces vanish with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

import ebee
from ebee.errors import UsageError

pytestmark = [pytest.mark.vm, pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_tool("ip")]

PRELUDE = """
import ctypes, json, os, socket, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
host = os.readlink("/proc/self/ns/net")
assert libc.unshare(0x40000000) == 0  # CLONE_NEWNET
assert os.readlink("/proc/self/ns/net") != host
def ip(*words): subprocess.run(["ip", *words], check=True)
ip("link", "add", "left", "type", "veth", "peer", "name", "right")
for name in ("left", "right", "lo"):
    ip("link", "set", name, "up")
def shown(name): return subprocess.run(["ip", "link", "show", name], capture_output=True, text=True, check=True).stdout

import ebee
from ebee import packets

sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
sender.bind(("left", 0))
receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
receiver.bind(("right", 0))
receiver.settimeout(2)

def passed(frames):
    '''Send frames from left to right; return those of them that come through, up to the marker that follows.'''
    marker = packets.ethernet(b"marker", proto=0x88B5).ljust(60, b"\\0")
    for frame in [*frames, marker]:
        sender.send(frame)
    got = []
    while (frame := receiver.recv(2048)) != marker:
        if frame in frames:  # the kernel sends some of its own
            got.append(frame)
    return got

seen = ebee.Hash(ebee.u32, ebee.u64)

@ebee.xdp
def drop_telnet(pkt):
    if pkt.tcp and pkt.tcp.dport == 23:
        if pkt.ip:
            seen[pkt.ip.src] += 1
        return ebee.XDP_DROP
    return ebee.XDP_PASS

TELNET, WEB, DNS = packets.tcp(dport=23, src="192.0.2.7"), packets.tcp(dport=80), packets.udp(dport=53)
report = {}
"""


def in_namespace(tmp_path, body):
    """Run Python text in a new network namespace; return the `report` that it fills."""
    script = tmp_path / "child.py"
    script.write_text(PRELUDE + textwrap.dedent(body) + "\nprint(json.dumps(report))\n")
    child = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout), child.stderr


def test_real_packets_are_dropped_and_counted_until_it_is_detached(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        frames = [TELNET, WEB, TELNET, DNS]
        report["before"] = passed(frames) == frames
        with ebee.attach(drop_telnet, interface="right"):
            report["attached"] = passed(frames) == [WEB, DNS]
            report["shown"], report["other"] = "xdp" in shown("right"), "xdp" in shown("left")
            report["seen"] = dict(seen.items())
        report["after"] = passed(frames) == frames
        report["remains"] = "xdp" in shown("right")
        """,
    )
    source = 192 << 24 | 2 << 8 | 7
    assert report == {
        "before": True, "attached": True, "shown": True, "other": False, "seen": {str(source): 2}, "after": True,
        "remains": False,
    }  # fmt: skip


def test_what_is_tagged_or_over_ipv6_is_seen_too(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        v6 = dict(src="2001:db8::1", dst="2001:db8::2")
        drops = [packets.tcp(dport=23, **v6), packets.tcp(dport=23, options=b"abcd")]
        passes = [packets.tcp(dport=24, **v6), packets.udp(dport=23, **v6), packets.icmp()]
        with ebee.attach(drop_telnet, interface="right"):
            report["rest"] = passed([*drops, *passes]) == passes
        """,
    )
    assert report["rest"]


def test_the_generic_path_serves_where_the_driver_has_none(tmp_path):
    """The loopback interface, here the namespace's own, has no XDP in its driver; virtual Ethernet has."""
    report, _ = in_namespace(
        tmp_path,
        """
        with ebee.attach(drop_telnet, interface="lo"):
            report["generic"] = "xdpgeneric" in shown("lo")
        with ebee.attach(drop_telnet, interface="right"):
            report["native"] = "xdp" in shown("right") and "xdpgeneric" not in shown("right")
        """,
    )
    assert report == {"generic": True, "native": True}


def test_refusals_say_what_to_do_and_leave_nothing_attached(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        @ebee.tracepoint("syscalls:sys_enter_openat")
        def on_open(ctx):
            pass

        def refused(*probes, **how):
            try:
                with ebee.attach(*probes, **how):
                    return "attached"
            except ebee.EbeeError as e:
                return [type(e).__name__, str(e), e.hint]

        report["no such"] = refused(drop_telnet, interface="riht")
        report["none"] = refused(drop_telnet)
        report["no packets"] = refused(on_open, interface="right")
        report["command"] = refused(drop_telnet, interface="right", command=["true"])
        with ebee.attach(drop_telnet, interface="right"):
            report["taken"] = refused(drop_telnet, interface="right")
        """,
    )
    assert report["no such"][0] == "UsageError" and "'riht'" in report["no such"][1] and "left, lo, right" in report["no such"][2]
    assert report["none"][0] == "UsageError" and "interface='eth0'" in report["none"][2]
    assert report["no packets"] == ["UsageError", *report["no packets"][1:]] and "@ebee.xdp" in report["no packets"][2]
    assert report["command"] == "attached"  # a command bounds the time, not the packets
    assert report["taken"][0] == "UsageError" and "already" in report["taken"][1]


def test_the_engine_has_no_interfaces():
    @ebee.xdp
    def everything(pkt):
        return ebee.XDP_PASS

    with ebee.Session(backend="engine") as session, pytest.raises(UsageError, match="no network interfaces"):
        session.attach(everything, interface="lo")


def test_the_host_has_nothing_attached():
    """The tests above leave the interfaces of this namespace alone."""
    shown = subprocess.run(["ip", "-o", "link", "show"], capture_output=True, text=True).stdout
    assert not any(name in shown for name in (" left@", " right@", "xdp"))


@pytest.mark.needs_root
@pytest.mark.needs_tool("setpriv")
def test_the_missing_capability_is_named(tmp_path):
    script = tmp_path / "child.py"
    script.write_text(
        "import ebee\n\n@ebee.xdp\ndef everything(pkt):\n    return ebee.XDP_PASS\n\n"
        "try:\n    ebee.Session(backend='kernel').run(everything, packet=bytes(64))\n"
        "except ebee.PermissionMissing as e:\n    print(*e.missing)\n"
    )
    caps = ["--inh-caps=-all", "--bounding-set=-all,+bpf,+perfmon"]
    done = subprocess.run(["setpriv", *caps, sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "CAP_NET_ADMIN", done.stderr


def test_a_packet_is_run_in_the_kernel_without_attaching():
    @ebee.xdp
    def by_length(pkt):
        if len(pkt) > 60:
            return ebee.XDP_DROP
        return ebee.XDP_PASS

    with ebee.Session(backend="kernel") as session:
        assert session.run(by_length, packet=bytes(61)).retval == ebee.XDP_DROP
        result = session.run(by_length, packet=bytes(60))
        assert (result.retval, result.data) == (ebee.XDP_PASS, bytes(60))
