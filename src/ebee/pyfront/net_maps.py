"""Maps of devices, CPUs and sockets in a probe: their methods, each for the hooks that have it."""

from __future__ import annotations

import _ast as ast

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..lower.numbers import Num, Refusal, check_assignable
from ..types.net_maps import SocketDecl
from .map_methods import MapKind
from .network import NetContext
from .values import Known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Block, Value
    from .expressions import Expressions
    from .values import Val

_XDP_TX = bpf.XDP_TX
# The hooks of each method.
_HOOKS = {
    "add": ("sockops",),
    "assign": ("sk_lookup",),
    "select": ("sk_reuseport", "sk_reuseport/migrate"),
}
_SOCKET_REDIRECTS = {
    ("sk_msg", bpf.BPF_MAP_TYPE_SOCKMAP): FUNC.msg_redirect_map,
    ("sk_msg", bpf.BPF_MAP_TYPE_SOCKHASH): FUNC.msg_redirect_hash,
    ("sk_skb", bpf.BPF_MAP_TYPE_SOCKMAP): FUNC.sk_redirect_map,
    ("sk_skb", bpf.BPF_MAP_TYPE_SOCKHASH): FUNC.sk_redirect_hash,
}
_UPDATES = {
    bpf.BPF_MAP_TYPE_SOCKMAP: FUNC.sock_map_update,
    bpf.BPF_MAP_TYPE_SOCKHASH: FUNC.sock_hash_update,
}


def _context(front: Expressions, decl: Any, name: str, hooks: tuple[str, ...]) -> Value:
    """Return the context, of a hook that has the method. Raises: Refusal."""
    kind = front.context.kind if isinstance(front.context, NetContext) else ""
    if kind not in hooks:
        where = " and ".join(dict.fromkeys(hook.partition("/")[0] for hook in hooks))
        raise Refusal(f"{decl.name}.{name}() is for {where} probes, not for a {front.context.noun}")
    return front.low.ctx


class RedirectKind(MapKind):
    """DevMap and its like, SockMap and its like."""

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        decl = value.object
        if not isinstance(decl, SocketDecl):
            if name != "redirect":
                raise Refusal(f"{decl.name} is a {decl.kind}, which has one method in a probe: redirect()")
            return _redirect(front, decl, node)
        if name == "redirect" and (decl.map_type in _UPDATES):
            return _redirect_to_socket(front, decl, node)
        if name not in _HOOKS or name == "add" and decl.map_type not in _UPDATES:
            raise Refusal(f"{decl.name} is a {decl.kind}, which has no method {name}() in a probe")
        ctx = _context(front, decl, name, _HOOKS[name])
        key = front.key(decl, front.expr(front.arguments(node, name, 1, 1)[0]))
        return _METHODS[name](front, decl, ctx, key)

    def has_effect(self, front: Expressions, value: Known, name: str, node: ast.expr) -> bool:
        return name != "redirect"

    def _refuse(self, front: Expressions, value: Known) -> Refusal:
        return Refusal(f"{value.object.name} is a {value.object.kind}, whose entries a probe cannot read or change")

    def item(self, front: Expressions, value: Known, node: ast.Subscript) -> Val:
        raise self._refuse(front, value)

    def set_item(self, front: Expressions, value: Known, node: ast.Subscript, new: Val) -> None:
        raise self._refuse(front, value)

    def augment_item(self, front: Expressions, value: Known, node: ast.Subscript, op: str, operand: ast.expr) -> None:
        raise self._refuse(front, value)

    def delete_item(self, front: Expressions, value: Known, node: ast.Subscript) -> None:
        raise self._refuse(front, value)

    def contains(self, front: Expressions, value: Known, item: Val, then: Block, els: Block) -> None:
        raise self._refuse(front, value)


def _redirect(front: Expressions, decl: Any, node: ast.Call) -> Val:
    """devices.redirect(key, default)."""
    ctx_hooks = ("xdp",)
    _context(front, decl, "redirect", ctx_hooks)
    arguments = front.arguments(node, "redirect", 1, 2)
    key = front.num(arguments[0])
    check_assignable(key, 0, 0xFFFF_FFFF, f"a key of {decl.name} (u32)")
    default = front.expr(arguments[1]) if len(arguments) > 1 else Known(bpf.XDP_ABORTED)
    if not (isinstance(default, Known) and isinstance(default.object, int) and 0 <= default.object <= _XDP_TX):
        raise Refusal("the default of redirect() is a constant: ebee.XDP_ABORTED, XDP_DROP, XDP_PASS or XDP_TX")
    b = front.b
    result = b.call(FUNC.redirect_map, front.low.map(decl), key.value, b.const(int(default.object)))
    return Num(result, 0, bpf.XDP_REDIRECT)


def _redirect_to_socket(front: Expressions, decl: Any, node: ast.Call) -> Val:
    """sockets.redirect(key, ingress=True)."""
    ctx = _context(front, decl, "redirect", ("sk_msg", "sk_skb/stream_verdict", "sk_skb/verdict"))
    ingress: Val = Known(False)
    if [k.arg for k in node.keywords] == ["ingress"]:
        ingress = front.expr(node.keywords[0].value)
        node = ast.Call(node.func, node.args, [])
    if not (isinstance(ingress, Known) and isinstance(ingress.object, bool)):
        raise Refusal("ingress= must be True or False")
    key = front.expr(front.arguments(node, "redirect", 1, 1)[0])
    family = "sk_msg" if front.context.argument == "pkt" and front.context.noun.startswith("sk_msg") else "sk_skb"
    helper = _SOCKET_REDIRECTS[family, decl.map_type]
    b = front.b
    if decl.map_type == bpf.BPF_MAP_TYPE_SOCKMAP:
        number = front.as_num(key)
        check_assignable(number, 0, 0xFFFF_FFFF, f"a key of {decl.name} (u32)")
        place: Value = number.value
    else:
        place = front.key(decl, key)
    flags = b.const(bpf.BPF_F_INGRESS if ingress.object else 0)
    return Num(b.call(helper, ctx, front.low.map(decl), place, flags), 0, 1)


def _is_zero(front: Expressions, result: Value) -> Num:
    """Whether a helper has succeeded."""
    b = front.b
    low = b.op("zext", result, size=4)
    return Num(b.op("lshr", b.op("sub", low, b.const(1)), b.const(63)), 0, 1)


def _add(front: Expressions, decl: Any, ctx: Value, key: Value) -> Val:
    """sockets.add(key)."""
    b = front.b
    result = b.call(_UPDATES[decl.map_type], ctx, front.low.map(decl), key, b.const(bpf.BPF_ANY))
    front.low.count_if("ne", result, "map_full", decl.name)
    return _is_zero(front, result)


def _select(front: Expressions, decl: Any, ctx: Value, key: Value) -> Val:
    """sockets.select(key)."""
    b = front.b
    return _is_zero(front, b.call(FUNC.sk_select_reuseport, ctx, front.low.map(decl), key, b.const(0)))


def _assign(front: Expressions, decl: Any, ctx: Value, key: Value) -> Val:
    """sockets.assign(key): look up, assign, let go of the reference."""
    b, low = front.b, front.low
    socket = b.call(FUNC.map_lookup_elem, low.map(decl), key)
    there, absent, done = low.blocks(3)
    name = f"assigned {id(done)}"
    b.branch("ne", socket, b.const(0), there, absent)
    b.start(there)
    result = b.call(FUNC.sk_assign, ctx, socket, b.const(0))
    b.call(FUNC.sk_release, socket)
    b.write(name, _is_zero(front, result).value)
    b.jump(done)
    b.start(absent)
    b.write(name, b.const(0))
    b.jump(done)
    b.start(done)
    return Num(b.read(name), 0, 1)


_METHODS = {"add": _add, "assign": _assign, "select": _select}
