"""`Header`: headers of packets that users declare, as a class with annotations."""

from __future__ import annotations

import sys

from ..errors import UsageError
from .fields import BigEndianType, BitsSpec
from .packets import PacketField, PacketHeader
from .scalars import IntType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Header:
    """Base of packet headers. Each annotation is a field, in order, without padding, in network order.

        class Vxlan(ebee.Header):
            flags: u8
            reserved: int = Bits(u32, 24)
            vni: int = Bits(u32, 24)
            reserved2: u8

    Integers are u8 to u64 and begin at a whole byte; fields of n bits are `Bits(type, n)`. In a probe
    `pkt.header(Vxlan, after=pkt.udp)` is such a header: true where it is there, whole.
    """

    if TYPE_CHECKING:
        _header: PacketHeader

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        scope = vars(sys.modules.get(cls.__module__, sys))
        fields: dict[str, PacketField] = {}
        at = 0
        for name, annotation in vars(cls).get("__annotations__", cls.__annotations__).items():
            where, width = f"{cls.__name__}.{name}", cls.__dict__.get(name)
            if width is None:
                try:
                    type = eval(annotation, dict(scope)) if isinstance(annotation, str) else annotation
                except NameError as e:
                    raise UsageError(f"{where}: {e}") from None
                if not isinstance(type, IntType | BigEndianType) or type.signed:
                    hint = "fields are u8, u16, u32, u64, or int = Bits(u32, n)"
                    raise UsageError(f"{where}: {annotation} is no field of a header", hint=hint)
                if at % 8:
                    hint = "declare it as Bits(u32, n)"
                    raise UsageError(f"{where}: {type} begins at bit {at}, not at a whole byte", hint=hint)
                bits = 8 * type.size
            elif isinstance(width, BitsSpec):
                bits = width.bits
                delattr(cls, name)
            else:
                hint = "write int = Bits(u32, n) for a field of n bits"
                raise UsageError(f"{where}: a field has no default value", hint=hint)
            off, end = at // 8, (at + bits + 7) // 8
            if end - off > 8:
                hint = "declare it in two parts"
                raise UsageError(f"{where}: {bits} bits from bit {at} on lie in more than 8 bytes", hint=hint)
            fields[name] = PacketField(off, end - off, 8 * end - at - bits, bits)
            at += bits
        if not fields or at % 8:
            hint = "fill it up with Bits(u32, n)"
            raise UsageError(f"header {cls.__name__} has {at} bits, not a number of whole bytes", hint=hint)
        cls._header = PacketHeader(cls.__name__, f"{cls.__name__} header", at // 8, fields, {})
