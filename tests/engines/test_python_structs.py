"""Structs, lists, bytes, enums and unions: the same lines on CPython, in the engine and in the kernel.

Each snippet works on `e`, an `Event` that is zero at first, and on the integers a to e of `test_python_language`. It is
run by CPython on an instance and by the engines on a record, a local struct and a map's entry; the structs that
come out must be equal.
"""

import ctypes
import os
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from layouts import inner, make, structs
from test_python_meaning import FIELDS, _serial

import ebee
from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP
from ebee.types.scalars import NumType

EVENT = "syscalls:sys_enter_mmap"
DECLARATIONS = """
import enum
import ebee
from ebee import *

class State(enum.IntEnum):
    IDLE = 0
    RUN = 2
    STOP = 5

class Mode(enum.IntFlag):
    READ = 1
    WRITE = 2
    EXEC = 4

class Level(enum.Enum):
    LOW = -1
    HIGH = 7

class Point(Struct):
    x: u16
    y: s64

class Address(Union):
    v4: be32
    v6: bytes = Bytes(16)
    words: list[int] = List(u16, 8)
    point: Point

class Odd(Union):
    raw: u8
    flag: bool

class Small(Struct, packed=True):
    tag: u8
    n: u32
    wide: s64
    low: int = Bits(u32, 11)
    high: int = Bits(s64, 47)
    name: str = Str(5)
    mark: bytes = Bytes(3)
    port: be16

class Event(Struct):
    first: int = Bits(u8, 3)
    second: int = Bits(s8, 5)
    mode: Mode = Bits(u16, 3)
    flag: bool = Bits(u16, 1)
    rest: int = Bits(u16, 12)
    ok: bool
    state: State
    level: Level
    port: be16
    host: be64
    where: Point
    values: list[int] = List(u32, 6)
    deltas: list[int] = List(s16, 3)
    ways: list[Point] = List(Point, 3)
    data: bytes = Bytes(7)
    mac: bytes = Bytes(6)
    address: Address
    small: Small
    smalls: list[Small] = List(Small, 2)
    name: str = Str(9)
    odd: Odd
    r: s64

class Pair(Struct):
    where: Point
    ways: list[Point] = List(Point, 3)
    values: list[int] = List(u32, 6)

NAMES = ("a", "bc", "def")
SIZES = {State.RUN: 20, State.STOP: 50}
DEBUG = False
events = RingBuf(Event)
entries = Array(Event, max_entries=2)

def total(values):
    s = 0
    for v in values:
        s += v
    return s

def move(p, by):
    p.x = p.x + by
    p.y -= by

def rename(small, name):
    small.name = "new"
    small.mark = b"NEW"
    return name

def both(x, y):
    return 1 if x == "old" and y == b"old" else 2
"""

SNIPPETS = {
    "bit fields": """
        e.first = a & 7
        e.second = (b % 32) - 16
        e.rest = c & 4095
        e.flag = b > 2
        e.first = e.first ^ 5
        e.second += 1 if e.second < 15 else 0
        e.r = e.first * 100 + e.second + e.rest + (1000 if e.flag else 0)
    """,
    "big-endian integers": """
        e.port = c & 0xFFFF
        e.host = a * 0x123456789
        e.r = e.port + (e.host & 0xFFFFFF)
        e.port += 1 if e.port < 65535 else 0
    """,
    "bools": """
        e.ok = a > b
        if e.ok:
            e.r = 5
        e.flag = not e.ok
        e.ok = e.flag or a == 1
    """,
    "enums": """
        e.state = State.RUN if a > 1 else State.STOP
        e.mode = Mode.READ | Mode.EXEC
        if a & 1:
            e.mode |= Mode.WRITE
        if Mode.WRITE in e.mode and Mode.READ in e.mode:
            e.r += 1
        if Mode.READ | Mode.WRITE in e.mode:
            e.r += 2
        e.mode &= ~Mode.READ
        if e.state == State.RUN:
            e.r += 10
        elif e.state is not None and e.state > State.RUN:
            e.r += 20
        e.r += e.state * 100 + State.STOP.value * 1000 + e.state.value
        e.level = Level.HIGH
        if e.level == Level.LOW:
            e.r = -1
        if e.level != Level.LOW:
            e.r += e.level.value * 100000
    """,
    "casts to enums": """
        s = State(2)
        if s == State.RUN:
            e.state = s
        m = Mode(a & 7)
        e.mode = m
        if Mode.EXEC in m:
            e.r = 1
        e.r += ~int(m) * 10
    """,
    "match on enums": """
        e.state = State.STOP if a > 5 else State.IDLE
        match e.state:
            case State.RUN:
                e.r = 1
            case State.STOP | State.IDLE if b > 3:
                e.r = 2
            case _:
                e.r = 3
        e.level = Level.LOW
        match e.level:
            case Level.HIGH:
                e.r += 10
            case Level.LOW:
                e.r += 20
    """,
    "nested fields": """
        e.where.x = c & 0xFFFF
        e.where.y = a - b
        e.where.x = e.where.x // 2
        e.ways[1].y = e.where.y * 2
        e.ways[-1].x = 7
        e.ways[0] = e.where
        e.r = e.ways[0].x + e.ways[1].y + e.ways[2].x
    """,
    "a view has a name": """
        w = e.where
        w.x = 3
        move(w, 4)
        move(e.ways[1], a)
        e.r = w.x
    """,
    "lists": """
        e.values[0] = a
        e.values[-1] = b
        e.values[2] = e.values[0] + e.values[5]
        e.deltas[1] = b - 7 if b < 100 else 5
        e.values[3] += 7
        e.r = s64(total(e.values)) + total(e.deltas) + len(e.values)
    """,
    "run-time indices": """
        i = a % 6
        e.values[i] = 5
        e.values[i - 6] += b
        e.ways[d % 3].y = -a
        e.deltas[(a % 5 + 1) // 2 - 3] = 9
        e.r = e.values[b % 6] * 10 + e.ways[a % 3].y
    """,
    "loops over lists": """
        for i, v in enumerate(e.values):
            e.values[i] = v + i * i
        for i in range(len(e.ways)):
            e.ways[i].x = i + 1
        for p in e.ways:
            p.y = p.x * 3
            if p.x == 2:
                continue
            e.r += p.y
        for n, w in enumerate(e.ways, 5):
            e.r += n * w.x
    """,
    "a byte that is neither 0 nor 1 as a bool": """
        e.odd.raw = a & 255
        e.ok = e.odd.flag
        e.r = 10 if e.odd.flag else 20
        e.r += e.odd.flag
    """,
    "whole lists": """
        e.values = (1, a, 3, b, 5, 6)
        e.deltas = (-1, -2, -3)
        if 3 in e.values and a in e.values and 77 not in e.values:
            e.r = 1
        e.smalls[0].n = a
        e.smalls[1] = e.smalls[0]
        if e.smalls[0] == e.smalls[1]:
            e.r += 2
        e.smalls[1] = Small(wide=-1)
        if e.smalls[0] != e.smalls[1]:
            e.r += 4
    """,
    "bytes": """
        e.data = b"GET /ab"
        if e.data[:3] == b"GET" and e.data[4:] != b"/aa":
            e.r = 1
        if e.data.startswith(b"GET ") and e.data.endswith(b"b") and not e.data.endswith(b"long enough"):
            e.r += 2
        d = e.data
        e.data = b"1234567"
        if d == b"GET /ab" and d != e.data and d[1:3] == b"ET":
            e.r += 4
        e.mac = d[1:]
        e.r += e.data[a % 7] * 1000 + len(d) + d[-1]
        for byte in e.mac:
            e.r += byte
    """,
    "unions": """
        e.address.v4 = a
        e.r = e.address.words[0] + e.address.words[1] * 3
        e.address.words[7] = b & 0xFFFF
        e.r += e.address.v6[15]
        e.address.point.y = -c
        e.address.point.x = 5
        if e.address.v6[0] == 5:
            e.r += 1
    """,
    "packed structs": """
        e.small.tag = 1
        e.small.n = a * 3
        e.small.wide = -b
        e.small.low = c & 2047
        e.small.high = -a - 1
        e.small.port = 443
        e.small.name = "abcd"
        for i, s in enumerate(e.smalls):
            s.n = i + 1
            s.high = b
            s.low = 2047
            s.wide = a - b
            s.port += 1
            s.name = e.small.name
        e.r = e.small.n + e.small.wide + e.small.low + e.small.high + e.smalls[a % 2].high + e.smalls[1].port
        if e.smalls[d % 2].name == "abcd":
            e.r += 1
    """,
    "structs made here": """
        p = Point(x=3, y=a)
        e.where = p
        q = Small(n=5, high=-7, port=80, name="xyz")
        e.smalls[a % 2] = q
        e.small = Small(low=9)
        if Point(x=3, y=a) == e.where and p != e.ways[0]:
            e.r = 1
    """,
    "match on structs": """
        e.where = Point(x=a & 3, y=b)
        match e.where:
            case Point(x=0, y=y):
                e.r = y
            case Point(x=1 | 2 as x, y=4):
                e.r = x * 1000
            case Point(x=x) if x == 3:
                e.r = -x
            case Point():
                e.r = 5
        match (a & 1, e.where.y):
            case (0, y):
                e.r += y
            case (1, 2):
                e.r += 77
        e.deltas[0] = 4
        match e.deltas:
            case [x, 0, z]:
                e.r += x + z
    """,
    "constants by constant indices": """
        e.name = NAMES[1]
        e.r = len(NAMES[-1]) + SIZES[State.RUN] + NAMES[2].startswith("d") if DEBUG else SIZES[State.STOP]
        for i in (0, 1, 2):
            e.values[i] = (7, 8, 9)[i]
    """,
    "branches that are not taken need not make sense": """
        if DEBUG:
            e.r = nothing_of_this_name.x + undefined(1)
        else:
            e.r = 3
        if DEBUG and undefined:
            e.r = 4
        if not DEBUG or undefined[3]:
            e.r += 4
        if hasattr(e, "no_such_field"):
            e.r = e.no_such_field
        if hasattr(State, "RUN") and State is State and State is not Mode:
            e.r += State.RUN
        e.values[0] = undefined if DEBUG else 5
    """,
    "a value is what it was when it was evaluated": """
        s = e.small
        s.name = "old"
        s.mark = b"old"
        e.r = both(s.name, s.mark) if s.name == rename(s, "old") else 5
        s.mark = b"old"
        e.r = e.r * 10 + (s.mark == rename(s, b"old"))
        s.name = "old"
        e.name = s.name + rename(s, "er")
        s.name = "old"
        s.mark = b"old"
        q = Small(name=s.name, mark=s.mark, n=rename(s, 4))
        e.smalls[0] = q
        s.name = "old"
        e.smalls[1].name, e.smalls[1].n, s.name = s.name, rename(s, 5), "x"
        s.name = "abc"
        for char in s.name:
            rename(s, 0)
            e.values[0] = e.values[0] * 256 + ord(char)
        s.mark = b"xyz"
        for byte in s.mark:
            s.mark = b"aaa"
            e.values[1] = e.values[1] * 256 + byte
        s.name = "old"
        match s.name:
            case "old" if rename(s, 0):
                e.values[2] = 1
            case "old":
                e.values[2] = 2
            case _:
                e.values[2] = 3
        s.name = "old"
        pair = (s.name, s.mark)
        rename(s, 0)
        x, y = pair
        e.values[3] = (x == "old") + 2 * (y == b"NEW")
    """,
    "structs are copied when they are assigned": """
        p = Point(x=3)
        e.where = p
        p.x = 4
        e.ways[0] = p
        p.x = 5
        e.ways[1] = e.ways[0]
        e.ways[0].x = 6
        e.address.point = p
        p.x = 7
        q = Pair(where=p, ways=e.ways)
        p.x = 8
        e.r = q.where.x * 100 + q.ways[0].x * 10 + q.ways[1].x
        q.ways[2].x = 1
        e.values[0] = 4
        q.values = e.values
        e.values[0] = 5
        e.values[1] = q.values[0]
    """,
    "exchanged": """
        e.data, e.mac = b"1234567", b"abcdef"
        e.small.mark, e.smalls[0].mark = b"uvw", b"xyz"
        e.small.mark, e.smalls[0].mark = e.smalls[0].mark, e.small.mark
        e.small.name, e.smalls[0].name = "a", "b"
        e.small.name, e.smalls[0].name = e.smalls[0].name, e.small.name
        e.values[0], e.values[1] = a, b
        e.values[0], e.values[1] = e.values[1], e.values[0]
    """,
    "a text of what it replaces": """
        e.name = "abc"
        e.name = e.name + "x"
        e.name = e.name[1:] + e.name
        e.name = e.name + ""
        e.name = "" + e.name + ""
        e.small.name = "old"
        e.small.name = f"{e.small.name[1:]}-"
    """,
    "fields by name": """
        for name in fields(Point):
            setattr(e.where, name, 4)
            e.r += getattr(e.where, name) + len(name)
    """,
}
NOT_ATOMIC = {"bit fields", "big-endian integers", "enums", "packed structs"}  # augmented assignments in a map's entry
INPUTS = [(0, 0, 0, 0, 0), (1, 2, 3, 4, 5), (7, 1, 100, 3, 65535), (10, 65535, 2, 9, 1), (200, 30, 4, 17, 255)]


def lines_of(snippet):
    return [line[8:] for line in snippet.strip("\n").rstrip().split("\n")]


def build(snippet, kind, guard=()):
    """A module with `probe`, which runs the snippet on a record, a local struct or an entry."""
    body = {
        "record": ["with events.reserve() as e:", *(f"    {line}" for line in lines_of(snippet))],
        "local": ["e = Event()", *lines_of(snippet), "entries[0] = e"],
        "entry": ["e = entries.lookup(0)", "if e:", *(f"    {line}" for line in lines_of(snippet))],
    }[kind]
    return module_of([*guard, *(f"{n} = u32(ctx.{f})" for n, f in zip("abcd", FIELDS)), *body])


def module_of(body):
    """A module with the declarations and a probe."""
    name = f"<python structs {next(_serial)}>"
    text = f"{DECLARATIONS}\n@ebee.tracepoint('{EVENT}')\ndef probe(ctx):\n" + "".join(f"    {line}\n" for line in body)
    remember_source(name, text)
    module = sys.modules[name] = type(sys)(name)
    exec(compile(text, name, "exec"), module.__dict__)
    return module


def python_result(snippet, inputs):
    names = {"__name__": "python_structs_oracle"}
    sys.modules["python_structs_oracle"] = type(sys)("python_structs_oracle")
    exec(DECLARATIONS, names)
    names.update(zip("abcd", inputs), e=names["Event"]())
    exec("\n".join(lines_of(snippet)), names)
    return names["Event"]._type.pack(names["e"])


def run_on(backend, module, inputs):
    """Return the bytes of the struct that came out, and how many losses were counted."""
    spec, _decls = compile_probes([module.probe], backend.target)
    maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
    program = backend.load_program(spec.programs["probe"], spec, maps)
    ctx = bytes(8) + (9).to_bytes(8, "little") + b"".join((n % (1 << 64)).to_bytes(8, "little") for n in [*inputs, 0, 0][:6])
    backend.test_run(program, Run(ctx=ctx))
    lost = maps[LOSS_MAP].lookup(bytes(4)) if LOSS_MAP in maps else b""
    losses = sum(int.from_bytes(lost[i : i + 8], "little") for i in range(0, len(lost), 8))
    raw = maps["events"].drain() if "events" in maps else [maps["entries"].lookup(bytes(4))]
    return (raw[0] if raw else None), losses


@pytest.mark.parametrize("kind", ["record", "local", "entry"])
@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_means_what_python_means(name, kind):
    module = build(SNIPPETS[name], kind)
    for inputs in INPUTS:
        backend = EngineBackend()
        try:
            if kind == "entry" and name in NOT_ATOMIC:
                with pytest.raises(CompileError, match="cannot be changed atomically"):
                    run_on(backend, module, inputs[:4])
                return
            raw, losses = run_on(backend, module, inputs[:4])
        finally:
            backend.close()
        assert losses == 0
        assert module.Event._type.unpack(raw) == module.Event._type.unpack(python_result(SNIPPETS[name], inputs[:4]))


@pytest.mark.needs_kernel
@pytest.mark.parametrize("kind", ["record", "local", "entry"])
@pytest.mark.parametrize("name", SNIPPETS)
def test_the_kernel_means_the_same(name, kind):
    if kind == "entry" and name in NOT_ATOMIC:
        return
    module = build(SNIPPETS[name], kind, [f"if ebee.pid() != {os.getpid()} or ctx.off != 1:", "    return"])
    libc = ctypes.CDLL(None, use_errno=True)
    with ebee.Session(backend="kernel") as session, session.attach(module.probe) as attachment:
        for inputs in INPUTS:
            if kind != "record":
                module.entries[0] = module.Event()
            # mmap(2) with a file offset that is not aligned does nothing: EINVAL.
            assert libc.syscall(9, *map(ctypes.c_ulong, (*inputs[:4], 0, 1))) == -1
            (got,) = module.events.drain() if kind == "record" else [module.entries[0]]
            assert got == module.Event._type.unpack(python_result(SNIPPETS[name], inputs[:4])), inputs
        assert attachment.losses == []


# Random layouts: every number is written and read back, in its own place and nowhere else.


def numbers_of(type, path):
    """(expression, type) of every number inside a struct."""
    for f in type.fields.values():
        yield from places_of(f.type, f"{path}.{f.name}")


def places_of(type, path):
    if hasattr(type, "fields"):
        yield from numbers_of(type, path)
    elif hasattr(type, "element"):
        for at in range(type.count):
            yield from places_of(type.element, f"{path}[{at}]")
    elif isinstance(type, NumType):
        yield path, type


def has_union(cls):
    return cls._type.is_union or any(has_union(t.cls) for t in inner(cls._type))


@st.composite
def written_structs(draw):
    cls = draw(structs())
    assume(cls._type.size <= 160)  # two of them lie on the stack
    # A byte that is neither 0 nor 1, seen as a bool through a union, is True; writing True there changes nothing.
    places = [(path, held) for path, held in numbers_of(cls._type, "e") if held.name != "bool" or not has_union(cls)]
    chosen = draw(st.lists(st.sampled_from(range(len(places))), max_size=8)) if places else []
    return cls, [(places[i], draw(st.integers(places[i][1].lo, places[i][1].hi))) for i in chosen]


def random_layout(cls, writes, kind, guard):
    """A module whose probe writes numbers and reads them back, and the struct that must come out."""
    name = f"<python structs {next(_serial)}>"
    root = {"inside": "x.m1"}.get(kind, "e")
    lines = [
        f"v{at} = {'u' if held.lo >= 0 else 's'}64(ctx.{FIELDS[at]})" for at, ((_, held), _n) in enumerate(writes[:5])
    ]
    body, wanted = [], cls()
    for at, ((path, held), number) in enumerate(writes):
        target = path.replace("e.", f"{root}.", 1)
        body += [f"{target} = {number if at >= 5 or held.hi == 1 else f'v{at}'}", f"total = (total + u64({target})) % 1000003"]
        exec(f"{path} = {int(number)}", {"e": wanted})
    head = {
        "record": ["with events.reserve() as e:"],
        "local": ["e = T()", "if True:"],
        "entry": ["e = entries.lookup(0)", "if e:"],
        "inside": ["x = Outer()", "if True:"],
    }[kind]
    tail = {"local": ["entries[0] = e"], "inside": ["entries[0] = x.m1"]}.get(kind, [])
    text = "import ebee\nfrom ebee import *\n"
    text += f"out = Array(u64, max_entries=1)\n@ebee.tracepoint('{EVENT}')\ndef probe(ctx):\n"
    for line in [*guard, *lines, "total = 0", *head, *(f"    {b}" for b in body), "    pass", *tail, "out[0] = u64(total)"]:
        text += f"    {line}\n"
    remember_source(name, text)
    module = sys.modules[name] = type(sys)(name)
    outer = make("Outer", [ebee.u16, cls])
    module.__dict__.update(T=cls, Outer=outer, events=ebee.RingBuf(cls), entries=ebee.Array(cls, max_entries=1))
    exec(compile(text, name, "exec"), module.__dict__)
    return module, cls._type.pack(wanted), text


KINDS = st.sampled_from(["record", "local", "entry", "inside"])


def total_of(writes):
    """What the probe adds up of the numbers that it has read back."""
    total = 0
    for _, number in writes:
        total = (total + int(number)) % (1 << 64) % 1000003
    return total


@settings(max_examples=50)
@given(written_structs(), KINDS)
def test_fields_of_random_layouts(drawn, kind):
    cls, writes = drawn
    module, wanted, text = random_layout(cls, writes, kind, [])
    backend = EngineBackend()
    try:
        raw, losses = run_on(backend, module, [n for _, n in writes][:5])
    finally:
        backend.close()
    assert losses == 0
    assert raw == wanted, text


@pytest.mark.needs_kernel
@settings(max_examples=25)
@given(written_structs(), KINDS)
def test_fields_of_random_layouts_in_the_kernel(drawn, kind):
    cls, writes = drawn
    guard = [f"if ebee.pid() != {os.getpid()} or ctx.off != 1:", "    return"]
    module, wanted, text = random_layout(cls, writes, kind, guard)
    with ebee.Session(backend="kernel") as session, session.attach(module.probe) as attachment:
        inputs = [int(n) % (1 << 64) for _, n in writes][:5]
        assert ctypes.CDLL(None).syscall(9, *map(ctypes.c_ulong, [*inputs, *[0] * (5 - len(inputs)), 1])) == -1
        (got,) = module.events.drain() if kind == "record" else [module.entries[0]]
        assert cls._type.pack(got) == wanted, text
        assert module.out[0] == total_of(writes)
        assert attachment.losses == []


# What is outside a list, or not there


@pytest.mark.parametrize(
    "line, inputs, losses",
    [
        ("e.values[a] = 7", (5,), 0),
        ("e.values[a] = 7", (6,), 1),
        ("e.values[a - 7] = 7", (1,), 0),
        ("e.values[a - 7] = 7", (0,), 1),
        ("e.r = e.data[a]", (7,), 1),
        ("e.ways[u64(ctx.addr) * 1000].x = 1", (1 << 60,), 1),
        ("e.ways[s64(ctx.addr)].x = 1", (-3 % (1 << 64),), 0),
        ("e.ways[s64(ctx.addr)].x = 1", (-4 % (1 << 64),), 1),
        ("e.ways[s64(ctx.addr)].x = 1", (1 << 63,), 1),
        ("e.smalls[a % 4].n += 1", (2,), 1),
    ],
)
@pytest.mark.parametrize("backend", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_an_index_outside_ends_the_probe_and_is_counted(backend, line, inputs, losses):
    guard = [f"if ebee.pid() != {os.getpid()} or ctx.off != 1:", "    return"] if backend == "kernel" else []
    module = module_of([*guard, "a = u32(ctx.addr)", "with events.reserve() as e:", f"    {line}"])
    if backend == "engine":
        engine = EngineBackend()
        try:
            raw, lost = run_on(engine, module, inputs)
        finally:
            engine.close()
        assert (raw is None, lost) == (losses == 1, losses)
        return
    with ebee.Session(backend="kernel") as session, session.attach(module.probe) as attachment:
        arguments = [*inputs, *[0] * 5][:5]
        assert ctypes.CDLL(None).syscall(9, *map(ctypes.c_ulong, (*arguments, 1))) == -1
        assert len(module.events.drain()) == 1 - losses
        assert [(loss.kind, loss.count) for loss in attachment.losses] == [("bad_index", 1)] * losses
        assert all("of the probe ended early: an index outside e." in str(loss) for loss in attachment.losses)


# Maps of them

MAPS = """
def pair(T, U):
    class Pair(Struct):
        first: T
        second: U
    return Pair

def counters(key, value):
    return Hash(key, pair(value, value), max_entries=8)

Both = pair(Point, State)
by_state = Hash(State, u64)
by_both = Hash(Both, Event, max_entries=4)
lru = LruHash(Address, List(u64, 3), max_entries=4)
percpu = PerCpuArray(Point, max_entries=2)
slots = Array(List(u64, 4), max_entries=2)
flags = Array(bool, max_entries=4)
ports = Hash(be16, be32)
macs = Hash(Bytes(6), Mode)
queue = Queue(Both, max_entries=4)
seen = BloomFilter(Both, max_entries=16)
narrow, wide = counters(u32, u8), counters(u16, u64)
names = Hash(u32, pair(List(Str(8), 2), u32))
out = Array(u64, max_entries=32)

def bump(counter, key):
    v = counter.lookup(key)
    if v:
        v.first = v.first + 1
    else:
        counter[key] = pair_of[counter](second=7)

pair_of = {}
for m in (narrow, wide):
    pair_of[m] = m.value.cls
"""
PROBES = """
by_state[State.RUN] += 1
key = Both(first=Point(x=3, y=-1), second=State.STOP)
by_both[key] = Event(r=5, where=Point(y=2))
out[0] = u64(by_both[key].where.y + by_both[Both(second=State.STOP, first=key.first)].r)
v = by_both.lookup(key)
if v:
    v.where.y += 3
    v.values[a % 6] += 2
    v.ways[1] = Point(x=9)
    v.mode = v.mode | Mode.EXEC
    v.small.n = 8
out[1] = u64(by_both[key].where.y) + by_both[key].values[1] * 10 + by_both[key].ways[-1 - 1].x * 100
out[2] = key in by_both and Both() not in by_both
where = Address(v4=0x7F000001)
lru[where] = (1, 2, 3)
counts = lru.lookup(where)
if counts:
    counts[0] += 10
    counts[a] += 100
    out[3] = len(counts)
out[4] = lru[where][0] + lru[where][1] * 1000
p = percpu.lookup(1)
if p:
    p.y += 1
w = slots.lookup(0)
if w:
    for i, n in enumerate(w):
        w[i] = n + i
out[5] = slots[0][3]
---
key = Both(first=Point(x=3, y=-1), second=State.STOP)
flags[1] = a == 1
flags[2] = not flags[1]
out[6] = flags[1] + 2 * flags[2]
ports[80] = 0x01020304
out[7] = ports[80] + ports.get(81, 5)
macs[b"abcdef"] = Mode.READ | Mode.WRITE
out[8] = Mode.READ in macs[b"abcdef"] and Mode.EXEC not in macs[b"abcdef"]
queue.push(key)
seen.add(key)
out[9] = key in seen
bump(narrow, 1)
bump(narrow, 1)
bump(wide, 1)
match narrow.lookup(1):
    case pair_of[narrow](first=1, second=s):
        out[10] = s
names[1] = NamePair(first=("ab", "cd"), second=2)
out[11] = names[1].first[1] == "cd"
out[12] = narrow[1].first + wide[1].first * 10
""".replace("pair_of[narrow](first", "Narrow(first")
MAPS += "Narrow, NamePair = narrow.value.cls, names.value.cls\n"


def run_in_engine(module, probe, inputs):
    """Return what `out` holds afterwards, zeros left out."""
    backend = EngineBackend()
    try:
        spec, _decls = compile_probes([probe], backend.target)
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        ctx = bytes(8) + (9).to_bytes(8, "little") + b"".join(n.to_bytes(8, "little") for n in [*inputs, *[0] * 6][:6])
        backend.test_run(backend.load_program(spec.programs[probe.name], spec, maps), Run(ctx=ctx))
        lost = maps[LOSS_MAP].lookup(bytes(4)) if LOSS_MAP in maps else b""
        assert not any(lost)
        out = {k: int.from_bytes(maps["out"].lookup(k.to_bytes(4, "little")), "little") for k in range(32)}
        return {k: v for k, v in out.items() if v}
    finally:
        backend.close()


@pytest.mark.parametrize("backend", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_structs_in_maps(backend):
    own = [f"if ebee.pid() != {os.getpid()} or ctx.off != 1:", "    return"] if backend == "kernel" else []
    name = f"<python structs {next(_serial)}>"
    text = f"{DECLARATIONS}{MAPS}\n"
    for at, lines in enumerate(PROBES.split("---\n")):
        body = [*own, "a = u32(ctx.addr)", *lines.strip().splitlines()]
        text += f"@ebee.tracepoint('{EVENT}')\ndef probe{at}(ctx):\n" + "".join(f"    {b}\n" for b in body)
    remember_source(name, text)
    m = sys.modules[name] = type(sys)(name)
    exec(compile(text, name, "exec"), m.__dict__)
    expected = {0: 7, 1: 5 + 20 + 900, 2: 1, 3: 3, 4: 11 + 102_000, 5: 3, 6: 1, 7: 0x01020304 + 5, 8: 1, 9: 1, 10: 7, 11: 1, 12: 1}
    if backend == "engine":
        for probe in (m.probe0, m.probe1):
            assert run_in_engine(m, probe, (1,)) == {k: v for k, v in expected.items() if (k < 6) == (probe is m.probe0)}
        return
    with ebee.Session(backend=backend) as session, session.attach(m.probe0, m.probe1) as attachment:
        assert ctypes.CDLL(None).syscall(9, *map(ctypes.c_ulong, (1, 0, 0, 0, 0, 1))) == -1
        assert {k: m.out[k] for k in expected} == expected
        assert attachment.losses == []
        assert m.by_state[m.State.RUN] == 1 and dict(m.by_state.items()) == {m.State.RUN: 1}
        (key, event), = m.by_both.items()
        assert key == m.Both(first=m.Point(x=3, y=-1), second=m.State.STOP)
        assert event.mode == m.Mode.EXEC and event.small.n == 8 and event.ways[1].x == 9
        assert m.lru[m.Address(v4=0x7F000001)] == [11, 102, 3]
        assert sum(p.y for p in m.percpu[1]) == 1
        assert m.slots[0] == [0, 1, 2, 3] and m.flags[1] is True and m.flags[2] is False
        assert dict(m.ports.items()) == {80: 0x01020304}
        assert dict(m.macs.items()) == {b"abcdef": m.Mode.READ | m.Mode.WRITE}
        assert m.queue.pop() == key and key in m.seen and m.Both() not in m.seen
        assert m.names[1].first == ["ab", "cd"]
