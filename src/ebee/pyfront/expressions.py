"""Expressions of a probe: each becomes a `Val`, evaluated in Python's order."""

from __future__ import annotations

import _ast as ast

from ..errors import Diagnostic
from ..ir.builder import Builder
from ..lower import numbers
from ..lower.numbers import Num, Refusal
from ..lower.program import Lowering
from ..types.maps import KeyedDecl, MapDecl
from ..types.scalars import IntType, NumType, StrType, Type
from .kinds import kind_of
from .order import own_text, steady
from .values import (
    Comm,
    Context,
    Entry,
    EnumNum,
    Known,
    Many,
    Maybe,
    Memory,
    Peek,
    Piece,
    RecordRef,
    StructValue,
    Text,
    Unread,
    Unusable,
    UserStr,
    as_member,
    c_type_of,
    differences,
    is_bytes,
    is_flag,
    is_sequence,
    is_string,
    may_overlap,
    narrowed,
    similar,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..ir.core import Block, Value
    from ..spec.target import Target
    from .calls import Call
    from .contexts import ContextType
    from .kinds import Kind
    from .source import ProbeSource, SourceText
    from .values import Place, Range, Ranges, Says, Val

BINARY_OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.BitAnd: "&",
    ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
    ast.Pow: "**",
}  # fmt: skip
# Constants: the same operations on numbers that are known now.
FOLD = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "//": lambda a, b: a // b,
    "%": lambda a, b: a % b, "&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b, ">>": lambda a, b: a >> b, "**": lambda a, b: a**b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip


HINTS = {
    "Div": "use // for integers",
    "Pow": "the exponent must be a constant from 0 to 64",
    "GeneratorExp": "it stands in sum(), any(), all(), min(), max(), tuple() or list()",
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
    depth: int  # how many conditions decide whether this expression is evaluated
    prefix: str  # of local names' variables
    serial: int  # of calls
    context: ContextType
    target: Target
    section: str  # of the probe
    source: SourceText
    env: dict[str, Val]
    names: Mapping[str, Any]
    local_names: set[str]  # that the function assigns somewhere: there no others are meant
    definition: ast.FunctionDef  # of the function that is being lowered
    calls: list[Call]
    map_writes: list[MapDecl]  # in the order of lowering
    held: list[Entry]  # that are used once what follows in the statement was evaluated
    probe: ProbeSource
    into: ast.expr | None = None  # what is assigned to a field: it may be read right there

    if TYPE_CHECKING:

        def assign(self, target: ast.expr, value: Val) -> None: ...
        def assign_name(self, name: str, value: Val) -> None: ...
        def written(self, value: Comm | UserStr | Memory | Text) -> Memory: ...
        def forget_entries(self, decl: MapDecl) -> None: ...
        def note_write(self, place: Place) -> None: ...
        def replace(self, place: Place | None) -> None: ...
        def merged(self, name: str, values: list[Val | None]) -> Val: ...
        @property
        def is_in_loop(self) -> bool: ...
        def call_python(self, node: ast.Call, function: Any) -> Val: ...

    def local(self, name: str) -> str:
        """Return the builder's variable for a local name."""
        return f"local {self.prefix}{name}"

    # Entry points

    def expr(self, node: ast.expr) -> Val:
        """Lower an expression. Raises: Located."""
        value = self.lowered(node)
        if type(value) is Peek:
            from .records import taken

            value = taken(self, value)
        return value

    def lowered(self, node: ast.expr) -> Val:
        """Lower an expression of which a part may be all that is wanted. Raises: Located."""
        method = getattr(self, f"expr_{type(node).__name__}", None)
        self.b.span = self.source.span(node)
        before = self.env, self.depth
        try:
            if method is None:
                kind = type(node).__name__
                raise Refusal(f"this kind of expression ({kind}) is not supported in a probe", HINTS.get(kind, ""))
            value: Val = method(node)
        except (Refusal, Located) as e:
            self.env, self.depth = before
            raise e if isinstance(e, Located) else self.located(node, e) from None
        self.b.span = self.source.span(node)
        return value

    def located(self, node: Any, e: Refusal) -> Located:
        """Give a refusal its place."""
        notes = [f"called from {call.site}: {call.site.text.strip()}" for call in reversed(self.calls) if call.function]
        return Located(Diagnostic(e.message, self.source.span(node), e.hint, notes=notes))

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
            n = numbers.constant(self.low, value.object if isinstance(value.object, bool) else int(value.object))
            return as_member(n.replace(c_type=c_type_of(value)))
        if isinstance(value, Maybe):
            from .optional import number

            return number(self, value)
        raise Refusal(f"an integer is needed here, not {self.describe(value)}")

    def kind(self, value: Val) -> Kind:
        """Return what can be done with a value."""
        return kind_of(value)

    def describe(self, value: Val) -> str:
        """Return what a value is, in words."""
        return kind_of(value).describe(self, value)

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
                if value.wanted is not None:
                    value.wanted.add(name)
                if not value.why:
                    raise Located(None)
                raise Refusal(f"{name} {value.why}", value.hint)
            if isinstance(value, Entry) and value.is_stale:
                raise Refusal(f"{name} {value.stale().why}", value.stale().hint)
            return value
        if name in self.local_names:
            raise Refusal(f"{name} is not assigned on every way that leads here", "assign it before")
        if name in self.names:
            return self.known(self.names[name], name)
        raise Refusal(f"name {name!r} is not defined", similar(name, {**self.names, **self.env}))

    def known(self, object: Any, name: str) -> Val:
        """A Python object found under `name`; a map becomes part of the program."""
        if isinstance(object, MapDecl):
            self.low.obj.use_map(object, name)
            if hasattr(object, "inner"):
                from .inner_maps import use_initial

                use_initial(self, object)
        elif getattr(type(object), "kind", "") == "Global":
            self.low.obj.use_variable(object, name)
        return Known(object)

    def expr_Attribute(self, node: ast.Attribute) -> Val:
        base = self.lowered(node.value)
        known = self.env.get(self.field_of_context(node)) if type(base) is Context else None
        return known if type(known) is Num else kind_of(base).attribute(self, base, node.attr, node)

    def field_of_context(self, node: ast.expr) -> str:
        """The name of a context's field that never changes, under which is kept what a comparison says of it; or ""."""
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            return ""
        context = self.env.get(node.value.id)
        return f"{node.value.id}.{node.attr}" if isinstance(context, Context) and context.type.is_read_only else ""

    # Arithmetic

    def expr_BinOp(self, node: ast.BinOp) -> Val:
        op, left = self.operator(node.op), steady(self, self.expr(node.left), node.right)
        return self.binary(op, left, self.expr(node.right))

    def operator(self, node: ast.operator) -> str:
        """Return an arithmetic operator as text. Raises: Refusal for one that a probe does not have."""
        op = BINARY_OPERATORS.get(type(node))
        if op is None:
            name = type(node).__name__
            raise Refusal(f"this operator ({name}) is not supported in a probe", HINTS.get(name, ""))
        return op

    def binary(self, op: str, a: Val, b: Val) -> Val:
        """`a op b`, folded when both are known."""
        if isinstance(a, Known) and isinstance(b, Known) and (is_sequence(a) or is_sequence(b)):
            from . import constants

            return constants.binary(self, FOLD[op], op, a.object, b.object)
        if isinstance(a, Many) or isinstance(b, Many):
            from .sequences import concatenated

            return concatenated(self, op, a, b)
        if op == "+" and any(isinstance(v, Comm | UserStr | Memory | Text) for v in (a, b)):
            from .strings import added

            return added(self, a, b)
        if isinstance(a, Known) and isinstance(b, Known) and isinstance(a.object, int) and isinstance(b.object, int):
            if op == "**" and not (0 <= b.object <= 64 and abs(a.object) < 1 << 64):
                raise Refusal(f"{a.object} ** {b.object} does not fit in 64 bits")
            if op == "<<" and b.object > 64:
                raise Refusal(f"a shift by {b.object} does not fit in 64 bits")
            try:
                return Known(FOLD[op](a.object, b.object))
            except (ArithmeticError, ValueError) as e:
                raise Refusal(str(e)) from None
        if op == "**":
            if not (isinstance(b, Known) and isinstance(b.object, int) and 0 <= b.object <= 64):
                raise Refusal("this operator (Pow) is not supported with such an exponent", HINTS["Pow"])
            return numbers.power(self.low, self.as_num(a), b.object)
        x, y = self.as_num(a), self.as_num(b)
        cls = next((n.cls for n in (x, y) if isinstance(n, EnumNum) and is_flag(n.cls)), None) if op in "&|^" else None
        return as_member(numbers.binary(self.low, op, x, y), cls)

    def expr_UnaryOp(self, node: ast.UnaryOp) -> Val:
        if isinstance(node.op, ast.Not):
            return self.as_value(node)
        value = self.expr(node.operand)
        if isinstance(value, Known) and isinstance(value.object, int):
            known = value.object if hasattr(value.object, "name") else int(value.object)  # of flags, ~ is a flag
            negative = isinstance(node.op, ast.USub)
            return Known(-known if negative else ~known if isinstance(node.op, ast.Invert) else known)
        n = self.as_num(value)
        if isinstance(n, EnumNum) and isinstance(node.op, ast.Invert) and is_flag(n.cls):
            raise Refusal(f"~ of a {n.cls.__name__} is about the flags that it declares", f"x & ~{n.cls.__name__}.…")
        if isinstance(node.op, ast.USub):
            return numbers.negate(self.low, n)
        return numbers.invert(self.low, n) if isinstance(node.op, ast.Invert) else numbers.bare(n)

    # Conditions

    def expr_Compare(self, node: ast.Compare) -> Val:
        return self.as_value(node)

    def as_value(self, node: ast.expr) -> Val:
        """A condition as a value: 1 or 0."""
        return self.decided(lambda then, els: self.condition(node, then, els))

    def decided(self, jump: Callable[[Block, Block], tuple[Says, Says] | None]) -> Num:
        """Where a jump goes as a value: 1 or 0."""
        blocks = self.low.blocks(3)
        name = f"condition {id(blocks)}"
        ways: list[tuple[dict[str, Val], Says]] = []
        says = jump(blocks[0], blocks[1]) or ({}, {})
        before = self.env
        for block, result, known in zip(blocks, (1, 0), says):
            if self.b.is_reachable(block):
                self.b.start(block)
                ways.append((self.refined(before, known), {}))
                self.b.write(name, self.b.const(result))
                self.b.jump(blocks[2])
        self.b.start(blocks[2])
        self.meet_again(before, *ways)
        return Num(self.b.read(name), 0, 1, numbers.BOOL)

    def condition(self, node: ast.expr, then: Block, els: Block) -> tuple[Says, Says]:
        """Jump to `then` if an expression is true, else to `els`.

        Return what that says of local names if it is true, and if it is false.
        """
        from .conditions import condition

        return condition(self, node, then, els)

    def compare_values(self, op: str, left: Val, right: Val, then: Block, els: Block) -> tuple[Num, Num] | None:
        """Jump to `then` if `left op right`; return the operands if they are numbers at run time. Raises: Refusal."""
        from .conditions import compare_values

        return compare_values(self, op, left, right, then, els)

    def learned(
        self, node: ast.expr, n: Num | Maybe, ranges: tuple[Range | None, Range | None]
    ) -> tuple[Ranges, Ranges]:
        """What is learned of a name by a comparison with it; None: nothing."""
        field = self.field_of_context(node)
        if field and type(n) is Num and not n.is_kernel_pointer:
            known = self.env.get(field)
            if type(known) is Num and known.value is not n.value or type(known) is not Num and self.depth:
                return {}, {}
            if type(known) is not Num:
                self.env[field] = n  # what is said is known of this number: the field is not read again
            return {field: ranges[0]} if ranges[0] else {}, {field: ranges[1]} if ranges[1] else {}
        name = node.target if isinstance(node, ast.NamedExpr) else node
        if not isinstance(name, ast.Name) or self.env.get(name.id) is not n:
            return {}, {}
        return {name.id: ranges[0]} if ranges[0] else {}, {name.id: ranges[1]} if ranges[1] else {}

    def refined(self, env: dict[str, Val], says: Says) -> dict[str, Val]:
        """Return a copy of the names at the start of a block, with what is known there."""
        result = dict(env)
        for name, known in says.items():
            value = self.met(name, known) if isinstance(known, list) else narrowed(env.get(name), known)
            if value is not None:
                result[name] = value
        return result

    def met(self, name: str, values: list[Val | None]) -> Val:
        """What a name is at the start of a block to which a condition leads, on whose ways it is each of `values`."""
        first = values[0]
        if any(v is not first for v in values) and any(is_string(v) or is_bytes(v) for v in values):
            return Unusable("may be one text or another here", HINTS["NamedExpr"])
        return self.merged(name, values)

    def meet_again(self, before: dict[str, Val], *ways: tuple[dict[str, Val], Says]) -> None:
        """Go on at the start of a block where ways meet again that began with the same names."""
        met = {name: self.met(name, values) for name, values in differences(before, list(ways)).items()}
        self.env = before
        before.update(met)

    # Values that depend on a condition

    def never_none(self, value: Val, has_alternative: bool = False) -> Val:
        """One of several values, which must not be None if the others are numbers. Raises: Refusal."""
        if not isinstance(value, Maybe):
            return value
        from .optional import decided

        return decided(self, value, has_alternative)

    def expr_BoolOp(self, node: ast.BoolOp) -> Val:
        from .conditional import and_or

        return and_or(self, node)

    def expr_IfExp(self, node: ast.IfExp) -> Val:
        from .conditional import either

        return either(self, node)

    def expr_NamedExpr(self, node: ast.NamedExpr) -> Val:
        try:
            self.assign_name(node.target.id, self.expr(node.value))
        except (Refusal, Located):
            self.env[node.target.id] = Unusable("")  # what follows from that is not told
            raise
        return self.env[node.target.id]

    def expr_Lambda(self, node: ast.Lambda) -> Val:
        from .functions import function_of

        return Known(function_of(self, node))

    def operands(self, nodes: list[ast.expr]) -> list[Val]:
        """Lower expressions in their order: those that come later do not change what the first ones are."""
        return [steady(self, self.expr(node), *nodes[at + 1 :]) for at, node in enumerate(nodes)]

    def expr_Tuple(self, node: ast.Tuple) -> Val:
        from .sequences import tuple_of

        return tuple_of(self.each(node.elts))

    def expr_List(self, node: ast.List) -> Val:
        from .sequences import tuple_of

        return tuple_of(self.each(node.elts), list)

    def expr_ListComp(self, node: ast.ListComp | ast.SetComp | ast.DictComp) -> Val:
        from .comprehensions import comprehension

        return comprehension(self, node)

    expr_SetComp = expr_DictComp = expr_ListComp

    def expr_Dict(self, node: ast.Dict | ast.Set) -> Val:
        from .comprehensions import literal

        return literal(self, node)

    expr_Set = expr_Dict

    def each(self, nodes: list[ast.expr], *following: ast.expr) -> list[Val]:
        """The values of expressions, `*x` as many as it has; `following` are evaluated later."""
        values: list[Val] = []
        for at, node in enumerate(nodes):
            later = (*nodes[at + 1 :], *following)
            if not isinstance(node, ast.Starred):
                values.append(steady(self, self.expr(node), *later))
                continue
            from .sequences import items_of

            value = steady(self, self.expr(node.value), *later)
            items = items_of(self, value)
            if items is None:
                raise self.located(node, Refusal(f"how many values {self.describe(value)} has is not known"))
            values += items
        return values

    def values_of(self, node: ast.Call) -> tuple[list[Val], dict[str, Val]]:
        """The values of a call's arguments, by position and by name; `*x` and `**x` are unpacked. Raises: Refusal."""
        later = [keyword.value for keyword in node.keywords]
        values = self.each(node.args, *later)
        named: dict[str, Val] = {}
        for keyword in node.keywords:
            later.pop(0)
            value = steady(self, self.expr(keyword.value), *later)
            if keyword.arg is None:
                from .constants import entries

                pairs = entries(self, value)
            else:
                pairs = {keyword.arg: value}
            for name, each in pairs.items():
                if name in named:
                    raise Refusal(f"the argument {name!r} is given twice")
                named[name] = each
        return values, named

    # Maps

    def expr_Subscript(self, node: ast.Subscript) -> Val:
        base = steady(self, self.lowered(node.value), node.slice)
        return kind_of(base).item(self, base, node)

    def key(self, decl: KeyedDecl[Any, Any], value: Val) -> Value:
        """Write a key into scratch memory and return its address."""
        return self.in_memory("key", decl.key, value, f"a key of {decl.name} ({decl.key.name})")

    def value(self, decl: MapDecl, value: Val) -> Value:
        """Write a value into scratch memory and return its address."""
        assert decl.value is not None
        return self.in_memory("value", decl.value, value, f"a value of {decl.name} ({decl.value.name})")

    def in_memory(self, purpose: str, type: Type, value: Val, what: str) -> Value:
        """Return the address of a value of a declared type; local structs and strings are there already."""
        if isinstance(value, StructValue | RecordRef) and value.type is type and not getattr(value, "decl", None):
            return value.pointer
        if isinstance(value, Memory) and isinstance(type, StrType) and not (value.is_field or value.off):
            if value.size_bytes == type.size and value.has_end:
                return value.base
        memory = self.low.scratch(purpose, type.size)
        self.store(memory, 0, type, value, what)
        return memory

    def store(
        self, base: Value, off: int, type: Any, value: Val, what: str, *, is_zero: bool = False, align: int = 8
    ) -> None:
        """Write a value into memory of a declared type, which may be known to be zero. Raises: Refusal."""
        if isinstance(value, Unread):
            from .intrinsics import now, read_to

            if value.type == type:
                read_to(self, value, base, off, align)
                return
            value = now(self, value)
        if isinstance(type, NumType):
            if not isinstance(type, IntType):
                from .enums import as_kept

                value = as_kept(type, value)
            self.low.store_num(base, off, type, self.as_num(value), what, align)
            return
        if not isinstance(type, StrType):
            from .records import store_other

            store_other(self, base, off, type, value, what, align)
            return
        match value:
            case Comm():
                self.low.read_comm(base, off, type.size, align)
            case UserStr():
                if value.size_bytes > type.size:
                    raise Refusal(f"a string of {value.size_bytes} bytes does not fit in {what}")
                if not is_zero:
                    self.low.zero(base, off, type.size, align)
                size = value.size_bytes or type.size
                self.low.read_user_str(
                    base, off, size, value.address, value.what, is_kernel=value.is_kernel, count=value.count
                )
            case Memory():
                if value.size_bytes + (not value.has_end) > type.size:
                    raise Refusal(f"a string of {value.size_bytes} bytes does not fit in {what}")
                self.low.copy(base, off, value.base, value.off, value.size_bytes, align)
                if not is_zero:
                    self.low.zero(base, off + value.size_bytes, type.size - value.size_bytes, align)
            case Known(object=str() as text):
                try:
                    data = type.pack(text)
                except ValueError as e:
                    raise Refusal(str(e)) from None
                self.low.store_bytes(base, off, data, align)
            case Text():
                from .formatting import write

                # What the text is made of may lie where the text goes.
                if any(isinstance(p, Piece) and may_overlap(getattr(p.value, "base", None), base) for p in value.parts):
                    value = own_text(self, value)
                write(self, base, off, type.size, value, is_zero=is_zero, align=align)
            case _:
                hint = "read what it points to: ebee.kernel_str(p), or ebee.user_str(p) in the process's memory"
                is_address = isinstance(value, Num) and (value.lo, value.hi) == (0, numbers.U64_HI)
                raise Refusal(f"{what} takes a string, not {self.describe(value)}", hint if is_address else "")

    def expr_JoinedStr(self, node: ast.JoinedStr) -> Val:
        from .formatting import joined

        return joined(self, node)

    # Calls

    def expr_Call(self, node: ast.Call) -> Val:
        if isinstance(node.func, ast.Attribute):
            base = steady(self, self.expr(node.func.value), *node.args, *node.keywords)
            return kind_of(base).method(self, base, node.func.attr, node)
        function = self.expr(node.func)
        return kind_of(function).call(self, function, node)

    def not_callable(self, what: str) -> Refusal:
        """A refusal of a call."""
        hint = (
            "a probe can call ebee's functions (ebee.pid, …), casts (u32(x)), your own functions, and abs, bool, "
            "all, any, divmod, enumerate, int, len, list, max, min, ord, print, range, reversed, str, sum, tuple, zip"
        )
        return Refusal(f"{what} cannot be called in a probe", hint)

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
