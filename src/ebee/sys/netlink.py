"""Traffic control through rtnetlink: programs on clsact, for kernels that have no tcx (before 6.6).

Source: include/uapi/linux/{netlink,rtnetlink,pkt_sched,pkt_cls}.h; cls_bpf_change in net/sched/cls_bpf.c.
"""

from __future__ import annotations

import struct
import sys

from ..errors import PermissionMissing, SyscallError
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket
    from typing import Any

_NETLINK_ROUTE = 0
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_RTM_GETLINK, _RTM_SETLINK, _RTM_NEWQDISC, _RTM_NEWTFILTER, _RTM_DELTFILTER, _RTM_GETTFILTER = 18, 19, 36, 44, 45, 46
_NLM_F_DUMP = 0x300
_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_ECHO, NLM_F_EXCL, NLM_F_CREATE = 0x1, 0x4, 0x8, 0x200, 0x400
_TC_H_CLSACT, _TC_H_INGRESS, _TC_H_EGRESS = 0xFFFF_FFF1, 0xFFFF_FFF2, 0xFFFF_FFF3
_TCA_KIND, _TCA_OPTIONS = 1, 2
_TCA_BPF_FD, _TCA_BPF_NAME, _TCA_BPF_FLAGS, _TCA_BPF_ID = 6, 7, 8, 11
_IFLA_IFNAME, _IFLA_XDP, _IFLA_XDP_FD, _IFLA_XDP_FLAGS, _NESTED = 3, 43, 1, 3, 1 << 15
_TCA_BPF_FLAG_ACT_DIRECT = 1
_ETH_P_ALL = 0x0300  # in network order
_EPERM, _EEXIST = 1, 17

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, seq, pid
_IFINFOMSG = struct.Struct("=BxHiII")  # struct ifinfomsg: family, type, index, flags, change
_TCMSG = struct.Struct("=BxxxiIII")  # struct tcmsg: family, ifindex, handle, parent, info


def attribute(kind: int, data: bytes) -> bytes:
    """Return a struct nlattr, padded to 4 bytes."""
    return (struct.pack("=HH", 4 + len(data), kind) + data).ljust(4 + len(data) + 3 & ~3, b"\0")


def attributes(data: bytes) -> dict[int, bytes]:
    """Return the struct nlattr in a message, by kind."""
    found, at = {}, 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        if size < 4:
            break
        found[kind & 0x3FFF] = data[at + 4 : at + size]
        at += size + 3 & ~3
    return found


def connection() -> socket:
    """Return a socket that speaks to the network namespace that the thread is in now."""
    from socket import AF_NETLINK, SOCK_CLOEXEC, SOCK_RAW, socket

    made = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, _NETLINK_ROUTE)
    made.settimeout(5)
    return made


def request(kind: int, flags: int, message: bytes, through: socket | None = None) -> Iterator[bytes]:
    """Send a request and yield what comes back, until it is acknowledged. Raises: OSError."""
    import os

    sock = through or connection()
    try:
        length = _HEADER.size + len(message)
        sock.send(_HEADER.pack(length, kind, flags | _NLM_F_REQUEST | _NLM_F_ACK, 1, 0) + message)
        while True:
            data, at = sock.recv(1 << 16), 0
            while at < len(data):
                size, what, _, _, _ = _HEADER.unpack_from(data, at)
                body = data[at + _HEADER.size : at + size]
                at += size + 3 & ~3
                if what == _NLMSG_ERROR:
                    (error,) = struct.unpack_from("=i", body)
                    if error:
                        raise OSError(-error, os.strerror(-error))
                    return
                if what == _NLMSG_DONE:
                    return
                yield body
    finally:
        if through is None:
            sock.close()


class XdpProgram(Record):
    """A program that XDP runs on an interface: `mode` is `driver`, `generic` or `offload`."""

    ifindex: int
    interface: str
    mode: str
    prog_id: int


# include/uapi/linux/if_link.h: IFLA_XDP_DRV_PROG_ID, _SKB_, _HW_.
_XDP_MODES = {5: "driver", 6: "generic", 7: "offload"}


def xdp_programs() -> Iterator[XdpProgram]:
    """Yield what XDP runs on the interfaces of this network namespace, with links and without. Raises: OSError."""
    for body in request(_RTM_GETLINK, _NLM_F_DUMP, _IFINFOMSG.pack(0, 0, 0, 0, 0)):
        ifindex = _IFINFOMSG.unpack_from(body)[2]
        fields = attributes(body[_IFINFOMSG.size :])
        xdp = attributes(fields.get(_IFLA_XDP, b""))
        for kind, mode in _XDP_MODES.items():
            if kind in xdp:
                name = fields[_IFLA_IFNAME].rstrip(b"\0").decode()
                yield XdpProgram(ifindex, name, mode, int.from_bytes(xdp[kind], sys.byteorder))


def set_xdp(ifindex: int, prog_fd: int, flags: int) -> None:
    """Have XDP run a program on an interface until another takes its place, none if `prog_fd` is -1.

    `flags` are XDP_FLAGS_*. Raises: OSError.
    """
    wanted = attribute(_IFLA_XDP_FD, struct.pack("=i", prog_fd)) + attribute(_IFLA_XDP_FLAGS, struct.pack("=I", flags))
    list(request(_RTM_SETLINK, 0, _IFINFOMSG.pack(0, 0, ifindex, 0, 0) + attribute(_IFLA_XDP | _NESTED, wanted)))


class TcFilter(Record):
    """A program among the filters of classic traffic control: `hook` is `ingress` or `egress` of clsact."""

    ifindex: int
    hook: str
    name: str
    prog_id: int
    handle: int
    priority: int


def tc_filters(ifindex: int) -> Iterator[TcFilter]:
    """Yield the programs that are filters of an interface's clsact. Raises: OSError."""
    for hook, parent in (("ingress", _TC_H_INGRESS), ("egress", _TC_H_EGRESS)):
        for body in request(_RTM_GETTFILTER, _NLM_F_DUMP, _TCMSG.pack(0, ifindex, 0, parent, 0)):
            _, _, handle, _, info = _TCMSG.unpack_from(body)
            fields = attributes(body[_TCMSG.size :])
            options = attributes(fields.get(_TCA_OPTIONS, b""))
            if fields.get(_TCA_KIND) == b"bpf\0" and _TCA_BPF_ID in options:
                name = options.get(_TCA_BPF_NAME, b"").rstrip(b"\0").decode("utf-8", "replace")
                yield TcFilter(
                    ifindex, hook, name, int.from_bytes(options[_TCA_BPF_ID], sys.byteorder), handle, info >> 16
                )


class ClsactFilter:
    """A program on the clsact qdisc of an interface, which is made if it is not there, and stays.

    Unlike a link it outlives the process that is killed before it closes it.
    """

    def __init__(self, ifindex: int, prog_fd: int, name: str, *, is_egress: bool, priority: int = 0) -> None:
        """Attach; without a priority the kernel chooses one. Raises: PermissionMissing, SyscallError."""
        self._message = b""
        parent = _TC_H_EGRESS if is_egress else _TC_H_INGRESS
        qdisc = _TCMSG.pack(0, ifindex, 0xFFFF_0000, _TC_H_CLSACT, 0) + attribute(_TCA_KIND, b"clsact\0")
        options = attribute(_TCA_BPF_FD, struct.pack("=I", prog_fd))
        options += attribute(_TCA_BPF_NAME, name.encode() + b"\0")
        options += attribute(_TCA_BPF_FLAGS, struct.pack("=I", _TCA_BPF_FLAG_ACT_DIRECT))
        kind = attribute(_TCA_KIND, b"bpf\0")
        try:
            try:
                list(request(_RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, qdisc))
            except OSError as e:
                if e.errno != _EEXIST:
                    raise
            head = _TCMSG.pack(0, ifindex, 0, parent, priority << 16 | _ETH_P_ALL)
            wanted = head + kind + attribute(_TCA_OPTIONS, options)
            echoes = list(request(_RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL | _NLM_F_ECHO, wanted))
        except OSError as e:
            if e.errno == _EPERM:
                raise PermissionMissing("attaching to an interface", ["CAP_NET_ADMIN"]) from None
            raise SyscallError("RTM_NEWTFILTER", e.errno or 0, f"clsact of interface {ifindex}") from None
        # The kernel has chosen handle and priority; only they say which filter is ours.
        fields: tuple[Any, ...] = _TCMSG.unpack_from(echoes[0])
        self._message = _TCMSG.pack(*fields) + kind

    def close(self) -> None:
        """Detach. Closing twice is allowed, and so is an interface that is gone."""
        message, self._message = self._message, b""
        if message:
            try:
                list(request(_RTM_DELTFILTER, 0, message))
            except OSError:
                pass
