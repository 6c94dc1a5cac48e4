"""Functions of the kernel (kfuncs), typed from BTF; what they give to hold is held by `with`.

Source: kfunc_param_* and check_kfunc_args in kernel/bpf/verifier.c; KF_ACQUIRE, KF_RELEASE and KF_RET_NULL of
kernel/bpf/helpers.c and kernel/bpf/cpumask.c, net/netfilter/nf_conntrack_bpf.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..abi.prototypes import C_INTEGERS, Parameter
from ..btf import kinds
from ..ir.core import I64, PTR_BTF, PTR_BTF_OR_NULL, PTR_FUNC
from ..lower import kernel_types
from ..lower.formatting import constant
from ..lower.numbers import Num, Refusal
from ..spec.core_fields import kernel_names, resolved
from ..types import kfuncs as declared
from ..types.maps import MapDecl
from .helpers import Given, context, kernel_object, memory, number, size
from .kernel_types import types
from .kinds import Kind, KnownKind
from .strings import encoded
from .values import Context, Dynptr, Guard, Known, Place, RecordRef, Sock, Unusable, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..btf.read import Btf, BtfType
    from ..ir.core import Block, Value
    from .expressions import Expressions
    from .statements import Statements
    from .values import Val

# What gives something to hold, and what gives it back.
_TASK, _CGROUP, _CPUMASK = "bpf_task_release", "bpf_cgroup_release", "bpf_cpumask_release"
RELEASES: dict[str, str] = {
    **dict.fromkeys(("bpf_task_from_pid", "bpf_task_from_vpid", "bpf_task_acquire"), _TASK),
    **dict.fromkeys(("bpf_cgroup_from_id", "bpf_cgroup_acquire", "bpf_cgroup_ancestor"), _CGROUP),
    "bpf_task_get_cgroup1": _CGROUP,
    "bpf_get_task_exe_file": "bpf_put_file",
    **dict.fromkeys(("bpf_cpumask_create", "bpf_cpumask_acquire"), _CPUMASK),
    **dict.fromkeys(("bpf_lookup_user_key", "bpf_lookup_system_key"), "bpf_key_put"),
    **dict.fromkeys(("bpf_skb_ct_lookup", "bpf_xdp_ct_lookup"), "bpf_ct_release"),
    **dict.fromkeys(("bpf_crypto_ctx_create", "bpf_crypto_ctx_acquire"), "bpf_crypto_ctx_release"),
}
# Functions that mean something only together with others: what to write.
INSTEAD: dict[str, str] = {
    **dict.fromkeys(RELEASES.values(), "with f(…) as x: … gives it back"),
    **dict.fromkeys(("bpf_rcu_read_lock", "bpf_rcu_read_unlock"), "with ebee.rcu(): …"),
    **dict.fromkeys(
        ("bpf_wq_init", "bpf_wq_set_callback", "bpf_wq_set_callback_impl", "bpf_wq_start"),
        "v.w.start(f), with a WorkQueue in an entry",
    ),
    **dict.fromkeys(("bpf_preempt_disable", "bpf_preempt_enable"), "with ebee.preempt_disabled(): …"),
}
_ITERATOR = "bpf_iter_"
# Types of parameters that are the program's context.
_CONTEXTS = ("xdp_md", "__sk_buff", "bpf_sock_ops", "bpf_sock_addr", "sk_msg_md", "bpf_sk_lookup", "bpf_nf_ctx")
# What parameters' names end with. Source: Documentation/bpf/kfuncs.rst.
_SUFFIXES = ("__szk", "__sz", "__ign", "__nullable", "__opt", "__uninit", "__str", "__const_str", "__map", "__k")
_INTEGERS = {(n, signed): f"{'us'[signed]}{8 * n}" for n in (1, 2, 4, 8) for signed in (False, True)}


# Types


def _integer(type: BtfType) -> str:
    """Return an integer's C type, empty for what is none."""
    if type.kind == kinds.BTF_KIND_INT:
        return _INTEGERS.get((type.size_bytes, bool(type.int_encoding[0] & kinds.BTF_INT_SIGNED)), "")
    if type.kind in (kinds.BTF_KIND_ENUM, kinds.BTF_KIND_ENUM64):
        return _INTEGERS.get((type.size_bytes, bool(type.kind_flag)), "")
    return ""


def _c_type(btf: Btf, type_id: int) -> str:
    """Return a type as C has it, empty for one that no probe can pass. Pointers to `char` and to nothing are void."""
    if not type_id:
        return "void"
    type = resolved(btf, btf.by_id(type_id))
    if type.kind != kinds.BTF_KIND_PTR:
        return _integer(type)
    if not type.type_id:
        return "void *"
    to = resolved(btf, btf.by_id(type.type_id))
    if to.kind == kinds.BTF_KIND_STRUCT:
        return f"struct {to.name} *"
    if _integer(to) in ("u8", "s8"):
        return "char *"
    return f"{_integer(to)} *" if _integer(to) else ""


def prototype(front: Expressions, name: str) -> tuple[list[Parameter], str]:
    """Return what the Target's kernel says of a function. Raises: Refusal if it has none of this name."""
    btf = types(front)
    function = next((f for n in kernel_names(name) if (f := btf.by_name(n, kinds.BTF_KIND_FUNC)) is not None), None)
    if function is None:
        raise Refusal(f"the kernel has no function {name}()", similar(name, _known(btf)))
    proto = btf.by_id(function.type_id)
    params = []
    for parameter, type_id in proto.params:
        params.append(Parameter(parameter, _c_type(btf, type_id), is_size=parameter.endswith(("__sz", "__szk"))))
    return params, _c_type(btf, proto.type_id)


def _known(btf: Btf) -> list[str]:
    """Return the names of a kernel's functions for programs, as far as it says. Looks at every tag."""
    tags = (tag for tag in btf.types(kinds.BTF_KIND_DECL_TAG) if tag.name == "bpf_kfunc")
    return sorted({btf.by_id(tag.type_id).name for tag in tags})


def iterator_of(name: str) -> str:
    """Return the name of the iterator that a function is a part of, empty if of none."""
    start, _, way = name.rpartition("_")
    return start.removeprefix(_ITERATOR) if start.startswith(_ITERATOR) and way in declared.WAYS else ""


def _plain(name: str) -> str:
    """Return a parameter's name without what its end says."""
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


# Calls


class KfuncKind(KnownKind):
    """A function of the kernel."""

    def describe(self, front: Expressions, value: Known) -> str:
        return f"the kernel's function {value.object.name}()"

    def attribute(self, front: Expressions, value: Known, name: str, node: ast.expr) -> Val:
        function: declared.Kfunc = value.object
        if name != "exists":
            raise Refusal(f"{self.describe(front, value)} has no attribute {name!r} in a probe", "f.exists")
        if not function.is_optional:
            hint = f'f = ebee.kfunc("{function.name}", optional=True)'
            raise Refusal(f"{function.name}() is not optional: without it the program is not loaded", hint)
        btf = types(front)
        if not any(btf.by_name(n, kinds.BTF_KIND_FUNC) for n in kernel_names(function.name)):
            return Known(False)
        address = front.b.op("ksym", symbol=function.name, type=PTR_FUNC, imm=1)
        return front.decided(lambda then, els: front.b.branch("ne", address, front.b.const(0), then, els))

    def call(self, front: Expressions, value: Known, node: ast.Call) -> Val:
        return _call(front, value.object, node)

    def has_effect(self, front: Expressions, value: Known, name: str, node: ast.expr) -> bool:
        return True


def _call(front: Expressions, function: declared.Kfunc, node: ast.Call) -> Val:
    name = function.name
    if name in INSTEAD:
        raise Refusal(f"{name}() cannot be called by its name", INSTEAD[name])
    if iterator := iterator_of(name):
        hint = f'{iterator} = ebee.kfunc_iter("{iterator}"), then for x in {iterator}(…): …'
        raise Refusal(f"{name}() cannot be called by its name", hint)
    params, result = prototype(front, name)
    values = passed(front, name, params, front.arguments(node, name, len(params), len(params)))
    low, is_weak = front.low, function.is_optional
    if name in RELEASES:
        return _reference(front, node, function, values, result)
    if result.startswith("struct "):
        known = low.call_kfunc(name, values, PTR_BTF, is_weak=is_weak)
        return kernel_types.pointer(front.b.op("retype", known, type=I64), result.split()[1])
    if result == "void":
        low.call_kfunc(name, values, is_weak=is_weak)
        return Known(None)
    if not result or result.endswith("*"):
        raise Refusal(f"what {name}() gives is neither a number nor a struct, and cannot be used in a probe")
    size, signed = width(result)
    found: Value = low.call_kfunc(name, values, is_weak=is_weak)
    if size < 8:
        found = front.b.op("sext" if signed else "zext", found, size=size)
    bits = 8 * size
    return Num(found, *((-1 << bits - 1, (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)))


def passed(front: Expressions, name: str, params: list[Parameter], nodes: list[ast.expr]) -> list[Value]:
    """Return a function's arguments as the kernel takes them. Raises: Refusal."""
    given = []
    for param, argument in zip(params, nodes):
        try:
            given.append(_evaluate(front, Given(name, param, argument, prefix="")))
        except Refusal as e:
            raise front.located(argument, e) from None
    values: list[Value] = []
    for at, g in enumerate(given):
        try:
            values.append(_pass(front, g, given[at - 1] if at else g))
        except Refusal as e:
            raise front.located(g.node, e) from None
    return values


def width(c_type: str) -> tuple[int, bool]:
    return C_INTEGERS[c_type] if c_type in C_INTEGERS else (int(c_type[1:]) // 8, c_type[0] == "s")


def _reference(
    front: Expressions, node: ast.Call, function: declared.Kfunc, values: list[Value], result: str
) -> Guard:
    """What a function gives to hold: nothing if that is null."""
    name, b, low = function.name, front.b, front.low

    def enter(skipped: Block) -> Val:
        found = low.call_kfunc(name, values, PTR_BTF_OR_NULL, is_weak=function.is_optional)
        (have,) = low.blocks(1)
        b.branch("ne", found, b.const(0), have, skipped)
        b.start(have)
        known = b.non_null(found)
        address = b.op("retype", known, type=I64)
        low.hold(lambda: low.call_kfunc(RELEASES[name], [known], is_weak=function.is_optional), pointer=address)
        return kernel_types.pointer(address, result.split()[1])

    text = front.source.text_of(node)
    return Guard(f"what {text} gives", f"with {text} as x: …", enter)


def _takes_memory(p: Parameter) -> bool:
    return p.c_type.endswith("*") and not p.c_type.startswith("struct ") and not p.name.endswith(("__map", "__str"))


def _evaluate(front: Expressions, g: Given) -> Given:
    p = g.param
    if p.c_type == "":
        raise Refusal(f"{_plain(p.name)} of {g.name}() is of a type that a probe has no value of")
    if not _takes_memory(p):
        g.value = front.expr(g.node)
        return g
    if isinstance(g.node, ast.Constant) and g.node.value is None and p.name.endswith(("__ign", "__nullable", "__opt")):
        return g
    fixed = 0 if p.c_type in ("void *", "char *") else width(p.c_type.removesuffix(" *"))[0]
    is_read = p.name.endswith("__ign")
    return memory(front, g, is_read=is_read, fixed=fixed)


def _pass(front: Expressions, g: Given, before: Given) -> Value:
    p, b, low = g.param, front.b, front.low
    if p.is_size and _takes_memory(before.param):
        return size(front, g, before, least=0)
    if _takes_memory(p):
        return low.at(g.place.base, g.place.off) if g.place is not None else b.const(0)
    if p.name == "nr_words" and before.place is not None:  # which only the kernel's function itself would look at
        n, most = front.as_num(g.value), before.place.type.size // 8
        if n.hi > most:
            raise Refusal(f"{n.describe()} may be more than {before} has, {most} words", f"bound it: min(n, {most})")
    if p.name.endswith("__map"):
        if not (isinstance(g.value, Known) and isinstance(g.value.object, MapDecl)):
            raise Refusal(f"{g} takes a map, not {front.describe(g.value)}")
        return low.map(g.value.object)
    if p.name.endswith("__str"):
        if not (isinstance(g.value, Known) and isinstance(g.value.object, str)):
            raise Refusal(f"{g} takes a constant string, not {front.describe(g.value)}")
        return constant(low, encoded(g.value.object))
    if p.name.endswith("__k") and not isinstance(g.value, Known):
        raise Refusal(f"{g} takes a constant")
    if not p.c_type.startswith("struct "):
        return number(front, g, *width(p.c_type))
    struct = p.c_type.split()[1]
    if struct == "bpf_dynptr" and isinstance(g.value, Dynptr):
        return g.value.state
    if p.name.endswith("__nullable") and isinstance(g.value, Known) and g.value.object is None:
        return b.const(0)
    if isinstance(g.value, Context | RecordRef) or struct in _CONTEXTS:
        if struct not in _CONTEXTS:
            raise Refusal(f"{g} takes a pointer to struct {struct}, not {front.describe(g.value)}")
        return context(front, g)
    return kernel_object(front, g, (struct,))


# With statements


class GuardKind(Kind):
    """What a `with` statement holds, outside of one."""

    def describe(self, front: Expressions, value: Guard) -> str:
        return value.what

    def _refused(self, value: Guard) -> Refusal:
        return Refusal(f"{value.what} must be given back", value.usage)

    def kept(self, front: Expressions, name: str, value: Guard) -> Val:
        raise self._refused(value)

    def attribute(self, front: Expressions, value: Guard, name: str, node: ast.expr) -> Val:
        raise self._refused(value)

    def is_none(self, front: Expressions, value: Guard, then: Block, els: Block) -> None:
        raise self._refused(value)


def held(front: Statements, node: ast.With, item: ast.withitem) -> None:
    """`with guard as name:` the body runs if there is something to hold, which is given back on every way out."""
    guard, name = front.expr(item.context_expr), item.optional_vars
    if not isinstance(guard, Guard):
        hint = "with ring.reserve() as record, with a function of the kernel's, or with ebee.rcu()"
        raise Refusal("this `with` is not supported in a probe", hint)
    if name is not None and not isinstance(name, ast.Name):
        raise Refusal("`as` takes one name here")
    done, before = front.b.new_block(), dict(front.env)
    value = guard.enter(done)
    is_skipped = front.b.is_reachable(done)
    if name is not None:
        front.assign_name(name.id, value)
    front.body(node.body)
    reached = not front.b.terminated
    front.b.span = front.source.span(node)
    front.low.release()
    front.b.jump(done)
    ends = [before] * is_skipped + [front.env] * reached
    front.join(done, ends, before)
    for other, known in list(front.env.items()):
        is_same = isinstance(value, Num) and isinstance(known, Num) and known.value is value.value
        if is_same or isinstance(value, Sock) and isinstance(known, Sock) and known.held is value.held:
            front.env[other] = Unusable("was given back at the end of its `with`")
    if name is not None:
        front.env[name.id] = Unusable("was given back at the end of its `with`")


# What is built on functions of the kernel

_SECTIONS = {
    declared.rcu: ("bpf_rcu_read_lock", "bpf_rcu_read_unlock"),
    declared.preempt_disabled: ("bpf_preempt_disable", "bpf_preempt_enable"),
}


def has_effect(function: Any) -> bool:
    """Whether a function is called for what it does."""
    return False


def call(front: Expressions, function: Any, node: ast.Call) -> Val:
    """Lower `ebee.rcu()`, `ebee.iter_num(…)` and their like. Raises: Refusal."""
    name, low = function.__name__, front.low
    if function in _SECTIONS:
        front.arguments(node, name, 0, 0)
        begin, end = _SECTIONS[function]

        def enter(skipped: Block) -> Val:
            low.call_kfunc(begin)
            low.hold(lambda: low.call_kfunc(end))
            return Known(None)

        return Guard(f"ebee.{name}()", f"with ebee.{name}(): …", enter)
    if function in (declared.iter_num, declared.iter_task):
        from .kfunc_iters import LOWER

        return LOWER[function](front, node)
    if function is declared.dynptr:
        from .dynptrs import dynptr

        return dynptr(front, node)
    if function is declared.kptr_xchg:
        return _exchange(front, node)
    hint = f'declare it at module level: f = ebee.{name}("…")'
    raise Refusal(f"{name}() cannot be called in a probe", hint)


def _exchange(front: Expressions, node: ast.Call) -> Val:
    from .helpers import field_place
    from .special import taken

    place_node, new_node = front.arguments(node, "kptr_xchg", 2, 2)
    what = front.source.text_of(place_node)
    place = field_place(front, place_node, False)
    if type(place) is not Place:
        raise Refusal(f"{what} is no field of a map's entry", "ebee.kptr_xchg(v.task, None)")
    return taken(front, place, front.expr(new_node), what, new_node)
