"""Strings and bytes that change in a loop: each has memory of its own, where a turn leaves it for the next one."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Refusal
from ..types.scalars import StrType
from .arrays import size_of_bytes
from .source import walk
from .values import BytesPlace, Known, Memory, Unusable, is_bytes, size_of_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .loops import Loops
    from .values import Val

_AGAIN = 16  # attempts for each string: that it is wanted, and how large it is
_STEPS = 3  # from then on a string that is too long has its memory doubled
_MOST_BYTES = 512


class Texts:
    """The strings that a loop assigns: kept are those that are read before they are assigned, or behind the loop."""

    def __init__(self, front: Loops, node: ast.While | ast.For) -> None:
        self.front, self.node = front, node
        self.first: dict[str, Val] = {}
        self.sizes: dict[str, int] = {}
        self.grown: dict[str, int] = {}
        self.needed: dict[str, int] = {}
        self.wanted: set[str] = set()
        self.is_grown = False

    @property
    def most_attempts(self) -> int:
        """How many more attempts the loop's strings may take."""
        return _AGAIN * len(self.first)

    def changing(self, name: str, value: Val) -> Val:
        """What a name is at the loop's head that is no integer: a string is kept if it is wanted."""
        if not _is_kept(value):
            return _unusable(None)
        self.first[name] = value
        if self._is_read_outside(name):
            self.sizes[name] = _size(value)
        return _unusable(self.wanted)

    def _is_read_outside(self, name: str) -> bool:
        """Whether a name is read behind the loop, or in a loop around it."""
        node, in_loop = self.node, bool(self.front.loops)
        last = node.end_lineno or 0
        return any(
            isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
            and (n.lineno > last or in_loop and n.lineno < node.lineno)
            for n in walk(self.front.definition.body)
        )  # fmt: skip

    def enter(self, start: dict[str, Val]) -> None:
        """Write the strings that are kept to their memory, before the loop."""
        self.is_grown, self.needed = False, {}
        for name, size in self.sizes.items():
            memory = self.front.b.alloca(-(-size // 8) * 8)
            type = _type(self.first[name], size)
            self.front.store(memory, 0, type, self.first[name], name)
            start[name] = (
                BytesPlace(memory, 0, type)
                if is_bytes(self.first[name])
                else Memory(memory, 0, size, is_field=True)
            )

    def keep(self, start: dict[str, Val]) -> None:
        """Write them at the end of an iteration, unless one is too long: then this attempt was wrong.

        Raises: Refusal for one that grows.
        """
        front = self.front
        for name, size in list(self.sizes.items()):
            value, place = front.env.get(name), start[name]
            if value is place or isinstance(value, Unusable) and not value.why:
                continue
            of_bytes = is_bytes(self.first[name])
            if not _is_kept(value) or is_bytes(value) != of_bytes or of_bytes and _size(value) != size:
                self.sizes[name], self.is_grown = 0, True
                continue
            need = self.needed[name] = max(self.needed.get(name, 0), _size(value))
            if need > size:
                self.grown[name] = self.grown.get(name, 0) + 1
                if need > _MOST_BYTES:
                    raise Refusal(f"{name} may grow in every turn of the loop", f"cut it: {name} = (…)[:64]")
                self.sizes[name] = need if self.grown[name] < _STEPS else max(need, 2 * size)
                self.is_grown = True
            elif size:
                assert isinstance(place, Memory | BytesPlace) and value is not None
                front.store(place.base, 0, _type(value, size), value, name)

    def is_wrong(self, start: dict[str, Val]) -> bool:
        """Whether the last attempt kept too few strings, or too little of them."""
        wanted = {name for name in self.wanted if name in self.first and name not in self.sizes}
        self.wanted.clear()
        for name in wanted:
            self.sizes[name] = _size(self.first[name])
        for name in [name for name, size in self.sizes.items() if not size]:
            del self.sizes[name], self.first[name]
            start[name] = _unusable(None)
        if wanted or self.is_grown:
            return True
        # What was doubled may be larger than what turned out to be needed.
        for name in [name for name, steps in self.grown.items() if steps >= _STEPS and name in self.sizes]:
            need = max(self.needed.get(name, 0), _size(self.first[name]))
            del self.grown[name]
            if need < self.sizes[name]:
                self.sizes[name], self.is_grown = need, True
        return self.is_grown


def _is_kept(value: Any) -> bool:
    return isinstance(value, Memory) or isinstance(value, Known) and isinstance(value.object, str) or is_bytes(value)


def _type(value: Val, size: int) -> Any:
    from ..types.fields import BytesType

    return BytesType(size) if is_bytes(value) else StrType(size)


def _size(value: Any) -> int:
    if is_bytes(value):
        return size_of_bytes(value)
    return len(value.object.encode()) + 1 if isinstance(value, Known) else size_of_string(value)


def _unusable(wanted: set[str] | None) -> Unusable:
    return Unusable("changes in the loop, and is no integer, string or bytes", "use another name", wanted)
