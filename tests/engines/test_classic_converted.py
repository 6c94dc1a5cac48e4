"""Classic programs: the reference interpreter, the engine and the kernel running what they become, and the kernel running
them as they are."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest
from both_backends import kernel
from hypothesis import given, settings
from hypothesis import strategies as st

from ebee.abi import bpf
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
