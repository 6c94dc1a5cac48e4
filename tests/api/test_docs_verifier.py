"""What docs/verifier.md shows runs; the page of rules is up to date; `ebee verify` from the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest

import ebee
from ebee.cli import main
from ebee.cli.click_app import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "verifier.md").read_text()
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
(COMMANDS,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)

BAD = "r2 = *(u32 *)(r10 - 4)\nr2 &= 31\nr3 = r10\nr3 += -16\nr3 += r2\n*(u8 *)(r3 + 0) = 1\nr0 = 0\nexit\n"
LOOP = "r0 = 0\nagain:\nr0 += 1\nif r0 < 10 goto again\nexit\n"


@pytest.fixture
def text_file(tmp_path):
    def write(text, name="program.S"):
        file = tmp_path / name
        file.write_text(text)
        return str(file)

    return write


@pytest.mark.needs_kernel
def test_it_runs(tmp_path):
    file = tmp_path / "page.py"
    file.write_text(CODE)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, env=env, timeout=60)
    assert (done.returncode, done.stdout) == (0, "count is accepted\nTrue True\n"), done.stderr


@pytest.mark.parametrize("line", [line for line in COMMANDS.splitlines() if line])
def test_commands_are_there(line):
    command = app.get_command(click.Context(app), "verify")
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in line.partition("  #")[0].split() if word.startswith("-")} <= options


def test_the_page_of_rules_is_up_to_date():
    subprocess.run([sys.executable, str(ROOT / "tools" / "gen" / "verifier_rules.py"), "--check"], check=True, timeout=60)


def test_a_refusal_is_explained(text_file, capsys):
    assert main(["verify", text_file(BAD)]) == 4
    out = capsys.readouterr().out
    assert "program: socket, 8 instructions: refused by ebee\n" in out
    assert "program.S:6: *(u8 *)(r3 + 0) = 1\n" in out
    shown = PAGE[PAGE.index("    program: socket, 8 instructions: refused") : PAGE.index("Read the notes from")]
    for note in [line.strip() for line in shown.splitlines() if "note:" in line]:
        assert note in out
    assert "rule stack_bounds: " in out and "hint: stay within the array" in out


def test_what_an_accepted_program_costs(text_file, capsys):
    assert main(["verify", text_file(LOOP), "--json"]) == 0
    (verdict,) = json.loads(capsys.readouterr().out)
    assert (verdict["accepted"], verdict["processed"], verdict["explanation"]) == (True, 22, None)
    assert [(row["line"], row["explored"]) for row in verdict["costs"]][:2] == [(3, 10), (4, 10)]


MANY = """call 7
r6 = r0
r6 &= 1
if r6 == 0 goto l
r1 = 1
l:
r1 = 0
r7 = 0
again:
call f
r7 += 1
if r7 < 10 goto again
r0 = 0
exit
f:
*(u64 *)(r10 - 8) = 1
r0 = 0
exit
"""


def test_what_an_acceptance_reports(text_file, capsys, monkeypatch, tmp_path):
    file = text_file(MANY, "ok.S")
    monkeypatch.chdir(tmp_path)
    assert main(["verify", "ok.S"]) == 0
    out = capsys.readouterr().out
    shown = PAGE[PAGE.index("    program: socket, 15 instructions: accepted") : PAGE.index("`--json` has all lines")]
    for line in shown.splitlines():
        assert line.strip() in out
    assert main(["verify", file, "--json"]) == 0
    (verdict,) = json.loads(capsys.readouterr().out)
    assert (verdict["longest_path"], verdict["deepest_stack"], verdict["max_states_per_insn"]) == (69, 32, 1)
    assert [(row["line"], row["paths"]) for row in verdict["pruned"]] == [(10, 1)]


@pytest.mark.needs_kernel
def test_the_kernel_reports_the_same(text_file):
    from ebee.cli.verify import _assembled

    given = ebee.Object(_assembled(text_file(MANY), "socket"))
    (own,), (kernels,) = ebee.verify(given), ebee.verify(given, log="kernel")
    for name in ("processed", "total_states", "peak_states", "max_states_per_insn", "stack_bytes", "pruned"):
        assert getattr(own, name) == getattr(kernels, name), name
    assert sorted(map(str, own.costs)) == sorted(map(str, kernels.costs))


# What `ebee verify FILE --json` does, for an interpreter that does not have click.
AS_COMMAND = """import sys
from ebee.cli.verify import verify_file
sys.exit(verify_file(sys.argv[1], as_json=True, log="ebee", kernel="6.18", unprivileged=False, strict_alignment=False,
                     everything=True, section="socket", target="auto", kconfig=[]))"""


def test_anyone_may_verify(as_user):
    from ebee.cli.verify import _assembled

    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        folder.chmod(0o755)
        (folder / "probe.py").write_text(CODE.partition("for verdict in")[0])
        (folder / "bad.S").write_text(BAD)
        ebee.Object(_assembled(str(folder / "bad.S"), "socket")).save(folder / "bad.bpf.o")
        said = {}
        for file in sorted(folder.iterdir()):
            argv = as_user([sys.executable, "-c", AS_COMMAND, str(file)])
            done = subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd="/")
            assert done.returncode in (0, 4), done.stderr
            said[file.name] = [(verdict["verifier"], verdict["accepted"]) for verdict in json.loads(done.stdout)]
    assert said == {"probe.py": [("ebee", True)], "bad.S": [("ebee", False)], "bad.bpf.o": [("ebee", False)]}


@pytest.mark.needs_kernel
def test_the_kernel_is_asked(text_file, capsys):
    assert main(["verify", text_file(BAD), "--log", "kernel", "--json"]) == 4
    (verdict,) = json.loads(capsys.readouterr().out)
    assert verdict["verifier"].startswith("Linux ") and verdict["explanation"]["rule"] == "stack_bounds"
    assert [step["line"] for step in verdict["explanation"]["path"]][:2] == [1, 2]
    assert main(["verify", text_file(LOOP), "--log", "kernel"]) == 0
    assert "explored 22 instructions" in capsys.readouterr().out


def test_rules_are_printed(capsys):
    assert main(["verify", "--explain", "pointer_may_be_null"]) == 0
    assert "Python: write `if value is not None:`" in capsys.readouterr().out
    assert main(["verify", "--explain", "all"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 80
    assert main(["verify", "--explain", "pointer_may_be_nul"]) == 2
    assert "did you mean pointer_may_be_null" in capsys.readouterr().err


def test_what_is_no_program(text_file, capsys):
    assert main(["verify"]) == 2
    assert main(["verify", "nowhere.bpf.o"]) == 7
    assert main(["verify", text_file("")]) == 2
    assert main(["verify", text_file("r0 = = 1")]) == 7
    assert main(["verify", text_file("x = 1\n", "empty.py")]) == 2
    err = capsys.readouterr().err
    assert "cannot be read" in err and "there is no instruction" in err and "no probe" in err


@pytest.mark.parametrize("options", [{"log": "moon"}, {"kernel": "2.6"}])
def test_options_that_are_none(options):
    with pytest.raises(ebee.UsageError):
        ebee.verify("a.o", **options)
    with pytest.raises(ebee.UsageError, match="nothing to verify"):
        ebee.verify()


def test_a_verifier_that_fails_writes_what_to_report(text_file, capsys, monkeypatch, tmp_path):
    import tempfile

    from ebee.verifier import entry

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(entry, "verify", lambda *given: 1 // 0)
    assert main(["verify", text_file(LOOP)]) == 70
    err = capsys.readouterr().err
    assert "the verifier failed on program 'program': ZeroDivisionError" in err
    (written,) = tmp_path.glob("ebee-verify-program-*")
    assert str(written) in err and written.stat().st_size
    monkeypatch.undo()
    assert ebee.verify(str(written))[0].accepted
