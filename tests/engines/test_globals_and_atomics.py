"""Global variables and atomic changes, in the engine and in the kernel."""

import operator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ebee
from ebee import Array, Global, Hash, List, Str, Struct, s32, s64, u8, u32, u64
from ebee.errors import CompileError, UsageError

BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]


class In(Struct):
    a: u64
    b: u64
    old: u64
    bits: u64


class Config(Struct):
    limit: u32
    level: s32
    name: str = Str(16)
    steps: list[int] = List(u64, 4)


class Entry(Struct):
    n: u64
    m: s32
    items: list[int] = List(u32, 4)


total = Global(u64, 5)
small = Global(s32, -3)
tiny = Global(u8, 7)
word = Global(Str(16), "first")
config = Global(Config, Config(limit=10, level=-2, name="here", steps=[1, 2, 3, 4]))
DEBUG = Global(u32, 1, constant=True)
counts = Hash(u32, u64)
few = Hash(u32, u64, max_entries=1)
cells = Array(s64, max_entries=2)
entries = Hash(u32, Entry)


@pytest.fixture(params=BACKENDS)
def session(request):
    with ebee.Session(backend=request.param) as session:
        yield session


def run(session, probe, **values):
    given = In(**values)
    assert session.run(probe, ctx=given).retval == 0
    return given


@ebee.syscall_program
def change(args: In):
    total.value += args.a
    total.value |= 1 << 40
    small.value = small.value - 1
    tiny.value = 200
    args.old = total.value
    if word.value == "first":
        word.value = "second"
    return 0


def test_values_are_shared(session):
    assert total.value == 5 and small.value == -3 and word.value == "first"
    assert run(session, change, a=10).old == 15 | 1 << 40
    assert (total.value, small.value, tiny.value, word.value) == (15 | 1 << 40, -4, 200, "second")
    total.value, small.value = 1, 2**31 - 1
    run(session, change, a=1)
    assert (total.value, small.value) == (2 | 1 << 40, 2**31 - 2)


def test_initial_values_come_back_with_a_new_session(session):
    assert total.value == 5 and word.value == "first"


@ebee.syscall_program
def structs(args: In):
    config.value.limit += 5
    config.value.level = -7
    config.value.steps[args.a % 4] += 100
    args.old = config.value.steps[3]
    if config.value.name == "here":
        config.value.name = "there"
    for step in config.value.steps:
        args.b += step
    return 0


def test_structs_in_place(session):
    result = run(session, structs, a=3)
    now = config.value
    assert (now.limit, now.level, now.name, list(now.steps)) == (15, -7, "there", [1, 2, 3, 104])
    assert (result.old, result.b) == (104, 110)


@ebee.syscall_program
def constants(args: In):
    if DEBUG.value > 1:
        args.old = DEBUG.value
    return 0


def test_constants_are_set_before(session):
    before, DEBUG.value = DEBUG.value, 4
    try:
        assert run(session, constants).old == 4
        with pytest.raises(UsageError, match="DEBUG is constant"):
            DEBUG.value = 5
        assert DEBUG.value == 4
    finally:
        session.close()
        DEBUG.value = before


def test_one_variable_of_several_probes_is_one(session):
    @ebee.syscall_program
    def other(args: In):
        args.old = total.value
        return 0

    run(session, change, a=1)
    assert run(session, other).old == 6 | 1 << 40


def test_wrong_values_are_refused():
    for make in (lambda: Global(u32, -1), lambda: Global(u32, "x"), lambda: Global(int), lambda: Global(Str(4), "long")):
        with pytest.raises(UsageError):
            make()
    with pytest.raises(UsageError, match="does not fit"):
        total.value = 1 << 64


@ebee.syscall_program
def fetches(args: In):
    args.old = ebee.fetch_add(total.value, args.a)
    args.b = ebee.fetch_or(total.value, 1 << 33)
    args.bits = ebee.fetch_xor(total.value, 3)
    ebee.fetch_and(total.value, (1 << 64) - 2)
    return 0


def test_fetches(session):
    done = run(session, fetches, a=4)
    assert (done.old, done.b, done.bits) == (5, 9, 9 | 1 << 33)
    assert total.value == ((9 | 1 << 33) ^ 3) & -2


@ebee.syscall_program
def exchanges(args: In):
    args.old = ebee.xchg(counts[1], args.a)
    args.b = ebee.cmpxchg(counts[1], args.a, 70)
    args.bits = ebee.cmpxchg(counts[1], args.a, 80)
    if ebee.cmpxchg(small.value, -3, -9) == -3:
        small.value += 1
    return 0


def test_exchanges(session):
    done = run(session, exchanges, a=6)
    assert (done.old, done.b, done.bits) == (0, 6, 70)
    assert (counts[1], small.value) == (70, -8)


@ebee.syscall_program
def everywhere(args: In):
    entries[7] = Entry(n=1, m=-1)
    e = entries.lookup(7)
    if e is not None:
        e.n |= args.a
        e.n &= 0xFF
        e.n ^= 1
        args.old = u64(s64(ebee.fetch_add(e.m, -1)))
        e.items[args.b % 4] += 3
        args.bits = ebee.xchg(e.items[args.b % 4], 9)
    counts[2] |= 6
    counts[2] ^= 3
    cells[1] -= 5
    ebee.fetch_add(cells[1], -2)
    return 0


def test_entries_lists_and_keys(session):
    done = run(session, everywhere, a=0x1F0, b=2)
    assert done.old == (1 << 64) - 1 and done.bits == 3
    entry = entries[7]
    assert (entry.n, entry.m, list(entry.items)) == (0xF0, -2, [0, 0, 9, 0])
    assert (counts[2], cells[1]) == (5, -7)


@ebee.syscall_program
def no_room(args: In):
    few[1] = 1
    few[2] |= 4
    args.old = 1
    ebee.fetch_add(few[3], 1)
    args.old = 2
    return 0


def test_what_finds_no_room_is_counted(session):
    assert run(session, no_room).old == 1
    assert [(loss.kind, loss.what) for loss in session.losses()] == [("map_full", "few"), ("map_full", "few")]


@ebee.syscall_program
def step(args: In):
    place = entries.lookup(0)
    if place is not None:
        if args.bits == 0:
            args.old = ebee.fetch_add(place.n, args.a)
        elif args.bits == 1:
            args.old = ebee.fetch_and(place.n, args.a)
        elif args.bits == 2:
            args.old = ebee.fetch_or(place.n, args.a)
        elif args.bits == 3:
            args.old = ebee.fetch_xor(place.n, args.a)
        elif args.bits == 4:
            args.old = ebee.xchg(place.n, args.a)
        else:
            args.old = ebee.cmpxchg(place.n, args.b, args.a)
    return 0


OPERATIONS = [operator.add, operator.and_, operator.or_, operator.xor, lambda _old, new: new]
WORDS = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**63])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), WORDS, WORDS, st.booleans()), max_size=6))
def test_random_changes(session, changes):
    run(session, step)
    entries[0], value = Entry(n=0), 0
    for kind, a, b, is_equal in changes:
        b = value if is_equal else b
        assert run(session, step, a=a, b=b, bits=kind).old == value
        if kind < 5:
            value = OPERATIONS[kind](value, a) % 2**64
        elif b == value:
            value = a
        assert entries[0].n == value


def test_refusals():
    @ebee.syscall_program
    def bad(args: In):
        n = 1
        DEBUG.value = 2
        DEBUG.value += 2
        tiny.value += 1
        total.value *= 2
        total.valeu = 1
        ebee.fetch_add(n, 1)
        ebee.fetch_add(args.a, 1)
        ebee.fetch_add(total.value)
        ebee.fetch_add(total.value, -1)
        ebee.xchg(tiny.value, 1)
        ebee.xchg(DEBUG.value, 1)
        return 0

    with pytest.raises(CompileError) as caught:
        ebee.compile(bad)
    found = [d.message for d in caught.value.diagnostics]
    assert found == [
        "DEBUG.value (u32) is constant: a probe cannot change it",
        "DEBUG.value (u32) is constant: a probe cannot change it",
        "tiny.value (u8) cannot be changed atomically: u8 has no atomic instruction",
        "total.value (u64) cannot be changed atomically by *=",
        "a global variable has no attribute 'valeu'",
        "fetch_add() changes what others see: n is no number in a map or a Global",
        "fetch_add() changes what others see: args.a is no number in a map or a Global",
        "fetch_add() takes 2 arguments, not 1",
        "-1 does not fit in total.value",
        "tiny.value cannot be changed atomically: u8 has no atomic instruction",
        "DEBUG.value is constant: a probe cannot change it",
    ]


@pytest.mark.needs_tool("bpftool")
@pytest.mark.needs_root
@pytest.mark.needs_kernel
def test_libbpf_knows_the_variables(tmp_path):
    import subprocess

    made = ebee.compile(change)
    made.save(tmp_path / "change.bpf.o")
    text = subprocess.run(
        ["bpftool", "gen", "skeleton", tmp_path / "change.bpf.o"], capture_output=True, text=True, check=True
    ).stdout
    assert "__u64 total;" in text or "u64 total;" in text
