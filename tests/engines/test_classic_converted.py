"""Classic programs: the reference interpreter, the engine and the kernel running what they become, and the kernel running
them as they are."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from both_backends import kernel
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ebee.engine.backend import EngineBackend
from ebee.engine.packets import protocol_at
from ebee.errors import NotSupported
from ebee.isa import classic as c
from ebee.isa import classic_run
from ebee.isa.classic_text import assemble
from ebee.spec.backend import TestRun as Run
from ebee.spec.classic import to_object

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "isa"))
from classic_strategies import programs

PACKETS = st.binary(min_size=14, max_size=90).map(lambda data: bytes(6) + data)
# Distances of ancillary data that a test run knows: proto, type, ifidx, mark, queue, rxhash, xor, vlan's three.
KNOWN = (0, 4, 8, 20, 24, 32, 40, 44, 48, 60)


def execute(backend, insns, data):
    """Run the converted program as a tc program, which sees the whole frame."""
    spec = to_object(insns, section="tc")
    program = backend.load_program(spec.programs["filter"], spec, {})
    result = backend.test_run(program, Run(b"", data))
    program.close()
    return result.retval


def reference(insns, data):
    """The interpreter, with what a test run knows of a frame."""
    facts = {"proto": int.from_bytes(protocol_at(data, 14), "big"), "ifidx": 1, "type": packet_type(data)}
    return classic_run.run(insns, classic_run.Packet(data, network_off=14, ancillary=facts))


def packet_type(data):
    """Of a frame for a device whose address is 0: PACKET_HOST, _BROADCAST, _MULTICAST, _OTHERHOST."""
    if data[0] & 1:
        return 1 if data[:6] == b"\xff" * 6 else 2
    return 0 if data[:6] == bytes(6) else 3


@settings(deadline=None, max_examples=150)
@given(programs(KNOWN), PACKETS)
def test_the_engine_runs_what_the_interpreter_says(insns, data):
    assert execute(EngineBackend(), insns, data) == reference(insns, data)


@pytest.mark.needs_kernel
@settings(deadline=None, max_examples=150)
@given(programs(KNOWN), PACKETS)
def test_the_kernel_runs_what_the_interpreter_says(insns, data):
    assert execute(kernel(), insns, data) == reference(insns, data)


@pytest.mark.needs_kernel
@settings(deadline=None, max_examples=60)
@given(programs(), PACKETS)
def test_socket_programs_see_what_the_socket_sees(insns, data):
    """Without the Ethernet header; offsets from the link header reach it."""
    spec = to_object(insns)
    found = []
    for backend in (EngineBackend(), kernel()):
        program = backend.load_program(spec.programs["filter"], spec, {})
        found.append(backend.test_run(program, Run(b"", data)).retval)
        program.close()
    assert found[0] == found[1]


def receive(insns, data):
    """What a socket with the kernel's own classic filter keeps of a message: None if it is dropped."""
    from ebee.sys.socket_filters import attach_classic

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        attach_classic(theirs.fileno(), c.encode(insns, sys.byteorder))
        ours.send(data)
        try:
            return theirs.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None


class Message(classic_run.Packet):
    """A message has no headers to count from."""

    def load(self, off, size):
        assume(c.signed(off) >= 0)
        return super().load(off, size)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.filter_too_much])
@given(programs((20, 40, 44, 48)), st.binary(min_size=1, max_size=90))
def test_sockets_of_the_kernel_keep_what_the_interpreter_says(insns, data):
    kept = classic_run.run(insns, Message(data))
    assert receive(insns, data) == (data[:kept] if kept else None)


@pytest.mark.parametrize("word", ["hatype", "nla", "nlan", "poff"])
def test_what_ebpf_cannot_ask_for(word):
    with pytest.raises(NotSupported, match=word):
        to_object(assemble(f"ld {word}\nret a"))


def test_what_is_never_reached_is_left_out():
    insns = assemble("ja out\nld [0]\nout: ret #7")
    spec = to_object(insns)
    assert len(spec.programs["filter"].insns) == 6
    assert execute(EngineBackend(), insns, bytes(20)) == 7


def test_the_longest_program():
    insns = assemble("ld len\n" + "\n".join(f"jeq #{n},L{n},L{n}\nL{n}: add #1" for n in range(2040)) + "\nret a")
    assert execute(EngineBackend(), insns, bytes(60)) == 60 + 2040
