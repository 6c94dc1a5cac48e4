"""Random probes whose loops, indices and sizes the kernel's verifier must be shown the bounds of."""

from __future__ import annotations

from hypothesis import strategies as st

DECLARATIONS = """
class Row(Struct):
    n: u64
    values: list[int] = List(u32, 6)
    data: bytes = Bytes(7)
    words: list[int] = List(u16, 8)
    name: str = Str(16)
    other: str = Str(9)

rows = Hash(u32, Row)
table = Array(Row, max_entries=3)
counts = Hash(u64, u64)
ring = RingBuf(Row)

def clamp(x, lo=0, hi=5):
    if x < lo:
        return lo
    return hi if x > hi else x
"""
START = [
    "a = ctx.addr", "b = ctx.len", "c = u32(ctx.prot)", "d = s32(ctx.fd)", "x = y = z = 1", "e = Row()",
    "e.name = ebee.comm()", "e.other = 'python'",
]  # fmt: skip
LENGTHS = {"values": 6, "data": 7, "words": 8}
ATOMS = ["a", "b", "c", "d", "x", "y", "z", "e.n", "3", "17"]


@st.composite
def numbers(draw):
    """An expression of any size within 64 bits."""
    one, two = draw(st.sampled_from(ATOMS)), draw(st.sampled_from(ATOMS))
    op = draw(st.sampled_from(["+", "-", "*", "&", "|", "^", "//", "%"]))
    whole = draw(st.sampled_from(["u64({})", "u32({})", "u8({})", "u64(s32({}) & 511)", "u64({}) % 1000"]))
    return whole.format(one if op in "//%" and two == "d" else f"u64({one}) {op} (u64({two}) | 1)")


@st.composite
def indices(draw, count, counters):
    """An index that may lie outside, or that something keeps inside."""
    one = draw(st.sampled_from(["a", "c", "x", "y", "z", *counters]))
    ways = ["{}", "{} % {n}", "u32({}) % {n}", "min({}, {n1})", "u64({}) & {m}", "clamp({}, 0, {n1})", "max(0, min({}, {n1}))"]
    if one in counters:
        ways += ["{}"] * 8
    mask = (1 << count.bit_length() - 1) - 1
    return draw(st.sampled_from(ways)).format(one, n=count, n1=count - 1, m=mask)


@st.composite
def places(draw, counters, held, fields=("data", "values", "words")):
    """An element of a list, through a local struct or an entry."""
    base = draw(st.sampled_from(["e", *held]))
    field = draw(st.sampled_from(fields))
    return f"{base}.{field}[{draw(indices(LENGTHS[field], counters))}]"


@st.composite
def statements(draw, depth=3, counters=(), held=(), in_loop=False):
    """Lines of a probe: `counters` are the loop variables around it, `held` the entries that are known to be there."""
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        plain = ["assign", "store", "load", "add", "string", "count"]
        nested = ["if", "for", "range", "while", "each", "entry", "reserve", "characters"]
        kind = draw(st.sampled_from(plain + nested * 2 if depth else plain) | st.just("jump" if in_loop else "assign"))
        target = draw(st.sampled_from("xyz"))
        below = {"depth": depth - 1, "counters": counters, "held": held, "in_loop": in_loop}
        inside: list[str] = []
        if kind == "assign":
            lines.append(f"{target} = {draw(numbers())}")
        elif kind == "store":
            place = draw(places(counters, held, ("values", "words")))
            lines.append(f"{place} = u8({draw(numbers())})")
        elif kind == "load":
            lines.append(f"{target} = {draw(places(counters, held))}")
        elif kind == "add":
            place = draw(places(counters, held, ("values",)))
            lines += [f"if {place} < 200:", f"    {place} += 1"]
        elif kind == "count":
            lines.append(f"counts[{draw(st.sampled_from(['x', 'c', 'u64(d)']))}] += 1")
        elif kind == "string":
            lines.append(draw(st.sampled_from([
                "x = len(e.name)", "y = 1 if e.name.startswith('py') else 2", "z = 1 if e.name == e.other else 0",
                "x = u64(e.name.find('t') + 1)", "y = 1 if e.other in e.name else 0", f"z = ord(e.name[{draw(indices(15, counters))}])",
                "e.name = e.other", "e.other = 'ab'",
            ])))  # fmt: skip
        elif kind == "jump":
            lines += [f"if {draw(numbers())} > {draw(numbers())}:", f"    {draw(st.sampled_from(['break', 'continue', 'return']))}"]
        elif kind == "if":
            lines.append(f"if {draw(numbers())} {draw(st.sampled_from(['<', '>', '==', '!=']))} {draw(numbers())}:")
            inside = draw(statements(**below))
        elif kind == "for":
            i = f"i{depth}"
            stop = draw(st.sampled_from(["6", "min(a, 6)", "b % 7", "u32(c) & 7", "clamp(x)", "40", "min(c, 300)", "x"]))
            start = draw(st.sampled_from(["", "0, ", "2, ", "y % 3, "]))
            step = draw(st.sampled_from(["", ", 2", ", 3"])) if start else ""
            lines.append(f"for {i} in range({start}{stop}{step}):")
            inside = draw(statements(**{**below, "in_loop": True, "counters": (*counters, i)}))
        elif kind == "range":
            i = f"i{depth}"
            lines.append(f"for {i} in range({draw(st.sampled_from(['5', 'min(u32(x), 5)', 'u32(y) % 6']))}, -1, -1):")
            inside = draw(statements(**{**below, "in_loop": True, "counters": (*counters, i)}))
        elif kind == "while":
            n = f"n{depth}"
            lines += [f"{n} = {draw(st.sampled_from(['0', 'a & 3', 'x % 5']))}"]
            lines.append(f"while {n} < {draw(st.sampled_from(['6', '8', 'b', '100']))}:")
            inside = [f"{n} += 1", *draw(statements(**{**below, "in_loop": True, "counters": (*counters, n)}))]
        elif kind == "each":
            i = f"v{depth}"
            lines.append(f"for {i} in {draw(st.sampled_from(['e', *held]))}.{draw(st.sampled_from(sorted(LENGTHS)))}:")
            inside = draw(statements(**{**below, "in_loop": True, "counters": (*counters, i)}))
        elif kind == "characters":
            lines.append("for i9, letter in enumerate(e.name):")
            inside = draw(statements(**{**below, "in_loop": True, "counters": (*counters, "i9")}))
        elif kind == "entry":
            p = f"p{depth}"
            lines += [f"{p} = {draw(st.sampled_from(['rows.lookup(c)', 'table.lookup(u32(x))']))}", f"if {p} is not None:"]
            inside = draw(statements(**{**below, "held": (*held, p)}))
        else:
            p = f"r{depth}"
            lines.append(f"with ring.reserve() as {p}:")
            inside = draw(statements(**{**below, "held": (*held, p), "in_loop": False}))
            inside.append(f"{p}.n = x")
        lines += ["    " + line for line in inside]
    return lines
