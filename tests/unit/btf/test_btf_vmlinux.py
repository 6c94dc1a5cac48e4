"""Reading the running kernel's BTF, where it can be read."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import pytest

from ebee.btf.c_format import format_type
from ebee.btf.kinds import BTF_KIND_FUNC, BTF_KIND_STRUCT, BTF_KIND_UNION
from ebee.btf.read import Btf

VMLINUX = Path("/sys/kernel/btf/vmlinux")
pytestmark = pytest.mark.skipif(not VMLINUX.exists(), reason=f"there is no {VMLINUX}")


@pytest.fixture(scope="module")
def data():
    return VMLINUX.read_bytes()


@pytest.fixture(scope="module")
def btf(data):
    btf = Btf(data)
    assert btf.type_count > 1000  # builds the index
    return btf


# Words after the three of struct btf_type: fixed and for each entry; written down here a second time.
TRAILERS = {
    1: (1, 0), 3: (3, 0), 4: (0, 3), 5: (0, 3), 6: (0, 2), 13: (0, 2), 14: (1, 0), 15: (0, 3), 17: (1, 0),
    19: (0, 3),
}  # fmt: skip


def scan(data):
    """Yield (name, kind) of all types, in order, by a reader of its own."""
    hdr_len, type_off, type_len, str_off = struct.unpack_from("<4I", data, 4)
    at, end, strings = hdr_len + type_off, hdr_len + type_off + type_len, hdr_len + str_off
    while at < end:
        name_off, info = struct.unpack_from("<2I", data, at)
        kind, vlen = info >> 24 & 31, info & 0xFFFF
        start = strings + name_off
        yield data[start : data.index(b"\0", start)].decode(), kind
        fixed, each = TRAILERS.get(kind, (0, 0))
        at += 12 + 4 * (fixed + each * vlen)


def test_all_types_are_found(data, btf):
    seen = list(scan(data))
    assert btf.type_count == len(seen) + 1
    for id in range(1, btf.type_count, 997):
        assert (btf.by_id(id).name, btf.by_id(id).kind) == seen[id - 1]
        assert btf.by_id(id).id == id


def test_names_lead_to_the_same_types_without_an_index(data, btf):
    firsts = {}
    for id, (name, kind) in enumerate(scan(data), 1):
        if name and kind in (BTF_KIND_STRUCT, BTF_KIND_UNION):
            firsts.setdefault((name, kind), id)
    fresh = Btf(data)
    found = [(key, fresh.by_name(*key)) for key in itertools.islice(firsts, 0, None, max(1, len(firsts) // 200))]
    for key, type_ in found:
        assert type_ is not None and btf._id_at(type_._word) == firsts[key], key


def test_known_layouts(btf):
    list_head = btf.by_name("list_head", BTF_KIND_STRUCT)
    assert list_head.size_bytes == 16
    assert [(m.name, m.bit_off) for m in list_head.members] == [("next", 0), ("prev", 64)]
    assert btf.sizeof(list_head.members[0].type_id) == 8
    assert format_type(list_head) == "struct list_head {\n\tstruct list_head *next;\n\tstruct list_head *prev;\n};"
    comm = btf.field("task_struct", "comm")
    assert comm.size_bytes == 16
    assert btf.field("task_struct", "comm[15]").off_bytes == comm.off_bytes + 15
    header = btf.field("iphdr", "version")
    assert (header.off_bytes, header.bit_off, header.bitfield_size) == (0, 4, 4)
    assert btf.field("iphdr", "daddr").off_bytes == 16  # a member of anonymous structs
    assert btf.field("bpf_insn", "imm").off_bytes == 4
    pid_type = btf.by_name("pid_type")
    assert pid_type.values[:2] == (("PIDTYPE_PID", 0), ("PIDTYPE_TGID", 1))
    assert btf.by_name("vfs_read", BTF_KIND_FUNC).linkage in (0, 1)


def test_an_index_saves_the_scan(data, btf):
    again = Btf(data, index=btf.index_bytes())
    assert again.type_count == btf.type_count
    assert again.by_id(btf.type_count - 1).name == btf.by_id(btf.type_count - 1).name


def test_types_print_as_c(btf):
    for type_ in itertools.islice(btf.types(), 0, None, 257):
        assert format_type(type_)
