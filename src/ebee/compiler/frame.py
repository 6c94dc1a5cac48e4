"""The stack frame: allocas and values in memory, of which those that are not needed at the same time share bytes.

An alloca is needed from the first access on any way to a place to the last one after it. Accesses are those through
its address and what is computed from that; where the address goes to a block, is stored or returned, it is needed all
the time.
"""

from __future__ import annotations

from .machine import (
    ALU_K,
    ALU_X,
    CALL,
    CMPXCHG,
    FETCH,
    FIRST_SLOT,
    FRAME,
    JUMP,
    MAKE,
    MOVE,
    RET,
    STACK_ADDRESS,
    STORE_X,
    Remat,
    alloca_of,
)  # fmt: skip
from .select import STACK_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .machine import MInsn
    from .regalloc import Intervals
    from .select import MFunction

_SLOT_BYTES = 8  # aligned: the verifier keeps pointers in whole slots only


def lay_out_frame(function: MFunction, intervals: Intervals, loc: list[int]) -> tuple[list[int], int]:
    """Place allocas, and fill in `loc` for the values in memory. Returns the allocas' offsets from r10, and all bytes.

    Raises: CompileError when the stack does not suffice.
    """
    slots = [v for v in intervals.order if v in function.in_memory]
    number = {v: n for n, v in enumerate(slots, len(function.allocas))}
    objects = [*function.allocas, *((_SLOT_BYTES, _SLOT_BYTES) for _ in slots)]
    if not objects:
        return [], 0
    if len(objects) == 1:
        ends, frame = _stack_up(objects)
    else:
        times = [*_when_needed(function, intervals), *(intervals.of[v] for v in slots)]
        beside = [-1] * len(objects)
        for block in function.blocks if slots else ():
            end = block.insns[-1]
            if end.form == JUMP:
                for v, param in zip(end.x, function.blocks[end.imm].params, strict=True):
                    if v in number and param in number:
                        beside[number[v]], beside[number[param]] = number[param], number[v]
        ends, frame = _colour(objects, times, beside, range(len(objects)))
        if frame + function.budget_bytes > STACK_LIMIT:
            by_size = sorted(range(len(objects)), key=lambda n: -objects[n][0])
            ends, frame = min(((ends, frame), _colour(objects, times, beside, by_size)), key=lambda x: x[1])
    if slots:
        bytes_ = _SLOT_BYTES * len({ends[n] for n in number.values()})
        function.stack_notes.append(f"{bytes_} bytes are for values that do not fit in registers")
    if frame + function.budget_bytes > STACK_LIMIT:
        raise function.stack_error(frame + function.budget_bytes)
    for v in slots:
        loc[v] = FIRST_SLOT + ends[number[v]] // _SLOT_BYTES - 1
    return [-end for end in ends[: len(function.allocas)]], frame


def _stack_up(objects: Sequence[tuple[int, int]]) -> tuple[list[int], int]:
    frame, ends = 0, []
    for size, align in objects:
        frame = (frame + size + align - 1) // align * align
        ends.append(frame)
    return ends, frame


def _colour(
    objects: Sequence[tuple[int, int]], times: Sequence[Sequence[int]], beside: Sequence[int], order: Sequence[int]
) -> tuple[list[int], int]:
    """Give each object of (size, alignment) the lowest place that is free all the time it is needed.

    `beside[n]` is an object whose place would suit object n, or -1. Returns where the places end, and the frame, in
    bytes.
    """
    ends = [0] * len(objects)
    placed: list[int] = []
    for n in order:
        size, align = objects[n]
        taken = sorted((ends[m] - objects[m][0], ends[m]) for m in placed if _overlap(times[m], times[n]))
        suits = ends[beside[n]] - size if beside[n] in placed else 0
        for bottom in (suits, 0, *(high for _, high in taken)):
            end = (bottom + size + align - 1) // align * align
            if all(high <= end - size or low >= end for low, high in taken):
                ends[n] = end
                break
        placed.append(n)
    return ends, max(ends)


def _overlap(a: Sequence[int], b: Sequence[int]) -> bool:
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i + 1] <= b[j]:
            i += 2
        elif b[j + 1] <= a[i]:
            j += 2
        else:
            return True
    return False


def _when_needed(function: MFunction, intervals: Intervals) -> list[list[int]]:
    """Return for each alloca when it is needed: [start, end, start, end, …], as the intervals of values."""
    blocks, count = function.blocks, len(function.allocas)
    roots: dict[int, int] = {}  # registers with addresses on the stack, and a bit for each alloca that these are in
    touched: list[list[tuple[int, int]]] = []  # for each block: (position, bits)
    always = 0
    for block, start in zip(blocks, intervals.starts, strict=True):
        row: list[tuple[int, int]] = []
        touched.append(row)
        for at, insn in enumerate(block.insns):
            used, escaping = _accesses(insn, roots)
            always |= escaping
            if insn.form in (ALU_X, ALU_K, MOVE) or (insn.form == CALL and insn.d in function.aliases):
                if used:
                    roots[insn.d] = used
            elif insn.form == MAKE and insn.x.kind == STACK_ADDRESS:
                roots[insn.d] = 1 << alloca_of(insn.x.imm)
            if used:
                row.append((start + 2 * at, used))
    own = [0] * len(blocks)
    for n, row in enumerate(touched):
        for _, used in row:
            own[n] |= used
    before, after = [0] * len(blocks), [0] * len(blocks)  # accessed on some way to a block's start, from its end on
    changed = True
    while changed:
        changed = False
        for n, block in enumerate(blocks):
            reaching = 0
            for p in block.preds:
                reaching |= before[p] | own[p]
            coming = 0
            for s in block.succs:
                coming |= after[s] | own[s]
            if reaching != before[n] or coming != after[n]:
                before[n], after[n], changed = reaching, coming, True
    times: list[list[int]] = [[0, intervals.end] if always >> k & 1 else [] for k in range(count)]
    for n, row in enumerate(touched):
        first = intervals.starts[n]
        end = first + 2 * len(blocks[n].insns)
        for k in range(count):
            bit = 1 << k
            if always & bit:
                continue
            mine = [at for at, used in row if used & bit]
            entered, left = before[n] & bit, after[n] & bit
            if mine:
                times[k] += (first if entered else mine[0], end if left else mine[-1] + 2)
            elif entered and left:
                times[k] += (first, end)
    return times


def _accesses(insn: MInsn, roots: dict[int, int]) -> tuple[int, int]:
    """Return bits for the allocas that an instruction may access, and for those whose address it gives away."""
    form = insn.form
    escaping = roots.get(insn.b, 0) if form in (STORE_X, FETCH) else 0
    used = roots.get(insn.a, 0) | roots.get(insn.b, 0)
    if insn.a == FRAME:
        used |= 1 << alloca_of(insn.off)
    if form >= CALL:
        x = insn.x
        listed = x[0] if form in (CALL, CMPXCHG) else x if form == JUMP else (x,) if form == RET else ()
        for n, operand in enumerate(listed):
            bits = roots.get(operand, 0) if isinstance(operand, int) else 0
            if isinstance(operand, Remat) and operand.kind == STACK_ADDRESS:
                bits = 1 << alloca_of(operand.imm)
            used |= bits
            if form != CALL and not (form == CMPXCHG and n == 0):
                escaping |= bits
    return used, escaping
