"""Jump tables: for each one of a program a map of instructions, which the kernel turns into addresses.

Source: create_jt_map in libbpf.c (libbpf 1.7); kernel/bpf/bpf_insn_array.c (Linux 6.19).
"""

from __future__ import annotations

import struct
import sys

from ..abi import bpf as abi
from ..errors import NotSupported, SyscallError
from ..sys import bpf
from ..sys.map_elements import MapElements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..isa.insn import Insn
    from ..sys.os_seam import Fd

SINCE = "6.19"
# struct bpf_insn_array_value: orig_off (slots), and what the kernel fills in: xlated_off, jitted_off; padding.
_VALUE = struct.Struct("=IIII")


def put_tables(program: str, tables: Sequence[tuple[list[Insn], list[int]]], shift_slots: int) -> list[Fd]:
    """Create a map for each table, `shift_slots` further on in the program, and have the wide loads load it.

    A map of instructions serves one program. Raises: NotSupported for a kernel without such maps, PermissionMissing,
    SyscallError.
    """
    made = []
    for loads, slots in tables:
        made.append(_create(program, [shift_slots + slot for slot in slots]))
        for insn in loads:
            insn.imm = made[-1].number
    return made


def _create(program: str, slots: list[int]) -> Fd:
    try:
        fd = bpf.map_create(abi.BPF_MAP_TYPE_INSN_ARRAY, 4, _VALUE.size, len(slots), name=".jumptables")
    except SyscallError as e:
        if e.errno != bpf.EINVAL:
            raise
        hint = f"Linux {SINCE} has them; for older ones compile with -mcpu=v3, or with -fno-jump-tables"
        raise NotSupported(f"indirect jumps (program {program!r})", hint=hint) from None
    elements = MapElements(fd.number, 4, _VALUE.size, ".jumptables")
    for i, slot in enumerate(slots):
        elements.update(i.to_bytes(4, sys.byteorder), _VALUE.pack(slot, 0, 0, 0))
    bpf.map_freeze(fd.number)
    return fd
