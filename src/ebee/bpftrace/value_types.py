"""What the values of a bpftrace script are: their sizes, how they lie in memory, and their form in an object's notes.

A description is never changed once it is made, and so may be shared. Multi-byte numbers have the target's byte order.
`ValueType.note()` gives a dict of plain data for `ObjectSpec.notes`; `from_note()` is its inverse.
"""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STACK_MODES = ("bpftrace", "perf", "raw", "build_id")


class ValueType(Record):
    """A kind of value. `size_bytes` is a field of each kind or follows from its fields."""

    if TYPE_CHECKING:

        @property
        def size_bytes(self) -> int:
            """How many bytes a value takes."""
            ...

    @property
    def align_bytes(self) -> int:
        """The alignment in bytes: that of the widest number inside, 1 to 8."""
        return 1

    def note(self) -> dict[str, Any]:
        """Return plain data that `from_note` turns back into an equal description."""
        plain: dict[str, Any] = _plain(self)
        return plain


class Int(ValueType):
    """An integer of 1, 2, 4 or 8 bytes."""

    size_bytes: int
    signed: bool = False

    @property
    def align_bytes(self) -> int:
        return self.size_bytes


class Bool(ValueType):
    """true or false, one byte."""

    @property
    def size_bytes(self) -> int:
        return 1


class Str(ValueType):
    """A text in `size_bytes` bytes, up to its first zero byte."""

    size_bytes: int


class Buf(ValueType):
    """What buf() gives: a u32 length, then room for `capacity` bytes."""

    capacity: int

    @property
    def size_bytes(self) -> int:
        return 4 + self.capacity

    @property
    def align_bytes(self) -> int:
        return 4


class Member(Record):
    """A field of a tuple, record, struct or union; a bit field also has the place of its lowest bit and its width.

    `off_bytes` is from the start of the value that has the field; `bit_off` is inside the number of
    `type.size_bytes` bytes there, and `bit_size` is 0 for what is no bit field.
    """

    name: str
    off_bytes: int
    type: ValueType
    bit_off: int = 0
    bit_size: int = 0


class _Members(ValueType):
    """What has fields."""

    members: tuple[Member, ...]
    size_bytes: int

    @property
    def align_bytes(self) -> int:
        return max((m.type.align_bytes for m in self.members), default=1)

    def member(self, name: str) -> Member | None:
        """Return the field of that name; a tuple's are named "0", "1", …"""
        return next((m for m in self.members if m.name == name), None)


class Tuple(_Members):
    """(a, b, …): fields named "0", "1", … at their natural alignment."""


class RecordType(_Members):
    """(x=1, y=2): fields that have names, at their natural alignment."""


class Struct(_Members):
    """A struct or union of C: `name` is its tag with `struct ` or `union ` before it."""

    name: str


class Array(ValueType):
    """`count` values of one kind, one after another."""

    element: ValueType
    count: int

    @property
    def size_bytes(self) -> int:
        return self.element.size_bytes * self.count

    @property
    def align_bytes(self) -> int:
        return self.element.align_bytes


class _Word(ValueType):
    """Kinds that are one u64."""

    @property
    def size_bytes(self) -> int:
        return 8

    @property
    def align_bytes(self) -> int:
        return 8


class Pointer(_Word):
    """An address; `to` is None for void *. `space` is "kernel", "user" or "" when it is not known."""

    to: ValueType | None = None
    space: str = ""


class Enum(ValueType):
    """A number whose values have names: `names` is a tuple of (value, name)."""

    name: str
    size_bytes: int
    signed: bool
    names: tuple[tuple[int, str], ...]

    @property
    def align_bytes(self) -> int:
        return self.size_bytes


class Ksym(_Word):
    """An address in the kernel, shown as the symbol that holds it."""


class SignalName(_Word):
    """A signal's number, shown as its description."""


class Strerror(_Word):
    """An errno, shown as its description."""


class Username(_Word):
    """A user's id, shown as the name."""


class Usym(ValueType):
    """An address in a process, shown as the symbol that holds it: u64 address, u32 tgid, u32 number of the probe."""

    @property
    def size_bytes(self) -> int:
        return 16

    @property
    def align_bytes(self) -> int:
        return 8


class Stack(ValueType):
    """What kstack and ustack give: s64 id in the map of stacks or a negative errno, u32 tgid, u32 number of the probe.

    `mode` is one of STACK_MODES; `limit` is the greatest number of frames; `user` tells ustack from kstack.
    """

    user: bool
    mode: str = "bpftrace"
    limit: int = 127

    @property
    def size_bytes(self) -> int:
        return 16

    @property
    def align_bytes(self) -> int:
        return 8


class Inet(ValueType):
    """An address of IPv4 or IPv6: u32 address family, then 16 bytes in network order, of which IPv4 uses 4."""

    @property
    def size_bytes(self) -> int:
        return 20

    @property
    def align_bytes(self) -> int:
        return 4


class Mac(ValueType):
    """An Ethernet address, 6 bytes."""

    @property
    def size_bytes(self) -> int:
        return 6


class Timestamp(_Word):
    """What strftime() gives: ns of the clock `mode`, and the format that shows it.

    `mode` is "boot", "monotonic", "tai" or "sw_tai".
    """

    format: str
    mode: str = "boot"


class TimestampMode(ValueType):
    """The name of a clock, such as `boot` in nsecs(boot): known when a script is compiled, and so of no size."""

    mode: str

    @property
    def size_bytes(self) -> int:
        return 0


class CgroupPath(_Word):
    """A control group's id, shown as its paths; `pattern` chooses the hierarchies, as in file names."""

    pattern: str = "*"


class Count(_Word):
    """The value of a map of count(): each processor's u64, shown as their sum."""


class _SignedWord(_Word):
    signed: bool = False


class Sum(_SignedWord):
    """The value of a map of sum(): each processor's u64 or s64, shown as their sum."""


class _Extreme(_SignedWord):
    """Two u64 of each processor: the extreme, and 1 when it is set."""

    @property
    def size_bytes(self) -> int:
        return 16


class Min(_Extreme):
    """The value of a map of min()."""


class Max(_Extreme):
    """The value of a map of max()."""


class _Average(_SignedWord):
    """Two u64 of each processor: the total and the count."""

    @property
    def size_bytes(self) -> int:
        return 16


class Avg(_Average):
    """The value of a map of avg(), shown as total / count, cut towards zero."""


class Stats(_Average):
    """The value of a map of stats(), shown as count, average and total."""


class Hist(_Word):
    """The value of a map of hist(x, bits): each processor's u64 by bucket, 2**bits buckets for each power of two.

    Buckets: 0 counts what is negative as an s64, 1 counts zero; a number n > 0 below 2**bits has bucket n + 1; others
    go by their highest `bits` + 1 bits, from 2**bits + 1 on.
    """

    bits: int = 0

    @property
    def buckets(self) -> int:
        """How many buckets there are."""
        return 1 + ((65 - self.bits) << self.bits)

    @property
    def size_bytes(self) -> int:
        return 8 * self.buckets


class Lhist(_Word):
    """The value of a map of lhist(x, min, max, step): each processor's u64 by bucket.

    Bucket 0 counts what is below `min`; then comes one for each whole `step` below `max`; the last one is for the rest.
    """

    min: int
    max: int
    step: int

    @property
    def buckets(self) -> int:
        """How many buckets there are."""
        return (self.max - self.min) // self.step + 2

    @property
    def size_bytes(self) -> int:
        return 8 * self.buckets


class Tseries(_Word):
    """The value of a map of tseries(x, interval, buckets, how): each processor's ring of `count` buckets.

    A bucket is four u64: the value, what it is made from (avg and stats: how many), whether it is set, and the number
    of its interval since boot. `how` is "", "avg", "max", "min" or "sum".
    """

    interval_ns: int
    count: int
    how: str = ""
    signed: bool = False

    @property
    def size_bytes(self) -> int:
        return 32 * self.count


KINDS: dict[str, type[Record]] = {
    kind.__name__: kind
    for kind in (
        Int, Bool, Str, Buf, Member, Tuple, RecordType, Struct, Array, Pointer, Enum, Ksym, SignalName, Strerror,
        Username, Usym, Stack, Inet, Mac, Timestamp, TimestampMode, CgroupPath, Count, Sum, Min, Max, Avg, Stats,
        Hist, Lhist, Tseries,
    )
}


def laid_out(named: list[tuple[str, ValueType]]) -> tuple[tuple[Member, ...], int]:
    """Return the fields, each at its natural alignment, and the size in bytes, padded to the widest alignment."""
    members, end, widest = [], 0, 1
    for name, kind in named:
        align = kind.align_bytes
        off = -(-end // align) * align
        members.append(Member(name, off, kind))
        end, widest = off + kind.size_bytes, max(widest, align)
    return tuple(members), -(-end // widest) * widest


def tuple_of(elements: list[ValueType]) -> Tuple:
    """Return the tuple of these elements."""
    return Tuple(*laid_out([(str(i), kind) for i, kind in enumerate(elements)]))


def record_of(named: list[tuple[str, ValueType]]) -> RecordType:
    """Return the record of these fields."""
    return RecordType(*laid_out(named))


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        fields = value._fields  # type: ignore[attr-defined]
        return {"kind": type(value).__name__} | {name: _plain(getattr(value, name)) for name in fields}
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def from_note(note: Any) -> Any:
    """Return the description that `ValueType.note` wrote, after JSON or before.

    Raises: KeyError or TypeError for what it never writes.
    """
    if isinstance(note, dict):
        fields = {name: from_note(value) for name, value in note.items() if name != "kind"}
        return KINDS[note["kind"]](**fields)
    return tuple(from_note(v) for v in note) if isinstance(note, (list, tuple)) else note
