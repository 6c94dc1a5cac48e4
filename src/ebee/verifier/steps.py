"""Which decoder each instruction form has: the verifier's column of `isa.table`.

A decoder gets the verifier, the row, the instruction and its slot; it returns `(step, next slot, operands …)`.
"""

from __future__ import annotations

from . import (
    alu,
    calls,
    dynptrs,
    helper_calls,
    jumps,
    kernel_types,
    kfunc_calls,
    map_access,
    memory,
    stack,
    typed_access,
    values,
)
from .state import DYNPTR, PTR_TO_MAP_VALUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..isa.insn import Insn
    from ..isa.table import Row
    from .explore import Verifier

# By a row's family.
DECODERS: dict[str, Callable[[Verifier, Row, Insn, int], Any]] = {
    "alu": alu.decode_alu,
    "neg": alu.decode_neg,
    "movsx": alu.decode_movsx,
    "endian": alu.decode_endian,
    "addr_space_cast": alu.decode_addr_space_cast,
    "jump": jumps.decode_jump,
    "ja": jumps.decode_ja,
    "gotox": jumps.decode_gotox,
    "may_goto": jumps.decode_may_goto,
    "load": memory.decode_load,
    "store": memory.decode_store,
    "atomic": memory.decode_atomic,
    "packet": memory.decode_packet,
    "lddw": values.decode_lddw,
    "call": calls.decode_call,
    "callx": calls.decode_callx,
    "exit": calls.decode_exit,
}


memory.ACCESS[PTR_TO_MAP_VALUE] = map_access.access
memory.ACCESS.update(typed_access.ACCESS)
calls.OUTER["call_helper"] = helper_calls.decode_helper
values.KERNEL_VARIABLE.append(kernel_types.kernel_variable)
calls.OUTER["call_kfunc"] = kfunc_calls.decode_kfunc
stack.SPECIAL[DYNPTR] = dynptrs.forget_at


def decode(v: Verifier, slot: int) -> Any:
    """Return the step and operands of the instruction at a slot, None at the second slot of a wide load."""
    row, insn = v.code.rows[slot], v.code.insns[slot]
    if row is None or insn is None:
        return None
    return DECODERS[row.family](v, row, insn, slot)
