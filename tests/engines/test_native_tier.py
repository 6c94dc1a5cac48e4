"""Backends whose programs are native code: the same results, packets, contexts and maps as the interpreter's."""

from __future__ import annotations

import random

import pytest
from machines import has_native

import ebee
from ebee import u32, u64
from ebee.abi import bpf
from ebee.api.source import compile_probes
from ebee.engine import backend as engine_backend
from ebee.engine.backend import EngineBackend
from ebee.engine.jit.machine import NativeMachine
from ebee.errors import FaultError, UsageError
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import MapSpec, ObjectSpec

seen = ebee.Hash(u32, u64, max_entries=64)
lengths = ebee.Array(u64, max_entries=16)


@ebee.xdp
def count_ports(pkt):
    lengths[len(pkt) & 15] += 1
    if pkt.udp:
        seen[u32(pkt.udp.dport)] += 1
        if pkt.udp.dport == 7:
            del seen[u32(7)]
            return ebee.XDP_DROP
        pkt.udp.sport = 99
    return ebee.XDP_PASS


@ebee.tc("ingress")
def mark_packets(pkt):
    if pkt.ip and pkt.ip.ttl > 9:
        pkt.mark = pkt.ip.ttl
    return len(pkt) & 3


def udp(port: int, ttl: int, extra: int) -> bytes:
    head = bytes(12) + b"\x08\0" + b"\x45\0" + (28 + extra).to_bytes(2, "big") + bytes(4) + bytes((ttl, 17)) + bytes(10)
    return head + b"\x12\x34" + port.to_bytes(2, "big") + bytes(4 + extra)


def run_all(tier: str, probe: object, packets: list[bytes]) -> object:
    backend = EngineBackend(tier=tier)
    try:
        spec, _ = compile_probes([probe], backend.target)
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        (program,) = spec.programs.values()
        loaded = backend.load_program(program, spec, maps)
        out = []
        for packet in packets:
            result = backend.test_run(loaded, Run(data=packet))
            out.append((result.retval, result.data))
        return out, {name: dict(m.items()) for name, m in maps.items() if m.spec.key_size}
    finally:
        backend.close()


@has_native
@pytest.mark.parametrize("probe", [count_ports, mark_packets], ids=["xdp", "tc"])
def test_packets_give_the_same(probe):
    rng = random.Random(4)
    packets = [udp(rng.choice((7, 53, 80)), rng.randrange(20), rng.randrange(30)) for _ in range(60)]
    packets += [p[: rng.randrange(15, len(p))] for p in packets[:20]]
    expected = run_all("interpreter", probe, packets)
    assert run_all("native", probe, packets) == expected == run_all("auto", probe, packets)


@has_native
def test_a_tier_is_chosen_and_forced(monkeypatch):
    assert type(EngineBackend(tier="interpreter").machine) is not NativeMachine
    assert type(EngineBackend(tier="auto").machine) is NativeMachine
    monkeypatch.setattr("ebee.sys.native.machine_name", lambda: "riscv64")
    monkeypatch.setattr("ebee.engine.jit.machine._runtime", None)
    assert type(EngineBackend(tier="auto").machine) is engine_backend.Machine
    with pytest.raises(ebee.errors.NotSupported, match="riscv64"):
        EngineBackend(tier="native")
    with pytest.raises(UsageError, match="no tier 'fast'"):
        EngineBackend(tier="fast")


@has_native
def test_values_of_large_maps_lie_side_by_side():
    """Many more entries than there are regions, deleted and made again: addresses stay, and what is new is zero."""
    backend = EngineBackend(tier="native")
    m = backend.create_map(MapSpec("m", bpf.BPF_MAP_TYPE_HASH, 4, 12, 60_000), ObjectSpec("maps"))
    keys = [n.to_bytes(4, "little") for n in range(40_000)]
    for key in keys:
        m.update(key, key * 3)
    addresses = {m.lookup_address(key) for key in keys}
    assert len(addresses) == len(keys) and all(a % 8 == 0 for a in addresses)
    for key in keys[::2]:
        assert m.delete(key)
    for key in keys[::2]:
        m.update(key, bytes(12))
    assert all(m.lookup(key) == (bytes(12) if i % 2 == 0 else key * 3) for i, key in enumerate(keys))
    assert {backend.machine.memory.read(m.lookup_address(key), 12) for key in keys[::2]} == {bytes(12)}
    last = max(m.lookup_address(key) for key in keys)
    with pytest.raises(FaultError):
        backend.machine.memory.read(last | 0xFFFF_FFF0, 8)
    backend.close()
