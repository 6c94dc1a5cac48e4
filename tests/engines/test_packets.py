"""The same packet probe on CPython, in the engine and in the kernel: one meaning, and accepted the first time."""

from __future__ import annotations

import itertools
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packet_model import Pkt

import ebee
from ebee import packets
from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import FaultError
from ebee.spec.backend import TestRun as Run
from ebee.types.packets import HEADERS
from fd_leaks import closed_after

_serial = itertools.count()
BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]
SLOTS = 16


def make_backend(name):
    if name == "engine":
        return EngineBackend()
    from ebee.kernel.backend import KernelBackend

    return closed_after(KernelBackend())


class Program:
    """A probe's source, compiled and loaded, and the same source as a Python function."""

    def __init__(self, backend, body):
        file = f"<packets {next(_serial)}>"
        self.text = (
            f"import ebee\nfrom ebee import u64\nout = ebee.Array(u64, max_entries={SLOTS})\n"
            "def is_for(pkt, port):\n    return pkt.tcp and pkt.tcp.dport == port\n"
            f"@ebee.xdp\ndef probe(pkt):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n"
        )
        remember_source(file, self.text)
        names = {"__name__": file}
        sys.modules[file] = type(sys)(file)
        exec(compile(self.text, file, "exec"), names)
        plain = {"ebee": ebee, "out": [0] * SLOTS}
        exec(compile(self.text.replace("@ebee.xdp\n", "").partition(f"max_entries={SLOTS})\n")[2], file, "exec"), plain)
        self.plain, self.python = plain, plain["probe"]
        spec, _ = compile_probes([names["probe"]], backend.target)
        self.spec = spec.programs["probe"]
        self.backend = backend
        self.maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        self.program = backend.load_program(self.spec, spec, self.maps)

    def close(self):
        for live in (self.program, *self.maps.values()):
            live.close()

    def check(self, frame):
        """Run on all: the results and what was written must be equal. The kernel takes 14 bytes or more."""
        if self.backend.name == "kernel" and len(frame) < 14:
            return None
        self.plain["out"][:] = [0] * SLOTS
        want = self.python(Pkt(frame))
        out = self.maps.get("out")
        if out is not None:
            for i in range(SLOTS):
                out.update(i.to_bytes(4, "little"), bytes(8))
        result = self.backend.test_run(self.program, Run(data=frame))
        assert result.retval == want, (frame.hex(), self.text)
        assert result.data == frame
        if out is not None:
            got = [int.from_bytes(out.lookup(i.to_bytes(4, "little")), "little") for i in range(SLOTS)]
            assert got == self.plain["out"], (frame.hex(), self.text)
        return want


@pytest.fixture(params=BACKENDS)
def backend(request):
    made = make_backend(request.param)
    yield made
    made.close()


V6 = {"src": "2001:db8::1", "dst": "2001:db8::2"}
SAMPLES = {
    "telnet": packets.tcp(dport=23),
    "telnet over IPv6": packets.tcp(b"x", dport=23, **V6),
    "tagged": packets.tcp(b"hello", dport=23, flags="PA", seq=1 << 31, ack_seq=7, vlan=3 << 13 | 1 << 12 | 100),
    "options": packets.tcp(dport=23, options=b"\2\4\5\xb4"),
    "IPv4 options": packets.ip(packets.tcp(dport=23)[34:], proto=6, options=b"\7\7\4" + bytes(20)),
    "most options": packets.ip(packets.udp(b"abc")[34:], proto=17, options=b"\1" * 40, vlan=5),
    "later fragment": packets.ip(packets.tcp(dport=23)[34:], proto=6, frag_off=5),
    "first fragment": packets.ip(packets.tcp(dport=23)[34:], proto=6, mf=True),
    "udp": packets.udp(b"query", sport=5353, dport=53),
    "udp over IPv6": packets.udp(b"query", dport=53, traffic_class=255, flow_label=0xABCDE, vlan=7, **V6),
    "ping": packets.icmp(b"abcdefgh", id=77, seq=3),
    "ping over IPv6": packets.icmp6(b"abcdefgh", id=77, seq=3),
    "icmp over IPv6": packets.ip6(packets.icmp()[34:], next_header=1),
    "icmp6 over IPv4": packets.ip(packets.icmp6()[54:], proto=58),
    "arp": packets.ethernet(bytes(28), proto=0x0806),
    "two tags": packets.ethernet(b"\0\5\x08\0" + packets.tcp(dport=23)[14:], proto=0x8100, vlan=9),
    "service tag": packets.ethernet(b"\0\5\x08\0" + packets.tcp(dport=23)[14:], proto=0x88A8),
    "wrong version": packets.ethernet(b"\x65" + packets.tcp(dport=23)[15:]),
    "wrong version 6": packets.ethernet(b"\x45" + packets.tcp(dport=23, **V6)[15:], proto=0x86DD),
    "short ihl": packets.ethernet(b"\x44" + packets.tcp(dport=23)[15:]),
    "long ihl": packets.ethernet(b"\x4f" + packets.tcp(dport=23)[15:]),
    "short doff": packets.ip(packets.tcp(dport=23)[34:46] + b"\x40" + packets.tcp(dport=23)[47:], proto=6),
    "long doff": packets.ip(packets.tcp(dport=23)[34:46] + b"\xf0" + packets.tcp(dport=23)[47:], proto=6),
}

DROP_TELNET = """
if pkt.tcp and pkt.tcp.dport == 23:
    return ebee.XDP_DROP
return ebee.XDP_PASS
"""

# Each is loaded as it is: the kernel's verifier must accept it.
BODIES = {
    "drop telnet": DROP_TELNET,
    "guard": """
        if not pkt.tcp:
            return ebee.XDP_PASS
        if pkt.tcp.syn and not pkt.tcp.ack:
            return ebee.XDP_DROP
        return ebee.XDP_PASS
        """,
    "presence": """
        r = 0
        if pkt.eth:
            r = r | 1
        if pkt.vlan:
            r = r | 2
        if pkt.ip:
            r = r | 4
        if pkt.ip6:
            r = r | 8
        if pkt.tcp:
            r = r | 16
        if pkt.udp:
            r = r | 32
        if pkt.icmp:
            r = r | 64
        if pkt.icmp6:
            r = r | 128
        return r
        """,
    "presence from above": """
        r = 0
        if pkt.icmp6:
            r = r | 128
        if pkt.icmp:
            r = r | 64
        if pkt.udp:
            r = r | 32
        if pkt.tcp:
            r = r | 16
        if pkt.ip6:
            r = r | 8
        if pkt.ip:
            r = r | 4
        if pkt.vlan:
            r = r | 2
        if pkt.eth:
            r = r | 1
        return r
        """,
    "nested": """
        if pkt.eth:
            if pkt.vlan and pkt.vlan.id == 100:
                return 3
            if pkt.ip:
                if pkt.ip.ttl < 64 or pkt.ip.ihl > 5:
                    return 4
                if pkt.tcp:
                    out[0] = pkt.ip.src ^ pkt.ip.dst
                    out[1] = pkt.tcp.seq
                    return 1
                elif pkt.udp:
                    out[2] = pkt.udp.len
                    return 0
            elif pkt.ip6:
                if pkt.tcp or pkt.udp:
                    out[3] = pkt.ip6.src_lo
                    return 1
        return 2
        """,
    "names": """
        tcp = pkt.tcp
        ip = pkt.ip
        if tcp and ip and tcp.dport != ip.id:
            return 1
        return 2
        """,
    "either": """
        if pkt.tcp or pkt.udp:
            if pkt.tcp:
                port = pkt.tcp.dport
            elif pkt.udp:
                port = pkt.udp.dport
            else:
                return 0
            out[0] = port
            return 1
        return 2
        """,
    "length": """
        if len(pkt) > 60:
            return 1
        out[0] = len(pkt)
        return 2
        """,
    "tested at the end of every way": """
        if len(pkt) % 2:
            if not pkt.ip:
                return 2
            out[0] = 1
        else:
            if not pkt.ip:
                return 3
            out[0] = 2
        out[1] = pkt.ip.dst
        return 1
        """,
    "half of an and": """
        if not (pkt.ip and pkt.udp):
            return 2
        out[0] = pkt.ip.proto
        out[1] = pkt.udp.sport
        return 1
        """,
    "none of an or": """
        if not pkt.ip or not pkt.icmp or pkt.icmp.type != 8:
            return 2
        out[0] = pkt.icmp.id
        out[1] = pkt.ip.len
        return 1
        """,
    "under pressure": """
        if not pkt.ip or not pkt.tcp:
            return 2
        a = pkt.ip.src
        b = pkt.ip.dst
        c = pkt.tcp.sport
        d = pkt.tcp.dport
        e = pkt.tcp.seq
        f = pkt.tcp.window
        out[0] += a + b
        out[1] += c * d
        out[2] += e ^ f
        out[3] += a ^ c ^ e ^ pkt.tcp.ack_seq
        out[4] += b ^ d ^ f ^ pkt.ip.id
        return 1
        """,
}
# The rest of the language around packets: what was found stays found through it.
BODIES |= {
    "a loop": """
        if not pkt.tcp:
            return 2
        n = 0
        for i in range(5):
            n += pkt.tcp.dport
            if pkt.ip:
                n += pkt.ip.ttl
        out[0] = n
        return 1
        """,
    "found inside a loop": """
        n = 0
        i = 0
        while i < 10:
            i += 1
            if pkt.udp:
                n += pkt.udp.dport
                continue
            if not pkt.tcp:
                break
            n += pkt.tcp.sport
        out[0] = n
        return 1
        """,
    "values": """
        out[0] = pkt.tcp.dport if pkt.tcp else 7
        out[1] = bool(pkt.tcp)
        out[2] = not pkt.udp
        x = pkt.ip and pkt.tcp and pkt.tcp.dport == 23
        y = x or pkt.vlan and pkt.vlan.id > 7
        out[3] = 1 if x else 0
        out[4] = 1 if y else 0
        return 2
        """,
    "in": """
        if pkt.tcp and pkt.tcp.dport in (22, 23, 80):
            return 1
        return 2
        """,
    "match": """
        if pkt.ip:
            match pkt.ip.proto:
                case 6:
                    return 1
                case 17 if pkt.udp and pkt.udp.dport == 53:
                    return 3
        return 2
        """,
    "assignment expression": """
        if tcp := pkt.tcp:
            out[0] = tcp.dport
            return 1
        return 2
        """,
    "functions": """
        if is_for(pkt, 23):
            return 1
        if is_for(pkt, 80) or pkt.udp:
            return 3
        return 2
        """,
}
for header in HEADERS.values():
    lines = [f"    out[{n}] = pkt.{header.name}.{field}" for n, field in enumerate(list(header.fields)[:SLOTS])]
    BODIES[f"fields of {header.name}"] = "\n".join(
        [f"if pkt.{header.name}:", *lines, "    return 1", "return 2"]
    )
    assert len(header.fields) <= SLOTS + 1
BODIES["the last field of tcp"] = "if pkt.tcp:\n    out[0] = pkt.tcp.urg_ptr\n    return 1\nreturn 2"


@pytest.mark.parametrize("name", BODIES)
def test_python_engine_and_kernel_agree(backend, name):
    program = Program(backend, BODIES[name])
    for frame in SAMPLES.values():
        program.check(frame)


def test_the_samples_are_what_they_say():
    """Each header is found in some samples and not in others, also on the ways that are refused."""
    models = {name: Pkt(frame) for name, frame in SAMPLES.items()}
    found = {name: {h for h in HEADERS if getattr(m, h)} for name, m in models.items()}
    assert found["telnet"] == {"eth", "ip", "tcp"}
    assert found["tagged"] == {"eth", "vlan", "ip", "tcp"}
    assert found["IPv4 options"] == {"eth", "ip", "tcp"} and models["IPv4 options"].ip.ihl == 11
    assert found["later fragment"] == {"eth", "ip"} and found["first fragment"] == {"eth", "ip", "tcp"}
    assert found["two tags"] == {"eth", "vlan"} and found["service tag"] == {"eth", "vlan", "ip", "tcp"}
    assert found["icmp over IPv6"] == {"eth", "ip6"} and found["icmp6 over IPv4"] == {"eth", "ip"}
    for name in ("wrong version", "wrong version 6", "short ihl", "arp"):
        assert found[name] == {"eth"}, name
    for name in ("short doff", "long doff"):
        assert found[name] == {"eth", "ip"}, name


@pytest.mark.parametrize("body", ["presence", "under pressure", "fields of tcp", "fields of icmp6"])
def test_cut_short_at_every_length(backend, body):
    program = Program(backend, BODIES[body])
    for name in ("tagged", "IPv4 options", "udp over IPv6", "ping", "ping over IPv6", "telnet over IPv6"):
        for size in range(len(SAMPLES[name]) + 1):
            program.check(SAMPLES[name][:size])


@st.composite
def frames(draw):
    """Frames that are nearly right: a sample with a few bytes changed where it matters, and cut."""
    frame = bytearray(draw(st.sampled_from(sorted(SAMPLES.values()))))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.sampled_from([12, 13, 14, 16, 17, 18, 20, 21, 23, 24, 25, 27, 34, 46, 50, 54, 66]))
        if at < len(frame):
            frame[at] = draw(st.sampled_from([0, 1, 6, 8, 17, 58, 0x1F, 0x20, 0x45, 0x46, 0x4F, 0x60, 0x86]) | st.integers(0, 255))
    return bytes(frame[: draw(st.just(len(frame)) | st.integers(0, len(frame)))])


_programs = {}


def program_of(backend, body):
    """Programs that are loaded once for all examples of a test."""
    if (backend, body) not in _programs:
        _programs[backend, body] = Program(make_backend(backend), BODIES[body])
    return _programs[backend, body]


@pytest.fixture(autouse=True, scope="module")
def _unload():
    yield
    while _programs:
        _programs.popitem()[1].backend.close()


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=150)
@given(frame=frames() | st.binary(max_size=80))
def test_random_frames(name, frame):
    for body in ("presence", "presence from above", "nested", "fields of ip", "fields of tcp", "fields of udp"):
        program_of(name, body).check(frame)


CONDITIONS = [
    "pkt.tcp", "pkt.udp", "pkt.ip", "pkt.ip6", "pkt.vlan", "pkt.icmp", "pkt.eth", "len(pkt) > 64",
    "(pkt.tcp and pkt.tcp.dport == 23)", "(pkt.udp and pkt.udp.dport > 1000)", "(pkt.ip and pkt.ip.ttl == 64)",
    "(pkt.ip and 5 < pkt.ip.ihl)", "(pkt.vlan and pkt.vlan.pcp)", "(pkt.tcp and not pkt.tcp.syn)",
    "(pkt.eth and pkt.eth.proto != 0x0800)", "(pkt.ip6 and pkt.ip6.hop_limit < pkt.ip6.payload_len)",
    "(pkt.eth and pkt.eth.src + 1 == pkt.eth.dst)",
]  # fmt: skip


def conditions():
    pairs = lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)  # noqa: E731
    return st.recursive(st.sampled_from(CONDITIONS), lambda c: pairs(c) | c.map("(not {})".format), max_leaves=5)


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=25)
@given(tests=st.lists(conditions(), min_size=3, max_size=3), data=st.data())
def test_random_programs(name, tests, data):
    backend = make_backend(name)
    try:
        a, b, c = tests
        program = Program(
            backend,
            f"if {a}:\n    if {b}:\n        return 1\n    out[0] = 5\nelif {c}:\n    return 3\nif {b}:\n    return 4\nreturn 2",
        )
        for frame in [*SAMPLES.values(), *data.draw(st.lists(frames(), min_size=5, max_size=5))]:
            program.check(frame)
    finally:
        backend.close()


def test_a_load_past_the_packet_faults_in_the_engine():
    """The engine has bounds of its own: a program that does not check is stopped."""
    from ebee.abi import bpf
    from ebee.isa.asm import assemble
    from ebee.spec.object import ObjectSpec, ProgramSpec

    backend = EngineBackend()
    code = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr0 = *(u8 *)(r2 {off})\nr3 -= r2\nr0 += r3\nexit"

    def run(off, size):
        insns = assemble(code.format(off=f"{'-' if off < 0 else '+'} {abs(off)}"))
        spec = ProgramSpec("p", "xdp", bpf.BPF_PROG_TYPE_XDP, insns=insns)
        return backend.test_run(backend.load_program(spec, ObjectSpec("o", {"p": spec}), {}), Run(data=bytes(size))).retval

    assert run(19, 20) == 20
    for off, size in ((20, 20), (-1, 20), (0, 0)):
        with pytest.raises(FaultError, match="the packet"):
            run(off, size)


def test_what_the_context_holds_besides():
    """Its other fields are plain numbers, and given ones stand."""
    from ebee.abi import bpf
    from ebee.isa.asm import assemble
    from ebee.spec.object import ObjectSpec, ProgramSpec

    backend = EngineBackend()
    insns = assemble("r0 = *(u32 *)(r1 + 12)\nr1 = *(u32 *)(r1 + 16)\nr0 <<= 8\nr0 += r1\nexit")
    spec = ProgramSpec("p", "xdp", bpf.BPF_PROG_TYPE_XDP, insns=insns)
    program = backend.load_program(spec, ObjectSpec("o", {"p": spec}), {})
    assert backend.test_run(program, Run(data=bytes(20))).retval == 1 << 8  # the loopback interface, as in the kernel
    ctx = bytes(4) + (20).to_bytes(4, "little") + bytes(4) + (7).to_bytes(4, "little") + (3).to_bytes(4, "little") + bytes(4)
    assert backend.test_run(program, Run(data=bytes(20), ctx=ctx)).retval == 7 << 8 | 3
    assert not backend.machine.pointers
