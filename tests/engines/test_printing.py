"""print() and f-strings in a probe show what CPython shows, on both engines."""

import io
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_probes import make_probe, run_probe, run_python

import ebee
from ebee.api.printing import text_of, write
from ebee.errors import CompileError
from ebee.spec.object import PRINT_MAP

BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]
S64 = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-300, 300)
U64 = st.integers(0, (1 << 64) - 1)
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=31)
INT_SPECS = st.one_of(
    st.builds(
        lambda fill, align, sign, alt, zero, width, group, kind: f"{fill if align else ''}{align}{sign}{alt}{zero}"
        f"{width or ''}{group if kind in 'd' or not kind else ''}{kind}",
        st.sampled_from("*.x"), st.sampled_from(["", "<", ">", "^", "="]), st.sampled_from(["", "+", "-", " "]),
        st.sampled_from(["", "#"]), st.sampled_from(["", "0"]), st.integers(0, 24), st.sampled_from(["", ",", "_"]),
        st.sampled_from(["", "d", "b", "o", "x", "X"]),
    ),
    st.sampled_from(["e", ".3f", "g", "%", "n"]),
)  # fmt: skip
STR_SPECS = st.builds(
    lambda align, width, cut: f"{align}{width or ''}{cut}",
    st.sampled_from(["", "<", ">", "^", "*<", "->"]), st.integers(0, 24), st.sampled_from(["", ".0", ".3", ".9s", "s"]),
)  # fmt: skip


@st.composite
def printing(draw):
    lines = []
    for _ in range(draw(st.integers(1, 5))):
        parts = []
        for _ in range(draw(st.integers(0, 4))):
            kind = draw(st.sampled_from(["n", "u", "t", "b", "lit"]))
            if kind == "lit":
                parts.append(draw(st.text("ab%é {}\\'\n", max_size=4)).replace("{", "{{").replace("}", "}}"))
                continue
            name = {"n": "num", "u": "unsigned", "t": "text", "b": "1 < num"}[kind] + f"[{draw(st.integers(0, 2))}]"
            conversion = draw(st.sampled_from(["", "", "!r", "!s", "!a"]))
            spec = draw(STR_SPECS if kind == "t" or conversion else INT_SPECS)
            parts.append(f"{{{name}{conversion}:{spec}}}")
        quoted = "".join(parts).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
        rest = draw(st.sampled_from(["", ", num[0]", ", text[1], sep='--'", ", unsigned[2], end=''", ", 5, None, 'x'"]))
        lines.append(f"print(f'{quoted}'{rest})")
    return lines


@pytest.mark.parametrize("backend", BACKENDS)
def test_prints_what_python_prints(backend):
    @settings(max_examples=25)
    @given(printing(), st.lists(S64, min_size=3, max_size=3), st.lists(U64, min_size=3, max_size=3),
           st.lists(WORDS, min_size=3, max_size=3))  # fmt: skip
    def check(body, num, unsigned, text):
        try:
            expected = run_python(body, text=text, num=num, unsigned=unsigned).printed
        except ValueError as e:
            with pytest.raises(ebee.CompileError) as caught:
                run_probe(backend, body)
            assert str(e) in {d.message for d in caught.value.diagnostics}
            return
        assert run_probe(backend, body, text=text, num=num, unsigned=unsigned).printed == expected

    check()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (["print()"], "\n"),
        (["print('a', 'b', sep='')"], "ab\n"),
        (["x = num[0] > 3", "print(x, not x, int(x and num[0]), int(x), x + 0, x | (num[0] == 1), -x, +x)"],
         "True False 7 1 1 True -1 1\n"),
        (["x = False", "if num[0] > 3:", "    x = True", "print(x)"], "True\n"),
        (["x = True", "for i in range(num[0]):", "    x = i == 6", "print(x)"], "True\n"),
        (["x = 4", "for i in range(num[0]):", "    x += i", "print(x)"], "25\n"),
        (["print(num[0] if num[0] else 5, min(num[0], 3), abs(num[0] < 0), max(num[0] < 0, num[0] > 0))"],
         "7 3 0 True\n"),
        (["print(f'{num[0]=}', f'{num[0]:{3 + 2}}|')"], "num[0]=7     7|\n"),
        (["print(f'a{f'{num[0]}b'}c')" if sys.version_info >= (3, 12) else "print(f'a{num[0]}bc')"], "a7bc\n"),
        (["f = 'é'", "print(f, f'{f:>3}')"], "é   é\n"),
        (["for i in range(3):", "    print(i, end=' ')", "print()"], "0 1 2 \n"),
    ],
)  # fmt: skip
def test_values(backend, body, expected):
    ran = run_probe(backend, body, num=[7])
    assert "".join(text for _, text in ran.printed) == expected
    assert not ran.losses


@pytest.mark.parametrize("backend", BACKENDS)
def test_streams_keep_their_order(backend):
    body = ["print(1)", "print(2, file=sys.stderr, flush=True)", "print(3, file=sys.stdout)", "print(4)"]
    ran = run_probe(backend, body)
    assert ran.printed == [("stdout", "1\n"), ("stderr", "2\n"), ("stdout", "3\n4\n")]


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_no_utf8_is_escaped(backend):
    ran = run_probe(backend, ["print(text[0], f'{text[0]:>12}|')"], text=[b"a\xff\xc3\xa9"])
    assert ran.printed == [("stdout", "a\\xffé       a\\xffé|\n")]


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_does_not_fit_is_counted(backend):
    ran = run_probe(backend, ["for i in range(40000):", "    print(i)"])
    shown = "".join(text for _, text in ran.printed).split()
    (loss,) = ran.losses
    assert shown == [str(i) for i in range(len(shown))] and 1000 < len(shown) < 40000
    assert (loss.kind, loss.count) == ("print_full", 40000 - len(shown))
    assert str(loss).startswith(f"{loss.count} prints lost: more came than were shown")


@pytest.mark.parametrize("backend", BACKENDS)
def test_bytes(backend):
    prelude = "raw = Array(Bytes(4), max_entries=1)"
    body = ["raw[0] = b'a\\x00\\xffc'", "b = raw[0]", "print(b, f'{b!r:>20}', b[1:3], b[0])"]
    b = b"a\x00\xffc"
    assert run_probe(backend, body, prelude=prelude).printed == [("stdout", f"{b} {b!r:>20} {b[1:3]} {b[0]}\n")]


def test_the_engine_fixture_shows_what_was_printed(engine):
    names = make_probe(["print(len(pkt))"])
    engine.run(names["probe"], packet=bytes(60))
    engine.run(names["probe"], packet=bytes(70))
    assert engine.printed == "60\n70\n"


def test_an_object_holds_what_its_prints_mean():
    spec = ebee.compile(make_probe(["print(num[0], file=sys.stderr)", "print(1)"])["probe"]).spec
    first, second = json.loads(json.dumps(spec.notes["prints"]))
    assert first == {"stream": "stderr", "parts": [[8, 8, "s", "", ""], "\n"]}
    assert second == {"stream": "stdout", "parts": ["1\n"]}
    assert PRINT_MAP in spec.maps
    assert text_of(first["parts"], bytes(8) + (5).to_bytes(8, "little")) == "5\n"


def test_what_a_stream_cannot_encode_is_escaped(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    write("é\n", "stdout")
    assert raw.getvalue() == b"\\xe9\n"
    monkeypatch.setattr(sys, "stdout", None)
    write("nobody sees this", "stdout")


STRUCTS = """
import enum

class State(enum.IntEnum):
    IDLE = 0
    RUN = 2

class Level(enum.Enum):
    LOW = -1
    HIGH = 7

class Point(Struct):
    x: u16
    y: s64

class Address(Union):
    v4: be32
    v6: bytes = Bytes(4)

class Event(Struct):
    n: u32
    ok: bool
    state: State
    level: Level
    low: int = Bits(s8, 3)
    port: be16
    where: Point
    values: list[int] = List(s16, 3)
    ways: list[Point] = List(Point, 2)
    mac: bytes = Bytes(3)
    name: str = Str(8)
    address: Address

entries = Array(Point, max_entries=2)
ring = RingBuf(Event)
"""
FILL = """
e.n = 5
e.ok = True
e.state = State.RUN
e.level = Level.HIGH
e.low = -3
e.port = 443
e.where = Point(x=3, y=-4)
e.values = (1, -2, 3)
e.ways[1].y = 9
e.mac = b"a\\x00'"
e.name = "it's"
e.address.v4 = 0x61626364
""".strip().splitlines()
SHOWS = [
    "print(e)", "print(f'{e!s}|{e.where!r}|{e.ways}|{e.values!a}', e.where, Point(x=7))",
    "print(e.state, f'{e.state!r} {e.level} {e.level!r}', (e.state, e.level, e.name, e.mac, num[0]), [num[0] > 3])",
    "print((num[0],), [num[0], 'a'], str((num[0], 5)), *(1, num[0]), sep='-')",
]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
def test_structs_lists_and_tuples(backend):
    names = {}
    exec("from ebee import *\n" + STRUCTS, names)
    out = io.StringIO()
    exec("e = Event()\n" + "\n".join([*FILL, "e = Event._type.unpack(Event._type.pack(e))", *SHOWS]), {**names, "num": [7], "print": lambda *a, **k: print(*a, **k, file=out)})
    body = ["with ring.reserve() as e:", *("    " + line for line in (*FILL, *SHOWS))]
    ran = run_probe(backend, body, num=[7], prelude=STRUCTS)
    assert "".join(text for _, text in ran.printed) == out.getvalue()
    assert "Event(n=5, ok=True, state=<State.RUN: 2>" in out.getvalue() and not ran.losses


def test_numbers_that_are_no_member_are_shown_as_such():
    ran = run_probe("engine", ["p = Event()", "p.state = 1", "print(p.state, f'{p.state!r} {p.level}')"], prelude=STRUCTS)
    assert ran.printed == [("stdout", "1 1 0\n")]


def test_an_entry_is_shown_where_it_is_there():
    body = ["v = entries.lookup(u32(num[0]))", "if v is not None:", "    print(v)", "else:", "    print('none')"]
    for n, shown in ((1, "Point(x=0, y=0)\n"), (2, "none\n")):
        assert run_probe("engine", body, num=[n], prelude=STRUCTS).printed == [("stdout", shown)]


ENUMS = """
import enum

class State(enum.IntEnum):
    IDLE = 0
    RUN = 2
    ALSO = 2

class Level(enum.Enum):
    LOW = -1
    HIGH = 7

class Shouted(enum.IntEnum):
    ONE = 1
    TWO = 2

    def __str__(self):
        return self.name.upper() + "!"

    __format__ = enum.Enum.__format__

class Mode(enum.IntFlag):
    READ = 4
    WRITE = 2
    BOTH = 6

class Set(enum.Flag):
    A = 1
    B = 2

class Event(Struct):
    state: State = Width(u8)
    level: Level = Width(s8)
    loud: Shouted = Width(u8)
    mode: Mode = Width(u8)
    set: Set = Width(u8)

ring = RingBuf(Event)
"""
ENUM_SHOWS = [
    "print(e.state, e.level, e.loud, e.mode, e.set, str(e.state), str(e.level), repr(e.loud), repr(e.mode))",
    "print(f'{e.state!r} {e.level!r:>20}|{e.loud!s:<8}|{e.mode!r}|{e.set!s:>12}|{e.state:3d}|{e.state:#x}|{e.mode:04b}')",
    "print(e.state.name, e.level.name, e.loud.name, e.mode.name, e.set.name, e.state.value, e.level.value, e.mode.value)",
    "print(f'{e.state.name:>8}|{e.level.name!r}|{e.mode.name}|', [e.level, e.mode], State.RUN, Level.LOW, Mode.BOTH, Set.B)",
    "print(f'{State.RUN!r} {Level.HIGH} {Level.HIGH!r} {Set.B} {Mode.READ!r}', Level.LOW.name, (Level.LOW,))",
    "print(Mode(e.mode & 6).name, f'{Mode(e.mode & 2)!r}', e.mode is None)",
]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("state, level, loud, mode, set", [(2, 7, 1, 6, 3), (0, -1, 2, 2, 1), (2, 7, 2, 0, 0), (0, 7, 1, 12, 2)])
def test_members_of_enums(backend, state, level, loud, mode, set):
    names = {}
    exec("from ebee import *\n" + ENUMS, names)
    fill = [f"e.state = State({state})", f"e.level = Level({level})", f"e.loud = Shouted({loud})", f"e.mode = Mode({mode})",
            f"e.set = Set({set})"]  # fmt: skip
    out = io.StringIO()
    exec("e = Event()\n" + "\n".join([*fill, *ENUM_SHOWS]), {**names, "print": lambda *a: print(*a, file=out)})
    ran = run_probe(backend, ["with ring.reserve() as e:", *("    " + line for line in (*fill, *ENUM_SHOWS))], prelude=ENUMS)
    assert "".join(text for _, text in ran.printed) == out.getvalue() and not ran.losses


def test_a_number_that_is_no_member_has_no_name():
    ran = run_probe("engine", ["p = Event()", "p.state = 1", "print(p.state)", "print(p.state.name)"], prelude=STRUCTS)
    assert ran.printed == [("stdout", "1\n")] and ran.losses


KEPT_SHOWS = """
st = State.IDLE
if num[0] > 2:
    st = State.RUN
print(f'{st!r}', st.name)
lv = State(2) if num[0] & 1 else State.IDLE
print(f'{lv!r} {max(st, lv)!r} {(st or lv)!r}')
for n in (0, 2, 0):
    st = State(n)
print(repr(st))
for i in range(num[0]):
    st = State.RUN
print(f'{st!r}', st.name)
md = Mode.READ
if num[0] & 4:
    md |= Mode.WRITE
print(f'{md!r}', md.name, f'{md & Mode.WRITE!r} {Mode.WRITE | num[0] & 1!r} {md + 1!r}')
print(f'{+st!r} {-st!r} {st + 0!r} {abs(st)!r} {int(st)!r} {min(st, lv)!r} {Mode.READ in Mode.BOTH}')
""".strip().splitlines()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("number", [0, 1, 4, 7])
def test_members_stay_members(backend, number):
    names = {}
    exec("from ebee import *\n" + ENUMS, names)
    out = io.StringIO()
    exec("\n".join(KEPT_SHOWS), {**names, "num": [number], "print": lambda *a: print(*a, file=out)})
    ran = run_probe(backend, KEPT_SHOWS, num=[number], prelude=ENUMS)
    assert "".join(text for _, text in ran.printed) == out.getvalue() and not ran.losses


def test_what_is_a_member_on_one_way_only_is_not_shown():
    for body in (["x = State.RUN", "if num[0]:", "    x = num[0]", "print(f'{x!r}')"], ["print(f'{max(State.RUN, num[0])!r}')"]):
        with pytest.raises(CompileError, match="True or False, or a member of an enum, on one way and a number on another"):
            run_probe("engine", body, num=[1], prelude=ENUMS)
