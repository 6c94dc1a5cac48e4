"""Typed reads of user memory: numbers, structs, bytes and strings at an address, live in both engines."""

import sys

import pytest

import ebee
from ebee import Array, Bytes, List, RingBuf, Str, Struct, u16, u32, u64

BACKENDS = [
    pytest.param("kernel", marks=pytest.mark.needs_kernel),
    pytest.param("engine", marks=pytest.mark.needs_ptrace),
]


class Address(Struct):
    """The start of a sockaddr_in."""

    family: u16
    port: u16
    ip: u32


seen = Array(u64, max_entries=8)


@ebee.tracepoint("syscalls:sys_enter_connect")
def on_connect(ctx):
    a = ebee.read_user(ctx.uservaddr, Address)
    if a.family == 2 and a.port == 0x0900:
        seen[0] += 1
        seen[1] = a.ip
        seen[2] = ebee.read_user(ctx.uservaddr + 4, u32)
        raw = ebee.read_user(ctx.uservaddr, Bytes(8))
        seen[3] = raw[4:] == b"\x7f\x00\x00\x01" and raw[ctx.addrlen & 3] == 2
        seen[4] = ebee.read_user(ctx.uservaddr + 4, Str(8)) == "\x7f"
        print(raw[ctx.addrlen & 1 | 2], raw.startswith(b"\x02\x00"))
    seen[5] = ebee.read_user(ctx.uservaddr, u64) == 0
    seen[6] = ebee.read_user(ctx.uservaddr - ctx.uservaddr + 8, u32)


WORKLOAD = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", 9))
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_at_an_address(backend):
    printed = []
    with ebee.Session(backend=backend) as session:
        session.show_prints(lambda text, _stream: printed.append(text))
        argv = [sys.executable, "-I", "-S", "-c", WORKLOAD]
        with session.attach(on_connect, command=argv) as attachment:
            attachment.wait()
        values = [seen[i] for i in range(7)]
    assert values == [1, 0x0100007F, 0x0100007F, 1, 1, 0, 0]
    assert "".join(printed) == "0 True\n"
    (loss,) = attachment.losses
    assert (loss.kind, loss.count) == ("user_read_fault", 1)
    assert str(loss).startswith("1 read of ctx.uservaddr - ctx.uservaddr + 8 gave zeros: the memory was not readable at that moment")


class Taken(Struct):
    asked: u32
    text: str = Str(16)
    raw: bytes = Bytes(12)
    numbers: list[int] = List(u16, 4)


taken = RingBuf(Taken)


@ebee.tracepoint("syscalls:sys_enter_write")
def on_write(ctx):
    n = u32(ctx.count)
    with taken.reserve() as e:
        e.asked = n
        e.text = ebee.user_str(ctx.buf, min(n, 16))
        e.raw = ebee.read_user(ctx.buf, Bytes(12), min(n, 12))
        e.numbers = ebee.read_user(ctx.buf, List(u16, 4), min(n, 7))
    if ebee.user_str(ctx.buf, min(n, 8)) == "abc":
        seen[0] += 1
    if ebee.user_str(ctx.buf, min(n, 8)).startswith("abcd"):
        seen[1] += 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_as_much_as_there_is(backend):
    texts = [b"abc\0defghijklm", b"abcdefgh\0", b"a", b"", b"abcd\xff\0"]
    code = f"import os\nf = os.open('/dev/null', os.O_WRONLY)\nfor t in {texts}: os.write(f, t)"
    with ebee.Session(backend=backend) as session:
        with session.attach(on_write, command=[sys.executable, "-I", "-S", "-c", code]) as attachment:
            attachment.wait()
        found = [(e.asked, e.text, e.raw, e.numbers) for e in taken]
        counts = seen[0], seen[1]
    expected = []
    for t in texts:
        numbers = [int.from_bytes(t[:7].ljust(8, b"\0")[i : i + 2], "little") for i in range(0, 8, 2)]
        text = t[: max(len(t) - 1, 0)].split(b"\0")[0][:15].decode("utf-8", "backslashreplace")
        expected.append((len(t), text, t[:12].ljust(12, b"\0"), numbers))
    assert found == expected
    assert counts == (1, 2)
    losses = {(loss.kind, loss.what): loss.count for loss in attachment.losses}
    assert set(losses) == {("user_truncated", "ctx.buf")}
