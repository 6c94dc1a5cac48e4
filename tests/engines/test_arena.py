"""Arenas: one large list that probes and the program outside share, in the kernel and in the engine."""

from __future__ import annotations

import pytest

import ebee
from ebee import Arena, Array, Bytes, Global, Hash, List, Str, Struct, Timer, be16, s8, s32, u8, u16, u32, u64
from ebee.errors import CompileError, ElfError, UsageError

BACKENDS = ["engine", pytest.param("kernel", marks=[pytest.mark.needs_kernel, pytest.mark.needs_feature("arena")])]


class Point(Struct):
    x: s32
    y: u16
    port: be16


class Node(Struct):
    key: u64
    left: u32
    right: u32
    small: s8
    flags: u8
    at: Point
    counts: list[int] = List(u32, 3)
    data: bytes = Bytes(5)


nodes = Arena(Node, max_entries=50_000)
used = Global(u32, 1)
out = Array(u64, max_entries=8)
copies = Hash(u32, Node)


@ebee.xdp
def insert(pkt):
    """Put a key into a tree whose nodes know each other by number; 0 is nobody."""
    key = pkt[0] * 256 + pkt[1]
    at = nodes[0].left
    last, is_left = 0, True
    while at != 0:
        node = nodes[at]
        if node.key == key:
            node.counts[pkt[2] % 3] += 1
            return ebee.XDP_PASS
        last, is_left = at, key < node.key
        at = node.left if is_left else node.right
    new = ebee.fetch_add(used.value, 1)
    nodes[new] = Node(key=key, small=-5, at=Point(x=-7, y=8, port=443))
    if is_left:
        nodes[last].left = new
    else:
        nodes[last].right = new
    return ebee.XDP_PASS


def in_order(at):
    return [] if at == 0 else [*in_order(nodes[at].left), nodes[at].key, *in_order(nodes[at].right)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_tree_that_both_sides_walk(backend):
    keys = [300, 7, 65000, 301, 8, 9, 300, 5, 64000, 7]
    with ebee.Session(backend=backend) as session:
        session.load(insert)
        used.value = 1
        for at, key in enumerate(keys):
            assert session.run(insert, packet=key.to_bytes(2, "big") + bytes([at % 3]) + bytes(61)).retval == 2
        assert in_order(nodes[0].left) == sorted(set(keys))
        first = nodes[1]
        assert (first.key, first.counts, first.small) == (300, [1, 0, 0], -5)
        assert first.at == Point(x=-7, y=8, port=443)
        nodes[1] = Node(key=300, left=first.left)  # the right branch is gone
        session.run(insert, packet=(65000).to_bytes(2, "big") + bytes(62))
        assert in_order(nodes[0].left) == [5, 7, 8, 9, 300, 65000] and nodes[9].key == 65000
        size = len(nodes.memory) // len(nodes)
        assert int.from_bytes(nodes.memory[9 * size : 9 * size + 8], "little") == 65000
        assert nodes[-1] == Node() == nodes[len(nodes) - 1] and session.losses() == []


@ebee.xdp
def operations(pkt):
    i = pkt[0]
    n = nodes[i]
    n.small = -1
    n.flags = n.flags | 0x81
    n.key += 1 << 40
    n.at.x -= 3
    n.at.port = 80
    n.data = b"hello"
    n.counts[i % 3] = 9
    out[0] = u64(n.small < 0) + n.flags
    out[1] = n.at.port + u64(n.at.x + 3)
    out[2] = ebee.fetch_add(nodes[i].key, 5) >> 40
    out[3] = ebee.xchg(nodes[i].counts[1], 77) + n.counts[1]
    total = 0
    for k in range(i + 3):
        total += nodes[k].counts[1]
    out[4] = total
    copies[1] = nodes[i]
    m = nodes[i + 1]
    m.at = n.at
    out[5] = len(nodes) + u64(m.at == n.at) + u64(n.data == b"hello")
    nodes[49_999].key = 3
    if pkt[1]:
        nodes[i * 1000].flags = 1
    out[6] += 1
    return ebee.XDP_PASS


@pytest.mark.parametrize("backend", BACKENDS)
def test_operations(backend):
    with ebee.Session(backend=backend) as session:
        session.run(operations, packet=bytes([4]) + bytes(63))
        assert [out[i] for i in range(7)] == [1 + 0x81, 80, 1, 9 + 77, 77, 50_002, 1]
        wanted = Node(key=(1 << 40) + 5, small=-1, flags=0x81, at=Point(x=-3, port=80), counts=[0, 77, 0], data=b"hello")
        assert nodes[4] == wanted == copies[1] and nodes[5] == Node(at=wanted.at) and nodes[49_999].key == 3
        for first, ran in ((49, 2), (50, 2), (51, 2)):
            session.run(operations, packet=bytes([first, 1]) + bytes(62))
            assert out[6] == ran
        assert sum(loss.count for loss in session.losses() if loss.kind == "bad_index") == 2


counters = Arena(u64, max_entries=3)


@ebee.tracepoint("syscalls:sys_enter_openat")
def opened(ctx):
    counters[1] += 1
    for key, _ in copies.items():
        counters[2] += key
    counters[0] = 7


@pytest.mark.parametrize("backend", BACKENDS)
def test_numbers_and_loops_over_maps(backend):
    with ebee.Session(backend=backend) as session:
        session.load(opened)
        copies[3] = copies[4] = Node()
        session.attach(opened, command=["ls", "/"]).wait()
        first, count, total = counters
        assert first == 7 and count > 0 and total == 7 * count
        memory = counters.memory
        memory[8:16] = (1 << 50).to_bytes(8, "little")
        assert counters[1] == 1 << 50 and len(memory) == 24


def test_outside():
    with pytest.raises(UsageError, match="not bound"):
        nodes[0]
    with pytest.raises(UsageError, match="1 GiB"):
        Arena(u64, max_entries=1 << 28)

    class Timed(Struct):
        n: u64
        t: Timer

    with pytest.raises(UsageError, match="cannot hold a timer"):
        Arena(Timed, max_entries=2)
    with ebee.Session(backend="engine") as session:
        session.load(opened)
        for index in (3, -4):
            with pytest.raises(IndexError, match="counters has 3 elements"):
                counters[index]
        with pytest.raises(TypeError, match="takes an index"):
            counters["a"]
        counters[-1] = 5
        assert list(counters) == [0, 0, 5]


def test_an_object_file_has_none():
    with pytest.raises(ElfError, match="'counters' in a way that an object file cannot say"):
        ebee.compile(opened).to_bytes()


class Named(Struct):
    n: u64
    name: str = Str(16)


names = Arena(Named, max_entries=10)


@ebee.tracepoint("syscalls:sys_enter_openat")
def named(ctx):
    names[1].name = ebee.comm()


@ebee.xdp
def two(pkt):
    counters[1] = names[2].n
    return ebee.XDP_PASS


@ebee.xdp
def outside(pkt):
    counters[3] = 1
    return ebee.XDP_PASS


@ebee.xdp
def methods(pkt):
    if 5 in counters:
        return 1
    counters.push(5)
    return ebee.XDP_PASS


@ebee.xdp
def fetches(pkt):
    out[0] = ebee.fetch_or(counters[1], 4)
    return ebee.XDP_PASS


@pytest.mark.parametrize(
    "probe, message",
    [
        (fetches, r"fetch_or\(\) is not to be had in an arena"),
        (named, "functions of the kernel do not reach the memory of an arena"),
        (two, "a program has one Arena, and counters is used already|a program has one Arena, and names is used already"),
        (outside, "counters has 3 elements: there is no"),
        (methods, "whether an arena has a value is not found out at once"),
    ],
)
def test_refused(probe, message):
    with pytest.raises(CompileError, match=message):
        ebee.compile(probe)


class Large(Struct):
    first: u64
    items: list[int] = List(u32, 20_000)


large = Array(Large, max_entries=1)


@ebee.xdp
def far(pkt):
    v = large.lookup(0)
    if v is not None:
        v.items[19_999] = 7
        v.items[12_000] += 5
        out[7] = v.items[-1] + v.items[12_000]
    return ebee.XDP_PASS


@pytest.mark.parametrize("backend", BACKENDS)
def test_elements_of_entries_that_are_far_from_the_start(backend):
    with ebee.Session(backend=backend) as session:
        session.run(far, packet=bytes(64))
        assert out[7] == 12 and large[0].items[19_999] == 7 and sum(large[0].items) == 12
