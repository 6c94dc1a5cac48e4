"""Loops of a probe: `while`, `for` over ranges and constant sequences, `break`, `continue`, `else`.

What a number can be at a loop's head depends on what the loop does to it. So a loop is lowered with a guess, and
again with a better one if an iteration can leave it: first wide (any number of the sign that it starts with), then,
when that holds, as narrow as the iterations allow. What was lowered with a wrong guess is dropped.
"""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import MAYBE_BOOL, S64_HI, S64_LO, U64_HI, Num, Refusal, common, condition
from ..lower.program import TASK_NUMBERS
from ..record import Record, field
from ..types.maps import KeyedDecl
from ..types.scalars import INT_TYPES
from .expressions import Expressions, Located
from .order import is_in, steady
from .source import assigned_names, walk
from .values import Entries, Entry, KernelIter, Known, Place, RecordRef, Unusable, as_member, c_type_of, entry_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..ir.core import Block, Function, Value
    from .calls import Call
    from .loop_texts import Texts
    from .outlined import Outline
    from .values import Ranges, Says, Val

# Loops that turn more often than this (nested ones: all together), or nobody knows how often, carry a budget where
# the target has one. Where the way forks in the body, the verifier may have to follow every combination of ways.
MOST_FOLLOWED, MOST_FORKS_FOLLOWED, MOST_NESTED_FOLLOWED = 1024, 64, 8
_FORKS = (ast.If, ast.IfExp, ast.BoolOp, ast.Compare, ast.While, ast.For, ast.Match, ast.With, ast.Call, ast.Subscript,
          ast.Assert)  # fmt: skip
# A verifier follows at most a million instructions.
MOST_WITHOUT_BUDGET = 100_000
_STRAIGHT_CALLS = frozenset((*(type.name for type in INT_TYPES), *TASK_NUMBERS, "abs"))
_ATTEMPTS = 8


class Loop(Record):
    """A loop that is being lowered: where `continue` and `break` go, and the names on the ways there."""

    following: Block
    done: Block
    records: int
    continues: list[dict[str, Val]] = field(default_factory=list)
    breaks: list[dict[str, Val]] = field(default_factory=list)


def is_straight(nodes: list[Any]) -> bool:
    """Whether statements are one way without forks, as far as the syntax tells."""
    return not any(isinstance(node, _FORKS) and not is_straight_call(node) for node in walk(nodes))


def is_straight_call(node: Any) -> bool:
    """Whether a node calls a cast or another function that is known to have one way only."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in _STRAIGHT_CALLS


def has_loops(nodes: list[ast.stmt]) -> bool:
    """Whether there are loops in statements, or searches in strings, which are loops, too."""
    return any(
        isinstance(node, ast.For | ast.While | ast.In | ast.NotIn) or getattr(node, "attr", "") == "find"
        for node in walk(nodes)
    )


def count_certain(env: dict[str, Val]) -> int:
    """Return how many names are entries of maps or places that may be used, or known to be bool or known to be int."""
    return sum(isinstance(v, Entry | Place) or isinstance(v, Num) and v.c_type != MAYBE_BOOL for v in env.values())


class Loops(Expressions):
    """Lowers loops."""

    loops: list[Loop]
    turns: int  # of the loops around, together, as far as the verifier has to follow them
    followed: list[Any]  # the loops around that it has to follow
    forgetful: set[Any]  # loops that it cannot follow to their ends, for what is in them
    open_ended: set[Any]  # loops that turn as often as is known at run time only: each turn is a way out
    diagnostics: list[Any]
    function: Function
    calls: list[Call]

    if TYPE_CHECKING:

        def body(self, nodes: list[ast.stmt]) -> None: ...
        def returned(self, value: Val) -> None: ...
        def join(self, done: Block, ends: list[dict[str, Val]], before: dict[str, Val]) -> None: ...
        def assign(self, target: ast.expr, value: Val) -> None: ...

    # Statements

    def stmt_While(self, node: ast.While) -> None:
        def test(then: Block, els: Block) -> tuple[Says, Says]:
            return self.condition(node.test, then, els)

        self.loop(node, [node.test, *node.body], node.body, node.orelse, test, lambda: None, 0)

    def stmt_For(self, node: ast.For) -> None:
        if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name):
            function = self.expr(node.iter.func)
            if isinstance(function, Known) and function.object is range:
                self.for_range(node, node.iter)
                return
        items = steady(self, self.expr(node.iter), *node.body)
        if isinstance(items, Known) and isinstance(items.object, KeyedDecl):
            items = Entries(items.object, "keys")
        if isinstance(items, Entries) and items.what == "drain":
            from .user_rings import for_records

            for_records(self, node, items)
            return
        if isinstance(items, Entries):
            from .outlined import for_entries

            for_entries(self, node, items)
            return
        if isinstance(items, KernelIter):
            from .kfunc_iters import for_kernel_iter

            for_kernel_iter(self, node, items)
            return
        elements = self.kind(items).elements(self, items)
        if elements is not None:
            zero, count = numbers.constant(self.low, 0), elements.count
            count = count if isinstance(count, Num) else numbers.constant(self.low, count)
            hidden = f"items {node.lineno} {node.col_offset}"
            self.env[hidden] = items

            def begin(index: Num) -> None:
                if isinstance(self.env[hidden], Unusable):
                    raise Refusal("this list is assigned as a whole while the loop goes over it", "assign its elements")
                self.assign(node.target, elements.at(index))

            self.counted(node, zero, count, 1, begin)
            self.env.pop(hidden, None)
            return
        from .sequences import turns_of

        each = turns_of(self, items)
        if each is None:
            hint = "iterate over range(…), a map or a constant tuple"
            raise Refusal(f"a probe cannot iterate over {self.describe(items)}", hint)
        self.unrolled(node, each)

    def stmt_Break(self, node: ast.Break) -> None:
        self.leave_iteration(self.loops[-1], self.loops[-1].breaks, self.loops[-1].done)

    def stmt_Continue(self, node: ast.Continue) -> None:
        self.leave_iteration(self.loops[-1], self.loops[-1].continues, self.loops[-1].following)

    def leave_iteration(self, loop: Loop, ends: list[dict[str, Val]], to: Block) -> None:
        """Submit the records that were reserved in this iteration, and go."""
        submitted = self.low.held_from(loop.records)
        self.low.submit_down_to(loop.records)
        gone = Unusable("was given back when the loop was left")
        ends.append({n: gone if is_in(v, submitted) else v for n, v in self.env.items()} if submitted else self.env)
        self.b.jump(to)

    # Kinds of loops

    def for_range(self, node: ast.For, call: ast.Call) -> None:
        """for i in range(start, stop, step): the bounds are evaluated once, the step is a constant."""
        nodes = self.arguments(call, "range", 1, 3)
        bounds = [self.num(n) for n in nodes]
        start, stop = (numbers.constant(self.low, 0), bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
        step = bounds[2].lo if len(bounds) == 3 else 1
        if len(bounds) == 3 and bounds[2].lo != bounds[2].hi or step == 0:
            raise Refusal("the step of range() must be a constant other than 0")
        self.counted(node, start, stop, step, lambda index: self.assign(node.target, index))

    def counted(self, node: ast.For, start: Num, stop: Num, step: int, begin: Callable[[Num], None]) -> None:
        """Lower a loop that counts from `start` to before `stop`; `begin` gets the count at the start of each turn."""
        mark = self.checkpoint()
        if not self.try_counted(node, start, stop, step, begin):
            self.rollback(mark)
            self.try_counted(node, start, stop, step, begin)

    def try_counted(self, node: ast.For, start: Num, stop: Num, step: int, begin: Callable[[Num], None]) -> bool:
        """Lower a loop that counts; otherwise as `loop`."""
        up = step > 0
        last = (stop.hi - 1 if up else start.hi), (start.lo if up else stop.lo + 1)
        hi, lo = max(last[0], start.hi), min(last[1], start.lo)
        beyond = hi + step if up else lo + step
        signed = min(start.lo, stop.lo, beyond) < 0
        if not (S64_LO <= beyond <= S64_HI if signed else 0 <= beyond <= U64_HI):
            raise Refusal("this range() may count beyond 64 bits", "bound it: range(min(n, 1000))")
        trips = max(0, -(-(stop.hi - start.lo) // step) if up else -(-(start.hi - stop.lo) // -step))
        if start.lo != start.hi or stop.lo != stop.hi:
            self.open_ended.add(node)
        if self.is_followed(node, trips) or "may_goto" not in self.low.features:
            greatest, least = (stop, start) if up else (start, stop)
            greatest, least = numbers.at_most(self.low, greatest, roughly=True), numbers.at_least(self.low, least)
            start, stop = (least, greatest) if up else (greatest, least)
        counter = f"counter {id(node)}"
        self.b.write(counter, start.value)
        op = "<" if up else ">"
        now = Num(start.value, lo, hi)

        def test(then: Block, els: Block) -> tuple[Says, Says]:
            nonlocal now
            now = Num(self.b.read(counter), lo, hi)
            counted = Num(now.value, min(lo, beyond), max(hi, beyond))
            self.b.branch(condition(op, counted, stop), now.value, stop.value, then, els)
            return {}, {}

        def step_on() -> None:
            self.b.write(counter, self.b.op("add", now.value, self.b.const(step)))

        def enter() -> None:
            begin(Num(now.value, now.lo, now.hi))

        changing = [node.target, *node.body]
        return self.loop(node, changing, node.body, node.orelse, test, step_on, trips, enter, (counter,))

    def unrolled(self, node: ast.For, items: list[Callable[[], Val]]) -> None:
        """for x in a constant sequence: one copy of the body an item."""
        before, done = self.env, self.b.new_block()
        loop = Loop(done, done, len(self.low.open_records))
        self.loops.append(loop)
        for item in items:
            loop.following, loop.continues = self.b.new_block(), []
            self.assign(node.target, item())
            self.body(node.body)
            if not self.b.terminated:
                self.stmt_Continue(ast.Continue())
            if not loop.continues:
                break
            self.join(loop.following, loop.continues, before)
        self.loops.pop()
        if not self.b.terminated:
            self.body(node.orelse)
            if not self.b.terminated:
                loop.breaks.append(self.env)
                self.b.jump(done)
        self.join(done, loop.breaks, before)

    # The one shape of loops

    def loop(
        self,
        node: ast.While | ast.For,
        changing: list[Any],
        body: list[ast.stmt],
        orelse: list[ast.stmt],
        test: Callable[[Block, Block], tuple[Says, Says]],
        step: Callable[[], None],
        trips: int,
        begin: Callable[[], None] | None = None,
        hidden: tuple[str, ...] = (),
        outline: Outline | None = None,
    ) -> bool:
        """Lower `while test: body; step`. `trips` is the most iterations there can be, 0 if that is not known,
        negative if the kernel sees to its end.

        `changing` are the nodes whose assignments count, `begin` runs at the start of an iteration, `hidden` are the
        loop's own variables. With an `outline` the body is a function of its own.

        Returns: whether it is done; otherwise it was found to be one that the verifier does not follow, and it has to
        be lowered again from its start.
        """
        followed = self.is_followed(node, trips)
        if outline is None and trips >= 0 and not followed and self.wants_helper:
            from .outlined import loop_of_turns

            outline = loop_of_turns(self)
        if outline is not None or trips < 0 or not followed and "may_goto" in self.low.features:
            self.forget_bounds()
        from .loop_texts import Texts

        names = assigned_names(changing)
        start = dict(self.env)
        texts = Texts(self, node)
        for name, value in start.items():
            if isinstance(value, RecordRef):
                value.touched.update(value.type.fields)  # a field may have been assigned by the last iteration
            elif name in names and isinstance(value, Known) and isinstance(value.object, int):
                start[name] = self.as_num(value)
            elif name in names and not isinstance(value, Num | Unusable):
                start[name] = texts.changing(name, value)
        guess: Ranges = {n: _wide(v.lo, v.hi) for n, v in start.items() if n in names and isinstance(v, Num)}
        floor: Ranges = {n: (v.lo, v.hi) for n, v in start.items() if n in guess and isinstance(v, Num)}
        zero = None
        if not followed:
            # A verifier that knows a number in every turn follows every turn: let it not know where it starts. Where
            # ways are many, it should neither know that two of them start alike: that is lost, and makes new ways.
            zero = self.low.opaque_zero()
            has_many_ways = self.has_many_ways(body)
            for number, variable in enumerate((*self.carried(start, guess), *hidden), 1):
                own = self.low.opaque_zero(number) if has_many_ways else zero
                self.b.write(variable, self.b.op("add", self.b.read(variable), own))
        mark = self.checkpoint()
        narrowed, certain = False, count_certain(start)
        for _ in range(_ATTEMPTS + certain + texts.most_attempts):
            texts.enter(start)
            try:
                if outline is not None:
                    from . import outlined

                    lowered = outlined.attempt(
                        self, node, body, test, step, begin, start, guess, hidden, outline, texts
                    )
                else:
                    lowered = self.attempt(node, body, test, step, trips, begin, start, guess, hidden, zero, texts)
            except (Refusal, Located):
                if not texts.is_wrong(start):
                    raise
                self.rollback(mark)
                continue
            after, finish = lowered
            if followed and node in self.forgetful:
                return False
            if texts.is_wrong(start):
                self.rollback(mark)
                continue
            if count_certain(start) < certain:  # an iteration may end what an entry points to: not known at the head
                certain = count_certain(start)
                self.rollback(mark)
                continue
            left = [n for n, (lo, hi) in after.items() if lo < guess[n][0] or hi > guess[n][1]]
            if not left:
                narrow = {n: _union(floor[n], after.get(n, floor[n])) for n in guess}
                if narrowed or narrow == guess:
                    finish(orelse)
                    return True
                narrowed, guess = True, narrow
            self.rollback(mark)
            for n in left:
                lo, hi = _union(guess[n], after[n])
                if lo < 0 and hi > S64_HI:
                    raise Refusal(
                        f"{n} is signed in one iteration and unsigned in another", f"cast it: {n} = s64(…) or u64(…)"
                    )
                guess = {**guess, n: _wide(lo, hi)}
        raise Refusal("what the numbers in this loop can be is not clear", "cast them to u64 or s64 in the loop")

    def attempt(
        self,
        node: ast.While | ast.For,
        body: list[ast.stmt],
        test: Callable[[Block, Block], tuple[Says, Says]],
        step: Callable[[], None],
        trips: int,
        begin: Callable[[], None] | None,
        start: dict[str, Val],
        guess: Ranges,
        hidden: tuple[str, ...],
        zero: Value | None,
        texts: Texts,
    ) -> tuple[Ranges, Callable[[list[ast.stmt]], None]]:
        """Lower the loop with a guess; return the ranges after an iteration, and how to lower what comes behind.

        `zero` is opaque to the verifier, and there if it does not follow the loop.

        Entries in `start` whose map an iteration writes to are made unusable there, a bool that becomes another
        number is made MAYBE_BOOL: this attempt was wrong, too.
        """
        head, turn, over, following, done = self.low.blocks(5)
        self.b.span = self.source.span(node.test if isinstance(node, ast.While) else node.iter)
        followed = zero is None
        self.b.jump(head)
        self.b.start(head, seal=False)
        self.env = dict(start)
        for name, (lo, hi) in guess.items():
            value = start[name]
            assert isinstance(value, Num)
            self.env[name] = as_member(Num(self.b.read(self.local(name)), lo, hi, value.c_type, value.may_borrow))
        if not followed and trips >= 0:
            self.budget(trips * self.turns)
        entered = self.env
        whenever, otherwise = test(turn, over)
        loop = self.new_loop(following, done)
        self.loops.append(loop)
        around, self.turns = self.turns, self.turns * trips if followed else self.turns
        around_followed, around_opaque = self.followed, self.low.opaque
        if followed:
            self.followed = [*self.followed, node]
        else:
            self.low.opaque = zero
        if self.b.is_reachable(turn):
            self.b.start(turn)
            self.env = self.refined(entered, whenever)
            if begin is not None:
                begin()
            self.body(body)
            if not self.b.terminated:
                self.stmt_Continue(ast.Continue())
        self.loops.pop()
        self.turns, self.followed, self.low.opaque = around, around_followed, around_opaque
        after: Ranges = {}
        if loop.continues:
            self.note_stale(start, loop)
            self.join(following, loop.continues, start)
            texts.keep(start)
            step()
            if zero is not None and self.has_many_ways(body):
                for variable in (*self.carried(self.env, guess), *hidden):
                    self.b.write(variable, self.b.op("add", self.b.read(variable), zero))
            self.b.jump(head)
            after = self.after(start, guess)
        self.b.seal(head)

        def finish(orelse: list[ast.stmt]) -> None:
            if self.b.is_reachable(over):
                self.b.start(over)
                self.env = self.refined(entered, otherwise)
                self.body(orelse)
                if not self.b.terminated:
                    loop.breaks.append(self.env)
                    self.b.jump(done)
            self.join(done, loop.breaks, start)

        return after, finish

    def carried(self, env: dict[str, Val], guess: Ranges) -> list[str]:
        """The variables of numbers that a loop carries; not those of pointers, which may not be computed with."""
        return [self.local(n) for n in guess if isinstance(v := env.get(n), Num) and not v.is_kernel_pointer]

    def new_loop(self, following: Block, done: Block) -> Loop:
        """A loop that begins here."""
        return Loop(following, done, len(self.low.open_records))

    def note_stale(self, start: dict[str, Val], loop: Loop) -> None:
        """Make entries in `start` unusable whose map an iteration writes to."""
        for name, value in start.items():
            entry = entry_of(value)
            ends = [e.get(name) for e in loop.continues] if isinstance(value, Entry | Place) else []
            for end in ends:
                if isinstance(end, Unusable):
                    start[name] = end if entry is None else entry.stale()

    def after(self, start: dict[str, Val], guess: Ranges) -> Ranges:
        """What numbers can be after an iteration. Raises: Refusal for names that are none any more."""
        after: Ranges = {}
        for name in guess:
            value, first = self.env.get(name, start[name]), start[name]
            assert isinstance(first, Num)
            if isinstance(value, Num | Known) and common({c_type_of(value), first.c_type}) == MAYBE_BOOL:
                start[name] = Num(first.value, first.lo, first.hi, MAYBE_BOOL)
            if isinstance(value, Known) and isinstance(value.object, int):
                after[name] = (int(value.object), int(value.object))
            elif isinstance(value, Num):
                if first.is_kernel_pointer and first.c_type != value.c_type:
                    raise Refusal(f"{name} is a {first.c_type} before the loop and not after an iteration")
                after[name] = (value.lo, value.hi)
            elif guess[name] != (S64_LO, S64_HI):
                after[name] = (S64_LO, S64_HI)  # signed on one way and unsigned on another: a wider guess may do
            elif not (isinstance(value, Unusable) and not value.why):
                raise Refusal(f"{name} is an integer before the loop and none after an iteration")
        return after

    @property
    def wants_helper(self) -> bool:
        """Whether loops that the verifier does not follow are turned by bpf_loop."""
        return "may_goto" not in self.low.features and "bpf_loop" in self.low.features

    def is_followed(self, node: ast.While | ast.For, trips: int) -> bool:
        """Whether the verifier can follow every turn of a loop of at most `trips` turns (0: unknown)."""
        if node in self.forgetful:
            return False
        if is_straight(node.body) and not (node in self.open_ended and self.turns > 1):
            limit = MOST_FOLLOWED
        elif self.low.opaque is not None:
            limit = 0
        else:
            limit = MOST_NESTED_FOLLOWED if has_loops(node.body) else MOST_FORKS_FOLLOWED
        return 0 < trips * self.turns <= limit

    def has_many_ways(self, body: list[ast.stmt]) -> bool:
        """Whether a loop here is in one that the verifier does not follow, or has loops or indices in it."""
        return self.low.opaque is not None or has_loops(body) or any(isinstance(n, ast.Subscript) for n in walk(body))

    def forget_bounds(self) -> None:
        """Where the verifier comes to a turn again that it does not follow, or calls back, it forgets the numbers that
        it need not know, and with them where the loops around end: none of them can be followed.

        Source: widen_imprecise_scalars in kernel/bpf/verifier.c (Linux 6.7).
        """
        self.low.forgets = True
        self.forgetful.update(self.followed)
        for call in self.calls:
            call.is_forgetful = True

    def budget(self, trips: int) -> None:
        """Let the loop end, counted, when it turns too often: what the verifier cannot follow has a budget."""
        if "may_goto" in self.low.features:
            on, spent = self.low.blocks(2)
            self.b.branch("spent", self.b.const(0), self.b.const(0), spent, on)
            self.b.start(spent)
            self.low.abort("loop_cut", "a loop turned too often")
            self.b.start(on)
        elif not 0 < trips <= MOST_WITHOUT_BUDGET:
            turns = f"{trips} times" if trips else "without end"
            raise Refusal(
                f"this loop may turn {turns}, and the target has no budget for loops (may_goto, Linux 6.9)",
                "bound it: for i in range(min(n, 1000))",
            )

    # Dropping what was lowered with a wrong guess

    def checkpoint(self) -> tuple[Any, ...]:
        """Remember where lowering stands."""
        lengths = len(self.diagnostics), len(self.loops), len(self.low.open_records)
        outside = self.depth, self.turns, self.followed, self.low.opaque
        return (self.b.checkpoint(), dict(self.env), lengths, outside, self.low.obj.checkpoint())

    def rollback(self, mark: tuple[Any, ...]) -> None:
        """Go back to a checkpoint."""
        blocks, env, lengths, outside, obj = mark
        self.env = dict(env)
        self.depth, self.turns, self.followed, self.low.opaque = outside
        tables: tuple[list[Any], ...] = (self.diagnostics, self.loops, self.low.open_records)
        for kept, length in zip(tables, lengths):
            del kept[length:]
        self.b.rollback(blocks)
        self.low.obj.rollback(obj)


def _wide(lo: int, hi: int) -> tuple[int, int]:
    """The first guess: any number of the sign that a number starts with, of those that go with either sign."""
    if lo < 0:
        return (S64_LO, S64_HI)
    return (0, S64_HI if hi <= S64_HI else U64_HI)


def _union(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return (min(a[0], b[0]), max(a[1], b[1]))
