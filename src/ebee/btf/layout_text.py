"""Where a struct has its members: offsets, sizes and holes; and what two structs differ in."""

from __future__ import annotations

from ..errors import BtfError
from ..record import Record
from .c_format import format_declaration, format_type
from .kinds import BTF_KIND_STRUCT, BTF_KIND_UNION
from .read import MAX_DEPTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .read import BtfType

_COMPOSITES = (BTF_KIND_STRUCT, BTF_KIND_UNION)
_MOST_MEMBERS = 100_000


class Place(Record):
    """A member: `path` by names, those of anonymous structs left out; offset and size in bits from the whole's start.

    `is_bits`: a bit field. `depth` says in how many anonymous structs and unions it is.
    """

    path: str
    type: str
    bit_off: int
    bit_size: int
    is_bits: bool
    depth: int = 0

    def to_dict(self) -> dict[str, Any]:
        row: dict[str, Any] = {"name": self.path, "type": self.type, "off": self.bit_off // 8}
        if self.is_bits:
            return row | {"size": None, "bit_off": self.bit_off % 8, "bit_size": self.bit_size}
        return row | {"size": self.bit_size // 8}

    @property
    def where(self) -> str:
        """Offset and size in bytes, of bit fields `byte: bit` and bits."""
        if self.is_bits:
            return f"{self.bit_off // 8}:{self.bit_off % 8:2} {self.bit_size:5} bits"
        return f"{self.bit_off // 8:5} {self.bit_size // 8:5}"


def places(type: BtfType) -> list[Place]:
    """Return the members of a struct or union, and of the anonymous ones in it. Raises: BtfError."""
    found = []
    for place in _places(type, 0, 0):
        found.append(place)
        if len(found) > _MOST_MEMBERS:
            raise BtfError(f"{type.kind_name} {type.name!r} has too many members", section=".BTF")
    return found


def _places(type: BtfType, base: int, depth: int) -> Iterator[Place]:
    btf = type.btf
    if depth > MAX_DEPTH:
        raise BtfError(f"{type.kind_name} {type.name!r} is nested too deeply", section=".BTF")
    for member in type.members:
        inner = btf.resolve(member.type_id)
        at = base + member.bit_off
        if not member.name and inner.kind in _COMPOSITES:
            yield from _places(inner, at, depth + 1)
            continue
        bits = member.bitfield_size
        size = bits or 8 * btf.sizeof(member.type_id)
        text = f"{inner.kind_name} {{…}}"
        if inner.kind not in _COMPOSITES or inner.name or btf.by_id(member.type_id).name:
            text = " ".join(format_declaration(btf, member.type_id, member.name).split())
        else:
            text += f" {member.name}"
        yield Place(member.name, text + (f" : {bits}" if bits else ""), at, size, bool(bits), depth)


def layout_text(type: BtfType) -> str:
    """Return a type as C, a struct or union with offset and size of each member in bytes, and its holes."""
    if type.kind not in _COMPOSITES:
        return format_type(type)
    rows = places(type)
    width = min(max((len(p.type) + 4 * p.depth for p in rows), default=0), 60)
    lines, at, holes = [f"{type.kind_name} {type.name} {{"], 0, 0
    for place in rows:
        gap = place.bit_off - at
        if type.kind == BTF_KIND_STRUCT and gap > 0:
            holes += gap
            lines.append(f"\t/* a hole of {_amount(gap)} */")
        text = f"{'    ' * place.depth}{place.type};"
        lines.append(f"\t{text:{width + 2}}/* {place.where} */")
        at = max(at, place.bit_off + place.bit_size)
    gap = 8 * type.size_bytes - at
    lines.append("")
    lines.append(f"\t/* {type.size_bytes} bytes, {len(rows)} members" + (f", holes: {_amount(holes)}" if holes else ""))
    lines[-1] += (f", at the end: {_amount(gap)}" if gap > 0 else "") + " */"
    return "\n".join([*lines, "};"])


def _amount(bits: int) -> str:
    return f"{bits // 8} bytes" if bits % 8 == 0 else f"{bits} bits"


def layout_data(type: BtfType) -> dict[str, Any]:
    """Return what `layout_text` shows as plain data."""
    from .text_dump import type_data

    if type.kind not in _COMPOSITES:
        return type_data(type)
    members = [place.to_dict() for place in places(type)]
    return {"id": type.id, "kind": type.kind_name, "name": type.name, "size": type.size_bytes, "members": members}


def differences(old: BtfType, new: BtfType) -> list[dict[str, Any]]:
    """Return what is not the same: `change` is `added`, `removed`, `moved` or `retyped`. Raises: BtfError."""
    found: list[dict[str, Any]] = []
    if old.kind not in _COMPOSITES or new.kind not in _COMPOSITES:
        texts = format_type(old), format_type(new)
        if texts[0] != texts[1]:
            found.append({"change": "retyped", "name": old.name, "old": texts[0], "new": texts[1]})
        return found
    if old.size_bytes != new.size_bytes:
        found.append({"change": "resized", "name": old.name, "old": old.size_bytes, "new": new.size_bytes})
    before, after = ({p.path: p for p in places(t)} for t in (old, new))
    for name, place in before.items():
        other = after.get(name)
        if other is None:
            found.append({"change": "removed", "name": name, "old": place.to_dict(), "new": None})
        elif other.type != place.type or other.bit_size != place.bit_size:
            found.append({"change": "retyped", "name": name, "old": place.to_dict(), "new": other.to_dict()})
        elif other.bit_off != place.bit_off:
            found.append({"change": "moved", "name": name, "old": place.to_dict(), "new": other.to_dict()})
    added = [p for name, p in after.items() if name not in before]
    return found + [{"change": "added", "name": p.path, "old": None, "new": p.to_dict()} for p in added]
