"""The tables in which programs that include libbpf's usdt.bpf.h look up where a mark has its arguments.

Source: struct __bpf_usdt_spec in usdt.bpf.h, struct usdt_spec and usdt_manager_attach_usdt in usdt.c (libbpf 1.8).
"""

from __future__ import annotations

import struct
import sys

from ..abi import bpf
from ..errors import FormatError, NotSupported, UsageError
from ..spec.usdt import CONSTANT, REGISTER, forms_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..spec.backend import BackendMap
    from ..spec.usdt import UsdtArgument, UsdtSite

SPECS_MAP = "__bpf_usdt_specs"
_ARG_CONST, _ARG_REG, _ARG_REG_DEREF, _ARG_SIB = range(4)
_MOST_ARGS = 12
# Of an argument: val_off; arg_type 8 bits, idx_reg_off 12, scale_bitshift 4, 8 reserved; reg_off, arg_signed, arg_bitshift.
_ARG = struct.Struct("<QIhBB")
_TAIL = struct.Struct("<Qh6x")  # usdt_cookie, arg_cnt


def encode_spec(args: Sequence[UsdtArgument | str], cookie: int) -> bytes:
    """Return a struct __bpf_usdt_spec. Raises: NotSupported for an argument that cannot be read, or too many."""
    if len(args) > _MOST_ARGS:
        raise NotSupported(f"a mark of {len(args)} arguments: usdt.bpf.h has room for {_MOST_ARGS}")
    out = b""
    for n, arg in enumerate(args):
        if isinstance(arg, str):
            raise NotSupported(f"argument {n} of this mark: {arg}", hint="@ebee.usdt traces it and leaves that one out")
        kind, number, off = _ARG_REG_DEREF, arg.number, max(arg.base, 0)
        if arg.kind == CONSTANT:
            kind = _ARG_CONST
        elif arg.kind == REGISTER:
            kind, number = _ARG_REG, 0
        elif arg.index >= 0:
            if arg.base < 0:
                raise NotSupported(f"argument {n} of this mark: an address without a base register")
            kind = _ARG_SIB | arg.index << 8 | (arg.scale.bit_length() - 1) << 20
        elif arg.base < 0:
            raise NotSupported(f"argument {n} of this mark: an address without a register")
        out += _ARG.pack(number & (1 << 64) - 1, kind, off, arg.is_signed, 64 - 8 * arg.size)
    return out.ljust(_MOST_ARGS * _ARG.size, b"\0") + _TAIL.pack(cookie & (1 << 64) - 1, len(args))


class UsdtSpecs:
    """The table of an object: numbers of entries are what its programs find as their cookie."""

    def __init__(self, table: BackendMap) -> None:
        """Raises: FormatError for a table of another layout."""
        self._table = table
        spec = table.spec
        if spec.map_type != bpf.BPF_MAP_TYPE_ARRAY or spec.value_size != _MOST_ARGS * _ARG.size + _TAIL.size:
            raise FormatError(f"map {spec.name} has another layout than that of usdt.bpf.h")
        self._used: set[int] = set()

    def lease(self, sites: Sequence[UsdtSite], cookie: int) -> tuple[list[int], SpecLease]:
        """Put in what places of a mark have; return the cookie of each, and what frees the entries when it is closed.

        Raises: NotSupported, UsageError if there is no room.
        """
        forms = forms_of(sites)
        rows = [encode_spec(form, cookie) for form in forms]
        numbers: list[int] = []
        for number in range(self._table.spec.max_entries):
            if len(numbers) < len(rows) and number not in self._used:
                numbers.append(number)
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


def specs_of(maps: Mapping[str, BackendMap], known: dict[int, UsdtSpecs]) -> UsdtSpecs | None:
    """Return the table that an object's maps have, `known` by the map's id, None if there is none."""
    table = maps.get(SPECS_MAP)
    if table is None:
        return None
    if id(table) not in known:
        known[id(table)] = UsdtSpecs(table)
    return known[id(table)]
