"""The narrow waist: what a compiler hands to a backend. Plain data, no behaviour that touches the machine.

Front ends make an `ObjectSpec` from a source and a `Target`; backends load it. Nothing here knows a syntax tree,
and nothing here knows a file descriptor.
"""

from __future__ import annotations

from ..record import Record, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from ..errors import SourceSpan
    from ..isa.insn import Insn

# Kinds of relocation: what must be known about the running system before the instruction is whole.
RELO_MAP = "map"  # LDDW: the file descriptor of the map named `symbol` (BPF_PSEUDO_MAP_FD)
RELO_MAP_VALUE = "map_value"  # LDDW: address of byte `addend` in the one value of map `symbol` (BPF_PSEUDO_MAP_VALUE)
RELO_TP_FIELD = "tp_field"  # LDX/ST/STX off: offset of field `symbol` in the tracepoint's record, plus `addend`
# call: the kernel's function `symbol` (BPF_PSEUDO_KFUNC_CALL; `imm` its BTF id, `off` 0 or an index into fd_array)
RELO_KFUNC = "kfunc"
# LDDW: the address of the kernel's variable or function `symbol` (BPF_PSEUDO_BTF_ID); 0 for a weak one that is missing
RELO_KSYM = "ksym"
# LDDW: the address of the program's jump table `symbol`, for an indirect jump (gotox).
RELO_JUMP_TABLE = "jump_table"
# Calls of functions of the same program (BPF_PSEUDO_CALL) and their addresses (LDDW with BPF_PSEUDO_FUNC) need none:
# the distance is in `imm`. Loaders pass over these two.
RELO_SUBPROG, RELO_FUNC = "subprog", "func"

# CO-RE: a number that the running kernel's types say. It replaces the `imm` of a MOV or LDDW; RELO_CORE_FIELD, the
# offset of a field in bytes, also the `off` of an LDX, ST or STX. The compiler has names for what is asked (described
# in spec.core_fields), which spec.core_types turns into types and `CoreRelo`s; "core_type_id_local" is a type of the
# object's own BTF.
# Source: enum bpf_core_relo_kind, include/uapi/linux/bpf.h (Linux 6.18).
RELO_CORE_FIELD = "core_field"
CORE_KINDS = {
    RELO_CORE_FIELD: 0, "core_field_size": 1, "core_field_exists": 2, "core_field_signed": 3,
    "core_field_lshift": 4, "core_field_rshift": 5, "core_type_id_local": 6, "core_type_id": 7,
    "core_type_exists": 8, "core_type_size": 9, "core_enum_exists": 10, "core_enum_value": 11,
}  # fmt: skip

# The kinds that `CoreRelo` has: those, and whether the target's type has all that the local one has.
CORE_RELO_KINDS = {**CORE_KINDS, "core_type_matches": 12}

CORE_EXISTENCE = frozenset(("core_field_exists", "core_type_exists", "core_enum_exists"))  # 1 or 0, never missing

# Pinning of maps: not at all, or under their names in a bpffs. Source: enum libbpf_pin_type.
PIN_NONE, PIN_BY_NAME = 0, 1

# The map that holds one u64 counter per loss site; see `LossSite`.
LOSS_MAP = "ebee.lost"
# The ring buffer that carries the values of print(); `ObjectSpec.notes["prints"]` says what its records mean.
PRINT_MAP = "ebee_print"
# The per-CPU array with the variables that do not fit on the stack, of each program and run.
SCRATCH_MAP = "ebee_scratch"
# The hash of processes (tgid, u32) that `ebee.followed()` asks: FOLLOWED for each; at key 0 FOLLOWED if all are.
SCOPE_MAP, SCOPE_PROCESSES, FOLLOWED = "ebee_scope", 65536, 1
PRINT_BYTES = 1 << 19


class Reloc(Record):
    """One instruction that waits for the running system. `insn_idx` is an index into `ProgramSpec.insns`.

    `size_bytes` is the width that the program assumes (RELO_TP_FIELD): a loader that finds another width refuses.
    What is `is_weak` may be missing (RELO_KFUNC, RELO_KSYM): its address is 0, and a call of it is left unusable,
    which is no harm where the verifier sees that it is not reached.
    """

    insn_idx: int
    kind: str
    symbol: str
    addend: int = 0
    size_bytes: int = 0
    is_weak: bool = False


class CoreRelo(Record):
    """A CO-RE relocation as object files have it; `spec.core_relo` carries it out.

    `kind` is a key of `CORE_RELO_KINDS`, `type_id` a type in the object's BTF, `access` the way through it: numbers of
    members and array indices (`0:1:2`), for an enum the number of an enumerator, for a whole type `0`. `insn_idx` is
    an index into `ProgramSpec.insns`; the instruction holds the value that the object's own types give.
    `is_exact`: the program reads just what its own types say, so that a field of another width, sign or kind is as
    good as none, and so is a type without a size. C programs take such things as they come.
    Source: struct bpf_core_relo, include/uapi/linux/bpf.h (Linux 6.18).
    """

    insn_idx: int
    kind: str
    type_id: int
    access: str
    is_exact: bool = False


class FuncInfo(Record):
    """Where a function starts and the BTF id of its FUNC. `insn_idx` is an index into `ProgramSpec.insns`.

    Source: struct bpf_func_info (there `insn_off` counts slots).
    """

    insn_idx: int
    type_id: int


class LineInfo(Record):
    """The source line of an instruction. Lines count from 1, columns from 1 (0: unknown), as the kernel has them.

    `file_name_off` and `line_off` are offsets into the object's BTF string section: the file's name, and the text
    of the line. Source: struct bpf_line_info (there `insn_off` counts slots and `line_col` packs line and column).
    """

    insn_idx: int
    file_name_off: int
    line_off: int
    line_num: int
    line_col: int = 0


class LossSite(Record):
    """One place of a program where something can be lost; `slot` is its u64 in the value of `LOSS_MAP`.

    `kind` is a key of `ebee.api.losses.WORDS` (`ring_full`, `map_full`, `user_fault`, `div_by_zero`, …); `what`
    names the map or expression. A slot of the kind `zero` is never counted in: programs read it.
    """

    slot: int
    kind: str
    what: str
    span: SourceSpan | None = None


class MapSpec(Record):
    """A map to be created. Sizes in bytes; for ring buffers `max_entries` is the data size in bytes, for perf event
    arrays 0: as many as the machine has CPUs.

    `map_type` is a BPF_MAP_TYPE_* number. `key_type_id` and `value_type_id` are ids in the object's BTF, 0 for none.
    `initial` is the value of entry 0 for maps that hold globals, `frozen` makes it read-only after that.

    A map of global variables is named as its section (`.data`, `.bss`, `.rodata`, `.data.NAME`), is an array of one
    entry, and has for `value_type_id` the section's DATASEC, for `key_type_id` 0.
    `inner` describes the maps that a map of maps holds; its name is the outer one's with `.inner`. `inner_maps` are
    those of the object that are in it from the start: key -> name.
    `map_extra` is the kernel's (hash functions of a Bloom filter, address of an arena). `pinning` is PIN_*.
    `programs` are those of the object that are in an array of programs from the start: index -> name. `numa_node`
    counts where `map_flags` has BPF_F_NUMA_NODE. Without `autocreate` there is no such map, and what uses it is refused
    where it is reached.
    """

    name: str
    map_type: int
    key_size: int
    value_size: int
    max_entries: int
    map_flags: int = 0
    key_type_id: int = 0
    value_type_id: int = 0
    initial: bytes = b""
    frozen: bool = False
    map_extra: int = 0
    inner: MapSpec | None = None
    inner_maps: dict[bytes, str] = field(default_factory=dict)
    pinning: int = PIN_NONE
    programs: dict[int, str] = field(default_factory=dict)
    numa_node: int = 0
    autocreate: bool = True


class ProgramSpec(Record):
    """A program to be loaded.

    `section` is libbpf's section name (`tracepoint/syscalls/sys_enter_openat`) and `attach_to` the part that names
    the hook (`syscalls:sys_enter_openat`). `prog_type` and `expected_attach_type` are the kernel's numbers. `insns`
    holds this function first and then every subprogram that it calls or takes the address of; programs of one object
    carry copies of the subprograms that they share. `stack_size` in bytes, of the deepest call chain.
    `jump_tables` has where indirect jumps lead to: indices into `insns`, in the function that uses the table.
    """

    name: str
    section: str
    prog_type: int
    attach_to: str = ""
    expected_attach_type: int = 0
    prog_flags: int = 0
    insns: list[Insn] = field(default_factory=list)
    relocs: list[Reloc] = field(default_factory=list)
    func_info: list[FuncInfo] = field(default_factory=list)
    line_info: list[LineInfo] = field(default_factory=list)
    stack_size: int = 0
    core_relos: list[CoreRelo] = field(default_factory=list)
    jump_tables: dict[str, list[int]] = field(default_factory=dict)


class StructOpsSpec(Record):
    """A variable that is a struct of functions for the kernel to call (struct_ops).

    `struct` is the kernel's name of it, `type_id` the STRUCT in the object's BTF: the members that are set, where they
    are in `data`. `programs` are those that it points to, by the offset of the member in bytes. Without `autocreate` it
    is not registered, and programs that are in no other one are not loaded: those of sections that begin with `?`.
    """

    name: str
    struct: str
    type_id: int
    data: bytes
    programs: dict[int, str] = field(default_factory=dict)
    autocreate: bool = True


class ObjectSpec(Record):
    """Programs, maps and types that belong together: what an object file holds.

    `btf` is the raw .BTF blob of the object (empty: none). `notes` is what the run time needs beyond the kernel:
    plain JSON-like data, saved in a non-alloc section of the object file. `loss_sites` describe `LOSS_MAP`.
    `externs` has for kernel functions and variables (RELO_KFUNC, RELO_KSYM) the type that the program takes them for:
    the id in `btf` of a FUNC_PROTO, or of a variable's type; a variable of type void is known by its address alone.
    Object files need it. So do `structs`.
    `kconfig` has the variables of map `.kconfig`, which are filled in for loading: whether each may be missing.
    `byteorder` is that of the instructions and of the maps' contents; `btf` is little-endian in any case.
    """

    name: str
    programs: dict[str, ProgramSpec] = field(default_factory=dict)
    maps: dict[str, MapSpec] = field(default_factory=dict)
    btf: bytes = b""
    license: str = "GPL"
    loss_sites: list[LossSite] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    externs: dict[str, int] = field(default_factory=dict)
    structs: dict[str, StructOpsSpec] = field(default_factory=dict)
    kconfig: dict[str, bool] = field(default_factory=dict)
    byteorder: Literal["little", "big"] = "little"
