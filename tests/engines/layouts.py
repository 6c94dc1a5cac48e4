"""Random struct layouts: as ebee's classes and as C."""

from __future__ import annotations

import enum

from hypothesis import strategies as st

from ebee import (
    Bits,
    Bytes,
    List,
    Str,
    Struct,
    Union,
    be16,
    be32,
    be64,
    s8,
    s16,
    s32,
    s64,
    u8,
    u16,
    u32,
    u64,
)  # fmt: skip
from ebee.types.structs import StructType


class Colour(enum.IntEnum):
    RED = 0
    GREEN = 1
    BLUE = 6


PRELUDE = """
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64;
enum Colour { RED = 0, GREEN = 1, BLUE = 6 };
"""
INTEGERS = {str(t): t for t in (u8, u16, u32, u64, s8, s16, s32, s64)}


def declaration(type, name):
    """A member in C."""
    if isinstance(type, StructType):
        return f"{'union' if type.is_union else 'struct'} {type.name} {name}"
    if hasattr(type, "element"):
        return f"{declaration(type.element, f'{name}[{type.count}]')}"
    if hasattr(type, "placed"):
        return f"{type.base} {name} : {type.bits}"
    if type.name.startswith(("Str(", "Bytes(")):
        return f"{'char' if type.name[0] == 'S' else 'unsigned char'} {name}[{type.size}]"
    if type.name == "bool":
        return f"_Bool {name}"
    return f"{'enum Colour' if type.name == 'Colour' else type.name.replace('be', 'u')} {name}"


def definition(cls):
    """A struct in C, after those that it is made of."""
    text = "".join(definition(t.cls) for t in inner(cls._type))
    packed, members = cls._type.packed, "".join(f"  {declaration(f.type, f.name)};\n" for f in cls._type.fields.values())
    attributes = ([" __packed__"] if packed else []) + ([f" __aligned__({cls.c_align})"] if cls.c_align > 1 else [])
    word = "union" if cls._type.is_union else "struct"
    attribute = f"__attribute__(({','.join(attributes)})) " if attributes else ""
    return f"{text}{word} {attribute}{cls.__name__} {{\n{members}}};\n"


def inner(type):
    """The structs that members are made of."""
    for f in type.fields.values():
        t = f.type
        while hasattr(t, "element"):
            t = t.element
        if isinstance(t, StructType):
            yield t


def make(name, members, union=False, packed=False, align=1):
    names = {"__annotations__": {}, "__module__": __name__, "c_align": align}
    for at, member in enumerate(members):
        names["__annotations__"][f"m{at}"] = int
        if hasattr(member, "member_type"):
            names[f"m{at}"] = member
        else:
            names["__annotations__"][f"m{at}"] = member
    options = {"packed": packed, "align": align}
    return type(name, (Union if union else Struct,), names, **options)


@st.composite
def structs(draw, name="T", depth=2, bits=True):
    integers = st.sampled_from(list(INTEGERS.values()))
    leaves = [integers, st.sampled_from([be16, be32, be64, bool, Colour]), st.integers(1, 9).map(Bytes), st.just(Str(5))]
    if bits:
        leaves += 2 * [
            integers.flatmap(lambda t: st.integers(1, 8 * t.size).map(lambda n: Bits(t, n))),
            st.sampled_from([Bits(u32, 3), Bits(u8, 4), Bits(s16, 9), Bits(u64, 33), Bits(u32, 32)]),
        ]
    members = []
    for at in range(draw(st.integers(1, 6))):
        member = draw(st.one_of(*leaves))
        if depth and draw(st.integers(0, 4)) == 0:
            member = draw(structs(f"{name}{at}", depth - 1, bits))
        if draw(st.integers(0, 4)) == 0 and not hasattr(member, "member_type"):
            member = List(member, draw(st.integers(1, 3)))
        members.append(member)
    union, packed = draw(st.booleans()) and draw(st.booleans()), draw(st.booleans()) and draw(st.booleans())
    return make(name, members, union, packed, draw(st.sampled_from([1, 1, 1, 8, 16])))
