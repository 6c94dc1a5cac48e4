"""What a program may know about the running kernel."""

from __future__ import annotations

from ..errors import PermissionMissing, SyscallError, UnknownProbe
from ..sys.os_seam import current
from .syscall_entry import ARCH_OF_MACHINE, syscall_number
from .task_layout import VMLINUX_BTF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..btf.read import Btf
    from ..spec.target import Target, TracepointFormat
    from ..spec.usdt import UsdtSite
    from ..sys.tracefs import Tracefs


class Tracepoints:
    """The tracepoints of the running kernel. tracefs is opened when first needed: for system calls it is not."""

    def __init__(self) -> None:
        self.arch = ARCH_OF_MACHINE.get(current().machine, "x86_64")
        self._tracefs: Tracefs | None = None
        self._formats: dict[str, TracepointFormat | None] = {}

    def _default(self) -> Target:
        from ..spec.default_target import default_target

        return default_target(self.arch)

    def _open(self) -> Tracefs:
        if self._tracefs is None:
            from ..sys.tracefs import open_tracefs

            self._tracefs = open_tracefs()
        return self._tracefs

    def lookup(self, event: str) -> TracepointFormat | None:
        """Return the record layout of `category:name`, or None for an event that this kernel does not have.

        The layout of system calls is the same everywhere, so it comes from ebee's own table; for other events that
        table serves where tracefs cannot be read.
        """
        if event not in self._formats:
            self._formats[event] = self._find(event)
        return self._formats[event]

    def _find(self, event: str) -> TracepointFormat | None:
        if syscall_number(event, current().machine) is not None:
            known = self._default().tracepoint(event)
            if known is not None:
                return known
        try:
            return self.format(event)
        except UnknownProbe:
            return None
        except (PermissionMissing, SyscallError):
            return self._default().tracepoint(event)

    def format(self, event: str) -> TracepointFormat:
        """Return the record layout that tracefs gives. Raises: UnknownProbe, PermissionMissing, SyscallError."""
        from ..spec.tracepoint_format import parse_format

        category, _, name = event.partition(":")
        return parse_format(event, self._open().event_format(category, name))

    def event_id(self, event: str) -> int:
        """Return the event's number for perf_event_open(2). Raises: UnknownProbe, PermissionMissing, SyscallError."""
        category, _, name = event.partition(":")
        return self._open().event_id(category, name)

    def names(self) -> Sequence[str]:
        """Return all events that are known, sorted; slow."""
        try:
            names = self._open().event_names()
        except (PermissionMissing, SyscallError):
            names = []
        return names or self._default().tracepoint_names()

    def close(self) -> None:
        """Let go of tracefs."""
        if self._tracefs is not None:
            self._tracefs.close()
            self._tracefs = None


class Features:
    """The features of the running kernel that a compiler may use; `in` finds out."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def __contains__(self, name: object) -> bool:
        if name in ("may_goto", "bpf_loop") and name not in self._known:
            from . import features

            self._known[str(name)] = features.have_may_goto() if name == "may_goto" else features.have_bpf_loop()
        return self._known.get(str(name), False)


def _btf() -> Btf | None:
    from .vmlinux import vmlinux_btf

    return vmlinux_btf()


def _module_btf(name: str) -> Btf | None:
    from .vmlinux import module_btf

    return module_btf(name)


def _usdt(path: str, provider: str, name: str) -> list[UsdtSite]:
    from ..symbols.binaries import find_binary
    from ..symbols.usdt import find_marks

    return find_marks(find_binary(path), provider, name)


def portable_target() -> Target:
    """Return the Target that ships with ebee, with the running kernel's types and programs, for what asks for them."""
    from ..spec.default_target import default_target

    target: Target = default_target(ARCH_OF_MACHINE.get(current().machine, "x86_64")).replace(
        btf=_btf,
        module_btf=_module_btf,
        usdt=_usdt,
        is_portable=True,
        btf_hint=f"{VMLINUX_BTF} cannot be read: compile it where the kernel was built with CONFIG_DEBUG_INFO_BTF",
    )
    return target


def kernel_target(tracepoints: Tracepoints | None = None) -> Target:
    """Return the Target for the running kernel.

    Its features are asked for when a program wants one: most do not, and each costs the load of a small program.
    """
    from ..spec.target import Target

    tracepoints = tracepoints or Tracepoints()
    return Target(
        name=f"kernel-{tracepoints.arch}",
        arch=tracepoints.arch,
        tracepoint=tracepoints.lookup,
        tracepoint_names=tracepoints.names,
        features=Features(),
        btf=_btf,
        module_btf=_module_btf,
        usdt=_usdt,
    )
