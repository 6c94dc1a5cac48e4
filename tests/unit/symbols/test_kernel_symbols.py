"""Functions of the kernel by pattern and address: of a list of the test's own, and of this kernel's."""

from __future__ import annotations

import os

import pytest

import ebee
from ebee.symbols import kernel

LIST = """ffffffff81000000 T _stext
ffffffff81000100 T schedule
ffffffff81000100 t __alias
ffffffff81000200 t vfs_read.cold
ffffffff81000180 W weak_one
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


def test_a_kernel_without_a_list(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel, "_LIST", str(tmp_path / "none"))
    with pytest.raises(ebee.SyscallError, match="reading"):
        ebee.kernel_symbol(1)


@pytest.mark.skipif(not os.path.exists("/proc/kallsyms"), reason="this kernel lists no symbols")
def test_functions_of_this_kernel():
    assert "vfs_read" in ebee.kernel_functions("vfs_*")
