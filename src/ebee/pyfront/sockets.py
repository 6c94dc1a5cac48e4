"""Sockets in a probe: their fields, and the helpers that take and give them.

Source: bpf_sock_is_valid_access, bpf_sock_common_is_valid_access, bpf_tcp_sock_is_valid_access and the prototypes of
the helpers in net/core/filter.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi.helpers import HELPER_IDS
from ..ir.core import PTR_BTF_OR_NULL
from ..lower import contexts as lower
from ..lower.map_kinds import entry
from ..lower.numbers import Refusal
from ..types.net_hooks import sock_fields
from .kinds import Kind
from .values import Guard, Sock, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _ast as ast

    from ..ir.core import Block, Value
    from .expressions import Expressions
    from .helpers import Given
    from .values import Ranges, Val

# What helpers give, and which of these must be given back.
RESULTS = {
    **dict.fromkeys(("sk_fullsock", "get_listener_sock", "sk_lookup_tcp", "sk_lookup_udp"), "bpf_sock"),
    "skc_lookup_tcp": "sock_common",
    "tcp_sock": "bpf_tcp_sock",
}
_LOOKUPS = ("sk_lookup_tcp", "sk_lookup_udp", "skc_lookup_tcp")
_NAMES = {"sock_common": "a socket that may be no full one", "bpf_sock": "a socket", "bpf_tcp_sock": "a TCP socket"}
_HALVES = {"_hi": 0, "_lo": 2}
_MAY_BE_NONE = ("sk_assign",)  # a helper that takes no socket, too: in sk_lookup probes


class SockKind(Kind):
    """A socket, or None."""

    def describe(self, front: Expressions, value: Sock) -> str:
        return f"{_NAMES[value.struct]}, or None"

    def attribute(self, front: Expressions, value: Sock, name: str, node: ast.expr) -> Val:
        fields = sock_fields(value.struct)
        base, first = (name[:-3], _HALVES[name[-3:]]) if name[-3:] in _HALVES else (name, -1)
        field = fields.get(base)
        if field is None or (first >= 0) != (field.count == 4):
            raise _unknown(value, name)
        pointer = entry(front.low, value.pointer, value.what)
        if first >= 0:
            return lower.read_half(front.low, pointer, field, first)
        return lower.read(front.low, pointer, field)

    def truth(self, front: Expressions, value: Sock, node: ast.expr, then: Block, els: Block) -> tuple[Ranges, Ranges]:
        front.b.branch("ne", value.pointer, front.b.const(0), then, els)
        return {}, {}

    def is_none(self, front: Expressions, value: Sock, then: Block, els: Block) -> None:
        front.b.branch("eq", value.pointer, front.b.const(0), then, els)

    def kept(self, front: Expressions, name: str, value: Sock) -> Val:
        front.b.write(front.local(name), value.pointer)
        return value

    def merged(self, front: Expressions, name: str, values: list[Sock]) -> Val | None:
        first = values[0]
        if any(v.struct != first.struct or v.held is not first.held for v in values):
            return None
        return Sock(front.b.read(front.local(name), first.pointer.type), first.struct, first.what, first.held)


def _unknown(value: Sock, name: str) -> Refusal:
    fields = sock_fields(value.struct)
    if name in fields:
        return Refusal(f"{name} has 128 bits, and numbers have 64", f"read {name}_hi and {name}_lo")
    if value.struct == "sock_common" and name in sock_fields("bpf_sock"):
        hint = f"full = ebee.helpers.bpf_sk_fullsock({value.what}), and if that is not None: full.{name}"
        return Refusal(f"only full sockets have {name}, and this may be none", hint)
    if value.struct != "bpf_tcp_sock" and name in sock_fields("bpf_tcp_sock"):
        hint = f"tcp = ebee.helpers.bpf_tcp_sock({value.what}), and if that is not None: tcp.{name}"
        return Refusal(f"only TCP sockets have {name}", hint)
    names = [n for n, f in fields.items() if f.count == 1]
    names += [f"{n}{half}" for n, f in fields.items() if f.count == 4 for half in _HALVES]
    what = _NAMES[value.struct].partition(" that")[0]
    return Refusal(f"{what} has no field {name!r} in a probe", similar(name, names) or f"it has {', '.join(names)}")


def passed(front: Expressions, g: Given) -> Value:
    """A socket as a helper takes it: not null. Raises: Refusal where it may be."""
    value: Sock = g.value
    if not front.b.is_non_null(value.pointer) and not (g.name in _MAY_BE_NONE and _is_lookup(front)):
        text = front.source.text_of(g.node)
        hint = f"if {text} is not None: …" if text.replace(".", "").isidentifier() else f"sk = {text}, then if sk: …"
        raise Refusal(f"{text} may be None, and {g} may not", hint)
    if value.struct == "bpf_tcp_sock" and g.name in ("sk_assign", "sk_release"):
        raise Refusal(f"{g} takes a socket, not {_NAMES[value.struct]}")
    return front.b.non_null(value.pointer) if front.b.is_non_null(value.pointer) else value.pointer


def _is_lookup(front: Expressions) -> bool:
    return front.section == "sk_lookup"


def result(front: Expressions, name: str, node: ast.Call, values: list[Value], given: list[Given]) -> Val:
    """Call a helper of `RESULTS`: what it gives, or what a `with` statement holds."""
    b, low, number = front.b, front.low, HELPER_IDS[name]
    text = front.source.text_of(node)
    if name not in _LOOKUPS:
        held = next((g.value.held for g in given if isinstance(g.value, Sock)), None)
        return Sock(b.call(number, *values, type=PTR_BTF_OR_NULL), RESULTS[name], f"bpf_{name}()", held)

    def enter(skipped: Block) -> Val:
        found = b.call(number, *values, type=PTR_BTF_OR_NULL)
        (have,) = low.blocks(1)
        b.branch("ne", found, b.const(0), have, skipped)
        b.start(have)
        low.hold(lambda: b.call(HELPER_IDS["sk_release"], b.non_null(found)), pointer=found)
        return Sock(found, RESULTS[name], f"bpf_{name}()", found)

    return Guard(f"what {text} gives", f"with bpf_{name}(…) as sk: …", enter)


def assigned(front: Expressions) -> None:
    """Another socket may be that of the context. Raises: Refusal in a loop, whose earlier turns have seen the first."""
    if front.is_in_loop:
        raise Refusal("bpf_sk_assign() changes the probe's socket, and cannot be called in a loop", "call it behind it")
    front.context.moved_socket(front.low)  # type: ignore[attr-defined]

