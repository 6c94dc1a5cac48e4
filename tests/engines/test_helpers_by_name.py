"""Helpers by their own names, in both engines: what they give, and what they write."""

import itertools
import sys

import pytest

from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.kernel.backend import KernelBackend
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP

_serial = itertools.count()
WHO = "who and when"
PRELUDE = """
from ebee.helpers import *
class Buffer(Struct):
    data: bytes = Bytes(16)
    text: str = Str(16)
    n: u64
    s: s64
    parts: list[int] = List(u32, 4)
class Inside(Struct):
    a: u64
    b: Buffer
hashed = Hash(u32, u64)
entries = Hash(u32, Buffer)
percpu = PerCpuArray(Buffer, max_entries=2)
queue = Queue(u64, max_entries=2)
ring = RingBuf(Buffer)
"""
# Statements, and what `out` holds afterwards; the packet begins with 7 and 3.
CASES = {
    "numbers from text": (
        ["e = Buffer(text='-42x')", "out[0] = u64(bpf_strtol(e.text, 16, 10, e.s))", "out[1] = u64(e.s)",
         "out[2] = u64(bpf_strtoul('0x10', 5, 0, e.n))", "out[3] = e.n", "out[4] = u64(bpf_strtol('q', 2, 0, e.s))"],
        [3, -42, 4, 16, -22],
    ),
    "texts": (
        ["e = Buffer()", "e.parts[0] = 5", "e.parts[2] = 255",
         "out[0] = u64(bpf_snprintf(e.text, 16, '%d/%x', e.parts, 16))",
         "out[1] = 1 if e.text == '5/ff' else 0", "out[2] = u64(bpf_strncmp(e.text, 16, '5/ff'))",
         "out[3] = u64(bpf_strncmp(e.text, 16, '6') < 0)"],
        [5, 1, 0, 1],
    ),
    "flags of updates": (
        ["out[0] = u64(bpf_map_update_elem(hashed, 1, ctx[0], BPF_EXIST))",
         "out[1] = u64(bpf_map_update_elem(hashed, 1, ctx[0], BPF_NOEXIST))",
         "out[2] = u64(bpf_map_update_elem(hashed, 1, 9, BPF_NOEXIST))", "out[3] = hashed[1]",
         "out[4] = u64(bpf_map_delete_elem(hashed, 1))", "out[5] = u64(bpf_map_delete_elem(hashed, 1))"],
        [-2, 0, -17, 7, 0, -2],
    ),
    "queues": (
        ["e = Buffer()", "bpf_map_push_elem(queue, 5, 0)", "bpf_map_push_elem(queue, 6, 0)",
         "out[0] = u64(bpf_map_push_elem(queue, 7, 0))", "bpf_map_push_elem(queue, 8, BPF_EXIST)",
         "bpf_map_peek_elem(queue, e.n)", "out[1] = e.n", "bpf_map_pop_elem(queue, e.n)", "bpf_map_pop_elem(queue, e.n)",
         "out[2] = e.n", "out[3] = u64(bpf_map_pop_elem(queue, e.n))"],
        [-7, 6, 8, -2],
    ),
    "rings": (
        ["e = Buffer(n=1)", "out[0] = u64(bpf_ringbuf_output(ring, e, 64, 0))",
         "out[1] = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA)", "out[2] = bpf_ringbuf_query(ring, BPF_RB_RING_SIZE)"],
        [0, 72, 1 << 18],
    ),
    "checksums": (
        ["e = Buffer(data=b'abcdefghijklmnop')", "out[0] = u64(bpf_csum_diff(None, 0, e.data, 16, 0)) & 0xffffffff",
         "k = min(ctx[1], 3) * 4", "out[1] = u64(bpf_csum_diff(e.data, k, None, 0, 5) != 0)"],
        [19267, 1],
    ),
    "sizes at run time": (
        ["e = Buffer(text='abcdefgh')", "f = Buffer()", "k = max(min(ctx[1], 16), 1)",
         "out[0] = u64(bpf_ringbuf_output(ring, e.text, k, 0))", "out[1] = bpf_ringbuf_query(ring, 0)",
         "out[2] = u64(bpf_get_current_comm(f.text, 16))", "out[3] = 1 if f.text else 0"],
        [0, 16, 0, 1],
    ),
    "fields of entries and of structs inside": (
        ["entries[1] = Buffer()", "v = entries.lookup(1)", "if v is not None:",
         "    out[0] = u64(bpf_strtol('17', 3, 0, v.s))", "    out[1] = u64(v.s)", "x = Inside()",
         "bpf_strtol('18', 3, 0, x.b.s)", "out[2] = u64(x.b.s)", "x.b.n = 4", "out[3] = x.b.n",
         "w = bpf_map_lookup_percpu_elem(percpu, 0, 0)", "if w is not None:", "    w.n = 3", "    out[4] = w.n",
         "out[5] = 1 if bpf_map_lookup_percpu_elem(percpu, 5, 0) is None else 0"],
        [2, 17, 18, 4, 3, 1],
    ),
    "a field that a helper has written is no zero any more": (
        ["e = Buffer()", "bpf_strtoul('99999', 6, 0, e.n)", "e.text = 'x'", "bpf_get_current_comm(e.text, 16)",
         "e.text = 'y'", "out[0] = u64(len(e.text))", "out[1] = 1 if e.text[0] == 'y' else 0", "out[2] = e.n"],
        [1, 1, 99999],
    ),
    "lists": (
        ["e = Buffer()", "e.parts[0] = 0x6261", "e.parts[2] = 1", "out[0] = u64(bpf_strncmp(e.parts, 16, 'ab'))"], [0]
    ),
    WHO: (
        ["out[0] = bpf_get_current_pid_tgid() >> 32 == ebee.pid()", "out[1] = ebee.ktime() <= bpf_ktime_get_boot_ns()",
         "out[2] = ebee.ktime() <= ebee.boot_ns()", "out[3] = ebee.cgroup_id() == bpf_get_current_cgroup_id()",
         "out[4] = ebee.numa_node() < 1024", "out[5] = ebee.random() < 1 << 32",
         "out[6] = bpf_jiffies64() > 0"],
        [1] * 7,
    ),
}  # fmt: skip


def make_probe(name):
    file = f"<helpers by name {next(_serial)}>"
    body, _ = CASES[name]
    hook = "raw_tracepoint('sys_enter')" if name == WHO else "xdp"
    text = f"import ebee\nfrom ebee import *\nout = Array(u64, max_entries=8)\n{PRELUDE}\n@ebee.{hook}\ndef probe(ctx):\n"
    text += "".join(f"    {line}\n" for line in [*body, "return 0"])
    remember_source(file, text)
    module = sys.modules[file] = type(sys)(file)
    exec(compile(text, file, "exec"), module.__dict__)
    return module.probe


@pytest.mark.parametrize("backend", [EngineBackend, pytest.param(KernelBackend, marks=pytest.mark.needs_kernel)])
@pytest.mark.parametrize("name", CASES)
def test_what_they_give(name, backend):
    backend, expected = backend(), CASES[name][1]
    try:
        spec, _decls = compile_probes([make_probe(name)], backend.target)
        maps = {n: backend.create_map(m, spec) for n, m in spec.maps.items()}
        program = backend.load_program(spec.programs["probe"], spec, maps)
        backend.test_run(program, Run(ctx=bytes(16)) if name == WHO else Run(data=bytes([7, 3]) + bytes(62)))
        values = [int.from_bytes(maps["out"].lookup(bytes([n, 0, 0, 0])), "little") for n in range(8)]
        lost = maps[LOSS_MAP].lookup(bytes(4)) if LOSS_MAP in maps else b""
    finally:
        backend.close()
    assert values[: len(expected)] == [n % (1 << 64) for n in expected]
    assert not any(lost)
