"""What writing and reading object files share: the structs of ELF and .BTF.ext, and the names of sections.

All numbers are little-endian; `elf.file` reads those of the other order.
Source: System V ABI, ELF-64; Documentation/bpf/llvm_reloc.rst and Documentation/bpf/btf.rst (Linux 6.18).
"""

from __future__ import annotations

import struct

from ..spec.object import LOSS_MAP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import MapSpec

ELF_IDENT = b"\x7fELF\x02\x01\x01" + bytes(9)  # 64 bits, little-endian, version 1, no particular system
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
