"""Lists of fixed length and raw bytes in memory: elements, slices, comparisons, loops; and how any field is read."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Num, Refusal, constant
from ..lower.program import chunks
from ..types.scalars import NumType, StrType, u8
from .atomics import change, check_atomic_place, check_changeable, operand_of
from .kinds import Elements, Kind
from .order import steady
from .values import (
    BytesPlace,
    KernelRef,
    Known,
    ListPlace,
    Many,
    Memory,
    Place,
    StackFrames,
    StructPlace,
    TimerPlace,
    Unusable,
    entry_of,
    may_overlap,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Block, Value
    from ..types.scalars import Type
    from .expressions import Expressions
    from .values import Ranges, Val

_MOST_COMPARED = 512  # bytes
_MOST_OFF_BYTES = 1 << 14  # of an element, that a load or store has as its offset: with the element's own, below 32 KiB


def read(front: Expressions, p: Place) -> Val:
    """What memory of a type is in an expression: a number is read now."""
    base, off, type, align = p.base, p.off, p.type, p.align
    if isinstance(type, NumType):
        from .enums import meant

        return meant(type, front.low.load_num(base, off, type, align))
    if isinstance(type, StrType):
        if align == 8:
            return Memory(base, off, type.size, True)
        copy = front.b.alloca(-(-type.size // 8) * 8)
        front.low.copy(copy, 0, base, off, type.size, align)
        return Memory(copy, 0, type.size)
    if type.is_special and not hasattr(type, "fields"):
        from .special import read as read_special

        return read_special(front, p)
    for attribute, place in (("fields", StructPlace), ("element", ListPlace)):
        if hasattr(type, attribute):
            return place(base, off, type, align, p.entry, p.is_copy, p.is_constant)
    if hasattr(type, "is_timer"):
        return TimerPlace(base, off, type, align, p.entry)
    return BytesPlace(base, off, type, align, p.entry)


def check_copied(type: Type) -> None:
    """Refuse to read a whole that has something of the kernel's in it."""
    for field in getattr(type, "fields", {}).values():
        if hasattr(field.type, "is_timer"):
            hint = "take the fields: v = m.lookup(k), v.field"
            raise Refusal(f"a copy of {type.name} would have its {field.type.name} twice", hint)
    if type.is_special:
        what = f"a {type.name} holds a lock or a pointer of the kernel's, and cannot be copied or compared"
        raise Refusal(what, "v = m.lookup(k), then v.field")


def write(front: Expressions, p: Place, new: Val, what: str) -> None:
    """Write a value to a place. Raises: Refusal."""
    check_changeable(p, what)
    if p.is_copy:
        raise Refusal(f"{what} is in a copy, and what is written there is lost", "v = m.lookup(k), then v.field")
    check_fresh(p)
    if p.type.is_special and not hasattr(p.type, "fields"):
        from .special import write as write_special

        write_special(front, p, new, what)
        return
    front.store(p.base, p.off, p.type, new, what, align=p.align)
    front.note_write(p)
    if hasattr(p.type, "fields") or hasattr(p.type, "element"):
        front.replace(p)


def index(front: Expressions, value: Val, count: int, what: str) -> int | Num:
    """An index from 0 to `count` - 1; a negative one counts from the end, as in Python.

    One outside ends the program, counted. Raises: Refusal for one that is always outside, or is no integer.
    """
    if isinstance(value, Known):
        if not isinstance(value.object, int):
            raise Refusal(f"an index is an integer, not {front.describe(value)}")
        if not -count <= value.object < count:
            raise Refusal(f"{what} has {count} elements: there is no [{int(value.object)}]")
        return int(value.object) % count
    n, b = front.as_num(value), front.b
    if n.hi < -count or n.lo >= count:
        raise Refusal(f"{what} has {count} elements, and this index is {n.describe()}")
    at = n.value
    if n.lo < 0:
        at = b.op("add", at, b.op("and", b.op("ashr", at, b.const(63)), b.const(count)))
    front.low.abort_if("uge", at, b.const(count), "bad_index", f"an index outside {what}, which has {count} elements")
    return Num(at, 0, count - 1)


def element_at(front: Expressions, place: Place, type: Type, at: int | Num) -> Place:
    """The place of an element. `at` lies inside."""
    if isinstance(at, int) and place.off + at * type.size < _MOST_OFF_BYTES:
        return place.inside(at * type.size, type)
    if isinstance(at, int):
        at = constant(front.low, at)
    step = front.b.op("mul", at.value, front.b.const(type.size)) if type.size > 1 else at.value
    align = min(place.align, type.size & -type.size)
    base = front.b.op("add", place.base, step)
    return Place(base, place.off, type, align, place.entry, place.is_copy, place.is_constant)


class ArrayKind(Kind):
    """What lists and bytes share."""

    is_iterable = True

    def element_type(self, value: Place) -> Type:
        """Return the type of the elements."""
        return getattr(value.type, "element", None) or u8  # type: ignore[return-value]

    def element(self, front: Expressions, value: Place, node: ast.Subscript) -> Place:
        """The place of `value[index]`. Raises: Refusal."""
        if isinstance(node.slice, ast.Slice):
            raise Refusal(f"{front.describe(value)} has no slices in a probe", "take the elements one by one")
        what, count = front.source.text_of(node.value), self.count(value)
        at = index(front, front.expr(node.slice), count, what)
        check_fresh(value)
        return element_at(front, value, self.element_type(value), at)

    def count(self, value: Place) -> int:
        """Return the number of elements."""
        return int(value.type.size // self.element_type(value).size)

    def item(self, front: Expressions, value: Place, node: ast.Subscript) -> Val:
        return read(front, self.element(front, value, node))

    def place_item(self, front: Expressions, value: Place, node: ast.Subscript) -> Place:
        return self.element(front, value, node)

    def length(self, front: Expressions, value: Place) -> Val:
        return Known(self.count(value))

    def elements(self, front: Expressions, value: Place) -> Elements | None:
        def at(n: Num) -> Val:
            check_fresh(value)
            return read(front, element_at(front, value, self.element_type(value), n.lo if n.lo == n.hi else n))

        return Elements(self.count(value), at)

    def truth(self, front: Expressions, value: Place, node: ast.expr, then: Block, els: Block) -> tuple[Ranges, Ranges]:
        front.b.jump(then)  # it has elements
        return {}, {}


class ListKind(ArrayKind):
    """A list of fixed length."""

    def describe(self, front: Expressions, value: ListPlace) -> str:
        return f"a {value.type.name}"

    def item(self, front: Expressions, value: Place, node: ast.Subscript) -> Val:
        if not isinstance(node.slice, ast.Slice):
            return super().item(front, value, node)
        from .sequences import MOST_UNROLLED, sliced, tuple_of

        check_fresh(value)
        found = range(value.type.count)[sliced(front, node.slice)]
        if len(found) > MOST_UNROLLED:
            raise Refusal(f"a slice of {len(found)} elements is too long", "go over it in a `for` statement")
        return tuple_of([read(front, element_at(front, value, value.type.element, at)) for at in found], list)

    def set_item(self, front: Expressions, value: ListPlace, node: ast.Subscript, new: Val) -> None:
        p = self.element(front, value, node)
        what = f"{front.source.text_of(node)} ({p.type.name})"
        write(front, p, new, what)

    def augment_item(
        self, front: Expressions, value: ListPlace, node: ast.Subscript, op: str, operand: ast.expr
    ) -> None:
        """a[i] op= n: atomically in an entry of a map, which other CPUs may change. The index is evaluated once."""
        p = self.element(front, value, node)
        what = f"{front.source.text_of(node)} ({p.type.name})"
        if p.is_shared:
            augment_entry(front, p, op, operand, what)
            return
        old = steady(front, read(front, p), operand)
        write(front, p, front.binary(op, old, front.expr(operand)), what)

    def compare(self, front: Expressions, op: str, a: Val, b: Val, then: Block, els: Block) -> bool:
        if op not in ("==", "!=") or not (isinstance(a, ListPlace) and isinstance(b, ListPlace) and a.type == b.type):
            raise Refusal(f"{front.describe(a)} is compared with {front.describe(b)}", "compare the elements")
        if op == "!=":
            then, els = els, then
        same(front, a, b, then, els)
        return True

    def kept(self, front: Expressions, name: str, value: ListPlace) -> Val:
        return value.named()

    def contains(self, front: Expressions, value: ListPlace, item: Val, then: Block, els: Block) -> None:
        if not isinstance(value.type.element, NumType) or value.type.count > 64:
            super().contains(front, value, item, then, els)
        for at in range(value.type.count):
            p, following = element_at(front, value, value.type.element, at), front.b.new_block()
            front.compare_values("==", read(front, p), item, then, following)
            if not front.b.is_reachable(following):
                return
            front.b.start(following)
        front.b.jump(els)


class BytesKind(ArrayKind):
    """Raw bytes: a value, as Python's bytes are."""

    def describe(self, front: Expressions, value: BytesPlace) -> str:
        return f"{value.type.size} bytes"

    def item(self, front: Expressions, value: Place, node: ast.Subscript) -> Val:
        if not isinstance(node.slice, ast.Slice):
            return super().item(front, value, node)
        check_fresh(value)
        bounds = [None if n is None else front.expr(n) for n in (node.slice.lower, node.slice.upper, node.slice.step)]
        if not all(b is None or isinstance(b, Known) and isinstance(b.object, int | None) for b in bounds):
            raise Refusal("the bounds of a slice must be constants in a probe")
        numbers = [b.object if isinstance(b, Known) else None for b in bounds]
        start, stop, step = slice(*numbers).indices(value.type.size)
        if step != 1:
            raise Refusal("a slice of bytes has the step 1 in a probe")
        if stop <= start:
            return Known(b"")
        from ..types.fields import BytesType

        assert isinstance(value, BytesPlace)
        return BytesPlace(
            value.base, value.off + start, BytesType(stop - start), value.align, value.entry, is_own=value.is_own
        )

    def set_item(self, front: Expressions, value: BytesPlace, node: ast.Subscript, new: Val) -> None:
        raise Refusal("bytes cannot be changed one by one", "declare the field as List(u8, size), or assign all of it")

    def augment_item(
        self, front: Expressions, value: BytesPlace, node: ast.Subscript, op: str, operand: ast.expr
    ) -> None:
        self.set_item(front, value, node, Known(None))

    def method(self, front: Expressions, value: BytesPlace, name: str, node: ast.Call) -> Val:
        if name not in ("startswith", "endswith"):
            raise Refusal(f"the method {name}() of bytes is not supported in a probe")
        (part,) = (front.expr(a) for a in front.arguments(node, name, 1, 1))
        if not (isinstance(part, Known) and isinstance(part.object, bytes)):
            raise Refusal(f"{name}() takes constant bytes in a probe")
        size = len(part.object)
        if size > value.type.size:
            return Known(False)
        off = value.off + (value.type.size - size if name == "endswith" else 0)
        return front.decided(lambda then, els: same_bytes(front, value, off, part.object, then, els))

    def has_effect(self, front: Expressions, value: BytesPlace, name: str, node: ast.expr) -> bool:
        return False

    def compare(self, front: Expressions, op: str, a: Val, b: Val, then: Block, els: Block) -> bool:
        if op not in ("==", "!="):
            raise Refusal("bytes can be compared with == and != only in a probe")
        if op == "!=":
            then, els = els, then
        if isinstance(a, Known):
            a, b = b, a
        assert isinstance(a, BytesPlace)
        if isinstance(b, Known) and isinstance(b.object, bytes):
            if len(b.object) == a.type.size:
                same_bytes(front, a, a.off, b.object, then, els)
            else:
                front.b.jump(els)
        elif isinstance(b, BytesPlace):
            if a.type.size == b.type.size:
                same(front, a, b, then, els)
            else:
                front.b.jump(els)
        else:
            raise Refusal(f"{front.describe(a)} are compared with {front.describe(b)}")
        return True

    def kept(self, front: Expressions, name: str, value: BytesPlace) -> Val:
        if value.is_own:
            return value
        check_fresh(value)
        memory = front.b.alloca(-(-value.type.size // 8) * 8)
        front.low.copy(memory, 0, value.base, value.off, value.type.size, value.align)
        return BytesPlace(memory, 0, value.type, is_own=True)


def as_integer(front: Expressions, value: BytesPlace, is_big: bool, is_signed: bool) -> Num:
    """The integer that bytes are. Raises: Refusal for more than 8 bytes."""
    size, b = value.type.size, front.b
    if size > 8:
        raise Refusal(f"an integer of {size} bytes does not fit in 64 bits", "take a slice of at most 8: x[0:8]")
    check_fresh(value)
    bits: Value = b.const(0)
    for at, width in chunks(value.off, value.off + size, value.align):
        part: Value = b.load(value.base, at, width)
        bits = b.op("or", bits, b.op("shl", part, b.const(8 * (at - value.off)))) if at > value.off else part
    if is_big:
        bits = b.op("bswap", bits, size=8)
        bits = b.op("lshr", bits, b.const(64 - 8 * size)) if size < 8 else bits
    if not is_signed:
        return Num(bits, 0, (1 << 8 * size) - 1)
    if size < 8:
        bits = b.op("ashr", b.op("shl", bits, b.const(64 - 8 * size)), b.const(64 - 8 * size))
    return Num(bits, -(1 << 8 * size - 1), (1 << 8 * size - 1) - 1)


def as_bytes(front: Expressions, n: Num, size: int, is_big: bool, is_signed: bool) -> BytesPlace:
    """n.to_bytes(…). Raises: Refusal for numbers that need not fit."""
    from ..lower.numbers import check_number
    from ..types.fields import BytesType

    check_number(n)
    if not 1 <= size <= 8:
        raise Refusal(f"to_bytes() makes 1 to 8 bytes in a probe, not {size}")
    lo, hi = (-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1) if is_signed else (0, (1 << 8 * size) - 1)
    if not lo <= n.lo <= n.hi <= hi:
        kind = "signed" if is_signed else "unsigned"
        raise Refusal(f"{n.describe()} need not fit in {size} {kind} bytes", "cut it: u32(x).to_bytes(4, …)")
    b, bits = front.b, n.value
    if is_big:
        bits = b.op("bswap", b.op("shl", bits, b.const(64 - 8 * size)) if size < 8 else bits, size=8)
    memory = b.alloca(8)
    b.store(memory, 0, 8, bits)
    return BytesPlace(memory, 0, BytesType(size), is_own=True)


def byte_order(values: list[Val], named: dict[str, Val], what: str) -> tuple[bool, bool]:
    """What `byteorder` and `signed` say: whether it is "big", and signed. Raises: Refusal."""
    options = {"byteorder": Known("big"), "signed": Known(False), **named}
    if values:
        options["byteorder"] = values[0]
    order, signed = (v.object if isinstance(v, Known) else None for v in (options["byteorder"], options["signed"]))
    if len(values) > 1 or len(options) > 2 or order not in ("big", "little") or not isinstance(signed, bool):
        raise Refusal(f'{what} takes "big" or "little", and signed=True or False')
    return order == "big", signed


def size_of_bytes(value: Any) -> int:
    """How many bytes there are."""
    size: int = len(value.object) if isinstance(value, Known) else value.type.size
    return size


def merged_bytes(front: Expressions, values: list[Any]) -> Val:
    """Bytes that are each of `values` on the ways to this block: a copy, made at the end of each way."""
    from ..types.fields import BytesType

    b, ways, size = front.b, front.b.ways(), size_of_bytes(values[0])
    if any(size_of_bytes(value) != size for value in values):
        sizes = " or ".join(str(n) for n in sorted({size_of_bytes(value) for value in values}))
        return Unusable(f"is {sizes} bytes on the ways that lead here", "give them one length")
    memory = b.alloca(-(-size // 8) * 8)
    assert len(ways) == len(values)
    for way, value in zip(ways, values):
        with b.before_leaving(way):
            store_array(front, memory, 0, BytesType(size), value, "bytes", 8)
    return BytesPlace(memory, 0, BytesType(size), is_own=True)


def check_fresh(value: Val) -> None:
    """Refuse a part of a map's entry that may be gone."""
    entry = entry_of(value)
    if entry is not None and entry.is_stale:
        stale = entry.stale()
        raise Refusal(f"this {stale.why}", stale.hint)


def augment_entry(front: Expressions, p: Place, op: str, operand: ast.expr, what: str) -> None:
    """Change a number in a map's entry, atomically: other CPUs may do the same. Raises: Refusal."""
    check_atomic_place(p, what)
    assert p.entry is not None
    n = operand_of(front, operand, p.entry.decl, what, f"{op}=")
    operation, n = change(front, op, n, p.type, what)
    front.low.atomic(operation, p.base, p.off, p.type.size, n.value)
    front.note_write(p)


def store_array(front: Expressions, base: Value, off: int, type: Type, value: Val, what: str, align: int) -> None:
    """Write a list or bytes. Raises: Refusal."""
    if type.is_special:
        raise Refusal(f"{what} is the kernel's, and zero in a new value", "v = m.lookup(k), then v.field")
    if isinstance(value, StackFrames):
        from .stacks import store

        store(front, base, off, type, value, what)
        return
    if isinstance(value, Place) and value.type == type:
        check_fresh(value)
        copy(front, base, off, align, value)
        return
    if isinstance(value, KernelRef):
        from .kernel_types import store_array as store_numbers

        store_numbers(front, base, off, type, value, what, align)
        return
    if hasattr(type, "element"):
        items = None
        if isinstance(value, Known) and isinstance(value.object, tuple | list):
            items = [front.known(o, "") for o in value.object]
        elif isinstance(value, Many):
            items = value.values
        if items is None or len(items) != type.count:  # type: ignore[attr-defined]
            has = front.describe(value) if items is None else f"{len(items)} values"
            raise Refusal(f"{what} takes a {type.name}, not {has}")
        for at, item in enumerate(items):
            write(front, Place(base, off + at * type.element.size, type.element, align), item, f"{what}[{at}]")
        return
    if not (isinstance(value, Known) and isinstance(value.object, bytes)) or len(value.object) != type.size:
        raise Refusal(f"{what} takes {type.size} bytes, not {front.describe(value)}")
    front.low.store_bytes(base, off, value.object, align)


def copy(front: Expressions, base: Value, off: int, align: int, source: Place) -> None:
    """Copy memory of one type to a place that may overlap with it, inside a union."""
    low, size = front.low, source.type.size
    if source.entry is not None:
        check_copied(source.type)
    align = min(align, source.align)
    is_near = 0 < abs(off - source.off) < size  # in a union; elements of lists do not overlap in part
    if is_near and (base is source.base or isinstance(source, BytesPlace) and may_overlap(source.base, base)):
        between = low.scratch("overlap", -(-size // 8) * 8)
        low.copy(between, 0, source.base, source.off, size, align)
        low.copy(base, off, between, 0, size, align)
    else:
        low.copy(base, off, source.base, source.off, size, align)


def leaves(type: Type, off: int = 0) -> set[int]:
    """Return the bytes of a type that are no padding."""
    fields = getattr(type, "fields", None)
    if fields is not None:
        return {at for f in fields.values() for at in leaves(f.type, off + f.off_bytes)}
    element = getattr(type, "element", None)
    if element is not None:
        return {at for i in range(type.count) for at in leaves(element, off + i * element.size)}  # type: ignore[attr-defined]
    return set(range(off, off + type.size))


def same(front: Expressions, a: Place, b: Place, then: Block, els: Block) -> None:
    """Jump to `then` if two places of one type hold the same, padding aside."""
    check_fresh(a)
    check_fresh(b)
    check_copied(a.type)
    if a.type.size > _MOST_COMPARED:
        raise Refusal(f"a comparison of {a.type.size} bytes is too long for a probe", "compare what matters")
    counted, step, low = leaves(a.type), min(a.align, b.align), front.b
    while (a.off - b.off) % step:
        step //= 2
    end = start = 0
    while start < a.type.size:
        if start not in counted:
            start += 1
            continue
        end = start
        while end in counted:
            end += 1
        for at, size in chunks(a.off + start, a.off + end, step):
            following = low.new_block()
            one, other = low.load(a.base, at, size), low.load(b.base, at - a.off + b.off, size)
            low.branch("eq", one, other, following, els)
            low.start(following)
        start = end
    low.jump(then)


def same_bytes(front: Expressions, place: Place, off: int, data: bytes, then: Block, els: Block) -> None:
    """Jump to `then` if memory holds these bytes."""
    check_fresh(place)
    low = front.b
    for at, size in chunks(off, off + len(data), place.align):
        following = low.new_block()
        wanted = int.from_bytes(data[at - off : at - off + size], "little")
        low.branch("eq", low.load(place.base, at, size), low.const(wanted), following, els)
        low.start(following)
    low.jump(then)
