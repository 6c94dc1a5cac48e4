"""A filter expression, compiled."""

from __future__ import annotations

from ..errors import UsageError
from ..isa import classic
from .generate import generate
from .lexer import tokens
from .link import HAS_TAG, Headers
from .link_types import find_link
from .parser import Parser
from .trees import all_of, any_of, equal, negate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..isa.classic import ClassicInsn
    from .trees import Tree

SNAPLEN = 262144  # tcpdump's: the bytes of a packet to keep
_MAX_CHARACTERS = 100_000


def parse_filter(
    text: str,
    link: str | int = "EN10MB",
    names: Mapping[str, Sequence[str]] | None = None,
    *,
    tags_beside: bool = False,
) -> Tree:
    """Return what an expression asks, as a tree of tests. Raises: CompileError, UsageError (link type)."""
    if len(text) > _MAX_CHARACTERS:
        raise UsageError(f"a filter has at most {_MAX_CHARACTERS} characters, this one {len(text)}")
    layer = find_link(link)

    def read(is_beside: bool) -> Tree:
        headers = Headers(layer, may_be_beside=tags_beside, is_beside=is_beside)
        return Parser(text, headers, names or {}).whole()

    if not tags_beside or not asks_for_tags(text):
        return read(False)
    is_there = negate(equal(HAS_TAG, 0))
    return any_of((all_of((is_there, read(True))), all_of((negate(is_there), read(False)))))


def asks_for_tags(text: str) -> bool:
    """Return whether an expression says `vlan`: where the tags are decides what it means."""
    return any(token.kind == "word" and token.text == "vlan" for token in tokens(text))


def compile_filter(
    text: str,
    link: str | int = "EN10MB",
    *,
    snaplen: int = SNAPLEN,
    names: Mapping[str, Sequence[str]] | None = None,
    tags_beside: bool = False,
) -> list[ClassicInsn]:
    """Return the classic program of an expression: it answers `snaplen` for packets that match, 0 for others.

    `link` names the layer that packets begin with, or is its number in files; `names` has addresses of hosts.
    With `tags_beside` the program is for packets in the kernel, which keeps the first VLAN tag beside them.

    Raises: CompileError at the word that has no meaning, UsageError for an unknown link type or a filter too long.
    """
    insns = generate(parse_filter(text, link, names, tags_beside=tags_beside), snaplen)
    classic.check(insns)
    return insns
