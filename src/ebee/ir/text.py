"""The IR as text, and back.

    program count(v0: ptr.ctx) {
    entry:
      v1 = load.4 v0 + 16 tp_field fd        ; open.py:7
      v2: ptr.value? = call 1(v3, v4)
      if ult v1, v5 goto small1(v1) else big2
    small1(v6: i64):
      ret v6
    }

Values are numbered in the order in which they appear, anew in each function. `program` or `function` says whether
the kernel calls it or another function does. A type is written where the operation leaves it open. `;` starts a
comment; source lines are comments and do not come back from text.
"""

from __future__ import annotations

from ..errors import AsmError, SourceSpan
from .core import (
    ATOMICS,
    CALLS,
    CONDITIONS,
    I64,
    LOADS,
    OPS,
    TYPES,
    Block,
    Branch,
    Function,
    Jump,
    Module,
    Op,
    Param,
    Ret,
    Value,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Match

# How the attributes of an operation are written after its opcode and before its arguments.
_IMM, _SYMBOL, _SIZE, _MEMORY = "imm", "symbol", "size", "memory"
_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "const": (_IMM,),
    "zext": (_SIZE,),
    "sext": (_SIZE,),
    "bswap": (_SIZE,),
    "alloca": (_IMM,),
    "map": (_SYMBOL,),
    "map_value": (_SYMBOL, _IMM),
    "core_off": (_SYMBOL,),
    "core": (_SYMBOL,),
    "ksym": (_SYMBOL,),
    "func_addr": (_SYMBOL,),
    **dict.fromkeys((*LOADS, "store", *ATOMICS), (_SIZE, _MEMORY)),
    "call": (_IMM,),
    "call_local": (_SYMBOL,),
    "call_kfunc": (_SYMBOL,),
}
# The word before the symbol that stands for imm 1.
_FLAGS = {"ksym": "weak", "call_kfunc": "weak", "func_addr": "later"}


def print_module(module: Module, *, lines: bool = False) -> str:
    """Return a module as text; with `lines`, each operation with its source line as a comment."""
    return "\n".join(print_function(f, lines=lines) for f in module.functions)


def print_function(function: Function, *, lines: bool = False) -> str:
    """Return a function as text."""
    return _Printer(function, lines).text()


def _name(symbol: str) -> str:
    if symbol and all(c.isalnum() or c in "_.$@" for c in symbol) and symbol.isascii():
        return symbol
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\u{{{ord(c):x}}}" for c in symbol) + '"'


class _Printer:
    def __init__(self, function: Function, lines: bool) -> None:
        self.function, self.lines = function, lines
        self.values: dict[Value, str] = {}
        self.blocks: dict[Block, str] = {}
        used: set[str] = set()
        for block in function.blocks:
            name, n = block.name, 2
            while name in used:
                name, n = f"{block.name}.{n}", n + 1
            used.add(name)
            self.blocks[block] = name

    def text(self) -> str:
        function = self.function
        kind = "program" if function.is_program else "function"
        out = [f"{kind} {_name(function.name)}({self._params(function.entry)}) {{"]
        for block in function.blocks:
            params = "" if block is function.entry or not block.params else f"({self._params(block)})"
            out.append(f"{_name(self.blocks[block])}{params}:")
            for op in block.ops:
                out.append(self._with_line(f"  {self._op(op)}", op.span))
            if block.term is not None:
                out.append(self._with_line(f"  {self._term(block.term)}", block.term.span))
        return "\n".join(out) + "\n}\n"

    def _with_line(self, text: str, span: SourceSpan | None) -> str:
        return f"{text:40} ; {span.file}:{span.line}" if self.lines and span is not None else text

    def _value(self, value: Value) -> str:
        return self.values.setdefault(value, f"v{len(self.values)}")

    def _params(self, block: Block) -> str:
        return ", ".join(f"{self._value(p)}: {p.type}" for p in block.params)

    def _op(self, op: Op) -> str:
        opcode = op.opcode
        attributes = _ATTRIBUTES.get(opcode, ())
        args = [self._value(a) for a in op.args]
        text = f"{opcode}.{op.size}" if _SIZE in attributes else opcode
        flag = _FLAGS.get(opcode, "")
        if flag and op.imm:
            text += f" {flag}"
        symbol = f'"{flag}"' if flag == op.symbol else _name(op.symbol)
        if opcode == "call":
            text += f" {op.imm}({', '.join(args)})"
        elif opcode in CALLS:
            text += f" {symbol}({', '.join(args)})"
        elif opcode == "const":
            text += f" {op.imm}"
        elif opcode == "alloca":
            text += f" {op.imm} align {op.size}{' stays' * op.off}"
        elif opcode == "map_value":
            text += f" {symbol} + {op.imm}"
        elif opcode == "core":
            text += f" {op.reloc} {symbol}"
        elif _SYMBOL in attributes:
            text += f" {symbol}"
        elif _MEMORY in attributes:
            text += f" {args[0]} {'-' if op.off < 0 else '+'} {abs(op.off)}"
            if op.reloc:
                text += f" {op.reloc} {_name(op.symbol)}"
            text = ", ".join([text, *args[1:]])
        elif args:
            text += f" {', '.join(args)}"
        result = OPS[opcode][1]
        if not result:
            return text
        stated = f": {op.type}" if result == "*" and op.type != I64 else ""
        return f"{self._value(op)}{stated} = {text}"

    def _jump(self, edge: Jump) -> str:
        name = _name(self.blocks[edge.target]) if edge.target in self.blocks else f"?{edge.target.name}"
        return f"{name}({', '.join(self._value(a) for a in edge.args)})" if edge.args else name

    def _term(self, term: Jump | Branch | Ret) -> str:
        if isinstance(term, Ret):
            return f"ret {self._value(term.value)}"
        if isinstance(term, Jump):
            return f"goto {self._jump(term)}"
        a, b = self._value(term.a), self._value(term.b)
        return f"if {term.cond} {a}, {b} goto {self._jump(term.then)} else {self._jump(term.els)}"


def parse_module(text: str, *, file: str = "<ir>") -> Module:
    """Return the module that a text describes. Raises: AsmError with the place of what cannot be read."""
    return _Parser(text, file).module()


_TOKEN = (
    r'\s*(?:("(?:[^"\\]|\\u\{[0-9a-f]+\})*")|(ptr\.[a-z_]+\??)|(-?(?:0x[0-9a-fA-F]+|\d+)(?![\w.$@]))'
    r"|([\w.$@]+)|([(){}:,=+-]))"
)


class _Parser:
    def __init__(self, text: str, file: str) -> None:
        import re

        self.file = file
        self.tokens: list[tuple[str, str, int, int]] = []  # (kind, text, line, column)
        self.lines = text.split("\n")
        kinds = ("string", "type", "number", "name", "punct")
        token = re.compile(_TOKEN, re.ASCII)
        for number, source in enumerate(self.lines, 1):
            line = self._code(source)
            at = 0
            while line[at:].strip():
                found: Match[str] | None = token.match(line, at)
                if found is None or found.lastindex is None:
                    at += len(line[at:]) - len(line[at:].lstrip())
                    raise self._error(f"cannot read {line[at:].split()[0]!r}", number, at)
                kind = kinds[found.lastindex - 1]
                self.tokens.append((kind, found[found.lastindex], number, found.start(found.lastindex)))
                at = found.end()
            self.tokens.append(("end", "the end of the line", number, len(line)))
        self.at = 0
        self.values: dict[str, Value] = {}
        self.blocks: dict[str, Block] = {}

    @staticmethod
    def _code(line: str) -> str:
        quoted = False
        for i, c in enumerate(line):
            quoted ^= c == '"'
            if c == ";" and not quoted:
                return line[:i]
        return line

    # Tokens

    def _error(self, what: str, line: int, column: int, width: int = 1) -> AsmError:
        source = self.lines[line - 1] if line <= len(self.lines) else ""
        return AsmError(what, SourceSpan(self.file, line, column, line, column + width, source))

    def _fail(self, what: str, back: int = 0) -> AsmError:
        _, text, line, column = self.tokens[min(self.at - back, len(self.tokens) - 1)]
        return self._error(what, line, column, max(1, len(text)))

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) and self.tokens[self.at][0] != "string" else ""

    def _take(self, *kinds: str, what: str) -> str:
        if self.at >= len(self.tokens):
            raise self._fail(f"expected {what}, the text ends")
        kind, text, _, _ = self.tokens[self.at]
        if kind not in kinds:
            raise self._fail(f"expected {what}, not {text}")
        self.at += 1
        return text

    def _accept(self, text: str) -> bool:
        if self._peek() == text:
            self.at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._fail(f"expected {text!r}")

    def _end(self) -> None:
        self._take("end", what="the end of the line")
        self._skip()

    def _skip(self) -> None:
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "end":
            self.at += 1

    def _number(self) -> int:
        return int(self._take("number", what="a number"), 0)

    def _symbol(self) -> str:
        text = self._take("name", "string", "number", "type", what="a name")
        if not text.startswith('"'):
            return text
        import re

        return re.sub(r"\\u\{([0-9a-f]+)\}", lambda m: chr(int(m[1], 16)), text[1:-1])

    def _type(self) -> str:
        text = self._take("type", "name", what="a type")
        if text not in TYPES:
            raise self._fail(f"there is no type {text}", back=1)
        return text

    def _value(self) -> Value:
        name = self._take("name", what="a value")
        if name not in self.values:
            raise self._fail(f"{name} is not defined in this function", back=1)
        return self.values[name]

    def _define(self, name: str, value: Value) -> None:
        if name in self.defined:
            raise self._fail(f"{name} is defined twice", back=1)
        self.defined.add(name)
        self.values[name] = value

    def _block(self) -> Block:
        name = self._symbol()
        if name not in self.blocks:
            raise self._fail(f"there is no block {name} in this function", back=1)
        return self.blocks[name]

    # Grammar

    def module(self) -> Module:
        module = Module()
        self._skip()
        while self.at < len(self.tokens):
            module.functions.append(self._function())
            self._skip()
        return module

    def _scan(self) -> None:
        """Make the function's blocks, and placeholders for values that are used before they are defined."""
        self.values, self.blocks, self.defined = {}, {}, set[str]()
        i = self.at
        while i < len(self.tokens) and self.tokens[i][1] != "}":
            kind, text, _, _ = self.tokens[i]
            first = i == 0 or self.tokens[i - 1][0] == "end"
            if first and kind in ("name", "string", "number", "type"):
                j = i
                while self.tokens[j][0] != "end":
                    j += 1
                after = self.tokens[i + 1][1]
                # `name:` and `name(…):` start a block; `name = …` and `name: type = …` are operations.
                if self.tokens[j - 1][1] == ":" and (after == "(" or j == i + 2):
                    at, self.at = self.at, i
                    name = self._symbol()
                    if name in self.blocks:
                        raise self._fail(f"block {name} is there twice", back=1)
                    self.blocks[name] = Block(name)
                    self.at = at
                elif after in (":", "="):
                    self.values.setdefault(text, Op("", (), I64))
            i += 1

    def _function(self) -> Function:
        kind = self._take("name", what="'program' or 'function'")
        if kind not in ("program", "function"):
            raise self._fail(f"expected 'program' or 'function', not {kind}", back=1)
        function = Function(self._symbol(), is_program=kind == "program")
        self._scan()
        entry_params = self._params()
        self._expect("{")
        self._end()
        # Block parameters, so that every name is known before bodies are read.
        function.blocks.clear()
        at = self.at
        self._read_params_of_blocks()
        self.at = at
        while not self._accept("}"):
            block = self._block()
            function.blocks.append(block)
            if self._peek() == "(":
                while self._peek() != ")":
                    self.at += 1
                self.at += 1
            self._expect(":")
            self._end()
            if len(function.blocks) == 1:
                if block.params:
                    raise self._fail("the entry block's parameters are the function's")
                block.params = entry_params
            while block.term is None:
                self._statement(block)
        if not function.blocks:
            raise self._fail("a function needs at least one block")
        if self.at < len(self.tokens):
            self._end()
        return function

    def _read_params_of_blocks(self) -> None:
        while self.at < len(self.tokens) and self._peek() != "}":
            first = self.tokens[self.at - 1][0] == "end"
            kind = self.tokens[self.at][0]
            if first and kind != "end":
                at = self.at
                name = self._symbol() if kind != "punct" else ""
                if name in self.blocks and self._peek() == "(":
                    self.blocks[name].params = self._params()
                self.at = at
            self.at += 1

    def _params(self) -> list[Param]:
        params: list[Param] = []
        self._expect("(")
        while not self._accept(")"):
            if params:
                self._expect(",")
            name = self._take("name", what="a parameter")
            self._expect(":")
            param = Param(self._type())
            self._define(name, param)
            params.append(param)
        return params

    def _values(self, end: str) -> list[Value]:
        values: list[Value] = []
        while not self._accept(end):
            if values:
                self._expect(",")
            values.append(self._value())
        return values

    def _jump(self) -> Jump:
        block = self._block()
        return Jump(block, self._values(")") if self._accept("(") else ())

    def _statement(self, block: Block) -> None:
        if self._accept("ret"):
            block.term = Ret(self._value())
        elif self._accept("goto"):
            block.term = self._jump()
        elif self._accept("if"):
            cond = self._take("name", what="a condition")
            if cond not in CONDITIONS:
                raise self._fail(f"there is no condition {cond}", back=1)
            a = self._value()
            self._expect(",")
            b = self._value()
            self._expect("goto")
            then = self._jump()
            self._expect("else")
            block.term = Branch(cond, a, b, then, self._jump())
        else:
            block.ops.append(self._operation())
        self._end()

    def _operation(self) -> Op:
        name, stated = "", ""
        following = self.tokens[self.at + 1][1] if self.at + 1 < len(self.tokens) else ""
        if following in ("=", ":"):
            name = self._take("name", what="a value")
            if self._accept(":"):
                stated = self._type()
            self._expect("=")
        word = self._take("name", what="an operation")
        opcode, _, size = word.partition(".")
        attributes = _ATTRIBUTES.get(opcode, ())
        if opcode not in OPS or (_SIZE in attributes) != bool(size) or (size and not size.isdigit()):
            raise self._fail(f"there is no operation {word}", back=1)
        result = OPS[opcode][1]
        if bool(result) != bool(name):
            raise self._fail(f"{opcode} has {'a' if result else 'no'} result", back=1)
        if stated and result not in ("*", stated):
            raise self._fail(f"the result of {opcode} is {result}", back=1)
        op = self.values[name] if name else Op(opcode)
        if not isinstance(op, Op):
            raise self._fail(f"{name} is defined twice", back=1)
        op.__init__(opcode, (), stated or (result if result != "*" else I64))  # type: ignore[misc]
        if size:
            op.size = int(size)
        self._operands(op, attributes)
        if name:
            self._define(name, op)
        return op

    def _operands(self, op: Op, attributes: tuple[str, ...]) -> None:
        opcode = op.opcode
        if self.tokens[self.at][0] == "name" and _FLAGS.get(opcode) == self._peek():
            self.at += 1
            op.imm = 1
        if opcode in CALLS:
            if opcode == "call":
                op.imm = self._number()
            else:
                op.symbol = self._symbol()
            self._expect("(")
            op.args = self._values(")")
        elif opcode == "alloca":
            op.imm = self._number()
            self._expect("align")
            op.size = self._number()
            op.off = int(self._peek() == "stays")
            self.at += op.off
        elif opcode == "map_value":
            op.symbol = self._symbol()
            self._expect("+")
            op.imm = self._number()
        elif _MEMORY in attributes:
            op.args = [self._value()]
            negative = self._accept("-")
            if not negative:
                self._expect("+")
            op.off = -self._number() if negative else self._number()
            if self.tokens[self.at][0] == "name":
                op.reloc = self._symbol()
                op.symbol = self._symbol()
            for _ in range(1, OPS[opcode][0]):
                self._expect(",")
                op.args.append(self._value())
        elif _IMM in attributes:
            op.imm = self._number()
        elif _SYMBOL in attributes:
            if opcode == "core":
                op.reloc = self._symbol()
            op.symbol = self._symbol()
        else:
            while self.tokens[self.at][0] != "end":
                if op.args:
                    self._expect(",")
                op.args.append(self._value())
