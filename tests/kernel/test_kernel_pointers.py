"""Pointers that were kept as numbers, arrays of the kernel's numbers, names that are words of Python's own."""

from __future__ import annotations

import socket
import sys

import pytest

import ebee
from ebee import Bytes, Hash, List, RingBuf, Struct, be16, s32, u8, u16, u32, u64

pytestmark = [pytest.mark.needs_kernel, pytest.mark.vm]


class Connection(Struct):
    family: u16
    port: be16
    address: bytes = Bytes(16)
    words: bytes = Bytes(16)
    numbers: list[int] = List(u8, 16)
    same: u64


kept = Hash(u32, u64)
connections = RingBuf(Connection)


@ebee.tp_btf("inet_sock_set_state")
def on_state(sk, newstate):
    if sk.__sk_common.skc_family == socket.AF_INET6 and newstate == 1:
        kept[0] = u64(sk)
        common = sk.__sk_common
        with connections.reserve() as e:
            e.family = common.skc_family
            e.port = common.skc_dport
            e.address = common.skc_v6_daddr.in6_u.u6_addr8
            e.words = ebee.linux.sock(kept[0]).__sk_common.skc_v6_daddr.in6_u.u6_addr32
            e.numbers = ebee.linux.sock(u64(sk)).__sk_common.skc_v6_daddr.in6_u.u6_addr8
            e.same = ebee.linux.inet_sock(sk).sk.__sk_common.skc_dport


WORKLOAD = """
import socket
server = socket.create_server(("::1", 0), family=socket.AF_INET6)
for _ in range(10):  # what another task's softirq establishes is not the command's
    socket.create_connection(server.getsockname()[:2]).close()
print(server.getsockname()[1])
"""


def test_addresses_are_copied_and_pointers_come_back(capfd):
    with ebee.Session(backend="kernel") as session:
        with session.attach(on_state, command=[sys.executable, "-I", "-S", "-c", WORKLOAD]) as attachment:
            found = list(connections)
        assert attachment.losses == []
    port = int(capfd.readouterr().out)
    to_server = next(c for c in found if c.port == port)
    loopback = bytes(15) + b"\1"
    assert (to_server.family, to_server.address, to_server.words) == (socket.AF_INET6, loopback, loopback)
    assert to_server.numbers == list(loopback) and to_server.same == port


def test_words_of_python_are_written_with_an_underscore():
    @ebee.kprobe("tty_write")
    def written(from_, ctx):
        kept[0] = from_.count
        kept[1] = ctx.from_.count

    @ebee.kprobe("tty_write")
    def misspelled(frm):
        kept[0] = u64(frm)

    assert "written" in ebee.compile(written, target="kernel").spec.programs
    with pytest.raises(ebee.CompileError, match="has no argument 'frm'") as caught:
        ebee.compile(misspelled, target="kernel")
    assert caught.value.diagnostics[0].hint == "did you mean from_?"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ebee.linux.no_such(u64(sk)).x", "the kernel has no struct 'no_such'"),
        ("ebee.linux.sock(5).sk_protocol", r"linux.sock\(\) takes an address"),
        ("ebee.linux.sock(u32(ebee.pid())).sk_protocol", r"linux.sock\(\) takes an address"),
    ],
)
def test_what_is_no_address_of_a_struct_is_refused(line, message, tmp_path):
    file = tmp_path / "wrong.py"
    text = f"import ebee\nfrom ebee import *\n@ebee.tp_btf('inet_sock_set_state')\ndef f(sk):\n    print({line})\n"
    file.write_text(text)
    names = {}
    exec(compile(text, str(file), "exec"), names)
    with pytest.raises(ebee.CompileError, match=message):
        ebee.compile(names["f"], target="kernel")


def test_arrays_of_other_sizes_are_refused():
    @ebee.tp_btf("inet_sock_set_state")
    def wrong(sk):
        with connections.reserve() as e:
            e.address = sk.__sk_common.skc_v6_daddr.in6_u
            e.words = sk.__sk_common.skc_rcv_saddr
            e.numbers = sk.__sk_common.skc_v6_daddr.in6_u.u6_addr16

    with pytest.raises(ebee.CompileError) as caught:
        ebee.compile(wrong, target="kernel")
    told = [d.message.rpartition("not ")[2].partition(" of struct")[0] for d in caught.value.diagnostics]
    way = "__sk_common.skc_v6_daddr.in6_u"
    assert told == [way, "u32", f"{way}.u6_addr16"]


@pytest.mark.needs_feature("lsm")
def test_what_was_decided_before_is_returned():
    @ebee.lsm("file_open")
    def guard(file, ret):
        if ret:
            return ret
        return -13 if ebee.comm() == "nobody-is-called-so" else 0

    with ebee.Session(backend="kernel") as session:
        session.attach(guard, command=["true"]).wait()


def test_ids_of_tasks_go_into_fields_of_either_sign():
    by_u32, by_s32 = Hash(u32, u64), Hash(s32, u64)

    @ebee.tp_btf("sched_process_exec")
    def executed(p):
        by_u32[p.tgid] = u64(p.pid)
        by_s32[p.tgid] = u64(p.pid)

    with ebee.Session(backend="kernel") as session:
        attachment = session.attach(executed, command=["true"])
        attachment.wait()
        pid = attachment.command.pid
        assert dict(by_u32.items()) == {pid: pid} and by_s32[pid] == pid
