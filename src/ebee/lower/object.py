"""Collects what programs share (maps, functions, global variables, loss sites, types) and makes the `ObjectSpec`."""

from __future__ import annotations

from ..abi import bpf
from ..btf.build import BtfBuilder
from ..btf.kinds import BTF_FUNC_GLOBAL, BTF_FUNC_STATIC, BTF_KIND_FUNC, BTF_KIND_VAR
from ..compiler.passes import compile_module
from ..ir.core import I64, Module
from ..record import Record
from ..spec.object import (
    CORE_KINDS,
    LOSS_MAP,
    PRINT_BYTES,
    PRINT_MAP,
    RELO_KFUNC,
    RELO_KSYM,
    SCRATCH_MAP,
    FuncInfo,
    LineInfo,
    LossSite,
    MapSpec,
    ObjectSpec,
    ProgramSpec,
)
from ..spec.sections import parse_section
from ..types.maps import MapDecl
from ..types.scalars import IntType
from .numbers import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..compiler.code import Code
    from ..compiler.emit import FunctionCode
    from ..compiler.scratch import Claim
    from ..errors import SourceSpan
    from ..ir.core import Function
    from ..spec.target import Target
    from ..types.globals import Global as Variable
    from ..types.scalars import Type
    from ..types.structs import StructType


_RESERVED = {PRINT_MAP: "that print() uses", SCRATCH_MAP: "of variables that do not fit on the stack"}


class Signature(Record):
    """The types of a function's parameters, by name, and of its result. Other types than integers are pointed to."""

    params: list[tuple[str, Type]]
    result: IntType


class Lowered(Record):
    """A program in IR, and the hook that it is for. `signature`: it takes no context, and is a global function.

    `failure` is its result where it ends because of an error.
    """

    function: Function
    section: str
    signature: Signature | None = None
    failure: int = 0


class Subprogram(Record):
    """A function that programs call or take the address of.

    `params` are names and types, for a pointer the type of what it points to; None: a `u64`, or memory of any type.
    A global one is verified by itself, and can be replaced.
    """

    function: Function
    params: Sequence[tuple[str, Type | None]] = ()
    result: Type | None = None
    is_global: bool = False


class Global(Record):
    """A global variable: `size` bytes of `type` at `off_bytes` of the one value of map `section`."""

    name: str
    section: str
    type: Type
    off_bytes: int
    initial: bytes = b""


class ObjectBuilder:
    """One object being made. Map declarations get their names here, from the first place that uses them.

    `rows` has what iterators write, by program, `texts` those that write text; `flavours` are structs of the kernel
    that the source declares itself; `replaceable` has the global functions, by the Python function.
    """

    def __init__(self, name: str, license: str = "GPL", first_print: int = 0) -> None:
        self.name, self.license, self.first_print = name, license, first_print
        self.decls: dict[str, MapDecl | Variable[Any]] = {}
        self.programs: list[Lowered] = []
        self.functions: dict[str, Subprogram] = {}
        self.globals: dict[str, Global] = {}
        self.types: list[Type] = []
        self.loss_sites: list[LossSite] = []
        self.prints: list[dict[str, Any]] = []
        self.rows: dict[str, StructType] = {}
        self.texts: set[str] = set()
        self.flavours: dict[str, Any] = {}
        self.replaceable: dict[object, Any] = {}

    def use_map(self, decl: MapDecl, name: str) -> None:
        """Make a declared map part of the object; `name` is the variable that holds it. Raises: Refusal."""
        if not decl.name:
            decl.name, n = name, 1
            while decl.name in self.decls:  # as of maps that a function makes
                n += 1
                decl.name = f"{name}_{n}"
        if decl.name in _RESERVED:
            raise Refusal(f"{decl.name} is the map {_RESERVED[decl.name]}", "give the map another name=")
        if self.decls.setdefault(decl.name, decl) is not decl:
            raise Refusal(f"two different maps are called {decl.name!r}", "give one of them another name=")

    def use_variable(self, decl: Variable[Any], name: str) -> Global:
        """Make a declared global variable part of the object, in a section of its own. Raises: Refusal."""
        if not decl.name:
            decl.name = name
        if decl.section not in self.decls:
            self.add_global(decl.name, decl.type, decl.section, decl.initial)
        if self.decls.setdefault(decl.section, decl) is not decl:
            raise Refusal(f"two different variables are called {decl.name!r}", "give one of them another name=")
        return self.globals[decl.name]

    def loss_slot(self, kind: str, what: str, span: SourceSpan | None) -> int:
        """Return the number of a new loss counter."""
        self.loss_sites.append(LossSite(len(self.loss_sites), kind, what, span))
        return len(self.loss_sites) - 1

    def zero_slot(self, number: int) -> int:
        """Return the number of a counter in which nothing is ever counted: a zero that no verifier knows.

        There are as many as one asks for: 0 and on.
        """
        for site in self.loss_sites:
            if site.kind == "zero" and site.what == str(number):
                return site.slot
        return self.loss_slot("zero", str(number), None)

    def print_site(self, parts: list[Any], stream: str) -> int:
        """Return the number of a new place that prints; `parts` as in `lower.printing`."""
        self.prints.append({"stream": stream, "parts": parts})
        return self.first_print + len(self.prints) - 1

    def checkpoint(self) -> tuple[int, int, int]:
        """Remember which loss sites, prints and functions there are."""
        return len(self.loss_sites), len(self.prints), len(self.functions)

    def rollback(self, mark: tuple[int, int, int]) -> None:
        """Forget the loss sites, prints and functions that came since."""
        del self.loss_sites[mark[0] :]
        del self.prints[mark[1] :]
        for name in list(self.functions)[mark[2] :]:
            del self.functions[name]

    def add_program(
        self, function: Function, section: str, signature: Signature | None = None, failure: int = 0
    ) -> None:
        """Add a program that has been lowered; `failure` is its result where it ends because of an error."""
        self.programs.append(Lowered(function, section, signature, failure))

    def free_name(self, wanted: str) -> str:
        """Return a name that no function has: the wanted one, or with a number behind it."""
        name, number = wanted, 1
        while name in self.functions or any(p.function.name == name for p in self.programs):
            number += 1
            name = f"{wanted}_{number}"
        return name

    def add_function(
        self, function: Function, params: Sequence[tuple[str, Type | None]] = (), result: Type | None = None,
        *, is_global: bool = False,
    ) -> None:
        """Add a function that programs of this object may call; each carries those that it uses, in this order.

        Parameters without a name are called `arg1` and so on. Raises: Refusal for a name that is taken.
        """
        if function.name in self.functions or any(p.function.name == function.name for p in self.programs):
            raise Refusal(f"two functions are called {function.name!r}", "give one of them another name")
        self.functions[function.name] = Subprogram(function, params, result, is_global)

    def add_global(self, name: str, type: Type, section: str = ".bss", initial: bytes = b"") -> Global:
        """Add a global variable to `.data`, `.bss`, `.rodata` (constant in programs), `.data.NAME` or `.rodata.NAME`.

        Raises: Refusal for a name that is taken.
        """
        if name in self.globals:
            raise Refusal(f"two global variables are called {name!r}", "give one of them another name")
        end = max((g.off_bytes + g.type.size for g in self.globals.values() if g.section == section), default=0)
        off_bytes = -(-end // type.align) * type.align
        made = self.globals[name] = Global(name, section, type, off_bytes, initial)
        return made

    def use_type(self, type: Type) -> None:
        """Have the object's BTF hold a type that no map or function mentions (for RELO `core_type_id_local`)."""
        self.types.append(type)

    def finish(self, target: Target) -> ObjectSpec:
        """Compile every program and return the object. Raises: CompileError."""
        btf = BtfBuilder()
        codes, claims = self._compiled(target)
        spec = ObjectSpec(self.name, license=self.license, loss_sites=self.loss_sites)
        for name, decl in self.decls.items():
            if isinstance(decl, MapDecl):
                spec.maps[name] = _map_spec(name, decl, btf)
        for section in dict.fromkeys(g.section for g in self.globals.values()):
            spec.maps[section] = _globals_spec(section, [g for g in self.globals.values() if g.section == section], btf)
        if self.loss_sites:
            spec.maps[LOSS_MAP] = MapSpec(LOSS_MAP, bpf.BPF_MAP_TYPE_ARRAY, 4, 8 * len(self.loss_sites), 1)
        if self.prints:
            spec.maps[PRINT_MAP] = MapSpec(PRINT_MAP, bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, PRINT_BYTES)
            spec.notes["prints"] = self.prints
        if claims:
            from ..compiler.scratch import PLACES

            size, count = max(claim.size_bytes for claim in claims), claims[-1].first + PLACES
            spec.maps[SCRATCH_MAP] = MapSpec(SCRATCH_MAP, bpf.BPF_MAP_TYPE_PERCPU_ARRAY, 4, size, count)
        for type in self.types:
            type.btf_id(btf)
        int_id = btf.add_signed("int", 4)
        proto_id = btf.add_func_proto(int_id, [("ctx", btf.add_ptr(0))])
        for lowered, code in zip(self.programs, codes):
            func_info = [FuncInfo(0, _entry_id(lowered, proto_id, btf))]
            func_info += [FuncInfo(at, _func_id(self.functions[name], btf)) for name, at in code.functions[1:]]
            spec.programs[lowered.function.name] = _program_spec(lowered, code, btf, func_info)
        if self.rows:
            spec.notes["rows"] = {name: [type.name, type.size] for name, type in self.rows.items()}
        if self.texts:
            spec.notes["texts"] = sorted(self.texts)
        if any(r.kind in CORE_KINDS for p in spec.programs.values() for r in p.relocs):
            from ..spec.core_types import name_types

            name_types(spec.programs.values(), btf)
        spec.externs = _externs(spec, target, btf)
        spec.btf = btf.encode()
        return spec

    def _compiled(self, target: Target) -> tuple[list[Code], list[Claim]]:
        """The code of each program, and what programs and functions claim that need more memory than the stack has."""
        claims: list[Claim] = []
        functions = [f.function for f in self.functions.values()]
        compiled: dict[str, FunctionCode] = {}
        failure = {lowered.function: lowered.failure for lowered in self.programs}

        def claim(function: Function) -> Claim:
            from ..compiler.scratch import PLACES, Claim

            slot = self.loss_slot("scratch_busy", function.name, function.span)
            made = Claim(SCRATCH_MAP, PLACES * len(claims), LOSS_MAP, 8 * slot, failure.get(function, 0))
            claims.append(made)
            return made

        codes = [
            compile_module(Module([lowered.function, *functions]), target, compiled=compiled, claim=claim)
            for lowered in self.programs
        ]
        return codes, claims


def _globals_spec(section: str, variables: Sequence[Global], btf: BtfBuilder) -> MapSpec:
    """Return the map that holds global variables; its BTF says where each is. Source: libbpf's internal maps."""
    size = max(v.off_bytes + v.type.size for v in variables)
    initial = bytearray(size)
    for v in variables:
        initial[v.off_bytes : v.off_bytes + len(v.initial)] = v.initial
    ids = [(btf.add_var(v.name, v.type.btf_id(btf)), v.off_bytes, v.type.size) for v in variables]
    is_constant = section.startswith(".rodata")
    return MapSpec(
        section,
        bpf.BPF_MAP_TYPE_ARRAY,
        4,
        size,
        1,
        bpf.BPF_F_MMAPABLE | (bpf.BPF_F_RDONLY_PROG if is_constant else 0),
        value_type_id=btf.add_datasec(section, size, ids),
        initial=bytes(initial) if any(initial) else b"",
        frozen=is_constant,
    )


def _externs(spec: ObjectSpec, target: Target, btf: BtfBuilder) -> dict[str, int]:
    """Add the types that the target's kernel has for what the programs use of it, as far as it is known."""
    relocs = [r for p in spec.programs.values() for r in p.relocs if r.kind in (RELO_KFUNC, RELO_KSYM)]
    kernel = target.btf() if relocs else None
    if kernel is None:
        return {}
    from ..btf.copy import copy_type
    from ..spec.core_fields import kernel_names

    found = {}
    for name in dict.fromkeys(r.symbol for r in relocs):
        for known in kernel_names(name):
            type = kernel.by_name(known, BTF_KIND_FUNC) or kernel.by_name(known, BTF_KIND_VAR)
            if type is not None:
                found[name] = copy_type(kernel, type.type_id, btf)
                break
    return found


def _entry_id(lowered: Lowered, proto_id: int, btf: BtfBuilder) -> int:
    """Add the FUNC of a program, of the prototype `proto_id` if it takes a context."""
    signature = lowered.signature
    if signature is None:
        return btf.add_func(lowered.function.name, proto_id, BTF_FUNC_STATIC)
    params = [
        (name, type.btf_id(btf) if isinstance(type, IntType) else btf.add_ptr(type.btf_id(btf)))
        for name, type in signature.params
    ]
    return btf.add_func(lowered.function.name, btf.add_func_proto(signature.result.btf_id(btf), params))


def _func_id(subprogram: Subprogram, btf: BtfBuilder) -> int:
    """Add the FUNC of a function, with names and types of its parameters."""
    params = []
    described = list(subprogram.params)
    for n, param in enumerate(subprogram.function.entry.params):
        name, type = described[n] if n < len(described) else (f"arg{n + 1}", None)
        if param.type != I64:
            type_id = btf.add_ptr(type.btf_id(btf) if type else 0)
        else:
            type_id = type.btf_id(btf) if type else btf.add_int("u64", 8)
        params.append((name, type_id))
    result = subprogram.result
    proto_id = btf.add_func_proto(result.btf_id(btf) if result else btf.add_int("u64", 8), params)
    linkage = BTF_FUNC_GLOBAL if subprogram.is_global else BTF_FUNC_STATIC
    return btf.add_func(subprogram.function.name, proto_id, linkage)


def _map_spec(name: str, decl: MapDecl, btf: BtfBuilder) -> MapSpec:
    key_id = decl.key.btf_id(btf) if decl.key else 0
    value_id = decl.value.btf_id(btf) if decl.value else 0
    if decl.map_type in (bpf.BPF_MAP_TYPE_RINGBUF, bpf.BPF_MAP_TYPE_USER_RINGBUF):
        return MapSpec(name, decl.map_type, 0, 0, decl.max_entries)
    if decl.map_type == bpf.BPF_MAP_TYPE_ARENA:
        return MapSpec(name, decl.map_type, 0, 0, decl.max_entries, decl.map_flags)
    if decl.map_type == bpf.BPF_MAP_TYPE_PERF_EVENT_ARRAY:
        return MapSpec(name, decl.map_type, 4, 4, decl.max_entries)
    key_size, value_size = decl.key.size if decl.key else 0, decl.value.size if decl.value else 0
    outer: Any = decl if hasattr(decl, "inner") else None
    return MapSpec(
        name,
        decl.map_type,
        key_size,
        value_size,
        decl.max_entries,
        decl.map_flags,
        key_type_id=key_id,
        value_type_id=value_id,
        inner=_map_spec(f"{name}.inner", outer.inner, btf) if outer is not None else None,
        inner_maps={key: inner.name for key, inner in outer._initial.items()} if outer is not None else {},
    )


def _program_spec(lowered: Lowered, code: Code, btf: BtfBuilder, func_info: list[FuncInfo]) -> ProgramSpec:
    section = parse_section(lowered.section)
    lines: list[LineInfo] = []
    last: tuple[str, int] | None = None
    # The kernel wants a line at the start of each function, if anywhere.
    fallback = lowered.function.span or next((span for span in code.spans if span is not None), None)
    starts = {f.insn_idx for f in func_info}
    for insn_idx, span in enumerate(code.spans):
        is_start = insn_idx in starts
        if span is None and is_start:
            span = fallback
        if span is not None and (is_start or (span.file, span.line) != last):
            last = (span.file, span.line)
            file_off, text_off = btf.string(span.file), btf.string(span.text.strip())
            lines.append(LineInfo(insn_idx, file_off, text_off, span.line, span.col + 1))
    return ProgramSpec(
        lowered.function.name,
        lowered.section,
        section.prog_type,
        section.attach_to,
        section.expected_attach_type,
        section.prog_flags,
        insns=code.insns,
        relocs=code.relocs,
        func_info=func_info,
        line_info=lines,
        stack_size=code.stack_size,
    )
