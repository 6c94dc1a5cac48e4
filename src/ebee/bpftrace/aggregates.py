"""What count(), sum(), min(), max(), avg(), stats(), hist() and lhist() do to a processor's own entry of a map.

An entry is of zeros when it is made. Nothing is atomic: another processor has another entry.
"""

from __future__ import annotations

from .value_types import Avg, Count, Hist, Lhist, Max, Min, Stats, Sum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ir.core import Value
    from ..lower.program import Lowering

Aggregate = Count | Sum | Min | Max | Avg | Stats | Hist | Lhist


def add(low: Lowering, entry: Value, kind: Aggregate, n: Value | None = None) -> None:
    """Add a number of 64 bits to an entry of a kind; count() has none."""
    one = low.b.const(1)
    if isinstance(kind, Count):
        _increase(low, entry, 0, one)
        return
    assert n is not None
    if isinstance(kind, Sum | Avg | Stats):
        _increase(low, entry, 0, n)
        if not isinstance(kind, Sum):
            _increase(low, entry, 8, one)
    elif isinstance(kind, Min | Max):
        _keep_extreme(low, entry, kind, n)
    else:
        bucket = _power_bucket(low, n, kind.bits) if isinstance(kind, Hist) else _linear_bucket(low, n, kind)
        inside, done = low.blocks(2)
        low.b.branch("ult", bucket, low.b.const(kind.buckets), inside, done)  # for the verifier: it always is
        low.b.start(inside)
        _increase(low, low.b.op("add", entry, low.b.op("shl", bucket, low.b.const(3))), 0, one)
        low.b.jump(done)
        low.b.start(done)


def _increase(low: Lowering, entry: Value, off: int, n: Value) -> None:
    low.b.store(entry, off, 8, low.b.op("add", low.b.load(entry, off, 8), n))


def _keep_extreme(low: Lowering, entry: Value, kind: Min | Max, n: Value) -> None:
    """Store the number and that there is one, unless what is there is as small or large."""
    b, (is_set, better, done) = low.b, low.blocks(3)
    condition = ("s" if kind.signed else "u") + ("lt" if isinstance(kind, Min) else "gt")
    b.branch("eq", b.load(entry, 8, 8), b.const(0), better, is_set)
    b.start(is_set)
    b.branch(condition, n, b.load(entry, 0, 8), better, done)
    b.start(better)
    b.store(entry, 0, 8, n)
    b.store(entry, 8, 8, b.const(1))
    b.jump(done)
    b.start(done)


def _when(low: Lowering, cond: str, a: Value, b: Value, make: Callable[[], None]) -> None:
    """Do what `make` does to variables if a condition holds."""
    holds, done = low.blocks(2)
    low.b.branch(cond, a, b, holds, done)
    low.b.start(holds)
    make()
    low.b.jump(done)
    low.b.start(done)


def _power_bucket(low: Lowering, n: Value, bits: int) -> Value:
    """The bucket of hist(): 0 for what is negative as an s64; else 1 + (distance << bits) + (n >> distance).

    The distance is by how much more than `bits` + 1 bits the number has.
    """
    b, (positive, done) = low.b, low.blocks(2)
    name = f"bucket {id(done)}"
    b.write(name, b.const(0))
    b.branch("slt", n, b.const(0), done, positive)
    b.start(positive)
    rest, distance = f"{name} rest", f"{name} distance"
    b.write(rest, b.op("lshr", n, b.const(bits)))
    b.write(distance, b.const(0))
    for step in (32, 16, 8, 4, 2, 1):

        def halve(step: int = step) -> None:
            b.write(rest, b.op("lshr", b.read(rest), b.const(step)))
            b.write(distance, b.op("add", b.read(distance), b.const(step)))

        _when(low, "uge", b.read(rest), b.const(1 << step), halve)
    by = b.read(distance)
    first = b.op("add", b.op("shl", by, b.const(bits)), b.const(1))
    b.write(name, b.op("add", first, b.op("lshr", n, by)))
    b.jump(done)
    b.start(done)
    return b.read(name)


def _linear_bucket(low: Lowering, n: Value, kind: Lhist) -> Value:
    """The bucket of lhist(); the number is an s64."""
    b, (enough, above, between, done) = low.b, low.blocks(4)
    name = f"bucket {id(done)}"
    b.write(name, b.const(0))
    b.branch("slt", n, b.const(kind.min), done, enough)
    b.start(enough)
    b.branch("sge", n, b.const(kind.max), above, between)
    b.start(above)
    b.write(name, b.const(kind.buckets - 1))
    b.jump(done)
    b.start(between)
    b.write(name, b.op("add", b.op("udiv", b.op("sub", n, b.const(kind.min)), b.const(kind.step)), b.const(1)))
    b.jump(done)
    b.start(done)
    return b.read(name)
