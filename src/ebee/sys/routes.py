"""Routes that hold lwt programs, through rtnetlink. A route outlives the process that is killed before it removes it.

Source: include/uapi/linux/{rtnetlink,lwtunnel,seg6_local}.h; bpf_build_state in net/core/lwt_bpf.c,
parse_nla_bpf in net/ipv6/seg6_local.c (Linux 6.18).
"""

from __future__ import annotations

import struct

from ..errors import PermissionMissing, SyscallError, UsageError
from .netdev import interface_index
from .netlink import NLM_F_CREATE, NLM_F_EXCL, attribute, connection, request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    Network = IPv4Network | IPv6Network
    Address = IPv4Address | IPv6Address

_RTM_NEWROUTE, _RTM_DELROUTE = 24, 25
_RTMSG = struct.Struct("=BBBBBBBBI")  # struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags
_RT_TABLE_MAIN, _RTPROT_STATIC, _RTN_UNICAST = 254, 4, 1
_RT_SCOPE_UNIVERSE, _RT_SCOPE_LINK = 0, 253
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_ENCAP_TYPE, _RTA_ENCAP = 1, 4, 5, 21, 22
_ENCAP_BPF, _ENCAP_SEG6_LOCAL = 6, 7  # LWTUNNEL_ENCAP_*
_WAYS = {"in": 1, "out": 2, "xmit": 3}  # LWT_BPF_IN, _OUT, _XMIT
_SEG6_LOCAL_ACTION, _SEG6_LOCAL_BPF, _SEG6_LOCAL_ACTION_END_BPF = 1, 8, 15
_PROG_FD, _PROG_NAME = 1, 2  # alike in LWT_BPF_PROG_* and SEG6_LOCAL_BPF_PROG_*
_NESTED = 0x8000  # NLA_F_NESTED
_AF = {4: 2, 6: 10}  # AF_INET, AF_INET6
_EPERM, _EEXIST = 1, 17
_USAGE = "route='10.1.0.0/16 via 10.0.0.1', route='10.1.0.0/16 dev eth0', or both"


class BpfRoute:
    """A route in the main table of the calling thread's network namespace, whose packets go through a program."""

    def __init__(self, words: str, way: str, prog_fd: int, name: str) -> None:
        """Add it; `words` are those of ip(8), `way` is `in`, `out`, `xmit` or `seg6local`.

        Raises: UsageError for words that are no route and a route that is there already, PermissionMissing,
        SyscallError.
        """
        self._delete = b""
        destination, gateway, device = _parsed(words)
        if way == "seg6local" and destination.version != 6:
            raise UsageError(f"route {words!r}: seg6local programs are for routes of IPv6")
        scope = _RT_SCOPE_LINK if gateway is None and destination.version == 4 else _RT_SCOPE_UNIVERSE
        message = _RTMSG.pack(
            _AF[destination.version], destination.prefixlen, 0, 0, _RT_TABLE_MAIN, _RTPROT_STATIC, scope,
            _RTN_UNICAST, 0,
        )  # fmt: skip
        message += attribute(_RTA_DST, destination.network_address.packed)
        if gateway is not None:
            message += attribute(_RTA_GATEWAY, gateway.packed)
        if device:
            message += attribute(_RTA_OIF, struct.pack("=I", interface_index(device)))
        program = attribute(_PROG_FD, struct.pack("=I", prog_fd)) + attribute(_PROG_NAME, name.encode() + b"\0")
        if way == "seg6local":
            kind, action = _ENCAP_SEG6_LOCAL, struct.pack("=I", _SEG6_LOCAL_ACTION_END_BPF)
            encap = attribute(_SEG6_LOCAL_ACTION, action) + attribute(_SEG6_LOCAL_BPF | _NESTED, program)
        else:
            kind, encap = _ENCAP_BPF, attribute(_WAYS[way] | _NESTED, program)
        tunnel = attribute(_RTA_ENCAP_TYPE, struct.pack("=H", kind)) + attribute(_RTA_ENCAP | _NESTED, encap)
        # The socket belongs to the namespace, whichever the thread is in when the route is removed.
        self._socket = connection()
        try:
            list(request(_RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, message + tunnel, self._socket))
        except OSError as e:
            self._socket.close()
            if e.errno == _EPERM:
                raise PermissionMissing("adding a route", ["CAP_NET_ADMIN"]) from None
            if e.errno == _EEXIST:
                raise UsageError(f"there is a route to {destination} already", hint="remove that one first") from None
            raise SyscallError("RTM_NEWROUTE", e.errno or 0, f"route {words!r} with an lwt_{way} program") from None
        self._delete = message

    def close(self) -> None:
        """Remove the route. Closing twice is allowed, and so is a route that is gone."""
        message, self._delete = self._delete, b""
        if message:
            try:
                list(request(_RTM_DELROUTE, 0, message, self._socket))
            except OSError:
                pass
            self._socket.close()


def _parsed(text: str) -> tuple[Network, Address | None, str]:
    """Return the destination, the gateway and the interface of a route in the words of ip(8). Raises: UsageError."""
    from ipaddress import ip_address, ip_network

    words = text.split()
    options = dict(zip(words[1::2], words[2::2]))
    if len(words) % 2 == 0 or len(words) < 3 or options.keys() - {"via", "dev"} or len(options) != len(words) // 2:
        raise UsageError(f"{text!r} is no route with a next hop", hint=_USAGE)
    try:
        destination = ip_network(words[0])
        gateway = ip_address(options["via"]) if "via" in options else None
    except ValueError as e:
        raise UsageError(f"route {text!r}: {e}", hint=_USAGE) from None
    if gateway is not None and gateway.version != destination.version:
        raise UsageError(f"route {text!r}: {gateway} is of another version of IP than {destination}")
    return destination, gateway, options.get("dev", "")
