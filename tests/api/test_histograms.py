"""Histograms as text."""

from __future__ import annotations

import io

import pytest

import ebee
from ebee import Array, Hash, PerCpuArray, u32, u64
from ebee.errors import UsageError


class Live:
    """A map that is live, in a dict."""

    cpus = 2

    def __init__(self, entries):
        self.entries = entries
        self.lookup = entries.get

    def items(self):
        return iter(self.entries.items())


def key(n):
    return n.to_bytes(4, "little")


def number(*numbers):
    return b"".join(n.to_bytes(8, "little") for n in numbers)


def test_log2_buckets():
    lines = ebee.render_histogram({1: 1, 3: 2}, unit="ns").splitlines()
    assert lines == [
        "      ns : count    distribution",
        " 2 -> 3  : 1        |********************                    |",
        " 4 -> 7  : 0        |                                        |",
        " 8 -> 15 : 2        |****************************************|",
    ]
    assert "0 -> 1" in ebee.render_histogram({0: 5})


def test_linear_buckets_and_lists():
    text = ebee.render_histogram([0, 4, 1, 0], step=10)
    assert text.splitlines()[1:] == [
        "10 -> 19 : 4        |****************************************|",
        "20 -> 29 : 1        |**********                              |",
    ]


def test_nothing_was_counted():
    assert ebee.render_histogram({}) == ebee.render_histogram({3: 0}) == "     : count    distribution\n"


@pytest.mark.parametrize(
    "decl, entries",
    [
        (Hash(u32, u64), {key(1): number(1), key(3): number(2)}),
        (Array(u64, max_entries=5), {key(i): number(n) for i, n in enumerate([0, 1, 0, 2, 0])}),
        (PerCpuArray(u64, max_entries=4), {key(i): number(*n) for i, n in enumerate([(0, 0), (1, 0), (0, 0), (1, 1)])}),
    ],
)
def test_maps(decl, entries):
    decl._bindings.append(Live(entries))
    assert ebee.render_histogram(decl, unit="us") == ebee.render_histogram({1: 1, 3: 2}, unit="us")
    out = io.StringIO()
    ebee.print_histogram(decl, unit="us", file=out)
    assert out.getvalue() == ebee.render_histogram(decl, unit="us")


@pytest.mark.parametrize("wrong", [{"a": 1}, {1: "a"}, {-1: 2}, {1: -2}, ["x"]])
def test_what_is_no_histogram(wrong):
    with pytest.raises(UsageError, match="counts by the numbers of buckets"):
        ebee.render_histogram(wrong)
