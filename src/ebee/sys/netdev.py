"""Network interfaces, by name, in the network namespace of the calling thread."""

from __future__ import annotations

from ..errors import UsageError


def interface_index(name: str) -> int:
    """Return the number (ifindex) of an interface. Raises: UsageError for one that is not there."""
    from _socket import if_nameindex, if_nametoindex

    try:
        return if_nametoindex(name)
    except (OSError, ValueError):
        known = ", ".join(sorted(known for _, known in if_nameindex()))
        raise UsageError(f"there is no network interface {name!r}", hint=f"there are {known}") from None
