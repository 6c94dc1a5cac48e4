"""Queues, stacks and Bloom filters, outside of probes and inside one, on both backends."""

from __future__ import annotations

import errno

import pytest
from map_probes import Key, Stat, refused

import ebee
from ebee import (
    Array,
    BloomFilter,
    Queue,
    Stack,
    s32,
    u32,
    u64,
)

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
