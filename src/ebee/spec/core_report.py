"""What CO-RE did: each relocation, what it was resolved to, and what is missing and why; as data and as text."""

from __future__ import annotations

from ..record import Record, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What a relocation asks for, in words.
KIND_WORDS = {
    "core_field": "offset", "core_field_size": "size", "core_field_exists": "existence", "core_field_signed": "sign",
    "core_field_lshift": "left shift", "core_field_rshift": "right shift", "core_type_id_local": "own type id",
    "core_type_id": "type id", "core_type_exists": "existence", "core_type_size": "size",
    "core_type_matches": "match", "core_enum_exists": "existence", "core_enum_value": "value",
}  # fmt: skip


class CoreResult(Record):
    """What became of one relocation.

    `kind` is a key of `CORE_RELO_KINDS`; `local` is what is asked for and `access` its way in numbers; `old` is the
    value that the object's types give and `new` that of the target. `target` is what was found there, type
    `target_id` in `source` (`vmlinux`, a module), all empty if nothing was. A poisoned instruction makes the verifier
    refuse the program where it is reached; `why` says what is missing. Sizes in bytes of what a load reads, 0: none.
    """

    program: str
    insn_idx: int
    kind: str
    local: str
    access: str
    old: int = 0
    new: int = 0
    target: str = ""
    source: str = ""
    target_id: int = 0
    is_poisoned: bool = False
    why: str = ""
    old_size: int = 0
    new_size: int = 0
    is_validated: bool = True
    is_other_width: bool = False

    def __str__(self) -> str:
        where = f"{self.program}+{self.insn_idx}: {KIND_WORDS[self.kind]} of {self.local}"
        if self.is_poisoned:
            return f"{where}: poisoned: {self.why}"
        change = f"{self.new}" if self.old == self.new else f"{self.old} -> {self.new}"
        if self.old_size != self.new_size:
            change += f", {self.old_size} -> {self.new_size} bytes"
        if not self.source:
            return f"{where}: {change}" + (f" ({self.why})" if self.why else "")
        found = "" if self.target == self.local else f", {self.target}"
        return f"{where}: {change} (type {self.target_id} of {self.source}{found})"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        names = (
            "program", "insn_idx", "kind", "local", "access", "old", "new", "target", "source", "target_id",
            "is_poisoned", "why",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


class CoreReport(Record):
    """What became of the relocations of an object, in the order that they were carried out against a target."""

    target: str
    results: list[CoreResult] = field(default_factory=list)

    @property
    def poisoned(self) -> list[CoreResult]:
        return [r for r in self.results if r.is_poisoned]

    def __str__(self) -> str:
        count, bad = len(self.results), len(self.poisoned)
        head = f"CO-RE: {count} relocation{'' if count == 1 else 's'} against {self.target}, {bad} poisoned"
        return "\n".join([head, *(f"  {r}" for r in self.results)])
