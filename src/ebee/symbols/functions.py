"""Functions of programs and libraries: from a name, or a pattern, to offsets in the file."""

from __future__ import annotations

from ..errors import FormatError, NotSupported, UnknownProbe, UsageError
from .debug_files import debug_file, packed_symbols
from .elf_file import open_elf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .elf_file import ElfFile, Function


def find_offset(path: str, name: str) -> int:
    """Return where in a file a function begins, given as `name`, `name@VERSION`, `name+0x10` or an offset, `0x1139`.

    Raises: UnknownProbe with close names, UsageError, NotSupported for one that is chosen when the program is loaded,
    FormatError, SyscallError.
    """
    elf = open_elf(path)
    function, plus, more = name.partition("+")
    try:
        off = int(more, 0) if plus else 0
        is_number = function[:1].isdigit()
        start = int(function, 0) if is_number else 0
    except ValueError:
        hint = "for example main, main+0x10 or 0x1139"
        raise UsageError(f"{name!r} does not say where in {path}", hint=hint) from None
    if not is_number:
        start = _offset_of(elf, _chosen(elf, function))
    if not elf.is_code(start + off):
        hint = "an offset counts from the beginning of the file" if is_number else ""
        raise UsageError(f"at {start + off:#x} {path} has no code", hint=hint)
    return start + off


def find_functions(path: str, pattern: str) -> list[tuple[str, int]]:
    """Return the functions that a pattern of `*` and `?` fits, by name, and where in the file they begin.

    Of several names of one function the first is taken; those that are chosen when the program is loaded are left out.
    Raises: FormatError, SyscallError.
    """
    from fnmatch import fnmatchcase

    elf = open_elf(path)
    fitting = [f for f in elf.functions() if not f.is_indirect and fnmatchcase(f.name, pattern)]
    fitting = fitting or [f for f in _further(elf) if not f.is_indirect and fnmatchcase(f.name, pattern)]
    fitting.sort(key=lambda f: (f.name, not f.is_default))
    by_offset: dict[int, str] = {}
    for function in fitting:
        off = elf.file_offset(function.addr, is_code=True)
        if off is not None:
            by_offset.setdefault(off, function.name)
    return [(name, off) for off, name in by_offset.items()]


def _further(elf: ElfFile) -> list[Function]:
    """Return the functions of a stripped file that are packed into it, or in its debug file."""
    if elf.find_section(".symtab") is not None:
        return []
    try:
        more = packed_symbols(elf) or debug_file(elf, "", lambda _: None)
        return more.functions() if more is not None else []
    except FormatError:  # the names that it has itself are there
        return []


def _chosen(elf: ElfFile, wanted: str) -> Function:
    name, _, version = wanted.partition("@")
    version = version.lstrip("@")
    every = elf.functions()
    found = [f for f in every if f.name == name and (not version or f.version == version)]
    if not found:
        every += _further(elf)
        found = [f for f in every if f.name == name and (not version or f.version == version)]
    if not found:
        others = {str(f) for f in every if f.name == name}
        raise _unknown(elf, wanted, others or {f.name for f in every})
    found = [f for f in found if f.is_default] or found
    if len({f.addr for f in found}) > 1:
        places = sorted({elf.file_offset(f.addr) or 0 for f in found})
        hint = f"name one by its place: {', '.join(map(hex, places))}"
        raise UsageError(f"{elf.path} has {len(places)} functions called {wanted!r}", hint=hint)
    if found[0].is_indirect:
        alike = sorted({f.name for f in every if f.name != name and name in f.name and not f.is_indirect})
        hint = f"probe what may be chosen: {', '.join(alike[:4])}, …" if alike else "this file does not name those"
        what = f"a probe on {name}: which function that is, is chosen when the program is loaded"
        raise NotSupported(what, hint=hint)
    return found[0]


def _offset_of(elf: ElfFile, function: Function) -> int:
    off = elf.file_offset(function.addr, is_code=True)
    if off is None:
        raise UsageError(f"{function} of {elf.path} is at {function.addr:#x}, where the file has no code")
    return off


def _unknown(elf: ElfFile, wanted: str, known: Iterable[str]) -> UnknownProbe:
    from difflib import get_close_matches

    names = list(known)
    if not names:
        hint = "it is stripped: give the function's offset in the file"
    else:
        hint = "the compiler may have inlined it, or it is in a library that this file uses"
    return UnknownProbe(f"{elf.path}:{wanted}", get_close_matches(wanted, names, 3), hint=hint)
