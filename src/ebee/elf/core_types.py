"""What libbpf needs to find fields of kernel structs (CO-RE): structs of our own with just the members that are used.

libbpf looks for a member of the same name in the kernel's struct of the same name; where ours has it does not matter.
Source: bpf_core_parse_spec and bpf_core_match_member in tools/lib/bpf/relo_core.c (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import BTF_INT_SIGNED, Member
from ..record import Record, field
from ..spec.core_fields import split_path, split_symbol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..btf.build import BtfBuilder


class CoreField(Record):
    """A field of one of our structs: the struct's type id, the way to the field, its offset in bytes there."""

    type_id: int
    access: str
    off_bytes: int


class _Node(Record):
    """A place in a struct: its members, or its elements (all in `[]`, with the highest index used), or its shape."""

    shape: str = ""
    members: dict[str, _Node] = field(default_factory=dict)
    highest: int = 0
    size_bytes: int = 0
    offs: dict[str, int] = field(default_factory=dict)


class CoreTypes:
    """The structs for a number of symbols, added to an object's BTF."""

    def __init__(self, symbols: Iterable[str], btf: BtfBuilder) -> None:
        self.btf = btf
        self.roots: dict[str, _Node] = {}
        for symbol in symbols:
            struct_name, path, shape = split_symbol(symbol)
            node = self.roots.setdefault(struct_name, _Node())
            for part in split_path(path):
                if isinstance(part, int):
                    node.highest, part = max(node.highest, part), "[]"
                node = node.members.setdefault(part, _Node())
            node.shape = shape
        self.type_ids = {name: self.add(node, name) for name, node in self.roots.items()}

    def add(self, node: _Node, name: str = "") -> int:
        """Add the type of a place; return its id."""
        if node.shape:
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
        number, _, enum = shape.partition(" ")
        node.size_bytes = int(number[1:]) // 8
        if enum:  # without a name it matches every enum
            return btf.add_enum("", [], node.size_bytes)
        return btf.add_int(number, node.size_bytes, BTF_INT_SIGNED if number[0] == "s" else 0)

    def find(self, symbol: str) -> CoreField:
        """Return the field of a symbol."""
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
        return CoreField(self.type_ids[struct_name], ":".join(access), off)
