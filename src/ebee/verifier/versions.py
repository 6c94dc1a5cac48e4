"""What kernels other than Linux 6.18 let programs do otherwise than the tables of abi say."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Rows = tuple[tuple[str, str], ...]

BASE = "6.18"  # the kernel of the tables
_known: dict[tuple[str, str, str], bool | None] = {}


def helper_differs(kernel: str, kind: str, name: str) -> bool | None:
    """Tell if programs of a kind of section may call a helper there, None if the table of 6.18 says it."""
    if kernel == BASE:
        return None
    from ..abi.by_kernel import HELPERS_LESS, HELPERS_MORE

    return _differs(HELPERS_LESS.get(kernel, ()), HELPERS_MORE.get(kernel, ()), (kernel, kind, name))


def kfunc_differs(kernel: str, prog_type: str, name: str) -> bool | None:
    """Tell if programs of a type may call a kernel function there, None if the table of 6.18 says it."""
    if kernel == BASE:
        return None
    from ..abi.by_kernel import KFUNC_TYPES_LESS, KFUNC_TYPES_MORE

    return _differs(KFUNC_TYPES_LESS.get(kernel, ()), KFUNC_TYPES_MORE.get(kernel, ()), (kernel, prog_type, name))


def has_kfunc(kernel: str, name: str) -> bool:
    """Tell if that kernel has a function that 6.18 has."""
    if kernel == BASE:
        return True
    from ..abi.by_kernel import KFUNCS_LESS

    return name not in KFUNCS_LESS.get(kernel, "").split()


def has_kind(kernel: str, kind: str) -> bool:
    """Tell if programs of a kind of section can be loaded there."""
    if kernel == BASE:
        return True
    from ..abi.by_kernel import KINDS_LESS

    return kind not in KINDS_LESS.get(kernel, "").split()


def places_differ(kernel: str, kind: str) -> tuple[str, str]:
    """Return the places of a context that cannot be read there, and those that can be written only there."""
    if kernel == BASE:
        return "", ""
    from ..abi.by_kernel import READS_LESS, WRITES_MORE

    return READS_LESS.get(kernel, {}).get(kind, ""), WRITES_MORE.get(kernel, {}).get(kind, "")


def _differs(less: Rows, more: Rows, key: tuple[str, str, str]) -> bool | None:
    if key not in _known:
        _, kind, name = key
        is_more, is_less = (
            any(name in names.split() and kind in kinds.split() for names, kinds in rows) for rows in (more, less)
        )
        _known[key] = True if is_more else False if is_less else None
    return _known[key]
