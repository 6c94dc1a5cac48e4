"""docs/parity: a row's state is one of three, and the test that proves it exists."""

import ast
import re
from pathlib import Path

import pytest

from ebee.spec.sections import SECTIONS

ROOT = Path(__file__).resolve().parents[1]
STATES = ("none", "thin", "done")


def rows():
    found = []
    for line in (ROOT / "docs/parity/README.md").read_text().splitlines():
        if line.startswith("| **"):
            part, _, state, proof = (cell.strip() for cell in line.strip("|").split("|"))
            found.append((part.strip("*"), state, proof))
    return found


ROWS = rows()


def test_there_is_a_table():
    assert len(ROWS) >= 20


def check_tests(proof):
    """Return the tests that a proof names, all of which exist."""
    tests = re.findall(r"`(tests/[^`]+)`", proof)
    for test in tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).exists(), f"{path} does not exist"
        if name:
            tree = ast.parse((ROOT / path).read_text())
            assert name in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}, test
    return tests


@pytest.mark.parametrize(("part", "state", "proof"), ROWS, ids=[row[0] for row in ROWS])
def test_row(part, state, proof):
    assert state in STATES
    assert bool(check_tests(proof)) == (state != "none"), "a row names its tests exactly when it has begun"


def test_every_section_has_a_test():
    page = (ROOT / "docs/parity/hooks.md").read_text()
    assert len(check_tests(page)) > 50
    named = set(re.findall(r"`([^`\s]+)`", page))
    assert set(SECTIONS) - named == set()
