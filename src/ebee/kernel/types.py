"""An object's type information in the kernel: loaded once, and asked for the source of an instruction."""

from __future__ import annotations

import sys

from ..abi.bpf import BPF_PROG_TYPE_TRACEPOINT
from ..btf.kinds import BTF_HDR_LEN, BTF_KIND_FUNC, ENTRY_WORDS, FIXED_WORDS
from ..errors import BtfError, SourceSpan
from ..sys import bpf
from ..sys.os_seam import Fd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import ObjectSpec, ProgramSpec

_BTF_FUNC_STATIC = 0


class ObjectTypes:
    """The BTF of one object. `fd` is -1 for an object without, or where the kernel does not take it.

    Programs that may be called as a subprogram have their function made static there: the kernel verifies a global
    one by itself, with a context that it does not have then.
    """

    def __init__(self, obj: ObjectSpec) -> None:
        self._fd: Fd | None = None
        self._data = obj.btf
        if obj.btf:
            entries = {
                p.func_info[0].type_id
                for p in obj.programs.values()
                if p.func_info and p.prog_type == BPF_PROG_TYPE_TRACEPOINT
            }
            fd = bpf.btf_load(with_static_functions(obj.btf, entries))
            self._fd = Fd(fd) if fd >= 0 else None

    @property
    def fd(self) -> int:
        return self._fd.number if self._fd is not None else -1

    def close(self) -> None:
        """Let go of it; programs and maps keep what they use."""
        if self._fd is not None:
            self._fd.close()


def with_static_functions(btf: bytes, type_ids: set[int]) -> bytes:
    """Return BTF in which these FUNCs have static linkage."""
    data = bytearray(btf)

    def word(off: int) -> int:
        return int.from_bytes(data[off : off + 4], sys.byteorder)

    at, end = word(4) + word(8), word(4) + word(8) + word(12)
    type_id = 1
    while BTF_HDR_LEN <= at < end and at + 12 <= len(data):
        info = word(at + 4)
        kind, vlen = info >> 24 & 0x1F, info & 0xFFFF
        if kind >= len(FIXED_WORDS):
            break
        if type_id in type_ids and kind == BTF_KIND_FUNC:
            data[at + 4 : at + 8] = (info & ~0xFFFF | _BTF_FUNC_STATIC).to_bytes(4, sys.byteorder)
        at += 4 * (3 + FIXED_WORDS[kind] + ENTRY_WORDS[kind] * vlen)
        type_id += 1
    return bytes(data)


def source_span(prog: ProgramSpec, btf: bytes, insn_idx: int) -> SourceSpan | None:
    """Return the source line that instruction `insn_idx` (an index into `prog.insns`) was made from, if known."""
    found = None
    for line in prog.line_info:
        if line.insn_idx <= insn_idx and (found is None or line.insn_idx >= found.insn_idx):
            found = line
    if found is None or not btf:
        return None
    from ..btf.read import Btf

    try:
        strings = Btf(btf)
        file, text = strings.string(found.file_name_off), strings.string(found.line_off)
    except BtfError:
        return None
    return SourceSpan(file, found.line_num, max(found.line_col - 1, 0), text=text)


def source_spans(prog: ProgramSpec, btf: bytes) -> dict[int, SourceSpan]:
    """Return the source line of each instruction that has one, by its slot."""
    from ..btf.read import Btf
    from ..isa.encode import slot_offsets

    slots = slot_offsets(prog.insns)
    lines = sorted(prog.line_info, key=lambda line: line.insn_idx)
    spans: dict[int, SourceSpan] = {}
    try:
        strings = Btf(btf)
        for line, end in zip(lines, [*(line.insn_idx for line in lines[1:]), len(prog.insns)]):
            file, text = strings.string(line.file_name_off), strings.string(line.line_off)
            span = SourceSpan(file, line.line_num, max(line.line_col - 1, 0), text=text)
            spans.update(dict.fromkeys(slots[line.insn_idx : end], span))
    except BtfError:
        return {}
    return spans
