"""Building BTF: types are added one by one, identical ones once, and encoded to a .BTF blob."""

from __future__ import annotations

import struct

from ..errors import BtfError
from .kinds import (
    BTF_FUNC_GLOBAL,
    BTF_HDR_LEN,
    BTF_INT_SIGNED,
    BTF_KIND_ARRAY,
    BTF_KIND_CONST,
    BTF_KIND_DATASEC,
    BTF_KIND_DECL_TAG,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FLOAT,
    BTF_KIND_FUNC,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_FWD,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_RESTRICT,
    BTF_KIND_STRUCT,
    BTF_KIND_TYPE_TAG,
    BTF_KIND_TYPEDEF,
    BTF_KIND_UNION,
    BTF_KIND_VAR,
    BTF_KIND_VOLATILE,
    BTF_MAGIC,
    BTF_MAX_VLEN,
    BTF_VAR_GLOBAL_ALLOCATED,
    BTF_VERSION,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from .kinds import Member


class BtfBuilder:
    """Collects types. Every `add_…` returns a type id; a type that is there already is not added again.

    The same calls give the same bytes. Types may refer to ids that come later. Type id 0 is void.
    """

    def __init__(self, byte_order: Literal["little", "big"] = "little") -> None:
        self._order = "<" if byte_order == "little" else ">"
        self._records: list[bytes] = []
        self._ids: dict[bytes, int] = {}
        self._strings = bytearray(1)
        self._string_offs = {"": 0}

    @classmethod
    def continuing(cls, data: bytes, end: int = 0) -> BtfBuilder:
        """Return a builder that has the types and strings of a .BTF blob already, with their ids and offsets.

        With `end` only the types of lower ids are taken.
        Raises: BtfError if the blob cannot be read.
        """
        from .read import Btf

        types = Btf(data)
        builder = cls(types.byte_order)
        builder._records, strings = types.records()
        if end:
            del builder._records[end - 1 :]
        for at, record in enumerate(builder._records):
            builder._ids.setdefault(record, at + 1)
        builder._strings = bytearray(strings)
        off = 0
        for text in strings[:-1].split(b"\0"):
            builder._string_offs.setdefault(text.decode("utf-8", "surrogateescape"), off)
            off += len(text) + 1
        return builder

    def string(self, text: str) -> int:
        """Return the offset of a text in the string section; it is added if needed."""
        off = self._string_offs.get(text)
        if off is None:
            off = self._string_offs[text] = len(self._strings)
            self._strings += text.encode() + b"\0"
        return off

    def _pack(self, *words: int) -> bytes:
        return struct.pack(f"{self._order}{len(words)}I", *(w & 0xFFFFFFFF for w in words))

    def _add(
        self, kind: int, name: str, third: int, *rest: int, vlen: int = 0, flag: bool = False, id: int = 0
    ) -> int:
        if vlen > BTF_MAX_VLEN:
            raise BtfError(f"{name!r} has {vlen} entries, a BTF type can have {BTF_MAX_VLEN}")
        record = self._pack(self.string(name), flag << 31 | kind << 24 | vlen, third, *rest)
        if id:
            if self._records[id - 1]:
                raise BtfError(f"type {id} is defined already")
            self._records[id - 1] = record
            return id
        known = self._ids.get(record)
        if known is None:
            self._records.append(record)
            known = self._ids[record] = len(self._records)
        return known

    def append(self, words: Sequence[int]) -> int:
        """Add a type as it is encoded, the same one as another or not; return its id."""
        self._records.append(self._pack(*words))
        return len(self._records)

    def reserve(self) -> int:
        """Return an id for a struct or union that will be added with `id=`: needed if it points to itself."""
        self._records.append(b"")
        return len(self._records)

    def add_int(
        self, name: str, size_bytes: int, encoding: int = 0, *, bits: int = 0, bit_off: int = 0
    ) -> int:
        """Add an integer type; `encoding` is BTF_INT_SIGNED, _CHAR or _BOOL; `bits` 0: all of it."""
        word = encoding << 24 | bit_off << 16 | (bits or 8 * size_bytes)
        return self._add(BTF_KIND_INT, name, size_bytes, word)

    def add_float(self, name: str, size_bytes: int) -> int:
        return self._add(BTF_KIND_FLOAT, name, size_bytes)

    def add_ptr(self, type_id: int) -> int:
        return self._add(BTF_KIND_PTR, "", type_id)

    def add_typedef(self, name: str, type_id: int) -> int:
        return self._add(BTF_KIND_TYPEDEF, name, type_id)

    def add_const(self, type_id: int) -> int:
        return self._add(BTF_KIND_CONST, "", type_id)

    def add_volatile(self, type_id: int) -> int:
        return self._add(BTF_KIND_VOLATILE, "", type_id)

    def add_restrict(self, type_id: int) -> int:
        return self._add(BTF_KIND_RESTRICT, "", type_id)

    def add_type_tag(self, name: str, type_id: int) -> int:
        return self._add(BTF_KIND_TYPE_TAG, name, type_id)

    def add_array(self, type_id: int, nelems: int, index_type_id: int = 0) -> int:
        """Add an array type; the index type is clang's `__ARRAY_SIZE_TYPE__` if none is given."""
        index_type_id = index_type_id or self.add_int("__ARRAY_SIZE_TYPE__", 4)
        return self._add(BTF_KIND_ARRAY, "", 0, type_id, index_type_id, nelems)

    def add_struct(self, name: str, size_bytes: int, members: Sequence[Member], *, id: int = 0) -> int:
        return self._add_composite(BTF_KIND_STRUCT, name, size_bytes, members, id)

    def add_union(self, name: str, size_bytes: int, members: Sequence[Member], *, id: int = 0) -> int:
        return self._add_composite(BTF_KIND_UNION, name, size_bytes, members, id)

    def _add_composite(
        self, kind: int, name: str, size_bytes: int, members: Sequence[Member], id: int
    ) -> int:
        flag = any(m.bitfield_size for m in members)
        words = []
        for m in members:
            if flag and (m.bit_off > 0xFFFFFF or m.bitfield_size > 0xFF):
                raise BtfError(f"member {m.name!r} of {name!r} is too far out or too wide for a bit field")
            where = m.bitfield_size << 24 | m.bit_off
            words += [self.string(m.name), m.type_id, where]
        return self._add(kind, name, size_bytes, *words, vlen=len(members), flag=flag, id=id)

    def add_enum(
        self, name: str, values: Sequence[tuple[str, int]], size_bytes: int = 4, *, is_signed: bool = False
    ) -> int:
        """Add an enum of up to 32 bits; it is signed if a value is negative, or `is_signed`."""
        words = [w for n, v in values for w in (self.string(n), v)]
        return self._add(
            BTF_KIND_ENUM, name, size_bytes, *words, vlen=len(values), flag=is_signed or any(v < 0 for _, v in values)
        )

    def add_enum64(self, name: str, values: Sequence[tuple[str, int]], size_bytes: int = 8) -> int:
        """Add an enum of 64 bits (Linux 6.0); it is signed if a value is negative."""
        words = [w for n, v in values for w in (self.string(n), v, v >> 32)]
        return self._add(
            BTF_KIND_ENUM64, name, size_bytes, *words, vlen=len(values), flag=any(v < 0 for _, v in values)
        )

    def add_fwd(self, name: str, *, is_union: bool = False) -> int:
        return self._add(BTF_KIND_FWD, name, 0, flag=is_union)

    def add_func_proto(self, return_type_id: int, params: Sequence[tuple[str, int]] = ()) -> int:
        """Add a function type of (name, type id) parameters; a last ("", 0) stands for `...`."""
        words = [w for n, t in params for w in (self.string(n), t)]
        return self._add(BTF_KIND_FUNC_PROTO, "", return_type_id, *words, vlen=len(params))

    def add_func(self, name: str, proto_id: int, linkage: int = BTF_FUNC_GLOBAL) -> int:
        return self._add(BTF_KIND_FUNC, name, proto_id, vlen=linkage)

    def make_global(self, func_id: int) -> None:
        """Give a FUNC that is there already global linkage. Raises: BtfError if the type is none."""
        record = self._records[func_id - 1] if 0 < func_id <= len(self._records) else b""
        info = int.from_bytes(record[4:8], "little" if self._order == "<" else "big")
        if info >> 24 & 0x1F != BTF_KIND_FUNC:
            raise BtfError(f"type {func_id} is no function")
        name_off, _, proto_id = struct.unpack(f"{self._order}3I", record)
        self._records[func_id - 1] = self._pack(name_off, info & ~0xFFFF | BTF_FUNC_GLOBAL, proto_id)

    def replace(self, id: int, words: Sequence[int]) -> None:
        """Give a type that is there other words, as many as it has: name, kind, size or type, and what follows."""
        self._ids.pop(self._records[id - 1], None)
        self._records[id - 1] = record = self._pack(*words)
        self._ids.setdefault(record, id)

    def words(self, id: int) -> list[int]:
        """Return the words of a type that is there."""
        record = self._records[id - 1]
        return list(struct.unpack(f"{self._order}{len(record) // 4}I", record))

    def add_var(self, name: str, type_id: int, linkage: int = BTF_VAR_GLOBAL_ALLOCATED) -> int:
        return self._add(BTF_KIND_VAR, name, type_id, linkage)

    def add_datasec(self, name: str, size_bytes: int, secinfos: Sequence[tuple[int, int, int]]) -> int:
        """Add a section of variables: (type id of the VAR, offset, size in bytes) in ascending order."""
        words = [w for info in secinfos for w in info]
        return self._add(BTF_KIND_DATASEC, name, size_bytes, *words, vlen=len(secinfos))

    def add_decl_tag(self, name: str, type_id: int, component_idx: int = -1) -> int:
        """Tag a declaration, or its member or parameter number `component_idx`."""
        return self._add(BTF_KIND_DECL_TAG, name, type_id, component_idx)

    def add_signed(self, name: str, size_bytes: int) -> int:
        """Add a signed integer type."""
        return self.add_int(name, size_bytes, BTF_INT_SIGNED)

    def encode(self) -> bytes:
        """Return the .BTF blob. Raises: BtfError if a reserved id was never defined."""
        if b"" in self._records:
            raise BtfError(f"type {self._records.index(b'') + 1} was reserved and not defined")
        types, strings = b"".join(self._records), bytes(self._strings)
        header = struct.pack(
            self._order + "HBBIIIII",
            BTF_MAGIC, BTF_VERSION, 0, BTF_HDR_LEN, 0, len(types), len(types), len(strings),
        )  # fmt: skip
        return header + types + strings
