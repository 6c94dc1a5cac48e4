"""What writing and reading object files share: the structs of ELF and .BTF.ext, and the names of sections.

All numbers are little-endian; `of_order` has the structs of the other order, `swapped` the sections of types.
Source: System V ABI, ELF-64; Documentation/bpf/llvm_reloc.rst and Documentation/bpf/btf.rst (Linux 6.18).
"""

from __future__ import annotations

import struct

from ..spec.object import LOSS_MAP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from ..spec.object import MapSpec

ELF_IDENT = b"\x7fELF\x02\x01\x01" + bytes(9)  # 64 bits, little-endian, version 1, no particular system
ELF_IDENTS = {"little": ELF_IDENT, "big": ELF_IDENT[:5] + b"\2" + ELF_IDENT[6:]}
ET_REL, EM_BPF = 1, 247

# e_ident; type, machine, version, entry, phoff, shoff, flags, ehsize, phentsize, phnum, shentsize, shnum, shstrndx
EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
# name, type, flags, addr, offset, size, link, info, addralign, entsize
SHDR = struct.Struct("<IIQQQQIIQQ")
# name, info (binding << 4 | type), other, section, value, size
SYM = struct.Struct("<IBBHQQ")
# offset, symbol << 32 | type
REL = struct.Struct("<QQ")

SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS, SHT_REL = 1, 2, 3, 8, 9
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_INFO_LINK = 1, 2, 4, 0x40
SHN_UNDEF, SHN_LORESERVE = 0, 0xFF00
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE = 0, 1, 2, 3, 4
STV_INTERNAL, STV_HIDDEN = 1, 2

R_BPF_64_64, R_BPF_64_ABS64, R_BPF_64_32 = 1, 2, 10  # a wide load: a map or data; a pointer; a call: a function

# magic, version, flags, hdr_len; then offset (from the end of the header) and length of func_info, line_info, core_relo
BTF_EXT_HDR = struct.Struct("<HBBI6I")
BTF_EXT_HDR_LEN = 24  # without core_relo, as compilers before CO-RE wrote it
SEC_INFO = struct.Struct("<II")  # name of the section, number of records
FUNC_INFO = struct.Struct("<II")  # offset in bytes, type id
LINE_INFO = struct.Struct("<IIII")  # offset in bytes, file name, text, line << 10 | column
CORE_RELO = struct.Struct("<IIII")  # offset in bytes, type id, access string, kind (enum bpf_core_relo_kind)
COLUMN_MAX = 0x3FF

TEXT, MAPS, KSYMS, LICENSE, BTF, BTF_EXT, NOTES = ".text", ".maps", ".ksyms", "license", ".BTF", ".BTF.ext", ".ebee"
KCONFIG, LEGACY_MAPS, ARENA_DATA, JUMP_TABLES = ".kconfig", "maps", ".addr_space.1", ".jumptables"
DATA_SECTIONS = (".bss", ".data", ".rodata")
STRUCT_OPS = ".struct_ops.link"  # registered by a link; in `.struct_ops` until they are taken away again
STRUCT_OPS_SECTIONS = (STRUCT_OPS, ".struct_ops", "?.struct_ops.link", "?.struct_ops")
NOTES_FORMAT = 1

LOSS_SECTION, LOSS_SYMBOL = ".data.ebee_lost", "ebee_lost"


def of_order(format: struct.Struct, byteorder: Literal["little", "big"]) -> struct.Struct:
    """Return a struct of this module in a byte order."""
    return format if byteorder == "little" else struct.Struct(">" + format.format[1:])


def swapped(name: str, data: bytes, byteorder: Literal["little", "big"]) -> bytes:
    """Return .BTF or .BTF.ext, which is in this byte order, in the other one.

    Both are 32-bit words, but for the first four bytes and the strings of .BTF.
    """
    there, back = ("<", ">") if byteorder == "little" else (">", "<")
    if len(data) < 24:
        return data
    end = len(data) & ~3
    if name == BTF:
        hdr_len, _type_off, _type_len, str_off = struct.unpack_from(f"{there}4I", data, 4)
        end = min(hdr_len + str_off, len(data)) & ~3
    words = struct.unpack_from(f"{there}{end // 4 - 1}I", data, 4)
    return data[1::-1] + data[2:4] + struct.pack(f"{back}{len(words)}I", *words) + data[end:]


def data_section(map: MapSpec) -> str:
    """Return the section whose bytes are the map's one value, empty for a map of any other sort.

    libbpf makes an array of one entry of each. Source: bpf_object__init_global_data_maps in libbpf.c (libbpf 1.6).
    """
    if map.name == LOSS_MAP:
        return LOSS_SECTION
    return map.name if is_data_section(map.name) else ""


def is_data_section(name: str) -> bool:
    """Whether libbpf makes a map of a section of this name."""
    return name in DATA_SECTIONS or name.startswith(tuple(f"{section}." for section in DATA_SECTIONS))
