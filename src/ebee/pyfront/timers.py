"""Timers and work queues in a probe, and what they call: functions that run later, on a stack of their own."""

from __future__ import annotations

import _ast as ast

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..btf.kinds import BTF_KIND_FUNC
from ..errors import CompileError
from ..ir.core import PTR_ARG, PTR_MAP, Function
from ..lower.numbers import Refusal, check_assignable
from ..lower.program import Lowering
from ..spec.core_fields import kernel_names
from ..spec.sections import parse_section
from .calls import Call
from .contexts import ContextType
from .kinds import Kind
from .outlined import own_key, shared_value
from .source import SourceText, assigned_names, find_function
from .values import Known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..btf.read import Btf
    from ..ir.core import Value
    from ..types.maps import KeyedDecl
    from .statements import Statements
    from .values import TimerPlace, Val

_MAPS = (bpf.BPF_MAP_TYPE_HASH, bpf.BPF_MAP_TYPE_LRU_HASH, bpf.BPF_MAP_TYPE_ARRAY)
# Programs that may interrupt anything; a timer takes a lock. Source: is_tracing_prog_type, kernel/bpf/verifier.c.
_WITHOUT = (
    bpf.BPF_PROG_TYPE_KPROBE, bpf.BPF_PROG_TYPE_TRACEPOINT, bpf.BPF_PROG_TYPE_PERF_EVENT,
    bpf.BPF_PROG_TYPE_RAW_TRACEPOINT, bpf.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
)  # fmt: skip
_CLOCK_MONOTONIC = 1


class TimerContext(ContextType):
    """What the callback of a timer or work queue runs for: nobody."""

    has_task = False

    def __init__(self, word: str) -> None:
        self.noun = f"{word}'s callback"


class Later(Lowering):
    """Lowers a function that runs later."""

    is_program = False

    @property
    def ctx(self) -> Value:
        """There is none. Raises: Refusal."""
        raise Refusal("this needs the probe's context, which a function that is called later does not have")


class TimerKind(Kind):
    """A timer or work queue in an entry of a map."""

    def describe(self, front: Any, value: TimerPlace) -> str:
        return f"a {value.type.name}"

    def method(self, front: Any, value: TimerPlace, name: str, node: ast.Call) -> Val:
        word, hint, methods = _KINDS[value.type.name]
        if name not in methods:
            raise Refusal(f"a {value.type.name} has no {name}()", f"it has {hint}")
        entry = value.entry
        own = [f.off_bytes for f in getattr(entry.type, "fields", {}).values() if f.type is value.type] if entry else []
        if entry is None or value.off not in own:
            raise Refusal(f"a {word} works in an entry of a map only", "v = m.lookup(k), then v.field.start(…)")
        if hasattr(entry.decl, "outer"):
            raise Refusal(f"a {word} in a map inside another is not supported", "keep it in a map of its own")
        if entry.decl.map_type not in _MAPS:
            raise Refusal(f"{entry.decl.name} is a {entry.decl.kind}, which has no {word}s", "take a Hash or an Array")
        if parse_section(front.probe.section).prog_type in _WITHOUT:
            what = f"a {front.context.noun} may run anywhere, also where a {word} cannot be set"
            raise Refusal(what, "use fentry, tp_btf, lsm or a hook of the network")
        pointer = front.low.at(value.base, value.off)
        return methods[name](front, entry.decl, pointer, node)

    def has_effect(self, front: Any, value: TimerPlace, name: str, node: ast.expr) -> bool:
        return True

    def kept(self, front: Any, name: str, value: TimerPlace) -> Val:
        raise Refusal(f"a {value.type.name} cannot get a name", "use it where it is: v.field.start(…)")


def _start(front: Statements, decl: Any, pointer: Value, node: ast.Call) -> Val:
    ns, function = (front.expr(a) for a in front.arguments(node, "start", 2, 2))
    n = front.as_num(ns)
    check_assignable(n, 0, (1 << 64) - 1, "the time of start() (u64)")
    name = callback(front, _called(front, function), decl, "timer")
    b, low = front.b, front.low
    # A timer that is set up already answers EBUSY.
    b.call(FUNC.timer_init, pointer, low.map(decl), b.const(_CLOCK_MONOTONIC))
    b.call(FUNC.timer_set_callback, pointer, low.function_address(name, is_later=True))
    failed = b.call(FUNC.timer_start, pointer, n.value, b.const(0))
    low.count_if("ne", failed, "timer_failed", front.source.text_of(node))
    return Known(None)


def _called(front: Statements, function: Val) -> Any:
    if not (isinstance(function, Known) and type(function.object) is type(_start)):
        raise Refusal(f"start() takes a function to be called, not {front.describe(function)}")
    return function.object


def _queue(front: Statements, decl: Any, pointer: Value, node: ast.Call) -> Val:
    """v.work.start(f). Source: bpf_wq_init in kernel/bpf/helpers.c (Linux 6.18)."""
    (function,) = (front.expr(a) for a in front.arguments(node, "start", 1, 1))
    name = callback(front, _called(front, function), decl, "work queue")
    b, low = front.b, front.low
    zero = b.const(0)
    low.call_kfunc("bpf_wq_init", [pointer, low.map(decl), zero])  # EBUSY if it is set up already
    address = low.function_address(name, is_later=True)
    low.call_kfunc(_set_callback(front.target.btf()), [pointer, address, zero, zero])
    failed = b.op("zext", low.call_kfunc("bpf_wq_start", [pointer, zero]), size=4)
    low.count_if("ne", failed, "work_failed", front.source.text_of(node))
    return Known(None)


def _set_callback(btf: Btf | None) -> str:
    """Return the name of bpf_wq_set_callback in the target's kernel, for who loads the object and does not search."""
    names = kernel_names("bpf_wq_set_callback_impl")
    return next((n for n in names if btf is not None and btf.by_name(n, BTF_KIND_FUNC)), names[-1])


def _cancel(front: Statements, decl: Any, pointer: Value, node: ast.Call) -> Val:
    front.arguments(node, "cancel", 0, 0)
    result = front.b.op("sext", front.b.call(FUNC.timer_cancel, pointer), size=4)
    return front.decided(lambda then, els: front.b.branch("sgt", result, front.b.const(0), then, els))


# A type: what it is in words, what it has, and what lowers that.
_KINDS: dict[str, tuple[str, str, dict[str, Callable[[Any, Any, Value, ast.Call], Val]]]] = {
    "Timer": ("timer", "start(ns, callback) and cancel()", {"start": _start, "cancel": _cancel}),
    "WorkQueue": ("work queue", "start(callback)", {"start": _queue}),
}


def callback(front: Statements, function: Any, decl: KeyedDecl[Any, Any], word: str) -> str:
    """Compile a function that a timer or work queue of a map calls, once; return its name. Raises: Refusal."""
    key = (function, decl, word)
    known = front.later.get(key)
    if known is not None and (known in front.low.obj.functions or key in front.being_made):
        return known
    try:
        source_of = front.find_source(function)
        source = SourceText(source_of.file, source_of.text)
        definition = find_function(source, source_of)
    except CompileError as e:
        raise Refusal(e.diagnostics[0].message, e.diagnostics[0].hint) from None
    a = definition.args
    if len(a.posonlyargs + a.args) != 3 or a.vararg or a.kwarg or a.kwonlyargs or a.defaults:
        what = f"{definition.name}() takes other arguments than a {word}'s callback"
        raise Refusal(what, f"def {definition.name}(m, key, value):")
    obj = front.low.obj
    name = front.later[key] = obj.free_name(f"{front.function.name}__{definition.name}")
    made = Function(name, [PTR_MAP, PTR_ARG, PTR_ARG], span=source.span(definition), is_program=False)
    low = Later(obj, made, front.low.features)
    call = Call(function, source.span(definition), low.b.new_block(), 0, f"{definition.name} later ")
    before = {n: getattr(front, n) for n in _STATE}
    front.being_made.add(key)
    front.low, front.b, front.context, front.source = low, low.b, TimerContext(word), source
    front.names, front.local_names, front.env = source_of.names, assigned_names(definition.body), {}
    front.prefix, front.loops, front.calls, front.depth, front.turns = call.prefix, [], [call], 0, 1
    front.followed = []
    try:
        _, key_place, value_place = made.entry.params
        values = (Known(decl), own_key(front, decl.key, key_place),
                  shared_value(front, decl, value_place, f"the value of {definition.name}()"))  # fmt: skip
        for parameter, value in zip(a.posonlyargs + a.args, values):
            front.assign_name(parameter.arg, value)
        front.body(definition.body)
        if not low.b.terminated:
            front.give(Known(None))
        if any(not (isinstance(r, Known) and r.object is None) for r in call.results):
            raise Refusal(f"{definition.name}() returns something, and nobody gets it", "write `return` alone")
        if call.results:
            low.b.start(call.done)
            low.b.ret(low.b.const(0))
    finally:
        for n, was in before.items():
            setattr(front, n, was)
        front.being_made.discard(key)
    obj.add_function(made, [("map", None), ("key", decl.key), ("value", decl.value)])
    return name


_STATE = ("low", "b", "context", "source", "names", "local_names", "env", "prefix", "loops", "calls", "depth", "turns",
          "followed")  # fmt: skip
