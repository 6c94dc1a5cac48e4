"""Sends the connections of a control group elsewhere, and shows who connected where.

    sudo mkdir /sys/fs/cgroup/test
    sudo ebee run examples/detour.py -- /sys/fs/cgroup/test 443=127.0.0.1:8443 80=127.0.0.1:8080

Every process in the group that connects to port 443 reaches 127.0.0.1:8443 instead, and sees nothing of it. Runs until
Ctrl-C; with -c COMMAND, until the command ends.
"""

import ipaddress
import sys

import ebee
from ebee import Hash, RingBuf, Str, Struct, u16, u32


class Place(Struct):
    address: u32
    port: u16


class Connect(Struct):
    pid: u32
    wanted: Place
    comm: str = Str(16)


detours = Hash(u16, Place)
connects = RingBuf(Connect)


@ebee.cgroup_sock_addr("connect4")
def detour(ctx):
    place = detours.lookup(u16(ctx.user_port))
    if place is None:
        return True
    with connects.reserve() as e:
        e.pid = ebee.pid()
        e.wanted = Place(address=ctx.user_ip4, port=u16(ctx.user_port))
        e.comm = ebee.comm()
    ctx.user_ip4 = place.address
    ctx.user_port = place.port
    return True


if len(sys.argv) < 3:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- CGROUP PORT=ADDRESS:PORT…")
cgroup, *rules = sys.argv[1:]
with ebee.attach(detour, cgroup=cgroup):
    for rule in rules:
        port, _, place = rule.partition("=")
        host, _, other = place.partition(":")
        detours[int(port)] = Place(address=int(ipaddress.IPv4Address(host)), port=int(other))
    for e in connects:
        address = ipaddress.IPv4Address(e.wanted.address)
        there = detours[e.wanted.port]
        instead = ipaddress.IPv4Address(there.address)
        print(f"{e.pid:<8} {e.comm:<16} {address}:{e.wanted.port} -> {instead}:{there.port}")
