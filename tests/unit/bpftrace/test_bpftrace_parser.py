"""The parser of the bpftrace language: what it makes of programs, and that it refuses the rest in words."""

from __future__ import annotations

import json
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ebee.bpftrace import ast
from ebee.bpftrace.parser import parse
from ebee.errors import CompileError


def value(text: str) -> object:
    """Return an expression as nested tuples, without its places."""

    def plain(node: object) -> object:
        if isinstance(node, ast.Node):
            return (type(node).__name__, *(plain(getattr(node, n)) for n in node._fields if n != "span"))
        return [plain(n) for n in node] if isinstance(node, (list, tuple)) else node

    (statement,) = parse(f"begin {{ $_ = {text}; }}").probes[0].body
    assert isinstance(statement, ast.Assign)
    return plain(statement.value)


WORDS = ["begin", "{", "}", "(", ")", "[", "]", "$x", "@a", "1", ",", ";", ":", "/", "=", "+", "if", "else", "for", "while", "let", "k:f", '"', ".", "..", "->", "(int8)", "*", "#"]


def integer(n: int) -> tuple[str, int, str]:
    return ("Integer", n, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", ("Binary", "+", integer(1), ("Binary", "*", integer(2), integer(3)))),
        ("10 - 3 - 2", ("Binary", "-", ("Binary", "-", integer(10), integer(3)), integer(2))),
        ("1e3", integer(1000)),
        ("5ms", integer(5_000_000)),
        ("0x_ff", integer(255)),
        ('"a\\x41\\n"', ("String", "aA\n")),
        ("(int8)-1", ("Cast", ("TypeName", "int8", 0, None, False, []), ("Unary", "-", integer(1)))),
        ("(pid) - 1", ("Binary", "-", ("Identifier", "pid"), integer(1))),
        ("@a[1, 2]", ("Map", "a", [integer(1), integer(2)])),
        ("$#", ("Positional", 0)),
        ("(1,)", ("TupleLiteral", [integer(1)])),
        ("(a=1)", ("RecordLiteral", [["a", integer(1)]])),
        ("$t.0.x", ("Member", ("TupleGet", ("Variable", "t"), 0), "x", False)),
        ("1 ?: 2", ("Ternary", integer(1), None, integer(2))),
        ("{ 1 }", ("BlockExpr", [], integer(1))),
    ],
)
def test_expressions(text: str, expected: object) -> None:
    assert value(text) == expected


def test_a_probe_has_attach_points_and_a_predicate() -> None:
    (probe,) = parse('uprobe:/bin/sh:cpp:"a,b", k:f /pid == 1 / 2/ { exit() }').probes
    assert [(p.provider, p.args) for p in probe.attach_points] == [
        ("uprobe", ["/bin/sh", "cpp", "a,b"]), ("k", ["f"]),
    ]  # fmt: skip
    assert isinstance(probe.predicate, ast.Binary) and probe.predicate.op == "=="


@pytest.mark.parametrize(
    ("text", "message", "line", "col"),
    [
        ("begin { $x = ; }", "expected an expression, found ';'", 1, 13),
        ("begin {\n @a[1 = 2; }", "expected `,` or `]`, found '='", 2, 6),
        ('begin { print("a) }', "this string has no end", 1, 14),
        ("begin { 5zz; }", "5zz is not an integer", 1, 8),
        ("begin { 1 = 2; }", "only a variable or a map can be assigned to", 1, 10),
        ("begin { print(1)", "this block has no end", 1, 6),
        ("begin", "expected `{`, found the end of the script", 1, 5),
        ("begin { " + "(" * 200, "this is nested more than 60 deep", 1, 37),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str, line: int, col: int) -> None:
    with pytest.raises(CompileError) as refused:
        parse(text)
    first = refused.value.diagnostics[0]
    assert first.span is not None
    assert (first.message, first.span.line, first.span.col) == (message, line, col)


def test_reading_goes_on_behind_an_error() -> None:
    with pytest.raises(CompileError) as refused:
        parse("begin { $x = ; $y = 1 } end { print(]; $z = 'a'; }")
    assert [d.span.col for d in refused.value.diagnostics if d.span] == [13, 36, 44]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS)))
def test_any_text_is_a_program_or_refused(words: list[str]) -> None:
    try:
        parse(" ".join(words))
    except CompileError as refused:
        assert refused.diagnostics


@pytest.mark.skipif("EBEE_CASES" not in os.environ, reason="EBEE_CASES does not name the cases")
def test_the_cases_parse() -> None:
    with open(os.path.join(os.environ["EBEE_CASES"], "bpftrace.json")) as file:
        programs = [c["prog"] for c in json.load(file) if "prog" in c]
    assert programs
    for text in programs:
        parse(re.sub(r"^\s*", "", text))
