"""CO-RE on types made up: candidates, ways, values, instructions, and what is refused."""

from __future__ import annotations

import pytest

from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import BTF_INT_SIGNED, Member
from ebee.btf.read import Btf
from ebee.errors import BtfError, NotSupported
from ebee.isa.insn import Insn
from ebee.isa.opcodes import CALL, LDDW
from ebee.spec.core_match import essential_name
from ebee.spec.core_relo import POISON, CoreTarget, Relocator
from ebee.spec.object import CoreRelo, ProgramSpec

MOV, LDX_W, LDX_DW, ADD_REG = 0xB7, 0x61, 0x79, 0x0F
PROGRAM = ProgramSpec("prog", "raw_tp", 0)


class Types(BtfBuilder):
    """A builder with a few integers."""

    def __init__(self, byte_order="little"):
        super().__init__(byte_order)
        self.u8, self.u16, self.u32, self.u64 = (self.add_int(f"u{8 * n}", n) for n in (1, 2, 4, 8))
        self.s32 = self.add_int("int", 4, BTF_INT_SIGNED)

    def thing(self, *members, name="thing", size=64):
        return self.add_struct(name, size, [Member(*m) for m in members])

    @property
    def btf(self):
        return Btf(self.encode())


def relocator(local, target, *modules):
    return Relocator(local.btf, CoreTarget("vmlinux", target.btf, lambda: modules))


def value(local, target, kind, type_id, access, *modules):
    """Return what a relocation gives, None if it is poisoned."""
    result = relocator(local, target, *modules).calculate("prog", CoreRelo(0, kind, type_id, access))
    return None if result.is_poisoned else result.new


@pytest.mark.parametrize(
    ("name", "essential"),
    [
        ("task_struct", "task_struct"), ("task_struct___old", "task_struct"), ("a___b___c", "a___b"),
        ("___x", "___x"), ("x___", "x___"), ("a____b", "a____b"), ("__x___y", "__x"), ("", ""),
    ],
)  # fmt: skip
def test_names_without_flavour(name, essential):
    assert essential_name(name) == essential


def test_a_field_is_found_by_its_name():
    local, target = Types(), Types()
    ours = local.thing(("b", local.u32, 0), name="thing___mine")
    target.thing(("a", target.u64, 0), ("b", target.u32, 64))
    for kind, expected in (("core_field", 8), ("core_field_size", 4), ("core_field_exists", 1), ("core_field_signed", 0)):
        assert value(local, target, kind, ours, "0:0") == expected
    assert value(local, target, "core_field", ours, "2:0") == 2 * 64 + 8


def test_anonymous_members_count_as_the_struct_s_own():
    local, target = Types(), Types()
    ours = local.thing(("deep", local.s32, 0))
    inner = target.add_union("", 8, [Member("x", target.u64, 0), Member("deep", target.s32, 0)])
    outer = target.add_struct("", 16, [Member("first", target.u64, 0), Member("", inner, 64)])
    target.thing(("head", target.u64, 0), ("", outer, 64))
    assert value(local, target, "core_field", ours, "0:0") == 16
    back = Types()
    nested = back.add_struct("", 8, [Member("deep", back.s32, 32)])
    theirs = back.thing(("", nested, 64))
    assert value(back, target, "core_field", theirs, "0:0:0") == 16


def test_arrays_have_bounds_but_the_last_one_of_a_struct():
    local, target = Types(), Types()
    four, open_end = local.add_array(local.u32, 4), local.add_array(local.u32, 0)
    ours = local.thing(("a", four, 0), ("tail", open_end, 128))
    target.thing(("a", target.add_array(target.u32, 2), 32), ("tail", target.add_array(target.u32, 0), 96))
    assert value(local, target, "core_field", ours, "0:0:1") == 8
    assert value(local, target, "core_field", ours, "0:0:3") is None
    assert value(local, target, "core_field_exists", ours, "0:0:3") == 0
    assert value(local, target, "core_field", ours, "0:1:7") == 12 + 28
    with pytest.raises(BtfError, match="leads nowhere"):
        value(local, target, "core_field", ours, "0:0:4")


def test_what_is_of_another_kind_is_not_there():
    local, target = Types(), Types()
    ours = local.thing(("a", local.u32, 0), ("e", local.add_enum("e", [("X", 1)]), 32), ("s", local.s32, 64))
    target.thing(("a", target.add_ptr(0), 0), ("e", target.add_enum("f", [("X", 1)]), 64), ("s", target.u64, 96))
    assert value(local, target, "core_field_exists", ours, "0:0") == 0
    assert value(local, target, "core_field_exists", ours, "0:1") == 0
    assert value(local, target, "core_field", ours, "0:2") == 12  # size and sign of integers do not matter
    result = relocator(local, target).calculate("prog", CoreRelo(0, "core_field", ours, "0:0"))
    assert result.is_poisoned and result.why == "'a' of struct thing is ptr, not int"


@pytest.mark.parametrize("order", ["little", "big"])
def test_bit_fields(order):
    local, target = Types(order), Types(order)
    ours = local.thing(("f", local.u32, 0, 3))
    target.thing(("f", target.u8, 30, 4), ("wide", target.u64, 60, 9))
    numbers = [value(local, target, f"core_field{kind}", ours, "0:0") for kind in ("", "_size", "_lshift", "_rshift")]
    # bits 30-33: 1, 2 and 4 bytes at 3, 2, 0 do not have all of them
    assert numbers == [0, 8, 64 - 34 if order == "little" else 30, 60]
    far = local.thing(("wide", local.u64, 0, 9), name="thing___far")
    with pytest.raises(NotSupported, match="no load of 8 bytes"):
        value(local, target, "core_field", far, "0:0")


def test_types_and_enumerators():
    local, target = Types(), Types()
    ours, gone = local.thing(("a", local.u32, 0)), local.add_struct("gone", 4, [])
    enum = local.add_enum("color___x", [("RED", 5), ("BLUE___x", 6), ("PINK", 7)])
    theirs = target.thing(("z", target.u32, 0), size=48)
    target.add_enum64("color", [("BLUE", 1 << 40), ("RED", 1)])
    for kind, type_id, access, expected in (
        ("core_type_exists", ours, "0", 1), ("core_type_exists", gone, "0", 0), ("core_type_size", ours, "0", 48),
        ("core_type_size", gone, "0", 0), ("core_type_id", ours, "0", theirs), ("core_type_id", gone, "0", 0),
        ("core_type_matches", ours, "0", 0), ("core_type_id_local", ours, "0", ours),
        ("core_enum_value", enum, "0", 1), ("core_enum_value", enum, "1", 1 << 40), ("core_enum_value", enum, "2", None),
        ("core_enum_exists", enum, "1", 1), ("core_enum_exists", enum, "2", 0),
    ):  # fmt: skip
        assert value(local, target, kind, type_id, access) == expected, (kind, access)


def test_negative_enumerators_have_64_bits():
    local, target = Types(), Types()
    enum = local.add_enum("e", [("X", 0)])
    target.add_enum("e", [("X", -2)])
    assert value(local, target, "core_enum_value", enum, "0") == (1 << 64) - 2


def test_candidates_must_agree():
    local, target = Types(), Types()
    ours = local.thing(("a", local.u32, 0), ("b", local.u32, 32))
    target.thing(("a", target.u32, 0), ("b", target.u32, 32))
    target.thing(("a", target.u32, 0), ("b", target.u32, 64), name="thing___two")
    relo = relocator(local, target)
    assert relo.calculate("prog", CoreRelo(0, "core_field", ours, "0:0")).new == 0
    with pytest.raises(NotSupported, match=r"struct thing.b is ambiguous: type 6 of vmlinux gives 4 at bit 32, type 7 of"):
        relo.calculate("prog", CoreRelo(0, "core_field", ours, "0:1"))


def test_a_candidate_without_a_field_is_not_asked_for_the_next_one():
    local, target = Types(), Types()
    ours = local.thing(("only", local.u32, 0), ("both", local.u32, 32), ("none", local.u32, 64))
    target.thing(("both", target.u32, 32))
    target.thing(("only", target.u32, 0), ("both", target.u32, 96), name="thing___full")
    relo = relocator(local, target)
    with pytest.raises(NotSupported, match="ambiguous"):
        relo.calculate("prog", CoreRelo(0, "core_field", ours, "0:1"))
    assert relo.calculate("prog", CoreRelo(0, "core_field_exists", ours, "0:2")).new == 0  # prunes nobody
    assert relo.calculate("prog", CoreRelo(0, "core_field", ours, "0:0")).new == 0
    assert relo.calculate("prog", CoreRelo(0, "core_field", ours, "0:1")).new == 12


def test_modules_are_asked_for_what_the_kernel_has_not():
    local, target = Types(), Types()
    ours = local.thing(("a", local.u32, 0), name="owned")
    other = local.thing(("a", local.u32, 0))
    target.thing(("a", target.u32, 32))
    more = BtfBuilder.continuing(target.encode())
    more.add_struct("owned", 8, [Member("a", more.add_int("u32", 4), 64)])
    whole = Btf(more.encode())
    assert value(local, target, "core_field", ours, "0:0") is None
    assert value(local, target, "core_field", ours, "0:0", ("mod", whole)) == 8
    assert value(local, target, "core_field", other, "0:0", ("mod", whole)) == 4


def test_of_a_module_only_its_own_types_are_asked():
    local, target = Types(), Types()
    ours, other = (local.thing(("a", local.u32, 0), name=n) for n in ("owned", "kernels"))
    target.thing(("a", target.u32, 32), name="kernels")
    base = target.btf
    strings = target.encode()[24 + int.from_bytes(target.encode()[16:20], "little") :]
    a, text = strings.index(b"\0a\0") + 1, b"owned\0"
    numbers = (len(strings), 4 << 24 | 1, 16, a, target.u32, 96)  # a struct that uses the kernel's u32
    types = b"".join(n.to_bytes(4, "little") for n in numbers)
    header = bytes.fromhex("9feb0100") + b"".join(
        n.to_bytes(4, "little") for n in (24, 0, len(types), len(types), len(text))
    )
    module = Btf(header + types + text, base=base)
    relo = Relocator(local.btf, CoreTarget("vmlinux", base, lambda: [("mod", module)]))
    result = relo.calculate("prog", CoreRelo(0, "core_field", ours, "0:0"))
    assert (result.new, result.source, result.target_id) == (12, "mod", base.type_count)
    assert relo.calculate("prog", CoreRelo(0, "core_type_id", other, "0")).source == "vmlinux"


def relocated(insn, local, target, kind, type_id, access="0:0"):
    return relocator(local, target).relocate(PROGRAM, CoreRelo(0, kind, type_id, access), insn)


def test_instructions():
    local, target = Types(), Types()
    ours = local.thing(("a", local.u32, 32), ("p", local.add_ptr(0), 64), ("s", local.s32, 128))
    target.thing(("a", target.u16, 64), ("p", target.add_ptr(0), 128), ("s", target.add_int("long", 8, 1), 192))
    assert relocated(Insn(MOV, 1, imm=4), local, target, "core_field", ours) == [Insn(MOV, 1, imm=8)]
    assert relocated(Insn(LDX_W, 1, 2, 4), local, target, "core_field", ours) == [Insn(0x69, 1, 2, 8)]
    assert relocated(Insn(LDX_DW, 1, 2, 8), local, target, "core_field", ours, "0:1") == [Insn(LDX_DW, 1, 2, 16)]
    assert relocated(Insn(LDDW, 1, imm=4), local, target, "core_field_size", ours) == [Insn(LDDW, 1, imm=2)]
    poison = Insn(CALL, imm=POISON)
    assert relocated(Insn(LDX_W, 1, 2, 16), local, target, "core_field", ours, "0:2") == [poison]  # would lose the sign
    gone = local.add_enum("gone", [("X", 3)])
    assert relocated(Insn(LDDW, 1, imm=3), local, target, "core_enum_value", gone, "0") == [poison, poison]
    assert relocated(Insn(MOV, 1, imm=3), local, target, "core_enum_value", gone, "0") == [poison]


@pytest.mark.parametrize(
    ("insn", "words"),
    [
        (Insn(MOV, 1, imm=5), "has 5 for struct thing.a, the object's types say 4"), (Insn(ADD_REG, 1, 2), "no value"),
        (Insn(LDX_W, 1, 2, 6), "has 6"), (Insn(LDDW, 1, 1, imm=4), "refers to something else"), (Insn(CALL), "no value"),
    ],
)  # fmt: skip
def test_an_instruction_of_another_value_is_refused(insn, words):
    local = Types()
    ours = local.thing(("a", local.u32, 32))
    with pytest.raises(BtfError, match=f"program 'prog', instruction 0: CO-RE relocation: .*{words}"):
        relocated(insn, local, local, "core_field", ours)


def test_loads_reach_only_so_far_and_so_wide():
    local, target = Types(), Types()
    ours = local.thing(("a", local.u32, 0))
    target.thing(("a", target.u32, 8 * 0x8000), size=0x9000)
    with pytest.raises(NotSupported, match="byte 32768, which is too far"):
        relocated(Insn(LDX_W, 1, 2, 0), local, target, "core_field", ours)
    wide = Types()
    wide.thing(("a", wide.add_int("u128", 16), 0))
    with pytest.raises(NotSupported, match="in 4 bytes, which has 4 in the program and 16 in vmlinux"):
        relocated(Insn(LDX_W, 1, 2, 0), local, wide, "core_field", ours)


@pytest.mark.parametrize("access", ["", "0:9", "x", "0:0:0", "-1", "1:", "0:" * 70, "99999999999"])
def test_ways_that_lead_nowhere(access):
    local = Types()
    ours = local.thing(("a", local.u32, 32))
    with pytest.raises(BtfError, match="leads nowhere"):
        value(local, local, "core_field", ours, access)


def test_types_without_a_name_cannot_be_looked_for():
    local = Types()
    ours = local.thing(("a", local.u32, 0), name="")
    with pytest.raises(BtfError, match="has no name"):
        value(local, local, "core_field", ours, "0:0")


def test_types_that_contain_themselves_end():
    local, target = Types(), Types()
    for b in (local, target):
        proto = b.reserve()
        b.add_struct("loop", 8, [Member("loop", proto, 0)], id=proto)
    loop = local.btf.by_name("loop").id
    with pytest.raises(BtfError, match="nested too deeply"):
        value(local, target, "core_type_matches", loop, "0")


def test_the_report_says_what_and_why():
    local, target = Types(), Types()
    ours, gone = local.thing(("a", local.u32, 0), ("b", local.u32, 32)), local.add_struct("gone", 8, [])
    target.thing(("a", target.u16, 64))
    relo = relocator(local, target)
    for i, (kind, type_id, access, insn) in enumerate(
        [
            ("core_field", ours, "0:0", Insn(LDX_W, 1, 2, 0)), ("core_field", ours, "0:1", Insn(MOV, 1, imm=4)),
            ("core_type_size", gone, "0", Insn(MOV, 1, imm=8)),
        ]
    ):  # fmt: skip
        relo.relocate(PROGRAM, CoreRelo(i, kind, type_id, access), insn)
    assert str(relo.report).splitlines() == [
        "CO-RE: 3 relocations against vmlinux, 1 poisoned",
        "  prog+0: offset of struct thing.a: 0 -> 8, 4 -> 2 bytes (type 6 of vmlinux)",
        "  prog+1: offset of struct thing.b: poisoned: struct thing has no 'b'",
        "  prog+2: size of struct gone: 8 -> 0 (vmlinux has no struct gone)",
    ]
    assert [r.to_dict()["is_poisoned"] for r in relo.report.results] == [False, True, False]
