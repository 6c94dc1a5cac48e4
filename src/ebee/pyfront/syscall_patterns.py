"""Many system calls in one program: `tracepoint("syscalls:sys_enter_*")`.

The program is run for every system call and tells by the number whether it is meant. Its record is that of
`raw_syscalls:sys_enter` or `sys_exit`: the number as s64 at 8, then six u64 arguments, or the s64 result.
"""

from __future__ import annotations

from ..abi.syscalls import SYSCALLS
from ..lower.numbers import U64_HI, Num, Refusal
from ..lower.tracepoint import typed_field
from .contexts import ContextType
from .values import Arguments, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..spec.target import Target, TracepointField, TracepointFormat
    from .values import Val

_NUMBER, _ARGS, _MOST_ARGUMENTS = 8, 16, 6


class SyscallsContext(ContextType):
    """`ctx.id`, `ctx.args`, arguments that all of them have under one name and in one place, or `ctx.ret`."""

    is_read_only = True
    args: tuple[()] = ()

    def __init__(self, event: str, target: Target) -> None:
        self.noun, self.target = f"probe on {event}", target
        self.point, _, pattern = event.removeprefix("syscalls:sys_").partition("_")
        self.calls = _fitting(pattern, target.arch)
        self.slots = _MOST_ARGUMENTS if self.point == "enter" else 0
        if not self.calls:
            raise Refusal(f"there is no system call that {pattern!r} fits")

    def begin(self, low: Lowering, pointer: Value) -> None:
        """Leave the program at other system calls."""
        numbers = sorted(self.calls.values())
        if len(numbers) == len(SYSCALLS[self.target.arch]):
            return
        b, number = low.b, low.b.load(pointer, _NUMBER, 8)
        (meant,) = low.blocks(1)
        for first, count in _runs(numbers):
            (following,) = low.blocks(1)
            from_first = b.op("sub", number, b.const(first)) if first else number
            b.branch("ult", from_first, b.const(count), meant, following)
            b.start(following)
        b.ret(b.const(0))
        b.start(meant)

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """A field of the record."""
        if name == "id":
            return Num(low.b.load(pointer, _NUMBER, 8), 0, (1 << 31) - 1)
        if name == "ret" and not self.slots:
            return Num(low.b.load(pointer, _ARGS, 8), -1 << 63, (1 << 63) - 1)
        if name == "args" and self.slots:
            return Arguments(pointer, self)
        common = self._common() if self.slots else {}
        if name in common:
            format, field = common[name]
            return typed_field(low, low.b.load(pointer, field.off_bytes, 8), format, field)
        hint = similar(name, common) or f"it has {', '.join(['id', *(['args', *common] if self.slots else ['ret'])])}"
        raise Refusal(f"a {self.noun} has no field {name!r}", hint)

    def _common(self) -> dict[str, tuple[TracepointFormat, TracepointField]]:
        """Return the arguments that all calls have: of the same name, place and type."""
        common: dict[str, tuple[TracepointFormat, TracepointField]] | None = None
        for call in self.calls:
            format = self.target.tracepoint(f"syscalls:sys_enter_{call}")
            if format is None:
                return {}  # its tracepoint is called otherwise, so that nothing is known of its arguments
            fields = {n: (format, f) for n, f in format.fields.items() if f.off_bytes >= _ARGS}
            common = {n: v for n, v in (common or fields).items() if n in fields and fields[n][1] == v[1]}
            if not common:
                break
        return common or {}

    def at(self, low: Lowering, pointer: Value, n: int) -> Num:
        """An argument by position: a u64. Raises: Refusal for one that there is not."""
        if n >= self.slots:
            raise Refusal(f"a {self.noun} has {self.slots} arguments: there is no [{n}]")
        return Num(low.b.load(pointer, _ARGS + 8 * n, 8), 0, U64_HI, "void *")


def _fitting(pattern: str, arch: str) -> dict[str, int]:
    from fnmatch import fnmatchcase

    return {name: number for name, number in SYSCALLS[arch].items() if fnmatchcase(name, pattern)}


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Return runs of consecutive numbers: the first, and how many."""
    runs: list[tuple[int, int]] = []
    for number in dict.fromkeys(numbers):
        if runs and sum(runs[-1]) == number:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((number, 1))
    return runs
