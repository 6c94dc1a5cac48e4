"""Struct classes as Python objects: declarations, refusals, values."""

from __future__ import annotations

import copy
import enum
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee import (
    Bits,
    Bytes,
    Hash,
    List,
    Str,
    Struct,
    Union,
    Width,
    be16,
    be32,
    s8,
    s32,
    s64,
    u8,
    u16,
    u32,
    u64,
)  # fmt: skip
from ebee.errors import UsageError


class State(enum.IntEnum):
    IDLE = 0
    RUN = 2


class Mode(enum.IntFlag):
    READ = 1
    WRITE = 2


class Level(enum.Enum):
    LOW = -1
    HIGH = 1 << 40


class Point(Struct):
    x: u16
    y: s64


class Pair(Struct):
    tag: str = Str(4)
    n: u32


class Address(Union):
    v4: be32
    v6: bytes = Bytes(16)
    point: Point


class Event(Struct):
    state: State
    small: State = Width(u8)
    mode: Mode = Bits(u8, 2)
    first: bool = Bits(u8, 1)
    rest: int = Bits(s8, 5)
    ok: bool
    port: be16
    where: Point
    ways: list[Point] = List(Point, 2)
    address: Address
    level: Level


def test_values_are_what_the_annotations_say():
    e = Event(state=State.RUN, small=State.RUN, mode=Mode.READ | Mode.WRITE, first=True, rest=-16, ok=True, port=443)
    e.where.x, e.ways[1].y, e.level = 7, -1, Level.HIGH
    e.address.v6 = bytes(range(16))
    back = Event._type.unpack(Event._type.pack(e))
    assert back == e and hash(back) == hash(e) and repr(back) == repr(e)
    assert back.state is State.RUN and back.small is State.RUN and back.level is Level.HIGH
    assert isinstance(back.mode, Mode) and Mode.WRITE in back.mode
    assert back.first is True and back.ok is True and back.rest == -16
    assert back.address.v4 == 0x00010203 and back.ways == [Point(), Point(y=-1)]
    assert Event._type.pack(e)[Event._type.fields["port"].off_bytes :][:2] == b"\x01\xbb"
    assert pickle.loads(pickle.dumps(back)) == back == copy.deepcopy(back)


def test_numbers_that_are_no_member_stay_numbers():
    raw = bytearray(Event._type.pack(Event()))
    raw[:4] = (77).to_bytes(4, "little")
    back = Event._type.unpack(bytes(raw))
    assert back.state == 77 and type(back.state) is int
    assert Event._type.pack(back) == bytes(raw)


def test_fields_that_are_not_given_are_zero_and_of_each_instance():
    a, b = Event(), Event()
    a.ways[0].x = a.address.point.x = 1
    assert b.ways[0].x == 0 and b.address.v4 == 0
    assert Event() == b != a
    assert (b.level, b.state, b.ok, b.mode) == (0, State.IDLE, False, Mode(0))


def test_a_union_is_one_memory():
    a = Address(v4=0x7F000001)
    assert a.v6 == b"\x7f\0\0\1" + bytes(12) and a == Address(v6=a.v6)
    a.point.y = 5
    a.point.x = 0xBEEF
    assert a.v6 == b"\xef\xbe\0\1" + bytes(4) + b"\5" + bytes(7)
    assert repr(Address(v4=1)).startswith("Address(v4=1, v6=b'\\x00\\x00\\x00\\x01")
    assert {Address(v4=1): 1}[Address(v6=bytes(3) + b"\1" + bytes(12))] == 1
    with pytest.raises(AttributeError, match="Address has no field 'v5'"):
        _ = a.v5
    with pytest.raises(AttributeError, match="Address has no field 'v5'"):
        a.v5 = 1
    with pytest.raises(TypeError, match="Address is a union: one field can be given, not 2"):
        Address(v4=1, v6=bytes(16))
    with pytest.raises(TypeError, match="Address has no field 'v5'"):
        Address(v5=1)
    with pytest.raises(TypeError, match=r"Address.v6: Bytes\(16\) takes 16 bytes"):
        Address(v6=b"1")


class Named(Union):
    raw: bytes = Bytes(8)
    name: str = Str(8)
    pair: Pair


def test_a_union_may_hold_what_one_of_its_fields_cannot_say():
    u = Named(raw=b"\xff\xfe\xfd\0junk")
    assert u.name == "\\xff\\xfe\\xfd" and "pair=" in repr(u) and u.pair.tag == "\\xff\\xfe\\xfd"
    assert u.raw == b"\xff\xfe\xfd\0junk" and u == Named(raw=u.raw) and Named._type.pack(u) == u.raw
    u.pair.n = 5
    assert u.raw == b"\xff\xfe\xfd\0\5\0\0\0"


@pytest.mark.parametrize(
    "values, message",
    [
        ({"rest": 16}, r"Event.rest: 16 does not fit in Bits\(s8, 5\) \(-16 to 15\)"),
        ({"mode": 4}, r"Event.mode: 4 does not fit"),
        ({"ok": 2}, r"Event.ok: 2 does not fit in bool"),
        ({"port": 65536}, r"Event.port: 65536 does not fit in be16"),
        ({"ways": [Point()]}, r"Event.ways: List\(Point, 2\) takes a list of 2 values, not"),
        ({"ways": [Point(), 1]}, r"Event.ways: Point takes a Point, not int"),
        ({"where": Point(x=-1)}, r"Event.where: Point.x: -1 does not fit in u16"),
        ({"level": "HIGH"}, r"Event.level: Level takes an int, not str"),
        ({"state": Level.LOW}, r"Event.state: State takes an int, not Level"),
    ],
)
def test_values_that_do_not_fit(values, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Event._type.pack(Event(**values))


DECLARATIONS = {
    "x: int": ("X.x: int is not a type with a fixed size", "give the width: u8 … u64, s8 … s64"),
    "x: bytes": ("X.x: bytes is not a type with a fixed size", "give the size: Bytes(16)"),
    "x: list": ("X.x: list is not a type with a fixed size", "give type and number of the elements: List(u32, 8)"),
    "x: Union": ("X.x: Union is not a type with a fixed size", "types are …"),
    "x: int = Bits(u32, 33)": ("Bits() takes a number of bits from 1 to 32 of a u32, not 33", ""),
    "x: int = Bits(be16, 3)": ("Bits() takes the type that holds the bits, u8 … u64 or s8 … s64, not be16", ""),
    "x: bool = Bits(u8, 2)": ("X.x: a bool has one bit of an unsigned type", "write Bits(u8, 1)"),
    "x: str = Bits(u8, 2)": ("X.x: bits are int, bool or an enum, not <class 'str'>", ""),
    "x: State = Bits(u8, 1)": ("X.x: <State.RUN: 2> does not fit in 1 bits of u8", ""),
    "x: State = Bits(s8, 2)": ("X.x: <State.RUN: 2> does not fit in 2 bits of s8", ""),
    "x: Level = Width(u64)": ("X.x: the members of Level do not fit in u64", ""),
    "x: int = Width(u8)": ("X.x: Width() is for enums", "write the integer type itself: u8 … u64, s8 … s64"),
    "x: State = Width(State)": ("Width() takes u8 … u64 or s8 … s64, not <enum 'State'>", ""),
    "x: Words": ("X.x: the members of Words are not integers", "derive it from enum.IntEnum"),
    "x: Nothing": ("X.x: name 'Nothing' is not defined", ""),
    "x: u8 = 3": ("X.x: a field cannot have a default value; it is zero unless assigned", ""),
    "_data: u8": ("X._data: a field cannot have this name", ""),
    "größe: u8": ("X.größe: a field cannot have this name", ""),
    "pass": ("struct X has no fields", "write them as annotations: `pid: u32`"),
}


@pytest.mark.parametrize("line", DECLARATIONS)
def test_declarations_that_are_refused(line):
    message, hint = DECLARATIONS[line]
    names = {**globals(), "Words": enum.Enum("Words", {"A": "a"}), "be16": be16}
    with pytest.raises(UsageError) as caught:
        exec(f"class X(Struct):\n    {line}", names)
    assert caught.value.args[0].startswith(message)
    assert hint.removesuffix("…") in (caught.value.hint or "")


def test_layouts_that_are_refused():
    with pytest.raises(UsageError, match="align= is a power of two"):
        class Odd(Struct, align=3):
            x: u8
    with pytest.raises(UsageError, match="Wide cannot be packed: it begins with Point, which is not"):
        class Wide(Point, packed=True):
            z: u8
    with pytest.raises(ValueError, match="List"):
        List(u8, 0)
    with pytest.raises(ValueError, match="Bytes"):
        Bytes(0)
    with pytest.raises(UsageError, match="value of Hash"):
        Hash(u32, Bits(u32, 3))


def test_a_derived_struct_begins_with_its_base():
    class Packed(Struct, packed=True):
        a: u8
        b: u32

    class More(Packed):
        c: u16

    class Narrow(Address):
        v2: u16

    assert [(f.name, f.off_bytes) for f in More._type.fields.values()] == [("a", 0), ("b", 1), ("c", 5)]
    assert More._type.size == 7 and More._type.packed
    assert Narrow(v2=1).v6[0] == 1 and Narrow._type.is_union


def of(T, count):
    class Pair(Struct):
        first: T
        rest: list = List(T, count)

    return Pair


def test_classes_made_in_functions_see_its_names():
    a, b = of(u8, 3), of(Point, 1)
    assert (a._type.size, b._type.size) == (4, 32)
    assert a._type.unpack(b"\1\2\3\4") == a(first=1, rest=[2, 3, 4])


def test_types_are_equal_by_what_they_are():
    assert List(u32, 2) == List(u32, 2) != List(u32, 3)
    assert Bytes(2) == Bytes(2) != Bytes(3)
    assert len({List(u32, 2), List(u32, 2), Bytes(2), Bytes(2), Str(2), Str(2)}) == 3


def test_enums_take_the_room_that_they_need():
    assert Hash(State, Level).key.size == 4
    decl = Hash(State, Level)
    assert (decl.value.size, decl.value.signed, decl.key.signed) == (8, True, False)
    assert decl.key.unpack(b"\2\0\0\0") is State.RUN
    assert ebee.Array(bool, max_entries=1).value.zero() is False


def test_users_code_type_checks(tmp_path):
    file = tmp_path / "user.py"
    file.write_text(
        "import enum\n"
        "from ebee import Bits, Bytes, Hash, List, Str, Struct, Union, Width, be16, be32, u8, u32\n\n"
        "class State(enum.IntEnum):\n    RUN = 1\n\n"
        "class Address(Union):\n    v4: be32\n    v6: bytes = Bytes(16)\n\n"
        "class Event(Struct, packed=True):\n    pid: u32\n    port: be16\n    ok: bool\n    state: State = Width(u8)\n"
        "    flags: int = Bits(u8, 3)\n    values: list[int] = List(u32, 8)\n    a: Address\n    name: str = Str(16)\n\n"
        "e = Event(pid=1, a=Address(v4=1))\ne.values[3] = e.flags + e.a.v4\nreveal_type(e.state)\nreveal_type(e.a.v6)\n"
        "h = Hash(State, Event)\nreveal_type(h[State.RUN].values)\n"
    )
    src = str(Path(ebee.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file", "/dev/null", str(file)],
        capture_output=True, text=True, cwd=tmp_path, env={"MYPYPATH": src, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    revealed = [line.split('"')[1].replace("builtins.", "") for line in done.stdout.splitlines() if "Revealed" in line]
    assert revealed == ["user.State", "bytes", "list[int]"], done.stdout
    assert done.returncode == 0, done.stdout


def test_widths_are_used_as_numbers_too():
    assert be16(0x12345) == 0x2345 and s32(-1) == -1 and u64(-1) == 2**64 - 1
