"""What a program may read and write in its context, and what it gets from there.

A context is asked for a place: `access(off, size, is_write)` in bytes from its start. It answers with what is read
there (a `Field`, also for a write that is allowed), or None where the kernel says "invalid bpf_context access".

Source: the is_valid_access functions of each type of program, btf_ctx_access (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.btf_args import ITER_ARGS, RAW_TP_ARGS
from ..abi.context_access import LIKE, READS, RESULTS, WRITES
from ..btf.kinds import (
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FUNC,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_TYPE_TAG,
    BTF_KIND_TYPEDEF,
    BTF_KIND_UNION,
    MODIFIER_KINDS,
)
from ..record import Record
from .versions import places_differ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType

MAX_ARGS = 12  # MAX_BPF_FUNC_ARGS
PERF_MAX_TRACE_SIZE = 8192
_SCALARS = (BTF_KIND_INT, BTF_KIND_ENUM, BTF_KIND_ENUM64)
_STRUCTS = (BTF_KIND_STRUCT, BTF_KIND_UNION)


class Field(Record):
    """What a place in a context holds.

    `kind` as the verifier's log names it: scalar, pkt, pkt_meta, pkt_end, sock, sock_common, flow_keys, tp_buffer, buf,
    or ptr_ for a pointer into the kernel, to what `type` or else `of` names. `is_retval` marks what the hooked function
    returned, `is_user` and `is_percpu` pointers that are tagged so.
    """

    kind: str = "scalar"
    is_nullable: bool = False
    is_trusted: bool = False
    is_rdonly: bool = False
    is_user: bool = False
    is_percpu: bool = False
    is_rcu: bool = False
    is_retval: bool = False
    of: str = ""
    type: BtfType | None = None


SCALAR_FIELD = Field()


def parse_field(text: str) -> Field:
    """Read a name of the verifier's log: `sock_common_or_null`, `trusted_ptr_sk_buff`, `rdonly_buf_or_null`."""
    if text == "scalar":
        return SCALAR_FIELD
    trusted, text = text.startswith("trusted_"), text.removeprefix("trusted_")
    rdonly, text = text.startswith("rdonly_"), text.removeprefix("rdonly_")
    if text.startswith("ptr_"):
        nullable = text.startswith("ptr_or_null_")
        return Field("ptr_", nullable, trusted, rdonly, of=text[12 if nullable else 4 :])
    return Field(text.removesuffix("_or_null"), text.endswith("_or_null"), trusted, rdonly)


class Context:
    """A context without anything that may be touched; the base of the others."""

    def access(self, off: int, size: int, is_write: bool) -> Field | None:
        """Return what lies there, None if the program may not do this."""
        return None


# What needs CAP_BPF. Source: cg_skb_is_valid_access (Linux 6.1 to 7.3).
READS_OF_BPF = dict.fromkeys(("cgroup_skb/ingress", "cgroup_skb/egress", "cgroup/skb"), "4@76 4@80")
WRITES_OF_BPF = dict.fromkeys(READS_OF_BPF, "8@152")


class TableContext(Context):
    """The context of a kind of section that abi.context_access knows."""

    __slots__ = ("_reads", "_results", "_writes")

    def __init__(self, kind: str, *, has_bpf: bool = True, kernel: str = "6.18") -> None:
        less, more = places_differ(kernel, kind)
        kind = LIKE.get(kind, kind)
        self._reads = places(READS.get(kind, "")) - places(less)
        self._writes = places(WRITES.get(kind, "")) | places(more)
        if not has_bpf:
            self._reads -= places(READS_OF_BPF.get(kind, ""))
            self._writes -= places(WRITES_OF_BPF.get(kind, ""))
        self._results: dict[tuple[int, int], Field] = {}
        for word in RESULTS.get(kind, "").split():
            place, _, what = word.partition("=")
            off, _, size = place.partition(":")
            self._results[int(off), int(size)] = parse_field(what)

    def access(self, off: int, size: int, is_write: bool) -> Field | None:
        if (off, size) not in (self._writes if is_write else self._reads):
            return None
        return self._results.get((off, size), SCALAR_FIELD)


def places(row: str) -> frozenset[tuple[int, int]]:
    found = []
    for word in row.split():
        size, _, offsets = word.partition("@")
        span, _, step = offsets.partition("/")
        first, _, last = span.partition("-")
        found += [(off, int(size)) for off in range(int(first), int(last or first) + 1, int(step or 1))]
    return frozenset(found)


class RangeContext(Context):
    """A context that is plain memory: numbers only, from `first` to before `end`, at multiples of their size."""

    __slots__ = ("_end", "_first", "_writable")

    def __init__(self, first: int, end: int, writable: bool) -> None:
        self._first, self._end, self._writable = first, end, writable

    def access(self, off: int, size: int, is_write: bool) -> Field | None:
        inside = self._first <= off < self._end and off % size == 0
        return SCALAR_FIELD if inside and (self._writable or not is_write) else None


class BtfContext(Context):
    """The arguments of a function, or of a typed tracepoint: 8 bytes each, and what it returned after them.

    `marks` tells which arguments are not what their types say: `?` may be null, `#` a number.
    """

    __slots__ = ("_args", "_marks", "_results", "_ret", "_trusted")

    def __init__(
        self, btf: Btf, params: tuple[tuple[str, int], ...], *, ret: Field | None = None, trusted: bool = False,
        marks: str = "", results: list[str] | None = None,
    ) -> None:  # fmt: skip
        self._args: list[tuple[Btf, str, int]] = []
        for name, type_id in params:
            slots = max(1, -(-btf.sizeof(type_id) // 8)) if type_id else 1
            self._args += [(btf, name, type_id)] * slots
        self._ret, self._trusted = ret, trusted
        self._marks = {int(word[:-1]): word[-1] for word in marks.split()}
        self._results = results or []

    def access(self, off: int, size: int, is_write: bool) -> Field | None:
        n = off // 8
        if is_write or off < 0 or off % 8 or n > len(self._args) or n >= MAX_ARGS:
            return None
        if n == len(self._args):
            return self._ret
        btf, _, type_id = self._args[n]
        if size != 8 and type_id and btf.resolve(type_id).kind == BTF_KIND_PTR:
            return None
        if 0 < n <= len(self._results):
            return parse_field(self._results[n - 1])
        return self._argument(n)

    def _argument(self, n: int) -> Field | None:
        btf, name, type_id = self._args[n]
        mark = self._marks.get(n, "?" if name.endswith("__nullable") else "")
        return SCALAR_FIELD if mark == "#" else value_field(btf, type_id, self._trusted, mark == "?")


def value_field(btf: Btf, type_id: int, is_trusted: bool, is_nullable: bool) -> Field | None:
    """Return what an argument or a return value of a type is, None for a type that the verifier does not take.

    Source: btf_ctx_access, after the argument is found (Linux 6.18).
    """
    declared = btf.resolve(type_id)
    if declared.kind in _SCALARS or declared.kind in _STRUCTS:
        return SCALAR_FIELD
    if declared.kind != BTF_KIND_PTR:
        return None
    if not declared.type_id:
        return SCALAR_FIELD  # void *
    tags, at = set(), btf.by_id(declared.type_id)
    while at.kind in MODIFIER_KINDS or at.kind in (BTF_KIND_TYPEDEF, BTF_KIND_TYPE_TAG):
        if at.kind == BTF_KIND_TYPE_TAG:
            tags.add(at.name)
        at = btf.by_id(at.type_id)
    if at.kind not in _STRUCTS:
        return SCALAR_FIELD if not at.kind or at.kind in (BTF_KIND_INT,) else None
    return Field(
        "ptr_", is_nullable, is_trusted, False, "user" in tags, "percpu" in tags, "rcu" in tags, of=at.name, type=at
    )


def context_of(
    prog_type: int, kind: str, *, attach_type: int = 0, btf: Btf | None = None, attach_to: str = "",
    has_bpf: bool = True, kernel: str = "6.18",
) -> Context:
    """Return the context of programs of a kind of section; `btf` and `attach_to` are needed for typed hooks."""
    if prog_type == bpf.BPF_PROG_TYPE_TRACEPOINT:
        return RangeContext(8, PERF_MAX_TRACE_SIZE, False)
    if prog_type == bpf.BPF_PROG_TYPE_SYSCALL:
        return RangeContext(0, 0xFFFF, True)
    if prog_type in (bpf.BPF_PROG_TYPE_TRACING, bpf.BPF_PROG_TYPE_LSM) and btf is not None:
        return _typed_hook(prog_type, kind, attach_type, btf, attach_to)
    if prog_type == bpf.BPF_PROG_TYPE_STRUCT_OPS and btf is not None:
        from . import struct_ops

        return struct_ops.context_of(btf, attach_to)
    return TableContext(kind, has_bpf=has_bpf, kernel=kernel)


def _typed_hook(prog_type: int, kind: str, attach_type: int, btf: Btf, attach_to: str) -> Context:
    from ..spec.btf_hooks import find_hook

    hook = find_hook(btf, kind, attach_to)
    if hook is None:
        return Context()
    if hook.kind == BTF_KIND_FUNC:
        proto = btf.by_id(hook.type_id)
        params = proto.params
    else:
        proto = btf.by_id(btf.resolve(hook.type_id).type_id)
        params = proto.params[1:]
    if attach_type == bpf.BPF_TRACE_RAW_TP:
        return BtfContext(btf, params, trusted=True, marks=RAW_TP_ARGS.get(attach_to, ""))
    if attach_type == bpf.BPF_TRACE_ITER:
        return BtfContext(btf, params, trusted=True, results=ITER_ARGS.get(attach_to, "").split())
    ret: Field | None = None
    if attach_type in (bpf.BPF_TRACE_FEXIT, bpf.BPF_MODIFY_RETURN, bpf.BPF_LSM_MAC, bpf.BPF_LSM_CGROUP):
        ret = value_field(btf, proto.type_id, False, False) if proto.type_id else None
        if ret is SCALAR_FIELD and prog_type == bpf.BPF_PROG_TYPE_LSM:
            ret = Field(is_retval=True)
    return BtfContext(btf, params, ret=ret, trusted=prog_type == bpf.BPF_PROG_TYPE_LSM)
