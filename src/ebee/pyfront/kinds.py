"""What can be done with each kind of value. One class per kind, in the module that knows it; two tables find it."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import Num, Refusal
from ..types.maps import MapDecl
from ..types.scalars import NumType
from . import values
from .values import Known, Unusable, is_sequence, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Place, Ranges, Val


class Elements:
    """What a loop goes over: `count` values, the one at an index given by `at`. Built by `Kind.elements`."""

    __slots__ = ("at", "count")

    def __init__(self, count: int | Num, at: Callable[[Num], Val]) -> None:
        self.count, self.at = count, at


class Kind:
    """One kind of value. What a kind does not define is refused.

    `front` is the function that is being lowered, `node` the syntax that asks, `then` and `els` the blocks where a
    condition goes on.
    """

    is_iterable = False  # whether `elements` may give some

    def describe(self, front: Expressions, value: Any) -> str:
        """Return what a value is, in words."""
        return "something that has no value here"

    # Parts

    def attribute(self, front: Expressions, value: Any, name: str, node: ast.expr) -> Val:
        """`value.name`."""
        raise Refusal(f"{front.describe(value)} has no attribute {name!r} in a probe")

    def set_attribute(self, front: Expressions, value: Any, name: str, new: Val, node: ast.Attribute) -> None:
        """`value.name = new`."""
        raise Refusal(f"{front.describe(value)} has no fields that can be assigned")

    def augment_attribute(
        self, front: Expressions, value: Any, name: str, op: str, operand: ast.expr, node: ast.Attribute
    ) -> None:
        """`value.name op= operand`: read, computed and written back, unless a kind does it atomically."""
        from .order import steady

        old = steady(front, self.attribute(front, value, name, node), operand)
        self.set_attribute(front, value, name, front.binary(op, old, front.expr(operand)), node)

    def item(self, front: Expressions, value: Any, node: ast.Subscript) -> Val:
        """`value[…]`."""
        raise Refusal(f"{front.describe(value)} cannot be indexed in a probe", "only keyed maps can")

    def set_item(self, front: Expressions, value: Any, node: ast.Subscript, new: Val) -> None:
        """`value[…] = new`."""
        raise Refusal(f"{front.describe(value)} has no items that can be assigned")

    def augment_item(self, front: Expressions, value: Any, node: ast.Subscript, op: str, operand: ast.expr) -> None:
        """`value[…] op= operand`."""
        raise Refusal(f"{front.describe(value)} has no items that can be assigned")

    def augment_by_item(self, front: Expressions, value: Any, node: ast.Subscript, op: str, operand: ast.expr) -> None:
        """`value[…] op= operand` of what has no place: read, computed and written back. The index is evaluated once."""
        from .order import once

        node = once(front, node)
        self.set_item(front, value, node, front.binary(op, self.item(front, value, node), front.expr(operand)))

    def place_attribute(self, front: Expressions, value: Any, name: str, node: ast.Attribute) -> Place | None:
        """Where `value.name` lies, for atomic changes; None: it has no place of its own."""
        return None

    def place_item(self, front: Expressions, value: Any, node: ast.Subscript) -> Place | None:
        """Where `value[…]` lies, for atomic changes; None: it has no place of its own."""
        return None

    def delete_item(self, front: Expressions, value: Any, node: ast.Subscript) -> None:
        """`del value[…]`."""
        raise Refusal("only entries of maps can be deleted in a probe")

    # Calls

    def method(self, front: Expressions, value: Any, name: str, node: ast.Call) -> Val:
        """`value.name(…)`: a call of the attribute, unless a kind has methods of its own."""
        function = self.attribute(front, value, name, node.func)
        return front.kind(function).call(front, function, node)

    def call(self, front: Expressions, value: Any, node: ast.Call) -> Val:
        """`value(…)`."""
        raise Refusal(f"{front.describe(value)} cannot be called")

    def has_effect(self, front: Expressions, value: Any, name: str, node: ast.expr) -> bool:
        """Whether `value.name(…)`, or `value(…)` without a name, does something beside giving a number or a string."""
        if not name:
            return False
        function = self.attribute(front, value, name, node)
        return front.kind(function).has_effect(front, function, "", node)

    # Conditions

    def truth(self, front: Expressions, value: Any, node: ast.expr, then: Block, els: Block) -> tuple[Ranges, Ranges]:
        """Jump to `then` if a value is true; return what that says of local names."""
        raise Refusal(f"an integer is needed here, not {front.describe(value)}")

    def compare(self, front: Expressions, op: str, a: Any, b: Any, then: Block, els: Block) -> bool:
        """Jump to `then` if `a op b`, one of which is of this kind; return False to leave it to integers."""
        return False

    def is_none(self, front: Expressions, value: Any, then: Block, els: Block) -> None:
        """Jump to `then` if a value is None."""
        front.b.jump(els)

    def contains(self, front: Expressions, value: Any, item: Val, then: Block, els: Block) -> None:
        """Jump to `then` if `item in value`."""
        raise Refusal(f"`in` works on keyed maps and constant sequences, not on {front.describe(value)}")

    # Sequences

    def length(self, front: Expressions, value: Any) -> Val:
        """`len(value)`."""
        raise Refusal(f"the length of {front.describe(value)} is not known in a probe")

    def elements(self, front: Expressions, value: Any) -> Elements | None:
        """What `for x in value` goes over; None if it cannot."""
        return None

    # Names

    def kept(self, front: Expressions, name: str, value: Any) -> Val:
        """What a local name is once a value was assigned to it; its variables are written here."""
        return value  # type: ignore[no-any-return]

    def merged(self, front: Expressions, name: str, values: list[Any]) -> Val | None:
        """What a name is where ways meet on which it is each of `values`, all of this kind; None: nothing."""
        return None


class NumKind(Kind):
    """Integers at run time, and pointers into the kernel."""

    def describe(self, front: Expressions, value: Num) -> str:
        return value.describe()

    def method(self, front: Expressions, value: Num, name: str, node: ast.Call) -> Val:
        if name == "to_bytes":
            from .arrays import as_bytes, byte_order

            values, named = front.values_of(node)
            size = values.pop(0) if values else named.pop("length", Known(1))
            if not (isinstance(size, Known) and isinstance(size.object, int)):
                raise Refusal("the length of to_bytes() is a constant in a probe")
            return as_bytes(front, value, size.object, *byte_order(values, named, "to_bytes()"))
        if name != "bit_length" or value.is_kernel_pointer:
            return super().method(front, value, name, node)
        from ..lower.bits import bit_length

        front.arguments(node, name, 0, 0)
        return bit_length(front.low, value)

    def has_effect(self, front: Expressions, value: Num, name: str, node: ast.expr) -> bool:
        return name not in ("bit_length", "to_bytes") and super().has_effect(front, value, name, node)

    def attribute(self, front: Expressions, value: Num, name: str, node: ast.expr) -> Val:
        if not value.is_kernel_pointer:
            return super().attribute(front, value, name, node)
        from .kernel_types import attribute

        return attribute(front, value, name, front.source.text_of(node))

    def truth(self, front: Expressions, value: Num, node: ast.expr, then: Block, els: Block) -> tuple[Ranges, Ranges]:
        front.b.branch("ne", value.value, front.b.const(0), then, els)
        return front.learned(node, value, numbers.refine("!=", value, Num(value.value, 0, 0)))

    def is_none(self, front: Expressions, value: Num, then: Block, els: Block) -> None:
        if value.is_kernel_pointer:
            front.b.branch("eq", value.value, front.b.const(0), then, els)
        else:
            front.b.jump(els)

    def kept(self, front: Expressions, name: str, value: Num) -> Val:
        front.b.write(front.local(name), value.value)
        front.b.write(f"{front.local(name)} is there", front.b.const(1))
        return value


class KnownKind(Kind):
    """Python objects that are known now."""

    def describe(self, front: Expressions, value: Known) -> str:
        if isinstance(value.object, bool | int | str | bytes | float | None):
            return repr(value.object)
        return f"{getattr(value.object, '__name__', None) or type(value.object).__name__}"

    def attribute(self, front: Expressions, value: Known, name: str, node: ast.expr) -> Val:
        if hasattr(type(value.object), "__members__") and name in ("name", "value"):
            return Known(getattr(value.object, name))
        if not isinstance(value.object, type) and type(value.object).__name__ != "module":
            return super().attribute(front, value, name, node)
        try:
            return front.known(getattr(value.object, name), name)
        except AttributeError:
            what = getattr(value.object, "__name__", "")
            raise Refusal(f"{what} has no attribute {name!r}", similar(name, dir(value.object))) from None

    def item(self, front: Expressions, value: Known, node: ast.Subscript) -> Val:
        from .sequences import constant_item

        return constant_item(front, value, node)

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        if not (is_sequence(value) or isinstance(value.object, int)):
            return super().method(front, value, name, node)
        from .constants import method

        result = method(front, value, name, node)
        return result if result is not None else super().method(front, value, name, node)

    def has_effect(self, front: Expressions, value: Known, name: str, node: ast.expr) -> bool:
        return (
            False
            if is_sequence(value) or isinstance(value.object, int)
            else super().has_effect(front, value, name, node)
        )

    def call(self, front: Expressions, value: Known, node: ast.Call) -> Val:
        raise front.not_callable(front.describe(value))

    def truth(self, front: Expressions, value: Known, node: ast.expr, then: Block, els: Block) -> tuple[Ranges, Ranges]:
        front.b.jump(then if value.object else els)
        return {}, {}

    def is_none(self, front: Expressions, value: Known, then: Block, els: Block) -> None:
        front.b.jump(then if value.object is None else els)

    def contains(self, front: Expressions, value: Known, item: Val, then: Block, els: Block) -> None:
        from .sequences import contains

        contains(front, value, item, then, els)

    def length(self, front: Expressions, value: Known) -> Val:
        if is_sequence(value):
            return Known(len(value.object))
        return super().length(front, value)

    def kept(self, front: Expressions, name: str, value: Known) -> Val:
        if isinstance(value.object, int | None):
            n = front.as_num(value) if value.object is not None else numbers.constant(front.low, 0)
            front.b.write(front.local(name), n.value)
            front.b.write(f"{front.local(name)} is there", front.b.const(value.object is not None))
        return value


class IntTypeKind(KnownKind):
    """u32 and its like: calling one is a cast."""

    def call(self, front: Expressions, value: Known, node: ast.Call) -> Val:
        return front.cast(node, value.object)


class ContextKind(Kind):
    """The probe's argument."""

    def describe(self, front: Expressions, value: values.Context) -> str:
        return "the probe's context"

    def attribute(self, front: Expressions, value: values.Context, name: str, node: ast.expr) -> Val:
        return value.type.attribute(front.low, value.pointer, name)

    def set_attribute(
        self, front: Expressions, value: values.Context, name: str, new: Val, node: ast.Attribute
    ) -> None:
        value.type.set_attribute(front, value.pointer, name, new)

    def item(self, front: Expressions, value: values.Context, node: ast.Subscript) -> Val:
        return value.type.item(front, node)

    def set_item(self, front: Expressions, value: values.Context, node: ast.Subscript, new: Val) -> None:
        value.type.set_item(front, node, new)

    def augment_item(
        self, front: Expressions, value: values.Context, node: ast.Subscript, op: str, operand: ast.expr
    ) -> None:
        self.augment_by_item(front, value, node, op, operand)

    def method(self, front: Expressions, value: values.Context, name: str, node: ast.Call) -> Val:
        result = value.type.method(front, name, node)
        return result if result is not None else super().method(front, value, name, node)

    def has_effect(self, front: Expressions, value: values.Context, name: str, node: ast.expr) -> bool:
        return bool(name) and value.type.has_effect(name)

    def length(self, front: Expressions, value: values.Context) -> Val:
        return value.type.length(front.low)

    def kept(self, front: Expressions, name: str, value: values.Context) -> Val:
        raise Refusal(f"{self.describe(front, value)} cannot get a second name")


class UnusableKind(Kind):
    """What ways that meet do not agree on."""

    def describe(self, front: Expressions, value: Unusable) -> str:
        return f"something that {value.why}" if value.why else super().describe(front, value)


# Where the kinds are: of values, and of the Python objects that `Known` values hold (found by their class, then by
# the classes that it derives from). A name without a module is defined here.
_VALUES: dict[type, str] = {
    Num: "NumKind",
    values.Many: "sequences.ManyKind",
    values.Comm: "strings.StringKind",
    values.UserStr: "strings.StringKind",
    values.Memory: "strings.StringKind",
    values.Text: "formatting.TextKind",
    values.StructValue: "records.StructKind",
    values.RecordRef: "records.RecordKind",
    values.Entry: "records.EntryKind",
    values.TimerPlace: "timers.TimerKind",
    values.StructPlace: "records.StructKind",
    values.ListPlace: "arrays.ListKind",
    values.BytesPlace: "arrays.BytesKind",
    values.Peek: "records.PeekKind",
    values.Entries: "outlined.EntriesKind",
    values.Maybe: "optional.MaybeKind",
    values.InnerMap: "inner_maps.InnerKind",
    values.Lazy: "sequences.LazyKind",
    values.Member: "enums.MemberKind",
    values.EnumNum: "enums.EnumNumKind",
    values.Context: "ContextKind",
    values.Arguments: "btf_contexts.ArgumentsKind",
    values.Sequence: "iterators.SequenceKind",
    values.StackFrames: "stacks.StackFramesKind",
    values.HeaderRef: "packets.HeaderKind",
    values.KernelRef: "kernel_types.KernelKind",
    values.Payload: "packets.PayloadKind",
    values.OptionValue: "option_values.OptionValueKind",
    values.FieldRow: "network.FieldRowKind",
    values.Sock: "sockets.SockKind",
    values.Guard: "kfuncs.GuardKind",
    values.Slice: "dynptrs.SliceKind",
    values.Dynptr: "dynptrs.DynptrKind",
    values.KernelIter: "kfunc_iters.KernelIterKind",
    Unusable: "UnusableKind",
}
_OBJECTS: dict[object, str] = {
    object: "KnownKind",
    MapDecl: "map_methods.MapKind",
    NumType: "IntTypeKind",
    str: "strings.ConstantKind",
    type: "functions.TypeKind",
    type(len): "functions.BuiltinKind",
    type(similar): "functions.FunctionKind",
}
# Of classes whose modules are not imported unless a program uses them: module and name.
_RARE = {
    ("ebee.types.kfuncs", "Kfunc"): "kfuncs.KfuncKind",
    ("ebee.types.kfuncs", "KfuncIter"): "kfunc_iters.KfuncIterKind",
    ("ebee.types.arena", "Arena"): "arena.ArenaKind",
    ("ebee.types.ksyms", "Ksym"): "ksyms.KsymKind",
    ("ebee.types.globals", "Global"): "globals.GlobalKind",
    ("ebee.types.inner_maps", "OuterDecl"): "inner_maps.OuterKind",
    ("ebee.types.user_rings", "UserRingBuf"): "user_rings.UserRingKind",
    ("ebee.types.storage", "StorageDecl"): "storage.StorageKind",
    **{("ebee.types.net_maps", name): "net_maps.RedirectKind" for name in ("RedirectDecl", "SocketDecl")},
}
_made: dict[str, Kind] = {}


def _kind(where: str) -> Kind:
    if where not in _made:
        module, dot, name = where.rpartition(".")
        if not dot:
            _made[where] = globals()[name]()
        else:
            _made[where] = getattr(__import__(f"{__package__}.{module}", fromlist=(name,)), name)()
    return _made[where]


def kind_of(value: Val) -> Kind:
    """Return what can be done with a value."""
    if type(value) is not Known:
        return _kind(_VALUES[type(value)])
    found = (_OBJECTS.get(cls) or _RARE.get((cls.__module__, cls.__name__)) for cls in type(value.object).__mro__)
    return _kind(next(where for where in found if where))  # every class derives from `object`, which is there
