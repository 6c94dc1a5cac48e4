"""Objects of clang with CO-RE relocations: compiled, and read as far as these need it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ebee.btf.read import Btf
from ebee.elf import layout
from ebee.isa.encode import decode, slot_offsets
from ebee.spec.object import CORE_RELO_KINDS, CoreRelo, ObjectSpec, ProgramSpec
from ebee.spec.sections import parse_section

DATA = Path(__file__).resolve().parents[1] / "data" / "core"
KINDS = {number: kind for kind, number in CORE_RELO_KINDS.items()}


def compile_c(source, to, *options, big_endian=False):
    """Compile a file to an object."""
    pytest.importorskip("ziglang", reason="clang is in the package ziglang")
    target = "bpfeb-freestanding" if big_endian else "bpfel-freestanding"
    argv = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-mcpu=v3", "-g", "-O2", "-w",
            "-fno-unwind-tables", "-fno-asynchronous-unwind-tables", *options]
    done = subprocess.run([*argv, "-c", str(source), "-o", str(to)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return Path(to).read_bytes()


def sections(data):
    """Return the sections of a little-endian file by name."""
    header = layout.EHDR.unpack_from(data)
    shoff, shnum, names = header[6], header[12], header[13]
    rows = [layout.SHDR.unpack_from(data, shoff + i * layout.SHDR.size) for i in range(shnum)]
    found = []
    for row in rows:
        at = rows[names][4] + row[0]
        found.append((data[at : data.index(b"\0", at)].decode(), data[row[4] : row[4] + row[5]]))
    return found


def read_programs(data):
    """Return an object of functions that call and use nothing, each in its section, and their relocations."""
    parts = sections(data)
    by_name = dict(parts)
    btf = Btf(by_name[".BTF"])
    spec = ObjectSpec("clang", btf=by_name[".BTF"])
    starts = {}
    for name, kind, section, value, size in symbols(by_name):
        if kind == layout.STT_FUNC:
            section_name, code = parts[section]
            parsed = parse_section(section_name)
            insns = decode(code[value : value + size])
            spec.programs[name] = ProgramSpec(
                name, section_name, parsed.prog_type, parsed.attach_to, parsed.expected_attach_type, insns=insns
            )
            starts[section_name, value] = name
    for section_name, (off, type_id, access, kind) in core_relos(by_name[".BTF.ext"], btf):
        start = max(value for s, value in starts if s == section_name and value <= off)
        program = spec.programs[starts[section_name, start]]
        insn_idx = slot_offsets(program.insns).index((off - start) // 8)
        program.core_relos.append(CoreRelo(insn_idx, KINDS[kind], type_id, btf.string(access)))
    return spec


def symbols(by_name):
    for name_off, info, _other, section, value, size in layout.SYM.iter_unpack(by_name[".symtab"]):
        strings = by_name[".strtab"]
        yield strings[name_off : strings.index(b"\0", name_off)].decode(), info & 15, section, value, size


def core_relos(ext, btf):
    _magic, _version, _flags, hdr_len, *ranges = layout.BTF_EXT_HDR.unpack_from(ext)
    at = hdr_len + ranges[4]
    end, at = at + ranges[5], at + 4
    while at < end:
        name, count = layout.SEC_INFO.unpack_from(ext, at)
        at += 8
        for _ in range(count):
            yield btf.string(name), layout.CORE_RELO.unpack_from(ext, at)
            at += layout.CORE_RELO.size
