"""Descriptions of the arguments of marks, as compilers write them."""

import pytest

from ebee.abi.pt_regs import PT_REGS, REGISTERS
from ebee.spec.usdt import CONSTANT, MEMORY, REGISTER, UsdtArgument, UsdtSite, forms_of, parse_arguments

X86, ARM = REGISTERS["x86_64"], REGISTERS["arm64"]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("-4@%eax", UsdtArgument(4, True, REGISTER, base=80)),
        ("8@%r15", UsdtArgument(8, False, REGISTER, base=0)),
        ("1@%sil", UsdtArgument(1, False, REGISTER, base=104)),
        ("2@%r9w", UsdtArgument(2, False, REGISTER, base=64)),
        ("-8@$-5", UsdtArgument(8, True, CONSTANT, -5)),
        ("4@$0x10", UsdtArgument(4, False, CONSTANT, 16)),
        ("8@-8(%rbp)", UsdtArgument(8, False, MEMORY, -8, 32)),
        ("8@(%rsp)", UsdtArgument(8, False, MEMORY, 0, 152)),
        ("8@16-4(%rsp)", UsdtArgument(8, False, MEMORY, 12, 152)),
        ("-2@8(%rax,%rbx,4)", UsdtArgument(2, True, MEMORY, 8, 80, 40, 4)),
        ("-2@(%rax,%rbx)", UsdtArgument(2, True, MEMORY, 0, 80, 40, 1)),
        ("8@4096(,%r8,8)", UsdtArgument(8, False, MEMORY, 4096, -1, 72, 8)),
        ("%rdi", UsdtArgument(8, False, REGISTER, base=112)),
    ],
)
def test_of_x86_64(text, expected):
    assert parse_arguments(text, "x86_64") == [expected]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("8@x0", UsdtArgument(8, False, REGISTER, base=0)),
        ("-4@w30", UsdtArgument(4, True, REGISTER, base=240)),
        ("-4@7", UsdtArgument(4, True, CONSTANT, 7)),
        ("8@[sp]", UsdtArgument(8, False, MEMORY, 0, 248)),
        ("8@[sp, 96]", UsdtArgument(8, False, MEMORY, 96, 248)),
        ("1@[x29,-12]", UsdtArgument(1, False, MEMORY, -12, 232)),
    ],
)
def test_of_arm64(text, expected):
    assert parse_arguments(text, "arm64") == [expected]


@pytest.mark.parametrize(
    "text, why",
    [
        ("8f@%xmm0", "floating-point"),
        ("8@%xmm0", "no place"),
        ("8@x(%rip)", "no place"),
        ("8@8(%rax,%rbx,3)", "no place"),
        ("8@8(%zax)", "no place"),
        ("8@$", "no place"),
        ("8@$1+", "no place"),
        ("8@()", "no place"),
        ("3@%rax", "no description"),
        ("%ah", "no place"),
    ],
)
def test_what_cannot_be_read_says_why(text, why):
    (found,) = parse_arguments(text, "x86_64")
    assert isinstance(found, str) and why in found


def test_several():
    assert [a.size for a in parse_arguments("-4@%eax 8@-8(%rbp) 1@$5", "x86_64")] == [4, 8, 1]
    assert [a.number for a in parse_arguments("8@[sp, 16] -4@[x0, 4] 1@x5", "arm64")] == [16, 4, 0]
    assert parse_arguments("", "x86_64") == []
    assert isinstance(parse_arguments("8@r3", "riscv64")[0], str)


def test_forms_are_kept_once():
    one, other = parse_arguments("4@%eax", "x86_64"), parse_arguments("4@%ebx", "x86_64")
    assert forms_of([UsdtSite(1, 0, one), UsdtSite(2, 0, other), UsdtSite(3, 0, one)]) == [one, other]


def test_registers_lie_where_those_of_functions_do():
    x86, arm = PT_REGS["x86_64"], PT_REGS["arm64"]
    assert tuple(X86[r] for r in ("rdi", "rsi", "rdx", "rcx", "r8", "r9")) == x86.args
    assert (X86["rax"], X86["rsp"], X86["rbp"]) == (x86.ret, x86.sp, x86.fp)
    assert tuple(ARM[f"x{n}"] for n in range(8)) == arm.args and (ARM["sp"], ARM["x29"]) == (arm.sp, arm.fp)
    assert {X86[r] for r in ("al", "ax", "eax", "rax")} == {80} and {X86[r] for r in ("dil", "di", "edi")} == {112}
    assert len(set(X86.values())) == 16 and all(off % 8 == 0 for off in X86.values())
