"""Types for CO-RE relocations: what programs ask of the kernel's types by name, said by types of the object's own.

They have just what is used. A loader looks for a member of the same name in the kernel's struct of the same name; where
ours has it does not matter.
Source: bpf_core_parse_spec and bpf_core_match_member in tools/lib/bpf/relo_core.c (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import BTF_INT_SIGNED, Member
from ..errors import InternalError
from ..isa.opcodes import BPF_LDX, BPF_ST, BPF_STX
from ..record import Record, field
from .core_fields import find_type, split_path, split_symbol
from .object import CORE_KINDS, CoreRelo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..btf.build import BtfBuilder
    from ..btf.read import Btf
    from .object import ProgramSpec


class _Node(Record):
    """A place in a struct: its members, or its elements (all in `[]`, with the highest index used), or its shape."""

    shape: str = ""
    members: dict[str, _Node] = field(default_factory=dict)
    highest: int = 0
    size_bytes: int = 0
    offs: dict[str, int] = field(default_factory=dict)

    def takes(self, parts: list[str], shape: str) -> bool:
        """Whether a field of a shape can be at the end of a way from here, beside the others."""
        if not parts:
            return not self.members if shape != "struct" else "[]" not in self.members and self.shape in ("", "struct")
        if self.shape not in ("", "struct") or (self.members and ("[]" in self.members) != (parts[0] == "[]")):
            return False
        if self.shape and parts[0] == "[]":
            return False
        inner = self.members.get(parts[0])
        return inner is None or inner.takes(parts[1:], shape) and (len(parts) > 1 or inner.shape in ("", shape))


class CoreTypes:
    """The types for a number of relocations, kinds with symbols, added to an object's BTF; `own` returns what that was.

    What is used in ways that contradict each other gets a struct of the same name for each way.
    """

    def __init__(self, relocs: Iterable[tuple[str, str]], btf: BtfBuilder, own: Callable[[], Btf]) -> None:
        self.btf, self.own = btf, own
        self.roots: dict[tuple[str, int], _Node] = {}
        self.places: dict[str, tuple[str, int]] = {}  # by symbol, the struct that has the field
        self.enumerators: dict[str, list[str]] = {}
        for kind, symbol in dict.fromkeys(relocs):
            if kind.startswith("core_field"):
                if symbol not in self.places:
                    self.add_path(symbol)
            elif kind.startswith("core_enum"):
                name, _, enumerator = symbol.partition(".")
                known = self.enumerators.setdefault(name, [])
                if enumerator not in known:
                    known.append(enumerator)
        self.type_ids = {key: self.add(node, key[0]) for key, node in self.roots.items()}
        self.enum_ids = {
            name: btf.add_enum(name, [(e, value) for value, e in enumerate(names)])
            for name, names in self.enumerators.items()
        }

    def add_path(self, symbol: str) -> None:
        """Note a field that one of our structs must have."""
        struct_name, path, shape = split_symbol(symbol)
        parts = split_path(path)
        names = ["[]" if isinstance(part, int) else part for part in parts]
        version = 0
        while not self.roots.setdefault((struct_name, version), _Node()).takes(names, shape):
            version += 1
        self.places[symbol] = struct_name, version
        node = self.roots[struct_name, version]
        for part, name in zip(parts, names):
            if isinstance(part, int):
                node.highest = max(node.highest, part)
            node = node.members.setdefault(name, _Node())
        node.shape = shape

    def add(self, node: _Node, name: str = "") -> int:
        """Add the type of a place; return its id."""
        if not node.members:
            node.size_bytes, type_id = self.leaf(node.shape)
            return type_id
        if "[]" in node.members:
            element = node.members["[]"]
            element_id = self.add(element)
            node.size_bytes = (node.highest + 1) * element.size_bytes
            return self.btf.add_array(element_id, node.highest + 1)
        members = []
        for member, inner in node.members.items():
            node.offs[member] = node.size_bytes
            members.append(Member(member, self.add(inner), 8 * node.size_bytes))
            node.size_bytes += -(-inner.size_bytes // 8) * 8
        return self.btf.add_struct(name, node.size_bytes, members)

    def leaf(self, shape: str) -> tuple[int, int]:
        """Add the type of a shape of `spec.core_fields.shape_of`; return its size in bytes and its id."""
        btf = self.btf
        if shape.endswith("*"):
            return 8, btf.add_ptr(btf.add_fwd(shape.split()[1]) if shape != "*" else 0)
        if shape.endswith("]"):
            inner, _, count = shape[:-1].rpartition("[")
            size_bytes, element_id = self.leaf(inner)
            return size_bytes * int(count), btf.add_array(element_id, int(count))
        if shape == "struct":
            return 0, btf.add_struct("", 0, [])
        if shape == "char":
            return 1, btf.add_int("char", 1)
        if shape.startswith("bits"):
            return 8, btf.add_enum("", [], 8) if shape == "bits enum" else btf.add_int("u64", 8)
        number, _, enum = shape.partition(" ")
        size_bytes, is_signed = int(number[1:]) // 8, number[0] == "s"
        if enum:  # without a name it matches every enum
            return size_bytes, btf.add_enum("", [], size_bytes, is_signed=is_signed)
        return size_bytes, btf.add_int(number, size_bytes, BTF_INT_SIGNED if is_signed else 0)

    def local(self, kind: str, symbol: str) -> tuple[int, str, int]:
        """Return what a relocation refers to: id of our type, the way through it, and the number that ours gives."""
        if kind.startswith("core_field"):
            type_id, access, off, node = self.find(symbol)
            unused_bits = 64 - 8 * node.size_bytes
            return type_id, access, {
                "core_field": off, "core_field_size": node.size_bytes, "core_field_exists": 1,
                "core_field_signed": int(node.shape[:1] == "s" and node.shape[1:2].isdigit() and "[" not in node.shape),
                "core_field_lshift": unused_bits, "core_field_rshift": unused_bits,
            }[kind]  # fmt: skip
        if kind.startswith("core_enum"):
            name, _, enumerator = symbol.partition(".")
            value = self.enumerators[name].index(enumerator)
            return self.enum_ids[name], str(value), 1 if kind == "core_enum_exists" else value
        if kind == "core_type_id_local":
            found = find_type(self.own(), symbol)
            if found is None:
                raise InternalError(f"the object has no type {symbol!r}")
            return found.id, "0", found.id
        word, _, name = symbol.partition(" ")
        if word == "enum":
            size_bytes, type_id = 4, self.btf.add_enum(name, [])
        else:
            add = self.btf.add_struct if word == "struct" else self.btf.add_union
            size_bytes, type_id = 0, add(name, 0, [])
        value = {"core_type_exists": 1, "core_type_size": size_bytes}.get(kind, type_id)
        return type_id, "0", value

    def find(self, symbol: str) -> tuple[int, str, int, _Node]:
        """Return where a field of one of our structs is: the struct's id, the way, the offset in bytes, the field."""
        _struct_name, path, _shape = split_symbol(symbol)
        node, access, off = self.roots[self.places[symbol]], ["0"], 0
        for part in split_path(path):
            if isinstance(part, int):
                node = node.members["[]"]
                access.append(str(part))
                off += part * node.size_bytes
            else:
                access.append(str(list(node.members).index(part)))
                off += node.offs[part]
                node = node.members[part]
        return self.type_ids[self.places[symbol]], ":".join(access), off, node


def name_types(programs: Iterable[ProgramSpec], btf: BtfBuilder) -> None:
    """Turn what compiled programs ask of the kernel's types by name into types and relocations of object files."""

    def own() -> Btf:
        from ..btf.read import Btf

        return Btf(btf.encode())

    asking = [p for p in programs if any(r.kind in CORE_KINDS for r in p.relocs)]
    types = CoreTypes([(r.kind, r.symbol) for p in asking for r in p.relocs if r.kind in CORE_KINDS], btf, own)
    for program in asking:
        for relo in program.relocs:
            if relo.kind not in CORE_KINDS:
                continue
            type_id, access, value = types.local(relo.kind, relo.symbol)
            insn = program.insns[relo.insn_idx] = program.insns[relo.insn_idx].copy()
            if relo.addend:
                raise InternalError(f"{relo.addend} bytes behind {relo.symbol!r}")
            if insn.opcode & 7 in (BPF_LDX, BPF_ST, BPF_STX):
                insn.off = value
            else:
                insn.imm = value
            is_exact = ":bits" not in relo.symbol
            program.core_relos.append(CoreRelo(relo.insn_idx, relo.kind, type_id, access, is_exact))
        program.relocs = [r for r in program.relocs if r.kind not in CORE_KINDS]
