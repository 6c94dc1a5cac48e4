"""Ask the running kernel about the cases of tests/data/verifier and write what it says beside them.

    sudo PYTHONPATH=src python tools/verdicts/record.py [--new] [FILE.asm ...]

Without --new every verdict of this kernel is written again; with it only those of cases that have none.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from host_verdict import kernel_verdict, kernel_version
from verdict_cases import FOLDER, CaseError, parse, with_verdict

from ebee.errors import EbeeError


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--new", action="store_true", help="only cases that have no verdict of this kernel")
    options = parser.parse_args()
    kernel = kernel_version()
    counts = {True: 0, False: 0}
    for path in options.files or sorted(FOLDER.glob("*.asm")):
        text = path.read_text()
        lines = text.splitlines()
        for case in reversed(parse(text, str(path))):
            if options.new and kernel in case.verdicts:
                continue
            try:
                verdict = kernel_verdict(case)
            except (EbeeError, CaseError) as e:
                print(f"{path.name}:{case.first_line}: {case.name}: not asked: {e}")
                continue
            counts[verdict.accepted] += 1
            before = len(case.text)
            lines[case.first_line - 1 : case.first_line - 1 + before] = with_verdict(case, kernel, verdict)
        path.write_text("\n".join(lines) + "\n")
    print(f"Linux {kernel}: {counts[True]} accepted, {counts[False]} refused")


if __name__ == "__main__":
    main()
