"""Attaching programs to network interfaces: XDP, tcx (or clsact where the kernel has no tcx) and netkit.

Source: bpf_xdp_link_attach and dev_xdp_attach in net/core/dev.c, kernel/bpf/tcx.c, drivers/net/netkit.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import NotSupported, PermissionMissing, SyscallError, UsageError
from ..sys import bpf
from ..sys.netdev import interface_index, network_namespace
from ..sys.os_seam import Fd
from .ordering import ALL, order_fields, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import AttachOptions
    from .programs import Closable, KernelProgram

_ENOENT, _ENXIO, _EACCES, _EBUSY, _EEXIST, _ENODEV, _EINVAL = 2, 6, 13, 16, 17, 19, 22
_XDP_FLAGS_UPDATE_IF_NOEXIST = 1
_XDP_MODES = {"": 0, "generic": 2, "native": 4, "offload": 8}  # XDP_FLAGS_*, include/uapi/linux/if_link.h

_MODE_HINTS = {
    "native": "its driver runs no programs: mode='generic' does",
    "offload": "its card runs no programs itself, as hardly any does: mode='native' has the driver run them",
}


def attach_to_interface(program: KernelProgram, options: AttachOptions) -> Closable:
    """Attach to an interface. XDP: in the driver if it can, else in the generic path, unless a mode is asked for.

    Raises: UsageError for an interface that is not there, has a program already or was not named, PermissionMissing,
    NotSupported, SyscallError.
    """
    spec, interface = program.spec, options.interface
    if not interface:
        raise UsageError(
            f"which interface should {spec.name} look at?",
            hint=f"name it: ebee.attach({spec.name}, interface='eth0')",
        )
    index, attach_type = interface_index(interface), spec.expected_attach_type
    is_xdp = spec.prog_type == abi.BPF_PROG_TYPE_XDP
    if not attach_type:
        hint = "tcx/ingress or tcx/egress, also for classic tc"
        raise UsageError(f"section {spec.section!r} does not say which packets {spec.name} should see", hint=hint)
    if not is_xdp and (options.mode or options.priority):
        return _classic(program, options, index)
    if is_xdp:
        return _xdp(program, options, index)
    fields = order_fields(options, _kind(attach_type))
    link = bpf.link_create(program.fd.number, index, attach_type, **fields)
    if link >= 0:
        return Fd(link)
    refused = refusal(-link, f"interface {interface}", options, "6.6")
    if refused is not None:
        raise refused
    if link == -bpf.EPERM:
        raise PermissionMissing(f"attaching to interface {interface}", ["CAP_NET_ADMIN"])
    if attach_type in (abi.BPF_TCX_INGRESS, abi.BPF_TCX_EGRESS) and link == -_EINVAL:
        return _classic(program, options, index)
    if link in (-_ENXIO, -_ENODEV, -_EACCES):
        why = "is no netkit device" if link != -_EACCES else "is the peer: probes of both ends go to the primary one"
        raise UsageError(f"interface {interface} {why}")
    raise SyscallError("BPF_LINK_CREATE", -link, f"{spec.section} on {interface}")


def _xdp(program: KernelProgram, options: AttachOptions, index: int) -> Closable:
    """Attach an XDP program, as the only one or in its place among those of this process. Raises: as above."""
    from .xdp_chain import XdpChain, chain_of, missing

    key, where = (network_namespace(), index), f"interface {options.interface}"
    known = chain_of(key)
    if known is not None:
        return known.add(program, options)
    order_fields(options, "tcx")
    if any(other not in (None, ALL) for other in (options.before, options.after)):
        raise missing(where)
    link = bpf.link_create(program.fd.number, index, abi.BPF_XDP, flags=_XDP_MODES[options.mode])
    if link == -bpf.EPERM:
        raise PermissionMissing(f"attaching to {where}", ["CAP_NET_ADMIN"])
    if link in (-_EBUSY, -_EEXIST):
        raise UsageError(f"{where} has an XDP program already", hint="another process has it there: detach it first")
    if link == -bpf.EOPNOTSUPP or link == -_EINVAL and options.mode == "offload":
        what = f"XDP on {where}" + (f" in mode {options.mode}" if options.mode else "")
        raise NotSupported(what, hint=_MODE_HINTS.get(options.mode, ""))
    if link < 0:
        hint = "BPF links to interfaces need Linux 5.9" if link == -_EINVAL else ""
        raise SyscallError("BPF_LINK_CREATE", -link, f"XDP on {where}", hint=hint)
    return XdpChain(key, Fd(link), program, options).first()


# What may be attached to an interface for good, as bpftool calls it: the mode of XDP, or the attach type.
KINDS: dict[str, tuple[str, int]] = {
    "xdp": ("", 0), "xdpgeneric": ("generic", 0), "xdpdrv": ("native", 0), "xdpoffload": ("offload", 0),
    "tcx_ingress": ("", abi.BPF_TCX_INGRESS), "tcx_egress": ("", abi.BPF_TCX_EGRESS),
}  # fmt: skip


def attach_for_good(interface: str, kind: str, prog_fd: int, *, overwrite: bool = False) -> None:
    """Attach a program without a link: it stays until it is detached, or the interface goes.

    One that XDP has there already is replaced if `overwrite` says so. Raises: UsageError, NotSupported,
    PermissionMissing, SyscallError.
    """
    mode, attach_type = KINDS[kind]
    if attach_type and overwrite:
        hint = "`ebee net detach` takes one off"
        raise UsageError("tcx runs several programs: nothing is overwritten there", hint=hint)
    index = interface_index(interface)
    flags = _XDP_MODES[mode] | (0 if overwrite else _XDP_FLAGS_UPDATE_IF_NOEXIST)
    done = bpf.prog_attach(prog_fd, index, attach_type) if attach_type else _set_xdp(index, prog_fd, flags)
    _check_for_good(done, interface, kind, mode)


def detach_for_good(interface: str, kind: str, prog_fd: int = -1) -> None:
    """Take off what was attached without a link: of tcx the program that is named. Raises: as `attach_for_good`."""
    mode, attach_type = KINDS[kind]
    if attach_type and prog_fd < 0:
        raise UsageError("which of the programs of tcx should go?", hint="`ebee net list` shows them")
    index = interface_index(interface)
    done = bpf.prog_detach(prog_fd, index, attach_type) if attach_type else _set_xdp(index, -1, _XDP_MODES[mode])
    if attach_type and done == -_ENOENT:
        raise UsageError(f"interface {interface} does not have this program on {kind}")
    _check_for_good(done, interface, kind, mode)


def _set_xdp(index: int, prog_fd: int, flags: int) -> int:
    from ..sys.netlink import set_xdp

    try:
        set_xdp(index, prog_fd, flags)
    except OSError as e:
        return -(e.errno or _EINVAL)
    return 0


def _check_for_good(done: int, interface: str, kind: str, mode: str) -> None:
    what = f"{kind} on interface {interface}"
    if done == -bpf.EPERM:
        raise PermissionMissing(f"attaching to interface {interface}", ["CAP_NET_ADMIN"])
    if done in (-_EBUSY, -_EEXIST):
        hint = "`ebee net list` shows it; a link's goes by `ebee link detach`, others with --overwrite"
        raise UsageError(f"interface {interface} has a program there already", hint=hint)
    if done == -bpf.EOPNOTSUPP:
        raise NotSupported(what, hint=_MODE_HINTS.get(mode, ""))
    if done == -_EINVAL:
        raise UsageError(f"{what}: the program is of another kind, or this kernel does not know it")
    if done < 0:
        raise SyscallError("attaching", -done, what)


def _kind(attach_type: int) -> str:
    return "netkit" if attach_type in (abi.BPF_NETKIT_PRIMARY, abi.BPF_NETKIT_PEER) else "tcx"


def _classic(program: KernelProgram, options: AttachOptions, index: int) -> Closable:
    """Attach as a filter of clsact, which kernels before 6.6 have, too; those of a lower priority= run first.

    Raises: UsageError, PermissionMissing, SyscallError.
    """
    from ..sys.netlink import ClsactFilter

    attach_type = program.spec.expected_attach_type
    if options.mode not in ("", "classic") or attach_type not in (abi.BPF_TCX_INGRESS, abi.BPF_TCX_EGRESS):
        what = f"mode={options.mode!r}" if options.mode else "priority="
        raise UsageError(f"{program.spec.section} does not take {what}", hint="mode='classic' is for tc")
    if options.before is not None or options.after is not None or options.revision:
        raise UsageError("filters of classic tc have a priority=", hint="before= and after= are for tcx: Linux 6.6")
    if not 0 <= options.priority < 1 << 16:
        raise UsageError(f"priority= is a number from 1 to 65535, not {options.priority}")
    is_egress = attach_type == abi.BPF_TCX_EGRESS
    return ClsactFilter(index, program.fd.number, program.spec.name, is_egress=is_egress, priority=options.priority)
