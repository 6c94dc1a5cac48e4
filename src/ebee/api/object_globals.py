"""The global variables of an object, by name, as Python values."""

from __future__ import annotations

from ..btf.kinds import BTF_KIND_DATASEC
from ..errors import UsageError
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..spec.backend import BackendMap
    from ..spec.object import MapSpec, ObjectSpec
    from ..types.from_btf import BtfTypes
    from ..types.scalars import Type

_KEY = bytes(4)


class Variable(Record):
    """Where a variable is: its map, and its bytes in there."""

    name: str
    map: MapSpec
    off_bytes: int
    type: Type

    @property
    def is_constant(self) -> bool:
        """Whether it cannot change any more once the object is loaded."""
        return self.map.frozen


def variables_of(spec: ObjectSpec, types: BtfTypes) -> dict[str, Variable]:
    """Return an object's variables; of those of one name the first. What the kernel fills in is among them."""
    found: dict[str, Variable] = {}
    for map in spec.maps.values():
        if not map.value_type_id or map.key_type_id or types.btf.by_id(map.value_type_id).kind != BTF_KIND_DATASEC:
            continue
        for var_id, off, size in types.btf.by_id(map.value_type_id).secinfos:
            variable = types.btf.by_id(var_id)
            type = types.type(variable.type_id, size)
            found.setdefault(variable.name, Variable(variable.name, map, off, type))
    return found


class Globals:
    """Variables as attributes and as items: `obj.globals.limit = 5`, `obj.globals["limit"]`.

    Before the object is loaded they are what it begins with; afterwards they are what programs see, and constants stay.
    A struct is a copy: change it, and assign it again.
    """

    _spec: ObjectSpec
    _live: dict[str, BackendMap]
    _known: dict[str, Variable]

    def __init__(self, spec: ObjectSpec, types: BtfTypes, live: dict[str, BackendMap]) -> None:
        """`live` are the maps by name, once there are any."""
        known = variables_of(spec, types) if spec.byteorder == "little" else {}
        for name, value in (("_spec", spec), ("_live", live), ("_known", known)):
            object.__setattr__(self, name, value)

    def _find(self, name: str) -> Variable:
        found = self._known.get(name)
        if found is None:
            from difflib import get_close_matches

            near = get_close_matches(name, self._known, 3) or list(self._known)[:20]
            hint = f"there are {', '.join(near)}" if near else "it has none, or no types: compile with -g"
            raise UsageError(f"there is no global variable {name!r} in {self._spec.name}", hint=hint)
        return found

    def type(self, name: str) -> Any:
        """Return the class of a variable that is a struct, to make values of; its type otherwise."""
        type = self._find(name).type
        return getattr(type, "cls", type)

    def __getitem__(self, name: str) -> Any:
        v = self._find(name)
        live = self._live.get(v.map.name)
        data = v.map.initial.ljust(v.map.value_size, b"\0") if live is None else live.lookup(_KEY) or b""
        return v.type.unpack(data[v.off_bytes : v.off_bytes + v.type.size])

    def __setitem__(self, name: str, value: Any) -> None:
        v = self._find(name)
        live, end = self._live.get(v.map.name), v.off_bytes + v.type.size
        try:
            packed = v.type.pack(value)
        except (TypeError, ValueError) as e:
            raise type(e)(f"global variable {name}: {e}") from None
        if live is None:
            data = bytearray(v.map.initial.ljust(v.map.value_size, b"\0"))
            data[v.off_bytes : end] = packed
            v.map.initial = bytes(data) if any(data) else b""
        elif v.is_constant:
            raise UsageError(
                f"{name} is constant, and the object is loaded", hint="set it before: obj = ebee.read(…); …; obj.load()"
            )
        elif (memory := getattr(live, "shared", None)) is not None:
            memory[v.off_bytes : end] = packed  # programs may be changing what is beside it
        else:
            data = bytearray(live.lookup(_KEY) or b"")
            data[v.off_bytes : end] = packed
            live.update(_KEY, bytes(data))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._known]

    def keys(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._known)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Iterate over names and values."""
        return ((name, self[name]) for name in self._known)

    def __repr__(self) -> str:
        return f"<globals {', '.join(self._known) or 'none'}>"
