"""`Record`: the small base of ebee's plain-data classes.

It does what `dataclasses` does for the simple case (slots, positional and keyword construction, equality,
a readable repr), without importing `dataclasses`, `inspect`, `re` or `typing`: those cost more start-up time
than everything a one-liner does. Type checkers see a dataclass.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, dataclass_transform

    T = TypeVar("T")
else:

    def dataclass_transform(**_options):
        return lambda cls: cls


class _Factory:
    """A default that is made anew for every instance."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], object]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], T]) -> T:
    """Declare a field whose default is `default_factory()`, made anew for every instance."""
    return _Factory(default_factory)  # type: ignore[return-value]


@dataclass_transform(field_specifiers=(field,))
class _RecordMeta(type):
    """Turns annotations into slots. Annotations are read as names only and never evaluated."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> _RecordMeta:
        own = [n for n in namespace.get("__annotations__", {}) if not n.startswith("_")]
        defaults: dict[str, object] = {}
        fields: list[str] = []
        for base in bases:
            fields += getattr(base, "_fields", ())
            defaults.update(getattr(base, "_defaults", {}))
        for n in own:
            if n in namespace:
                defaults[n] = namespace.pop(n)
        namespace["__slots__"] = tuple(n for n in own if n not in fields)
        namespace["_fields"] = tuple(fields) + namespace["__slots__"]
        namespace["_defaults"] = defaults
        namespace.setdefault("__match_args__", namespace["_fields"])
        return super().__new__(mcs, name, bases, namespace, **options)


class Record(metaclass=_RecordMeta):
    """A class whose annotated names are its fields; a value in the class body is the field's default.

    Instances are mutable and compare by value. Modules that define records use
    `from __future__ import annotations`.

    Raises: TypeError for a missing, repeated or unknown field.
    """

    if not TYPE_CHECKING:
        _fields: tuple[str, ...]
        _defaults: dict[str, object]

        def __init__(self, *args, **kwargs):
            fields = self._fields
            if len(args) > len(fields):
                raise TypeError(f"{type(self).__name__} takes {len(fields)} fields, {len(args)} were given")
            for name, value in zip(fields, args):
                setattr(self, name, value)
            for name in fields[len(args):]:
                if name in kwargs:
                    setattr(self, name, kwargs.pop(name))
                elif name in self._defaults:
                    value = self._defaults[name]
                    setattr(self, name, value.make() if type(value) is _Factory else value)
                else:
                    raise TypeError(f"{type(self).__name__} needs the field {name!r}")
            if kwargs:
                name = next(iter(kwargs))
                problem = "twice" if name in fields else "but has no such field"
                raise TypeError(f"{type(self).__name__} was given {name!r} {problem}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, n) == getattr(other, n) for n in self._fields)  # type: ignore[attr-defined]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{n}={getattr(self, n)!r}" for n in self._fields)  # type: ignore[attr-defined]
        return f"{type(self).__name__}({shown})"

    def replace(self, **changes: Any) -> Any:
        """Return a copy with the given fields changed; other field values are shared, not copied."""
        for n in self._fields:  # type: ignore[attr-defined]
            changes.setdefault(n, getattr(self, n))
        return type(self)(**changes)
