"""Expressions and types of the bpftrace language: precedence climbing over `tokens.scan`."""

from __future__ import annotations

from ..errors import Diagnostic, SourceSpan
from . import ast
from .tokens import Malformed, Source, Token, scan, skip_blank

TYPE_CHECKING = False

PRECEDENCE = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8, ">>": 8,
    "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip
BUILTIN_TYPES = frozenset(
    ["bool", "char", "short", "int", "long", "void", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "string", "buffer", "inet", "count_t", "sum_t", "min_t", "max_t", "avg_t", "stats_t", "hist_t",
    "lhist_t", "tseries_t", "ksym_t", "usym_t", "kstack_t", "ustack_t", "timestamp", "macaddr_t", "cgroup_path_t",
    "username", "strerror_t"]
)
TAGGED = ("struct", "union", "enum")
MAX_DEPTH = 60
_OPERAND = ("name", "integer", "string", "$", "@", "(", "!", "~")


class Refused(Exception):
    """The text at hand makes no sense; what to say of it is in the parser's diagnostics already."""


class ExpressionParser:
    """Holds the current token; `go` moves to any offset, so that a caller can look ahead and come back."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.diagnostics: list[Diagnostic] = []
        self.in_predicate = False
        self.depth = 0
        self.last_end = 0
        self.token = Token("end", "", 0, 0)

    def go(self, pos: int) -> None:
        """Make the token at or behind `pos` the current one."""
        try:
            self.token = scan(self.text, pos)
        except Malformed as bad:
            self.report(bad.message, bad.start, bad.end, bad.hint)
            self.token = Token("malformed", self.text[bad.start : bad.end], bad.start, max(bad.end, pos + 1))
            raise Refused from None

    def advance(self) -> Token:
        """Go on to the next token and return the one that was current."""
        token = self.token
        self.last_end = token.end
        self.go(token.end)
        return token

    def report(self, message: str, start: int, end: int, hint: str = "") -> None:
        """Note an error."""
        self.diagnostics.append(Diagnostic(message, self.source.span(start, end), hint))

    def refuse(self, message: str, hint: str = "", at: Token | None = None) -> Refused:
        """Note an error at the current token and return the exception to raise."""
        token = at or self.token
        self.report(message, token.start, token.end, hint)
        return Refused()

    def unexpected(self, wanted: str, hint: str = "") -> Refused:
        """Note that something else stands where `wanted` should."""
        found = self.token.text if self.token.kind == "end" else repr(self.text[self.token.start : self.token.end])
        return self.refuse(f"expected {wanted}, found {found}", hint)

    def take(self, kind: str) -> bool:
        """Go on if the current token is of this kind."""
        if self.token.kind == kind:
            self.advance()
            return True
        return False

    def expect(self, kind: str, wanted: str = "") -> Token:
        """Return the current token of this kind and go on."""
        if self.token.kind != kind:
            raise self.unexpected(wanted or f"`{kind}`")
        return self.advance()

    def is_word(self, word: str) -> bool:
        """Say whether the current token is this name."""
        return self.token.kind == "name" and self.token.text == word

    def span_from(self, start: int) -> SourceSpan:
        """Return the span from `start` to the end of the last token taken."""
        return self.source.span(start, self.last_end)

    def deeper(self) -> None:
        """Count one level of nesting."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.refuse(f"this is nested more than {MAX_DEPTH} deep", "use a variable for a part of it")

    # Types.

    def type_name(self) -> ast.TypeName | ast.TypeOf:
        """Read a type."""
        start = self.token.start
        if self.is_word("typeof"):
            self.advance()
            of = self.type_or_expression()
            return ast.TypeOf(self.span_from(start), of, self.stars())
        if self.take("("):
            elements: list[ast.TypeName] = []
            while not self.take(")"):
                element = self.type_name()
                if isinstance(element, ast.TypeName):
                    elements.append(element)
                if self.token.kind != ")":
                    self.expect(",", "`,` or `)`")
            return ast.TypeName(self.span_from(start), "tuple", elements=elements)
        name = self.expect("name", "a type").text
        if name in TAGGED:
            name += " " + self.expect("name", f"the name of the {name}").text
        stars = self.stars()
        size, array = None, False
        if self.take("["):
            size = None if self.token.kind == "]" else self.expression()
            self.expect("]")
            array = name not in ("string", "buffer")
            stars += self.stars()
        return ast.TypeName(self.span_from(start), name, stars, size, array)

    def stars(self) -> int:
        """Count and take `*`."""
        count = 0
        while self.take("*"):
            count += 1
        return count

    def starts_type(self) -> bool:
        """Say whether the current name can only begin a type."""
        return self.token.kind == "name" and (self.token.text in TAGGED or self.token.text in BUILTIN_TYPES)

    def type_or_expression(self) -> ast.Expr | ast.TypeName | ast.TypeOf:
        """Read `(type)` or `(expression)`; a bare name is an expression for whoever resolves names."""
        self.expect("(")
        if self.starts_type() or self.is_word("typeof"):
            of: ast.Expr | ast.TypeName | ast.TypeOf = self.type_name()
        else:
            of = self.pointer_type() or self.expression()
        self.expect(")")
        return of

    def pointer_type(self) -> ast.TypeName | None:
        """Read `name *` that ends at `)` or `,`, or nothing at all."""
        first = self.token
        if first.kind != "name":
            return None
        self.advance()
        if stars := self.stars():
            if self.token.kind in (")", ","):
                return ast.TypeName(self.span_from(first.start), first.text, stars)
        self.go(first.start)
        return None

    def cast_type(self) -> ast.TypeName | ast.TypeOf | None:
        """Read `type)` behind a parenthesis when it is a cast, or nothing at all."""
        start = self.token.start
        if self.token.kind != "name":
            return None
        if self.starts_type() or self.is_word("typeof"):
            if self.token.text not in TAGGED and self.text[skip_blank(self.text, self.token.end) :][:1] == "=":
                return None
            found = self.type_name()
            self.expect(")")
            return found
        found_pointer = self.pointer_type()
        if found_pointer is not None and self.take(")"):
            return found_pointer
        self.go(start)
        name = self.advance()
        if self.token.kind == ")":
            type_ = ast.TypeName(self.span_from(name.start), name.text)
            self.advance()
            if self.token.kind in _OPERAND and self.token.kind != "!":
                return type_
        self.go(start)
        return None

    # Expressions.

    def expression(self) -> ast.Expr:
        """Read an expression."""
        start = self.token.start
        self.deeper()
        left = self.binary(1)
        if self.take("?"):
            then = None if self.token.kind == ":" else self.expression()
            self.expect(":", "`:` of `condition ? a : b`")
            other = self.expression()
            left = ast.Ternary(self.span_from(start), left, then, other)
        self.depth -= 1
        return left

    def binary(self, least: int) -> ast.Expr:
        """Read operators of at least this precedence."""
        start = self.token.start
        left = self.unary()
        while (level := PRECEDENCE.get(self.token.kind, 0)) >= least and not self.ends_predicate():
            op = self.advance().kind
            right = self.binary(level + 1)
            left = ast.Binary(self.span_from(start), op, left, right)
        return left

    def ends_predicate(self) -> bool:
        """Say whether the current token is the `/` behind a predicate."""
        if not self.in_predicate or self.token.kind != "/":
            return False
        return self.text[skip_blank(self.text, self.token.end) :][:1] == "{"

    def unary(self) -> ast.Expr:
        """Read an operand with what stands before it."""
        token = self.token
        self.deeper()
        result: ast.Expr
        if token.kind in ("-", "!", "~", "*", "+"):
            self.advance()
            of = self.unary()
            result = ast.Unary(self.span_from(token.start), token.kind, of)
        elif token.kind == "&":
            self.advance()
            of = self.unary()
            result = ast.AddressOf(self.span_from(token.start), of)
        elif token.kind in ("++", "--"):
            self.advance()
            of = self.unary()
            result = ast.IncDec(self.span_from(token.start), token.kind, of, True)
        elif self.is_word("comptime"):
            self.advance()
            result = ast.Comptime(self.span_from(token.start), self.unary())
        else:
            result = self.postfix()
        self.depth -= 1
        return result

    def postfix(self) -> ast.Expr:
        """Read an operand with what stands behind it."""
        start = self.token.start
        of = self.primary()
        while True:
            kind = self.token.kind
            if kind in (".", "->"):
                self.advance()
                if self.token.kind == "integer":
                    index = self.advance().number
                    of = ast.TupleGet(self.span_from(start), of, index)
                else:
                    name = self.expect("name", "the name of a field").text
                    of = ast.Member(self.span_from(start), of, name, kind == "->")
            elif kind == "[":
                self.advance()
                at = self.expression()
                self.expect("]")
                of = ast.Index(self.span_from(start), of, at)
            elif kind in ("++", "--"):
                self.advance()
                of = ast.IncDec(self.span_from(start), kind, of, False)
            else:
                return of

    def arguments(self, close: str) -> list[ast.Expr]:
        """Read expressions and commas up to `close`."""
        found: list[ast.Expr] = []
        while self.token.kind != close:
            found.append(self.expression())
            if self.token.kind != close:
                self.expect(",", f"`,` or `{close}`")
        self.advance()
        return found

    def sigil_name(self, required: bool) -> str:
        """Take the name that follows `$` or `@` at once; `@` alone is a map, too."""
        sigil = self.token
        self.advance()
        if self.token.kind == "name" and self.token.start == sigil.end:
            return self.advance().text
        if required:
            raise self.refuse("expected a name behind `$`", "a variable is written $name", sigil)
        return ""

    def primary(self) -> ast.Expr:
        """Read an operand."""
        token = self.token
        start = token.start
        if token.kind == "integer":
            self.advance()
            return ast.Integer(self.span_from(start), token.number, token.suffix)
        if token.kind == "string":
            value = self.advance().text
            while self.token.kind == "string":
                value += self.advance().text
            return ast.String(self.span_from(start), value)
        if token.kind == "$":
            behind = self.text[token.end : token.end + 1]
            if behind == "#" or behind.isdecimal():
                self.advance()
                number = self.advance()
                return ast.Positional(self.span_from(start), number.number)
            name = self.sigil_name(True)
            return ast.Variable(self.span_from(start), name)
        if token.kind == "@":
            name = self.sigil_name(False)
            keys = self.arguments("]") if self.take("[") else None
            return ast.Map(self.span_from(start), name, keys)
        if token.kind == "(":
            return self.parenthesis()
        if token.kind == "{":
            return self.block_expression()
        if token.kind == "name":
            return self.named()
        raise self.unexpected("an expression")

    def parenthesis(self) -> ast.Expr:
        """Read a cast, a tuple, a record or an expression in parentheses."""
        start = self.advance().start
        if (type_ := self.cast_type()) is not None:
            of = self.unary()
            return ast.Cast(self.span_from(start), type_, of)
        if self.token.kind == "name":
            behind = self.text[skip_blank(self.text, self.token.end) :][:2]
            if behind[:1] == "=" and behind != "==":
                return self.record(start)
        if self.take(")"):
            return ast.TupleLiteral(self.span_from(start), [])
        first = self.expression()
        if self.take(")"):
            return first
        self.expect(",", "`,` or `)`")
        elements = [first, *self.arguments(")")]
        return ast.TupleLiteral(self.span_from(start), elements)

    def record(self, start: int) -> ast.Expr:
        """Read `name=a, …)`."""
        fields: list[tuple[str, ast.Expr]] = []
        while not self.take(")"):
            name = self.expect("name", "the name of a field").text
            self.expect("=")
            fields.append((name, self.expression()))
            if self.token.kind != ")":
                self.expect(",", "`,` or `)`")
        return ast.RecordLiteral(self.span_from(start), fields)

    def named(self) -> ast.Expr:
        """Read what begins with a name."""
        name = self.token.text
        start = self.token.start
        if name == "if":
            return self.if_expression()
        self.advance()
        if name in ("true", "false"):
            return ast.Boolean(self.span_from(start), name == "true")
        if name == "sizeof" or name == "typeinfo":
            of = self.type_or_expression()
            span = self.span_from(start)
            return ast.Sizeof(span, of) if name == "sizeof" else ast.TypeInfo(span, of)
        if name == "offsetof":
            return self.offset_of(start)
        if self.take("("):
            args: list[ast.Expr | ast.TypeName] = [*self.arguments(")")]
            return ast.Call(self.span_from(start), name, args)
        return ast.Identifier(self.span_from(start), name)

    def offset_of(self, start: int) -> ast.Expr:
        """Read `(type or expression, path)`."""
        self.expect("(")
        of: ast.Expr | ast.TypeName | ast.TypeOf
        of = self.type_name() if self.starts_type() or self.is_word("typeof") else self.expression()
        self.expect(",")
        path = [self.expect("name", "the name of a field").text]
        while self.take("."):
            path.append(self.expect("name", "the name of a field").text)
        self.expect(")")
        return ast.Offsetof(self.span_from(start), of, path)

    def if_expression(self) -> ast.IfExpr:
        """Read `if condition { … } else { … }` as a value."""
        start = self.advance().start
        condition = self.expression()
        then = self.block_expression()
        other: ast.BlockExpr | ast.IfExpr | None = None
        if self.is_word("else"):
            self.advance()
            other = self.if_expression() if self.is_word("if") else self.block_expression()
        return ast.IfExpr(self.span_from(start), condition, then, other)

    if TYPE_CHECKING:

        def block_expression(self) -> ast.BlockExpr: ...  # the parser of statements has it
