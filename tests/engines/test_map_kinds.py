"""Every kind of map, on both backends: the typed side outside of probes, and the same operations inside one.

On the kernel a probe is compiled as for a tracepoint and loaded as a raw tracepoint program, which BPF_PROG_TEST_RUN
takes: nothing is attached. Its arguments are constants in its text.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ebee
from ebee import (
    Array,
    BloomFilter,
    Hash,
    LpmTrie,
    LruHash,
    LruPerCpuHash,
    PerCpuArray,
    PerCpuHash,
    Queue,
    Stack,
    Str,
    Struct,
    s32,
    u8,
    u16,
    u32,
    u64,
)
from ebee.abi import bpf
from ebee.api.losses import losses_of
from ebee.api.session import LiveMap
from ebee.api.source import compile_probes, remember_source
from ebee.errors import SyscallError, UsageError
from ebee.lower.object import ObjectBuilder
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP
from ebee.sys.cpus import possible_cpus

CPUS = possible_cpus()
ROOT = Path(__file__).parents[2]


class Key(Struct):
    pid: u32
    cpu: u8
    when: u64


class Stat(Struct):
    count: u64
    small: u8
    total: s32
    name: str = Str(16)


def make_backend(name):
    if name == "kernel":
        from ebee.kernel.backend import KernelBackend

        return KernelBackend()
    from ebee.engine.backend import EngineBackend

    return EngineBackend()


@pytest.fixture(params=["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def backend(request):
    made = make_backend(request.param)
    yield made
    made.close()


@contextlib.contextmanager
def bound(spec, decls, backend):
    """Bind declarations to live maps of a backend, as a session does."""
    maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
    for name, decl in decls.items():
        decl._bindings.append(LiveMap(None, spec.maps[name], maps[name]))
    try:
        yield maps
    finally:
        for decl in decls.values():
            decl._bindings.pop()


@pytest.fixture
def live(backend):
    """A function that makes declarations live."""
    with contextlib.ExitStack() as stack:

        def bind(*decls):
            builder = ObjectBuilder("maps")
            for i, decl in enumerate(decls):
                builder.use_map(decl, f"m{i}")
            stack.enter_context(bound(builder.finish(backend.target), builder.decls, backend))
            return decls if len(decls) > 1 else decls[0]

        yield bind


_serial = itertools.count()


class Probe:
    """A probe over maps, made from text. `run()` runs it once; `losses` says what was counted."""

    def __init__(self, stack, backend, body, maps):
        file = f"<map kinds {next(_serial)}>"
        lines = [line for line in body.splitlines() if line.strip()]
        indent = len(lines[0]) - len(lines[0].lstrip())
        text = "import ebee\n@ebee.tracepoint('syscalls:sys_enter_getpid')\ndef probe(ctx):\n"
        text += "".join(f"    {line[indent:]}\n" for line in lines)
        remember_source(file, text)
        names = {"__name__": file, **vars(ebee), "Key": Key, "Stat": Stat, "u8": u8, "u32": u32, "u64": u64, **maps}
        sys.modules[file] = type(sys)(file)
        exec(compile(text, file, "exec"), names)
        self.spec, decls = compile_probes([names["probe"]], backend.target)
        self.backend = backend
        self.maps = stack.enter_context(bound(self.spec, decls, backend))
        program = self.spec.programs["probe"]
        if backend.name == "kernel":
            program.prog_type, program.section, program.attach_to = bpf.BPF_PROG_TYPE_RAW_TRACEPOINT, "raw_tp/test", ""
        self.program = backend.load_program(program, self.spec, self.maps)

    def run(self, times=1):
        for _ in range(times):
            self.backend.test_run(self.program, Run(ctx=bytes(64)))

    @property
    def losses(self):
        if LOSS_MAP not in self.maps:
            return {}
        found = losses_of(self.spec.loss_sites, self.maps[LOSS_MAP].lookup(bytes(4)))
        assert all(str(loss) for loss in found)
        return dict(collections.Counter((loss.kind, loss.what) for loss in found for _ in range(loss.count)))


@pytest.fixture
def probe(backend):
    """A function (body, **maps) that makes a probe and runs it once."""
    with contextlib.ExitStack() as stack:

        def make(body, times=1, **maps):
            made = Probe(stack, backend, body, maps)
            made.run(times)
            return made

        yield make


def refused(number, call, *args, **named):
    with pytest.raises(SyscallError) as caught:
        call(*args, **named)
    assert caught.value.errno == number


# Per CPU


@pytest.mark.parametrize("kind", [PerCpuHash, LruPerCpuHash])
@pytest.mark.parametrize("type", [u8, u32, u64, s32])
def test_percpu_hash_outside(live, kind, type):
    m = live(kind(u32, type, max_entries=64))
    values = [type(i * 37 + 1) for i in range(CPUS)]
    assert m[7] == [0] * CPUS and m.sum(7) == 0 and m.get(7) is None and 7 not in m
    m[7] = values
    assert m[7] == values == m.get(7) == m.lookup(7)
    assert m.sum(7) == sum(values)
    assert list(m.items()) == [(7, values)] and list(m.values()) == [values] and len(m) == 1
    del m[7]
    with pytest.raises(KeyError):
        del m[7]
    m[1] = m[2] = values
    m.clear()
    assert len(m) == 0


def test_percpu_values_are_lists_of_the_right_length(live):
    m = live(PerCpuHash(u32, u8))
    for wrong in (5, [0] * (CPUS + 1), [], "ab"):
        with pytest.raises(TypeError, match=f"a list of {CPUS} values"):
            m[1] = wrong
    with pytest.raises(ValueError, match="does not fit in u8"):
        m[1] = [256] * CPUS
    assert len(m) == 0


def test_percpu_structs_cannot_be_summed(live):
    m = live(PerCpuHash(u32, Stat))
    m[1] = [Stat(count=i, small=2, name="x") for i in range(CPUS)]
    assert [v.count for v in m[1]] == list(range(CPUS))
    assert m[2] == [Stat()] * CPUS
    with pytest.raises(UsageError, match="only integers can be summed"):
        m.sum(1)


def test_percpu_array_outside(live):
    m = live(PerCpuArray(u16, max_entries=3))
    m[1] = [5] * CPUS
    assert [m.sum(i) for i in range(3)] == [0, 5 * CPUS, 0]
    assert len(m) == 3 == len(list(m.items()))
    assert m[9] == [0] * CPUS and 9 not in m
    refused(errno.E2BIG, m.__setitem__, 3, [1] * CPUS)
    refused(errno.EINVAL, m.__delitem__, 1)


@pytest.mark.parametrize("kind", [PerCpuHash, LruPerCpuHash])
def test_percpu_hash_in_a_probe(probe, kind):
    m, out = kind(u32, u64, max_entries=64), Array(u64, max_entries=8)
    probe(
        """
        m[1] += 5
        m[1] += m[1]
        m[2] = 7
        out[0] = m[1]
        out[1] = m.get(3, 99)
        out[2] = 2 in m
        del m[2]
        out[3] = 2 in m
        """,
        m=m,
        out=out,
    )
    assert m.sum(1) == 10 and sorted(m[1])[-1] == 10
    assert [out[i] for i in range(4)] == [10, 99, 1, 0]
    assert m[2] == [0] * CPUS and 2 not in m


def test_percpu_entry_made_by_a_probe_is_zero_elsewhere(probe, live):
    m = PerCpuHash(u32, u64)
    probe("m[1] = 5", m=m)
    assert sorted(m[1]) == [0] * (CPUS - 1) + [5]


def test_percpu_array_in_a_probe(probe):
    m = PerCpuArray(u32, max_entries=2)
    p = probe(
        """
        m[0] += 3
        m[1] = m[0] + 1
        m[2] += 1
        m[5] = 1
        """,
        m=m,
    )
    assert sorted(m[0]) == [0] * (CPUS - 1) + [3] and m.sum(1) == 4
    assert p.losses == {("map_full", "m"): 2}


def test_engine_keeps_the_values_of_every_cpu_that_events_come_from():
    from ebee.engine.task import TaskContext

    backend = make_backend("engine")
    m, a = PerCpuHash(u32, u32), PerCpuArray(u32, max_entries=1)
    with contextlib.ExitStack() as stack:
        p = Probe(stack, backend, "m[1] += 1\na[0] += 1", {"m": m, "a": a})
        for cpu in (0, 1, 1, 40):
            backend.test_run(p.program, Run(ctx=bytes(64)), TaskContext(cpu=cpu))
        for values in (m[1], a[0]):
            assert (len(values), values[0], values[1], values[40], sum(values)) == (41, 1, 2, 1, 4)


# LRU


def test_lru_never_refuses(live):
    m = live(LruHash(u32, u64, max_entries=50))
    for i in range(1000):
        m[i] = i
        assert m[i] == i
    assert 0 < len(m) <= 50
    assert all(k == v for k, v in m.items())


def test_lru_in_a_probe_never_loses(probe):
    m, at = LruHash(u32, u64, max_entries=20), Array(u32, max_entries=1)
    p = probe("m[at[0]] += 1\nat[0] += 1", times=200, m=m, at=at)
    assert not p.losses
    assert 199 in m and 0 < len(m) <= 20


def test_lru_engine_throws_out_the_oldest():
    backend = make_backend("engine")
    m = LruHash(u32, u32, max_entries=3)
    with contextlib.ExitStack() as stack:
        p = Probe(stack, backend, "m[1] += 1", {"m": m})
        for k in (1, 2, 3):
            m[k] = k
        p.run()
        m[4] = 4
        assert dict(m.items()) == {3: 3, 1: 2, 4: 4}


# Longest prefix


def test_lpm_outside(live):
    routes = live(LpmTrie(u32, u32))
    routes["10.0.0.0/8"] = 1
    routes["10.1.0.0/16"] = 2
    routes["10.1.2.3"] = 3
    routes[(0x0A010200, 24)] = 4
    assert routes["10.9.9.9"] == 1 and routes["10.1.9.9"] == 2 and routes["10.1.2.3"] == 3 and routes[0x0A010204] == 4
    assert routes["11.0.0.0"] == 0 and "11.0.0.0" not in routes and "10.77.0.0/16" in routes
    assert routes["10.0.0.0/9"] == 1 and routes.get("0.0.0.0/0") is None
    assert dict(routes.items()) == {"10.0.0.0/8": 1, "10.1.0.0/16": 2, "10.1.2.0/24": 4, "10.1.2.3/32": 3}
    del routes["10.1.0.0/16"]
    assert routes["10.1.9.9"] == 1
    with pytest.raises(KeyError):
        del routes["10.1.0.0/16"]
    routes["0.0.0.0/0"] = 9
    assert routes["200.0.0.1"] == 9 and len(routes) == 4
    routes.clear()
    assert len(routes) == 0


def test_lpm_takes_ipaddress_objects(live):
    import ipaddress

    routes = live(LpmTrie(u32, u32))
    routes[ipaddress.ip_network("192.168.0.0/16")] = 1
    assert routes[ipaddress.ip_address("192.168.3.4")] == 1


@pytest.mark.parametrize(
    ("key", "error", "words"),
    [
        ("10.0.0.1/8", ValueError, "host bits"), ((1, 8), ValueError, "bits set behind"), ((0, 33), ValueError, "0 to 32"),
        ((0, -1), ValueError, "0 to 32"), (1 << 32, ValueError, "does not fit"), (-1, ValueError, "does not fit"),
        (None, TypeError, "10.0.0.0/8"), ("fe80::/10", ValueError, "fe80"), (b"abcd", TypeError, "takes an address"),
        (("10.0.0.0", 8), TypeError, "takes an address"),
    ],
)  # fmt: skip
def test_lpm_refuses_what_is_no_prefix(live, key, error, words):
    routes = live(LpmTrie(u32, u32))
    with pytest.raises(error, match=words):
        routes[key] = 1


def test_lpm_is_full(live):
    routes = live(LpmTrie(u16, u32, max_entries=2))
    routes[1], routes[2] = 1, 2
    refused(errno.ENOSPC, routes.__setitem__, 3, 3)
    routes[1] = 5
    assert dict(routes.items()) == {(1, 16): 5, (2, 16): 2}


def test_lpm_address_types():
    for wrong in (s32, Str(4)):
        with pytest.raises(UsageError, match="u8, u16, u32 or u64"):
            LpmTrie(wrong, u32)


@pytest.mark.needs_kernel
@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 8))), st.lists(st.integers(0, 255), min_size=1))
def test_lpm_backends_agree(prefixes, addresses):
    results = []
    for name in ("engine", "kernel"):
        backend = make_backend(name)
        trie = LpmTrie(u8, u32)
        builder = ObjectBuilder("maps")
        builder.use_map(trie, "trie")
        with bound(builder.finish(backend.target), builder.decls, backend):
            for at, (address, bits) in enumerate(prefixes):
                trie[address >> 8 - bits << 8 - bits, bits] = at + 1
            results.append((dict(trie.items()), [trie[a] for a in addresses]))
        backend.close()
    expected = {(a >> 8 - n << 8 - n, n): at + 1 for at, (a, n) in enumerate(prefixes)}
    best = [max(((n, v) for (a, n), v in expected.items() if x >> 8 - n << 8 - n == a), default=(0, 0))[1]
            for x in addresses]  # fmt: skip
    assert all(r == (expected, best) for r in results)


@pytest.mark.parametrize("type", [u8, u16, u32, u64])
def test_lpm_in_a_probe(probe, type):
    top = 8 * type.size - 8
    routes, out, arg = LpmTrie(type, u64), Array(u64, max_entries=8), Array(u64, max_entries=1)
    p = probe(
        """
        a = T(arg[0])
        out[0] = routes[a]
        out[1] = a in routes
        out[2] = routes.get(1, 77)
        routes[2] = 5
        out[3] = routes[2]
        del routes[2]
        out[4] = 2 in routes
        """,
        times=0, routes=routes, out=out, arg=arg, T=type,
    )  # fmt: skip
    routes[10 << top, 8] = 1
    if top:
        routes[(10 << top) + (1 << top - 1), 9] = 2
    for address, expected in ((10 << top, 1), ((10 << top) + (1 << top >> 1 or 0), 2 if top else 1), (11 << top, 0)):
        arg[0] = address
        p.run()
        assert [out[i] for i in range(5)] == [expected, int(expected > 0), 77, 5, 0]


# Queues and stacks


@pytest.mark.parametrize(("kind", "order"), [(Queue, [1, 2, 3]), (Stack, [3, 2, 1])])
def test_queue_and_stack_outside(live, kind, order):
    q = live(kind(u32, max_entries=3))
    with pytest.raises(IndexError, match="is empty"):
        q.pop()
    with pytest.raises(IndexError):
        q.peek()
    assert q.pop(9) == 9 and q.peek(None) is None
    for i in (1, 2, 3):
        q.push(i)
    refused(errno.E2BIG, q.push, 4)
    assert q.peek() == order[0]
    assert [q.pop() for _ in order] == order
    for i in range(1, 6):
        q.push(i, overwrite=True)
    assert [q.pop() for _ in order] == [n + 2 for n in order] and q.pop(0) == 0
    with pytest.raises(ValueError, match="does not fit in u32"):
        q.push(-1)


def test_queue_of_structs(live):
    q = live(Queue(Stat, max_entries=2))
    q.push(Stat(count=1, name="a"))
    assert q.pop() == Stat(count=1, name="a")


@pytest.mark.parametrize(("kind", "order"), [(Queue, [1, 2, 3]), (Stack, [3, 2, 1])])
def test_queue_and_stack_in_a_probe(probe, kind, order):
    q, out = kind(u32, max_entries=3), Array(u64, max_entries=8)
    p = probe(
        """
        out[0] = q.pop(77)
        q.push(1)
        q.push(2)
        q.push(3)
        q.push(4)
        out[1] = q.peek(0)
        out[2] = q.pop(0)
        q.push(5)
        q.push(6, overwrite=True)
        """,
        q=q,
        out=out,
    )
    assert p.losses == {("map_full", "q"): 1}
    assert [out[i] for i in range(3)] == [77, order[0], order[0]]
    assert [q.pop(), q.pop(), q.pop(), q.pop(0)] == ([3, 5, 6, 0] if kind is Queue else [6, 5, 2, 0])


def test_signed_values_come_back_signed(probe):
    q, out = Queue(s32, max_entries=3), Array(ebee.s64, max_entries=2)
    probe("q.push(-5)\nout[0] = q.pop(1) * 2\nout[1] = q.pop(-9)", q=q, out=out)
    assert (out[0], out[1]) == (-10, -9)


# Bloom filters


def test_bloom_outside(live):
    f = live(BloomFilter(u64, max_entries=1000))
    for i in range(200):
        f.add(i * 7)
    assert all(i * 7 in f for i in range(200))
    assert sum(i in f for i in range(10_000, 10_500)) < 100


def test_bloom_in_a_probe(probe):
    f, out = BloomFilter(Key, max_entries=1000), Array(u64, max_entries=4)
    p = probe(
        """
        f.add(Key(pid=5, when=9))
        out[0] = Key(when=9, pid=5) in f
        out[1] = Key(pid=5, when=8) not in f
        if Key(pid=5, when=9) not in f:
            out[2] = 1
        """,
        f=f,
        out=out,
    )
    assert (out[0], out[2]) == (1, 0) and out[1] in (0, 1)
    assert not p.losses and Key(pid=5, when=9) in f


# Structs


def test_struct_keys_and_values(probe):
    m, out = Hash(Key, Stat), Array(u64, max_entries=4)
    probe(
        """
        n = 3
        m[Key(pid=5, cpu=1)] = Stat(count=n + 1, small=7, total=-2, name="abc")
        m[Key(pid=6)] = Stat()
        out[0] = Key(cpu=1, pid=5) in m
        s = Stat(count=1)
        s.count += 5
        s.name = ebee.comm()
        s.small = u8(s.count)
        m[Key(pid=7)] = s
        s.name = "x"
        m[Key(pid=8)] = s
        del m[Key(pid=6)]
        """,
        m=m,
        out=out,
    )
    found = {k.pid: v for k, v in m.items()}
    assert found[5] == Stat(count=4, small=7, total=-2, name="abc") and m[Key(pid=5, cpu=1)] == found[5]
    assert (found[7].count, found[7].small) == (6, 6) and found[7].name
    assert found[8] == Stat(count=6, small=6, name="x")
    assert sorted(found) == [5, 7, 8] and out[0] == 1


def test_padding_is_zero(probe):
    m = Hash(u32, Key)
    p = probe("m[1] = Key(pid=1, cpu=2, when=3)", m=m)
    assert p.maps["m"].lookup(bytes([1, 0, 0, 0])) == bytes([1, 0, 0, 0, 2, *[0] * 3, 3, *[0] * 7])


def test_a_struct_in_a_loop_is_new_every_time(probe):
    m = Hash(u32, Stat)
    probe(
        """
        for i in range(3):
            s = Stat(count=i)
            if i == 0:
                s.small = 9
            m[i] = s
        """,
        m=m,
    )
    assert [(m[i].count, m[i].small) for i in range(3)] == [(0, 9), (1, 0), (2, 0)]


@pytest.mark.parametrize("kind", [Hash, LruHash])
def test_reading_a_struct_copies_it(probe, kind):
    m, out = kind(u32, Stat), Array(u64, max_entries=4)
    p = probe(
        """
        s = m[1]
        t = m[1]
        s.count += 1
        out[0] = m[1].count
        out[1] = s.count
        out[2] = t.count
        out[3] = m[7].count + 1
        m[2] = m[1]
        m[3] = s
        m[4] = m[7]
        """,
        times=0, m=m, out=out,
    )  # fmt: skip
    m[1] = Stat(count=5, total=-1, small=3, name="x")
    p.run(2)
    assert [out[i] for i in range(4)] == [5, 6, 5, 1]
    assert m[2] == m[1] and m[3] == Stat(count=6, total=-1, small=3, name="x") and 4 in m and m[4] == Stat()


def test_strings_as_values(probe):
    m, out = Hash(u32, Str(12)), Hash(u32, Stat)
    p = probe("s = m[1]\nm[1] = 'new'\nout[1] = Stat(name=s)\nout[2] = Stat(name=m[9])\nm[2] = s",
              times=0, m=m, out=out)  # fmt: skip
    m[1] = "old"
    p.run()
    assert (out[1].name, out[2].name, m[1], m[2]) == ("old", "", "new", "old")


# Entries in place


def test_one_entry_on_every_way(probe):
    m, out = Hash(u32, Stat), Array(u64, max_entries=4)
    probe(
        """
        for k in (1, 2, 2, 3):
            v = m.lookup(k)
            if v is None:
                m[k] = Stat(count=10)
                v = m.lookup(k)
            v.count += k
            if k == 2:
                w = m.lookup(1)
            else:
                w = m.lookup(99)
            if w is None:
                out[0] += 1
            else:
                out[1] += w.count
        u = m.lookup(1)
        for k in range(5):
            u.count += 1
            if k == 3:
                del m[2]
                break
        """,
        m=m,
        out=out,
    )
    assert {k: v.count for k, v in m.items()} == {1: 15, 3: 13}
    assert (out[0], out[1]) == (2, 22)


@pytest.mark.parametrize("kind", [Hash, LruHash])
def test_lookup_in_place(probe, kind):
    m, out = kind(u32, Stat), Array(u64, max_entries=8)
    p = probe(
        """
        v = m.lookup(1)
        if v is None:
            m[1] = Stat(count=10, total=-1, name="first")
            out[0] += 1
            return
        v.count += 2
        v.total -= 3
        v.small = 4
        v.name = "second"
        out[1] = v.count
        w = m.lookup(2)
        if w:
            out[2] = 1
        if not w:
            out[3] += 1
        if w is not None and w.count > 5:
            out[4] = 1
        """,
        times=3,
        m=m,
        out=out,
    )
    assert m[1] == Stat(count=14, small=4, total=-7, name="second") == m.lookup(1) and m.lookup(2) is None
    assert [out[i] for i in range(5)] == [1, 14, 0, 2, 0]
    assert not p.losses and not [s for s in p.spec.loss_sites if s.kind == "no_entry"]


def test_an_entry_that_is_not_there_ends_the_probe(probe):
    m, out = Hash(u32, Stat), Array(u64, max_entries=2)
    p = probe("v = m.lookup(1)\nout[0] = 1\nv.count += 1\nout[1] = 1", m=m, out=out)
    assert p.losses == {("no_entry", "m.lookup(1)"): 1}
    assert (out[0], out[1]) == (1, 0)
    m[1] = Stat()
    p.run()
    assert m[1].count == 1 and out[1] == 1


def test_the_check_of_one_way_does_not_hold_on_another(probe):
    m, out = Hash(u32, Stat), Array(u64, max_entries=2)
    p = probe(
        """
        v = m.lookup(1)
        if v or out[0] == 0:
            out[0] = 5
            v.count += 1
        out[1] = 1
        """,
        m=m,
        out=out,
    )
    assert p.losses == {("no_entry", "m.lookup(1)"): 1} and out[1] == 0


def test_entries_of_percpu_and_prefix_maps(probe):
    m, routes = PerCpuArray(Stat, max_entries=2), LpmTrie(u32, Stat)
    p = probe(
        """
        v = m.lookup(1)
        if v:
            v.count += 1
        r = routes.lookup(0x0a000005)
        if r is not None:
            r.count += 1
            r.total = -1
        """,
        times=0, m=m, routes=routes,
    )  # fmt: skip
    routes["10.0.0.0/8"] = Stat(count=5)
    p.run(2)
    assert sum(v.count for v in m[1]) == 2
    assert dict(routes.items()) == {"10.0.0.0/8": Stat(count=7, total=-1)}


def test_an_entry_can_be_copied(probe):
    m, n, q = Hash(u32, Stat), Hash(u32, Stat), Queue(Stat, max_entries=4)
    p = probe("v = m.lookup(1)\nif v:\n    n[2] = v\n    q.push(v)", times=0, m=m, n=n, q=q)
    m[1] = Stat(count=3, name="x")
    p.run()
    assert n[2] == q.pop() == m[1]


def test_is_none_of_other_things(probe):
    out = Array(u64, max_entries=4)
    probe(
        """
        x = out[0]
        if x is None:
            out[1] = 1
        if x is not None:
            out[2] = 1
        if None is None:
            out[3] = 1
        """,
        out=out,
    )
    assert [out[i] for i in range(1, 4)] == [0, 1, 1]


def test_a_string_taken_from_a_field_stays_what_it_was(probe):
    m = Hash(u32, Stat)
    p = probe(
        """
        s = Stat(name="one")
        t = Stat(name="two")
        kept = s.name
        s.name = "three"
        m[1] = Stat(name=kept)
        s.name, t.name = t.name, s.name
        m[2] = s
        m[3] = t
        v = m.lookup(9)
        if v:
            name = v.name
            v.name = "new"
            t.name = name
            m[4] = t
        """,
        times=0,
        m=m,
    )
    m[9] = Stat(name="nine")
    p.run()
    assert [m[i].name for i in (1, 2, 3, 4, 9)] == ["one", "two", "three", "nine", "new"]


def test_an_entry_as_an_argument(probe):
    def bump(v, by):
        v.count += by
        return v.count

    m, out = Hash(u32, Stat), Array(u64, max_entries=2)
    p = probe("v = m.lookup(1)\nif v:\n    out[0] = bump(v, 3)", times=0, m=m, out=out, bump=bump)
    m[1] = Stat(count=4)
    p.run()
    assert (m[1].count, out[0]) == (7, 7)


# Order of evaluation


def test_a_default_that_reads_the_same_map(probe):
    m, out = Hash(u32, u64), Array(u64, max_entries=4)
    p = probe("out[0] = m.get(1, m.get(2, 0))\nout[1] = m.get(1, m[2])", times=0, m=m, out=out)
    m[1], m[2] = 10, 20
    p.run()
    assert (out[0], out[1]) == (10, 10)


def test_a_key_that_takes_from_a_queue(probe):
    m, q = Hash(u64, u64), Queue(u64, max_entries=4)
    p = probe("m[q.pop(1)] = 5\nm[q.pop(1)] += q.pop(7)\nq.push(q.pop(8))", times=0, m=m, q=q)
    for n in (100, 200, 300, 400):
        q.push(n)
    p.run()
    assert dict(m.items()) == {100: 5, 200: 300} and q.pop() == 400


# Flags and sizes of the maps themselves

TYPES = {
    "PERCPU_HASH": (4, 8), "PERCPU_ARRAY": (4, 8), "LRU_HASH": (4, 8), "LRU_PERCPU_HASH": (4, 8), "LPM_TRIE": (8, 8),
    "QUEUE": (0, 8), "STACK": (0, 8), "BLOOM_FILTER": (0, 8),
}  # fmt: skip


def outcome(call):
    try:
        result = call()
    except SyscallError as e:
        return errno.errorcode.get(e.errno, e.errno)
    return result


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", TYPES)
def test_creation_is_refused_alike(name):
    from ebee.spec.object import MapSpec, ObjectSpec

    kind, (key, value) = getattr(bpf, f"BPF_MAP_TYPE_{name}"), TYPES[name]
    base = bpf.BPF_F_NO_PREALLOC if name == "LPM_TRIE" else 0
    specs = [(key, value, 4, base), (key, 0, 4, base), (key, value, 0, base), (key + 1, value, 4, base),
             (0, value, 4, base), (key, value, 4, base ^ 1), (key, value, 4, base | 1024), (key, 40000, 4, base),
             (key, value, 4, base | bpf.BPF_F_NO_COMMON_LRU)]  # fmt: skip
    found = {}
    for engine in ("engine", "kernel"):
        backend = make_backend(engine)
        found[engine] = [outcome(lambda s=s, b=backend: b.create_map(MapSpec("m", kind, *s), ObjectSpec("o")) and "ok")
                         for s in specs]  # fmt: skip
        backend.close()
    assert found["engine"] == found["kernel"]
    assert found["kernel"][0] == "ok"


def operations(m, name):
    """Calls on a fresh map, in an order in which most of them can fail."""
    key = bytes(m.spec.key_size)
    value, beyond = b"\1" * (8 * m.cpus), b"\xff" * len(key)
    yield from (lambda f=flags: m.update(key, value, f) for flags in (bpf.BPF_EXIST, bpf.BPF_NOEXIST, 9))
    yield from (lambda f=flags: m.update(key, value, f) for flags in (bpf.BPF_NOEXIST, bpf.BPF_EXIST))
    if name != "BLOOM_FILTER":  # it is asked with the value
        yield lambda: m.lookup(key) == value
        yield lambda: m.lookup(beyond)
    yield lambda: m.update(beyond, value)
    yield lambda: m.delete(beyond)
    yield lambda: m.delete(key)
    yield lambda: m.delete(key)
    yield lambda: m.update(key, value[:-1])
    if key:
        yield lambda: m.next_key(key) is None
    else:
        yield lambda: m.push(value, 2)
        yield lambda: m.has_value(value) if name == "BLOOM_FILTER" else m.pop() == value


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", TYPES)
def test_operations_are_refused_alike(name):
    from ebee.spec.object import MapSpec, ObjectSpec

    kind, (key, value) = getattr(bpf, f"BPF_MAP_TYPE_{name}"), TYPES[name]
    flags = bpf.BPF_F_NO_PREALLOC if name == "LPM_TRIE" else 0
    found = {}
    for engine in ("engine", "kernel"):
        backend = make_backend(engine)
        m = backend.create_map(MapSpec("m", kind, key, value, 4, flags), ObjectSpec("o"))
        found[engine] = [outcome(call) for call in operations(m, name)]
        backend.close()
    assert found["engine"] == found["kernel"]


CALLS = st.lists(
    st.tuples(st.sampled_from(["update", "lookup", "delete", "push", "pop"]), st.integers(0, 5), st.integers(0, 3)),
    max_size=30,
)


@pytest.mark.needs_kernel
@settings(max_examples=40)
@given(st.sampled_from(["PERCPU_HASH", "PERCPU_ARRAY", "LPM_TRIE", "QUEUE", "STACK"]), CALLS)
def test_any_calls_on_both_backends(name, calls):
    """Results and errors of a random sequence of calls, and what the map holds after it."""
    from ebee.spec.object import MapSpec, ObjectSpec

    kind, (key_size, value_size) = getattr(bpf, f"BPF_MAP_TYPE_{name}"), TYPES[name]
    flags = bpf.BPF_F_NO_PREALLOC if name == "LPM_TRIE" else 0
    found = {}
    for engine in ("engine", "kernel"):
        backend = make_backend(engine)
        m = backend.create_map(MapSpec("m", kind, key_size, value_size, 3, flags), ObjectSpec("o"))
        results = []
        for call, n, flag in calls:
            key = n.to_bytes(4, "little") if key_size == 4 else bytes([8 * n, 0, 0, 0, 1, 2, 3, 4]) if key_size else b""
            if name == "LPM_TRIE":  # nothing behind the prefix, as the typed side has it
                key = key[:4] + (key[4:] + bytes(8))[:min(n, 4)].ljust(4, b"\0")
            value = bytes([n + 1]) * value_size * m.cpus
            arguments = {"update": (key, value, flag), "push": (value, flag), "pop": ()}.get(call, (key,))
            if key_size == 0 and call == "delete" or key_size and call in ("push", "pop"):
                continue
            results.append(outcome(lambda c=call, a=arguments, m=m: getattr(m, c)(*a)))
        results.append(sorted(m.items()) if key_size else [m.pop() for _ in range(4)])
        found[engine] = results
        backend.close()
    assert found["engine"] == found["kernel"]


# Declarations


@pytest.mark.parametrize("kind", [PerCpuArray, Queue, Stack, BloomFilter])
def test_sizes_are_checked(kind):
    with pytest.raises(UsageError, match=f"{kind.__name__}: max_entries"):
        kind(u32, max_entries=0)
    with pytest.raises(UsageError, match=f"value of {kind.__name__}"):
        kind(int, max_entries=1)


def test_unbound_maps_say_so():
    for m, call in ((Queue(u32, max_entries=1), "pop"), (Stack(u32, max_entries=1), "peek")):
        with pytest.raises(UsageError, match="not bound to a live map"):
            getattr(m, call)()
    with pytest.raises(UsageError, match="not bound"):
        assert 1 in BloomFilter(u32, max_entries=1)
    with pytest.raises(UsageError, match="not bound"):
        PerCpuHash(u32, u32)[1] = [1]




SNIPPETS = [part.split("```")[0] for part in (ROOT / "docs" / "maps.md").read_text().split("```python\n")[1:]]


def test_a_type_checker_accepts_the_snippets(tmp_path):
    files = [tmp_path / f"snippet{at}.py" for at in range(len(SNIPPETS))]
    for file, text in zip(files, SNIPPETS):
        file.write_text(text)
    argv = [sys.executable, "-m", "mypy", "--no-incremental", "--check-untyped-defs", "--config-file", "/dev/null"]
    done = subprocess.run([*argv, *files], capture_output=True, text=True, cwd=tmp_path,
                          env={"MYPYPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"})  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
@pytest.mark.parametrize("at", range(len(SNIPPETS)))
def test_the_snippets_of_the_page_about_maps_work(tmp_path, at, name):
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPETS[at].replace("ebee.Session()", f"ebee.Session(backend={name!r})"))
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
