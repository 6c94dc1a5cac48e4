"""Classic BPF: machine form, text, validity, interpreter; the kernel is asked, too."""

from __future__ import annotations

import ctypes
import os
import random
import re
import socket
import struct
import sys

import pytest
from classic_strategies import programs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ebee.errors import AsmError, FormatError, SyscallError
from ebee.isa import classic as c
from ebee.isa import classic_run
from ebee.isa.classic import ClassicInsn
from ebee.isa.classic_run import Packet, SeccompData
from ebee.isa.classic_text import assemble, disassemble
from ebee.sys.socket_filters import attach_classic

ANYTHING = st.lists(
    st.builds(
        ClassicInsn,
        st.one_of(st.sampled_from(sorted(c.ROWS)), st.integers(0, 0xFFFF)),
        st.integers(0, 3), st.integers(0, 3),
        st.one_of(st.integers(0, 33), st.sampled_from([c.AD_OFF + 4, c.AD_OFF + 5, c.AD_OFF + 64, 0xFFFFFFFF]), st.integers(0, 0xFFFFFFFF)),
    ),
    max_size=8,
)  # fmt: skip


@given(ANYTHING, st.sampled_from(["little", "big"]))
def test_machine_form_and_back(insns, order):
    assert c.decode(c.encode(insns, order), order) == insns


def test_fields_outside_their_width_are_refused():
    for insn in (ClassicInsn(1 << 16), ClassicInsn(0, 256), ClassicInsn(0, 0, -1), ClassicInsn(0, 0, 0, 1 << 32)):
        with pytest.raises(FormatError, match="width"):
            c.encode([insn])
    with pytest.raises(FormatError, match="8 bytes"):
        c.decode(bytes(9))


@given(programs((0, 4, 40, 52, 56)), st.sampled_from(["tcpdump", "c", "numbers", "asm"]))
def test_text_and_back(insns, style):
    text = "\n".join(disassemble(insns, style))
    back = assemble(text)
    if style in ("c", "numbers"):
        assert back == insns
    # The other two leave out what an instruction does not use.
    assert disassemble(back, style) == disassemble(insns, style)
    assert [i.code for i in back] == [i.code for i in insns]
    for seed in range(3):
        packet = Packet(random.Random(seed).randbytes(60))
        assert classic_run.run(back, packet) == classic_run.run(insns, packet)


def test_what_bpf_asm_reads():
    text = """
        ldh [12]            ; the EtherType
        jne #0x806, drop
        ld vlan_tci
        ldx 4*([14]&0xf)    /* as ldxb */
        ld [x+4]
        ld [%x + 0x10]
        ldi 7
        ldx #len
        jlt #5, low, high
        low: jmp high
        high: st M[3]
        ld m[3]
        ldx M[3]
        jeq x, drop
        add #-1
        div x
        neg
        ret a
        drop: ret #-1
    """
    insns = assemble(text)
    c.check(insns)
    assert [c.ROWS[i.code].mnemonic for i in insns] == "ldh jeq ld ldxb ld ld ld ldx jge ja st ld ldx jeq add div neg ret ret".split()  # noqa: SIM905
    assert (insns[1].jt, insns[1].jf) == (0, 16)
    assert c.ancillary_of(insns[2]) == "vlan_tci"
    assert (insns[8].jt, insns[8].jf) == (1, 0)
    assert insns[-1].k == insns[14].k == 0xFFFFFFFF
    assert assemble("4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0") == assemble("ldb [9]\njeq #6,a,b\na: ret #1\nb: ret #0")


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("frob #1", "no classic instruction 'frob'"),
        ("ld [12", "write ld \\[K\\], "),
        ("add M[3]", "write add #K, add x"),
        ("jeq #1", "needs a label"),
        ("jeq #1,here\nret #0", "no label here"),
        ("top: ld len\nja top\nret #0", "backwards"),
        ("a: ld len\na: ret #0", "twice"),
        ("ld #4294967296", "32 bits"),
        ("ret #1, there", "does not jump"),
        ("", "no instruction"),
        ("3\n1 2 3 4", "12 numbers"),
        ("1\n70000 0 0 0", "u16"),
        ("jeq #0,far\n" + "ld len\n" * 256 + "far: ret #0", "at most 255"),
        ("(000) ret #0 jt 1 jf 2", "does not jump"),
    ],
)
def test_text_that_is_refused(text, wanted):
    with pytest.raises(AsmError) as refused:
        assemble(text)
    assert re.search(wanted, f"{refused.value} {refused.value.hint}")


@settings(max_examples=300)
@given(st.text(alphabet="ldhbxjeqrtstM[]#(){}+*&,:;/ 0123456789\n", max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        assemble(text)
    except AsmError:
        pass


# What the kernel admits


def admits(insns):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        try:
            attach_classic(theirs.fileno(), c.encode(insns, sys.byteorder))
        except SyscallError as e:
            assert e.errno == 22
            return False
    return True


def is_valid(check, insns):
    try:
        check(insns)
    except FormatError:
        return False
    return True


@settings(max_examples=400, deadline=None)
@given(ANYTHING)
@example([])
@example(assemble("ld M[3]\nret a"))
@example(assemble("jeq #1,w,r\nw: st M[1]\nr: ld M[1]\nret a"))
@example(assemble("ret #0\nld M[2]\nret a"))
def test_the_kernel_admits_the_same_filters(insns):
    assert is_valid(c.check, insns) == admits(insns)


@settings(max_examples=150, deadline=None)
@given(programs((0, 8, 12, 16, 52)))
def test_made_programs_are_admitted(insns):
    c.check(insns)
    assert admits(insns)


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("ld len", "no ret"),
        ("div #0\nret a", "division by 0"),
        ("mod #0\nret a", "division by 0"),
        ("lsh #32\nret a", "shift by 32"),
        ("st M[16]\nret a", "no M\\[16\\]"),
        ("1\n5 0 0 0", "beyond"),
        ("2\n21 0 1 0\n6 0 0 0", "beyond"),
        ("2\n32 0 0 4294963204\n6 0 0 0", ""),
        ("2\n32 0 0 4294963205\n6 0 0 0", "no ancillary data 5"),
        ("1\n14 0 0 0", "no classic instruction"),
    ],
)
def test_what_is_wrong_is_said(text, wanted):
    insns = assemble(text)
    if not wanted:
        c.check(insns)
        return
    with pytest.raises(FormatError, match=wanted):
        c.check(insns)
    assert not admits(insns)


# Filters of system calls: every answer is a number that the child lives with.

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
STRANGE = 1000  # no system call


class Fprog(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


KILLED = -1


def in_a_child(insns, arguments):
    """Install a filter in a child and call a number that there is not: its errno (0: none), or None if it is refused.

    A filter that kills the child, as a division by 0 does, was admitted: KILLED.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    image = c.encode(insns, sys.byteorder)
    buffer = ctypes.create_string_buffer(image, len(image))
    fprog = Fprog(len(insns), ctypes.addressof(buffer))
    numbers = [ctypes.c_long(STRANGE), *map(ctypes.c_ulong, arguments)]
    receiver, sender = os.pipe()
    pid = os.fork()
    if pid == 0:
        answer = -1
        if libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(fprog), 0, 0) == 0:
            answer = 0 if libc.syscall(*numbers) == 0 else ctypes.get_errno()
        os.write(sender, struct.pack("=i", answer))
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    if not data:
        return KILLED
    answer = struct.unpack("=i", data)[0]
    return None if answer < 0 else answer


def wrapped(insns):
    """Only the number that there is not is asked about, and gets an errno."""
    body = [i for i in insns if i.code & 7 != c.RET]
    first = assemble(f"ld [0]\njeq #{STRANGE},on,no\nno: ret #{ALLOW}\non: ld #0")
    return [*first, *body, *assemble(f"and #0xfff\nor #{ERRNO}\nret a")]


@settings(max_examples=60, deadline=None)
@given(programs(seccomp=True, most=12), st.lists(st.integers(0, (1 << 64) - 1), min_size=6, max_size=6))
def test_the_kernel_answers_system_calls_as_the_interpreter(insns, arguments):
    for insn in insns:
        if insn.code == c.LD | c.ABS and insn.k in (8, 12):
            insn.k = 16  # where the call was made from is not known here
    insns = wrapped(insns)
    c.check_seccomp(insns)
    arch = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[os.uname().machine]
    wanted = classic_run.run(insns, SeccompData(STRANGE, arch, arguments, byteorder=sys.byteorder))
    # A division by 0 ends it with 0, which is to kill the thread.
    if wanted & 0xFFFF0000 == ERRNO:
        assert in_a_child(insns, arguments) == wanted & 0xFFF


@settings(max_examples=60, deadline=None)
@given(ANYTHING)
@example(assemble("mod #3\nret #0"))
@example(assemble("ldh [0]\nret #0"))
@example(assemble("ld [64]\nret #0"))
@example(assemble("ld [2]\nret #0"))
@example(assemble("ldx len\nld len\nret #0"))
@example(assemble("div x\nret #0"))
def test_the_kernel_admits_the_same_filters_of_system_calls(insns):
    insns = [*assemble(f"ld [0]\njeq #{STRANGE},on,no\nno: ret #{ALLOW}\non: ld #0"), *[i for i in insns if i.code & 7 != c.RET], *assemble(f"ret #{ALLOW}")]
    assert is_valid(c.check_seccomp, insns) == (in_a_child(insns, (0,) * 6) is not None)


def test_attributes_are_found():
    data = bytes(4) + struct.pack("=HHI", 8, 5, 0) + struct.pack("=HHHHI", 12, 7, 8, 9, 1)
    for a, x, word, wanted in ((4, 5, "nla", 4), (4, 7, "nla", 12), (4, 6, "nla", 0), (12, 9, "nlan", 16), (12, 8, "nlan", 0), (99, 5, "nla", 0)):
        insns = assemble(f"ldx #{x}\nld #{a}\nld {word}\nret a")
        assert classic_run.run(insns, Packet(data)) == wanted


def test_headers_and_what_lies_beside_a_packet():
    packet = Packet(bytes(range(40)), network_off=14, length=1500, ancillary={"mark": 7, "cpu": 3})
    for text, wanted in (
        (f"ldb [{c.NET_OFF + 2}]", 16), (f"ldb [{c.LL_OFF + 2}]", 2), (f"ldb [{c.LL_OFF - 1}]", 0), ("ld len", 1500),
        ("ld mark", 7), ("ld cpu", 3), ("ld hatype", 0), ("ldh [39]", 0), ("ldx 4*([9]&0xf)\ntxa", 36),
    ):  # fmt: skip
        assert classic_run.run(assemble(f"{text}\nret a"), packet) == wanted, text
    assert classic_run.is_short(assemble("ld [38]\nret a"), packet)
    assert not classic_run.is_short(assemble("ldx #0\ndiv x\nret a"), packet)
