"""What a seccomp filter says, in words: which system calls it lets through, refuses, traces, kills.

The filter is run for every system call that has a name, and for those numbers beside them that it compares with. What
it asks of the arguments is not known: both ways are followed, and the question is told.

Source: struct seccomp_data and SECCOMP_RET_* in include/uapi/linux/seccomp.h, AUDIT_ARCH_* in
include/uapi/linux/audit.h (Linux 6.18).
"""

from __future__ import annotations

import errno

from ..abi import syscalls
from ..isa import classic as c
from ..isa.classic_run import OPERATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..isa.classic import ClassicInsn

    # The conditions of a way through a filter, in order, and the action at its end.
    Way = tuple[tuple[str, ...], str]

ARCHITECTURES = {
    0xC000003E: "x86_64", 0x40000003: "i386", 0xC00000B7: "arm64", 0x40000028: "arm", 0xC00000F3: "riscv64",
    0xC0000015: "ppc64le", 0x80000016: "s390x",
}  # fmt: skip
_TABLES = {"x86_64": syscalls.X86_64, "arm64": syscalls.ARM64}
_ACTIONS = {
    0x80000000: "kill the process", 0x00000000: "kill the thread", 0x00030000: "trap", 0x00050000: "errno",
    0x7FC00000: "ask the supervisor", 0x7FF00000: "trace", 0x7FFC0000: "allow, and log", 0x7FFF0000: "allow",
}  # fmt: skip
_WORDS = {c.JEQ: "==", c.JGT: ">", c.JGE: ">=", c.JSET: "&"}
_NEGATED = {"==": "!=", ">": "<=", ">=": "<"}
_OPERATORS = {
    c.ADD: "+", c.SUB: "-", c.MUL: "*", c.DIV: "//", c.OR: "|", c.AND: "&", c.LSH: "<<", c.RSH: ">>", c.XOR: "^",
}  # fmt: skip
_MAX_WAYS = 256
_OFF_NR, _OFF_ARCH, _OFF_IP, _OFF_ARGS = 0, 4, 8, 16


def action_words(value: int) -> str:
    """Return what a filter's result means."""
    action, data = value & 0xFFFF0000, value & 0xFFFF
    if action == 0x00050000:
        return f"errno {errno.errorcode.get(data, data)}" if data else "skip, returning 0"
    words = _ACTIONS.get(action, "kill the process")
    return f"{words} ({data})" if data and action in (0x7FF00000, 0x00030000) else words


def describe(insns: Sequence[ClassicInsn], byteorder: str = "little") -> list[str]:
    """Return the lines that say what a filter does. Raises: FormatError if it is no valid seccomp filter."""
    c.check_seccomp(insns)
    constants = {insn.k for insn in insns if insn.code & 7 == c.JMP and insn.code & c.X == 0}
    known = sorted(constants & ARCHITECTURES.keys())
    lines: list[str] = []
    archs: list[int | None] = [*known] or [None]
    for arch in archs:
        name = ARCHITECTURES[arch] if arch is not None else "x86_64"
        lines.append(f"{name if known else 'every architecture (numbers as on x86_64)'}:")
        lines += _of_architecture(insns, arch, _TABLES.get(name, {}), constants, byteorder)
    if known:
        other = next(n for n in range(1, len(insns) + 2) if n not in constants)
        lines.append("other architectures:")
        lines += _of_architecture(insns, other, {}, constants, byteorder)
    return lines


def _of_architecture(
    insns: Sequence[ClassicInsn], arch: int | None, table: dict[str, int], constants: set[int], byteorder: str
) -> list[str]:
    names = {number: name for name, number in table.items()}
    edges = {n + d & 0xFFFFFFFF for n in constants - ARCHITECTURES.keys() for d in (0, 1)}
    unnamed = sorted(({0, 0xFFFFFFFF} | edges) - names.keys()) if names else sorted(edges | {0, 0xFFFFFFFF})
    groups: dict[tuple[Way, ...], list[str]] = {}
    for number in sorted(names):
        groups.setdefault(_ways(insns, number, arch, byteorder), []).append(names[number])
    rest: dict[tuple[Way, ...], list[int]] = {}
    for number in unnamed:
        rest.setdefault(_ways(insns, number, arch, byteorder), []).append(number)
    default = max(rest, key=lambda ways: (ways in groups and len(groups[ways]), len(rest[ways])))
    lines = []
    for ways, members in groups.items():
        if ways != default:
            lines += _lines(", ".join(members), ways)
    for ways, numbers in rest.items():
        if ways != default and ways not in groups:
            shown = ", ".join(f"{n:#x}" if n > 9999 else str(n) for n in numbers[:6])
            shown += ", …" if len(numbers) > 6 else ""
            lines += _lines(f"numbers such as {shown}", ways)
    return lines + _lines("all other calls" if lines else "all calls", default)


def _lines(who: str, ways: tuple[Way, ...]) -> list[str]:
    if len(ways) == 1:
        return [f"  {ways[0][1]}: {who}"]
    lines = [f"  {who}:"]
    for conditions, action in ways:
        lines.append(f"    {action} if {' and '.join(conditions)}")
    return lines


def _ways(insns: Sequence[ClassicInsn], number: int, arch: int | None, byteorder: str) -> tuple[Way, ...]:
    """Return every way through the filter for a system call whose arguments are not known."""
    ways: list[Way] = []
    # (instruction, A, X, cells, what is assumed)
    work: list[tuple[int, int | str, int | str, dict[int, int | str], dict[str, bool]]] = [(0, 0, 0, {}, {})]
    while work:
        at, a, x, cells, assumed = work.pop()
        while True:
            insn = insns[at]
            code, k, kind = insn.code, insn.k, insn.code & 7
            at += 1
            if kind == c.RET:
                value = a if code & 0x18 == c.A else k
                action = action_words(value) if isinstance(value, int) else f"what {value} says"
                ways.append((tuple(_condition(words, holds) for words, holds in assumed.items()), action))
                break
            if kind == c.JMP:
                if code & 0xF0 == c.JA:
                    at += k
                    continue
                operand = x if code & c.X else k
                op = code & 0xF0
                if isinstance(a, int) and isinstance(operand, int):
                    holds = {c.JEQ: a == operand, c.JGT: a > operand, c.JGE: a >= operand, c.JSET: a & operand != 0}[op]
                else:
                    words = f"{_text(a)} {_WORDS[op]} {_text(operand)}"
                    if words not in assumed:
                        if len(ways) + len(work) > _MAX_WAYS:
                            return ((("what its arguments are",), "many things"),)
                        if insn.jt != insn.jf:
                            work.append((at + insn.jf, a, x, dict(cells), {**assumed, words: False}))
                            assumed = {**assumed, words: True}
                    holds = assumed.get(words, True)
                at += insn.jt if holds else insn.jf
            elif kind == c.ALU:
                operand = x if code & c.X else k
                a = _calculate(code & 0xF0, a, operand)
            elif kind == c.MISC:
                a, x = (x, x) if code & 0xF8 == c.TXA else (a, a)
            elif kind in (c.ST, c.STX):
                cells[k] = a if kind == c.ST else x
            else:
                mode = code & 0xE0
                loaded: int | str = k
                if mode == c.MEM:
                    loaded = cells[k]
                elif mode == c.LEN:
                    loaded = c.SECCOMP_DATA_BYTES
                elif mode == c.ABS:
                    loaded = _field(k, number, arch, byteorder)
                a, x = (loaded, x) if kind == c.LD else (a, loaded)
    return tuple(ways)


def _field(off: int, number: int, arch: int | None, byteorder: str) -> int | str:
    """Return a u32 of struct seccomp_data, or what it is called."""
    if off == _OFF_NR:
        return number
    if off == _OFF_ARCH:
        return "arch" if arch is None else arch
    is_high = (off & 4 != 0) == (byteorder == "little")
    name = "ip" if off < _OFF_ARGS else f"arg{(off - _OFF_ARGS) // 8}"
    return f"({name} >> 32)" if is_high else name


def _text(value: int | str) -> str:
    if isinstance(value, str):
        return value
    return str(value) if value < 1024 else f"{value:#x}"


def _condition(words: str, holds: bool) -> str:
    left, op, right = words.rsplit(" ", 2)
    if op == "&":
        return f"{left} & {right} != 0" if holds else f"{left} & {right} == 0"
    return f"{left} {op if holds else _NEGATED[op]} {right}"


def _calculate(op: int, a: int | str, b: int | str) -> int | str:
    if op == c.NEG:
        return -a & 0xFFFFFFFF if isinstance(a, int) else f"(-{a})"
    if isinstance(a, int) and isinstance(b, int) and not (op == c.DIV and b == 0):
        return OPERATIONS[op](a, b) & 0xFFFFFFFF
    return f"({_text(a)} {_OPERATORS[op]} {_text(b)})"
