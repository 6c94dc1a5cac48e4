"""What the compiler refuses in packet probes: `# error: message | hint` beside the line that raises it.

A `…` stands for any text. This file is read by tests/unit/pyfront/test_pyfront_packets.py.
"""

import ebee
from ebee import Hash, u8, u32, u64

counts = Hash(u32, u64)


@ebee.xdp
def untested(pkt):
    if pkt.tcp.dport == 23:  # error: the packet may have no whole TCP header here | test it first: `if pkt.tcp and pkt.tcp.dport …`, or `if not pkt.tcp: return …`
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.xdp
def tested_for_another(pkt):
    if pkt.tcp:
        counts[pkt.ip.src] += 1  # error: the packet may have no whole IPv4 header here | test it first: …
    return ebee.XDP_PASS


@ebee.xdp
def tested_the_other_way(pkt):
    if not pkt.udp:
        counts[pkt.udp.dport] += 1  # error: the packet may have no whole UDP header here | test it first: …
    return ebee.XDP_PASS


@ebee.xdp
def tested_with_or(pkt):
    if pkt.tcp or pkt.udp:
        counts[pkt.udp.dport] += 1  # error: the packet may have no whole UDP header here | test it first: …
    if pkt.udp or pkt.udp.dport:  # error: the packet may have no whole UDP header here | test it first: …
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.xdp
def tested_on_one_way(pkt):
    if len(pkt) > 100:
        if not pkt.icmp:
            return ebee.XDP_PASS
    counts[0] = pkt.icmp.type  # error: the packet may have no whole ICMP header here | test it first: …
    return ebee.XDP_PASS


@ebee.xdp
def after_its_if(pkt):
    if pkt.vlan:
        counts[0] += 1
    counts[1] = pkt.vlan.id  # error: the packet may have no whole VLAN tag here | test it first: …
    return ebee.XDP_PASS


@ebee.xdp
def names(pkt):
    if pkt.tpc:  # error: a packet has no header 'tpc' | did you mean tcp…?
        return ebee.XDP_DROP
    if pkt.sctp:  # error: a packet has no header 'sctp' | …
        return ebee.XDP_DROP
    if pkt.tcp and pkt.tcp.dprot == 23:  # error: the TCP header has no field 'dprot' | did you mean dport…?
        return ebee.XDP_DROP
    if pkt.ip6 and pkt.ip6.src == 1:  # error: ip6.src has 128 bits, and numbers have 64 | read src_hi and src_lo
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.xdp
def writes(pkt):
    if pkt.ip and pkt.tcp:
        pkt.tcp.dport = 65536  # error: 65536 does not fit in tcp.dport
        pkt.tcp.dprot = 80  # error: the TCP header has no field 'dprot' | did you mean dport…?
        pkt.ip.ttl = pkt.ip.ttl - 1  # error: a number from -1 to 254 is assigned to ip.ttl: signed and unsigned are mixed | cast…
        pkt.ip.proto = 17
        pkt.tcp.dport = 80  # error: the packet may have no whole TCP header here | test it first: …
        for _ in range(ebee.cpu()):
            pkt.eth.proto = 0x86DD  # error: proto says what follows the Ethernet header, and cannot be changed in a loop | change it before or after
    pkt.udp.dport = 1  # error: the packet may have no whole UDP header here | test it first: …
    pkt.tcp = 5  # error: pkt.tcp cannot be assigned | assign its fields: pkt.tcp.…
    pkt.ingress_ifindex = 5  # error: a packet probe cannot change ingress_ifindex | it can change nothing
    return ebee.XDP_PASS


@ebee.xdp
def not_numbers(pkt):
    counts[0] = pkt.tcp  # error: an integer is needed here, not the packet's tcp header
    counts[pkt] += 1  # error: an integer is needed here, not the probe's context
    if pkt.tcp == 1:  # error: an integer is needed here, not the packet's tcp header
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.xdp
def runs_off_its_end(pkt):  # error: a packet probe must return on every way, and runs_off_its_end can run off its end | return what becomes of the packet, e.g. ebee.XDP_PASS
    if pkt.tcp:
        return ebee.XDP_DROP


@ebee.xdp
def results(pkt):
    if pkt.tcp:
        return  # error: a packet probe must return a number | return what becomes of the packet, e.g. ebee.XDP_PASS
    if pkt.udp:
        return None  # error: a packet probe must return a number | return what becomes of the packet, e.g. ebee.XDP_PASS
    if pkt.ip:
        return 5  # error: 5 is no result of a packet probe | return what becomes of the packet, e.g. ebee.XDP_PASS
    return -1  # error: -1 is no result of a packet probe | return what becomes of the packet, e.g. ebee.XDP_PASS


@ebee.xdp
def no_task(pkt):
    counts[ebee.pid()] += 1  # error: ebee.pid() has no meaning in a packet probe: it runs on behalf of no task
    counts[ebee.cpu()] = ebee.ktime()
    return ebee.XDP_PASS


@ebee.xdp
def no_packet():  # error: a packet probe takes one argument, the context; no_packet takes others | write `def no_packet(pkt):`
    return ebee.XDP_PASS


@ebee.xdp
def moves(pkt):
    if not pkt.tcp:
        return ebee.XDP_PASS
    pkt.adjust_head(-14)
    counts[0] = pkt.tcp.dport  # error: the packet may have no whole TCP header here | test it first: …
    for _ in range(ebee.cpu()):
        pkt.adjust_tail(-1)  # error: adjust_tail() moves the packet, and cannot be called in a loop | call it before or after the loop
    pkt.change_tail(60)  # error: a packet probe has no change_tail() | it has adjust_head, adjust_tail, adjust_meta
    pkt.shrink(5)  # error: a packet has no header 'shrink' | …
    pkt.adjust_head()  # error: adjust_head() takes 1 arguments, not 0
    return ebee.XDP_PASS


class Vxlan(ebee.Header):
    flags: u8
    reserved: int = ebee.Bits(u32, 24)
    vni: int = ebee.Bits(u32, 24)
    reserved2: u8


@ebee.xdp
def headers(pkt):
    vxlan = pkt.header(Vxlan, after=pkt.udp)
    counts[0] = vxlan.vni  # error: the packet may have no whole Vxlan header here | test it first: `if vxlan and vxlan.vni …`, or `if not vxlan: return …`
    if vxlan:
        counts[1] = vxlan.vin  # error: the Vxlan header has no field 'vin' | did you mean vni?
        vxlan.vni = 1 << 24  # error: 16777216 does not fit in Vxlan.vni
    pkt.header(Vxlan)  # error: pkt.header() takes a Header, and where it is: after=pkt.udp, or at=bytes from the packet's start
    pkt.header(u8, at=5)  # error: pkt.header() takes a Header, and where it is: after=pkt.udp, or at=bytes from the packet's start | declare it: class Vxlan(ebee.Header)
    pkt.header(Vxlan, after=5)  # error: after= takes a header of the packet, not 5 | pkt.header() takes…
    return ebee.XDP_PASS


@ebee.xdp
def filters(pkt):
    if pkt.matches("tcp port htp"):  # error: the filter 'tcp port htp' is wrong at character 10: there is no service 'htp' in ebee's table | write its number
        return ebee.XDP_DROP
    if pkt.matches():  # error: pkt.matches() takes an expression of tcpdump: pkt.matches("tcp port 80") | a text that is known when the probe is compiled
        return ebee.XDP_DROP
    if pkt.matches(80):  # error: pkt.matches() takes an expression of tcpdump: pkt.matches("tcp port 80") | a text that is known when the probe is compiled
        return ebee.XDP_DROP
    if pkt.matches("tcp[len] = 1"):  # error: the filter may look beyond the packet's first 16383 bytes | mask what it is computed from: tcp[(tcp[12] & 0xf0) >> 2]
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.socket_filter
def lengths(pkt):
    if pkt.matches("less 100"):  # error: a socket_filter probe does not know how long the frame is | pkt.ip.len, pkt.udp.len
        return 0
    return 1


@ebee.sk_msg
def messages(pkt):
    if pkt.matches("tcp"):  # error: the packet of a sk_msg probe has no headers to be asked for
        return ebee.SK_DROP
    return ebee.SK_PASS


@ebee.xdp
def payloads(pkt):
    counts[0] = pkt.payload[0]  # error: the packet may have no payload here | test it first: `if pkt.payload: …`
    if pkt.payload:
        counts[1] = pkt.payload[0]
        pkt.payload[0] = 256  # error: 256 does not fit in pkt.payload[0]
    counts[2] = len(pkt.payload)  # error: the packet may have no payload here | test it first: `if pkt.payload: …`
    return ebee.XDP_PASS


@ebee.xdp
def packets_in_bodies(pkt):
    for k in counts:
        if pkt.tcp:  # error: pkt is the packet's, which the body of this loop cannot use | read what it needs before the loop
            counts[k] += 1
    return ebee.XDP_PASS
