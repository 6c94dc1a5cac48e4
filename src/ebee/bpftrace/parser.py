"""Script text → `ast.Program`; what makes no sense is reported, and reading goes on behind it."""

from __future__ import annotations

from types import MappingProxyType

from ..errors import CompileError
from . import ast
from .expressions import ExpressionParser, Refused
from .tokens import Malformed, Source, skip_blank

ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=")
PATH_PROVIDERS = ("uprobe", "uretprobe", "usdt", "u", "ur", "U")
MAX_DIAGNOSTICS = 20


def parse(text: str, file: str = "stdin") -> ast.Program:
    """Return the tree of a script.

    Raises: CompileError with everything that is wrong, in the order of the source, at most 20 diagnostics.
    """
    parser = Parser(Source(text, file))
    program = parser.program()
    if parser.diagnostics:
        raise CompileError(parser.diagnostics[:MAX_DIAGNOSTICS])
    return program


class Parser(ExpressionParser):
    """Reads statements and what stands at the top of a script."""

    # Statements.

    def block(self) -> tuple[list[ast.Statement], ast.Expr | None]:
        """Read `{ … }`: its statements, and the expression at its end that no semicolon follows."""
        opening = self.expect("{")
        self.deeper()
        body: list[ast.Statement] = []
        value: ast.Expr | None = None
        while self.token.kind != "}":
            if self.token.kind == "end":
                raise self.refuse("this block has no end", "close it with }", opening)
            start, depth = self.token.start, self.depth
            try:
                if self.take(";"):
                    continue
                statement, closed = self.statement()
                if not closed and self.token.kind == "}" and isinstance(statement, ast.ExprStatement):
                    value = statement.expr
                    continue
                body.append(statement)
                if not closed and self.token.kind not in ("}", "end"):
                    self.expect(";", "`;` or `}`")
            except Refused:
                self.depth = depth
                self.skip_statement(start)
        self.depth -= 1
        self.advance_from_block()
        return body, value

    def advance_from_block(self) -> None:
        """Take the `}`; what follows that of a probe may be an attach point, which has no tokens."""
        self.last_end = self.token.end
        try:
            self.go(self.token.end)
        except Refused:
            if self.depth:
                raise
            self.diagnostics.pop()

    def skip_statement(self, start: int) -> None:
        """Go behind the next `;` at this level, or to the `}` that ends it."""
        level = 0
        if self.token.start == start and self.token.kind != "malformed":
            self.quiet_advance()
        while self.token.kind != "end":
            kind = self.token.kind
            if kind == "}" and level == 0:
                return
            level += (kind == "{") - (kind == "}")
            ended = level == 0 and kind in (";", "}")
            self.quiet_advance()
            if ended:
                return

    def quiet_advance(self) -> None:
        """Go on without a word about what is no token."""
        known = len(self.diagnostics)
        try:
            self.go(self.token.end)
        except Refused:
            del self.diagnostics[known:]

    def statements(self) -> list[ast.Statement]:
        """Read `{ … }` as statements."""
        body, value = self.block()
        return body if value is None else [*body, ast.ExprStatement(value.span, value)]

    def block_expression(self) -> ast.BlockExpr:
        """Read `{ statements; value }`."""
        start = self.token.start
        body, value = self.block()
        return ast.BlockExpr(self.span_from(start), body, value)

    def statement(self) -> tuple[ast.Statement, bool]:
        """Read a statement; the second value says that it ends in a block and needs no semicolon."""
        start, word = self.token.start, self.token.text if self.token.kind == "name" else ""
        if word == "if":
            return self.if_statement(), True
        if word in ("while", "unroll"):
            self.advance()
            condition = self.expression()
            body = self.statements()
            span = self.span_from(start)
            return (ast.While(span, condition, body) if word == "while" else ast.Unroll(span, condition, body)), True
        if word == "for":
            return self.for_statement(), True
        if word == "let":
            return self.let(), False
        if word in ("break", "continue"):
            self.advance()
            span = self.span_from(start)
            return (ast.Break(span) if word == "break" else ast.Continue(span)), False
        if word == "return":
            self.advance()
            value = None if self.token.kind in (";", "}") else self.expression()
            return ast.Return(self.span_from(start), value), False
        if self.token.kind == "{":
            body, last = self.block()
            if last is not None and self.token.kind == "}":
                block = ast.BlockExpr(self.span_from(start), body, last)
                return ast.ExprStatement(block.span, block), False
            tail: list[ast.Statement] = [] if last is None else [ast.ExprStatement(last.span, last)]
            return ast.Block(self.span_from(start), [*body, *tail]), True
        target = self.expression()
        if self.token.kind in ASSIGNMENTS:
            if isinstance(target, (ast.Integer, ast.String, ast.Boolean, ast.Call, ast.Binary, ast.Positional)):
                raise self.refuse("only a variable or a map can be assigned to")
            op = self.advance().kind
            value = self.expression()
            return ast.Assign(self.span_from(start), target, op, value), False
        return ast.ExprStatement(self.span_from(start), target), False

    def if_statement(self) -> ast.If:
        """Read `if … else if … else …`."""
        start = self.advance().start
        self.deeper()
        comptime = self.is_word("comptime")
        if comptime:
            self.advance()
        condition = self.expression()
        then = self.statements()
        other: list[ast.Statement] = []
        if self.is_word("else"):
            self.advance()
            other = [self.if_statement()] if self.is_word("if") else self.statements()
        self.depth -= 1
        return ast.If(self.span_from(start), condition, then, other, comptime)

    def for_statement(self) -> ast.ForMap | ast.ForRange:
        """Read `for ($x : @map) { … }` or `for ($x : a..b) { … }`; the parentheses may be left out."""
        start = self.advance().start
        parenthesis = self.take("(")
        variable = self.variable()
        self.expect(":")
        over = self.expression()
        end = self.expression() if self.take("..") else None
        if parenthesis:
            self.expect(")")
        body = self.statements()
        if end is None:
            return ast.ForMap(self.span_from(start), variable, over, body)
        return ast.ForRange(self.span_from(start), variable, over, end, body)

    def variable(self) -> ast.Variable:
        """Read `$name`."""
        start = self.token.start
        if self.token.kind != "$":
            raise self.unexpected("a variable", "a variable is written $name")
        name = self.sigil_name(True)
        return ast.Variable(self.span_from(start), name)

    def let(self) -> ast.Let:
        """Read `let $name: type = value`."""
        start = self.advance().start
        variable = self.variable()
        type_ = self.type_name() if self.take(":") else None
        value = self.expression() if self.take("=") else None
        return ast.Let(self.span_from(start), variable, type_, value)

    # The top.

    def program(self) -> ast.Program:
        """Read the whole script."""
        program = ast.Program(self.source.span(0, 0), [], [], [], [], [], [], [])
        pos = 0
        if self.text.startswith("#!"):
            pos = (self.text + "\n").find("\n")
        while True:
            self.depth, self.in_predicate = 0, False
            try:
                pos = skip_blank(self.text, pos)
            except Malformed as bad:
                self.report(bad.message, bad.start, bad.end, bad.hint)
                break
            if pos >= len(self.text) or len(self.diagnostics) >= MAX_DIAGNOSTICS:
                break
            try:
                pos = self.top(program, pos)
            except Refused:
                pos = self.behind_block(max(pos, self.token.start))
        program.span = self.source.span(0, len(self.text))
        return program

    def behind_block(self, pos: int) -> int:
        """Return the offset behind the next block or semicolon at the top."""
        close = self.text.find("}", pos)
        return len(self.text) if close < 0 else close + 1

    def top(self, program: ast.Program, pos: int) -> int:
        """Read what stands at `pos` into the program and return the offset behind it."""
        if self.text[pos] == "#":
            end = pos
            while (end := self.text.find("\n", end)) >= 0 and self.text[end - 1] == "\\":
                end += 1
            end = len(self.text) if end < 0 else end
            program.definitions.append(ast.CDefinition(self.source.span(pos, end), self.text[pos:end]))
            return end
        if self.text[pos] == ";":
            return pos + 1
        end = pos
        while end < len(self.text) and (self.text[end].isalnum() or self.text[end] == "_"):
            end += 1
        word = self.text[pos:end]
        if word in ("struct", "union", "enum", "typedef"):
            return self.c_definition(program, pos)
        read = self.READERS.get(word)
        behind = self.text[skip_blank(self.text, end) :][:1] if read else ""
        if read is None or behind in (":", ",", "{"):
            self.probe(program, pos)
        else:
            self.go(pos)
            read(self, program)
        return self.last_end

    def c_definition(self, program: ast.Program, pos: int) -> int:
        """Take a C definition as text, with its attributes and semicolon."""
        self.go(pos)
        level, typedef = 0, self.is_word("typedef")
        while True:
            kind = self.advance().kind
            level += (kind in "{(") - (kind in "})")
            if kind == "end":
                raise self.refuse("this definition has no end", "close it with };")
            if level == 0 and (kind == ";" or (kind == "}" and not typedef)):
                break
        while self.is_word("__attribute__"):
            self.advance()
            while self.token.kind == "(" or level:
                kind = self.advance().kind
                level += (kind == "(") - (kind == ")")
                if kind == "end":
                    raise self.unexpected("`)`")
        program.definitions.append(ast.CDefinition(self.span_from(pos), self.text[pos : self.last_end]))
        return self.last_end

    def config(self, program: ast.Program) -> None:
        """Read `config = { name = value; … }`."""
        self.advance()
        self.expect("=")
        self.expect("{")
        while self.token.kind != "}":
            name = self.expect("name", "the name of an option")
            self.expect("=")
            token = self.token
            value: int | str | bool = token.text
            if token.kind == "integer":
                value = token.number
            elif token.kind == "name" and token.text in ("true", "false"):
                value = token.text == "true"
            elif token.kind not in ("name", "string"):
                raise self.unexpected("a value")
            self.advance()
            program.config.append(ast.ConfigItem(self.span_from(name.start), name.text, value))
            while self.take(";") or self.take(","):
                pass
        self.advance_from_block()

    def import_(self, program: ast.Program) -> None:
        """Read `import "name";`."""
        start = self.advance().start
        name = self.expect("string", "the name of what to import in double quotes").text
        program.imports.append(ast.Import(self.span_from(start), name))
        self.semicolon()

    def semicolon(self) -> None:
        """Take the semicolon behind a declaration."""
        if self.token.kind != ";":
            raise self.unexpected("`;`")
        self.advance_from_block()

    def map_declaration(self, program: ast.Program) -> None:
        """Read `let @name = kind(max_entries);`."""
        start = self.advance().start
        if self.token.kind != "@":
            raise self.unexpected("a map", "outside of probes only maps are declared: let @name = hash(100);")
        name = self.sigil_name(False)
        self.expect("=")
        kind = self.expect("name", "the kind of the map").text
        self.expect("(")
        entries = self.expression()
        self.expect(")")
        program.maps.append(ast.MapDeclaration(self.span_from(start), name, kind, entries))
        self.semicolon()

    def parameters(self) -> list[ast.Parameter]:
        """Read `(…)` of a macro or a function."""
        self.expect("(")
        found: list[ast.Parameter] = []
        while not self.take(")"):
            start, sigil = self.token.start, self.token.kind if self.token.kind in ("$", "@") else ""
            name = self.sigil_name(True) if sigil else self.expect("name", "a parameter").text
            type_ = self.type_name() if self.take(":") else None
            found.append(ast.Parameter(self.span_from(start), name, sigil, type_))
            if self.token.kind != ")":
                self.expect(",", "`,` or `)`")
        return found

    def macro(self, program: ast.Program) -> None:
        """Read `macro name(…) { … }`."""
        start = self.advance().start
        name = self.expect("name", "the name of the macro").text
        parameters = self.parameters()
        body = self.block_expression()
        program.macros.append(ast.Macro(self.span_from(start), name, parameters, body))

    def function(self, program: ast.Program) -> None:
        """Read `fn name(…) : type { … }`."""
        start = self.advance().start
        name = self.expect("name", "the name of the function").text
        parameters = self.parameters()
        self.expect(":", "`:` and the type of what is returned")
        returns = self.type_name()
        body = self.statements()
        program.functions.append(ast.Function(self.span_from(start), name, parameters, returns, body))

    READERS = MappingProxyType(
        {"config": config, "import": import_, "let": map_declaration, "macro": macro, "fn": function}
    )

    def probe(self, program: ast.Program, pos: int) -> None:
        """Read attach points, a predicate and a block."""
        start, points = pos, []
        while True:
            point, pos = self.attach_point(pos)
            points.append(point)
            if self.text[pos : pos + 1] != ",":
                break
            pos = skip_blank(self.text, pos + 1)
        self.go(pos)
        predicate = None
        if self.take("/"):
            self.in_predicate = True
            predicate = self.expression()
            self.in_predicate = False
            self.expect("/", "the `/` that ends the predicate")
        if self.token.kind != "{":
            raise self.unexpected("`{`", "a probe is written probe /predicate/ { statements }")
        body = self.statements()
        program.probes.append(ast.Probe(self.span_from(start), points, predicate, body))

    def attach_point(self, pos: int) -> tuple[ast.AttachPoint, int]:
        """Return the attach point at `pos` and the offset of the `,`, `/` or `{` behind it."""
        start, parts, quoted, blank = pos, [""], False, False
        end = pos
        while pos < len(self.text):
            c = self.text[pos]
            path = parts[0] in PATH_PROVIDERS and len(parts) == 2 and not blank
            if c == '"':
                quoted = not quoted
            elif quoted:
                parts[-1] += c
            elif c in "{,}" or (c == "/" and not path and self.text[pos + 1 : pos + 2] not in ("/", "*")):
                break
            elif c.isspace() or (c == "/" and not path):
                pos, blank = skip_blank(self.text, pos), True
                continue
            elif blank:
                break
            elif c == ":":
                parts.append("")
            else:
                parts[-1] += c
            pos += 1
            end = pos
        if not parts[0]:
            self.report("expected a probe", start, max(end, start + 1), "such as begin, interval:s:1 or kprobe:name")
            self.token.start = end
            raise Refused
        return ast.AttachPoint(self.source.span(start, end), self.text[start:end], parts[0], parts[1:]), pos
