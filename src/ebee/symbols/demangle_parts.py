"""Texts of C++ types, put together.

A type is a pair: what stands before a declared name, and what after it; a list is a pack, with an element for each
argument.
"""

from __future__ import annotations

from .demangle_expressions import NotMangledError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Type = tuple[str, str]
    Part = Type | list["Part"]

MOST_CHARACTERS = 1 << 14


def each(make: Callable[..., Type], *parts: Part) -> Part:
    """Make a type of others; of packs one for each of their elements."""
    sizes = [len(part) for part in parts if isinstance(part, list)]
    if not sizes:
        made = make(*parts)
        if len(made[0]) + len(made[1]) > MOST_CHARACTERS:
            raise NotMangledError
        return made
    return [each(make, *(p[n] if isinstance(p, list) else p for p in parts)) for n in range(min(sizes))]


def flat(part: Part) -> list[str]:
    """Return a part as arguments: those of a pack one by one."""
    return [text for p in part for text in flat(p)] if isinstance(part, list) else [joined(part)]


def joined(type: Type) -> str:
    return type[0] + type[1] if type[1] else type[0].rstrip()


def text_of(part: Part) -> str:
    return ", ".join(flat(part))


def after(mark: str) -> Callable[[Type], Type]:
    """Return what puts `*`, `&` or a qualifier after a type: in parentheses where that is a function or an array."""

    def make(type: Type) -> Type:
        left, right = type
        if mark[0] == "&" and left.endswith("&"):  # references of references
            return (left, right) if mark == "&&" else (left.rstrip("&") + "&", right)
        if right.startswith(("(", "[")) and not left.endswith(("*", "&")) and mark[0] in "*&":
            return f"{left.rstrip()} ({mark}", ")" + right if right[0] == "(" else ") " + right
        if right and mark[0] == " " and right[0] == "(" and not left.endswith(("*", "&")):
            return left, right + mark
        return left + mark, right

    return make


def last_name(text: str) -> str:
    """Return what a constructor of a class is called: the last of its names, without arguments and tags."""
    text = text.partition("[abi:")[0] if text.endswith("]") else text
    if text.endswith(">"):
        depth, at = 0, len(text)
        while at:
            at -= 1
            depth += (text[at] == ">") - (text[at] == "<")
            if not depth:
                break
        text = text[:at]
    return text.rpartition("::")[2]


def member_pointer(owner: Type, member: Type) -> Type:
    left, right = member
    if right.startswith("("):
        return f"{left.rstrip()} ({owner[0]}{owner[1]}::*", ")" + right
    return f"{left} {owner[0]}{owner[1]}::*", right
