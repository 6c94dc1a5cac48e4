"""Dynptrs in probes: docs/dynptrs.md on both engines, what reaches beyond, entries of maps."""

import re
import struct
import sys
from pathlib import Path

import pytest

import ebee
from ebee import Array, Bytes, RingBuf, Struct, u32, u64
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
        table = maps.get("out") or maps["ports"]
        count = table.spec.max_entries
        out = [int.from_bytes(table.lookup(struct.pack("<I", k)), "little") for k in range(count)]
        lost = maps[LOSS_MAP].lookup(bytes(4)) if LOSS_MAP in maps else b""
        return results, out, records, sum(struct.unpack(f"<{len(lost) // 8}Q", lost))
    finally:
        backend.close()


@pytest.mark.parametrize("backend", BOTH)
def test_the_page(backend):
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    remember_source(str(PAGE), text)
    module = sys.modules["docs_dynptrs"] = type(sys)("docs_dynptrs")
    exec(compile(text, str(PAGE), "exec"), module.__dict__)
    first, second = bytes(range(64)), bytes([9]) * 20
    results, out, records, lost = run(backend, module.copy, first, second)
    assert results == [2, 2] and out == [36 * 256 + 37, 0x35] and lost == 0
    assert [bytes(r) for r in records] == [struct.pack("<II", 32, 0) + first[:32], struct.pack("<II", 20, 9) + second]


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


def test_outside_of_probes():
    for call in (lambda: ebee.dynptr(1), lambda: ring.reserve(5)):
        with pytest.raises(ebee.UsageError, match="inside a probe"):
            call()
