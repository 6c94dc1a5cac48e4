"""Tools in examples/ about sockets: what they print is what was done."""

# ruff: noqa: F811 - fixtures that are imported
from __future__ import annotations

import pytest
from example_tools import KERNEL, matches, tool  # noqa: F401
from test_cli_run import BACKENDS, tmp_path  # noqa: F401


@pytest.mark.parametrize("backend", BACKENDS)
def test_bindsnoop(tool, backend):
    body = """
four, six, again, named = (socket.socket(f) for f in (socket.AF_INET, socket.AF_INET6, socket.AF_INET, socket.AF_UNIX))
four.bind(("127.0.0.1", 0))
try:
    six.bind(("::1", 0))
except OSError:
    pass
try:
    again.bind(four.getsockname())
except OSError:
    pass
named.bind("name")
report = {"port": four.getsockname()[1], "fds": [s.fileno() for s in (four, six, again, named)]}
"""
    lines, report = tool(backend, "bindsnoop", body)
    binds = matches(r"\d+ +\S+ +fd (\d+) +(\S+) +(.*)", lines)
    assert [int(fd) for fd, _, _ in binds] == report["fds"]
    place = f"127.0.0.1:{report['port']}"
    assert [b[1:] for b in binds[::2]] == [("ok", "127.0.0.1:0"), ("EADDRINUSE", place)]
    assert binds[1][2] == "[::1]:0" and binds[3][1:] == ("ok", "AF_UNIX")


@pytest.mark.parametrize("backend", BACKENDS)
def test_solisten(tool, backend):
    body = """
s, u = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
s.listen(7)
try:
    u.listen(9)
except OSError:
    pass
report = {"fds": [s.fileno(), u.fileno()]}
"""
    lines, report = tool(backend, "solisten", body)
    first, second = report["fds"]
    assert matches(r"\d+ +\S+ +fd (\d+) +backlog (\d+) +(\w+)", lines) == [
        (str(first), "7", "ok"), (str(second), "9", "ENOTSUP"),
    ]  # fmt: skip


TCP = """
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
client = socket.create_connection(("127.0.0.1", port))
own = client.getsockname()[1]
peer, _ = server.accept()
for _ in range(5):
    client.send(b"x" * 1000)
    peer.recv(1000)
time.sleep(0.05)
client.close()
peer.recv(1)
peer.close()
closed = socket.socket()
closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can listen there
refused = closed.getsockname()[1]
try:
    socket.create_connection(("127.0.0.1", refused))
except ConnectionRefusedError:
    pass
report = {"port": port, "own": own, "pid": os.getpid(), "refused": refused}
"""


@pytest.mark.parametrize("backend", KERNEL)
def test_tcpstates(tool, backend):
    lines, report = tool(backend, "tcpstates", TCP)
    to_server = rf"\S+ +127\.0\.0\.1:{report['own']} 127\.0\.0\.1:{report['port']} +(\w+) -> (\w+) after ([\d.]+) ms"
    found = matches(to_server, lines)
    ways = [(old, new) for old, new, _ in found]
    assert ways[:2] == [("SYN_SENT", "ESTABLISHED"), ("ESTABLISHED", "FIN_WAIT1")]
    assert 50 <= float(found[1][2]) < 10_000
    assert any(f"127.0.0.1:{report['refused']}" in line and "SYN_SENT -> CLOSE " in line for line in lines)


@pytest.mark.parametrize("backend", KERNEL)
def test_tcplife(tool, backend):
    lines, report = tool(backend, "tcplife", TCP)
    ends = {"client": (report["own"], report["port"]), "server": (report["port"], report["own"])}
    rows = {}
    for name, (a, b) in ends.items():
        pattern = rf"{report['pid']} +\S+ +127\.0\.0\.1:{a} +127\.0\.0\.1:{b} +sent (\d+) +received (\d+) +([\d.]+) ms"
        (rows[name],) = matches(pattern, lines)
    assert int(rows["client"][0]) == 5000 == int(rows["server"][1]) // 1000 * 1000
    assert int(rows["server"][0]) == 0 and int(rows["client"][1]) < 2
    assert 50 <= float(rows["client"][2]) < 10_000


@pytest.mark.parametrize("backend", KERNEL)
def test_tcpconnlat(tool, backend):
    lines, report = tool(backend, "tcpconnlat", TCP)
    found = matches(rf"{report['pid']} +\S+ +port (\d+) +(\w+) +([\d.]+) ms", lines)
    assert [f[:2] for f in found] == [(str(report["port"]), "ok"), (str(report["refused"]), "refused")]
    assert all(0 < float(ms) < 1000 for _, _, ms in found)


@pytest.mark.parametrize("backend", KERNEL)
def test_tcprtt(tool, backend):
    lines, _ = tool(backend, "tcprtt", TCP)
    rows = [tuple(map(int, row)) for row in matches(r" *(\d+) -> (\d+) +: (\d+) +\|\** *\|", lines)]
    assert len(rows) == len(lines) - 1 >= 1 and sum(n for _, _, n in rows) >= 5
    assert all(high == max(2 * low, 2) - 1 and high < 1_000_000 for low, high, _ in rows)
