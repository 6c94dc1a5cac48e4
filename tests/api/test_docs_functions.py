"""docs/functions.md: every block runs, and does what the page says."""

import re
import sys
from pathlib import Path

import pytest

import ebee
from ebee.api.source import remember_source

PAGE = Path(__file__).resolve().parents[2] / "docs" / "functions.md"
EXPECTED = {
    "calls": {0: 110, 1: 2, 2: 11},
    "values": {3: 45, 4: 256},
    "subprograms": {5: 2},
}
BACKENDS = [
    pytest.param("kernel", marks=pytest.mark.needs_kernel),
    pytest.param("engine", marks=pytest.mark.needs_ptrace),
]


@pytest.fixture(scope="module")
def page():
    text = "".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S))
    remember_source(str(PAGE), text)
    names = {"__name__": "docs_functions"}
    sys.modules["docs_functions"] = type(sys)("docs_functions")
    exec(compile(text, str(PAGE), "exec"), names)
    return names


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", EXPECTED)
def test_the_page_runs(page, name, backend):
    with ebee.Session(backend=backend) as session:
        with session.attach(page[name], command=["true"]) as attachment:
            attachment.wait()
        result = {slot: page["result"][slot] for slot in EXPECTED[name]}
    if name == "subprograms":  # each open adds two
        assert result[5] >= 2 and result[5] % 2 == 0
    else:
        assert result == EXPECTED[name]
    assert attachment.losses == []


@pytest.mark.parametrize("backend", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_tail_calls(page, backend):
    def packet(protocol):
        return bytes(12) + b"\x08\x00" + b"\x45" + bytes(8) + bytes([protocol]) + bytes(50)

    with ebee.Session(backend=backend) as session:
        assert session.run(page["dispatch"], packet=packet(6)).retval == ebee.XDP_PASS
        assert session.run(page["dispatch"], packet=packet(17)).retval == ebee.XDP_DROP
        assert page["result"][6] == 1


@pytest.mark.parametrize(
    "backend",
    ["engine", pytest.param("kernel", marks=[pytest.mark.needs_kernel, pytest.mark.needs_feature("fentry")])],
)
def test_a_function_is_replaced(page, backend):
    packet = ebee.packets.tcp(dport=23)
    with ebee.Session(backend=backend) as session:
        assert session.run(page["gate"], packet=packet).retval == ebee.XDP_PASS
        if backend == "kernel":
            with session.attach(page["no_telnet"]):
                assert session.run(page["gate"], packet=packet).retval == ebee.XDP_DROP
        assert session.run(page["gate"], packet=packet).retval == ebee.XDP_PASS
        mail = ebee.packets.tcp(dport=25)
        assert session.run(page["stages"], packet=mail).retval == ebee.XDP_PASS
        if backend == "kernel":
            with session.attach(page["no_smtp"]):
                assert session.run(page["stages"], packet=mail).retval == ebee.XDP_DROP


@pytest.mark.parametrize("backend", BACKENDS)
def test_probes_that_functions_make(page, backend):
    with ebee.Session(backend=backend) as session:
        session.attach(page["reads"], page["writes"], *page["probes"], command=["sh", "-c", "read x </etc/hostname; echo $x"]).wait()
        assert sum(page["read_sizes"].values()) > 1 and sum(page["write_sizes"].values()) == 1
        assert page["result"][8] > 1 and page["result"][9] > 1


def test_the_page_names_every_probe_that_is_tested(page):
    probes = {*EXPECTED, "dispatch", "drop", "gate", "no_telnet", "stages", "no_smtp", "reads", "writes", "counted"}
    assert {n for n, v in page.items() if isinstance(v, ebee.Probe)} == probes
