"""What a call of a helper must be given and what it gives, and which programs may call it.

Source: struct bpf_func_proto, check_helper_call and bpf_base_func_proto (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.helper_hooks import has_helper
from ..abi.helper_protos import HELPER_PROTOS, NEEDS_BPF, NEEDS_PERFMON, NEEDS_TOKEN_ADMIN, OTHER_PROTOS
from ..abi.helpers import HELPER_NAMES
from ..record import Record
from ..spec.sections import SECTIONS
from .versions import helper_differs


class Arg(Record):
    """One argument.

    `kind` is a word of abi.helper_protos without its marks: any ctx map key value mem size size0 alloc str func stack
    sock skc btf_skc btf percpu lock timer kptr dynptr record.
    `size_bytes` is that of a `mem` whose size is fixed, else 0; `of` names the type of a `btf`, or the kind of a
    `dynptr`. `is_uninit` memory is written without being read first; `is_aligned` must lie at a multiple of its size.
    """

    kind: str
    is_nullable: bool = False
    is_written: bool = False
    is_uninit: bool = False
    is_released: bool = False
    is_aligned: bool = False
    size_bytes: int = 0
    of: str = ""


class Result(Record):
    """What a call leaves in R0.

    `kind`: int, void, value (of the map), sock, skc, tcp_sock, record (of a ring buffer), dynptr_mem, per_cpu, btf,
    kptr.
    """

    kind: str
    is_nullable: bool = False
    of: str = ""


class HelperProto(Record):
    """The contract of a helper. `n_free` arguments after `args` may be anything, even uninitialised."""

    number: int
    name: str
    args: tuple[Arg, ...]
    result: Result
    gpl_only: bool = False
    pkt_access: bool = False
    might_sleep: bool = False
    moves_packet: bool = False
    allow_fastcall: bool = False
    is_async: bool = False


def _result(text: str) -> Result:
    kind, _, of = text.rstrip("?").partition(":")
    return Result(kind, text.endswith("?"), of)


def _arg(text: str) -> Arg:
    end = len(text)
    while end and not (text[end - 1].isalnum() or text[end - 1] == "_") or text[:end].endswith("=u"):
        end -= 1
    marks = text[end:]
    kind, _, of = text[:end].partition(":")
    size_bytes = 0
    if kind.startswith("mem"):
        size_bytes, kind = int(kind[3:] or 0), "mem"
    return Arg(kind, "?" in marks, "=" in marks, "=u" in marks, "!" in marks, "*" in marks, size_bytes, of)


def parse_row(number: int, name: str, row: str) -> HelperProto:
    """Read a row of abi.helper_protos."""
    head, _, rest = row.partition(" (")
    inside, _, flags_text = rest.partition(")")
    flags = flags_text.split()
    args = tuple(_arg(word) for word in inside.split() if word != "...")
    return HelperProto(
        number, name, args, _result(head), "gpl" in flags, "pkt" in flags, "sleep" in flags, "moves" in flags,
        "fast" in flags, "async" in flags,
    )  # fmt: skip


_OTHERS = {
    (name, getattr(bpf, f"BPF_PROG_TYPE_{word}")): row
    for (name, words), row in OTHER_PROTOS.items()
    for word in words.split()
}
_known: dict[tuple[int, int], HelperProto] = {}


def helper_proto(number: int, prog_type: int) -> HelperProto | None:
    """Return the contract of a helper in programs of a type; None for a number that is no helper's."""
    proto = _known.get((number, prog_type))
    if proto is None:
        name = HELPER_NAMES.get(number)
        if name is None:
            return None
        row = _OTHERS.get((name, prog_type)) or HELPER_PROTOS[name]
        proto = _known[number, prog_type] = parse_row(number, name, row)
    return proto


_kind_of: dict[tuple[int, int, int], str] = {}


def hook_kind(prog_type: int, expected_attach_type: int, prog_flags: int = 0) -> str:
    """Return the usual kind of section of such programs, as spec.sections.SECTIONS names it; "" for none."""
    if not _kind_of:
        for section, (type_, attach, _, flags) in SECTIONS.items():
            _kind_of.setdefault((type_, attach, flags & bpf.BPF_F_SLEEPABLE), section)
    sleepable = prog_flags & bpf.BPF_F_SLEEPABLE
    for key in (
        (prog_type, expected_attach_type, sleepable),
        (prog_type, expected_attach_type, 0),
        (prog_type, 0, sleepable),
        (prog_type, 0, 0),
    ):
        if key in _kind_of:
            return _kind_of[key]
    return next((s for s, row in SECTIONS.items() if row[0] == prog_type), "")


def may_call(
    name: str, section: str, *, has_bpf: bool = True, has_perfmon: bool = True, has_admin: bool = True,
    kernel: str = "6.18",
) -> bool:  # fmt: skip
    """Whether programs of a kind of section that are loaded with these capabilities may call a helper of a kernel.

    Source: the get_func_proto functions of each type, and bpf_base_func_proto (Linux 6.18).
    """
    if name in NEEDS_TOKEN_ADMIN and not has_admin:
        return False
    if name in NEEDS_PERFMON and not has_perfmon:
        return False
    if name in NEEDS_BPF and not has_bpf:
        return False
    differs = helper_differs(kernel, section, name)
    return has_helper(section, name) if differs is None else differs
