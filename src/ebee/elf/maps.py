"""Map definitions in BTF: a struct whose members are pointers, to arrays for numbers and to types.

Source: __uint and __type in bpf_helpers.h, parse_btf_map_def in libbpf.c (libbpf 1.6).
"""

from __future__ import annotations

from ..abi import bpf
from ..btf.kinds import (
    BTF_KIND_ARRAY,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_VAR,
    Member,
)
from ..errors import ElfError
from ..spec.object import PIN_BY_NAME, PIN_NONE, MapSpec
from . import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from ..btf.build import BtfBuilder
    from ..btf.read import Btf, BtfType

# Member -> attribute of MapSpec.
_NUMBERS = {
    "type": "map_type", "max_entries": "max_entries", "map_flags": "map_flags",
    "key_size": "key_size", "value_size": "value_size", "map_extra": "map_extra", "pinning": "pinning",
    "numa_node": "numa_node",
}  # fmt: skip
_TYPES = {"key": ("key_type_id", "key_size"), "value": ("value_type_id", "value_size")}
_INNER = "values"  # the last member: an array without elements, of pointers to the definition of the maps inside
_POINTER_BYTES = 8
# Maps of records: the only sizes of keys and values that the kernel takes.
_SIZES = {
    bpf.BPF_MAP_TYPE_RINGBUF: (0, 0), bpf.BPF_MAP_TYPE_USER_RINGBUF: (0, 0), bpf.BPF_MAP_TYPE_PERF_EVENT_ARRAY: (4, 4),
}  # fmt: skip
_MOST_SLOTS = 1 << 16


def _members(map: MapSpec) -> dict[str, int]:
    """Return a definition's members: name -> number, or type id for `key` and `value`."""
    members = {"type": map.map_type, "max_entries": map.max_entries}
    for name in ("map_flags", "map_extra", "pinning", "numa_node"):
        if number := getattr(map, name):
            members[name] = number
    for name, (type_id, size) in _TYPES.items():
        if getattr(map, type_id) and not has_records(map):
            members[name] = getattr(map, type_id)
        elif getattr(map, size):
            members[f"{name}_size"] = getattr(map, size)
    return members


def has_records(map: MapSpec) -> bool:
    """Whether a map holds records, whose type the kernel and libbpf do not take for that of values."""
    return map.map_type in _SIZES


def map_variable_bytes(map: MapSpec) -> int:
    """Return the size of the variable that defines a map."""
    return _POINTER_BYTES * len(_members(map))


def slot_off_bytes(map: MapSpec, key: bytes, byteorder: Literal["little", "big"]) -> int:
    """Return where the pointer to the map at a key is, behind the definition. Raises: ElfError for a key that has none.

    Source: init_map_in_map_slots in libbpf.c (libbpf 1.6): its keys are ints.
    """
    number = int.from_bytes(key, byteorder)
    if len(key) != 4 or number >= _MOST_SLOTS:
        what = f"map {map.name!r} has a map at a key that an object file cannot say"
        hint = f"take u32 keys below {_MOST_SLOTS}, or put it in when it is live"
        raise ElfError(what, section=layout.MAPS, hint=hint)
    return _POINTER_BYTES * number


def slots_bytes(map: MapSpec, byteorder: Literal["little", "big"]) -> int:
    """Return the size of the pointers to the maps that are in a map from the start."""
    if map.programs:
        if min(map.programs) < 0 or max(map.programs) >= _MOST_SLOTS:
            hint = f"take indices below {_MOST_SLOTS}, or put it in when it is live"
            what = f"map {map.name!r} has a program at an index that an object file cannot say"
            raise ElfError(what, section=layout.MAPS, hint=hint)
        return _POINTER_BYTES * (max(map.programs) + 1)
    return max((slot_off_bytes(map, key, byteorder) + _POINTER_BYTES for key in map.inner_maps), default=0)


def map_types(map: MapSpec, btf: BtfBuilder) -> int:
    """Add the definition of a map; return its type id."""
    int_id = btf.add_signed("int", 4)
    members = []
    for at, (name, value) in enumerate(_members(map).items()):
        if value >> 32:  # too many for an array: an enum's value says it
            type_id = btf.add_enum64("", [(f"__unique_{map.name}_{name}", value)])
        else:
            type_id = btf.add_ptr(value if name in _TYPES else btf.add_array(int_id, value))
        members.append(Member(name, type_id, 8 * _POINTER_BYTES * at))
    if map.inner is not None or map.programs:
        proto_id = btf.add_func_proto(int_id, [("ctx", btf.add_ptr(0))]) if map.inner is None else 0
        inner_id = btf.add_ptr(proto_id if map.inner is None else map_types(map.inner, btf))
        members.append(Member(_INNER, btf.add_array(inner_id, 0), 8 * map_variable_bytes(map)))
    return btf.add_struct("", map_variable_bytes(map), members)


def read_maps(btf: Btf, section_bytes: int, places: Mapping[str, int]) -> dict[int, MapSpec]:
    """Return the maps that `.maps` defines, by their offset in it, which `places` says before the types do.

    Raises: ElfError, BtfError.
    """
    found: dict[int, MapSpec] = {}
    for var_id, off, size in _datasec(btf, layout.MAPS):
        variable = btf.by_id(var_id)
        off = places.get(variable.name, off)
        if variable.kind != BTF_KIND_VAR or off + size > section_bytes or off in found:
            raise ElfError("a variable is none, or lies outside", section=layout.MAPS, off_bytes=off)
        found[off] = _read_map(btf, variable.name, variable.type_id)
    return found


def slots_off_bytes(btf: Btf) -> dict[str, int]:
    """Return where in the variables of maps the pointers to what is in them begin, by their names."""
    found = {}
    for var_id, _off, _size in _datasec(btf, layout.MAPS):
        variable = btf.by_id(var_id)
        for member in btf.resolve(variable.type_id).members:
            if member.name == _INNER:
                found[variable.name] = member.bit_off // 8
    return found


# struct bpf_map_def: type, key_size, value_size, max_entries, map_flags; what follows must be zero, but for id and
# pinning (PIN_*) of Aya, and for what struct bpf_elf_map of iproute2 has: id, pinning, inner_id, inner_idx.
# Source: bpf_object__init_user_maps in libbpf.c (libbpf 0.8); aya-obj/src/maps.rs; iproute2's include/bpf_elf.h.
_LEGACY_WORDS, _AYA_WORDS, _IPROUTE2_WORDS = 5, 7, 9
_PIN_GLOBAL_NS, _NO_INDEX = 2, 0xFFFF_FFFF
_OF_MAPS = (bpf.BPF_MAP_TYPE_ARRAY_OF_MAPS, bpf.BPF_MAP_TYPE_HASH_OF_MAPS)


def read_legacy_maps(
    data: bytes, names: Mapping[int, str], byteorder: Literal["little", "big"], btf: Btf
) -> dict[int, MapSpec]:
    """Return the maps of section `maps`, by their offset; `names` has where the symbol of each is. Raises: ElfError.

    Their types are those of struct `____btf_map_NAME`, if there is one.
    """
    found: dict[int, MapSpec] = {}
    inner: dict[int, tuple[MapSpec, int]] = {}  # by id: a map, and where it is in others
    outer: list[tuple[MapSpec, int]] = []
    size = len(data) // max(len(names), 1)
    for off, name in sorted(names.items()):
        words = [int.from_bytes(data[at : at + 4], byteorder) for at in range(off, off + size, 4)]
        rest, pinning = words[_LEGACY_WORDS:], PIN_NONE
        if len(words) == _AYA_WORDS and rest[1] == PIN_BY_NAME and not words[4] & bpf.BPF_F_NUMA_NODE:
            rest, pinning = [], PIN_BY_NAME
        elif len(words) == _IPROUTE2_WORDS and rest[1] in (0, _PIN_GLOBAL_NS):
            rest, pinning, (id, _, inner_id, index) = [], PIN_BY_NAME if rest[1] else PIN_NONE, rest
        if size < 4 * _LEGACY_WORDS or size % 4 or off % size or off + size > len(data) or any(rest):
            what = f"map {name!r} is defined by something else than a struct bpf_map_def"
            hint = "define it with __uint and __type in section .maps"
            raise ElfError(what, section=layout.LEGACY_MAPS, off_bytes=off, hint=hint)
        map_type, key_size, value_size, max_entries, map_flags, *_zeros = words
        found[off] = map = MapSpec(name, map_type, key_size, value_size, max_entries, map_flags, pinning=pinning)
        if len(words) == _IPROUTE2_WORDS:
            inner[id] = map, index
            outer += [(map, inner_id)] if map_type in _OF_MAPS else []
        types = btf.by_name(f"____btf_map_{name}", BTF_KIND_STRUCT)
        for member in types.members if types is not None else ():
            if member.name in _TYPES and btf.sizeof(member.type_id) == getattr(map, _TYPES[member.name][1]):
                setattr(map, _TYPES[member.name][0], member.type_id)
    for map, inner_id in outer:
        if inner_id not in inner or inner[inner_id][0].map_type in _OF_MAPS:
            raise ElfError(f"map {map.name!r} holds maps like that of id {inner_id}", section=layout.LEGACY_MAPS)
        like, index = inner[inner_id]
        map.inner = like.replace(name=f"{map.name}.inner", pinning=PIN_NONE)
        if index != _NO_INDEX:
            map.inner_maps[index.to_bytes(4, byteorder)] = like.name
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
        type = btf.resolve(member.type_id)
        if member.name == _INNER and type.kind == BTF_KIND_ARRAY and map.inner is None and not name.endswith(".inner"):
            pointer = btf.resolve(type.array[0])
            target = btf.resolve(pointer.type_id) if pointer.kind == BTF_KIND_PTR else pointer
            if target.kind != BTF_KIND_FUNC_PROTO:  # which is what an array of programs has
                map.inner = _read_map(btf, f"{name}.inner", target.id)
            map.value_size = map.value_size or 4
        elif member.name in _TYPES and type.kind == BTF_KIND_PTR:
            of_id, of_size = _TYPES[member.name]
            setattr(map, of_id, type.type_id)
            setattr(map, of_size, btf.sizeof(type.type_id))
        elif member.name in _NUMBERS:
            setattr(map, _NUMBERS[member.name], _number(btf, type, f"{where}: member {member.name!r}"))
        else:
            raise ElfError(f"{where}: member {member.name!r} is not supported", section=layout.MAPS)
    if map.pinning not in (PIN_NONE, PIN_BY_NAME):
        hint = "there are LIBBPF_PIN_NONE and LIBBPF_PIN_BY_NAME"
        raise ElfError(f"{where}: pinning {map.pinning} is unknown", section=layout.MAPS, hint=hint)
    if map.map_type in _SIZES:  # the type of the records may be said, and is nothing to the kernel
        map.key_size, map.value_size = _SIZES[map.map_type]
    return map


def _number(btf: Btf, type: BtfType, what: str) -> int:
    """Return the number that a member's type holds: as the length of an array, or as an enum's one value."""
    if type.kind == BTF_KIND_PTR:
        array = btf.resolve(type.type_id)
        if array.kind == BTF_KIND_ARRAY:
            return array.array[2]
    elif type.kind in (BTF_KIND_ENUM, BTF_KIND_ENUM64) and len(type.values) == 1:
        return type.values[0][1]
    raise ElfError(f"{what} holds no number", section=layout.MAPS)
