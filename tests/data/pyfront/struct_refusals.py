"""What the compiler refuses to do with structs, lists, bytes and enums. See refusals.py."""

import enum

import ebee
from ebee import (
    Array, Bits, Bytes, Global, Hash, List, RingBuf, Str, Struct, Union, be16, be32, s16, s64, u8, u16, u32, u64,
)  # fmt: skip


class State(enum.IntEnum):
    IDLE = 0
    RUN = 2


class Mode(enum.IntFlag):
    READ = 1
    WRITE = 2


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


class Colour(enum.Enum):
    RED = 1


class Point(Struct):
    x: u32
    y: s64


class Address(Union):
    v4: be32
    v6: bytes = Bytes(16)


class Odd(Struct, packed=True):
    tag: u8
    n: u64


class Event(Struct):
    state: State
    mode: Mode
    level: Level
    ok: bool
    port: be16
    low: int = Bits(u8, 3)
    where: Point
    values: list[int] = List(u32, 4)
    ways: list[Point] = List(Point, 2)
    data: bytes = Bytes(4)
    name: str = Str(8)
    odd: Odd
    address: Address


events = RingBuf(Event)
entries = Array(Event, max_entries=4)
lists = Hash(u32, List(u32, 4))
ports = Hash(be16, be32)
NAMES = ("a", "b")


@ebee.tracepoint("syscalls:sys_enter_mmap")
def fields(ctx):
    with events.reserve() as e:
        e.ok = 2  # error: 2 does not fit in Event.ok (bool)
        e.ok = ctx.len  # error: u64 is assigned to Event.ok (bool) | say what is meant: bool(x)
        e.low = 8  # error: 8 does not fit in Event.low (Bits(u8, 3))
        e.low = s64(ctx.fd)  # error: s64 is assigned to Event.low (Bits(u8, 3)): signed and unsigned are mixed | cast it to the field's type
        e.port = -1  # error: -1 does not fit in Event.port (be16)
        e.where.z = 1  # error: Point has no field 'z'
        e.where = 3  # error: Event.where (Point) takes a Point, not 3
        e.where = e.odd  # error: Event.where (Point) takes a Point, not a Odd record
        e.where.x.y = 1  # error: u32 has no fields that can be assigned
        e.state.value = 1  # error: u32 has no fields that can be assigned
        a = e.state.name  # error: the name of a member has no text that a probe could keep | print() shows it; compare the member itself
        e.address.v5 = 1  # error: Address has no field 'v5'
        e.address = Address(v4=-1)  # error: -1 does not fit in Address.v4 (be32)
        e.odd = Odd(1)  # error: Odd() takes its fields by name | Odd(tag=…)
        if e.where < e.where:  # error: structs can be compared with == and != only
            pass
        if e.where == e.odd:  # error: a Point record is compared with a Odd record | compare the fields
            pass


@ebee.tracepoint("syscalls:sys_enter_mmap")
def arrays(ctx):
    with events.reserve() as e:
        e.values[4] = 1  # error: e.values has 4 elements: there is no [4]
        e.values[-5] = 1  # error: e.values has 4 elements: there is no [-5]
        e.values["a"] = 1  # error: an index is an integer, not 'a'
        e.values[u8(ctx.len) + 4] = 1  # error: e.values has 4 elements, and this index is a number from 4 to 259
        e.values[0] = -1  # error: -1 does not fit in e.values[0] (u32)
        e.values[1:2] = 1  # error: a List(u32, 4) has no slices in a probe | take the elements one by one
        e.values[1:2] = (1,)  # error: a List(u32, 4) has no slices in a probe | take the elements one by one
        a = e.values[e.values[0]:]  # error: the bounds of a slice must be constants
        e.values = (1, 2)  # error: Event.values (List(u32, 4)) takes a List(u32, 4), not 2 values
        e.values = 1  # error: Event.values (List(u32, 4)) takes a List(u32, 4), not 1
        e.values = (1, 2, 3, -4)  # error: -4 does not fit in Event.values (List(u32, 4))[3]
        if e.values == (1, 2, 3, 4):  # error: a List(u32, 4) is compared with tuple | compare the elements
            pass
        if 1 in e.ways:  # error: `in` works on keyed maps and constant sequences, not on a List(Point, 2)
            pass
        e.values.append(1)  # error: a List(u32, 4) has no attribute 'append' in a probe
        e.values += 1  # error: an integer is needed here, not a List(u32, 4)
        b = NAMES[2]  # error: NAMES[2]: tuple index out of range
        d = e[0]  # error: a Event record cannot be indexed in a probe | only keyed maps can
        for i, v in enumerate(e.values, ctx.len):  # error: the start of enumerate() must be a constant in a probe
            pass
        for i in enumerate(e):  # error: enumerate() does not take a Event record in a probe
            pass


@ebee.tracepoint("syscalls:sys_enter_mmap")
def raw_bytes(ctx):
    with events.reserve() as e:
        e.data = b"12345"  # error: Event.data (Bytes(4)) takes 4 bytes, not b'12345'
        e.data = "1234"  # error: Event.data (Bytes(4)) takes 4 bytes, not '1234'
        e.data[0] = 1  # error: bytes cannot be changed one by one | declare the field as List(u8, size), or assign all of it
        e.data[0] += 1  # error: bytes cannot be changed one by one | declare the field as List(u8, size), or assign all of it
        a = e.data[ctx.len :]  # error: the bounds of a slice must be constants in a probe
        b = e.data[::2]  # error: a slice of bytes has the step 1 in a probe
        if e.data < b"1":  # error: bytes can be compared with == and != only in a probe
            pass
        if e.data == "1234":  # error: 4 bytes are compared with '1234'
            pass
        c = e.data.find(b"1")  # error: the method find() of bytes is not supported in a probe
        d = e.data.startswith("1")  # error: startswith() takes constant bytes in a probe


@ebee.tracepoint("syscalls:sys_enter_mmap")
def enums(ctx):
    with events.reserve() as e:
        e.level = Colour.RED  # error: an integer is needed here, not Colour
        e.state = Level.LOW  # error: an integer is needed here, not Level
        e.state = State.WALK  # error: State has no attribute 'WALK'
        if e.level == 1:  # error: a Level is compared with 1 | members of Level are compared with == and !=, and e.value is the number
            pass
        if e.level < Level.HIGH:  # error: a Level is compared with Level | members of Level are compared with == and !=, and e.value is the number
            pass
        a = e.level + 1  # error: an integer is needed here, not a Level
        if e.level:  # error: an integer is needed here, not a Level
            pass
        b = ~e.mode  # error: ~ of a Mode is about the flags that it declares | x & ~Mode.…
        if 1 in e.mode:  # error: `in` works on keyed maps and constant sequences, not on u32
            pass
        print(f"{e.mode!r}")  # error: a Mode that may be u32 has too many names | bound it: Mode(int(x) & 0xff); or show its number: int(x)
        print(f"{Mode(e.mode & 1).name:>9}")  # error: the name of flags of which none is set is None, which is not formatted so | print x.name
        print(f"{e.where:>9}")  # error: unsupported format string passed to Point | format its parts
        if State.RUN in e.state:  # error: `in` works on keyed maps and constant sequences, not on u32
            pass
        c = State(1)  # error: 1 is not a valid State
        if e.state is State.RUN:  # error: `is` is not supported in a probe, but for `is None` | compare numbers with ==
            pass


@ebee.tracepoint("syscalls:sys_enter_mmap")
def in_place(ctx):
    v = entries.lookup(0)
    v.low += 1  # error: Event.low (Bits(u8, 3)) cannot be changed atomically: Bits(u8, 3) has no atomic instruction | declare it as u32, u64, s32 or s64; or read it, compute, and assign it
    v.port += 1  # error: Event.port (be16) cannot be changed atomically: be16 has no atomic instruction | declare it as u32, u64, s32 or s64; or read it, compute, and assign it
    v.where.y *= 2  # error: Point.y (s64) cannot be changed atomically by *= | read it, compute, and assign it
    v.odd.n += 1  # error: Odd.n (u64) is not aligned, so that it cannot be changed atomically | do not pack the struct
    v.name += 1  # error: Event.name (Str(8)) cannot be changed atomically: Str(8) has no atomic instruction | declare it as u32, u64, s32 or s64; or read it, compute, and assign it
    ports[1] += 1  # error: ports[…] cannot be changed atomically: be32 has no atomic instruction | declare it as u32, u64, s32 or s64; or read it, compute, and assign it
    w, x = v.where, v.ways[1]
    entries[1] = Event()
    a = w.x  # error: w may be gone: entries was written to after entries.lookup(0) | look it up again
    b = x.x  # error: x may be gone: entries was written to after entries.lookup(0) | look it up again
    entries[0].where.x = 1  # error: a Point record has no fields that can be assigned | this would change a copy: v = m.lookup(k), then v.field
    entries[0].values[1] = 1  # error: entries[0].values[1] (u32) is in a copy, and what is written there is lost | v = m.lookup(k), then v.field
    lists[0] = (1, 2, 3)  # error: a value of lists (List(u32, 4)) takes a List(u32, 4), not 3 values
    u = entries.lookup(2)
    p = u.where
    for i in range(3):
        p.x = i  # error: p may be gone: entries was written to after entries.lookup(2) | look it up again
        entries[i] = Event()


@ebee.tracepoint("syscalls:sys_enter_mmap")
def patterns(ctx):
    p = Point(x=1)
    match p:
        case Point(1, 2):  # error: Point() takes its fields by name | Point(x=…)
            pass
    match p:
        case Point(z=1):  # error: Point has no field 'z'
            pass
    match p:
        case u32(x=1):  # error: a case takes a Struct class, not IntType
            pass
    match ctx.len:
        case Point(x=1):  # error: u64 is no struct
            pass
    match ctx.len:
        case True:  # error: `case True` is for bools, not for u64 | test it with `if`
            pass
    match p:
        case Point(x=x) | Point(y=x):  # error: names inside of a|b are not supported in a probe | write two cases
            pass
    match ctx.len:
        case n if n > 3:
            return
        case _:
            m = n  # error: n may have been assigned by a `case` whose guard did not hold | use other names
    match {1: 2}:
        case {1: 2}:  # error: this pattern is not supported in a probe | a case is a constant, a|b, _, a name, Point(x=0) or (a, b)
            pass


settings = Global(Point, Point(x=1), constant=True)


def counting():
    return 1
    yield 2


@ebee.tracepoint("syscalls:sys_enter_mmap")
def names(ctx):
    w = settings.value
    w.x = 2  # error: Point.x (u32) is constant: a probe cannot change it | declare it without constant=True
    for i in range(3):
        with events.reserve() as e:
            part = e.where
            break
    else:
        return
    part.x = 3  # error: part was given back when the loop was left
    e.where.x = 4  # error: e was given back when the loop was left
    with events.reserve() as e:
        e.ways[0], e.ways[1] = e.ways[1], e.ways[0]  # error: a Point record is copied after the assignments before it | write the assignments one after the other
        t = (e.where, 1)  # error: a tuple of structs or lists cannot get a name | give each of them a name: a, b = …
    x = counting()  # error: a probe cannot be a generator
    if 1 < ctx.len < (y := 5):
        pass
    for _i in range(y):  # error: y is not assigned on every way that leads here | assign it before the `if`
        pass


def put(place):
    place.where = Point(x=3)
    return 1


@ebee.tracepoint("syscalls:sys_enter_mmap")
def replaced(ctx):
    e = Event()
    w, first, second = e.where, e.ways[0], e.ways[1]
    e.where = Point(x=9)
    e.ways[0] = Point(x=9)
    a = w.x  # error: w is what was there before the whole was assigned | take it again
    b = first.x  # error: first is what was there before the whole was assigned | take it again
    c = second.x
    e.ways[ctx.len % 2] = Point(x=9)
    d = second.x  # error: second is what was there before the whole was assigned | take it again
    for v in e.values:  # error: this list is assigned as a whole while the loop goes over it | assign its elements
        e.values = (1, 2, 3, 4)
    other = e.where
    f = put(e) if ctx.len else 0  # error: what other is may be replaced here, or not | call the function on a line of its own


@ebee.tracepoint("syscalls:sys_enter_mmap")
def replaced_in_a_loop(ctx):
    e = Event()
    other = e.where
    for i in range(2):
        g = other.x  # error: other is what was there before the whole was assigned | take it again
        put(e)


total = Global(u64)


def counted():
    total.value += 1
    return total.value


def forgotten():
    del entries[1]
    return 1


@ebee.tracepoint("syscalls:sys_enter_mmap")
def changed_while_evaluated(ctx):
    v = entries.lookup(1)
    v.where.x += forgotten()  # error: Point.x (u32) is changed atomically, and entries is written to by what follows += | call the function on a line of its own
    total.value += counted()  # error: total.value (u64) is changed atomically, and total is written to by what follows += | call the function on a line of its own
    d = ctx.addr - ctx.len
    if ctx.prot:
        d = ctx.len
    low = d < 0  # error: the difference of two unsigned numbers wraps and is never negative
    short = (ctx.addr - ctx.len if ctx.prot else 1) < 0  # error: the difference of two unsigned numbers wraps and is never negative


class Flags(Struct):
    urgent: bool = Bits(u8, 1)


@ebee.tracepoint("syscalls:sys_enter_mmap")
def bits_of_bools(ctx):
    flags = Flags(urgent=ctx.len > 3)
    flags.urgent = ctx.len and ctx.prot  # error: u64 is assigned to Flags.urgent (Bits(u8, 1)) | say what is meant: bool(x)
