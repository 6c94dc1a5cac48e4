"""Relocation: a program's instructions with everything filled in that waits for the running system."""

from __future__ import annotations

from ..errors import NotSupported, UnknownProbe
from ..isa.encode import slot_offsets
from ..isa.insn import Insn
from ..isa.opcodes import (
    BPF_PSEUDO_BTF_ID,
    BPF_PSEUDO_KFUNC_CALL,
    BPF_PSEUDO_MAP_FD,
    BPF_PSEUDO_MAP_VALUE,
    CALL,
    JA,
)
from ..record import Record, field
from ..spec.object import (
    CORE_EXISTENCE,
    RELO_FUNC,
    RELO_JUMP_TABLE,
    RELO_KFUNC,
    RELO_KSYM,
    RELO_MAP,
    RELO_MAP_VALUE,
    RELO_SUBPROG,
    RELO_TP_FIELD,
)
from .maps import map_fd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..spec.backend import BackendMap
    from ..spec.core_relo import Relocator
    from ..spec.object import ObjectSpec, ProgramSpec, Reloc
    from ..sys.os_seam import Fd
    from .target import Tracepoints

# The first numbers of helpers that do not exist, called where something is missing.
# Source: libbpf.c, relo_core.c (libbpf 1.6).
POISON_CORE, POISON_MAP, POISON_KFUNC = 195_896_080, 2_001_000_000, 2_002_000_000


class Relocated(Record):
    """Instructions to be loaded.

    `modules` are the types of kernel modules whose functions are called: number n is index n + 1 of fd_array.
    `missing` says what the kernel does not have, by the number of the helper that is called in its place; the
    verifier refuses that, unless it sees that the call is not reached. `jump_tables` are wide loads, and the slots that
    the table that they are to load has.
    """

    insns: list[Insn]
    modules: list[Fd] = field(default_factory=list)
    missing: list[tuple[int, NotSupported]] = field(default_factory=list)
    jump_tables: list[tuple[list[Insn], list[int]]] = field(default_factory=list)


def relocate(
    prog: ProgramSpec,
    obj: ObjectSpec | None,
    maps: Mapping[str, BackendMap],
    tracepoints: Tracepoints,
    core: Relocator | None = None,
) -> Relocated:
    """Return the program's instructions with everything filled in; each takes as many slots as before.

    What the kernel does not have is poisoned, not refused, in C programs and those that ask for the existence of
    things. `core` carries out what programs ask of the kernel's types.

    Raises: UsageError for a map that is not live, UnknownProbe, NotSupported for a field of another width, or what
    this kernel does not have.
    """
    out = Relocated(list(prog.insns))
    insns = out.insns
    wide: list[int] = []
    asks = any(r.is_weak for r in prog.relocs) or any(r.kind in CORE_EXISTENCE for r in prog.core_relos)
    tables: dict[str, list[Insn]] = {}
    for relo in prog.relocs:
        i, kind = relo.insn_idx, relo.kind
        insn = insns[i].copy()
        named = obj.maps.get(relo.symbol) if obj is not None and kind in (RELO_MAP, RELO_MAP_VALUE) else None
        if named is not None and not named.autocreate:
            hint = f'obj.spec.maps["{relo.symbol}"].autocreate is off'
            error = NotSupported(f"map {relo.symbol!r}, which program {prog.name!r} uses", hint=hint)
            insn = _poisoned(POISON_MAP, error, out)
            wide.append(i)
        elif kind == RELO_MAP:
            insn.src_reg, insn.imm = BPF_PSEUDO_MAP_FD, map_fd(maps.get(relo.symbol), relo.symbol)
        elif kind == RELO_MAP_VALUE:
            insn.src_reg = BPF_PSEUDO_MAP_VALUE
            insn.imm = map_fd(maps.get(relo.symbol), relo.symbol) | relo.addend << 32
        elif kind == RELO_TP_FIELD:
            insn.off = _field_off(prog, relo.symbol, relo.size_bytes, tracepoints) + relo.addend
        elif kind == RELO_KFUNC:
            insn = _kfunc_call(relo, out)
        elif kind == RELO_KSYM:
            _put_ksym(insn, relo, out, obj)
        elif kind == RELO_JUMP_TABLE:
            insn.src_reg = BPF_PSEUDO_MAP_VALUE
            tables.setdefault(relo.symbol, []).append(insn)
        elif kind not in (RELO_SUBPROG, RELO_FUNC):
            raise NotSupported(f"relocation {kind!r} of program {prog.name!r}")
        insns[i] = insn
    if tables:
        slots = slot_offsets(prog.insns)
        out.jump_tables = [(loads, [slots[i] for i in prog.jump_tables[name]]) for name, loads in tables.items()]
    if core is not None:
        for core_relo in prog.core_relos:
            i = core_relo.insn_idx
            poison = POISON_CORE + len(out.missing)
            insns[i], *rest = core.relocate(prog, core_relo, insns[i], poison)
            result = core.report.results[-1]
            if result.is_poisoned:
                error = NotSupported(f"{result.local} (program {prog.name!r}, instruction {i})", hint=result.why)
                if core_relo.is_exact and not asks:
                    raise error
                out.missing.append((poison, error))
            wide += [i] * len(rest)
    for i in sorted(wide, reverse=True):
        insns.insert(i + 1, Insn(JA))
    return out


def _btf_fd_index(module: str, out: Relocated) -> int:
    """Return the index in fd_array of a module's types, 0 for the kernel's own."""
    if not module:
        return 0
    from .vmlinux import module_btf_fd

    out.modules.append(module_btf_fd(module))
    return len(out.modules)


def _kfunc_call(relo: Reloc, out: Relocated) -> Insn:
    from ..spec.core_fields import kernel_names
    from .vmlinux import find_symbol

    found = find_symbol(kernel_names(relo.symbol), is_function=True)
    if found is not None:
        type_id, module = found
        return Insn(CALL, 0, BPF_PSEUDO_KFUNC_CALL, _btf_fd_index(module, out), type_id)
    error = NotSupported(f"kernel function {relo.symbol!r}", hint="this kernel and its loaded modules do not have it")
    if not relo.is_weak:
        raise error
    return _poisoned(POISON_KFUNC, error, out)


def _poisoned(first: int, error: NotSupported, out: Relocated) -> Insn:
    """A call of a helper that does not exist, of a number of its own, so that the verifier tells which was reached."""
    out.missing.append((first + len(out.missing), error))
    return Insn(CALL, imm=out.missing[-1][0])


def _is_typeless(obj: ObjectSpec | None, name: str) -> bool:
    """Whether a program takes something of the kernel's for an address: `extern const void NAME __ksym`."""
    type_id = obj.externs.get(name) if obj is not None else None
    if not type_id or obj is None:
        return False
    from ..btf.read import Btf

    return not Btf(obj.btf).resolve(type_id).kind


def _put_ksym(insn: Insn, relo: Reloc, out: Relocated, obj: ObjectSpec | None) -> None:
    from ..spec.core_fields import kernel_names
    from .vmlinux import find_symbol

    if _is_typeless(obj, relo.symbol):
        from .ksyms import address_of

        insn.src_reg, insn.imm = 0, address_of(relo.symbol)
        if not insn.imm and not relo.is_weak:
            raise NotSupported(f"the kernel's {relo.symbol!r}", hint="/proc/kallsyms does not have it")
        return
    found = find_symbol(kernel_names(relo.symbol), is_function=True) or find_symbol([relo.symbol], is_function=False)
    if found is None and not relo.is_weak:
        raise NotSupported(f"kernel variable {relo.symbol!r}", hint="this kernel's types do not tell of it")
    insn.src_reg = insn.imm = 0
    if found is not None:
        type_id, module = found
        index = _btf_fd_index(module, out)
        insn.src_reg = BPF_PSEUDO_BTF_ID
        insn.imm = type_id | (out.modules[index - 1].number << 32 if index else 0)


def _field_off(prog: ProgramSpec, name: str, size_bytes: int, tracepoints: Tracepoints) -> int:
    """Return where this kernel has a field of the tracepoint's record."""
    layout = tracepoints.lookup(prog.attach_to)
    if layout is None:
        raise unknown_probe(prog.attach_to, tracepoints)
    field = layout.fields.get(name)
    if field is None:
        known = ", ".join(layout.fields)
        raise NotSupported(f"field {name!r} of {prog.attach_to}", hint=f"on this kernel it has: {known}")
    if size_bytes and field.size_bytes != size_bytes:
        raise NotSupported(
            f"field {name!r} of {prog.attach_to} in {size_bytes} bytes",
            hint=f"on this kernel it is {field.type!r} of {field.size_bytes} bytes: compile the program here",
        )
    return field.off_bytes


def unknown_probe(event: str, tracepoints: Tracepoints) -> UnknownProbe:
    """Return the error for a tracepoint that is not there, with names that are alike."""
    from difflib import get_close_matches

    return UnknownProbe(f"tracepoint:{event}", get_close_matches(event, tracepoints.names(), 3))
