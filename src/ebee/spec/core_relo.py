"""CO-RE: what a program knows of types, put right for the types of the kernel that it is loaded into.

A relocation names a local type and a way through it. Types of the same name in the target are candidates; the way is
followed in each by names of members, and all that have it must agree. Those that do not are not asked again.

Source: bpf_core_calc_relo_insn and bpf_core_patch_insn in tools/lib/bpf/relo_core.c, bpf_core_find_cands in
tools/lib/bpf/libbpf.c (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import BTF_INT_SIGNED, BTF_KIND_ARRAY, BTF_KIND_ENUM64, BTF_KIND_INT, BTF_KIND_PTR
from ..errors import BtfError, NotSupported
from ..isa.insn import Insn
from ..isa.opcodes import BPF_ALU, BPF_ALU64, BPF_LDX, BPF_ST, BPF_STX, BPF_X, CALL, LDDW, SIZE_BITS, SIZE_BYTES
from ..record import Record, field
from .core_fields import shape_of_type
from .core_match import (
    COMPOSITE_KINDS,
    ENUM_KINDS,
    essential_name,
    id_of,
    is_field_compatible,
    is_kind_compatible,
    is_type_compatible,
    is_type_match,
)
from .core_report import CoreReport, CoreResult
from .object import CORE_EXISTENCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..btf.read import Btf, BtfType
    from .object import CoreRelo, ProgramSpec

# The helper that does not exist, called where something is missing: the verifier refuses it, if it is reached.
POISON = 0xBAD2310
_MAX_STEPS = 64
_U64 = 0xFFFF_FFFF_FFFF_FFFF


def no_modules() -> Sequence[tuple[str, Btf]]:
    """Return nothing: there are no modules."""
    return ()


class CoreTarget(Record):
    """The types that programs are relocated against. `modules` are names and split BTFs, asked where `btf` has none."""

    name: str
    btf: Btf
    modules: Callable[[], Sequence[tuple[str, Btf]]] = no_modules


class _Step(Record):
    """Member `idx` of a struct or union, by its name, or (without one) element `idx`, of a type."""

    type: BtfType
    idx: int
    name: str = ""


class _Way(Record):
    """A way through a type. `bit_off` is where it leads to, in bits from the start of the type `root_id`.

    `marks` are all structs and unions gone through, anonymous ones among them, with the numbers of the members.
    """

    btf: Btf
    root_id: int
    steps: list[_Step] = field(default_factory=list)
    bit_off: int = 0
    marks: list[tuple[BtfType, int]] = field(default_factory=list)


class _Value(Record):
    """What a way gives: for a field's offset also the size of what is there, and of its type."""

    value: int
    is_validated: bool = True
    size_bytes: int = 0
    type: BtfType | None = None


class _Mismatch(Exception):
    """A candidate does not have what is asked for; its text says why."""


class _Missing(Exception):
    """Nothing has a value to give: the instruction is poisoned."""


class Relocator:
    """Carries out the relocations of one object; `report` tells what became of them."""

    def __init__(self, local: Btf, target: CoreTarget) -> None:
        self.local, self.target = local, target
        self.report = CoreReport(target.name)
        self.found: list[tuple[str, int, list[tuple[BtfType, int]]]] = []  # kind, type id, members gone through
        self._candidates: dict[int, list[tuple[str, BtfType]]] = {}
        self._results: dict[tuple[str, int, str, bool], CoreResult] = {}

    def relocate(self, prog: ProgramSpec, relo: CoreRelo, insn: Insn, poison: int = POISON) -> list[Insn]:
        """Return what takes the place of an instruction: itself with a new value, or a call of helper `poison`.

        There are two instructions in the place of a poisoned wide load. Raises: BtfError for a relocation that does
        not fit the object, NotSupported for candidates that disagree and for values that do not fit.
        """
        try:
            key = relo.kind, relo.type_id, relo.access, relo.is_exact
            known = self._results.get(key)  # programs of an object ask for the same things
            if known is None:
                known = self._results[key] = self.calculate(prog.name, relo)
            result: CoreResult = known.replace(program=prog.name, insn_idx=relo.insn_idx)
            replacement = _patched(insn, result)
        except (BtfError, NotSupported) as e:
            what = f"program {prog.name!r}, instruction {relo.insn_idx}: CO-RE relocation"
            if isinstance(e, NotSupported):
                raise NotSupported(f"{what}: {e.feature}", hint=e.hint) from None
            raise BtfError(f"{what}: {e.what}", section=e.section, hint=e.hint) from None
        self.report.results.append(result)
        return [replacement] if replacement is not None else [Insn(CALL, imm=poison)] * insn.slots

    def calculate(self, program: str, relo: CoreRelo) -> CoreResult:
        """Return what the target says for a relocation. Raises: BtfError, NotSupported."""
        way = _parse(self.local, relo)
        result = CoreResult(program, relo.insn_idx, relo.kind, describe(way, relo.kind), relo.access)
        if relo.kind == "core_type_id_local":
            result.old = result.new = way.root_id
            result.is_validated = False
            return result
        local = self.local.by_id(relo.type_id)
        if not local.name:
            raise BtfError(f"type {relo.type_id} has no name to look for", section=".BTF.ext")
        candidates = self.candidates(relo.type_id)
        matches: list[tuple[str, BtfType, _Way, _Value | None]] = []
        reasons = []
        ours = _value(relo.kind, way, way)
        for source, candidate in candidates:
            try:
                theirs = _match(relo.kind, way, candidate)
            except _Mismatch as e:
                reasons.append(str(e))
                continue
            matches.append((source, candidate, theirs, _value_or_none(relo.kind, theirs, way)))
        if matches:
            self._require_agreement(matches, way, relo.kind)
            self.found += [(relo.kind, theirs.root_id, theirs.marks) for _, _, theirs, _ in matches]
            self._candidates[relo.type_id] = [(source, candidate) for source, candidate, _, _ in matches]
            source, candidate, theirs, value = matches[0]
            result.source, result.target_id = source, candidate.id
            result.target = describe(theirs, relo.kind)
        else:
            what = f"{self.target.name} has no {local.kind_name} {essential_name(local.name)}"
            result.why = reasons[0] if reasons else what
            value = _value_or_none(relo.kind, None, way)
        result.old, result.is_validated = ours.value, ours.is_validated
        if relo.is_exact and relo.kind not in CORE_EXISTENCE:
            if not matches:
                value = None
            elif relo.kind == "core_field":
                shapes = _shape(way), _shape(matches[0][2])
                if shapes[0] != shapes[1]:
                    result.why = f"in {result.source} it is {shapes[1]!r}, not {shapes[0]!r}: compile it there"
                    value = None
        if value is None:
            result.is_poisoned = True
            return result
        result.new, result.old_size, result.new_size = value.value, ours.size_bytes, value.size_bytes
        result.is_other_width = ours.size_bytes != value.size_bytes and not _is_resizable(ours.type, value.type)
        return result

    def candidates(self, type_id: int) -> list[tuple[str, BtfType]]:
        """Return the types that may stand for one of the object's, with the names of the BTFs that they are in."""
        known = self._candidates.get(type_id)
        if known is None:
            local, target = self.local.by_id(type_id), self.target
            known = [(target.name, t) for t in find_candidates(target.btf, local)]
            if not known:
                for name, btf in target.modules():
                    first = 0 if btf.base is None else btf.base.type_count
                    known += [(name, t) for t in find_candidates(btf, local) if t.id >= first]
            self._candidates[type_id] = known
        return known

    def _require_agreement(
        self, matches: list[tuple[str, BtfType, _Way, _Value | None]], local: _Way, kind: str
    ) -> None:
        """Raises: NotSupported if candidates lead to different places or values."""
        first_source, first, first_way, first_value = matches[0]
        for source, other, way, value in matches[1:]:
            numbers = [None if v is None else v.value for v in (first_value, value)]
            if way.bit_off != first_way.bit_off or numbers[0] != numbers[1]:
                raise NotSupported(
                    f"{describe(local, kind)} is ambiguous: type {first.id} of {first_source} gives"
                    f" {numbers[0]} at bit {first_way.bit_off}, type {other.id} of {source} {numbers[1]}"
                    f" at bit {way.bit_off}",
                )


def find_candidates(btf: Btf, local: BtfType) -> list[BtfType]:
    """Return the types of a BTF, and of its base, with the name and kind of a local one, but for flavours."""
    name = essential_name(local.name)
    names = [name, *(n for n in btf.names_beginning(f"{name}___") if essential_name(n) == name)] if name else []
    found = [t for n in names for t in btf.all_by_name(n) if is_kind_compatible(local, t)]
    return sorted(found, key=lambda t: t.id)


def _is_resizable(ours: BtfType | None, theirs: BtfType | None) -> bool:
    """Whether a load of one type may become one of the other's size: pointers, and unsigned integers."""
    if ours is None or theirs is None or ours.kind != theirs.kind:
        return False
    if ours.kind == BTF_KIND_INT:
        return BTF_INT_SIGNED not in (ours.int_encoding[0], theirs.int_encoding[0])
    return ours.kind == BTF_KIND_PTR


# Ways


def _parse(btf: Btf, relo: CoreRelo) -> _Way:
    """Return the way that a relocation says, through the object's own types. Source: bpf_core_parse_spec."""
    way = _Way(btf, relo.type_id)
    bad = BtfError(f"{relo.access!r} leads nowhere in type {relo.type_id}", section=".BTF.ext")
    if relo.kind.startswith("core_type"):
        btf.by_id(relo.type_id)
        if relo.access != "0":
            raise bad
        return way
    parts = relo.access.split(":")
    if len(parts) > _MAX_STEPS or not all(p.isascii() and p.isdecimal() and len(p) < 11 for p in parts):
        raise bad
    first, *rest = map(int, parts)
    type = btf.resolve(relo.type_id)
    if relo.kind.startswith("core_enum"):
        if type.kind not in ENUM_KINDS or rest or first >= type.vlen:
            raise bad
        way.steps.append(_Step(type, first, type.values[first][0]))
        return way
    way.steps.append(_Step(type, first))
    way.bit_off = 8 * first * btf.sizeof(id_of(type))
    for idx in rest:
        if type.kind in COMPOSITE_KINDS:
            if idx >= type.vlen:
                raise bad
            member = type.members[idx]
            way.bit_off += member.bit_off
            if member.name:
                way.steps.append(_Step(type, idx, member.name))
            type = btf.resolve(member.type_id)
        elif type.kind == BTF_KIND_ARRAY:
            if idx >= type.array[2] and not _is_flexible(way.steps[-1], type):
                raise bad
            type = btf.resolve(type.array[0])
            way.steps.append(_Step(type, idx))
            way.bit_off += 8 * idx * btf.sizeof(id_of(type))
        else:
            raise bad
    return way


def _is_flexible(step: _Step, array: BtfType) -> bool:
    """Whether an array, reached by a step, is the last member of a struct and without a size of its own."""
    return bool(step.name) and not array.array[2] and step.idx == step.type.vlen - 1


def _match(kind: str, local: _Way, candidate: BtfType) -> _Way:
    """Return the same way through a candidate. Raises: _Mismatch, BtfError. Source: bpf_core_spec_match."""
    btf = candidate.btf
    way = _Way(btf, candidate.id)
    name = f"{candidate.kind_name} {candidate.name}"
    if kind.startswith("core_type"):
        is_match = is_type_match if kind == "core_type_matches" else is_type_compatible
        if not is_match(local.btf, local.root_id, btf, candidate.id):
            raise _Mismatch(f"{name} is another type")
        return way
    type = btf.resolve(candidate.id)
    if kind.startswith("core_enum"):
        wanted = essential_name(local.steps[0].name)
        for at, (enumerator, _) in enumerate(type.values if type.kind in ENUM_KINDS else ()):
            if essential_name(enumerator) == wanted:
                way.steps.append(_Step(type, at, enumerator))
                return way
        raise _Mismatch(f"{name} has no {wanted}")
    for at, step in enumerate(local.steps):
        if step.name:
            type = _match_member(step, local.btf, type, way, name)
            continue
        if at:
            if type.kind != BTF_KIND_ARRAY:
                raise _Mismatch(f"{describe(way, kind)} is no array")
            if step.idx >= type.array[2] and not _is_flexible(way.steps[-1], type):
                raise _Mismatch(f"{describe(way, kind)} has {type.array[2]} elements")
            type = btf.resolve(type.array[0])
        way.steps.append(_Step(type, step.idx))
        way.bit_off += 8 * step.idx * btf.sizeof(id_of(type))
    return way


def _match_member(step: _Step, local_btf: Btf, type: BtfType, way: _Way, name: str) -> BtfType:
    """Go to the member of a step's name; return its type. Source: bpf_core_match_member."""
    found = _find_member(type, step.name, 0, 0, [_MAX_STEPS * _MAX_STEPS], way.marks)
    if found is None:
        inside = f" (where {type.kind_name} {type.name} is)" if len(way.steps) > 1 else ""
        raise _Mismatch(f"{name} has no {step.name!r}{inside}")
    owner, idx, bit_off = found
    local_id, target_id = step.type.members[step.idx].type_id, owner.members[idx].type_id
    if not is_field_compatible(local_btf, local_id, way.btf, target_id):
        kinds = local_btf.resolve(local_id).kind_name, way.btf.resolve(target_id).kind_name
        raise _Mismatch(f"{step.name!r} of {name} is {kinds[1]}, not {kinds[0]}")
    way.steps.append(_Step(owner, idx, step.name))
    way.bit_off += bit_off
    return way.btf.resolve(target_id)


def _find_member(
    type: BtfType, name: str, bit_off: int, depth: int, left: list[int], marks: list[tuple[BtfType, int]]
) -> tuple[BtfType, int, int] | None:
    """Return the struct or union with the member, its number and offset, looking into anonymous ones in order."""
    if type.kind not in COMPOSITE_KINDS:
        return None
    left[0] -= 1
    if depth >= _MAX_STEPS or left[0] < 0:
        raise BtfError(f"{type.kind_name} {type.name!r} is nested too deeply", section=".BTF")
    for idx, member in enumerate(type.members):
        at = bit_off + member.bit_off
        if member.name == name:
            marks.append((type, idx))
            return type, idx, at
        if not member.name:
            found = _find_member(type.btf.resolve(member.type_id), name, at, depth + 1, left, marks)
            if found is not None:
                marks.append((type, idx))
                return found
    return None


def asked(btf: Btf, relo: CoreRelo) -> str:
    """Return what a relocation of an object asks for, in words. Raises: BtfError."""
    return describe(_parse(btf, relo), relo.kind)


def describe(way: _Way, kind: str) -> str:
    """Return a way in words: `struct task_struct.pids[2].ns`, `enum zone_type.ZONE_DMA`."""
    root = way.btf.by_id(way.root_id)
    text = f"{root.kind_name} {root.name or '(anonymous)'}"
    if not kind.startswith("core_enum") and way.steps and way.steps[0].idx:
        text += f"[{way.steps[0].idx}]"
    for step in way.steps if kind.startswith("core_enum") else way.steps[1:]:
        text += f".{step.name}" if step.name else f"[{step.idx}]"
    return text


# Values


def _value_or_none(kind: str, way: _Way | None, local: _Way) -> _Value | None:
    """Return what a way gives, or the lack of one; None: the instruction is to be poisoned."""
    try:
        return _value(kind, way, local)
    except _Missing:
        return None


def _value(kind: str, way: _Way | None, local: _Way) -> _Value:
    """Return what a way gives. Raises: _Missing, BtfError, NotSupported.

    Source: bpf_core_calc_field_relo, bpf_core_calc_type_relo, bpf_core_calc_enumval_relo.
    """
    if kind in ("core_field_exists", "core_type_exists", "core_type_matches", "core_enum_exists"):
        return _Value(int(way is not None))
    if kind.startswith("core_type"):
        is_id = kind == "core_type_id"
        if way is None:
            return _Value(0)
        return _Value(way.root_id if is_id else way.btf.sizeof(way.root_id), not is_id)
    if way is None:
        raise _Missing
    if kind == "core_enum_value":
        step = way.steps[0]
        return _Value(_enum_value(step.type, step.idx) & _U64)
    return _field_value(kind, way, describe(local, kind))


def _enum_value(enum: BtfType, idx: int) -> int:
    """Return a value as the kernel's structs have it: of 32 bits signed, of 64 bits any."""
    value = enum.values[idx][1]
    return value if enum.kind == BTF_KIND_ENUM64 or value < 1 << 31 else value - (1 << 32)


def _field_value(kind: str, way: _Way, what: str) -> _Value:
    step, btf = way.steps[-1], way.btf
    if not step.name:
        if kind == "core_field":
            element = _innermost(step.type)
            return _Value(way.bit_off // 8, True, btf.sizeof(id_of(element)), step.type)
        if kind == "core_field_size":
            return _Value(btf.sizeof(id_of(step.type)))
        raise BtfError(f"{what}: only a member of a struct has signs and bits", section=".BTF.ext")
    member = step.type.members[step.idx]
    type = btf.resolve(member.type_id)
    bit_off, bit_size = way.bit_off, member.bitfield_size
    if bit_size:
        unit = type.size_bytes
        if not unit:
            raise BtfError(f"{what}: a bit field of no integer", section=".BTF")
        off = bit_off // 8 // unit * unit
        while bit_off + bit_size > 8 * (off + unit):
            if unit >= 8:
                raise NotSupported(f"{what}: a bit field that no load of 8 bytes reads")
            unit *= 2
            off = bit_off // 8 // unit * unit
    else:
        unit, off = btf.sizeof(id_of(type)), bit_off // 8
    bits = bit_size or 8 * unit
    if kind == "core_field":
        if bit_size:
            return _Value(off, False)
        return _Value(off, True, btf.sizeof(id_of(_innermost(type))), type)
    if kind == "core_field_signed":
        is_signed = type.kind_flag if type.kind in ENUM_KINDS else False
        if type.kind == BTF_KIND_INT:
            is_signed = bool(type.int_encoding[0] & BTF_INT_SIGNED)
        return _Value(int(is_signed))
    if kind == "core_field_rshift":
        return _Value(64 - bits & _U64)
    if kind == "core_field_lshift":
        start = bit_off - 8 * off
        shift = 64 - (start + bits) if btf.byte_order == "little" else 64 - 8 * unit + start
        return _Value(shift & _U64, not bit_size)
    return _Value(unit, not bit_size)


def _shape(way: _Way) -> str:
    """Return how the field that a way leads to is read."""
    step = way.steps[-1]
    if not step.name:
        return shape_of_type(way.btf, step.type, is_declared=True)
    member = step.type.members[step.idx]
    is_bits = bool(member.bitfield_size or way.bit_off % 8)
    return shape_of_type(way.btf, way.btf.by_id(member.type_id), is_bits=is_bits, is_declared=True)


def _innermost(type: BtfType) -> BtfType:
    """Return the element of arrays of arrays."""
    while type.kind == BTF_KIND_ARRAY:
        type = type.btf.resolve(type.array[0])
    return type


# Instructions


def _patched(insn: Insn, result: CoreResult) -> Insn | None:
    """Return the instruction with its new value, or None if it is to be poisoned. Source: bpf_core_patch_insn."""
    if result.is_poisoned:
        return None
    new, code = insn.copy(), insn.opcode & 7
    if insn.opcode == LDDW:
        if insn.src_reg or insn.off:
            raise BtfError("the wide load refers to something else already", section=".BTF.ext")
        _require_old(result, insn.imm & _U64, result.old & _U64)
        new.imm = result.new & _U64
    elif code in (BPF_ALU, BPF_ALU64) and not insn.opcode & BPF_X:
        _require_old(result, insn.imm & _U64, result.old & _U64)
        new.imm = ((result.new & 0xFFFF_FFFF) ^ 0x8000_0000) - 0x8000_0000
    elif code in (BPF_LDX, BPF_ST, BPF_STX):
        _require_old(result, insn.off, result.old)
        if result.new > 0x7FFF:
            raise NotSupported(f"{result.local} at byte {result.new}, which is too far for one load")
        if result.is_other_width:
            result.is_poisoned = True
            sizes = f"{result.old_size} bytes in the program and {result.new_size} in {result.source}"
            result.why = f"{sizes}: neither pointers nor unsigned integers"
            return None
        new.off = result.new
        if result.new_size != result.old_size:
            if SIZE_BYTES[insn.opcode & 0x18] != result.old_size or result.new_size not in SIZE_BITS:
                what = f"{result.local} in {SIZE_BYTES[insn.opcode & 0x18]} bytes, which has {result.old_size}"
                raise NotSupported(f"{what} in the program and {result.new_size} in {result.source}")
            new.opcode = insn.opcode & ~0x18 | SIZE_BITS[result.new_size]
    else:
        raise BtfError("an instruction that has no value", section=".BTF.ext")
    return new


def _require_old(result: CoreResult, found: int, expected: int) -> None:
    if result.is_validated and found != expected:
        raise BtfError(
            f"the instruction has {found} for {result.local}, the object's types say {expected}", section=".BTF.ext"
        )
