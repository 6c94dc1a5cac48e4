"""Memory whose size is known at run time only (dynptrs): records of a ring of bytes, packets, entries of maps.

Source: bpf_dynptr_read, bpf_dynptr_write, bpf_ringbuf_reserve_dynptr in kernel/bpf (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..abi.prototypes import Parameter
from ..ir.core import PTR_MEM_OR_NULL
from ..lower.numbers import Num, Refusal, check_assignable
from ..types.maps import MapDecl
from ..types.structs import Struct
from .arrays import check_copied, check_fresh
from .atomics import check_changeable
from .helpers import Given, field_place, memory, size
from .kinds import Kind
from .network import NetContext
from .records import EntryKind, place_of
from .values import Context, Dynptr, Entry, Guard, Known, Place, Slice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..ir.core import Block, Value
    from .expressions import Expressions
    from .records import StructLike
    from .values import Val

    Lower = Callable[[Expressions, Dynptr, list[ast.expr]], Val]

_U32 = (1 << 32) - 1
# A kind of packet, and the function that makes a dynptr of it.
# Source: bpf_kfunc_init in net/core/filter.c (Linux 6.18).
_SKB_KINDS = (
    "tcx/ingress", "tcx/egress", "netkit/primary", "netkit/peer", "cgroup_skb/ingress", "cgroup_skb/egress", "socket",
    "sk_skb/stream_parser", "sk_skb/stream_verdict", "sk_skb/verdict", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local",
)  # fmt: skip
_FROM = {"xdp": "bpf_dynptr_from_xdp", **dict.fromkeys(_SKB_KINDS, "bpf_dynptr_from_skb")}


class Owner(MapDecl):
    """What slices are parts of, as a map is what its entries are in; one object for each."""

    def __init__(self, name: str) -> None:
        self.name = name


_PACKET = Owner("the packet")


class SliceKind(EntryKind):
    """Bytes of a dynptr in place, or None."""

    def describe(self, front: Expressions, value: StructLike) -> str:
        assert isinstance(value, Slice)
        return f"{value.what}, or None"


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
        if name not in METHODS:
            raise Refusal(f"{value.what} has no method {name}()", f"it has {', '.join(METHODS)}")
        least, most, lower = METHODS[name]
        if name in ("write", "memset", "copy", "slice_rdwr") and value.is_packet:
            hook = front.context.hook  # type: ignore[attr-defined]
            if not hook.writes:
                raise Refusal(f"a {hook.noun} does not write to packets")
        return lower(front, value, front.arguments(node, name, least, most))

    def has_effect(self, front: Expressions, value: Dynptr, name: str, node: ast.expr) -> bool:
        return True


def _u32(front: Expressions, node: ast.expr, what: str) -> Value:
    n = front.num(node)
    check_assignable(n, 0, _U32, f"{what} (u32)")
    return n.value


def _check(front: Expressions, result: Value, what: str) -> Val:
    """End the probe, counted, if the kernel has refused."""
    front.low.abort_if("ne", front.b.op("zext", result, size=4), front.b.const(0), "bad_index", what)
    return Known(None)


def _readable(value: Dynptr) -> None:
    if value.is_record:
        raise Refusal("a record is written, and read by who has the ring", "record.write(off, from)")


def _moved(front: Expressions, value: Dynptr) -> None:
    """Memory was written to. A packet may have been brought together, and lie elsewhere."""
    front.map_writes.append(value.owner)
    if value.is_packet and isinstance(front.context, NetContext):
        packet = front.context.packet(front.low)
        packet.forget()
        packet.moved()


def _copied(front: Expressions, value: Dynptr, nodes: list[ast.expr], is_write: bool) -> Val:
    name, b = "write" if is_write else "read", front.b
    off = _u32(front, nodes[0], f"the offset of {name}()")
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
        result = b.call(FUNC.dynptr_write, value.state, off, address, count, flags)
        _moved(front, value)
    else:
        result = b.call(FUNC.dynptr_read, address, count, value.state, off, flags)
    return _check(front, result, f"{name}() outside {value.what}")


def _read(front: Expressions, value: Dynptr, nodes: list[ast.expr]) -> Val:
    _readable(value)
    return _copied(front, value, nodes, False)


def _write(front: Expressions, value: Dynptr, nodes: list[ast.expr]) -> Val:
    return _copied(front, value, nodes, True)


def _slice(front: Expressions, value: Dynptr, nodes: list[ast.expr]) -> Val:
    _readable(value)
    return _in_place(front, value, nodes, "slice")


def _slice_rdwr(front: Expressions, value: Dynptr, nodes: list[ast.expr]) -> Val:
    return _in_place(front, value, nodes, "slice_rdwr")


def _in_place(front: Expressions, value: Dynptr, nodes: list[ast.expr], name: str) -> Val:
    """Bytes where they lie, as a struct, or None. Memory of the program's has a helper of older kernels."""
    off, cls = _u32(front, nodes[0], f"the offset of {name}()"), front.expr(nodes[1])
    if not (isinstance(cls, Known) and isinstance(cls.object, type) and issubclass(cls.object, Struct)):
        raise front.located(nodes[1], Refusal(f"{name}() takes a Struct class, not {front.describe(cls)}"))
    struct, b, low = cls.object._type, front.b, front.low
    check_copied(struct)
    count = b.const(struct.size)
    if value.is_packet:
        found = low.call_kfunc(f"bpf_dynptr_{name}", [value.state, off, b.const(0), count], PTR_MEM_OR_NULL)
        low.packet_moved = lambda: front.forget_entries(_PACKET)
    else:
        found = b.call(FUNC.dynptr_data, value.state, off, count, type=PTR_MEM_OR_NULL)
    what = f"{value.what}.{name}({', '.join(front.source.text_of(n) for n in nodes)})"
    written = None
    if value.is_packet and name == "slice_rdwr":
        written = lambda: front.context.packet(front.low).forget()  # type: ignore[attr-defined]  # noqa: E731
    return Slice(found, struct, value.owner, what, is_constant=name == "slice", written=written)


def _clone(front: Expressions, value: Dynptr, nodes: list[ast.expr]) -> Val:
    state = front.b.alloca(16, stays=True)
    _check(front, front.low.call_kfunc("bpf_dynptr_clone", [value.state, state]), f"no clone of {value.what}")
    clone: Dynptr = value.replace(state=state, size=None)
    return clone


def _adjust(front: Expressions, value: Dynptr, nodes: list[ast.expr]) -> Val:
    if value.size is not None:
        raise Refusal("a record keeps its size", "part = record.clone(), then part.adjust(start, end)")
    bounds = [_u32(front, n, f"the {word} of adjust()") for n, word in zip(nodes, ("start", "end"))]
    return _check(front, front.low.call_kfunc("bpf_dynptr_adjust", [value.state, *bounds]), "adjust() outside")


def _memset(front: Expressions, value: Dynptr, nodes: list[ast.expr]) -> Val:
    off, count = (_u32(front, n, f"the {word} of memset()") for n, word in zip(nodes, ("offset", "size")))
    byte = front.num(nodes[2])
    check_assignable(byte, 0, 255, "the byte of memset() (u8)")
    result = front.low.call_kfunc("bpf_dynptr_memset", [value.state, off, count, byte.value])
    _moved(front, value)
    return _check(front, result, f"memset() outside {value.what}")


def _copy(front: Expressions, value: Dynptr, nodes: list[ast.expr]) -> Val:
    off, source = _u32(front, nodes[0], "the offset of copy()"), front.expr(nodes[1])
    if not isinstance(source, Dynptr):
        raise front.located(nodes[1], Refusal(f"copy() takes a dynptr, not {front.describe(source)}"))
    _readable(source)
    source_off, count = (_u32(front, n, f"the {word} of copy()") for n, word in zip(nodes[2:], ("offset", "size")))
    result = front.low.call_kfunc("bpf_dynptr_copy", [value.state, off, source.state, source_off, count])
    _moved(front, value)
    return _check(front, result, f"copy() outside {value.what} or {source.what}")


def _flag(name: str) -> Lower:
    def lower(front: Expressions, value: Dynptr, nodes: list[ast.expr]) -> Val:
        found = front.b.op("zext", front.low.call_kfunc(name, [value.state]), size=1)
        return front.decided(lambda then, els: front.b.branch("ne", found, front.b.const(0), then, els))

    return lower


# A method: the least and most arguments that it takes, and what lowers it.
METHODS: dict[str, tuple[int, int, Lower]] = {
    "read": (2, 3, _read),
    "write": (2, 3, _write),
    "slice": (2, 2, _slice),
    "slice_rdwr": (2, 2, _slice_rdwr),
    "clone": (0, 0, _clone),
    "adjust": (2, 2, _adjust),
    "copy": (4, 4, _copy),
    "memset": (3, 3, _memset),
    "is_null": (0, 0, _flag("bpf_dynptr_is_null")),
    "is_rdonly": (0, 0, _flag("bpf_dynptr_is_rdonly")),
}


def reserve(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """ring.reserve(size): a record of bytes, to be written piece by piece. Raises: Refusal."""
    if decl.value is None or decl.value.size:
        raise Refusal(f"{decl.name}.reserve() takes no size: its records are {decl.value}", "RingBuf(bytes)")
    n = front.num(front.arguments(node, "reserve", 1, 1)[0])
    check_assignable(n, 0, _U32, "the size of a record (u32)")
    b, low, state = front.b, front.low, front.b.alloca(16, stays=True)

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
        return Dynptr(state, "a record", Owner("a record"), n, is_record=True)

    text = front.source.text_of(node)
    return Guard(f"what {text} gives", f"with {text} as record: …", enter)


def dynptr(front: Expressions, node: ast.Call) -> Val:
    """ebee.dynptr(pkt), ebee.dynptr(v), ebee.dynptr(v.field), ebee.dynptr(variable.value). Raises: Refusal."""
    (argument,) = front.arguments(node, "dynptr", 1, 1)
    value, b, low = field_place(front, argument, True), front.b, front.low
    state, text = b.alloca(16, stays=True), front.source.text_of(argument)
    if isinstance(value, Entry):
        value = place_of(front, value)
    owner: Any = _PACKET
    if isinstance(value, Place) and value.is_shared and value.entry is not None:
        check_fresh(value)
        check_changeable(value, text)
        check_copied(value.type)
        address, owner = low.at(value.base, value.off), value.entry.decl
        result: Value = b.call(FUNC.dynptr_from_mem, address, b.const(value.type.size), b.const(0), state)
    elif isinstance(value, Context) and isinstance(value.type, NetContext) and value.type.kind in _FROM:
        result = low.call_kfunc(_FROM[value.type.kind], [low.ctx, b.const(0), state])
    else:
        raise Refusal(f"dynptr() takes a packet, or memory in a map, not {front.describe(value)}")
    low.abort_if("ne", b.op("zext", result, size=4), b.const(0), "bad_index", f"no dynptr of {text}")
    return Dynptr(state, text, owner, is_packet=isinstance(value, Context))
