"""The source of a probe: its text, its place, its syntax tree, and what its free names mean."""

from __future__ import annotations

import _ast as ast

from ..errors import CompileError, Diagnostic, InternalError, SourceSpan
from ..record import Record, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

_PARSE_ONLY = 0x400  # ast.PyCF_ONLY_AST; the ast module itself is not imported, for start-up time


class ProbeSource(Record):
    """What the front end reads of a probe.

    `text` is the whole file, `first_line` the line of the function's first decorator (`co_firstlineno`), `names`
    what its free names stand for: globals and closure. `find_source` gives the same of a function that it calls.
    `program` is what the program is called, if not as the function; `defaults` are those of its parameters, `options`
    those of the decorator. `positions` are those of a lambda's code, as `co_positions()` gives them.
    """

    name: str
    section: str
    file: str
    text: str
    first_line: int
    names: Mapping[str, Any]
    find_source: Callable[[Any], ProbeSource]
    program: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] | None = None
    positions: frozenset[Any] = frozenset()


class SourceText:
    """A file's text, by lines, and the spans of syntax-tree nodes in it."""

    _trees: dict[tuple[str, str], ast.Module] = {}  # noqa: RUF012 - a cache of the process

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        # As Python counts lines: a form feed ends none.
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def span(self, node: Any) -> SourceSpan:
        """Return where a node stands. Columns of the syntax tree count bytes; spans count characters."""
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""

        def chars(text: str, off_bytes: int) -> int:
            return len(text.encode()[:off_bytes].decode("utf-8", "ignore"))

        end = self.lines[node.end_lineno - 1] if node.end_lineno <= len(self.lines) else ""
        return SourceSpan(
            self.file, node.lineno, chars(line, node.col_offset), node.end_lineno, chars(end, node.end_col_offset), line
        )

    def text_of(self, node: Any) -> str:
        """Return the source of a node, for messages; of one that spans lines, the first line."""
        span = self.span(node)
        return span.text[span.col : span.end_col] if span.end_line == span.line else span.text[span.col :].strip()

    def tree(self) -> ast.Module:
        """Return the file's syntax tree. Raises: CompileError for a syntax error."""
        key = (self.file, self.text)
        if key not in self._trees:
            try:
                self._trees[key] = compile(self.text, self.file, "exec", _PARSE_ONLY, dont_inherit=True)
            except SyntaxError as e:
                raise CompileError([syntax_diagnostic(e, self.file)]) from None
        return self._trees[key]


def walk(nodes: list[Any]) -> Iterator[Any]:
    """Iterate over nodes of the syntax tree and all that is inside them."""
    pending = list(nodes)
    while pending:
        node = pending.pop()
        yield node
        for name in getattr(node, "_fields", ()):
            value = getattr(node, name)
            if isinstance(value, list):
                pending += [v for v in value if isinstance(v, ast.AST)]
            elif isinstance(value, ast.AST):
                pending.append(value)


def assigned_names(nodes: list[Any]) -> set[str]:
    """Return the names that statements may assign, those inside nested statements and expressions included.

    The names of a comprehension's own clauses are not those of the function.
    """
    found: set[str] = set()
    own = {id(n) for c in walk(nodes) if isinstance(c, ast.comprehension) for n in walk([c.target])}
    for node in walk(nodes):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            if id(node) not in own:
                found.add(node.id)
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
    return found


_POSITION = ("lineno", "end_lineno", "col_offset", "end_col_offset")


def places(node: Any) -> dict[str, Any]:
    """Where a node stands, for one that takes its place."""
    return {name: getattr(node, name) for name in _POSITION}


def syntax_diagnostic(e: SyntaxError, file: str) -> Diagnostic:
    """Turn Python's syntax error into a diagnostic with file, line and caret."""
    text = (e.text or "").rstrip("\n")
    col = max((e.offset or 1) - 1, 0)
    end = (e.end_offset or 0) - 1 if e.end_lineno == e.lineno else 0
    span = SourceSpan(e.filename or file, e.lineno or 1, col, e.lineno or 1, max(end, col + 1), text)
    return Diagnostic(f"syntax error: {e.msg}", span)

_ASYNC_HINT = "write `def`: a probe waits for nothing"
_YIELD_HINT = "what a probe has to say goes into a ring buffer: ring.output(record)"


def find_function(source: SourceText, probe: ProbeSource) -> ast.FunctionDef:
    """Return the syntax tree of the probe's function. Raises: CompileError."""
    if probe.name == "<lambda>":
        return _find_lambda(source, probe)
    pending: list[Any] = [source.tree()]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == probe.name:
            first = min([d.lineno for d in node.decorator_list] + [node.lineno])
            if first == probe.first_line:
                if isinstance(node, ast.AsyncFunctionDef):
                    raise CompileError([Diagnostic("a probe cannot be async", source.span(node), _ASYNC_HINT)])
                for part in walk(node.body):
                    if isinstance(part, ast.Yield | ast.YieldFrom):
                        what = "a probe cannot be a generator"
                        raise CompileError([Diagnostic(what, source.span(part), _YIELD_HINT)])
                return node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            pending += getattr(node, name, ())
    raise CompileError(
        [
            Diagnostic(
                f"the source of probe {probe.name} was not found at line {probe.first_line} of {probe.file}",
                hint="a probe must be a `def` in a file that has not changed since it was imported",
            )
        ]
    )


def _find_lambda(source: SourceText, probe: ProbeSource) -> ast.FunctionDef:
    """Return a lambda as the function that it is. Raises: CompileError."""
    tree: Any = source.tree()
    found = [n for n in walk(tree.body) if isinstance(n, ast.Lambda) and n.lineno == probe.first_line]
    if len(found) > 1:
        found = [n for n in found if tuple(places(n.body)[at] for at in _POSITION) in probe.positions]
    if len(found) != 1:
        many = f"line {probe.first_line} of {probe.file} has several lambdas: which one is meant is not known"
        raise CompileError([Diagnostic(many, hint="write a function: def …")])
    node = found[0]
    where = places(node.body)
    body: list[Any] = [ast.Return(node.body, **where)]
    return ast.FunctionDef(probe.name, node.args, body, [], None, None, **where)


def span_of_function(source: SourceText, node: ast.FunctionDef) -> SourceSpan:
    """Return the span of the `def` line alone."""
    span: SourceSpan = source.span(node)
    if span.end_line != span.line:
        span.end_line, span.end_col = span.line, len(span.text)
    if not span.text:
        raise InternalError("a function without a line")
    return span
