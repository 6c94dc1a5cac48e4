"""From a tree of tests to a classic program.

The tree becomes a graph of branches that ends in yes or no; equal branches are one. Then every way through it is walked
with what its tests have shown, so that a test whose answer is known is not made again; and where A or X hold a number
already on every way to a place, it is not loaded again.

What the program reads is what the tree asks, in its order: a test that reads past the packet's end answers no for the
whole filter, as in tcpdump.
"""

from __future__ import annotations

from ..errors import UsageError
from ..isa import classic as c
from ..isa.classic import ClassicInsn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .trees import Number, Tree

    # A node, and what is known there: the tests that hold and those that do not, as bits; numbers that have a value.
    _State = tuple[int, int, int, frozenset[tuple[Number, int]]]

_NO, _YES = 0, 1
_MAX_WAYS = 20_000  # what is known of each is forgotten beyond
_MAX_TESTS = 4 * c.MAX_INSNS  # of which some are the same, or need not be made
_SIZES = {size: code for code, size in c.SIZE_BYTES.items()}
_HOLDS = {
    c.JEQ: lambda x, y: x == y, c.JGT: lambda x, y: x > y, c.JGE: lambda x, y: x >= y, c.JSET: lambda x, y: x & y != 0
}  # fmt: skip


class _Graph:
    """Branches: (operation, a, b, node if it holds, node if not). Nodes 0 and 1 are the answers."""

    def __init__(self) -> None:
        self.nodes: list[tuple[Any, ...]] = [(), ()]
        self._known: dict[tuple[Any, ...], int] = {}

    def node(self, *branch: Any) -> int:
        if branch[3] == branch[4] == _NO:
            return _NO  # so is a packet that is too short to ask
        if branch not in self._known:
            self._known[branch] = len(self.nodes)
            self.nodes.append(branch)
        return self._known[branch]

    def build(self, tree: Tree, yes: int, no: int) -> int:
        """Return the node where asking `tree` begins. Chains of `and` and `or` lean to the left."""
        while True:
            if isinstance(tree, bool):
                return yes if tree else no
            kind = tree[0]
            if kind == "test":
                return self.node(*tree[1:], yes, no)
            if kind == "not":
                yes, no, tree = no, yes, tree[1]  # type: ignore[assignment]
                continue
            rest = self.build(tree[2], yes, no)  # type: ignore[arg-type]
            yes, no = (rest, no) if kind == "and" else (yes, rest)
            tree = tree[1]  # type: ignore[assignment]


def _asked(branch: tuple[Any, ...]) -> set[Number]:
    """Return the numbers of which knowing something may answer a branch."""
    a = branch[1]
    return {a, a[1]} if a[0] == c.AND else {a}


class _Reduction:
    """Walks every way through a graph, and makes one without tests whose answers are known."""

    def __init__(self, graph: _Graph) -> None:
        self.nodes = graph.nodes
        bits: dict[tuple[Any, ...], int] = {}
        self.bit = [0, 0]  # of a node's test
        self.below = [0, 0]  # the tests at a node and after it, as bits
        self.asked: list[frozenset[Number]] = [frozenset(), frozenset()]  # the numbers that they look at
        for branch in self.nodes[2:]:  # a node comes after those that it leads to
            _, _, _, yes, no = branch
            bit = 1 << bits.setdefault(branch[:3], len(bits))
            self.bit.append(bit)
            self.below.append(self.below[yes] | self.below[no] | bit)
            asked = self.asked[yes] | self.asked[no]
            self.asked.append(asked if _asked(branch) <= asked else asked | _asked(branch))

    def answer(self, node: int, known: _State) -> bool | None:
        """Return what is known of a node's test."""
        _, true, false, equals = known
        if self.bit[node] & (true | false):
            return self.bit[node] & true != 0
        op, a, b = self.nodes[node][:3]
        if b[0] == "const":
            for number, value in equals:
                if number == a:
                    return bool(_HOLDS[op](value, b[1]))
                if a[0] == c.AND and number == a[1] and a[2][0] == "const":
                    return bool(_HOLDS[op](value & a[2][1], b[1]))
        return None

    def follow(self, node: int, known: _State) -> _State:
        """Return where a way goes on that asks something new, with what of the knowledge matters from there on."""
        while node > _YES:
            answer = self.answer(node, known)
            if answer is None:
                _, true, false, equals = known
                below, asked = self.below[node], self.asked[node]
                return node, true & below, false & below, frozenset(e for e in equals if e[0] in asked)
            node = self.nodes[node][3 if answer else 4]
        return node, 0, 0, frozenset()

    def ways(self, state: _State) -> tuple[_State, _State]:
        """Return where a state goes on if its test holds, and if not."""
        node, true, false, equals = state
        op, a, b, yes, no = self.nodes[node]
        learned = equals | {(a, b[1])} if op == c.JEQ and b[0] == "const" else equals
        bit = self.bit[node]
        return self.follow(yes, (yes, true | bit, false, learned)), self.follow(no, (no, true, false | bit, equals))

    def reduce(self, root: int, limit: int) -> tuple[_Graph, int] | None:
        """Return the reduced graph, or None if there are more than `limit` states."""
        start = self.follow(root, (root, 0, 0, frozenset()))
        ways: dict[_State, tuple[_State, _State]] = {}
        work = [start]
        while work:
            state = work.pop()
            if state[0] > _YES and state not in ways:
                ways[state] = self.ways(state)
                work += ways[state]
                if len(ways) > limit:
                    return None
        result = _Graph()
        made: dict[_State, int] = {(answer, 0, 0, frozenset()): answer for answer in (_NO, _YES)}
        work = [start]
        while work:
            state = work[-1]
            missing = [] if state in made else [s for s in ways[state] if s not in made]
            if missing:
                work += missing
                continue
            work.pop()
            if state not in made:
                yes, no = ways[state]
                made[state] = result.node(*self.nodes[state[0]][:3], made[yes], made[no])
        return result, made[start]


def _group(graph: _Graph, root: int) -> tuple[_Graph, int]:
    """Return a graph in which the tests of one number stand together, where a row of tests has one way out.

    The number has been read when the first of them is made, so that those which come earlier now read nothing new.
    """
    nodes, order = graph.nodes, [n for n in _order(graph, root) if n > _YES]
    arrivals: dict[int, int] = {}
    for node in order:
        for way in nodes[node][3:]:
            arrivals[way] = arrivals.get(way, 0) + 1
    result = _Graph()
    made = {_NO: _NO, _YES: _YES}
    rows: dict[int, tuple[list[int], int]] = {}  # by their first node: the nodes of a row, and the way out of it
    inside: set[int] = set()
    for node in order:
        if node in inside:
            continue
        row, out = [node], 3
        for out in (3, 4):
            row = [node]
            while True:
                following = nodes[row[-1]][7 - out]
                if following <= _YES or arrivals[following] > 1 or nodes[following][out] != nodes[node][out]:
                    break
                row.append(following)
            if len(row) > 1:
                break
        rows[node] = row, out
        inside.update(row[1:])
    for node in reversed([n for n in order if n in rows]):
        row, out = rows[node]
        groups: dict[Number, list[int]] = {}
        for member in row:
            groups.setdefault(nodes[member][1], []).append(member)
        following, leaving = made[nodes[row[-1]][7 - out]], made[nodes[node][out]]
        for member in reversed([m for group in groups.values() for m in group]):
            ways = (leaving, following) if out == 3 else (following, leaving)
            following = result.node(*nodes[member][:3], *ways)
        made[node] = following
    return result, made[root]


def generate(tree: Tree, accept: int) -> list[ClassicInsn]:
    """Return the program that answers `accept` for what the tree holds of, and 0 for the rest.

    Raises: UsageError for what does not fit in a program of 4096 instructions.
    """
    full = _Graph()
    root = full.build(tree, _YES, _NO)
    if len(full.nodes) > _MAX_TESTS:
        raise _too_long(c.MAX_INSNS + 1)
    graph, root = _group(*(_Reduction(full).reduce(root, _MAX_WAYS) or (full, root)))
    order = _order(graph, root)
    if len(order) > c.MAX_INSNS:
        raise _too_long(len(order))
    return _Emitter(graph, order, accept).emit()


def _too_long(count: int) -> UsageError:
    return UsageError(f"the filter needs more than {count - 1} instructions, and classic programs have {c.MAX_INSNS}")


def _order(graph: _Graph, root: int) -> list[int]:
    """Return the nodes that are reached, each before those that it leads to, the answers last."""
    order, seen, work = [], {_NO, _YES}, [(root, False)]
    answers = {root} & {_NO, _YES}
    while work:
        node, is_done = work.pop()
        if is_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            ways = graph.nodes[node][3:]
            answers.update({_NO, _YES} & set(ways))
            work.append((node, True))
            work += ((ways[0], False), (ways[1], False))
    return [*reversed(order), *sorted(answers, reverse=True)]


class _Emitter:
    """Writes the branches one after the other; `a` and `x` are what the registers hold."""

    def __init__(self, graph: _Graph, order: list[int], accept: int) -> None:
        self.graph, self.order, self.accept = graph, order, accept
        self.a: Number | None = None
        self.x: Number | None = None
        self.code: list[ClassicInsn] = []
        self.cells = 0

    def emit(self) -> list[ClassicInsn]:
        """Return the program."""
        bodies: dict[int, list[ClassicInsn]] = {}
        jumps: dict[int, ClassicInsn] = {}
        arriving: dict[int, list[tuple[Number | None, Number | None]]] = {}
        for node in self.order:
            self.code = []
            if node <= _YES:
                bodies[node] = [ClassicInsn(c.RET | c.K, 0, 0, self.accept if node else 0)]
                continue
            held = arriving.get(node) or [(None, None)]
            self.a, self.x = (held[0][i] if all(h[i] == held[0][i] for h in held) else None for i in (0, 1))
            op, a, b, yes, no = self.graph.nodes[node]
            jumps[node] = self._compare(op, a, b)
            bodies[node] = self.code
            for way in (yes, no):
                arriving.setdefault(way, []).append((self.a, self.x))
        return self._link(bodies, jumps)

    def _put(self, code: int, k: int = 0) -> None:
        self.code.append(ClassicInsn(code, 0, 0, k & 0xFFFFFFFF))

    def _compare(self, op: int, a: Number, b: Any) -> ClassicInsn:
        if b[0] == "const":
            self._into_a(a)
            return ClassicInsn(c.JMP | op | c.K, 0, 0, b[1])
        self._both(a, b)
        return ClassicInsn(c.JMP | op | c.X)

    def _both(self, a: Number, b: Number) -> None:
        """Have a in A and b in X."""
        if b[0] == "header":
            self._into_a(a)
            self._header(b)
            return
        self._into_a(b)
        cell = self.cells
        if cell >= c.CELLS:
            raise UsageError(f"a comparison of the filter needs more than {c.CELLS} cells of memory")
        self._put(c.ST, cell)
        self.cells += 1
        self._into_a(a)
        self.cells -= 1
        self._put(c.LDX | c.MEM, cell)
        self.x = b

    def _header(self, number: Any) -> None:
        if self.x != number:
            self._put(c.LDX | c.MSH | c.B, number[1])
            self.x = number

    def _into_a(self, number: Any) -> None:
        if self.a == number:
            return
        kind = number[0]
        if kind == "const":
            self._put(c.LD | c.IMM, number[1])
        elif kind == "len":
            self._put(c.LD | c.LEN)
        elif kind == "header":
            self._header(number)
            self._put(c.MISC | c.TXA)
        elif kind == "load":
            self._load(*number[1:])
        else:
            _, left, right = number
            if right[0] == "const":
                self._into_a(left)
                self._put(c.ALU | kind | c.K, right[1])
            else:
                self._both(left, right)
                self._put(c.ALU | kind | c.X)
        self.a = number

    def _load(self, size: int, off: int, index: Any) -> None:
        if index is None:
            self._put(c.LD | c.ABS | _SIZES[size], off)
            return
        if index[0] == "header":
            self._header(index)
        elif self.x != index:
            self._into_a(index)
            self._put(c.MISC | c.TAX)
            self.x = index
        self._put(c.LD | c.IND | _SIZES[size], off)

    def _link(self, bodies: dict[int, list[ClassicInsn]], jumps: dict[int, ClassicInsn]) -> list[ClassicInsn]:
        """Put the bodies together. A way that is too far for a branch's u8 goes through a `ja` behind it."""
        far: set[tuple[int, int]] = set()
        while True:
            starts, at = {}, 0
            for node in self.order:
                starts[node] = at
                at += len(bodies[node]) + (node > _YES) + ((node, 3) in far) + ((node, 4) in far)
            if at > c.MAX_INSNS:
                raise _too_long(c.MAX_INSNS + 1)
            result, was = [], len(far)
            for node in self.order:
                result += bodies[node]
                if node <= _YES:
                    continue
                here = starts[node] + len(bodies[node]) + 1
                distances: list[int] = []
                hops: list[ClassicInsn] = []
                for way in (3, 4):
                    target = starts[self.graph.nodes[node][way]]
                    if (node, way) in far:
                        distances.append(len(hops))
                        hops.append(ClassicInsn(c.JMP | c.JA, 0, 0, target - here - len(hops) - 1))
                    else:
                        distances.append(target - here)
                        if distances[-1] > 255:
                            far.add((node, way))
                jump = jumps[node]
                if len(far) == was:
                    result += [ClassicInsn(jump.code, distances[0], distances[1], jump.k), *hops]
            if len(far) == was:
                return result
