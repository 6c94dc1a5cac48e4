"""Compare ebee's verifier with the verdicts that kernels gave on the cases of tests/data/verifier.

    PYTHONPATH=src python tools/verdicts/compare.py [-v] [--write] [FILE.asm ...]

It needs no privilege. `unsafe`: accepted, but refused by the kernel; `strict`: the other way round; `other`: refused
for another reason or at another line; `failed`: the verifier itself failed, which counts as a refusal. With --write the
names of cases that are judged otherwise are written to tests/data/verifier/disagreements.txt. It may only become
shorter: new names are written with --add, and those that are accepted unsafely never: they are bugs to be fixed.
With --kernel it is disagreements_kernels.txt, by kernel.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from verdict_cases import FOLDER, USER, all_files, read_cases

from ebee.errors import InternalError
from ebee.spec.default_target import default_target
from ebee.verifier.entry import verify_program
from ebee.verifier.refusal import Options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verdict_cases import Case

    from ebee.spec.target import Target

KERNEL = "6.18"
KNOWN = FOLDER / "disagreements.txt"
BY_KERNEL = FOLDER / "disagreements_kernels.txt"
KINDS = ("same", "other", "strict", "unsafe", "failed")


class Compared(NamedTuple):
    """`kind` is one of KINDS; `words` say what ebee's verifier said."""

    kind: str
    words: str
    processed: int


def target_with_types() -> Target:
    """Return a target with the running kernel's types, where they can be read."""
    from ebee.kernel.vmlinux import vmlinux_btf

    return default_target("x86_64").replace(btf=vmlinux_btf)  # type: ignore[no-any-return]


def compare(case: Case, target: Target, kernel: str = KERNEL, max_insns: int = 1_000_000) -> Compared:
    """Compare the verdicts on one case."""
    said = case.verdicts[kernel]
    options = Options(
        kernel=kernel.removesuffix(USER), privileged=not (kernel.endswith(USER) or "unprivileged" in case.options),
        strict_alignment="strict_alignment" in case.options, max_insns=max_insns,
    )  # fmt: skip
    try:
        verdict = verify_program(case.program, case.spec, target, options)
    except InternalError as e:
        return Compared("failed", str(e), 0)
    refusal, processed = verdict.refusal, verdict.stats.processed
    if refusal is None:
        return Compared("same" if said.accepted else "unsafe", f"accepted, {processed} instructions", processed)
    line = case.line_of_slot(refusal.insn_idx)
    words = f"{refusal.rule} at line {line}: {refusal.message}"
    if said.accepted:
        return Compared("strict", words, processed)
    is_same = refusal.rule == said.rule and (line == said.line or not said.line)
    return Compared("same" if is_same else "other", words, processed)


def known_names(known: set[str], names: Iterable[str], unsafe: set[str], *, add: bool) -> list[str]:
    """Return which of the cases that are judged otherwise are to be listed: new ones if `add`, unsafe ones never."""
    return sorted(name for name in names if name in known or (add and name not in unsafe))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true", help="say what differs")
    parser.add_argument("--write", action="store_true", help=f"write {KNOWN.name}")
    parser.add_argument("--add", action="store_true", help=f"with --write, also names that {KNOWN.name} does not have")
    parser.add_argument("--kernel", default=KERNEL, help=f"whose verdicts ({KERNEL}); `6.12-user`: to every user")
    options = parser.parse_args()
    kernel = options.kernel
    if options.write and options.files:
        parser.error("--write is for all cases")
    target, counts, names, unsafe = target_with_types(), Counter[str](), [], set[str]()
    for case in read_cases(options.files or (all_files() if kernel != KERNEL else ())):
        if kernel not in case.verdicts:
            continue
        found = compare(case, target, kernel)
        counts[found.kind] += 1
        if found.kind != "same":
            if found.kind != "other":
                names.append(case.name)
                unsafe |= {case.name} if found.kind == "unsafe" else set()
            if options.verbose:
                said = case.verdicts[kernel]
                print(f"{found.kind}: {Path(case.file).name}:{case.first_line}: {case.name}: {found.words}")
                words = "accepted" if said.accepted else f"{said.rule} at line {said.line}: {said.message}"
                print(f"    kernel: {words}")
    if options.write and kernel != KERNEL:
        listed = [line for line in BY_KERNEL.read_text().splitlines() if line.split()[0] != kernel]
        listed += [f"{kernel} {name}" for name in set(names) - unsafe]
        BY_KERNEL.write_text("".join(f"{line}\n" for line in sorted(listed)))
        if unsafe:
            raise SystemExit(f"not written, to be fixed: {', '.join(sorted(unsafe))}")
    elif options.write:
        known = set(KNOWN.read_text().split())
        kept = known_names(known, names, unsafe, add=options.add)
        KNOWN.write_text("".join(f"{name}\n" for name in kept))
        if left := sorted(set(names) - set(kept)):
            raise SystemExit(f"not written, to be fixed: {', '.join(left)}")
    total = counts.total()
    agreed = total - counts["strict"] - counts["unsafe"] - counts["failed"]
    print(", ".join(f"{kind} {counts[kind]}" for kind in KINDS) + f"; the same verdict in {agreed} of {total}")


if __name__ == "__main__":
    main()
