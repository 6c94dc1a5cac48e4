"""What tests need of a kernel beyond bpf(2): since when Linux has it, and what shows that this one was built with it.

It is asked of the kernel directly and not through ebee, so that a mistake in ebee fails a test instead of skipping it.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

# Name: (first Linux, a path that exists or a name that /proc/kallsyms has).
FEATURES = {
    "kprobe": ("4.17", "/sys/bus/event_source/devices/kprobe/type"),
    "uprobe": ("4.17", "/sys/bus/event_source/devices/uprobe/type"),
    "fentry": ("5.5", "register_ftrace_direct"),  # fexit, fmod_ret and freplace, too
    "lsm": ("5.7", "bpf_lsm_file_open"),
    "struct_ops": ("5.6", "bpf_struct_ops_map_alloc"),
    "kprobe_multi": ("5.18", "register_fprobe_syms"),
    "lsm_cgroup": ("6.0", "__cgroup_bpf_run_lsm_current"),
    "netfilter": ("6.4", "bpf_nf_link_attach"),
    "tcx": ("6.6", "tcx_prog_attach"),
    "uprobe_multi": ("6.6", "bpf_uprobe_multi_link_attach"),
    "netkit": ("6.7", "netkit_prog_attach"),
    "arena": ("6.9", "arena_map_alloc"),
    "kprobe_session": ("6.10", "bpf_session_is_return"),
    "sched_ext": ("6.12", "/sys/kernel/sched_ext"),
}


def release() -> tuple[int, ...]:
    """The running kernel's version, as far as it is numbers."""
    return _numbers(os.uname().release)


def too_old(feature: str) -> str:
    """Return why this kernel cannot have the feature: it is older."""
    first = FEATURES[feature][0]
    return f"needs Linux {first} for {feature}" if release() < _numbers(first) else ""


def missing(feature: str) -> str:
    """Return why the feature is not to be had on this kernel, or "" when it is."""
    sign = FEATURES[feature][1]
    there = os.path.exists(sign) if sign.startswith("/") else sign in _symbols()
    return too_old(feature) or ("" if there else f"this kernel is built without {feature}: it has no {sign}")


@functools.cache
def _symbols() -> frozenset[str]:
    try:
        return frozenset(line.split()[2] for line in Path("/proc/kallsyms").read_text().splitlines())
    except OSError:
        return frozenset()


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return tuple(int(n or 0) for n in found.groups()) if found else (0, 0, 0)
