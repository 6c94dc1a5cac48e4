"""Room in packets: helpers that make a packet longer or shorter at either end, or bring it together."""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from .numbers import Num
    from .packets import Packet


class RoomHelper(Record):
    """A helper that may move a packet: its number, its arguments' defaults (None: to be given), who may call it."""

    helper: int
    arguments: dict[str, int | None]
    hooks: str


_TC, _LWT, _XMIT = "tcx/ingress tcx/egress netkit/primary netkit/peer", "lwt_in lwt_out lwt_seg6local", "lwt_xmit"
_STREAM = "sk_skb/stream_verdict sk_skb/verdict"  # not the parser: Linux 7 attaches none that may move its packet

# Source: *_func_proto and bpf_helper_changes_pkt_data in net/core/filter.c (Linux 6.18).
ROOM: dict[str, RoomHelper] = {
    "adjust_head": RoomHelper(FUNC.xdp_adjust_head, {"delta": None}, "xdp"),
    "adjust_tail": RoomHelper(FUNC.xdp_adjust_tail, {"delta": None}, "xdp"),
    "adjust_meta": RoomHelper(FUNC.xdp_adjust_meta, {"delta": None}, "xdp"),
    "adjust_room": RoomHelper(FUNC.skb_adjust_room, {"len_diff": None, "mode": 0, "flags": 0}, f"{_TC} {_STREAM}"),
    "change_head": RoomHelper(FUNC.skb_change_head, {"len": None, "flags": 0}, f"{_TC} {_XMIT} {_STREAM}"),
    "change_tail": RoomHelper(FUNC.skb_change_tail, {"len": None, "flags": 0}, f"{_TC} {_XMIT} {_STREAM}"),
    "pull": RoomHelper(FUNC.skb_pull_data, {"len": 0}, f"{_TC} {_LWT} {_XMIT} {_STREAM}"),
    "vlan_push": RoomHelper(FUNC.skb_vlan_push, {"proto": None, "tci": None}, _TC),
    "vlan_pop": RoomHelper(FUNC.skb_vlan_pop, {}, _TC),
}


def change(packet: Packet, name: str, arguments: list[Num]) -> Value:
    """Call a helper of `ROOM`; return what it returned. Nothing that was found is known any more."""
    b = packet.b
    values: list[Value] = [n.value for n in arguments]
    if name == "vlan_push":
        values[0] = b.op("bswap", values[0], size=2)
    result = b.call(ROOM[name].helper, packet.ctx, *values)
    packet.forget()
    packet.moved()
    return result
