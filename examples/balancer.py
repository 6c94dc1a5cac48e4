"""Spreads the connections to one address over several servers, and shows how many each got.

    sudo ebee run examples/balancer.py -- eth0 192.0.2.100:80 10.0.0.1:8080 10.0.0.2:8080

On their way in, packets to the first address get a server's address and port; on their way out the answers get the
first one's. A connection stays with its server. The kernel routes them in between, and ebee updates the checksums of
IPv4, TCP and UDP. Runs until Ctrl-C; with -c COMMAND, until the command ends.
"""

import ipaddress
import sys

import ebee
from ebee import Array, LruHash, Struct, u16, u32, u64


def address_of(text):
    host, _, port = text.partition(":")
    return int(ipaddress.IPv4Address(host)), int(port)


ADDRESS, PORT = address_of(sys.argv[2] if len(sys.argv) > 2 else "192.0.2.100:80")
SERVERS = [address_of(text) for text in sys.argv[3:]]
COUNT = max(len(SERVERS), 1)


class Client(Struct):
    address: u32
    port: u16


class Server(Struct):
    address: u32
    port: u16
    connections: u64


servers = Array(Server, max_entries=COUNT)
chosen = LruHash(Client, u32, max_entries=65536)
NOBODY = 0xFFFF_FFFF


def server_of(address, port):
    """The number of the server that a client is with, from now on if it is new."""
    number = chosen.get(Client(address=address, port=port), NOBODY)
    if number == NOBODY:
        number = (address ^ port * 0x9E3779B1 >> 16) % COUNT
        chosen[Client(address=address, port=port)] = u32(number)
        server = servers.lookup(number)
        if server is not None:
            server.connections += 1
    return number


@ebee.tc("ingress")
def to_servers(pkt):
    if not pkt.ip or pkt.ip.dst != ADDRESS:
        return ebee.TC_ACT_OK
    if pkt.tcp and pkt.tcp.dport == PORT:
        server = servers.lookup(server_of(pkt.ip.src, pkt.tcp.sport))
        if server is not None:
            pkt.ip.dst = server.address
            pkt.tcp.dport = server.port
    elif pkt.udp and pkt.udp.dport == PORT:
        server = servers.lookup(server_of(pkt.ip.src, pkt.udp.sport))
        if server is not None:
            pkt.ip.dst = server.address
            pkt.udp.dport = server.port
    return ebee.TC_ACT_OK


@ebee.tc("egress")
def to_clients(pkt):
    if not pkt.ip:
        return ebee.TC_ACT_OK
    if pkt.tcp and Client(address=pkt.ip.dst, port=pkt.tcp.dport) in chosen:
        pkt.ip.src = ADDRESS
        pkt.tcp.sport = PORT
    elif pkt.udp and Client(address=pkt.ip.dst, port=pkt.udp.dport) in chosen:
        pkt.ip.src = ADDRESS
        pkt.udp.sport = PORT
    return ebee.TC_ACT_OK


if len(sys.argv) < 4:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- INTERFACE ADDRESS:PORT SERVER:PORT…")
with ebee.attach(to_servers, to_clients, interface=sys.argv[1]) as attachment:
    for number, (address, port) in enumerate(SERVERS):
        servers[number] = Server(address=address, port=port)
    attachment.wait()

for server in servers.values():
    print(f"{ipaddress.IPv4Address(server.address)!s:>15}:{server.port:<5} {server.connections:>8} connections")
