"""Filter expressions: verdicts are tcpdump's, and what the trees mean is what the programs answer."""

from __future__ import annotations

import functools
import runpy
import subprocess
from pathlib import Path

import pytest
from frames import frames
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ebee
from ebee.errors import CompileError, UsageError
from ebee.isa import classic as c
from ebee.isa import classic_run
from ebee.isa.classic_text import assemble, disassemble
from ebee.pcap.filter import compile_filter, parse_filter
from ebee.pcap.link_types import LINK_TYPES

TOOL = runpy.run_path(str(Path(__file__).parents[3] / "tools/gen/pcap_filters.py"))
is_own = TOOL["is_own"]
EXPRESSIONS = Path(__file__).parents[2] / "data" / "pcap" / "expressions.txt"


def table():
    for line in EXPRESSIONS.read_text().splitlines():
        if not line.startswith("#"):
            links, text = line.split("\t")
            for link in LINK_TYPES if links == "*" else links.split():
                yield link, text


@functools.cache
def tcpdump(link, text, *options):
    """What tcpdump compiles. It refuses what holds of no packet."""
    done = subprocess.run(["tcpdump", *options, "-ddd", "-y", link, "--", text], capture_output=True, text=True)
    if "rejects all packets" in done.stderr:
        return assemble("ret #0")
    assert done.returncode == 0, (link, text, done.stderr)
    return assemble(done.stdout)


@pytest.mark.needs_tool("tcpdump")
@pytest.mark.parametrize("link", LINK_TYPES)
def test_verdicts_are_tcpdumps(link):
    packets = [classic_run.Packet(data) for data in frames(link, 150)]
    seen = 0
    texts = [text for name, text in table() if name == link and not is_own(link, text)]
    for text in texts if link == "EN10MB" else texts[list(LINK_TYPES).index(link) % 3 :: 3]:
        mine, wanted = compile_filter(text, link), tcpdump(link, text)
        for packet in packets:
            got, want = classic_run.run(mine, packet), classic_run.run(wanted, packet)
            # Which bytes are asked for first is each compiler's own: packets may be too short for one alone.
            if got != want and not classic_run.is_short(wanted, packet) and not classic_run.is_short(mine, packet):
                pytest.fail(f"{link}: {text}: {got}, tcpdump {want}, for {packet.data.hex()}\n" + "\n".join(disassemble(mine)))
            seen += bool(got)
    assert seen > 500


@pytest.mark.needs_tool("tcpdump")
def test_programs_are_about_as_long_as_tcpdumps():
    mine = wanted = 0
    for link, text in table():
        if link == "EN10MB":
            mine, wanted = mine + len(compile_filter(text, link)), wanted + len(tcpdump(link, text))
    assert mine <= 1.05 * wanted


@pytest.mark.needs_tool("tcpdump")
def test_listings_are_tcpdumps():
    for text in ("tcp port 80", "len > 100 and ip[ip[0]&0xf*2]/3 - 5 = len % 7", "ip[3]|-1 = 3", "ip6 net fe80::/10"):
        for option, style in (("-d", "tcpdump"), ("-dd", "c"), ("-ddd", "numbers")):
            done = subprocess.run(["tcpdump", option, "-y", "EN10MB", text], capture_output=True, text=True, check=True)
            wanted = [line.rstrip() for line in done.stdout.splitlines()]
            insns = tcpdump("EN10MB", text)
            assert disassemble(insns, style) == wanted


SAMPLE = [line.split("\t") for line in (EXPRESSIONS.parent / "sample.txt").read_text().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("link", LINK_TYPES)
def test_sample_of_tcpdumps_programs(link):
    """Made expressions, whole and spoiled packets: what tcpdump's recorded programs answer, without tcpdump."""
    packets = [classic_run.Packet(data) for data in frames(link, 100, seed=5)]
    texts = [(text, numbers) for name, text, numbers in SAMPLE if name == link]
    matched = asked = 0
    for text, numbers in texts:
        if numbers == "refused":
            with pytest.raises(CompileError):
                compile_filter(text, link)
            continue
        mine, wanted = compile_filter(text, link), assemble(numbers.replace(",", "\n"))
        for packet in packets:
            if not classic_run.is_short(mine, packet) and not classic_run.is_short(wanted, packet):
                asked += 1
                matched += bool(classic_run.run(wanted, packet))
                assert classic_run.run(mine, packet) == classic_run.run(wanted, packet), (text, packet.data.hex())
    assert len(texts) >= 20 and asked > 1200 and 50 < matched < asked - 50


def test_gateways_have_names():
    names = {"gw": ["02:aa:bb:cc:dd:ee", "192.0.2.1"]}
    assert compile_filter("gateway gw", names=names) == compile_filter("ether host 02:aa:bb:cc:dd:ee and not host 192.0.2.1")
    assert compile_filter("ether src gw", names=names) == compile_filter("ether src 02:aa:bb:cc:dd:ee")
    assert compile_filter("host gw", names=names) == compile_filter("host 192.0.2.1")
    with pytest.raises(CompileError, match="an Ethernet address and an IPv4 address"):
        compile_filter("gateway gw", names={"gw": "192.0.2.1"})


def test_what_the_kernel_knows_of_packets():
    def answers(text):
        insns = compile_filter(text, tags_beside=True)
        return [bool(classic_run.run(insns, classic_run.Packet(b"", ancillary={"type": way, "ifidx": 3}))) for way in (0, 4)]

    assert answers("outbound") == [False, True] and answers("inbound") == [True, False]
    assert answers("ifindex 3 and inbound") == [True, False] and answers("ifindex 4") == [False, False]


def test_every_program_is_a_valid_one():
    for link, text in table():
        c.check(compile_filter(text, link))


# What a tree means, without the compiler


class Short(Exception):
    pass


def number(n, packet):
    kind = n[0]
    if kind == "const":
        return n[1]
    if kind == "len":
        return packet.length
    if kind in ("load", "header"):
        size, off = (n[1], n[2]) if kind == "load" else (1, n[1])
        if kind == "load" and n[3] is not None:
            off = off + number(n[3], packet) & 0xFFFFFFFF
        if off + size > len(packet.data):
            raise Short
        value = int.from_bytes(packet.data[off : off + size], "big")
        return value if kind == "load" else 4 * (value & 15)
    a, b = number(n[1], packet), number(n[2], packet)
    if kind in (c.DIV, c.MOD) and b == 0:
        raise Short
    return classic_run.OPERATIONS[kind](a, b) & 0xFFFFFFFF


def holds(tree, packet):
    if isinstance(tree, bool):
        return tree
    if tree[0] == "not":
        return not holds(tree[1], packet)
    if tree[0] == "and":
        return holds(tree[1], packet) and holds(tree[2], packet)
    if tree[0] == "or":
        return holds(tree[1], packet) or holds(tree[2], packet)
    a, b = number(tree[2], packet), number(tree[3], packet)
    return {c.JEQ: a == b, c.JGT: a > b, c.JGE: a >= b, c.JSET: a & b != 0}[tree[1]]


def check_meaning(text, link, packets):
    tree, insns = parse_filter(text, link), compile_filter(text, link)
    for packet in packets:
        try:
            wanted = holds(tree, packet)
        except Short:
            continue  # of two tests that can be answered either way, the program may ask the other first
        assert bool(classic_run.run(insns, packet)) == wanted, (text, packet.data.hex())


@pytest.mark.parametrize("link", LINK_TYPES)
def test_programs_mean_what_the_trees_do(link):
    packets = [classic_run.Packet(data) for data in frames(link, 60, seed=2)]
    for name, text in table():
        if name == link:
            check_meaning(text, link, packets)


TESTS = [text for link, text in table() if link == "EN10MB" and "vlan" not in text and "mpls" not in text and "pppoe" not in text and not text.startswith("port 1 ")]
NUMBERS = st.deferred(lambda: st.one_of(
    st.sampled_from(["1", "0x10", "0xffff", "len", "ip[8]", "ip[0]", "ether[0:4]", "tcp[0:2]", "udp[4:2]", "ip[2:2]", "tcpflags", "icmp[0]"]),
    st.tuples(st.sampled_from(["({} + {})", "({} - {})", "({} & {})", "({} | {})", "({} * {})", "({} ^ {})", "ip[({} & 15) + ({} & 3)]"]), NUMBERS, NUMBERS).map(lambda t: t[0].format(*t[1:])),
    NUMBERS.map(lambda n: f"(-{n})"),
    st.tuples(NUMBERS, st.sampled_from(["/", "%", "<<", ">>"]), st.integers(1, 31)).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
))  # fmt: skip
EXPRESSIONS_MADE = st.deferred(lambda: st.one_of(
    st.sampled_from(TESTS).map(lambda t: f"({t})"),
    st.tuples(NUMBERS, st.sampled_from(["=", "!=", "<", ">=", ">", "<="]), NUMBERS).map(" ".join),
    st.tuples(EXPRESSIONS_MADE, st.sampled_from(["and", "or"]), EXPRESSIONS_MADE).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    EXPRESSIONS_MADE.map(lambda t: f"not ({t})"),
))  # fmt: skip
FRAMES = [classic_run.Packet(data) for data in frames("EN10MB", 40, seed=3)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EXPRESSIONS_MADE.filter(lambda text: sum(text.count(operator) for operator in "+-*/%&|^<>") <= 64))
def test_made_expressions_mean_what_their_trees_do(text):
    check_meaning(text, "EN10MB", FRAMES)


@pytest.mark.needs_tool("tcpdump")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(TESTS), min_size=2, max_size=4), st.lists(st.sampled_from([" and ", " or ", " and not "]), min_size=3, max_size=3))
def test_joined_expressions_are_tcpdumps(tests, words):
    text = "".join(f"({test}){word}" for test, word in zip(tests[:-1], words)) + f"({tests[-1]})"
    mine, wanted = compile_filter(text), tcpdump("EN10MB", text, "-O")  # its optimiser drops a test of `net 2001:db8::/33` twice
    for packet in FRAMES:
        if not classic_run.is_short(mine, packet) and not classic_run.is_short(wanted, packet):
            assert classic_run.run(mine, packet) == classic_run.run(wanted, packet), text


def test_every_operand_has_to_be_there():
    """tcpdump asks only for the left one, and reads TCP's bytes from other packets."""
    mine = compile_filter("ip[0] + tcp[0] > 0", "RAW")
    udp = bytes((0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17)) + bytes(18)
    assert classic_run.run(mine, classic_run.Packet(udp)) == 0


def test_long_and_large_expressions():
    many = " or ".join(f"port {n}" for n in range(1, 400))
    insns = compile_filter(many, "RAW")
    assert any(i.code == c.JMP | c.JA for i in insns)
    for port, wanted in ((399, True), (400, False), (1, True)):
        udp = bytes((0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17)) + bytes(10) + bytes(2) + port.to_bytes(2, "big") + bytes(4)
        assert bool(classic_run.run(insns, classic_run.Packet(udp))) == wanted
    with pytest.raises(UsageError, match="4096"):
        compile_filter(" or ".join(f"port {n}" for n in range(1, 3000)))
    with pytest.raises(UsageError, match="characters"):
        compile_filter("ip or " * 20_000 + "ip")
    with pytest.raises(UsageError, match="4096"):
        compile_filter(" or ".join(f"port {n}" for n in range(1, 7000)))
    deep = "(" * 63 + "ip[0] = 1" + ")" * 63  # and the brackets
    assert compile_filter(deep) == compile_filter("ip[0] = 1")
    with pytest.raises(CompileError, match="nested more than 64"):
        compile_filter(f"({deep})")
    for text in ("ip[0] + " * 5000 + "1 = 1", "-" * 5000 + "1 = 1", "ip[" * 5000 + "1", "host " + "(" * 5000, "port (" + "not " * 5000):
        with pytest.raises(CompileError, match="more than 64"):
            compile_filter(text)
    assert compile_filter("not " * 5000 + "ip") == compile_filter("ip")
    assert compile_filter("ip and " * 5000 + "ip") == compile_filter("ip")
    assert compile_filter("") == assemble("ret #262144")
    assert compile_filter("1 = 0", snaplen=5) == assemble("ret #0")
    assert compile_filter("not (1 = 0)", snaplen=5) == assemble("ret #5")


def test_names_are_given():
    names = {"web": ["192.0.2.1", "2001:db8::1"], "old": "192.0.2.7"}
    assert compile_filter("host web", names=names) == compile_filter("host 192.0.2.1 or host 2001:db8::1")
    assert compile_filter("ip6 host web", names=names) == compile_filter("ip6 host 2001:db8::1")
    assert compile_filter("src host old", names=names) == compile_filter("src host 192.0.2.7")


def test_null_headers_of_other_systems():
    insns = compile_filter("ip6", "NULL")
    for family in (10, 24, 28, 30):
        for order in ("little", "big"):
            assert classic_run.run(insns, classic_run.Packet(family.to_bytes(4, order)))
    assert not classic_run.run(insns, classic_run.Packet(b"\2\0\0\0"))


REFUSALS = [line.split("\t") for line in (EXPRESSIONS.parent / "refusals.txt").read_text().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("link, text, caret, message", REFUSALS)
def test_refusals(link, text, caret, message):
    with pytest.raises(CompileError) as refused:
        compile_filter(text, link)
    (diagnostic,) = refused.value.diagnostics
    span = diagnostic.span
    assert (span.text[span.col : span.end_col] or "END", diagnostic.message) == (caret, message)


def test_link_types_that_are_refused():
    for link in ("DOCSIS", 143, "USB_LINUX", -1):
        with pytest.raises(UsageError, match="do not know the link type"):
            compile_filter("ip", link)
    assert compile_filter("ip", "DLT_EN10MB") == compile_filter("ip", 1)


WORDS = "ip ip6 arp tcp udp port host net src dst and or not ( ) [ ] : / = != < & | + - 80 0x1 1.2.3.4 10.0.0.0/8 ::1 fe80::/10 0:1:2:3:4:5 vlan mpls less len proto \\tcp portrange 1-2 broadcast ether tcpflags foo % ^ << mask 255.0.0.0 icmp6 inbound gateway".split()  # noqa: SIM905


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), st.text(max_size=30)), st.sampled_from(sorted(LINK_TYPES)))
def test_any_text_is_compiled_or_refused(text, link):
    try:
        insns = compile_filter(text, link)
    except CompileError as e:
        (diagnostic,) = e.diagnostics
        assert diagnostic.span.line >= 1 and 0 <= diagnostic.span.col <= len(text) and diagnostic.render()
    else:
        c.check(insns)


PPPOE = ["pppoes", "pppoes 5", "pppoes 6", "pppoed", "pppoes and ip", "pppoes and ip6", "pppoes 5 and udp port 53", "udp port 53",
         "pppoes and ip[8] = 64", "not pppoes", "pppoes and host 10.0.0.1", "pppoes and atalk",
         "pppoes and link[1] = 0x21", "link[12] = 0x88 and pppoes and ether[0:2] = 0x57"]  # fmt: skip


@pytest.mark.parametrize("text", PPPOE)
def test_sessions_of_pppoe(text):
    ip = bytes.fromhex("4500002000000000401100000a0000010a00000204d20035000c0000") + b"data"
    ends = {
        "ip": b"\x08\0" + ip, "five": b"\x88\x64\x11\0\0\5\0\x22\0\x21" + ip, "six": b"\x88\x64\x11\0\0\6\0\x22\0\x57" + b"\x60" + bytes(39),
        "found": b"\x88\x63\x11\7\0\0\0\0", "atalk": b"\x88\x64\x11\0\0\5\0\x22\0\x29" + bytes(30),
    }  # fmt: skip
    program = ebee.pcap_filter(text)
    found = [name for name, end in ends.items() if program.matches(bytes(12) + end + bytes(20))]
    wanted = {
        "pppoes": ["five", "six", "atalk"], "pppoes 5": ["five", "atalk"], "pppoes 6": ["six"], "pppoed": ["found"], "pppoes and ip": ["five"],
        "pppoes and ip6": ["six"], "pppoes 5 and udp port 53": ["five"], "udp port 53": ["ip"], "pppoes and ip[8] = 64": ["five"],
        "not pppoes": ["ip", "found"], "pppoes and host 10.0.0.1": ["five"], "pppoes and atalk": ["atalk"],
        "pppoes and link[1] = 0x21": ["five"], "link[12] = 0x88 and pppoes and ether[0:2] = 0x57": ["six"],
    }  # fmt: skip
    assert found == wanted[text]


def test_devices_of_cooked_packets():
    program = ebee.pcap_filter("ifindex 7", link="LINUX_SLL2")
    assert program.matches(bytes(4) + b"\0\0\0\7" + bytes(20)) and not program.matches(bytes(28))
