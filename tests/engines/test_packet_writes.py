"""Packets that are changed: the same function on CPython (checksums computed anew), in the engine and in the kernel."""

from __future__ import annotations

import itertools
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packet_writes_model import LAYOUT, Pkt

import ebee
from ebee import packets
from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import NotSupported
from ebee.spec.backend import TestRun as Run
from fd_leaks import closed_after

_serial = itertools.count()
BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]
HOOKS = {"xdp": "@ebee.xdp", "tc": "@ebee.tc('ingress')"}
PLACES = [
    pytest.param((backend, hook), id=f"{backend}-{hook}", marks=pytest.mark.needs_kernel if backend == "kernel" else ())
    for backend in ("engine", "kernel")
    for hook in HOOKS
]
V6 = {"src": "2001:db8::1", "dst": "2001:db8::2"}
FRAMES = {
    "tcp": packets.tcp(b"hello", dport=80),
    "tcp options": packets.tcp(b"odd", options=b"\x02\x04\x05\xb4"),
    "udp": packets.udp(b"payload"),
    "udp without checksum": None,
    "icmp": packets.icmp(b"ping"),
    "vlan": packets.tcp(vlan=5),
    "ip options": packets.udp(b"x", options=b"\x94\x04\x00\x00"),
    "fragment": packets.ip(b"rest of it", proto=17, frag_off=8),
    "other": packets.ip(b"who knows"),
    "tcp6": packets.tcp(b"abc", **V6),
    "udp6": packets.udp(b"abcd", **V6),
    "icmp6": packets.icmp6(b"abcde"),
    "arp": packets.ethernet(bytes(46), proto=0x0806),
}
FRAMES["udp without checksum"] = FRAMES["udp"][:40] + bytes(2) + FRAMES["udp"][42:]


def make_backend(name):
    if name == "engine":
        return EngineBackend()
    from ebee.kernel.backend import KernelBackend

    return closed_after(KernelBackend())


class Program:
    """A probe's source, loaded, and the same source as a Python function. It returns 0 or 1."""

    def __init__(self, backend, hook, body, before=""):
        file = f"<writes {next(_serial)}>"
        body = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        plain = f"{textwrap.dedent(before)}\ndef probe(pkt):\n{body}\n"
        text = f"import ebee\nfrom ebee import u8, u16, u32, u64\n{plain.replace('def probe', HOOKS[hook] + chr(10) + 'def probe')}"
        remember_source(file, text)
        sys.modules[file] = type(sys)(file)
        names = vars(sys.modules[file])
        exec(compile(text, file, "exec"), names)
        spec, _ = compile_probes([names["probe"]], backend.target)
        self.text = plain
        self.backend = backend
        self.maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        try:
            self.program = backend.load_program(spec.programs["probe"], spec, self.maps)
        except NotSupported as e:
            pytest.skip(str(e))

    def run(self, frame):
        return self.backend.test_run(self.program, Run(data=frame))

    def check(self, frame):
        model = Pkt(frame)
        names = {"ebee": ebee, **{name: getattr(ebee, name) for name in ("u8", "u16", "u32", "u64")}}
        exec(self.text, names)
        want = names["probe"](model)
        got = self.run(frame)
        assert got.retval == want
        assert got.data.hex() == model.finish().hex()

    def losses(self):
        return sum(self.maps["ebee.lost"].lookup(bytes(4))) if "ebee.lost" in self.maps else 0


_programs = {}


def program_of(place, body):
    """Programs that are loaded once for all examples of a test."""
    key = (*place, body)
    if key not in _programs:
        _programs[key] = Program(make_backend(place[0]), place[1], body)
    return _programs[key]


@pytest.fixture(autouse=True, scope="module")
def _unload():
    yield
    while _programs:
        _programs.popitem()[1].backend.close()


BODIES = {
    "an index that is evaluated once": """
        n = 1
        if pkt.payload:
            if len(pkt.payload) > 4:
                n = pkt.payload[0] & 1
                pkt.payload[n] ^= (n := 2) + 5
                pkt.payload[n] = 9
        return n > 1
        """,
    "ttl": "if pkt.ip:\n    pkt.ip.ttl -= 1\n    return 1\nreturn 0",
    "mac swap": "if pkt.eth:\n    pkt.eth.src, pkt.eth.dst = pkt.eth.dst, pkt.eth.src\n    return 1\nreturn 0",
    "address swap": "if pkt.ip:\n    pkt.ip.src, pkt.ip.dst = pkt.ip.dst, pkt.ip.src\nreturn 1",
    "new source": "if pkt.ip:\n    pkt.ip.src = 0x0A000001\nreturn 1",
    "new source, known header": """
        if pkt.ip and pkt.udp:
            pkt.ip.src = 0xFFFFFFFF
            pkt.udp.sport = 5
            return 1
        return 0
        """,
    "both ends": """
        if not pkt.ip or not pkt.tcp:
            return 0
        pkt.ip.dst = 0xC0000205
        pkt.tcp.dport = 8080
        pkt.ip.src = 0xC0000206
        pkt.tcp.sport = pkt.tcp.sport ^ 0xFFFF
        pkt.tcp.seq = u32(pkt.tcp.seq + 1)
        return 1
        """,
    "sixth version": """
        if pkt.ip6:
            pkt.ip6.hop_limit -= 1
            pkt.ip6.src_lo = 7
            pkt.ip6.dst_hi = 0xFFFFFFFFFFFFFFFF
        return 1
        """,
    "sixth version, known header": """
        if pkt.ip6 and pkt.tcp:
            pkt.ip6.src_hi, pkt.ip6.dst_hi = pkt.ip6.dst_hi, u64(pkt.ip6.src_hi + 1)
            pkt.tcp.window = 5
        if pkt.ip6 and pkt.icmp6:
            pkt.icmp6.type = 129
        return 1
        """,
    "echo": """
        if pkt.icmp and pkt.icmp.type == 8:
            pkt.icmp.type = 0
            pkt.ip.src, pkt.ip.dst = pkt.ip.dst, pkt.ip.src
            pkt.eth.src, pkt.eth.dst = pkt.eth.dst, pkt.eth.src
            return 1
        return 0
        """,
    "bits": """
        if pkt.ip:
            pkt.ip.df = 1
            pkt.ip.mf = pkt.ip.ttl & 1
            pkt.ip.tos = 0xB8
            if pkt.tcp:
                pkt.tcp.flags |= 0x12
        if pkt.vlan:
            pkt.vlan.id += 1
            pkt.vlan.pcp = 5
        if pkt.ip6:
            pkt.ip6.flow_label = 0x12345
            pkt.ip6.traffic_class = 3
        return 1
        """,
    "payload": """
        if pkt.payload:
            pkt.payload[0] = 0x41
            if len(pkt.payload) > 4:
                pkt.payload[3] ^= 255
                n = pkt.payload[1] & 3
                pkt.payload[n] = n
            return 1
        return 0
        """,
    "in a loop": """
        if not pkt.udp:
            return 0
        for i in range(3):
            pkt.udp.dport += 1
            if pkt.ip:
                pkt.ip.src = pkt.ip.src ^ i
        return 1
        """,
    "after other ways": """
        n = 0
        if pkt.tcp:
            pkt.tcp.window = 1
            n = 1
        elif pkt.udp:
            pkt.udp.sport = 1
        if pkt.ip:
            pkt.ip.dst = 5
            if pkt.tcp:
                pkt.tcp.urg_ptr = n
        return n
        """,
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("place", PLACES)
def test_checksums_are_those_of_all_bytes(place, body):
    program = program_of(place, BODIES[body])
    for frame in FRAMES.values():
        program.check(frame)
    assert program.losses() == 0


# Fields that no other field and no header depends on: any of them may have any value.
FREE = [
    (header, field, bits)
    for header, fields in LAYOUT.items()
    for field, bits in fields
    if field not in ("_", "proto", "version", "ihl", "len", "frag_off", "checksum", "payload_len", "next_header", "doff")
]


@st.composite
def writes(draw):
    """Assignments to fields, with tests here and there, so that headers are known on some ways and not on others."""
    lines, depth = [], 0
    for _ in range(draw(st.integers(1, 6))):
        header, field, bits = draw(st.sampled_from(FREE))
        top = (1 << bits) - 1
        constant = draw(st.integers(0, top) | st.sampled_from([0, 1, top]))
        place = f"pkt.{header}.{field}"
        value = draw(st.sampled_from([f"{constant}", f"{place} ^ {constant}", f"({place} + {constant & 0xFFFF}) & {top}"]))
        lines += [f"{'    ' * depth}if pkt.{header}:", f"{'    ' * (depth + 1)}{place} = {value}"]
        if draw(st.booleans()):
            depth += 1
    return "\n".join([*lines, "return 1"])


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=25)
@given(body=writes(), frames=st.lists(st.sampled_from(sorted(FRAMES)), min_size=4, max_size=4))
def test_random_writes(place, body, frames):
    backend = make_backend(place[0])
    try:
        program = Program(backend, place[1], body)
        for name in frames:
            program.check(FRAMES[name])
    finally:
        backend.close()


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=100)
@given(source=st.integers(0, 0xFFFF_FFFF), port=st.integers(0, 0xFFFF), payload=st.binary(max_size=9))
def test_random_addresses(place, source, port, payload):
    """All values of what is covered: also those whose checksum is 0 or 0xffff."""
    body = """
        if pkt.ip and pkt.udp:
            pkt.udp.dport = pkt.udp.dport ^ pkt.udp.sport
            pkt.ip.src = pkt.ip.src ^ pkt.ip.dst
            return 1
        return 0
        """
    address = ".".join(str(source >> n & 255) for n in (24, 16, 8, 0))
    program_of(place, body).check(packets.udp(payload, src=address, sport=port))


def test_a_checksum_of_zero_is_written_as_ones():
    """UDP: 0 says that there is no checksum."""
    place = ("engine", "xdp")
    frame = packets.udp(b"")
    rest = (~(int.from_bytes(frame[40:42], "big")) & 0xFFFF) + int.from_bytes(frame[34:36], "big")
    sport = (0xFFFF - (rest - int.from_bytes(frame[34:36], "big")) + int.from_bytes(frame[34:36], "big")) % 0xFFFF
    program = program_of(place, f"if pkt.udp:\n    pkt.udp.sport = {sport}\nreturn 1")
    program.check(frame)
    assert program.run(frame).data[40:42] == b"\xff\xff"


def test_what_cannot_be_summed_is_left_alone():
    """A write to a checksum is that and no more; fields without checksums change none."""
    program = Program(make_backend("engine"), "xdp", """
        if pkt.ip and pkt.udp:
            pkt.ip.checksum = 0x1234
            pkt.udp.checksum = 0
            pkt.udp.sport = 7
            pkt.eth.dst = 1
            return 1
        return 0
        """)  # fmt: skip
    frame = FRAMES["udp"]
    after = program.run(frame).data
    assert after == (1).to_bytes(6, "big") + frame[6:24] + b"\x12\x34" + frame[26:34] + b"\0\7" + frame[36:40] + bytes(2) + frame[42:]
