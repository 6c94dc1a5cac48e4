"""Objects to be written as files: one from Python, one made by hand that has what the front end does not make."""

from __future__ import annotations

import importlib.util
import sys

import ebee
from ebee.abi import bpf
from ebee.api.compile import find_target
from ebee.btf.build import BtfBuilder
from ebee.elf.write import write_object
from ebee.isa.asm import assemble
from ebee.isa.insn import Insn
from ebee.isa.opcodes import BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, CALL, LDDW
from ebee.spec.object import (
    LOSS_MAP,
    RELO_MAP,
    RELO_MAP_VALUE,
    FuncInfo,
    LineInfo,
    LossSite,
    MapSpec,
    ObjectSpec,
    ProgramSpec,
    Reloc,
)  # fmt: skip

SOURCE = '''\
import ebee
from ebee import Hash, RingBuf, Str, Struct, u32, u64


class Open(Struct):
    pid: u32
    comm: str = Str(16)
    path: str = Str(64)


opens = RingBuf(Open, size=4096)
counts = Hash(u32, u64, max_entries=64)


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    counts[ebee.pid()] += 1
    with opens.reserve() as e:
        e.pid = ebee.pid()
        e.path = ebee.user_str(ctx.filename)


@ebee.tracepoint("syscalls:sys_enter_openat")
def same_section(ctx):
    counts[ctx.flags & 7] += 1


@ebee.tracepoint("sched:sched_process_exit")
def on_exit(ctx):
    counts[u32(ctx.prio)] += 1
'''


def module_of(path, source=SOURCE):
    """Execute a source as a module, from a file that is written for it."""
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def from_python(directory, source=SOURCE):
    """The object of `source`'s probes."""
    module = module_of(directory / "probes.py", source)
    return ebee.compile(*(v for v in vars(module).values() if isinstance(v, ebee.Probe)))


def by_hand():
    """Functions that are called, a callback, read-only data, counters; it runs as a socket filter and returns 47.

    7 from the function, 3 × 10 from the callback's three runs, 10 from the data.
    """
    btf = BtfBuilder()
    number = btf.add_signed("int", 4)
    long = btf.add_int("u64", 8)
    proto = btf.add_func_proto(number, [("ctx", btf.add_ptr(0))])
    callback = btf.add_func_proto(long, [("index", btf.add_int("u32", 4)), ("sum", btf.add_ptr(0))])
    ids = [btf.add_func("entry", proto, 0), btf.add_func("seven", proto, 0), btf.add_func("each", callback, 0)]
    line = [btf.string("by_hand.py"), btf.string("return seven() + 30 + ten")]
    insns = [
        *assemble("r6 = r1; *(u64 *)(r10 - 8) = 0; r1 = 3".replace("; ", "\n")),
        Insn(LDDW, 2, BPF_PSEUDO_FUNC),
        *assemble("r3 = r10; r3 += -8; r4 = 0; call 181; r1 = r6".replace("; ", "\n")),
        Insn(CALL, 0, 1),
        *assemble("r7 = *(u64 *)(r10 - 8); r7 += r0".replace("; ", "\n")),
        Insn(LDDW, 1, BPF_PSEUDO_MAP_VALUE),
        *assemble("r1 = *(u64 *)(r1 + 0); r7 += r1; r1 = 1".replace("; ", "\n")),
        Insn(LDDW, 2, BPF_PSEUDO_MAP_VALUE),
        *assemble("lock *(u64 *)(r2 + 0) += r1; r0 = r7; exit".replace("; ", "\n")),
    ]
    seven = len(insns)
    insns += assemble("r0 = 7; exit".replace("; ", "\n"))
    each = len(insns)
    insns += assemble("r1 = *(u64 *)(r2 + 0); r1 += 10; *(u64 *)(r2 + 0) = r1; r0 = 0; exit".replace("; ", "\n"))
    wide = [i for i, insn in enumerate(insns) if insn.opcode == LDDW]
    slot = {i: sum(x.slots for x in insns[:i]) for i in range(len(insns))}
    call = next(i for i, insn in enumerate(insns) if (insn.opcode, insn.src_reg) == (CALL, 1))
    insns[wide[0]].imm = slot[each] - slot[wide[0]] - 1
    insns[call].imm = slot[seven] - slot[call] - 1
    relocs = [Reloc(wide[1], RELO_MAP_VALUE, ".rodata.numbers", 8), Reloc(wide[2], RELO_MAP_VALUE, LOSS_MAP, 8)]
    spec = ObjectSpec("by_hand", loss_sites=[LossSite(0, "bad_shift", "x"), LossSite(1, "map_full", "m")])
    functions = [FuncInfo(0, ids[0]), FuncInfo(seven, ids[1]), FuncInfo(each, ids[2])]
    lines = [LineInfo(at, *line, 3, 5) for at in (0, seven, each)]
    for name, number_of in (("entry", 0), ("other", 1)):
        program = ProgramSpec(name, "socket", bpf.BPF_PROG_TYPE_SOCKET_FILTER, stack_size=64)
        program.insns = [i.copy() for i in insns]
        program.relocs = [r.replace() for r in relocs]
        program.func_info = [f.replace() for f in functions]
        program.line_info = [x.replace() for x in lines]
        if number_of:
            program.func_info[0] = FuncInfo(0, btf.add_func(name, proto, 0))
        spec.programs[name] = program
    user = ProgramSpec("user", "xdp", bpf.BPF_PROG_TYPE_XDP, expected_attach_type=bpf.BPF_XDP)
    user.insns = [Insn(LDDW, 1, BPF_PSEUDO_MAP_FD), *assemble("r0 = 2\nexit")]
    user.relocs = [Reloc(0, RELO_MAP, "flags")]
    spec.programs["user"] = user
    spec.maps["flags"] = MapSpec("flags", bpf.BPF_MAP_TYPE_HASH, 4, 16, 8, map_flags=bpf.BPF_F_NO_PREALLOC)
    data = bytes(8) + (10).to_bytes(8, "little")
    spec.maps[".rodata.numbers"] = MapSpec(
        ".rodata.numbers", bpf.BPF_MAP_TYPE_ARRAY, 4, 16, 1, bpf.BPF_F_RDONLY_PROG, initial=data, frozen=True
    )
    spec.maps[LOSS_MAP] = MapSpec(LOSS_MAP, bpf.BPF_MAP_TYPE_ARRAY, 4, 16, 1)
    spec.btf = btf.encode()
    return spec


def file_by_hand():
    """The bytes of `by_hand`'s file."""
    return write_object(by_hand(), find_target("default"))
