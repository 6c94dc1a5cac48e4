"""Where types come from: the running kernel, its modules, what programs were loaded with, files of BTF and of ELF."""

from __future__ import annotations

import ctypes
import os

from ..abi import attr as layouts
from ..abi import bpf as abi
from ..btf.kinds import BTF_KIND_INT, BTF_MAGIC
from ..btf.read import Btf
from ..errors import BtfError, FormatError, SyscallError, UsageError
from ..record import Record
from ..sys import bpf
from .vmlinux import BTF_DIRECTORY, module_btf, required_btf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGICS = (BTF_MAGIC.to_bytes(2, "little"), BTF_MAGIC.to_bytes(2, "big"))


class LoadedBtf(Record):
    """Types that the kernel has: of itself and its modules, by their names, or of programs (no name)."""

    id: int
    name: str
    size_bytes: int
    is_kernel: bool


def loaded_btfs() -> Iterator[LoadedBtf]:
    """Iterate over all types that are loaded. Raises: PermissionMissing, SyscallError."""
    for id in bpf.ids(abi.BPF_BTF_GET_NEXT_ID):
        try:
            with bpf.fd_by_id(abi.BPF_BTF_GET_FD_BY_ID, id) as fd:
                name, info = bpf.kernel_btf_name(fd.number), _info(fd.number)
        except SyscallError:
            continue  # gone meanwhile
        yield LoadedBtf(id, name, info["btf_size"], bool(info["kernel_btf"]))


def _info(fd: int, data: ctypes.Array[ctypes.c_char] | None = None) -> dict[str, int]:
    """Return size and kind of types, with `data` after they were written to there."""
    values: dict[str, int | bytes] = {} if data is None else {"btf": bpf.address(data), "btf_size": len(data)}
    info, size = bpf.make_attr(layouts.BTF_INFO, values), layouts.BTF_INFO_SIZE_BYTES
    attr = bpf.make_attr(layouts.OBJ_GET_INFO_BY_FD, {"bpf_fd": fd, "info_len": size, "info": bpf.address(info)})
    bpf.call(abi.BPF_OBJ_GET_INFO_BY_FD, attr)
    return {name: bpf.attr_field(info, layouts.BTF_INFO, name) for name in ("btf_size", "kernel_btf")}


def btf_by_id(id: int) -> Btf:
    """Return loaded types by their id. Raises: UsageError, PermissionMissing, SyscallError."""
    try:
        fd = bpf.fd_by_id(abi.BPF_BTF_GET_FD_BY_ID, id)
    except SyscallError as e:
        if e.errno == bpf.ENOENT:
            raise UsageError(f"there are no types of id {id}", hint="`ebee btf list` shows them") from None
        raise
    with fd:
        name = bpf.kernel_btf_name(fd.number)
        data = ctypes.create_string_buffer(_info(fd.number)["btf_size"])
        _info(fd.number, data)
    return Btf(data.raw, base=required_btf() if name not in ("", "vmlinux") else None)


def open_btf(source: str, base: Btf | None = None) -> Btf:
    """Return the types that a word names: `vmlinux`, an id, a file of BTF or ELF, a module.

    A file may continue `base`; those of /sys/kernel/btf continue the kernel's.
    Raises: UsageError, BtfError, NotSupported, SyscallError.
    """
    if source == "vmlinux":
        return required_btf()
    if source.isdecimal():
        return btf_by_id(int(source))
    if os.path.exists(source):
        folder, name = os.path.split(os.path.abspath(source))
        if base is None and folder == BTF_DIRECTORY and name != "vmlinux":
            base = required_btf()
        return _read_file(source, base)
    found = module_btf(source) if "/" not in source else None
    if found is None:
        raise UsageError(
            f"there are no types {source!r}", hint="name vmlinux, a loaded module, an id, or a file of BTF or ELF"
        )
    return found


def _read_file(path: str, base: Btf | None) -> Btf:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as e:
        raise FormatError(f"cannot be read: {e.strerror}", file=path) from None
    try:
        if data[:2] not in _MAGICS:
            data = _section_of(data, path)
        types = Btf(data, base=base)
        types.pointer_size = _pointer_size(types)
        return types
    except FormatError as e:
        raise BtfError(e.what, file=path, section=e.section, off_bytes=e.off_bytes) from None


def _pointer_size(types: Btf) -> int:
    """Return the size of pointers: that of `long`; types of eBPF objects without one have 8 bytes.

    Source: determine_ptr_size in tools/lib/bpf/btf.c (Linux 6.18).
    """
    for name in ("long int", "long unsigned int", "long", "unsigned long"):
        found = types.by_name(name, BTF_KIND_INT)
        if found is not None and found.size_bytes in (4, 8):
            return found.size_bytes
    return 8


def _section_of(data: bytes, path: str) -> bytes:
    """Return the .BTF section of an ELF file: of a program, of a kernel, or of an object of either byte order."""
    found: bytes | None = None
    if data[5:6] == b"\2":
        from ..elf.file import ElfFile as ObjectFile

        found = next((s.data for s in ObjectFile(data).sections if s.name == ".BTF"), None)
    else:
        from ..symbols.elf_file import ElfFile

        elf = ElfFile(data, path)
        section = elf.find_section(".BTF")
        found = None if section is None else elf.bytes_of(section)
    if found is None:
        raise BtfError("there is no section .BTF in it")
    return found
