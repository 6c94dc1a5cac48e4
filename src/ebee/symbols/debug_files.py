"""What belongs to a program or library and is not in its tables: symbols that are packed into it, and debug files.

Source: GDB manual, "Separate Debug Files" and "MiniDebugInfo"; .gnu_debuglink: name, padding to 4 bytes, CRC-32.
"""

from __future__ import annotations

import os

from ..errors import EbeeError, FormatError
from ..sys.os_seam import current
from .elf_file import MOST_BYTES, ElfFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Tell = Callable[[str], None]

DEBUG_DIRECTORY = "/usr/lib/debug"


def packed_symbols(elf: ElfFile) -> ElfFile | None:
    """Return the symbols that are packed into a stripped file (`.gnu_debugdata`, xz). Raises: FormatError."""
    section = elf.find_section(".gnu_debugdata")
    if section is None:
        return None
    import lzma

    name = f"{elf.path}: section .gnu_debugdata"
    unpack = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_BYTES)
    try:
        data = unpack.decompress(elf.bytes_of(section), MOST_BYTES // 8)
    except (lzma.LZMAError, EOFError) as e:
        raise FormatError(f"{name} is damaged: {e}") from None
    if not unpack.eof:
        raise FormatError(f"{name} is cut off, or too large")
    return ElfFile(data, name)


def debug_file(elf: ElfFile, root: str, tell: Tell) -> ElfFile | None:
    """Return the file that has what was stripped from another one, by its build id, else by its name and checksum.

    `root` is what paths begin with where the program runs. Files that are not what they should be are told of.
    """
    build_id = elf.build_id()
    for path in by_build_id(build_id, root):
        if (found := opened(path, tell)) is not None:
            if found.build_id() == build_id:
                return found
            tell(f"{path} is left out: it belongs to another file")
    link = elf.find_section(".gnu_debuglink")
    if link is None:
        return None
    try:
        data = elf.bytes_of(link)
        name = data[: data.find(b"\0")].decode("utf-8", "surrogateescape")
        crc = int.from_bytes(data[(len(name.encode("utf-8", "surrogateescape")) + 4) & ~3 :][:4], "little")
    except FormatError:
        return None
    if not name or "/" in name or "\0" in name:
        return None
    folder = os.path.dirname(elf.path)
    inside = folder[len(root) :] if root and folder.startswith(root) else folder
    for path in (f"{folder}/{name}", f"{folder}/.debug/{name}", f"{root}{DEBUG_DIRECTORY}{inside}/{name}"):
        if path != elf.path and (found := opened(path, tell)) is not None:
            import zlib

            if zlib.crc32(found.data) == crc:
                return found
            tell(f"{path} is left out: it belongs to another version of {elf.path}")
    return None


def by_build_id(build_id: bytes, root: str = "") -> list[str]:
    """Return where a debug file with a build id would be, where the program runs, and here."""
    if len(build_id) < 2:
        return []
    name = f"{DEBUG_DIRECTORY}/.build-id/{build_id[:1].hex()}/{build_id[1:].hex()}.debug"
    return list(dict.fromkeys((root + name, name)))


def opened(path: str, tell: Tell) -> ElfFile | None:
    """Return a file, None if it is not there; one that is no ELF file is told of."""
    try:
        if not current().file_key(path)[3]:  # nor is a pipe opened, which nobody may ever write to
            return None
        return ElfFile(current().map_file(path), path)
    except OSError:
        return None
    except EbeeError as e:
        tell(f"a debug file is left out: {e}")
        return None
