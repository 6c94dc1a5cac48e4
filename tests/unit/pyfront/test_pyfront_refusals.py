"""Every refusal, at its line, with its words: the expectations stand in tests/data/pyfront/*refusals.py."""

import importlib.util
import re
from pathlib import Path

import pytest

import ebee
from ebee import RingBuf, Struct, u32
from ebee.api.source import compile_probes
from ebee.errors import CompileError
from ebee.spec.default_target import default_target
from ebee.types.probes import Probe

DATA = Path(__file__).parents[2] / "data" / "pyfront" / "refusals.py"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MODULES = {path.stem: load(path) for path in sorted(DATA.parent.glob("*refusals.py"))}
MODULE = MODULES["refusals"]
TARGETS = {name: getattr(m, "TARGET", None) or default_target() for name, m in MODULES.items()}
PROBES = {name: [v for v in vars(m).values() if isinstance(v, Probe)] for name, m in MODULES.items()}


def expectations(probe):
    """(line, message, hint) of each `# error:` comment in the probe's function."""
    out = []
    start = probe.function.__code__.co_firstlineno - 1
    lines = Path(probe.function.__code__.co_filename).read_text().splitlines()
    for number, line in enumerate(lines[start:], start + 1):
        if number > start + 1 and not line.strip() and not lines[number].strip():
            break
        if "# error: " in line:
            message, _, hint = line.split("# error: ")[1].partition(" | ")
            out.append((number, message, hint))
    return out


def fits(pattern, text):
    return re.fullmatch(re.escape(pattern).replace("…", ".*") if pattern.count("…") and not
                        re.search(r"u8 … u64", pattern) else re.escape(pattern), text) is not None  # fmt: skip


EACH = [pytest.param(name, probe, id=probe.name) for name, probes in PROBES.items() for probe in probes]


@pytest.mark.parametrize("name, probe", EACH)
def test_refused_at_the_line_with_the_words(name, probe):
    expected = expectations(probe)
    assert expected
    with pytest.raises(CompileError) as caught:
        compile_probes([probe], TARGETS[name])
    found = [(d.span.line, d.message, d.hint) for d in caught.value.diagnostics]
    assert [f[0] for f in found] == [e[0] for e in expected], caught.value
    for (line, message, hint), (_, want, want_hint) in zip(found, expected):
        assert fits(want, message), f"line {line}: {message!r}"
        assert fits(want_hint, hint) or not want_hint, f"line {line}: {hint!r}"


def test_a_refusal_inside_a_function_names_the_calls_that_led_there():
    outer = next(p for p in PROBES["refusals"] if p.name == "called_from")
    with pytest.raises(CompileError) as caught:
        compile_probes([outer], TARGETS["refusals"])
    (found,) = caught.value.diagnostics
    assert found.span.text.strip().startswith("return a / 2")
    assert [note.partition(": ")[2] for note in found.notes] == ["return halved(a)", "middle(ebee.pid())"]
    assert "note: called from " in found.render() and "refusals.py:" in found.notes[0]


@pytest.mark.parametrize("name", PROBES)
def test_all_probes_together_report_everything(name):
    with pytest.raises(CompileError) as caught:
        compile_probes(PROBES[name], TARGETS[name])
    assert len(caught.value.diagnostics) == sum(len(expectations(p)) for p in PROBES[name])


def test_a_diagnostic_has_file_line_caret_and_hint():
    with pytest.raises(CompileError) as caught:
        compile_probes([MODULE.fields], default_target())
    text = caught.value.diagnostics[0].render()
    lines = text.splitlines()
    assert lines[0].startswith(f"{DATA}:")
    assert "ctx.filenam" in lines[1]
    assert lines[2].index("^") == lines[1].index("ctx.filenam")
    assert lines[2].strip(" |").count("^") == len("ctx.filenam")
    assert lines[3].strip() == "hint: did you mean filename?"


def recursive(n):
    return recursive(n - 1) if n else 0


def forever():
    while True:
        pass


@ebee.tracepoint("syscalls:sys_enter_openat")
def calls_recursive(ctx):
    return recursive(3)


@ebee.tracepoint("syscalls:sys_enter_openat")
def turns_forever(ctx):
    forever()


def test_a_refusal_inside_a_called_function_stands_there():
    with pytest.raises(CompileError) as caught:
        compile_probes([calls_recursive], default_target())
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "recursive() calls itself, and a probe has no recursion"
    assert diagnostic.span.line == recursive.__code__.co_firstlineno + 1


class Point(Struct):
    x: u32


class Record(Struct):
    where: Point


records = RingBuf(Record)


def part_of_a_record():
    with records.reserve() as e:
        return e.where


@ebee.tracepoint("syscalls:sys_enter_openat")
def uses_a_submitted_record(ctx):
    part_of_a_record()


def test_a_record_does_not_outlive_its_with():
    with pytest.raises(CompileError) as caught:
        compile_probes([uses_a_submitted_record], default_target())
    assert caught.value.diagnostics[0].message == "a Point record is given back here"


def test_loops_of_unknown_length_need_a_budget():
    target = default_target()
    target.features = frozenset()
    with pytest.raises(CompileError, match="may turn without end, and the target has no budget"):
        compile_probes([turns_forever], target)
