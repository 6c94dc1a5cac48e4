"""Runs Python text in a child process that has left the host's network first; its interfaces vanish with it.

The text has `left` and `right`, two ends of a virtual cable with IPv4 addresses 10.9.0.1 and 10.9.0.2 (`right` in a
namespace of its own where `far()` runs code), a control group of its own in `cgroup`, and fills `report`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

PRELUDE = """
import ctypes, errno, json, os, select, socket, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def unshare():
    assert libc.unshare(0x40000000) == 0  # CLONE_NEWNET
host = os.readlink("/proc/self/ns/net")
unshare()
assert os.readlink("/proc/self/ns/net") != host
def ip(*words): subprocess.run(["ip", *words], check=True)
def shown(*words): return subprocess.run(words, capture_output=True, text=True, check=True).stdout
ip("link", "set", "lo", "up")

near = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
def cable():
    '''Lay the cable; its other end is in a new namespace, that of `away`.'''
    global away
    ip("link", "add", "left", "type", "veth", "peer", "name", "right")
    ip("address", "add", "10.9.0.1/24", "dev", "left")
    ip("link", "set", "left", "address", "02:00:00:00:00:01", "up")
    unshare()
    away = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    here(near)
    ip("link", "set", "right", "netns", f"/proc/{os.getpid()}/fd/{away}")
    here(away)
    ip("link", "set", "lo", "up")
    ip("address", "add", "10.9.0.2/24", "dev", "right")
    ip("link", "set", "right", "address", "02:00:00:00:00:02", "up")
    here(near)
    ip("neighbour", "add", "10.9.0.2", "lladdr", "02:00:00:00:00:02", "dev", "left", "nud", "permanent")
    here(away)
    ip("neighbour", "add", "10.9.0.1", "lladdr", "02:00:00:00:00:01", "dev", "right", "nud", "permanent")
    here(near)
def here(netns):
    assert libc.setns(netns, 0) == 0
def far(function, *args):
    '''Call a function where the other end of the cable is.'''
    here(away)
    try:
        return function(*args)
    finally:
        here(near)

import ebee
from ebee import packets, u8, u16, u32, u64

def udp(port=0, address="", timeout=2):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(timeout)
    sock.bind((address, port))
    return sock
def tcp_server(port=0, address="", options=()):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(3)
    for option in options:
        sock.setsockopt(socket.SOL_SOCKET, option, 1)
    sock.bind((address, port))
    sock.listen()
    return sock
def got(sock, size=100):
    '''What arrives, or None.'''
    try:
        return sock.recv(size).decode()
    except (TimeoutError, ConnectionError):
        return None
def refused(function, *args, **named):
    try:
        function(*args, **named)
        return ""
    except OSError as e:
        return errno.errorcode[e.errno]
    except ebee.EbeeError as e:
        return [type(e).__name__, str(e), e.hint]
def described(kind):
    '''What `ebee link list --json` says of the links of a kind.'''
    import contextlib, io
    from ebee.cli import main
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        assert main(["link", "list", "--json"]) == 0
    return [row for row in json.loads(text.getvalue()) if row["type"] == kind]
report = {}
"""
CGROUP = """
root = next(line.split()[1] for line in open("/proc/self/mounts") if line.split()[2] == "cgroup2")
before = os.path.join(root, next(line[3:].strip() for line in open("/proc/self/cgroup") if line.startswith("0::")).lstrip("/"))
cgroup = os.path.join(root, f"ebee-test-{os.getpid()}")
os.mkdir(cgroup)
def enter(path):
    with open(os.path.join(path, "cgroup.procs"), "w") as f: f.write(str(os.getpid()))
import atexit
def leave():
    enter(before)
    os.rmdir(cgroup)
atexit.register(leave)
enter(cgroup)
"""


def in_namespace(tmp_path, body, *, cgroup=False):
    """Run Python text in a new network namespace; return the `report` that it fills, and what it wrote to stderr."""
    script = tmp_path / "child.py"
    begin = PRELUDE + (CGROUP if cgroup else "")
    script.write_text(begin + textwrap.dedent(body) + "\nprint(json.dumps(report))\n")
    child = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout.splitlines()[-1]), child.stderr


def cgroup_missing():
    """Return why control groups cannot be made here."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    root = next((m[1] for m in mounts if m[2] == "cgroup2"), "")
    if not root:
        return "no cgroup2 file system is mounted"
    return "" if os.access(root, os.W_OK) else f"{root} cannot be written to"
