"""A filter expression, compiled."""

from __future__ import annotations

from ..errors import UsageError
from ..isa import classic
from .generate import generate
from .lexer import tokens
from .link import find_link
from .parser import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..isa.classic import ClassicInsn
    from .trees import Tree

SNAPLEN = 262144  # tcpdump's: the bytes of a packet to keep
_MAX_CHARACTERS = 100_000


def parse_filter(text: str, link: str | int = "EN10MB", names: Mapping[str, Sequence[str]] | None = None) -> Tree:
    """Return what an expression asks, as a tree of tests. Raises: CompileError, UsageError (link type)."""
    if len(text) > _MAX_CHARACTERS:
        raise UsageError(f"a filter has at most {_MAX_CHARACTERS} characters, this one {len(text)}")
    return Parser(text, find_link(link), names or {}).whole()


def asks_for_tags(text: str) -> bool:
    """Return whether an expression says `vlan`: whoever attaches it has to know where the tags are."""
    return any(token.kind == "word" and token.text == "vlan" for token in tokens(text))


def compile_filter(
    text: str,
    link: str | int = "EN10MB",
    *,
    snaplen: int = SNAPLEN,
    names: Mapping[str, Sequence[str]] | None = None,
) -> list[ClassicInsn]:
    """Return the classic program of an expression: it answers `snaplen` for packets that match, 0 for others.

    `link` names the layer that packets begin with, or is its number in files; `names` has addresses of hosts.

    Raises: CompileError at the word that has no meaning, UsageError for an unknown link type or a filter too long.
    """
    insns = generate(parse_filter(text, link, names), snaplen)
    classic.check(insns)
    return insns
