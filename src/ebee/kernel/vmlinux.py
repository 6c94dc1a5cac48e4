"""The running kernel's own types: read once a process, with an index that is kept on disk."""

from __future__ import annotations

from ..btf.read import Btf
from ..errors import BtfError, NotSupported
from ..spec import core_fields
from ..sys.os_seam import current
from .task_layout import VMLINUX_BTF, cache_path, read_own_file, write_own_file

_MOST_INDEX_BYTES = 1 << 24

_found: list[Btf | None] = []


def vmlinux_btf() -> Btf | None:
    """Return the running kernel's BTF, or None if it has none (or none that can be read)."""
    if not _found:
        _found.append(_open())
    return _found[0]


def _open() -> Btf | None:
    try:
        data = current().map_file(VMLINUX_BTF)
        path = cache_path("btf-index")
        index = read_own_file(path, _MOST_INDEX_BYTES) if path else None
        if index is not None:
            try:
                return Btf(data, index=index)
            except BtfError:
                pass  # damaged, or of other data: made again
        btf = Btf(data)
        if path:
            write_own_file(path, btf.index_bytes())
        return btf
    except (OSError, BtfError):
        return None


def field_off(symbol: str) -> int:
    """Return the offset in bytes at which this kernel has a field (CO-RE). Raises: NotSupported."""
    btf = vmlinux_btf()
    if btf is None:
        raise NotSupported("the kernel's types", "5.4 with CONFIG_DEBUG_INFO_BTF", hint=f"{VMLINUX_BTF} cannot be read")
    return core_fields.field_off(btf, symbol)
