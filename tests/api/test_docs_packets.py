"""What docs/packets.md shows is what runs, and its tables are the compiler's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from ebee.types.packets import HEADERS

PAGE = (Path(__file__).parents[2] / "docs" / "packets.md").read_text()


def test_its_code_is_a_test_file_that_passes(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    (tmp_path / "test_page.py").write_text("\n\n".join(blocks))
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path)
    assert "7 passed" in done.stdout, done.stdout


def test_its_table_of_fields_is_complete():
    table = PAGE.partition("| Header | Fields |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    shown = {name: re.findall(r"`(\w+)`", fields) for names, fields in rows for name in re.findall(r"`(\w+)`", names)}
    assert shown == {name: list(header.fields) for name, header in HEADERS.items()}
