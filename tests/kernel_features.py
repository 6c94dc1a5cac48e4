"""What tests need of a kernel beyond bpf(2): since when Linux has it, and what shows that this one was built with it.

It is asked of the kernel directly and not through ebee, so that a mistake in ebee fails a test instead of skipping it.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import re
import struct
from pathlib import Path

# Name: (first Linux, a path that exists or a name that /proc/kallsyms has, or nothing: the version alone says it).
FEATURES = {
    "kprobe": ("4.17", "/sys/bus/event_source/devices/kprobe/type"),
    "uprobe": ("4.17", "/sys/bus/event_source/devices/uprobe/type"),
    "fentry": ("5.5", "register_ftrace_direct"),  # fexit, fmod_ret and freplace, too
    "lsm": ("5.7", "bpf_lsm_file_open"),
    "struct_ops": ("5.6", "bpf_struct_ops_map_alloc"),
    "struct_ops_link": ("6.4", "bpf_struct_ops_link_create"),
    "kprobe_multi": ("5.18", "register_fprobe_syms"),
    "lsm_cgroup": ("6.0", "__cgroup_bpf_run_lsm_current"),
    "cgrp_storage": ("6.2", "bpf_cgrp_storage_get"),
    "task_kfuncs": ("6.2", "bpf_task_from_pid"),
    "lists": ("6.2", "bpf_obj_free_fields"),
    "netfilter": ("6.4", "bpf_nf_link_attach"),
    "tcx": ("6.6", "tcx_prog_attach"),
    "uprobe_multi": ("6.6", "bpf_uprobe_multi_link_attach"),
    "exceptions": ("6.7", "bpf_throw"),
    "netkit": ("6.7", "netkit_prog_attach"),
    "task_iterators": ("6.7", "bpf_iter_task_vma_new"),
    "may_goto": ("6.9", ""),
    "bits_iterator": ("6.11", "bpf_iter_bits_new"),
    "dynptr_memset": ("6.17", "bpf_dynptr_memset"),
    "dmabuf_iterator": ("6.16", "bpf_iter_dmabuf_new"),
    "arena": ("6.9", "arena_map_alloc"),
    "kprobe_session": ("6.10", "bpf_session_is_return"),
    "work_queues": ("6.10", "bpf_wq_init"),
    "raw_tp_twice": ("6.10", ""),  # one program, more than once on one raw tracepoint
    "uprobe_session": ("6.13", "bpf_uprobe_multi_link_attach"),
    "jump_tables": ("6.19", ""),
    "fsession": ("7.0", ""),
    "sched_ext": ("6.12", "/sys/kernel/sched_ext"),
}

# Program and attach type of features that a kernel may have and yet refuse to everyone.
LOADED = {"fentry": (26, 24), "lsm": (29, 27)}
BPF_SYSCALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "s390x": 351, "ppc64le": 361}


def release() -> tuple[int, ...]:
    """The running kernel's version, as far as it is numbers."""
    return numbers(os.uname().release)


def too_old(feature: str) -> str:
    """Return why this kernel cannot have the feature: it is older."""
    first = FEATURES[feature][0]
    return f"needs Linux {first} for {feature}" if release() < numbers(first) else ""


def missing(feature: str) -> str:
    """Return why the feature is not to be had on this kernel, or "" when it is."""
    if reason := too_old(feature):
        return reason
    sign = FEATURES[feature][1]
    if sign and not (os.path.exists(sign) if sign.startswith("/") else sign in _symbols()):
        return f"this kernel is built without {feature}: it has no {sign}"
    if feature in LOADED and _load_error(*LOADED[feature]) == errno.EPERM:
        return f"{feature} programs are not permitted here"
    return ""


@functools.cache
def _symbols() -> frozenset[str]:
    try:
        return frozenset(line.split()[2] for line in Path("/proc/kallsyms").read_text().splitlines())
    except OSError:
        return frozenset()


@functools.cache
def _load_error(prog_type: int, expected_attach_type: int) -> int:
    """Load a program that is attached to no function: EPERM comes first, before anything else is looked at."""
    insns = ctypes.create_string_buffer(struct.pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0))  # r0 = 0; exit
    text = ctypes.create_string_buffer(b"GPL")
    start = struct.pack("=IIQQ", prog_type, 2, ctypes.addressof(insns), ctypes.addressof(text))
    attr = ctypes.create_string_buffer(start.ljust(68, b"\0") + struct.pack("=I", expected_attach_type), 128)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(BPF_SYSCALL.get(os.uname().machine, -1), 5, attr, 128)
    if fd < 0:
        return ctypes.get_errno()
    os.close(fd)
    return 0


def in_guest() -> bool:
    """Whether vmtest runs here: a kernel of which is known how it was built."""
    return "EBEE_VMTEST_REPORT" in os.environ


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers: (6, 12, 0)."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(n or 0) for n in found.groups()) if found else (0, 0, 0)
