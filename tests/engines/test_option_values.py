"""The values of socket options: bytes, numbers and structs. In the engine here; in the kernel in kernel/."""

from __future__ import annotations

import struct

import pytest

import ebee
from ebee import Array, Struct, be16, s32, u8, u16, u32, u64

out = Array(u64, max_entries=8)


class Linger(Struct):
    onoff: s32
    seconds: s32


class Wide(Struct):
    one: u8
    many: u64
    port: be16


@ebee.sockopt("set")
def limits(ctx):
    value = ctx.optval
    if ctx.level == 1 and ctx.optname == 13 and len(value) >= 8:
        linger = value.read(0, Linger)
        if linger.seconds > 10:
            linger.seconds = 10
            value.write(0, linger)
        out[0] = u64(linger.onoff)
    elif ctx.optname == 7:
        n = value.read(0, u32)
        value.write(0, min(n, 4096), u32)
        out[0] = n
    elif ctx.optname == 25:
        if value[0:3] == b"eth":
            value[0:3] = b"lan"
        out[0] = u64(value[1:3] == b"an")
    elif ctx.optname == 30:
        at = value[0]
        out[1] = value.read(at, u16)
        out[2] = value.read(at, be16)
        out[3] = value.read(at, Wide).many
        value[at] += 1
        ctx.optlen = 2
    elif ctx.optname == 31:
        copy = value[0:4]
        value[4:8] = copy
        value.write(8, b"end")
    return True


def run(engine, name, value, level=1):
    assert engine.run(limits, ctx={"level": level, "optname": name, "optlen": len(value)}, packet=value) == 1
    return engine.packet


def test_structs_and_numbers(engine):
    assert run(engine, 13, struct.pack("ii", 1, 300)) == struct.pack("ii", 1, 10) and out[0] == 1
    assert run(engine, 13, struct.pack("ii", 1, 5)) == struct.pack("ii", 1, 5)
    assert run(engine, 7, struct.pack("I", 1 << 20)) == struct.pack("I", 4096) and out[0] == 1 << 20


def test_bytes(engine):
    assert run(engine, 25, b"eth0\0") == b"lan0\0" and out[0] == 1
    assert run(engine, 25, b"wlan0") == b"wlan0" and out[0] == 0
    assert run(engine, 31, b"abcd" + bytes(8)) == b"abcdabcdend\0"


@pytest.mark.parametrize("at", [1, 2, 3, 8])
def test_places_at_run_time(engine, at):
    value = bytes([at, *range(101, 140)])
    after = run(engine, 30, value)
    assert [out[1], out[2]] == [int.from_bytes(value[at : at + 2], order) for order in ("little", "big")]
    assert out[3] == int.from_bytes(value[at + 8 : at + 16], "little")
    assert after == value[:at] + bytes([value[at] + 1]) + value[at + 1 :]
    assert engine.ctx["optlen"] == 2


def test_what_is_not_there_ends_the_probe(engine):
    for name, value in ((7, b"\1\2\3"), (25, b"et"), (30, bytes([30, 1, 2])), (31, b"abcdefg")):
        assert engine.run(limits, ctx={"optname": name}, packet=value) == 0
    assert engine.run(limits, ctx={"optname": 7}) == 0
    assert sum(loss.count for loss in engine.losses) == 5 and {loss.kind for loss in engine.losses} == {"packet_end"}


@pytest.mark.needs_kernel
def test_the_kernel_takes_it():
    with ebee.Session(backend="kernel") as session:
        session._load([limits], session._test_backend(), None)
