"""Programs that jump through tables (gotox): read, written, verified, and run in the engine and in the kernel."""

from __future__ import annotations

import pytest

import ebee
from clang_objects import compile_text, compiled
from ebee.elf.read import read_object
from ebee.errors import ElfError, NotSupported, VerifierError
from ebee.kernel.features import probe

# What `jumps` returns by the packet's first byte.
RESULTS = {0: 11, 1: 22, 2: 30, 3: 11, 4: 2, 255: 2}
SWITCH = """
#include "ebpf.h"
char LICENSE[] SEC("license") = "GPL";
long seen;
SEC("xdp") int choose(struct { __u32 data, data_end; } *ctx)
{
    __u8 *p = (void *)(long)ctx->data;
    if ((void *)(p + 1) > (void *)(long)ctx->data_end)
        return 1;
    switch (*p) {
    case 0: seen = 7; return 100;
    case 1: return 3;
    case 2: seen += 5; return 77;
    case 3: return seen;
    case 4: seen ^= 9; return 12;
    case 5: return 55;
    }
    return 2;
}
"""
FLAGS = ("-mcpu=v4", "-mllvm", "-bpf-min-jump-table-entries=4")


def has_maps_of_instructions():
    return next(f.state == "yes" for f in probe() if f.name == "insn_array")


@pytest.mark.parametrize("big", [False, True])
def test_tables_are_read(big):
    spec = ebee.read(compiled("jumping", big=big)).spec
    first, jumps = spec.programs["first"], spec.programs["jumps"]
    assert first.jump_tables == {"BPF.JT.0.0": [12, 15, 12]}
    assert jumps.jump_tables == {"BPF.JT.0.0": [32, 35, 32], "BPF.JT.1.0": [16, 18, 20, 16]}
    assert [r.kind for r in jumps.relocs] == ["jump_table", "jump_table"]


def test_tables_are_written(tmp_path):
    obj = ebee.read(compiled("jumping"))
    obj.save(tmp_path / "saved.bpf.o")
    again = ebee.read(tmp_path / "saved.bpf.o")
    for name, program in obj.spec.programs.items():
        saved = again.spec.programs[name]
        assert saved.insns == program.insns and saved.jump_tables == program.jump_tables
        assert saved.relocs == program.relocs
    obj.spec.programs["jumps"].jump_tables["BPF.JT.1.0"] = [16, 30]
    with pytest.raises(ElfError, match=r"'BPF.JT.1.0' leads out of its function"):
        obj.save(tmp_path / "other.bpf.o")


@pytest.mark.parametrize("verify", [False, True])
def test_the_engine_jumps(verify):
    with ebee.load(compiled("jumping"), backend="engine", verify=verify) as obj:
        for first, result in RESULTS.items():
            assert obj.programs["jumps"].run(packet=bytes([first]) * 64).retval == result
        assert obj.programs["first"].run(packet=bytes(64)).retval == 500


@pytest.mark.vm
@pytest.mark.needs_kernel
def test_the_kernel_jumps_or_says_what_it_lacks():
    if not has_maps_of_instructions():
        with pytest.raises(NotSupported, match=r"indirect jumps \(program 'first'\)") as e:
            ebee.load(compiled("jumping"))
        assert "Linux 6.19" in e.value.hint
        return
    with ebee.load(compiled("jumping")) as obj:
        for first, result in RESULTS.items():
            assert obj.programs["jumps"].run(packet=bytes([first]) * 64).retval == result
        assert obj.programs["first"].run(packet=bytes(64)).retval == 500
    obj = ebee.read(compiled("jumping"))
    obj.spec.programs["jumps"].jump_tables["BPF.JT.1.0"] = [32]
    with pytest.raises(VerifierError):
        obj.load()


def test_verdicts():
    obj = ebee.read(compiled("jumping"))
    assert all(v.accepted for v in ebee.verify(obj, kernel="7.3"))
    assert {v.explanation.message for v in ebee.verify(obj)} == {"unknown opcode 0d"}
    tables = obj.spec.programs["jumps"].jump_tables
    good = tables["BPF.JT.1.0"]
    tables["BPF.JT.1.0"] = good[:3]
    assert "[0,3] max_entries 3" in refusal(obj) or "invalid access to map value" in refusal(obj)
    tables["BPF.JT.1.0"] = [*good[:3], 32]
    assert "points outside of the subprog [0,25]" in refusal(obj)
    tables["BPF.JT.1.0"] = [32] * 4
    assert refusal(obj) == "no jump tables found for subprog starting at 0"


def refusal(obj):
    return next(v.explanation.message for v in ebee.verify(obj, kernel="7.3") if v.program == "jumps")


def test_damaged_tables():
    data = bytearray(compiled("jumping").read_bytes())
    table = bytes.fromhex("4800000000000000 6000000000000000")
    assert data.count(table) == 1
    at = data.index(table)
    for value in (0x49, 0x20, 0x1000, 2**63):
        data[at : at + 8] = value.to_bytes(8, "little")
        with pytest.raises(ElfError, match=r"\.jumptables: offset 0: .*'times' leads to none of its instructions"):
            read_object(bytes(data))


def test_tables_of_clang():
    path = compile_text(SWITCH, *FLAGS)
    if b".jumptables" not in path.read_bytes():
        pytest.skip("this clang makes no jump tables: clang 22 does")
    assert all(v.accepted for v in ebee.verify(path, kernel="7.3"))
    with ebee.load(path, backend="engine") as obj:
        results = [obj.programs["choose"].run(packet=bytes([n]) * 64).retval for n in (0, 1, 2, 3, 4, 5, 6)]
        assert results == [100, 3, 77, 12, 12, 55, 2]
