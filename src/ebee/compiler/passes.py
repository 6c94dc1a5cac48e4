"""The pass list. Each pass says in its docstring what it requires and guarantees."""

from __future__ import annotations

from ..errors import CompileError, Diagnostic
from ..isa.opcodes import LDDW
from .branches import positions, resolve_branches
from .checks import remove_known_branches
from .code import Code
from .emit import emit_function
from .flow import (
    drop_unreachable_blocks,
    improve_loops,
    remove_dead_ops,
    remove_redundant_params,
    split_critical_edges,
    thread_jumps,
)  # fmt: skip
from .fold import fold_constants
from .number import number_values
from .regalloc import allocate_registers
from .select import STACK_LIMIT, select_instructions
from .stores import improve_stores

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ir.core import Function, Module
    from ..spec.target import Target
    from .emit import FunctionCode
    from .scratch import Claim

_MAX_FRAMES = 8  # MAX_CALL_FRAMES in include/linux/bpf_verifier.h
_FRAME_UNIT = 32  # bytes; see `Code.stack_size`
_STACK_OF_VALUES = 160  # that do not fit in registers, in a frame that has to be small
_STACK_BESIDE_CALLS = STACK_LIMIT - 3 * _FRAME_UNIT  # of a function that calls others: more, if it must be

PASSES: tuple[Callable[[Function], None], ...] = (
    drop_unreachable_blocks,
    remove_redundant_params,
    fold_constants,
    drop_unreachable_blocks,
    thread_jumps,
    remove_redundant_params,
    drop_unreachable_blocks,
    number_values,
    remove_known_branches,
    improve_loops,
    improve_stores,
    remove_dead_ops,
    split_critical_edges,
)


def compile_module(
    module: Module,
    target: Target,
    *,
    dump: Callable[[str, str], None] | None = None,
    check: bool = False,
    compiled: dict[str, FunctionCode] | None = None,
    claim: Callable[[Function], Claim] | None = None,
) -> Code:
    """Compile a module's first function and those that it still calls after optimisation; they stay in module order.

    The IR is used up: passes change it in place. Modules that share functions share `compiled`, which holds by name
    what has been compiled: such functions are compiled once, and are the same in each program.

    `target.features` may have `v4` (sign-extending moves) and `gotol`. `dump` is called with the name of each pass and
    the function's text after it; `check` has the IR checked between passes. A program whose variables do not fit on
    the stack gets a place for them from `claim`, and so does a function that runs later, on a stack of its own.
    Raises: CompileError when the stack or the call depth does not suffice, or a jump cannot reach.
    """
    codes = {} if compiled is None else compiled
    by_name = {f.name: f for f in module.functions}
    observe = _observer(module, dump, check) if dump or check else None
    has_movsx, has_gotol = "v4" in target.features, "gotol" in target.features
    used: dict[str, int] = {}  # functions, and the stack that they take with what they call, in bytes

    def compile_function(name: str, is_root: bool) -> int:
        if name in used:
            return used[name]
        used[name] = below = 0
        function = by_name[name]
        if name not in codes:
            _optimise(function, observe)
        for callee, is_later in _callees(function, codes.get(name)):
            size = compile_function(callee, is_later)
            below = below if is_later else max(below, size)
        if name not in codes:
            code = _generate(function, has_movsx, below, claim if is_root else None, observe)
            resolve_branches(code, has_gotol=has_gotol)
            codes[name] = code
        used[name] = below + _rounded(codes[name].frame_bytes)
        return used[name]

    for program in module.functions[:1]:
        compile_function(program.name, True)
    return _link([codes[name] for name in by_name if name in used])


def _callees(function: Function, code: FunctionCode | None) -> dict[tuple[str, bool], None]:
    """The functions that one calls, and whether they run later."""
    if code is not None:
        return dict.fromkeys((callee, callee in code.later) for _, callee in code.calls)
    named = (op for op in function.ops() if op.opcode in ("call_local", "func_addr"))
    return dict.fromkeys((op.symbol, op.opcode == "func_addr" and op.imm == 1) for op in named)


def _optimise(function: Function, observe: Callable[[str, Function], None] | None) -> None:
    if observe:
        observe("input", function)
    for run in PASSES:
        run(function)
        if observe:
            observe(run.__name__, function)


def _generate(
    function: Function,
    has_movsx: bool,
    below: int,
    claim: Callable[[Function], Claim] | None,
    observe: Callable[[str, Function], None] | None,
) -> FunctionCode:
    """Generate code; `below` is the stack that the function's callees take, in bytes."""
    code: FunctionCode | None = None
    try:
        code = _generate_code(function, has_movsx, frugal=False)
        wants_less = bool(code.calls) and code.frame_bytes > _STACK_BESIDE_CALLS
    except CompileError:  # the stack does not suffice
        wants_less = True
    if wants_less:
        try:
            code = _generate_code(function, has_movsx, frugal=True)
        except CompileError:
            if claim is None:
                raise
            code = None
    if code is not None and (not below or _rounded(code.frame_bytes) + below <= STACK_LIMIT or claim is None):
        return code
    from .scratch import KEPT_BYTES, movable, move_to_scratch

    if not movable(function):
        return code or _generate_code(function, has_movsx, frugal=True)
    assert claim is not None
    move_to_scratch(function, claim(function), min(KEPT_BYTES, STACK_LIMIT - below - _STACK_OF_VALUES))
    if observe:
        observe(move_to_scratch.__name__, function)
    return _generate(function, has_movsx, below, None, None)


def _generate_code(function: Function, has_movsx: bool, *, frugal: bool) -> FunctionCode:
    machine = select_instructions(function, has_movsx=has_movsx)
    return emit_function(machine, allocate_registers(machine, frugal=frugal))


def _rounded(frame_bytes: int) -> int:
    return (max(frame_bytes, 1) + _FRAME_UNIT - 1) // _FRAME_UNIT * _FRAME_UNIT


def _observer(
    module: Module, dump: Callable[[str, str], None] | None, check: bool
) -> Callable[[str, Function], None]:
    from ..ir.check import check_function
    from ..ir.text import print_function

    def observe(name: str, function: Function) -> None:
        if dump:
            dump(name, print_function(function))
        if check:
            check_function(function, module)

    return observe


def _link(codes: list[FunctionCode]) -> Code:
    """Join functions, fill in calls between them, and number what waits for the loader."""
    code = Code([], [], [], [], _deepest_stack(codes))
    for part in codes:
        code.functions.append((part.source.name, len(code.insns)))
        # Functions may be part of several programs, with distances of their own in each.
        code.insns += part.insns if part is codes[0] else [insn.copy() for insn in part.insns]
        code.spans += part.spans
    if any(part.relocs or part.calls for part in codes):
        at = positions(code.insns)
        starts = {name: at[i] for name, i in code.functions}
        for part, (_, first) in zip(codes, code.functions):
            index = {id(insn): i for i, insn in enumerate(part.insns, first)}
            code.relocs += [reloc.replace(insn_idx=index[id(insn)]) for insn, reloc in part.relocs]
            for original, name in part.calls:
                i = index[id(original)]
                insn, distance = code.insns[i], starts[name] - at[i] - 1
                insn.imm = distance & 0xFFFF_FFFF if insn.opcode == LDDW else distance
        code.relocs.sort(key=lambda r: r.insn_idx)
    return code


def _deepest_stack(codes: list[FunctionCode]) -> int:
    """Return the bytes that the deepest call chain takes. Raises: CompileError for recursion and too deep chains."""
    by_name = {c.source.name: c for c in codes}
    deepest: dict[str, tuple[int, int]] = {}  # frames, bytes
    roots = codes[:1]

    def measure(code: FunctionCode, chain: tuple[str, ...]) -> tuple[int, int]:
        name = code.source.name
        if name in chain:
            path = " → ".join((*chain[chain.index(name) :], name))
            raise _refusal(code, f"{name!r} calls itself ({path})", "eBPF has no recursion; use a loop")
        if name not in deepest:
            roots.extend(by_name[callee] for callee in sorted(code.later))
            callees = dict.fromkeys(callee for _, callee in code.calls if callee not in code.later)
            below = [measure(by_name[callee], (*chain, name)) for callee in callees]
            frames = 1 + max((f for f, _ in below), default=0)
            size = _rounded(code.frame_bytes) + max((s for _, s in below), default=0)
            if frames > _MAX_FRAMES:
                raise _refusal(code, f"calls from {name!r} go {frames} functions deep; eBPF has {_MAX_FRAMES}", "")
            if size > STACK_LIMIT and below:
                what = f"{name!r} and what it calls need {size} bytes of stack; eBPF has {STACK_LIMIT}"
                hint = "keep numbers that are needed for long in a struct, or nest fewer calls"
                raise _refusal(code, what, hint)
            deepest[name] = frames, size
        return deepest[name]

    sizes = [measure(root, ())[1] for root in roots]  # more of them are found on the way
    return sizes[0] if sizes else 0


def _refusal(code: FunctionCode, message: str, hint: str) -> CompileError:
    return CompileError([Diagnostic(message, code.source.span, hint)])
