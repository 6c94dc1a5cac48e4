"""The words of filter expressions that stand for numbers.

Source: pcap-filter(7); IANA's registries of protocol numbers, Ethernet types, services and ICMP types.
"""

from __future__ import annotations

# Protocols above Ethernet, by the word of the language.
ETHERTYPES = {
    "ip": 0x0800, "arp": 0x0806, "rarp": 0x8035, "ip6": 0x86DD, "decnet": 0x6003, "lat": 0x6004, "moprc": 0x6002,
    "mopdl": 0x6001, "sca": 0x6007, "atalk": 0x809B, "aarp": 0x80F3, "loopback": 0x9000,
}  # fmt: skip
# Protocols above LLC (802.2), by the DSAP that says so.
LLC_SAPS = {"stp": 0x42, "iso": 0xFE, "netbeui": 0xF0, "ipx": 0xE0}
ABOVE_LINK = ETHERTYPES | LLC_SAPS
# Control bytes of LLC: mask and value. Source: IEEE 802.2, 5.4.
LLC_FRAMES = {
    "i": (0x01, 0x00), "s": (0x03, 0x01), "u": (0x03, 0x03), "rr": (0x0F, 0x01), "rnr": (0x0F, 0x05),
    "rej": (0x0F, 0x09), "ui": (0xEF, 0x03), "dm": (0xEF, 0x0F), "disc": (0xEF, 0x43), "ua": (0xEF, 0x63),
    "sabme": (0xEF, 0x6F), "frmr": (0xEF, 0x87), "xid": (0xEF, 0xAF), "test": (0xEF, 0xE3),
}  # fmt: skip
# Protocols above ISO's network layer: its number, and the PDUs of IS-IS. Source: ISO 9577, 10589.
ISO_PROTOCOLS = {"clnp": 0x81, "esis": 0x82, "es-is": 0x82, "isis": 0x83, "is-is": 0x83}
ISIS_PDUS = {
    "l1": (26, 24, 18, 15, 17), "l2": (27, 25, 20, 16, 17), "iih": (17, 15, 16), "lsp": (18, 20),
    "snp": (27, 26, 24, 25), "csnp": (24, 25), "psnp": (26, 27),
}  # fmt: skip
VLAN_TYPES, MPLS_TYPE = (0x8100, 0x88A8, 0x9100), 0x8847

# Protocols above IP: the number, and which IP they are above.
BOTH, ONLY_4, ONLY_6 = ("ip", "ip6"), ("ip",), ("ip6",)
PPPOE_DISCOVERY, PPPOE_SESSION = 0x8863, 0x8864
# Numbers of protocols in PPP, by EtherType or SAP; others are the same. Source: IANA's PPP DLL protocol numbers.
PPP_PROTOCOLS = {
    0x0800: 0x21, 0x86DD: 0x57, 0x809B: 0x29, 0x6003: 0x27, 0x0600: 0x25, 0xFE: 0x23, 0x42: 0x31, 0xE0: 0x2B,
    0x8847: 0x281,
}  # fmt: skip
IP_PROTOCOLS: dict[str, tuple[int, tuple[str, ...]]] = {
    "icmp": (1, ONLY_4), "igmp": (2, ONLY_4), "tcp": (6, BOTH), "igrp": (9, ONLY_4), "udp": (17, BOTH),
    "esp": (50, BOTH), "ah": (51, BOTH), "icmp6": (58, ONLY_6), "pim": (103, BOTH), "carp": (112, ONLY_4),
    "vrrp": (112, ONLY_4), "sctp": (132, BOTH),
}  # fmt: skip
# Words for numbers after `proto`, beside those above.
PROTOCOL_NUMBERS = {
    "ipip": 4, "egp": 8, "igp": 9, "dccp": 33, "ipv6": 41, "rsvp": 46, "gre": 47, "eigrp": 88, "ospf": 89, "l2tp": 115,
    "udplite": 136,
}  # fmt: skip
PORT_PROTOCOLS = ("tcp", "udp", "sctp")

# Services: the port, and the protocols that the name is for: TCP, UDP, or any (where it is registered for both).
_TCP, _UDP, _TCP_UDP = ("tcp",), ("udp",), PORT_PROTOCOLS
SERVICES: dict[str, tuple[int, tuple[str, ...]]] = {
    "echo": (7, _TCP_UDP), "discard": (9, _TCP_UDP), "daytime": (13, _TCP), "chargen": (19, _TCP_UDP),
    "ftp-data": (20, _TCP), "ftp": (21, _TCP), "ssh": (22, _TCP), "telnet": (23, _TCP), "smtp": (25, _TCP),
    "time": (37, _TCP_UDP), "whois": (43, _TCP), "tacacs": (49, _TCP_UDP), "domain": (53, _TCP_UDP),
    "bootps": (67, _UDP), "bootpc": (68, _UDP), "tftp": (69, _UDP), "gopher": (70, _TCP), "finger": (79, _TCP),
    "http": (80, _TCP), "kerberos": (88, _TCP_UDP), "pop3": (110, _TCP), "sunrpc": (111, _TCP_UDP),
    "ident": (113, _TCP),
    "nntp": (119, _TCP), "ntp": (123, _UDP), "netbios-ns": (137, _UDP), "netbios-dgm": (138, _UDP),
    "netbios-ssn": (139, _TCP), "imap2": (143, _TCP), "imap": (143, _TCP), "snmp": (161, _TCP_UDP),
    "snmp-trap": (162, _TCP_UDP), "bgp": (179, _TCP), "irc": (194, _TCP_UDP), "ldap": (389, _TCP_UDP),
    "https": (443, _TCP_UDP), "microsoft-ds": (445, _TCP_UDP), "submissions": (465, _TCP), "isakmp": (500, _UDP),
    "syslog": (514, _UDP), "printer": (515, _TCP), "dhcpv6-client": (546, _UDP), "dhcpv6-server": (547, _UDP),
    "rtsp": (554, _TCP_UDP), "submission": (587, _TCP), "ipp": (631, _TCP), "ldaps": (636, _TCP_UDP),
    "domain-s": (853, _TCP_UDP), "rsync": (873, _TCP), "imaps": (993, _TCP), "pop3s": (995, _TCP),
    "openvpn": (1194, _TCP_UDP), "radius": (1812, _TCP_UDP), "nfs": (2049, _TCP_UDP), "mysql": (3306, _TCP),
    "ms-wbt-server": (3389, _TCP), "svn": (3690, _TCP), "ipsec-nat-t": (4500, _UDP), "vxlan": (4789, _UDP),
    "mdns": (5353, _UDP), "postgresql": (5432, _TCP), "amqp": (5672, _TCP_UDP), "sip": (5060, _TCP_UDP),
    "redis": (6379, _TCP), "http-alt": (8080, _TCP_UDP), "git": (9418, _TCP),
}  # fmt: skip

# Words for offsets and values in `proto[offset] & value`.
CONSTANTS = {
    "tcpflags": 13, "tcp-fin": 1, "tcp-syn": 2, "tcp-rst": 4, "tcp-push": 8, "tcp-ack": 16, "tcp-urg": 32,
    "tcp-ece": 64, "tcp-cwr": 128,
    "icmptype": 0, "icmpcode": 1, "icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5,
    "icmp-echo": 8, "icmp-routeradvert": 9, "icmp-routersolicit": 10, "icmp-timxceed": 11, "icmp-paramprob": 12,
    "icmp-tstamp": 13, "icmp-tstampreply": 14, "icmp-ireq": 15, "icmp-ireqreply": 16, "icmp-maskreq": 17,
    "icmp-maskreply": 18,
    "icmp6type": 0, "icmp6code": 1, "icmp6-destinationunreach": 1, "icmp6-packettoobig": 2, "icmp6-timeexceeded": 3,
    "icmp6-parameterproblem": 4, "icmp6-echo": 128, "icmp6-echoreply": 129, "icmp6-multicastlistenerquery": 130,
    "icmp6-multicastlistenerreportv1": 131, "icmp6-multicastlistenerdone": 132, "icmp6-routersolicit": 133,
    "icmp6-routeradvert": 134, "icmp6-neighborsolicit": 135, "icmp6-neighboradvert": 136, "icmp6-redirect": 137,
    "icmp6-routerrenum": 138, "icmp6-nodeinformationquery": 139, "icmp6-nodeinformationresponse": 140,
    "icmp6-ineighbordiscoverysolicit": 141, "icmp6-ineighbordiscoveryadvert": 142,
    "icmp6-multicastlistenerreportv2": 143, "icmp6-homeagentdiscoveryrequest": 144,
    "icmp6-homeagentdiscoveryreply": 145, "icmp6-mobileprefixsolicit": 146, "icmp6-mobileprefixadvert": 147,
    "icmp6-certpathsolicit": 148, "icmp6-certpathadvert": 149, "icmp6-multicastrouteradvert": 151,
    "icmp6-multicastroutersolicit": 152, "icmp6-multicastroutertermination": 153,
}  # fmt: skip

# What the language has and a filter here does not, and why.
REFUSED = {
    "protochain": ("protochain is a loop, which no kernel admits in a filter", "proto"),
    "geneve": ("geneve is not known here", "udp port 6081"),
    "vxlan": ("vxlan is not a test of tcpdump's language", "udp port 4789"),
    **dict.fromkeys(
        ("ifname", "on", "rnr", "rulenum", "reason", "rset", "ruleset", "srnr", "subrulenum", "action"),
        ("that is about the packet filter of BSD", "tests of the packet's bytes"),
    ),
    **dict.fromkeys(
        ("lane", "metac", "bcc", "sc", "ilmic", "oam", "oamf4", "oamf4ec", "oamf4sc", "connectmsg", "metaconnect",
         "vpi", "vci", "sio", "opc", "dpc", "sls", "fisu", "lssu", "lsu", "msu", "hfisu", "hlssu", "hmsu", "hsio",
         "hopc", "hdpc", "hsls"),
        ("that is about ATM or SS7, link layers that are not known here", "tests of the packet's bytes: link[4] = 1"),
    ),
}  # fmt: skip
