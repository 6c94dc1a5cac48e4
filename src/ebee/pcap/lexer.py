"""The words of a filter expression."""

from __future__ import annotations

import re

from ..errors import CompileError, Diagnostic, SourceSpan
from ..record import Record

_HEX = "[0-9A-Fa-f]"
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<mac>{_HEX}{{1,2}}(?:[:.-]{_HEX}{{1,2}}){{5}}(?![\w:.]) | {_HEX}{{4}}(?:\.{_HEX}{{4}}){{2}}(?![\w.]))
  | (?P<v6>(?=(?:{_HEX}*:){{2}}){_HEX}*:[0-9A-Fa-f:.]*)
  | (?P<v4>\d+(?:\.\d+){{1,3}}(?![\w.-]))
  | (?P<number>(?:0[xX]{_HEX}+|\d+)(?![\w.-]))
  | (?P<escaped>\\[A-Za-z][-\w.]*)
  | (?P<word>[A-Za-z0-9_](?:[-\w.]*[\w.])?)
  | (?P<op>&&|\|\||<<|>>|[<>!=]=|[=<>!()\[\]:/&|+*%^-])
    )""",
    re.X,
)
_OPERATORS = {"&&": "and", "||": "or", "==": "="}


class Token(Record):
    """A word: its kind (mac, v4, v6, number, escaped, word, op, end), its text and where it is."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Return the words of an expression and a last one, the end. Raises: CompileError."""
    result, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise refusal(text, at, at + 1, f"{text[at]!r} has no meaning in a filter")
        kind = str(match.lastgroup)
        word = match[kind]
        start = match.start(kind)
        if word in ("and", "or", "not") or word in _OPERATORS:
            kind, word = "op", _OPERATORS.get(word, "!" if word == "not" else word)
        result.append(Token(kind, word, start, match.end()))
        at = match.end()
    return [*result, Token("end", "", len(text.rstrip()), len(text.rstrip()) + 1)]


def refusal(text: str, start: int, end: int, message: str, hint: str = "") -> CompileError:
    """The error that points at a part of the expression."""
    line = text.count("\n", 0, start) + 1
    begin = text.rfind("\n", 0, start) + 1
    shown = text[begin:].split("\n", 1)[0]
    span = SourceSpan("<filter>", line, start - begin, line, min(end - begin, len(shown) + 1), shown)
    return CompileError([Diagnostic(message, span, hint)])
