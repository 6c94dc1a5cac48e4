"""Packets in a probe: `pkt.tcp` is a header that may be there, `pkt.tcp.dport` its field once that was tested."""

from __future__ import annotations

import _ast as ast

from ..lower import packet_room, packet_writes
from ..lower.numbers import Num, Refusal
from ..types.headers import Header
from ..types.net_hooks import LINK
from ..types.packets import HEADERS, PacketField
from .kinds import Kind
from .values import HeaderRef, Known, Payload, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block
    from ..lower.packets import Packet
    from ..lower.program import Lowering
    from .expressions import Expressions
    from .network import NetContext
    from .values import Ranges, Val


def part_of(context: NetContext, low: Lowering, name: str) -> Val | None:
    """Return `pkt.name` if that is a header or the payload."""
    if name in ("eth", "vlan") and context.hook.start != "link":
        raise Refusal(f"the packet of a {context.noun} begins with its IP header", "test pkt.ip or pkt.ip6")
    if name == "payload":
        return Payload(context.packet(low))
    return HeaderRef(context.packet(low), name) if name in HEADERS else None


class HeaderKind(Kind):
    """A header of the packet, which may be there or not."""

    def describe(self, front: Expressions, value: HeaderRef) -> str:
        return f"the packet's {value.packet.headers[value.name].name} header"

    def attribute(self, front: Expressions, value: HeaderRef, name: str, node: ast.expr) -> Val:
        _field(front, value, name, node)
        return value.packet.read(value.name, name)

    def set_attribute(self, front: Expressions, value: HeaderRef, name: str, new: Val, node: ast.Attribute) -> None:
        packet_writes.refuse(value.packet, f"{value.name}.{name}")
        header = value.packet.headers[value.name]
        _field(front, value, name, node)
        if name in header.shape and front.is_in_loop:
            message = f"{name} says what follows the {header.title}, and cannot be changed in a loop"
            raise Refusal(message, "change it before or after")
        packet_writes.write(value.packet, value.name, name, front.as_num(new), f"{header.name}.{name}")

    def augment_attribute(
        self, front: Expressions, value: HeaderRef, name: str, op: str, operand: ast.expr, node: ast.Attribute
    ) -> None:
        """`header.name op= operand`, within the field's width: 0 - 1 is the greatest number that it holds."""
        old = self.attribute(front, value, name, node)
        new = front.binary(op, old, front.expr(operand))
        if isinstance(new, Num):
            bits = _field(front, value, name, node).bit_size
            mask = (1 << bits) - 1
            if not 0 <= new.lo <= new.hi <= mask:
                new = Num(front.b.op("and", new.value, front.b.const(mask)) if bits < 64 else new.value, 0, mask)
        self.set_attribute(front, value, name, new, node)

    def truth(
        self, front: Expressions, value: HeaderRef, node: ast.expr, then: Block, els: Block
    ) -> tuple[Ranges, Ranges]:
        value.packet.test(value.name, then, els)
        return {}, {}


def _field(front: Expressions, header: HeaderRef, name: str, node: ast.expr) -> PacketField:
    """Return a field of a header. Raises: Refusal unless every way here has tested that the header is there."""
    declared = header.packet.headers[header.name]
    if name in declared.words:
        raise Refusal(f"{declared.name}.{name} has 128 bits, and numbers have 64", f"read {declared.words[name]}")
    if name not in declared.fields:
        hint = similar(name, declared.fields) or f"it has {', '.join(declared.fields)}"
        raise Refusal(f"the {declared.title} has no field {name!r}", hint)
    if not header.packet.is_found(header.name):
        place = f"pkt.{declared.name}"
        if header.name not in HEADERS and isinstance(node, ast.Attribute):
            place = front.source.text_of(node.value)
        raise Refusal(
            f"the packet may have no whole {declared.title} here",
            f"test it first: `if {place} and {place}.{name} …`, or `if not {place}: return …`",
        )
    return declared.fields[name]


class PayloadKind(Kind):
    """What follows the transport header: bytes."""

    def describe(self, front: Expressions, value: Payload) -> str:
        return "the packet's payload"

    def truth(
        self, front: Expressions, value: Payload, node: ast.expr, then: Block, els: Block
    ) -> tuple[Ranges, Ranges]:
        """Jump to `then` if there are bytes behind the transport header."""
        value.packet.has_payload(then, els)
        return {}, {}

    def _found(self, value: Payload) -> Packet:
        if not value.packet.is_found("payload"):
            raise Refusal("the packet may have no payload here", "test it first: `if pkt.payload: …`")
        return value.packet

    def length(self, front: Expressions, value: Payload) -> Val:
        return self._found(value).payload_length()

    def item(self, front: Expressions, value: Payload, node: ast.Subscript) -> Val:
        return self._found(value).byte(front.num(node.slice), front.source.text_of(node), of_payload=True)

    def set_item(self, front: Expressions, value: Payload, node: ast.Subscript, new: Val) -> None:
        packet_writes.refuse(value.packet, front.source.text_of(node))
        index, what = front.num(node.slice), front.source.text_of(node)
        packet_writes.write_payload(self._found(value), index, front.as_num(new), what)

    def augment_item(
        self, front: Expressions, value: Payload, node: ast.Subscript, op: str, operand: ast.expr
    ) -> None:
        self.augment_by_item(front, value, node, op, operand)


def method(front: Expressions, context: NetContext, name: str, node: ast.Call) -> Val | None:
    """Lower `pkt.name(…)`: a header that the user declared, or one of the helpers that move packets."""
    if name == "header":
        return _header(front, context, node)
    if name == "matches":
        return _matches(front, context, node)
    room = packet_room.ROOM.get(name)
    if room is None:
        return None
    if context.kind not in room.hooks.split():
        others = [n for n, r in packet_room.ROOM.items() if context.kind in r.hooks.split()]
        raise Refusal(f"a {context.noun} has no {name}()", f"it has {', '.join(others)}" if others else "")
    if front.is_in_loop:
        raise Refusal(f"{name}() moves the packet, and cannot be called in a loop", "call it before or after the loop")
    defaults = list(room.arguments.values())
    positional = front.arguments(node, name, sum(d is None for d in defaults), len(defaults))
    values = [front.num(argument) for argument in positional]
    if name == "pull" and not values:
        values = [context.packet(front.low).length()]
    values += [front.as_num(Known(default)) for default in defaults[len(values) :]]
    result = packet_room.change(context.packet(front.low), name, values)
    front.low.count_if("ne", result, "packet_room", front.source.text_of(node))
    low_half = front.b.op("zext", result, size=4)
    return Num(front.b.op("lshr", front.b.op("sub", low_half, front.b.const(1)), front.b.const(63)), 0, 1)


def _matches(front: Expressions, context: NetContext, node: ast.Call) -> Val:
    """pkt.matches("tcp port 80")."""
    from ..errors import CompileError, UsageError
    from ..lower.packet_filters import matches
    from ..pcap.filter import compile_filter

    usage = 'pkt.matches() takes an expression of tcpdump: pkt.matches("tcp port 80")'
    given = front.expr(node.args[0]) if len(node.args) == 1 and not node.keywords else None
    if not (isinstance(given, Known) and isinstance(given.object, str)):
        raise Refusal(usage, "a text that is known when the probe is compiled")
    if not context.has_headers:
        raise Refusal(f"the packet of a {context.noun} has no headers to be asked for")
    try:
        link = "EN10MB" if context.hook.start == LINK else "RAW"
        insns = compile_filter(given.object, link, tags_beside="vlan_tci" in context.fields)
    except CompileError as e:
        (problem,) = e.diagnostics
        at = f" at character {problem.span.col + 1}" if problem.span is not None else ""
        raise Refusal(f"the filter {given.object!r} is wrong{at}: {problem.message}", problem.hint) from None
    except UsageError as e:
        raise Refusal(str(e), e.hint) from None
    return matches(context.packet(front.low), insns)


def _header(front: Expressions, context: NetContext, node: ast.Call) -> Val:
    """pkt.header(Vxlan, after=pkt.udp), pkt.header(Option, at=n)."""
    usage = "pkt.header() takes a Header, and where it is: after=pkt.udp, or at=bytes from the packet's start"
    given = {k.arg: k.value for k in node.keywords}
    if len(node.args) != 1 or len(given) != 1 or not given.keys() <= {"after", "at"}:
        raise Refusal(usage)
    declared = front.expr(node.args[0])
    cls = declared.object if isinstance(declared, Known) else None
    if not (isinstance(cls, type) and issubclass(cls, Header) and cls is not Header):
        raise Refusal(usage, "declare it: class Vxlan(ebee.Header)")
    packet = context.packet(front.low)
    front.serial += 1
    name = f"{cls.__name__} {front.serial}"
    if "at" in given:
        packet.declare(name, cls._header, at=front.num(given["at"]))
    else:
        after = front.expr(given["after"])
        if not isinstance(after, HeaderRef):
            raise Refusal(f"after= takes a header of the packet, not {front.describe(after)}", usage)
        packet.declare(name, cls._header, after=after.name)
    return HeaderRef(packet, name)
