"""Types in the kernel's BTF that programs are loaded with: what `attach_btf_id` and `attach_btf_obj_fd` are.

Source: libbpf_find_attach_btf_id in libbpf.c (libbpf 1.6); check_attach_btf_id in kernel/bpf/verifier.c (Linux 6.18).
"""

from __future__ import annotations

from ..errors import BtfError, NotSupported, UnknownProbe
from ..spec.btf_hooks import find_hook, hook_names
from .vmlinux import module_btf, module_btf_fd, vmlinux_btf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf
    from ..sys.os_seam import Fd


def find_attach_btf(kind: str, name: str) -> tuple[int, Fd | None]:
    """Return the id of the type that a hook has, and the BTF that it is in, None for vmlinux.

    Raises: UnknownProbe with close names, NotSupported without BTF, SyscallError.
    """
    module, colon, function = name.rpartition(":")
    btf = module_btf(module) if colon else vmlinux_btf()
    if btf is None:
        hint = f"/sys/kernel/btf/{module or 'vmlinux'} cannot be read"
        raise NotSupported(f"programs of section {kind!r}", "5.5 with CONFIG_DEBUG_INFO_BTF", hint=hint)
    type = find_hook(btf, kind, function)
    if type is None:
        raise UnknownProbe(f"{kind}:{name}", close_names(btf, kind, function))
    return type.id, module_btf_fd(module) if colon else None


def close_names(btf: Btf, kind: str, name: str) -> list[str]:
    """Return names of hooks that are alike."""
    from difflib import get_close_matches

    try:
        return get_close_matches(name, hook_names(btf, kind), 3)
    except BtfError:
        return []
