"""What a probe's argument is: one class for each kind of hook."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Refusal
from ..lower.program import Lowering
from ..lower.tracepoint import dynamic_address, read_array, read_characters, read_field
from ..spec.sections import is_pattern, parse_section, runs_for_task
from .values import BytesPlace, Context, ListPlace, Memory, UserStr, similar, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ir.core import Value
    from ..lower.numbers import Num
    from ..lower.object import Signature
    from ..spec.target import Target, TracepointFormat
    from .expressions import Expressions
    from .values import Val


class ContextType:
    """What the front end needs to know of a hook: its argument's fields, and what a probe may return.

    `default_result` is what running off the end returns; None: that is refused. `failure` is what a probe returns that
    ends because of an error. `has_task` says whether the probe
    runs on behalf of a task, so that ebee.pid() and its like mean something. `arguments` are names that the probe's
    parameters may have beside `ctx`; None: it has one parameter, the context, of any name. `by_position`: parameters
    beside `ctx` are arguments in their order, of any name. `has_packet`: what is known of the packet belongs to the
    program's own function. `is_read_only`: a field is the same number whenever it is read.
    `unnamed`: why arguments have no names here, as a hint. `signature`: its types, where they
    are not the context and an int. `lowering` lowers it.
    """

    noun = "probe"
    argument = "ctx"
    default_result: int | None = 0
    failure = 0
    result_hint = ""
    has_task = True
    arguments: Sequence[str] | None = None
    by_position = False
    has_packet = False
    is_read_only = False
    unnamed = ""
    signature: Signature | None = None
    lowering = Lowering

    def declare(self, front: Expressions, definition: ast.FunctionDef) -> None:
        """Look at the probe before anything of it is lowered. Raises: Refusal."""

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """Return the value of `argument.name`. Raises: Refusal for a name that the argument does not have."""
        raise Refusal(f"the argument of a {self.noun} has no attribute {name!r}")

    def begin(self, low: Lowering, pointer: Value) -> None:
        """Lower what comes before the probe's first statement."""

    def set_attribute(self, front: Expressions, pointer: Value, name: str, new: Val) -> None:
        """`argument.name = new`. Raises: Refusal where that cannot be."""
        raise Refusal("the probe's context has no fields that can be assigned")

    def item(self, front: Expressions, node: ast.Subscript) -> Val:
        """`argument[…]`. Raises: Refusal where that means nothing."""
        raise Refusal("the probe's context cannot be indexed in a probe")

    def set_item(self, front: Expressions, node: ast.Subscript, new: Val) -> None:
        """`argument[…] = new`. Raises: Refusal where that cannot be."""
        raise Refusal("the probe's context has no items that can be assigned")

    def method(self, front: Expressions, name: str, node: ast.Call) -> Val | None:
        """`argument.name(…)`; None where the argument has no such method."""
        return None

    def has_effect(self, name: str) -> bool:
        """Whether `argument.name(…)` is called for what it does."""
        return False

    def bind(self, front: Expressions, pointer: Value, parameter: ast.arg) -> Val:
        """Return what the parameter that is the context stands for. Raises: Refusal."""
        return Context(pointer, self)

    def parameter(self, low: Lowering, pointer: Value, name: str) -> Val:
        """Return what a parameter of a name in `arguments` is. Raises: Refusal for one that a probe cannot have."""
        return self.attribute(low, pointer, name)

    def positional(self, front: Expressions, pointer: Value, parameter: ast.arg, n: int) -> Val:
        """Return what the nth parameter beside `ctx` is, where they are by position. Raises: Refusal."""
        raise Refusal(f"a {self.noun} has no arguments")

    def length(self, low: Lowering) -> Num:
        """Return `len(argument)`. Raises: Refusal where that means nothing."""
        raise Refusal(f"the argument of a {self.noun} has no len()")

    def check_result(self, value: Val) -> None:
        """Look at what a probe returns. Raises: Refusal for a result that means nothing to the hook."""

    def returned(self, front: Expressions, value: Val) -> Num:
        """What a probe returns, as a number. Raises: Refusal."""
        self.check_result(value)
        return front.as_num(value)


class TracepointContext(ContextType):
    """The record of a tracepoint, typed from the kernel's format."""

    noun = "tracepoint probe"
    is_read_only = True

    def __init__(self, format: TracepointFormat) -> None:
        self.format = format

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """Return a field of the record."""
        field = self.format.fields.get(spelled(name, self.format.fields))
        if field is None:
            hint = similar(name, self.format.fields) or f"it has {', '.join(self.format.fields)}"
            raise Refusal(f"{self.format.event} has no field {name!r}", hint)
        if field.type.startswith(("__data_loc char[", "__rel_loc char[")):
            return UserStr(dynamic_address(low, pointer, field), 0, f"{self.format.event}.{name}", True)
        if field.type.startswith("char[") and field.size_bytes > 1:
            return Memory(read_characters(low, pointer, self.format, field), 0, field.size_bytes)
        if "[" in field.type and (array := read_array(low, pointer, field)) is not None:
            from ..types.fields import BytesType, ListType

            memory, element, count = array
            if element.size == 1 and not element.signed:
                return BytesPlace(memory, 0, BytesType(count), is_own=True)
            return ListPlace(memory, 0, ListType(element, count), is_copy=True)
        return read_field(low, pointer, self.format, field)


def tracepoint_context(event: str, target: Target) -> ContextType:
    """Return the context of a tracepoint. Raises: Refusal if there is no such event."""
    format = target.tracepoint(event)
    if format is None and is_pattern(event):
        from .syscall_patterns import SyscallsContext

        return SyscallsContext(event, target)
    if format is None and ("*" in event or "?" in event):
        raise Refusal(f"{event!r}: patterns are for system calls, 'syscalls:sys_enter_*'", "others: give several names")
    if format is None:
        raise Refusal(f"there is no tracepoint {event!r}", similar(event, target.tracepoint_names()))
    return TracepointContext(format)


# For a kind of section: where the function is that makes its context, of what the section attaches to and a Target.
# A name without a module is defined here.
CONTEXTS: dict[str, str] = {
    "tracepoint": "tracepoint_context",
    "tp": "tracepoint_context",
    "raw_tracepoint": "btf_contexts.raw_tracepoint_context",
    "raw_tp": "btf_contexts.raw_tracepoint_context",
    "tp_btf": "btf_contexts.tp_btf_context",
    **dict.fromkeys(("fentry", "fentry.s"), "btf_contexts.fentry_context"),
    **dict.fromkeys(("fexit", "fexit.s"), "btf_contexts.fexit_context"),
    **dict.fromkeys(("fmod_ret", "fmod_ret.s"), "btf_contexts.fmod_ret_context"),
    **dict.fromkeys(("lsm", "lsm.s"), "btf_contexts.lsm_context"),
    "lsm_cgroup": "btf_contexts.lsm_cgroup_context",
    **dict.fromkeys(("iter", "iter.s"), "iterators.iter_context"),
    "kprobe": "kprobe_contexts.kprobe_context",
    "kretprobe": "kprobe_contexts.kretprobe_context",
    "kprobe.multi": "kprobe_contexts.kprobe_multi_context",
    "kprobe.session": "kprobe_contexts.kprobe_session_context",
    "kretprobe.multi": "kprobe_contexts.kretprobe_context",
    "syscall": "syscall_programs.syscall_context",
    "struct_ops": "struct_ops.struct_ops_context",
    "freplace": "replaceable.replacement_context",
    "ksyscall": "kprobe_contexts.ksyscall_context",
    "kretsyscall": "kprobe_contexts.kretsyscall_context",
    **dict.fromkeys(("uprobe", "uprobe.multi"), "user_contexts.uprobe_context"),
    **dict.fromkeys(("uretprobe", "uretprobe.multi"), "user_contexts.uretprobe_context"),
    "uprobe.session": "user_contexts.uprobe_session_context",
    "usdt": "usdt_contexts.usdt_context",
    "perf_event": "perf_contexts.perf_event_context",
}


def context_type(section: str, target: Target) -> ContextType:
    """Return the context of a hook, given by its section name. Raises: Refusal for a hook that does not exist."""
    parsed = parse_section(section)
    where = CONTEXTS.get(parsed.kind)
    if where is None:
        from .network import NetContext

        if parsed.kind in NetContext.KINDS:
            return NetContext(parsed.kind)
        raise Refusal(f"probes of section {section!r} cannot be written in Python")
    module, _, name = where.rpartition(".")
    make = getattr(__import__(f"{__package__}.{module}", fromlist=(name,)), name) if module else globals()[name]
    made: ContextType = make(parsed.attach_to, target)
    if not runs_for_task(parsed):
        made.has_task = False
    return made
