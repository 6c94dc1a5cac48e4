"""The kernel's verifier as an oracle: it takes our encodings, and its log has our text. Programs are only loaded."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import struct

import pytest

from ebee.errors import FormatError
from ebee.isa.disasm import format_insn
from ebee.isa.encode import encode
from ebee.isa.insn import Insn
from ebee.isa.table import ROWS, Row, row_of

pytestmark = pytest.mark.needs_kernel

BPF_SYSCALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "s390x": 351, "ppc64le": 361}
PROG_LOAD, SOCKET_FILTER = 5, 1

# They need a map, an arena, a BTF id or a function of their own, or no kernel takes them.
NOT_ALONE = {"callx", "addr_space_cast", "gotox", "call_local", "call_kfunc"} | {
    row.name for row in ROWS if row.family == "lddw" and row.name != "lddw"
}
ROWS_ALONE = [row for row in ROWS if row.name not in NOT_ALONE]


def load(insns: list[Insn]) -> tuple[int, str]:
    """Load a socket filter, close it again; return the errno and the log."""
    code = encode(insns, "little" if struct.pack("=H", 1)[0] else "big")
    code_buffer, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(1 << 16)
    address = ctypes.addressof
    attr = struct.pack(
        "=IIQQIIQ", SOCKET_FILTER, len(code) // 8, address(code_buffer), address(licence), 2, len(log), address(log)
    )
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(BPF_SYSCALL[platform.machine()], PROG_LOAD, ctypes.create_string_buffer(attr, 144), 144)
    if fd < 0:
        return ctypes.get_errno(), log.value.decode()
    os.close(fd)
    return 0, log.value.decode()


def program(row: Row) -> tuple[list[Insn], Insn]:
    """Return a program that is right for the verifier if the instruction is, and the instruction."""
    insn = Insn(row.opcode, **dict(row.fixed))
    values = {"mem": -8, "jump": 0, "s32": 5, "cmp": -5, "pkt": 4, "pkt_off": 4, "helper": 5, "imm64": 1 << 40 | 3}
    for field, kind in row.operands:
        setattr(insn, field, {"dst_reg": 2, "src_reg": 3}[field] if kind == "reg" else values[kind])
    if row.off == "mem":  # the register that is the address
        setattr(insn, "src_reg" if row.family == "load" or row.op == "load_acq" else "dst_reg", 10)
    before = [
        Insn(0xBF, 6, 1),  # r6 = r1: the context, for packet loads
        Insn(0xB7, 0, imm=1),
        Insn(0xB7, 2, imm=7),
        Insn(0xB7, 3, imm=3),
        Insn(0x7B, 10, 3, -8),
        Insn(0xB7, 4, imm=0),
    ]
    after = [] if row.name == "exit" else [Insn(0xB7, 0, imm=0), Insn(0x95)]
    return [*before, insn, *after], insn


def kernel_release() -> tuple[int, int]:
    major, minor = re.match(r"(\d+)\.(\d+)", platform.release()).groups()
    return int(major), int(minor)


@pytest.mark.parametrize("row", ROWS_ALONE, ids=lambda row: row.name)
def test_the_kernel_takes_the_encoding_and_prints_the_text(row):
    since = tuple(map(int, row.since.split(".")))
    if kernel_release() < since:
        pytest.skip(f"the instruction is of Linux {row.since}, this is {platform.release()}")
    insns, insn = program(row)
    error, log = load(insns)
    assert error == 0, f"{errno.errorcode.get(error)}: {log}"
    printed = re.search(rf"^6: \({insn.opcode:02x}\) (.*?)\s*(?:;.*)?$", log, re.M)
    if insn.opcode == 0x05 and printed is None:
        return  # a jump to the next instruction need not be printed
    assert printed is not None, log
    ours = format_insn(insn).removesuffix(" ll")
    assert re.sub(r"call \w+#", "call ", printed[1]) == ours


# Linux does not look at every reserved `off` and `imm`.
RESERVED_SRC = [row for row in ROWS_ALONE if row.src_reg == 0 and row.name not in ("lddw", "call_helper")]


@pytest.mark.parametrize("row", RESERVED_SRC, ids=lambda row: row.name)
def test_the_kernel_refuses_a_reserved_register_that_is_not_zero_as_we_do(row):
    insns, insn = program(row)
    insn.src_reg = 9
    with pytest.raises(FormatError):
        row_of(insn)
    assert load(insns)[0] == errno.EINVAL
