"""Seccomp filters in words."""

from __future__ import annotations

import pytest

from ebee.errors import FormatError
from ebee.isa.classic import decode
from ebee.isa.classic_text import assemble
from ebee.spec.seccomp import action_words, describe
from ebee.sys.seccomp import build_filter

SANDBOX = """
    ld [4]
    jne #0xc000003e, kill
    ld [0]
    jge #0x40000000, kill
    jeq #0, allow           ; read
    jeq #1, allow           ; write
    jeq #56, clone
    jeq #101, eperm         ; ptrace
    jeq #257, trace         ; openat
    jgt #999, log
    ja enosys
    clone: ld [16]
    jset #0x7e020000, eperm
    ja allow
    kill: ret #0x80000000
    log: ret #0x7ffc0000
    trace: ret #0x7ff00007
    eperm: ret #0x00050001
    enosys: ret #0x00050026
    allow: ret #0x7fff0000
"""


def test_a_sandbox():
    assert describe(assemble(SANDBOX)) == [
        "x86_64:",
        "  allow: read, write",
        "  clone:",
        "    errno EPERM if arg0 & 0x7e020000 != 0",
        "    allow if arg0 & 0x7e020000 == 0",
        "  errno EPERM: ptrace",
        "  trace (7): openat",
        "  allow, and log: numbers such as 1000",
        "  kill the process: numbers such as 0x40000000, 0x40000001, 0x7e020000, 0x7e020001, 0xffffffff",
        "  errno ENOSYS: all other calls",
        "other architectures:",
        "  kill the process: all calls",
    ]


def test_what_ebee_installs_itself():
    lines = describe(decode(build_filter("x86_64", [2, 257])))
    assert lines == ["x86_64:", "  trace: open, openat", "  allow: all other calls", "other architectures:", "  allow: all calls"]


def test_arithmetic_and_both_halves():
    text = "ld [20]\nand #0xff\nrsh #2\nst M[1]\nld M[1]\nldx len\njeq x,no,on\non: ld [36]\njge #5,no,yes\nno: ret #0\nyes: ret #0x7fff0000"
    assert describe(assemble(text)) == [
        "every architecture (numbers as on x86_64):",
        "  all calls:",
        "    kill the thread if (((arg0 >> 32) & 255) >> 2) == 64",
        "    kill the thread if (((arg0 >> 32) & 255) >> 2) != 64 and (arg2 >> 32) >= 5",
        "    allow if (((arg0 >> 32) & 255) >> 2) != 64 and (arg2 >> 32) < 5",
    ]
    assert describe(assemble("ld [16]\nor #0x50000\nret a")) == ["every architecture (numbers as on x86_64):", "  what (arg0 | 0x50000) says: all calls"]


@pytest.mark.parametrize(
    "value, words",
    [
        (0x7FFF0000, "allow"), (0x00050000, "skip, returning 0"), (0x00050001, "errno EPERM"), (0x00050FFF, "errno 4095"),
        (0x7FC00000, "ask the supervisor"), (0x00030005, "trap (5)"), (0x12340000, "kill the process"), (0, "kill the thread"),
    ],
)  # fmt: skip
def test_actions(value, words):
    assert action_words(value) == words


def test_too_many_ways():
    body = "\n".join(f"ld [{16 + 4 * (n % 12)}]\njeq #{n + 5},L{n},M{n}\nL{n}: add #1\nM{n}: neg" for n in range(12))
    assert any("many things" in line for line in describe(assemble(f"{body}\njeq #3,a,b\na: ret #0\nb: ret #0x7fff0000")))


def test_what_is_no_filter_of_system_calls():
    with pytest.raises(FormatError, match="seccomp's filters have no such one"):
        describe(assemble("ldh [12]\nret a"))
    with pytest.raises(FormatError, match="no offset"):
        describe(assemble("ld [64]\nret a"))
