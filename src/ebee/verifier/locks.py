"""Spin locks, and pointers to the fields of maps' values that helpers and kernel functions set up.

Source: kernel/bpf/verifier.c (Linux 6.18): process_spin_lock(), check_reg_allocation_locked(),
in_rbtree_lock_required_cb(), check_map_field_pointer().
"""

from __future__ import annotations

from .jumps import map_registers
from .references import lost
from .special_fields import LOCKS, Special, fields_in, fields_of
from .state import NON_OWN_REF, PTR_TO_MAP_VALUE, Reg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier

SPIN, RES, RES_IRQ = LOCK_KINDS = ("spin", "res", "res_irq")
_RULES = {"bpf_timer": "timer", "bpf_wq": "timer", "bpf_task_work": "timer"}


def field_at(v: Verifier, number: int, reg: Reg, name: str, helper: str) -> None:
    """Refuse a pointer that is not to a field of a type: a timer, a work queue or task work. Raises: Refusal."""
    rule = _RULES.get(name, "lock")
    if reg.num.mask:
        message = f"R{number} doesn't have constant offset. {name} has to be at the constant offset"
        raise v.refuse(rule, message, register=number)
    if reg.kind != PTR_TO_MAP_VALUE:
        return
    map_ = reg.obj
    if not map_.value_type_id:
        raise v.refuse("map_special_field", f"map '{map_.name}' has to have BTF in order to use {name}", map=map_.name)
    _check_place(v, reg, fields_of(v, map_), name, f"map '{map_.name}'", rule, helper)


def _check_place(v: Verifier, reg: Reg, fields: list[Special], name: str, owner: str, rule: str, helper: str) -> None:
    places = [field.off for field in fields if field.name == name]
    if not places:
        raise v.refuse("map_special_field", f"{owner} has no valid {name}", owner=owner)
    at = reg.off + reg.num.value
    if at not in places:
        message = f"off {at} doesn't point to 'struct {name}' that is at {places[0]}"
        raise v.refuse(rule, message, owner=owner, off=at, helper=helper)


def _check_lock(v: Verifier, number: int, reg: Reg, name: str, helper: str) -> None:
    field_at(v, number, reg, name, helper)
    if reg.kind != PTR_TO_MAP_VALUE:
        _check_place(v, reg, fields_in(v, reg), name, "local 'kptr'", "lock", helper)


def _name(kind: str) -> str:
    return "bpf_spin_lock" if kind == SPIN else "bpf_res_spin_lock"


def take_lock(v: Verifier, number: int, reg: Reg, kind: str = SPIN) -> None:
    """Check and do the taking of a lock. Raises: Refusal."""
    name = _name(kind)
    _check_lock(v, number, reg, name, name)
    owner, id = _lock_of(v, reg)
    for lock in v.state.locks:
        if kind == SPIN and lock[2] == SPIN:
            raise v.refuse("lock", "Locking two bpf_spin_locks are not allowed", register=number)
        if kind != SPIN and lock[2] != SPIN and lock[:2] == (owner, id):
            raise v.refuse("lock", "Acquiring the same lock again, AA deadlock detected", register=number)
    v.state.locks += ((owner, id, kind),)


def leave_lock(v: Verifier, number: int, reg: Reg, kind: str = SPIN) -> None:
    """Check and do the release of a lock: what it guards is no more to be used. Raises: Refusal."""
    name, locks = _name(kind), v.state.locks
    _check_lock(v, number, reg, name, name.replace("lock", "unlock"))
    word, lock = name.replace("lock", "unlock"), (*_lock_of(v, reg), kind)
    if not locks:
        raise v.refuse("lock", f"{word} without taking a lock", register=number)
    if lock not in locks:
        raise v.refuse("lock", f"{word} of different lock", register=number)
    if locks[-1][:2] != lock[:2]:
        raise v.refuse("lock", f"{word} cannot be out of order", register=number)
    v.state.locks = locks[:-1]
    invalid = lost(v)
    map_registers(v.state, lambda reg: invalid, NON_OWN_REF)


def check_guarded(v: Verifier, reg: Reg, what: str) -> None:
    """Refuse the use of what a lock in the same value or object guards while it is not held. Raises: Refusal."""
    owner = _lock_of(v, reg)
    if any(lock[:2] == owner for lock in v.state.locks):
        return
    at = next((field.off for field in fields_in(v, reg) if field.name in LOCKS), -1)
    message = f"bpf_spin_lock at off={at} must be held for {what}"
    if v.state.locks:
        message = f"held lock and object are not in the same allocation; {message}"
    raise v.refuse("lock", message, off=at)


def in_order(v: Verifier) -> bool:
    """Tell if the function runs that orders a tree's nodes, under the tree's lock."""
    callback = v.frame.callback
    return callback is not None and callback.helper == "bpf_rbtree_add_impl"


def _lock_of(v: Verifier, reg: Reg) -> tuple[int, int]:
    """Return what tells a lock from others: the map or type that it is in, and the pointer's id."""
    return (list(v.program.special).index(reg.obj.name) if reg.kind == PTR_TO_MAP_VALUE else -1), reg.id
