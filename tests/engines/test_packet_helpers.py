"""Packets of tc, socket filters, cgroups and XDP, and the helpers over them: the kernel's results, bytes and contexts."""

from __future__ import annotations

import struct

import pytest
from both_backends import TC, XDP, load, outcome, same
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ebee import packets
from ebee.abi import bpf
from ebee.engine.backend import EngineBackend
from ebee.errors import ExecutionError, FaultError, SyscallError
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import MapSpec

SOCKET, CGROUP = bpf.BPF_PROG_TYPE_SOCKET_FILTER, bpf.BPF_PROG_TYPE_CGROUP_SKB
needs_kernel = pytest.mark.needs_kernel
V4, V6 = packets.tcp(b"hello, packet", dport=80), packets.udp(b"hello, packet", src="2001:db8::1", dst="2001:db8::2")
TAGGED, ARP = packets.tcp(b"tagged", dport=80, vlan=5), packets.ethernet(bytes(28), proto=0x0806)
FRAMES = {"v4": V4, "v6": V6, "tagged": TAGGED, "arp": ARP, "other host": b"\2" + V4[1:],
          "broadcast": b"\xff" * 6 + V4[6:], "multicast": b"\x03" + V4[1:], "802.3": V4[:12] + b"\0\x20" + V4[14:],
          "IPX": V4[:12] + b"\0\x20\xff\xff" + V4[16:]}  # fmt: skip


def collect(calls, start=0):
    """Text that makes calls and keeps each result, as u64, in `out`."""
    lines = ["r6 = r1", "r7 = out@value"]
    for at, call in enumerate(calls):
        lines += [*call.splitlines(), f"*(u64 *)(r7 + {8 * (at + start)}) = r0"]
    return "\n".join([*lines, "r0 = 0", "exit"])


def field(off, size):
    return f"r0 = *(u{size * 8} *)(r6 + {off})"


SKB_FIELDS = [field(off, 4) for off in (0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 64, 72, 160, 164, 176)]
SKB_FIELDS += [field(152, 8)]


@needs_kernel
@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("kind", [TC, bpf.BPF_PROG_TYPE_SCHED_ACT])
def test_fields_of_the_context_in_tc(frame, kind):
    same(collect([*SKB_FIELDS, field(8, 1), field(17, 1)]), kind, data=frame)


@needs_kernel
def test_fields_of_the_context_elsewhere():
    for kind, ok in ((SOCKET, (0, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64)), (CGROUP, (0, 4, 8, 16, 20, 24, 28, 32, 40, 48))):
        same(collect([field(off, 4) for off in ok]), kind, data=V4)


@needs_kernel
def test_what_is_given_in_the_context():
    ctx = bytearray(192)
    struct.pack_into("<I", ctx, 8, 77)
    struct.pack_into("<I", ctx, 32, 5)
    struct.pack_into("<5I", ctx, 48, 1, 2, 3, 4, 5)
    struct.pack_into("<QII", ctx, 152, 1 << 40, 999, 3)
    struct.pack_into("<I", ctx, 176, 100)
    text = collect([field(off, 4) for off in (8, 32, 48, 64, 160, 164, 176)])
    text = text.replace("r0 = 0\n", "*(u32 *)(r6 + 8) = 9\n*(u32 *)(r6 + 52) = 8\n*(u32 *)(r6 + 32) = 7\nr0 = 1\n")
    result = same(text, TC, data=V4, ctx=bytes(ctx))
    assert struct.unpack_from("<I", result[2], 8) == (9,) and struct.unpack_from("<2I", result[2], 48) == (1, 8)


@needs_kernel
@pytest.mark.parametrize("at", [0, 4, 12, 16, 20, 44, 68, 76, 168, 180])
def test_what_cannot_be_given_in_the_context(at):
    from both_backends import kernel

    ctx = bytearray(192)
    ctx[at] = 1
    for backend in (EngineBackend(), kernel()):
        program, _ = load(backend, "r0 = 0\nexit")
        with pytest.raises(SyscallError, match="Invalid argument"):
            backend.test_run(program, Run(bytes(ctx), V4))


@needs_kernel
def test_packets_that_are_too_short():
    from both_backends import kernel

    for backend in (EngineBackend(), kernel()):
        program, _ = load(backend, "r0 = 0\nexit", SOCKET)
        with pytest.raises(SyscallError, match="Invalid argument"):
            backend.test_run(program, Run(data=bytes(13)))


DIRECT = """
    r6 = *(u32 *)(r1 + {data})
    r7 = *(u32 *)(r1 + {end})
    r8 = r6
    r8 += {n}
    if r8 > r7 goto out
    r0 = *(u16 *)(r6 + {at})
    *(u8 *)(r6 + {at}) = 0xab
    r0 += 1
    exit
out:
    r0 = 0
    exit
"""


@needs_kernel
@pytest.mark.parametrize(("kind", "data", "end"), [(TC, 76, 80), (XDP, 0, 4)])
def test_direct_access(kind, data, end):
    for n in (14, 34, len(V4), len(V4) + 1):
        same(DIRECT.format(data=data, end=end, n=n, at=12), kind, data=V4)


@needs_kernel
def test_a_cgroup_sees_the_packet_from_the_network_header_on():
    text = DIRECT.format(data=76, end=80, n=20, at=2).replace("    *(u8 *)(r6 + 2) = 0xab\n    r0 += 1", "    r0 >>= 8\n    r0 &= 1")
    assert same(text, CGROUP, data=V4)[0] == V4[17] & 1
    assert same("r6 = r1\nr0 = *(u16 *)skb[2]\nexit", SOCKET, data=V4)[0] == int.from_bytes(V4[16:18], "big")


def call(name, *args, buffer=()):
    """A call with the context first; `buffer` are the bytes of r10 - 64 on, which an argument r10-64 points to."""
    lines = [f"*(u8 *)(r10 - {64 - at}) = {byte}" for at, byte in enumerate(buffer)]
    lines.append("r1 = r6")
    for at, value in enumerate(args, 2):
        if value == "buf":
            lines += [f"r{at} = r10", f"r{at} += -64"]
        else:
            lines.append(f"r{at} = {value & (1 << 64) - 1:#x} ll" if abs(value) >= 1 << 31 else f"r{at} = {value}")
    return "\n".join([*lines, f"call bpf_{name}"])


ZEROS = "\n".join(f"*(u64 *)(r10 - {64 - at}) = 0" for at in range(0, 64, 8))


def keep(size):
    return "\n".join(f"r0 = *(u64 *)(r10 - {64 - at})\n*(u64 *)(r7 + {128 + at}) = r0" for at in range(0, size, 8))


offsets = st.sampled_from([0, 1, 13, 14, 16, 24, 40, 60, 66, 67, 68, 0xFFFF, 0x7FFF_FFFF]) | st.integers(0, 80)


@needs_kernel
@settings(max_examples=20)
@given(offsets, st.sampled_from([1, 2, 4, 6, 8, 16, 40]), st.sampled_from([0, 0, 1, 2, 3, 4, 8]))
def test_load_and_store(off, size, flags):
    calls = [
        ZEROS + "\n" + call("skb_store_bytes", off, "buf", size, flags, buffer=b"STORED!!" * 2),
        call("skb_load_bytes", off, "buf", size) + "\nr9 = r0\n" + keep(size) + "\nr0 = r9",
        call("skb_load_bytes_relative", off, "buf", size, flags & 1) + "\nr9 = r0\n" + keep(size) + "\nr0 = r9",
        call("skb_pull_data", off),
    ]
    same(collect(calls), TC, data=V4)


@needs_kernel
@settings(max_examples=20)
@given(offsets, st.integers(0, 0xFFFF_FFFF), st.integers(0, 0xFFFF_FFFF), st.sampled_from([0, 2, 4, 6]), st.booleans(),
       st.sampled_from([0, 16, 32, 96, 16 | 32]))  # fmt: skip
def test_checksums_are_replaced(off, old, new, size, is_zero, more):
    old = 0 if is_zero else old & (0xFFFF if size == 2 else 0xFFFF_FFFF)
    new &= 0xFFFF if size == 2 else 0xFFFF_FFFF
    calls = [call("l3_csum_replace", off, old, new, size), call("l4_csum_replace", off, old, new, size | more),
             call("l4_csum_replace", 24, old, new, size | more)]  # fmt: skip
    same(collect(calls), TC, data=V4)


@needs_kernel
@settings(max_examples=20)
@given(st.binary(max_size=32), st.binary(max_size=32), st.integers(0, 0xFFFF_FFFF))
def test_checksum_differences(old, new, seed):
    old, new = old[: len(old) & ~3], new[: len(new) & ~3]
    lines = [ZEROS, *(f"*(u8 *)(r10 - {64 - i}) = {b}" for i, b in enumerate(old.ljust(32, b"\0") + new))]
    first = ["r1 = r10", "r1 += -64", f"r2 = {len(old)}"] if old else ["r1 = 0", "r2 = 0"]
    then = ["r3 = r10", "r3 += -32", f"r4 = {len(new)}"] if new else ["r3 = 0", "r4 = 0"]
    text = "\n".join([*lines, *first, *then, f"r5 = {seed:#x} ll", "call bpf_csum_diff"])
    same(collect([text]), TC, data=V4)


RESIZES = st.lists(
    st.tuples(st.just("skb_change_tail"), st.sampled_from([0, 13, 14, 40, 80, 120, 16385]), st.sampled_from([0, 0, 1]))
    | st.tuples(st.just("skb_change_head"), st.sampled_from([0, 1, 14, 40, 16380]), st.sampled_from([0, 0, 1]))
    | st.tuples(st.just("skb_change_proto"), st.sampled_from([0x0008, 0xDD86, 0x0608]), st.sampled_from([0, 0, 1]))
    | st.tuples(st.just("skb_adjust_room"), st.sampled_from([-4096, -40, -20, -8, 0, 8, 20, 40]), st.sampled_from([0, 1, 2]),
                st.sampled_from([0, 0, 1, 2, 4, 6, 8, 32, 128, 256, 18]))
    | st.tuples(st.just("skb_vlan_push"), st.sampled_from([0x0081, 0xA888, 7]), st.integers(0, 0xFFFF))
    | st.tuples(st.just("skb_vlan_pop"))
    | st.tuples(st.just("skb_change_type"), st.integers(0, 5))
    | st.tuples(st.just("csum_level"), st.integers(0, 4))
    | st.tuples(st.just("skb_ecn_set_ce")),
    min_size=1, max_size=4,
)  # fmt: skip
STATE = [field(0, 4), field(4, 4), field(16, 4), field(20, 4), field(24, 4), field(28, 4)]


@needs_kernel
@settings(max_examples=30)
@given(st.sampled_from([V4, V6, TAGGED, ARP, packets.tcp(b"x", dport=80, tos=2)]), RESIZES)
def test_packets_that_change(frame, calls):
    names = [name for name, *_ in calls]
    # Where the room in front is used up the kernel forgets how short a packet may become.
    pushed = sum({"skb_vlan_push": 4, "skb_change_proto": 20}.get(name, max(0, args[0] if args else 0)) for name, *args in calls
                 if name in ("skb_vlan_push", "skb_change_proto", "skb_change_head", "skb_adjust_room") and args[0] < 16000)
    assume("skb_change_tail" not in names or pushed <= 60)
    # Behind two pushed tags the kernel looks for the protocol at an odd place.
    assume("skb_ecn_set_ce" not in names or names.count("skb_vlan_push") < 2)
    same(collect([call(name, *args) for name, *args in calls] + STATE), TC, data=frame)


HEADS = st.lists(
    st.tuples(st.just("xdp_adjust_head"), st.sampled_from([-300, -217, -216, -200, -14, -4, 0, 4, 14, 40, 60, 5000]))
    | st.tuples(st.just("xdp_adjust_tail"), st.sampled_from([-5000, -54, -53, -40, -1, 0, 1, 8, 4000]))
    | st.tuples(st.just("xdp_adjust_meta"), st.sampled_from([-300, -256, -252, -216, -32, -8, -4, -3, 0, 4, 8])),
    min_size=1, max_size=5,
)  # fmt: skip


@needs_kernel
@settings(max_examples=30)
@given(HEADS, offsets, st.sampled_from([1, 2, 8, 16]))
def test_frames_that_change(calls, off, size):
    text = [call(name, *args) for name, *args in calls] + [
        call("xdp_get_buff_len"),
        ZEROS + "\n" + call("xdp_store_bytes", off, "buf", size, buffer=b"STORED!!" * 2),
        ZEROS + "\n" + call("xdp_load_bytes", off, "buf", size) + "\nr9 = r0\n" + keep(size) + "\nr0 = r9",
        "r1 = *(u32 *)(r6 + 0)\nr0 = *(u32 *)(r6 + 4)\nr0 -= r1",
    ]
    same(collect(text), XDP, data=V4)


@needs_kernel
def test_metadata_in_the_context_of_a_frame():
    ctx = struct.pack("<6I", 8, len(V4), 0, 0, 0, 0)
    text = """
        r2 = *(u32 *)(r1 + 8)
        r3 = *(u32 *)(r1 + 0)
        r4 = r2
        r4 += 8
        r0 = 0
        if r4 > r3 goto out
        r0 = *(u32 *)(r2 + 4)
        *(u32 *)(r2 + 0) = 7
    out:
        exit
    """
    result = same(text, XDP, data=V4, ctx=ctx)
    assert result[0] == int.from_bytes(V4[4:8], "little") and result[1][:4] == b"\7\0\0\0"


@needs_kernel
def test_redirects():
    for flags in (0, 1, 2):
        same(f"r1 = 1\nr2 = {flags}\ncall bpf_redirect\nexit", TC, data=V4)
        same(f"r1 = 1\nr2 = {flags}\ncall bpf_redirect\nexit", XDP, data=V4)
    for name in ("redirect_peer", "redirect_neigh"):
        text = f"r1 = 1\nr2 = 0\nr3 = 0\nr4 = 0\ncall bpf_{name}\nexit"
        assert same(text, TC, data=V4)[0] == 7
    devices = MapSpec("devices", bpf.BPF_MAP_TYPE_DEVMAP, 4, 4, 4)
    for flags in (0, 1, 2, 3, 16):
        same(f"r1 = devices@map\nr2 = 1\nr3 = {flags}\ncall bpf_redirect_map\nexit", XDP, data=V4, maps=[devices])
    for flags in (0, 2):
        fill = lambda live: live["devices"].update(b"\1\0\0\0", b"\1\0\0\0")  # noqa: E731
        text = f"r1 = devices@map\nr2 = 1\nr3 = {flags}\ncall bpf_redirect_map\nexit"
        assert same(text, XDP, data=V4, maps=[devices], before=fill)[0] == 4


def test_what_the_network_was_asked_for():
    backend = EngineBackend()
    program, _ = load(backend, "r1 = 7\nr2 = 1\ncall bpf_redirect\nexit")
    backend.test_run(program, Run(data=V4))
    assert backend.machine.effects == [("redirect", (7, 1), V4)]


@needs_kernel
def test_dynptrs_of_packets():
    for kind, name in ((TC, "bpf_dynptr_from_skb"), (XDP, "bpf_dynptr_from_xdp")):
        text = f"""
            r6 = r1
            r7 = out@value
            r2 = 0
            r3 = r10
            r3 += -16
            call {name}@kfunc
            r1 = r10
            r1 += -16
            call bpf_dynptr_size@kfunc
            *(u64 *)(r7 + 0) = r0
            r1 = r7
            r1 += 16
            r2 = 8
            r3 = r10
            r3 += -16
            r4 = 12
            r5 = 0
            call bpf_dynptr_read
            *(u64 *)(r7 + 8) = r0
            r1 = r10
            r1 += -16
            r2 = 3
            r3 = r7
            r3 += 16
            r4 = 4
            r5 = 0
            call bpf_dynptr_write
            r1 = r7
            r1 += 64
            r2 = 100
            r3 = r10
            r3 += -16
            r4 = 12
            r5 = 0
            call bpf_dynptr_read
            *(u64 *)(r7 + 24) = r0
            r1 = r10
            r1 += -16
            r2 = 0
            r3 = 0
            r4 = 14
            call bpf_dynptr_slice@kfunc
            if r0 == 0 goto out
            r0 = *(u32 *)(r0 + 4)
        out:
            exit
        """
        if kind == TC:
            text = text.replace("            r3 = 0\n            r4 = 14\n", "            r3 = r7\n            r3 += 200\n            r4 = 14\n")
        same(text, kind, data=V4)


# What only the engine says.


def test_pointers_into_a_packet_that_changed_are_gone():
    text = """
        r6 = r1
        r7 = *(u32 *)(r1 + 0)
        r2 = 4
        call bpf_xdp_adjust_head
        r0 = *(u8 *)(r7 + 0)
        exit
    """
    with pytest.raises(FaultError, match="nothing is there"):
        outcome(EngineBackend(), text, XDP, data=V4)


def test_only_the_context_is_a_packet():
    with pytest.raises(ExecutionError, match="is no socket buffer"):
        outcome(EngineBackend(), "r1 = 5\nr2 = 20\nr3 = 0\ncall bpf_skb_change_tail\nexit", TC, data=V4)
    with pytest.raises(ExecutionError, match="is no XDP frame"):
        outcome(EngineBackend(), "r1 = 5\nr2 = 0\ncall bpf_xdp_adjust_head\nexit", XDP, data=V4)
