"""`ebee.compile`: probes to an object that can be saved as a file, and loaded by libbpf and bpftool."""

from __future__ import annotations

import sys

from ..errors import UsageError
from .objects import Object
from .source import compile_probes, expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..spec.target import Target
    from ..types.probes import Probe
    from ..types.scalars import Type
    from ..types.struct_ops import StructOps

TARGETS = ("auto", "default", "kernel")


def compile(*probes: Probe | type[StructOps], target: str = "auto") -> Object:
    """Compile probes into one object, without loading them.

    The layout of tracepoints is taken from ebee's own tables (`default`: the same on every machine) or from the
    running kernel (`kernel`); `auto` is `default` with the kernel's types, where a program asks for them. The programs
    of an object act on the whole machine: nothing follows a command there.

    Raises: CompileError, UsageError.
    """
    found = find_target(target)
    structs, singles = expand(probes)
    spec, decls = compile_probes(singles, found)
    spec.notes["types"] = {
        name: {"kind": d.kind, "key": describe(d.key), "value": describe(getattr(d, "type", None) or d.value)}
        for name, d in decls.items()
    }
    for struct in structs:
        from ..lower.struct_ops import add_struct

        kernel = found.btf()
        assert kernel is not None  # its functions are typed from it
        programs = {member: probe.name for member, probe in struct._probes.items()}
        add_struct(spec, kernel, struct.__name__, struct._struct, struct._values, programs)
    return Object(spec, found)


def find_target(name: str) -> Target:
    """Return the Target of a name of `TARGETS`. Raises: UsageError."""
    if name == "kernel":
        from ..kernel.target import kernel_target

        return kernel_target().replace(is_portable=True)  # type: ignore[no-any-return]
    if name == "auto" and sys.platform == "linux":
        from ..kernel.target import portable_target

        return portable_target()
    if name not in TARGETS:
        raise UsageError(f"there is no target {name!r}", hint=f"there are: {', '.join(TARGETS)}")
    from ..spec.default_target import default_target

    return default_target()


def describe(type: Type | None) -> Any:
    """Return a declared type as plain data: its name; of a struct also its size, and fields with their offsets."""
    fields = getattr(type, "fields", None)
    if type is None or fields is None:
        return type and type.name
    rows = [[f.name, f.off_bytes, describe(f.type)] for f in fields.values()]
    return {"name": type.name, "size_bytes": type.size, "fields": rows}
