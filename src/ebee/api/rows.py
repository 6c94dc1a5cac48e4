"""`ebee.rows`: what an iterator in the kernel writes, as Python objects."""

from __future__ import annotations

from ..errors import NotSupported, UsageError
from ..spec.backend import AttachOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..spec.backend import Backend
    from ..spec.object import ObjectSpec
    from ..types.probes import Probe
    from .live import Loaded


def check_row(spec: ObjectSpec, probe: Probe, row: Any) -> None:
    """Raises: UsageError unless `row` is what the probe writes."""
    written = spec.notes.get("rows", {}).get(probe.name)
    type = getattr(row, "_type", None)
    if written is None:
        raise UsageError(f"{probe.name} writes no rows", hint="an iterator does: ctx.seq.write(Row(…))")
    if type is None or written != [type.name, type.size]:
        what = getattr(row, "__name__", None) or repr(row)
        raise UsageError(f"{probe.name} writes rows of {written[0]}, not of {what}")


def read_rows(backend: Backend, loaded: Loaded, probe: Probe, row: Any, pid: int) -> Iterator[Any]:
    """Run an iterator, and yield its rows. Raises: NotSupported, SyscallError."""
    link = backend.attach(loaded.programs[probe.name], AttachOptions(pid=pid))
    try:
        read = getattr(link, "read", None)
        if read is None:
            raise NotSupported(f"reading {probe.name}, a probe on {probe.section!r}", hint="only iterators are read")
        type, rest = row._type, b""
        for chunk in read():
            data = rest + chunk
            whole = len(data) - len(data) % type.size
            for at in range(0, whole, type.size):
                yield type.unpack(data[at : at + type.size])
            rest = data[whole:]
    finally:
        link.close()
