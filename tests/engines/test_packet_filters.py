"""pkt.matches() in probes: what the classic program says of a packet, in the engine and in the kernel."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest
from both_backends import kernel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError
from ebee.isa import classic_run
from ebee.pcap.filter import compile_filter
from ebee.spec.backend import TestRun as Run

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "pcap"))
from frames import frames

TABLE = [line.split("\t") for line in (Path(__file__).parents[1] / "data/pcap/expressions.txt").read_text().splitlines() if line[0] != "#"]
BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]
# Decorator, argument, link type, the bytes of a frame that the packet begins behind.
HOOKS = {
    "xdp": ("xdp", "EN10MB", 0), "tc": ("tc('ingress')", "EN10MB", 0), "cgroup": ("cgroup_skb('egress')", "RAW", 14),
    "socket": ("socket_filter", "EN10MB", 0), "frags": ("xdp(frags=True)", "EN10MB", 0),
}  # fmt: skip
_serial = itertools.count()


def compile_probe(hook, texts, target, result="return 0", first=""):
    """A probe that gives the sum of 1, 2, 4 … for the filters that match; in rows of what the hook may return."""
    lines = [f"import ebee\nout = ebee.Array(ebee.u64, max_entries=1)\n@ebee.{HOOKS[hook][0]}\ndef probe(pkt):"]
    lines += [f"    {first}"] if first else []
    for at, text in enumerate(texts):
        lines.append(f"    if pkt.matches({text!r}):\n        out[0] += {1 << at}")
    file = f"<filters {next(_serial)}>"
    text = "\n".join([*lines, f"    {result}\n"])
    remember_source(file, text)
    names = {"__name__": file}
    sys.modules[file] = type(sys)(file)
    exec(compile(text, file, "exec"), names)
    return compile_probes([names["probe"]], target)[0]


class Live:
    """A probe with filters, loaded."""

    def __init__(self, backend, hook, texts, first=""):
        self.backend = EngineBackend() if backend == "engine" else kernel()
        spec = compile_probe(hook, texts, self.backend.target, first=first)
        self.maps = {name: self.backend.create_map(m, spec) for name, m in spec.maps.items()}
        self.program = self.backend.load_program(spec.programs["probe"], spec, self.maps)

    def run(self, frame):
        self.maps["out"].update(bytes(4), bytes(8))
        self.backend.test_run(self.program, Run(b"", frame))
        return int.from_bytes(self.maps["out"].lookup(bytes(4)), "little")

    def close(self):
        for live in (self.program, *self.maps.values()):
            live.close()


def check(backend, hook, texts, packets):
    live = Live(backend, hook, texts)
    _, link, skipped = HOOKS[hook]
    programs = [compile_filter(text, link) for text in texts]
    for frame in packets:
        packet = classic_run.Packet(frame[skipped:])
        wanted = [bool(classic_run.run(p, packet)) for p in programs]
        got = live.run(frame)
        assert [bool(got >> at & 1) for at in range(len(texts))] == wanted, (hook, texts, frame.hex())
    live.close()


def expressions(link, without=()):
    return [text for links, text in TABLE if (links == "*" or link in links.split()) and not text.startswith("port 1 ") and not any(w in text for w in without)]


def rows(items, size):
    return [items[at : at + size] for at in range(0, len(items), size)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("hook", HOOKS)
def test_filters_in_probes(backend, hook):
    link, skipped = HOOKS[hook][1:]
    without = ("[len - len]",)
    without += ("len", "less", "greater") if hook == "socket" else ()
    least = 14 if hook == "xdp" else 60  # a test run of the kernel wants whole headers
    packets = [frame for frame in frames(link, 60, seed=4) if len(frame) >= least]
    if skipped:
        packets = [bytes(12) + (b"\x86\xdd" if frame[0] >> 4 == 6 else b"\x08\0") + frame for frame in packets]
    every = expressions(link, without)
    start = list(HOOKS).index(hook)  # each hook has its share of the table
    for texts in rows(every[start::3], 4):
        check(backend, hook, texts, packets[:30])


@pytest.mark.parametrize("backend", BACKENDS)
def test_tags_beside_the_packet(backend):
    """A tag that the probe itself has put onto the packet; a second one is in it."""
    texts = ["vlan", "vlan 5", "vlan 6", "vlan 5 and udp port 53", "udp port 53", "vlan 5 and vlan 9", "not vlan", "vlan 5 and ip6"]
    ip = bytes.fromhex("4500002000000000401100000a0000010a00000204d20035000c0000") + b"data" + bytes(20)
    plain, tagged = (bytes(12) + tags + b"\x08\0" + ip for tags in (b"", b"\x81\0\0\x09"))
    wanted = {  # by the tags that are pushed: of the plain frame, and of the tagged one
        "": ((4, 6), (0,)), "pkt.vlan_push(0x8100, 0x2005)": ((0, 1, 3, 4), (0, 1, 5)),
    }  # fmt: skip
    for first, answers in wanted.items():
        live = Live(backend, "tc", texts, first)
        for frame, bits in zip((plain, tagged), answers):
            got = live.run(frame)
            assert [n for n in range(len(texts)) if got >> n & 1] == list(bits), (first, frame.hex())
        live.close()


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_lies_in_other_pieces_is_seen(backend):
    text = "ether[5000] = 7 and ether[4998:4] = 0x10007ff and len > 5000"
    frame = bytearray(bytes(12) + b"\x08\0" + bytes(5986))
    frame[4998:5002] = bytes((1, 0, 7, 255))
    check(backend, "frags", [text], [bytes(frame), bytes(frame[:5001]), bytes(6000)])


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_any_arithmetic(backend, data):
    operand = st.sampled_from(["ip[8]", "ip[0:4]", "ip[12:4]", "tcp[0:2]", "len", "0xffffffff", "7", "udp[4:2]"])
    pieces = [data.draw(operand)]
    for _ in range(data.draw(st.integers(1, 3))):
        op = data.draw(st.sampled_from(["+", "-", "*", "&", "|", "^", "<< 3", ">> 5", "/ 7", "% 13"]))
        pieces = ["(", *pieces, op, *([] if op[-1].isdigit() else [data.draw(operand)]), ")"]
    text = f"{' '.join(pieces)} {data.draw(st.sampled_from(['=', '>', '<=', '!=']))} {data.draw(st.sampled_from(['5', '0x80000000', 'ip[9]', '1000']))}"
    check(backend, data.draw(st.sampled_from(["xdp", "tc"])), [text], [f for f in frames("EN10MB", 12, seed=5) if len(f) >= 14])


@pytest.mark.needs_kernel
@pytest.mark.parametrize("decorator", ["netfilter('input')", "lwt('in')", "lwt('xmit')", "netkit()", "tc('egress')", "cgroup_skb('ingress')"])
def test_the_kernel_takes_them_on_every_hook_with_headers(decorator):
    HOOKS["this"] = (decorator, "", 0)
    result = "return ebee.NF_ACCEPT" if "netfilter" in decorator else "return 0"
    spec = compile_probe("this", ["tcp port 80 or host 10.0.0.1", "ip[(ip[0] & 0xf) << 2] = 3 and greater 100"], kernel().target, result)
    live = {name: kernel().create_map(m, spec) for name, m in spec.maps.items()}
    program = kernel().load_program(spec.programs["probe"], spec, live)
    for item in (program, *live.values()):
        item.close()
    del HOOKS["this"]


def test_no_place_computed_is_too_far():
    for text in ("ip[ip[2:2]] = 1", "tcp[len] = 1", "ether[20000] = 1"):
        with pytest.raises(CompileError, match="beyond the packet's first"):
            compile_probe("xdp", [text], EngineBackend().target)
    compile_probe("xdp", ["ip[ip[2:2] & 0xfff] = 1"], EngineBackend().target)


@pytest.mark.parametrize("hook, text, wanted", [("xdp", "port htp", "at character 6"), ("socket", "len > 5", "how long the frame is"), ("cgroup", "arp[0] = 1 or ether[0] = 1 or mpls", "no MPLS labels"), ("xdp", "or ".join(f"port {n} " for n in range(2200)), "4096")])
def test_refusals(hook, text, wanted):
    with pytest.raises(CompileError, match=wanted):
        compile_probe(hook, [text], EngineBackend().target)
