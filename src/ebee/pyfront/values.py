"""What an expression can be while a probe is compiled.

Integers at run time are `Num` (`lower.numbers`). The rest is known or half known at compile time: Python objects,
strings that are still to be written somewhere, records.
"""

from __future__ import annotations

from ..ir.core import PTR_RECORD, PTR_STACK, Op
from ..lower.numbers import ENUM, Num, Refusal
from ..record import Record, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeGuard

    from ..btf.read import BtfType
    from ..ir.core import Block, Value
    from ..lower.packets import Packet
    from ..types.maps import KeyedDecl, MapDecl
    from ..types.structs import StructType
    from .btf_contexts import BtfContext
    from .contexts import ContextType
    from .network import NetContext
    from .syscall_patterns import SyscallsContext
    from .user_contexts import UserContext


VIEWS: tuple[Any, ...] = (type({}.keys()), type({}.values()), type({}.items()))
# Constants that have items.
SEQUENCES: tuple[Any, ...] = (str, bytes, tuple, list, dict, set, frozenset, range, *VIEWS)


def spelled(name: str, known: Any) -> str:
    """Return a name as the kernel spells it: `from_` is `from`, which is a word of Python's own."""
    return name[:-1] if name.endswith("_") and name not in known and name[:-1] in known else name


def similar(name: str, known: Any) -> str:
    """Return a hint that names what the user may have meant."""
    import difflib
    import keyword

    close = difflib.get_close_matches(name, list(known), 2, 0.6)
    close = [f"{found}_" if keyword.iskeyword(found) else found for found in close]
    return f"did you mean {' or '.join(close)}?" if close else ""


def meet(a: Ranges, b: Ranges) -> Ranges:
    """Return what holds if both hold: for each name the numbers that are in both ranges."""
    both = {n: (max(a[n][0], b[n][0]), min(a[n][1], b[n][1])) for n in a.keys() & b.keys()}
    return {**a, **b, **both}


def ranges_of(says: Says) -> Ranges:
    """What is known of names that were not assigned."""
    return {n: known for n, known in says.items() if isinstance(known, tuple)}


def narrowed(value: Val | None, known: Range | list[Val | None] | None) -> Val | None:
    """A number that is known to lie in a range; what may be None is not None then."""
    if not isinstance(known, tuple):
        return value
    n = value.num if isinstance(value, Maybe) else value
    if not isinstance(n, Num) or known[0] > known[1]:
        return n
    narrower: Num = n.replace(lo=max(known[0], n.lo), hi=min(known[1], n.hi))
    return narrower


def differences(
    before: dict[str, Val], ways: list[tuple[dict[str, Val], Says]]
) -> dict[str, list[Val | None]]:
    """Return the names that were assigned on some of several ways, with what they are on each of them (None: nothing).

    A way is what the names are there, and what is known beside.
    """
    names = {n: None for env, says in ways for n in (*env, *says)
             if isinstance(says.get(n), list) or not _is_as_before(before.get(n), env.get(n))}  # fmt: skip
    found: dict[str, list[Val | None]] = {n: [] for n in names}
    for env, says in ways:
        for n, values in found.items():
            known = says.get(n)
            values += known if isinstance(known, list) else [narrowed(env.get(n), known)]
    return found


def _is_as_before(a: Val | None, b: Val | None) -> bool:
    """Whether a name was not assigned; what is known of it may have become more."""
    if isinstance(a, Maybe):
        a, b = a.num, b.num if isinstance(b, Maybe) else b
    return a is b or isinstance(a, Num) and isinstance(b, Num) and (
        type(a) is type(b) and a.value is b.value and a.c_type == b.c_type
    )


def is_sequence(value: Val) -> bool:
    """Whether a value is a constant text, list, dict or the like."""
    return isinstance(value, Known) and isinstance(value.object, SEQUENCES)


def c_type_of(value: Num | Known) -> str:
    """Return the `c_type` of an integer."""
    if isinstance(value, Num):
        return value.c_type
    cls = type(value.object)
    return "bool" if cls is bool else enum_type(cls) if hasattr(cls, "__members__") else ""


_enums: dict[str, Any] = {}


def enum_type(cls: Any) -> str:
    """The `c_type` of members of an enum class."""
    c_type = f"{ENUM}{cls.__name__} {id(cls)}"
    _enums[c_type] = cls
    return c_type


def as_member(n: Num, cls: Any = None) -> Num:
    """A number as a member of an enum class, or of the one that its `c_type` says."""
    cls = cls or _enums.get(n.c_type)
    return n if cls is None else EnumNum(n.value, n.lo, n.hi, enum_type(cls), n.may_borrow, cls)


class Known(Record):
    """A Python object known at compile time: a constant, a module, a map declaration, a function, a type."""

    object: Any


class Comm(Record):
    """The current task's name, not yet written anywhere."""

    size_bytes: int = 16


class UserStr(Record):
    """A string in user or kernel memory, not yet read. `size_bytes` is 0 when the destination decides.

    `count` is the size at run time, where `size_bytes` is the greatest.
    """

    address: Num
    size_bytes: int
    what: str
    is_kernel: bool = False
    count: Num | None = None


class Unread(Record):
    """Bytes, a list or a struct at an address of the process or the kernel, read where they are assigned to.

    `count` is how many bytes are read, if not all; `helper` reads them.
    """

    address: Num
    type: Any
    what: str
    helper: int
    is_kernel: bool
    count: Num | None = None


class Memory(Record):
    """A string that lies in memory: `size_bytes` at `base` + `off`, padded with zeros after its end.

    A field of a struct may be assigned later: a string that is taken from there and kept is copied first. Part of
    another string need not end in its memory with a zero (`has_end`). `is_char`: it is exactly one byte.
    """

    base: Value
    off: int
    size_bytes: int
    is_field: bool = False
    has_end: bool = True
    is_char: bool = False


def is_string(value: object) -> bool:
    """Whether a value is a string, constants included."""
    if isinstance(value, Known):
        return isinstance(value.object, str)
    return isinstance(value, Comm | UserStr | Memory | Text)


def is_bytes(value: object) -> bool:
    """Whether a value is bytes, constants included."""
    return isinstance(value, BytesPlace) or isinstance(value, Known) and isinstance(value.object, bytes)


def is_lazy(value: object) -> TypeGuard[UserStr | Text]:
    """Whether a value is a string whose making takes more than one way, and whose size is known."""
    return isinstance(value, Text) or isinstance(value, UserStr) and value.size_bytes > 0


def size_of_string(value: Comm | UserStr | Memory | Text) -> int:
    """The size of memory that holds a string and its zero. Raises: Refusal where it is not known."""
    if isinstance(value, Text):
        from .formatting import most_bytes

        return most_bytes(value)
    if isinstance(value, UserStr) and not value.size_bytes:
        where = "kernel" if value.is_kernel else "user"
        raise Refusal("the size of this string is not known", f"give it in bytes: ebee.{where}_str(address, 256)")
    return value.size_bytes + (isinstance(value, Memory) and not value.has_end)


class Piece(Record):
    """A value in a `Text`: `conversion` is "", "r", "s" or "a", `spec` a format specification, as in an f-string.

    `names` are the texts of numbers that are members of an enum.
    """

    value: Val
    conversion: str = ""
    spec: str = ""
    names: dict[int, str] = field(default_factory=dict)


class Text(Record):
    """A text that is put together from constants and from values at run time, not yet written anywhere."""

    parts: list[str | Piece]


class StructValue(Record):
    """A struct that was just made on the stack, and has no name yet."""

    pointer: Value
    type: StructType


class Entry(Record):
    """An entry of a map that was looked up, or null: its fields are read and written in place.

    `is_stale`: an expression that may not be evaluated has written to the map since.
    """

    pointer: Value
    type: Any  # a struct's or a list's
    decl: MapDecl
    what: str
    is_stale: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether others may change it at the same time."""
        return True

    def stale(self) -> Unusable:
        """What a name of the entry is after the map was written to."""
        return Unusable(f"may be gone: {self.decl.name} was written to after {self.what}", "look it up again")


class Slice(Entry):
    """Bytes of a dynptr that are used in place, or null; `decl` stands for what has them.

    `is_constant`: they are only read. `written` is called when they are written to.
    """

    is_constant: bool = False
    written: Callable[[], None] | None = None

    @property
    def is_shared(self) -> bool:
        return False

    def stale(self) -> Unusable:
        return Unusable(f"may be gone: {self.decl.name} was changed after {self.what}", "take it again")


class Place(Record):
    """Memory of a declared type inside a record, an entry or a value of the program's own, used in place.

    It lies `off` bytes behind `base`, which is aligned to `align` bytes. `entry` is the map's entry that it belongs to;
    `is_copy`: nothing else has a name for it, so that a change would be lost; `is_constant`: it cannot be changed.
    """

    base: Value
    off: int
    type: Any
    align: int = 8
    entry: Entry | None = None
    is_copy: bool = False
    is_constant: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether others may change it at the same time: it lies in a map, or is a global variable."""
        return self.entry is not None and self.entry.is_shared

    def named(self) -> Place:
        """The place as a name has it, of a copy, too: what is written there is not lost."""
        return type(self)(self.base, self.off, self.type, self.align, self.entry, False, self.is_constant)

    def inside(self, off: int, type: Any) -> Place:
        """The place of a part."""
        return Place(self.base, self.off + off, type, self.align, self.entry, self.is_copy, self.is_constant)


class TimerPlace(Place):
    """A timer in an entry of a map."""


class StructPlace(Place):
    """A struct inside something else."""


class ListPlace(Place):
    """A list of fixed length."""


class BytesPlace(Place):
    """Raw bytes; `is_own`: nothing can change them."""

    is_own: bool = False


def root(base: Value) -> Value:
    """Return the address that an address of a part was computed from."""
    while isinstance(base, Op) and base.opcode == "add":
        base = base.args[0]
    return base


def may_overlap(a: Value | None, b: Value) -> bool:
    """Whether two addresses may lead into the same memory: two entries of maps may be one."""
    return a is not None and (root(a) is root(b) or a.type == b.type and a.type not in (PTR_STACK, PTR_RECORD))


def entry_of(value: Val) -> Entry | None:
    """Return the entry of a map that a value is, or is a part of."""
    if isinstance(value, Place):
        return value.entry
    return value if isinstance(value, Entry) else None


class Maybe(Record):
    """A number that was read from a map, or None: both `is_there` and `num` are 0 where it is None."""

    is_there: Value
    num: Num
    what: str


class InnerMap(Record):
    """A map that was looked up in the map `outer`, or null; `decl` says what it is like."""

    pointer: Value
    decl: MapDecl
    outer: MapDecl
    what: str


def may_be_same(a: MapDecl, b: MapDecl) -> bool:
    """Whether a write to one map may be one to the other: maps inside others may be any of their kind."""
    if a is b:
        return True
    is_inner = hasattr(a, "outer") and hasattr(b, "map_type") or hasattr(b, "outer") and hasattr(a, "map_type")
    return is_inner and a.map_type == b.map_type and a.key == b.key and a.value == b.value


class Peek(Record):
    """A part of `m[k]` that was not copied yet: `off` bytes behind the entry's address, which may be null.

    Only the expression that takes a part of it sees it: whole, it is copied at once.
    """

    pointer: Value
    off: int
    type: Any


class Entries(Record):
    """What a loop over a map goes over: "items", "keys" or "values"."""

    decl: KeyedDecl[Any, Any]
    what: str


class Lazy(Record):
    """`enumerate(items, start)`, `zip(…)` or `reversed(items)`: what is gone over once."""

    name: str
    over: list[Val]
    start: int = 0


class RecordRef(Record):
    """A reserved record: the target of field assignments.

    `touched` holds the fields that some way through the probe has assigned so far. The others are still zero: a
    probe has no way back, so what is lowered later runs later.
    """

    pointer: Value
    type: StructType
    decl: MapDecl | None = None
    touched: set[str] = field(default_factory=set)


class EnumNum(Num):
    """A number of which Python makes a member of the class `cls`, an IntEnum or IntFlag, if there is one."""

    cls: Any = None


def is_flag(cls: Any) -> bool:
    """Whether members of an enum class are sets of bits: a Flag or IntFlag."""
    return any(base.__name__ == "Flag" and base.__module__ == "enum" for base in cls.__mro__)


class Member(Record):
    """A member of an enum class whose members are no integers; `num` is its value."""

    num: Num
    cls: Any


class Context(Record):
    """The probe's argument; what it holds is the business of its type."""

    pointer: Value
    type: ContextType


class Arguments(Record):
    """All arguments of the hook, by position: ctx.args."""

    pointer: Value
    type: BtfContext | UserContext | SyscallsContext


class Sequence(Record):
    """What an iterator writes to: ctx.seq, a pointer to struct seq_file."""

    pointer: Value


class StackFrames(Record):
    """The addresses of a stack, not yet written anywhere; `flags` are those of bpf_get_stack."""

    flags: int


class Guard(Record):
    """What a `with` statement holds, in words, and how that is written; `enter` takes it, or goes to a block where
    there is nothing to hold."""

    what: str
    usage: str
    enter: Callable[[Block], Val]


class Dynptr(Record):
    """Memory of a size that is known at run time only, `size` if the program has said it; `state` is the kernel's.

    `owner` is what its slices belong to; `is_record`, `is_packet`: the memory is that of a record or a packet.
    """

    state: Value
    what: str
    owner: Any
    size: Num | None = None
    is_packet: bool = False
    is_record: bool = False


class KernelIter(Record):
    """An iterator of the kernel's, over things of a kind: made by `bpf_iter_NAME_new` from `args`.

    `size_bytes` is that of its state, `gives` the C type of what its `next` returns, `range` that of its numbers, if
    it is less than their type's.
    """

    name: str
    args: list[Value]
    size_bytes: int
    gives: str
    what: str
    range: tuple[int, int] | None = None


class Many(Record):
    """A tuple or list (`cls`) of values, not all known. Nothing changes it."""

    values: list[Val]
    cls: Any = tuple


class HeaderRef(Record):
    """A header of the packet, which may be there or not: true where it is, whole."""

    packet: Packet
    name: str


class Payload(Record):
    """The bytes behind the packet's transport header."""

    packet: Packet


class OptionValue(Record):
    """The bytes of a socket option: from one address up to another, or to 4096 of them."""

    start: Value
    end: Value


class KernelRef(Record):
    """A struct or array inside the kernel's struct at `pointer`: the way to it, and its type; nothing is read yet."""

    pointer: Value
    struct_name: str
    path: str
    type: BtfType | None


class Sock(Record):
    """A socket that the verifier knows, or null: a "sock_common", "bpf_sock" or "bpf_tcp_sock".

    `held` is the pointer that must be given back, if it was found through one.
    """

    pointer: Value
    struct: str
    what: str
    held: Value | None = None


class FieldRow(Record):
    """A field of a context that is several numbers."""

    type: NetContext
    pointer: Value
    name: str


class Unusable(Record):
    """A name that must not be read here; `why` completes the sentence "x …". `wanted` gets the name if it is read."""

    why: str
    hint: str = ""
    wanted: set[str] | None = None


if TYPE_CHECKING:
    Range = tuple[int, int]
    Ranges = dict[str, Range]
    # What a condition says of local names: a range, or what the name is on each of the ways that lead there.
    Says = Mapping[str, Range | list["Val | None"]]
    Val = (
        Num | Known | Many | Comm | UserStr | Memory | Text | StructValue | Entry | RecordRef | Context | HeaderRef
        | KernelRef | Payload | OptionValue | FieldRow | Sock | Arguments | Sequence | Place | Peek | Maybe | InnerMap
        | Member | Entries | Lazy | StackFrames | Guard | Dynptr | KernelIter | Unread | Unusable
    )  # fmt: skip
