"""Reading BTF lazily: a type is decoded when it is asked for, by name mostly without a scan of all types."""

from __future__ import annotations

import sys

from ..errors import BtfError
from .index import TypeIndex
from .kinds import (
    BTF_HDR_LEN,
    BTF_KIND_ARRAY,
    BTF_KIND_DATASEC,
    BTF_KIND_DECL_TAG,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FUNC,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
    BTF_KIND_VAR,
    BTF_MAGIC,
    BTF_VERSION,
    ENTRY_WORDS,
    FIXED_WORDS,
    KIND_NAMES,
    MODIFIER_KINDS,
    REFERENCE_KINDS,
    SIZED_KINDS,
)
from .kinds import Member as Member  # also for those who read only

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator
    from mmap import mmap
    from typing import Literal

# Modifiers or arrays in a row, or structs inside structs, after which a type is taken for a cycle.
MAX_DEPTH = 64
_PIECE_BYTES = 1 << 16
_LARGE = 32  # members, from which on they are kept


def _c_string(name: str) -> bytes | None:
    """Return a name with its NUL; None if no string of BTF can be it."""
    try:
        text = name.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return None
    return None if b"\0" in text else text + b"\0"


class BtfField:
    """Where a field lies in a struct: `off_bytes` + `bit_off` (0-7) from its start.

    `size_bytes` is that of its type; `bitfield_size` in bits, 0: no bit field; `type` is as declared.
    """

    __slots__ = ("bit_off", "bitfield_size", "off_bytes", "size_bytes", "type")

    def __init__(
        self, off_bytes: int, bit_off: int, size_bytes: int, bitfield_size: int, type: BtfType
    ) -> None:
        self.off_bytes, self.bit_off, self.size_bytes = off_bytes, bit_off, size_bytes
        self.bitfield_size, self.type = bitfield_size, type


class BtfType:
    """One type, as far as it was asked for.

    `size_bytes` is the third word where that is a size, `type_id` where it is a reference; otherwise they
    are 0. `vlen` is the number of members, values, parameters or variables; `kind_flag` as the kernel has it.
    """

    __slots__ = ("_word", "btf", "kind", "kind_flag", "name_off", "size_bytes", "type_id", "vlen")

    def __init__(self, btf: Btf, word: int) -> None:
        self.btf, self._word = btf, word
        if word < 0:
            self.name_off = self.kind = self.vlen = self.size_bytes = self.type_id = 0
            self.kind_flag = False
            return
        try:
            self.name_off, info, third = btf._words[word : word + 3]
        except ValueError:
            raise btf._truncated(word) from None
        self.kind, self.vlen, self.kind_flag = info >> 24 & 0x1F, info & 0xFFFF, bool(info >> 31)
        self.size_bytes = third if self.kind in SIZED_KINDS else 0
        self.type_id = third if self.kind in REFERENCE_KINDS else 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BtfType) and self.btf is other.btf and self._word == other._word

    def __hash__(self) -> int:
        return hash((id(self.btf), self._word))

    def __repr__(self) -> str:
        return f"<BtfType {self.kind_name} {self.name or '(anonymous)'}>"

    @property
    def name(self) -> str:
        """The type's name, empty if it has none."""
        return self.btf.string(self.name_off)

    @property
    def kind_name(self) -> str:
        return KIND_NAMES[self.kind]

    @property
    def id(self) -> int:
        """The type's id. The first question for one scans all types.

        Raises: BtfError if what a look-up by name took for a type is none (damaged or contrived BTF).
        """
        return 0 if self._word < 0 else self.btf._id_at(self._word)

    def words(self) -> tuple[list[int], list[int]]:
        """Return the three words of struct btf_type, and those that follow it."""
        if self._word < 0:
            return [0, 0, 0], []
        count = FIXED_WORDS[self.kind] + ENTRY_WORDS[self.kind] * self.vlen
        return list(self.btf._words[self._word : self._word + 3]), list(self._expect(self.kind)) if count else []

    def _expect(self, *kinds: int) -> tuple[int, ...]:
        """Return the words after struct btf_type."""
        if self.kind not in kinds:
            wanted = " or ".join(KIND_NAMES[k] for k in kinds)
            raise BtfError(f"{self.kind_name} {self.name!r} is no {wanted}", section=".BTF")
        first = self._word + 3
        count = FIXED_WORDS[self.kind] + ENTRY_WORDS[self.kind] * self.vlen
        words = self.btf._words[first : first + count]
        if len(words) != count:
            raise self.btf._truncated(first)
        return tuple(words)

    @property
    def members(self) -> tuple[Member, ...]:
        """The members of a struct or union, in order. Raises: BtfError for other kinds, as all these do."""
        known = self.btf._large.get(self._word)
        if known is not None:
            return known
        words, string = self._expect(BTF_KIND_STRUCT, BTF_KIND_UNION), self.btf.string
        found = tuple(self._member_at(words, at, string(words[at])) for at in range(0, len(words), 3))
        if len(found) >= _LARGE:
            self.btf._large[self._word] = found
        return found

    def _find_member(self, name: str) -> tuple[Member | None, list[Member]]:
        """Return the member with a name, or those that have none: the others' names are not decoded."""
        known = self.btf._large.get(self._word)
        if known is not None:
            found = next((member for member in known if member.name == name), None)
            return found, [member for member in known if not member.name]
        words, string_is, text = self._expect(BTF_KIND_STRUCT, BTF_KIND_UNION), self.btf.string_is, _c_string(name)
        if text is not None:
            for at in range(0, len(words), 3):
                if string_is(words[at], text):
                    return self._member_at(words, at, name), []
        unnamed = (at for at in range(0, len(words), 3) if not words[at] or string_is(words[at], b"\0"))
        return None, [self._member_at(words, at, "") for at in unnamed]

    def _member_at(self, words: tuple[int, ...], at: int, name: str) -> Member:
        where, flag = words[at + 2], self.kind_flag
        return Member(name, words[at + 1], where & 0xFFFFFF if flag else where, where >> 24 if flag else 0)

    @property
    def values(self) -> tuple[tuple[str, int], ...]:
        """The names and values of an enum; signed if `kind_flag`."""
        words = self._expect(BTF_KIND_ENUM, BTF_KIND_ENUM64)
        string = self.btf.string
        if self.kind == BTF_KIND_ENUM:
            bits, names, numbers = 32, words[::2], list(words[1::2])
        else:
            bits, names = 64, words[::3]
            numbers = [low | high << 32 for low, high in zip(words[1::3], words[2::3], strict=True)]
        if self.kind_flag:
            sign = 1 << bits - 1
            numbers = [(v ^ sign) - sign for v in numbers]
        return tuple((string(n), v) for n, v in zip(names, numbers, strict=True))

    @property
    def params(self) -> tuple[tuple[str, int], ...]:
        """The parameters' names and type ids; a last one without name and of type 0 stands for `...`."""
        words = self._expect(BTF_KIND_FUNC_PROTO)
        return tuple((self.btf.string(n), t) for n, t in zip(words[::2], words[1::2], strict=True))

    @property
    def array(self) -> tuple[int, int, int]:
        """An array's element type id, index type id and number of elements."""
        element, index, count = self._expect(BTF_KIND_ARRAY)
        return element, index, count

    @property
    def int_encoding(self) -> tuple[int, int, int]:
        """An integer's encoding (BTF_INT_SIGNED, …), its bit offset and its width in bits."""
        (word,) = self._expect(BTF_KIND_INT)
        return word >> 24 & 0xF, word >> 16 & 0xFF, word & 0xFF

    @property
    def secinfos(self) -> tuple[tuple[int, int, int], ...]:
        """The variables of a section: type id of the VAR, offset and size in bytes."""
        words = self._expect(BTF_KIND_DATASEC)
        return tuple(zip(words[::3], words[1::3], words[2::3], strict=True))

    @property
    def linkage(self) -> int:
        """BTF_FUNC_* of a function or BTF_VAR_* of a variable."""
        if self.kind == BTF_KIND_FUNC:
            return self.vlen
        return self._expect(BTF_KIND_VAR)[0]

    @property
    def component_idx(self) -> int:
        """Which member or parameter a declaration tag is on; -1: the declaration itself."""
        (word,) = self._expect(BTF_KIND_DECL_TAG)
        return (word ^ 0x80000000) - 0x80000000


class Btf:
    """The types of one .BTF blob of either byte order.

    `base` is the BTF that a split BTF continues (a module's is vmlinux): its ids and strings come first.
    `index` is what `index_bytes` returned for the very same data: it saves the scan. A pointer has
    `pointer_size` bytes. A memory map must stay open as long as this object.

    Raises: BtfError for a header that is not BTF's, sections outside of the data, an index of other data.
    Source: Documentation/bpf/btf.rst; btf_parse_hdr and btf_check_sec_info in kernel/bpf/btf.c (Linux 6.18).
    """

    __slots__ = (
        "_first_id", "_known", "_large", "_str_base", "_str_end", "_str_start", "_text", "_type_end", "_type_start",
        "_words", "base", "byte_order", "data", "pointer_size",
    )  # fmt: skip

    def __init__(
        self,
        data: bytes | memoryview | mmap,
        *,
        base: Btf | None = None,
        index: bytes | mmap | None = None,
        pointer_size: int = 8,
    ) -> None:
        self.data: bytes | mmap = bytes(data) if isinstance(data, (memoryview, bytearray)) else data
        self.base, self.pointer_size = base, pointer_size
        head = self.data[:BTF_HDR_LEN]
        if len(head) < BTF_HDR_LEN:
            raise BtfError(f"{len(head)} bytes are too few for a header", section=".BTF")
        magic = head[:2]
        self.byte_order: Literal["little", "big"]
        if magic == BTF_MAGIC.to_bytes(2, "little"):
            self.byte_order = "little"
        elif magic == BTF_MAGIC.to_bytes(2, "big"):
            self.byte_order = "big"
        else:
            raise BtfError(f"not BTF: it begins with {magic.hex()}", section=".BTF", off_bytes=0)
        if head[2] != BTF_VERSION or head[3]:
            what = f"version {head[2]} with flags {head[3]:#x} is unknown"
            raise BtfError(what, section=".BTF", off_bytes=2)
        hdr_len, type_off, type_len, str_off, str_len = (
            int.from_bytes(head[i : i + 4], self.byte_order) for i in range(4, BTF_HDR_LEN, 4)
        )
        if hdr_len < BTF_HDR_LEN:
            raise BtfError(f"a header of {hdr_len} bytes is too short", section=".BTF", off_bytes=4)
        self._type_start, self._str_start = hdr_len + type_off, hdr_len + str_off
        self._type_end, self._str_end = self._type_start + type_len, self._str_start + str_len
        if max(self._type_end, self._str_end) > len(self.data):
            raise BtfError(f"truncated: {len(self.data)} bytes, the header says more", section=".BTF")
        if type_off % 4 or type_len % 4:
            raise BtfError("the type section is not a sequence of 32-bit words", section=".BTF", off_bytes=8)
        if base is None and not str_len:
            raise BtfError("there is no string section", section=".BTF", off_bytes=20)
        if str_len and (self.data[self._str_end - 1] or (base is None and self.data[self._str_start])):
            raise BtfError("the string section does not begin and end with NUL", section=".BTF")
        self._str_base: int = 0 if base is None else base._str_base + base._str_end - base._str_start
        self._first_id = 1 if base is None else base.type_count
        words = memoryview(self.data)[self._type_start : self._type_end]
        if self.byte_order == sys.byteorder:
            self._words: memoryview | array[int] = words.cast("I")
        else:
            from array import array

            swapped = array("I", bytes(words))
            swapped.byteswap()
            self._words = swapped
        self._text = b""
        self._large: dict[int, tuple[Member, ...]] = {}  # members of structs that have many, by where they are
        self._known = None if index is None else TypeIndex.from_bytes(memoryview(index), len(self._words))

    def _truncated(self, word: int) -> BtfError:
        off_bytes = self._type_start + 4 * word
        return BtfError("the type section ends within a type", section=".BTF", off_bytes=off_bytes)

    # -- the index: where each type starts, in words of the type section ---------------------------

    def _index(self) -> TypeIndex:
        if self._known is None:
            try:
                self._known = TypeIndex.scan(self._words, self._strings(), self._str_base)
            except IndexError:
                what = "the type section ends within a type"
                raise BtfError(what, section=".BTF", off_bytes=self._type_end) from None
        return self._known

    def index_bytes(self) -> bytes:
        """Return the index of all types, to be kept and given to `Btf` again with the very same data."""
        return self._index().to_bytes(len(self._words))

    @property
    def type_count(self) -> int:
        """The number of ids: void, the base's types and the own ones."""
        return self._first_id + len(self._index().offsets)

    @property
    def first_id(self) -> int:
        """The id of the first own type: 1, or what follows the base's."""
        return self._first_id

    @property
    def str_end(self) -> int:
        """Where the strings of a split BTF that continues this one begin."""
        return self._str_base + self._str_end - self._str_start

    def _id_at(self, word: int) -> int:
        position = self._index().position(word)
        if position < 0:
            raise BtfError("no type starts here", section=".BTF", off_bytes=self._type_start + 4 * word)
        return self._first_id + position

    def records(self) -> tuple[list[bytes], bytes]:
        """Return the bytes of each own type, and those of the own string section."""
        start = self._type_start
        ends = [start + 4 * word for word in [*self._index().offsets, len(self._words)]]
        own = [bytes(self.data[a:b]) for a, b in zip(ends, ends[1:], strict=False)]
        return own, self._strings()

    # -- strings -----------------------------------------------------------------------------------

    def string(self, off: int) -> str:
        """Return the string at an offset of the string section (of base and own together).

        Raises: BtfError if the offset is outside, or the text is not UTF-8.
        """
        if not off:
            return ""
        if off < self._str_base and self.base is not None:
            return self.base.string(off)
        start = off - self._str_base + self._str_start
        if start >= self._str_end:
            raise BtfError(f"there is no string at {off}", section=".BTF strings", off_bytes=off)
        try:
            return self.data[start : self.data.find(b"\0", start)].decode()
        except UnicodeDecodeError:
            what = f"the string at {off} is not UTF-8"
            raise BtfError(what, section=".BTF strings", off_bytes=off) from None

    def string_is(self, off: int, text: bytes) -> bool:
        """Whether the string at an offset is this one, given with its NUL. Raises: BtfError if it is outside."""
        if off < self._str_base and self.base is not None:
            return self.base.string_is(off, text)
        start = off - self._str_base + self._str_start
        if start >= self._str_end:
            raise BtfError(f"there is no string at {off}", section=".BTF strings", off_bytes=off)
        return self.data[start : start + len(text)] == text

    def _strings(self) -> bytes:
        """The own string section, apart: a memory map is searched slowly."""
        if not self._text:
            self._text = bytes(self.data[self._str_start : self._str_end])
        return self._text

    def _entry(self, text: bytes) -> int:
        """Return where an own string is that ends with its NUL, -1 if it is nowhere.

        A memory map is searched in pieces: to copy it whole takes longer than all else that a first look-up does.
        """
        start, end = self._str_start, self._str_end
        if self.data[start : start + len(text)] == text:
            return 0
        if self._text:
            return self._text.find(b"\0" + text) + 1 or -1
        for at in range(start, end, _PIECE_BYTES):
            found = self.data[at : min(at + _PIECE_BYTES + len(text), end)].find(b"\0" + text)
            if found >= 0:
                return at - start + found + 1
        return -1

    def _string_offs(self, name: str) -> tuple[list[int], list[int]]:
        """Return where a string is an entry of its own, and where it is the tail of another one."""
        entries, tails = ([], []) if self.base is None else self.base._string_offs(name)
        text = _c_string(name)
        if text is None:
            return entries, tails
        if self._known is not None and not self._known.has_tails and name:
            at = self._entry(text)
            return ([*entries, at + self._str_base] if at >= 0 else entries), tails
        data = self._strings()
        at = data.find(text)
        while at >= 0:
            is_entry = not at or data[at - 1] == 0
            (entries if is_entry else tails).append(at + self._str_base)
            at = data.find(text, at + 1)
        return entries, tails

    # -- types -------------------------------------------------------------------------------------

    def by_id(self, id: int) -> BtfType:
        """Return a type by its id (0 is void). Raises: BtfError if there is no such id."""
        if id == 0:
            return BtfType(self, -1)
        if self.base is not None and id < self._first_id:
            return self.base.by_id(id)
        offsets = self._index().offsets
        position = id - self._first_id
        if not 0 <= position < len(offsets):
            raise BtfError(f"there is no type {id} among {self.type_count}", section=".BTF")
        return BtfType(self, offsets[position])

    def types(self, kind: int | None = None) -> Iterator[BtfType]:
        """Iterate over the own types in the order of their ids: all, or those of one kind."""
        for word in self._index().offsets:
            if kind is None or self._words[word + 1] >> 24 & 0x1F == kind:
                yield BtfType(self, word)

    def by_name(self, name: str, kind: int | None = None) -> BtfType | None:
        """Return the first type with a name (of a kind, if given), or None; the base is asked first.

        Structs and unions are mostly found without an index: by a search for bytes among strings and types. What
        is found has the form of one; BTF contrived to deceive is found out by `BtfType.id`.
        """
        found = None if self.base is None else self.base.by_name(name, kind)
        if found is not None or not name:
            return found
        entries, tails = self._string_offs(name)
        if self._known is not None:
            return next(self._named({*entries, *tails}, kind), None)
        candidates = [word for off in entries for word in self._words_with_name(off, kind)]
        if candidates:
            return BtfType(self, min(candidates))
        return next(self._named(set(tails), kind), None) if tails else None

    def all_by_name(self, name: str, kind: int | None = None) -> list[BtfType]:
        """Return all types with a name, in the order of their ids."""
        found = [] if self.base is None else self.base.all_by_name(name, kind)
        entries, tails = self._string_offs(name)
        return found + list(self._named({*entries, *tails}, kind))

    def _named(self, name_offs: set[int], kind: int | None) -> Iterator[BtfType]:
        for word in self._index().named(name_offs, self._words):
            if kind is None or self._words[word + 1] >> 24 & 0x1F == kind:
                yield BtfType(self, word)

    def names_beginning(self, prefix: str) -> set[str]:
        """Return the strings, of the base and own, that begin so and are entries of their own."""
        found = set() if self.base is None else self.base.names_beginning(prefix)
        if prefix.find("___", 1) > 0:  # a flavour's name: the index has them all
            names = [self.string(off) for off in self._index().flavoured]
            return found.union(name for name in names if name.startswith(prefix))
        text = _c_string(prefix)
        if text is None:
            return found
        text, data = b"\0" + text[:-1], self._strings()
        at = data.find(text)
        while at >= 0:
            found.add(self.string(at + 1 + self._str_base))
            at = data.find(text, at + 1)
        return found

    def _words_with_name(self, name_off: int, kind: int | None) -> Iterator[int]:
        """Yield where a type with this name starts, or seems to: the first such place."""
        pattern = name_off.to_bytes(4, self.byte_order)
        misses = 0
        at = self.data.find(pattern, self._type_start, self._type_end)
        while at >= 0:
            word, unaligned = divmod(at - self._type_start, 4)
            if not unaligned and self._is_type(word, kind):
                yield word
                return
            misses += 1
            if misses == 100:  # A number this common is looked for faster with an index.
                self._index()
            at = self.data.find(pattern, at + 1, self._type_end)

    def _is_type(self, word: int, kind: int | None) -> bool:
        """Whether a type starts here: a struct or union whose content fits, or what the index says is one."""
        words = self._words
        own_kind = words[word + 1] >> 24 & 0x1F if word + 3 <= len(words) else 0
        if not 0 < own_kind < len(KIND_NAMES) or kind not in (None, own_kind):
            return False
        if self._known is None and own_kind in (BTF_KIND_STRUCT, BTF_KIND_UNION) and self._fits(word):
            return True
        return self._index().position(word) >= 0

    def _fits(self, word: int) -> bool:
        """Whether this reads as a struct or union with members that have names and types and lie inside it."""
        info, size_bytes = self._words[word + 1 : word + 3]
        end = word + 3 + 3 * (info & 0xFFFF)
        members = self._words[word + 3 : end]
        if not size_bytes or not members or info & 0x60FF0000 or end + 2 > len(self._words):
            return False
        if not 0 < self._words[end + 1] >> 24 & 0x1F < len(KIND_NAMES):  # what follows is a type, too
            return False
        type_ids = members[1::3]
        offset_mask = 0xFFFFFF if info >> 31 else 0xFFFFFFFF
        return (
            min(type_ids) > 0
            and max(type_ids) < self._first_id + len(self._words) // 3
            and all(off & offset_mask <= 8 * size_bytes for off in members[2::3])
            and all(self._is_string(off) for off in members[::3])
        )

    def _is_string(self, off: int) -> bool:
        """Whether a string starts here (a shared tail counts as none)."""
        if off == 0:
            return True
        if off < self._str_base and self.base is not None:
            return self.base._is_string(off)
        at, strings = off - self._str_base, self._strings()
        return at < len(strings) and (not at or strings[at - 1] == 0)

    # -- layout ------------------------------------------------------------------------------------

    def resolve(self, id: int) -> BtfType:
        """Return the type behind typedefs, const, volatile, restrict and type tags.

        Raises: BtfError for an unknown id or a cycle.
        """
        for _ in range(MAX_DEPTH):
            type_ = self.by_id(id)
            if type_.kind not in MODIFIER_KINDS:
                return type_
            id = type_.type_id
        raise BtfError(f"type {id} refers to itself", section=".BTF")

    def sizeof(self, id: int) -> int:
        """Return the size of a type in bytes.

        Raises: BtfError if it has none (void, function, forward declaration), for an unknown id or a cycle.
        """
        count = 1
        for _ in range(MAX_DEPTH):
            type_ = self.resolve(id)
            if type_.kind in SIZED_KINDS:
                return count * type_.size_bytes
            if type_.kind == BTF_KIND_PTR:
                return count * self.pointer_size
            if type_.kind == BTF_KIND_VAR:
                id = type_.type_id
            elif type_.kind == BTF_KIND_ARRAY:
                id, _index, elements = type_.array
                count *= elements
            else:
                raise BtfError(f"{type_.kind_name} {type_.name!r} has no size", section=".BTF")
        raise BtfError(f"type {id} contains itself", section=".BTF")

    def field(self, struct_name: str, path: str) -> BtfField:
        """Return where a field lies: `path` is members and array indices (`a.b[2].c`).

        Members of anonymous structs and unions count as members of what surrounds them.
        Raises: BtfError if there is no such struct, union, typedef of one, member or element.
        """
        struct = self.by_name(struct_name, BTF_KIND_STRUCT) or self.by_name(struct_name, BTF_KIND_UNION)
        struct = struct or self.by_name(struct_name)
        if struct is None:
            raise BtfError(f"there is no type {struct_name!r}", section=".BTF")
        return self.field_of(struct, path)

    def field_of(self, struct: BtfType, path: str) -> BtfField:
        """Return where a field of this struct, union or typedef lies; see `field`."""
        at, declared, bitfield_size = 0, struct, 0
        for part in path.replace("[", ".[").split("."):
            type_ = self.resolve(declared.type_id) if declared.kind in MODIFIER_KINDS else declared
            where = f"{path!r} of {struct.kind_name} {struct.name!r}"
            if part[:1] == "[":
                if type_.kind != BTF_KIND_ARRAY or not part[1:-1].isdecimal() or part[-1] != "]":
                    raise BtfError(f"{where}: {part} selects nothing in {type_.kind_name}", section=".BTF")
                element, _index, elements = type_.array
                number = int(part[1:-1])
                if number >= elements > 0:
                    raise BtfError(f"{where}: {part} is outside of {elements} elements", section=".BTF")
                at += 8 * number * self.sizeof(element)
                declared, bitfield_size = self.by_id(element), 0
                continue
            if type_.kind not in (BTF_KIND_STRUCT, BTF_KIND_UNION):
                raise BtfError(f"{where}: {type_.kind_name} has no member {part!r}", section=".BTF")
            member = self._member(type_, part, set(), 0) if part else None
            if member is None:
                raise BtfError(f"{where}: there is no member {part!r}", section=".BTF")
            at += member.bit_off
            declared, bitfield_size = self.by_id(member.type_id), member.bitfield_size
        size_bytes = self.sizeof(declared.id)
        if not bitfield_size:
            bitfield_size = self._old_bitfield_size(declared, at)
        return BtfField(at // 8, at % 8, size_bytes, bitfield_size, declared)

    def _old_bitfield_size(self, declared: BtfType, bit_off: int) -> int:
        """Return the width of a bit field where `kind_flag` is off: its integer type tells it; 0: none."""
        type_ = self.resolve(declared.type_id) if declared.kind in MODIFIER_KINDS else declared
        if type_.kind != BTF_KIND_INT:
            return 0
        _encoding, int_off, bits = type_.int_encoding
        return bits if int_off or bit_off % 8 or bits != 8 * type_.size_bytes else 0

    def _member(self, struct: BtfType, name: str, seen: set[int], depth: int) -> Member | None:
        """Return a member, its offset counted from `struct`; each anonymous type is searched once."""
        found, anonymous = struct._find_member(name)
        if found is not None:
            return found
        for outer in anonymous:
            inner = self.resolve(outer.type_id)
            if inner._word in seen or inner.kind not in (BTF_KIND_STRUCT, BTF_KIND_UNION):
                continue
            seen.add(inner._word)
            if depth > MAX_DEPTH:
                raise BtfError("anonymous types are nested too deeply", section=".BTF")
            found = self._member(inner, name, seen, depth + 1)
            if found is not None:
                return Member(name, found.type_id, outer.bit_off + found.bit_off, found.bitfield_size)
        return None
