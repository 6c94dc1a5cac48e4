"""Building BTF: deduplicated, the same bytes every time, and what the kernel accepts."""

from __future__ import annotations

import ctypes
import os
import platform

import pytest
from btf_examples import every_kind
from hypothesis import given
from hypothesis import strategies as st

from ebee.abi.attr import BTF_LOAD
from ebee.abi.bpf import BPF_BTF_LOAD
from ebee.abi.syscalls import SYSCALLS
from ebee.btf.build import BtfBuilder
from ebee.btf.read import Btf, Member
from ebee.errors import BtfError


def test_identical_types_are_added_once():
    b = BtfBuilder()
    number = b.add_signed("int", 4)
    assert b.add_signed("int", 4) == number
    assert b.add_ptr(number) == b.add_ptr(number)
    assert b.add_array(number, 4) == b.add_array(number, 4) != b.add_array(number, 5)
    one = b.add_struct("pair", 8, [Member("a", number, 0), Member("b", number, 32)])
    assert b.add_struct("pair", 8, [Member("a", number, 0), Member("b", number, 32)]) == one
    assert b.add_struct("pair", 8, [Member("a", number, 0), Member("c", number, 32)]) != one
    assert b.string("pair") == b.string("pair")
    assert b.string("") == 0


def test_the_same_calls_give_the_same_bytes():
    assert every_kind() == every_kind()


def test_reserved_ids_must_be_defined():
    b = BtfBuilder()
    id = b.reserve()
    with pytest.raises(BtfError, match="type 1 was reserved"):
        b.encode()
    b.add_struct("s", 0, [], id=id)
    with pytest.raises(BtfError, match="type 1 is defined already"):
        b.add_struct("s", 0, [], id=id)
    assert Btf(b.encode()).by_id(1).name == "s"


def test_what_does_not_fit_is_refused():
    b = BtfBuilder()
    number = b.add_signed("int", 4)
    with pytest.raises(BtfError, match="65536 entries"):
        b.add_enum("large", [(f"v{i}", i) for i in range(0x10000)])
    with pytest.raises(BtfError, match="too far"):
        b.add_struct("far", 1 << 22, [Member("a", number, 0, 3), Member("b", number, 1 << 24)])


names = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)


@given(
    st.lists(
        st.tuples(names, st.lists(st.tuples(names, st.integers(0, 9), st.integers(0, 1 << 20)), max_size=5)),
        max_size=8,
    ),
    st.sampled_from(["little", "big"]),
    st.booleans(),
)
def test_structs_are_read_as_built(structs, byte_order, is_bitfield):
    b = BtfBuilder(byte_order)
    number = b.add_int("u32", 4)
    built = []
    for name, members in structs:
        rows = [(n, number, off, width if is_bitfield else 0) for n, width, off in members]
        built.append((b.add_struct(name, 1 << 18, [Member(*row) for row in rows]), name, rows))
    data = b.encode()
    btf = Btf(data)
    for id, name, rows in built:
        type_ = btf.by_id(id)
        assert (type_.id, type_.name) == (id, name)
        assert [(m.name, m.type_id, m.bit_off, m.bitfield_size) for m in type_.members] == rows
        # A fresh reader has no index: the search for bytes must come to the same type.
        assert Btf(data).by_name(name).id == btf.all_by_name(name)[0].id


def load(data: bytes) -> int:
    """Return a descriptor, or minus the error number."""
    blob = ctypes.create_string_buffer(data, len(data))
    log = ctypes.create_string_buffer(1 << 16)
    attr = bytearray(128)
    values = {"btf": ctypes.addressof(blob), "btf_size": len(data), "btf_log_buf": ctypes.addressof(log)}
    values |= {"btf_log_size": len(log), "btf_log_level": 1}
    for name, value in values.items():
        off, size = BTF_LOAD[name]
        attr[off : off + size] = value.to_bytes(size, "little")
    number = SYSCALLS[{"aarch64": "arm64"}.get(platform.machine(), platform.machine())]["bpf"]
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(number, BPF_BTF_LOAD, ctypes.c_char_p(bytes(attr)), 40)
    if fd < 0:
        print(log.value.decode())
        return -ctypes.get_errno()
    return fd


@pytest.mark.needs_kernel
def test_the_kernel_accepts_what_is_built():
    data, _ids = every_kind()
    fd = load(data)
    assert fd >= 0, os.strerror(-fd)
    os.close(fd)


@pytest.mark.needs_kernel
def test_the_kernel_refuses_what_is_wrong():
    b = BtfBuilder()
    b.add_typedef("not a name", b.add_signed("int", 4))
    assert load(b.encode()) < 0


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_builder_that_continues_keeps_ids_offsets_and_identical_types(order):
    data = every_kind(order)[0]
    b = BtfBuilder.continuing(data)
    assert b.encode() == data
    before = Btf(data)
    node = before.by_name("node")
    assert b.string("node") == node.name_off
    func = next(i for i in range(1, before.type_count) if before.by_id(i).kind_name == "func")
    b.make_global(func)
    added = b.add_var("later", node.id)
    after = Btf(b.encode())
    assert added == before.type_count
    assert after.by_id(func).linkage == 1 and after.by_id(func).name == before.by_id(func).name
    assert after.by_id(added).name == "later" and after.by_id(node.id).name == "node"
    with pytest.raises(BtfError, match="no function"):
        b.make_global(node.id)
