"""What a map's methods mean in a probe, as they do for a dict: get, pop, setdefault, insert; log2."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from map_probes import CPUS, Key, Probe, Stat, make_backend

import ebee
from ebee import Array, Hash, LruHash, PerCpuArray, PerCpuHash, s32, u8, u32, u64
from ebee.errors import UsageError


def run_both(probe, body, m, before):
    """Run a body over a dict and over a map with the same entries; return what both made of `out` and of the map."""
    plain, results = dict(before), {}
    names = {"m": plain, "out": results, "ebee": ebee}
    exec("def f():\n" + "".join(f"    {line}\n" for line in body.splitlines()) + "f()", names)
    out = Hash(u32, u64)
    made = probe(body, 0, m=m, out=out)
    for key, value in before.items():
        m[key] = value
    made.run()
    assert dict(m.items()) == plain
    assert dict(out.items()) == results
    return made


BODIES = {
    "tested": "n = m.get(1)\nif n is not None:\n    out[0] = n + 1\nelse:\n    out[1] = 7",
    "replaced": "n = m.get(1)\nif n is None:\n    n = 9\nout[0] = n * 2",
    "walrus": "if (n := m.get(1)) is not None and n > 3:\n    out[0] = n",
    "left": "n = m.get(1)\nif n is None:\n    return\nout[0] = n",
    "or": "out[0] = m.get(1) or 5",
    "truth": "n = m.get(1)\nif n:\n    out[0] = n\nif not n:\n    out[1] = 1",
    "equal": "n = m.get(1)\nif n == 5:\n    out[0] = 1\nif n != 5:\n    out[1] = 1\nif n in (0, 5):\n    out[2] = 1",
    "ternary": "n = m.get(1)\nout[0] = n if n is not None else 3",
    "merged": "n = m.get(1)\nif m.get(2) is None:\n    n = m.get(3)\nif n is not None:\n    out[0] = n",
    "copied": "n = m.get(1)\nm[1] = 77\nif n is not None:\n    out[0] = n",
    "is": "out[0] = m.get(1) is None\nout[1] = m.get(2) is not None",
    "lookup": "n = m.get(1, None)\nif n is not None:\n    out[0] = n",
    "pop": "out[0] = m.pop(1, 4)\nout[1] = m.pop(1, 6)",
    "pop None": "n = m.pop(1, None)\nif n is not None:\n    out[0] = n",
    "pop alone": "m.pop(1, 0)\nout[9] = 1",
    "setdefault": "out[0] = m.setdefault(1, 8)\nout[1] = m.setdefault(1, 9)",
    "while": "i = 0\nwhile (n := m.get(i)) is not None and i < 9:\n    i += 1\n    out[i] = n",
    "none": "n = None\nif m.get(2) is not None:\n    n = m.get(1)\nif n is not None:\n    out[0] = n",
    "mixed": "n = m.get(1)\nif m.get(2) is None:\n    n = 6\nout[0] = n is None\nif n is not None:\n    out[1] = n",
    "in": "n = m.get(1)\nout[0] = n in m\nout[1] = n not in m",
    "bits": "n = m.get(1)\nif n is not None:\n    out[0] = n.bit_length()\n    out[1] = ebee.log2(n)",
}


@pytest.mark.parametrize("kind", [Hash, LruHash])
@pytest.mark.parametrize("before", [{}, {1: 0}, {1: 5}, {0: 3, 1: 70000, 2: 8, 3: 9}], ids=str)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_as_a_dict(probe, body, before, kind):
    assert run_both(probe, body, kind(u32, u64), before).losses == {}


def test_none_that_is_used_as_a_number_ends_the_probe(probe):
    m, out = Hash(u32, u64), Array(u64, max_entries=2)
    made = probe("out[0] = 1\nout[1] = m.get(3) + 1\nout[0] = 2", m=m, out=out)
    assert list(out.values()) == [1, 0] and made.losses == {("no_entry", "m.get(3)"): 1}
    made = probe("out[0] = 1\nn = m.get(3)\nif n > 1:\n    out[1] = 2\nout[0] = 2", m=m, out=out)
    assert list(out.values()) == [1, 0] and made.losses == {("no_entry", "m.get(3)"): 1}


def test_a_function_may_return_none(probe):
    m, out = Hash(u32, u64), Hash(u32, u64)
    made = probe(
        """
        for i in range(4):
            n = found(m, i)
            if n is not None:
                out[i] = n
        """, 0, m=m, out=out, found=found,
    )  # fmt: skip
    m[1], m[3] = 11, 33
    made.run()
    assert dict(out.items()) == {1: 11, 2: 100, 3: 33}


def found(m, k):
    if k == 2:
        m[k] = 100
    return m.get(k)


def test_signed_and_small_numbers(probe):
    m, small, out = Hash(u32, s32), Hash(u32, u8), Array(s32, max_entries=3)
    made = probe(
        "n = m.get(1)\nif n is not None and n < 0:\n    out[0] = n\nout[1] = m.setdefault(2, -9)\n"
        "k = small.lookup(1)\nif k is not None:\n    out[2] = k",
        0, m=m, small=small, out=out,
    )  # fmt: skip
    m[1], small[1] = -5, 200
    made.run()
    assert list(out.values()) == [-5, -9, 200] and m[2] == -9


def test_setdefault_of_structs_is_the_entry_itself(probe):
    m = Hash(Key, Stat, max_entries=2)
    made = probe(
        """
        for i in range(3):
            stat = m.setdefault(Key(pid=i, cpu=0, when=0), Stat(count=10, name=ebee.comm()))
            if stat is not None:
                stat.count += 1
        """, 2, m=m,
    )  # fmt: skip
    assert {k.pid: v.count for k, v in m.items()} == {0: 12, 1: 12} and made.losses == {("map_full", "m"): 2}
    assert all(v.name for v in m.values())


def test_insert_says_whether_there_was_nothing(probe):
    m, out = Hash(u32, u64, max_entries=1), Array(u64, max_entries=3)
    made = probe("out[0] = m.insert(1, 5)\nout[1] = m.insert(1, 6)\nout[2] = m.insert(2, 6)", m=m, out=out)
    assert list(out.values()) == [1, 0, 0] and dict(m.items()) == {1: 5}
    assert made.losses == {("map_full", "m"): 1}


def test_the_same_outside(live):
    m, p = live(Hash(u32, u64), PerCpuHash(u32, u64))
    assert m.insert(1, 5) is True and m.insert(1, 6) is False and m[1] == 5
    assert m.setdefault(1, 7) == 5 and m.setdefault(2, 7) == 7
    assert m.pop(1) == 5 and m.pop(1, None) is None and m.pop(1, 3) == 3 and dict(m.items()) == {2: 7}
    with pytest.raises(KeyError):
        m.pop(1)
    p[1] = list(range(CPUS))
    assert p.lookup_cpu(1, CPUS - 1) == CPUS - 1 and p.lookup_cpu(1, CPUS) is None and p.lookup_cpu(2, 0) is None
    assert p.pop(1) == list(range(CPUS)) and len(p) == 0


def test_the_value_of_another_cpu(probe):
    counts, stats, out = PerCpuArray(u64, max_entries=1), PerCpuHash(u32, Stat), Array(u64, max_entries=3)
    made = probe(
        f"""
        for cpu in range({CPUS + 1}):
            n = counts.lookup_cpu(0, cpu)
            if n is not None:
                out[0] += n
                out[1] += 1
            stat = stats.lookup_cpu(7, cpu)
            if stat is not None:
                out[2] += stat.count
        """, 0, counts=counts, stats=stats, out=out,
    )  # fmt: skip
    counts[0] = [i + 1 for i in range(CPUS)]
    stats[7] = [Stat(count=10) for _ in range(CPUS)]
    made.run()
    assert list(out.values()) == [sum(range(CPUS + 1)), CPUS, 10 * CPUS]


# Over maps, in bodies that are functions of their own


def test_in_loops_over_maps(probe):
    m, names, out = Hash(u32, u64), Hash(u32, u64), Array(u64, max_entries=4)
    made = probe(
        """
        best = names.get(9)
        last = 0
        for k, v in m.items():
            n = names.get(k)
            if n is not None and best is not None:
                out[0] += n + best
            step = 2
            if k > 1:
                step = names.get(k)
            if step is None:
                step = 50
            out[1] += step
            last = k if n is None else last
            names.setdefault(k, v)
        out[2] = last
        """, 0, m=m, names=names, out=out,
    )  # fmt: skip
    m[1], m[2], m[3] = 10, 20, 30
    names[9], names[2] = 1000, 7
    made.run()
    assert out[0] == 1007 and out[1] == 2 + 7 + 50 and out[2] in (1, 3)
    assert dict(names.items()) == {9: 1000, 1: 10, 2: 7, 3: 30} and made.losses == {}


# Bits


@pytest.fixture(scope="module", params=["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def bits(request):
    """A function that gives [n.bit_length() of u64, log2, of s32, log2 of u8] for numbers, from a probe."""
    backend = make_backend(request.param)
    with contextlib.ExitStack() as stack:
        stack.callback(backend.close)
        wide, narrow = Hash(u32, u64), Hash(u32, s32)
        out = Array(u64, max_entries=4)
        made = Probe(
            stack, backend,
            "n = wide[0]\nm = narrow[0]\nout[0] = n.bit_length()\nout[1] = ebee.log2(n)\nout[2] = m.bit_length()\n"
            "out[3] = ebee.log2(n & 0xff)",
            {"wide": wide, "narrow": narrow, "out": out},
        )  # fmt: skip

        def run(n, m):
            wide[0], narrow[0] = n, m
            made.run()
            return list(out.values())

        yield run


EDGES = sorted({(1 << i) + d for i in range(64) for d in (-1, 0, 1)} | {(1 << 64) - 1})


def test_bits_at_the_edges(bits):
    for n, m in itertools.zip_longest(EDGES, [0, 1, -1, 2, -2, -(1 << 31), (1 << 31) - 1], fillvalue=5):
        assert bits(n, m) == [n.bit_length(), ebee.log2(n), m.bit_length(), ebee.log2(n & 0xFF)]


@given(n=st.integers(0, (1 << 64) - 1), m=st.integers(-(1 << 31), (1 << 31) - 1))
def test_bits_of_any_number(bits, n, m):
    assert bits(n, m) == [n.bit_length(), ebee.log2(n), m.bit_length(), ebee.log2(n & 0xFF)]


def test_log2_outside():
    assert [ebee.log2(n) for n in (0, 1, 2, 3, 4, 1023, 1024)] == [0, 0, 1, 1, 2, 9, 10]
    with pytest.raises(UsageError, match="unsigned"):
        ebee.log2(-1)
