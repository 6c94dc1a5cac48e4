"""Which of several programs on one hook runs first: those of tcx and netkit (Linux 6.6), and of control groups (6.17).

Source: bpf_mprog_attach in kernel/bpf/mprog.c, get_prog_list in kernel/bpf/cgroup.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import NotSupported, UsageError
from .programs import KernelProgram

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import AttachOptions

_ENOENT, _EINVAL, _ESTALE, _EDOM, _ERANGE = 2, 22, 116, 33, 34
ALL = "all"


def order_fields(options: AttachOptions, kind: str) -> dict[str, int]:
    """Return the fields of `link_create` that say where among others a program goes; `kind` is the part of the union.

    `before` or `after` is a loaded program, the id of one, or "all". Raises: UsageError for both, and for others.
    """
    if options.before is not None and options.after is not None and ALL not in (options.before, options.after):
        raise UsageError("a program goes before one, or after one", hint="leave out before= or after=")
    fields = {f"{kind}__expected_revision": options.revision} if options.revision else {}
    flags = 0
    for other, flag in ((options.before, abi.BPF_F_BEFORE), (options.after, abi.BPF_F_AFTER)):
        if other is None:
            continue
        flags |= flag
        if isinstance(other, KernelProgram):
            fields[f"{kind}__relative_fd"] = other.fd.number
        elif isinstance(other, int) and not isinstance(other, bool):
            flags |= abi.BPF_F_ID
            fields[f"{kind}__relative_id"] = other
        elif other != ALL:
            raise UsageError(f"{other!r} is no program to go before or after", hint='a probe, an id, or "all"')
    return fields | ({"flags": flags} if flags else {})


def refusal(errno: int, where: str, options: AttachOptions, since: str) -> Exception | None:
    """Return what an error number says about the order that was asked for, None if nothing."""
    if options.before is None and options.after is None and not options.revision:
        return None
    if errno in (_ENOENT, _EDOM, _ERANGE):
        return UsageError(f"{where} does not have the program that this one is to go before or after")
    if errno == _ESTALE:
        return UsageError(f"at {where} something was attached or detached since revision {options.revision}")
    if errno == _EINVAL:
        return NotSupported(f"an order of programs at {where}", since)
    return None
