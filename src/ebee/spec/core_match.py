"""Whether two types, of different BTF, are the same to CO-RE: by names without flavour, kinds and shape.

Source: tools/lib/bpf/relo_core.c (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import (
    BTF_INT_SIGNED,
    BTF_KIND_ARRAY,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FLOAT,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_FWD,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
    BTF_KIND_UNKN,
)
from ..errors import BtfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType

COMPOSITE_KINDS = frozenset((BTF_KIND_STRUCT, BTF_KIND_UNION))
ENUM_KINDS = frozenset((BTF_KIND_ENUM, BTF_KIND_ENUM64))
# Kinds that two types of one name may have and be candidates for each other without looking inside.
_OPAQUE_KINDS = COMPOSITE_KINDS | ENUM_KINDS | {BTF_KIND_UNKN, BTF_KIND_FWD}

_MAX_DEPTH = 32


def essential_name(name: str) -> str:
    """Return a name without its flavour: cut before the last `___` that stands between other characters.

    Source: bpf_core_essential_name_len.
    """
    for at in range(len(name) - 5, -1, -1):
        if name[at] != "_" and name[at + 1 : at + 4] == "___" and name[at + 4] != "_":
            return name[: at + 1]
    return name


def is_kind_compatible(local: BtfType, target: BtfType) -> bool:
    """Whether the kinds are the same; the two kinds of enums count as one. Source: btf_kind_core_compat."""
    return local.kind == target.kind or (local.kind in ENUM_KINDS and target.kind in ENUM_KINDS)


def _is_whole_int(type: BtfType) -> bool:
    """Whether an integer is not one of the old bit fields."""
    return type.int_encoding[1] == 0


def is_field_compatible(local_btf: Btf, local_id: int, target_btf: Btf, target_id: int) -> bool:
    """Whether a field of one type can stand for one of the other. Source: bpf_core_fields_are_compat."""
    for _ in range(_MAX_DEPTH):
        local, target = local_btf.resolve(local_id), target_btf.resolve(target_id)
        if local.kind in COMPOSITE_KINDS and target.kind in COMPOSITE_KINDS:
            return True
        if not is_kind_compatible(local, target):
            return False
        if local.kind in (BTF_KIND_PTR, BTF_KIND_FLOAT):
            return True
        if local.kind in ENUM_KINDS or local.kind == BTF_KIND_FWD:
            names = essential_name(local.name), essential_name(target.name)
            return not all(names) or names[0] == names[1]
        if local.kind == BTF_KIND_INT:
            return _is_whole_int(local) and _is_whole_int(target)
        if local.kind != BTF_KIND_ARRAY:
            return False
        local_id, target_id = local.array[0], target.array[0]
    raise BtfError(f"type {local_id} is nested too deeply", section=".BTF")


def is_type_compatible(
    local_btf: Btf, local_id: int, target_btf: Btf, target_id: int, level: int = _MAX_DEPTH,
    known: dict[tuple[int, int], bool] | None = None,
) -> bool:
    """Whether two types are alike as far as their kinds go, down pointers, arrays and parameters.

    `known` are pairs that were compared already. Source: bpf_core_types_are_compat.
    """
    known = {} if known is None else known
    if not is_kind_compatible(local_btf.by_id(local_id), target_btf.by_id(target_id)):
        return False
    for _ in range(level):
        local, target = local_btf.resolve(local_id), target_btf.resolve(target_id)
        if not is_kind_compatible(local, target):
            return False
        if local.kind in _OPAQUE_KINDS:
            return True
        if local.kind == BTF_KIND_INT:
            return _is_whole_int(local) and _is_whole_int(target)
        if local.kind == BTF_KIND_PTR:
            local_id, target_id = local.type_id, target.type_id
        elif local.kind == BTF_KIND_ARRAY:
            local_id, target_id = local.array[0], target.array[0]
        elif local.kind == BTF_KIND_FUNC_PROTO:
            if local.vlen != target.vlen:
                return False
            for (_, ours), (_, theirs) in zip(local.params, target.params):
                pair = id_of(local_btf.resolve(ours)), id_of(target_btf.resolve(theirs))
                if pair not in known:
                    known[pair] = is_type_compatible(local_btf, pair[0], target_btf, pair[1], level - 1, known)
                if not known[pair]:
                    return False
            local_id, target_id = local.type_id, target.type_id
        else:
            return False
    raise BtfError(f"type {local_id} is nested too deeply", section=".BTF")


def id_of(type: BtfType) -> int:
    """Return a type's id; void has 0."""
    return type.id if type.kind else 0


def is_name_match(local: str, target: str) -> bool:
    """Whether names are the same but for flavours, or both are missing. Source: bpf_core_names_match."""
    return essential_name(local) == essential_name(target) if target else not local


def is_type_match(local_btf: Btf, local_id: int, target_btf: Btf, target_id: int) -> bool:
    """Whether the target's type has all that the local one has, of the same types; behind pointers names suffice.

    Source: bpf_core_types_match.
    """
    return _Matcher(local_btf, target_btf).match(local_id, target_id, False, _MAX_DEPTH)


class _Matcher:
    """Compares types of two BTFs, each pair once."""

    def __init__(self, local_btf: Btf, target_btf: Btf) -> None:
        self.local_btf, self.target_btf = local_btf, target_btf
        self.known: dict[tuple[int, int, bool], bool] = {}

    def match(self, local_id: int, target_id: int, is_behind_ptr: bool, level: int) -> bool:
        """Compare two types, `level` structs or function types deep at most. Raises: BtfError."""
        key = local_id, target_id, is_behind_ptr
        if key not in self.known:
            self.known[key] = self.compare(local_id, target_id, is_behind_ptr, level)
        return self.known[key]

    def compare(self, local_id: int, target_id: int, is_behind_ptr: bool, level: int) -> bool:
        for _ in range(_MAX_DEPTH if level > 0 else 0):
            local, target = self.local_btf.resolve(local_id), self.target_btf.resolve(target_id)
            kind = local.kind
            if not is_name_match(local.name, target.name):
                return False
            if kind == BTF_KIND_FWD:
                return _is_fwd_match(local, target, is_behind_ptr)
            if kind in ENUM_KINDS:
                return target.kind in ENUM_KINDS and _is_enum_match(local, target)
            if kind in COMPOSITE_KINDS and is_behind_ptr:
                is_fwd = target.kind == BTF_KIND_FWD and (kind == BTF_KIND_UNION) == target.kind_flag
                return kind == target.kind or is_fwd
            if kind != target.kind:
                return False
            if kind == BTF_KIND_UNKN:
                return True
            if kind in COMPOSITE_KINDS:
                return self.match_members(local, target, level - 1)
            if kind == BTF_KIND_INT:
                signs = (local.int_encoding[0] ^ target.int_encoding[0]) & BTF_INT_SIGNED
                return local.size_bytes == target.size_bytes and not signs
            if kind == BTF_KIND_PTR:
                is_behind_ptr = True
                local_id, target_id = local.type_id, target.type_id
            elif kind == BTF_KIND_ARRAY:
                (local_id, _, ours), (target_id, _, theirs) = local.array, target.array
                if ours != theirs:
                    return False
            elif kind == BTF_KIND_FUNC_PROTO:
                pairs = zip(local.params, target.params)
                if local.vlen != target.vlen or not all(
                    self.match(our_id, their_id, is_behind_ptr, level - 1) for (_, our_id), (_, their_id) in pairs
                ):
                    return False
                local_id, target_id = local.type_id, target.type_id
            else:
                return False
        raise BtfError(f"type {local_id} is nested too deeply", section=".BTF")

    def match_members(self, local: BtfType, target: BtfType, level: int) -> bool:
        """Whether each member of ours has one of its name and type in the target."""
        theirs: dict[str, list[int]] = {}
        for member in target.members:
            theirs.setdefault(essential_name(member.name), []).append(member.type_id)
        return local.vlen <= target.vlen and all(
            any(self.match(ours.type_id, id, False, level) for id in theirs.get(essential_name(ours.name), ()))
            for ours in local.members
        )


def _is_fwd_match(local: BtfType, target: BtfType, is_behind_ptr: bool) -> bool:
    if local.kind == target.kind:
        return local.kind_flag == target.kind_flag
    return is_behind_ptr and target.kind == (BTF_KIND_UNION if local.kind_flag else BTF_KIND_STRUCT)


def _is_enum_match(local: BtfType, target: BtfType) -> bool:
    if local.size_bytes != target.size_bytes or local.vlen > target.vlen:
        return False
    theirs = {essential_name(name) for name, _ in target.values}
    return all(essential_name(name) in theirs for name, _ in local.values)
