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
