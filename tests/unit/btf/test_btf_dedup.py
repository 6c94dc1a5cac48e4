"""Types that are the same become one, and mean what they meant."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebee.btf.build import BtfBuilder
from ebee.btf.dedup import dedup
from ebee.btf.kinds import BTF_KIND_FWD, BTF_KIND_STRUCT, Member
from ebee.btf.read import Btf
from ebee.btf.rewrite import references, select


class Repeating(BtfBuilder):
    """A builder that adds what it has already a second time."""

    def _add(self, *args, **kwargs):
        self._ids.clear()
        return super()._add(*args, **kwargs)


def unit(b, *, defines=("a", "b"), value=1, width=4):
    """Add what one file of a program brings: two structs that point to each other, or declarations of them."""
    u32 = b.add_int("u32", width)
    ids = {name: b.reserve() for name in ("a", "b") if name in defines}
    ids |= {name: b.add_fwd(name) for name in ("a", "b") if name not in defines}
    for name, other in (("a", "b"), ("b", "a")):
        if name in defines:
            members = [Member("to", b.add_ptr(b.add_const(ids[other])), 0), Member("n", u32, 64)]
            b.add_struct(name, 16, members, id=ids[name])
    b.add_enum("e", [("X", value)])
    b.add_typedef("a_t", ids["a"])
    b.add_func("f", b.add_func_proto(u32, [("x", b.add_ptr(ids["b"]))]))
    return ids


def count(b):
    return Btf(dedup(Btf(b.encode()))[0]).type_count - 1


def test_the_same_unit_twice_is_there_once():
    once, twice = Repeating(), Repeating()
    unit(once)
    unit(twice)
    unit(twice)
    assert count(twice) == count(once) == len(once._records)


@pytest.mark.parametrize("order", [(("a",), ("b",)), (("b",), ("a",)), ((), ("a", "b")), (("a",), ("a", "b"))])
def test_declarations_are_what_is_defined_elsewhere(order):
    once, split = Repeating(), Repeating()
    unit(once)
    for defines in order:
        unit(split, defines=defines)
    new = Btf(dedup(Btf(split.encode()))[0])
    assert new.type_count - 1 == count(once)
    assert not list(new.types(BTF_KIND_FWD))


def test_what_differs_stays():
    b = Repeating()
    unit(b)
    unit(b, width=8)  # other structs of the same names
    fwd = b.add_fwd("a")
    pointer = b.add_ptr(fwd)
    data, ids = dedup(Btf(b.encode()))
    new = Btf(data)
    assert len([t for t in new.types(BTF_KIND_STRUCT) if t.name == "a"]) == 2
    assert new.by_id(new.by_id(ids[pointer]).type_id).kind == BTF_KIND_FWD  # it is not known which


def unfolded(btf, id, depth):
    """Return a type and what it refers to, to a depth, as one value; declarations as what is defined."""
    type = btf.by_id(id)
    if type.kind == BTF_KIND_FWD:
        return "struct", type.name
    if depth == 0 and type.name:
        return type.kind_name, type.name
    inner = tuple(unfolded(btf, r, depth - 1) for r in references(type)) if depth else ()
    names = ()
    if type.kind == BTF_KIND_STRUCT:
        names = tuple((m.name, m.bit_off, m.bitfield_size) for m in type.members)
    return type.kind_name, type.name, type.size_bytes, type.vlen, names, inner


@st.composite
def graphs(draw):
    """Random types with cycles, many of them the same."""
    b, count = Repeating(), draw(st.integers(2, 14))
    ids = [b.reserve() for _ in range(count)]
    any_id = st.sampled_from([0, *ids])
    for id in ids:
        name = draw(st.sampled_from(["x", "y"]))
        match draw(st.integers(0, 3)):
            case 0:
                b._add(2, "", draw(any_id), id=id)
            case 1:
                b.add_struct(name, 8, [Member("m", draw(any_id), 0)], id=id)
            case 2:
                b._add(1, name, 4, 32, id=id)
            case _:
                b._add(10, "", draw(any_id), id=id)
    return Btf(b.encode())


@given(graphs(), st.integers(0, 1000))
def test_types_mean_the_same_before_and_after(btf, seed):
    data, ids = dedup(btf)
    new = Btf(data)
    assert new.type_count <= btf.type_count
    for old, now in ids.items():
        assert unfolded(btf, old, 6) == unfolded(new, now, 6)
    again, _ = dedup(new)
    assert Btf(again).type_count == new.type_count
    # The order of types changes nothing.
    order = list(range(1, btf.type_count))
    random.Random(seed).shuffle(order)
    place = {id: at for at, id in enumerate(order, 1)}
    shuffled = Btf(select_in(btf, order, place))
    assert Btf(dedup(shuffled)[0]).type_count == new.type_count


def select_in(btf, order, place):
    from ebee.btf.rewrite import rewritten

    b = BtfBuilder()
    for id in order:
        b.append(rewritten(btf.by_id(id), lambda i: place.get(i, 0), lambda off: b.string(btf.string(off))))
    return b.encode()


def test_a_selection_keeps_members_by_number():
    b = BtfBuilder()
    u32 = b.add_int("u32", 4)
    thing = b.add_struct("thing", 64, [Member(n, u32, 32 * i) for i, n in enumerate("abc")])
    b.add_struct("other", 4, [])
    new = Btf(select(Btf(b.encode()), {u32: None, thing: [2]}))
    (member,) = new.by_name("thing").members
    assert (member.name, member.bit_off, new.by_id(member.type_id).name) == ("c", 64, "u32")
    assert new.type_count == 3 and new.by_name("thing").size_bytes == 64


def split_of(base, fill):
    """Return a split BTF that continues a base with what `fill` adds, again where the base has it."""
    whole = Repeating.continuing(base.data)
    fill(whole)
    types = Btf(whole.encode())
    ids = range(base.type_count, types.type_count)
    return Btf(select(types, dict.fromkeys(ids), {i: i for i in range(1, types.type_count)}, base), base=base)


def test_a_split_one_stays_one():
    """What the base has is the base's, though in other words; the rest is there once, and the base as it was."""
    first = Repeating()
    unit(first)
    base = Btf(first.encode())

    def fill(b):
        ids = unit(b)
        unit(b, defines=("a",))  # with a declaration of b
        mine = b.add_struct("mine", 16, [Member("a", ids["a"], 0)])
        b.add_struct("mine", 16, [Member("a", ids["a"], 0)])
        b.add_ptr(mine)

    split = split_of(base, fill)
    data, ids = dedup(split)
    new = Btf(data, base=base)
    assert [t.kind_name for t in new.types()] == ["struct", "ptr"] and new.by_id(base.type_count).name == "mine"
    assert new.by_id(base.type_count).members[0].type_id == base.by_name("a", BTF_KIND_STRUCT).id
    assert all(ids[id] == id for id in range(1, base.type_count))
    for id in range(base.type_count, split.type_count):
        assert split.by_id(id).kind == BTF_KIND_FWD or split.by_id(id).name == new.by_id(ids[id]).name
    assert len(data) < len(split.data)
    assert dedup(new)[0] == data


def test_a_declaration_in_the_base_stays_one():
    first = Repeating()
    unit(first, defines=())
    base = Btf(first.encode())
    new = Btf(dedup(split_of(base, unit))[0], base=base)
    structs = [t for t in new.types() if t.kind == BTF_KIND_STRUCT]
    assert [t.name for t in structs] == ["a", "b"] and base.by_name("a", BTF_KIND_FWD) is not None
    pointer = new.resolve(new.resolve(structs[0].members[0].type_id).type_id)
    assert pointer.kind == BTF_KIND_STRUCT and pointer.id >= base.type_count


def test_two_of_a_name_in_the_base_are_left_alone():
    first = Repeating()
    unit(first, defines=("a",))
    first.add_struct("a", 4, [Member("other", first.add_int("u32", 4), 0)])
    base = Btf(first.encode())
    new = Btf(dedup(split_of(base, lambda b: b.add_ptr(b.add_fwd("a"))))[0], base=base)
    assert [t.kind_name for t in new.types()] == ["fwd", "ptr"]
