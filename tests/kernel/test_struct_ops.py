"""Structs of functions that the kernel calls, on a connection of the test's own."""

from __future__ import annotations

import socket
import subprocess

import pytest

import ebee
from ebee import Hash, u32, u64
from ebee.errors import CompileError, NotSupported, UsageError

pytestmark = pytest.mark.needs_kernel

calls = Hash(u32, u64)


class Counting(ebee.StructOps, name="tcp_congestion_ops"):
    name = "ebee_counting"

    def init(sk):
        calls[1] += 1
        calls[2] = u64(sk.sk_rcvbuf)

    def ssthresh(sk):
        return 5

    def undo_cwnd(sk):
        return 10

    @staticmethod
    def cong_avoid(sk, ack, acked):
        calls[3] += 1
        calls[4] += acked


def talk():
    """Send a megabyte to oneself under this congestion control; return its name as the socket has it."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"ebee_counting")
        client.connect(server.getsockname())
        peer, _ = server.accept()
        with peer:
            for _ in range(64):
                client.sendall(bytes(1 << 14))
                left = 1 << 14
                while left:
                    left -= len(peer.recv(left))
        return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")


@pytest.mark.needs_feature("struct_ops")
@pytest.mark.needs_feature("fentry")
def test_a_congestion_control_is_called():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    if too_old():
        with pytest.raises(NotSupported, match=r"6\.4"):
            ebee.attach(Counting, backend="kernel")
        return
    with ebee.attach(Counting, backend="kernel"):
        assert talk() == b"ebee_counting"
        assert calls[1] == 1 and calls[2] > 0
        assert calls[3] > 0 and calls[4] >= calls[3]
    with pytest.raises(OSError):  # it is gone
        talk()


def too_old():
    from kernel_features import release

    return release() < (6, 4)


@pytest.mark.needs_feature("struct_ops")
@pytest.mark.needs_feature("fentry")
def test_what_the_kernel_does_not_take():
    class Partial(ebee.StructOps, name="tcp_congestion_ops"):
        name = "ebee_partial"

        def ssthresh(sk):
            return 5

    class Odd(ebee.StructOps, name="tcp_congestion_ops"):
        name = "a name that is much too long"

        def ssthresh(sk):
            return 5

    class NoMember(ebee.StructOps, name="tcp_congestion_ops"):
        names = "x"

        def ssthresh(sk):
            return 5

    for wrong, match in ((Odd, "at most 15 bytes"), (NoMember, "no member 'names'"), (Partial, "does not take this")):
        with pytest.raises((UsageError, NotSupported), match=None if too_old() and wrong is Partial else match):
            ebee.attach(wrong, backend="kernel")


class Misnamed(ebee.StructOps, name="tcp_congestion_op"):
    def ssthresh(sk):
        return 1


class Unknown(ebee.StructOps, name="tcp_congestion_ops"):
    def sstresh(sk):
        return 1


class Arguments(ebee.StructOps, name="tcp_congestion_ops"):
    def ssthresh(sk, ack):
        return 1


class Void(ebee.StructOps, name="tcp_congestion_ops"):
    def cong_avoid(sk, ack, acked):
        return 1


@pytest.mark.parametrize(
    ("wrong", "match", "hint"),
    [
        (Misnamed, "registers no struct 'tcp_congestion_op'", "tcp_congestion_ops"),
        (Unknown, "has no function 'sstresh'", "ssthresh"),
        (Arguments, "has 1 argument.s.: there is no 'ack'", ""),
        (Void, "must return 0", "return"),
    ],
)
def test_refusals(wrong, match, hint):
    with pytest.raises(CompileError, match=match) as caught:
        ebee.attach(wrong, backend="kernel")
    assert hint in str(caught.value)


def test_what_is_no_struct_of_functions():
    with pytest.raises(UsageError, match="needs the name of a struct"):
        type("Nameless", (ebee.StructOps,), {"f": lambda sk: 1})
    with pytest.raises(UsageError, match="has no functions"):
        type("Empty", (ebee.StructOps,), {"flags": 1}, name="tcp_congestion_ops")
    with pytest.raises(UsageError, match=r"is for functions, not for 1\.5"):
        type("Odd", (ebee.StructOps,), {"rate": 1.5}, name="tcp_congestion_ops")
    with ebee.Session(backend="engine") as session, pytest.raises(CompileError, match="structs of functions are typed from the kernel"):
        session.attach(Counting, command=["true"])
