"""The running kernel's own types: read once a process, with an index that is kept on disk."""

from __future__ import annotations

from ..abi import bpf as abi
from ..btf.kinds import BTF_KIND_FUNC, BTF_KIND_VAR
from ..btf.read import Btf
from ..errors import BtfError, NotSupported, SyscallError
from ..sys import bpf
from ..sys.os_seam import current
from .task_layout import VMLINUX_BTF, cache_path, map_own_file, write_own_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec.core_relo import CoreTarget
    from ..sys.os_seam import Fd

BTF_DIRECTORY = "/sys/kernel/btf"

_found: list[Btf | None] = []
_symbols: dict[tuple[Btf, str, int], int] = {}  # types, name, kind -> BTF id in the kernel itself, or 0


def vmlinux_btf() -> Btf | None:
    """Return the running kernel's BTF, or None if it has none (or none that can be read)."""
    if not _found:
        _found.append(_open())
    return _found[0]


def module_btf(name: str) -> Btf | None:
    """Return the BTF of a loaded kernel module, or None if it is not loaded, or has none that can be read."""
    base = vmlinux_btf()
    try:
        if base is None or not name.replace("_", "").isalnum():
            return None
        return Btf(current().read_file(f"{BTF_DIRECTORY}/{name}"), base=base)
    except (OSError, BtfError):
        return None


def _open() -> Btf | None:
    try:
        data = current().map_file(VMLINUX_BTF)
        path = cache_path("btf-index-4")  # the number is that of the format
        index = map_own_file(path) if path else None
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


def required_btf() -> Btf:
    """Return the running kernel's BTF. Raises: NotSupported."""
    btf = vmlinux_btf()
    if btf is None:
        raise NotSupported("the kernel's types", "5.4 with CONFIG_DEBUG_INFO_BTF", hint=f"{VMLINUX_BTF} cannot be read")
    return btf


def core_target() -> CoreTarget:
    """Return the types that objects are relocated against: the kernel's, and its modules'. Raises: NotSupported."""
    from ..spec.core_relo import CoreTarget

    return CoreTarget("vmlinux", required_btf(), _modules)


def _modules() -> list[tuple[str, Btf]]:
    found = []
    for name in _module_names():
        btf = module_btf(name)
        if btf is not None:
            found.append((name, btf))
    return found


def find_symbol(names: Sequence[str], *, is_function: bool) -> tuple[int, str] | None:
    """Return the BTF id of the kernel's function or variable of one of these names, and its module (empty: none)."""
    btf, kind = required_btf(), BTF_KIND_FUNC if is_function else BTF_KIND_VAR
    for name in names:
        key = (btf, name, kind)
        if key not in _symbols:
            found = btf.by_name(name, kind)
            _symbols[key] = 0 if found is None else found.id
        if _symbols[key]:
            return _symbols[key], ""
    for module in _module_names():
        try:
            types = Btf(current().read_file(f"{BTF_DIRECTORY}/{module}"), base=btf)
            for name in names:
                found = types.by_name(name, kind)
                if found is not None and found.id >= btf.type_count:
                    return found.id, module
        except (OSError, BtfError):
            continue  # unloaded meanwhile
    return None


def _module_names() -> list[str]:
    """Return the modules that have types; they may be loaded and unloaded at any time."""
    return [name for name in sorted(current().list_directory(BTF_DIRECTORY)) if name != "vmlinux"]


def module_btf_fd(module: str) -> Fd:
    """Return the types of a module, as programs that call its functions are given them. Raises: NotSupported."""
    for id in bpf.ids(abi.BPF_BTF_GET_NEXT_ID):
        try:
            fd = bpf.fd_by_id(abi.BPF_BTF_GET_FD_BY_ID, id)
            if bpf.kernel_btf_name(fd.number) == module:
                return fd
        except SyscallError:
            continue  # gone meanwhile
    raise NotSupported(f"functions of module {module!r}", hint="it was unloaded")
