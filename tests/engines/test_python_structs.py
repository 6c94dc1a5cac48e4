"""Structs, lists, bytes, enums and unions: the same lines on CPython, in the engine and in the kernel.

Each snippet works on `e`, an `Event` that is zero at first, and on the integers a to e of `test_python_language`. It is
run by CPython on an instance and by the engines on a record, a local struct and a map's entry; the structs that
come out must be equal.
"""

import os
import sys

import pytest


from test_python_meaning import FIELDS, _serial

import ebee
from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError

from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP

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

class Small(Struct, packed=True):
    tag: u8
    n: u32
    wide: s64
    low: int = Bits(u32, 11)
    high: int = Bits(s64, 47)
    name: str = Str(5)
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
    r: s64

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


def build(snippet, kind):
    """A module with `probe`, which runs the snippet on a record, a local struct or an entry."""
    file = f"<python structs {next(_serial)}>"
    own = f"if ebee.pid() != {os.getpid()} or ctx.off != 0x7E57 << 12:\n        return" if kind else "pass"
    body = {
        "record": ["with events.reserve() as e:", *(f"    {line}" for line in lines_of(snippet))],
        "local": ["e = Event()", *lines_of(snippet), "entries[0] = e"],
        "entry": ["e = entries.lookup(0)", "if e:", *(f"    {line}" for line in lines_of(snippet))],
    }[kind]
    inputs = [f"{n} = u32(ctx.{f})" for n, f in zip("abcd", FIELDS)]
    text = f"{DECLARATIONS}\n@ebee.tracepoint('{EVENT}')\ndef probe(ctx):\n" + "".join(
        f"    {line}\n" for line in [*inputs, *body]
    )
    assert own
    remember_source(file, text)
    names = {"__name__": file}
    module = sys.modules[file] = type(sys)(file)
    module.__dict__.update(names)
    exec(compile(text, file, "exec"), module.__dict__)
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
    ctx = bytes(8) + (9).to_bytes(8, "little") + b"".join((n % (1 << 64)).to_bytes(8, "little") for n in (*inputs, 0, 0))
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
                with pytest.raises(CompileError, match="cannot be added to atomically"):
                    run_on(backend, module, inputs[:4])
                return
            raw, losses = run_on(backend, module, inputs[:4])
        finally:
            backend.close()
        assert losses == 0
        assert module.Event._type.unpack(raw) == module.Event._type.unpack(python_result(SNIPPETS[name], inputs[:4]))
