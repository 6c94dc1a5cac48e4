"""Ask the running kernel and ebee's verifier about generated and mutated programs, and compare what they say.

    sudo PYTHONPATH=src python tools/verdicts/agree.py [--programs 2000] [--seed 1] [--write FILE.asm] [OBJECT ...]
    sudo PYTHONPATH=src python tools/verdicts/agree.py --record

Programs are those of `random_cases`: made for several program types, changed cases of tests/data/verifier, and changed
programs of examples/ and of the objects that are given. They are loaded, never run. Printed are the share that the
kernel accepts, how often each rule refused, and the agreement; with --write differences are made as small as they go
and written as cases. With --record what the kernel says of the programs of one seed is written to
tests/data/verifier/made_programs.txt, for machines that have no such kernel.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from compare import KERNEL, compare, target_with_types
from host_verdict import kernel_verdict, kernel_version
from random_cases import Generator, real_programs, texts
from verdict_cases import FOLDER, CaseError, Verdict, parse, with_verdict

from ebee.errors import EbeeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ebee.spec.target import Target

MOST_PROCESSED = 100_000
RECORDED, RECORDED_SEED, RECORDED_COUNT = FOLDER / "made_programs.txt", 4, 300
RECORDED_MISTAKE = 0.08


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


def write_made(path: Path, generator: Generator, count: int, seed: int) -> None:
    """Write generated programs as cases without verdicts."""
    made: dict[str, None] = {}
    for text in texts(generator, count):
        with contextlib.suppress(CaseError, EbeeError):
            parse(text)
            made[text] = None
    named = [text.replace("case generated", f"case made_{seed}_{i}", 1) for i, text in enumerate(made)]
    path.write_text("// Programs that agree.py makes.\n\n" + "\n".join(named))


def record(target: Target) -> None:
    """Write what the kernel says of some programs: a checksum of each text, and the rule that it breaks."""
    generator, lines = Generator(RECORDED_SEED, mistake=RECORDED_MISTAKE), []
    for _ in range(RECORDED_COUNT):
        text = generator.program()
        said = Asked(text, target).kernel
        lines.append(f"{crc32(text.encode()):08x} {'accepted' if said.accepted else said.rule}\n")
    RECORDED.write_text("".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--make", type=Path, metavar="FILE.asm", help="write the programs as cases, ask nobody")
    parser.add_argument("--write", type=Path, help="write differences, made small, as cases to this file")
    parser.add_argument("--record", action="store_true", help=f"write {RECORDED.name}")
    parser.add_argument("objects", nargs="*", type=Path, help="object files whose programs are changed, too")
    options = parser.parse_args()
    if options.make:
        write_made(options.make, Generator(options.seed), options.programs, options.seed)
        return
    target, kernel = target_with_types(), kernel_version()
    if options.record:
        record(target)
        return
    kinds, rules, known = Counter[str](), Counter[str](), set[tuple[str, str]]()
    written: list[str] = []
    ratios: list[float] = []
    start = time.monotonic()
    for text in texts(Generator(options.seed), options.programs, real_programs(options.objects)):
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
