"""Attaching programs to network interfaces.

Source: bpf_xdp_link_attach and dev_xdp_attach in net/core/dev.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import NotSupported, PermissionMissing, SyscallError, UsageError
from ..sys import bpf
from ..sys.netdev import interface_index
from ..sys.os_seam import Fd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import ProgramSpec

_EBUSY, _EINVAL, _EEXIST = 16, 22, 17


def attach_xdp(spec: ProgramSpec, program: Fd, interface: str) -> Fd:
    """Attach an XDP program: in the driver if it can, else in the generic path, as the kernel chooses.

    Raises: UsageError for an interface that is not there, has a program already or was not named, PermissionMissing,
    NotSupported, SyscallError.
    """
    if not interface:
        raise UsageError(
            f"which interface should {spec.name} look at?",
            hint=f"name it: ebee.attach({spec.name}, interface='eth0')",
        )
    link = bpf.link_create_interface(program.number, interface_index(interface), abi.BPF_XDP)
    if link >= 0:
        return Fd(link)
    if link == -bpf.EPERM:
        raise PermissionMissing(f"attaching to interface {interface}", ["CAP_NET_ADMIN"])
    if link in (-_EBUSY, -_EEXIST):
        raise UsageError(f"interface {interface} has an XDP program already", hint="detach that one first")
    if link == -bpf.EOPNOTSUPP:
        raise NotSupported(f"XDP on interface {interface}")
    hint = "BPF links to interfaces need Linux 5.9" if link == -_EINVAL else ""
    raise SyscallError("BPF_LINK_CREATE", -link, f"XDP on {interface}", hint=hint)
