"""Marks in programs for tracers (USDT): where they are, and where their arguments are then.

Source: systemtap's sys/sdt.h, "UserSpaceProbeImplementation" of its wiki; parse_usdt_arg in usdt.c (libbpf 1.6).
"""

from __future__ import annotations

from ..abi.pt_regs import REGISTERS
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What an argument is in: a constant, a register, or memory at an address that registers say.
CONSTANT, REGISTER, MEMORY = "constant", "register", "memory"


class UsdtArgument(Record):
    """Where one argument is. `size` in bytes; `base` and `index` are offsets in struct pt_regs, -1 for no register.

    `number` is the constant's value, or what is added to the address: base + index * `scale` + number.
    """

    size: int
    is_signed: bool
    kind: str
    number: int = 0
    base: int = -1
    index: int = -1
    scale: int = 1


class UsdtSite(Record):
    """A place that a mark stands at: offset in the file, arguments, and the offset of its counter of users, or 0.

    `args` holds for each argument where it is, or why it cannot be read: a text.
    """

    off: int
    counter_off: int
    args: list[UsdtArgument | str]


def forms_of(sites: Sequence[UsdtSite]) -> list[list[UsdtArgument | str]]:
    """Return the different ways in which the places of a mark have their arguments; a place's cookie is an index."""
    forms: list[list[UsdtArgument | str]] = []
    for site in sites:
        if site.args not in forms:
            forms.append(site.args)
    return forms


def parse_arguments(text: str, arch: str) -> list[UsdtArgument | str]:
    """Return the arguments that a mark's note describes: `-4@%eax 8@-8(%rbp) 4@$5` (x86-64), `8@[sp, 16]` (arm64)."""
    parse = {"x86_64": _parse_x86, "arm64": _parse_arm64}.get(arch)
    found: list[UsdtArgument | str] = []
    for word in _words(text):
        width, at, place = word.partition("@")
        if not at:
            width, place = "8" if arch == "x86_64" else "", word
        is_signed = width.startswith("-")
        size = width.removeprefix("-")
        if parse is None:
            found.append(f"it is described for {arch}")
        elif size not in ("1", "2", "4", "8"):
            found.append("it is a floating-point number" if size.endswith("f") else f"{word!r} is no description")
        else:
            found.append(parse(int(size), is_signed, place) or f"{place!r} is no place that can be read")
    return found


def _words(text: str) -> list[str]:
    """Cut at spaces, except those inside brackets."""
    words: list[str] = []
    for word in text.split():
        if words and words[-1].count("[") > words[-1].count("]"):
            words[-1] += word
        else:
            words.append(word)
    return words


def _number(text: str) -> int | None:
    """Return a number that may be a sum: `8`, `-0x10`, `16-4`."""
    text = text.replace(" ", "")
    total, part = 0, ""
    for n, c in enumerate(text + "+"):
        if c in "+-" and n and part not in ("", "-", "+"):
            try:
                total += int(part, 0)
            except ValueError:
                return None
            part = ""
        part += c
    return total if text and part == "+" else None


def _parse_x86(size: int, is_signed: bool, place: str) -> UsdtArgument | None:
    registers = REGISTERS["x86_64"]
    if place.startswith("$"):
        number = _number(place[1:])
        return None if number is None else UsdtArgument(size, is_signed, CONSTANT, number)
    if place.startswith("%"):
        base = registers.get(place[1:])
        return None if base is None else UsdtArgument(size, is_signed, REGISTER, base=base)
    start, bracket, inside = place.partition("(")
    if not bracket or not inside.endswith(")"):
        return None
    number = _number(start) if start else 0
    base_name, _, more = inside[:-1].partition(",")
    index_name, _, scale = more.partition(",")
    base = registers.get(base_name.strip().removeprefix("%"), -1) if base_name.strip() else -1
    index = registers.get(index_name.strip().removeprefix("%"), -1) if index_name.strip() else -1
    has_all = (base >= 0 or not base_name.strip()) and (index >= 0 or not index_name.strip())
    if number is None or not has_all or (base, index) == (-1, -1) or scale.strip() not in ("", "1", "2", "4", "8"):
        return None
    return UsdtArgument(size, is_signed, MEMORY, number, base, index, int(scale.strip() or 1))


def _parse_arm64(size: int, is_signed: bool, place: str) -> UsdtArgument | None:
    registers = REGISTERS["arm64"]
    if place.startswith("["):
        name, _, off = place.removeprefix("[").removesuffix("]").partition(",")
        base, number = registers.get(name.strip()), _number(off) if off else 0
        if base is None or number is None:
            return None
        return UsdtArgument(size, is_signed, MEMORY, number, base)
    if place in registers:
        return UsdtArgument(size, is_signed, REGISTER, base=registers[place])
    number = _number(place)
    return None if number is None else UsdtArgument(size, is_signed, CONSTANT, number)
