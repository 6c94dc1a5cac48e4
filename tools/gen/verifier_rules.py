"""Write docs/verifier-rules.md from the table of rules; with --check fail if it is not up to date."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from ebee.verifier.explain import catalogue  # noqa: E402

PAGE = ROOT / "docs" / "verifier-rules.md"
HEAD = """# Rules of the verifier

Made from the table in `src/ebee/verifier/rules.py` by `tools/gen/verifier_rules.py`. `ebee verify --explain NAME`
prints one.
[The verifier](verifier.md) says how to ask it.

"""


def main() -> None:
    text = HEAD + catalogue().rstrip() + "\n"
    if "--check" in sys.argv[1:]:
        if PAGE.read_text() != text:
            sys.exit(f"{PAGE.relative_to(ROOT)} is not up to date: python {Path(__file__).relative_to(ROOT)}")
    else:
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
