"""Strings in a probe mean what Python's strings of the same bytes mean, on both engines."""

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from text_probes import run_probe, run_python

from ebee.errors import CompileError

BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]
LETTERS = st.sampled_from(list("abab/"))
CONSTANTS = st.lists(LETTERS, max_size=5).map("".join)
SIZES = st.sampled_from([2, 7, 8, 9, 16, 21, 32])


@st.composite
def strings(draw, depth=2):
    base = draw(st.sampled_from("abcd"))
    kind = draw(st.sampled_from(["plain", "plain", "slice", "tail", "if", "or", "and"])) if depth else "plain"
    if kind == "slice":
        a, b = draw(st.none() | st.integers(0, 6)), draw(st.none() | st.integers(0, 34))
        return f"{base}[{'' if a is None else a}:{'' if b is None else b}]"
    if kind == "tail":
        return f"{base}[-{draw(st.integers(1, 9))}:]"
    if kind == "if":
        other = draw(strings(depth - 1) | CONSTANTS.map(repr))
        return f"({draw(strings(depth - 1))} if {draw(conditions(0))} else {other})"
    if kind in ("or", "and"):
        return f"({draw(strings(depth - 1))} {kind} {draw(strings(depth - 1) | CONSTANTS.map(repr))})"
    return base


@st.composite
def conditions(draw, depth=1):
    s = draw(strings(depth))
    constant = repr(draw(CONSTANTS))
    other = draw(strings(depth))
    return draw(
        st.sampled_from(
            [
                f"{s} == {constant}", f"{s} != {other}", f"{s} < {other}", f"{s} >= {constant}", f"{constant} <= {s}",
                f"{s} > {other}", f"{constant} in {s}", f"{other} in {s}", f"{s} not in {constant}", f"not {s}",
                f"{s}.startswith({constant})", f"{s}.endswith({constant})", f"bool({s})",
                f"{s}.startswith(('b', {constant}))", f"{s}.endswith(({constant}, 'ab'))",
                f"{s} in ('a', {constant}, 'ab/')", f"{s} < {constant} or {s} == {other}",
            ]
        )
    )  # fmt: skip


@st.composite
def numbers(draw):
    s = draw(strings())
    return draw(st.sampled_from([f"len({s})", f"{s}.find({draw(CONSTANTS)!r})", f"{s}.find({draw(strings(1))})"]))


@st.composite
def bodies(draw):
    lines = ["a, b, c, d = text[0], text[1], text[2], text[3]"]
    for slot in range(draw(st.integers(1, 2))):
        if draw(st.booleans()):
            lines.append(f"out[{slot}] = {draw(conditions() | numbers())}")
            continue
        lines += [f"s = {draw(strings(1))}", f"if {draw(conditions())}:", f"    s = {draw(strings(1))}"]
        if draw(st.booleans()):
            lines += [f"elif {draw(conditions())}:", f"    s = {draw(CONSTANTS)!r}"]
        lines += ["match s:", "    case 'a' | 'ab':", "        n = 50", "    case _:", "        n = len(s)"]
        lines.append(f"out[{slot}] = n + s.find('b')")
    return lines


@pytest.mark.parametrize("backend", BACKENDS)
def test_strings_mean_what_python_means(backend):
    @settings(max_examples=120, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # to make one smaller takes minutes
    @given(bodies(), SIZES, st.data())
    def check(body, size, data):
        alphabet = st.sampled_from([b"a", b"b", b"a", b"b", b"/", b"\xff", b"\xc3"])
        text = [b"".join(data.draw(st.lists(alphabet, max_size=size - 1))) for _ in range(3)]
        text.append(b"a" * (size - 1))
        try:
            ran = run_probe(backend, body, text=text, text_bytes=size)
        except CompileError as e:
            assert "stack" in str(e)
            assume(False)
        assert (ran.out, ran.losses) == (run_python(body, text=text).out, [])

    check()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "body",
    [
        ["n = 0", "for c in text[0]:", "    if c in ('a', 'b') or ord(c) == 255:", "        n = n * 2 + ord(c)",
         "out[0] = s64(n)"],
        ["n = 0", "for c in text[1]:", "    if c == 'b':", "        break", "    n += 1", "else:", "    n = 99",
         "out[0] = s64(n)"],
        ["for i in range(len(text[0])):", "    out[i] = ord(text[0][i])"],
        ["out[0] = ord(text[0][0])", "out[1] = ord(text[0][-1])", "out[2] = text[0][1] == 'b'",
         "out[3] = text[0][2] < 'b'", "out[4] = text[0][num[0] & 3] in text[2]"],
        ["def tail(s, n):", "    if n > 3:", "        return s[-2:]", "    if s.startswith('x'):", "        return s",
         "    return 'none'", "out[0] = tail(text[0], num[0]) == 'ba'", "out[1] = ord(tail(text[0], 9)[1])"],
        ["a, b = text[0], text[1]", "a, b = b, a", "out[0] = a < b", "out[1] = len(a) * 100 + len(b)"],
        ["for prefix in ('ab', 'b', 'x'):", "    if text[0].startswith(prefix):", "        out[0] += len(prefix)"],
        ["for c in 'abc':", "    out[ord(c) - 97] = text[0].find(c)"],
        ["s = text[0]", "x = s if num[0] == 3 else (text[1] if num[0] else 'zero')", "out[0] = x == text[0]"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", [[b"abba\xff", b"aab", b"ab"], [b"xab", b"", b"a"], [b"b" * 15, b"c" * 15, b"d"]])
def test_loops_functions_and_characters(backend, body, text):
    prelude = ""
    if body[0].startswith("def "):  # a function cannot be defined inside a probe
        prelude, body = "\n".join(body[:6]), body[6:]
        lines = [*prelude.split("\n"), *body]
    else:
        lines = body
    try:
        expected = run_python(lines, text=text, num=[3]).out
    except IndexError:
        ran = run_probe(backend, body, text=text, num=[3], text_bytes=16, prelude=prelude)
        assert [(loss.kind, loss.count) for loss in ran.losses] == [("bad_index", 1)]
        return
    ran = run_probe(backend, body, text=text, num=[3], text_bytes=16, prelude=prelude)
    assert (ran.out, ran.losses) == (expected, [])


@pytest.mark.parametrize("backend", BACKENDS)
def test_constants_stand_for_their_utf8_bytes(backend):
    body = ["s = text[0]", "out[0] = s == 'né'", "out[1] = len(s)", "out[2] = s.find('é')", "out[3] = s[1:].startswith('é')",
            "out[4] = 'é' in s", "out[5] = s.endswith('é')", "out[6] = s < 'nê'", "out[7] = s[:2] == 'n'"]  # fmt: skip
    ran = run_probe(backend, body, text=["né"])
    assert ran.out[:8] == [1, 3, 1, 1, 1, 1, 1, 0]
