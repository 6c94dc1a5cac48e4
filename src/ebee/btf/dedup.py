"""Types that are the same are one: what linkers of BTF do, and pahole.

Two types are the same if they are of one kind, name and shape and refer to the same types. A forward declaration is
what is defined under its name, if that is one type. Source: what btf__dedup in tools/lib/bpf/btf.c (Linux 6.18) keeps.
"""

from __future__ import annotations

from .kinds import BTF_KIND_ENUM, BTF_KIND_ENUM64, BTF_KIND_FWD, BTF_KIND_STRUCT, BTF_KIND_UNION
from .rewrite import rewritten, select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .read import Btf

_COMPOSITES = (BTF_KIND_STRUCT, BTF_KIND_UNION)
_ENUMS = (BTF_KIND_ENUM, BTF_KIND_ENUM64)


def dedup(btf: Btf) -> tuple[bytes, dict[int, int]]:
    """Return a .BTF blob with each type once, in the order of the first ones, and the new id of each old one.

    A split BTF stays one: what its base has is the base's, which is as it was. Raises: BtfError for damaged types.
    """
    classes, defined = _classes(btf)
    first: dict[int, int] = {}  # class -> the first id
    for id, number in classes.items():
        first.setdefault(number, id)
    stands_for = {id: id for id in range(1, btf.first_id)}
    stands_for.update({id: first[number] for id, number in classes.items() if id >= btf.first_id})
    for id, target in defined.items():
        stands_for[id] = stands_for[target]
    kept = sorted({id for id in stands_for.values() if id >= btf.first_id})
    new = {id: at for at, id in enumerate(kept, btf.first_id)}
    ids = {id: new.get(target, target) for id, target in stands_for.items()}
    return select(btf, dict.fromkeys(kept), ids, btf.base), ids


def _classes(btf: Btf) -> tuple[dict[int, int], dict[int, int]]:
    """Return the class of each type, and for declarations the type that they stand for.

    It is assumed that a declared name is defined once, and given up for those names where that turns out false.
    Declarations in the base stay what they are.
    """
    types = [btf.by_id(id) for id in range(1, btf.type_count)]
    definitions: dict[tuple[int, str], list[int]] = {}
    declarations: dict[int, tuple[int, str]] = {}
    for id, type in enumerate(types, 1):
        key = BTF_KIND_ENUM if type.kind in _ENUMS else type.kind, type.name
        if type.kind == BTF_KIND_FWD and id >= btf.first_id:
            declarations[id] = (BTF_KIND_UNION if type.kind_flag else BTF_KIND_STRUCT), type.name
        elif type.name and type.kind in _ENUMS and not type.vlen and id >= btf.first_id:
            declarations[id] = key
        elif type.name and type.kind in (*_COMPOSITES, *_ENUMS):
            definitions.setdefault(key, []).append(id)
    assumed = {id: definitions[key][0] for id, key in declarations.items() if key in definitions}
    while True:
        classes = _refined(btf, assumed)
        wrong = {key for key, ids in definitions.items() if len({classes.get(id, -id) for id in ids}) > 1}
        kept = {id: target for id, target in assumed.items() if declarations[id] not in wrong}
        if len(kept) == len(assumed):
            return classes, assumed
        assumed = kept


def _refined(btf: Btf, assumed: Mapping[int, int]) -> dict[int, int]:
    """Return classes of types that nothing tells apart: types are split until all of a class refer to the same."""
    names: dict[str, int] = {}
    shapes: dict[int, tuple[tuple[int, ...], list[int]]] = {}
    heads: set[tuple[int, ...]] = set()  # of own types: what of the base looks otherwise is none of them
    for id in (*range(btf.first_id, btf.type_count), *range(1, btf.first_id)):
        if id in assumed:
            continue
        targets: list[int] = []

        def note(target: int, targets: list[int] = targets) -> int:
            targets.append(assumed.get(target, target))
            return 0

        words = tuple(rewritten(btf.by_id(id), note, lambda off: names.setdefault(btf.string(off), len(names))))
        if id >= btf.first_id:
            heads.add(words)
        elif words not in heads:
            continue
        shapes[id] = words, targets
    ids = sorted(shapes)
    classes = dict.fromkeys([0, *ids], 0)
    count = 0
    while True:
        numbers: dict[tuple[object, ...], int] = {}
        split = {0: 0}
        for id in ids:
            shape, referred = shapes[id]
            key = (classes[id], shape, *(classes.get(t, -t) for t in referred))
            split[id] = numbers.setdefault(key, len(numbers) + 1)
        classes = split
        if len(numbers) == count:
            del classes[0]
            return classes
        count = len(numbers)
