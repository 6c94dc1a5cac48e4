"""Dynptrs in probes: docs/dynptrs.md on both engines, what reaches beyond, entries of maps."""

import re
import struct
import sys
from pathlib import Path

import pytest

import ebee
from ebee import Array, Bytes, Global, List, RingBuf, Struct, be16, u8, u32, u64
from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.kernel.backend import KernelBackend
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dynptrs.md"
BOTH = [EngineBackend, pytest.param(KernelBackend, marks=[pytest.mark.needs_kernel, pytest.mark.needs_feature("tcx")])]


def run(backend, probe, *packets):
    """Run a probe; return the results, `out` or `ports` as numbers, the ring's records, and how much was lost."""
    backend = backend()
    try:
        spec, _decls = compile_probes([probe], backend.target)
        maps = {n: backend.create_map(m, spec) for n, m in spec.maps.items()}
        program = backend.load_program(next(iter(spec.programs.values())), spec, maps)
        results = [backend.test_run(program, Run(data=data)).retval for data in packets]
        records = [r for m in maps.values() if m.spec.map_type == RingBuf.map_type for r in m.drain()]
        table = next(maps[name] for name in ("out", "ports", "kinds") if name in maps)
        count = table.spec.max_entries
        out = [int.from_bytes(table.lookup(struct.pack("<I", k)), "little") for k in range(count)]
        lost = maps[LOSS_MAP].lookup(bytes(4)) if LOSS_MAP in maps else b""
        return results, out, records, sum(struct.unpack(f"<{len(lost) // 8}Q", lost))
    finally:
        backend.close()


@pytest.mark.parametrize("backend", BOTH)
def test_the_page(backend):
    text = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S))
    remember_source(str(PAGE), text)
    module = sys.modules["docs_dynptrs"] = type(sys)("docs_dynptrs")
    exec(compile(text, str(PAGE), "exec"), module.__dict__)
    first, second = bytes(range(64)), bytes([9]) * 20
    results, out, records, lost = run(backend, module.copy, first, second)
    assert results == [2, 2] and out == [36 * 256 + 37, 0x35] and lost == 0
    assert [bytes(r) for r in records] == [struct.pack("<II", 32, 0) + first[:32], struct.pack("<II", 20, 9) + second]
    packet = bytes(14) + bytes([1, 4, 0, 0, 2, 2, 1, 3, 0, 9])
    results, out, _, lost = run(backend, module.items, packet)
    assert results == [2] and out[:3] == [0, 2, 1] and out[9] == 0 and sum(out) == 3 and lost == 0


class Piece(Struct):
    n: u64
    data: bytes = Bytes(8)


out = Array(u64, max_entries=3)
pieces = Array(Piece, max_entries=2)
ring = RingBuf(bytes, size=4096)


@ebee.xdp
def beyond(pkt):
    p = Piece()
    d = ebee.dynptr(pkt)
    if pkt[0] == 1:
        d.read(u32(len(d) - 15), p)
    if pkt[0] == 2:
        with ring.reserve(pkt[1]) as record:
            record.write(0, "seven!")
            record.write(7, p)
            if pkt[2] == 1:
                return ebee.XDP_DROP
    if pkt[0] == 3:
        with ring.reserve(5000) as record:
            out[2] += 1
    out[0] += 1
    return ebee.XDP_PASS


@pytest.mark.parametrize("backend", BOTH)
def test_what_reaches_beyond_ends_the_probe(backend):
    heads = [(1, 0, 0), (2, 22, 0), (2, 23, 0), (2, 23, 1), (3, 0, 0), (4, 0, 0)]
    results, values, records, lost = run(backend, beyond, *(bytes(h) + bytes(61) for h in heads))
    assert results == [0, 0, 2, 1, 2, 2] and values == [3, 0, 0]
    assert [bytes(r) for r in records] == [b"seven!\0" + bytes(16)] * 2
    assert lost == 3  # two runs that ended early, one record without room


@ebee.xdp
def entries(pkt):
    v = pieces.lookup(1)
    if v is not None:
        d = ebee.dynptr(v)
        d.write(8, "text", 3)
        d.write(pkt[0], b"\x07")
        p = Piece()
        d.read(0, p.data)
        out[0] = p.data[0]
        out[1] = v.n
        out[2] = len(d)
    return ebee.XDP_PASS


@pytest.mark.parametrize("backend", BOTH)
def test_entries_of_maps(backend):
    assert run(backend, entries, bytes(64))[:2] == ([2], [7, 7, 16])


class Words(Struct):
    low: be16
    high: u8
    rest: list[int] = List(u8, 5)


buffer = Global(Piece)


@ebee.xdp
def slices(pkt):
    d = ebee.dynptr(pkt)
    seen = d.slice(pkt[0], Words)
    if seen is None:
        out[0] = 100
        return ebee.XDP_DROP
    out[0] = seen.low + seen.rest[1]
    for i in range(2):
        w = d.slice_rdwr(8 * i, Words)
        if w is not None:
            w.high += 1
            w.rest[i] = 9
    part = d.clone()
    part.adjust(8, u32(len(d) - pkt[1]))
    out[1] = len(part) * 1000 + len(d)
    tail = part.slice(0, Words)
    out[2] = tail.high * 256 + tail.rest[1]
    return ebee.XDP_PASS


@pytest.mark.parametrize("backend", BOTH)
def test_slices_and_parts_of_packets(backend):
    packet = bytes([4, 2]) + bytes(range(2, 64))
    results, values, _, lost = run(backend, slices, packet)
    assert results == [2] and values == [0x0405 + 8, 54 * 1000 + 64, 11 * 256 + 9] and lost == 0
    assert run(backend, slices, bytes([57]) + packet[1:])[:2] == ([1], [100, 0, 0])
    assert run(backend, slices, bytes([0, 63]) + packet[2:])[3] == 1  # adjust() outside ends the probe


@ebee.xdp
def places(pkt):
    v = pieces.lookup(1)
    if v is not None:
        d = ebee.dynptr(v.data)
        d.write(pkt[0], b"\x05")
        w = d.slice_rdwr(0, Words)
        if w is not None:
            w.high = 7
            w.rest[4] += 3
        out[0] = v.data[2] + 256 * v.data[7]
    d = ebee.dynptr(buffer.value)
    p = d.slice_rdwr(0, Piece)
    p.n = 1 << 40
    out[1] = u64(buffer.value.n == 1 << 40) + 2 * u64(d.is_null()) + 4 * u64(d.is_rdonly())
    with ring.reserve(16 + pkt[1]) as record:
        head = record.slice_rdwr(pkt[1], Piece)
        if head is not None:
            head.n = 77
            head.data = b"12345678"
        if pkt[1] > 0:
            part = record.clone()
            part.adjust(0, pkt[1])
            part.write(0, b"\x01\x02\x03\x04", min(pkt[1], 4))
        if pkt[2] == 1:
            return ebee.XDP_DROP
    return ebee.XDP_PASS


@pytest.mark.parametrize("backend", BOTH)
def test_slices_of_records_entries_and_variables(backend):
    results, values, records, lost = run(backend, places, bytes([2, 3]) + bytes(62), bytes([1, 0, 1]) + bytes(61))
    assert results == [2, 1] and values[:2] == [7 + 256 * 6, 1] and lost == 0
    piece = struct.pack("<Q8s", 77, b"12345678")
    assert [bytes(r) for r in records] == [b"\1\2\3" + piece, piece]


@ebee.xdp
def copies(pkt):
    d = ebee.dynptr(pkt)
    v = pieces.lookup(0)
    if v is not None:
        e = ebee.dynptr(v)
        e.memset(0, 16, pkt[0])
        e.copy(4, d, 1, pkt[0])
        d.copy(20, e, 0, 16)
        d.memset(40, 3, 255)
        out[0] = pkt[20] + 256 * pkt[24]
        out[1] = pkt[42]
    return ebee.XDP_PASS


NEWEST = [
    EngineBackend,
    pytest.param(KernelBackend, marks=[pytest.mark.needs_kernel, pytest.mark.needs_feature("dynptr_memset")]),
]


@pytest.mark.parametrize("backend", NEWEST)
def test_copies(backend):
    results, values, _, lost = run(backend, copies, bytes([2, 65, 66]) + bytes(61))
    assert results == [2] and values == [2 + 256 * 65, 255, 0] and lost == 0
    assert run(backend, copies, bytes([13, 65, 66]) + bytes(61))[3] == 1  # 13 bytes at 4 of 16


@ebee.tc("ingress")
def frames(pkt):
    d = ebee.dynptr(pkt)
    w = d.slice_rdwr(16, Words)
    if w is not None:
        w.low = 0x0102
    again = d.slice(16, Words)
    if again is not None:
        out[0] = again.low
    d.write(16, b"\x07")
    again = d.slice(16, Words)
    out[1] = again.low + pkt[17]
    return ebee.TC_ACT_OK


@ebee.socket_filter
def filtered(pkt):
    d = ebee.dynptr(pkt)
    w = d.slice(0, Words)
    if w is not None:
        out[0] = w.low
    out[1] = len(d)
    return 0


@pytest.mark.parametrize("backend", BOTH)
def test_slices_of_other_packets(backend):
    assert run(backend, frames, bytes(64))[1:] == ([0x0102, 0x0702 + 2, 0], [], 0)
    _, values, _, lost = run(backend, filtered, bytes(14) + b"\1\2" + bytes(62))
    assert values[1] == 78 - 14 and lost == 0


def test_outside_of_probes():
    for call in (lambda: ebee.dynptr(1), lambda: ring.reserve(5)):
        with pytest.raises(ebee.UsageError, match="inside a probe"):
            call()
