"""Types with other ids and strings: what making a smaller BTF of a large one comes down to."""

from __future__ import annotations

from .kinds import (
    BTF_KIND_ARRAY,
    BTF_KIND_DATASEC,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
    REFERENCE_KINDS,
)
from .read import Btf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .read import BtfType

# Where the words after struct btf_type are names and type ids: in what comes once, and in each entry.
_NAMES = dict.fromkeys((BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM, BTF_KIND_ENUM64, BTF_KIND_FUNC_PROTO), 0)
_IDS = {BTF_KIND_STRUCT: 1, BTF_KIND_UNION: 1, BTF_KIND_FUNC_PROTO: 1, BTF_KIND_DATASEC: 0}
_ENTRY_WORDS = {
    BTF_KIND_STRUCT: 3, BTF_KIND_UNION: 3, BTF_KIND_ENUM: 2, BTF_KIND_ENUM64: 3, BTF_KIND_FUNC_PROTO: 2,
    BTF_KIND_DATASEC: 3,
}  # fmt: skip


def rewritten(
    type: BtfType, id_of: Callable[[int], int], name_of: Callable[[int], int], entries: Iterable[int] | None = None
) -> list[int]:
    """Return the words of a type with ids and string offsets replaced; of the members or values only `entries`."""
    head, rest = type.words()
    head[0] = name_of(head[0])
    kind = type.kind
    if kind in REFERENCE_KINDS:
        head[2] = id_of(head[2])
    elif kind == BTF_KIND_ARRAY:
        rest[:2] = id_of(rest[0]), id_of(rest[1])
    size = _ENTRY_WORDS.get(kind, 0)
    if not size:
        return head + rest
    name_at, id_at = _NAMES.get(kind), _IDS.get(kind)
    out, kept = [], range(type.vlen) if entries is None else sorted(entries)
    for i in kept:
        row = rest[i * size : (i + 1) * size]
        if name_at is not None:
            row[name_at] = name_of(row[name_at])
        if id_at is not None:
            row[id_at] = id_of(row[id_at])
        out += row
    head[1] = head[1] & ~0xFFFF | len(kept)
    return head + out


def references(type: BtfType) -> list[int]:
    """Return the ids of the types that a type refers to, in order."""
    found: list[int] = []

    def note(id: int) -> int:
        found.append(id)
        return id

    rewritten(type, note, lambda off: off)
    return found


def select(
    btf: Btf, kept: Mapping[int, Iterable[int] | None], ids: Mapping[int, int] | None = None, base: Btf | None = None
) -> bytes:
    """Return a .BTF blob of some types, by id, with only the members or values of them that are numbered; None: all.

    Types keep their order. `ids` says what becomes of references, if it is not the place of what is kept; all else is
    void. With `base` the blob is a split one that continues it. Raises: BtfError.
    """
    from .build import BtfBuilder

    builder = BtfBuilder(btf.byte_order)
    first, str_base = (1, 0) if base is None else (base.type_count, base.str_end)

    def name_of(off: int) -> int:
        own = builder.string(btf.string(off))
        return own + str_base if own else 0

    new = {id: at for at, id in enumerate(sorted(kept), first)} if ids is None else ids
    for id in sorted(kept):
        builder.append(rewritten(btf.by_id(id), lambda i: new.get(i, 0), name_of, kept[id]))
    return builder.encode()
