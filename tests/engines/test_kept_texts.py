"""f-strings and sums of strings that a probe keeps are put together in the kernel, and are what CPython makes of them."""

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from text_probes import run_probe, run_python

from ebee.errors import CompileError

BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]
S64 = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-300, 300)
U64 = st.integers(0, (1 << 64) - 1)
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=15)
SIGNED = st.sampled_from(["", "d", "5", "<5", ">7d", "05", "012d", "<12d", "1"])
UNSIGNED = SIGNED | st.sampled_from(["x", "X", "#x", "08x", "#010x", "<9x", ">3X", "#03x"])


@st.composite
def texts(draw):
    parts = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["n", "u", "t", "t", "lit", "lit"]))
        if kind == "lit":
            parts.append(draw(st.sampled_from(["a", "%", "%d", "100%s", " ", "|", "b:", "\\\\", "{{}}", "\t"])))
        else:
            name = {"n": "num", "u": "unsigned", "t": "text"}[kind] + f"[{draw(st.integers(0, 1))}]"
            name += draw(st.sampled_from(["", "[:3]", "[2:]", "[1:4]"])) if kind == "t" else ""
            spec = draw({"n": SIGNED, "u": UNSIGNED, "t": st.sampled_from(["", "s"])}[kind])
            parts.append(f"{{{name}{draw(st.sampled_from(['', '!s'])) if not spec else ''}:{spec}}}")
    return "f'" + "".join(parts) + "'"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_text_is_what_python_makes_of_it(backend):
    @settings(max_examples=60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
    @given(texts(), texts(), st.lists(S64, min_size=2, max_size=2), st.lists(U64, min_size=2, max_size=2),
           st.lists(WORDS, min_size=2, max_size=2))  # fmt: skip
    def check(first, second, num, unsigned, text):
        body = [f"x = {first}", "y = x + '=' + text[0]", f"text[5] = {second}", "print(x, '/', y, len(x), x < y)",
                "out[0] = x == text[5]", "out[1] = x.find('a') + ('b' in y)"]  # fmt: skip
        given = {"num": num, "unsigned": unsigned, "text": text}
        try:
            ran = run_probe(backend, [*body, "print(text[5])"], **given, text_bytes=16)
        except CompileError as e:
            assert "stack" in str(e)
            assume(False)
        body[2] = f"text[5] = ({second})[:15]"
        expected = run_python([*body, "print(text[5])"], **{**given, "text": [*text, "", "", "", ""]})
        assert (ran.out, ran.printed) == (expected.out, expected.printed)
        scope = dict(given)
        cut = len(eval(second, scope)) > 15
        assert [(loss.kind, loss.count) for loss in ran.losses] == [("text_cut", 1)] * cut

    check()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("length", [14, 15, 16])
def test_exactly_full_and_one_more(backend, length):
    ran = run_probe(backend, ["text[1] = f'{text[0]}{num[0]}'", "print(text[1])"], text=["a" * (length - 2)], num=[42],
                    text_bytes=16)  # fmt: skip
    whole = "a" * (length - 2) + "42"
    assert ran.printed == [("stdout", whole[:15] + "\n")]
    assert [loss.kind for loss in ran.losses] == ["text_cut"] * (length > 15)


@pytest.mark.parametrize("backend", BACKENDS)
def test_bytes_that_are_no_text_are_kept(backend):
    body = ["text[1] = 'é' + text[0] + 'ü1'", "x = text[0] + 'z'", "out[0] = ord(x[0])", "out[1] = len(text[1])"]
    ran = run_probe(backend, [*body, "print(text[1])"], text=[b"\xff\xc3"], text_bytes=16)
    assert ran.out[:2] == [255, 2 + 2 + 3]
    assert ran.printed == [("stdout", "é\\xff\\xc3ü1\n")]


@pytest.mark.parametrize("backend", BACKENDS)
def test_texts_are_strings_everywhere(backend):
    prelude = "names = Hash(Str(16), u64)\ndef label(n):\n    if n > 3:\n        return f'many {n}'\n    return 'few'\n"
    body = ["names[f'n{num[0]}'] += 5", "out[0] = s64(names['n7'])", "x = f'{num[0]}!' if num[0] > 3 else 'none'",
            "print(x, label(num[0]), label(1))", "match f'{num[0]}':", "    case '7':", "        out[1] = 1",
            "y = text[0] or f'empty {num[0]}'", "print(y)", "a, b = f'<{num[0]}>', 2", "print(a, b)",
            "for i in range(3):", "    x = f'{i}{i}'", "    print(x, x == '11')"]  # fmt: skip
    ran = run_probe(backend, body, num=[7], text=[""], prelude=prelude)
    assert ran.out[:2] == [5, 1] and not ran.losses
    assert "".join(t for _, t in ran.printed) == (
        "7! many 7 few\nempty 7\n<7> 2\n00 False\n11 True\n22 False\n"
    )  # fmt: skip
