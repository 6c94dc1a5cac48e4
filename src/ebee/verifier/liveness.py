"""Which registers and stack slots are still read: what is not, is no reason to explore a path again.

Registers: one backward pass before the exploration. Stack: what the exploration saw of each instruction, per chain of
calls; what is read flows backwards when it is asked for.

Source: kernel/bpf/verifier.c: compute_live_registers(); kernel/bpf/liveness.c (Linux 6.18).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .program import Code
    from .state import State

CALLER_SAVED = 0x3F


def live_registers(code: Code, arguments: Callable[[int], int]) -> list[int]:
    """Return the mask of the registers that may be read before they are written, at each slot.

    `arguments` gives for the slot of a helper's or kernel function's call how many arguments it reads.
    """
    size = len(code.rows)
    reads, writes = [0] * size, [0] * size
    for slot in range(size):
        if code.rows[slot] is not None:
            reads[slot], writes[slot] = _effect(code, slot, arguments)
    before: list[list[int]] = predecessors(code)
    live = [0] * size
    work = list(range(size))
    after = [tuple(code.successors(slot)) for slot in range(size)]
    while work:
        slot = work.pop()
        out = 0
        for successor in after[slot]:
            out |= live[successor]
        new = out & ~writes[slot] | reads[slot]
        if new != live[slot]:
            live[slot] = new
            work += before[slot]
    return live


def predecessors(code: Code) -> list[list[int]]:
    """Return for each slot those within its function that may go there."""
    before: list[list[int]] = [[] for _ in code.rows]
    for slot, row in enumerate(code.rows):
        if row is not None:
            for successor in code.successors(slot):
                before[successor].append(slot)
    return before


def _effect(code: Code, slot: int, arguments: Callable[[int], int]) -> tuple[int, int]:
    """Return the masks of what an instruction reads and of what it writes."""
    row, insn = code.rows[slot], code.insns[slot]
    assert row is not None and insn is not None
    dst = 1 << insn.dst_reg
    src = 1 << insn.src_reg if row.src_reg == "reg" else 0
    family = row.family
    if family == "alu":
        return (src, dst) if row.op == "mov" else (dst | src, dst)
    if family in ("movsx", "addr_space_cast", "load") or row.op == "load_acq":
        return src, dst
    if family in ("neg", "endian"):
        return dst, dst
    if family in ("store", "jump"):
        return dst | src, 0
    if family == "atomic":
        if row.op == "cmpxchg":
            return dst | src | 1, 1
        return dst | src, src if row.op == "xchg" or row.op.startswith("fetch") else 0
    if family == "lddw":
        return 0, dst
    if family == "exit":
        return 1, 0
    if family == "call":
        count = 5 if row.name == "call_local" else arguments(slot)
        return (2 << count) - 2, CALLER_SAVED
    if family == "packet":
        return 1 << 6 | src, CALLER_SAVED
    return (dst, 0) if family in ("gotox", "callx") else (0, 0)


class _Instance:
    """What is known of one function in one chain of calls: by frame, masks of slots by instruction."""

    __slots__ = ("chain", "dirty", "live", "reads", "writes")

    def __init__(self, chain: tuple[int, ...]) -> None:
        self.chain = chain
        depth = len(chain)
        self.reads: list[dict[int, int]] = [{} for _ in range(depth)]
        self.writes: list[dict[int, int]] = [{} for _ in range(depth)]
        self.live: list[dict[int, int]] = [{} for _ in range(depth)]
        self.dirty: list[list[int]] = [[] for _ in range(depth)]


class StackLiveness:
    """Which slots are read later. A chain is the slot of the outermost function's start and then the call sites."""

    def __init__(self, code: Code) -> None:
        self.before = predecessors(code)
        self.after = [tuple(code.successors(slot)) for slot in range(len(code.rows))]
        self.starts, self.subprog_of = code.starts, code.subprog_of
        self.instances: dict[tuple[int, ...], _Instance] = {}
        self.entries: dict[tuple[int, ...], set[int]] = {}
        self.changed: set[tuple[int, ...]] = set()

    def _instance(self, chain: tuple[int, ...]) -> _Instance:
        found = self.instances.get(chain)
        if found is None:
            found = self.instances[chain] = _Instance(chain)
        return found

    def read(self, chain: tuple[int, ...], frame: int, idx: int, mask: int) -> None:
        """Note that an instruction reads slots of a frame."""
        instance = self._instance(chain)
        reads = instance.reads[frame]
        old = reads.get(idx, 0)
        if mask & ~old:
            reads[idx] = old | mask
            instance.dirty[frame].append(idx)
            self.changed.add(chain)

    def write(self, chain: tuple[int, ...], frame: int, idx: int, mask: int) -> None:
        """Note that an instruction overwrites whole slots of a frame, each time that it is run."""
        instance = self._instance(chain)
        for n, writes in enumerate(instance.writes):
            old = writes.get(idx)
            new = (mask if n == frame else 0) if old is None else old & (mask if n == frame else 0)
            if old != new and (old is not None or new):
                writes[idx] = new
                if old is not None:
                    instance.dirty[n].append(idx)
                    self.changed.add(chain)

    def _solve(self) -> None:
        while self.changed:
            chain = max(self.changed, key=len)
            self.changed.discard(chain)
            instance = self.instances[chain]
            entries = self.entries.get(chain, ())
            for frame, dirty in enumerate(instance.dirty):
                if not dirty:
                    continue
                live, reads, writes = instance.live[frame], instance.reads[frame], instance.writes[frame]
                before, after = self.before, self.after
                while dirty:
                    idx = dirty.pop()
                    out = 0
                    for successor in after[idx]:
                        out |= live.get(successor, 0)
                    old = live.get(idx, 0)
                    new = old | reads.get(idx, 0) | out & ~writes.get(idx, 0)
                    if new != old:
                        live[idx] = new
                        dirty += before[idx]
                if frame < len(chain) - 1:
                    for entry in entries:
                        self.read(chain[:-1], frame, chain[-1], live.get(entry, 0))

    def alive(self, state: State, chains: list[tuple[int, ...]], callbacks: bytearray, bit: int) -> list[int]:
        """Return for each frame the mask of the slots that may still be read after `state`."""
        if self.changed:
            self._solve()
        top = len(state.frames) - 1
        instance = self.instances.get(chains[top])
        result = []
        for frame in range(top + 1):
            mask = instance.live[frame].get(state.idx, 0) if instance is not None else 0
            for outer in range(frame, top):
                other = self.instances.get(chains[outer])
                if other is not None:
                    site = state.frames[outer + 1].callsite
                    mask |= other.live[frame].get(site if callbacks[site] & bit else site + 1, 0)
            result.append(mask)
        return result
