"""Iterators: what bounds them to a process, a map, or a part of the tree of control groups.

Source: union bpf_iter_link_info, include/uapi/linux/bpf.h; bpf_iter_attach_task in kernel/bpf/task_iter.c,
bpf_iter_attach_cgroup in kernel/bpf/cgroup_iter.c, bpf_iter_attach_map in kernel/bpf/map_iter.c (Linux 6.18).
"""

from __future__ import annotations

import struct

from ..abi import bpf as abi
from ..errors import NotSupported, SyscallError, UsageError
from ..sys import bpf
from ..sys.cgroups import open_cgroup
from .maps import map_fd
from .programs import IterLink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import AttachOptions
    from .programs import KernelProgram

_EINVAL, _EACCES = 22, 13
_TASKS, _MAPS = ("task", "task_file", "task_vma"), ("bpf_map_elem", "bpf_sk_storage_map", "sockmap")
# What bounds iterators, which ones, and in words. Others go through all objects.
_BOUNDS = {
    "pid": (_TASKS, "objects of processes"), "tid": (_TASKS, "objects of processes"),
    "map": (_MAPS, "elements of maps"), "cgroup": (("cgroup",), "control groups"),
    "order": (("cgroup",), "control groups"),
}  # fmt: skip
# enum bpf_cgroup_iter_order
ORDERS = {"self": 1, "descendants_pre": 2, "descendants_post": 3, "ancestors_up": 4}


def attach_iterator(program: KernelProgram, options: AttachOptions, over: int = -1) -> IterLink:
    """Make an iterator that can be read; `over` is the file descriptor of a map that is none of the backend's.

    Raises: UsageError for what does not bound it, NotSupported, SyscallError.
    """
    name = program.spec.attach_to
    if over >= 0 and name not in _MAPS:
        raise UsageError(f"{program.spec.name}: {name} iterates over no {_BOUNDS['map'][1]}")
    for option in options.given():
        kinds, words = _BOUNDS[option]
        if name not in kinds:
            what = f"{option}= means nothing to {program.spec.name}: {name} iterates over no {words}"
            raise UsageError(what, hint=f"those of {', '.join(kinds)} do")
    if options.pid and options.tid:
        raise UsageError("pid= is a process, tid= one thread", hint="give one of them")
    if options.order not in ("", *ORDERS):
        raise UsageError(f"there is no order {options.order!r}", hint=f"there are {', '.join(ORDERS)}")
    if name not in _MAPS and name != "cgroup":
        return _made(program, struct.pack("=III", options.tid, options.pid, 0) if options.given() else b"", options)
    if name in _MAPS:
        if options.map is None and over < 0:
            raise UsageError(f"{program.spec.name} iterates over a map", hint="@ebee.iter(…, map=counts)")
        fd = over if options.map is None else map_fd(options.map, options.map.spec.name)
        return _made(program, struct.pack("=I", fd), options)
    with open_cgroup(options.cgroup or "/") as cgroup:
        order = ORDERS[options.order or "descendants_pre"]
        return _made(program, struct.pack("=IIQ", order, cgroup.number, 0), options)


def _made(program: KernelProgram, info: bytes, options: AttachOptions) -> IterLink:
    name = program.spec.attach_to
    try:
        return IterLink(bpf.link_create_iter(program.fd.number, info))
    except SyscallError as e:
        if e.errno == _EINVAL and program.spec.prog_flags & abi.BPF_F_SLEEPABLE:
            raise NotSupported(f"sleeping while it is iterated over {name}", hint="leave out sleepable=") from None
        if e.errno == _EINVAL and (options.pid or options.tid):
            raise NotSupported(f"iterating over the {name} objects of one process", "6.1") from None
        if e.errno in (_EINVAL, _EACCES) and name in _MAPS:
            which = f" like {options.map.spec.name}" if options.map is not None else " of this kind"
            raise UsageError(f"{name} does not iterate over maps{which}") from None
        raise
