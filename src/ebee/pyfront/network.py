"""The argument of probes in the network stack and in control groups: numbers of its context, and perhaps a packet."""

from __future__ import annotations

import _ast as ast

from ..ir.core import PTR_BTF_OR_NULL
from ..lower import contexts as lower
from ..lower import kernel_types
from ..lower.numbers import Num, Refusal
from ..types.net_hooks import LINK, NET_HOOKS, NETWORK, context_fields, context_pointers, context_sockets
from .contexts import ContextType
from .kinds import Kind
from .values import FieldRow, Known, OptionValue, Sock, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..lower.packets import Packet
    from ..lower.program import Lowering
    from ..types.net_hooks import ContextField
    from .expressions import Expressions
    from .values import Val

_HALVES = {"_hi": 0, "_lo": 2}  # which elements of an IPv6 address begin its halves


class NetContext(ContextType):
    """The context of a network hook; where the hook sees packets, the packet too."""

    KINDS = frozenset((*NET_HOOKS, "xdp.frags"))
    has_packet = True

    def __init__(self, kind: str) -> None:
        self.kind, self.hook = kind.replace("xdp.frags", "xdp"), NET_HOOKS[kind.replace("xdp.frags", "xdp")]
        self.has_frags = kind == "xdp.frags"
        self.noun, self.argument, self.has_task = self.hook.noun, self.hook.argument, self.hook.has_task
        self.default_result, self.failure, self.result_hint = self.hook.default, self.hook.failure, self.hook.hint
        self.fields, self.pointers = context_fields(self.kind), context_pointers(self.kind)
        self.sockets = context_sockets(self.kind)
        self._packet: Packet | None = None
        self._loaded: dict[tuple[Lowering, str], Value] = {}
        self._has_moved = False

    @property
    def has_headers(self) -> bool:
        """Whether its packet has headers that can be found."""
        return self.hook.start in (LINK, NETWORK)

    def packet(self, low: Lowering) -> Packet:
        """The packet of the function that is being lowered. Raises: Refusal for a hook that sees none."""
        if not self.hook.start:
            raise Refusal(f"a {self.noun} does not see packets")
        if self._packet is None or self._packet.low is not low:
            self._packet = self._make(low)
        return self._packet

    def _socket(self, low: Lowering, name: str) -> Sock:
        """A socket of the context: loaded once, as long as nothing gives the context another."""
        off, struct = self.sockets[name]
        variable = f"socket {name}"
        if self.kind == "sk_lookup":
            pointer = self._load_socket(low, off)
        elif self._has_moved:
            pointer = low.b.read(variable, PTR_BTF_OR_NULL)
        else:
            if (low, name) not in self._loaded:
                self._loaded[low, name] = low.b.load_ptr(off, 8, PTR_BTF_OR_NULL)
            pointer = self._loaded[low, name]
        return Sock(pointer, struct, f"{self.argument}.{name}")

    def _load_socket(self, low: Lowering, off: int) -> Value:
        return low.b.op("load_ptr", low.ctx, type=PTR_BTF_OR_NULL, off=off, size=8)

    def moved_socket(self, low: Lowering) -> None:
        """From here on the context may hold another socket."""
        for name, (off, _) in self.sockets.items():
            variable = f"socket {name}"
            low.b.write_at_start(variable, low.b.load_ptr(off, 8, PTR_BTF_OR_NULL))
            low.b.write(variable, self._load_socket(low, off))
        self._has_moved = True

    def _make(self, low: Lowering) -> Packet:
        if self.hook.copies:
            from ..lower import copied_packets

            return copied_packets.MAKE[self.kind](low, self.kind)
        from ..lower.packets import Packet

        return Packet(low, self.kind, self.has_frags)

    def _place(self, name: str) -> tuple[ContextField, int] | None:
        """Return the field that a name stands for, and which element of it begins there; None for other names."""
        base, first = (name[:-3], _HALVES[name[-3:]]) if name[-3:] in _HALVES else (name, -1)
        field = self.fields.get(base)
        if field is None or (first >= 0) != (field.count == 4 and field.swap_bytes == 4):
            return None
        return field, first

    def unknown(self, name: str) -> Refusal:
        """A refusal of a name that the context does not have."""
        field = self.fields.get(name)
        if field is not None:
            return Refusal(f"{name} has 128 bits, and numbers have 64", f"read {name}_hi and {name}_lo")
        names = [n for n, f in self.fields.items() if not (f.count == 4 and f.swap_bytes)]
        names += [f"{n}{half}" for n, f in self.fields.items() if f.count == 4 and f.swap_bytes for half in _HALVES]
        names += [*self.pointers, *self.sockets]
        if self.has_headers:
            from ..types.packets import HEADERS

            names += HEADERS
        what = f"the argument of a {self.noun} has no attribute {name!r}"
        if self.hook.start == LINK:
            what = f"a packet has no header {name!r}"
        return Refusal(what, similar(name, names) or f"it has {', '.join(names)}")

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """Return a number of the context, a pointer that it holds, or a header of the packet."""
        if self.has_headers:
            from .packets import part_of

            part = part_of(self, low, name)
            if part is not None:
                return part
        if name in self.pointers:
            off, struct = self.pointers[name]
            return kernel_types.pointer(low.b.load(pointer, off, 8), struct)
        if name in self.sockets:
            return self._socket(low, name)
        if name == "optval" and self.kind in ("cgroup/getsockopt", "cgroup/setsockopt"):
            return OptionValue(*lower.option_value(low, pointer))
        place = self._place(name)
        if place is None:
            raise self.unknown(name)
        field, first = place
        if first >= 0:
            return lower.read_half(low, pointer, field, first)
        if field.count > 1:
            return FieldRow(self, pointer, name)
        return lower.read(low, pointer, field)

    def set_attribute(self, front: Expressions, pointer: Value, name: str, new: Val) -> None:
        """Set a number of the context."""
        if self.has_headers:
            from .packets import part_of

            if part_of(self, front.low, name) is not None:
                hint = f"assign its fields: {self.argument}.{name}.…"
                raise Refusal(f"{self.argument}.{name} cannot be assigned", hint)
        place = self._place(name)
        if place is None or place[0].count > 1 and place[1] < 0:
            raise self.unknown(name) if place is None else Refusal(f"{name} is assigned element by element")
        field, first = self._writable(name, place[0]), place[1]
        n, what = front.as_num(new), f"{self.argument}.{name}"
        if first >= 0:
            lower.write_half(front.low, pointer, field, first, n, what)
        else:
            lower.write(front.low, pointer, field, n, what)

    def item(self, front: Expressions, node: ast.Subscript) -> Val:
        """Lower `pkt[n]`: a byte of the packet."""
        if not self.hook.start:
            return super().item(front, node)
        index = front.num(node.slice)
        return self.packet(front.low).byte(index, front.source.text_of(node))

    def set_item(self, front: Expressions, node: ast.Subscript, new: Val) -> None:
        """Lower `pkt[n] = new`: a byte of the packet, and no checksum."""
        if not self.hook.start:
            super().set_item(front, node, new)
            return
        from ..lower.packet_writes import refuse, write_byte

        packet = self.packet(front.low)
        refuse(packet, front.source.text_of(node))
        write_byte(packet, front.num(node.slice), front.as_num(new), front.source.text_of(node))

    def method(self, front: Expressions, name: str, node: ast.Call) -> Val | None:
        """Lower `pkt.header(…)`, `pkt.adjust_head(…)` and their like."""
        if not self.hook.start:
            return None
        from .packets import method

        return method(front, self, name, node)

    def has_effect(self, name: str) -> bool:
        """Whether a method is called for what it does: all but those that find headers."""
        return name not in ("header", "matches")

    def _writable(self, name: str, field: ContextField) -> ContextField:
        if not field.is_writable:
            can = [n for n, f in self.fields.items() if f.is_writable]
            hint = f"it can change {', '.join(can)}" if can else "it can change nothing"
            raise Refusal(f"a {self.noun} cannot change {name}", hint)
        return field

    def length(self, low: Lowering) -> Num:
        """Return the packet's length in bytes."""
        if not self.hook.start and "len" not in self.fields:
            return super().length(low)
        if "len" in self.fields or "size" in self.fields:
            name = "len" if "len" in self.fields else "size"
            return lower.read(low, low.ctx, self.fields[name])
        return self.packet(low).length()

    def check_result(self, value: Val) -> None:
        """Refuse a result that the hook does not have."""
        lo, hi = self.hook.low, self.hook.high
        if isinstance(value, Known) and isinstance(value.object, int) and not lo <= value.object <= hi:
            raise Refusal(f"{value.object} is no result of a {self.noun}", self.result_hint)
        if isinstance(value, Num) and self.hook.is_checked and not (lo <= value.lo and value.hi <= hi):
            raise Refusal(f"{value.describe()} may be no result of a {self.noun}", self.result_hint)


class FieldRowKind(Kind):
    """A row of numbers in a context, such as `pkt.cb`: read and written one by one."""

    def describe(self, front: Expressions, value: FieldRow) -> str:
        return f"the {value.type.fields[value.name].count} numbers of {value.name}"

    def _index(self, front: Expressions, value: FieldRow, node: ast.Subscript) -> int:
        index, count = front.expr(node.slice), value.type.fields[value.name].count
        if not (isinstance(index, Known) and isinstance(index.object, int) and 0 <= index.object < count):
            raise Refusal(f"the index of {value.name} must be a constant from 0 to {count - 1}")
        return int(index.object)

    def item(self, front: Expressions, value: FieldRow, node: ast.Subscript) -> Val:
        field = value.type.fields[value.name]
        return lower.read(front.low, value.pointer, field, self._index(front, value, node))

    def set_item(self, front: Expressions, value: FieldRow, node: ast.Subscript, new: Val) -> None:
        field, index = value.type._writable(value.name, value.type.fields[value.name]), self._index(front, value, node)
        what = f"{value.type.argument}.{value.name}[{index}]"
        lower.write(front.low, value.pointer, field, front.as_num(new), what, index)

    def augment_item(
        self, front: Expressions, value: FieldRow, node: ast.Subscript, op: str, operand: ast.expr
    ) -> None:
        self.set_item(front, value, node, front.binary(op, self.item(front, value, node), front.expr(operand)))
