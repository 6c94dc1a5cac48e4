"""Maps of prefixes, outside of probes and inside one, on both backends."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from map_probes import bound, make_backend, refused

from ebee import (
    Array,
    LpmTrie,
    Str,
    s32,
    u8,
    u16,
    u32,
    u64,
)
from ebee.errors import UsageError
from ebee.lower.object import ObjectBuilder

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
