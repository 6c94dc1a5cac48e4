"""The syntax tree of a bpftrace script (language of 0.27), as the parser makes it: names are not resolved yet.

Every node has `span` as its first field. Nodes compare by value.
"""

from __future__ import annotations

from ..errors import SourceSpan
from ..record import Record, field


class Node(Record):
    """Anything of the tree; `span` is where it stands in the script."""

    span: SourceSpan


class Expr(Node):
    """An expression."""


class Statement(Node):
    """A statement of a block."""


# Types as they are written.


class TypeName(Node):
    """A type as written: `name` is `uint64`, `string`, `struct task_struct`, `enum Foo`, …; then its modifiers.

    `pointers` counts the `*`; `size` is that of `string[64]` and of arrays, None where it is not said; `array` says
    that the brackets make an array (`int32[4]`), not a length (`string[64]`, `buffer[8]`).
    `elements` are those of a tuple type `(int8, string)`.
    """

    name: str
    pointers: int = 0
    size: Expr | None = None
    array: bool = False
    elements: list[TypeName] = field(default_factory=list)


class TypeOf(Node):
    """`typeof(x)`: the type of an expression or a type that has this name; followed by `pointers` `*`."""

    of: Expr | TypeName | TypeOf
    pointers: int = 0


# Expressions.


class Integer(Expr):
    """An integer; `suffix` is the C suffix (`u`, `ul`, `ull`, `ll`, …) in lower case. Units of time are counted in."""

    value: int
    suffix: str = ""


class Boolean(Expr):
    """`true` or `false`."""

    value: bool


class String(Expr):
    """A string with its escapes resolved; a byte above 0x7f of `\\xff` is the character of this number."""

    value: str


class Identifier(Expr):
    """A bare name: a builtin (`pid`), an enumerator, a constant, a macro parameter or a macro without arguments."""

    name: str


class Positional(Expr):
    """`$1`, `$2`, …; `$#`, their number, is index 0."""

    index: int


class Variable(Expr):
    """A scratch variable; `name` is without the `$`."""

    name: str


class Map(Expr):
    """A map or an element of it; `name` is without the `@` and may be empty.

    `keys` is None for the bare map. `@[a, b]` has two keys, which mean the tuple `(a, b)`.
    """

    name: str
    keys: list[Expr] | None = None


class AddressOf(Expr):
    """`&$x` or `&@x`."""

    of: Expr


class Call(Expr):
    """A call of a builtin function, a macro or the script's own function."""

    name: str
    args: list[Expr | TypeName]


class Member(Expr):
    """`of.name`, or `of->name` where `arrow`."""

    of: Expr
    name: str
    arrow: bool = False


class TupleGet(Expr):
    """`of.0`."""

    of: Expr
    index: int


class Index(Expr):
    """`of[index]` of an array or a pointer."""

    of: Expr
    index: Expr


class Unary(Expr):
    """`op` is one of `- ! ~ * +`."""

    op: str
    of: Expr


class Binary(Expr):
    """`op` is one of `* / % + - << >> < <= > >= == != & ^ | && ||`."""

    op: str
    left: Expr
    right: Expr


class Ternary(Expr):
    """`condition ? then : other`; `then` is None for `a ?: b`, which evaluates `a` once."""

    condition: Expr
    then: Expr | None
    other: Expr


class IncDec(Expr):
    """`++x`, `x++`, `--x`, `x--`; `op` is `++` or `--`."""

    op: str
    of: Expr
    prefix: bool


class Cast(Expr):
    """`(type)of`."""

    type: TypeName | TypeOf
    of: Expr


class Sizeof(Expr):
    """`sizeof(type or expression)`."""

    of: Expr | TypeName | TypeOf


class Offsetof(Expr):
    """`offsetof(type or expression, path)`; the path is `a.b.c` split."""

    of: Expr | TypeName | TypeOf
    path: list[str]


class TypeInfo(Expr):
    """`typeinfo(type or expression)`."""

    of: Expr | TypeName | TypeOf


class TupleLiteral(Expr):
    """`(a, b)`, `(a,)` or `()`."""

    elements: list[Expr]


class RecordLiteral(Expr):
    """`(name=a, other=b)`."""

    fields: list[tuple[str, Expr]]


class BlockExpr(Expr):
    """`{ statements; value }`; `value` is None when the last statement ends in a semicolon."""

    body: list[Statement]
    value: Expr | None = None


class IfExpr(Expr):
    """`if condition { … } else { … }` as a value."""

    condition: Expr
    then: BlockExpr
    other: BlockExpr | IfExpr | None


class Comptime(Expr):
    """`comptime expression`: evaluated before the program is made."""

    of: Expr


# Statements.


class ExprStatement(Statement):
    """An expression for its effect."""

    expr: Expr


class Assign(Statement):
    """`target op value`; `op` is `=`, `+=`, …; the target a variable, a map (element) or a place behind a pointer."""

    target: Expr
    op: str
    value: Expr


class Let(Statement):
    """`let $name: type = value`."""

    variable: Variable
    type: TypeName | TypeOf | None = None
    value: Expr | None = None


class If(Statement):
    """`if`; `comptime` where it is decided before the program is made."""

    condition: Expr
    then: list[Statement]
    other: list[Statement]
    comptime: bool = False


class While(Statement):
    """`while (condition) { … }`."""

    condition: Expr
    body: list[Statement]


class Unroll(Statement):
    """`unroll (count) { … }`."""

    count: Expr
    body: list[Statement]


class ForMap(Statement):
    """`for ($kv : @map) { … }`."""

    variable: Variable
    over: Expr
    body: list[Statement]


class ForRange(Statement):
    """`for ($i : start..end) { … }`, the end exclusive."""

    variable: Variable
    start: Expr
    end: Expr
    body: list[Statement]


class Break(Statement):
    """`break`."""


class Continue(Statement):
    """`continue`."""


class Return(Statement):
    """`return` with or without a value."""

    value: Expr | None = None


class Block(Statement):
    """A block `{ … }` of its own scope."""

    body: list[Statement]


# What stands at the top of a script.


class CDefinition(Node):
    """A preprocessor line or a definition of a struct, union, enum or typedef, as C text."""

    text: str


class ConfigItem(Node):
    """One `name = value` of `config = { … }`; a bare word is a string."""

    name: str
    value: int | str | bool


class Import(Node):
    """`import "name"`."""

    name: str


class MapDeclaration(Node):
    """`let @name = kind(max_entries);`, such as `lruhash(100)`."""

    name: str
    kind: str
    max_entries: Expr


class Parameter(Node):
    """A parameter of a function (`$name : type`) or of a macro: `$x`, `@x` or the bare `x` (`sigil` is empty)."""

    name: str
    sigil: str = ""
    type: TypeName | TypeOf | None = None


class Macro(Node):
    """`macro name(parameters) { … }`; its value is that of the block expression."""

    name: str
    parameters: list[Parameter]
    body: BlockExpr


class Function(Node):
    """`fn name($a : type) : type { … }`."""

    name: str
    parameters: list[Parameter]
    returns: TypeName | TypeOf
    body: list[Statement]


class AttachPoint(Node):
    """One attach point as written: `text` whole, `provider` before the first colon, `args` behind it."""

    text: str
    provider: str
    args: list[str]


class Probe(Node):
    """Attach points, a `/predicate/` and statements."""

    attach_points: list[AttachPoint]
    predicate: Expr | None
    body: list[Statement]


class Program(Node):
    """A whole script; every list is in the order of the source."""

    definitions: list[CDefinition]
    config: list[ConfigItem]
    imports: list[Import]
    maps: list[MapDeclaration]
    macros: list[Macro]
    functions: list[Function]
    probes: list[Probe]
