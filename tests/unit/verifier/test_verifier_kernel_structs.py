"""Pointers to the kernel's structs, at offsets and of types that the running kernel's BTF has."""

from __future__ import annotations

import os

import pytest
from compare import target_with_types
from host_verdict import kernel_verdict, kernel_version
from verdict_cases import parse

from ebee.btf.kinds import BTF_KIND_STRUCT, BTF_KIND_UNION
from ebee.verifier.entry import verify_program
from ebee.verifier.refusal import Options

FILE = "r1 = *(u64 *)(r1 + 24); if r1 == 0 goto out; r1 += {}; r2 = r10; r2 += -64; r3 = 64; call d_path"
CAST = "r2 = {}; call bpf_rdonly_cast; r1 = *(u32 *)(r0 + 0)"
CONNECTION = (
    "r6 = r1; *(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; *(u64 *)(r10 - 24) = 0; r2 = r10; r2 += -12; r3 = 12; "
    "r4 = r10; r4 += -24; r5 = 12; call bpf_xdp_ct_lookup; if r0 == 0 goto out; *(u32 *)(r0 + {}) = 7; r1 = r0; "
    "call bpf_ct_release"
)
# Section, code with a place or a type, and whether it is accepted.
PROGRAMS = {
    "path": ("iter/task_file", FILE, "file.f_path", True),
    "no path": ("iter/task_file", FILE, "file.f_inode", False),
    "struct": ("tc", CAST, "struct task_struct", True),
    "union": ("tc", CAST, "union bpf_attr", True),
    "mark": ("xdp", CONNECTION, "nf_conn.mark", True),
    "status": ("xdp", CONNECTION, "nf_conn.status", False),
}


def place(btf, what):
    """Return the offset of a struct's member, or a type's number."""
    if " " in what:
        kind, name = what.split()
        return btf.by_name(name, BTF_KIND_UNION if kind == "union" else BTF_KIND_STRUCT).id
    name, _, wanted = what.partition(".")
    return offset(btf.by_name(name, BTF_KIND_STRUCT), wanted)


def offset(struct, wanted):
    for member in struct.members:
        if member.name == wanted:
            return member.bit_off // 8
        inner = struct.btf.resolve(member.type_id)
        if not member.name and (at := offset(inner, wanted)) is not None:
            return member.bit_off // 8 + at
    return None


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", PROGRAMS)
def test_places_in_structs(name):
    section, code, what, accepted = PROGRAMS[name]
    target = target_with_types()
    btf = target.btf()
    if btf is None or "nf_conn" in what and btf.by_name("bpf_xdp_ct_lookup") is None:
        pytest.skip("this kernel's types do not have what the program needs")
    lines = "".join(f"    {line}\n" for line in code.format(place(btf, what)).split("; "))
    case = parse(f"case one\nsection {section}\n{lines}  out:\n    r0 = 0\n    exit\n")[0]
    verdict = verify_program(case.program, case.spec, target, Options())
    assert verdict.accepted is accepted, verdict.refusal
    if kernel_version() == "6.18" and not os.geteuid():
        assert kernel_verdict(case).accepted is accepted
