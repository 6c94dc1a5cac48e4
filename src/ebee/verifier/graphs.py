"""Lists and trees of allocated objects: who owns a node, and under which lock it is used.

A reference is owning (`Reg.ref`) until its node is put into a list or tree; then it does not own the object
(NON_OWN_REF), and is valid while the lock is held.

Source: kernel/bpf/verifier.c (Linux 6.18): __process_kf_arg_ptr_to_graph_root(), __process_kf_arg_ptr_to_graph_node(),
ref_convert_owning_non_owning(), mark_reg_graph_node(), set_rbtree_add_callback_state().
"""

from __future__ import annotations

from . import locks
from .jumps import map_registers
from .references import release
from .scalar import const
from .special_fields import Special, fields_in, leads_to_lock
from .state import MEM_ALLOC, MEM_RCU, NON_OWN_REF, NOT_INIT_REG, PTR_TO_BTF_ID, PTR_TO_MAP_VALUE, Reg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier
    from .kfunc_calls import KfuncCall
    from .kfunc_protos import Param

_ZERO = const(0)
_ROOTS = {"list_head": "bpf_list_head", "rb_root": "bpf_rb_root"}
_NODES = {"list_node": "bpf_list_node", "rb_node": "bpf_rb_node"}
INSERTS = frozenset(("bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_rbtree_add_impl"))
FUNCTIONS = INSERTS | {
    "bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_front", "bpf_list_back", "bpf_rbtree_remove",
    "bpf_rbtree_first", "bpf_rbtree_root", "bpf_rbtree_left", "bpf_rbtree_right", "bpf_refcount_acquire_impl",
}  # fmt: skip
NODE_STRUCTS = frozenset(_NODES.values())


def _constant_offset(v: Verifier, number: int, reg: Reg, name: str) -> int:
    if reg.num.mask:
        message = f"R{number} doesn't have constant offset. {name} has to be at the constant offset"
        raise v.refuse("list_tree", message, register=number)
    return reg.off + reg.num.smin


def _find(v: Verifier, number: int, reg: Reg, name: str) -> Special:
    at = _constant_offset(v, number, reg, name)
    found = next((field for field in fields_in(v, reg) if field.name == name and field.off == at), None)
    if found is None:
        raise v.refuse("list_tree", f"{name} not found at offset={at}", register=number, off=at)
    return found


def _check_owned(v: Verifier, reg: Reg, number: int) -> None:
    if not reg.ref:
        raise v.refuse("list_tree", "allocated object must be referenced", register=number)


def check_root(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    """Refuse what is no list or tree whose lock is held. Raises: Refusal."""
    is_object = reg.kind == PTR_TO_BTF_ID and reg.flags == MEM_ALLOC
    if not is_object and (reg.kind, reg.flags) != (PTR_TO_MAP_VALUE, 0):
        message = f"arg#{number - 1} expected pointer to map value or allocated object"
        raise v.refuse("list_tree", message, register=number)
    if is_object:
        _check_owned(v, reg, number)
    name = _ROOTS[param.kind]
    call.root = _find(v, number, reg, name)
    locks.check_guarded(v, reg, name)


def check_node(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    """Refuse what is no node for the list or tree of this call. Raises: Refusal."""
    name, function, root = _NODES[param.kind], call.kfunc.name, call.root
    if function in INSERTS:
        if reg.kind != PTR_TO_BTF_ID or reg.flags != MEM_ALLOC:
            message = f"arg#{number - 1} expected pointer to allocated object"
            raise v.refuse("list_tree", message, register=number)
        _check_owned(v, reg, number)
    elif not reg.flags & NON_OWN_REF and not reg.ref:
        message = f"{function} can only take non-owning or refcounted bpf_rb_node pointer"
        raise v.refuse("list_tree", message, register=number)
    elif locks.in_order(v):
        raise v.refuse("list_tree", f"{function} not allowed in rbtree cb", register=number)
    found = _find(v, number, reg, name)
    assert root is not None
    wanted, own = root.target, reg.obj
    if wanted is None or own.id != wanted.id or own.btf is not wanted.btf:
        message = f"operation on {root.name} expects arg#1 {name} at offset={root.node} in struct "
        message += f"{wanted.name if wanted is not None else ''}, but arg is at offset={found.off} in struct {own.name}"
        raise v.refuse("list_tree", message, register=number)
    if found.off != root.node:
        message = f"arg#1 offset={found.off}, but expected {name} at offset={root.node} in struct {own.name}"
        raise v.refuse("list_tree", message, register=number)


def check_refcounted(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    """Refuse what is no object with a count of references. Raises: Refusal."""
    if reg.kind != PTR_TO_BTF_ID or not reg.flags & MEM_ALLOC:
        message = f"arg#{number - 1} is neither owning or non-owning ref"
        raise v.refuse("list_tree", message, register=number)
    if all(field.name != "bpf_refcount" for field in fields_in(v, reg)):
        message = f"arg#{number - 1} doesn't point to a type with bpf_refcount field"
        raise v.refuse("list_tree", message, register=number)
    call.struct, call.owning = reg.obj, not reg.flags & NON_OWN_REF


def inserted(v: Verifier) -> None:
    """Let the reference that was put into a list or tree own its object no more."""
    ref = v.regs[2].ref

    def changed(reg: Reg) -> Reg:
        if reg.ref != ref:
            return reg
        return Reg(reg.kind, reg.num, reg.id, reg.off, reg.flags | not_owning(v, reg), reg.obj, 0, reg.size)

    map_registers(v.state, changed)
    release(v, ref)


def not_owning(v: Verifier, reg: Reg) -> int:
    """Return the flags of a reference that does not own its object."""
    has_count = any(field.name == "bpf_refcount" for field in fields_in(v, reg))
    return NON_OWN_REF | (MEM_RCU if has_count else 0)


def node_of(root: Special) -> Reg:
    """Return a pointer to a node of a list or tree."""
    return Reg(PTR_TO_BTF_ID, _ZERO, 0, root.node, MEM_ALLOC, root.target)


def order_arguments(v: Verifier, root: Special) -> list[Reg]:
    """Return what the function gets that orders a tree's nodes."""
    made = node_of(root)
    flags, has_lock = made.flags | not_owning(v, made), leads_to_lock(v, made)
    nodes = [Reg(made.kind, _ZERO, v.new_id() if has_lock else 0, made.off, flags, made.obj) for _ in range(2)]
    return [*nodes, NOT_INIT_REG, NOT_INIT_REG, NOT_INIT_REG]
