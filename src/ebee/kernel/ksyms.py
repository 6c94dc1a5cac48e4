"""Addresses of what the kernel has, by name, for variables that programs know no type of.

Source: bpf_object__read_kallsyms_file in libbpf.c (libbpf 1.6).
"""

from __future__ import annotations

from ..errors import PermissionMissing
from ..sys.os_seam import current

_kept: list[bytes] = []


def address_of(name: str) -> int:
    """Return the address of a function or variable of the kernel or its modules, 0 if there is none of that name.

    Raises: PermissionMissing where the kernel hides its addresses.
    """
    if not _kept:
        try:
            _kept.append(b"\n" + current().read_file("/proc/kallsyms"))
        except OSError:
            _kept.append(b"")
    table = _kept[0]
    for end in (b"\n", b"\t"):  # a module's name follows
        at = table.find(f" {name}".encode() + end)
        if at >= 0:
            line = table[table.rindex(b"\n", 0, at) + 1 : at]
            address = int(line.split()[0], 16)
            if not address:
                raise PermissionMissing(f"the address of the kernel's {name}", ["CAP_SYSLOG"])
            return address
    return 0
