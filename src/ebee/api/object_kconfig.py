"""Filling in what an object wants to know of the kernel's configuration."""

from __future__ import annotations

from ..btf.kinds import BTF_INT_BOOL, BTF_INT_SIGNED, BTF_KIND_ARRAY, BTF_KIND_INT
from ..btf.read import Btf
from ..errors import NotSupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..spec.object import ObjectSpec

MAP = ".kconfig"


def fill(spec: ObjectSpec, backend: str, given: Mapping[str, str | int]) -> None:
    """Set the contents of map `.kconfig`: what was given, else what the running kernel says.

    The engine goes by the machine's kernel, too, where there is one.
    Raises: NotSupported for a variable that is nowhere, UsageError for a value that does not fit.
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
