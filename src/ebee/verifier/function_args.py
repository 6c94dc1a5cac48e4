"""What global functions take: arguments as their BTF signature and its tags say, where they are called and within.

Source: kernel/bpf/btf.c: btf_prepare_func_args(), btf_get_ptr_to_btf_id(); kernel/bpf/verifier.c:
btf_check_func_arg_match(), check_func_call() (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import (
    BTF_KIND_DECL_TAG,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
)
from ..errors import EbeeError
from ..record import Record
from .refusal import Refusal
from .scalar import const
from .state import (
    CONST_PTR_TO_DYNPTR,
    NOT_INIT_REG,
    PTR_MAYBE_NULL,
    PTR_TO_ARENA,
    PTR_TO_BTF_ID,
    PTR_TO_CTX,
    PTR_TO_MEM,
    PTR_TRUSTED,
    SCALAR,
    UNKNOWN_REG,
    Reg,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType
    from .explore import Verifier

NUMBERS = (BTF_KIND_INT, BTF_KIND_ENUM, BTF_KIND_ENUM64)
_ZERO = const(0)
_MAX_ARGS = 5
_TAGS = frozenset(("ctx", "trusted", "nonnull", "nullable", "arena"))
_KINDS = {BTF_KIND_STRUCT: "struct", BTF_KIND_UNION: "union"}
# Structs that a parameter points to where it is a context. Source: BTF of bpf_ctx_convert.
CONTEXTS = frozenset((
    "__sk_buff", "xdp_md", "bpf_sock", "bpf_sock_addr", "bpf_sock_ops", "sk_msg_md", "sk_reuseport_md", "bpf_sk_lookup",
    "bpf_perf_event_data", "bpf_raw_tracepoint_args", "bpf_cgroup_dev_ctx", "bpf_sysctl", "bpf_sockopt", "pt_regs",
    "bpf_user_pt_regs_t", "user_pt_regs", "bpf_nf_ctx",
))  # fmt: skip


class Argument(Record):
    """An argument: `scalar`, `ctx`, `dynptr`, `trusted`, `mem`, `arena`; `size_bytes` of memory, `type` of a struct."""

    kind: str
    size_bytes: int = 0
    is_nullable: bool = False
    type: BtfType | None = None


def arguments_of(v: Verifier, subprog: int) -> list[Argument]:
    """Return what a global function takes. Raises: Refusal."""
    btf, start = v.setting.btf, v.code.starts[subprog]
    assert btf is not None
    function = btf.by_id(v.setting.func_types[start])
    proto = btf.by_id(function.type_id)
    problem = ""
    if len(proto.params) > _MAX_ARGS:
        problem = f"with {len(proto.params)} > {_MAX_ARGS} args. Buggy compiler."
    elif not proto.type_id and v.kernel >= (7, 0):
        pass  # it returns nothing
    elif not proto.type_id or btf.resolve(proto.type_id).kind not in NUMBERS:
        problem = "doesn't return scalar. Only those are supported."
    if problem:
        raise Refusal("global_function", start, f"Global function {function.name}() {problem}")
    tags = _tags(btf, function.id)
    found = []
    for n, (_name, type_id) in enumerate(proto.params):
        argument = _argument(v, btf, n, type_id, tags.get(n, set()), function.name)
        if isinstance(argument, str):
            raise Refusal("global_function", start, argument, {"tags": sorted(tags.get(n, ()))})
        found.append(argument)
    return found


def returns_void(v: Verifier, subprog: int) -> bool:
    """Tell if a global function returns nothing, as those of kernels from 7.0 may."""
    btf = v.setting.btf
    return btf is not None and not btf.by_id(btf.by_id(v.setting.func_types[v.code.starts[subprog]]).type_id).type_id


def _tags(btf: Btf, func_id: int) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for tag in btf.types(BTF_KIND_DECL_TAG):
        if tag.type_id == func_id and tag.name.startswith("arg:"):
            found.setdefault(tag.component_idx, set()).add(tag.name[4:])
    return found


def _argument(v: Verifier, btf: Btf, n: int, type_id: int, tags: set[str], name: str) -> Argument | str:
    """Return an argument, or why it cannot be one."""
    declared = btf.resolve(type_id)
    if v.kernel < (6, 8):
        tags = set()  # they are not known yet
    bad = f"arg#{n} has invalid combination of tags"
    if tags - _TAGS:
        return f"arg#{n} has unsupported set of tags"
    if declared.kind != BTF_KIND_PTR:
        if tags:
            return f"arg#{n} has pointer tag, but is not a pointer type"
        return Argument("scalar") if declared.kind in NUMBERS else f"Arg#{n} type in {name}() is not supported yet."
    target = btf.resolve(declared.type_id) if declared.type_id else None
    struct = target.name if target is not None and target.kind == BTF_KIND_STRUCT else ""
    if "ctx" in tags or struct in CONTEXTS:
        return bad if tags - {"ctx"} else Argument("ctx")
    if struct == "bpf_dynptr" and v.kernel >= (6, 8):
        return bad if tags else Argument("dynptr")
    if "trusted" in tags:
        found = _in_kernel(v, target)
        if "nonnull" in tags:
            return bad
        if found is None:
            kind = _KINDS.get(target.kind, "") if target is not None else "void"
            return f"arg#{n} reference type('{kind} {target.name if target is not None else ''}') has no matches"
        return Argument("trusted", 0, "nullable" in tags, found)
    if "arena" in tags:
        return f"arg#{n} arena cannot be combined with any other tags" if tags - {"arena"} else Argument("arena")
    if "nullable" in tags:
        return bad
    try:
        size = btf.sizeof(declared.type_id) if declared.type_id else -1
    except EbeeError:
        size = -1
    if size < 0:
        return f"arg#{n} reference type('{target.name if target is not None else 'void'}') size cannot be determined"
    return Argument("mem", size, "nonnull" not in tags)


def _in_kernel(v: Verifier, struct: BtfType | None) -> BtfType | None:
    btf = v.setting.kernel_btf
    if btf is None or struct is None or struct.kind not in _KINDS:
        return None
    return btf.by_name(struct.name.partition("___")[0], struct.kind)


def check_call(v: Verifier, subprog: int) -> None:
    """Refuse the call of a global function: its arguments, or while a lock is held. Raises: Refusal."""
    refusal: Refusal | None = None
    try:
        for n, argument in enumerate(arguments_of(v, subprog)):
            _check_argument(v, n, argument, v.regs[n + 1])
    except Refusal as e:
        refusal = e
    if v.state.locks:
        message = "global function calls are not allowed while holding a lock,; use static function instead"
        raise v.refuse("lock", message, function=f"func#{subprog}")
    if refusal is not None:
        btf = v.setting.btf
        name = btf.by_id(v.setting.func_types[v.code.starts[subprog]]).name if btf is not None else ""
        message = f"{refusal.message}; Caller passes invalid args into func#{subprog} ('{name}')"
        from .rules import rule_of

        raise v.refuse(rule_of(message).name, message, **refusal.facts)


def _check_argument(v: Verifier, n: int, argument: Argument, reg: Reg) -> None:
    from . import dynptrs
    from .helper_args import check_memory, check_offset, check_type, is_null
    from .kernel_types import is_at
    from .prototypes import Arg

    number, kind = n + 1, argument.kind
    if kind == "scalar" and reg.kind != SCALAR:
        raise v.refuse("global_function", f"R{number} is not a scalar", register=number)
    if kind == "arena" and reg.kind not in (PTR_TO_ARENA, SCALAR):
        raise v.refuse("global_function", f"R{number} is not a pointer to arena or scalar.", register=number)
    if kind in ("ctx", "mem", "dynptr"):
        check_offset(v, number, reg, Arg(kind))
    if kind == "ctx" and reg.kind != PTR_TO_CTX:
        raise v.refuse("global_function", f"arg#{n} expects pointer to ctx", register=number)
    if kind == "mem" and not is_null(reg):
        for is_write in (False, True):
            check_memory(v, number, argument.size_bytes, is_write=is_write, zero_ok=True, call=None)
        if reg.flags & PTR_MAYBE_NULL and not argument.is_nullable:
            raise v.refuse("global_function", f"arg#{n} is expected to be non-NULL", register=number)
    elif kind == "mem" and not argument.is_nullable and v.kernel >= (7, 0):
        raise v.refuse("argument_type", f"R{number} is expected to be non-NULL", register=number)
    if kind == "dynptr":
        check_type(v, number, reg, Arg(kind), kind)
        dynptrs.check_dynptr(v, number, reg, Arg(kind))
    if kind == "trusted" and not (argument.is_nullable and is_null(reg)):
        arg = Arg("btf", argument.is_nullable)
        check_type(v, number, reg, arg, "btf")
        check_offset(v, number, reg, arg)
        wanted, own = argument.type, reg.obj
        if own is not None and wanted is not None and not is_at(own, reg.off, wanted.name):
            message = f"R{number} is of type {own.name} but {wanted.name} is expected"
            raise v.refuse("btf_type", message, register=number, kind=own.name, expected=wanted.name)


def entry_registers(v: Verifier, subprog: int) -> list[Reg]:
    """Return R0 to R9 where a global function starts. Raises: Refusal."""
    regs = [NOT_INIT_REG] * 10
    for n, argument in enumerate(arguments_of(v, subprog)):
        flags = PTR_MAYBE_NULL if argument.is_nullable else 0
        if argument.kind == "ctx":
            regs[n + 1] = Reg(PTR_TO_CTX, _ZERO)
        elif argument.kind == "mem":
            regs[n + 1] = Reg(PTR_TO_MEM, _ZERO, v.new_id(), 0, flags, size=argument.size_bytes)
        elif argument.kind == "dynptr":
            regs[n + 1] = Reg(CONST_PTR_TO_DYNPTR, _ZERO, v.new_id(), obj=("local", True))
        elif argument.kind == "trusted":
            regs[n + 1] = Reg(PTR_TO_BTF_ID, _ZERO, v.new_id() if flags else 0, 0, flags | PTR_TRUSTED, argument.type)
        else:
            regs[n + 1] = UNKNOWN_REG
    return regs
