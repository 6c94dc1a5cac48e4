"""Filter expressions: verdicts are tcpdump's, and what the trees mean is what the programs answer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from frames import frames

from ebee.isa import classic as c
from ebee.isa import classic_run
from ebee.isa.classic_text import assemble, disassemble
from ebee.pcap.filter import compile_filter
from ebee.pcap.link import LINK_TYPES

EXPRESSIONS = Path(__file__).parents[2] / "data" / "pcap" / "expressions.txt"


def table():
    for line in EXPRESSIONS.read_text().splitlines():
        if not line.startswith("#"):
            links, text = line.split("\t")
            for link in LINK_TYPES if links == "*" else links.split():
                yield link, text


def tcpdump(link, text):
    """What tcpdump compiles. It refuses what holds of no packet."""
    done = subprocess.run(["tcpdump", "-ddd", "-y", link, "--", text], capture_output=True, text=True)
    if "rejects all packets" in done.stderr:
        return assemble("ret #0")
    assert done.returncode == 0, (link, text, done.stderr)
    return assemble(done.stdout)


@pytest.mark.needs_tool("tcpdump")
@pytest.mark.parametrize("link", LINK_TYPES)
def test_verdicts_are_tcpdumps(link):
    packets = [classic_run.Packet(data) for data in frames(link, 250)]
    seen = 0
    for text in (text for name, text in table() if name == link):
        mine, wanted = compile_filter(text, link), tcpdump(link, text)
        for packet in packets:
            got, want = classic_run.run(mine, packet), classic_run.run(wanted, packet)
            # Which bytes are asked for first is each compiler's own: packets may be too short for one alone.
            if got != want and not classic_run.is_short(wanted, packet) and not classic_run.is_short(mine, packet):
                pytest.fail(f"{link}: {text}: {got}, tcpdump {want}, for {packet.data.hex()}\n" + "\n".join(disassemble(mine)))
            seen += bool(got)
    assert seen > 1000


@pytest.mark.needs_tool("tcpdump")
def test_programs_are_no_longer_than_tcpdumps():
    mine = wanted = 0
    for link, text in table():
        mine, wanted = mine + len(compile_filter(text, link)), wanted + len(tcpdump(link, text))
    assert mine <= wanted


@pytest.mark.needs_tool("tcpdump")
def test_listings_are_tcpdumps():
    for text in ("tcp port 80", "len > 100 and ip[ip[0]&0xf*2]/3 - 5 = len % 7", "ip[3]|-1 = 3", "ip6 net fe80::/10"):
        for option, style in (("-d", "tcpdump"), ("-dd", "c"), ("-ddd", "numbers")):
            done = subprocess.run(["tcpdump", option, "-y", "EN10MB", text], capture_output=True, text=True, check=True)
            wanted = [line.rstrip() for line in done.stdout.splitlines()]
            insns = tcpdump("EN10MB", text)
            assert disassemble(insns, style) == wanted


def test_every_program_is_a_valid_one():
    for link, text in table():
        c.check(compile_filter(text, link))
