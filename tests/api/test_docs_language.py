"""docs/language.md: every block runs, and does what the page says."""

import re
import sys
from pathlib import Path

import pytest

import ebee
from ebee.api.source import remember_source

PAGE = Path(__file__).resolve().parents[2] / "docs" / "language.md"
EXPECTED = {
    "numbers": {0: 97, 1: 32, 2: 289, 3: 1},
    "loops": {0: 111, 1: 8, 2: 1},
    "sequences": {0: 5, 1: 9, 2: 44, 3: 1},
    "functions": {0: 110, 1: 0},
    "strings": {0: 1, 1: 1},
}
BACKENDS = [
    pytest.param("kernel", marks=pytest.mark.needs_kernel),
    pytest.param("engine", marks=pytest.mark.needs_ptrace),
]


@pytest.fixture(scope="module")
def page():
    text = "".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S))
    remember_source(str(PAGE), text)
    names = {"__name__": "docs_language"}
    sys.modules["docs_language"] = type(sys)("docs_language")
    exec(compile(text, str(PAGE), "exec"), names)
    return names


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", EXPECTED)
def test_the_page_runs(page, name, backend):
    argv = ["cat", "/etc/hostname"]
    with ebee.Session(backend=backend) as session:
        with session.attach(page[name], command=argv) as attachment:
            attachment.wait()
        result = {slot: page["result"][slot] for slot in EXPECTED[name]}
    if name == "strings":  # cat also opens /etc/ld.so.cache, a string that may be readable by then or not
        assert result[0] in (1, 2) and result[1] == 1
    else:
        assert result == EXPECTED[name]
        assert attachment.losses == []


def test_the_page_names_every_probe_that_is_tested(page):
    assert {n for n, v in page.items() if isinstance(v, ebee.Probe)} == set(EXPECTED)
