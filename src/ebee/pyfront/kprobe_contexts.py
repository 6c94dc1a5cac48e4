"""Hooks whose context is struct pt_regs: kprobes, and those on system calls.

Arguments are found where the architecture's calling convention puts them: in registers, then on the stack.
"""

from __future__ import annotations

from ..abi.pt_regs import PT_REGS
from ..btf.kinds import BTF_KIND_STRUCT, BTF_KIND_UNION
from ..lower import kernel_types as lower
from ..lower.numbers import U64_HI, Num, Refusal
from ..lower.tracepoint import typed_field
from ..spec.btf_hooks import Argument, Prototype, find_prototype, functions_like
from ..spec.core_fields import resolved
from .btf_contexts import BtfContext, result
from .contexts import ContextType
from .values import similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf
    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..spec.target import Target, TracepointFormat
    from .values import Val

_RED_WORDS = {"x86_64": 1}  # u64s between the stack pointer and the first argument on the stack: the return address
_MOST_FUNCTIONS = 4096


def stack_off(arch: str, n: int) -> int:
    """Return how far from the stack pointer, in bytes, the nth argument on the stack is where a function begins."""
    return 8 * (n + _RED_WORDS.get(arch, 0))


class KprobeContext(BtfContext):
    """The registers where a function begins: `ctx.ip`, and arguments."""

    def __init__(self, noun: str, arch: str, btf: Btf | None, args: list[Argument], slots: int) -> None:
        super().__init__(noun, btf, args, slots)
        self.arch, self.regs = arch, PT_REGS[arch]

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """`ctx.ip`, `ctx.args`, or an argument by name."""
        if name == "ip" and name not in self.by_name:
            return Num(low.b.load(pointer, self.regs.ip, 8), 0, U64_HI)
        return super().attribute(low, pointer, name)

    def register(self, low: Lowering, pointer: Value, slot: int) -> Value:
        """An argument as it was passed."""
        if slot < len(self.regs.args):
            return low.b.load(pointer, self.regs.args[slot], 8)
        stack: Value = low.b.load(pointer, self.regs.sp, 8)
        off = stack_off(self.arch, slot - len(self.regs.args))
        return lower.read_number(low, low.at(stack, off), "u64", f"argument {slot}").value


class KprobeSessionContext(KprobeContext):
    """Where a function begins, and where the same call returns: `ctx.is_return`, `ctx.ret`."""

    results = (0, 1)
    result_hint = "1, where the function begins, leaves out the return of this call"

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """`ctx.is_return`, `ctx.ret`, or as a kprobe. Kernels that take no argument there do not look at it."""
        if name == "is_return":
            result = low.call_kfunc("bpf_session_is_return", [pointer])
            return Num(low.b.op("zext", result, size=1), 0, 1)
        if name == "ret":
            return Num(low.b.load(pointer, self.regs.ret, 8), 0, U64_HI)
        return super().attribute(low, pointer, name)


class KretprobeContext(BtfContext):
    """The registers where a function has returned."""

    def __init__(self, noun: str, arch: str, btf: Btf | None, ret: Argument | None) -> None:
        super().__init__(noun, btf, [], ret=ret)
        self.regs = PT_REGS[arch]
        if btf is None:
            self.arguments = ["ret"]

    def parameter(self, low: Lowering, pointer: Value, name: str) -> Val:
        """The result: as a number where its type is not known."""
        if name == "ret" and self.btf is None:
            return Num(self.register(low, pointer, 0), 0, U64_HI, "void *")
        if name == "ret" and self.ret is None:
            raise Refusal(f"there is no result: a {self.noun} sees a function that returns nothing, or a struct")
        return super().parameter(low, pointer, name)

    def register(self, low: Lowering, pointer: Value, slot: int) -> Value:
        """What was returned."""
        return low.b.load(pointer, self.regs.ret, 8)


class KsyscallContext(ContextType):
    """A system call's arguments, as its tracepoint names them: the kernel's function is given the user's registers.

    Source: __SYSCALL_DEFINEx in arch/x86/include/asm/syscall_wrapper.h (Linux 6.18).
    """

    is_read_only = True

    def __init__(self, noun: str, arch: str, format: TracepointFormat) -> None:
        self.noun, self.format, self.regs = noun, format, PT_REGS[arch]
        self.arguments = self.names = [name for name in format.fields if name != "__syscall_nr"]

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """An argument by name."""
        if name not in self.names:
            hint = similar(name, self.names) or f"it has {', '.join(self.names)}"
            raise Refusal(f"a {self.noun} has no argument {name!r}", hint)
        off = self.regs.syscall_args[self.names.index(name)]
        user_regs = low.b.load(pointer, self.regs.args[0], 8)
        raw = lower.read_number(low, low.at(user_regs, off), "u64", name).value
        return typed_field(low, raw, self.format, self.format.fields[name])


def kprobe_context(name: str, target: Target) -> BtfContext:
    """Return the context of a function's beginning, or of an instruction inside it."""
    noun, btf = f"kprobe on {name}", target.btf()
    if "+" in name:
        return KprobeContext(noun, target.arch, None, [], 0)
    proto = None if btf is None else find_prototype(btf, "kprobe", name)
    if btf is None or proto is None:
        return KprobeContext(noun, target.arch, None, [], len(PT_REGS[target.arch].args))
    return KprobeContext(noun, target.arch, btf, in_registers(btf, proto), 0)


def in_registers(btf: Btf, proto: Prototype) -> list[Argument]:
    """Return the arguments before one that is a struct: what comes after it may be anywhere."""
    args = []
    for arg in proto.args:
        if resolved(btf, btf.by_id(arg.type_id)).kind in (BTF_KIND_STRUCT, BTF_KIND_UNION):
            break
        args.append(arg)
    return args


def kprobe_multi_context(pattern: str, target: Target) -> BtfContext:
    """Return the context of many functions."""
    return KprobeContext(f"kprobe on {pattern}", target.arch, target.btf(), *_common(pattern, target))


def kprobe_session_context(pattern: str, target: Target) -> BtfContext:
    """Return the context of many functions' beginnings and ends."""
    noun = f"kprobe session on {pattern}"
    return KprobeSessionContext(noun, target.arch, target.btf(), *_common(pattern, target))


def _common(pattern: str, target: Target) -> tuple[list[Argument], int]:
    """Return the arguments that functions have in common: of the same name, place and type; and how many registers."""
    btf, slots = target.btf(), len(PT_REGS[target.arch].args)
    if btf is None:
        return [], slots
    common: list[Argument] | None = None
    for function in functions_like(btf, pattern, _MOST_FUNCTIONS):
        proto = find_prototype(btf, "kprobe", function)
        args = [] if proto is None else in_registers(btf, proto)
        common = args if common is None else [a for a, b in zip(common, args) if a == b]
        if not common:
            break
    return common or [], slots


def kretprobe_context(name: str, target: Target) -> KretprobeContext:
    """Return the context of a function's end."""
    noun, btf = f"kretprobe on {name}", target.btf()
    proto = None if btf is None or "*" in name or "?" in name else find_prototype(btf, "kretprobe", name)
    if btf is None or proto is None:
        return KretprobeContext(noun, target.arch, None, None)
    return KretprobeContext(noun, target.arch, btf, result(btf, proto))


def _syscall(name: str, target: Target, point: str) -> TracepointFormat:
    format = target.tracepoint(f"syscalls:sys_{point}_{name}")
    if format is None:
        prefix = f"syscalls:sys_{point}_"
        names = [n.removeprefix(prefix) for n in target.tracepoint_names() if n.startswith(prefix)]
        raise Refusal(f"there is no system call {name!r}", similar(name, names))
    return format


def ksyscall_context(name: str, target: Target) -> KsyscallContext:
    """Return the context of a system call's beginning."""
    return KsyscallContext(f"probe on system call {name}", target.arch, _syscall(name, target, "enter"))


class KretsyscallContext(KretprobeContext):
    """A system call's result: an s64, below zero minus an error number."""

    def parameter(self, low: Lowering, pointer: Value, name: str) -> Val:
        """The result."""
        if name == "ret":
            return Num(self.register(low, pointer, 0), -1 << 63, (1 << 63) - 1)
        return super().parameter(low, pointer, name)


def kretsyscall_context(name: str, target: Target) -> KretprobeContext:
    """Return the context of a system call's end."""
    _syscall(name, target, "exit")
    return KretsyscallContext(f"probe on the end of system call {name}", target.arch, None, None)
