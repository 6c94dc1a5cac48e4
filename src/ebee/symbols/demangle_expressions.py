"""Expressions in names of C++: what stands between `X` and `E`, by its code of two letters.

Source: Itanium C++ ABI, section 5.1.6.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .demangle_cpp import Reader

UNARY = {"ps": "+", "ng": "-", "ad": "&", "de": "*", "co": "~", "nt": "!", "pp": "++", "mm": "--"}
BINARY = {
    "pl": "+", "mi": "-", "ml": "*", "dv": "/", "rm": "%", "an": "&", "or": "|", "eo": "^", "aS": "=", "pL": "+=",
    "mI": "-=", "mL": "*=", "dV": "/=", "rM": "%=", "aN": "&=", "oR": "|=", "eO": "^=", "ls": "<<", "rs": ">>",
    "lS": "<<=", "rS": ">>=", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "ss": "<=>",
    "aa": "&&", "oo": "||", "cm": ",", "pm": "->*",
}  # fmt: skip


class NotMangledError(Exception):
    """A name is not of the grammar, or of a part of it that is not read."""


def _call(reader: Reader) -> str:
    function = reader.expression()
    return f"{function}({reader.expressions()})"


def _conversion(reader: Reader) -> str:
    type = reader.type_text()
    return f"({type})({reader.expressions() if reader.take('_') else reader.expression()})"


def _cast(word: str) -> Callable[[Reader], str]:
    return lambda reader: f"{word}<{reader.type_text()}>({reader.expression()})"


def _of_type(word: str) -> Callable[[Reader], str]:
    return lambda reader: f"{word} ({reader.type_text()})"


def _of_value(word: str) -> Callable[[Reader], str]:
    return lambda reader: f"{word} ({reader.expression()})"


def _member(mark: str) -> Callable[[Reader], str]:
    return lambda reader: f"({reader.expression()}){mark}{reader.expression()}"


def _index(reader: Reader) -> str:
    left = reader.expression()
    return f"({left})[{reader.expression()}]"


def _choice(reader: Reader) -> str:
    parts = [reader.expression() for _ in range(3)]
    return f"({parts[0]})?({parts[1]}) : ({parts[2]})"


def _braces(reader: Reader) -> str:
    type = reader.type_text()
    return f"{type}{{{reader.expressions()}}}"


def _pack_size(reader: Reader) -> str:
    if reader.peek("T"):
        part = reader.parameter()[0]
        return str(len(part)) if isinstance(part, list) else "1"
    return f"sizeof...({reader.expression()})"


def _fold(has_two: bool, is_left: bool) -> Callable[[Reader], str]:
    def make(reader: Reader) -> str:
        code = reader.name[reader.at : reader.at + 2]
        if code not in BINARY:
            raise NotMangledError
        reader.at += 2
        first = reader.expression()
        mark = BINARY[code]
        if has_two:
            return f"(({first}){mark}...{mark}({reader.expression()}))"
        return f"(...{mark}({first}))" if is_left else f"(({first}){mark}...)"

    return make


def _new(reader: Reader) -> str:
    placed = reader.expressions("_")
    type = reader.type_text()
    text = f"new {f'({placed}) ' if placed else ''}{type}"
    if reader.take("pi"):
        return f"{text}({reader.expressions()})"
    reader.expect("E")
    return text


EXPRESSIONS: dict[str, Callable[[Reader], str]] = {
    "cl": _call, "cv": _conversion, "dc": _cast("dynamic_cast"), "sc": _cast("static_cast"), "cc": _cast("const_cast"),
    "rc": _cast("reinterpret_cast"), "st": _of_type("sizeof"), "sz": _of_value("sizeof"), "at": _of_type("alignof"),
    "az": _of_value("alignof"), "ti": _of_type("typeid"), "te": _of_value("typeid"), "nx": _of_value("noexcept"),
    "dt": _member("."), "pt": _member("->"), "ds": _member(".*"), "ix": _index, "qu": _choice, "tl": _braces,
    "il": lambda reader: f"{{{reader.expressions()}}}", "sZ": _pack_size,
    "sp": lambda reader: f"{reader.expression()}...",
    "tw": lambda reader: f"throw {reader.expression()}", "tr": lambda reader: "throw", "nw": _new,
    "fl": _fold(False, True), "fr": _fold(False, False), "fL": _fold(True, True), "fR": _fold(True, False),
}  # fmt: skip
