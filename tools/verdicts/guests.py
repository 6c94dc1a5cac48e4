"""Ask other kernels about the cases of tests/data/verifier, in guests, and write what they say beside them.

    PYTHONPATH=src python tools/verdicts/guests.py [--programs 1000 --seed 1] [6.1 6.12 7 ...]

A guest is booted once for each kernel (vmtest/run), and asked about every case as root; about those of program types
that every user may load also as an ordinary user, which is written as a kernel `6.12-user`. Programs that `agree.py`
makes are compared with ebee's verdict by the rules of that kernel. Nothing is run, only loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from agree import MOST_PROCESSED
from compare import compare, target_with_types
from host_verdict import kernel_verdict, kernel_version
from random_cases import Generator, texts
from verdict_cases import FOLDER, USER, CaseError, Verdict, all_files, parse, read_cases, with_other

from ebee.abi.bpf import BPF_PROG_TYPE_CGROUP_SKB, BPF_PROG_TYPE_SOCKET_FILTER
from ebee.errors import EbeeError
from ebee.verifier.rules import rule_of

ROOT = FOLDER.parents[2]
SEEN = "verdicts: "
MINUTES = 15
OF_ALL_USERS = (BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_CGROUP_SKB)
_NOBODY = 65534
_UNPRIVILEGED = Path("/proc/sys/kernel/unprivileged_bpf_disabled")


def ask_all(suffix: str, made: list[str]) -> None:
    """Print the running kernel's verdicts, as lines of JSON; with USER only what every user may load."""
    kernel, cases = kernel_version() + suffix, read_cases(all_files())
    for text in made:
        with contextlib.suppress(CaseError, EbeeError):
            cases.append(parse(text, "")[0]._replace(name=text))
    for case in cases:
        if suffix and case.program.prog_type not in OF_ALL_USERS:
            continue
        if not suffix and "unprivileged" in case.options:
            continue
        try:
            said = list(kernel_verdict(case, whole_maps=True))
        except (EbeeError, CaseError, OSError) as e:
            said = [str(e)]
        print(SEEN + json.dumps([kernel, Path(case.file).name, case.name, *said]), flush=True)


def ask_inside(made: list[str]) -> None:
    """Ask the guest's kernel, as root and as nobody."""
    ask_all("", made)
    _UNPRIVILEGED.write_text("0")
    sys.stdout.flush()
    if not (child := os.fork()):
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        ask_all(USER, made)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)


def ask_guest(version: str, programs: int, seed: int) -> list[list[Any]]:
    """Boot a kernel and return what it said: kernel, file, name, and a Verdict's fields or why it was not asked."""
    command = f"python3 tools/verdicts/guests.py --inside --programs {programs} --seed {seed}"
    argv = [str(ROOT / "vmtest" / "run"), "--timeout", str(MINUTES * 60), "--shell-command", command, version]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    found = [json.loads(line.removeprefix(SEEN)) for line in lines if line.startswith(SEEN)]
    if done.returncode:
        print("\n".join(line for line in lines if not line.startswith(SEEN))[-4000:], file=sys.stderr)
        raise SystemExit(f"the guest with Linux {version} did not come to its end")
    return found


def write(found: list[list[Any]]) -> None:
    """Write verdicts beside the cases, one line for those that are alike, one for each that is not."""
    said: dict[tuple[str, str], dict[str, Verdict]] = {(file, name): {} for _, file, name, *_ in found}
    counts: Counter[str] = Counter()
    for kernel, file, name, *fields in found:
        if len(fields) > 1:
            verdict = Verdict(*fields)
            if verdict.rule == "no_message":  # what the kernel does not know at all
                counts[f"{kernel} without a word"] += 1
                continue
            if not verdict.accepted:
                verdict = verdict._replace(rule=rule_of(verdict.message).name)
            said[file, name][kernel] = verdict
            counts[f"{kernel} {'accepts' if fields[0] else 'refuses'}"] += 1
        else:
            counts[f"{kernel} not asked"] += 1
            print(f"{file}: {name}: {kernel}: not asked: {fields[0]}")
    for path in all_files():
        lines = path.read_text().splitlines()
        for case in reversed(parse(path.read_text(), str(path))):
            if verdicts := said.get((path.name, case.name)):
                end = case.first_line - 1 + len(case.text)
                lines[case.first_line - 1 : end] = with_other(case, verdicts)
        path.write_text("\n".join(lines) + "\n")
    print(", ".join(f"Linux {what}: {n}" for what, n in sorted(counts.items())))


def compare_made(found: list[list[Any]]) -> None:
    """Print how often ebee's verifier agrees on made programs, and those where it does not."""
    target, counts = target_with_types(), Counter[str]()
    for kernel, _, text, *fields in found:
        said = Verdict(*fields)
        if said.processed > MOST_PROCESSED or said.rule in ("complexity", "no_message"):
            continue
        case = parse(text, "made")[0]._replace(verdicts={kernel: said})
        judged = compare(case, target, kernel, max_insns=2 * MOST_PROCESSED)
        counts[f"{kernel} {judged.kind}"] += 1
        if judged.kind in ("unsafe", "strict", "failed"):
            words = "accepted" if said.accepted else f"{said.rule}: {said.message}"
            print(f"-- {judged.kind}: Linux {kernel}: {words}; ebee: {judged.words}\n{text}")
    print(", ".join(f"Linux {what}: {n}" for what, n in sorted(counts.items())))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kernels", nargs="*", default=["6.1", "6.12", "7"])
    parser.add_argument("--inside", action="store_true", help="ask this kernel, which is a guest's")
    parser.add_argument("--programs", type=int, default=0, help="ask about so many made programs, too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="write what the guests said to this file, too")
    parser.add_argument("--from", type=Path, dest="kept", help="write what was kept, ask nobody")
    options = parser.parse_args()
    if options.inside:
        ask_inside(list(texts(Generator(options.seed), options.programs)))
        return
    if options.kept:
        found = [json.loads(line) for line in options.kept.read_text().splitlines()]
    else:
        found = [line for kernel in options.kernels for line in ask_guest(kernel, options.programs, options.seed)]
    if options.keep:
        options.keep.write_text("".join(json.dumps(line) + "\n" for line in found))
    write([line for line in found if line[1]])
    compare_made([line for line in found if not line[1] and len(line) > 4])


if __name__ == "__main__":
    main()
