"""What libbpf needs to find things in the kernel's types (CO-RE): types of our own with just what is used of them.

libbpf looks for a member of the same name in the kernel's struct of the same name; where ours has it does not matter.
Source: bpf_core_parse_spec and bpf_core_match_member in tools/lib/bpf/relo_core.c (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import BTF_INT_SIGNED, Member
from ..errors import ElfError
from ..record import Record, field
from ..spec.core_fields import find_type, split_path, split_symbol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..btf.build import BtfBuilder
    from ..btf.read import Btf


class _Node(Record):
    """A place in a struct: its members, or its elements (all in `[]`, with the highest index used), or its shape."""

    shape: str = ""
    members: dict[str, _Node] = field(default_factory=dict)
    highest: int = 0
    size_bytes: int = 0
    offs: dict[str, int] = field(default_factory=dict)


class CoreTypes:
    """The types for a number of relocations, kinds with symbols, added to an object's BTF; `own` is what that was."""

    def __init__(self, relocs: Iterable[tuple[str, str]], btf: BtfBuilder, own: Btf) -> None:
        self.btf, self.own = btf, own
        self.roots: dict[str, _Node] = {}
        self.enumerators: dict[str, list[str]] = {}
        for kind, symbol in dict.fromkeys(relocs):
            if kind.startswith("core_field"):
                self.add_path(symbol)
            elif kind.startswith("core_enum"):
                name, _, enumerator = symbol.partition(".")
                known = self.enumerators.setdefault(name, [])
                if enumerator not in known:
                    known.append(enumerator)
        self.type_ids = {name: self.add(node, name) for name, node in self.roots.items()}
        self.enum_ids = {
            name: btf.add_enum(name, [(e, value) for value, e in enumerate(names)])
            for name, names in self.enumerators.items()
        }

    def add_path(self, symbol: str) -> None:
        """Note a field that one of our structs must have."""
        struct_name, path, shape = split_symbol(symbol)
        node = self.roots.setdefault(struct_name, _Node())
        for part in split_path(path):
            if isinstance(part, int):
                node.highest, part = max(node.highest, part), "[]"
            node = node.members.setdefault(part, _Node())
        if node.shape not in ("", shape):
            raise ElfError(f"{path!r} of struct {struct_name} is used as {node.shape!r} and as {shape!r}")
        node.shape = shape

    def add(self, node: _Node, name: str = "") -> int:
        """Add the type of a place; return its id."""
        is_struct = node.shape in ("", "struct") and "[]" not in node.members
        if node.members and not is_struct and (node.shape or len(node.members) > 1):
            raise ElfError(f"a field of struct {name or '?'} is used as a whole and in parts")
        if not node.members:
            return self.add_leaf(node)
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

    def add_leaf(self, node: _Node) -> int:
        """Add the type of a shape of `spec.core_fields.shape_of`."""
        btf, shape = self.btf, node.shape
        if shape.endswith("*"):
            node.size_bytes = 8
            return btf.add_ptr(0)
        if shape.startswith("char["):
            node.size_bytes = int(shape[5:-1])
            return btf.add_array(btf.add_int("char", 1), node.size_bytes)
        if shape == "struct":
            return btf.add_struct("", 0, [])
        number, _, enum = ("u64" if shape == "bits" else shape).partition(" ")
        if number == "array":
            raise ElfError("an object file cannot ask for an array as a whole", hint="ask for one of its elements")
        node.size_bytes = int(number[1:]) // 8
        if enum:  # without a name it matches every enum
            return btf.add_enum("", [], node.size_bytes)
        return btf.add_int(number, node.size_bytes, BTF_INT_SIGNED if number[0] == "s" else 0)

    def local(self, kind: str, symbol: str) -> tuple[int, str, int]:
        """Return what a relocation refers to: id of our type, the way through it, and the number that ours gives."""
        if kind.startswith("core_field"):
            type_id, access, off, node = self.find(symbol)
            unused_bits = 64 - 8 * node.size_bytes
            return type_id, access, {
                "core_field": off, "core_field_size": node.size_bytes, "core_field_exists": 1,
                "core_field_signed": int(node.shape[0] == "s" and node.shape != "struct"),
                "core_field_lshift": unused_bits, "core_field_rshift": unused_bits,
            }[kind]  # fmt: skip
        if kind.startswith("core_enum"):
            name, _, enumerator = symbol.partition(".")
            value = self.enumerators[name].index(enumerator)
            return self.enum_ids[name], str(value), 1 if kind == "core_enum_exists" else value
        if kind == "core_type_id_local":
            found = find_type(self.own, symbol)
            if found is None:
                raise ElfError(f"the object has no type {symbol!r}")
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
        struct_name, path, _shape = split_symbol(symbol)
        node, access, off = self.roots[struct_name], ["0"], 0
        for part in split_path(path):
            if isinstance(part, int):
                node = node.members["[]"]
                access.append(str(part))
                off += part * node.size_bytes
            else:
                access.append(str(list(node.members).index(part)))
                off += node.offs[part]
                node = node.members[part]
        return self.type_ids[struct_name], ":".join(access), off, node
