"""Names of C++ and Rust as in their source: examples, and all of a library beside c++filt."""

from __future__ import annotations

import re
import subprocess
import time

import built_programs as built
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ebee
from ebee.symbols.binaries import find_binary
from ebee.symbols.elf_file import open_elf

NAMES = {
    "_Z3foov": "foo()",
    "_Z1fM1AKFivE": "f(int (A::*)() const)",
    "_Z1fPFvvEPA3_i": "f(void (*)(), int (*) [3])",
    "_ZNSt6vectorIiSaIiEE9push_backERKi": "std::vector<int, std::allocator<int>>::push_back(int const&)",
    "_ZNSsC1EPKcRKSaIcE": "std::basic_string<char, std::char_traits<char>, std::allocator<char>>::basic_string(char const*, std::allocator<char> const&)",
    "_ZN12_GLOBAL__N_11AD0Ev": "(anonymous namespace)::A::~A()",
    "_ZZ4mainENKUliE_clEi": "main::{lambda(int)#1}::operator()(int) const",
    "_Z3maxIiET_S0_S0_": "int max<int>(int, int)",
    "_Z4callIJicEEvDpOT_": "void call<int, char>(int&&, char&&)",
    "_Z4callIJEEvDpOT_": "void call<>()",
    "_ZN1AcvT_IiEEv": "A::operator int<int>()",
    "_ZTV1A": "vtable for A",
    "_ZThn16_N1A1fEv": "non-virtual thunk to A::f()",
    "_ZGVZ1fvE1x": "guard variable for f()::x",
    "_ZNKSt8functionIFvRKSsEEclES1_": "std::function<void (std::string const&)>::operator()(std::string const&) const",
    "_Z1gILi3ELb1EEvv": "void g<3, true>()",
    "_ZN1xplERKS_": "x::operator+(x const&)",
    "_Z3foov.cold": "foo() [clone .cold]",
    "_Z3foov@plt": "foo()@plt",
    "_Z3foov.llvm.123456": "foo()",
    "_RNvC6_123foo3bar": "123foo::bar",
    "_RNvMNtCs1234_7mycrate3fooNtB2_3Bar3baz": "<mycrate::foo::Bar>::baz",
    "_RNvXs_NtC4core3fmtNtB4_5AlignNtB4_5Debug3fmt": "<core::fmt::Align as core::fmt::Debug>::fmt",
    "_RNCNvC3foo3bars_0": "foo::bar::{closure#1}",
    "_RINvC3foo3bazFG_RL0_hEuE": "foo::baz::<for<'a> fn(&'a u8)>",
    "_RINvC3foo3bazAhj7b_E": "foo::baz::<[u8; 123]>",
    "_RINvC3foo3bazTlmEDNtC3foo5TraitEL_E": "foo::baz::<(i32, u32), dyn foo::Trait>",
    "_ZN4core3fmt9Formatter3pad17h9b2b3a0e5b4d1b31E": "core::fmt::Formatter::pad",
    "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE":
        "<Test + 'static as foo::Bar<Test>>::bar",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    assert ebee.demangle(name) == NAMES[name]


@pytest.mark.parametrize("name", ["main", "_Z", "_Zfoo", "_R", "_RNvC", "_ZN1A", "_Z3fo", "_ZT", "_Z1fS5_", "_ZN1AC", "_Zzz", "_Z1fILi1"])
def test_what_is_no_such_name_stays(name):
    assert ebee.demangle(name) == name


def plain(text):
    """Without what differs in spelling: spaces, and that `std::string` is written out."""
    text = re.sub(r"\s+", "", text)
    chars = "<char,std::char_traits<char>"
    for name, extra in (("string", ",std::allocator<char>>"), ("istream", ">"), ("ostream", ">"), ("iostream", ">")):
        text = text.replace(f"std::basic_{name}{chars}{extra}", f"std::{name}")
    return text


@pytest.mark.needs_tool("c++filt")
def test_a_whole_library_as_cppfilt_has_it():
    try:
        elf = open_elf(find_binary("libstdc++"))
    except ebee.UnknownProbe as e:
        pytest.skip(str(e))
    names = sorted({f.name for f in elf.functions() if f.name.startswith("_Z")})
    theirs = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, timeout=60).stdout.split("\n")
    different = [name for name, text in zip(names, theirs) if plain(ebee.demangle(name)) != plain(text)]
    assert len(names) > 3000 and different == []


LETTERS = "NSIEZTKPRFvijlbcXLDtpJ_0123456789abUC"


@given(st.sampled_from(sorted(NAMES)), st.lists(st.tuples(st.integers(0, 200), st.sampled_from(LETTERS)), max_size=4), st.text(LETTERS, max_size=30))
def test_damaged_names(name, changes, more):
    letters = list(name + more)
    for at, letter in changes:
        letters[2 + at % (len(letters) - 2)] = letter
    for text in ("".join(letters), name[:2] + more):
        began = time.monotonic()
        assert isinstance(ebee.demangle(text), str)
        assert time.monotonic() - began < 2


def test_names_that_double_themselves():
    """Each argument is the one before it twice; the whole would have 2**200 letters."""
    cpp = "_Z1fI1a" + "".join(f"St4pairI{s}{s}E" for s in (["S0_"] + [f"S{n}_" for n in "123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]) * 6) + "Evv"
    rust = "_RINvC1a1b" + "T" * 300 + "h" + "E" * 300
    nested = "_Z1f" + "P" * 4000 + "i"
    began = time.monotonic()
    for name in (cpp, rust, nested, "_R" + "B_" * 2000, "_RINvC1a1bTB7_B7_B7_EE", "_Z1fI" + "J" * 3000):
        assert len(ebee.demangle(name)) <= 1 << 15
    assert time.monotonic() - began < 3


def test_frames_of_programs(tmp_path):
    path = built.build_cpp()
    function = next(f for f in open_elf(path).functions() if "twice" in f.name)
    assert function.name.startswith("_Z")
    assert ebee.file_symbol(path, function.addr).function == "shapes::Square<int>::twice(int) const"
    assert ebee.Symbols(demangle=False).file(path, function.addr).function == function.name
