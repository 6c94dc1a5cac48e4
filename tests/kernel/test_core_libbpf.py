"""CO-RE, as libbpf does it: the same object, loaded by both, is the same program in the kernel."""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import struct
import subprocess
import sys

import pytest
from core_objects import DATA, compile_c, read_programs

from ebee.abi import attr as layouts
from ebee.abi import bpf as abi
from ebee.isa.encode import decode
from ebee.kernel.backend import KernelBackend
from ebee.sys import bpf

BPFTOOL = shlex.split(os.environ.get("EBEE_BPFTOOL", "bpftool"))


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
{tool} prog loadall {path} {out}/fs
for p in {out}/fs/*; do echo $(basename $p); {tool} -j prog dump xlated pinned $p opcodes; echo; done
"""
    unshare = ["unshare", "--mount", "--propagation", "private", "--fork", "--kill-child"]
    done = subprocess.run([*unshare, "sh", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
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
    assert sorted(theirs) == sorted(spec.programs) and len(theirs) == 9
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
