"""Filling in what an object wants to know of the kernel's configuration."""

from __future__ import annotations

from ..btf.kinds import BTF_INT_BOOL, BTF_INT_SIGNED, BTF_KIND_ARRAY, BTF_KIND_ENUM, BTF_KIND_INT
from ..btf.read import Btf
from ..errors import NotSupported, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..spec.object import ObjectSpec

MAP = ".kconfig"


def fill(spec: ObjectSpec, backend: str, given: Mapping[str, str | int]) -> None:
    """Set the contents of map `.kconfig`: what was given, else what the running kernel says.

    The engine goes by the machine's kernel, too, where there is one.
    Raises: NotSupported for a variable that is nowhere, UsageError for a value, or a type, that does not fit.
    """
    from ..kernel.kconfig import kernel_config, value_bytes, virtual_values

    values = {name: str(value) for name, value in given.items()}
    missing = spec.kconfig.keys() - values.keys()
    if any(not name.startswith("CONFIG_") for name in missing):
        values = virtual_values(is_kernel=backend == "kernel") | values
    if any(name.startswith("CONFIG_") for name in missing):
        try:
            values = kernel_config() | values
        except NotSupported:
            if any(name.startswith("CONFIG_") and not spec.kconfig[name] for name in missing):
                raise
    map, btf = spec.maps[MAP], Btf(spec.btf)
    data = bytearray(map.value_size)
    for var_id, off, size in btf.by_id(map.value_type_id).secinfos:
        variable = btf.by_id(var_id)
        if not _is_fillable(btf, variable.type_id):
            hint = "declare it as a bool, a number, an enum libbpf_tristate, or an array of char of some size"
            raise UsageError(f"{variable.name}: no configuration fills in a variable of its type", hint=hint)
        text = values.get(variable.name)
        if text is None:
            if not spec.kconfig.get(variable.name):
                hint = f"declare it __weak, or give it: kconfig={{{variable.name!r}: …}}"
                raise NotSupported(f"{variable.name}: this kernel's configuration does not have it", hint=hint)
            continue
        type = btf.resolve(variable.type_id)
        encoding = type.int_encoding[0] if type.kind == BTF_KIND_INT else 0
        is_signed, is_bool = bool(encoding & BTF_INT_SIGNED), bool(encoding & BTF_INT_BOOL)
        data[off : off + size] = value_bytes(
            variable.name, text, size, is_signed, is_bool, type.kind == BTF_KIND_ARRAY
        )
    map.initial = bytes(data) if any(data) else b""


def _is_fillable(btf: Btf, type_id: int) -> bool:
    """Whether a value of the configuration can be of a type. Source: find_kcfg_type in libbpf.c (libbpf 1.6)."""
    type = btf.resolve(type_id)
    if type.kind == BTF_KIND_ARRAY:
        element_id, _index, count = type.array
        element = btf.resolve(element_id)
        is_char = element.kind == BTF_KIND_INT and element.size_bytes == 1
        return count > 0 and is_char and not element.int_encoding[0] & BTF_INT_BOOL
    if type.kind == BTF_KIND_INT:
        return type.size_bytes == 1 or not type.int_encoding[0] & BTF_INT_BOOL and type.size_bytes in (2, 4, 8)
    return type.kind == BTF_KIND_ENUM and type.size_bytes == 4 and type.name == "libbpf_tristate"
