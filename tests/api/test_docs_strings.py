"""docs/strings.md: its probe counts what the page says."""

import re
import sys
from pathlib import Path

import pytest

import ebee
from ebee.api.source import remember_source

PAGE = Path(__file__).resolve().parents[2] / "docs" / "strings.md"
PATH = b"/etc/hostname"


@pytest.fixture(scope="module")
def page():
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    remember_source(str(PAGE), text)
    names = {"__name__": "docs_strings"}
    sys.modules["docs_strings"] = type(sys)("docs_strings")
    exec(compile(text, str(PAGE), "exec"), names)
    return names


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("kernel", marks=pytest.mark.needs_kernel),
        pytest.param("engine", marks=pytest.mark.needs_ptrace),
    ],
)
def test_the_page_runs(page, backend):
    with ebee.Session(backend=backend) as session:
        with session.attach(page["strings"], command=["cat", "/etc/hostname"]) as attachment:
            attachment.wait()
        counts = dict(page["counts"].items())
    lost = [loss for loss in attachment.losses if loss.kind != "user_fault"]
    # An open whose path has fewer than six bytes, or was not readable, may end at `path[5]` only if "host" is in it.
    assert not lost
    assert counts["hosts"] == counts["known"] == 1
    assert counts["mine"] >= 1 and "other" not in counts
    assert counts["configuration"] >= 1 and counts["bytes"] >= len(PATH) and counts["slashes"] >= 2
