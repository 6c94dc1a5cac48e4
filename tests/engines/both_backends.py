"""Assembly on the engine and on the kernel: the same results, packets, contexts and contents of maps."""

from __future__ import annotations

from ebee.abi import bpf
from ebee.abi.helpers import HELPER_IDS
from ebee.btf.build import BtfBuilder
from ebee.engine.backend import EngineBackend
from ebee.isa.asm import assemble
from ebee.isa.opcodes import CALL, LDDW
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import FuncInfo, MapSpec, ObjectSpec, ProgramSpec, Reloc
from fd_leaks import closed_after_test

SECTIONS = {
    bpf.BPF_PROG_TYPE_SOCKET_FILTER: "socket", bpf.BPF_PROG_TYPE_SCHED_CLS: "tc", bpf.BPF_PROG_TYPE_XDP: "xdp",
    bpf.BPF_PROG_TYPE_CGROUP_SKB: "cgroup_skb/ingress", bpf.BPF_PROG_TYPE_RAW_TRACEPOINT: "raw_tp/test",
    bpf.BPF_PROG_TYPE_SYSCALL: "syscall", bpf.BPF_PROG_TYPE_SCHED_ACT: "action", bpf.BPF_PROG_TYPE_LWT_XMIT: "lwt_xmit",
}  # fmt: skip
HELPERS = {f"bpf_{name}": number for name, number in HELPER_IDS.items()}
OUT = MapSpec("out", bpf.BPF_MAP_TYPE_ARRAY, 4, 256, 1)
TC, XDP, RAW_TP = bpf.BPF_PROG_TYPE_SCHED_CLS, bpf.BPF_PROG_TYPE_XDP, bpf.BPF_PROG_TYPE_RAW_TRACEPOINT


@closed_after_test
def kernel():
    from ebee.kernel.backend import KernelBackend

    return KernelBackend()


def make_program(text, prog_type, names, name="prog"):
    """Assemble; `NAME@map` and `NAME@value` stand for maps, `KFUNC@kfunc` for a kernel function."""
    relocs, lines, kfuncs, index = [], [], {}, 0
    for line in text.strip().splitlines():
        line = line.strip()
        if not line:
            continue
        for kind in ("map", "value", "kfunc"):
            if f"@{kind}" in line:
                word = next(w for w in line.split() if w.endswith(f"@{kind}"))
                symbol = word.partition("@")[0]
                target = {"map": "map[fd:0]", "value": "map[fd:0][0]", "kfunc": symbol}[kind]
                kfuncs |= {symbol: 0} if kind == "kfunc" else {}
                line = line.replace(word, target)
                relocs.append(Reloc(index, {"value": "map_value"}.get(kind, kind), symbol))
        lines.append(line)
        index += not line.endswith(":")
    insns = assemble("\n".join(lines), helpers=HELPERS, kfuncs=kfuncs)
    return ProgramSpec(name, SECTIONS[prog_type], prog_type, insns=insns, relocs=relocs)


def describe_functions(spec, btf=b""):
    """Return BTF with a function for each one of the program, which the kernel needs for callbacks."""
    at, slots = 0, {}
    for index, insn in enumerate(spec.insns):
        slots[at] = index
        at += insn.slots
    starts = {0}
    for slot, index in slots.items():
        insn = spec.insns[index]
        if insn.opcode == CALL and insn.src_reg == 1 or insn.opcode == LDDW and insn.src_reg == 4:
            starts.add(slots[slot + 1 + (insn.imm ^ 1 << 31) % (1 << 32) - (1 << 31)])
    if len(starts) == 1:
        return btf
    builder = BtfBuilder.continuing(btf) if btf else BtfBuilder()
    number = builder.add_int("long", 8, 1)
    proto = builder.add_func_proto(number, [(name, number) for name in "abcde"])
    main = builder.add_func_proto(builder.add_signed("int", 4), [("ctx", builder.add_ptr(0))])
    spec.func_info = [FuncInfo(at, builder.add_func(f"f{at}", proto if at else main, 0)) for at in sorted(starts)]
    return builder.encode()


def load(backend, text, prog_type=TC, maps=(), btf=b"", before=None):
    """Return the loaded program and its live maps; `before(maps)` runs before it is loaded."""
    specs = {m.name: m for m in (OUT, *maps)}
    spec = make_program(text, prog_type, specs)
    obj = ObjectSpec("o", {"prog": spec}, specs, btf=describe_functions(spec, btf))
    live = {name: backend.create_map(m, obj) for name, m in specs.items()}
    if before is not None:
        before(live)
    return backend.load_program(spec, obj, live), live


def outcome(backend, text, prog_type=TC, maps=(), data=b"", ctx=b"", repeat=1, **more):
    """Return (r0, packet, context, what the map `out` holds)."""
    program, live = load(backend, text, prog_type, maps, **more)
    result = backend.test_run(program, Run(ctx, data, repeat))
    out = live["out"].lookup(bytes(4))
    program.close()
    for m in live.values():
        m.close()
    return result.retval, result.data, result.ctx, out


def same(text, prog_type=TC, **more):
    """Run on both; return what they agree on."""
    engine = outcome(EngineBackend(), text, prog_type, **more)
    wanted = outcome(kernel(), text, prog_type, **more)
    for what, got, want in zip(("r0", "the packet", "the context", "the map"), engine, wanted):
        assert in_words(got) == in_words(want), f"{what} differs after:\n{text}"
    return engine


def in_words(value):
    """Return 8 bytes in a line, for messages."""
    if not isinstance(value, bytes):
        return value
    return [(at, value[at : at + 8].hex()) for at in range(0, len(value), 8)]
