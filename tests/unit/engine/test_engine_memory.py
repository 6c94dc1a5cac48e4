"""The engine's address space."""

from __future__ import annotations

import pytest

from ebee.engine import memory as m
from ebee.engine.memory import Memory
from ebee.errors import ExecutionError, FaultError


def test_reads_and_writes_stay_inside():
    memory = Memory()
    address = memory.map(bytearray(b"01234567"), "a test")
    assert memory.read(address + 2, 3) == b"234"
    assert memory.read(address + 8, 0) == b""
    assert memory.readable(address + 6) == b"67"
    assert memory.readable(address + 9) == b""
    memory.write(address + 6, b"xy")
    assert memory.read(address, 8) == b"012345xy"
    for off, size in ((8, 1), (0, 9), (-1, 1), (1 << 31, 1)):
        with pytest.raises(FaultError):
            memory.read(address + off, size)
    with pytest.raises(FaultError, match="a test has 8 bytes, and this is at offset 7"):
        memory.write(address + 7, b"ab")
    assert memory.read(address, 8) == b"012345xy"


@pytest.mark.parametrize("data", [b"fixed", memoryview(b"fixed"), memoryview(bytearray(b"fixed")).toreadonly()])
def test_read_only_regions(data):
    memory = Memory()
    address = memory.map(data, "a constant")
    assert memory.read(address, 5) == b"fixed"
    with pytest.raises(FaultError, match="a constant is read-only"):
        memory.write(address, b"x")


def test_words_for_wrong_addresses():
    memory = Memory()
    address = memory.map(bytearray(4), "the thing")
    assert "a null pointer" in str(memory.fault(8, 4))
    assert "1 bytes before the thing" in str(memory.fault(address - 1, 1))
    assert "nothing is there" in str(memory.fault(0x7FFC_0000_1000, 8))
    handle = memory.reserve("a map") << m.OFFSET_BITS
    assert "a map cannot be accessed directly" in str(memory.fault(handle, 8))
    memory.unmap(address)
    memory.unmap(address)
    assert "nothing is there" in str(memory.fault(address, 1))


def test_addresses_are_never_those_of_a_user_process():
    memory = Memory()
    assert memory.map(b"x", "x") >= 1 << 63


def test_region_numbers_are_used_again_only_at_the_end(monkeypatch):
    monkeypatch.setattr(m, "_END_REGION", m._FIRST_REGION + 3)
    memory = Memory()
    first, second, third = (memory.map(b"x", "x") for _ in range(3))
    memory.unmap(second)
    assert memory.map(b"y", "y") == second
    with pytest.raises(ExecutionError, match="no addresses left"):
        memory.map(b"z", "z")
    memory.unmap(first)
    assert memory.map(b"z", "z") == first
    assert memory.read(third, 1) == b"x"
