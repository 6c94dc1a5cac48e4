"""Expressions of a probe: each becomes a `Val`, evaluated in Python's order."""

from __future__ import annotations

import _ast as ast

from ..errors import Diagnostic
from ..ir.builder import Builder
from ..lower import numbers
from ..lower.numbers import COMPARISONS, Num, Refusal
from ..lower.program import TASK_NUMBERS, Lowering, task_number
from ..types.intrinsics import INTRINSICS
from ..types.maps import KeyedDecl, MapDecl
from ..types.scalars import IntType, StrType
from .map_methods import call_method
from .values import Comm, Context, Known, Memory, RecordRef, Unusable, UserStr, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..ir.core import Block, Value
    from .source import SourceText
    from .values import Val

BINARY_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.BitAnd: "&",
    ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip
COMPARE_OPERATORS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
# Constants: the same operations on numbers that are known now.
FOLD = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "//": lambda a, b: a // b,
    "%": lambda a, b: a % b, "&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b, ">>": lambda a, b: a >> b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip

HINTS = {
    "Div": "use // for integers",
    "Pow": "write the product, or a shift for powers of two",
    "JoinedStr": "write the values into a record and format them in the program that reads it",
    "ListComp": "probes have no lists",
    "List": "probes have no lists",
    "Dict": "declare a map at module level: Hash(u32, u64)",
    "Lambda": "write the expression where it is used",
    "NamedExpr": "assign on a line of its own",
    "Subscript": "only maps can be indexed",
}


class Located(Exception):
    """A refusal whose place is known; `diagnostic` is None when it follows from one already reported."""

    def __init__(self, diagnostic: Diagnostic | None) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic


class Expressions:
    """Lowers expressions. `env` holds the local names, `names` what the function's free names stand for."""

    low: Lowering
    b: Builder
    source: SourceText
    env: dict[str, Val]
    names: Mapping[str, Any]

    # Entry points

    def expr(self, node: ast.expr) -> Val:
        """Lower an expression. Raises: Located."""
        method = getattr(self, f"expr_{type(node).__name__}", None)
        self.b.span = self.source.span(node)
        try:
            if method is None:
                kind = type(node).__name__
                raise Refusal(f"this kind of expression ({kind}) is not supported in a probe", HINTS.get(kind, ""))
            value: Val = method(node)
        except Refusal as e:
            raise self.located(node, e) from None
        self.b.span = self.source.span(node)
        return value

    def located(self, node: Any, e: Refusal) -> Located:
        """Give a refusal its place."""
        return Located(Diagnostic(e.message, self.source.span(node), e.hint))

    def num(self, node: ast.expr) -> Num:
        """Lower an expression that must be an integer at run time."""
        value = self.expr(node)
        try:
            return self.as_num(value)
        except Refusal as e:
            raise self.located(node, e) from None

    def as_num(self, value: Val) -> Num:
        """Return a value as an integer. Raises: Refusal."""
        if isinstance(value, Num):
            return value
        if isinstance(value, Known) and isinstance(value.object, int):
            return numbers.constant(self.low, int(value.object))
        raise Refusal(f"an integer is needed here, not {self.describe(value)}")

    def describe(self, value: Val) -> str:
        """Return what a value is, in words."""
        match value:
            case Num():
                return value.describe()
            case Known(object=bool() | int() | str() | bytes() | float() | None as constant):
                return repr(constant)
            case Known(object=MapDecl() as decl):
                return f"the map {decl.name or decl.kind}"
            case Known(object=other):
                return f"{getattr(other, '__name__', None) or type(other).__name__}"
            case Comm() | UserStr() | Memory():
                return "a string"
            case RecordRef():
                return f"a {value.type.name} record"
            case Context():
                return "the probe's context"
        return "something that has no value here"

    # Names and attributes

    def expr_Constant(self, node: ast.Constant) -> Val:
        if isinstance(node.value, float | complex):
            raise Refusal("there are no floating-point numbers in a probe", "count in smaller units, as integers")
        return Known(node.value)

    def expr_Name(self, node: ast.Name) -> Val:
        name = node.id
        if name in self.env:
            value = self.env[name]
            if isinstance(value, Unusable):
                if not value.why:
                    raise Located(None)
                raise Refusal(f"{name} {value.why}", value.hint)
            return value
        if name in self.names:
            return self.known(self.names[name], name)
        raise Refusal(f"name {name!r} is not defined", similar(name, {**self.names, **self.env}))

    def known(self, object: Any, name: str) -> Val:
        """A Python object found under `name`; a map becomes part of the program."""
        if isinstance(object, MapDecl):
            self.low.obj.use_map(object, name)
        return Known(object)

    def expr_Attribute(self, node: ast.Attribute) -> Val:
        base = self.expr(node.value)
        match base:
            case Context():
                return base.type.attribute(self.low, base.pointer, node.attr)
            case RecordRef():
                field = base.type.fields.get(node.attr)
                if field is None:
                    raise Refusal(f"{base.type.name} has no field {node.attr!r}", similar(node.attr, base.type.fields))
                if isinstance(field.type, IntType):
                    return self.low.load_num(base.pointer, field.off_bytes, field.type)
                if isinstance(field.type, StrType):
                    return Memory(base.pointer, field.off_bytes, field.type.size)
                raise Refusal(f"{node.attr} is a {field.type.name}, which cannot be read here")
            case Known(object=object) if isinstance(object, type) or type(object).__name__ == "module":
                try:
                    return self.known(getattr(object, node.attr), node.attr)
                except AttributeError:
                    what = getattr(object, "__name__", "")
                    raise Refusal(f"{what} has no attribute {node.attr!r}", similar(node.attr, dir(object))) from None
        raise Refusal(f"{self.describe(base)} has no attribute {node.attr!r} in a probe")

    # Arithmetic

    def expr_BinOp(self, node: ast.BinOp) -> Val:
        op = BINARY_OPERATORS.get(type(node.op))
        if op is None:
            name = type(node.op).__name__
            raise Refusal(f"this operator ({name}) is not supported in a probe", HINTS.get(name, ""))
        return self.binary(op, self.expr(node.left), self.expr(node.right))

    def binary(self, op: str, a: Val, b: Val) -> Val:
        """`a op b`, folded when both are known."""
        if isinstance(a, Known) and isinstance(b, Known) and isinstance(a.object, int) and isinstance(b.object, int):
            if op == "<<" and b.object > 64:
                raise Refusal(f"a shift by {b.object} does not fit in 64 bits")
            try:
                return Known(FOLD[op](a.object, b.object))
            except (ArithmeticError, ValueError) as e:
                raise Refusal(str(e)) from None
        return numbers.binary(self.low, op, self.as_num(a), self.as_num(b))

    def expr_UnaryOp(self, node: ast.UnaryOp) -> Val:
        if isinstance(node.op, ast.Not):
            return self.as_value(node)
        value = self.expr(node.operand)
        if isinstance(value, Known) and isinstance(value.object, int):
            known = int(value.object)
            negative = isinstance(node.op, ast.USub)
            return Known(-known if negative else ~known if isinstance(node.op, ast.Invert) else known)
        n = self.as_num(value)
        if isinstance(node.op, ast.USub):
            return numbers.negate(self.low, n)
        return numbers.invert(self.low, n) if isinstance(node.op, ast.Invert) else n

    # Conditions

    def expr_Compare(self, node: ast.Compare) -> Val:
        return self.as_value(node)

    def as_value(self, node: ast.expr) -> Val:
        """A condition as a value: 1 or 0."""
        name = f"condition {id(node)}"
        blocks = self.low.blocks(3)
        for block, result in zip(blocks, (1, 0)):
            if result:
                self.condition(node, blocks[0], blocks[1])
            if self.b.is_reachable(block):
                self.b.start(block)
                self.b.write(name, self.b.const(result))
                self.b.jump(blocks[2])
        self.b.start(blocks[2])
        return Num(self.b.read(name), 0, 1)

    def condition(self, node: ast.expr, then: Block, els: Block) -> None:
        """Jump to `then` if an expression is true, else to `els`."""
        try:
            if isinstance(node, ast.BoolOp):
                is_and = isinstance(node.op, ast.And)
                for part in node.values[:-1]:
                    following = self.b.new_block()
                    self.condition(part, following if is_and else then, els if is_and else following)
                    if not self.b.is_reachable(following):
                        return
                    self.b.start(following)
                self.condition(node.values[-1], then, els)
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
                self.condition(node.operand, els, then)
            elif isinstance(node, ast.Compare):
                self.comparison(node, then, els)
            else:
                value = self.expr(node)
                if isinstance(value, Known):
                    self.b.jump(then if value.object else els)
                else:
                    self.b.branch("ne", self.as_num(value).value, self.b.const(0), then, els)
        except Refusal as e:
            raise self.located(node, e) from None

    def comparison(self, node: ast.Compare, then: Block, els: Block) -> None:
        """A comparison, also a chained one: each operand is evaluated once."""
        left = self.expr(node.left)
        for at, (operator, right_node) in enumerate(zip(node.ops, node.comparators)):
            right = self.expr(right_node)
            following = then if at == len(node.ops) - 1 else self.b.new_block()
            self.compare(operator, left, right, following, els)
            if following is not then:
                if not self.b.is_reachable(following):
                    return
                self.b.start(following)
            left = right

    def compare(self, operator: ast.cmpop, left: Val, right: Val, then: Block, els: Block) -> None:
        """One comparison of two evaluated operands."""
        if isinstance(operator, ast.In | ast.NotIn):
            if not (isinstance(right, Known) and isinstance(right.object, KeyedDecl)):
                raise Refusal(f"`in` works on keyed maps, not on {self.describe(right)}")
            pointer = self.low.lookup(right.object, self.key(right.object, left))
            self.b.branch("ne" if isinstance(operator, ast.In) else "eq", pointer, self.b.const(0), then, els)
            return
        op = COMPARE_OPERATORS.get(type(operator))
        if op is None:
            raise Refusal("`is` is not supported in a probe", "compare numbers with ==")
        if isinstance(left, Known) and isinstance(right, Known):
            try:
                self.b.jump(then if FOLD[op](left.object, right.object) else els)
            except TypeError as e:
                raise Refusal(str(e)) from None
            return
        if any(isinstance(v, Comm | UserStr | Memory) for v in (left, right)):
            raise Refusal("strings cannot be compared in a probe yet", "compare them in the program that reads them")
        a, b = self.as_num(left), self.as_num(right)
        self.b.branch(numbers.condition(op, a, b), a.value, b.value, then, els)

    def expr_BoolOp(self, node: ast.BoolOp) -> Val:
        raise Refusal("`and` and `or` are supported in conditions, not as values", "use them in an `if`")

    # Maps

    def expr_Subscript(self, node: ast.Subscript) -> Val:
        decl = self.map_of(node)
        if not isinstance(decl.value, IntType):
            raise Refusal(f"the values of {decl.name} are {decl.value}, which cannot be read in a probe yet")
        return self.low.read_entry(decl, decl.value, self.key(decl, self.expr(node.slice)))

    def map_of(self, node: ast.Subscript) -> KeyedDecl[Any, Any]:
        """The map of `m[k]`. Raises: Refusal."""
        base = self.expr(node.value)
        if not (isinstance(base, Known) and isinstance(base.object, KeyedDecl)):
            raise Refusal(f"{self.describe(base)} cannot be indexed in a probe", "only keyed maps can")
        return base.object

    def key(self, decl: KeyedDecl[Any, Any], value: Val) -> Value:
        """Write a key into scratch memory and return its address."""
        memory = self.low.scratch("key", decl.key.size)
        self.store(memory, 0, decl.key, value, f"a key of {decl.name} ({decl.key.name})")
        return memory

    def store(self, base: Value, off: int, type: Any, value: Val, what: str, *, is_zero: bool = False) -> None:
        """Write a value into memory of a declared type, which may be known to be zero. Raises: Refusal."""
        if isinstance(type, IntType):
            self.low.store_num(base, off, type, self.as_num(value), what)
            return
        if not isinstance(type, StrType):
            raise Refusal(f"{what} cannot be assigned in a probe yet")
        match value:
            case Comm():
                self.low.read_comm(base, off, type.size)
            case UserStr():
                if value.size_bytes > type.size:
                    raise Refusal(f"a string of {value.size_bytes} bytes does not fit in {what}")
                if not is_zero:
                    self.low.zero(base, off, type.size)
                self.low.read_user_str(base, off, value.size_bytes or type.size, value.address, value.what)
            case Memory():
                if value.size_bytes > type.size:
                    raise Refusal(f"a string of {value.size_bytes} bytes does not fit in {what}")
                self.low.copy(base, off, value.base, value.off, value.size_bytes)
                if not is_zero:
                    self.low.zero(base, off + value.size_bytes, type.size - value.size_bytes)
            case Known(object=str() as text):
                try:
                    data = type.pack(text)
                except ValueError as e:
                    raise Refusal(str(e)) from None
                self.low.store_bytes(base, off, data)
            case _:
                raise Refusal(f"{what} takes a string, not {self.describe(value)}")

    # Calls

    def expr_Call(self, node: ast.Call) -> Val:
        if isinstance(node.func, ast.Attribute):
            base = self.expr(node.func.value)
            if isinstance(base, Known) and isinstance(base.object, MapDecl):
                return call_method(self, base.object, node.func.attr, node)
        function = self.expr(node.func)
        if not isinstance(function, Known):
            raise Refusal(f"{self.describe(function)} cannot be called")
        if isinstance(function.object, IntType):
            return self.cast(node, function.object)
        name = INTRINSICS.get(function.object) if callable(function.object) else None
        if name is None:
            what = self.describe(function)
            hint = {
                "print": "write to a RingBuf and print in the program that reads it",
                "len": "",
            }.get(what, "a probe can call ebee's functions (ebee.pid, ebee.comm, …) and casts (u32(x))")
            raise Refusal(f"{what} cannot be called in a probe", hint)
        return self.intrinsic(node, name)

    def arguments(self, node: ast.Call, name: str, low: int, high: int) -> list[ast.expr]:
        """The positional arguments of a call. Raises: Refusal for another number of them, or for keywords."""
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            raise Refusal(f"{name}() takes positional arguments only in a probe")
        if not low <= len(node.args) <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            raise Refusal(f"{name}() takes {wanted} arguments, not {len(node.args)}")
        return list(node.args)

    def cast(self, node: ast.Call, type: IntType) -> Val:
        """u32(x): x cut to the type's width."""
        value = self.expr(self.arguments(node, type.name, 1, 1)[0])
        if isinstance(value, Known) and isinstance(value.object, int):
            return Known(type(value.object))
        return numbers.wrap(self.low, self.as_num(value), type.size, type.signed)

    def intrinsic(self, node: ast.Call, name: str) -> Val:
        """ebee.pid() and its like."""
        if name in TASK_NUMBERS:
            self.arguments(node, name, 0, 0)
            return task_number(self.low, name)
        if name == "comm":
            self.arguments(node, name, 0, 0)
            return Comm()
        arguments = self.arguments(node, name, 1, 2)
        address = self.num(arguments[0])
        if "*" not in address.c_type and (address.lo, address.hi) != (0, numbers.U64_HI):
            raise Refusal(f"user_str() takes an address, not {address.describe()}")
        size = self.expr(arguments[1]) if len(arguments) > 1 else Known(0)
        if not (isinstance(size, Known) and isinstance(size.object, int) and 0 <= size.object <= 1 << 20):
            raise Refusal("the size of user_str() must be a constant, in bytes")
        return UserStr(address, size.object, self.source.text_of(arguments[0]))


assert set(COMPARE_OPERATORS.values()) == set(COMPARISONS)
