"""Variables that do not fit on the stack: they mean what Python means, wherever the compiler puts them."""

import time

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_outlined_loops import BODIES as LOOPS
from test_outlined_loops import INPUTS as LOOP_INPUTS
from test_outlined_loops import PRELUDE as LOOP_PRELUDE
from test_outlined_loops import body as loop_body
from test_outlined_loops import kernel_run, on_python, typed
from test_python_meaning import make_probe, run_engine
from test_python_structs import INPUTS, KINDS, SNIPPETS, build, python_result, random_layout, run_on, written_structs
from test_subprograms import BODIES as CALLS
from test_subprograms import PRELUDE as CALL_PRELUDE
from test_subprograms import on_python as calls_on_python
from test_subprograms import typed as typed_calls
from text_probes import make_probe as make_packet_probe
from text_probes import run_probe, run_python

import ebee
from ebee import XDP_PASS, Array, Str, Struct, Timer, u64
from ebee.api.source import compile_probes
from ebee.compiler import scratch
from ebee.engine.backend import EngineBackend
from ebee.engine.task import TaskContext
from ebee.errors import CompileError
from ebee.spec.backend import TestRun as Run
from ebee.spec.default_target import default_target
from ebee.spec.object import LOSS_MAP, SCRATCH_MAP
from ebee.types.net_hooks import NET_HOOKS
from fd_leaks import closed_after
from moved_variables import everything_moved

BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]
RUNS = [run_engine, pytest.param(kernel_run, marks=pytest.mark.needs_kernel)]


# Sizes on both sides of the limit


def sized(size):
    prelude = (
        f"class Big(Struct):\n    n: u32\n    data: list[int] = List(u8, {size - 8})\n    last: u32\n"
        "kept = Array(Big, max_entries=2)\n"
    )
    end = size - 9
    body = [
        "a, b = num[0], num[1]",
        "e = Big(n=u32(a & 255))",
        f"e.data[{end}] = u8(b & 255)",
        f"e.data[u32(b & 0xffff) % {size - 8}] = 9",
        "e.last = e.n + 1",
        "kept[0] = e",
        "f = Big()",
        "f.n = 5 if f.data[3] == 0 and f.last == 0 else 6",
        "kept[1] = f",
        f"out[0] = s64(e.data[{end}]) * 1000 + s64(e.last)",
        f"out[1] = s64(kept[0].data[{end}]) * 1000 + s64(kept[0].last)",
        "out[2] = s64(kept[0].data[0]) + s64(kept[0].data[7]) * 1000 + s64(f.n) * 1000000",
        "out[3] = e == f",
    ]
    return prelude, body


SIZES = [244, 248, 252, 256, 260, 500, 504, 508, 512, 516, 520, 4096]


# Linux 6.1 refused small ones once: it could not read what was stored beside bytes that have a run-time index.
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [pytest.param(244, marks=pytest.mark.vm), *SIZES[1:]])
def test_structs_of_all_sizes(backend, size):
    prelude, body = sized(size)
    if size > 512:
        body = body[:-1]  # what is longer is not compared
    for b in (0, 7, size - 10, 65535):
        data = bytearray(size - 8)
        data[size - 9] = b & 255
        data[b % (size - 8)] = 9
        end = data[size - 9] * 1000 + 78
        ran = run_probe(backend, body, num=(77, b), prelude=prelude)
        assert ran.losses == []
        assert ran.out[:4] == [end, end, data[0] + data[7] * 1000 + 5_000_000, 0]


def uses_scratch(probe):
    return SCRATCH_MAP in compile_probes([probe], default_target())[0].maps


def test_what_fits_on_the_stack_stays_there():
    def is_moved(size):
        return uses_scratch(make_packet_probe([f"e = Big(n={size})", "kept[0] = e"], sized(size)[0])["probe"])

    assert [size for size in SIZES if is_moved(size)] == [508, 512, 516, 520, 4096]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [200, 600, 4096])
def test_strings_of_all_sizes(backend, size):
    text = "x/" * (size // 2 - 2) + "yz"
    body = [
        "s = text[0]",
        "t = text[1] if num[0] else s",
        "text[2] = t",
        "out[0], out[1], out[2] = len(s), s.find('yz'), t.endswith('yz')",
        "out[3], out[4] = s == t, s.startswith('x/x')",
    ]
    if size == 4096:
        body[3] = "out[0], out[2] = len(s), t.endswith('yz')"
    ran = run_probe(backend, body, text=(text, "other"), num=(0,), text_bytes=size)
    find = 0 if size == 4096 else len(text) - 2
    assert (ran.out[:5], ran.losses) == ([len(text), find, 1, 1, 1], [])
    ran = run_probe(backend, body, text=(text, "other"), num=(1,), text_bytes=size)
    assert (ran.out[2:5], ran.losses) == ([0, 0, 1], [])


def test_the_limit():
    def compiled(size):
        prelude = f"class Big(Struct):\n    data: list[int] = List(u8, {size})\nring = RingBuf(Big)\n"
        probe = make_packet_probe(["e = Big()", "e.data[0] = 1", "ring.output(e)"], prelude)["probe"]
        return compile_probes([probe], default_target())[0]

    spec = compiled(scratch.MOST_BYTES)
    assert (spec.maps[SCRATCH_MAP].value_size, spec.maps[SCRATCH_MAP].max_entries) == (32768, scratch.PLACES)
    with pytest.raises(CompileError, match="it needs 32768 bytes for its variables; a program has 32760"):
        compiled(scratch.MOST_BYTES + 8)


@pytest.mark.needs_kernel
def test_the_largest_is_loaded():
    prelude = f"class Big(Struct):\n    data: list[int] = List(u8, {scratch.MOST_BYTES})\nring = RingBuf(Big)\n"
    ran = run_probe("kernel", ["e = Big()", "e.data[32000] = 1", "out[0] = e.data[32000]"], prelude=prelude)
    assert (ran.out[0], ran.losses) == (1, [])


# Who has the memory


FAILURE = NET_HOOKS["xdp"].failure
ENDS = {
    "at the end": ([], 0, 2),
    "early": (["if num[0] == 0:", "    return XDP_DROP"], 0, 1),
    "by an assertion": (["assert num[0] == 1"], 1, FAILURE),
    "in a subprogram": (["fails(u32(num[0] & 7))"], 1, FAILURE),
    "in a loop's body": (["for k in h:", "    assert k == 2"], 1, FAILURE),
}
BIG = (
    "class Big(Struct):\n    data: list[int] = List(u8, 700)\nkept = Array(Big, max_entries=1)\nh = Hash(u32, u64)\n"
    "@ebee.subprogram\ndef fails(n: u32):\n    e = Big()\n    e.data[n] = 1\n    assert e.data[3] == 1\n    return 0\n"
)


def backend_of(name):
    if name == "engine":
        return EngineBackend()
    from ebee.kernel.backend import KernelBackend

    return closed_after(KernelBackend())


def word(n):
    return n.to_bytes(4, "little")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ENDS)
def test_a_run_gives_its_memory_back(backend, name):
    lines, losses, result = ENDS[name]
    body = ["e = Big()", "e.data[5] = u8(num[1] & 255)", "h[1] = 1", *lines, "kept[0] = e", "out[0] += 1"]
    probe = make_packet_probe(body, BIG)["probe"]
    made = backend_of(backend)
    try:
        spec, _ = compile_probes([probe], made.target)
        maps = {n: made.create_map(m, spec) for n, m in spec.maps.items()}
        program = made.load_program(spec.programs["probe"], spec, maps)
        memory, size = maps[SCRATCH_MAP], spec.maps[SCRATCH_MAP].value_size
        cpus = len(memory.lookup(word(0))) // size

        def have(count):
            """Have other runs hold the first values."""
            for n in range(scratch.PLACES):
                memory.update(word(n), (int(n < count).to_bytes(8, "little") + b"\xff" * (size - 8)) * cpus)

        def held():
            values = [memory.lookup(word(n)) for n in range(scratch.PLACES)]
            return [sum(v[size * cpu] for cpu in range(cpus)) // cpus for v in values]

        def lost():
            found = maps[LOSS_MAP].lookup(bytes(4))
            counts = [int.from_bytes(found[8 * s.slot : 8 * s.slot + 8], "little") for s in spec.loss_sites]
            busy = sum(n for n, site in zip(counts, spec.loss_sites) if site.kind == "scratch_busy")
            return sum(counts) - busy, busy

        for count in range(scratch.PLACES):
            have(count)
            assert made.test_run(program, Run(data=bytes(64))).retval == result
            assert held() == [1] * count + [0] * (scratch.PLACES - count)
            assert lost() == (losses * (count + 1), 0)
        if not (losses or lines):
            assert maps["kept"].lookup(bytes(4)) == bytes(700)  # no byte of what others had left there
        have(scratch.PLACES)
        assert made.test_run(program, Run(data=bytes(64))).retval == FAILURE
        assert held() == [1] * scratch.PLACES
        assert lost() == (losses * scratch.PLACES, 1)
    finally:
        made.close()


class Path(Struct):
    text: str = Str(600)


paths = Array(Path, max_entries=2)


@ebee.xdp
def one(pkt):
    e = Path(text="one")
    paths[0] = e
    return XDP_PASS


@ebee.xdp
def other(pkt):
    e = Path(text="other")
    f = Path(text="third")
    paths[1] = e
    paths[0] = f
    return XDP_PASS


def test_programs_have_memory_of_their_own():
    spec = compile_probes([one, other], default_target())[0]
    assert spec.maps[SCRATCH_MAP].max_entries == 2 * scratch.PLACES
    assert [site.what for site in spec.loss_sites if site.kind == "scratch_busy"] == ["one", "other"]
    with ebee.Session(backend="engine") as session:
        session.run(other, packet=bytes(64))
        assert [paths[0].text, paths[1].text] == ["third", "other"]
        session.run(one, packet=bytes(64))
        assert [paths[0].text, paths[1].text] == ["one", "other"]


# Calls


DEEP = """
class Big(Struct):
    data: list[int] = List(u8, 300)
    n: u64
big = Hash(u32, Big)
""" + "".join(
    f"@ebee.subprogram\ndef f{n}(a: u32):\n    x = Big(n=a)\n    x.data[a % 300] = {n}\n    big[a] = x\n"
    f"    r = {f'f{n + 1}(a + 1)' if n < 5 else '0'}\n    return r + u32(x.n & 255) + u32(x.data[a % 300])\n"
    for n in range(6)
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_calls_six_deep(backend):
    body = ["e = Big(n=u32(num[0] & 7))", "e.data[2] = 3", "out[0] = s64(f0(3)) + s64(e.data[2])"]
    body += ["big[1000] = e", "out[1] = s64(big[5].n) + s64(big[5].data[5])"]
    ran = run_probe(backend, body, num=(4,), prelude=DEEP)
    assert ran.losses == []
    assert ran.out[:2] == [sum(range(3, 9)) + sum(range(6)) + 3, 5 + 2]


@st.composite
def chains(draw):
    """Functions that call one another, one of them twice, with structs of any size, in loops or not: (prelude, body)."""
    depth = draw(st.integers(1, 6))
    prelude = "".join(
        f"class B{n}(Struct):\n    data: list[int] = List(u8, {draw(st.sampled_from([8, 40, 100, 130, 300, 700]))})\n    n: u64\n"
        f"big{n} = Hash(u32, B{n})\n"
        for n in range(depth + 1)
    )
    prelude += "h = Hash(u32, u64)\n"
    for n in reversed(range(depth)):
        inner_call = f"f{n + 1}(a + 1)" if n + 1 < depth else "a * 2"
        body = [f"x = B{n}(n=a)", f"x.data[a % 8] = {n + 1}", f"big{n}[a] = x", f"y = B{n}()", "y.n = x.n + 1"]
        if draw(st.booleans()):
            body += ["t = 0", "for k, v in h.items():", f"    z = B{n}(n=v)", f"    big{n}[k + 100] = z", "    t = u32(t + z.n)"]
            body += [f"return u32({inner_call} + t + u32(y.n))"]
        else:
            body += [f"return u32({inner_call} + u32(x.data[a % 8]) + u32(y.n))"]
        prelude += f"@ebee.subprogram\ndef f{n}(a: u32):\n" + "".join(f"    {line}\n" for line in body)
    body = ["h[1] = 10", "h[2] = 20", f"e = B{depth}(n=7)", "out[0] = f0(u32(num[0] & 63))", "e.data[3] = 5"]
    body += ["out[1] = f0(u32(num[1] & 63))", f"big{depth}[0] = e", f"out[2] = s64(e.n) + s64(big{depth}[0].data[3])"]
    return prelude, body


@pytest.mark.needs_kernel
@settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(chains())
def test_chains_of_calls_are_right_or_refused_by_the_compiler(drawn):
    prelude, body = drawn
    try:
        ran = run_probe("kernel", body, num=(3, 40), prelude=prelude)
    except CompileError as e:
        assert "bytes of stack; eBPF has 512" in str(e)
        return
    expected = chain_in_python(prelude, body)
    assert (ran.out[:3], ran.losses) == (expected, []), prelude
    engine = run_probe("engine", body, num=(3, 40), prelude=prelude)
    assert (engine.out[:3], engine.losses) == (expected, [])


def chain_in_python(prelude, body):
    """What CPython makes of the same text; maps are dicts there."""
    names = {}
    exec("import ebee\nfrom ebee import *\n" + prelude.replace("@ebee.subprogram\n", ""), names)
    for name in [n for n, v in names.items() if isinstance(v, ebee.Hash)]:
        names[name] = {}
    names |= {"u32": lambda n: n % (1 << 32), "s64": int, "out": [0] * 8, "num": (3, 40)}
    exec("\n".join(body), names)
    return names["out"][:3]


def test_chains_that_cannot_fit_are_refused():
    many = " + ".join(f"v{n}" for n in range(60))
    steps = "".join(f"    v{n} = ebee.ktime() + a\n" for n in range(60))
    prelude = "".join(
        f"@ebee.subprogram\ndef f{n}(a: u64):\n{steps}    r = {f'f{n + 1}(a)' if n < 2 else '0'}\n    return r + {many}\n"
        for n in range(3)
    )
    probe = make_packet_probe(["out[0] = s64(f0(1) & 7)"], prelude)["probe"]
    with pytest.raises(CompileError, match="bytes of stack; eBPF has 512"):
        compile_probes([probe], default_target())


def test_six_parameters_are_refused():
    prelude = DEEP + "@ebee.subprogram\ndef g(a, b, c, d, e):\n    x = Big(n=a)\n    big[0] = x\n    return b\n"
    x = "u8(num[0] & 7)"
    probe = make_packet_probe([f"out[0] = g({x}, {x}, {x}, {x}, {x})"], prelude)["probe"]
    with pytest.raises(CompileError, match="6 values would have to be passed"):
        compile_probes([probe], default_target())


def test_a_tail_call_would_keep_the_memory():
    prelude = sized(600)[0] + "progs = ProgArray(max_entries=2)\n"
    probe = make_packet_probe(["e = Big(n=1)", "kept[0] = e", "progs.call(pkt, 0)"], prelude)["probe"]
    with pytest.raises(CompileError, match="a tail call would not give back") as caught:
        compile_probes([probe], default_target())
    assert "hint: keep large data in a PerCpuArray" in str(caught.value)


def test_the_name_of_the_map_is_taken():
    prelude = f"mine = Hash(u32, u64, name='{SCRATCH_MAP}')"
    probe, _ = make_probe(["mine[1] = 1"], prelude=prelude)
    with pytest.raises(CompileError, match="is the map of variables that do not fit on the stack"):
        compile_probes([probe], default_target())


# What runs later, on a stack of its own


class Alarm(Struct):
    timer: Timer
    n: u64


alarms = Array(Alarm, max_entries=1)


def rings(m, key, value):
    e, f = Path(text="rings"), Path()
    value.n += 1
    f.text = e.text
    paths[1] = f


@ebee.xdp
def start(pkt):
    a = alarms.lookup(0)
    if a is not None:
        a.timer.start(1000, rings)
    return XDP_PASS


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_a_timer_calls_has_memory_of_its_own(backend):
    spec = compile_probes([start], default_target())[0]
    assert [site.what for site in spec.loss_sites if site.kind == "scratch_busy"] == ["start__rings"]
    made, now = backend_of(backend), [0]
    try:
        maps = {n: made.create_map(m, spec) for n, m in spec.maps.items()}
        program = made.load_program(spec.programs["start"], spec, maps)
        if backend == "engine":
            made.test_run(program, Run(data=bytes(64)), TaskContext(ktime_ns=lambda: now[0]))
            now[0] = 2000
            made.run_timers()
        else:
            made.test_run(program, Run(data=bytes(64)))
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not maps["paths"].lookup(word(1))[0]:
            time.sleep(0.002)
        assert maps["paths"].lookup(word(1)).rstrip(b"\0") == b"rings"
        assert not any(maps[LOSS_MAP].lookup(word(0)))
    finally:
        made.close()


# Everything that can be moved, of programs that are tested elsewhere with all on the stack


@pytest.fixture
def moved():
    with everything_moved() as names:
        yield names


@pytest.mark.parametrize("name", SNIPPETS)
def test_structs_mean_the_same(moved, name):
    module = build(SNIPPETS[name], "local")
    for inputs in INPUTS[:2]:
        backend = EngineBackend()
        try:
            raw, losses = run_on(backend, module, inputs[:4])
        finally:
            backend.close()
        assert losses == 0 and moved
        assert module.Event._type.unpack(raw) == module.Event._type.unpack(python_result(SNIPPETS[name], inputs[:4]))


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", LOOPS)
def test_loops_mean_the_same(moved, name, run):
    lines, values = loop_body(name), LOOP_INPUTS[0]
    got, losses = run(typed(lines), values if run is kernel_run else (*values, 0), prelude=LOOP_PRELUDE)
    assert (got, losses) == (on_python(lines, values), 0)
    assert moved


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", CALLS)
def test_calls_mean_the_same(moved, name, run):
    lines, values = CALLS[name].splitlines(), (3, 5, 2, 7, 1)
    got, losses = run(typed_calls(lines), values if run is kernel_run else (*values, 0), prelude=CALL_PRELUDE)
    assert (got, losses) == (calls_on_python(lines, values), 0)
    assert moved


STRINGS = [
    ["n = 0", "for c in text[0]:", "    if c in ('a', 'b') or ord(c) == 120:", "        n = n * 2 + ord(c)", "out[0] = s64(n)"],
    ["a, b = text[0], text[1]", "a, b = b, a", "out[0] = a < b", "out[1] = len(a) * 100 + len(b)", "out[2] = a.find('b')"],
    ["s = text[0]", "x = s if num[0] == 3 else (text[1] if num[0] else 'zero')", "out[0] = x == text[0]"],
    ["out[0] = ord(text[0][0])", "out[1] = ord(text[0][-1])", "out[2] = text[0][num[0] & 1] in text[1]", "print(text[0], num[0])"],
    ["t = f'{text[0]}-{num[0]}'", "out[0] = len(t)", "print(f'{t}!')", "out[1] = text[0] + 'z' == text[1]"],
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("body", STRINGS)
def test_strings_mean_the_same(moved, backend, body):
    for text in (["abxb", "aab"], ["bb", "bbz"]):
        ran, expected = run_probe(backend, body, text=text, num=[3]), run_python(body, text=text, num=[3])
        assert (ran.out, ran.printed, ran.losses) == (expected.out, expected.printed, [])
    assert moved


@settings(max_examples=25)
@given(written_structs(), KINDS)
def test_random_layouts_mean_the_same(drawn, kind):
    with everything_moved() as names:
        cls, writes = drawn
        module, wanted, text = random_layout(cls, writes, kind, [])
        backend = EngineBackend()
        try:
            raw, losses = run_on(backend, module, [n for _, n in writes][:5])
        finally:
            backend.close()
        assert (raw, losses) == (wanted, 0), text
        assert names
