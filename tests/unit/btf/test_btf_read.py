"""Reading BTF: what was built is read, in both byte orders, whole, split and by name."""

from __future__ import annotations

import mmap

import pytest
from btf_examples import every_kind

from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import (
    BTF_INT_BOOL,
    BTF_INT_SIGNED,
    BTF_KIND_ENUM,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
    KIND_NAMES,
)
from ebee.btf.read import Btf, Member
from ebee.errors import BtfError


@pytest.fixture(params=["little", "big"])
def example(request):
    data, ids = every_kind(request.param)
    return Btf(data), ids


def members(type_):
    return [(m.name, m.type_id, m.bit_off, m.bitfield_size) for m in type_.members]


def test_every_kind_is_read(example):
    btf, ids = example
    assert {t.kind_name for t in btf.types()} == set(KIND_NAMES[1:])
    assert btf.by_id(ids["int"]).int_encoding == (BTF_INT_SIGNED, 0, 32)
    assert btf.by_id(ids["bool"]).int_encoding == (BTF_INT_BOOL, 0, 8)
    assert btf.by_id(ids["array"]).array[::2] == (ids["int"], 3)
    assert btf.by_id(ids["node_ptr"]).type_id == ids["node"]
    assert members(btf.by_id(ids["node"])) == [
        ("next", ids["node_ptr"], 0, 0),
        ("", ids["choice"], 64, 0),
        ("numbers", ids["array"], 128, 0),
        ("low", ids["u8"], 224, 3),
        ("high", ids["u8"], 227, 5),
    ]
    assert btf.by_id(ids["color"]).values == (("RED", 0), ("GREEN", 0xFFFFFFFF))
    assert btf.by_id(ids["shade"]).values == (("DARK", -1), ("LIGHT", 1))
    assert btf.by_id(ids["wide"]).values == (("FAR", 1 << 40), ("NEAR", 1))
    assert btf.by_id(ids["deep"]).values == (("DOWN", -(1 << 40)),)
    assert btf.by_id(ids["proto"]).params == (("n", ids["node_ptr"]), ("", 0))
    assert btf.by_id(ids["func"]).linkage == 1
    assert btf.by_id(ids["func"]).type_id == ids["proto"]
    assert btf.by_id(ids["var"]).linkage == 1
    assert btf.by_id(ids["datasec"]).secinfos == ((ids["var"], 0, 32),)
    assert btf.by_id(ids["decl_tag"]).component_idx == 0
    assert btf.by_id(ids["fwd"]).kind_flag is False and btf.by_id(ids["fwd_union"]).kind_flag is True
    assert btf.by_id(0).kind_name == "void"


def test_ids_and_names_agree(example):
    btf, ids = example
    assert [t.id for t in btf.types()] == list(range(1, btf.type_count))
    for id in ids.values():
        type_ = btf.by_id(id)
        if type_.name:
            assert btf.by_name(type_.name, type_.kind) == type_
            assert type_ in btf.all_by_name(type_.name)
    assert btf.by_name("node", BTF_KIND_UNION) is None
    assert btf.by_name("nothing") is None
    assert btf.by_name("node\0node_t") is None
    assert btf.by_name("") is None


def test_fields(example):
    btf, _ids = example

    def place(path):
        f = btf.field("node", path)
        return f.off_bytes, f.bit_off, f.size_bytes, f.bitfield_size, f.type.kind_name

    assert place("next") == (0, 0, 8, 0, "ptr")
    assert place("y") == (12, 0, 4, 0, "int")
    assert place("both.y") == (12, 0, 4, 0, "int")
    assert place("numbers") == (16, 0, 12, 0, "array")
    assert place("numbers[2]") == (24, 0, 4, 0, "int")
    assert place("low") == (28, 0, 1, 3, "int")
    assert place("high") == (28, 3, 1, 5, "int")
    assert btf.field("node_t", "y").off_bytes == 12


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("nope", "no member 'nope'"),
        ("next.next", "ptr has no member"),
        ("numbers[3]", "outside of 3 elements"),
        ("low[0]", "selects nothing"),
        ("numbers[x]", "selects nothing"),
        ("numbers[1", "selects nothing"),
        ("", "no member"),
    ],
)
def test_fields_that_are_not_there(example, path, says):
    with pytest.raises(BtfError, match=says):
        example[0].field("node", path)


def test_no_such_struct(example):
    with pytest.raises(BtfError, match="no type 'edge'"):
        example[0].field("edge", "next")


def test_sizes(example):
    btf, ids = example
    sizes = {name: btf.sizeof(ids[name]) for name in ("int", "array", "volatile", "restrict", "color", "var")}
    assert sizes == {"int": 4, "array": 12, "volatile": 32, "restrict": 8, "color": 4, "var": 32}
    assert Btf(btf.data, pointer_size=4).sizeof(ids["node_ptr"]) == 4
    for name in ("fwd", "func", "proto"):
        with pytest.raises(BtfError, match="has no size"):
            btf.sizeof(ids[name])
    with pytest.raises(BtfError, match="void"):
        btf.sizeof(0)


def test_old_bit_fields_are_told_by_their_integer():
    b = BtfBuilder()
    three_bits = b.add_int("unsigned int", 4, bits=3, bit_off=0)
    b.add_struct("old", 4, [Member("a", three_bits, 0), Member("b", three_bits, 3)])
    f = Btf(b.encode()).field("old", "b")
    assert (f.off_bytes, f.bit_off, f.bitfield_size) == (0, 3, 3)


def test_index_is_kept(example):
    btf, ids = example
    index = btf.index_bytes()
    again = Btf(btf.data, index=index)
    assert [t.name for t in again.types()] == [t.name for t in btf.types()]
    assert again.by_name("node").id == ids["node"]
    other = BtfBuilder()
    other.add_ptr(0)
    for wrong in (b"", index[:-1], index[:-4], index[:8] + b"\xff" + index[9:]):
        with pytest.raises(BtfError, match="index"):
            Btf(btf.data, index=wrong)
    with pytest.raises(BtfError, match="index"):
        Btf(other.encode(), index=index)


def test_names_of_flavours_are_in_the_index():
    b = BtfBuilder()
    for name in ("task", "task___old", "task___new___2", "____", "___task", "a____b", "_" * 9, "task__new"):
        b.add_struct(name, 0, [])
    btf = Btf(b.encode())
    for types in (btf, Btf(btf.data, index=btf.index_bytes())):
        assert types.names_beginning("task___") == {"task___old", "task___new___2"}
        assert types.names_beginning("a___") == {"a____b"}
        assert types.names_beginning("task") == {"task", "task___old", "task___new___2", "task__new"}
    str_base = int.from_bytes(btf.data[20:24], "little")
    types, text = words(str_base, 4 << 24, 0), b"task___split\0"
    split = Btf(bytes.fromhex("9feb0100") + words(24, 0, len(types), len(types), len(text)) + types + text, base=btf)
    assert split.names_beginning("task___") == {"task___old", "task___new___2", "task___split"}


def test_split_btf_continues_its_base():
    base_data, ids = every_kind()
    base = Btf(base_data)
    # A split blob is made by hand: its ids and string offsets go on where the base's end.
    text = b"mine\0self\0"
    str_base = int.from_bytes(base_data[20:24], "little")
    pointer_id = base.type_count
    types = words(0, 2 << 24, ids["node"]) + words(str_base, 4 << 24 | 2, 16)
    next_off = base.data.index(b"\0next\0") + 1 - (24 + int.from_bytes(base_data[16:20], "little"))
    types += words(str_base + 5, pointer_id, 0) + words(next_off, ids["int"], 64)
    header = bytes.fromhex("9feb0100") + words(24, 0, len(types), len(types), len(text))
    split = Btf(header + types + text, base=base)
    assert split.by_id(ids["int"]).name == "int"
    assert split.by_id(pointer_id).type_id == ids["node"]
    mine = split.by_name("mine")
    assert mine.id == pointer_id + 1 == split.type_count - 1
    assert [m.name for m in mine.members] == ["self", "next"]
    assert split.by_name("node").id == ids["node"]
    assert split.field("mine", "next").off_bytes == 8
    assert split.all_by_name("node", BTF_KIND_STRUCT) == [base.by_id(ids["node"])]


def test_fields_of_the_base_are_not_mixed_up_with_own_ones_at_the_same_place():
    base, own = BtfBuilder(), BtfBuilder()
    for b, size in ((base, 4), (own, 8)):
        number = b.add_int("number", size)
        b.add_struct("many", size * 40, [Member(f"m{i}", number, 8 * size * i) for i in range(40)])
    base_btf, data = Btf(base.encode()), own.encode()
    type_bytes, str_off = (int.from_bytes(data[at : at + 4], "little") for at in (12, 16))
    # The same as a split blob: its ids and its string offsets are moved behind the base's.
    ids, strings = base_btf.type_count - 1, int.from_bytes(base_btf.data[20:24], "little")
    numbers = [int.from_bytes(data[at : at + 4], "little") for at in range(24, 24 + type_bytes, 4)]
    numbers[0] += strings  # the name of the integer: info, size and encoding follow it, then the struct
    numbers[4] += strings
    numbers[7:] = [n + (strings, ids, 0)[at % 3] for at, n in enumerate(numbers[7:])]
    split = Btf(data[:24] + words(*numbers) + data[24 + str_off :], base=base_btf)
    theirs, ours = split.by_id(2), split.by_id(4)
    for type_ in (theirs, ours):
        assert (type_.name, len(type_.members)) == ("many", 40)
    for _ in range(2):
        assert split.field_of(theirs, "m3").off_bytes == 12
        assert split.field_of(ours, "m3").off_bytes == 24


def test_names_that_no_string_can_be():
    b = BtfBuilder()
    number = b.add_signed("int", 4)
    b.add_struct("s", 8, [Member("first", number, 0), Member("second", number, 32)])
    btf = Btf(b.encode())
    for name in ("first\0second", "first\0", "\ud800", "\udc80"):
        assert btf.by_name(name) is None
        assert btf.all_by_name(name) == []
        assert btf.names_beginning(name) == set()
        with pytest.raises(BtfError, match="there is no"):
            btf.field("s", name)


def test_a_member_named_by_an_empty_string_is_anonymous():
    b = BtfBuilder()
    number = b.add_signed("int", 4)
    inner = b.add_struct("", 4, [Member("x", number, 0)])
    b.add_struct("outer", 8, [Member("a", number, 0), Member("here", inner, 32)])
    data = b.encode()
    name_off = data.index(b"\0here\0") + 1 - 24 - int.from_bytes(data[16:20], "little")
    at = data.index(words(name_off, inner, 32))
    emptied = data[:at] + words(name_off + len("here"), inner, 32) + data[at + 12 :]
    assert Btf(data).field("outer", "here.x").off_bytes == 4
    assert Btf(emptied).field("outer", "x").off_bytes == 4


def words(*numbers):
    return b"".join(n.to_bytes(4, "little") for n in numbers)


def test_memory_maps_and_views(tmp_path):
    data, ids = every_kind()
    path = tmp_path / "btf"
    path.write_bytes(data)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        btf = Btf(mapped)
        assert btf.by_name("node").id == ids["node"]
        assert btf.by_name("visit").type_id == ids["proto"]
        del btf
    assert Btf(memoryview(data)).by_name("node").id == ids["node"]


def test_strings_that_are_tails_of_others_are_found():
    b = BtfBuilder()
    number = b.add_signed("int", 4)
    b.add_struct("long_name", 4, [Member("x", number, 0)])
    b.add_struct("0123", 4, [Member("x", number, 0)])
    data = bytearray(b.encode())
    # The second struct is renamed to the tail of the first one's name.
    long_off, short_off = (words(Btf(bytes(data)).by_name(n).name_off) for n in ("long_name", "0123"))
    at = data.index(short_off + words(4 << 24 | 1))
    data[at : at + 4] = words(int.from_bytes(long_off, "little") + len("long_"))
    btf = Btf(bytes(data))
    assert btf.by_name("name").id == 3
    assert [t.id for t in btf.all_by_name("name")] == [3]
    assert btf.by_name("long_name").id == 2


def test_numbers_that_look_like_types_are_not_taken_for_them():
    b = BtfBuilder()
    number = b.add_signed("int", 4)
    # As enumerators: an offset of a name, and the info word of a struct, a union, a typedef.
    b.add_enum64("trap", [("bait", 4 << 24), ("bait2", 5 << 24 | 1), ("bait3", 8 << 24), ("end", 8 << 24)])
    b.add_enum("trap32", [("lure", 0x04000001), ("lure2", 0x08000000), ("lure3", 0x04000001)])
    b.add_struct("after", 4, [Member("bait", number, 0)])
    btf = Btf(b.encode())
    for name in ("bait", "bait2", "bait3", "lure", "lure2", "lure3"):
        assert btf.by_name(name) is None
        assert btf.by_name(name, BTF_KIND_STRUCT) is None
    assert btf.by_name("trap32").kind == BTF_KIND_ENUM


HEADER = bytes.fromhex("9feb0100") + words(24, 0, 0, 0, 1) + b"\0"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "0 bytes are too few"),
        (HEADER[:20], "20 bytes are too few"),
        (b"\x7fELF" + HEADER[4:], "not BTF: it begins with 7f45"),
        (HEADER[:2] + b"\x02" + HEADER[3:], "version 2"),
        (HEADER[:3] + b"\x01" + HEADER[4:], "flags 0x1"),
        (HEADER[:4] + words(20) + HEADER[8:], "header of 20 bytes"),
        (HEADER[:-1], "truncated"),
        (HEADER[:8] + words(0, 0x10000000) + HEADER[16:], "truncated"),
        (HEADER[:8] + words(1) + HEADER[12:], "32-bit words"),
        (HEADER[:20] + words(0), "no string section"),
        (HEADER[:-1] + b"x", "NUL"),
    ],
)
def test_headers_that_are_wrong(data, says):
    with pytest.raises(BtfError, match=says):
        Btf(data)


def with_types(*numbers):
    return HEADER[:12] + words(4 * len(numbers), 4 * len(numbers), 1) + words(*numbers) + b"\0"


def test_types_that_are_wrong():
    assert Btf(HEADER).type_count == 1
    with pytest.raises(BtfError, match="unknown kind 31"):
        Btf(with_types(0, 31 << 24, 0)).by_id(1)
    with pytest.raises(BtfError, match="unknown kind 0"):
        Btf(with_types(0, 0, 0)).by_id(1)
    for cut in ((0,), (0, 2 << 24), (0, 1 << 24, 4), (0, 4 << 24 | 9, 4, 0, 0, 0)):
        with pytest.raises(BtfError, match="ends within a type"):
            Btf(with_types(*cut)).by_id(1)
    with pytest.raises(BtfError, match="no type 7 among 2"):
        Btf(with_types(0, 2 << 24, 7)).sizeof(7)
    with pytest.raises(BtfError, match="no string at 99"):
        _ = Btf(with_types(99, 2 << 24, 0)).by_id(1).name


def test_cycles_end():
    typedefs = Btf(with_types(0, 8 << 24, 2, 0, 8 << 24, 1))
    with pytest.raises(BtfError, match="refers to itself"):
        typedefs.resolve(1)
    with pytest.raises(BtfError, match="contains itself"):
        Btf(with_types(0, 3 << 24, 0, 1, 1, 2)).sizeof(1)
    struct_in_itself = Btf(with_types(0, 4 << 24 | 1, 8, 0, 1, 0))
    with pytest.raises(BtfError, match="no member 'x'"):
        struct_in_itself.field_of(struct_in_itself.by_id(1), "x")
