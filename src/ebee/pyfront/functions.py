"""Python's own functions that mean something in a probe. One table, `BUILTINS`."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import Num, Refusal
from ..types.scalars import Type
from ..types.structs import Struct, fields
from .intrinsics import EFFECTS, INTRINSICS
from .intrinsics import call as call_intrinsic
from .kinds import KnownKind
from .source import walk
from .values import EnumNum, Known, Many, as_member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .expressions import Expressions
    from .values import Val

# Of functions whose lowering is not imported unless a program uses them: their module, and the one that lowers them.
_LOWERED_BY = {"ebee.helpers": "helpers", "ebee.types.kfuncs": "kfuncs"}


def _lowered_by(function: Any) -> Any:
    name = _LOWERED_BY[function.__module__]
    return __import__(f"{__package__}.{name}", fromlist=("call",))


class BuiltinKind(KnownKind):
    """Python's own functions."""

    def call(self, front: Expressions, value: Known, node: ast.Call) -> Val:
        lower = BUILTINS.get(value.object)
        if lower is None:
            from .sequence_functions import FUNCTIONS

            lower = FUNCTIONS.get(value.object)
        if lower is None:
            raise front.not_callable(front.describe(value))
        return lower(front, node)


class TypeKind(BuiltinKind):
    """Classes: int and its like, and Structs."""

    def call(self, front: Expressions, value: Known, node: ast.Call) -> Val:
        if issubclass(value.object, Struct):
            from .records import make_struct

            return make_struct(front, node, value.object._type)
        if hasattr(value.object, "_kernel_fields"):
            from .flavours import cast as cast_pointer

            return cast_pointer(front, node, value.object)
        if value.object.__module__ == _LINUX:
            from .kernel_types import cast as cast_address

            return cast_address(front, node, value.object.__name__)
        if issubclass(value.object, Type):
            return make_type(front, node, value.object)
        if hasattr(value.object, "__members__"):
            from .enums import cast

            return cast(front, value.object, node)
        return super().call(front, value, node)


class FunctionKind(KnownKind):
    """Functions written in Python: ebee's own, and the user's."""

    def call(self, front: Expressions, value: Known, node: ast.Call) -> Val:
        if value.object is fields:
            (struct,) = (front.expr(a) for a in front.arguments(node, "fields", 1, 1))
            if not (isinstance(struct, Known) and hasattr(struct.object, "_type")):
                raise Refusal(f"fields() takes a Struct class, not {front.describe(struct)}")
            return Known(fields(struct.object))
        if value.object in INTRINSICS:
            return call_intrinsic(front, value.object, node)
        if value.object.__module__ == _STACKS:
            return _stack(front, value.object.__name__, node)
        if value.object.__module__ in _LOWERED_BY:
            result: Val = _lowered_by(value.object).call(front, value.object, node)
            return result
        return front.call_python(node, value.object)

    def has_effect(self, front: Expressions, value: Known, name: str, node: ast.expr) -> bool:
        if value.object.__module__ in _LOWERED_BY:
            return bool(_lowered_by(value.object).has_effect(value.object))
        return value.object not in INTRINSICS or value.object in EFFECTS


_LINUX = f"{__package__.rpartition('.')[0]}.types.linux"
_STACKS = f"{__package__.rpartition('.')[0]}.types.stacks"


def _stack(front: Expressions, name: str, node: ast.Call) -> Val:
    """stack_id(…), user_stack(), kernel_stack()"""
    from ..abi.helper_hooks import has_helper
    from ..spec.sections import parse_section
    from . import stacks

    helper = "get_stackid" if name == "stack_id" else "get_stack"
    if not front.context.has_task or not has_helper(parse_section(front.section).kind, helper):
        raise Refusal(f"ebee.{name}() has no meaning in a {front.context.noun}")
    return stacks.stack_id(front, node) if name == "stack_id" else stacks.frames(name)(front, node)


def make_type(front: Expressions, node: ast.Call, cls: Any) -> Val:
    """Bytes(16), Str(8): a type. Raises: Refusal."""
    values = [front.expr(a) for a in front.arguments(node, cls.__name__, 1, 2)]
    if not all(isinstance(v, Known) for v in values):
        raise Refusal("the size of a type must be a constant")
    try:
        return Known(cls(*(v.object for v in values if isinstance(v, Known))))
    except (TypeError, ValueError) as e:
        raise Refusal(str(e)) from None


def function_of(front: Expressions, node: ast.Lambda) -> Any:
    """A lambda as the function that it is: it sees constants, and its arguments. Raises: Refusal."""
    a, names = node.args, dict(front.names)
    own = {arg.arg for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if arg is not None}
    used = {n.id for n in walk([node]) if isinstance(n, ast.Name)}
    outside = {n.id for n in walk([*a.defaults, *(d for d in a.kw_defaults if d)]) if isinstance(n, ast.Name)}
    for name in sorted(used - own | outside):
        value = front.env.get(name)
        if isinstance(value, Known) and name not in front.local_names:
            names[name] = value.object
        elif value is not None or name in front.local_names:
            raise Refusal(f"a lambda in a probe sees constants only, and {name} is not one", "give it as an argument")
    try:
        return eval(compile(ast.Expression(node), front.source.file, "eval"), names)
    except NameError as e:
        raise Refusal(str(e)) from None


def integers(front: Expressions, node: ast.Call, name: str, low: int, high: int) -> list[Val]:
    values, named = front.values_of(node)
    if named:
        raise Refusal(f"{name}() takes positional arguments only in a probe")
    if not low <= len(values) <= high:
        wanted = str(low) if low == high else f"{low} to {high}"
        raise Refusal(f"{name}() takes {wanted} arguments, not {len(values)}")
    return values


def folded(front: Expressions, function: Any, values: list[Val]) -> Val:
    """What Python's own function says of constants. Raises: Refusal."""
    from . import constants

    return constants.fold(front, function, *(constants.plain(front, v, f"{function.__name__}()") for v in values))


def _extreme(op: str) -> Callable[[Expressions, ast.Call], Val]:
    name = "min" if op == "<" else "max"

    def lower(front: Expressions, node: ast.Call) -> Val:
        if len(node.args) == 1 and (node.keywords or isinstance(node.args[0], ast.GeneratorExp)):
            from .comprehensions import extreme

            return extreme(front, node, op, name)
        is_one = len(node.args) == 1 or any(isinstance(a, ast.Starred) for a in node.args)
        if is_one:
            from .sequence_functions import compared

            values = compared(front, node, name)
        else:
            values = integers(front, node, name, 2, 64)
        if all(isinstance(v, Known) for v in values):
            return folded(front, min if op == "<" else max, values)
        best = front.as_num(values[0])
        for value in values[1:]:
            best = _better(front, op, front.as_num(value), best)
        return best

    return lower


def _better(front: Expressions, op: str, a: Num, b: Num) -> Num:
    """`a` if `a op b` else `b`, without a test where their ranges tell."""
    if not (a.c_type or b.c_type or a.may_borrow or b.may_borrow):
        if a.lo >= b.hi if op == "<" else a.hi <= b.lo:
            return b
        if a.hi <= b.lo if op == "<" else a.lo >= b.hi:
            return a
    return as_member(numbers.choose(front.low, op, a, b, op == "<"))


def _abs(front: Expressions, node: ast.Call) -> Val:
    (value,) = integers(front, node, "abs", 1, 1)
    if isinstance(value, Known):
        return folded(front, abs, [value])
    return numbers.magnitude(front.low, front.as_num(value))


def _bool(front: Expressions, node: ast.Call) -> Val:
    return front.as_value(front.arguments(node, "bool", 1, 1)[0])


def _int(front: Expressions, node: ast.Call) -> Val:
    values = integers(front, node, "int", 0, 2)
    if all(isinstance(v, Known) for v in values):
        return folded(front, int, values)
    (value,) = values[:1] if len(values) == 1 else integers(front, node, "int", 1, 1)
    n = front.as_num(value)
    return Num(n.value, n.lo, n.hi) if isinstance(n, EnumNum) else numbers.bare(n)


def _divmod(front: Expressions, node: ast.Call) -> Val:
    a, b = integers(front, node, "divmod", 2, 2)
    return Many([front.binary("//", a, b), front.binary("%", a, b)])


def _len(front: Expressions, node: ast.Call) -> Val:
    (value,) = integers(front, node, "len", 1, 1)
    return front.kind(value).length(front, value)


def _hasattr(front: Expressions, node: ast.Call) -> Val:
    base, name = integers(front, node, "hasattr", 2, 2)
    text = _name(name, "hasattr")
    if isinstance(base, Known):
        return Known(hasattr(base.object, text))
    fields = getattr(getattr(base, "type", None), "fields", None)
    if fields is not None:
        return Known(text in fields)
    from .kernel_types import has

    return has(front, base, text)


def _name(value: Val, function: str) -> str:
    if not (isinstance(value, Known) and isinstance(value.object, str)):
        raise Refusal(f"{function}() takes the name as a constant in a probe")
    return value.object


def _getattr(front: Expressions, node: ast.Call) -> Val:
    base, name = integers(front, node, "getattr", 2, 2)
    return front.kind(base).attribute(front, base, _name(name, "getattr"), node)


def _setattr(front: Expressions, node: ast.Call) -> Val:
    base, name, value = integers(front, node, "setattr", 3, 3)
    target = ast.Attribute(node.args[0], _name(name, "setattr"), ast.Store())
    front.kind(base).set_attribute(front, base, target.attr, value, target)
    return Known(None)


def _ord(front: Expressions, node: ast.Call) -> Val:
    from .strings import character_code

    (value,) = integers(front, node, "ord", 1, 1)
    if isinstance(value, Known) and isinstance(value.object, str) and len(value.object) == 1:
        return Known(ord(value.object))
    return character_code(front, value)


def _print(front: Expressions, node: ast.Call) -> Val:
    from .printing import lower_print

    return lower_print(front, node)


def _range(front: Expressions, node: ast.Call) -> Val:
    values = integers(front, node, "range", 1, 3)
    if not all(isinstance(v, Known) and isinstance(v.object, int) for v in values):
        raise Refusal("here range() takes constants", "a `for` statement takes range() with any integers")
    try:
        return Known(range(*(v.object for v in values if isinstance(v, Known))))
    except ValueError as e:
        raise Refusal(str(e)) from None


# Python's own functions that mean something in a probe.
BUILTINS: dict[Any, Callable[[Expressions, ast.Call], Val]] = {
    min: _extreme("<"), max: _extreme(">"), abs: _abs, bool: _bool, int: _int, divmod: _divmod, len: _len,
    range: _range, hasattr: _hasattr, getattr: _getattr, setattr: _setattr, ord: _ord,
    print: _print,
}  # fmt: skip
