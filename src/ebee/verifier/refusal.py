"""What the verifier says in the end: `Refusal` where a check failed, `Verdict` in any case."""

from __future__ import annotations

from ..record import Record, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .facts import Facts
    from .retrace import Step


class Refusal(Exception):
    """A check that failed. `rule` is a key of `rules.RULES`, `insn_idx` counts 8-byte slots, `message` is the kernel's.

    `facts` holds the values that the words of the rule need (`register`, `range`, `size`, …), and `state` what was
    known there. `path` has the instructions that led there, if `Options.trace_refusal` asked for them.
    """

    def __init__(self, rule: str, insn_idx: int, message: str, facts: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.rule, self.insn_idx, self.message, self.facts = rule, insn_idx, message, facts or {}
        self.state: Any = None
        self.path: list[Step] = []


class Stats(Record):
    """How much work it was, as the kernel counts it. `stack_bytes` of each function, in the order of `functions`.

    `deepest_stack` is what the dearest chain of calls needs, in bytes. `visits` has how often each slot was explored,
    `pruned` how often a path ended there because a stored state covers it.
    """

    processed: int = 0
    total_states: int = 0
    peak_states: int = 0
    max_states_per_insn: int = 0
    longest_path: int = 0
    functions: list[int] = field(default_factory=list)
    stack_bytes: list[int] = field(default_factory=list)
    deepest_stack: int = 0
    pruned: dict[int, int] = field(default_factory=dict)
    visits: dict[int, int] = field(default_factory=dict)


class Options(Record):
    """The rules to verify by. `kernel` is the version whose rules hold, `privileged` says CAP_BPF and CAP_PERFMON.

    `strict_alignment` is that of BPF_F_STRICT_ALIGNMENT, `max_insns` the limit of explored instructions.
    `count_visits` asks for `Stats.visits`, `collect_facts` for `Verdict.facts`, `trace_refusal` for `Refusal.path`.
    """

    kernel: str = "6.18"
    privileged: bool = True
    strict_alignment: bool = False
    max_insns: int = 1_000_000
    count_visits: bool = False
    collect_facts: bool = False
    trace_refusal: bool = False


class Verdict(Record):
    """`refusal` is None where the program was accepted; `facts` say what was proved then, if they were asked for."""

    accepted: bool
    refusal: Refusal | None = None
    stats: Stats = field(default_factory=Stats)
    facts: Facts | None = None
