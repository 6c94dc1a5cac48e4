"""Collects what programs share (maps, loss sites, types) and makes the `ObjectSpec`."""

from __future__ import annotations

from ..abi import bpf
from ..btf.build import BtfBuilder
from ..btf.kinds import BTF_FUNC_STATIC
from ..compiler.passes import compile_module
from ..ir.core import Module
from ..record import Record
from ..spec.object import (
    LOSS_MAP,
    PRINT_BYTES,
    PRINT_MAP,
    FuncInfo,
    LineInfo,
    LossSite,
    MapSpec,
    ObjectSpec,
    ProgramSpec,
)
from ..spec.sections import parse_section
from .numbers import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..compiler.code import Code
    from ..errors import SourceSpan
    from ..ir.core import Function
    from ..spec.target import Target
    from ..types.maps import MapDecl


class Lowered(Record):
    """A program in IR, and the hook that it is for."""

    function: Function
    section: str


class ObjectBuilder:
    """One object being made. Map declarations get their names here, from the first place that uses them."""

    def __init__(self, name: str, license: str = "GPL", first_print: int = 0) -> None:
        self.name, self.license, self.first_print = name, license, first_print
        self.decls: dict[str, MapDecl] = {}
        self.programs: list[Lowered] = []
        self.loss_sites: list[LossSite] = []
        self.prints: list[dict[str, Any]] = []

    def use_map(self, decl: MapDecl, name: str) -> None:
        """Make a declared map part of the object; `name` is the variable that holds it. Raises: Refusal."""
        if not decl.name:
            decl.name = name
        if decl.name == PRINT_MAP:
            raise Refusal(f"{PRINT_MAP} is the map that print() uses", "give the map another name=")
        if self.decls.setdefault(decl.name, decl) is not decl:
            raise Refusal(f"two different maps are called {decl.name!r}", "give one of them another name=")

    def loss_slot(self, kind: str, what: str, span: SourceSpan | None) -> int:
        """Return the number of a new loss counter."""
        self.loss_sites.append(LossSite(len(self.loss_sites), kind, what, span))
        return len(self.loss_sites) - 1

    def zero_slot(self) -> int:
        """Return the number of a counter in which nothing is ever counted: a zero that no verifier knows."""
        for site in self.loss_sites:
            if site.kind == "zero":
                return site.slot
        return self.loss_slot("zero", "", None)

    def print_site(self, parts: list[Any], stream: str) -> int:
        """Return the number of a new place that prints; `parts` as in `lower.printing`."""
        self.prints.append({"stream": stream, "parts": parts})
        return self.first_print + len(self.prints) - 1

    def checkpoint(self) -> tuple[int, int]:
        """Remember which loss sites and prints there are."""
        return len(self.loss_sites), len(self.prints)

    def rollback(self, mark: tuple[int, int]) -> None:
        """Forget the loss sites and prints that came since."""
        del self.loss_sites[mark[0] :]
        del self.prints[mark[1] :]

    def add_program(self, function: Function, section: str) -> None:
        """Add a program that has been lowered."""
        self.programs.append(Lowered(function, section))

    def finish(self, target: Target) -> ObjectSpec:
        """Compile every program and return the object. Raises: CompileError."""
        btf = BtfBuilder()
        spec = ObjectSpec(self.name, license=self.license, loss_sites=self.loss_sites)
        for name, decl in self.decls.items():
            spec.maps[name] = _map_spec(name, decl, btf)
        if self.loss_sites:
            spec.maps[LOSS_MAP] = MapSpec(LOSS_MAP, bpf.BPF_MAP_TYPE_ARRAY, 4, 8 * len(self.loss_sites), 1)
        if self.prints:
            spec.maps[PRINT_MAP] = MapSpec(PRINT_MAP, bpf.BPF_MAP_TYPE_RINGBUF, 0, 0, PRINT_BYTES)
            spec.notes["prints"] = self.prints
        int_id = btf.add_signed("int", 4)
        proto_id = btf.add_func_proto(int_id, [("ctx", btf.add_ptr(0))])
        for lowered in self.programs:
            code = compile_module(Module([lowered.function]), target)
            spec.programs[lowered.function.name] = _program_spec(lowered, code, btf, proto_id)
        spec.btf = btf.encode()
        return spec


def _map_spec(name: str, decl: MapDecl, btf: BtfBuilder) -> MapSpec:
    key_id = decl.key.btf_id(btf) if decl.key else 0
    value_id = decl.value.btf_id(btf) if decl.value else 0
    if decl.map_type == bpf.BPF_MAP_TYPE_RINGBUF:
        return MapSpec(name, decl.map_type, 0, 0, decl.max_entries)
    key_size, value_size = decl.key.size if decl.key else 0, decl.value.size if decl.value else 0
    return MapSpec(
        name,
        decl.map_type,
        key_size,
        value_size,
        decl.max_entries,
        decl.map_flags,
        key_type_id=key_id,
        value_type_id=value_id,
    )


def _program_spec(lowered: Lowered, code: Code, btf: BtfBuilder, proto_id: int) -> ProgramSpec:
    section = parse_section(lowered.section)
    lines: list[LineInfo] = []
    last: tuple[str, int] | None = None
    for insn_idx, span in enumerate(code.spans):
        if span is not None and (span.file, span.line) != last:
            last = (span.file, span.line)
            file_off, text_off = btf.string(span.file), btf.string(span.text.strip())
            lines.append(LineInfo(insn_idx, file_off, text_off, span.line, span.col + 1))
    return ProgramSpec(
        lowered.function.name,
        lowered.section,
        section.prog_type,
        section.attach_to,
        section.expected_attach_type,
        insns=code.insns,
        relocs=code.relocs,
        func_info=[FuncInfo(at, btf.add_func(name, proto_id, BTF_FUNC_STATIC)) for name, at in code.functions],
        line_info=lines,
        stack_size=code.stack_size,
    )
