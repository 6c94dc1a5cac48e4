"""Constants: what Python itself computes of objects that are known when a probe is compiled."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Num, Refusal
from .arrays import index
from .conditional import Ways
from .values import SEQUENCES, Known, Member, is_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Val

# Items of a constant, and characters of a text.
_MOST_ITEMS = 4096
# Items of a table that is searched with a run-time key or index.
_MOST_WAYS = 64
_CONTAINERS = SEQUENCES[2:]

_TEXT = (
    "capitalize casefold center count decode encode endswith expandtabs find format index isalnum isalpha isascii "
    "isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip "
    "partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines "
    "startswith strip swapcase title translate upper zfill hex"
)
_SET = "difference intersection isdisjoint issubset issuperset symmetric_difference union copy"
# Methods that change nothing, by the class that has them.
METHODS: dict[type, frozenset[str]] = {
    cls: frozenset(names.split())
    for cls, names in {
        str: _TEXT, bytes: _TEXT, tuple: "count index", list: "copy count index", range: "count index",
        dict: "copy get items keys values", set: _SET, frozenset: _SET,
        int: "bit_count bit_length conjugate is_integer to_bytes",
    }.items()
}  # fmt: skip


def is_foldable(object: Any) -> bool:
    """Whether Python's operators and functions compute with a constant alone, and not too long."""
    if isinstance(object, _CONTAINERS):
        if len(object) > _MOST_ITEMS:
            return False
        if isinstance(object, dict):
            return all(is_foldable(key) and is_foldable(value) for key, value in object.items())
        return isinstance(object, range) or all(map(is_foldable, object))
    return object is None or isinstance(object, int) or isinstance(object, str | bytes) and len(object) <= _MOST_ITEMS


def fold(front: Expressions, function: Callable[..., Any], *values: Any, **named: Any) -> Val:
    """What Python's own function says of constants. Raises: Refusal with the words of its exception."""
    try:
        result = function(*values, **named)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as e:
        raise Refusal(str(e)) from None
    if not is_foldable(result):
        raise Refusal("this constant is too long for a probe, or none that a probe can compute with")
    return front.known(result, "")


def binary(front: Expressions, function: Callable[[Any, Any], Any], op: str, a: Any, b: Any) -> Val:
    """`a op b` of constants, one of which is a sequence. Raises: Refusal."""
    for one, other in ((a, b), (b, a)):
        if op == "*" and isinstance(one, int) and hasattr(other, "__len__") and one * len(other) > _MOST_ITEMS:
            raise Refusal(f"a constant of {one * len(other)} items is too long for a probe")
        if not is_foldable(one):
            raise Refusal(f"{front.describe(Known(one))} is nothing to compute with in a probe")
    return fold(front, function, a, b)


def method(front: Expressions, value: Known, name: str, node: ast.Call) -> Val | None:
    """`value.name(…)` of a constant; None if it has no such method in a probe. Raises: Refusal."""
    names = next((METHODS[cls] for cls in type(value.object).__mro__ if cls in METHODS), frozenset[str]())
    if name not in names or not is_foldable(value.object):
        return None
    values, named = front.values_of(node)
    if name == "get" and 1 <= len(values) <= 2 and not named and not isinstance(values[0], Known):
        return lookup(front, value.object, values[0], values[1] if len(values) > 1 else Known(None), "")
    return fold_method(front, value, name, values, named)


def fold_method(front: Expressions, value: Known, name: str, values: list[Val], named: dict[str, Val]) -> Val:
    """A method of a constant with constant arguments. Raises: Refusal."""
    objects = [plain(front, v, f"{name}()") for v in (*values, *named.values())]
    if any(isinstance(o, int) and abs(o) > _MOST_ITEMS for o in objects) and isinstance(value.object, str | bytes):
        raise Refusal("this constant is too long for a probe")
    return fold(front, getattr(value.object, name), *objects[: len(values)], **dict(zip(named, objects[len(values) :])))


def entries(front: Expressions, value: Val) -> dict[str, Val]:
    """The arguments that `**value` gives. Raises: Refusal."""
    table = plain(front, value, "**")
    if not (isinstance(table, dict) and all(isinstance(key, str) for key in table)):
        raise Refusal(f"** takes a constant dict with names as keys in a probe, not {front.describe(value)}")
    return {key: front.known(each, "") for key, each in table.items()}


def plain(front: Expressions, value: Val, what: str) -> Any:
    """The object that a constant is. Raises: Refusal."""
    if not (isinstance(value, Known) and is_foldable(value.object)):
        raise Refusal(f"{what} takes constants in a probe, not {front.describe(value)}")
    return value.object


# Constants that are searched at run time


def item(front: Expressions, items: Any, at: Val, what: str) -> Val:
    """`NAMES[i]` of a constant sequence with a run-time index. Raises: Refusal."""
    if len(items) > _MOST_WAYS:
        raise Refusal(
            f"{what} has {len(items)} items, too many for a run-time index", "keep the values in an Array map"
        )
    n = index(front, at, len(items), what)
    assert isinstance(n, Num)
    return one_of(front, n, [front.known(i, "") for i in items])


def one_of(front: Expressions, n: Num, items: list[Val]) -> Val:
    """The item at an index that lies inside. Raises: Refusal for items that are neither integers nor strings."""

    def tests() -> Iterator[tuple[Callable[[Block, Block], None], Val]]:
        for at, value in enumerate(items[:-1]):
            yield lambda yes, no, at=at: front.b.branch("eq", n.value, front.b.const(at), yes, no), value  # type: ignore[misc]

    return _first(front, tests(), lambda: items[-1])


def lookup(front: Expressions, table: dict[Any, Any], key: Val, default: Val | None, what: str) -> Val:
    """`TABLE[k]` and `TABLE.get(k, default)` of a constant dict; without a default a missing key ends the program.

    Raises: Refusal.
    """
    if len(table) > _MOST_WAYS:
        raise Refusal(f"a dict of {len(table)} entries is too long for a run-time key", "keep them in a Hash map")
    if is_string(key):
        from .strings import in_memory

        key = in_memory(front, key)
    ints = {int(k) if isinstance(k, float) and k.is_integer() else k: v for k, v in table.items()}
    keys = [k for k in ints if may_equal(front, key, k)]

    def tests() -> Iterator[tuple[Callable[[Block, Block], None], Val]]:
        for k in keys:
            yield lambda yes, no, k=k: front.compare_values("==", key, Known(k), yes, no), front.known(table[k], "")  # type: ignore[misc]

    def missing() -> Val | None:
        if default is None:
            front.low.abort("bad_index", f"{what} has no such key")
        return default

    if not keys and default is None:
        raise Refusal(f"{what} has no key that this can be")
    return _first(front, tests(), missing)


def may_equal(front: Expressions, value: Val, constant: Any) -> bool:
    """Whether a value at run time may be equal to a constant. Raises: Refusal where that is not known."""
    if isinstance(constant, float):
        return False  # no integer: those are given as such
    if isinstance(constant, complex) or not (is_foldable(constant) or isinstance(value, Member)):
        raise Refusal(f"{front.describe(value)} cannot be compared with {front.describe(Known(constant))}")
    if isinstance(value, Num):
        return isinstance(constant, int) and value.lo <= constant <= value.hi
    if isinstance(value, Member):
        return isinstance(constant, value.cls)
    if is_string(value):
        return isinstance(constant, str)
    raise Refusal(f"{front.describe(value)} cannot be looked for among constants")


def _first(
    front: Expressions,
    tests: Iterable[tuple[Callable[[Block, Block], None], Val]],
    otherwise: Callable[[], Val | None],
) -> Val:
    """The value beside the first test that holds, or `otherwise`, which may end the program."""
    ways = Ways(front)
    for test, value in tests:
        yes, no = front.low.blocks(2)
        test(yes, no)
        if front.b.is_reachable(yes):
            front.b.start(yes)
            ways.add(value)
        if not front.b.is_reachable(no):
            return ways.result()
        front.b.start(no)
    last = otherwise()
    if last is not None:
        ways.add(last)
    return ways.result()
