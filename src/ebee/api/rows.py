"""`ebee.rows` and `ebee.lines`: what an iterator in the kernel writes, as Python objects."""

from __future__ import annotations

from ..errors import NotSupported, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ..spec.backend import AttachOptions, Backend
    from ..spec.object import ObjectSpec
    from ..types.probes import Probe
    from .live import Loaded
    from .session import Session


def check_row(spec: ObjectSpec, probe: Probe, row: Any) -> None:
    """Raises: UsageError unless `row` is what the probe writes."""
    written = spec.notes.get("rows", {}).get(probe.name)
    type = getattr(row, "_type", None)
    if written is None:
        raise UsageError(f"{probe.name} writes no rows", hint="an iterator does: ctx.seq.write(Row(…))")
    if type is None or written != [type.name, type.size]:
        what = getattr(row, "__name__", None) or repr(row)
        raise UsageError(f"{probe.name} writes rows of {written[0]}, not of {what}")


def check_text(spec: ObjectSpec, probe: Probe) -> None:
    """Raises: UsageError unless the probe prints text."""
    if probe.name not in spec.notes.get("texts", []):
        hint = "an iterator does: print(…, file=ctx.seq)"
        raise UsageError(f"{probe.name} prints no text to its reader", hint=hint)


def read_chunks(
    session: Session, backend: Backend, loaded: Loaded, probe: Probe, where: AttachOptions
) -> Iterator[bytes]:
    """Run an iterator, and yield what it writes as it comes. Raises: NotSupported, UsageError, SyscallError."""
    link = backend.attach(loaded.programs[probe.name], where)
    try:
        read = getattr(link, "read", None)
        if read is None:
            raise NotSupported(f"reading {probe.name}, a probe on {probe.section!r}", hint="only iterators are read")
        yield from read()
    finally:
        link.close()
        session.flush_prints()


def read_rows(chunks: Iterable[bytes], row: Any) -> Iterator[Any]:
    """Yield the rows that an iterator writes."""
    type, rest = row._type, b""
    for chunk in chunks:
        data = rest + chunk
        whole = len(data) - len(data) % type.size
        for at in range(0, whole, type.size):
            yield type.unpack(data[at : at + type.size])
        rest = data[whole:]


def read_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines that an iterator prints; what is no UTF-8 is escaped."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "backslashreplace")
    if rest:
        yield rest.decode("utf-8", "backslashreplace")
