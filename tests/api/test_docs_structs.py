"""docs/structs.md: every block runs, and does what the page says."""


import re
import sys
from pathlib import Path

import pytest

import ebee
from ebee.api.source import remember_source

PAGE = Path(__file__).resolve().parents[2] / "docs" / "structs.md"
EXPECTED = {"patterns": {0: 40, 1: 1}, "generic": {3: 11, 4: 7}}
BACKENDS = [
    pytest.param("kernel", marks=pytest.mark.needs_kernel),
    pytest.param("engine", marks=pytest.mark.needs_ptrace),
]
# Opens one file: what else a program opens while it starts is not known.
COMMAND = ["cat", "/etc/hostname"]


@pytest.fixture
def page():
    text = "".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S))
    remember_source(str(PAGE), text)
    module = sys.modules["docs_structs"] = type(sys)("docs_structs")
    exec(compile(text, str(PAGE), "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("backend", BACKENDS)
def test_records(page, backend):
    with ebee.Session(backend=backend) as session, session.attach(page.fill, command=COMMAND) as attachment:
        events = list(page.events)
    assert events and attachment.losses == []
    for e in events:
        slot = e.pid % 8
        assert e.state is page.State.RUN and e.mode == page.Mode.READ | page.Mode.WRITE
        assert e.retries == 9 and e.urgent is True and e.ok is False and e.port == 443
        assert e.where == e.ways[1] == page.Point(x=3, y=-1) and e.ways[0] == page.Point(x=5)
        assert e.values == [i * i + (1000 if i == slot else 0) for i in range(8)]
        assert (e.name, e.last) == ("found", page.State.IDLE if slot % 2 else page.State.RUN)
        assert e.mac == b"\x02\0\0\0\0\1" and e.address.v6 == b"\x7f\0\0\1" + bytes(12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", EXPECTED)
def test_results(page, name, backend):
    with ebee.Session(backend=backend) as session:
        with session.attach(getattr(page, name), command=["true"]) as attachment:
            attachment.wait()
        opens = page.small[0].counts[3] if name == "generic" else 1
        expected = {3: 11 * opens, 4: 7 * opens} if name == "generic" else EXPECTED[name]
        assert {k: page.result[k] for k in expected} == expected
        assert attachment.losses == [] and opens


@pytest.mark.parametrize("backend", BACKENDS)
def test_large(page, backend):
    with ebee.Session(backend=backend) as session, session.attach(page.large_struct, command=COMMAND) as attachment:
        attachment.wait()
        c = page.commands[0]
    assert (c.path, c.argc, c.argv) == ("/etc/hostname", 3, ["-x"] * 3 + [""] * 17)
    # A path that the command has not touched yet may not be in memory: the kernel's probes cannot wait for it.
    assert {loss.kind for loss in attachment.losses} <= {"user_fault"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_counts(page, backend):
    with ebee.Session(backend=backend) as session:
        with session.attach(page.counting, command=COMMAND) as attachment:
            attachment.wait()
        ((key, value),) = page.stats.items()
        assert key == page.Key(where=page.Point(x=1), port=80)
        assert value.calls == page.result[2] > 0 and sum(value.sizes) == 2 * value.calls
        assert attachment.losses == []


def test_the_page_names_every_probe_that_is_tested(page):
    probes = {n for n, v in vars(page).items() if isinstance(v, ebee.Probe)}
    assert probes == {"fill", "patterns", "counting", "large_struct", "generic"}
    assert page.Header._type.size == 5
