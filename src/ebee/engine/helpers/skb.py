"""Helpers over socket buffers: tc, socket filters, cgroup_skb, lightweight tunnels.

Source: net/core/filter.c, net/core/skbuff.c (Linux 6.18).
"""

from __future__ import annotations

from errno import EACCES, EALREADY, EFAULT, EINVAL, ENOENT, ENOMEM, EOPNOTSUPP

from ...abi import bpf
from ...errors import ExecutionError
from ..maps import ENOTSUPP
from ..packets import (
    ETH_BYTES,
    SKB_HASH,
    SKB_PKT_TYPE,
    SKB_PROTOCOL,
    SKB_TSTAMP,
    SKB_TSTAMP_TYPE,
    SKB_VLAN_PRESENT,
    SKB_VLAN_PROTO,
    SKB_VLAN_TCI,
    Packet,
    protocol_at,
)
from .checksum import replaced
from .common import U32, signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine

MAX_BYTES = 16384  # BPF_SKB_MAX_LEN
INT_MAX = 0x7FFF_FFFF
IPV4, IPV6 = 0x0800, 0x86DD
_VLAN_TYPES = (0x8100, 0x88A8)
_BASE_BYTES = {IPV4: 20, IPV6: 40}


def skb_at(vm: Machine, ctx: int) -> Packet:
    """Return the packet whose context a program passed. Raises: ExecutionError."""
    if vm.packet is None or vm.packet.ctx_address != ctx or vm.packet.kind.is_xdp:
        raise ExecutionError(f"{ctx:#x} is no socket buffer")
    return vm.packet


def _protocol(skb: Packet) -> int:
    return int.from_bytes(skb.ctx[SKB_PROTOCOL : SKB_PROTOCOL + 2], "big")


def _set_protocol(skb: Packet, protocol: int) -> None:
    skb.ctx[SKB_PROTOCOL : SKB_PROTOCOL + 2] = protocol.to_bytes(2, "big")


# Bytes.


def store_bytes(vm: Machine, skb: Packet, off: int, data: bytes, flags: int) -> int:
    """Overwrite bytes of a packet; return 0 or a negative errno."""
    if flags & ~(bpf.BPF_F_RECOMPUTE_CSUM | bpf.BPF_F_INVALIDATE_HASH):
        return -EINVAL
    content = skb.content
    if off > INT_MAX or off + len(data) > len(content):
        return -EFAULT
    content[off : off + len(data)] = data
    if flags & bpf.BPF_F_INVALIDATE_HASH:
        skb.set_field(SKB_HASH, 0)
    return 0


def skb_store_bytes(vm: Machine, ctx: int, off: int, data: int, size: int, flags: int) -> int:
    return store_bytes(vm, skb_at(vm, ctx), off & U32, vm.memory.read(data, size & U32), flags)


def skb_load_bytes(vm: Machine, ctx: int, off: int, to: int, size: int) -> int:
    """Copy bytes of the packet; where they are not all there the buffer becomes zeros."""
    content, off = skb_at(vm, ctx).content, off & U32
    out = vm.memory.window(to, size & U32)
    if off > INT_MAX or off + len(out) > len(content):
        out[:] = bytes(len(out))
        return -EFAULT
    out[:] = content[off : off + len(out)]
    return 0


def skb_load_bytes_relative(vm: Machine, ctx: int, off: int, to: int, size: int, header: int) -> int:
    """As skb_load_bytes, from the link (0) or network header (1)."""
    skb, off = skb_at(vm, ctx), off & U32
    out = vm.memory.window(to, size & U32)
    start = {0: 0, 1: len(skb.link) + skb.network}.get(header & U32)
    whole = skb.link + bytes(skb.content)
    if off <= INT_MAX and start is not None and start + off + len(out) <= len(whole):
        out[:] = whole[start + off : start + off + len(out)]
        return 0
    out[:] = bytes(len(out))
    return -EFAULT


def skb_pull_data(vm: Machine, ctx: int, size: int) -> int:
    """Make bytes reachable: the engine's packets always are in one piece."""
    return -ENOMEM if size & U32 > len(skb_at(vm, ctx).content) else 0


# Checksums.


def l3_csum_replace(vm: Machine, ctx: int, off: int, old: int, new: int, flags: int) -> int:
    size, off = flags & bpf.BPF_F_HDR_FIELD_MASK, off & U32
    if flags & ~bpf.BPF_F_HDR_FIELD_MASK:
        return -EINVAL
    return _replace_checksum(skb_at(vm, ctx), off, old, new, size, 0)


def l4_csum_replace(vm: Machine, ctx: int, off: int, old: int, new: int, flags: int) -> int:
    known = bpf.BPF_F_MARK_MANGLED_0 | bpf.BPF_F_MARK_ENFORCE | bpf.BPF_F_PSEUDO_HDR | bpf.BPF_F_HDR_FIELD_MASK
    if flags & ~(known | bpf.BPF_F_IPV6):
        return -EINVAL
    return _replace_checksum(skb_at(vm, ctx), off & U32, old, new, flags & bpf.BPF_F_HDR_FIELD_MASK, flags)


def _replace_checksum(skb: Packet, off: int, old: int, new: int, size: int, flags: int) -> int:
    content = skb.content
    if off > 0xFFFF or off & 1 or off + 2 > len(content):
        return -EFAULT
    check = int.from_bytes(content[off : off + 2], "little")
    marks_zero = flags & bpf.BPF_F_MARK_MANGLED_0
    if marks_zero and not flags & bpf.BPF_F_MARK_ENFORCE and not check:
        return 0
    if size not in (0, 2, 4) or size == 0 and old:
        return -EINVAL
    check = replaced(check, old, new, 4 if size == 2 and flags else size)
    content[off : off + 2] = (0xFFFF if marks_zero and not check else check).to_bytes(2, "little")
    return 0


def csum_update(vm: Machine, ctx: int, csum: int) -> int:
    """Add to the packet's own sum: no device of the engine gives one."""
    skb_at(vm, ctx)
    return -ENOTSUPP


def csum_level(vm: Machine, ctx: int, change: int) -> int:
    """Change (1: up, 2: down, 3: reset) or ask for (0) how many checksums are known to be right."""
    skb = skb_at(vm, ctx)
    if change == 0:
        return skb.csum_level if skb.csum_level >= 0 else -EACCES
    if change == 1:
        skb.csum_level = min(skb.csum_level + 1, 3)
    elif change == 2:
        skb.csum_level = max(skb.csum_level - 1, -1)
    elif change == 3:
        skb.csum_level = -1
    else:
        return -EINVAL
    return 0


# Length and headers.


def skb_change_tail(vm: Machine, ctx: int, size: int, flags: int) -> int:
    skb, size = skb_at(vm, ctx), size & U32
    if flags or not skb.network <= size <= MAX_BYTES:
        return -EINVAL
    if skb.is_encapsulated:
        return -ENOTSUPP
    skb.replace(bytes(skb.content[:size]).ljust(size, b"\0"))
    return 0


def skb_change_head(vm: Machine, ctx: int, room: int, flags: int) -> int:
    skb, room = skb_at(vm, ctx), room & U32
    if flags or room > INT_MAX or len(skb.content) + room > MAX_BYTES:
        return -EINVAL
    skb.replace(bytes(room) + bytes(skb.content))
    skb.network += room
    return 0


def _grow(skb: Packet, off: int, size: int) -> None:
    content = bytes(skb.content)
    skb.replace(content[:off] + bytes(size) + content[off:])


def _shrink(skb: Packet, off: int, size: int) -> None:
    content = bytes(skb.content)
    skb.replace(content[:off] + content[off + size :])


def skb_change_proto(vm: Machine, ctx: int, protocol: int, flags: int) -> int:
    """Make room for an IPv6 header where an IPv4 header is, or the other way round."""
    skb = skb_at(vm, ctx)
    new = int.from_bytes((protocol & 0xFFFF).to_bytes(2, "little"), "big")
    if flags:
        return -EINVAL
    if (_protocol(skb), new) == (IPV4, IPV6):
        _grow(skb, skb.network, 20)
    elif (_protocol(skb), new) == (IPV6, IPV4):
        _shrink(skb, skb.network, 20)
    else:
        return -ENOTSUPP
    _set_protocol(skb, new)
    return 0


def skb_change_type(vm: Machine, ctx: int, type: int) -> int:
    skb = skb_at(vm, ctx)
    if skb.field(SKB_PKT_TYPE) > 3 or type & U32 > 3:
        return -EINVAL
    skb.set_field(SKB_PKT_TYPE, type & U32)
    return 0


def skb_adjust_room(vm: Machine, ctx: int, difference: int, mode: int, flags: int) -> int:
    """Make or take room behind the link header (mode 1) or the network header (mode 0)."""
    skb, difference = skb_at(vm, ctx), signed(difference, 32)
    l3 = {bpf.BPF_F_ADJ_ROOM_ENCAP_L3_IPV4: IPV4, bpf.BPF_F_ADJ_ROOM_ENCAP_L3_IPV6: IPV6}
    decap = {bpf.BPF_F_ADJ_ROOM_DECAP_L3_IPV4: IPV4, bpf.BPF_F_ADJ_ROOM_DECAP_L3_IPV6: IPV6}
    known = bpf.BPF_F_ADJ_ROOM_FIXED_GSO | bpf.BPF_F_ADJ_ROOM_NO_CSUM_RESET | sum(l3) | sum(decap)
    known |= bpf.BPF_F_ADJ_ROOM_ENCAP_L4_GRE | bpf.BPF_F_ADJ_ROOM_ENCAP_L4_UDP | bpf.BPF_F_ADJ_ROOM_ENCAP_L2_ETH
    inner_mac = flags >> 56
    if flags & ~(known | 0xFF << 56):
        return -EINVAL
    if abs(difference) > 0xFFF:
        return -EFAULT
    base = _BASE_BYTES.get(_protocol(skb))
    if base is None or mode not in (0, 1):
        return -ENOTSUPP
    off = skb.network + (0 if mode else base)
    wanted_l3, wanted_decap = flags & sum(l3), flags & sum(decap)
    if wanted_decap:
        if difference >= 0 or wanted_decap not in decap:
            return -EINVAL
        base = _BASE_BYTES[decap[wanted_decap]]
    here = len(skb.content) - skb.network
    if difference < 0:
        if -difference >= here or here + difference < base:
            return -ENOTSUPP
        if flags & ~(bpf.BPF_F_ADJ_ROOM_FIXED_GSO | bpf.BPF_F_ADJ_ROOM_NO_CSUM_RESET | sum(decap)):
            return -EINVAL
        if off - difference > len(skb.content):
            return -ENOMEM
        _shrink(skb, off, -difference)
        if wanted_decap:
            _set_protocol(skb, decap[wanted_decap])
        return 0
    if len(skb.content) + difference > MAX_BYTES:
        return -ENOTSUPP
    if wanted_l3:
        l4 = flags & (bpf.BPF_F_ADJ_ROOM_ENCAP_L4_GRE | bpf.BPF_F_ADJ_ROOM_ENCAP_L4_UDP)
        if wanted_l3 not in l3 or l4.bit_count() > 1 or inner_mac > difference:
            return -EINVAL
        if flags & bpf.BPF_F_ADJ_ROOM_ENCAP_L2_ETH and inner_mac < ETH_BYTES:
            return -EINVAL
        if skb.is_encapsulated:
            return -EALREADY
    _grow(skb, off, difference)
    if wanted_l3:
        skb.is_encapsulated = True
        _set_protocol(skb, l3[wanted_l3])
    return 0


# VLAN tags. One tag lies beside the packet; a second one is put into it.


def _show_vlan(skb: Packet) -> None:
    protocol, tci = skb.vlan or (0, 0)
    skb.set_field(SKB_VLAN_PRESENT, int(skb.vlan is not None))
    skb.set_field(SKB_VLAN_TCI, tci)
    skb.set_field(SKB_VLAN_PROTO, int.from_bytes(protocol.to_bytes(2, "big"), "little"))


def skb_vlan_push(vm: Machine, ctx: int, protocol: int, tci: int) -> int:
    skb = skb_at(vm, ctx)
    new = int.from_bytes((protocol & 0xFFFF).to_bytes(2, "little"), "big")
    if skb.vlan is not None:
        content = bytes(skb.content)
        old, old_tci = skb.vlan
        tag = old.to_bytes(2, "big") + old_tci.to_bytes(2, "big")
        skb.replace(content[:12] + tag + content[12:])
        skb.network += 4
        _set_protocol(skb, old)
    skb.vlan = new if new in _VLAN_TYPES else _VLAN_TYPES[0], tci & 0xFFFF
    _show_vlan(skb)
    return 0


def skb_vlan_pop(vm: Machine, ctx: int) -> int:
    skb = skb_at(vm, ctx)
    if skb.vlan is not None:
        skb.vlan = None
    elif _protocol(skb) in _VLAN_TYPES:
        if len(skb.content) < ETH_BYTES + 4:
            return -ENOMEM
        _pop_tag(skb)
    if _protocol(skb) in _VLAN_TYPES and len(skb.content) >= ETH_BYTES + 4:
        outer = _protocol(skb)
        skb.vlan = outer, _pop_tag(skb)
    _show_vlan(skb)
    return 0


def _pop_tag(skb: Packet) -> int:
    """Take the tag out of the packet; return its TCI."""
    content = bytes(skb.content)
    skb.replace(content[:12] + content[16:])
    skb.network = max(skb.network - 4, ETH_BYTES)
    _set_protocol(skb, int.from_bytes(protocol_at(content, 18), "big"))
    return int.from_bytes(content[14:16], "big")


# What else is known about a packet.


def get_hash_recalc(vm: Machine, ctx: int) -> int:
    """Return the flow's hash. The engine's is the same on every run: one of the addresses, protocol and ports."""
    skb = skb_at(vm, ctx)
    if not skb.field(SKB_HASH):
        value = 0x811C_9DC5
        for byte in bytes(skb.content[skb.network : skb.network + 44]):
            value = (value ^ byte) * 0x0100_0193 & U32
        skb.set_field(SKB_HASH, value or 1)
    return skb.field(SKB_HASH)


def set_hash_invalid(vm: Machine, ctx: int) -> int:
    skb_at(vm, ctx).set_field(SKB_HASH, 0)
    return 0


def set_hash(vm: Machine, ctx: int, value: int) -> int:
    skb_at(vm, ctx).set_field(SKB_HASH, value & U32)
    return 0


def skb_set_tstamp(vm: Machine, ctx: int, time_ns: int, type: int) -> int:
    """Set the time of a packet: type 0 (0: unknown), 1 (monotonic), 2 (TAI)."""
    skb, type = skb_at(vm, ctx), type & U32
    if _protocol(skb) not in _BASE_BYTES:
        return -EOPNOTSUPP
    if type > 2 or bool(time_ns) != bool(type):
        return -EINVAL
    skb.set_field(SKB_TSTAMP, time_ns, 8)
    skb.set_field(SKB_TSTAMP_TYPE, type, 1)
    return 0


def skb_ecn_set_ce(vm: Machine, ctx: int) -> int:
    """Mark congestion where the packet allows it; return 1 if it is marked then, otherwise 0."""
    skb = skb_at(vm, ctx)
    header = skb.content[skb.network :]
    protocol, at = _protocol(skb), skb.network
    while protocol in _VLAN_TYPES and at + 4 <= len(skb.content):
        protocol, at = int.from_bytes(skb.content[at + 2 : at + 4], "big"), at + 4
    if protocol == IPV4 and len(header) >= 20:
        ecn = header[1] + 1 & 3
        if not ecn & 2:
            return int(not ecn)  # 1 if it is marked already
        check = int.from_bytes(header[10:12], "big") + 0xFFFB + ecn
        header[10:12] = ((check & 0xFFFF) + (check >> 16)).to_bytes(2, "big")
        header[1] |= 3
        return 1
    if protocol == IPV6 and len(header) >= 40:
        if header[1] & 0x30 == 0:
            return 0
        header[1] |= 0x30
        return 1
    return 0


def skb_get_tunnel_key(vm: Machine, ctx: int, key: int, size: int, flags: int) -> int:
    """Say that the packet came through no tunnel."""
    skb_at(vm, ctx)
    out = vm.memory.window(key, size & U32)
    out[:] = bytes(len(out))
    return -EINVAL


def skb_get_tunnel_opt(vm: Machine, ctx: int, opt: int, size: int) -> int:
    skb_at(vm, ctx)
    out = vm.memory.window(opt, size & U32)
    out[:] = bytes(len(out))
    return -ENOENT
