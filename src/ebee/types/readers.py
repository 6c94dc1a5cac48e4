"""Readers of structs, generated: functions that make Python values of the bytes of one record, or of many."""

from __future__ import annotations

from keyword import iskeyword
from struct import Struct as Layout

from .records import RECORD_LEAD, record_step
from .scalars import CODES, IntType, NumType, Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .structs import Field, StructType


def struct_readers(type: StructType) -> tuple[Callable[[bytes], Any], Callable[[bytes | bytearray], list[Any]]]:
    """Return what `unpack` and `unpack_many` of a type run."""
    text, direct, others = _format(type)
    names = {"cls": type.cls, "new": object.__new__, "put": object.__setattr__, "layout": Layout(f"<{text}")}
    step = record_step(type.size)
    names["records"] = Layout(f"<{RECORD_LEAD}x{text}{step - RECORD_LEAD - type.size}x")
    has_own_setter = type.cls.__setattr__ is not object.__setattr__

    def assign(name: str, value: str) -> str:
        if has_own_setter or iskeyword(name):
            return f"put(e, {name!r}, {value})"
        return f"e.{name} = {value}"

    makes = []
    for n, f in enumerate(direct):
        names[f"u{n}"] = f.type.unpack
        makes.append(assign(f.name, f"v{n}" if isinstance(f.type, IntType) else f"u{n}(v{n})"))
    for n, f in enumerate(others):
        names[f"t{n}"] = f.take
        makes.append(assign(f.name, f"t{n}(data)"))
    values = "".join(f"v{n}, " for n in range(len(direct))) or "*_"

    lines = ["def unpack(data):", f"    {values} = layout.unpack(data)" if direct else "", "    e = new(cls)"]
    lines += [f"    {line}" for line in makes] + ["    return e"]
    if not others:
        lines += ["def unpack_many(data):", "    out = []", "    add = out.append"]
        lines += [f"    for {values} in records.iter_unpack(data):", "        e = new(cls)"]
        lines += [f"        {line}" for line in makes] + ["        add(e)", "    return out"]
    exec("\n".join(lines), names)
    unpack: Any = names["unpack"]
    many: Any = names.get("unpack_many")
    return unpack, many or (lambda data: Type.unpack_many(type, data))


def _format(type: StructType) -> tuple[str, list[Field], list[Field]]:
    """The letters of `struct` for a whole struct; the fields that they give, and those that need all of its bytes."""
    text, off = "", 0
    direct: list[Field] = []
    others: list[Field] = []
    for f in type.fields.values():
        if isinstance(f.type, NumType) and (f.type.bits < 8 * f.type.size or f.off_bytes < off) or f.off_bytes < off:
            others.append(f)
            continue
        text += f"{f.off_bytes - off}x" if f.off_bytes > off else ""
        text += CODES[f.type.size, f.type.signed] if isinstance(f.type, IntType) else f"{f.type.size}s"
        direct.append(f)
        off = f.off_bytes + f.type.size
    return f"{text}{type.size - off}x", direct, others
