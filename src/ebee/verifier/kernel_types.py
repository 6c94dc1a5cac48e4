"""Pointers to the kernel's structs as arguments: which struct, how far it can be trusted, and who owns it.

Source: kernel/bpf/verifier.c (Linux 6.18): check_reg_type(), map_kptr_match_type(), process_kptr_func();
btf_struct_ids_match() in kernel/bpf/btf.c.
"""

from __future__ import annotations

from ..btf.kinds import BTF_KIND_ARRAY, BTF_KIND_DATASEC, BTF_KIND_FUNC, BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_VAR
from ..btf.special import KPTR_TAGS
from ..record import Record
from ..spec.core_fields import kernel_names
from .names import type_name
from .scalar import const
from .special_fields import fields_in
from .state import (
    MEM_ALLOC,
    MEM_PERCPU,
    MEM_RCU,
    MEM_RDONLY,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TRUSTED,
    PTR_UNTRUSTED,
    Reg,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import BtfType
    from .explore import Verifier
    from .helper_args import Call
    from .prototypes import Arg

_MAX_NESTING = 16
_STRUCTS = (BTF_KIND_STRUCT, BTF_KIND_UNION)


class KptrField(Record):
    """The place of a kernel pointer in a map's value, and the flags of what comes out of it."""

    type: BtfType | None
    flags: int
    tag: str


def is_at(struct: BtfType, off: int, name: str, *, strict: bool = False) -> bool:
    """Tell if a struct of a name lies `off` bytes from the start of another; `strict`: it is that struct itself."""
    for _ in range(_MAX_NESTING):
        if off == 0 and struct.name == name:
            return True
        if strict or struct.kind not in _STRUCTS:
            return False
        for member in struct.members:
            at = member.bit_off // 8
            type_ = struct.btf.resolve(member.type_id)
            if type_.kind == BTF_KIND_ARRAY:
                type_ = struct.btf.resolve(type_.array[0])
            if struct.kind == BTF_KIND_UNION and type_.kind not in _STRUCTS:
                return False  # the first of a union's members that lies there counts
            if at <= off and type_.kind in _STRUCTS and off < at + max(1, type_.size_bytes):
                struct, off = type_, off - at
                break
        else:
            return False
    return False


def check_struct(v: Verifier, number: int, reg: Reg, arg: Arg, kind: str, call: Call) -> None:
    """Refuse a pointer to another struct than an argument wants. Raises: Refusal."""
    if reg.flags & PTR_MAYBE_NULL and (not arg.is_nullable or arg.is_released):
        message = f"Possibly NULL pointer passed to helper arg{number}"
        raise v.refuse("pointer_may_be_null", message, register=number)
    struct: BtfType | None = reg.obj
    if kind in ("key", "value") or (kind == "mem" and arg.is_written):
        message = f"bpf_{call.proto.name}() may write into memory pointed by R{number} type={type_name(reg)}"
        raise v.refuse("argument_type", message, register=number)
    if kind in ("lock", "mem", "key", "value", "kptr", "percpu") or struct is None:
        return
    if arg.of == "kptr":
        _check_kptr_value(v, number, reg, call)
        return
    wanted = "sock_common" if kind == "btf_skc" else arg.of
    if not is_at(struct, reg.off, wanted):
        message = f"R{number} is of type {struct.name} but {wanted} is expected"
        raise v.refuse("btf_type", message, register=number, kind=struct.name, expected=wanted)


def stored_flags(tag: str, in_kernel: bool) -> int:
    """Return the flags that a pointer may have which is stored in a field with a tag. Source: map_kptr_match_type()."""
    if in_kernel:
        return PTR_MAYBE_NULL | PTR_TRUSTED | MEM_RCU | (PTR_UNTRUSTED if tag == "kptr_untrusted" else 0)
    return PTR_MAYBE_NULL | MEM_ALLOC | (MEM_PERCPU if tag == "percpu_kptr" else 0)


def struct_in_kernel(v: Verifier, struct: BtfType) -> BtfType | None:
    """Return the kernel's struct of the name that one of the program's has."""
    btf = v.setting.kernel_btf
    return btf.by_name(struct.name, BTF_KIND_STRUCT) if btf is not None else None


def _check_kptr_value(v: Verifier, number: int, reg: Reg, call: Call) -> None:
    field = call.target
    assert isinstance(field, KptrField)
    in_kernel = reg.obj.btf is v.setting.kernel_btf
    name = field.type.name if field.type is not None else ""
    fits = field.type is not None and in_kernel == (field.type.btf is reg.obj.btf is v.setting.kernel_btf)
    if reg.flags & ~stored_flags(field.tag, in_kernel) or not fits or not is_at(reg.obj, reg.off, name, strict=True):
        message = f"invalid kptr access, R{number} type=ptr_{reg.obj.name} expected=ptr_{name}"
        raise v.refuse("map_special_field", message, register=number, kind=reg.obj.name, expected=name)


def kptr_field(v: Verifier, number: int, reg: Reg) -> KptrField:
    """Return the kernel pointer's place that an argument of kptr_xchg points to. Raises: Refusal."""
    rule = "map_special_field"
    if reg.kind == PTR_TO_MAP_VALUE and not reg.obj.value_type_id:
        name = reg.obj.name
        raise v.refuse(rule, f"map '{name}' has to have BTF in order to use bpf_kptr_xchg", map=name)
    if reg.num.mask:
        message = f"R{number} doesn't have constant offset. kptr has to be at the constant offset"
        raise v.refuse(rule, message, register=number)
    at = reg.off + reg.num.value
    places = [field for field in fields_in(v, reg) if field.name in KPTR_TAGS]
    if not places:
        raise v.refuse(rule, f"R{number} has no valid kptr", register=number)
    field = next((field for field in places if field.off == at), None)
    if field is None:
        raise v.refuse(rule, f"off={at} doesn't point to kptr", register=number, off=at)
    if field.name not in ("kptr", "percpu_kptr"):
        raise v.refuse(rule, f"off={at} kptr isn't referenced kptr", register=number, off=at)
    target = field.target
    assert target is not None
    in_kernel = struct_in_kernel(v, target)
    flags = 0 if in_kernel is not None else MEM_ALLOC
    return KptrField(in_kernel or target, flags | (MEM_PERCPU if field.name == "percpu_kptr" else 0), field.name)


def in_rcu(v: Verifier) -> bool:
    """Tell if what RCU protects stays there: in its regions, under locks, and where nothing may sleep."""
    return bool(v.state.rcu or v.state.locks or not v.state.may_sleep)


def kernel_variable(v: Verifier, slot: int) -> Reg:
    """Return the address of a variable or function of the kernel. Source: __check_pseudo_btf_id(). Raises: Refusal."""
    name, btf = v.setting.ksyms.get(slot, ""), v.setting.kernel_btf
    variable = btf.by_name(name, BTF_KIND_VAR) if btf is not None and name else None
    if variable is None and btf is not None and any(btf.by_name(n, BTF_KIND_FUNC) for n in kernel_names(name)):
        return Reg(PTR_TO_MEM, const(0), flags=MEM_RDONLY)
    if btf is None or variable is None:
        v.idx = slot
        raise v.refuse("kfunc_unknown", f"kernel variable {name}: its type is not known", variable=name)
    section = btf.by_name(".data..percpu", BTF_KIND_DATASEC)
    type_ = btf.resolve(variable.type_id)
    if section is not None and any(id == variable.id for id, _, _ in section.secinfos):
        return Reg(PTR_TO_BTF_ID, const(0), flags=MEM_PERCPU, obj=type_)
    if type_.kind == BTF_KIND_STRUCT:
        return Reg(PTR_TO_BTF_ID, const(0), obj=type_)
    return Reg(PTR_TO_MEM, const(0), flags=MEM_RDONLY, size=btf.sizeof(variable.type_id))
