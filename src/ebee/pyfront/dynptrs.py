"""Memory whose size is known at run time only (dynptrs): records of a ring of bytes, packets, entries of maps.

Source: bpf_dynptr_read, bpf_dynptr_write, bpf_ringbuf_reserve_dynptr in kernel/bpf (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..abi.prototypes import Parameter
from ..lower.numbers import Num, Refusal, check_assignable
from .helpers import Given, memory, size
from .kinds import Kind
from .network import NetContext
from .records import place_of
from .values import Context, Dynptr, Entry, Guard, Known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block, Value
    from ..types.maps import MapDecl
    from .expressions import Expressions
    from .values import Val

_U32 = (1 << 32) - 1
# A kind of packet, and the function that makes a dynptr of it. Source: bpf_prog_types of BTF_KFUNC_HOOK_* there.
_FROM = {
    "xdp": "bpf_dynptr_from_xdp",
    **dict.fromkeys(
        ("tcx/ingress", "tcx/egress", "netkit/primary", "netkit/peer", "cgroup_skb/ingress", "cgroup_skb/egress"),
        "bpf_dynptr_from_skb",
    ),
}


class DynptrKind(Kind):
    """Memory of a size that is known at run time."""

    def describe(self, front: Expressions, value: Dynptr) -> str:
        return value.what

    def length(self, front: Expressions, value: Dynptr) -> Val:
        if value.size is not None:
            return value.size
        found = front.low.call_kfunc("bpf_dynptr_size", [value.state])
        return Num(front.b.op("zext", found, size=4), 0, _U32)

    def method(self, front: Expressions, value: Dynptr, name: str, node: ast.Call) -> Val:
        if name not in ("read", "write"):
            raise Refusal(f"{value.what} has no method {name}()", "it has read(off, into) and write(off, from)")
        if name == "read" and value.size is not None:
            raise Refusal("a record is written, and read by who has the ring", "record.write(off, from)")
        nodes = front.arguments(node, name, 2, 3)
        b, is_write = front.b, name == "write"
        off = front.num(nodes[0])
        check_assignable(off, 0, _U32, f"the offset of {name}() (u32)")
        given = Given(name, Parameter("value", "void *"), nodes[1], prefix="")
        try:
            memory(front, given, is_read=is_write, fixed=0)
        except Refusal as e:
            raise front.located(nodes[1], e) from None
        assert given.place is not None
        address = front.low.at(given.place.base, given.place.off)
        count: Value = b.const(given.place.type.size)
        if len(nodes) == 3:
            length = Given(name, Parameter("size", "u32"), nodes[2], front.expr(nodes[2]), prefix="")
            count = size(front, length, given, least=0)
        flags = b.const(0)
        if is_write:
            result = b.call(FUNC.dynptr_write, value.state, off.value, address, count, flags)
            if value.is_packet and isinstance(front.context, NetContext):
                packet = front.context.packet(front.low)  # it may have been brought together, and lie elsewhere
                packet.forget()
                packet.moved()
        else:
            result = b.call(FUNC.dynptr_read, address, count, value.state, off.value, flags)
        front.low.abort_if("ne", result, b.const(0), "bad_index", f"{name}() outside {value.what}")
        return Known(None)

    def has_effect(self, front: Expressions, value: Dynptr, name: str, node: ast.expr) -> bool:
        return True


def reserve(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """ring.reserve(size): a record of bytes, to be written piece by piece. Raises: Refusal."""
    if decl.value is None or decl.value.size:
        raise Refusal(f"{decl.name}.reserve() takes no size: its records are {decl.value}", "RingBuf(bytes)")
    n = front.num(front.arguments(node, "reserve", 1, 1)[0])
    check_assignable(n, 0, _U32, "the size of a record (u32)")
    b, low, state = front.b, front.low, front.b.alloca(16)

    def enter(skipped: Block) -> Val:
        failed = b.call(FUNC.ringbuf_reserve_dynptr, low.map(decl), n.value, b.const(0), state)

        def give(helper: int) -> Value:
            return b.call(helper, state, b.const(0))

        full, have = low.blocks(2)
        b.branch("ne", failed, b.const(0), full, have)
        b.start(full)
        low.lose("ring_full", decl.name)
        give(FUNC.ringbuf_discard_dynptr)  # also one that was not reserved
        b.jump(skipped)
        b.start(have)
        low.hold(lambda: give(FUNC.ringbuf_submit_dynptr), lambda: give(FUNC.ringbuf_discard_dynptr))
        return Dynptr(state, "a record", n)

    text = front.source.text_of(node)
    return Guard(f"what {text} gives", f"with {text} as record: …", enter)


def dynptr(front: Expressions, node: ast.Call) -> Val:
    """ebee.dynptr(pkt), ebee.dynptr(v). Raises: Refusal."""
    (argument,) = front.arguments(node, "dynptr", 1, 1)
    value, b, low = front.expr(argument), front.b, front.low
    state, text = b.alloca(16), front.source.text_of(argument)
    if isinstance(value, Entry):
        p = place_of(front, value)
        result: Value = b.call(FUNC.dynptr_from_mem, p.base, b.const(p.type.size), b.const(0), state)
    elif isinstance(value, Context) and isinstance(value.type, NetContext) and value.type.kind in _FROM:
        result = low.call_kfunc(_FROM[value.type.kind], [low.ctx, b.const(0), state])
    else:
        raise Refusal(f"dynptr() takes a packet or a map's entry, not {front.describe(value)}")
    low.abort_if("ne", b.op("zext", result, size=4), b.const(0), "bad_index", f"no dynptr of {text}")
    return Dynptr(state, text, is_packet=isinstance(value, Context))
