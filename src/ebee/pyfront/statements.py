"""Statements of a probe, and the whole function."""

from __future__ import annotations

import _ast as ast

from ..errors import CompileError, Diagnostic
from ..ir.core import PTR_CTX, Function
from ..lower.numbers import Num, Refusal, check_assignable, common, fits_together, wrap
from ..types.maps import MapDecl, RingBuf
from ..types.scalars import IntType, StrType
from ..types.structs import StructType
from .calls import Call, Calls
from .contexts import context_type
from .expressions import Located
from .loops import Loop, Loops
from .order import is_place, is_replaced, own, steady
from .source import SourceText, assigned_names, find_function, places, span_of_function
from .values import (
    Comm,
    Context,
    Entry,
    Guard,
    KernelIter,
    Known,
    Many,
    Maybe,
    Memory,
    RecordRef,
    Slice,
    StructPlace,
    Text,
    Unread,
    Unusable,
    UserStr,
    as_member,
    c_type_of,
    entry_of,
    is_bytes,
    is_string,
    may_be_same,
    similar,
    size_of_string,
    spelled,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..lower.object import ObjectBuilder
    from ..spec.target import Target
    from .source import ProbeSource
    from .subprograms import Subprograms
    from .values import Place, Val

# Stack that programs with subprograms may use, of 512 bytes for all functions of a chain.
MOST_STACK = 384
_CHANGED = (list, dict, set)
REFUSED = {
    "Try": ("a probe has no exceptions", "what can fail is counted and reported by ebee"),
    "Raise": ("a probe has no exceptions", "use `return`"),
    "FunctionDef": ("a function cannot be defined inside a probe", "define it at module level"),
    "ClassDef": ("a class cannot be defined inside a probe", "define it at module level"),
    "Import": ("a probe cannot import", "import at the top of the file"),
    "ImportFrom": ("a probe cannot import", "import at the top of the file"),
    "Global": ("a probe cannot assign to global names", "keep state in a map: Hash(u32, u64)"),
    "Nonlocal": ("a probe cannot assign to names outside it", "keep state in a map: Hash(u32, u64)"),
    "AsyncFor": ("a probe cannot be async", ""),
    "AsyncWith": ("a probe cannot be async", ""),
}


def compile_probe(probe: ProbeSource, obj: ObjectBuilder, target: Target) -> None:
    """Lower a probe and add it to the object. Raises: CompileError with every reason found."""
    source = SourceText(probe.file, probe.text)
    node, mark = find_function(source, probe), obj.checkpoint()

    def lowered(chosen: frozenset[Hashable]) -> Statements:
        obj.rollback(mark)
        made = Statements(probe, source, node, obj, target)
        made.chosen = chosen
        made.run()
        return made

    made = lowered(frozenset())
    chosen = made.subprograms.worthwhile() if made.subprograms else frozenset()
    if chosen:
        made = lowered(chosen)
        if made.low.stack > MOST_STACK:  # what is lowered where it is called shares its caller's stack
            made = lowered(frozenset())
    obj.add_program(made.function, probe.section, made.context.signature, made.low.failure)


def unique(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Leave out repetitions: a function that is called twice is lowered twice."""
    seen: dict[tuple[str, str], Diagnostic] = {}
    for d in diagnostics:
        seen.setdefault((str(d.span), d.message), d)
    return list(seen.values())


class Statements(Loops, Calls):
    """Lowers one probe."""

    def __init__(
        self, probe: ProbeSource, source: SourceText, node: ast.FunctionDef, obj: ObjectBuilder, target: Target
    ) -> None:
        self.probe, self.source, self.node, self.names = probe, source, node, probe.names
        self.local_names, self.definition = assigned_names(node.body), node
        self.function = Function(probe.program or probe.name, [PTR_CTX], span=span_of_function(source, node))
        self.obj = obj
        self.env: dict[str, Val] = {}
        self.diagnostics: list[Diagnostic] = []
        self.map_writes, self.held = [], []
        self.target, self.section = target, probe.section
        self.find_source = probe.find_source
        self.loops: list[Loop] = []
        self.calls: list[Call] = []
        self.later: dict[Hashable, str] = {}  # functions that timers call, by name
        self.being_made: set[Hashable] = set()
        self.subprograms: Subprograms | None = None
        self.chosen: frozenset[Hashable] = frozenset()
        self.depth, self.prefix, self.serial, self.turns = 0, "", 0, 1
        self.followed: list[ast.While | ast.For] = []
        self.forgetful: set[ast.While | ast.For] = set()
        self.open_ended: set[ast.While | ast.For] = set()

    def run(self) -> None:
        """Lower the function, which is not yet part of the object. Raises: CompileError."""
        try:
            self.context = context_type(self.probe.section, self.target)
            self.low = self.context.lowering(self.obj, self.function, self.target.features)
            self.b = self.low.b
            self.context.declare(self, self.node)
        except Refusal as e:
            where = self.node.decorator_list[0] if self.node.decorator_list else self.node
            raise CompileError([Diagnostic(e.message, self.source.span(where), e.hint)]) from None
        self.low.failure = self.context.failure
        self.context.begin(self.low, self.function.entry.params[0])
        self.bind_arguments()
        self.body(self.node.body)
        self.b.span = self.function.span
        self.end()
        if self.diagnostics:
            raise CompileError(unique(self.diagnostics))

    def end(self) -> None:
        """Return where the body ends without having returned."""
        default = self.context.default_result
        if default is not None:
            self.low.leave(self.b.const(default))
        elif not self.b.terminated and not self.diagnostics:
            message = f"a {self.context.noun} must return on every way, and {self.probe.name} can run off its end"
            self.diagnostics.append(Diagnostic(message, self.function.span, self.context.result_hint))

    def bind_arguments(self) -> None:
        """Bind the function's parameters: to the context, or by their names to arguments of the hook."""
        a, context = self.node.args, self.context
        defaults = self.probe.defaults
        for arg in a.posonlyargs + a.args + a.kwonlyargs:
            if arg.arg in defaults:
                self.env[arg.arg] = self.known(defaults[arg.arg], arg.arg)  # a constant of the probe
                self.check_constant(arg, is_positional=arg not in a.kwonlyargs)
        parameters = [p for p in a.posonlyargs + a.args if p.arg not in defaults]
        has_more = a.vararg or a.kwarg or any(p.arg not in defaults for p in a.kwonlyargs)
        is_alone = context.arguments is None and not context.by_position
        if has_more or (is_alone and len(parameters) != 1):
            how = "in their order" if context.by_position else "by name"
            what = "one argument, the context" if is_alone else f"arguments {how}"
            raise CompileError(
                [
                    Diagnostic(
                        f"a {context.noun} takes {what}; {self.probe.name} takes others",
                        self.function.span,
                        f"write `def {self.probe.name}({context.argument}):`",
                    )
                ]
            )
        pointer = self.function.entry.params[0]
        by_position = [p for p in parameters if p.arg != "ctx"]
        for parameter in parameters:
            name = parameter.arg
            try:
                if is_alone or name == "ctx":
                    self.env[name] = context.bind(self, pointer, parameter)
                elif context.by_position:
                    value = context.positional(self, pointer, parameter, by_position.index(parameter))
                    if isinstance(value, UserStr | Context | RecordRef):
                        self.env[name] = value  # a string is read where it is used: its size is that of where it goes
                    else:
                        self.assign_name(name, value)
                elif spelled(name, context.arguments or ()) in (context.arguments or ()):
                    self.assign_name(name, context.parameter(self.low, pointer, spelled(name, context.arguments or ())))
                else:
                    has = ", ".join(context.arguments or ()) or "none"
                    hint = similar(name, context.arguments or ()) or context.unnamed
                    hint = hint or f"write ctx, or any of its arguments: {has}"
                    raise Refusal(f"a {context.noun} has no argument {name!r}", hint)
            except Refusal as e:
                self.diagnostics.append(Diagnostic(e.message, self.source.span(parameter), e.hint))
                self.env[name] = Unusable("")
            except Located as e:
                self.diagnostics += [e.diagnostic] if e.diagnostic is not None else []
                self.env[name] = Unusable("")

    def check_constant(self, parameter: ast.arg, is_positional: bool) -> None:
        """Refuse a parameter with a default that may be meant for an argument of the hook."""
        context, name = self.context, parameter.arg
        if spelled(name, context.arguments or ()) in ("ctx", *(context.arguments or ())):
            hint = "call the constant otherwise"
            what = f"{name} is an argument of a {context.noun}, which has no default"
        elif is_positional and context.by_position:
            what = f"a {context.noun} takes arguments in their order: {name} is a constant"
            hint = f"write it behind a star: *, {name}=…"
        else:
            return
        self.diagnostics.append(Diagnostic(what, self.source.span(parameter), hint))

    # Statements

    def body(self, nodes: list[ast.stmt]) -> None:
        """Lower statements until one leaves; what follows it cannot be reached."""
        for node in nodes:
            if self.b.terminated:
                return
            self.statement(node)

    def statement(self, node: ast.stmt) -> None:
        """Lower one statement; a refusal is kept, so that all of them are reported together."""
        self.b.span = self.source.span(node)
        kind, held = type(node).__name__, len(self.held)
        try:
            method = getattr(self, f"stmt_{kind}", None)
            if method is None:
                message, hint = REFUSED.get(kind, (f"this statement ({kind}) is not supported in a probe", ""))
                raise Refusal(message, hint)
            method(node)
        except Refusal as e:
            self.refuse(node, self.located(node, e))
        except Located as e:
            self.refuse(node, e)
        del self.held[held:]

    def refuse(self, node: ast.stmt, e: Located) -> None:
        """Keep a diagnostic; names that the statement would have assigned are not complained about later."""
        if e.diagnostic is not None:
            self.diagnostics.append(e.diagnostic)
        if isinstance(node, ast.Return) and self.calls and self.calls[-1].inner is None:
            self.give(Unusable(""))  # nor is what the function would have returned
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                self.env[target.id] = Unusable("")

    def stmt_Pass(self, node: ast.Pass) -> None:
        pass

    def stmt_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return  # a docstring
        value = self.expr(node.value)
        if isinstance(value, Guard | KernelIter):
            self.kind(value).kept(self, "", value)
        if isinstance(node.value, ast.Call):
            if not isinstance(value, Num | Maybe | Comm | UserStr | Memory | Text):
                return
            mark, again = self.checkpoint(), self.b.new_block()
            self.b.jump(again)
            self.b.start(again)
            has_effect = self.has_effect(node.value)
            self.rollback(mark)  # what is called runs once
            if has_effect:
                return
        hint = ""
        if isinstance(node.value, ast.Call | ast.Compare):
            hint = "its result is not used"
        raise Refusal(f"this statement has no effect: it only computes {self.describe(value)}", hint)

    def has_effect(self, node: ast.Call) -> bool:
        """Whether a call does something beside giving a number or a string."""
        if isinstance(node.func, ast.Attribute):
            base = self.expr(node.func.value)
            return self.kind(base).has_effect(self, base, node.func.attr, node.func)
        function = self.expr(node.func)
        return self.kind(function).has_effect(self, function, "", node.func)

    def stmt_Return(self, node: ast.Return) -> None:
        self.returned(self.expr(node.value) if node.value else Known(None))

    def returned(self, value: Val) -> None:
        """Return a value from the innermost function that is being lowered. Raises: Refusal."""
        if self.calls:
            self.give(value)
            return
        if isinstance(value, Known) and value.object is None:
            if self.context.default_result is None:
                raise Refusal(f"a {self.context.noun} must return a number", self.context.result_hint)
            value = Known(self.context.default_result)
        value = self.never_none(value)
        self.low.leave(self.context.returned(self, value).value)

    def stmt_If(self, node: ast.If) -> None:
        then, els, done = self.low.blocks(3)
        says = self.condition(node.test, then, els)
        before: dict[str, Val] = self.env
        ends: list[dict[str, Val]] = []
        for block, nodes, known in ((then, node.body, says[0]), (els, node.orelse, says[1])):
            if self.b.is_reachable(block):
                self.b.start(block)
                self.env = self.refined(before, known)
                self.body(nodes)
                if not self.b.terminated:
                    self.b.jump(done)
                    ends.append(self.env)
        self.join(done, ends, before)

    def stmt_Assert(self, node: ast.Assert) -> None:
        """assert test: if it does not hold the program ends here, counted."""
        good, bad = self.low.blocks(2)
        says = self.condition(node.test, good, bad)
        if self.b.is_reachable(bad):
            self.b.start(bad)
            self.low.abort("assertion", self.source.text_of(node.test))
        if self.b.is_reachable(good):
            self.b.start(good)
            self.env = self.refined(self.env, says[0])

    def stmt_Match(self, node: ast.Match) -> None:
        from .patterns import lower_match

        lower_match(self, node)

    def join(self, done: object, ends: list[dict[str, Val]], before: dict[str, Val]) -> None:
        """Go on where several ways meet; names keep what all ways agree on."""
        if not ends:
            self.env = before
            return
        self.b.start(done)  # type: ignore[arg-type]
        self.env = {name: self.merged(name, [e.get(name) for e in ends]) for e in ends for name in e}

    def merged(self, name: str, values: list[Val | None]) -> Val:
        """What a name is after ways on which it is each of `values` (None: not assigned)."""
        first = values[0]
        if first is not None and all(v is first or v == first and isinstance(v, Known) and
                                     type(v.object) is type(first.object)  # type: ignore[union-attr]
                                     for v in values):  # fmt: skip
            return first
        if "." in name:  # a field of the context
            known = [v for v in values if type(v) is Num]
            if len(known) < len(values) or any(n.value is not known[0].value for n in known):
                return Unusable("")
            both: Num = known[0].replace(lo=min(n.lo for n in known), hi=max(n.hi for n in known))
            return both
        unusable = [v for v in values if isinstance(v, Unusable)]
        if unusable:
            return min(unusable, key=lambda v: bool(v.why))
        if any(v is None for v in values):
            return Unusable("is not assigned on every way that leads here", "assign it before the `if`")
        kinds = {type(v) for v in values}
        odd = next((v for v in values if isinstance(v, Maybe)), first if len(kinds) == 1 else None)
        if odd is not None:
            met = self.kind(odd).merged(self, name, values)
            if met is not None:
                return met
        if all(map(is_string, values)):
            from .strings import merged

            return merged(self, values)  # type: ignore[arg-type]
        if all(map(is_bytes, values)):
            from .arrays import merged_bytes

            return merged_bytes(self, values)
        spans, c_types = [], set()
        for v in values:
            if isinstance(v, Known) and isinstance(v.object, int):
                spans.append((int(v.object), int(v.object)))
                c_types.add(c_type_of(v))
            elif isinstance(v, Num):
                spans.append((v.lo, v.hi))
                c_types.add(v.c_type)
            else:
                return Unusable("is of different kinds on the ways that lead here")
        lo, hi = min(s[0] for s in spans), max(s[1] for s in spans)
        if not fits_together(Num(None, lo, lo), Num(None, hi, hi)):  # type: ignore[arg-type]
            return Unusable("is signed on one way that leads here and unsigned on another", "cast it on one of them")
        may_borrow = any(isinstance(v, Num) and v.may_borrow for v in values)
        return as_member(Num(self.b.read(self.local(name)), lo, hi, common(c_types), may_borrow))

    # Assignment

    def stmt_Assign(self, node: ast.Assign) -> None:
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Attribute):
            self.into = node.value
        value = self.expr(node.value)
        if len(node.targets) > 1:
            value = steady(self, value, *node.targets)
        elif isinstance(node.targets[0], ast.Attribute):
            value = steady(self, value, node.targets[0].value)
        elif isinstance(node.targets[0], ast.Subscript):
            value = steady(self, value, node.targets[0].value, node.targets[0].slice)
        for target in node.targets:
            self.assign(target, value)

    def assign(self, target: ast.expr, value: Val) -> None:
        """Assign an evaluated value to a name, a record's field or a map's entry."""
        if isinstance(target, ast.Name):
            self.assign_name(target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            parts = self.parts(value, target.elts)
            for at, (part, each) in enumerate(zip(target.elts, parts)):
                if not isinstance(part, ast.Name) and at and is_place(each):
                    what = f"{self.describe(each)} is copied after the assignments before it"
                    raise Refusal(what, "write the assignments one after the other")
                self.assign(part.value if isinstance(part, ast.Starred) else part, each)
        elif isinstance(target, ast.Attribute):
            base = self.expr(target.value)
            if isinstance(value, Unread) and not isinstance(base, RecordRef | Entry | StructPlace):
                from .intrinsics import now

                value = now(self, value)
            self.kind(base).set_attribute(self, base, target.attr, value, target)
        elif isinstance(target, ast.Subscript):
            base = steady(self, self.expr(target.value), target.slice)
            self.kind(base).set_item(self, base, target, value)
        else:
            raise Refusal("this cannot be assigned to in a probe")

    def parts(self, value: Val, targets: list[ast.expr]) -> list[Val]:
        """Take a value apart into one for each target; `*rest` gets a list of what is left. Raises: Refusal."""
        from .sequences import items_of, tuple_of

        count, items = len(targets), items_of(self, value)
        if items is None:
            raise Refusal(f"{self.describe(value)} cannot be taken apart into {count} values")
        star = next((at for at, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
        if star is None and len(items) != count or star is not None and len(items) < count - 1:
            raise Refusal(f"{len(items)} values are assigned to {count} names")
        items = [self.written(v) if isinstance(v, Comm | UserStr | Text) else own(self, v) for v in items]
        if star is not None:
            end = len(items) - (count - 1 - star)
            items = [*items[:star], tuple_of(items[star:end], list), *items[end:]]
        return items

    def assign_name(self, name: str, value: Val) -> None:
        """Give a local name its value."""
        if isinstance(self.env.get(name), RecordRef | Context):
            raise Refusal(f"{name} is {self.describe(self.env[name])} and cannot be assigned to")
        self.env[name] = self.kind(value).kept(self, name, value)

    def forget_entries(self, decl: MapDecl) -> None:
        """Entries that were looked up may be others, or gone, once their map was written to."""
        for name, value in self.env.items():
            entry = entry_of(value)
            if entry is not None and may_be_same(entry.decl, decl):
                self.env[name] = entry.stale()
                entry.is_stale = entry.is_stale or self.depth > 0
        for entry in self.held:
            entry.is_stale = entry.is_stale or may_be_same(entry.decl, decl)
        self.map_writes.append(decl)
        if self.calls:
            self.calls[-1].written.append(decl)

    def note_write(self, place: Place) -> None:
        """Remember that a part of a map or a variable was written."""
        if place.entry is not None:
            self.map_writes.append(place.entry.decl)
        if isinstance(place.entry, Slice) and place.entry.written is not None:
            place.entry.written()

    def replace(self, place: Place | None) -> None:
        """A struct or list was assigned as a whole, None: any. Names for what was there mean it no more.

        Raises: Refusal.
        """
        for name in [name for name, value in self.env.items() if is_replaced(value, place)]:
            if self.depth:
                raise Refusal(f"what {name} is may be replaced here, or not", "call the function on a line of its own")
            self.env[name] = Unusable("is what was there before the whole was assigned", "take it again")
        if self.calls:
            self.calls[-1].replaced.append(place)

    def written(self, value: Comm | UserStr | Memory | Text) -> Memory:
        """A string, written to the stack now: what it is made of may change later. Raises: Refusal."""
        size = size_of_string(value)
        memory = self.low.b.alloca(-(-size // 8) * 8)
        self.store(memory, 0, StrType(size), value, "a local string")
        return Memory(memory, 0, size)

    def stmt_AnnAssign(self, node: ast.AnnAssign) -> None:
        annotation = self.expr(node.annotation)
        type = annotation.object if isinstance(annotation, Known) else None
        if not isinstance(node.target, ast.Name) or not isinstance(type, IntType):
            raise Refusal("a local name can be annotated with u8 … u64 or s8 … s64 only")
        if node.value is None:
            raise Refusal(f"{node.target.id} is declared without a value", "assign it at once")
        n = self.num(node.value)
        check_assignable(n, type.lo, type.hi, f"{node.target.id} ({type.name})")
        self.assign_name(node.target.id, wrap(self.low, n, type.size, type.signed))

    def stmt_AugAssign(self, node: ast.AugAssign) -> None:
        op = self.operator(node.op)
        target = node.target
        if isinstance(target, ast.Subscript):
            base = steady(self, self.expr(target.value), target.slice, node.value)
            self.kind(base).augment_item(self, base, target, op, node.value)
        elif isinstance(target, ast.Attribute):
            base = steady(self, self.expr(target.value), node.value)
            self.kind(base).augment_attribute(self, base, target.attr, op, node.value, target)
        else:
            old = self.expr(target)
            if isinstance(old, Many) and old.cls is list or isinstance(old, Known) and isinstance(old.object, _CHANGED):
                raise Refusal(f"{op}= would change a list, dict or set that may have other names", "write x = x + …")
            self.assign(target, self.binary(op, old, self.expr(node.value)))

    def stmt_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self.delete(target)

    def delete(self, target: ast.expr) -> None:
        """`del target`. Raises: Refusal."""
        if isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self.delete(part)
        elif isinstance(target, ast.Name):
            self.expr(ast.Name(target.id, ast.Load(), **places(target)))  # it has to have a value
            self.env[target.id] = Unusable("was deleted before this")
        elif isinstance(target, ast.Subscript):
            base = self.expr(target.value)
            self.kind(base).delete_item(self, base, target)
        else:
            raise Refusal("only names and entries of maps can be deleted in a probe")

    # Records

    def stmt_With(self, node: ast.With) -> None:
        if len(node.items) != 1:
            raise Refusal("one `with` item at a time, please", "nest the statements")
        item = node.items[0]
        function = getattr(item.context_expr, "func", None)
        if getattr(function, "attr", "") != "reserve" or getattr(item.context_expr, "args", ()):
            from .kfuncs import held

            held(self, node, item)
            return
        decl = self.reserved_ring(item.context_expr)
        if not isinstance(decl.value, StructType):
            raise Refusal(f"the records of {decl.name} are {decl.value.name}, not a Struct")
        if item.optional_vars is not None and not isinstance(item.optional_vars, ast.Name):
            raise Refusal("`as` takes one name here")
        done = self.b.new_block()
        before = dict(self.env)
        pointer = self.low.reserve(decl, decl.value.size, done)
        if item.optional_vars is not None:
            self.env[item.optional_vars.id] = RecordRef(pointer, decl.value, decl)
        self.body(node.body)
        reached = not self.b.terminated
        self.b.span = self.source.span(node)
        self.low.release()
        self.b.jump(done)
        self.join(done, [before, self.env] if reached else [before], before)
        if item.optional_vars is not None:
            self.env[item.optional_vars.id] = Unusable("was submitted at the end of its `with`")

    def reserved_ring(self, node: ast.expr) -> RingBuf[object]:
        """The ring buffer of `ring.reserve()`. Raises: Refusal."""
        usage = "`with` in a probe is for ring buffers: with ring.reserve() as record"
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reserve"):
            raise Refusal("this `with` is not supported in a probe", usage)
        base = self.expr(node.func.value)
        if isinstance(base, Known) and isinstance(base.object, RingBuf) and base.object.key is not None:
            raise Refusal("a PerfEventArray has no reserve()", "make the record, then events.output(record)")
        if not (isinstance(base, Known) and isinstance(base.object, RingBuf)):
            raise Refusal(f"{self.describe(base)} has no reserve()", usage)
        self.arguments(node, "reserve", 0, 0)
        return base.object
