"""What probes print: the values that come out of the ring buffer become text here."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..spec.backend import BackendMap

    Show = Callable[[str, str], None]

_CONVERT: dict[str, Callable[[Any], Any]] = {"r": repr, "s": str, "a": ascii}


class Prints:
    """The places of one session that print, and the ring buffer that they share."""

    def __init__(self, ring: BackendMap, show: Show | None) -> None:
        self.ring, self.show = ring, show or write
        self.sites: list[dict[str, Any]] = []
        self._pid = os.getpid()

    def flush(self) -> None:
        """Show what was printed so far, in order. In a fork of the process that attached nothing is shown."""
        records = self.ring.drain() if os.getpid() == self._pid else []
        if not records:
            return
        stream = ""
        texts: list[str] = []
        for record in records:
            site = self.sites[int.from_bytes(record[:4], "little")]
            if site["stream"] != stream and texts:
                self.show("".join(texts), stream)
                texts = []
            stream = site["stream"]
            texts.append(text_of(site["parts"], record))
        self.show("".join(texts), stream)


def text_of(parts: Sequence[Any], record: bytes) -> str:
    """Return the text of a record; `parts` as in `lower.printing`."""
    out = []
    for part in parts:
        if isinstance(part, str):
            out.append(part)
            continue
        off, size, kind, conversion, spec, *names = part
        data = record[off : off + size]
        value: Any
        if kind == "t":
            end = data.find(b"\0")
            value = (data if end < 0 else data[:end]).decode("utf-8", "backslashreplace")
        elif kind == "y":
            value = data
        else:
            value = int.from_bytes(data, "little", signed=kind == "s")
            if kind == "b":
                value = bool(value)
            if names and str(value) in names[0]:
                out.append(names[0][str(value)])
                continue
        if conversion:
            value = _CONVERT[conversion](value)
        out.append(format(value, spec))
    return "".join(out)


def write(text: str, stream: str) -> None:
    """Write to standard output or standard error, at once. What the stream cannot encode is escaped."""
    out = sys.stderr if stream == "stderr" else sys.stdout
    if out is None:  # as print() does in a process without one
        return
    try:
        out.write(text)
    except UnicodeEncodeError:
        encoding = out.encoding or "ascii"
        out.write(text.encode(encoding, "backslashreplace").decode(encoding))
    out.flush()
