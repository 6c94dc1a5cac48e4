"""How the command line names programs, maps and links, and what `prog`, `map` and `link` do alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from ..errors import UsageError
from ..kernel.live_links import Link as Link
from ..kernel.live_programs import Program as Program
from ..kernel.objects import LiveObject, pins, unpin
from ..kernel.objects import Map as Map
from ..sys.objects import holders
from .columns import holder_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

T = TypeVar("T", bound=LiveObject)
KINDS: dict[str, type[LiveObject]] = {"prog": Program, "map": Map, "link": Link}
WORDS = {"prog": "program", "map": "map", "link": "link"}


def find(kind: type[T], word: str) -> list[T]:
    """Return what a word names: an id, a path where it is pinned, or all of a name.

    Raises: UsageError if there is none, PermissionMissing.
    """
    if word.isdecimal():
        return [kind.from_id(int(word))]
    if "/" in word:
        return [kind.from_pin(word)]
    found = [one for one in kind.all() if getattr(one, "name", "") == word]
    if not found:
        what = WORDS[kind.kind]
        raise UsageError(f"there is no {what} called {word!r}", hint=f"`ebee {kind.kind} list` shows them")
    return found


def find_one(kind: type[T], word: str) -> T:
    """Return the one that a word names. Raises: UsageError if there are several."""
    found = find(kind, word)
    if len(found) > 1:
        ids = ", ".join(str(one.id) for one in found)
        raise UsageError(f"{len(found)} {WORDS[kind.kind]}s are called {word!r}", hint=f"name one by its id: {ids}")
    return found[0]


def rows(
    kind: type[T], word: str | None, row_of: Callable[[T], dict[str, Any]], pids: bool, pinned: bool
) -> list[dict[str, Any]]:
    """Return what the objects that a word names are, all of them without one; with who holds them, and their pins."""
    held = holders() if pids else {}
    paths = pins() if pinned else {}
    found = []
    for one in kind.all() if word is None else find(kind, word):
        with one:
            row = row_of(one)
        if pinned:
            row["pinned"] = paths.get((kind.kind, row["id"]), [])
        if pids:
            row["pids"] = holder_rows(held, kind.kind, row["id"])
        found.append(row)
    return found


def words(kind: str) -> Iterator[str]:
    """Yield the ids and names of all objects of a kind."""
    for one in KINDS[kind].all():
        yield str(one.id)
        name = getattr(one, "name", "")
        if name:
            yield name


def pin(kind: type[LiveObject], word: str, path: str) -> int:
    """Pin an object and return the exit code."""
    with find_one(kind, word) as one:
        one.pin(path)
    return 0


def unpin_of_kind(kind: type[LiveObject], path: str) -> int:
    """Take a pin of this kind of object away and return the exit code. Raises: UsageError for another kind."""
    kind.from_pin(path).close()
    unpin(path)
    return 0


def read_bytes(text: str | None) -> bytes:
    """Return what an option gives: hexadecimal digits, or `@FILE`, `@-` for standard input. Raises: UsageError."""
    if text is None:
        return b""
    if text.startswith("@"):
        with click.open_file(text[1:], "rb") as file:
            data: bytes = file.read()
            return data
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise UsageError(f"{text!r} is not hexadecimal", hint="for example 4500001c; @FILE reads a file") from None


