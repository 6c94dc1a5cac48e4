"""A session's names for stacks: what its processes map is remembered while they run."""

from __future__ import annotations

from ..errors import EbeeError
from ..symbols.names import Symbols
from ..symbols.process import Mapping
from . import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec.backend import Backend, MappingSource
    from ..types.call_stacks import Frame


class StackNames:
    """Symbols, and what tells of new mappings: of commands, of processes by number, or of all."""

    def __init__(self) -> None:
        self.symbols = Symbols(tell=options.notice)
        self._sources: list[tuple[MappingSource, set[int]]] = []
        self._has_all = False

    def follow(self, backend: Backend, pid: int, *, is_for_command: bool) -> None:
        """Remember what the command that starts next maps, or process `pid` with its children, or (0) all processes."""
        if pid:
            self.symbols.remember(pid)
        if self._has_all and not pid and not is_for_command:
            return
        try:
            source = backend.mapping_events(is_for_command=is_for_command)
        except EbeeError as e:
            options.notice(f"functions of processes that end will have no names: {e}")
            return
        if source is not None:
            self._sources.append((source, {pid} - {0}))
            self._has_all |= not pid and not is_for_command

    def update(self) -> None:
        """Take in what was mapped since."""
        for source, only in self._sources:
            for what, pid, number, end, off, inode, path in source.take():
                if what == "lost":
                    options.notice(f"{number} mappings of processes were not seen: some functions may have no names")
                elif only and (pid if what == "map" else number) not in only:
                    continue
                elif what == "fork":
                    self.symbols.forked(pid, number)
                    if only:
                        only.add(pid)
                else:
                    self.symbols.mapped(pid, Mapping(number, end, off, inode, path))

    def frames(self, addresses: Sequence[int], pid: int) -> list[Frame]:
        """Return the frames of a stack; see `Symbols.frames`."""
        self.update()
        return self.symbols.frames(addresses, pid)

    def end(self) -> None:
        """Take in the last, before the backend closes. Names of what was seen stay."""
        self.update()
        self._sources.clear()
        self._has_all = False
