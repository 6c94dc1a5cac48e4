"""Objects to be written as files: one from Python, one made by hand that has what the front end does not make."""

from __future__ import annotations

import importlib.util
import sys

import ebee
from ebee.abi import bpf
from ebee.api.compile import find_target
from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import Member
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


IR = """
program main(ctx: ptr.ctx) {
entry:
  n = load.4 ctx + 0
  place = map_value .data + 8
  x = fetch_add.8 place + 0, n
  limit = map_value .rodata + 0
  most = load.4 limit + 0
  zero = const 0
  call = func_addr each
  y = call 181(most, call, place, zero)
  have: ptr.func = ksym weak bpf_new
  if ne have, zero goto new else old
new:
  a: ptr.btf? = call_kfunc weak bpf_new(n)
  goto old
old:
  task: ptr.btf = call 158()
  parent: ptr.btf = load_ptr.8 task + 0 core_field "task_struct.real_parent:struct task_struct *"
  tgid = load_sx.4 parent + 0 core_field "task_struct.tgid:s32"
  size = core core_type_size "struct task_struct"
  value = core core_enum_value "bpf_map_type___x.BPF_MAP_TYPE_ARENA"
  shift = core core_field_rshift "task_struct.in_execve:bits"
  own = core core_type_id_local "struct pair"
  var: ptr.btf = ksym runqueues
  b = call_kfunc bpf_old(var)
  s1 = call_local half(size)
  s2 = add s1, value
  s3 = add s2, shift
  s4 = add s3, own
  s5 = add s4, tgid
  ret s5
}
function half(x: i64) {
entry:
  one = const 1
  y = lshr x, one
  z = core core_field_exists "task_struct.comm:char[16]"
  r = add y, z
  ret r
}
function each(i: i64, place: ptr.arg) {
entry:
  x = call_local half(i)
  atomic_add.8 place + 0, x
  zero = const 0
  ret zero
}
"""


def from_ir():
    """An object of everything that comes from IR alone, for a kernel that is made up."""
    from ebee.compiler.passes import compile_module
    from ebee.ir.text import parse_module
    from ebee.spec.core_types import name_types

    btf = BtfBuilder()
    u32, u64, void = btf.add_int("u32", 4), btf.add_int("u64", 8), btf.add_ptr(0)
    number = btf.add_signed("int", 4)
    btf.add_struct("pair", 16, [Member("a", u64, 0), Member("b", u64, 64)])
    protos = {
        "main": btf.add_func_proto(number, [("ctx", void)]), "half": btf.add_func_proto(u64, [("x", u64)]),
        "each": btf.add_func_proto(u64, [("i", u64), ("place", void)]),
    }  # fmt: skip
    code = compile_module(parse_module(IR), find_target("default"))
    program = ProgramSpec("main", "xdp", bpf.BPF_PROG_TYPE_XDP, expected_attach_type=bpf.BPF_XDP)
    program.insns, program.relocs, program.stack_size = code.insns, code.relocs, code.stack_size
    program.func_info = [FuncInfo(at, btf.add_func(name, protos[name], 0)) for name, at in code.functions]
    name_types([program], btf)
    spec = ObjectSpec("from_ir", {"main": program})
    variables = {".data": [("first", u64, 0, 8), ("second", u64, 8, 8)], ".rodata": [("limit", u32, 0, 4)]}
    for section, rows in variables.items():
        size = rows[-1][2] + rows[-1][3]
        ids = [(btf.add_var(name, type_id), off, bytes_) for name, type_id, off, bytes_ in rows]
        spec.maps[section] = MapSpec(
            section, bpf.BPF_MAP_TYPE_ARRAY, 4, size, 1, value_type_id=btf.add_datasec(section, size, ids),
            initial=b"\1".ljust(size, b"\0"), frozen=section == ".rodata",
        )  # fmt: skip
    inner = MapSpec("outer.inner", bpf.BPF_MAP_TYPE_ARRAY, 4, 8, 3, key_type_id=u32, value_type_id=u64)
    spec.maps["outer"] = MapSpec("outer", bpf.BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 5, inner=inner, pinning=1)
    spec.maps["arena"] = MapSpec("arena", bpf.BPF_MAP_TYPE_ARENA, 0, 0, 9, bpf.BPF_F_MMAPABLE, map_extra=1 << 44)
    spec.externs = {
        "bpf_new": btf.add_func_proto(void, [("n", number)]), "bpf_old": btf.add_func_proto(0, [("p", void)]),
        "runqueues": btf.add_struct("rq", 0, []),
    }  # fmt: skip
    spec.btf = btf.encode()
    return spec
