"""Stacks outside probes: lists of addresses, of places in files, and one line for flame graphs."""

from __future__ import annotations

import copy
import pickle
import struct
import threading
from types import SimpleNamespace

import pytest

from ebee import CallStack, FileOffset, Frame, StackTrace
from ebee.engine.mapkinds.perf import StackTraceMap
from ebee.engine.memory import Memory
from ebee.errors import UsageError
from ebee.spec.object import MapSpec
from ebee.types.call_stacks import fold

ID = bytes(range(20))


def entry(status, build_id, place):
    return struct.pack("<i20sQ", status, build_id, place)


def test_frames_by_build_id():
    value = StackTrace(depth=4, build_ids=True).value
    assert value.size == 128
    frames = value.unpack(entry(1, ID, 0x40) + entry(2, bytes(20), 0x7F00) + entry(0, bytes(20), 0) + entry(1, ID, 9))
    assert frames == [FileOffset(0x40, ID), 0x7F00] and frames[0].build_id == ID
    assert FileOffset(0x40, ID) != 0x40 and FileOffset(0x40, ID) != FileOffset(0x40, bytes(20))
    assert len({FileOffset(1, ID), FileOffset(1, ID), FileOffset(2, ID)}) == 2


@pytest.mark.parametrize("build_ids", [False, True])
def test_the_engine_keeps_them_as_the_kernel_does(build_ids):
    decl = StackTrace(depth=3, build_ids=build_ids)
    m = StackTraceMap(MapSpec("s", decl.map_type, 4, decl.value.size, 16, decl.map_flags), Memory(), threading.RLock())
    number = m.remember([0x10, 0x20, 0x30, 0x40], 0)
    assert decl.value.unpack(m.lookup(number.to_bytes(4, "little"))) == [0x10, 0x20, 0x30]


@pytest.mark.parametrize("flags, frame_bytes", [(0, 8), (32, 32)])
def test_maps_of_object_files_are_the_same(flags, frame_bytes):
    from ebee.api.object_maps import declare

    spec = MapSpec("s", StackTrace.map_type, 4, 5 * frame_bytes, 16, flags)
    decl = declare(spec, SimpleNamespace(type=lambda *_: None))
    assert isinstance(decl, StackTrace) and decl.value.size == 5 * frame_bytes and decl.map_flags == flags
    assert (decl.value.unpack(entry(1, ID, 3) * 5)[0] == FileOffset(3, ID)) == bool(flags)


def test_one_line_for_flame_graphs():
    frames = [
        Frame("read", 1, "", 0, "[kernel]", 1 << 63, True),
        Frame("a;b", 1, "x.c", 3, "/bin/x", 9),
        Frame("", 0x40, "", 0, "/lib/y.so", 8),
        Frame("", 0, "", 0, "", 7),
    ]
    assert fold(frames) == "0x7;[y.so+0x40];a:b;read_[k]"
    assert [str(f) for f in frames] == ["read+0x1 [kernel]", "a;b+0x1 at x.c:3 [x]", "[y.so+0x40]", "0x7"]


def test_a_stack_is_a_list():
    stack = CallStack([1, 2], lambda addresses, pid: [Frame(f"f{a}", pid, "", 0, "", a) for a in addresses])
    assert stack == [1, 2] and str(stack) == "f1\nf2" and stack.text(3) == "f1+0x3\nf2+0x3" and stack.folded() == "f2;f1"
    assert pickle.loads(pickle.dumps(stack)) == [1, 2] == copy.copy(stack)
    with pytest.raises(UsageError, match="no session"):
        CallStack([1]).text()
