"""docs/README.md names every page; links in the documentation lead somewhere; every page with Python has a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md")) + [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]


def links(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in links(page):
        assert (page.parent / target.partition("#")[0]).exists(), target


def test_the_index_names_every_page():
    index = ROOT / "docs" / "README.md"
    named = {(index.parent / target).resolve() for target in links(index)}
    assert set((ROOT / "docs").glob("*.md")) - {index} <= named


def test_every_page_with_python_is_read_by_a_test():
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for page in (ROOT / "docs").glob("*.md"):
        if "```python" in page.read_text():
            names = (page.name, f'"{page.stem}', page.stem.rpartition("-")[0] + "-*.md")
            assert any(name in tests for name in names), page.name


def test_the_page_about_testing_marks_what_there_is():
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "testing.md").read_text(), re.S)
    compile(block, "testing.md", "exec")
    features = (ROOT / "tests" / "kernel_features.py").read_text()
    assert all(f'    "{name}": (' in features for name in re.findall(r'needs_feature\("(\w+)"\)', block))
