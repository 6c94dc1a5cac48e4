"""Sections of variables: libbpf makes maps of them, and mends their types for the kernel.

Compilers leave out where variables are and how large their sections: symbols say it. Sections that are no maps would be
refused, so would what is external.
Source: bpf_object__init_global_data_maps, btf_fixup_datasec, bpf_object__collect_externs in libbpf.c (libbpf 1.6);
btf_datasec_check_meta, btf_var_check_meta, btf_func_check in kernel/bpf/btf.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf
from ..btf.build import BtfBuilder
from ..btf.kinds import (
    BTF_FUNC_EXTERN,
    BTF_FUNC_STATIC,
    BTF_KIND_DATASEC,
    BTF_KIND_DECL_TAG,
    BTF_KIND_FUNC,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_VAR,
    BTF_VAR_GLOBAL_ALLOCATED,
    BTF_VAR_GLOBAL_EXTERN,
)
from ..btf.read import Btf
from ..errors import ElfError
from ..spec.object import MapSpec
from . import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import BtfType
    from .file import ElfFile

_INT_BYTES = 4


class Variables:
    """The maps of an object's variables, what it wants from outside, and its types as the kernel takes them.

    `kconfig` has where each variable of `.kconfig` is, `ksyms` the types of what the kernel has.
    """

    def __init__(self, file: ElfFile, data: bytes) -> None:
        self.file, self.types = file, Btf(data)
        self.maps: dict[str, MapSpec] = {}
        self.kconfig: dict[str, int] = {}
        self.ksyms: dict[str, int] = {}
        self.btf = BtfBuilder.continuing(data)
        self.int_id = self.btf.add_signed("int", _INT_BYTES)
        self.places = {
            (file.sections[s.section].name, s.name): s.value for s in file.symbols if s.section and s.name
        }
        sections = list(self.types.types(BTF_KIND_DATASEC))
        type_ids = {s.name: self.mend(s) for s in sections}
        for section in file.sections:
            if layout.is_data_section(section.name) and section.size and section.flags & layout.SHF_ALLOC:
                self.add_map(section.name, section.size, section.data, type_ids.get(section.name, 0))
        self.mend_declarations()
        self.data = self.btf.encode()

    def add_map(self, name: str, size: int, data: bytes, type_id: int) -> None:
        """Add the map of a section."""
        is_constant = name.startswith(".rodata") or name == layout.KCONFIG
        flags = bpf.BPF_F_MMAPABLE | (bpf.BPF_F_RDONLY_PROG if is_constant else 0)
        map = MapSpec(name, bpf.BPF_MAP_TYPE_ARRAY, 4, size, 1, flags, value_type_id=type_id, frozen=is_constant)
        map.initial = data if any(data) else b""
        self.maps[name] = map

    def mend(self, section: BtfType) -> int:
        """Make the type of a section what the kernel takes; return its id, 0 if there is no map of it."""
        name, id = section.name, section.id
        if name == layout.KSYMS:
            for var_id, _off, _size in section.secinfos:
                self.ksyms[self.types.by_id(var_id).name] = self.types.by_id(var_id).type_id
        if name == layout.KCONFIG:
            infos, size = self.lay_out(section)
            self.kconfig = {self.types.by_id(var_id).name: off for var_id, off, _size in infos}
            self.add_map(name, size, b"", id)
        elif layout.is_data_section(name) and self.file.by_name.get(name):
            size = self.file.sections[self.file.by_name[name]].size
            infos = sorted((self.placed(section, info) for info in section.secinfos), key=lambda info: info[1])
        else:  # a struct of as many words stands in for it
            words = [0, BTF_KIND_STRUCT << 24 | section.vlen, _INT_BYTES]
            self.btf.replace(id, words + [0, self.int_id, 0] * section.vlen)
            return 0
        if infos and not (size <= 1 << 30 and infos[-1][1] + infos[-1][2] <= size):
            raise ElfError(f"variables lie outside of {name}", section=layout.BTF)
        words = self.btf.words(id)
        self.btf.replace(id, [words[0], words[1], size, *(word for info in infos for word in info)])
        return id

    def placed(self, section: BtfType, info: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return where a variable is: as its symbol says, of one without as its type does."""
        var_id, off, size = info
        variable = self.types.by_id(var_id)
        if variable.kind != BTF_KIND_VAR:
            raise ElfError(f"type {var_id} is no variable", section=layout.BTF)
        return var_id, self.places.get((section.name, variable.name), off), size

    def lay_out(self, section: BtfType) -> tuple[list[tuple[int, int, int]], int]:
        """Return where variables that nobody has placed are put, the largest first, and the size of them all."""
        infos, at = [], 0
        for var_id, _off, _size in section.secinfos:
            size = self.types.sizeof(self.types.by_id(var_id).type_id)
            at = -(-at // 8) * 8
            infos.append((var_id, at, size))
            at += size
        return infos, at

    def mend_declarations(self) -> None:
        """Put harmless types in the places of what is external, and have hidden functions be static ones."""
        hidden = {s.name for s in self.file.symbols if s.kind == layout.STT_FUNC and s.is_hidden}
        number = self.btf.words(self.int_id)
        gone: set[int] = set()
        for id, type in enumerate(self.types.types(), 1):
            words = self.btf.words(id)
            if type.kind == BTF_KIND_FUNC and type.linkage == BTF_FUNC_EXTERN:
                self.btf.replace(id, [0, BTF_KIND_PTR << 24, words[2]])
                gone.add(id)
            elif type.kind == BTF_KIND_FUNC and type.name in hidden:
                self.btf.replace(id, [words[0], words[1] & ~0xFFFF | BTF_FUNC_STATIC, words[2]])
            elif type.kind == BTF_KIND_VAR and type.linkage == BTF_VAR_GLOBAL_EXTERN and type.name not in self.kconfig:
                self.btf.replace(id, number)
                gone.add(id)
            elif type.kind == BTF_KIND_VAR and type.linkage == BTF_VAR_GLOBAL_EXTERN:
                self.btf.replace(id, [*words[:3], BTF_VAR_GLOBAL_ALLOCATED])
        for id, type in enumerate(self.types.types(), 1):
            if type.kind == BTF_KIND_DECL_TAG and type.type_id in gone:
                self.btf.replace(id, number)
