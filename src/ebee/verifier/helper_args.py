"""What one argument of a helper must be, checked on the register that holds it.

Source: kernel/bpf/verifier.c (Linux 6.18): check_func_arg(), check_reg_type(), check_func_arg_reg_off(),
check_mem_size_reg(), check_helper_mem_access(), check_reg_const_str().
"""

from __future__ import annotations

from . import dynptrs, memory, stack
from .alu import check_read
from .map_access import check_map_value
from .names import bits_of, type_name
from .state import (
    CONST_PTR_TO_DYNPTR,
    CONST_PTR_TO_MAP,
    MEM_ALLOC,
    MEM_PERCPU,
    MEM_RCU,
    MEM_RDONLY,
    MEM_RINGBUF,
    NON_OWN_REF,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TO_BUF,
    PTR_TO_CTX,
    PTR_TO_FUNC,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_META,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    PTR_TO_TCP_SOCK,
    PTR_TO_XDP_SOCK,
    PTR_TRUSTED,
    SCALAR,
    Reg,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import MapSpec
    from .explore import Verifier
    from .prototypes import Arg, HelperProto

MAX_VAR_SIZE = 1 << 29  # BPF_MAX_VAR_SIZ
_ONLY = frozenset
_MEMORY = _ONLY((
    (PTR_TO_STACK, 0), (PTR_TO_PACKET, 0), (PTR_TO_PACKET_META, 0), (PTR_TO_MAP_KEY, 0), (PTR_TO_MAP_VALUE, 0),
    (PTR_TO_MEM, 0), (PTR_TO_MEM, MEM_RINGBUF), (PTR_TO_BUF, 0), (PTR_TO_BTF_ID, PTR_TRUSTED),
))  # fmt: skip
_MEMORY_NAMES = "fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_"
_SOCKS = ((PTR_TO_SOCK_COMMON, 0), (PTR_TO_SOCKET, 0), (PTR_TO_TCP_SOCK, 0), (PTR_TO_XDP_SOCK, 0))
_IN_VALUE = (_ONLY(((PTR_TO_MAP_VALUE, 0), (PTR_TO_BTF_ID, MEM_ALLOC))), "map_value, ptr_")

# What registers each kind of argument may be: (kind, flags), and how the kernel's message lists them.
# Source: compatible_reg_types.
ACCEPTED: dict[str, tuple[frozenset[tuple[int, int]], str]] = {
    "mem": (_MEMORY, _MEMORY_NAMES),
    "key": (_MEMORY, _MEMORY_NAMES),
    "value": (_MEMORY, _MEMORY_NAMES),
    "size": (_ONLY(((SCALAR, 0),)), "scalar"),
    "size0": (_ONLY(((SCALAR, 0),)), "scalar"),
    "alloc": (_ONLY(((SCALAR, 0),)), "scalar"),
    "map": (_ONLY(((CONST_PTR_TO_MAP, 0),)), "map_ptr"),
    "ctx": (_ONLY(((PTR_TO_CTX, 0),)), "ctx"),
    "sock": (_ONLY(((PTR_TO_SOCKET, 0),)), "sock"),
    "skc": (_ONLY(_SOCKS), "sock_common, sock, tcp_sock, xdp_sock"),
    "btf_skc": (
        _ONLY((*_SOCKS, (PTR_TO_BTF_ID, 0), (PTR_TO_BTF_ID, PTR_TRUSTED))),
        "sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_",
    ),
    "btf": (
        _ONLY(((PTR_TO_BTF_ID, 0), (PTR_TO_BTF_ID, PTR_TRUSTED), (PTR_TO_BTF_ID, MEM_RCU))),
        "ptr_, trusted_ptr_, rcu_ptr_",
    ),
    "percpu": (
        _ONLY((
            (PTR_TO_BTF_ID, MEM_PERCPU), (PTR_TO_BTF_ID, MEM_PERCPU | MEM_RCU),
            (PTR_TO_BTF_ID, MEM_PERCPU | PTR_TRUSTED),
        )),
        "percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_",
    ),
    "record": (_ONLY(((PTR_TO_MEM, MEM_RINGBUF),)), "ringbuf_mem"),
    "func": (_ONLY(((PTR_TO_FUNC, 0),)), "func"),
    "stack": (_ONLY(((PTR_TO_STACK, 0),)), "fp"),
    "str": (_ONLY(((PTR_TO_MAP_VALUE, 0),)), "map_value"),
    "timer": (_ONLY(((PTR_TO_MAP_VALUE, 0),)), "map_value"),
    "lock": _IN_VALUE,
    "kptr": _IN_VALUE,
    "dynptr": (_ONLY(((PTR_TO_STACK, 0), (CONST_PTR_TO_DYNPTR, 0))), "fp, dynptr_ptr"),
}  # fmt: skip

# Pointers that helpers take at any offset: what they point to is checked for its bounds.
_ANY_OFFSET = frozenset((
    PTR_TO_STACK, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_BUF, SCALAR,
))  # fmt: skip


# Flags of PTR_TO_BTF_ID that are taken with a known offset.
MAY_BE_MOVED = frozenset(
    (0, MEM_ALLOC, PTR_TRUSTED, MEM_RCU, MEM_ALLOC | NON_OWN_REF, MEM_ALLOC | NON_OWN_REF | MEM_RCU)
)


class Call:
    """What is learned of one call from its arguments, for what follows them.

    `map` and `map_uid` are those of its map; `key` is the value of a constant key, else None; `size_bytes` that of a
    constant size of memory that is returned; `longest` the greatest size that a size argument may be. `written` are
    stack ranges that the helper fills: (register, pointer, bytes). `ref` is the reference that an argument belongs to,
    `released` the argument that is released. `callback` is the number of a subprogram. `is_own` says
    that a per-CPU object is the program's own.
    """

    __slots__ = (
        "callback", "dynptr", "is_own", "key", "longest", "map", "map_uid", "proto", "ref", "released", "size_bytes",
        "target", "written",
    )  # fmt: skip

    def __init__(self, proto: HelperProto) -> None:
        self.proto = proto
        self.map: MapSpec | None = None
        self.map_uid = self.size_bytes = self.longest = self.ref = self.released = 0
        self.key: int | None = None
        self.callback, self.is_own = -1, False
        self.written: list[tuple[int, Reg, int]] = []
        self.dynptr: object = None
        self.target: object = None


def is_null(reg: Reg) -> bool:
    """Tell if a register is the number 0."""
    return reg.kind == SCALAR and not reg.num.mask and not reg.num.value


def check_type(v: Verifier, number: int, reg: Reg, arg: Arg, kind: str) -> None:
    """Refuse a register of another kind than an argument takes. Raises: Refusal."""
    accepted, names = ACCEPTED[kind]
    flags = reg.flags
    if kind in ("mem", "key", "value") and not arg.is_written:
        flags &= ~MEM_RDONLY
    if arg.is_nullable:
        flags &= ~PTR_MAYBE_NULL
    if arg.of == "kptr":
        flags &= ~(MEM_ALLOC | MEM_PERCPU)
    if (reg.kind, flags) not in accepted:
        if reg.kind == PTR_TO_BTF_ID and flags & PTR_MAYBE_NULL and (reg.kind, flags & ~PTR_MAYBE_NULL) in accepted:
            message = f"Possibly NULL pointer passed to helper arg{number}"
            raise v.refuse("pointer_may_be_null", message, register=number)
        name = type_name(reg)
        message = f"R{number} type={name} expected={names}"
        raise v.refuse("argument_type", message, register=number, kind=name, expected=names)


def check_offset(v: Verifier, number: int, reg: Reg, arg: Arg) -> None:
    """Refuse pointers that were moved away from what a helper wants. Source: check_func_arg_reg_off()."""
    if arg.is_released and arg.kind != "dynptr" and reg.off:
        name = type_name(reg)
        message = f"R{number} must have zero offset when passed to release func or trusted arg to kfunc"
        raise v.refuse("reference_release", message, register=number, kind=name)
    if reg.kind in _ANY_OFFSET:
        return
    name = type_name(reg)
    if reg.off < 0:
        message = f"negative offset {name} ptr R{number} off={reg.off} disallowed"
        raise v.refuse("context_modified", message, register=number, kind=name)
    if reg.off and not (reg.kind == PTR_TO_BTF_ID and reg.flags in MAY_BE_MOVED):
        message = f"dereference of modified {name} ptr R{number} off={reg.off} disallowed"
        raise v.refuse("context_modified", message, register=number, kind=name)
    if reg.num.mask or reg.num.value:
        message = f"variable {name} access var_off={bits_of(reg.num)} disallowed"
        raise v.refuse("context_modified", message, register=number, kind=name)


def check_memory(
    v: Verifier, number: int, size: int, *, is_write: bool, zero_ok: bool, call: Call | None, is_uninit: bool = False
) -> None:
    """Refuse memory that is not there whole, or not for what the helper does with it.

    `call` takes the note of uninitialised stack that the helper fills. Source: check_helper_mem_access().
    """
    reg = v.regs[number]
    kind = reg.kind
    if kind == PTR_TO_STACK:
        if not size and not zero_ok:
            raise v.refuse("size_zero", "invalid zero-sized read", register=number)
        if is_uninit and call is not None:
            stack.offsets(v, number, reg, 0, size, stack.WRITE)
            if not reg.num.mask:
                dynptrs.refuse_overwriting(v, reg, size)
                call.written.append((number, reg, size))
                return
        if size:
            stack.check_readable(v, number, reg, 0, size, clobbers=is_write)
        return
    if kind == PTR_TO_MAP_VALUE:
        check_map_value(v, number, reg, 0, size, is_write=is_write, zero_ok=zero_ok, by_helper=True)
        return
    if kind in (PTR_TO_PACKET, PTR_TO_PACKET_META):
        memory.check_packet(v, number, reg, 0, size, zero_ok=zero_ok)
        return
    if kind in (PTR_TO_MAP_KEY, PTR_TO_MEM, PTR_TO_BUF):
        if is_write and (kind == PTR_TO_MAP_KEY or reg.flags & MEM_RDONLY):
            raise v.refuse("memory_read_only", f"R{number} cannot write into {type_name(reg)}", register=number)
        limit = reg.obj.key_size if kind == PTR_TO_MAP_KEY else MAX_VAR_SIZE if kind == PTR_TO_BUF else reg.size
        memory.check_region(v, number, reg, 0, size, limit, zero_ok=zero_ok)
        return
    if kind == PTR_TO_BTF_ID and v.kernel >= (6, 4):
        if size:
            for off in range(0, size, 8):
                memory.load(v, number, reg, off, min(8, size - off), -1)
        return
    if kind == PTR_TO_CTX and v.program.context_is_memory:
        if size:
            memory.load(v, number, reg, size - 1, 1, -1)
        return
    if is_null(reg) and zero_ok and not size:
        return
    name = type_name(reg)
    message = f"R{number} type={name} expected=fp"
    raise v.refuse("argument_type", message, register=number, kind=name, expected="fp")


def check_size(v: Verifier, number: int, arg: Arg, before: Arg, call: Call) -> None:
    """Refuse a size that may be more than the memory before it has. Source: check_mem_size_reg()."""
    num = v.regs[number].num
    zero_ok = arg.kind == "size0"
    call.longest = num.umax
    if num.smin < 0:
        message = f"R{number} min value is negative, either use unsigned or 'var &= const'"
        raise v.refuse("offset_negative", message, register=number, value=num)
    if not num.umin and not zero_ok:
        message = f"R{number} invalid zero-sized read: u64=[{num.umin},{num.umax}]"
        raise v.refuse("size_zero", message, register=number, value=num)
    if num.umax >= MAX_VAR_SIZE:
        message = f"R{number} unbounded memory access, use 'var &= const' or 'if (var < const)'"
        raise v.refuse("size_unbounded", message, register=number, value=num)
    is_known = not num.mask
    check_memory(
        v, number - 1, num.umax, is_write=before.is_written, zero_ok=zero_ok, call=call if is_known else None,
        is_uninit=before.is_uninit,
    )  # fmt: skip
    v.pruning.mark_precise(number)


def check_string(v: Verifier, number: int, reg: Reg) -> bytes:
    """Return the constant string behind a pointer, with its NUL. Raises: Refusal. Source: check_reg_const_str()."""
    from ..abi.bpf import BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY

    map_: MapSpec = reg.obj
    if not (map_.frozen and map_.map_flags & BPF_F_RDONLY_PROG) or map_.map_type != BPF_MAP_TYPE_ARRAY:
        raise v.refuse("argument_string", f"R{number} does not point to a readonly map'", register=number)
    if reg.num.mask:
        raise v.refuse("argument_string", f"R{number} is not a constant address'", register=number)
    if map_.max_entries != 1:
        raise v.refuse("argument_string", f"map {map_.name!r} must have exactly one entry", register=number)
    at = reg.off + reg.num.value
    check_map_value(v, number, reg, 0, map_.value_size - reg.off, is_write=False, zero_ok=False)
    end = map_.initial.find(b"\0", at)
    if end < 0 and len(map_.initial) >= map_.value_size:
        raise v.refuse("argument_string", "string is not zero-terminated", register=number)
    return map_.initial[at : end + 1] if end >= 0 else map_.initial[at:] + b"\0"


def read_argument(v: Verifier, number: int, arg: Arg) -> Reg | None:
    """Return an argument's register, None where nothing more is to be checked of it. Raises: Refusal."""
    reg = check_read(v, number)
    if arg.kind == "any":
        if not v.privileged and reg.kind != SCALAR:
            message = f"R{number} leaks addr into helper function"
            raise v.refuse("pointer_leak", message, register=number)
        return None
    return reg
