"""Steps of calls of kernel functions: what must hold, and what the call gives.

Source: kernel/bpf/verifier.c (Linux 6.18): check_kfunc_call(), check_kfunc_args(), check_special_kfunc().
"""

from __future__ import annotations

from ..btf.kinds import BTF_KIND_PTR, BTF_KIND_STRUCT, BTF_KIND_UNION
from ..errors import EbeeError
from . import calls, dynptrs, functions, graphs, iterators
from .alu import check_read
from .callbacks import KFUNC_CALLBACKS, Callback, call_later, call_now, element_arguments
from .helper_args import MAX_VAR_SIZE, MAY_BE_MOVED, check_memory, check_string, is_null
from .jumps import map_registers
from .kernel_types import in_rcu, is_at
from .kfunc_protos import Kfunc, Param, is_context, is_plain, is_projection, kfunc_proto, may_call, pointee
from .locks import RES, RES_IRQ, field_at, in_order, leave_lock, take_lock
from .names import bits_of, type_name
from .programs import check_return
from .prototypes import Arg
from .references import acquire, lose_packet, release
from .scalar import const, from_signed_range
from .special_fields import Special, leads_to_lock, special_fields
from .state import (
    CONST_PTR_TO_MAP,
    ITER,
    MEM_ALLOC,
    MEM_PERCPU,
    MEM_RCU,
    MEM_RDONLY,
    NON_OWN_REF,
    NOT_INIT_REG,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TO_CTX,
    PTR_TO_FUNC,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    PTR_TO_TCP_SOCK,
    PTR_TRUSTED,
    PTR_UNTRUSTED,
    SCALAR,
    UNKNOWN_REG,
    ZERO_REG,
    Reg,
    Slot,
)
from .versions import has_kfunc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..btf.read import BtfType
    from ..isa.insn import Insn
    from ..isa.table import Row
    from ..spec.object import MapSpec
    from .explore import Verifier

_ZERO = const(0)
_CLOBBERED = [NOT_INIT_REG] * 6
# Kinds of registers that stand for a struct of the kernel. Source: reg2btf_ids.
_STRUCTS = {
    PTR_TO_SOCKET: "sock", PTR_TO_SOCK_COMMON: "sock_common", PTR_TO_TCP_SOCK: "tcp_sock", CONST_PTR_TO_MAP: "bpf_map",
}  # fmt: skip
_TRUSTING = MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF
# What may be called under a spin lock. Source: kfunc_spin_allowed().
_TAKES_LOCK = {"bpf_res_spin_lock": RES, "bpf_res_spin_lock_irqsave": RES_IRQ}
_LEAVES_LOCK = {"bpf_res_spin_unlock": RES, "bpf_res_spin_unlock_irqrestore": RES_IRQ}
_UNDER_LOCKS = graphs.FUNCTIONS | _TAKES_LOCK.keys() | _LEAVES_LOCK.keys() | {
    "bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy", "bpf_arena_alloc_pages", "bpf_arena_free_pages",
    "bpf_arena_reserve_pages", "bpf_stream_vprintk_impl",
}  # fmt: skip
_FAILED = from_signed_range(-4095, -1)
_DYNPTR_OF = {"bpf_dynptr_from_skb": "skb", "bpf_dynptr_from_xdp": "xdp", "bpf_dynptr_from_skb_meta": "skb_meta"}
_MOVES_PACKET = frozenset(("bpf_xdp_pull_data",))
_NEW = ("bpf_obj_new_impl", "bpf_percpu_obj_new_impl")
_DROPS = {0: "bpf_obj_drop_impl", MEM_PERCPU: "bpf_percpu_obj_drop_impl"}
_SLICES = ("bpf_dynptr_slice", "bpf_dynptr_slice_rdwr")
_MOST_PER_CPU = 512  # BPF_GLOBAL_PERCPU_MA_MAX_SIZE


class KfuncCall:
    """What the arguments of one call tell. `const` is the value of its constant, `ref` of its reference's id.

    `root` is the list or tree, `struct` what an object with a count of references is, `owning` if the reference owns
    it. `callback` is the number of a function, `map` and `map_uid` those of the map.
    """

    __slots__ = (
        "callback", "const", "dynptr", "iterator", "kfunc", "map", "map_uid", "owning", "rdonly", "ref", "released",
        "root", "size", "struct",
    )  # fmt: skip

    def __init__(self, kfunc: Kfunc) -> None:
        self.kfunc = kfunc
        self.const: int | None = None
        self.ref = self.released = self.size = 0
        self.rdonly = self.owning = False
        self.root: Special | None = None
        self.struct: BtfType | None = None
        self.map: MapSpec | None = None
        self.map_uid, self.callback = 0, -1
        self.dynptr: Reg | None = None
        self.iterator: tuple[int, int] | None = None


def decode_kfunc(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a call of a kernel function."""
    v.idx = slot
    if not v.program.is_gpl:
        message = "cannot call kernel function from non-GPL compatible program"
        raise v.refuse("helper_gpl", message, license=v.setting.license)
    name = v.setting.kfuncs.get(slot, f"#{insn.imm}")
    kfunc = kfunc_proto(v.setting, name) if has_kfunc(v.options.kernel, name) else None
    return (_call_kfunc, slot + 1, name, kfunc)


def _call_kfunc(v: Verifier, op: Any) -> int:
    _step, following, name, kfunc = op
    v.jumps += 1
    if kfunc is None or any(param.kind == "unknown" for param in kfunc.params):
        message = f"calling kernel function {name}: what it takes and gives is not known"
        raise v.refuse("kfunc_unknown", message, function=name)
    _check_allowed(v, kfunc)
    call = KfuncCall(kfunc)
    if name in _TAKES_LOCK:  # it may fail
        other = v.push(following, v.idx).frames[-1].regs
        other[:6] = _CLOBBERED
        other[0] = Reg(SCALAR, _FAILED)
    _check_arguments(v, call)
    if name in KFUNC_CALLBACKS:
        _start_callback(v, call)
    if "release" in kfunc.flags and not call.released:
        message = f"release kernel function {name} expects refcounted PTR_TO_BTF_ID"
        raise v.refuse("btf_untrusted", message, function=name)
    _regions(v, kfunc)
    if call.released and not release(v, v.regs[call.released].ref):
        message = f"kfunc {name} reference has not been acquired before"
        raise v.refuse("reference_release", message, function=name)
    if name in graphs.INSERTS:
        graphs.inserted(v)
    if name == "bpf_throw":
        return _throw(v)
    if name == "__bpf_trap":
        raise v.refuse("register_unset", "unexpected __bpf_trap() due to uninitialized variable?", function=name)
    result = _result(v, call)
    v.regs[:6] = _CLOBBERED
    v.regs[0] = result
    if name in _MOVES_PACKET:
        lose_packet(v)
    if "iter_next" in kfunc.flags:
        assert call.iterator is not None
        flags = result.flags & ~PTR_MAYBE_NULL
        without = Reg(result.kind, _ZERO, 0, 0, flags, result.obj, result.ref, result.size)
        iterators.next_turn(v, *call.iterator, following, without)
    return following  # type: ignore[no-any-return]


def _check_allowed(v: Verifier, kfunc: Kfunc) -> None:
    state, name, setting = v.state, kfunc.name, v.setting
    if not v.privileged:
        message = "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN"
        raise v.refuse("helper_privilege", message, function=name)
    if not may_call(name, setting.prog_type, setting.expected_attach_type, v.options.kernel):
        raise v.refuse("kfunc_not_allowed", f"calling kernel function {name} is not allowed", function=name)
    if state.locks and name not in _UNDER_LOCKS:
        raise v.refuse("lock", "function calls are not allowed while holding a lock", function=name)
    if "sleepable" in kfunc.flags and not v.state.may_sleep:
        raise v.refuse("helper_sleeps", f"program must be sleepable to call sleepable kfunc {name}", function=name)


def _regions(v: Verifier, kfunc: Kfunc) -> None:
    """Enter and leave regions; refuse what they forbid."""
    state, name = v.state, kfunc.name
    if name in ("bpf_rcu_read_lock", "bpf_rcu_read_unlock") and in_order(v):
        raise v.refuse("rcu", "Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback")
    sleeps = "sleepable" in kfunc.flags
    if name == "bpf_rcu_read_lock":
        if state.rcu and v.kernel < (6, 19):
            raise v.refuse("rcu", f"nested rcu read lock (kernel function {name})")
        state.rcu += 1
    elif name == "bpf_rcu_read_unlock":
        if not state.rcu:
            raise v.refuse("rcu", f"unmatched rcu read unlock (kernel function {name})")
        state.rcu -= 1
        if not state.rcu:
            _leave_rcu(v)
    elif sleeps and state.rcu:
        raise v.refuse("rcu", f"kernel func {name} is sleepable within rcu_read_lock region", function=name)
    if name == "bpf_preempt_disable":
        state.preempt += 1
    elif name == "bpf_preempt_enable":
        if not state.preempt:
            raise v.refuse("preempt", f"unmatched attempt to enable preemption (kernel function {name})")
        state.preempt -= 1
    elif sleeps and state.preempt:
        raise v.refuse("preempt", f"kernel func {name} is sleepable within non-preemptible region", function=name)
    if sleeps and iterators.irqs_are_off(v):
        raise v.refuse("irq", f"kernel func {name} is sleepable within IRQ-disabled region", function=name)
    if "rcu_protected" in kfunc.flags and not in_rcu(v):
        message = f"kernel func {name} requires RCU critical section protection"
        raise v.refuse("rcu", message, function=name)


def _leave_rcu(v: Verifier) -> None:
    def changed(reg: Reg) -> Reg:
        flags = reg.flags & ~(MEM_RCU | PTR_MAYBE_NULL) | PTR_UNTRUSTED
        return Reg(reg.kind, reg.num, reg.id, reg.off, flags, reg.obj, reg.ref, reg.size)

    map_registers(v.state, changed, MEM_RCU)
    for frame in v.state.frames:
        for spi, slot in enumerate(frame.stack):
            if slot.kinds[0] == ITER and slot.reg is not None and slot.reg.flags & MEM_RCU:
                frame.stack[spi] = Slot(slot.kinds, changed(slot.reg))


def _throw(v: Verifier) -> int:
    """End the program: what it would return is the cookie."""
    callback = functions.exception_callback(v)
    frames = v.state.frames
    if any(frame.callback is not None for frame in frames) or (callback and frames[0].subprog == callback):
        message = f"bpf_throw kfunc (insn {v.idx}) cannot be called from callback subprog {v.frame.subprog}"
        raise v.refuse("exception", message)
    calls.check_nothing_held(v, "bpf_throw")
    if callback is None:
        check_return(v, 1)
    return -1


def _start_callback(v: Verifier, call: KfuncCall) -> None:
    """Let the function of a call be explored. Raises: Refusal."""
    name = call.kfunc.name
    calling = KFUNC_CALLBACKS[name]
    callback = Callback(name, calling.result)
    if calling.is_async:
        assert call.map is not None
        arguments = element_arguments(call.map, call.map_uid)
        call_later(v, call.callback, callback, arguments, may_sleep=calling.may_sleep)
    else:
        assert call.root is not None
        call_now(v, call.callback, callback, graphs.order_arguments(v, call.root))


def _check_arguments(v: Verifier, call: KfuncCall) -> None:
    params, n = call.kfunc.params, 0
    while n < len(params):
        param, number = params[n], n + 1
        if param.kind != "ignored":
            reg = check_read(v, number)
            if param.kind == "scalar":
                _number(v, number, reg, param, call)
            elif _pointer(v, number, reg, param, call):
                n += 1  # its size was checked with it
        n += 1


def _number(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    if reg.kind != SCALAR:
        raise v.refuse("argument_type", f"R{number} is not a scalar", register=number, kind=type_name(reg))
    is_size = param.name in ("rdonly_buf_size", "rdwr_buf_size")
    if param.suffix != "__k" and not is_size:
        return
    if reg.num.mask:
        message = f"R{number} is not a const" if is_size else f"R{number} must be a known constant"
        raise v.refuse("argument_constant", message, register=number, value=reg.num)
    v.pruning.mark_precise(number)
    if is_size:
        call.size, call.rdonly = reg.num.value, param.name == "rdonly_buf_size"
    else:
        call.const = reg.num.value


def is_trusted(reg: Reg) -> bool:
    """Tell if a pointer surely points to what its type says. Source: is_trusted_reg()."""
    if reg.ref:
        return True
    if reg.kind in _STRUCTS and not reg.flags & ~_TRUSTING:
        return True
    return bool(reg.flags & _TRUSTING) and not reg.flags & ~_TRUSTING


def _pointer(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> bool:
    """Check a pointer; tell if the size that follows it was checked, too."""
    flags = call.kfunc.flags
    nullable = param.suffix in ("__nullable", "__opt")
    wants_trust = bool(flags & {"trusted", "release"})
    if (wants_trust or "rcu" in flags) and param.suffix != "__nullable":
        if is_null(reg) or reg.flags & PTR_MAYBE_NULL:
            message = f"Possibly NULL pointer passed to trusted arg{number - 1}"
            raise v.refuse("pointer_may_be_null", message, register=number)
    if reg.ref:
        if call.ref and "release" in flags:
            message = f"more than one arg with ref_obj_id R{number} {reg.ref} {call.ref}"
            raise v.refuse("reference_release", message, register=number)
        call.ref = reg.ref
        if "release" in flags:
            call.released = number
    kind = _kind(v, number, reg, param, call)
    if kind == "null":
        return False
    if kind in ("map", "alloc", "btf") and (wants_trust or "rcu" in flags) and not is_trusted(reg):
        if "rcu" not in flags:
            raise v.refuse("btf_untrusted", f"R{number} must be referenced or trusted", register=number)
        if not reg.flags & MEM_RCU:
            raise v.refuse("btf_untrusted", f"R{number} must be a rcu pointer", register=number)
    _offset(v, number, reg, bool(call.released == number))
    if kind == "size":
        _sized(v, number, reg, param, call, nullable=nullable)
        return True
    _CHECKS[kind](v, number, reg, param, call)
    return False


def _kind(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> str:
    """Return what an argument is, by its type and by what is passed. Source: get_kfunc_ptr_arg_type()."""
    if is_context(call.kfunc, param):
        return "ctx"
    if param.suffix == "__nullable" and is_null(reg):
        return "null"
    if param.kind:
        return param.kind
    target = param.target
    word = "UNKNOWN" if target is None else "STRUCT" if target.kind == BTF_KIND_STRUCT else "UNION"
    name = target.name if target is not None else ""
    if reg.kind == PTR_TO_BTF_ID or reg.kind in _STRUCTS:
        if target is None or target.kind != BTF_KIND_STRUCT:
            message = f"kernel function {call.kfunc.name} args#{number - 1} pointer type {word} {name} is not supported"
            raise v.refuse("btf_type", message, register=number)
        return "btf"
    is_sized = bool(param.size_suffix) and v.regs[number + 1].kind == SCALAR
    if not is_plain(target) and not (is_sized and target is None):
        void = "void, " if is_sized else ""
        message = f"arg#{number - 1} pointer type {word} {name} must point to {void}scalar, or struct with scalar"
        raise v.refuse("btf_type", message, register=number, expected=name)
    return "size" if is_sized else "mem"


def _offset(v: Verifier, number: int, reg: Reg, is_released: bool) -> None:
    name = type_name(reg)
    if is_released and reg.off:
        message = f"R{number} must have zero offset when passed to release func or trusted arg to kfunc"
        raise v.refuse("reference_release", message, register=number, kind=name)
    if reg.kind not in (PTR_TO_BTF_ID, PTR_TO_CTX) and reg.kind not in _STRUCTS:
        return
    if reg.off < 0:
        message = f"negative offset {name} ptr R{number} off={reg.off} disallowed"
    elif reg.off and not (reg.kind == PTR_TO_BTF_ID and reg.flags in MAY_BE_MOVED):
        message = f"dereference of modified {name} ptr R{number} off={reg.off} disallowed"
    elif reg.num.mask or reg.num.value:
        message = f"variable {name} access var_off={bits_of(reg.num)} disallowed"
    else:
        return
    rule = "btf_access" if reg.kind == PTR_TO_BTF_ID and reg.off else "context_modified"
    raise v.refuse(rule, message, register=number, kind=name)


def _context(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    if reg.kind != PTR_TO_CTX:
        message = f"arg#{number - 1} expected pointer to ctx, but got {type_name(reg)}"
        raise v.refuse("argument_type", message, register=number, kind=type_name(reg), expected="ctx")


def _alloc(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    wanted = _DROPS.get(reg.flags & ~MEM_ALLOC) if reg.kind == PTR_TO_BTF_ID and reg.flags & MEM_ALLOC else None
    if wanted is None:
        message = f"arg#{number - 1} expected pointer to allocated object"
        raise v.refuse("list_tree", message, register=number, kind=type_name(reg))
    if call.kfunc.name != wanted:
        raise v.refuse("argument_type", f"arg#{number - 1} expected for {wanted}()", register=number)
    if not reg.ref:
        raise v.refuse("list_tree", "allocated object must be referenced", register=number)


def _dynptr(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    is_new = param.suffix == "__uninit"
    found = dynptrs.check_dynptr(v, number, reg, Arg("dynptr", is_uninit=is_new))
    if found is not None:
        call.dynptr = found
        if reg.kind == PTR_TO_STACK:
            v.pruning.stack_read(reg.obj, 3 << ((-reg.off - reg.num.smin - 1 >> 3) - 1))
        return
    kind = _DYNPTR_OF.get(call.kfunc.name, "")
    if kind:
        dynptrs.make(v, reg, kind)
    elif call.kfunc.name == "bpf_dynptr_clone" and call.dynptr is not None:
        dynptrs.make(v, reg, call.dynptr.obj[0], call.dynptr.ref)
    else:
        raise v.refuse("kfunc_unknown", f"kernel function {call.kfunc.name} makes a dynptr of an unknown kind")


def _iterator(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    kfunc, struct = call.kfunc, param.target
    assert struct is not None
    name, size = struct.name, struct.size_bytes
    if kfunc.name == "bpf_iter_css_task_new" and not v.state.may_sleep:
        from ..abi import bpf

        setting = v.setting
        is_iter = setting.prog_type == bpf.BPF_PROG_TYPE_TRACING and setting.expected_attach_type == bpf.BPF_TRACE_ITER
        if not is_iter and setting.prog_type != bpf.BPF_PROG_TYPE_LSM:
            message = "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs"
            raise v.refuse("helper_sleeps", message, function=kfunc.name)
    if "iter_new" in kfunc.flags:
        flags = 0
        if "rcu_protected" in kfunc.flags:
            flags = MEM_RCU if in_rcu(v) else PTR_UNTRUSTED
        iterators.new_iterator(v, number, reg, name, size, flags)
        return
    spi = iterators.find_iterator(v, number, reg, name, size, kfunc.name)
    call.iterator = reg.obj, spi
    call.ref = iterators.iterator_in(v.state, reg.obj, spi).ref
    if "iter_destroy" in kfunc.flags:
        iterators.destroy_iterator(v, reg, spi, size)


def _irq_flag(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    if reg.kind != PTR_TO_STACK:
        raise v.refuse("irq", f"arg#{number - 1} doesn't point to an irq flag on stack", register=number)
    by = "native" if call.kfunc.name.startswith("bpf_local_") else "lock"
    iterators.irq_flag(v, number, reg, is_save=call.kfunc.name.endswith("save"), by=by)


def _map(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    if reg.kind not in (CONST_PTR_TO_MAP, PTR_TO_BTF_ID):
        raise v.refuse("argument_type", f"pointer in R{number} isn't map pointer", register=number)
    if call.map is not None and (call.map is not reg.obj or call.map_uid != reg.id):
        what = "workqueue" if call.kfunc.name == "bpf_wq_init" else "bpf_task_work"
        message = f"{what} pointer in R{number - 1} map_uid={call.map_uid} doesn't match map pointer in R{number} "
        raise v.refuse("timer", f"{message}map_uid={reg.id}", register=number)
    if reg.kind == PTR_TO_BTF_ID:  # the kernel's struct of a map, as iterators have it
        btf = v.setting.kernel_btf
        _struct(v, number, reg, param.replace(target=btf.by_name("bpf_map", BTF_KIND_STRUCT) if btf else None), call)
        return
    call.map, call.map_uid = reg.obj, reg.id


def _deferred(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    if (reg.kind, reg.flags) != (PTR_TO_MAP_VALUE, 0):
        raise v.refuse("argument_type", f"arg#{number - 1} doesn't point to a map value", register=number)
    field_at(v, number, reg, f"bpf_{param.kind}", call.kfunc.name)
    call.map, call.map_uid = reg.obj, 0


def _callback(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    if reg.kind != PTR_TO_FUNC:
        raise v.refuse("btf_type", f"arg{number - 1} expected pointer to func", register=number)
    call.callback = reg.obj


def _lock(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    if in_order(v) and v.kernel >= (7, 0):
        raise v.refuse("list_tree", "can't res_spin_{lock,unlock} in rbtree cb", register=number)
    if (reg.kind, reg.flags) not in ((PTR_TO_MAP_VALUE, 0), (PTR_TO_BTF_ID, MEM_ALLOC)):
        message = f"arg#{number - 1} doesn't point to map value or allocated object"
        raise v.refuse("argument_type", message, register=number)
    name = call.kfunc.name
    if name in _TAKES_LOCK:
        take_lock(v, number, reg, _TAKES_LOCK[name])
    else:
        leave_lock(v, number, reg, _LEAVES_LOCK[name])


def _struct(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    target = param.target
    assert target is not None
    unsafe = reg.flags & ~_TRUSTING
    if reg.kind == PTR_TO_BTF_ID and unsafe and not reg.flags & MEM_RCU:
        message = f"arg#{number - 1} is {type_name(reg)} expected ptr_ or socket"
        raise v.refuse("btf_untrusted", message, register=number, kind=type_name(reg))
    strict = "release" in call.kfunc.flags and bool(reg.ref)
    name = reg.obj.name if reg.kind == PTR_TO_BTF_ID and reg.obj is not None else _STRUCTS.get(reg.kind, "")
    strict = strict or target.name == f"{name}___init" or name == f"{target.name}___init"
    if reg.kind == PTR_TO_BTF_ID and reg.obj is not None:
        fits = is_at(reg.obj, reg.off, target.name, strict=strict)
        fits = fits and (not reg.flags & MEM_ALLOC or target.btf is reg.obj.btf)
    else:
        btf = v.setting.kernel_btf
        struct = btf.by_name(name, BTF_KIND_STRUCT) if btf is not None and name else None
        fits = struct is not None and is_at(struct, reg.off, target.name, strict=strict)
    if not fits and not is_projection(target.name, name):
        message = f"kernel function {call.kfunc.name} args#{number - 1} expected pointer to STRUCT {target.name} "
        message += f"but R{number} has a pointer to STRUCT {name}"
        raise v.refuse("btf_type", message, register=number, kind=name, expected=target.name)


def _memory(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    assert param.target is not None
    if is_null(reg):
        return
    _accessible(v, number, reg, param.target.btf.sizeof(param.target.id), zero_ok=False)


def _accessible(v: Verifier, number: int, reg: Reg, size: int, *, zero_ok: bool) -> None:
    """Refuse memory that cannot be read and written; that it may be null is the function's own concern."""
    v.regs[number] = Reg(reg.kind, reg.num, reg.id, reg.off, reg.flags & ~PTR_MAYBE_NULL, reg.obj, reg.ref, reg.size)
    for is_write in (False, True):
        check_memory(v, number, size, is_write=is_write, zero_ok=zero_ok, call=None)
    v.regs[number] = reg


def _sized(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall, *, nullable: bool) -> None:
    size = check_read(v, number + 1)
    if not is_null(reg) or not nullable:
        num, at = size.num, number + 1
        if num.smin < 0:
            message = f"R{at} min value is negative, either use unsigned or 'var &= const'"
            raise v.refuse("offset_negative", message, register=at, value=num)
        if num.umax >= MAX_VAR_SIZE:
            message = f"R{at} unbounded memory access, use 'var &= const' or 'if (var < const)'"
            raise v.refuse("size_unbounded", message, register=at, value=num)
        if is_null(reg):
            check_memory(v, number, num.umax, is_write=False, zero_ok=True, call=None)
        else:
            _accessible(v, number, reg, num.umax, zero_ok=True)
        v.pruning.mark_precise(at)
    if param.size_suffix == "__szk":
        if size.num.mask:
            message = f"R{number + 1} must be a known constant"
            raise v.refuse("argument_constant", message, register=number + 1, value=size.num)
        v.pruning.mark_precise(number + 1)
        call.const = size.num.value


def _string(v: Verifier, number: int, reg: Reg, param: Param, call: KfuncCall) -> None:
    if reg.kind != PTR_TO_MAP_VALUE:
        message = f"arg#{number - 1} doesn't point to a const string"
        raise v.refuse("argument_string", message, register=number)
    check_string(v, number, reg)


_CHECKS = {
    "ctx": _context, "alloc": _alloc, "dynptr": _dynptr, "iter": _iterator, "irq_flag": _irq_flag, "map": _map,
    "btf": _struct, "mem": _memory, "str": _string, "list_head": graphs.check_root, "rb_root": graphs.check_root,
    "list_node": graphs.check_node, "rb_node": graphs.check_node, "refcounted": graphs.check_refcounted,
    "wq": _deferred, "task_work": _deferred, "callback": _callback, "res_spin_lock": _lock,
}  # fmt: skip


def _result(v: Verifier, call: KfuncCall) -> Reg:
    """Return what the call leaves in R0. Raises: Refusal."""
    kfunc, type_ = call.kfunc, call.kfunc.result
    if type_ is None:
        return NOT_INIT_REG
    if type_.kind != BTF_KIND_PTR:
        return ZERO_REG if kfunc.name in _TAKES_LOCK else UNKNOWN_REG
    kind, obj, flags, size, ref = _pointed(v, call, type_)
    if kind == SCALAR:
        return UNKNOWN_REG
    id = off = 0
    if call.root is not None and obj is not None:
        off = call.root.node
    if "ret_null" in kfunc.flags and not call.owning:
        flags |= PTR_MAYBE_NULL
        id = v.new_id()
    if "acquire" in kfunc.flags:
        ref = acquire(v, kfunc.name, id)
    elif call.root is not None:
        flags |= graphs.not_owning(v, graphs.node_of(call.root))
    made = Reg(kind, _ZERO, id, off, flags, obj, ref, size)
    if not id and leads_to_lock(v, made):
        made = Reg(kind, _ZERO, v.new_id(), off, flags, obj, ref, size)
    return made


def _pointed(v: Verifier, call: KfuncCall, pointer: BtfType) -> tuple[int, Any, int, int, int]:
    """Return kind, type, flags, size and reference of a pointer that a call gives."""
    kfunc, name = call.kfunc, call.kfunc.name
    if name in _NEW:
        struct = _new_struct(v, call)
        return PTR_TO_BTF_ID, struct, MEM_ALLOC | (MEM_PERCPU if name == _NEW[1] else 0), 0, 0
    if call.root is not None:
        return PTR_TO_BTF_ID, call.root.target, MEM_ALLOC, 0, 0
    if call.struct is not None:
        return PTR_TO_BTF_ID, call.struct, MEM_ALLOC, 0, 0
    if name in _SLICES:
        held = call.dynptr
        assert held is not None and call.const is not None
        if name == _SLICES[1] and not v.program.may_write_packet:
            raise v.refuse("packet_write", "the prog does not allow writes to packet data", function=name)
        flags = MEM_RDONLY if name == _SLICES[0] else 0
        return PTR_TO_MEM, (held.id, held.obj[0]), flags, call.const, 0
    if name == "bpf_cast_to_kern_ctx":
        return PTR_TO_BTF_ID, kfunc.kernel_context, PTR_TRUSTED, 0, 0
    if name == "bpf_rdonly_cast":
        return PTR_TO_BTF_ID, _cast_to(v, call), PTR_UNTRUSTED, 0, 0
    target = pointee(pointer)
    if target is None:
        return SCALAR, None, 0, 0, 0
    if target.kind == BTF_KIND_STRUCT:
        flags = 0
        if call.iterator is not None and "iter_next" in kfunc.flags:
            held = iterators.iterator_in(v.state, *call.iterator)
            flags = MEM_RCU if held.flags & MEM_RCU else PTR_TRUSTED
        if "rcu_protected" in kfunc.flags:
            flags |= MEM_RCU
        return PTR_TO_BTF_ID, target, flags, 0, 0
    if name == "bpf_session_cookie":
        return PTR_TO_MEM, None, 0, 8, 0
    size, flags = call.size, MEM_RDONLY * call.rdonly
    if not size:
        size, flags = pointer.btf.sizeof(pointer.type_id), MEM_RDONLY
    return PTR_TO_MEM, None, flags, size, call.ref


def _new_struct(v: Verifier, call: KfuncCall) -> BtfType:
    btf, name = v.setting.btf, call.kfunc.name
    what = "bpf_obj_new/bpf_percpu_obj_new"
    if btf is None or not v.setting.func_types:  # without functions a program is loaded without its types
        raise v.refuse("btf_type", f"{what} requires prog BTF", function=name)
    try:
        struct = btf.by_id(call.const or 0)
    except EbeeError:
        struct = None
    if struct is None or struct.kind != BTF_KIND_STRUCT:
        raise v.refuse("btf_type", f"{what} type ID argument must be of a struct", function=name)
    if name == _NEW[1]:
        if struct.size_bytes > _MOST_PER_CPU:
            message = f"bpf_percpu_obj_new type size ({struct.size_bytes}) is greater than {_MOST_PER_CPU}"
            raise v.refuse("btf_type", message, function=name)
        if not is_plain(struct):
            message = "bpf_percpu_obj_new type ID argument must be of a struct of scalars"
            raise v.refuse("btf_type", message, function=name)
        if special_fields(btf, struct.id, v.kernel):
            message = "bpf_percpu_obj_new type ID argument must not contain special fields"
            raise v.refuse("btf_type", message, function=name)
    return struct


def _cast_to(v: Verifier, call: KfuncCall) -> BtfType:
    btf = v.setting.kernel_btf
    try:
        struct = btf.by_id(call.const or 0) if btf is not None else None
    except EbeeError:
        struct = None
    if struct is None or struct.kind not in (BTF_KIND_STRUCT, BTF_KIND_UNION):
        message = "kfunc bpf_rdonly_cast type ID argument must be of a struct"
        raise v.refuse("btf_type", message, function=call.kfunc.name)
    return struct
