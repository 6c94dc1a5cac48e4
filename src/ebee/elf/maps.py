"""Map definitions in BTF: a struct whose members are pointers, to arrays for numbers and to types.

Source: __uint and __type in bpf_helpers.h, parse_btf_map_def in libbpf.c (libbpf 1.6).
"""

from __future__ import annotations

from ..btf.kinds import BTF_KIND_ARRAY, BTF_KIND_PTR, BTF_KIND_STRUCT, BTF_KIND_VAR, Member
from ..errors import ElfError
from ..spec.object import MapSpec
from . import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.build import BtfBuilder
    from ..btf.read import Btf

# Member -> attribute of MapSpec.
_NUMBERS = {
    "type": "map_type", "max_entries": "max_entries", "map_flags": "map_flags",
    "key_size": "key_size", "value_size": "value_size",
}  # fmt: skip
_TYPES = {"key": ("key_type_id", "key_size"), "value": ("value_type_id", "value_size")}
_POINTER_BYTES = 8


def _members(map: MapSpec) -> dict[str, int]:
    """Return a definition's members: name -> number, or type id for `key` and `value`."""
    members = {"type": map.map_type, "max_entries": map.max_entries}
    if map.map_flags:
        members["map_flags"] = map.map_flags
    for name, (type_id, size) in _TYPES.items():
        if getattr(map, type_id):
            members[name] = getattr(map, type_id)
        elif getattr(map, size):
            members[f"{name}_size"] = getattr(map, size)
    return members


def map_variable_bytes(map: MapSpec) -> int:
    """Return the size of the variable that defines a map."""
    return _POINTER_BYTES * len(_members(map))


def map_types(map: MapSpec, btf: BtfBuilder) -> int:
    """Add the definition of a map; return its type id."""
    int_id = btf.add_signed("int", 4)
    members = []
    for at, (name, value) in enumerate(_members(map).items()):
        pointed = value if name in _TYPES else btf.add_array(int_id, value)
        members.append(Member(name, btf.add_ptr(pointed), 8 * _POINTER_BYTES * at))
    return btf.add_struct("", map_variable_bytes(map), members)


def read_maps(btf: Btf, section_bytes: int) -> dict[int, MapSpec]:
    """Return the maps that `.maps` defines, by their offset in it. Raises: ElfError, BtfError."""
    found: dict[int, MapSpec] = {}
    for var_id, off, size in _datasec(btf, layout.MAPS):
        variable = btf.by_id(var_id)
        if variable.kind != BTF_KIND_VAR or off + size > section_bytes or off in found:
            raise ElfError("a variable is none, or lies outside", section=layout.MAPS, off_bytes=off)
        found[off] = _read_map(btf, variable.name, variable.type_id)
    return found


def _datasec(btf: Btf, name: str) -> tuple[tuple[int, int, int], ...]:
    section = btf.by_name(name)
    return section.secinfos if section is not None else ()


def _read_map(btf: Btf, name: str, type_id: int) -> MapSpec:
    struct = btf.resolve(type_id)
    where = f"map {name!r}"
    if struct.kind != BTF_KIND_STRUCT:
        raise ElfError(f"{where} is defined by a {struct.kind_name}, not by a struct", section=layout.MAPS)
    map = MapSpec(name, 0, 0, 0, 0)
    for member in struct.members:
        pointer = btf.resolve(member.type_id)
        if pointer.kind != BTF_KIND_PTR:
            raise ElfError(f"{where}: member {member.name!r} is no pointer", section=layout.MAPS)
        if member.name in _TYPES:
            of_id, of_size = _TYPES[member.name]
            setattr(map, of_id, pointer.type_id)
            setattr(map, of_size, btf.sizeof(pointer.type_id))
        elif member.name in _NUMBERS:
            array = btf.resolve(pointer.type_id)
            if array.kind != BTF_KIND_ARRAY:
                raise ElfError(f"{where}: member {member.name!r} holds no number", section=layout.MAPS)
            setattr(map, _NUMBERS[member.name], array.array[2])
        else:
            raise ElfError(f"{where}: member {member.name!r} is not supported", section=layout.MAPS)
    return map
