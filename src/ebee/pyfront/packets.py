"""Packets in a probe: `pkt.tcp` is a header that may be there, `pkt.tcp.dport` its field once that was tested."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Refusal
from ..lower.packets import Packet
from ..types.packets import HEADERS, XDP_REDIRECT
from .contexts import ContextType
from .kinds import Kind
from .values import HeaderRef, Known, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block, Value
    from ..lower.numbers import Num
    from ..lower.program import Lowering
    from ..spec.target import Target
    from .expressions import Expressions
    from .values import Ranges, Val


class PacketContext(ContextType):
    """The packet that an XDP probe decides about."""

    noun = "packet probe"
    argument = "pkt"
    default_result = None
    result_hint = "return what becomes of the packet, e.g. ebee.XDP_PASS"
    has_task = False

    def __init__(self) -> None:
        self._packet: Packet | None = None

    def packet(self, low: Lowering) -> Packet:
        """The packet of the function that is being lowered."""
        if self._packet is None or self._packet.low is not low:
            self._packet = Packet(low)
        return self._packet

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """Return a header, of which it is not yet known whether it is there."""
        if name not in HEADERS:
            raise Refusal(
                f"a packet has no header {name!r}", similar(name, HEADERS) or f"it can have {', '.join(HEADERS)}"
            )
        return HeaderRef(self.packet(low), name)

    def length(self, low: Lowering) -> Num:
        """Return the packet's length in bytes."""
        return self.packet(low).length()

    def check_result(self, value: Val) -> None:
        """Refuse a constant that is none of the five actions."""
        if isinstance(value, Known) and isinstance(value.object, int) and not 0 <= value.object <= XDP_REDIRECT:
            raise Refusal(f"{value.object} is not an XDP action", self.result_hint)


class HeaderKind(Kind):
    """A header of the packet, which may be there or not."""

    def describe(self, front: Expressions, value: HeaderRef) -> str:
        return f"the packet's {value.name} header"

    def attribute(self, front: Expressions, value: HeaderRef, name: str, node: ast.expr) -> Val:
        return read_header(value, name)

    def set_attribute(self, front: Expressions, value: HeaderRef, name: str, new: Val, node: ast.Attribute) -> None:
        raise Refusal("packets cannot be changed by a probe yet", "read fields, and return what becomes of it")

    def truth(
        self, front: Expressions, value: HeaderRef, node: ast.expr, then: Block, els: Block
    ) -> tuple[Ranges, Ranges]:
        value.packet.test(value.name, then, els)
        return {}, {}


def read_header(header: HeaderRef, name: str) -> Num:
    """Return `pkt.header.name`. Raises: Refusal unless a test on every way here has shown that the header is there."""
    declared = HEADERS[header.name]
    if name in declared.words:
        raise Refusal(f"{header.name}.{name} has 128 bits, and numbers have 64", f"read {declared.words[name]}")
    if name not in declared.fields:
        hint = similar(name, declared.fields) or f"it has {', '.join(declared.fields)}"
        raise Refusal(f"the {declared.title} has no field {name!r}", hint)
    if not header.packet.is_found(header.name):
        place = f"pkt.{header.name}"
        raise Refusal(
            f"the packet may have no whole {declared.title} here",
            f"test it first: `if {place} and {place}.{name} …`, or `if not {place}: return …`",
        )
    return header.packet.read(header.name, name)


def xdp_context(attach_to: str, target: Target) -> PacketContext:
    """Return the context of an XDP program."""
    return PacketContext()
