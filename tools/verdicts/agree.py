"""Ask the running kernel and ebee's verifier about generated and mutated programs, and compare what they say.

    sudo PYTHONPATH=src python tools/verdicts/agree.py [--programs 2000] [--seed 1] [--write FILE.asm]

Programs are made from templates for several program types, and by changing cases of tests/data/verifier. They are
loaded, never run. Loops are short; each program has at most 120 instructions. Printed are the share that the kernel
accepts, how often each rule refused, and the agreement; with --write differences are made as small as they go and
written as cases.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from compare import KERNEL, compare, target_with_types
from host_verdict import kernel_verdict, kernel_version
from verdict_cases import CaseError, Verdict, parse, read_cases, with_verdict

from ebee.errors import EbeeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from verdict_cases import Case

    from ebee.spec.target import Target

MOST_LINES, MOST_PROCESSED = 120, 100_000
SCALARS = ("r6", "r7", "r8", "r9")
ALU = ("+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=", "s>>=", "/=", "%=")
COMPARES = ("==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&")
CONSTANTS = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 255, 256, 4095, -1, -8, 0x7FFFFFFF, -0x80000000)
SIZES = ("u8", "u16", "u32", "u64")
HEADS = {
    "socket": "map values array value 64",
    "raw_tp/sys_enter": "map values hash value 64 entries 4",
    "tc": "map values array value 64",
    "xdp": "map values hash value 64 entries 4",
    "tracepoint/syscalls/sys_enter_openat": "map values array value 64",
    "cgroup_skb/egress": "map values array value 64",
}
PACKETS = {"xdp": (0, 4), "tc": (76, 80), "cgroup_skb/egress": (76, 80)}


class Generator:
    """Makes programs: register r6 to r9 hold numbers, r0 a pointer now and then, the stack a few slots."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.labels = 0

    def program(self) -> str:
        """Return the text of a case without a name's verdict."""
        pick = self.random
        section = pick.choice(list(HEADS))
        body: list[str] = ["r9 = r1"] if section in PACKETS else []
        for register in SCALARS[: 3 if section in PACKETS else 4]:
            body += self._number(register)
        for _ in range(pick.randint(2, 8)):
            body += pick.choices(
                (self._alu, self._branch, self._stack, self._map, self._loop, self._helper, self._odd),
                (6, 5, 3, 4, 1, 2, 1),
            )[0]()
        if section in PACKETS and pick.random() < 0.6:
            body += self._packet(*PACKETS[section])
        value = pick.choice((0, 0, 0, 1, 1, 2, 5))
        body += [f"r0 = {value}", "exit"]
        lines = [f"  {line}" if line.endswith(":") else f"    {line}" for line in body[:MOST_LINES]]
        return "\n".join(["case generated", f"section {section}", HEADS[section], *lines]) + "\n"

    def _label(self) -> str:
        self.labels += 1
        return f"l{self.labels}"

    def _register(self) -> str:
        return self.random.choice(SCALARS[:3])

    def _number(self, register: str) -> list[str]:
        pick = self.random
        if pick.random() < 0.4:
            return [f"{register} = {pick.choice(CONSTANTS)}"]
        return ["call get_prandom_u32", f"{register} = r0"] + self._bound(register)

    def _bound(self, register: str) -> list[str]:
        pick = self.random
        if pick.random() < 0.75:
            return [f"{register} &= {pick.choice((7, 15, 31, 56, 63, 64, 127))}"]
        return []

    def _alu(self) -> list[str]:
        pick, dst = self.random, self._register()
        op = pick.choice(ALU)
        if "<<" in op or ">>" in op:
            operand = str(pick.choice((0, 1, 4, 8, 31, 32, 63)))
        else:
            operand = pick.choice((self._register(), str(pick.choice(CONSTANTS[1:]))))
        if pick.random() < 0.3 and "<<" not in op and ">>" not in op:
            return [f"w{dst[1:]} {op} {operand.replace('r', 'w')}"]
        return [f"{dst} {op} {operand}"]

    def _branch(self) -> list[str]:
        pick, label = self.random, self._label()
        operand = pick.choice((self._register(), str(pick.choice(CONSTANTS))))
        register = self._register()
        is_32 = pick.random() < 0.3
        left, right = (register.replace("r", "w"), operand.replace("r", "w")) if is_32 else (register, operand)
        inner = pick.choice((self._alu, self._stack, lambda: self._number(self._register())))()
        return [f"if {left} {pick.choice(COMPARES)} {right} goto {label}", *inner, f"{label}:"]

    def _stack(self) -> list[str]:
        pick, register = self.random, self._register()
        size = pick.choice(SIZES)
        off = pick.choice((8, 16, 16, 24, 32, 64, 512, 520, 12, 4))
        if pick.random() < 0.5:
            return [f"*({size} *)(r10 - {off}) = {register}"]
        return [f"*(u64 *)(r10 - {off}) = {register}", f"{register} = *({size} *)(r10 - {off})"]

    def _map(self) -> list[str]:
        pick, label, register = self.random, self._label(), self._register()
        lines = ["*(u32 *)(r10 - 4) = 0", "r2 = r10", "r2 += -4", "r1 = map[fd:values]", "call map_lookup_elem"]
        if pick.random() < 0.93:
            lines.append(f"if r0 == 0 goto {label}")
        if pick.random() < 0.7:
            limit = pick.choice((7, 31, 55, 56, 57, 63, 64))
            lines += [f"if {register} > {limit} goto {label}"]
        if pick.random() < 0.6:
            lines.append(f"r0 += {register}")
        size, off = pick.choice(SIZES), pick.choice((0, 0, 0, 1, 8, 56, 60, 64, -1))
        access = f"*({size} *)(r0 {off:+})"
        lines.append(f"{register} = {access}" if pick.random() < 0.5 else f"{access} = 1")
        return [*lines, f"{label}:"]

    def _loop(self) -> list[str]:
        pick, label, register = self.random, self._label(), self._register()
        return [f"{register} = 0", f"{label}:", *self._alu_but(register), f"{register} += 1",
                f"if {register} {pick.choice(('<', 's<', '!='))} {pick.choice((1, 3, 8, 20))} goto {label}"]

    def _alu_but(self, register: str) -> list[str]:
        lines = self._alu()
        return lines if lines[0][1] != register[1] else []

    def _helper(self) -> list[str]:
        pick, register = self.random, self._register()
        if pick.random() < 0.5:
            return ["call ktime_get_ns", f"{register} = r0", *self._bound(register)]
        return ["r1 = r10", f"r1 += -{pick.choice((8, 16, 64, 128))}", f"r2 = {register}", "r3 = 0",
                "call probe_read_kernel"]

    def _packet(self, data: int, end: int) -> list[str]:
        pick, label = self.random, self._label()
        room, off = pick.choice((1, 14, 20, 34)), pick.choice((0, 0, 12, 13, 16, 34))
        return [f"r2 = *(u32 *)(r9 + {data})", f"r3 = *(u32 *)(r9 + {end})", "r4 = r2", f"r4 += {room}",
                f"if r4 {pick.choice(('>', '>', '>=', '<'))} r3 goto {label}",
                f"r5 = *({pick.choice(SIZES)} *)(r2 + {off})", f"{label}:"]

    def _odd(self) -> list[str]:
        """Return something that is often wrong."""
        register = self._register()
        return self.random.choice((
            ["r5 = r4"], [f"r10 += {register}"], [f"{register} = *(u32 *)({register} + 0)"],
            ["r2 = r10", f"r2 *= {register}"], [f"{register} = r10", f"{register} -= r10"],
            ["*(u64 *)(r10 - 8) = r10", f"{register} = *(u32 *)(r10 - 8)"], [f"{register} = be16 {register}"],
            [f"lock *(u64 *)(r10 - 8) += {register}"], [f"{register} = (s8){register}"],
            ["r2 = r10", f"r2 -= {register}", "*(u8 *)(r2 - 1) = 1"],
        ))  # fmt: skip

    def mutate(self, case: Case) -> str:
        """Return the text of a case that differs in a line or two."""
        pick = self.random
        said = ("kernel ", "like ", "differs ")
        lines = [line.partition(";!")[0].rstrip() for line in case.text if not line.startswith(said)]
        lines[0] = "case generated"
        code = [i for i, line in enumerate(lines) if line[:4] == "    " and ".insn" not in line]
        for _ in range(pick.choice((1, 1, 2))):
            at = pick.choice(code)
            change = pick.randrange(4)
            if change == 0:
                lines[at] = ""
            elif change == 1:
                lines[at] = lines[pick.choice(code)]
            elif change == 2:
                lines[at] = _change_number(lines[at], pick)
            else:
                lines[at] = _change_register(lines[at], pick)
        return "\n".join(line for line in lines if line.strip()) + "\n"


def _change_number(line: str, pick: random.Random) -> str:
    found = list(re.finditer(r"(?<![\w-])-?\d+\b", line))
    if not found or "call" in line:
        return line
    number = pick.choice(found)
    value = int(number[0]) + pick.choice((-8, -4, -1, 1, 4, 8))
    return line[: number.start()] + str(value) + line[number.end() :]


def _change_register(line: str, pick: random.Random) -> str:
    found = list(re.finditer(r"\br(\d+)\b", line))
    if not found:
        return line
    register = pick.choice(found)
    return f"{line[: register.start()]}r{pick.choice((0, 1, 2, 3, 6, 7, 10))}{line[register.end() :]}"


def smaller(text: str, is_same: Callable[[str], bool]) -> str:
    """Return the text with as many lines of code left out as can be while `is_same` holds."""
    lines = text.splitlines()
    size = max(1, len(lines) // 2)
    while size:
        at = 1
        while at < len(lines):
            tried = [line for i, line in enumerate(lines) if not (at <= i < at + size and line[:1] == " ")]
            if len(tried) < len(lines) and is_same("\n".join(tried) + "\n"):
                lines = tried
            else:
                at += size
        size //= 2
    return "\n".join(lines) + "\n"


class Asked:
    """Both verdicts on a text."""

    def __init__(self, text: str, target: Target) -> None:
        self.case = parse(text)[0]
        self.kernel: Verdict = kernel_verdict(self.case)
        if self.kernel.processed > MOST_PROCESSED or self.kernel.rule == "complexity":
            raise CaseError("too long to be compared")
        judged = self.case._replace(verdicts={KERNEL: self.kernel})
        self.kind, self.words, self.processed = compare(judged, target, max_insns=2 * MOST_PROCESSED)


def texts(generator: Generator, count: int) -> Iterator[str]:
    """Yield generated programs, every third one a changed case."""
    cases = [case for case in read_cases() if "unprivileged" not in case.options]
    for i in range(count):
        yield generator.mutate(generator.random.choice(cases)) if i % 3 == 2 else generator.program()


def write_made(path: Path, generator: Generator, count: int, seed: int) -> None:
    """Write generated programs as cases without verdicts."""
    made: dict[str, None] = {}
    for text in texts(generator, count):
        with contextlib.suppress(CaseError, EbeeError):
            parse(text)
            made[text] = None
    named = [text.replace("case generated", f"case made_{seed}_{i}", 1) for i, text in enumerate(made)]
    path.write_text("// Programs that agree.py makes.\n\n" + "\n".join(named))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--make", type=Path, metavar="FILE.asm", help="write the programs as cases, ask nobody")
    parser.add_argument("--write", type=Path, help="write differences, made small, as cases to this file")
    options = parser.parse_args()
    if options.make:
        write_made(options.make, Generator(options.seed), options.programs, options.seed)
        return
    target, kernel = target_with_types(), kernel_version()
    kinds, rules, known = Counter[str](), Counter[str](), set[tuple[str, str]]()
    written: list[str] = []
    ratios: list[float] = []
    start = time.monotonic()
    for text in texts(Generator(options.seed), options.programs):
        try:
            asked = Asked(text, target)
        except (CaseError, EbeeError):
            kinds["not asked"] += 1
            continue
        kinds[asked.kind] += 1
        rules["accepted" if asked.kernel.accepted else asked.kernel.rule] += 1
        if asked.kernel.accepted and asked.kind == "same":
            ratios.append(asked.processed / max(asked.kernel.processed, 1))
        signature = asked.kind, asked.kernel.rule or asked.words.partition(" ")[0]
        if asked.kind in ("unsafe", "strict", "failed") and options.write and signature not in known:
            known.add(signature)

            def is_same(tried: str, kind: str = asked.kind, rule: str = asked.kernel.rule) -> bool:
                try:
                    again = Asked(tried, target)
                except (CaseError, EbeeError):
                    return False
                return again.kind == kind and again.kernel.rule == rule

            small = Asked(smaller(text, is_same), target)
            lines = with_verdict(small.case, kernel, small.kernel)
            lines[0] = f"case found_{options.seed}_{len(written)}_{small.kind}"
            written.append("\n".join(lines) + "\n")
    asked_count = kinds.total() - kinds["not asked"]
    agreed = asked_count - kinds["unsafe"] - kinds["strict"] - kinds["failed"]
    print(f"Linux {kernel}: {asked_count} programs in {time.monotonic() - start:.1f} s, not asked {kinds['not asked']}")
    print(f"  accepted by the kernel {100 * rules['accepted'] / asked_count:.1f} %")
    print(f"  the same verdict {100 * agreed / asked_count:.2f} %; " + ", ".join(f"{k} {n}" for k, n in kinds.items()))
    if ratios:
        mean = sum(ratios) / len(ratios)
        print(f"  instructions explored, as a multiple of the kernel's: mean {mean:.2f}, most {max(ratios):.2f}")
    for rule, count in rules.most_common():
        print(f"  {count:6} {rule}")
    if options.write:
        head = "// Programs that were judged differently when they were found.\n\n"
        options.write.write_text(head + "\n".join(written))
        print(f"{len(written)} cases written to {options.write}")


if __name__ == "__main__":
    main()
