"""Typed reads of user memory: numbers, structs, bytes and strings at an address, live in both engines."""

import sys

import pytest

import ebee
from ebee import Array, Bytes, Str, Struct, u16, u32, u64

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
