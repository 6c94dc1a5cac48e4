"""The walk through all paths of a program: `Verifier`, and the entry point `verify`.

Each instruction is decoded once to a tuple `(step, next slot, operands …)`; `step(verifier, op)` changes the current
state and returns the slot to go on at, or END where the path ends. `steps.DECODERS` has the decoder of every row of
`isa.table`.

Source: kernel/bpf/verifier.c (Linux 6.18): bpf_check(), do_check(), push_stack(), pop_stack().
"""

from __future__ import annotations

from ..abi import bpf
from . import functions
from .callbacks import KFUNC_CALLBACKS
from .kfunc_protos import kfunc_proto
from .program import CALLBACK, FORCE, ITER_NEXT, JUMP, PRUNE, Code
from .programs import Program, check_maps, check_sleepable, check_type
from .prototypes import helper_proto
from .prune import Pruning
from .refusal import Options, Refusal, Stats, Verdict
from .scalar import const, rules_of
from .state import MAX_FRAMES, MAX_FRAMES_7, NOT_INIT_REG, PTR_TO_CTX, PTR_TO_STACK, Frame, Reg, State
from .steps import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .facts import Collector
    from .setting import Setting

    Step = Callable[["Verifier", Any], int]

END = -1
CALLS_NOW = PRUNE | JUMP | FORCE | CALLBACK
MAX_PENDING = 8192  # BPF_COMPLEXITY_LIMIT_JMP_SEQ


class Verifier:
    """One verification. `state`, `frame` and `regs` are the current ones, `idx` the slot of the current instruction."""

    def __init__(self, setting: Setting, options: Options) -> None:
        self.setting, self.options = setting, options
        self.idx = self.prev = self.noted = 0
        self.state = State([])
        self.privileged = options.privileged
        self.program = Program(setting, options)
        self.may_write_packet, self.may_load_packet = self.program.may_write_packet, self.program.may_load_packet
        self.has_types = setting.btf is not None
        self.has_arena = any(used.map_type == bpf.BPF_MAP_TYPE_ARENA for used in setting.maps.values())
        self.kernel = tuple(map(int, options.kernel.split(".")))
        self.rules = rules_of(self.kernel)
        self.links_sums = options.privileged and self.kernel >= (6, 11)  # BPF_ADD_CONST
        self.may_mispredict = not options.privileged and self.kernel < (6, 17)
        self.masks: dict[int, tuple[str, int]] = {}  # by slot, of sums without privilege
        self.compares_exactly = False  # numbers of states, since such a mask depends on them
        self.may_read_unset = options.privileged  # of the stack
        self.follows_spills = self.kernel >= (6, 8)  # numbers on the stack whose range is not known, parts of them
        self.stack_freedom = self.privileged + self.may_read_unset * (1 + (self.kernel >= (7, 0)))
        self.code = Code(
            setting.insns, privileged=options.privileged, tables=tuple(setting.jump_tables.values()),
            kernel=self.kernel, thrown_to=functions.thrown_to(setting),
        )  # fmt: skip
        for slot, function in setting.kfuncs.items():
            if function in KFUNC_CALLBACKS:
                self.code.marks[slot] |= PRUNE if KFUNC_CALLBACKS[function].is_async else CALLS_NOW
            if function.startswith("bpf_iter_") and function.endswith("_next"):
                self.code.marks[slot] |= PRUNE | FORCE | ITER_NEXT
        self.stats = Stats()
        self.processed = self.jumps = self.path_start = 0
        self.ids = 0
        self.enter(State([Frame([NOT_INIT_REG] * 11, [], 0, -1, (0,))]))
        self.pending: list[tuple[State, int, int]] = []
        self.ops: list[Any] = [decode(self, slot) for slot in range(len(self.code.rows))]
        self.pruning = Pruning(self)
        self.live = self.pruning.live
        self.stack_bytes = [0] * len(self.code.starts)
        self.accessed = [0] * len(self.ops)  # by slot: the kind and flags of the pointer that memory is accessed by
        self.max_frames = MAX_FRAMES_7 if self.kernel >= (7, 0) else MAX_FRAMES
        self.called_globals: set[int] = set()
        self.called_later: set[int] = set()  # functions of timers, work queues, task work
        self.entered = {0}  # functions that were explored
        self.addressed: dict[int, int] = {}  # by function: the slot that takes its address
        self.packet_movers: set[int] | None = None
        self.sleepers: set[int] | None = None
        self.visits = [0] * len(self.ops) if options.count_visits else None
        self.pruned: dict[int, int] = {}
        self.collector: Collector | None = None
        if options.collect_facts:
            from .facts import Collector

            self.collector = Collector(self)

    def refuse(self, rule: str, message: str, **facts: Any) -> Refusal:
        """Return what to raise for the current instruction. `message` is the kernel's."""
        refusal = Refusal(rule, self.idx, message, facts)
        refusal.state = getattr(self, "state", None)  # none while instructions are decoded
        return refusal

    def new_id(self) -> int:
        """Return an id that no register has."""
        self.ids += 1
        return self.ids

    def note(
        self, *, access: tuple[int, int] | None = None, linked: tuple[tuple[int, bool, int], ...] = (),
        stack_regs: int = 0,
    ) -> None:
        """Note what backtracking must know of the current instruction: see `State.history`."""
        history = self.state.history
        if history and history[-1][0] == self.idx and history[-1][1] == self.prev and self.noted == self.processed:
            _, _, old_access, old_linked, old_stack_regs = history.pop()
            access, linked, stack_regs = access or old_access, linked or old_linked, stack_regs | old_stack_regs
        self.noted = self.processed
        history.append((self.idx, self.prev, access, linked, stack_regs))

    def note_stack(self, frame: int, spi: int) -> None:
        """Note that the current instruction spills to a slot, or fills from it."""
        self.note(access=(frame, spi))

    def enter(self, state: State) -> None:
        """Make `state` the current one."""
        self.state = state
        self.frame = state.frames[-1]
        self.regs = self.frame.regs

    def push(self, idx: int, prev: int) -> State:
        """Return a copy of the current state whose path is explored later, from slot `idx` on.

        Raises: Refusal where too many wait.
        """
        state = self.state.copy()
        if state.parent is not None:
            state.parent.branches += 1
        state.length = self.processed - self.path_start
        self.pending.append((state, idx, prev))
        if len(self.pending) > MAX_PENDING:
            raise self.refuse("jump_sequence", f"The sequence of {MAX_PENDING + 1} jumps is too complex.")
        return state

    def explore(self, state: State, idx: int) -> None:
        """Go through all paths from `idx` on. Raises: Refusal."""
        self.enter(state)
        ops, marks, visits, pruning = self.ops, self.code.marks, self.visits, self.pruning
        limit, stats = self.options.max_insns, self.stats
        self.path_start = self.processed
        prev = -1
        while True:
            self.processed += 1
            if self.processed > limit:
                self.idx = idx
                message = f"BPF program is too large. Processed {self.processed} insn"
                raise self.refuse("complexity", message, limit=limit)
            self.idx, self.prev = idx, prev
            mark = marks[idx]
            if mark & PRUNE and pruning.seen(idx):
                following = END
                self.pruned[idx] = self.pruned.get(idx, 0) + 1
            else:
                if mark & JUMP:
                    self.state.history.append((idx, prev, None, (), 0))
                    self.noted = self.processed
                if visits is not None:
                    visits[idx] += 1
                op = ops[idx]
                following = op[0](self, op)
            prev = idx
            idx = following
            if idx < 0:
                pruning.end_path(self.state)
                if self.processed - self.path_start > stats.longest_path:
                    stats.longest_path = self.processed - self.path_start
                if not self.pending:
                    return
                state, idx, prev = self.pending.pop()
                self.path_start = self.processed - state.length
                self.enter(state)

    # What is asked of the program.

    def arguments_at(self, slot: int) -> int:
        """Return how many registers the call of a helper or kernel function at a slot reads."""
        row, insn = self.code.rows[slot], self.code.insns[slot]
        proto = None
        if row is not None and insn is not None and row.name == "call_helper":
            proto = helper_proto(insn.imm, self.setting.prog_type)
        elif slot in self.setting.kfuncs:
            kfunc = kfunc_proto(self.setting, self.setting.kfuncs[slot])
            return 5 if kfunc is None else len(kfunc.params)
        return 5 if proto is None else len(proto.args)

    def is_global(self, subprog: int) -> bool:
        """Tell if a function is verified on its own, by its BTF signature."""
        return functions.is_global(self, subprog)

    def entry_state(self) -> State:
        """Return what is known where the program starts."""
        regs = [NOT_INIT_REG] * 11
        regs[1] = Reg(PTR_TO_CTX, const(0))
        regs[10] = Reg(PTR_TO_STACK, const(0), obj=0)
        state = State([Frame(regs, [], 0, -1, (0,))])
        state.may_sleep = self.program.may_sleep
        return state

    def run(self) -> None:
        """Verify the main program, then every global function. Raises: Refusal."""
        check_type(self)
        check_sleepable(self)
        check_maps(self)
        functions.check_returns(self)
        self.explore(self.entry_state(), 0)
        done: set[int] = set()
        callback = functions.exception_callback(self)
        if callback is not None:
            self.called_globals.add(callback)
        while waiting := sorted(self.called_globals - done):
            done.add(waiting[0])
            self.pruning.forget()
            self.entered.add(waiting[0])
            self.explore(functions.entry_state(self, waiting[0]), self.code.starts[waiting[0]])
        self.stats.stack_bytes = self.stack_bytes
        self.stats.functions = self.code.starts
        self.stats.deepest_stack = functions.check_stack_depth(self)
        functions.check_addressed(self)


def verify(setting: Setting, options: Options | None = None) -> Verdict:
    """Return the verdict on a program; what is refused is in it, not raised."""
    options = options or Options()
    verifier = None
    try:
        verifier = Verifier(setting, options)
        verifier.run()
    except Refusal as e:
        refusal: Refusal | None = e
    else:
        refusal = None
    stats = Stats()
    if verifier is not None:
        stats = verifier.stats
        stats.processed, stats.pruned = verifier.processed, verifier.pruned
        if verifier.visits is not None:
            stats.visits = {slot: n for slot, n in enumerate(verifier.visits) if n}
    collector = verifier.collector if verifier is not None and refusal is None else None
    if refusal is not None and verifier is not None and options.trace_refusal:
        from .retrace import retrace

        refusal.path = retrace(verifier, refusal)
    return Verdict(refusal is None, refusal, stats, collector.facts() if collector is not None else None)
