"""Network interfaces, by name, in the network namespace of the calling thread."""

from __future__ import annotations

from ..errors import UsageError


def network_namespace() -> int:
    """Return the number (inode) of the network namespace of the calling thread, 0 if it cannot be told."""
    import os

    try:
        return os.stat("/proc/thread-self/ns/net").st_ino
    except OSError:
        return 0


def interface_index(name: str) -> int:
    """Return the number (ifindex) of an interface. Raises: UsageError for one that is not there."""
    from _socket import if_nameindex, if_nametoindex

    try:
        return if_nametoindex(name)
    except (OSError, ValueError):
        known = ", ".join(sorted(known for _, known in if_nameindex()))
        raise UsageError(f"there is no network interface {name!r}", hint=f"there are {known}") from None
