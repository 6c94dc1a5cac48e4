"""The least BTF of a kernel with which given programs relocate as with all of it, to be taken where there is none.

Source: what bpftool gen min_core_btf keeps (tools/bpf/bpftool/gen.c, Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import BTF_KIND_ARRAY, BTF_KIND_FUNC_PROTO, BTF_KIND_PTR, BTF_KIND_STRUCT, BTF_KIND_UNION
from ..btf.read import Btf
from ..btf.rewrite import references, select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..btf.read import BtfType
    from .core_relo import Relocator

_COMPOSITES = (BTF_KIND_STRUCT, BTF_KIND_UNION)


def minimise(btf: Btf, relocators: Iterable[Relocator]) -> bytes:
    """Return a .BTF blob with what relocations that were carried out against `btf` found there.

    Structs keep their size, and of their members those that were gone through; pointers to structs lose what they
    point to, where nothing asks for that. Raises: BtfError.
    """
    kept = kept_types(btf, relocators)
    return select(btf, {id: None if members is None else sorted(members) for id, members in kept.items()})


def minimise_split(btf: Btf, relocators: Iterable[Relocator]) -> tuple[bytes, bytes]:
    """Return the same of a split BTF in two blobs: for its base, and one that continues that. Raises: BtfError."""
    kept = kept_types(btf, relocators)
    order = [*sorted(id for id in kept if id < btf.first_id), *sorted(id for id in kept if id >= btf.first_id)]
    ids = {id: at for at, id in enumerate(order, 1)}
    parts = [{id: kept[id] for id in order if (id >= btf.first_id) is own} for own in (False, True)]
    base = select(btf, parts[0], ids)
    return base, select(btf, parts[1], ids, Btf(base))


def kept_types(btf: Btf, relocators: Iterable[Relocator]) -> dict[int, set[int] | None]:
    """Return the ids of the types that relocations found, and of structs and unions the numbers of the members."""
    kept = _Kept(btf)
    for relocator in relocators:
        for kind, root_id, marks in relocator.found:
            if kind.startswith("core_type"):
                kept.add_whole(root_id, has_members=kind == "core_type_matches")
            else:
                kept.add(root_id)
            for type, idx in marks:
                kept.add_member(type, idx)
    return kept.members


class _Kept:
    """Ids of types, and of structs and unions the numbers of their members, None for other types."""

    def __init__(self, btf: Btf) -> None:
        self.btf = btf
        self.members: dict[int, set[int] | None] = {}

    def add(self, id: int) -> None:
        """Keep a type and what it is made of; not what it points to, and no members."""
        while id and id not in self.members:
            type = self.btf.by_id(id)
            self.members[id] = set() if type.kind in _COMPOSITES else None
            if type.kind == BTF_KIND_FUNC_PROTO:
                for target in references(type):
                    self.add(target)
            if type.kind == BTF_KIND_ARRAY:
                self.add(type.array[1])
                id = type.array[0]
            else:
                id = 0 if type.kind == BTF_KIND_PTR else type.type_id

    def add_member(self, type: BtfType, idx: int) -> None:
        """Keep a member, and its type."""
        self.add(type.id)
        known = self.members[type.id]
        if known is not None:
            known.add(idx)
            self.add(type.members[idx].type_id)

    def add_whole(self, id: int, *, has_members: bool) -> None:
        """Keep a type with what it points to, and with the members of structs that it is made of."""
        pending, seen = [(id, has_members)], set()
        while pending:
            id, has_members = pending.pop()
            if not id or (id, has_members) in seen:
                continue
            seen.add((id, has_members))
            self.add(id)
            type = self.btf.by_id(id)
            if type.kind not in _COMPOSITES:
                pending += [(target, has_members and type.kind != BTF_KIND_PTR) for target in references(type)]
            elif has_members:
                for idx, member in enumerate(type.members):
                    self.add_member(type, idx)
                    pending.append((member.type_id, True))
