"""Functions of structs that the kernel calls: their arguments are those of the member, in their order.

BTF has the types of such arguments and not their names.
"""

from __future__ import annotations

import _ast as ast

from ..btf.kinds import BTF_KIND_FUNC_PROTO, BTF_KIND_PTR, BTF_KIND_STRUCT
from ..lower.numbers import Refusal
from ..spec.btf_hooks import Argument
from ..spec.core_fields import resolved
from .btf_contexts import FixedContext, TypedContext
from .values import similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType
    from ..ir.core import Value
    from ..spec.target import Target
    from .btf_contexts import BtfContext
    from .expressions import Expressions
    from .values import Val


class MemberContext(TypedContext):
    """The arguments of a function of a struct, by position."""

    by_position = True

    def positional(self, front: Expressions, pointer: Value, parameter: ast.arg, n: int) -> Val:
        """The nth argument."""
        if n >= len(self.args):
            raise Refusal(f"a {self.noun} has {len(self.args)} argument(s): there is no {parameter.arg!r}")
        return self.at(front.low, pointer, n)


class VoidMemberContext(MemberContext):
    """One that returns nothing."""

    results = (0, 0)
    result_hint = FixedContext.result_hint


def struct_ops_context(hook: str, target: Target) -> BtfContext:
    """Return the context of the function of a struct (`struct.member`). Raises: Refusal."""
    name, _, member = hook.partition(".")
    btf = target.btf()
    if btf is None:
        raise Refusal(f"structs of functions are typed from the kernel's BTF; the target {target.name} has none")
    struct = btf.by_name(name, BTF_KIND_STRUCT)
    if struct is None or btf.by_name(f"bpf_struct_ops_{name}", BTF_KIND_STRUCT) is None:
        known = [t.name.removeprefix("bpf_struct_ops_") for t in btf.types(BTF_KIND_STRUCT) if _is_value(t)]
        raise Refusal(f"the kernel registers no struct {name!r}", similar(name, known) or f"it has {', '.join(known)}")
    protos = {m.name: proto for m in struct.members if (proto := _function(btf, m.type_id)) is not None}
    if member not in protos:
        raise Refusal(f"struct {name} has no function {member!r}", similar(member, protos))
    proto = protos[member]
    args, slot = [], 0
    for arg, type_id in proto.params:
        args.append(Argument(arg, type_id, slot))
        slot += max(1, -(-btf.sizeof(type_id) // 8))
    noun = f"probe on {member} of {name}"
    if proto.type_id:
        if resolved(btf, btf.by_id(proto.type_id)).kind == BTF_KIND_PTR:
            raise Refusal(f"{noun} returns a pointer, which a probe cannot")
        return MemberContext(noun, btf, args)
    return VoidMemberContext(noun, btf, args)


def _is_value(type: BtfType) -> bool:
    return type.name.startswith("bpf_struct_ops_") and any(m.name == "data" for m in type.members)


def _function(btf: Btf, type_id: int) -> BtfType | None:
    """Return the prototype of a member that is a pointer to a function."""
    type = resolved(btf, btf.by_id(type_id))
    if type.kind != BTF_KIND_PTR or not type.type_id:
        return None
    target = resolved(btf, btf.by_id(type.type_id))
    return target if target.kind == BTF_KIND_FUNC_PROTO else None
