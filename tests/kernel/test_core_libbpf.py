"""CO-RE, as libbpf does it: the same object, loaded by both, is the same program in the kernel."""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from core_objects import DATA, compile_c, read_programs, sections

from ebee.abi import attr as layouts
from ebee.abi import bpf as abi
from ebee.btf.dedup import dedup
from ebee.btf.read import Btf
from ebee.isa.encode import decode
from ebee.kernel.backend import KernelBackend
from ebee.spec.core_min import minimise
from ebee.spec.core_relo import CoreTarget, Relocator
from ebee.sys import bpf

BPFTOOL = shlex.split(os.environ.get("EBEE_BPFTOOL", "bpftool"))
VMLINUX = Path("/sys/kernel/btf/vmlinux")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("core")
    source = DATA / "core_kinds.bpf.c"
    return folder / "k.bpf.o", compile_c(source, folder / "k.bpf.o")


def xlated_by_libbpf(path):
    """Return what the kernel made of each program that bpftool loads from an object."""
    out = path.parent / "xlated"
    out.mkdir(exist_ok=True)
    tool = shlex.join(BPFTOOL)
    script = f"""set -eu
mkdir -p {out}/fs
mount -t bpf bpffs {out}/fs
{tool} prog loadall {path} {out}/fs/made
for p in {out}/fs/made/*; do echo $(basename $p); {tool} -j prog dump xlated pinned $p opcodes; echo; done
"""
    unshare = ["unshare", "--mount", "--propagation", "private", "--fork", "--kill-child"]
    done = subprocess.run([*unshare, "sh", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line]
    return {name: b"".join(map(code_of, json.loads(text))) for name, text in zip(lines[::2], lines[1::2], strict=True)}


def code_of(insn):
    """Return an instruction's bytes from what bpftool prints of it."""
    codes = insn["opcodes"]
    registers = int(codes["src_reg"], 16) << 4 | int(codes["dst_reg"], 16)
    off, imm = (bytes(int(byte, 16) for byte in codes[name]) for name in ("off", "imm"))
    return bytes([int(codes["code"], 16), registers]) + off + imm  # of a wide load with the whole second slot


@pytest.mark.needs_kernel
@pytest.mark.needs_root
@pytest.mark.needs_tool(BPFTOOL[0], "unshare", "mount")
def test_programs_are_those_that_libbpf_loads(compiled):
    path, data = compiled
    theirs = xlated_by_libbpf(path)
    spec = read_programs(data)
    assert sorted(theirs) == sorted(spec.programs) and len(theirs) == 11
    backend = KernelBackend()
    try:
        for name, program in spec.programs.items():
            loaded = backend.load_program(program, spec, {})
            ours = xlated(loaded.fd.number)
            assert decode(ours) == decode(theirs[name]), name
        report = backend.core_report(spec)
        assert len(report.results) == sum(len(p.core_relos) for p in spec.programs.values())
        text = str(report)
    finally:
        backend.close()
    assert "guarded+" in text and "poisoned: vmlinux has no struct absent" in text
    assert "existence of struct task_struct___old.state: 1 -> 0 (struct task_struct has no 'state')" in text
    assert ", 1 -> 4 bytes (type " in text


def xlated(fd):
    """Return what the kernel made of a program."""
    (length_off, length_size), (insns_off, _) = layouts.PROG_INFO["xlated_prog_len"], layouts.PROG_INFO["xlated_prog_insns"]
    size = insns_off + 8
    length = int.from_bytes(bpf.info_by_fd(fd, size)[length_off : length_off + length_size], sys.byteorder)
    code, info = ctypes.create_string_buffer(length), ctypes.create_string_buffer(size)
    struct.pack_into("I", info, length_off, length)
    struct.pack_into("Q", info, insns_off, ctypes.addressof(code))
    values = {"bpf_fd": fd, "info_len": size, "info": bpf.address(info)}
    bpf.call(abi.BPF_OBJ_GET_INFO_BY_FD, bpf.make_attr(layouts.OBJ_GET_INFO_BY_FD, values))
    return code.raw


def bpftool(*args):
    done = subprocess.run([*BPFTOOL, *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def relocated_against(data, btf):
    """Return the values that all relocations of an object get."""
    spec = read_programs(data)
    relocator = Relocator(Btf(spec.btf), CoreTarget("vmlinux", btf))
    results = [relocator.calculate(p.name, relo) for p in spec.programs.values() for relo in p.core_relos]
    is_id = ("core_type_id",)
    values = [(r.local, r.kind, r.is_poisoned, 0 if r.kind in is_id else r.new, r.new_size) for r in results]
    return relocator, values


@pytest.mark.skipif(not VMLINUX.exists(), reason=f"there is no {VMLINUX}")
def test_the_least_btf_serves_as_well_as_all(compiled):
    whole = Btf(VMLINUX.read_bytes())
    relocator, wanted = relocated_against(compiled[1], whole)
    least = Btf(minimise(whole, [relocator]))
    assert least.type_count < 300 and len(least.data) < 20_000
    assert relocated_against(compiled[1], least)[1] == wanted


@pytest.mark.skipif(not VMLINUX.exists(), reason=f"there is no {VMLINUX}")
@pytest.mark.needs_tool(BPFTOOL[0])
def test_values_are_those_of_bpftool_s_least_btf(compiled, tmp_path):
    bpftool("gen", "min_core_btf", VMLINUX, tmp_path / "min.btf", compiled[0])
    wanted = relocated_against(compiled[1], Btf(VMLINUX.read_bytes()))[1]
    theirs = Btf((tmp_path / "min.btf").read_bytes())
    assert relocated_against(compiled[1], theirs)[1] == wanted


@pytest.mark.needs_tool(BPFTOOL[0])
def test_duplicates_are_those_that_libbpf_s_linker_finds(compiled, tmp_path):
    path, data = compiled
    bpftool("gen", "object", tmp_path / "linked.o", path)
    linked = Btf(dict(sections((tmp_path / "linked.o").read_bytes()))[".BTF"])
    ours = Btf(dedup(Btf(dict(sections(data))[".BTF"]))[0])
    assert sorted(map(repr, ours.types())) == sorted(map(repr, linked.types()))
