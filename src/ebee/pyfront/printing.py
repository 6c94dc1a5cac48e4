"""print(): the values go to user space through a ring buffer, and become text there."""

from __future__ import annotations

import _ast as ast
import sys

from ..lower import formatting as lower
from ..lower.formatting import MOST_VALUES
from ..lower.numbers import BOOL, Num, Refusal
from ..lower.printing import Layout, integer_field
from ..types.scalars import StrType
from .formatting import format_of, formatted, text_of
from .values import BytesPlace, Comm, Known, Memory, Piece, Sequence, Text, UserStr, size_of_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Value
    from .expressions import Expressions
    from .values import Val

# What is read of a string in user memory whose size was not given.
DEFAULT_STRING_BYTES = 256


def lower_print(front: Expressions, node: ast.Call, file: Sequence | None = None) -> Val:
    """print(…), or ctx.seq.print(…). Raises: Refusal."""
    parts: list[str | Piece] = []
    values: list[list[str | Piece]] = []
    for at, argument in enumerate(node.args):
        try:
            values += [formatted(front, value) for value in front.each([argument], *node.args[at + 1 :])]
        except Refusal as e:
            raise front.located(argument, e) from None
    options = _options(front, node, file)
    for at, value in enumerate(values):
        parts += [options["sep"], *value] if at else value
    text = text_of([*parts, options["end"]])
    if isinstance(options["file"], Sequence):
        print_to(front, options["file"], text)
        return Known(None)
    emit(front, text.parts if isinstance(text, Text) else [text.object], options["file"])  # type: ignore[union-attr]
    return Known(None)


def _options(front: Expressions, node: ast.Call, file: Sequence | None) -> dict[str, Any]:
    """Return `sep` and `end`, and as `file` the name of a stream, or what an iterator writes to."""
    options: dict[str, Any] = {"sep": " ", "end": "\n", "file": file or "stdout"}
    for keyword in node.keywords:
        name, value = keyword.arg, front.expr(keyword.value)
        known = value.object if isinstance(value, Known) else value
        if name in ("sep", "end") and isinstance(known, str):
            options[name] = known
        elif name == "file" and file is None and isinstance(value, Sequence):
            options["file"] = value
        elif name == "file" and file is None and known in (sys.stdout, sys.stderr, None):
            options["file"] = "stderr" if known is sys.stderr else "stdout"
        elif name == "flush" and isinstance(known, bool):
            pass  # what comes out of a probe is flushed
        elif name in ("sep", "end") and known is None:
            pass
        elif name in ("sep", "end", "file", "flush"):
            what = {"file": "sys.stdout or sys.stderr", "flush": "True or False"}.get(name, "a constant string")
            raise Refusal(f"{name}= of print() takes {what} in a probe")
        else:
            raise Refusal(f"print() has no argument {name!r}")
    return options


def print_to(front: Expressions, seq: Sequence, text: Val) -> None:
    """Write a text to who reads an iterator. Raises: Refusal for formats that the kernel does not have."""
    obj, name = front.low.obj, front.b.function.name
    if name in obj.rows:
        raise Refusal(f"this probe writes rows of {obj.rows[name].name} already", "write text in another probe")
    obj.texts.add(name)
    parts = text.parts if isinstance(text, Text) else [text.object]  # type: ignore[union-attr]
    for at in range(0, len(parts), MOST_VALUES // 2):
        lower.print_to(front.low, seq.pointer, *format_of(front, parts[at : at + MOST_VALUES // 2]))


def emit(front: Expressions, parts: list[str | Piece], stream: str) -> None:
    """Send the values of a text to user space, where it is put together."""
    layout = Layout()
    fields: list[tuple[int, Piece, int]] = []
    site: list[object] = []
    for part in parts:
        if isinstance(part, str):
            site.append(part)
            continue
        if isinstance(part.value, Num):
            n = part.value
            size, kind = integer_field(n.lo, n.hi)
            kind = "b" if n.c_type == BOOL else kind
        elif isinstance(part.value, BytesPlace):
            size, kind = part.value.type.size, "y"
        else:
            size, kind = _size(part.value), "t"
        off = layout.place(size, 8 if size > 8 else 1 if kind in "ty" else size)
        fields.append((off, part, size))
        names = [{str(n): text for n, text in part.names.items()}] if part.names else []
        site.append([off, size, kind, part.conversion, part.spec, *names])
    low = front.low
    skipped = low.b.new_block()
    record = layout.reserve(low, low.obj.print_site(site, stream), skipped)
    for off, part, size in fields:
        _store(front, record, off, size, part.value)
    low.release()
    low.b.jump(skipped)
    low.b.start(skipped)


def _size(value: Val) -> int:
    if isinstance(value, UserStr) and not value.size_bytes:
        return DEFAULT_STRING_BYTES
    assert isinstance(value, Comm | UserStr | Memory)
    return size_of_string(value)


def _store(front: Expressions, record: Value, off: int, size: int, value: Val) -> None:
    if isinstance(value, Num):
        front.b.store(record, off, size, value.value)
        return
    if isinstance(value, BytesPlace):
        front.low.copy(record, off, value.base, value.off, size, value.align)
        return
    if isinstance(value, UserStr):
        front.b.store(record, off, 1, front.b.const(0))  # where nothing can be read
    front.store(record, off, StrType(size), value, "print()", is_zero=True)
