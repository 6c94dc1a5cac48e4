"""tcpdump's expressions on sockets that receive, in a network namespace of the test's own."""

from __future__ import annotations

import pytest
from network_namespace import in_namespace

pytestmark = [pytest.mark.needs_root, pytest.mark.needs_netns, pytest.mark.needs_tool("ip")]


def test_sockets_receive_what_their_expressions_let_through(tmp_path):
    report, _ = in_namespace(
        tmp_path,
        """
        sender, port = udp(), 40001
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
            ebee.attach_filter(raw, f"udp dst port {port} and udp[4:2] = 11 and src host 127.0.0.1")
            raw.settimeout(2)
            for text, to in ((b"no match", port), (b"not", port + 1), (b"yes", port)):
                sender.sendto(text, ("127.0.0.1", to))
            report["raw"] = raw.recv(100)[-3:].decode()
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as frames:
            frames.bind(("lo", 0))
            made = ebee.attach_filter(frames, f"udp dst port {port} and dst host 127.0.0.1 and less 45")
            frames.bind(("lo", 3))  # ETH_P_ALL: from here on it receives
            frames.settimeout(2)
            for text in (b"longer", b"yes"):
                sender.sendto(text, ("127.0.0.1", port))
            frame = frames.recv(100)
            report["frames"] = [made.link, frame[-3:].decode(), made.matches(frame)]
        """,
    )
    assert report == {"raw": "yes", "frames": ["EN10MB", "yes", True]}


EXPRESSIONS = [
    "vlan", "vlan 5", "vlan 6", "not vlan", "vlan 5 and ip", "ip", "vlan and udp port 53", "udp port 53", "vlan 5 and vlan 9",
    "vlan 5 and vlan 9 and ip", "vlan 5 and vlan 8", "vlan or arp", "not vlan 5 and ip", "vlan and ip[9] = 17", "arp or vlan 6",
]  # fmt: skip


def test_tags_that_the_kernel_keeps_beside_packets(tmp_path):
    """On a pair of devices: libpcap's programs for a live device, run by the kernel, are the oracle where tcpdump is."""
    report, _ = in_namespace(
        tmp_path,
        f"""
        import shutil
        expressions = {EXPRESSIONS!r}
        subprocess.run("ip link add name v0 type veth peer name v1; ip link set v0 up; ip link set v1 up", shell=True, check=True)
        ip = bytes.fromhex("4500002000000000401100000a0000010a000002") + bytes.fromhex("04d20035000c0000") + b"data"
        ends = {{"plain": b"\\x08\\0" + ip, "arp": b"\\x08\\x06" + bytes(28)}}
        for name, tags in (("five", [5]), ("six", [6]), ("nested", [5, 9])):
            ends[name] = b"".join(b"\\x81\\0" + tag.to_bytes(2, "big") for tag in tags) + b"\\x08\\0" + ip
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sender.bind(("v0", 0))

        def received(make):
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
                sock.bind(("v1", 0))
                make(sock)
                sock.bind(("v1", 3))
                sock.settimeout(0.15)
                for n, (name, end) in enumerate(ends.items()):
                    sender.send(b"\\xff" * 6 + b"\\x02mark" + bytes([n]) + end + bytes(20))
                found = []
                try:
                    while True:
                        frame = sock.recv(2000)
                        if frame[6:11] == b"\\x02mark":
                            found.append(list(ends)[frame[11]])
                except TimeoutError:
                    return found

        report["ours"] = {{text: received(lambda sock: ebee.attach_filter(sock, text)) for text in expressions}}
        if shutil.which("tcpdump"):
            def theirs(text):
                done = subprocess.run(["tcpdump", "-i", "v1", "-ddd", text], capture_output=True, text=True, check=True)
                program = ebee.classic_filter(done.stdout)
                return received(lambda sock: ebee.attach_filter(sock, program))
            report["theirs"] = {{text: theirs(text) for text in expressions}}
        """,
    )
    ours = report["ours"]
    assert ours["vlan"] == ["five", "six", "nested"] and ours["not vlan"] == ["plain", "arp"]
    assert ours["vlan 5"] == ["five", "nested"] and ours["vlan 5 and ip"] == ["five"] and ours["vlan 5 and vlan 9 and ip"] == ["nested"]
    assert ours["vlan and udp port 53"] == ["five", "six"] and ours["vlan 5 and vlan 8"] == []
    if "theirs" in report:
        assert report["theirs"] == ours
