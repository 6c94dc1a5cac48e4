"""Small programs, written by hand, that tests load into the kernel."""

from __future__ import annotations

from ebee.abi import bpf as abi
from ebee.isa.insn import Insn
from ebee.isa.opcodes import LDDW, R0, R1, R2, R3, R4, R6, R10
from ebee.kernel.stub import EXIT, add_imm, call, load, mov, mov_imm, store
from ebee.spec.object import RELO_MAP, MapSpec, ObjectSpec, ProgramSpec, Reloc

RINGBUF_OUTPUT, GET_CURRENT_PID_TGID = 130, 14
RECORD_BYTES = 64  # pid_tgid u64, nr u64, six arguments u64


def ring(name="ring", size=1 << 18):
    return MapSpec(name, abi.BPF_MAP_TYPE_RINGBUF, 0, 0, size)


def recorder(event, fields, ring_name="ring", name="recorder", stack_size=RECORD_BYTES):
    """A tracepoint program that outputs pid_tgid and the fields, given as (offset, size), as u64 each."""
    insns = [mov(R6, R1)]
    for i, (off, size) in enumerate(fields):
        insns += [load(size, R2, R6, off), store(8, R10, -RECORD_BYTES + 8 + 8 * i, R2)]
    for i in range(len(fields), RECORD_BYTES // 8 - 1):
        insns += [mov_imm(R2, 0), store(8, R10, -RECORD_BYTES + 8 + 8 * i, R2)]
    insns += [call(GET_CURRENT_PID_TGID), store(8, R10, -RECORD_BYTES, R0)]
    insns += output(-RECORD_BYTES, RECORD_BYTES)
    insns += [mov_imm(R0, 0), Insn(EXIT)]
    is_raw = ":" not in event
    return ProgramSpec(
        name,
        f"raw_tp/{event}" if is_raw else "tracepoint/" + event.replace(":", "/"),
        abi.BPF_PROG_TYPE_RAW_TRACEPOINT if is_raw else abi.BPF_PROG_TYPE_TRACEPOINT,
        event,
        insns=insns,
        relocs=map_relocs(insns, ring_name),
        stack_size=stack_size,
    )


def output(off, size):
    return [
        Insn(LDDW, R1),
        mov(R2, R10),
        add_imm(R2, off),
        mov_imm(R3, size),
        mov_imm(R4, 0),
        call(RINGBUF_OUTPUT),
    ]


def map_relocs(insns, name):
    return [Reloc(i, RELO_MAP, name) for i, insn in enumerate(insns) if insn.opcode == LDDW]


def raw_program(insns, name="raw", relocs=(), attach_to="sys_enter", **more):
    return ProgramSpec(
        name,
        f"raw_tp/{attach_to}",
        abi.BPF_PROG_TYPE_RAW_TRACEPOINT,
        attach_to,
        insns=list(insns),
        relocs=list(relocs),
        **more,
    )


def object_of(*programs, maps=(), **more):
    return ObjectSpec("test", {p.name: p for p in programs}, {m.name: m for m in maps}, **more)


# (offset, size) of the fields of system-call records.
NR = (8, 4)


def args(count):
    return [NR] + [(16 + 8 * i, 8) for i in range(count)]


RET = [NR, (16, 8)]


def words(record):
    return [int.from_bytes(record[i : i + 8], "little") for i in range(0, len(record), 8)]
