"""The tables in which programs that include libbpf's usdt.bpf.h look up where a mark has its arguments.

Versions of that header lay its structs out differently: the object's types say how.
Source: struct __bpf_usdt_spec in usdt.bpf.h, struct usdt_spec and usdt_manager_attach_usdt in usdt.c (libbpf 1.8).
"""

from __future__ import annotations

import sys

from ..abi import bpf
from ..btf.kinds import BTF_KIND_ARRAY, BTF_KIND_STRUCT
from ..btf.read import Btf
from ..errors import FormatError, NotSupported, UsageError
from ..spec.usdt import CONSTANT, REGISTER, forms_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..spec.backend import BackendMap
    from ..spec.object import MapSpec, ObjectSpec
    from ..spec.usdt import UsdtArgument, UsdtSite

    Places = dict[str, tuple[int, int]]  # member -> offset and width, both in bits

SPECS_MAP = "__bpf_usdt_specs"
_ARG_CONST, _ARG_REG, _ARG_REG_DEREF, _ARG_SIB = range(4)
_ARG_MEMBERS = ("val_off", "arg_type", "reg_off", "arg_signed", "arg_bitshift")
_SIB_MEMBERS = ("idx_reg_off", "scale_bitshift")  # of libbpf 1.7


class SpecLayout:
    """A struct __bpf_usdt_spec as an object has it: `arg` are the members of one of its `most` arguments."""

    def __init__(self, btf: Btf, map: MapSpec) -> None:
        """Raises: FormatError for what is no such struct."""
        self.size_bytes = map.value_size
        try:
            self.spec = _places(btf, map.value_type_id)
            array = next(m for m in btf.resolve(map.value_type_id).members if m.name == "args")
            type = btf.resolve(array.type_id)
            self.arg_type, _index, self.most = type.array if type.kind == BTF_KIND_ARRAY else (0, 0, 0)
            self.arg, self.arg_bits = _places(btf, self.arg_type), 8 * btf.sizeof(self.arg_type)
            is_known = not {*_ARG_MEMBERS} - {*self.arg} and not {"usdt_cookie", "arg_cnt"} - {*self.spec}
        except (FormatError, StopIteration):
            is_known = False
        if not is_known or map.map_type != bpf.BPF_MAP_TYPE_ARRAY:
            hint = f"{SPECS_MAP} is what usdt.bpf.h defines; compile with -g"
            raise FormatError(f"map {map.name} has another layout than that of usdt.bpf.h", hint=hint)

    def encode(self, args: Sequence[UsdtArgument | str], cookie: int) -> bytes:
        """Return the struct. Raises: NotSupported for an argument that cannot be read, or too many of them."""
        if len(args) > self.most:
            raise NotSupported(f"a mark of {len(args)} arguments: usdt.bpf.h has room for {self.most}")
        start, _ = self.spec["args"]
        out = _put(self.spec, {"usdt_cookie": cookie, "arg_cnt": len(args)})
        for n, arg in enumerate(args):
            try:
                values = _values(arg)
                if not values.keys() <= self.arg.keys():
                    raise _Unreadable("its address has two registers, which this object's usdt.bpf.h does not know")
            except _Unreadable as e:
                hint = "@ebee.usdt traces such marks, and leaves out what cannot be read"
                raise NotSupported(f"argument {n} of this mark: {e}", hint=hint) from None
            out |= _put(self.arg, values) << start + n * self.arg_bits
        return out.to_bytes(self.size_bytes, "little")


class _Unreadable(Exception):
    """Why an argument cannot be read."""


def _places(btf: Btf, type_id: int) -> Places:
    type = btf.resolve(type_id)
    members = type.members if type.kind == BTF_KIND_STRUCT else ()
    return {m.name: (m.bit_off, m.bitfield_size or 8 * btf.sizeof(m.type_id)) for m in members}


def _put(places: Places, values: dict[str, int]) -> int:
    return sum((value & (1 << places[name][1]) - 1) << places[name][0] for name, value in values.items())


def _values(arg: UsdtArgument | str) -> dict[str, int]:
    """Return the members that describe an argument. Raises: _Unreadable."""
    if isinstance(arg, str):
        raise _Unreadable(arg)
    values = {"arg_signed": int(arg.is_signed), "arg_bitshift": 64 - 8 * arg.size}
    if arg.kind == CONSTANT:
        return {**values, "arg_type": _ARG_CONST, "val_off": arg.number}
    if arg.base < 0:
        raise _Unreadable("its address has no register, or only one that is multiplied")
    values["reg_off"] = arg.base
    if arg.kind == REGISTER:
        return {**values, "arg_type": _ARG_REG}
    values["val_off"] = arg.number
    if arg.index < 0:
        return {**values, "arg_type": _ARG_REG_DEREF}
    index = dict(zip(_SIB_MEMBERS, (arg.index, arg.scale.bit_length() - 1)))
    return {**values, **index, "arg_type": _ARG_SIB}


class UsdtSpecs:
    """The table of an object: numbers of entries are what its programs find as their cookie."""

    def __init__(self, table: BackendMap, btf: bytes) -> None:
        """Raises: FormatError for a table of another layout."""
        self._table, self._layout = table, SpecLayout(Btf(btf), table.spec)
        self._used: set[int] = set()

    def lease(self, sites: Sequence[UsdtSite], cookie: int) -> tuple[list[int], SpecLease]:
        """Put in what places of a mark have; return the cookie of each, and what frees the entries when it is closed.

        Raises: NotSupported, UsageError if there is no room.
        """
        forms = forms_of(sites)
        rows = [self._layout.encode(form, cookie) for form in forms]
        free = (number for number in range(self._table.spec.max_entries) if number not in self._used)
        numbers = [number for number, _row in zip(free, rows)]
        if len(numbers) < len(rows):
            hint = f'before it is loaded: obj.spec.maps["{SPECS_MAP}"].max_entries = …; in C BPF_USDT_MAX_SPEC_CNT'
            raise UsageError(f"{SPECS_MAP} has no room for {len(rows)} more kinds of places", hint=hint)
        for number, row in zip(numbers, rows):
            self._table.update(number.to_bytes(4, sys.byteorder), row)
        self._used.update(numbers)
        return [numbers[forms.index(site.args)] for site in sites], SpecLease(self._used, numbers)


class SpecLease:
    """Entries of a table that an attachment uses."""

    def __init__(self, used: set[int], numbers: list[int]) -> None:
        self._used, self._numbers = used, numbers

    def close(self) -> None:
        """Leave them to others. Closing twice is allowed."""
        self._used.difference_update(self._numbers)
        self._numbers = []


def specs_of(
    maps: Mapping[str, BackendMap], obj: ObjectSpec, known: dict[int, UsdtSpecs]
) -> UsdtSpecs | None:
    """Return the table that an object's maps have, `known` by the map's id, None if there is none.

    Raises: FormatError for a table of another layout.
    """
    table = maps.get(SPECS_MAP)
    if table is None:
        return None
    if id(table) not in known:
        known[id(table)] = UsdtSpecs(table, obj.btf)
    return known[id(table)]
