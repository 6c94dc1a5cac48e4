"""Tokens of the bpftrace language, read one at a time: an attach point has a lexical grammar of its own."""

from __future__ import annotations

from bisect import bisect_right

from ..errors import SourceSpan

SYMBOLS = (
    "<<=", ">>=", "...", "..", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=", "-=", "*=", "/=",
    "%=", "&=", "|=", "^=", *"{}()[]<>;,.:?=+-*/%&|^!~@$#",
)  # fmt: skip
UNITS_NS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
SUFFIXES = ("", "u", "l", "ll", "ul", "ull", "lu", "llu")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", '"': '"', "'": "'"}
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_WORD = _LETTERS | frozenset("0123456789")
_BLANK = frozenset(" \t\r\n\f\v")


class Malformed(Exception):
    """Text that is no token: `message` about the characters from `start` to `end`."""

    def __init__(self, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.hint = message, start, end, hint


class Token:
    """`kind` is "name", "integer", "string", "end" or the symbol; `start` and `end` are offsets in characters."""

    __slots__ = ("end", "kind", "number", "start", "suffix", "text")

    def __init__(self, kind: str, text: str, start: int, end: int, number: int = 0, suffix: str = "") -> None:
        self.kind, self.text, self.start, self.end, self.number, self.suffix = kind, text, start, end, number, suffix


class Source:
    """A script's text, with spans for its offsets."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self._lines = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]

    def span(self, start: int, end: int) -> SourceSpan:
        """Return the span of the characters from `start` to `end`."""
        line, last = bisect_right(self._lines, start), bisect_right(self._lines, max(start, end))
        first = self._lines[line - 1]
        stop = self._lines[line] if line < len(self._lines) else len(self.text)
        shown = self.text[first:stop].rstrip("\n")
        return SourceSpan(self.file, line, start - first, last, end - self._lines[last - 1], shown)


def skip_blank(text: str, pos: int) -> int:
    """Return the offset of the first character from `pos` on that is neither blank nor of a comment.

    Raises: Malformed for a comment without an end.
    """
    while pos < len(text):
        if text[pos] in _BLANK:
            pos += 1
        elif text.startswith("//", pos):
            end = text.find("\n", pos)
            pos = len(text) if end < 0 else end
        elif text.startswith("/*", pos):
            end = text.find("*/", pos + 2)
            if end < 0:
                raise Malformed("this comment has no end", pos, pos + 2, "close it with */")
            pos = end + 2
        else:
            break
    return pos


def scan(text: str, pos: int) -> Token:
    """Return the token at or behind `pos`.

    Raises: Malformed for characters that begin no token, strings without an end and numbers that are none.
    """
    pos = skip_blank(text, pos)
    if pos >= len(text):
        return Token("end", "the end of the script", pos, pos)
    c = text[pos]
    if c in _LETTERS:
        end = _word(text, pos)
        return Token("name", text[pos:end], pos, end)
    if "0" <= c <= "9":
        return _integer(text, pos)
    if c == '"':
        return _string(text, pos)
    for symbol in SYMBOLS:
        if text.startswith(symbol, pos):
            return Token(symbol, symbol, pos, pos + len(symbol))
    hint = 'strings stand in double quotes: "…"' if c in "'`" else ""
    raise Malformed(f"{c!r} means nothing here", pos, pos + 1, hint)


def _word(text: str, pos: int) -> int:
    while pos < len(text) and text[pos] in _WORD:
        pos += 1
    return pos


def _integer(text: str, pos: int) -> Token:
    end = _word(text, pos)
    word = text[pos:end].replace("_", "").lower()
    base, digits = 10, "0123456789"
    if word[:2] in ("0x", "0b"):
        base, digits = (16, "0123456789abcdef") if word[1] == "x" else (2, "01")
        body = word[2:]
    elif len(word) > 1 and word[0] == "0" and word[1] in "01234567":
        base, digits, body = 8, "01234567", word[1:]
    else:
        body = word
    count = 0
    while count < len(body) and body[count] in digits:
        count += 1
    number, rest = body[:count], body[count:]
    if number and len(number) <= 80:
        value = int(number, base)
        if base == 10 and rest[:1] == "e" and rest[1:].isdigit() and len(rest) <= 3:
            value, rest = value * 10 ** int(rest[1:]), ""
        if rest in SUFFIXES or (base == 10 and rest in UNITS_NS):
            value *= UNITS_NS.get(rest, 1)
            if value >= 1 << 64:
                raise Malformed(f"{text[pos:end]} does not fit in 64 bits", pos, end)
            return Token("integer", text[pos:end], pos, end, value, rest if rest in SUFFIXES else "")
    units = "suffixes are u, l, ll, ul and ull; units of time ns, us, ms, s, m, h and d"
    raise Malformed(f"{text[pos:end]} is not an integer", pos, end, units)


def _string(text: str, pos: int) -> Token:
    out, at = [], pos + 1
    while at < len(text) and text[at] not in '"\n':
        c = text[at]
        if c != "\\":
            out.append(c)
            at += 1
            continue
        code = text[at + 1 : at + 2]
        if code == "x":
            end = at + 2
            while end < min(len(text), at + 4) and text[end] in "0123456789abcdefABCDEF":
                end += 1
            if end == at + 2:
                raise Malformed("\\x wants hexadecimal digits", at, at + 2)
            out.append(chr(int(text[at + 2 : end], 16)))
            at = end
        elif code and code in "01234567":
            end = at + 1
            while end < min(len(text), at + 4) and text[end] in "01234567":
                end += 1
            out.append(chr(int(text[at + 1 : end], 8) & 0xFF))
            at = end
        elif code == "\n":
            at += 2
        elif code and code in ESCAPES:
            out.append(ESCAPES[code])
            at += 2
        else:
            raise Malformed(f"\\{code} is no escape", at, at + 2, "a backslash itself is written \\\\")
    if text[at : at + 1] != '"':
        raise Malformed("this string has no end", pos, at, 'close it with "')
    return Token("string", "".join(out), pos, at + 1)
