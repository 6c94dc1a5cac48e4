"""The kernel's own description of a tracepoint's record, read."""

from __future__ import annotations

from ..errors import FormatError
from .target import TracepointField, TracepointFormat


def parse_format(event: str, text: str) -> TracepointFormat:
    """Return the layout that a tracefs `format` file describes; the common header's fields are left out.

    An array's size is part of its type: `char comm[16];` is the field `comm` of type `char[16]`.
    Raises: FormatError for a description that cannot be read.
    Source: Documentation/trace/events.rst, section 3.
    """
    fields = {}
    for number, line in enumerate(text.split("\n"), 1):
        properties = line.strip()
        if not properties.startswith("field:"):
            continue
        try:
            declaration, off, size, *rest = (p.split(":", 1)[1] for p in properties.split(";") if p.strip())
            off_bytes, size_bytes = int(off), int(size)
        except (IndexError, ValueError):
            raise FormatError(f"line {number} does not describe a field: {properties}", file=event) from None
        if not declaration.startswith(_COMMON, declaration.rfind(" ") + 1):
            name, type_ = split_declaration(declaration)
            fields[name] = TracepointField(name, type_, off_bytes, size_bytes, rest[:1] == ["1"])
    if not fields and "format:" not in text:
        raise FormatError("this is no description of a tracepoint", file=event)
    return TracepointFormat(event, fields)


_COMMON = "common_"


def split_declaration(declaration: str) -> tuple[str, str]:
    """Return the name and the type of a field declared as in C, with an array's size at the type.

    `__data_loc char[] name` has the size there already.
    """
    before, bracket, size = declaration.partition("[")
    if not bracket or " " in size:
        before, bracket, size = declaration, "", ""
    type_, _, name = before.strip().rpartition(" ")
    stars = len(name) - len(name.lstrip("*"))
    return name[stars:], f"{type_} {name[:stars]}".strip() + bracket + size
