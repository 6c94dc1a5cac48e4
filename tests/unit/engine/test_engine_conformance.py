"""The conformance plugin: its protocol and its helper functions."""

from __future__ import annotations

import io

import pytest

from ebee.engine.conformance import main, run_conformance
from ebee.errors import EbeeError
from ebee.isa.asm import assemble
from ebee.isa.encode import encode


def program_hex(text):
    return encode(assemble(text)).hex(" ") + " \n"


def run(text, memory=None):
    return run_conformance(program_hex(text), memory)


@pytest.mark.parametrize(
    ("text", "memory", "r0"),
    [
        ("r0 = -1\nexit", None, (1 << 64) - 1),
        ("r0 = r1\nr0 += r2\nexit", None, 0),
        ("r0 = r1\nr0 += r2\nexit", "", 0),
        ("r0 = *(u8 *)(r1 + 1)\nr0 <<= 8\nr0 |= r2\nexit", "aa bb cc", 0xBB03),
        ("*(u16 *)(r1 + 0) = 0x1234\nr0 = *(u8 *)(r1 + 0)\nexit", "aabb", 0x34),
        ("r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\ncall 0\nexit", None, 0x0102030405),
        ("r6 = r1\nr2 = 2\ncall 1\nr0 = *(u16 *)(r6 + 0)\nexit", "0001", 0x2B2A),
        ("r6 = 6\ncall 2\nr0 += r6\nexit", None, 6),
        ("r1 = 99\ncall 3\nexit", None, 9),
        ("r2 = r1\nr2 += 3\ncall 4\nexit", "616200616200", 0),
        ("r2 = r1\nr2 += 3\ncall 4\nr0 s>>= 63\nexit", "616200616300", (1 << 64) - 1),
        ("r1 = -1\ncall 5\nr0 = 2\nexit", None, 2),
        ("r1 = 0\ncall 5\nr0 = 2\nexit", None, 0),
        ("r1 = 0\nr2 = 5\ncall f\nr0 = 2\nexit\nf: callx r2\nexit", None, 0),
        ("r0 = *(u32 *)skb[1]\nexit", "0011223344", 0x11223344),
    ],
)
def test_results(text, memory, r0):
    assert run(text, memory) == r0


@pytest.mark.parametrize(
    ("program", "memory"),
    [
        ("xyz", None),
        ("b7", None),
        ("ff 00 00 00 00 00 00 00", None),
        ("b7 01 00 00 00 00 00 00 95 01 00 00 00 00 00 00", None),  # a reserved field that is not 0
        ("95 00 00 00 00 00 00 00", "0g"),
        (program_hex("call 99\nexit"), None),
        (program_hex("r0 = *(u8 *)(r1 + 0)\nexit"), None),
        ("", None),
    ],
)
def test_errors(program, memory, capsys):
    with pytest.raises(EbeeError):
        run_conformance(program, memory)
    out = io.StringIO()
    assert main([] if memory is None else [memory], io.StringIO(program), out) == 1
    assert out.getvalue() == ""
    assert capsys.readouterr().err


def test_command_line(tmp_path, capsys):
    text = program_hex("r0 = r2\nexit")
    file = tmp_path / "program.hex"
    file.write_text(text)
    for argv, result in (
        ([], "0\n"),
        ([""], "0\n"),
        (["01 02  03 ", ""], "3\n"),  # as the suites' runner does, with its empty options
        (["0102", "--program", text], "2\n"),
        (["--file", str(file), "010203"], "3\n"),
    ):
        out = io.StringIO()
        assert main(argv, io.StringIO(text), out) == 0, argv
        assert out.getvalue() == result
    for argv in (["--jit"], ["00", "11"], ["--file"], ["--file", str(tmp_path / "absent")]):
        assert main(argv, io.StringIO(text), io.StringIO()) == 1
    assert "no option --jit" in capsys.readouterr().err
