"""Attaching programs to control groups, network namespaces, netfilter, and sockets and maps of them.

Source: cgroup_bpf_link_attach, netns_bpf_link_create, bpf_nf_link_attach, sock_map_link_create (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import NotSupported, PermissionMissing, SyscallError, UsageError
from ..sys import bpf
from ..sys.caps import effective_capabilities
from ..sys.os_seam import Fd
from .maps import map_fd
from .ordering import order_fields, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import AttachOptions
    from ..sys.routes import BpfRoute
    from .programs import Closable, KernelProgram

_EBUSY, _EEXIST, _EINVAL = 16, 17, 22
_SOL_SOCKET = 1
# include/uapi/asm-generic/socket.h
_SO_DETACH_FILTER, _SO_ATTACH_BPF, _SO_ATTACH_REUSEPORT_EBPF, _SO_DETACH_REUSEPORT_BPF = 27, 50, 52, 68
_PF_INET, _PF_INET6 = 2, 10
_NF_HOOKS = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4}  # NF_INET_*
_NF_DEFRAG_PRIORITY = -400  # NF_IP_PRI_CONNTRACK_DEFRAG: what runs no later cannot have whole packets


def _made(link: int, where: str, needs: str, since: str) -> Fd:
    """Return a link, or raise what its error number means."""
    if link >= 0:
        return Fd(link)
    if link == -bpf.EPERM:
        raise PermissionMissing(f"attaching to {where}", [needs])
    if link in (-_EBUSY, -_EEXIST, -bpf.E2BIG):
        raise UsageError(f"{where} has such a program already", hint="detach that one first")
    hint = f"BPF links of this kind need Linux {since}" if link == -_EINVAL else ""
    raise SyscallError("BPF_LINK_CREATE", -link, where, hint=hint)


def attach_to_cgroup(program: KernelProgram, options: AttachOptions) -> Closable:
    """Attach to a control group, beside what others have attached there. Raises: UsageError and as `_made`."""
    from ..sys.cgroups import open_cgroup

    spec = program.spec
    if not options.cgroup:
        hint = f"name it: ebee.attach({spec.name}, cgroup='/sys/fs/cgroup/…')"
        raise UsageError(f"which control group should {spec.name} act on?", hint=hint)
    where = f"control group {options.cgroup}"
    if options.allow:
        return _CgroupAttachment(program, options)
    with open_cgroup(options.cgroup) as cgroup:
        fields = order_fields(options, "cgroup")
        link = bpf.link_create(program.fd.number, cgroup.number, spec.expected_attach_type, **fields)
    refused = refusal(-link, where, options, "6.17")
    if link < 0 and refused is not None:
        raise refused
    return _made(link, where, "CAP_NET_ADMIN", "5.7")


class _CgroupAttachment:
    """A program on a control group without a link; it outlives a process that is killed before it closes it."""

    def __init__(self, program: KernelProgram, options: AttachOptions) -> None:
        if options.allow not in ALLOW:
            raise UsageError(f"allow= does not take {options.allow!r}", hint=f"it takes {', '.join(ALLOW)}")
        if options.before is not None or options.after is not None or options.revision:
            raise UsageError("allow= attaches without a link: before= and after= mean nothing then")
        self._type, self._program, self._cgroup = program.spec.expected_attach_type, program.fd, options.cgroup
        attach_for_good(options.cgroup, self._type, program.fd.number, options.allow)

    def close(self) -> None:
        """Detach. Closing twice is allowed, and so is a group that is gone."""
        cgroup, self._cgroup = self._cgroup, ""
        if cgroup and self._program.number >= 0:
            try:
                detach_for_good(cgroup, self._type, self._program.number)
            except UsageError:
                pass


def attach_to_netns(program: KernelProgram, options: AttachOptions) -> Fd:
    """Attach to a network namespace, that of the calling thread unless one is named."""
    from ..sys.cgroups import open_netns

    spec = program.spec
    with open_netns(options.netns) as netns:
        link = bpf.link_create(program.fd.number, netns.number, spec.expected_attach_type)
    return _made(link, f"network namespace {options.netns or 'of this thread'}", "CAP_NET_ADMIN", "5.9")


def attach_to_netfilter(program: KernelProgram, options: AttachOptions) -> Fd:
    """Attach to a hook of netfilter in the calling thread's network namespace. Raises: UsageError, NotSupported."""
    spec = program.spec
    if options.hook not in _NF_HOOKS:
        raise UsageError(f"{spec.name}: there is no hook {options.hook!r}", hint=f"there are {', '.join(_NF_HOOKS)}")
    if options.defrag and options.priority <= _NF_DEFRAG_PRIORITY:
        hint = f"give a priority above {_NF_DEFRAG_PRIORITY}"
        raise UsageError(f"{spec.name} runs before packets are put together, so that defrag= means nothing", hint=hint)
    link = bpf.link_create(
        program.fd.number,
        0,
        spec.expected_attach_type,
        netfilter__pf=_PF_INET6 if options.family == "ipv6" else _PF_INET,
        netfilter__hooknum=_NF_HOOKS[options.hook],
        netfilter__priority=options.priority & 0xFFFF_FFFF,
        netfilter__flags=1 if options.defrag else 0,  # BPF_F_NETFILTER_IP_DEFRAG
    )
    where = f"netfilter hook {options.hook} with priority {options.priority}"
    if link == -bpf.EOPNOTSUPP:
        raise NotSupported(f"{where} for {options.family}")
    return _made(link, where, "CAP_NET_ADMIN", "6.4")


class _MapAttachment:
    """A program on a map of sockets, where the kernel has no links for those (before 6.10)."""

    def __init__(self, program: KernelProgram, map: int) -> None:
        import os

        self._type, self._program, self._map = program.spec.expected_attach_type, program.fd, Fd(os.dup(map))

    def close(self) -> None:
        """Detach. Closing twice is allowed."""
        if self._map.number >= 0 and self._program.number >= 0:
            bpf.prog_detach(self._program.number, self._map.number, self._type)
        self._map.close()


def attach_to_map(program: KernelProgram, options: AttachOptions) -> Fd | _MapAttachment:
    """Attach to every socket that is, or will be, in a map. Raises: UsageError and as `_made`."""
    spec = program.spec
    if options.map is None:
        hint = f"give it: ebee.attach({spec.name}, map=sockets), where sockets is a SockMap or SockHash"
        raise UsageError(f"the sockets of which map should {spec.name} see?", hint=hint)
    target = map_fd(options.map, options.map.spec.name)
    link = bpf.link_create(program.fd.number, target, spec.expected_attach_type)
    where = f"map {options.map.spec.name}"
    if link == -_EINVAL and bpf.prog_attach(program.fd.number, target, spec.expected_attach_type) == 0:
        return _MapAttachment(program, target)
    return _made(link, where, "CAP_NET_ADMIN", "6.10")


class _SocketAttachment:
    """A program on a socket; taken off by an option of the socket."""

    def __init__(self, socket: int, option: int) -> None:
        import os

        self._socket, self._option = Fd(os.dup(socket)), option

    def close(self) -> None:
        """Detach. Closing twice is allowed."""
        if self._socket.number >= 0:
            _setsockopt(self._socket.number, self._option, 0)
        self._socket.close()


def _setsockopt(number: int, option: int, value: int) -> int:
    """Set an option of a socket; return 0 or the error number."""
    import socket

    sock = socket.socket(fileno=number)
    try:
        sock.setsockopt(_SOL_SOCKET, option, value)
    except OSError as e:
        return e.errno or _EINVAL
    finally:
        sock.detach()
    return 0


def attach_to_socket(program: KernelProgram, options: AttachOptions) -> _SocketAttachment:
    """Attach to a socket; those that share its port have the program, too. Raises: UsageError, SyscallError."""
    spec = program.spec
    if options.socket is None:
        hint = f"give it: ebee.attach({spec.name}, socket=s)"
        raise UsageError(f"the packets of which socket should {spec.name} see?", hint=hint)
    attach, detach = _SO_ATTACH_BPF, _SO_DETACH_FILTER
    if spec.prog_type == abi.BPF_PROG_TYPE_SK_REUSEPORT:
        attach, detach = _SO_ATTACH_REUSEPORT_EBPF, _SO_DETACH_REUSEPORT_BPF
    error = _setsockopt(options.socket, attach, program.fd.number)
    if error:
        hint = "set SO_REUSEPORT on it first" if detach == _SO_DETACH_REUSEPORT_BPF else ""
        raise SyscallError("setsockopt", error, f"{spec.section} on socket {options.socket}", hint=hint)
    return _SocketAttachment(options.socket, detach)


def attach_to_route(program: KernelProgram, options: AttachOptions) -> BpfRoute:
    """Add a route whose packets go through the program. Raises: UsageError, PermissionMissing, SyscallError."""
    from ..sys.routes import BpfRoute

    spec = program.spec
    if not options.route:
        hint = f"name it: ebee.attach({spec.name}, route='10.1.0.0/16 via 10.0.0.1')"
        raise UsageError(f"the packets of which route should {spec.name} see?", hint=hint)
    return BpfRoute(options.route, spec.section.removeprefix("lwt_"), program.fd.number, spec.name)


# What BPF_PROG_ATTACH lets others do beside a program of a control group, or below it.
ALLOW = {"none": 0, "override": abi.BPF_F_ALLOW_OVERRIDE, "multi": abi.BPF_F_ALLOW_MULTI}


def attach_for_good(cgroup: str, attach_type: int, prog_fd: int, allow: str) -> None:
    """Attach to a control group without a link: until `detach_for_good`, or until the group is removed.

    Raises: UsageError, PermissionMissing, SyscallError.
    """
    from ..sys.cgroups import open_cgroup

    with open_cgroup(cgroup) as group:
        result = bpf.prog_attach(prog_fd, group.number, attach_type, ALLOW[allow])
    where = f"control group {cgroup}"
    if result == -bpf.EPERM:
        if {"CAP_NET_ADMIN", "CAP_SYS_ADMIN"} & effective_capabilities():
            hint = "one is attached there, or above, that allows none beside it; or allow= differs from its own"
            raise UsageError(f"{where} takes no such program", hint=hint)
        raise PermissionMissing(f"attaching to {where}", ["CAP_NET_ADMIN"])
    if result == -_EINVAL:
        raise UsageError(f"{where}: the program is of another kind, was loaded for another hook, or is there already")
    if result < 0:
        raise bpf.error(abi.BPF_PROG_ATTACH, -result, where)


def detach_for_good(cgroup: str, attach_type: int, prog_fd: int) -> None:
    """Take off a program that was attached without a link. Raises: UsageError, SyscallError."""
    from ..sys.cgroups import open_cgroup

    with open_cgroup(cgroup) as group:
        result = bpf.prog_detach(prog_fd, group.number, attach_type)
    if result in (-_EINVAL, -bpf.ENOENT):
        raise UsageError(f"control group {cgroup} has no such program without a link")
    if result < 0:
        raise bpf.error(abi.BPF_PROG_DETACH, -result, f"control group {cgroup}")
