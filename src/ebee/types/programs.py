"""`ProgArray`: programs that a probe can go on with, by number."""

from __future__ import annotations

from ..abi import bpf
from ..errors import UsageError
from .intrinsics import probe_only
from .maps import MapDecl
from .probes import Probe
from .scalars import u32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ProgArray(MapDecl):
    """Programs by number from 0: BPF_MAP_TYPE_PROG_ARRAY, for tail calls. All are of one kind of hook.

    Outside a probe `progs[2] = probe` puts one in, before probes are attached or while they run, and `del progs[2]`
    takes it out.
    """

    map_type = bpf.BPF_MAP_TYPE_PROG_ARRAY
    kind = "ProgArray"

    def __init__(self, *, max_entries: int, name: str = "") -> None:
        super().__init__(u32, u32, max_entries, name)  # type: ignore[arg-type]
        self._programs: dict[int, Probe] = {}

    def call(self, ctx: Any, index: int) -> None:
        """Inside a probe: go on with the program at `index`, and do not come back.

        Where there is none, or after 33 such calls, the probe goes on behind the call.
        """
        probe_only("ProgArray.call")

    def _index(self, index: int) -> int:
        if not isinstance(index, int) or not 0 <= index < self.max_entries:
            raise IndexError(f"{self.kind} {self.name} has places 0 to {self.max_entries - 1}, not {index!r}")
        return index

    def __setitem__(self, index: int, probe: Probe) -> None:
        if not isinstance(probe, Probe):
            raise UsageError(
                f"{self.kind} {self.name} takes probes, not {probe!r}", hint="decorate the function, e.g. @ebee.xdp"
            )
        self._programs[self._index(index)] = probe
        for live in self._bindings:
            live.set_program(index, probe)  # type: ignore[attr-defined]

    def __delitem__(self, index: int) -> None:
        if self._programs.pop(self._index(index), None) is None:
            raise KeyError(index)
        for live in self._bindings:
            live.delete(index.to_bytes(4, "little"))

    def __contains__(self, index: int) -> bool:
        return index in self._programs

    def __len__(self) -> int:
        return self.max_entries
