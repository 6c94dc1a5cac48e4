"""The example type-checks as a user would check it, and as it is written."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "opens.py"


def mypy(*args, cwd):
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", "--config-file", "/dev/null", *map(str, args)],
        capture_output=True, text=True, cwd=cwd, env={"MYPYPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_mypy_accepts_the_example_and_pages_of_the_documentation(tmp_path):
    for page in ("helpers", "kfuncs", "locks", "dynptrs"):
        blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text(), re.S)
        (tmp_path / f"page_{page}.py").write_text("\n".join(blocks))
    result = mypy("--check-untyped-defs", EXAMPLE, *sorted(tmp_path.glob("page_*.py")), cwd=tmp_path)
    assert result.returncode == 0, result.stdout


def test_types_are_what_the_user_declared(tmp_path):
    file = tmp_path / "revealed.py"
    file.write_text(
        textwrap.dedent(
            """
            import ebee
            from ebee import Hash, RingBuf, Str, Struct, u32, u64

            class Open(Struct):
                pid: u32
                path: str = Str(256)

            opens = RingBuf(Open)
            counts = Hash(u32, u64)
            reveal_type(counts[1])
            for e in opens:
                reveal_type(e.path)
                reveal_type(e.pid)
            with opens.reserve() as r:
                reveal_type(r)
            e.pid = "text"
            """
        )
    )
    out = mypy(file, cwd=tmp_path).stdout
    revealed = [line.split('"')[1] for line in out.splitlines() if "Revealed type" in line]
    assert revealed == ["int", "str", "int", "revealed.Open"] or revealed == [
        "builtins.int", "builtins.str", "builtins.int", "revealed.Open",
    ]  # fmt: skip
    assert "Incompatible types in assignment" in out


@pytest.mark.slow
def test_mypy_accepts_every_example(tmp_path):
    result = mypy("--check-untyped-defs", *EXAMPLE.parent.glob("*.py"), cwd=tmp_path)
    assert result.returncode == 0, result.stdout


@pytest.mark.slow
def test_pyright_accepts_the_examples(tmp_path):
    # pyright's wheel downloads a Node.js of its own unless there is one.
    if shutil.which("pyright") is None and shutil.which("node") is None:
        pytest.skip("pyright needs Node.js, which is not installed")
    shutil.copytree(EXAMPLE.parent, tmp_path / "examples")
    config = tmp_path / "pyrightconfig.json"
    config.write_text(f'{{"extraPaths": ["{ROOT / "src"}"], "include": ["examples"]}}')
    try:
        result = subprocess.run(
            [sys.executable, "-m", "pyright", "-p", str(config)], capture_output=True, text=True, timeout=300
        )
    except subprocess.TimeoutExpired:
        pytest.skip("pyright could not fetch what it runs on")
    if "error" in result.stderr.lower() and "0 errors" not in result.stdout:
        pytest.skip(f"pyright cannot run here: {result.stderr.strip().splitlines()[-1]}")
    assert "0 errors" in result.stdout, result.stdout


NETWORK = ["pingd", "balancer", "detour", "dscp", "sockbufs", "sockstates"]


def test_mypy_accepts_the_network_tools_and_decorators_give_probes(tmp_path):
    file = tmp_path / "revealed.py"
    file.write_text(
        "import ebee\n\n@ebee.xdp\ndef a(pkt):\n    return 1\n\n@ebee.xdp(mode='generic')\ndef b(pkt):\n    return 1\n\n"
        "@ebee.tc('egress')\ndef c(pkt):\n    return 1\n\n@ebee.sk_msg\ndef d(pkt):\n    return 1\n\n"
        "class Tag(ebee.Header):\n    proto: ebee.u16\n    id: int = ebee.Bits(ebee.u16, 16)\n\n"
        "for probe in (a, b, c, d):\n    reveal_type(probe)\n"
    )
    out = mypy("--check-untyped-defs", file, *(ROOT / "examples" / f"{n}.py" for n in NETWORK), cwd=tmp_path).stdout
    assert [line.split('"')[1] for line in out.splitlines() if "Revealed type" in line] == ["ebee.types.probes.Probe"]
    assert "error" not in out, out
