"""Functions of the kernel by pattern and address: of a list of the test's own, and of this kernel's."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ebee
from ebee.symbols import kernel

LIST = """ffffffff81000000 T _stext
ffffffff81000100 T schedule
ffffffff81000100 t __alias
ffffffff81000180 W weak_one
ffffffff81000200 t vfs_read.cold
ffffffff81000250 D data
ffffffffc0000010 t helper\t[module]
"""


@pytest.fixture
def listed(monkeypatch, tmp_path):
    def write(text):
        file = tmp_path / "kallsyms"
        file.write_text(text)
        monkeypatch.setattr(kernel, "_LIST", str(file))
        monkeypatch.setattr(kernel, "_tables", {})

    return write


def test_an_address_lies_in_a_function(listed):
    listed(LIST)
    names = {a: ebee.kernel_symbol(0xFFFFFFFF81000000 + a) for a in (0, 5, 0x11A, 0x17F, 0x180, 0x300)}
    assert names == {0: "_stext", 5: "_stext+0x5", 0x11A: "schedule+0x1a", 0x17F: "schedule+0x7f", 0x180: "weak_one",
                     0x300: "vfs_read.cold+0x100"}  # fmt: skip
    assert ebee.kernel_symbol(0xFFFFFFFFC0000018) == "helper+0x8"
    assert ebee.kernel_symbol(0x1234) == "0x1234"
    assert ebee.kernel_functions("*e*") == ["_stext", "helper", "schedule", "vfs_read.cold", "weak_one"]
    assert ebee.kernel_functions("data") == []


def test_who_is_not_told_addresses_gets_numbers(listed):
    listed("0000000000000000 T schedule\n0000000000000000 T vfs_read\n")
    assert ebee.kernel_symbol(0xFFFFFFFF81000018) == "0xffffffff81000018"
    assert ebee.kernel_functions("vfs_*") == ["vfs_read"]


def test_frames_of_the_kernel_and_its_modules(listed):
    listed(LIST)
    symbols = ebee.Symbols()
    frames = symbols.frames([0xFFFFFFFFC0000018, 0xFFFFFFFF81000201, 0xFFFFFFFF81000200, 0xFFFFFFFFC0500000, 0])
    assert [(f.function, f.offset_bytes, f.module, f.is_kernel) for f in frames] == [
        ("helper", 8, "[module]", True), ("vfs_read.cold", 1, "[kernel]", True), ("weak_one", 0x80, "[kernel]", True),
        ("", 0xFFFFFFFFC0500000, "", True),
    ]  # fmt: skip
    assert [str(f) for f in frames[:2]] == ["helper+0x8 [module]", "vfs_read.cold+0x1 [kernel]"]
    assert frames[3].name == "0xffffffffc0500000" and symbols.notes == []
    assert symbols.folded([0xFFFFFFFFC0000018, 0xFFFFFFFF81000201]) == "vfs_read.cold_[k];helper_[k]"


def test_who_is_not_told_addresses_is_told_why(listed, monkeypatch, tmp_path):
    listed("0000000000000000 T schedule\n0000000000000000 T vfs_read\n")
    told = []
    symbols = ebee.Symbols(tell=told.append)
    assert [symbols.kernel(a).name for a in (0xFFFFFFFF81000018, 1 << 63)] == ["0xffffffff81000018", hex(1 << 63)]
    assert told == symbols.notes and len(told) == 1 and "kptr_restrict" in told[0] and "CAP_SYSLOG" in told[0]
    monkeypatch.setattr(kernel, "_LIST", str(tmp_path / "none"))
    symbols = ebee.Symbols()
    assert symbols.kernel(1 << 63).function == "" and "have no names" in symbols.notes[0]


def test_a_kernel_without_a_list(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel, "_LIST", str(tmp_path / "none"))
    with pytest.raises(ebee.SyscallError, match="reading"):
        ebee.kernel_symbol(1)


@pytest.mark.skipif(not os.path.exists("/proc/kallsyms"), reason="this kernel lists no symbols")
def test_functions_of_this_kernel():
    assert "vfs_read" in ebee.kernel_functions("vfs_*")


def test_what_is_loaded_later_has_a_name(listed, monkeypatch):
    """The list is read again when a program or module has come, and only then."""
    listed(LIST)
    newest = [5]
    monkeypatch.setattr(kernel, "_newest_program", lambda after: newest[0])
    later, near = 0xFFFFFFFFC0900000, 0xFFFFFFFFC0000210
    assert ebee.kernel_symbol(later) == hex(later) and ebee.kernel_symbol(near) == "helper+0x200"
    table = kernel.kernel_table()
    listed_now = LIST + f"{near:x} t bpf_prog_1_near\t[bpf]\n{later:x} t bpf_prog_2_far\t[bpf]\n"
    with open(kernel._LIST, "w") as file:
        file.write(listed_now)
    assert ebee.kernel_symbol(later) == hex(later) and kernel.kernel_table() is table
    newest[0] = 6
    assert ebee.kernel_symbol(0xFFFFFFFF81000105) == "schedule+0x5" and kernel.kernel_table() is table
    assert ebee.kernel_symbol(near) == "bpf_prog_1_near" and ebee.kernel_symbol(later) == "bpf_prog_2_far"
    assert kernel.kernel_table() is not table


def test_who_is_not_told_what_is_loaded_looks_again_now_and_then(listed, monkeypatch):
    listed(LIST)
    monkeypatch.setattr(kernel, "_newest_program", lambda after: -1)
    assert ebee.kernel_symbol(0xFFFFFFFFC0900000) == "0xffffffffc0900000"
    with open(kernel._LIST, "a") as file:
        file.write("ffffffffc0900000 t bpf_prog_2_far\t[bpf]\n")
    assert ebee.kernel_symbol(0xFFFFFFFFC0900000) == "0xffffffffc0900000"
    monkeypatch.setattr(kernel, "_AGAIN_S", 0)
    assert ebee.kernel_symbol(0xFFFFFFFFC0900000) == "bpf_prog_2_far"


@given(st.lists(st.integers(1, 1 << 40), min_size=1, max_size=200), st.integers(0, 1 << 41))
def test_halving_finds_what_a_search_finds(starts, wanted):
    """Functions, data between them, and several names of one address."""
    starts = sorted(0xFFFFFFFF81000000 + start // 64 for start in starts)
    rows = [(start, "Tdt"[n % 3], f"f{n}") for n, start in enumerate(starts)]
    table = kernel.KernelTable("".join(f"{start:016x} {kind} {name}\n" for start, kind, name in rows).encode())
    wanted = 0xFFFFFFFF81000000 + wanted // 64
    below = [(start, name) for start, kind, name in rows if kind != "d" and wanted - (1 << 20) < start <= wanted]
    first = min((row for row in below if row[0] == below[-1][0]), key=lambda row: int(row[1][1:])) if below else None
    assert table.find(wanted) == ((first[1], first[0], "") if first else None)
