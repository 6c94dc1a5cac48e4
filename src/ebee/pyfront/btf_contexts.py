"""Hooks that have the arguments of a function of the kernel: tracepoints, trampolines, security hooks.

Their context is an array of u64. Source: bpf_tracing_btf_ctx_access and btf_ctx_access in kernel/bpf/btf.c,
check_return_code in kernel/bpf/verifier.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..btf.kinds import (
    BTF_INT_SIGNED,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
)
from ..ir.core import I64, PTR_BTF
from ..lower import kernel_types as lower
from ..lower.numbers import U64_HI, Num, Refusal, wrap
from ..spec.btf_hooks import Argument, find_hook, find_prototype, hook_names
from ..spec.core_fields import resolved
from .contexts import ContextType
from .kernel_types import is_big_endian, leads_to_struct, struct_at
from .kinds import Kind
from .values import Arguments, Known, similar, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..btf.read import Btf, BtfType
    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..spec.btf_hooks import Prototype
    from ..spec.target import Target
    from .expressions import Expressions
    from .values import Val

MOST_ARGUMENTS = 12  # MAX_BPF_FUNC_ARGS, include/linux/filter.h
_MAX_ERRNO = 4095  # include/linux/err.h


class BtfContext(ContextType):
    """Arguments of a function of the kernel, by name and by position, typed from BTF.

    `slots` is how many u64 the array has, where the arguments' types are not known. `is_known`: the verifier knows
    pointers to structs for what they are. `results` is the range of what a probe may return.
    """

    is_known = False
    is_read_only = True
    results: tuple[int, int] | None = None

    def __init__(
        self, noun: str, btf: Btf | None, args: Sequence[Argument], slots: int = 0, ret: Argument | None = None
    ) -> None:
        self.noun, self.btf, self.args, self.slots, self.ret = noun, btf, args, slots, ret
        self.by_name = {arg.name: arg for arg in args if arg.name}
        if ret is not None:
            self.by_name.setdefault("ret", ret)
        self.arguments = list(self.by_name)
        if btf is None and slots:
            self.unnamed = "names come from BTF, of the running kernel with --target kernel; ctx.args[0] is the first"

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """`ctx.args`, or an argument by name."""
        if name == "args" and (self.args or self.slots):
            return Arguments(pointer, self)
        return self.parameter(low, pointer, name)

    def parameter(self, low: Lowering, pointer: Value, name: str) -> Val:
        """An argument by name."""
        name = spelled(name, self.by_name)
        if name not in self.by_name:
            known = similar(name, self.arguments)
            if not known and self.arguments:
                known = f"it has {', '.join(self.arguments)}"
            known = known or self.unnamed
            raise Refusal(f"a {self.noun} has no argument {name!r}", known)
        return self.read(low, pointer, self.by_name[name])

    def at(self, low: Lowering, pointer: Value, n: int) -> Val:
        """An argument by position. Raises: Refusal for one that there is not."""
        if n < len(self.args):
            return self.read(low, pointer, self.args[n])
        if n < self.slots:
            return Num(self.register(low, pointer, n), 0, U64_HI, "void *")
        raise Refusal(f"a {self.noun} has {max(len(self.args), self.slots)} arguments: there is no [{n}]")

    def read(self, low: Lowering, pointer: Value, arg: Argument) -> Num:
        """An argument, as the type that the kernel's function has it in. Raises: Refusal."""
        btf = self.btf
        assert btf is not None
        type = resolved(btf, btf.by_id(arg.type_id))
        what = f"{arg.name or 'this argument'} of this {self.noun}"
        if type.kind == BTF_KIND_PTR:
            return self.read_pointer(low, pointer, arg, btf, type, what)
        if type.kind not in (BTF_KIND_INT, BTF_KIND_ENUM, BTF_KIND_ENUM64) or type.size_bytes > 8:
            raise Refusal(f"{what} is a {type.kind_name}, which cannot be read in a probe")
        raw = self.register(low, pointer, arg.slot)
        is_signed = type.int_encoding[0] & BTF_INT_SIGNED if type.kind == BTF_KIND_INT else type.kind_flag
        if is_signed and type.size_bytes == 8:
            return Num(raw, -1 << 63, (1 << 63) - 1)
        n = wrap(low, Num(raw, 0, U64_HI), type.size_bytes, bool(is_signed))
        if is_big_endian(btf, btf.by_id(arg.type_id)):
            n = Num(low.b.op("bswap", n.value, size=type.size_bytes), n.lo, n.hi)
        return n

    def read_pointer(self, low: Lowering, pointer: Value, arg: Argument, btf: Btf, type: BtfType, what: str) -> Num:
        """A pointer; one to a struct has fields."""
        target = struct_at(btf, type)
        if not self.is_known:
            raw = self.register(low, pointer, arg.slot)
            return Num(raw, 0, U64_HI, "void *") if target is None else lower.pointer(raw, target.name)
        if leads_to_struct(btf, type):
            known = low.b.op("load_ptr", pointer, type=PTR_BTF, off=8 * arg.slot, size=8)
            raw = low.b.op("retype", known, type=I64)
            if target is not None:
                return lower.pointer(raw, target.name)
            return Num(lower.address(low, Num(raw, 0, U64_HI)).value, 0, U64_HI, "void *")
        if type.type_id and resolved(btf, btf.by_id(type.type_id)).kind != BTF_KIND_INT:
            what = f"{what} is a pointer to something that is neither a struct nor a number"
            raise Refusal(f"{what}: the kernel gives it to no program", "a kprobe has it")
        return Num(self.register(low, pointer, arg.slot), 0, U64_HI, "void *")

    def register(self, low: Lowering, pointer: Value, slot: int) -> Value:
        """A u64 of the array, as it is."""
        return low.b.load(pointer, 8 * slot, 8)

    def check_result(self, value: Val) -> None:
        """Look at the range of what a probe returns."""
        if self.results is None:
            return
        lo, hi = self.results
        if isinstance(value, Known) and isinstance(value.object, int):
            fits = lo <= value.object <= hi
        else:
            fits = isinstance(value, Num) and lo <= value.lo and value.hi <= hi
        if not fits:
            words = f"{lo}" if lo == hi else f"a number from {lo} to {hi}"
            raise Refusal(f"a {self.noun} must return {words}", self.result_hint)


class ArgumentsKind(Kind):
    """ctx.args: all arguments, by position."""

    def describe(self, front: Expressions, value: Arguments) -> str:
        return f"all arguments of a {value.type.noun}"

    def item(self, front: Expressions, value: Arguments, node: ast.Subscript) -> Val:
        number = front.expr(node.slice)
        if not (isinstance(number, Known) and isinstance(number.object, int) and number.object >= 0):
            raise Refusal("the index of an argument must be a constant, from 0")
        return value.type.at(front.low, value.pointer, number.object)

    def length(self, front: Expressions, value: Arguments) -> Val:
        return Known(max(len(value.type.args), value.type.slots))


class TypedContext(BtfContext):
    """A hook whose arguments the verifier knows by type."""

    is_known = True


class FixedContext(TypedContext):
    """One whose program has no say."""

    results = (0, 0)
    result_hint = "what it returns means nothing here: `return` is enough"


class LsmContext(TypedContext):
    """A security hook."""

    results = (-_MAX_ERRNO, 0)

    def __init__(self, noun: str, btf: Btf, args: Sequence[Argument], ret: Argument | None) -> None:
        super().__init__(noun, btf, args, ret=ret)
        self.before: list[Value] = []  # what was decided before, wherever it was read

    def read(self, low: Lowering, pointer: Value, arg: Argument) -> Num:
        """An argument, or what was decided before."""
        n = super().read(low, pointer, arg)
        if arg is self.ret:
            self.before.append(n.value)
        return n

    def check_result(self, value: Val) -> None:
        """What was decided before may be returned, whatever it is: the verifier knows its range (Linux 6.12)."""
        if not (isinstance(value, Num) and any(value.value is before for before in self.before)):
            super().check_result(value)

    result_hint = "0 allows; minus an error number refuses: -1 is EPERM, -13 is EACCES"


def known_hook(kind: str, name: str, target: Target) -> tuple[Btf, Prototype]:
    """Return what BTF says of a hook. Raises: Refusal if there is no BTF, or no such hook."""
    module, colon, function = name.rpartition(":")
    btf = target.module_btf(module) if colon else target.btf()
    if btf is None and colon and target.btf() is not None:
        raise Refusal(f"the kernel module {module} is not loaded, or has no BTF")
    if btf is None:
        raise Refusal(
            f"{kind} probes are typed from the kernel's BTF; the target {target.name} has none",
            target.btf_hint,
        )
    proto = find_prototype(btf, kind, function)
    if proto is None or find_hook(btf, kind, function) is None:
        raise Refusal(f"there is no {kind} hook {name!r}", similar(function, hook_names(btf, kind)))
    return btf, proto


def raw_tracepoint_context(name: str, target: Target) -> BtfContext:
    """Return the context of a raw tracepoint: typed where the target has BTF."""
    noun = f"raw tracepoint probe on {name}"
    if target.btf() is None:
        return BtfContext(noun, None, [], MOST_ARGUMENTS)
    btf, proto = known_hook("raw_tracepoint", name, target)
    return BtfContext(noun, btf, proto.args)


def tp_btf_context(name: str, target: Target) -> BtfContext:
    """Return the context of a typed tracepoint."""
    btf, proto = known_hook("tp_btf", name, target)
    return TypedContext(f"tp_btf probe on {name}", btf, proto.args)


def fentry_context(name: str, target: Target) -> BtfContext:
    """Return the context of a function's beginning."""
    btf, proto = known_hook("fentry", name, target)
    return FixedContext(f"fentry probe on {name}", btf, proto.args)


def fexit_context(name: str, target: Target) -> BtfContext:
    """Return the context of a function's end."""
    btf, proto = known_hook("fexit", name, target)
    return FixedContext(f"fexit probe on {name}", btf, proto.args, ret=result(btf, proto))


def fmod_ret_context(name: str, target: Target) -> BtfContext:
    """Return the context of a function whose result can be replaced."""
    btf, proto = known_hook("fmod_ret", name, target)
    return TypedContext(f"fmod_ret probe on {name}", btf, proto.args, ret=result(btf, proto))


def lsm_context(name: str, target: Target) -> BtfContext:
    """Return the context of a security hook."""
    btf, proto = known_hook("lsm", name, target)
    made = LsmContext(f"lsm probe on {name}", btf, proto.args, ret=result(btf, proto))
    if not proto.ret_type_id:
        made.results = (0, 0)
        made.result_hint = FixedContext.result_hint
    return made


class LsmCgroupContext(TypedContext):
    """A security hook that asks for the tasks of a control group."""

    results = (0, 1)
    result_hint = "return True to allow it, False to refuse it with EPERM"
    default_result: int | None = None


def lsm_cgroup_context(name: str, target: Target) -> BtfContext:
    """Return the context of a security hook, of a control group."""
    btf, proto = known_hook("lsm_cgroup", name, target)
    made = LsmCgroupContext(f"lsm_cgroup probe on {name}", btf, proto.args)
    if not proto.ret_type_id:
        made.results, made.failure, made.default_result = (1, 1), 1, 1
        made.result_hint = "return True: nothing can be refused here"
    return made


def result(btf: Btf, proto: Prototype) -> Argument | None:
    """Return the result of a function as an argument that comes after the others, None if it has none."""
    if not proto.ret_type_id or resolved(btf, btf.by_id(proto.ret_type_id)).kind in (BTF_KIND_STRUCT, BTF_KIND_UNION):
        return None
    return Argument("ret", proto.ret_type_id, proto.slots)
