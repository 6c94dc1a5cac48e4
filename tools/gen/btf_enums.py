"""The enums of the running kernel's BTF, for the generators."""

from __future__ import annotations

import struct
from pathlib import Path

VMLINUX = Path("/sys/kernel/btf/vmlinux")

# Bytes that follow struct btf_type, by kind: a fixed size and a size per vlen.
# Source: include/uapi/linux/btf.h.
_TRAILING = {
    1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8), 14: (4, 0),
    15: (0, 12), 17: (4, 0), 19: (0, 12),
}  # fmt: skip




def read_enums(data: bytes) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return every enum as its name (empty if anonymous) and its (name, value) pairs."""
    hdr_len, type_off, type_len, str_off = struct.unpack_from("<IIII", data, 4)
    strings = hdr_len + str_off

    def string(off: int) -> str:
        return data[strings + off : data.index(b"\0", strings + off)].decode()

    found = []
    off = hdr_len + type_off
    end = off + type_len
    while off < end:
        name_off, info, _size = struct.unpack_from("<III", data, off)
        kind, vlen, is_signed = info >> 24 & 0x1F, info & 0xFFFF, bool(info >> 31)
        off += 12
        if kind == 6:
            form = "<Ii" if is_signed else "<II"
            values = [struct.unpack_from(form, data, off + 8 * i) for i in range(vlen)]
            found.append((string(name_off), [(string(n), v) for n, v in values]))
        elif kind == 19:
            form = "<III"
            wide = [struct.unpack_from(form, data, off + 12 * i) for i in range(vlen)]
            found.append((string(name_off), [(string(n), hi << 32 | lo) for n, lo, hi in wide]))
        fixed, each = _TRAILING.get(kind, (0, 0))
        off += fixed + each * vlen
    return found
