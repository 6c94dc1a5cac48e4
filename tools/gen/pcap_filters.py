#!/usr/bin/env python3
"""Compare filter expressions with tcpdump's, and write the sample that the tests look at: tests/data/pcap/sample.txt.

Expressions are made from a grammar, for every link type; both programs run on the same packets, whole, changed and cut.
`--check` says whether tcpdump still compiles the sample's expressions to the programs that stand there; it is skipped
where tcpdump is missing. `--pairs N` compares so many expressions, and writes nothing.
"""

from __future__ import annotations

import argparse
import importlib
import random
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests/unit/pcap")]

from ebee.errors import CompileError, UsageError  # noqa: E402
from ebee.isa import classic_run  # noqa: E402
from ebee.isa.classic import ClassicInsn  # noqa: E402
from ebee.isa.classic_text import assemble, disassemble  # noqa: E402
from ebee.pcap.filter import compile_filter  # noqa: E402
from ebee.pcap.link_types import LINK_TYPES  # noqa: E402

frames = importlib.import_module("frames").frames
SAMPLE = ROOT / "tests/data/pcap/sample.txt"
PACKETS = 120
_SEED = "libpcap 1.10"
_PER_LINK = 24
# Words in braces are made: see _VALUES.
_VALUES = {
    "host4": ["10.0.0.1", "10.0.0.2", "192.168.1.1", "224.0.0.5", "8.8.8.8"],
    "host6": ["fe80::1", "2001:db8::2", "::ffff:10.0.0.1", "ff02::1"],
    "net4": ["10.0.0.0/8", "10", "192.168", "10.0.0.0 mask 255.255.0.0", "10.0.0.0/31", "0.0.0.0/0"],
    "net6": ["fe80::/10", "2001:db8::/32", "2001:db8:8000::/33", "::/0", "ff02::1/128", "2001:db8::/64"],
    "port": ["80", "53", "22", "443", "http", "domain", "1024", "ssh"],
    "ports": ["20-25", "80-90", "443-80", "ftp-ssh", "0-1023", "79-79"],
    "dir": ["", "src ", "dst ", "src or dst ", "src and dst "],
    "pp": ["", "tcp ", "udp ", "sctp "],
    "mac": ["00:11:22:33:44:55", "ff:ff:ff:ff:ff:ff", "02-aa-bb-cc-dd-ee", "0011.2233.4455"],
    "proto": ["tcp", "udp", "icmp", "igmp", "esp", "ah", "pim", "sctp", "vrrp", "carp", "igrp", "icmp6"],
    "protos": ["\\tcp", "\\udp", "6", "17", "47", "50", "\\icmp", "0x2c", "gre", "\\ah"],
    "link": ["ip", "ip6", "arp", "rarp", "decnet", "atalk", "aarp", "iso", "stp", "ipx", "netbeui", "lat",
             "moprc", "mopdl", "sca"],
    "ether": ["0x0800", "0x86dd", "\\arp", "\\ip6", "0x88cc", "0x42", "0x6", "0xe0", "0x809b", "\\stp", "0x8137",
              "\\atalk"],
    "rel": ["=", "!=", ">", "<", ">=", "<="],
    "flag": ["tcp-syn", "tcp-fin", "tcp-rst", "tcp-push", "tcp-ack", "tcp-urg", "tcp-ece", "tcp-cwr"],
    "icmp": ["icmp-echo", "icmp-echoreply", "icmp-unreach", "icmp-redirect"],
    "icmp6": ["icmp6-echo", "icmp6-echoreply", "icmp6-neighborsolicit", "icmp6-routersolicit"],
    "n": ["0", "1", "5", "64", "69", "0x11", "0x45", "255", "1500"],
    "pdu": ["l1", "l2", "iih", "lsp", "snp", "csnp", "psnp", "clnp", "esis", "isis", "iso proto 0x82", "isis proto 18"],
    "llc": ["", " i", " s", " u", " rr", " rnr", " rej", " ui", " ua", " disc", " dm", " sabme", " test", " xid",
            " frmr"],
    "frame": ["type mgt", "type ctl", "type data", "type 4", "subtype beacon", "type data subtype qos-data",
              "type data subtype null", "type ctl subtype rts", "type mgt subtype deauth", "type mgt subtype probereq",
              "type ctl subtype ack", "subtype qos", "type data subtype data-cf-ack", "type data subtype 0x80"],
    "ds": ["nods", "tods", "fromds", "dstods", "1", "0x2"],
    "wa": ["ra", "ta", "addr1", "addr2", "addr3", "addr4", "src", "dst", "host", "src host", "src or dst"],
}  # fmt: skip
_ANYWHERE = [
    "{dir}host {host4}", "{dir}host {host6}", "{dir}net {net4}", "{dir}net {net6}", "{pp}{dir}port {port}",
    "{pp}{dir}portrange {ports}", "{proto}", "{link}", "proto {protos}", "ip proto {protos}", "ip6 proto {protos}",
    "ether proto {ether}", "ip host {host4}", "arp host {host4}", "ip6 {dir}host {host6}", "arp net {net4}",
    "ip multicast", "ip6 multicast", "less {n}", "greater {n}", "len {rel} {n}", "ip[{n}] {rel} {n}",
    "ip[0] & 0xf {rel} 5", "ip[6:2] & 0x1fff {rel} 0", "tcp[tcpflags] & ({flag}|{flag}) {rel} 0", "udp[4:2] {rel} {n}",
    "tcp[tcpflags] = {flag}",
    "icmp[icmptype] = {icmp}", "icmp6[icmp6type] = {icmp6}", "link[{n}] {rel} {n}", "ether[0:4] {rel} {n}",
    "ip6[6] {rel} {n}", "tcp[0:2] {rel} {n}", "arp[6:2] = 1", "ip[2:2] - ((ip[0] & 0xf) << 2) {rel} {n}", "{pdu}",
    "ip[len - {n}] {rel} {n}", "(ip[8] * 3 + {n}) / 2 {rel} {n}", "decnet {dir}host 1.5", "decnet {dir}host 2.7",
    "sctp[0:2] {rel} {n}", "ip[8] % 7 {rel} 3",
]  # fmt: skip
_ETHER = ["ether {dir}host {mac}", "ether broadcast", "broadcast", "multicast", "ether multicast", "llc{llc}"]
_ONLY = {
    "ether": [*_ETHER, "vlan", "vlan 5", "mpls", "mpls 100", "pppoes", "pppoes 5", "pppoed"],
    "wlan": [*_ETHER, "wlan {wa} {mac}", "wlan {wa} {mac}", "{frame}", "{frame}", "dir {ds}",
             "wlan[0] {rel} {n}", "vlan", "pppoed"],
    "sll": ["pppoed", "inbound", "outbound"],
    "ppp": ["mpls", "ppp proto {ether}"],
    "hdlc": ["mpls", "mpls 100"],
}  # fmt: skip
_ISO = {"iso", "isis", *_VALUES["pdu"]}
_LLC = {"stp", "ipx", "netbeui", "atalk", "aarp", "0x42", "0x6", "0xe0", "0x809b", "\\stp", "\\atalk"}


def atom(r: random.Random, link: str) -> str:
    """Return one test of the language."""
    kind = LINK_TYPES[link].kind
    form = r.choice(_ONLY[kind] if kind in _ONLY and r.random() < 0.35 else _ANYWHERE)
    while "{" in form:
        name = form[form.index("{") + 1 : form.index("}")]
        form = form.replace(f"{{{name}}}", r.choice(_VALUES[name]), 1)
    if link == "IEEE802_11_RADIO" and r.random() < 0.05:
        form = "radio[2] = 8"
    return form


def expression(r: random.Random, link: str, depth: int = 0) -> str:
    """Return an expression of one to a few tests."""
    way = r.random()
    if way < 0.45 + 0.25 * depth:
        return atom(r, link)
    if way < 0.55 + 0.25 * depth:
        return f"not ({expression(r, link, depth + 1)})"
    left, right = expression(r, link, depth + 1), expression(r, link, depth + 1)
    joined = f"{left} {r.choice(['and', 'or', 'and not', 'or not', '&&', '||'])} {right}"
    return f"({joined})" if depth else joined


def is_own(link: str, text: str) -> bool:
    """Return whether ebee means something else by it: docs/classic.md says what and why."""
    words = set(text.replace("(", " ").replace(")", " ").split())
    kind = LINK_TYPES[link].kind
    if kind in ("sll", "hdlc") and words & ({*_ISO, *_LLC} if link == "LINUX_SLL2" else _ISO):
        return True
    if text.count("pppoe") > 1:
        return True  # there are no sessions in sessions
    # libpcap keeps the header's length in a cell that it uses for arithmetic, too.
    return kind == "wlan" and ("[" in text or "len" in words) and bool(words & {"and", "or", "&&", "||"})


def tcpdump(link: str, text: str) -> list[ClassicInsn] | None:
    """Return the program that tcpdump makes, unoptimised, or nothing for what it refuses."""
    command = ["tcpdump", "-O", "-ddd", "-y", link, "--", text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "rejects all packets" in done.stderr:
        return assemble("ret #0")
    return assemble(done.stdout) if done.returncode == 0 else None


def mine(link: str, text: str) -> list[ClassicInsn] | None:
    """Return the program that ebee makes, or nothing for what it refuses."""
    try:
        return compile_filter(text, link)
    except (CompileError, UsageError):
        return None


def differences(link: str, text: str, packets: list[classic_run.Packet], wanted: list[ClassicInsn] | None) -> str:
    """Return how the two differ, or nothing. A packet that is too short for one of them says nothing of both."""
    made = mine(link, text)
    if made is None or wanted is None:
        return "" if made is wanted else f"refused by {'ebee' if made is None else 'tcpdump'} alone"
    for packet in packets:
        found, theirs = classic_run.run(made, packet), classic_run.run(wanted, packet)
        if found != theirs and not classic_run.is_short(made, packet) and not classic_run.is_short(wanted, packet):
            return f"{bool(found)}, tcpdump {bool(theirs)}: {packet.data.hex()}"
    return ""


def compare(count: int, seed: str) -> int:
    """Compare so many expressions, and print those that differ."""
    r, bad, pairs = random.Random(seed), 0, 0
    links = sorted(LINK_TYPES)
    packets = {link: [classic_run.Packet(data) for data in frames(link, PACKETS, seed)] for link in links}
    for i in range(count):
        link = links[i % len(links)]
        text = expression(r, link)
        if is_own(link, text):
            continue
        found = differences(link, text, packets[link], tcpdump(link, text))
        pairs += PACKETS
        if found:
            bad += 1
            print(f"{link}\t{text}\t{found}")
    print(f"{count} expressions, {pairs} pairs with packets, {bad} expressions differ")
    return 1 if bad else 0


def sample() -> str:
    """Return the sample: link type, expression, tcpdump's program as numbers."""
    r = random.Random(_SEED)
    lines = ["# Link type, expression, and the program that tcpdump 4.99.3 with libpcap 1.10.3 makes of it (-ddd -O)."]
    lines.append("# Written by tools/gen/pcap_filters.py; `refused`: tcpdump does not take it.")
    for link in LINK_TYPES:
        seen: set[str] = set()
        while len(seen) < _PER_LINK:
            text = expression(r, link)
            if text in seen or is_own(link, text):
                continue
            program = tcpdump(link, text)
            numbers = "refused" if program is None else ",".join(disassemble(program, "numbers"))
            if len(numbers) < 3000:
                seen.add(text)
                lines.append(f"{link}\t{text}\t{numbers}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare with what is written there")
    parser.add_argument("--pairs", type=int, metavar="N", help="compare so many expressions, and write nothing")
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    if shutil.which("tcpdump") is None:
        print("tcpdump is not installed: skipped")
        return 0
    if options.pairs:
        return compare(options.pairs, options.seed)
    text = sample()
    if options.check:
        return 0 if text == SAMPLE.read_text() else 1
    SAMPLE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
