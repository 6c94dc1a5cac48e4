"""Chooses who runs the programs: the kernel where it lets this user, else the engine, and says why."""

from __future__ import annotations

import os
import sys

from ..errors import NotSupported, PermissionMissing, UsageError
from . import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from ..spec.backend import Backend
    from ..spec.core_relo import CoreTarget

HOW_TO = "run as root (sudo), or grant CAP_BPF and CAP_PERFMON"


def host_arch() -> str:
    """Return the kernel's name of this machine's architecture, or of the one that comes closest to a default."""
    machine = os.uname().machine if hasattr(os, "uname") else ""
    return {"aarch64": "arm64"}.get(machine, "x86_64")


def kernel_backend(prog_types: Collection[int] = ()) -> Backend:
    """The kernel's way, for tracing or for such programs. Raises: PermissionMissing, NotSupported."""
    if sys.platform != "linux":
        raise NotSupported(f"running programs in the kernel: this is {sys.platform}, not Linux")
    from ..kernel.backend import KernelBackend

    reasons = KernelBackend.unavailable(prog_types)
    if reasons:
        names = [name for name in reasons if name.startswith("CAP_")]
        hint = f"run as root (sudo), or grant {' and '.join(names)}" if names else HOW_TO
        raise PermissionMissing("running programs in the kernel", reasons, hint=hint)
    return KernelBackend()


def engine_backend() -> Backend:
    """ebee's own machine."""
    from ..engine.backend import EngineBackend

    return EngineBackend(core_target=_running_types)


def _running_types() -> CoreTarget:
    """The types of the running kernel, for programs that ask for them in the engine. Raises: NotSupported."""
    from ..kernel.vmlinux import core_target

    return core_target()


def choose(
    wanted: str | None, *, has_command: bool, is_replay: bool, has_interface: bool = False,
    prog_types: Collection[int] = (),
) -> Backend:
    """Return a new backend. Raises: PermissionMissing, NotSupported, UsageError, each with what to do.

    `prog_types` are those of programs that are bound to a place and follow nobody: they need no privilege to trace.
    """
    if wanted not in (None, "kernel", "engine"):
        raise UsageError(f"there is no backend {wanted!r}", hint="it is 'kernel' or 'engine'")
    if is_replay:
        if wanted == "kernel":
            raise UsageError("a recording is replayed in the engine", hint="leave out the choice of the kernel")
        return engine_backend()
    if wanted == "engine" and has_interface:
        raise UsageError(
            "the engine has no network interfaces",
            hint="leave out the choice of the engine; in a test it runs single packets: engine.run(probe, packet=…)",
        )
    if wanted == "kernel" or has_interface:
        return kernel_backend(() if has_command else prog_types)
    if wanted is None:
        try:
            return kernel_backend()
        except (PermissionMissing, NotSupported) as e:
            if not has_command and sys.platform != "linux":
                raise
            if not has_command:
                raise PermissionMissing(
                    "tracing the whole machine",
                    e.missing if isinstance(e, PermissionMissing) else [str(e)],
                    hint=f"{HOW_TO}; or trace a command, which needs no privilege: -c COMMAND, or command=[…]",
                ) from None
            missing = " and ".join(e.missing) if isinstance(e, PermissionMissing) else str(e)
            check_engine()
            options.notice(
                f"live in the engine, through ptrace, where set-uid programs gain nothing: the kernel's way needs "
                f"{missing}; {HOW_TO}"
            )
            return engine_backend()
    if not has_command:
        raise UsageError(
            "the engine sees a command or a recording, not the whole machine",
            hint="give it a command (-c COMMAND, command=[…]) or a recording (--replay FILE)",
        )
    check_engine()
    return engine_backend()


def check_engine() -> None:
    """Refuse where the engine cannot trace commands. Raises: NotSupported."""
    from ..engine.hooks.syscalls import unavailable

    reasons = unavailable()
    if reasons:
        raise NotSupported(
            f"tracing a command without privilege: {'; '.join(reasons)}",
            hint="replay a recording instead: --replay FILE (ebee record makes one on a Linux machine)",
        )
